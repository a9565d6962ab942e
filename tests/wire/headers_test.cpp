// Headers against known bytes: real captures of Linux 6.1, the kernel's option layouts, and the
// errors each parser promises.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/base/prng.h"
#include "sim/wire/build.h"
#include "tests/wire/golden.h"

namespace lvslab {
namespace {

using test::Frame;
using testing::ElementsAre;

const FramePath kHeadersPath{{0x0200'0000'0001}, {0x0200'0000'0002}, {0x0a000001}, {0x0a000002}};

template <class T>
std::unexpected<WireError> error(T e) {
  return std::unexpected(e);
}

TEST(RealCapture, EmitGivesBackEveryByteThatLinuxSent) {
  int arps = 0, segments = 0;
  for (const Frame& frame : test::from_hex(test::read_golden("one_curl.hex"))) {
    const auto ethernet = EthernetRepr::parse(frame);
    ASSERT_TRUE(ethernet);
    const Bytes payload = Bytes(frame).subspan(EthernetRepr::kLength);
    if (ethernet->ethertype == EtherType::kArp) {
      EXPECT_EQ(arp_frame(ethernet->dst, ArpRepr::parse(payload).value()), frame);
      ++arps;
      continue;
    }
    const Ipv4Repr ip = Ipv4Repr::parse(payload).value();
    const Bytes segment = ipv4_payload(payload, ip);
    ASSERT_TRUE(tcp_checksum_ok(segment, ip.src, ip.dst));
    Frame again(segment.begin(), segment.end());
    const TcpRepr tcp = TcpRepr::parse(segment).value();
    ASSERT_EQ(tcp.header_length(), tcp_header_length(segment));
    std::fill_n(again.begin(), tcp.header_length(), std::uint8_t{0xa5});
    tcp.emit(again, ip.src, ip.dst);
    EXPECT_EQ(ipv4_packet(ethernet->dst, ethernet->src, ip, again), frame);
    ++segments;
  }
  EXPECT_GT(arps, 3);
  EXPECT_GT(segments, 10);
}

TEST(Arp, RequestBytesAreThoseOfRfc826) {
  EXPECT_THAT(arp_request({0x0200'0000'000a}, {0x0a000001}, {0x0a000002}),
              ElementsAre(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 0x0a, 0x08, 0x06,  //
                          0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 0x0a, 10, 0, 0, 1,             //
                          0, 0, 0, 0, 0, 0, 10, 0, 0, 2));
}

TEST(Arp, OtherHardwareOrLengthsAreUnsupported) {
  const Frame frame = arp_request({1}, {2}, {3});
  const Frame arp(frame.begin() + EthernetRepr::kLength, frame.end());
  for (const std::size_t at : {0U, 1U, 2U, 3U, 4U, 5U}) {
    Frame other = arp;
    other[at] ^= 0x10;
    EXPECT_EQ(ArpRepr::parse(other), error(WireError::kUnsupported)) << at;
  }
  EXPECT_EQ(ArpRepr::parse(Bytes(arp).first(27)), error(WireError::kTruncated));
}

class Ipv4Errors : public testing::Test {
 protected:
  Ipv4Errors() {
    const Frame frame = udp_datagram(kHeadersPath, 1, 2, text_bytes("abcd"));
    packet.assign(frame.begin() + EthernetRepr::kLength, frame.end());
  }
  void repair_checksum() {
    store_be16(packet.data() + 10, 0);
    store_be16(packet.data() + 10, internet_checksum(Bytes(packet).first(20)));
  }
  Frame packet;
};

TEST_F(Ipv4Errors, OtherVersion) {
  packet[0] = 0x65;
  EXPECT_EQ(Ipv4Repr::parse(packet), error(WireError::kBadVersion));
}

TEST_F(Ipv4Errors, HeaderLengthBelowTwentyBytes) {
  packet[0] = 0x44;
  EXPECT_EQ(Ipv4Repr::parse(packet), error(WireError::kBadLength));
}

TEST_F(Ipv4Errors, TotalLengthBelowTheHeader) {
  store_be16(packet.data() + 2, 19);
  EXPECT_EQ(Ipv4Repr::parse(packet), error(WireError::kBadLength));
}

TEST_F(Ipv4Errors, TotalLengthAboveTheFrame) {
  store_be16(packet.data() + 2, 33);
  repair_checksum();
  EXPECT_EQ(Ipv4Repr::parse(packet), error(WireError::kTruncated));
}

TEST_F(Ipv4Errors, EveryFlippedBitOfTheHeaderIsNoticed) {
  for (std::size_t bit = 0; bit < 160; ++bit) {
    Frame damaged = packet;
    damaged[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    EXPECT_FALSE(Ipv4Repr::parse(damaged)) << bit;
  }
}

TEST_F(Ipv4Errors, EthernetPaddingAfterThePacketIsNoError) {
  packet.resize(46);
  const auto ip = Ipv4Repr::parse(packet);
  ASSERT_TRUE(ip);
  EXPECT_EQ(ipv4_payload(packet, *ip).size(), 12U);
}

TEST_F(Ipv4Errors, OptionsAreSkipped) {
  packet[0] = 0x46;
  packet.insert(packet.begin() + 20, {1, 1, 1, 0});
  store_be16(packet.data() + 2, static_cast<std::uint16_t>(packet.size()));
  store_be16(packet.data() + 10, 0);
  store_be16(packet.data() + 10, internet_checksum(Bytes(packet).first(24)));
  const auto ip = Ipv4Repr::parse(packet);
  ASSERT_TRUE(ip);
  EXPECT_EQ(ip->header_length, 24);
  EXPECT_EQ(ipv4_payload(packet, *ip)[3], 2);  // the UDP destination port
}

TEST(Ipv4Edit, EqualsANewHeaderOverTenThousandPackets) {
  Prng prng(20);
  for (int i = 0; i < 10'000; ++i) {
    Ipv4Repr ip;
    ip.src = {static_cast<std::uint32_t>(prng.next())};
    ip.dst = {static_cast<std::uint32_t>(prng.next())};
    ip.protocol = IpProto::kTcp;
    ip.ttl = static_cast<std::uint8_t>(1 + prng.below(255));
    ip.id = static_cast<std::uint16_t>(prng.next());
    ip.dont_fragment = prng.below(2) == 0;
    Frame edited(20), fresh(20);
    ip.emit(MutBytes(edited).first<20>());
    ip.ttl = static_cast<std::uint8_t>(ip.ttl - 1);
    ipv4_decrement_ttl(edited);
    ip.emit(MutBytes(fresh).first<20>());
    ASSERT_EQ(edited, fresh);
    ip.src = {static_cast<std::uint32_t>(prng.next())};
    ip.dst = {static_cast<std::uint32_t>(prng.next())};
    ipv4_rewrite_src(edited, ip.src);
    ipv4_rewrite_dst(edited, ip.dst);
    ip.emit(MutBytes(fresh).first<20>());
    ASSERT_EQ(edited, fresh);
  }
}

TEST(Udp, ChecksumZeroMeansNoneAndIsNeverSent) {
  const Frame frame = udp_datagram(kHeadersPath, 7, 9, text_bytes("abc"));
  Frame datagram(frame.begin() + 34, frame.end());
  datagram[8] ^= 1;
  EXPECT_EQ(UdpRepr::parse(datagram, kHeadersPath.src, kHeadersPath.dst),
            error(WireError::kBadChecksum));
  store_be16(datagram.data() + 6, 0);
  EXPECT_TRUE(UdpRepr::parse(datagram, kHeadersPath.src, kHeadersPath.dst));
  // Ports chosen so that the sum is all ones: the field must read ffff, not 0.
  Frame silent(8);
  const std::uint32_t others = pseudo_header_sum(kHeadersPath.src, kHeadersPath.dst, 17, 8) + 8;
  UdpRepr{static_cast<std::uint16_t>(0xffff - others), 0, 0}.emit(silent, kHeadersPath.src,
                                                                  kHeadersPath.dst);
  EXPECT_EQ(load_be16(silent.data() + 6), 0xffff);
  EXPECT_TRUE(UdpRepr::parse(silent, kHeadersPath.src, kHeadersPath.dst));
}

TEST(Udp, LengthFieldIsHeldAgainstTheBytes) {
  const Frame frame = udp_datagram(kHeadersPath, 7, 9, text_bytes("abc"));
  Frame datagram(frame.begin() + 34, frame.end());
  store_be16(datagram.data() + 4, 7);
  EXPECT_EQ(UdpRepr::parse(datagram, {}, {}), error(WireError::kBadLength));
  store_be16(datagram.data() + 4, 12);
  EXPECT_EQ(UdpRepr::parse(datagram, {}, {}), error(WireError::kTruncated));
}

TEST(Icmp, FieldsOfTheRestOfTheHeader) {
  EXPECT_EQ(IcmpRepr::echo(IcmpType::kEchoRequest, 3, 4).sequence(), 4);
  EXPECT_EQ(IcmpRepr::redirect_host({0x0a000009}).gateway(), Ipv4Addr{0x0a000009});
  EXPECT_EQ(IcmpRepr::unreachable(IcmpUnreachable::kFragmentationNeeded, 1400).mtu(), 1400);
  Frame message(8);
  IcmpRepr::time_exceeded().emit(message);
  message[7] = 1;
  EXPECT_EQ(IcmpRepr::parse(message), error(WireError::kBadChecksum));
}

/// The options that emit() writes.
Frame option_bytes(const TcpRepr& repr) {
  Frame out(repr.header_length());
  repr.emit(out, {}, {});
  return {out.begin() + TcpRepr::kLength, out.end()};
}

TEST(TcpOptions, SynIsLaidOutAsLinuxDoes) {
  TcpRepr syn;
  syn.flags = tcp_flag::kSyn;
  syn.mss = std::uint16_t{1460};
  syn.sack_permitted = true;
  syn.timestamps = TcpTimestamps{0x01020304, 0x05060708};
  syn.window_scale = std::uint8_t{7};
  EXPECT_THAT(option_bytes(syn), ElementsAre(2, 4, 5, 0xb4, 4, 2, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8,  //
                                             1, 3, 3, 7));
  EXPECT_EQ(syn.header_length(), 40U);
}

TEST(TcpOptions, SynWithoutTimestampsPadsSackPermitted) {
  TcpRepr syn;
  syn.flags = tcp_flag::kSyn;
  syn.mss = std::uint16_t{536};
  syn.sack_permitted = true;
  syn.window_scale = std::uint8_t{0};
  EXPECT_THAT(option_bytes(syn), ElementsAre(2, 4, 2, 24, 1, 1, 4, 2, 1, 3, 3, 0));
}

TEST(TcpOptions, DataCarriesTimestampsThenSack) {
  TcpRepr data;
  data.flags = tcp_flag::kAck;
  data.timestamps = TcpTimestamps{1, 2};
  EXPECT_THAT(option_bytes(data), ElementsAre(1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2));
  data.sack_count = 1;
  data.sacks[0] = {3, 4};
  EXPECT_THAT(option_bytes(data), ElementsAre(1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2,  //
                                              1, 1, 5, 10, 0, 0, 0, 3, 0, 0, 0, 4));
}

TEST(TcpOptions, OnlyThreeSackBlocksFitBesideTimestamps) {
  TcpRepr data;
  data.flags = tcp_flag::kAck;
  data.sack_count = 4;
  EXPECT_EQ(data.header_length(), 20U + 4 + 32);
  data.timestamps = TcpTimestamps{};
  EXPECT_EQ(data.header_length(), 20U + 12 + 4 + 24);
}

/// What parse() makes of these options in a segment with `flags`.
TcpRepr parsed(std::uint8_t flags, Frame options) {
  while (options.size() % 4 != 0) options.push_back(0);
  Frame segment(20);
  segment[12] = static_cast<std::uint8_t>((20 + options.size()) / 4 << 4);
  segment[13] = flags;
  segment.insert(segment.end(), options.begin(), options.end());
  return TcpRepr::parse(segment).value();
}

TEST(TcpOptions, AreReadWithTheToleranceOfLinux) {
  using tcp_flag::kAck;
  using tcp_flag::kSyn;
  EXPECT_EQ(parsed(kSyn, {2, 4, 5, 0xb4}).mss, 1460);
  EXPECT_FALSE(parsed(kAck, {2, 4, 5, 0xb4}).mss) << "MSS counts on SYN only";
  EXPECT_FALSE(parsed(kSyn, {2, 4, 0, 0}).mss) << "zero is no MSS";
  EXPECT_FALSE(parsed(kSyn, {2, 3, 5}).mss) << "wrong length";
  EXPECT_EQ(parsed(kSyn, {3, 3, 200}).window_scale, 14) << "RFC 7323 2.3";
  EXPECT_EQ(parsed(kSyn, {77, 3, 0, 2, 4, 1, 2}).mss, 258) << "unknown options are skipped";
  EXPECT_FALSE(parsed(kSyn, {0, 2, 4, 1, 2}).mss) << "nothing counts after the end of options";
  EXPECT_FALSE(parsed(kSyn, {77, 1, 2, 4, 1, 2}).mss) << "a length of 1 stops the reading";
  EXPECT_FALSE(parsed(kSyn, {77, 40, 2, 4, 1, 2}).mss) << "so does one beyond the header";
  EXPECT_EQ(parsed(kAck, {5, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0}).sack_count, 0) << "no whole block";
}

TEST(Tcp, OffsetIsHeldAgainstTheBytes) {
  Frame segment(24);
  segment[12] = 0x40;
  EXPECT_EQ(TcpRepr::parse(segment), error(WireError::kBadLength));
  segment[12] = 0x70;
  EXPECT_EQ(TcpRepr::parse(segment), error(WireError::kTruncated));
  EXPECT_EQ(TcpRepr::parse(Bytes(segment).first(19)), error(WireError::kTruncated));
}

TEST(Tcp, EveryFlippedBitOfASegmentIsNoticed) {
  TcpRepr tcp;
  tcp.flags = tcp_flag::kAck;
  const Frame frame = tcp_segment(kHeadersPath, tcp, text_bytes("payload"));
  Frame segment(frame.begin() + 34, frame.end());
  ASSERT_TRUE(tcp_checksum_ok(segment, kHeadersPath.src, kHeadersPath.dst));
  for (std::size_t bit = 0; bit < 8 * segment.size(); ++bit) {
    Frame damaged = segment;
    damaged[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    EXPECT_FALSE(tcp_checksum_ok(damaged, kHeadersPath.src, kHeadersPath.dst)) << bit;
  }
}

}  // namespace
}  // namespace lvslab
