// dissect(): fields of known frames by name, a golden of every built frame, and properties that
// hold for any bytes.
#include "sim/wire/dissect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "sim/base/prng.h"
#include "sim/wire/build.h"
#include "sim/wire/tunnel.h"
#include "tests/golden.h"
#include "tests/wire/frames.h"
#include "tests/wire/golden.h"

namespace lvslab {
namespace {

using test::Frame;
using testing::Contains;
using testing::EndsWith;

/// The value of the first field with that name, or "(none)".
std::string value_of(const std::vector<Field>& fields, std::string_view name) {
  const auto found = std::ranges::find(fields, name, &Field::name);
  return found == fields.end() ? "(none)" : found->value;
}

std::vector<std::string> protocols(const std::vector<Field>& fields) {
  std::vector<std::string> names;
  for (const auto& field : fields) {
    if (field.depth == 0) names.push_back(field.name);
  }
  return names;
}

const FramePath kPath{{0x0200'0000'0001}, {0x0200'0000'0002}, {0x0a000001}, {0x0a000002}};

TEST(Dissect, ArpRequestTellsWhoAsksForWhom) {
  const auto fields = dissect(arp_request(kPath.src_mac, kPath.src, kPath.dst));
  EXPECT_EQ(value_of(fields, "ARP"), "who has 10.0.0.2? tell 10.0.0.1");
  EXPECT_THAT(fields, Contains(Field{"target IP", "10.0.0.2", 38, 4, 1}));
}

TEST(Dissect, WebRequestShowsEveryLayerAndTheFirstLine) {
  TcpRepr tcp;
  tcp.src_port = 40000;
  tcp.dst_port = 80;
  tcp.flags = tcp_flag::kPsh | tcp_flag::kAck;
  tcp.timestamps = TcpTimestamps{7, 8};
  const auto fields = dissect(tcp_segment(kPath, tcp, text_bytes("GET /a HTTP/1.1\r\n\r\n")));
  EXPECT_THAT(protocols(fields), testing::ElementsAre("Ethernet", "IPv4", "TCP", "HTTP"));
  EXPECT_EQ(value_of(fields, "first line"), "GET /a HTTP/1.1");
  EXPECT_EQ(value_of(fields, "timestamps"), "value 7, echo 8");
  EXPECT_EQ(value_of(fields, "flags"), "0x2");
  EXPECT_THAT(fields, Contains(Field{"flags", "0x18 (PSH, ACK)", 47, 1, 1}));
}

TEST(Dissect, RightChecksumsAreCalledCorrect) {
  for (const Frame& frame : test::from_hex(test::read_golden("one_curl.hex"))) {
    for (const auto& field : dissect(frame)) {
      if (field.name.ends_with("checksum")) {
        EXPECT_THAT(field.value, EndsWith("(correct)"));
      }
    }
  }
}

TEST(Dissect, WrongChecksumIsNamedWithTheRightOne) {
  Frame frame = udp_datagram(kPath, 1, 2, text_bytes("data"));
  const std::string before = value_of(dissect(frame), "checksum").substr(0, 6);
  frame[40] ^= 0x40;
  EXPECT_THAT(value_of(dissect(frame), "checksum"), EndsWith("(wrong, should be " + before + ")"));
}

TEST(Dissect, QuotedPacketStandsOneLevelDeeperInsideIcmp) {
  const Frame lost = udp_datagram(kPath, 1111, 2222, text_bytes("x"));
  const Bytes quote = Bytes(lost).subspan(EthernetRepr::kLength);
  const auto fields =
      dissect(icmp_message(kPath, IcmpRepr::unreachable(IcmpUnreachable::kPort), quote));
  EXPECT_EQ(value_of(fields, "ICMP"), "port unreachable");
  EXPECT_THAT(fields, Contains(Field{"UDP", "1111 > 2222", 62, 8, 1}));
}

TEST(Dissect, QuoteOfEightBytesSaysWhatIsMissing) {
  const Frame lost = udp_datagram(kPath, 1111, 2222, text_bytes("12345"));
  const Bytes quote = Bytes(lost).subspan(EthernetRepr::kLength, 28);
  const auto fields = dissect(icmp_message(kPath, IcmpRepr::time_exceeded(), quote));
  EXPECT_EQ(value_of(fields, "malformed"), "5 bytes of the packet are missing");
}

/// A packet of a tunnel: `header` of its protocol, and a datagram inside.
Frame tunnelled(IpProto protocol, std::vector<std::uint8_t> header) {
  const Frame inner = udp_datagram(kPath, 1111, 2222, text_bytes("x"));
  header.insert(header.end(), inner.begin() + EthernetRepr::kLength, inner.end());
  Ipv4Repr outer;
  outer.protocol = protocol;
  outer.src = {0x0a000003};
  outer.dst = {0x0a000004};
  return ipv4_packet(kPath.dst_mac, kPath.src_mac, outer, header);
}

TEST(Dissect, CarriedPacketStandsOneLevelDeeper) {
  EXPECT_THAT(dissect(tunnelled(IpProto::kIpip, {})),
              Contains(Field{"UDP", "1111 > 2222", 54, 8, 1}));
  const auto gre = dissect(tunnelled(IpProto::kGre, {0, 0, 8, 0}));
  EXPECT_THAT(gre, Contains(Field{"GRE", "carries 0x0800", 34, 4, 0}));
  EXPECT_THAT(gre, Contains(Field{"UDP", "1111 > 2222", 58, 8, 1}));
  const Frame gue = udp_datagram(kPath, 5555, GueRepr::kPort, [] {
    Frame payload = tunnelled(IpProto::kIpip, {});
    payload.erase(payload.begin(), payload.begin() + EthernetRepr::kLength + Ipv4Repr::kLength);
    payload.insert(payload.begin(), {0, 4, 0, 0});
    return payload;
  }());
  EXPECT_THAT(dissect(gue), Contains(Field{"UDP", "1111 > 2222", 66, 8, 1}));
}

TEST(Dissect, TunnelHeadersThatAreCutOrUnknownAreSaid) {
  EXPECT_EQ(value_of(dissect(tunnelled(IpProto::kGre, {0x20, 0, 8, 0})), "malformed"),
            "GRE header: " + std::string(to_string(WireError::kUnsupported)));
  const auto other = dissect(tunnelled(IpProto::kGre, {0, 0, 0x65, 0x58}));
  EXPECT_EQ(value_of(other, "payload"), "29 bytes");
}

TEST(Dissect, EveryBuiltFrameIsKnown) {
  std::string text;
  for (const Frame& frame : test::built_frames()) {
    text += test::field_lines(frame) + "\n";
  }
  test::expect_golden(test::golden_path("built.dissect.txt"), text);
}

TEST(Dissect, ProtocolsCoverEveryByteOfARealCapture) {
  for (const Frame& frame : test::from_hex(test::read_golden("one_curl.hex"))) {
    std::size_t next = 0;
    for (const auto& field : dissect(frame)) {
      if (field.depth != 0) continue;
      EXPECT_EQ(field.offset, next);
      next = field.offset + field.length;
    }
    EXPECT_EQ(next, frame.size());
  }
}

TEST(Dissect, FieldsOfAnyBytesLieInsideTheFrame) {
  Prng prng(40);
  const auto frames = test::built_frames();
  for (int i = 0; i < 20'000; ++i) {
    const Frame frame = test::mangled(frames, prng);
    const auto fields = dissect(frame);
    ASSERT_FALSE(fields.empty());
    for (const auto& field : fields) {
      ASSERT_LE(field.offset, frame.size());
      ASSERT_LE(field.length, frame.size() - field.offset) << field.name;
    }
  }
}

TEST(Dissect, ErrorsThatQuoteErrorsComeToAnEnd) {
  Frame frame = icmp_message(kPath, IcmpRepr::time_exceeded());
  for (int i = 0; i < 40; ++i) {
    const Frame inner = frame;
    frame =
        icmp_message(kPath, IcmpRepr::time_exceeded(), Bytes(inner).subspan(EthernetRepr::kLength));
  }
  const auto fields = dissect(frame);
  EXPECT_LE(std::ranges::max(fields, {}, &Field::depth).depth, 6);
}

}  // namespace
}  // namespace lvslab
