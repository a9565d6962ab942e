// Two frames, field by field.
#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "sim/compare/align.h"
#include "sim/compare/frames.h"

namespace lvslab::compare {
namespace {

/// Values longer than this are shown from shortly before the first byte that differs.
constexpr std::size_t kExcerpt = 60;

bool is_text(std::string_view value) {
  return std::ranges::all_of(value, [](char c) { return c >= ' ' && c <= '~'; });
}

std::string in_quotes(std::string_view value) {
  std::string out = "\"";
  for (const char c : value) {
    if (c == '\r') {
      out += "\\r";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c >= ' ' && c <= '~') {
      out += c;
    } else {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  return out + '"';
}

/// `value`, or the part of it that differs from `other`.
std::string show(std::string_view value, std::string_view other) {
  if (value.empty()) return "there";
  if (is_text(value) && value.size() <= kExcerpt) return std::string(value);
  const auto first =
      static_cast<std::size_t>(std::ranges::mismatch(value, other).in1 - value.begin());
  const std::size_t begin = first < 20 ? 0 : first - 20;
  return fmt::format("{} bytes, from byte {} on {}", value.size(), begin,
                     in_quotes(value.substr(begin, kExcerpt)));
}

}  // namespace

std::vector<FieldDifference> differing_fields(const NormalFrame& sim, const NormalFrame& real) {
  std::vector<FieldDifference> found;
  if (sim.digest == real.digest) return found;
  const auto& ours = sim.fields;
  const auto& theirs = real.fields;
  const auto only_ours = [&](const NormalField& field) {
    found.push_back(
        {field.name, show(field.value, ""), "none", field.offset, FieldDifference::kNowhere});
  };
  const auto only_theirs = [&](const NormalField& field) {
    found.push_back(
        {field.name, "none", show(field.value, ""), FieldDifference::kNowhere, field.offset});
  };
  std::uint32_t i = 0;
  std::uint32_t j = 0;
  const auto skip_to = [&](std::uint32_t until_i, std::uint32_t until_j) {
    for (; i < until_i; ++i) only_ours(ours[i]);
    for (; j < until_j; ++j) only_theirs(theirs[j]);
  };
  const Pairs pairs =
      align(static_cast<std::uint32_t>(ours.size()), static_cast<std::uint32_t>(theirs.size()),
            [&](std::uint32_t a, std::uint32_t b) { return ours[a].name == theirs[b].name; });
  for (const auto& [a, b] : pairs) {
    skip_to(a, b);
    if (ours[a].value != theirs[b].value) {
      found.push_back({ours[a].name, show(ours[a].value, theirs[b].value),
                       show(theirs[b].value, ours[a].value), ours[a].offset, theirs[b].offset});
    }
    i = a + 1;
    j = b + 1;
  }
  skip_to(static_cast<std::uint32_t>(ours.size()), static_cast<std::uint32_t>(theirs.size()));
  return found;
}

}  // namespace lvslab::compare
