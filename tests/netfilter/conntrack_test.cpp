// Flows and their mappings (nf_conntrack_core.c, nf_nat_core.c).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/netfilter/conntrack.h"
#include "sim/wire/build.h"

namespace lvslab::netfilter {
namespace {

using ::testing::HasSubstr;

constexpr Ipv4Addr kClient{0x0a000002}, kOther{0x0a000003}, kServer{0xc0a8500a},
    kOutside{0xc0a850c9};
constexpr SimDuration kSecond{1'000'000'000};

class ConntrackTest : public ::testing::Test {
 protected:
  World world;
  TimerQueue timers;
  Trace trace;
  Conntrack conntrack;

  ConntrackTest() { trace.add_node({"router", false, {}}); }
  Step step() { return Step(world, timers, &trace, NodeId(0)); }

  Packet packet_of(Bytes ethernet) {
    const Bytes bytes = ethernet.subspan(EthernetRepr::kLength);
    Packet packet;
    packet.frame = world.frames.allocate(bytes.size());
    std::ranges::copy(bytes, world.frames.writable(packet.frame).begin());
    packet.ip = *Ipv4Repr::parse_header(bytes);
    return packet;
  }
  Packet udp(Endpoint from, Endpoint to) {
    return packet_of(udp_datagram({{}, {}, from.addr, to.addr}, from.port, to.port, {}));
  }
  Packet syn(Endpoint from, Endpoint to) {
    TcpRepr tcp;
    tcp.src_port = from.port;
    tcp.dst_port = to.port;
    tcp.flags = tcp_flag::kSyn;
    tcp.window = 1'000;
    return packet_of(tcp_segment({{}, {}, from.addr, to.addr}, tcp));
  }
  /// A packet through a router that maps its source into `range`: what comes out.
  Packet masquerade(Packet packet, const NfNatRange& range) {
    Step s = step();
    conntrack.track(s, packet);
    if (packet.tracking == Tracking::kNew) {
      conntrack.map_to_itself(s, packet, NatEnd::kDestination);
      conntrack.map(s, packet, NatEnd::kSource, range);
    }
    EXPECT_TRUE(conntrack.translate(s, packet, NatEnd::kDestination));
    EXPECT_TRUE(conntrack.translate(s, packet, NatEnd::kSource));
    EXPECT_TRUE(conntrack.confirm(s, packet));
    return packet;
  }
  std::uint16_t source_port(const Packet& packet) {
    return load_be16(ipv4_payload(world.frames.bytes(packet.frame), packet.ip).data());
  }
};

constexpr NfNatRange kToOutside{.first = kOutside, .last = kOutside};

TEST_F(ConntrackTest, AnswersComeBackToTheClient) {
  const Packet out = masquerade(udp({kClient, 5'000}, {kServer, 53}), kToOutside);
  EXPECT_EQ(out.ip.src, kOutside);
  EXPECT_EQ(source_port(out), 5'000) << "the port is free, so it stays";
  Packet answer = udp({kServer, 53}, {kOutside, 5'000});
  Step s = step();
  conntrack.track(s, answer);
  EXPECT_EQ(answer.tracking, Tracking::kEstablishedReply);
  EXPECT_TRUE(conntrack.translate(s, answer, NatEnd::kDestination));
  EXPECT_EQ(answer.ip.dst, kClient);
  EXPECT_TRUE(UdpRepr::parse(ipv4_payload(world.frames.bytes(answer.frame), answer.ip),
                             answer.ip.src, answer.ip.dst))
      << "the checksum is right again";
}

TEST_F(ConntrackTest, ATakenPortIsChangedForTheSecondClientOnly) {
  masquerade(udp({kClient, 5'000}, {kServer, 53}), kToOutside);
  const Packet second = masquerade(udp({kOther, 5'000}, {kServer, 53}), kToOutside);
  EXPECT_EQ(second.ip.src, kOutside);
  EXPECT_NE(source_port(second), 5'000);
  EXPECT_GE(source_port(second), 1'024);
  const Packet elsewhere = masquerade(udp({kOther, 5'000}, {kServer, 54}), kToOutside);
  EXPECT_EQ(source_port(elsewhere), source_port(second)) << "a socket keeps its mapping";
}

TEST_F(ConntrackTest, LowPortsStayLow) {
  masquerade(udp({kClient, 500}, {kServer, 53}), kToOutside);
  const std::uint16_t low = source_port(masquerade(udp({kOther, 500}, {kServer, 53}), kToOutside));
  EXPECT_GE(low, 1);
  EXPECT_LE(low, 511);
}

TEST_F(ConntrackTest, PortsOfARangeAreUsedUpOneByOne) {
  NfNatRange range = kToOutside;
  range.first_port = 2'000;
  range.last_port = 2'001;
  range.has_ports = true;
  const std::uint16_t one = source_port(masquerade(udp({kClient, 1}, {kServer, 53}), range));
  const std::uint16_t two = source_port(masquerade(udp({kOther, 2}, {kServer, 53}), range));
  EXPECT_NE(one, two);
  EXPECT_THAT(one, ::testing::AnyOf(2'000, 2'001));
  EXPECT_THAT(two, ::testing::AnyOf(2'000, 2'001));
}

TEST_F(ConntrackTest, TheSamePairOfHostsGetsTheSameAddressOfARange) {
  const NfNatRange range{.first = kOutside, .last = {kOutside.bits + 7}};
  const Ipv4Addr first = masquerade(udp({kClient, 1'500}, {kServer, 53}), range).ip.src;
  EXPECT_EQ(masquerade(udp({kClient, 1'501}, {kServer, 53}), range).ip.src, first);
  EXPECT_GE(first, range.first);
  EXPECT_LE(first, range.last);
}

TEST_F(ConntrackTest, AFlowThatNobodyConfirmedIsForgotten) {
  Packet packet = udp({kClient, 5'000}, {kServer, 53});
  Step s = step();
  const std::size_t before = conntrack.unconfirmed();
  conntrack.track(s, packet);
  EXPECT_EQ(conntrack.states_of(packet), nf_state_bit(NfState::kNew));
  conntrack.forget_unconfirmed(before);
  EXPECT_EQ(conntrack.listing(world.now, {}), "");
}

TEST_F(ConntrackTest, WhatIsTakenOutOfTrackingStaysOut) {
  Packet packet = udp({kClient, 5'000}, {kServer, 53});
  Step s = step();
  conntrack.track(s, packet);
  conntrack.untrack(packet);
  EXPECT_EQ(conntrack.states_of(packet), nf_state_bit(NfState::kUntracked));
  conntrack.track(s, packet);
  EXPECT_EQ(conntrack.states_of(packet), nf_state_bit(NfState::kUntracked));
  EXPECT_TRUE(conntrack.confirm(s, packet));
  EXPECT_EQ(conntrack.size(), 0U);
}

TEST_F(ConntrackTest, UdpLastsLongerOnceItIsAStream) {
  masquerade(udp({kClient, 5'000}, {kServer, 53}), {});
  EXPECT_THAT(conntrack.listing(world.now, {}), HasSubstr("udp      17 30 src=10.0.0.2"));
  EXPECT_THAT(conntrack.listing(world.now, {}), HasSubstr("[UNREPLIED]"));
  masquerade(udp({kServer, 53}, {kClient, 5'000}), {});
  EXPECT_THAT(conntrack.listing(world.now, {}), HasSubstr("udp      17 30 src=10.0.0.2"));
  world.now = world.now + kSecond * 3;
  masquerade(udp({kServer, 53}, {kClient, 5'000}), {});
  EXPECT_EQ(conntrack.listing(world.now, {}),
            "ipv4     2 udp      17 120 src=10.0.0.2 dst=192.168.80.10 sport=5000 dport=53 "
            "src=192.168.80.10 dst=10.0.0.2 sport=53 dport=5000 [ASSURED] mark=0 use=2\n");
  world.now = world.now + kSecond * 120;
  EXPECT_EQ(conntrack.listing(world.now, {}), "");
  Packet again = udp({kServer, 53}, {kClient, 5'000});
  Step s = step();
  conntrack.track(s, again);
  EXPECT_EQ(again.tracking, Tracking::kNew) << "an expired flow is as good as none";
}

TEST_F(ConntrackTest, AnErrorAboutATranslatedPacketFindsItsSender) {
  const Packet out = masquerade(syn({kClient, 5'000}, {kServer, 80}), kToOutside);
  const Bytes quoted = world.frames.bytes(out.frame);
  Packet error = packet_of(icmp_message({{}, {}, kServer, kOutside},
                                        IcmpRepr::unreachable(IcmpUnreachable::kHost), quoted));
  Step s = step();
  conntrack.track(s, error);
  EXPECT_EQ(error.tracking, Tracking::kRelatedReply);
  EXPECT_NE(conntrack.states_of(error) & nf_state_bit(NfState::kRelated), 0);
  EXPECT_TRUE(conntrack.translate(s, error, NatEnd::kDestination));
  EXPECT_EQ(error.ip.dst, kClient);
  const Bytes message = ipv4_payload(world.frames.bytes(error.frame), error.ip);
  EXPECT_TRUE(IcmpRepr::parse(message)) << "its checksum is right";
  const Bytes inner = message.subspan(IcmpRepr::kLength);
  const auto ip = Ipv4Repr::parse_header(inner);
  EXPECT_EQ(ip->src, kClient) << "the quote is what the client sent";
  EXPECT_TRUE(tcp_checksum_ok(inner.subspan(ip->header_length), ip->src, ip->dst));
}

TEST_F(ConntrackTest, AnErrorAboutNothingKnownIsInvalid) {
  const Packet never = syn({kOutside, 7}, {kServer, 80});
  Packet error = packet_of(icmp_message({{}, {}, kServer, kOutside},
                                        IcmpRepr::unreachable(IcmpUnreachable::kHost),
                                        world.frames.bytes(never.frame)));
  Step s = step();
  conntrack.track(s, error);
  EXPECT_EQ(conntrack.states_of(error), nf_state_bit(NfState::kInvalid));
}

TEST_F(ConntrackTest, RealServersAnswersBelongToTheFlowOfTheVirtualAddress) {
  Packet request = syn({kServer, 5'000}, {kOutside, 80});
  Step s = step();
  conntrack.track(s, request);
  conntrack.map_to_itself(s, request, NatEnd::kDestination);
  conntrack.expect_answers_from(request, {kClient, 8'080});
  conntrack.map_to_itself(s, request, NatEnd::kSource);
  ASSERT_TRUE(conntrack.confirm(s, request));
  TcpRepr tcp;
  tcp.src_port = 8'080;
  tcp.dst_port = 5'000;
  tcp.flags = tcp_flag::kSyn | tcp_flag::kAck;
  tcp.ack = 1;
  Packet answer = packet_of(tcp_segment({{}, {}, kClient, kServer}, tcp));
  conntrack.track(s, answer);
  EXPECT_EQ(answer.tracking, Tracking::kEstablishedReply);
}

}  // namespace
}  // namespace lvslab::netfilter
