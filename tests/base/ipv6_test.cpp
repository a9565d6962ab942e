// IPv6 addresses as text, and the order in which prefixes are listed.
#include "sim/base/ipv6.h"

#include <gtest/gtest.h>

#include "sim/base/ip_addr.h"

namespace lvslab {
namespace {

TEST(Ipv6Addr, ReadsEverySpellingAndPrintsTheShortest) {
  const std::pair<const char*, const char*> kPairs[] = {
      {"::", "::"},
      {"::1", "::1"},
      {"2001:DB8::1", "2001:db8::1"},
      {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
      {"2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"},
      {"1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"},
      {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
      {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
      {"fe80::", "fe80::"},
      {"::ffff:192.168.80.1", "::ffff:192.168.80.1"},
      {"64:ff9b::10.0.0.1", "64:ff9b::a00:1"}};
  for (const auto& [typed, printed] : kPairs) {
    const auto addr = Ipv6Addr::parse(typed);
    ASSERT_TRUE(addr) << typed;
    EXPECT_EQ(addr->to_string(), printed) << typed;
    EXPECT_EQ(Ipv6Addr::parse(addr->to_string()), addr);
  }
}

class BadIpv6 : public testing::TestWithParam<const char*> {};

TEST_P(BadIpv6, IsNone) { EXPECT_FALSE(Ipv6Addr::parse(GetParam())); }

INSTANTIATE_TEST_SUITE_P(Table, BadIpv6,
                         testing::Values("", ":", ":::", "1", "1::2::3", "1:2:3:4:5:6:7",
                                         "1:2:3:4:5:6:7:8:9", "::12345", "::g", "1:2:3:4:5:6:7:8::",
                                         ":1:2:3:4:5:6:7", "1:2:3:4:5:6:7:", "::1.2.3",
                                         "1.2.3.4::", "::1/64", "fe80::1%eth0", " ::1", "10.0.0.1",
                                         "1:2:3:4:5:6:7:1.2.3.4"));

TEST(Ipv6Addr, KnowsItsKinds) {
  const auto is = [](const char* text) { return *Ipv6Addr::parse(text); };
  EXPECT_TRUE(is("fe80::1").is_link_local());
  EXPECT_TRUE(is("febf::1").is_link_local());
  EXPECT_FALSE(is("fec0::1").is_link_local());
  EXPECT_TRUE(is("ff02::1").is_link_group());
  EXPECT_FALSE(is("ff05::1").is_link_group());
  EXPECT_TRUE(is("ff05::1").is_multicast());
}

TEST(Ipv6Addr, IsMadeOfAMacAndTurnedIntoOne) {
  EXPECT_EQ(Ipv6Addr::link_local_of({0x0200'0000'0100ULL}).to_string(), "fe80::ff:fe00:100");
  EXPECT_EQ(Ipv6Addr::link_local_of({0x001a'2b3c'4d5eULL}).to_string(), "fe80::21a:2bff:fe3c:4d5e");
  const Ipv6Addr group = Ipv6Addr::parse("2001:db8::12:3456")->solicited_node();
  EXPECT_EQ(group.to_string(), "ff02::1:ff12:3456");
  EXPECT_EQ(group.group_mac().to_string(), "33:33:ff:12:34:56");
}

TEST(Ipv6Prefix, HoldsWhatLiesInIt) {
  const auto prefix = *Ipv6Prefix::parse("2001:db8:0:8000::/49");
  EXPECT_TRUE(prefix.contains(*Ipv6Addr::parse("2001:db8:0:ffff::1")));
  EXPECT_FALSE(prefix.contains(*Ipv6Addr::parse("2001:db8::1")));
  EXPECT_TRUE(Ipv6Prefix::parse("::/0")->contains(*Ipv6Addr::parse("ff02::1")));
  EXPECT_TRUE(Ipv6Prefix::parse("2001:db8::1")->contains(*Ipv6Addr::parse("2001:db8::1")));
  for (const char* bad : {"2001:db8::/129", "2001:db8::/", "2001:db8::/1x", "/64"}) {
    EXPECT_FALSE(Ipv6Prefix::parse(bad)) << bad;
  }
}

TEST(Ipv6Prefix, IsListedBeforeThoseThatHoldIt) {
  const char* const kOrder[] = {"2001:db8::77/128", "2001:db8::/64", "2001:db8:1::/64",
                                "2001:db8::/32",    "fe80::/64",     "::/0"};
  for (std::size_t i = 0; i < std::size(kOrder); ++i) {
    for (std::size_t j = 0; j < std::size(kOrder); ++j) {
      EXPECT_EQ(walked_before(*Ipv6Prefix::parse(kOrder[i]), *Ipv6Prefix::parse(kOrder[j])), i < j)
          << kOrder[i] << " " << kOrder[j];
    }
  }
}

TEST(IpAddr, HoldsEitherVersion) {
  EXPECT_EQ(IpAddr().to_string(), "0.0.0.0");
  EXPECT_EQ(IpAddr(Ipv6Addr::any()).to_string(), "::");
  EXPECT_TRUE(IpAddr(Ipv6Addr::any()).is_any());
  EXPECT_NE(IpAddr(), IpAddr(Ipv6Addr::any()));
  EXPECT_EQ(IpAddr::parse("10.0.0.1"), IpAddr(Ipv4Addr{0x0a00'0001}));
  EXPECT_EQ(IpAddr::parse("2001:db8::1")->bracketed(), "[2001:db8::1]");
  EXPECT_EQ(IpAddr(Ipv4Addr{0x0a00'0001}).bracketed(), "10.0.0.1");
  EXPECT_EQ(IpAddr(Ipv4Addr{0x0a00'0001}).v6().to_string(), "::ffff:10.0.0.1");
  EXPECT_LT(*IpAddr::parse("255.255.255.255"), *IpAddr::parse("::1"));
}

}  // namespace
}  // namespace lvslab
