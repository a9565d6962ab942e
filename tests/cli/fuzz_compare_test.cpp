// lvslab fuzz-compare from outside. Where a kernel can be booted, a few labs are held against it.
#include <gmock/gmock.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/cli/program.h"

namespace lvslab::cli {
namespace {

using testing::HasSubstr;
using testing::UnorderedElementsAre;

/// Runs with --json: one line for each lab, and the last one agrees with them and with the status.
std::vector<nlohmann::json> compare_labs(std::vector<std::string> args) {
  args.insert(args.begin(), {"fuzz-compare", "--json"});
  const Outcome run = lvslab({args});
  auto lines = json_lines(run.out);
  EXPECT_FALSE(lines.empty()) << run.err;
  if (lines.empty()) return lines;
  const nlohmann::json last = lines.back();
  lines.pop_back();
  std::size_t differ = 0;
  for (const nlohmann::json& line : lines) differ += line.value("agrees", false) ? 0 : 1;
  EXPECT_EQ(last["compared"], lines.size()) << run.out;
  EXPECT_EQ(last["differ"], differ) << run.out;
  EXPECT_EQ(run.status, differ > 0 ? 1 : 0) << run.err;
  return lines;
}

TEST(FuzzCompare, DrawsLabsThatCheckFindsFine) {
  const ScratchDir dir;
  const Outcome drawn = lvslab({{"fuzz-compare", "--seed", "3", "--start", "7", "--count", "2",
                                 "--draw", "--keep", dir / "labs"}});
  EXPECT_EQ(drawn.status, 0);
  EXPECT_EQ(drawn.out, (dir / "labs/fuzz-3-7.yaml") + "\n" + (dir / "labs/fuzz-3-8.yaml") + "\n");
  EXPECT_EQ(lvslab({{"check", dir / "labs/fuzz-3-7.yaml"}}).status, 0);
}

TEST(FuzzCompare, SharesLabsOutAmongProcessesAndKeepsThoseThatDiffer) {
  // A simulator whose timers run when they are due, in place of a kernel.
  const ScratchDir dir;
  const auto labs = compare_labs({"--seed", "1", "--count", "12", "--jobs", "3", "--no-shrink",
                                  "--backend", "sim", "--keep", dir / ""});
  std::vector<int> indices;
  std::size_t kept = 0;
  for (const nlohmann::json& lab : labs) {
    indices.push_back(lab["lab"]);
    if (!lab.contains("file")) continue;
    ++kept;
    EXPECT_EQ(lvslab({{"check", lab["file"]}}).status, 0) << lab["file"];
  }
  EXPECT_THAT(indices, UnorderedElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11));
  EXPECT_EQ(dir.names().size(), kept);
}

TEST(FuzzCompare, ADirectoryThatCannotBeMadeIsBadInput) {
  const Outcome run = lvslab({{"fuzz-compare", "--count", "1", "--keep", "/proc/none/labs"}});
  EXPECT_EQ(run.status, 2);
  EXPECT_THAT(run.err, HasSubstr("cannot make the directory /proc/none/labs"));
  EXPECT_EQ(lvslab({{"fuzz-compare", "--count", "0"}}).status, 2);
  EXPECT_EQ(lvslab({{"fuzz-compare", "--backend", "bsd"}}).status, 2);
  EXPECT_EQ(lvslab({{"fuzz-compare", "--backend", "kernel:native"}}).status, 2);
}

TEST(FuzzCompare, ComparesWithARealKernel) {
  if (!std::filesystem::exists("/usr/bin/linux.uml")) GTEST_SKIP() << "no User-Mode Linux here";
  const ScratchDir dir;
  const auto labs = compare_labs(
      {"--seed", "1", "--count", "3", "--jobs", "1", "--no-shrink", "--keep", dir / ""});
  ASSERT_EQ(labs.size(), 3U);
  for (const nlohmann::json& lab : labs) EXPECT_FALSE(lab.contains("error")) << lab.dump();
}

}  // namespace
}  // namespace lvslab::cli
