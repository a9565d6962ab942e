#include "tests/wire/golden.h"
#include "test_paths.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace lvslab::test {

namespace {
std::string golden_path(const std::string& name) {
  return std::string(LVSLAB_SOURCE_DIR) + "/tests/wire/golden/" + name;
}
}  // namespace

std::string read_golden(const std::string& name) {
  const std::ifstream file(golden_path(name));
  EXPECT_TRUE(file.good()) << name;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void expect_golden(const std::string& name, const std::string& ours) {
  if (std::getenv("UPDATE_GOLDEN") != nullptr) std::ofstream(golden_path(name)) << ours;
  EXPECT_EQ(ours, read_golden(name));
}

std::string to_hex(const std::vector<Frame>& frames) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const Frame& frame : frames) {
    text += "0000";
    for (const std::uint8_t byte : frame) {
      text += ' ';
      text += kDigits[byte >> 4];
      text += kDigits[byte & 0xf];
    }
    text += '\n';
  }
  return text;
}

std::vector<Frame> from_hex(const std::string& text) {
  std::vector<Frame> frames;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string word;
    words >> word;  // the offset
    Frame& frame = frames.emplace_back();
    while (words >> word) frame.push_back(static_cast<std::uint8_t>(std::stoi(word, nullptr, 16)));
  }
  return frames;
}

}  // namespace lvslab::test
