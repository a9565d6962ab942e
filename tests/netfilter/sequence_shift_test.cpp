// Numbers of a stream in which a segment became longer (nf_conntrack_seqadj.c).
#include <gtest/gtest.h>

#include "sim/netfilter/conntrack.h"
#include "sim/wire/build.h"

namespace lvslab::netfilter {
namespace {

constexpr Endpoint kBrowser{{0x0a000002}, 5'000}, kFtpServer{{0xc0a8500a}, 21};

class SequenceShiftTest : public ::testing::Test {
 protected:
  World world;
  TimerQueue timers;
  Conntrack conntrack;

  SequenceShiftTest() {
    send(kBrowser, kFtpServer, {.seq = 100, .flags = tcp_flag::kSyn});
    send(kFtpServer, kBrowser, {.seq = 500, .ack = 101, .flags = tcp_flag::kSyn | tcp_flag::kAck});
    send(kBrowser, kFtpServer, {.seq = 101, .ack = 501, .flags = tcp_flag::kAck});
  }
  Packet packet_of(Endpoint from, Endpoint to, TcpRepr tcp, std::size_t data) {
    tcp.src_port = from.port;
    tcp.dst_port = to.port;
    tcp.window = 30'000;
    const std::vector<std::uint8_t> payload(data, 'x');
    const auto ethernet = tcp_segment({{}, {}, from.addr, to.addr}, tcp, payload);
    const Bytes bytes = Bytes(ethernet).subspan(EthernetRepr::kLength);
    Packet packet;
    packet.frame = world.frames.allocate(bytes.size());
    std::ranges::copy(bytes, world.frames.writable(packet.frame).begin());
    packet.ip = *Ipv4Repr::parse_header(bytes);
    return packet;
  }
  /// A segment through the router; `grows`: by how much it is made longer there. How it leaves.
  TcpRepr send(Endpoint from, Endpoint to, const TcpRepr& tcp, std::size_t data = 0,
               std::int32_t grows = 0) {
    Packet packet = packet_of(from, to, tcp, data);
    Step step(world, timers, nullptr, NodeId(0));
    conntrack.track(step, packet);
    known = packet.flow.valid();
    conntrack.note_growth(packet, tcp.seq, grows);
    conntrack.shift_numbers(step, packet);
    EXPECT_TRUE(conntrack.confirm(step, packet));
    const Bytes segment = ipv4_payload(world.frames.bytes(packet.frame), packet.ip);
    EXPECT_TRUE(tcp_checksum_ok(segment, packet.ip.src, packet.ip.dst));
    const TcpRepr left = *TcpRepr::parse(segment);
    world.frames.release(packet.frame);
    return left;
  }
  bool known = false;
};

TEST_F(SequenceShiftTest, WhatFollowsALongerSegmentMoves) {
  TcpRepr grown{.seq = 501, .ack = 101, .flags = tcp_flag::kAck};
  EXPECT_EQ(send(kFtpServer, kBrowser, grown, 20, 6).seq, 501U) << "the segment itself stays";
  EXPECT_EQ(send(kBrowser, kFtpServer, {.seq = 101, .ack = 527, .flags = tcp_flag::kAck}).ack, 521U)
      << "the server hears of what it sent";
  EXPECT_TRUE(known) << "and tracking does not take it for out of the window";
  const TcpRepr next =
      send(kFtpServer, kBrowser, {.seq = 521, .ack = 101, .flags = tcp_flag::kAck}, 10);
  EXPECT_EQ(next.seq, 527U);
  EXPECT_EQ(next.ack, 101U) << "the other direction did not change";
}

TEST_F(SequenceShiftTest, TheSameSegmentSentAgainMovesNothingMore) {
  TcpRepr grown{.seq = 501, .ack = 101, .flags = tcp_flag::kAck};
  send(kFtpServer, kBrowser, grown, 20, 6);
  EXPECT_EQ(send(kFtpServer, kBrowser, grown, 20, 6).seq, 501U);
  EXPECT_EQ(send(kFtpServer, kBrowser, {.seq = 521, .ack = 101, .flags = tcp_flag::kAck}, 10).seq,
            527U);
}

TEST_F(SequenceShiftTest, TwoChangesAddUp) {
  send(kFtpServer, kBrowser, {.seq = 501, .ack = 101, .flags = tcp_flag::kAck}, 20, 6);
  EXPECT_EQ(
      send(kFtpServer, kBrowser, {.seq = 521, .ack = 101, .flags = tcp_flag::kAck}, 20, -2).seq,
      527U);
  EXPECT_EQ(send(kFtpServer, kBrowser, {.seq = 541, .ack = 101, .flags = tcp_flag::kAck}, 10).seq,
            545U);
}

TEST_F(SequenceShiftTest, EdgesOfHolesMoveWithTheAcknowledgment) {
  send(kFtpServer, kBrowser, {.seq = 501, .ack = 101, .flags = tcp_flag::kAck}, 20, 6);
  send(kFtpServer, kBrowser, {.seq = 521, .ack = 101, .flags = tcp_flag::kAck}, 10);
  TcpRepr hole{.seq = 101, .ack = 501, .flags = tcp_flag::kAck};
  hole.sack_count = 1;
  hole.sacks[0] = {.begin = 527, .end = 537};
  const TcpRepr left = send(kBrowser, kFtpServer, hole);
  EXPECT_EQ(left.ack, 501U);
  ASSERT_EQ(left.sack_count, 1U);
  EXPECT_EQ(left.sacks[0].begin, 521U);
  EXPECT_EQ(left.sacks[0].end, 531U);
}

TEST_F(SequenceShiftTest, ASynSentAgainDoesNotKeepTheEntryAlive) {
  const Endpoint silent{{0xc0a8500b}, 21};
  send(kBrowser, silent, {.seq = 100, .flags = tcp_flag::kSyn});
  world.now = SimTime{100'000'000'000};
  send(kBrowser, silent, {.seq = 100, .flags = tcp_flag::kSyn});
  EXPECT_NE(conntrack.listing(world.now, {}).find(" 20 SYN_SENT"), std::string::npos)
      << conntrack.listing(world.now, {});
}

}  // namespace
}  // namespace lvslab::netfilter
