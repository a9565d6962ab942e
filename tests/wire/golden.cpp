#include "tests/wire/golden.h"

#include "sim/wire/dissect.h"
#include "test_paths.h"
#include "tests/golden.h"

namespace lvslab::test {

std::string golden_path(const std::string& name) {
  return std::string(LVSLAB_SOURCE_DIR) + "/tests/wire/golden/" + name;
}

std::string read_golden(const std::string& name) { return read_text(golden_path(name)); }

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

std::string field_lines(const Frame& frame, std::size_t from) {
  std::string text;
  for (const auto& field : dissect(frame)) {
    if (field.offset < from) continue;
    text += std::string(static_cast<std::size_t>(2 * field.depth), ' ') + field.name;
    if (!field.value.empty()) text += ": " + field.value;
    text += " @" + std::to_string(field.offset) + "+" + std::to_string(field.length) + "\n";
  }
  return text;
}

Frame mangled(const std::vector<Frame>& frames, Prng& prng) {
  Frame frame = frames[prng.below(static_cast<std::uint32_t>(frames.size()))];
  frame.resize(prng.below(static_cast<std::uint32_t>(frame.size() + 1)));
  for (std::uint32_t k = prng.below(6); k > 0 && !frame.empty(); --k) {
    frame[prng.below(static_cast<std::uint32_t>(frame.size()))] =
        static_cast<std::uint8_t>(prng.next());
  }
  frame.shrink_to_fit();
  return frame;
}

}  // namespace lvslab::test
