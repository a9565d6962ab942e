// Files that say what is expected, for people to read and diff. UPDATE_GOLDEN=1 rewrites them.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

namespace lvslab::test {

inline bool updates_goldens() {
  const char* asked = std::getenv("UPDATE_GOLDEN");
  return asked != nullptr && std::string_view(asked) != "0";
}

inline std::string read_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in.is_open()) << path << " cannot be read";
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

/// Expects the file to hold `actual`; shows the first line that differs, as files can be long.
inline void expect_golden(const std::filesystem::path& path, const std::string& actual) {
  if (updates_goldens()) {
    std::ofstream(path, std::ios::binary) << actual;
    return;
  }
  ASSERT_TRUE(std::filesystem::exists(path)) << path << " is missing; UPDATE_GOLDEN=1 writes it";
  const std::string expected = read_text(path);
  if (expected == actual) return;
  std::istringstream want(expected), got(actual);
  std::string wanted, seen;
  for (int line = 1;; ++line) {
    const bool more_wanted = static_cast<bool>(std::getline(want, wanted));
    const bool more_seen = static_cast<bool>(std::getline(got, seen));
    if (more_wanted && more_seen && wanted == seen) continue;
    FAIL() << path << ":" << line << "\n- " << (more_wanted ? wanted : "(end)") << "\n+ "
           << (more_seen ? seen : "(end)") << "\nUPDATE_GOLDEN=1 rewrites it";
  }
}

}  // namespace lvslab::test
