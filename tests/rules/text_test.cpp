// Rules for all text of the repository: it stands on its own, wherever it is cloned.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <array>

#include "tests/rules/source_tree.h"

namespace lvslab::rules {
namespace {

struct Foreign {
  std::string_view text;
  std::string_view advice;
};

constexpr std::string_view kPath = "a path of one machine: write it relative to the repository";
constexpr std::string_view kHost = "a registry's host name: name the Debian package instead";

// Spelt in halves, since this file is looked at as well.
constexpr std::array kForeign{
    Foreign{"/wo"
            "rk/",
            kPath},
    Foreign{"/tmp/"
            "obs",
            kPath},
    Foreign{"/tmp/"
            "team",
            kPath},
    Foreign{"../"
            "shared/",
            kPath},
    Foreign{"pypi"
            ".org",
            kHost},
    Foreign{"npmjs"
            ".org",
            kHost},
    Foreign{"crates"
            ".io",
            kHost},
    Foreign{"deb.debian"
            ".org",
            kHost},
    Foreign{"proxy.golang"
            ".org",
            kHost},
    Foreign{"docker"
            ".io",
            kHost},
    Foreign{"ghcr"
            ".io",
            kHost},
};

Findings check_text(const SourceFile& file) {
  Findings findings;
  for (const Foreign& foreign : kForeign) {
    for (std::size_t at = file.text.find(foreign.text); at != std::string::npos;
         at = file.text.find(foreign.text, at + 1)) {
      findings.push_back({file.path, line_of(file.text, at),
                          fmt::format("`{}`: {}", foreign.text, foreign.advice)});
    }
  }
  return findings;
}

TEST(Text, NamesNoMachineAndNoRegistry) {
  const auto files = text_files();
  ASSERT_GT(files.size(), 10U) << "the repository was not found";
  std::string all;
  for (const SourceFile& file : files) all += to_text(check_text(file));
  EXPECT_EQ(all, "");
}

TEST(Text, AMachinePathIsFoundWithItsLine) {
  const auto findings =
      check_text({"docs/a.md", std::string("see\n/wo") + "rk/main/README.md\n", {}});
  ASSERT_THAT(findings, testing::SizeIs(1));
  EXPECT_EQ(findings[0].line, 2);
  EXPECT_THAT(check_text({"docs/a.md", "http://example.org/work\n", {}}), testing::IsEmpty());
}

}  // namespace
}  // namespace lvslab::rules
