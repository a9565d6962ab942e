// Rules for all text of the repository: it stands on its own, wherever it is cloned.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "test_paths.h"
#include "tests/rules/source_tree.h"

namespace lvslab::rules {
namespace fs = std::filesystem;
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

/// Relative links of a Markdown text, `[words](path#part)`, that lead nowhere. `exists` is asked
/// for a path relative to the repository's root.
template <class Exists>
Findings check_links(const SourceFile& file, Exists&& exists) {
  Findings findings;
  const fs::path folder = fs::path(file.path).parent_path();
  for (std::size_t at = file.text.find("]("); at != std::string::npos;
       at = file.text.find("](", at + 1)) {
    const std::size_t end = file.text.find_first_of(") \n", at + 2);
    std::string target = file.text.substr(at + 2, end - at - 2);
    if (target.find("://") != std::string::npos || target.starts_with('#')) continue;
    target.resize(std::min(target.find('#'), target.size()));
    if (exists((folder / target).lexically_normal())) continue;
    findings.push_back(
        {file.path, line_of(file.text, at), fmt::format("the link to `{}` leads nowhere", target)});
  }
  return findings;
}

TEST(Text, LinksOfTheDocumentsLeadSomewhere) {
  std::string all;
  for (const SourceFile& file : text_files()) {
    if (!file.path.ends_with(".md")) continue;
    all += to_text(check_links(
        file, [](const fs::path& path) { return fs::exists(LVSLAB_SOURCE_DIR / path); }));
  }
  EXPECT_EQ(all, "");
}

TEST(Text, ADeadLinkIsFoundAndForeignOnesAreNotFollowed) {
  const auto only_readme = [](const fs::path& path) { return path == "README.md"; };
  const SourceFile page{"docs/a.md", "[a](../README.md#top) [b](gone.md) [c](http://x.org/y)", {}};
  const auto findings = check_links(page, only_readme);
  ASSERT_THAT(findings, testing::SizeIs(1));
  EXPECT_THAT(findings[0].advice, testing::HasSubstr("gone.md"));
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
