// Alignment of sequences, and moments of one run in the other.
#include <algorithm>

#include "sim/base/prng.h"
#include "sim/compare/align.h"
#include "sim/compare/clock.h"
#include "tests/compare/bench.h"

namespace lvslab::compare {
namespace {

/// The length of a longest common subsequence, by the book.
std::size_t longest(const std::string& a, const std::string& b) {
  std::vector<std::vector<std::size_t>> best(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < b.size(); ++j) {
      best[i + 1][j + 1] = a[i] == b[j] ? best[i][j] + 1 : std::max(best[i][j + 1], best[i + 1][j]);
    }
  }
  return best[a.size()][b.size()];
}

std::string random_word(Prng& prng) {
  std::string word(prng.below(14), ' ');
  for (char& c : word) c = static_cast<char>('a' + prng.below(4));
  return word;
}

TEST(Align, FindsALongestCommonSubsequence) {
  Prng prng(3);
  for (int round = 0; round < 3'000; ++round) {
    const std::string a = random_word(prng);
    const std::string b = random_word(prng);
    const Pairs pairs =
        align(static_cast<std::uint32_t>(a.size()), static_cast<std::uint32_t>(b.size()),
              [&](std::uint32_t i, std::uint32_t j) { return a[i] == b[j]; });
    ASSERT_EQ(pairs.size(), longest(a, b)) << a << " " << b;
    for (std::size_t p = 0; p < pairs.size(); ++p) {
      ASSERT_EQ(a[pairs[p].first], b[pairs[p].second]);
      if (p == 0) continue;
      ASSERT_LT(pairs[p - 1].first, pairs[p].first);
      ASSERT_LT(pairs[p - 1].second, pairs[p].second);
    }
  }
}

TEST(Align, GivesUpOnStrangersWithoutQuadraticWork) {
  const auto never = [](std::uint32_t, std::uint32_t) { return false; };
  EXPECT_TRUE(align(20'000, 20'000, never).empty());
}

constexpr SimTime ms(std::int64_t value) { return {value * 1'000'000}; }

TEST(TimeMap, CarriesMomentsFromLineToLine) {
  // The second line began 40 ms late, and took 100 ms longer.
  const TimeMap times({{ms(1'000), ms(1'000)}, {ms(2'000), ms(2'040)}, {ms(4'000), ms(4'140)}});
  EXPECT_EQ(times.to_real(ms(0)), ms(0));
  EXPECT_EQ(times.to_real(ms(1'500)), ms(1'520));
  EXPECT_EQ(times.to_real(ms(3'000)), ms(3'090));
  EXPECT_EQ(times.to_real(ms(9'000)), ms(9'140));
}

TEST(TimeMap, HoldsForHours) {
  const TimeMap times({{ms(0), ms(0)}, {ms(36'000'000), ms(36'600'000)}});
  EXPECT_EQ(times.to_real(ms(18'000'000)), ms(18'300'000));
}

TEST(SameLength, AllowsWhatTheTimerWheelMayAdd) {
  using namespace literals;
  EXPECT_TRUE(same_length(1_s, 1_s + 120_ms));
  EXPECT_FALSE(same_length(1_s, 1_s + 160_ms));
  EXPECT_TRUE(same_length(16_s, 18_s));
  EXPECT_FALSE(same_length(16_s, 15_s));
  EXPECT_FALSE(same_length(1_s, 2_s));
}

}  // namespace
}  // namespace lvslab::compare
