#include "sim/command/close_match.h"

#include <algorithm>

namespace lvslab::command {

namespace {

/// How far `word` is from `candidate` if it is near, else a number above any distance.
std::size_t nearness(std::string_view word, std::string_view candidate) {
  const std::size_t distance = edit_distance(word, candidate);
  const std::size_t limit = std::max<std::size_t>(1, std::max(word.size(), candidate.size()) / 3);
  if (distance <= limit && distance < std::max(word.size(), candidate.size())) return distance;
  const std::size_t shorter = std::min(word.size(), candidate.size());
  if (shorter >= 3 && word.substr(0, shorter) == candidate.substr(0, shorter)) return limit + 1;
  return std::string_view::npos;
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t same = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + same});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

std::vector<std::string_view> close_matches(std::string_view word,
                                            std::span<const std::string_view> candidates,
                                            std::size_t limit) {
  std::vector<std::pair<std::size_t, std::string_view>> found;
  for (const std::string_view candidate : candidates) {
    const std::size_t distance = nearness(word.substr(0, 256), candidate);
    if (distance != std::string_view::npos) found.emplace_back(distance, candidate);
  }
  std::ranges::stable_sort(found, {}, &std::pair<std::size_t, std::string_view>::first);
  std::vector<std::string_view> out;
  for (const auto& [distance, candidate] : found) {
    if (out.size() < limit) out.push_back(candidate);
  }
  return out;
}

std::string_view close_match(std::string_view word, std::span<const std::string_view> candidates) {
  const auto found = close_matches(word, candidates, 1);
  return found.empty() ? std::string_view() : found.front();
}

std::string_view close_match(std::string_view word, std::span<const std::string> candidates) {
  const std::vector<std::string_view> views(candidates.begin(), candidates.end());
  return close_match(word, views);
}

}  // namespace lvslab::command
