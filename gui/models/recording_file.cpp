#include "gui/models/recording_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace lvslab::gui {
namespace {

constexpr std::string_view kRunSuffix = ".jsonl";

std::string suffix_of(const std::string& path) {
  std::string suffix = std::filesystem::path(path).extension().string();
  std::ranges::transform(suffix, suffix.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return suffix;
}

std::string beginning_of(const std::string& path) {
  std::array<char, 32> begin{};
  std::ifstream in(path, std::ios::binary);
  in.read(begin.data(), begin.size());
  return {begin.data(), static_cast<std::size_t>(in.gcount())};
}

bool is_saved_run(const std::string& path) {
  return suffix_of(path) == kRunSuffix || begins_run_file(beginning_of(path));
}

ReadRecording read_saved_run(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    return {.run = fail(fmt::format("cannot read it: {}", std::strerror(errno)), {.file = path})};
  }
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const auto saved = parse_run_file(text, path);
  if (!saved) return {.run = std::unexpected(saved.error())};
  return {.run = recorded_run(*saved, path), .cut_at_line = saved->cut_at};
}

}  // namespace

bool is_recording(const std::string& path) {
  const std::string suffix = suffix_of(path);
  if (suffix == ".pcapng" || suffix == ".pcap" || suffix == ".cap" || suffix == kRunSuffix) {
    return true;
  }
  const std::string begin = beginning_of(path);
  return begins_run_file(begin) ||
         begins_capture({reinterpret_cast<const std::uint8_t*>(begin.data()), begin.size()});
}

ReadRecording read_recording(const std::string& path) {
  if (is_saved_run(path)) return read_saved_run(path);
  const auto capture = read_capture(path, CutCapture::kKept);
  if (!capture) return {.run = std::unexpected(capture.error())};
  return {.run = recorded_run(*capture, std::filesystem::path(path).stem().string()),
          .cut_at_byte = capture->cut_at};
}

}  // namespace lvslab::gui
