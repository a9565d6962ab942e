#include "sim/scenario/units.h"

#include <gtest/gtest.h>

#include "sim/base/prng.h"

namespace lvslab::scenario {
namespace {

using namespace lvslab::literals;

TEST(Duration, IsExactInEveryUnit) {
  EXPECT_EQ(parse_duration("100us")->ns, 100'000);
  EXPECT_EQ(parse_duration("2.5s")->ns, 2'500'000'000);
  EXPECT_EQ(parse_duration("0.000000001s")->ns, 1);
  EXPECT_EQ(parse_duration("1.25min")->ns, 75'000'000'000);
  EXPECT_EQ(parse_duration("0.5h")->ns, 1'800'000'000'000);
  EXPECT_EQ(parse_duration("3 ms")->ns, 3'000'000);
  EXPECT_EQ(parse_duration("0")->ns, 0);
}

TEST(Duration, RefusesWhatItCannotKeepExactly) {
  EXPECT_FALSE(parse_duration("0.1ns"));
  EXPECT_FALSE(parse_duration("1.0000000001s"));
  EXPECT_FALSE(parse_duration("101h"));
  EXPECT_FALSE(parse_duration("99999999999999999999s"));
  EXPECT_FALSE(parse_duration("1e3s"));
}

TEST(Duration, IsWrittenInTheUnitThatSuitsIt) {
  EXPECT_EQ(duration_to_text(100_us), "100us");
  EXPECT_EQ(duration_to_text(2500_ms), "2.5s");
  EXPECT_EQ(duration_to_text(90_s), "90s");
  EXPECT_EQ(duration_to_text(1'000'001_ns), "1000.001us");
}

TEST(Units, ReadBackWhatTheyWrite) {
  Prng prng(5);
  for (int i = 0; i < 20'000; ++i) {
    const SimDuration duration{static_cast<std::int64_t>(prng.next() >> (16 + prng.below(45)))};
    const auto ppm = prng.below(1'000'001);
    const std::uint64_t rate = 1 + prng.next() % (1ULL << (1 + prng.below(39)));
    ASSERT_EQ(parse_duration(duration_to_text(duration)), duration) << duration_to_text(duration);
    ASSERT_EQ(parse_share(share_to_text(ppm)), ppm) << share_to_text(ppm);
    ASSERT_EQ(parse_rate(rate_to_text(rate)), rate) << rate_to_text(rate);
  }
}

TEST(Rate, CountsInPowersOfTen) {
  EXPECT_EQ(parse_rate("100Mbps"), 100'000'000U);
  EXPECT_EQ(parse_rate("2.5Gbps"), 2'500'000'000U);
}

TEST(Share, IsInPartsPerMillion) {
  EXPECT_EQ(parse_share("0.5%"), 5'000U);
  EXPECT_EQ(parse_share("100%"), 1'000'000U);
  EXPECT_EQ(parse_share("20ppm"), 20U);
}

}  // namespace
}  // namespace lvslab::scenario
