// Scenario files with slips in them: whatever stands in a file, the loader takes it or says where
// it is wrong, and what it takes can be written and read again.
#include "tests/mutation.h"

#include <algorithm>
#include <filesystem>

#include "sim/scenario/loader.h"
#include "sim/scenario/topology.h"
#include "sim/scenario/writer.h"
#include "tests/scenario/golden.h"

namespace lvslab::scenario {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> good_files() {
  std::vector<std::string> texts{read_text(source_dir() / "tests/scenario/all-keys.yaml")};
  for (const auto& entry : fs::directory_iterator(source_dir() / "scenarios")) {
    if (entry.path().extension() == ".yaml") texts.push_back(read_text(entry.path()));
  }
  std::ranges::sort(texts);
  return texts;
}

const std::vector<std::string> kTokens = {"\n",          ": ",
                                          "- ",          "{",
                                          "}",           "[",
                                          "]",           "&a ",
                                          "*a",          "<<: *a",
                                          "|\n",         ">-\n",
                                          "'",           "\"",
                                          "#",           "\t",
                                          "!!str ",      "? ",
                                          "---\n",       "...\n",
                                          "null",        "~",
                                          "-1",          "1e99",
                                          "0x7f",        "99999999999999999999",
                                          "10.0.0.1/33", "1.2.3",
                                          "300%",        "5s",
                                          "-5s",         "5kg",
                                          "hosts",       "nics:",
                                          "\xff",        "\xe4\xb8\xad",
                                          "a/eth0",      "\r\n",
                                          "\x1b[31m"};

class MutatedScenario : public testing::TestWithParam<int> {};

TEST_P(MutatedScenario, IsTakenOrRefusedWithAPlace) {
  test::Mutator mutator(static_cast<std::uint64_t>(GetParam()), good_files(), kTokens);
  for (int i = 0; i < 60; ++i) {
    const std::string text = mutator.next();
    const auto loaded = load_text(text, "x.yaml");
    if (loaded) {
      find_topology_faults(*loaded);
      const std::string written = to_yaml(*loaded);
      const auto again = load_text(written, "x.yaml");
      ASSERT_TRUE(again.has_value()) << again.error().front().to_string() << "\n" << written;
      ASSERT_EQ(to_yaml(*again), written);
      continue;
    }
    ASSERT_FALSE(loaded.error().empty());
    for (const Error& error : loaded.error()) {
      EXPECT_EQ(error.where.file, "x.yaml");
      EXPECT_FALSE(error.message.empty());
      EXPECT_EQ(error.message.find('\x1b'), std::string::npos) << "no escape reaches a terminal";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, MutatedScenario, testing::Range(1, 9));

TEST(LongScenario, OfManyShortLinesIsReadInTimeThatGrowsWithItsLength) {
  std::string text = "title: |\n";
  for (int i = 0; i < 200'000; ++i) text += " a\n";
  EXPECT_FALSE(load_text(text, "x.yaml").has_value()) << "hosts are missing; but it ends";
}

}  // namespace
}  // namespace lvslab::scenario
