// Addresses as text, exactly as the kernel's parsers take them.
#include "sim/base/addr.h"

#include <gtest/gtest.h>

namespace lvslab {
namespace {

TEST(Ipv4Addr, ReadsADottedQuad) {
  EXPECT_EQ(Ipv4Addr::parse("192.168.80.150"), (Ipv4Addr{0xc0a85096}));
  EXPECT_EQ(Ipv4Addr::parse("0.0.0.0"), Ipv4Addr::any());
  EXPECT_EQ(Ipv4Addr::parse("255.255.255.255"), Ipv4Addr::broadcast());
}

class BadAddress : public ::testing::TestWithParam<const char*> {};

TEST_P(BadAddress, IsNone) { EXPECT_FALSE(Ipv4Addr::parse(GetParam())); }

INSTANTIATE_TEST_SUITE_P(Table, BadAddress,
                         ::testing::Values("", "1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4",
                                           "1.2.3.", ".1.2.3", "1..2.3", "1.2.3.4 ", " 1.2.3.4",
                                           "1.2.3.4/24", "a.b.c.d", "-1.2.3.4", "1.2.3.1000"));

TEST(Ipv4Addr, PrintsWhatItReads) {
  for (const std::uint32_t bits : {0U, 1U, 0x7f000001U, 0xc0a85096U, 0xffffffffU}) {
    EXPECT_EQ(Ipv4Addr::parse(Ipv4Addr{bits}.to_string()), Ipv4Addr{bits});
  }
}

TEST(MacAddr, ReadsEitherCaseAndPrintsLower) {
  EXPECT_EQ(MacAddr::parse("02:00:00:00:00:0A"), (MacAddr{0x0200'0000'000aULL}));
  EXPECT_EQ((MacAddr{0x0200'0000'000aULL}).to_string(), "02:00:00:00:00:0a");
  for (const char* bad : {"", "02:00:00:00:00", "02:00:00:00:00:0a:0b", "02-00-00-00-00-0a",
                          "02:00:00:00:00:0g", "2000000000a"}) {
    EXPECT_FALSE(MacAddr::parse(bad)) << bad;
  }
}

TEST(MacAddr, KnowsGroups) {
  EXPECT_TRUE(MacAddr::broadcast().is_multicast());
  EXPECT_TRUE((MacAddr{0x0100'5e00'0001ULL}).is_multicast());
  EXPECT_FALSE((MacAddr{0x0200'0000'0001ULL}).is_multicast());
}

TEST(Ipv4Prefix, KeepsItsHostBits) {
  const auto prefix = Ipv4Prefix::parse("192.168.80.150/24");
  ASSERT_TRUE(prefix);
  EXPECT_EQ(prefix->to_string(), "192.168.80.150/24");
  EXPECT_EQ(prefix->network().to_string(), "192.168.80.0");
  EXPECT_EQ(prefix->broadcast().to_string(), "192.168.80.255");
  EXPECT_TRUE(prefix->contains(*Ipv4Addr::parse("192.168.80.1")));
  EXPECT_FALSE(prefix->contains(*Ipv4Addr::parse("192.168.81.1")));
  EXPECT_EQ(Ipv4Prefix::parse("10.0.0.1")->len, 32);
  for (const char* bad : {"10.0.0.1/", "10.0.0.1/33", "10.0.0.1/-1", "10.0.0.1/a", "/24", "10/8"}) {
    EXPECT_FALSE(Ipv4Prefix::parse(bad)) << bad;
  }
}

TEST(Netmask, MustBeContiguous) {
  for (int len = 0; len <= 32; ++len) EXPECT_EQ(prefix_len_of({mask_of(len)}), len);
  EXPECT_FALSE(prefix_len_of({0xff00ff00U}));
  EXPECT_FALSE(prefix_len_of({0x000000ffU}));
}

}  // namespace
}  // namespace lvslab
