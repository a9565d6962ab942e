// "Did you mean": the nearest of some words by edit distance.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lvslab::command {

/// Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment).
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate nearest to `word` (the first of equals), or empty if none is near: at most a third
/// of the longer length, but at least 1 edit, is near; a prefix of three or more letters is, too.
std::string_view close_match(std::string_view word, std::span<const std::string_view> candidates);
std::string_view close_match(std::string_view word, std::span<const std::string> candidates);

/// All candidates that are near, nearest first, at most `limit`.
std::vector<std::string_view> close_matches(std::string_view word,
                                            std::span<const std::string_view> candidates,
                                            std::size_t limit = 3);

}  // namespace lvslab::command
