// One IPv6 packet before and after a router, and what is none.
#include "sim/trace/same_packet.h"

#include <gtest/gtest.h>

#include "sim/wire/ethernet.h"
#include "sim/wire/icmpv6.h"

namespace lvslab::test {
namespace {

constexpr MacAddr kHere{0x0200'0000'0001}, kThere{0x0200'0000'0002};

/// An ICMPv6 message without a checksum from 2001:db8::1 to 2001:db8::2, with padding behind it.
std::vector<std::uint8_t> frame_with(Icmp6Type type, std::uint8_t hop_limit, MacAddr dst,
                                     std::uint8_t last = 7) {
  std::vector<std::uint8_t> frame(EthernetRepr::kLength + Ipv6Repr::kLength + 8 + 4);
  EthernetRepr{.dst = dst, .src = kHere, .ethertype = EtherType::kIpv6}.emit(
      std::span(frame).first<EthernetRepr::kLength>());
  Ipv6Repr ip;
  ip.src = *Ipv6Addr::parse("2001:db8::1");
  ip.dst = *Ipv6Addr::parse("2001:db8::2");
  ip.protocol = IpProto::kIcmp6;
  ip.hop_limit = hop_limit;
  ip.payload_length = 8;
  ip.emit(std::span(frame).subspan<EthernetRepr::kLength, Ipv6Repr::kLength>());
  frame[54] = static_cast<std::uint8_t>(type);
  frame[61] = last;
  return frame;
}

TEST(SamePacket, OfIpv6LooksPastHopLimitAndPadding) {
  const auto before = frame_with(Icmp6Type::kEchoRequest, 64, kHere);
  auto after = frame_with(Icmp6Type::kEchoRequest, 63, kThere);
  after.resize(62);
  EXPECT_TRUE(same_packet(before, after));
  EXPECT_FALSE(same_packet(before, frame_with(Icmp6Type::kEchoRequest, 63, kThere, 8)));
  const std::vector<Rewrite> expected = {
      {Rewrite::Field::kDstMac, "02:00:00:00:00:01", "02:00:00:00:00:02"},
      {Rewrite::Field::kHopLimit, "64", "63"}};
  EXPECT_EQ(rewrites(before, after), expected);
}

TEST(SamePacket, TellsNeighbourDiscoveryFromPacketsOnTheirWay) {
  const auto echo = frame_with(Icmp6Type::kEchoReply, 64, kHere);
  EXPECT_TRUE(is_ip_packet(echo));
  EXPECT_FALSE(seeks_neighbour(echo));
  const auto question = frame_with(Icmp6Type::kNeighbourSolicit, 255, kHere);
  EXPECT_FALSE(is_ip_packet(question));
  EXPECT_TRUE(seeks_neighbour(question));
}

TEST(SamePacket, ReadsNothingBeyondAFrameCutShort) {
  const auto whole = frame_with(Icmp6Type::kEchoRequest, 64, kHere);
  for (std::size_t n = 0; n < 54; ++n) {
    const auto part = Bytes(whole).first(n);
    EXPECT_FALSE(same_packet(part, part)) << n;
    EXPECT_FALSE(is_ip_packet(part)) << n;
    EXPECT_FALSE(seeks_neighbour(part)) << n;
  }
}

}  // namespace
}  // namespace lvslab::test
