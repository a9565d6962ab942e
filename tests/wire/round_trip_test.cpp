// Ten thousand random headers survive emit and parse; random bytes never crash a parser.
#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "sim/base/prng.h"
#include "sim/wire/build.h"
#include "sim/wire/igmp.h"
#include "sim/wire/vrrp.h"

namespace lvslab {
namespace {

constexpr int kRounds = 10'000;

std::uint16_t u16(Prng& prng) { return static_cast<std::uint16_t>(prng.next()); }
std::uint32_t u32(Prng& prng) { return static_cast<std::uint32_t>(prng.next()); }
MacAddr mac(Prng& prng) { return {prng.next() >> 16}; }
Ipv4Addr ip(Prng& prng) { return {u32(prng)}; }

std::vector<std::uint8_t> any_bytes(Prng& prng, std::size_t size) {
  std::vector<std::uint8_t> bytes(size);
  for (auto& b : bytes) b = static_cast<std::uint8_t>(prng.next());
  return bytes;
}

/// A buffer full of rubbish, so that a byte which emit() forgets is seen.
std::vector<std::uint8_t> dirty(std::size_t size) { return std::vector<std::uint8_t>(size, 0xa5); }

TEST(RoundTrip, Ethernet) {
  Prng prng(10);
  for (int i = 0; i < kRounds; ++i) {
    const EthernetRepr repr{mac(prng), mac(prng), EtherType{u16(prng)}};
    std::array<std::uint8_t, EthernetRepr::kLength> out{};
    repr.emit(out);
    ASSERT_EQ(EthernetRepr::parse(out), repr);
  }
}

TEST(RoundTrip, Vrrp) {
  Prng prng(21);
  for (int i = 0; i < kRounds; ++i) {
    VrrpRepr repr{.version = static_cast<std::uint8_t>(2 + prng.below(2)),
                  .type = static_cast<std::uint8_t>(prng.below(16)),
                  .vrid = static_cast<std::uint8_t>(prng.next()),
                  .priority = static_cast<std::uint8_t>(prng.next())};
    for (std::uint32_t n = prng.below(20); n > 0; --n) repr.addresses.push_back(ip(prng));
    if (repr.version == 2) {
      repr.auth = VrrpAuth{static_cast<std::uint8_t>(prng.below(3))};
      repr.advert_int = static_cast<std::uint16_t>(prng.below(256));
      for (std::uint8_t& c : repr.password) c = static_cast<std::uint8_t>(prng.next());
    } else {
      repr.advert_int = static_cast<std::uint16_t>(prng.below(4096));
    }
    auto out = dirty(repr.length());
    const Ipv4Addr src = ip(prng), dst = ip(prng);
    repr.emit(out, src, dst);
    ASSERT_EQ(VrrpRepr::parse(out), repr);
    ASSERT_TRUE(VrrpRepr::checksum_ok(out, src, dst));
    ASSERT_FALSE(VrrpRepr::parse(Bytes(out).first(out.size() - 1)));
    out[prng.below(static_cast<std::uint32_t>(out.size()))] ^= 1;
    ASSERT_FALSE(VrrpRepr::checksum_ok(out, src, dst));
  }
}

TEST(RoundTrip, IgmpReport) {
  Prng prng(22);
  for (int i = 0; i < kRounds; ++i) {
    IgmpReport repr;
    for (std::uint32_t n = prng.below(6); n > 0; --n) {
      repr.records.push_back({static_cast<std::uint8_t>(1 + prng.below(6)), ip(prng)});
    }
    auto out = dirty(repr.length());
    repr.emit(out);
    ASSERT_EQ(IgmpReport::parse(out), repr);
    ASSERT_EQ(fold_sum(sum_bytes(out)), 0xffff);
    ASSERT_FALSE(IgmpReport::parse(Bytes(out).first(out.size() - 1)));
  }
}

TEST(RoundTrip, Arp) {
  Prng prng(11);
  for (int i = 0; i < kRounds; ++i) {
    const ArpRepr repr{ArpOp{u16(prng)}, mac(prng), ip(prng), mac(prng), ip(prng)};
    std::array<std::uint8_t, ArpRepr::kLength> out{};
    repr.emit(out);
    ASSERT_EQ(ArpRepr::parse(out), repr);
  }
}

TEST(RoundTrip, Ipv4) {
  Prng prng(12);
  for (int i = 0; i < kRounds; ++i) {
    Ipv4Repr repr;
    repr.src = ip(prng);
    repr.dst = ip(prng);
    repr.protocol = IpProto{static_cast<std::uint8_t>(prng.next())};
    repr.ttl = static_cast<std::uint8_t>(prng.next());
    repr.tos = static_cast<std::uint8_t>(prng.next());
    repr.id = u16(prng);
    repr.payload_length = static_cast<std::uint16_t>(prng.below(200));
    repr.fragment_offset = static_cast<std::uint16_t>(prng.below(8192) * 8);
    repr.dont_fragment = prng.below(2) == 0;
    repr.more_fragments = prng.below(2) == 0;
    auto out = dirty(Ipv4Repr::kLength + repr.payload_length);
    repr.emit(MutBytes(out).first<Ipv4Repr::kLength>());
    ASSERT_EQ(Ipv4Repr::parse(out), repr);
  }
}

TEST(RoundTrip, Icmp) {
  Prng prng(13);
  for (int i = 0; i < kRounds; ++i) {
    const IcmpRepr repr{IcmpType{static_cast<std::uint8_t>(prng.next())},
                        static_cast<std::uint8_t>(prng.next()), u32(prng)};
    auto out = dirty(IcmpRepr::kLength + prng.below(100));
    repr.emit(out);
    ASSERT_EQ(IcmpRepr::parse(out), repr);
  }
}

TEST(RoundTrip, Udp) {
  Prng prng(14);
  for (int i = 0; i < kRounds; ++i) {
    const auto payload = any_bytes(prng, prng.below(100));
    const UdpRepr repr{u16(prng), u16(prng), static_cast<std::uint16_t>(payload.size())};
    const Ipv4Addr src = ip(prng), dst = ip(prng);
    auto out = dirty(UdpRepr::kLength);
    out.insert(out.end(), payload.begin(), payload.end());
    repr.emit(out, src, dst);
    ASSERT_EQ(UdpRepr::parse(out, src, dst), repr);
  }
}

TcpRepr random_tcp(Prng& prng) {
  TcpRepr repr;
  repr.src_port = u16(prng);
  repr.dst_port = u16(prng);
  repr.seq = u32(prng);
  repr.ack = u32(prng);
  repr.window = u16(prng);
  repr.urgent = u16(prng);
  repr.flags = static_cast<std::uint8_t>(prng.next());
  if (prng.below(2) == 0) repr.timestamps = TcpTimestamps{u32(prng), u32(prng)};
  if (repr.has(tcp_flag::kSyn)) {
    if (prng.below(2) == 0) repr.mss = static_cast<std::uint16_t>(1 + prng.below(65535));
    if (prng.below(2) == 0) repr.window_scale = static_cast<std::uint8_t>(prng.below(15));
    repr.sack_permitted = prng.below(2) == 0;
  } else {
    const std::uint32_t most = repr.timestamps ? 3 : 4;
    repr.sack_count = static_cast<std::uint8_t>(prng.below(most + 1));
    for (std::size_t k = 0; k < repr.sack_count; ++k) repr.sacks[k] = {u32(prng), u32(prng)};
  }
  return repr;
}

TEST(RoundTrip, Tcp) {
  Prng prng(15);
  for (int i = 0; i < kRounds; ++i) {
    const TcpRepr repr = random_tcp(prng);
    const auto payload = any_bytes(prng, prng.below(100));
    const Ipv4Addr src = ip(prng), dst = ip(prng);
    auto out = dirty(repr.header_length());
    out.insert(out.end(), payload.begin(), payload.end());
    repr.emit(out, src, dst);
    ASSERT_TRUE(tcp_checksum_ok(out, src, dst));
    ASSERT_EQ(tcp_header_length(out), repr.header_length());
    ASSERT_EQ(TcpRepr::parse(out), repr);
  }
}

TEST(RoundTrip, TcpWithKnownPayloadSumGivesTheSameBytes) {
  Prng prng(16);
  for (int i = 0; i < 1000; ++i) {
    const TcpRepr repr = random_tcp(prng);
    const auto payload = any_bytes(prng, prng.below(1460));
    const Ipv4Addr src = ip(prng), dst = ip(prng);
    auto whole = dirty(repr.header_length());
    whole.insert(whole.end(), payload.begin(), payload.end());
    auto header = dirty(repr.header_length());
    repr.emit(whole, src, dst);
    repr.emit(header, src, dst, payload.size(), sum_bytes(payload));
    ASSERT_TRUE(std::equal(header.begin(), header.end(), whole.begin()));
  }
}

TEST(RoundTrip, RandomBytesNeverCrashAParser) {
  Prng prng(17);
  int accepted = 0;
  for (int i = 0; i < 10 * kRounds; ++i) {
    auto bytes = any_bytes(prng, prng.below(96));
    if (!bytes.empty() && prng.below(2) == 0) bytes[0] = 0x45;
    if (bytes.size() > 12 && prng.below(2) == 0) bytes[12] = 0xf0;
    accepted += EthernetRepr::parse(bytes).has_value();
    accepted += ArpRepr::parse(bytes).has_value();
    accepted += Ipv4Repr::parse(bytes).has_value();
    accepted += Ipv4Repr::parse_header(bytes).has_value();
    accepted += IcmpRepr::parse(bytes).has_value();
    accepted += UdpRepr::parse(bytes, {}, {}).has_value();
    accepted += TcpRepr::parse(bytes).has_value();
  }
  EXPECT_GT(accepted, kRounds);  // the parsers were reached, not only their size tests
}

TEST(RoundTrip, EveryCutOfASegmentIsToldFromTheWhole) {
  TcpRepr repr;
  repr.flags = tcp_flag::kSyn;
  repr.mss = std::uint16_t{1460};
  const auto frame = tcp_segment({{1}, {2}, {0x0a000001}, {0x0a000002}}, repr);
  const Bytes packet = Bytes(frame).subspan(EthernetRepr::kLength);
  for (std::size_t n = 0; n < packet.size(); ++n) {
    EXPECT_EQ(Ipv4Repr::parse(packet.first(n)), std::unexpected(WireError::kTruncated));
  }
  EXPECT_TRUE(Ipv4Repr::parse(packet).has_value());
}

}  // namespace
}  // namespace lvslab
