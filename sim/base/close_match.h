// The nearest of some known words to a mistyped one: "did you mean 'schedule'?".
//
// Models: Levenshtein's distance with neighbouring letters swapped as one step (optimal string
// alignment), case-insensitive for ASCII. Leaves out: keyboards and languages.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace lvslab {

/// The number of letters inserted, deleted, replaced or swapped between `a` and `b`.
inline std::size_t edit_distance(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  std::vector<std::size_t> before_last, last, row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before_last = last;
    last = row;
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0U : 1U)});
      const bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                           lower(a[i - 2]) == lower(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
  }
  return row[b.size()];
}

/// The word of `known` that is nearest to `typed` (the first one of several), or an empty view if
/// none is near: more than a third of the longer word's letters would have to change.
/// A `typed` of more than 64 bytes is near to nothing.
template <class Words>
std::string_view close_match(std::string_view typed, const Words& known) {
  std::string_view best;
  std::size_t best_distance = 0;
  if (typed.size() > 64) return best;
  for (const auto& item : known) {
    const std::string_view word(item);
    const std::size_t distance = edit_distance(typed, word);
    const std::size_t limit = std::max<std::size_t>(1, std::max(typed.size(), word.size()) / 3);
    if (distance > limit || (!best.empty() && distance >= best_distance)) continue;
    best = word;
    best_distance = distance;
  }
  return best;
}

/// "did you mean 'WORD'?", or an empty text if no word is near.
template <class Words>
std::string did_you_mean(std::string_view typed, const Words& known) {
  const std::string_view word = close_match(typed, known);
  return word.empty() ? std::string() : "did you mean '" + std::string(word) + "'?";
}

}  // namespace lvslab
