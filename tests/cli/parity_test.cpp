// tests/parity: what random labs found, made small. Each scenario holds its expectations on the
// simulator; tests/parity/parity_test.cpp compares it with a real kernel.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>

#include "test_paths.h"
#include "tests/cli/program.h"

namespace lvslab::cli {
namespace {

std::vector<std::string> parity_files() {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(LVSLAB_SOURCE_DIR "/tests/parity")) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path().string());
  }
  std::ranges::sort(files);
  return files;
}

TEST(Parity, EveryFindHoldsItsExpectationsInTheSimulator) {
  ASSERT_GE(parity_files().size(), 10U);
  for (const std::string& file : parity_files()) {
    const Outcome run = lvslab({{"run", file}});
    EXPECT_EQ(run.status, 0) << file << "\n" << run.out << run.err;
  }
}

}  // namespace
}  // namespace lvslab::cli
