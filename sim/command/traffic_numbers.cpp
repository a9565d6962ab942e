#include "sim/command/traffic_numbers.h"

#include <fmt/core.h>

#include <algorithm>

namespace lvslab::command {

std::optional<SimDuration> parse_decimal_seconds(std::string_view text) {
  const std::size_t dot = text.find('.');
  const std::string_view whole = text.substr(0, dot);
  const std::string_view fraction = dot == std::string_view::npos ? "" : text.substr(dot + 1);
  const auto digits = [](std::string_view part) {
    return std::ranges::all_of(part, [](char c) { return c >= '0' && c <= '9'; });
  };
  if (!digits(whole) || !digits(fraction)) return std::nullopt;
  if (whole.empty() && fraction.empty()) return std::nullopt;
  if (whole.size() > 9) return std::nullopt;
  std::int64_t ns = 0;
  for (const char c : whole) ns = ns * 10 + (c - '0');
  for (std::size_t i = 0; i < 9; ++i) ns = ns * 10 + (i < fraction.size() ? fraction[i] - '0' : 0);
  return SimDuration{ns};
}

std::string decimal_seconds(SimDuration duration) {
  std::string text = fmt::format("{}.{:09}", duration.seconds(), duration.ns % 1'000'000'000);
  while (text.ends_with('0')) text.pop_back();
  if (text.ends_with('.')) text.pop_back();
  return text;
}

std::uint64_t integer_sqrt(std::uint64_t n) {
  std::uint64_t root = 0;
  for (std::uint64_t bit = 1ULL << 31; bit != 0; bit >>= 1) {
    const std::uint64_t next = root | bit;
    if (next <= n / next) root = next;
  }
  return root;
}

}  // namespace lvslab::command
