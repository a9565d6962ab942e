// TCP as connection tracking follows it (nf_conntrack_proto_tcp.c).
#include <gtest/gtest.h>

#include "sim/netfilter/tcp_flow.h"

namespace lvslab::netfilter {
namespace {

using State = TcpTrackState;
using Verdict = TcpTrackVerdict;
using enum Direction;
constexpr std::uint8_t kSyn = tcp_flag::kSyn, kAck = tcp_flag::kAck, kFin = tcp_flag::kFin,
                       kRst = tcp_flag::kRst;
constexpr std::int64_t kNsPerSecond = 1'000'000'000;

class TcpFlowTest : public ::testing::Test {
 protected:
  TcpFlow flow;
  TcpTrackResult last;
  bool answered = false;

  static TcpSegment segment(std::uint8_t flags, std::uint32_t seq, std::uint32_t ack,
                            std::uint32_t data = 0) {
    TcpSegment s;
    s.tcp.flags = flags;
    s.tcp.seq = seq;
    s.tcp.ack = ack;
    s.tcp.window = 1'000;
    s.data = data;
    return s;
  }
  Verdict see(Direction dir, const TcpSegment& s) {
    last = follow(flow, dir, s, answered, answered);
    answered |= dir == kReply && last.verdict == Verdict::kAccept;
    return last.verdict;
  }
  void open() {
    ASSERT_TRUE(begin(flow, segment(kSyn, 100, 0)));
    see(kOriginal, segment(kSyn, 100, 0));
    see(kReply, segment(kSyn | kAck, 500, 101));
    see(kOriginal, segment(kAck, 101, 501));
  }
  void close() {
    see(kOriginal, segment(kFin | kAck, 101, 501));
    see(kReply, segment(kFin | kAck, 501, 102));
    see(kOriginal, segment(kAck, 102, 502));
  }
};

TEST_F(TcpFlowTest, AConnectionGoesThroughItsStates) {
  ASSERT_TRUE(begin(flow, segment(kSyn, 100, 0)));
  see(kOriginal, segment(kSyn, 100, 0));
  EXPECT_EQ(flow.state, State::kSynSent);
  EXPECT_EQ(last.lasts.ns, 120 * kNsPerSecond);
  see(kReply, segment(kSyn | kAck, 500, 101));
  EXPECT_EQ(flow.state, State::kSynRecv);
  see(kOriginal, segment(kAck, 101, 501));
  EXPECT_EQ(flow.state, State::kEstablished);
  EXPECT_EQ(last.lasts.ns, 5LL * 24 * 3600 * kNsPerSecond);
  see(kOriginal, segment(kFin | kAck, 101, 501));
  EXPECT_EQ(flow.state, State::kFinWait);
  see(kReply, segment(kAck, 501, 102));
  EXPECT_EQ(flow.state, State::kCloseWait);
  see(kReply, segment(kFin | kAck, 501, 102));
  EXPECT_EQ(flow.state, State::kLastAck);
  see(kOriginal, segment(kAck, 102, 502));
  EXPECT_EQ(flow.state, State::kTimeWait);
  EXPECT_EQ(last.lasts.ns, 120 * kNsPerSecond);
}

TEST_F(TcpFlowTest, OnlyASynOrAnAckBeginsAFlow) {
  EXPECT_FALSE(begin(flow, segment(kSyn | kAck, 1, 1)));
  EXPECT_FALSE(begin(flow, segment(kFin | kAck, 1, 1)));
  EXPECT_FALSE(begin(flow, segment(kRst, 1, 0)));
  EXPECT_TRUE(begin(flow, segment(kAck, 1, 1))) << "taken up in the middle";
  EXPECT_EQ(see(kOriginal, segment(kAck, 1, 1)), Verdict::kAccept);
  EXPECT_EQ(flow.state, State::kEstablished);
  EXPECT_EQ(last.lasts.ns, 300 * kNsPerSecond) << "not five days, as nothing answered yet";
}

TEST_F(TcpFlowTest, AnAckBeforeTheServerAnsweredIsInvalid) {
  ASSERT_TRUE(begin(flow, segment(kSyn, 100, 0)));
  see(kOriginal, segment(kSyn, 100, 0));
  EXPECT_EQ(see(kOriginal, segment(kAck, 101, 501)), Verdict::kInvalid);
}

TEST_F(TcpFlowTest, WhatLiesOutsideOfTheWindowIsInvalid) {
  open();
  EXPECT_EQ(see(kOriginal, segment(kAck, 101, 501, 1'000)), Verdict::kAccept);
  EXPECT_EQ(see(kOriginal, segment(kAck, 5'000, 501, 10)), Verdict::kInvalid)
      << "the server allowed 1000 bytes from 101 on";
  EXPECT_EQ(see(kReply, segment(kAck, 501, 90'000)), Verdict::kInvalid)
      << "nothing was sent that this could acknowledge";
}

TEST_F(TcpFlowTest, UnacknowledgedDataShortensTheLife) {
  open();
  see(kOriginal, segment(kAck, 101, 501, 10));
  EXPECT_EQ(last.lasts.ns, 300 * kNsPerSecond);
  see(kReply, segment(kAck, 501, 111));
  EXPECT_EQ(last.lasts.ns, 5LL * 24 * 3600 * kNsPerSecond);
}

TEST_F(TcpFlowTest, ASynReopensAClosedConnection) {
  open();
  close();
  ASSERT_EQ(flow.state, State::kTimeWait);
  EXPECT_EQ(see(kOriginal, segment(kSyn, 90'000, 0)), Verdict::kReopen);
}

TEST_F(TcpFlowTest, ASynInTheMiddleIsIgnoredUntilTheServerTakesIt) {
  open();
  EXPECT_EQ(see(kOriginal, segment(kSyn, 70'000, 0)), Verdict::kIgnore);
  EXPECT_EQ(flow.state, State::kEstablished);
  EXPECT_EQ(see(kReply, segment(kSyn | kAck, 900, 70'001)), Verdict::kAccept);
  EXPECT_EQ(flow.state, State::kSynRecv) << "client and server agree, so it follows them";
}

TEST_F(TcpFlowTest, AResetIsBelievedIfItsNumberFits) {
  open();
  EXPECT_EQ(see(kReply, segment(kRst, 400, 0)), Verdict::kInvalid) << "older than what was acked";
  EXPECT_EQ(see(kReply, segment(kRst, 501, 0)), Verdict::kAccept);
  EXPECT_EQ(flow.state, State::kClose);
  EXPECT_EQ(last.lasts.ns, 10 * kNsPerSecond);
}

TEST_F(TcpFlowTest, AResetOfNothingButASynForgetsTheFlow) {
  ASSERT_TRUE(begin(flow, segment(kSyn, 100, 0)));
  see(kOriginal, segment(kSyn, 100, 0));
  see(kOriginal, segment(kRst, 101, 0));
  EXPECT_TRUE(last.forget);
}

TEST_F(TcpFlowTest, OddFlagsAreNoSegments) {
  EXPECT_TRUE(has_sane_flags(segment(kFin | kAck, 0, 0).tcp));
  EXPECT_FALSE(has_sane_flags(segment(kFin, 0, 0).tcp));
  EXPECT_FALSE(has_sane_flags(segment(kSyn | kFin, 0, 0).tcp));
  EXPECT_FALSE(has_sane_flags(segment(0, 0, 0).tcp));
}

}  // namespace
}  // namespace lvslab::netfilter
