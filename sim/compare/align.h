// Aligns two sequences: which element of one is which of the other, keeping the order of both.
//
// Source: E. W. Myers, "An O(ND) Difference Algorithm and Its Variations", 1986: fast where the
// sequences are much alike. Here two elements may match without being equal to the same others
// (they are held against each other with a tolerance); the greedy steps stay right, as one more
// element never lengthens the longest common subsequence by more than one.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace lvslab::compare {

using Pairs = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

namespace detail {

/// Sequences that differ in more elements are paired greedily, in place of quadratic work.
inline constexpr std::int64_t kMaxEdits = 2'000;

/// Pairs each element with the next one that matches, and looks no further than a window.
template <class Same>
void pair_greedily(std::uint32_t n, std::uint32_t m, std::uint32_t skip, const Same& same,
                   Pairs& out) {
  static constexpr std::uint32_t kWindow = 200;
  std::uint32_t next = skip;
  for (std::uint32_t i = skip; i < n; ++i) {
    for (std::uint32_t j = next; j < std::min(m, next + kWindow); ++j) {
      if (!same(i, j)) continue;
      out.emplace_back(i, j);
      next = j + 1;
      break;
    }
  }
}

}  // namespace detail

/// A longest list of pairs (i, j), both rising, for which same(i, j); 0 <= i < n, 0 <= j < m.
template <class Same>
Pairs align(std::uint32_t n, std::uint32_t m, const Same& same) {
  Pairs pairs;
  std::uint32_t skip = 0;
  while (skip < n && skip < m && same(skip, skip)) {
    pairs.emplace_back(skip, skip);
    ++skip;
  }
  const std::int64_t rows = n - skip;
  const std::int64_t columns = m - skip;
  if (rows == 0 || columns == 0) return pairs;

  // reach[k]: how far row-wise a path of so many edits gets on the diagonal k = row - column.
  std::vector<std::vector<std::int64_t>> history;
  const std::int64_t most = std::min(rows + columns, detail::kMaxEdits);
  std::vector<std::int64_t> reach(static_cast<std::size_t>(2 * most + 3), 0);
  const auto at = [&](std::int64_t k) -> std::int64_t& {
    return reach[static_cast<std::size_t>(k + most + 1)];
  };
  bool done = false;
  for (std::int64_t edits = 0; edits <= most && !done; ++edits) {
    for (std::int64_t k = -edits; k <= edits; k += 2) {
      const bool down = k == -edits || (k != edits && at(k - 1) < at(k + 1));
      std::int64_t row = edits == 0 ? 0 : (down ? at(k + 1) : at(k - 1) + 1);
      while (row < rows && row - k < columns && row >= 0 && row - k >= 0 &&
             same(static_cast<std::uint32_t>(row + skip),
                  static_cast<std::uint32_t>(row - k + skip))) {
        ++row;
      }
      at(k) = row;
      if (row >= rows && row - k >= columns) done = true;
    }
    const auto middle = reach.begin() + most + 1;
    history.emplace_back(middle - edits, middle + edits + 1);
  }
  if (!done) {
    detail::pair_greedily(n, m, skip, same, pairs);
    return pairs;
  }

  // Back along the path that got there.
  Pairs found;
  std::int64_t row = rows;
  std::int64_t column = columns;
  for (auto edits = static_cast<std::int64_t>(history.size()) - 1; edits >= 0; --edits) {
    const auto reached = [&](std::int64_t k, std::int64_t of) {
      return history[static_cast<std::size_t>(of)][static_cast<std::size_t>(k + of)];
    };
    const std::int64_t k = row - column;
    std::int64_t begin = 0;
    bool down = false;
    if (edits > 0) {
      down = k == -edits || (k != edits && reached(k - 1, edits - 1) < reached(k + 1, edits - 1));
      begin = down ? reached(k + 1, edits - 1) : reached(k - 1, edits - 1) + 1;
    }
    while (row > begin) {
      --row;
      --column;
      found.emplace_back(static_cast<std::uint32_t>(row + skip),
                         static_cast<std::uint32_t>(column + skip));
    }
    if (edits > 0) (down ? column : row) -= 1;
  }
  pairs.insert(pairs.end(), found.rbegin(), found.rend());
  return pairs;
}

}  // namespace lvslab::compare
