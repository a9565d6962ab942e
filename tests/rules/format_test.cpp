// The tree is formatted: clang-format-19 with the repository's .clang-format would change nothing.
#include <gmock/gmock.h>

#include <cstdlib>
#include <string>

#include "test_paths.h"
#include "tests/rules/run.h"
#include "tests/rules/source_tree.h"

namespace lvslab::rules {
namespace {

/// "path:line: advice" for each complaint; the pictures below them left out.
std::string complaints_of(const std::string& output) {
  Findings findings;
  for (const std::string_view line : lines_of(output)) {
    const std::size_t colon = line.find(':');
    if (line.find(": error: ") == std::string_view::npos) continue;
    std::string path(line.substr(0, colon));
    const int number = std::atoi(std::string(line.substr(colon + 1)).c_str());
    findings.push_back({path, number, "run `./lvslab format " + path + "`"});
  }
  return to_text(findings);
}

TEST(Format, EverySourceIsAsClangFormatWritesIt) {
  const auto files = cpp_files({"sim", "cli", "tests", "gui", "kernel-backend"});
  ASSERT_GT(files.size(), 10U) << "the sources were not found";
  std::string command = "cd " + in_single_quotes(LVSLAB_SOURCE_DIR) +
                        " && clang-format-19 --dry-run -Werror --ferror-limit=1";
  for (const SourceFile& file : files) command += " " + in_single_quotes(file.path);
  const Ran ran = run(command);
  const std::string complaints = complaints_of(ran.output);
  EXPECT_EQ(complaints, "");
  EXPECT_TRUE(ran.status == 0 || !complaints.empty())
      << ran.output << "(if clang-format-19 is not found: `./lvslab setup test`)";
}

TEST(Format, ClangFormatNoticesASourceThatIsNotFormatted) {
  const Ran ran = run("cd " + in_single_quotes(LVSLAB_SOURCE_DIR) +
                      " && echo 'int  main( ){return 0 ;}' |"
                      " clang-format-19 --dry-run -Werror --assume-filename=sim/base/a.cpp");
  EXPECT_NE(ran.status, 0);
  EXPECT_THAT(complaints_of(ran.output),
              testing::StartsWith("sim/base/a.cpp:1: run `./lvslab format"));
}

}  // namespace
}  // namespace lvslab::rules
