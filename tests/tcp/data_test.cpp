// Data on an established connection: ACK timing, windows, loss, and segments that must not pass.
#include <gmock/gmock.h>

#include "tests/tcp/tcp_bench.h"

namespace lvslab::tcp {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
namespace tf = tcp_flag;

/// Answers every request of a client at once.
void answer(Step& step, End& end, const SocketEvent& event) {
  if (event.kind != SocketEventKind::kData) return;
  const std::string text(246, 'r');
  send(step, end.stack, end.ports(), event.socket,
       {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

TEST(Data, OneRequestLooksLikeTheCaptureOfARealCurl) {
  TcpBench bench;
  bench.server().program = answer;
  const SocketId socket = bench.establish();
  bench.send(0, socket, std::string(78, 'q'));
  bench.run_for(10_ms);
  ASSERT_THAT(bench.seen, SizeIs(7));
  const auto& s = bench.seen;
  EXPECT_EQ(s[3].tcp.flags, tf::kPsh | tf::kAck);
  EXPECT_EQ(s[3].tcp.window, 502);
  EXPECT_EQ(s[4].tcp.flags, tf::kAck) << "the server's first ACK is immediate";
  EXPECT_EQ(s[4].tcp.window, 509);
  EXPECT_EQ(s[5].tcp.flags, tf::kPsh | tf::kAck);
  EXPECT_EQ(s[5].tcp.window, 509);
  EXPECT_EQ(s[6].tcp.flags, tf::kAck);
  EXPECT_EQ(s[6].tcp.window, 501);
  EXPECT_EQ(static_cast<std::uint16_t>(s[6].ip.id - s[0].ip.id), 3);
  EXPECT_EQ(static_cast<std::uint16_t>(s[5].ip.id - s[4].ip.id), 1);
  EXPECT_EQ(s[6].tcp.timestamps->echo, s[5].tcp.timestamps->value);
}

TEST(Data, LaterRequestsAreAcknowledgedByTheAnswer) {
  TcpBench bench;
  bench.server().program = answer;
  const SocketId socket = bench.establish();
  bench.send(0, socket, "one");
  bench.run_for(100_ms);
  bench.seen.clear();
  bench.send(0, socket, "two");
  bench.run_for(3_ms);
  ASSERT_THAT(bench.sent_by(1), SizeIs(1));
  EXPECT_EQ(bench.sent_by(1)[0].payload.size(), 246U);
}

TEST(Data, FirstFlightIsTenSegmentsOfTheMss) {
  TcpBench bench;
  const SocketId socket = bench.establish();
  bench.seen.clear();
  bench.send(0, socket, std::string(50'000, 'x'));
  ASSERT_THAT(bench.seen, SizeIs(10));
  for (const Seen& s : bench.seen) EXPECT_EQ(s.payload.size(), 1448U);
}

TEST(Data, PshEndsAWrite) {
  TcpBench bench;
  const SocketId socket = bench.establish();
  bench.seen.clear();
  bench.send(0, socket, std::string(4'000, 'x'));
  ASSERT_THAT(bench.seen, SizeIs(3));
  EXPECT_FALSE(bench.seen[0].has(tf::kPsh));
  EXPECT_FALSE(bench.seen[1].has(tf::kPsh));
  EXPECT_TRUE(bench.seen[2].has(tf::kPsh));
}

TEST(Data, NagleHoldsTheSecondShortSegment) {
  TcpBench bench;
  const SocketId socket = bench.establish();
  bench.set_nodelay(0, socket, false);
  bench.seen.clear();
  bench.send(0, socket, "a");
  bench.send(0, socket, "b");
  bench.send(0, socket, "c");
  EXPECT_THAT(bench.sent_by(0), SizeIs(1));
  EXPECT_EQ(bench.reasons(Reason::kTcpNagleHolds), 2U);
  bench.run_for(5_ms);
  ASSERT_GE(bench.sent_by(0).size(), 2U);
  EXPECT_EQ(bench.sent_by(0)[1].payload, "bc");
}

TEST(Loss, LastSegmentIsProbedAfterTwoRoundTripsAnd200Milliseconds) {
  TcpBench bench;
  const SocketId socket = bench.establish();
  int data = 0;
  bench.fate = [&](const Seen& s) { return Fate{.copies = s.payload.empty() || data++ > 0}; };
  bench.seen.clear();
  bench.send(0, socket, "hello");
  bench.run_for(1_s);
  const auto sent = bench.sent_by(0);
  ASSERT_THAT(sent, SizeIs(2));
  EXPECT_NEAR(static_cast<double>((sent[1].at - sent[0].at).ms()), 204.0, 2.0);
  EXPECT_EQ(bench.reasons(Reason::kTcpLossProbe), 1U);
  EXPECT_EQ(bench.server().received[bench.server().accepted.value], "hello");
}

TEST(Loss, TimeoutsDoubleFromTwoHundredMilliseconds) {
  TcpBench bench;
  const SocketId socket = bench.establish();
  bench.fate = [](const Seen&) { return Fate{.copies = 0}; };
  bench.seen.clear();
  bench.send(0, socket, "hello");
  bench.run_for(8_s);
  std::vector<std::int64_t> gaps;
  for (std::size_t i = 1; i < bench.seen.size(); ++i) {
    gaps.push_back(((bench.seen[i].at - bench.seen[i - 1].at).ms() + 50) / 100 * 100);
  }
  EXPECT_THAT(gaps, ElementsAre(200, 200, 400, 800, 1600, 3200));
}

TEST(Loss, FirstTimeoutOfAConnectionGoesByThePeersFormerRoundTrips) {
  TcpBench bench;
  bench.fate = [](const Seen&) { return Fate{.delay = 40_ms}; };
  bench.listen(80);
  const SocketId former = bench.connect(80);
  bench.run_for(200_ms);
  bench.close(0, former);
  bench.close(1, bench.server().accepted);
  bench.run_for(200_ms);
  bench.fate = [](const Seen&) { return Fate{.delay = 10_ms}; };
  const SocketId socket = bench.connect(80);
  bench.run_for(100_ms);
  bench.fate = [](const Seen&) { return Fate{.copies = 0}; };
  const SimTime sent = bench.world.now;
  bench.send(0, socket, "x");
  bench.run_for(1500_ms);
  std::vector<std::int64_t> ms;
  for (const Seen& s : bench.sent_by(0)) {
    if (s.at >= sent) ms.push_back((s.at - sent).ms());
  }
  // A probe first, then a timeout of 80 + 200 ms, in place of 20 + 200, and twice that.
  EXPECT_THAT(ms, ElementsAre(0, 240, 240 + 280, 240 + 280 + 560));
}

// On a kernel data takes some microseconds longer than a handshake, and is remembered: in ticks of
// 10 ms the 82 ms make a timeout of 8 + 20 ticks. Measured by a handshake, they make 29.
TEST(Loss, FirstTimeoutGoesByFormerRoundTripsThatWereAsLongIfTheyWereOfData) {
  for (const bool data : {false, true}) {
    TcpBench bench;
    bench.client().timers.set_wheel({10_ms});
    bench.fate = [](const Seen&) { return Fate{.delay = 41_ms}; };
    bench.listen(80);
    const SocketId former = bench.connect(80);
    bench.run_for(200_ms);
    if (data) bench.send(0, former, "hello");
    bench.run_for(200_ms);
    bench.close(0, former);
    bench.close(1, bench.server().accepted);
    bench.run_for(200_ms);
    const SocketId socket = bench.connect(80);
    bench.run_for(100_ms);
    bench.fate = [](const Seen&) { return Fate{.copies = 0}; };
    bench.send(0, socket, "x");
    bench.seen.clear();
    bench.run_for(1500_ms);
    const auto sent = bench.sent_by(0);  // a probe, then what the timeouts send
    ASSERT_THAT(sent, SizeIs(3));
    EXPECT_EQ(sent[1].at - sent[0].at, data ? 290_ms : 300_ms) << "a tick late";
  }
}

TEST(Loss, FormerRoundTripsAreForgottenWithNoMetricsSave) {
  for (const bool forgets : {false, true}) {
    TcpBench bench;
    if (forgets) {
      ASSERT_EQ(sysctl_set(bench.client().stack, "net.ipv4.tcp_no_metrics_save", "1"),
                Errno::kNone);
    }
    bench.fate = [](const Seen&) { return Fate{.delay = 40_ms}; };
    bench.listen(80);
    const SocketId former = bench.connect(80);
    bench.run_for(200_ms);
    bench.close(0, former);
    bench.close(1, bench.server().accepted);
    bench.run_for(200_ms);
    bench.fate = [](const Seen&) { return Fate{.delay = 10_ms}; };
    const SocketId socket = bench.connect(80);
    bench.run_for(100_ms);
    bench.fate = [](const Seen&) { return Fate{.copies = 0}; };
    bench.send(0, socket, "x");
    bench.seen.clear();
    bench.run_for(1_s);
    const auto sent = bench.sent_by(0);  // a probe, then what the timeouts send
    ASSERT_GE(sent.size(), 2U);
    EXPECT_EQ(sent[1].at - sent[0].at, forgets ? 220_ms : 280_ms);
  }
}

TEST(Loss, AFinThatWaitsForAMacAddressIsNotJoinedToWhatIsSentAgain) {
  for (const bool waits : {false, true}) {
    TcpBench bench;
    const SocketId socket = bench.establish();
    bench.fate = [](const Seen&) { return Fate{.copies = 0}; };
    bench.send(0, socket, "hello");
    bench.close(0, socket);
    bench.run_for(1_ms);
    if (waits) bench.client().pending_since = bench.world.now;
    bench.seen.clear();
    bench.run_for(3_s);
    const auto sent = bench.sent_by(0);
    ASSERT_GE(sent.size(), 2U);
    EXPECT_EQ(sent[0].tcp.flags, tf::kFin | tf::kAck) << "the probe";
    EXPECT_EQ(sent[1].payload, "hello");
    EXPECT_EQ(sent[1].has(tf::kFin), !waits);
    EXPECT_EQ(sent.size() == 2, waits) << "both wait now";
  }
}

// Seen in Linux 6.1: a SYN-ACK that waited for a neighbour makes the probe come 778 ms after the
// last of seven answers, and the timeout a second after that.
TEST(Loss, ASlowHandshakeMakesTimeoutsLongForAWhile) {
  TcpBench bench;
  bench.server().program = answer;
  bench.fate = [](const Seen&) { return Fate{.delay = 200_ms}; };
  bench.listen(80);
  const SocketId socket = bench.connect(80);
  bench.run_for(400_ms);
  bench.fate = [](const Seen&) { return Fate{.delay = 100_ms}; };
  for (int i = 0; i < 7; ++i) {
    bench.run_for(200_ms);
    bench.send(0, socket, "request");
  }
  bench.run_for(50_ms);
  bench.fate = [](const Seen&) { return Fate{.copies = 0}; };
  bench.seen.clear();
  bench.run_for(3_s);
  const auto sent = bench.sent_by(1);  // the seventh answer first
  ASSERT_THAT(sent, SizeIs(3));
  EXPECT_NEAR(static_cast<double>((sent[1].at - sent[0].at).ms()), 778.0, 3.0);
  EXPECT_NEAR(static_cast<double>((sent[2].at - sent[1].at).ms()), 990.0, 20.0);
}

TEST(Loss, HoleInAFlightIsFilledWithoutATimeout) {
  TcpBench bench;
  const SocketId socket = bench.establish();
  int data = 0;
  bench.fate = [&](const Seen& s) { return Fate{.copies = s.payload.empty() || data++ != 3}; };
  bench.seen.clear();
  const std::string text(14'480, 'z');
  bench.send(0, socket, text);
  bench.run_for(50_ms);
  EXPECT_EQ(bench.server().received[bench.server().accepted.value], text);
  EXPECT_EQ(bench.reasons(Reason::kTcpTimeout), 0U);
  EXPECT_EQ(bench.reasons(Reason::kTcpFastRecovery), 1U);
  bool sacked = false;
  for (const Seen& s : bench.sent_by(1)) sacked = sacked || s.tcp.sack_count > 0;
  EXPECT_TRUE(sacked);
}

TEST(Loss, AFinThatWaitsForDataIsSacked) {
  TcpBench bench;
  const SocketId socket = bench.establish();
  int data = 0;
  bench.fate = [&](const Seen& s) { return Fate{.copies = s.payload.empty() || data++ > 0}; };
  bench.send(0, socket, "hello");
  bench.close(0, socket);
  bench.run_for(100_ms);
  const bool told = std::ranges::any_of(bench.sent_by(1), [](const Seen& s) {
    const std::uint32_t fin = s.tcp.ack + 5;
    return s.tcp.sack_count == 1 && s.tcp.sacks[0] == SackBlock{fin, fin + 1};
  });
  EXPECT_TRUE(told);
  EXPECT_EQ(bench.reasons(Reason::kTcpTimeout), 0U) << "the block showed the loss";
  EXPECT_EQ(bench.server().received[bench.server().accepted.value], "hello");
}

TEST(Loss, ARetransmissionTakesSmallSegmentsAndTheFinAlong) {
  TcpBench bench;
  const SocketId socket = bench.establish();
  bool lose = true;
  bench.fate = [&](const Seen& s) { return Fate{.copies = !(lose && s.from == 0)}; };
  bench.seen.clear();
  bench.send(0, socket, "hello");
  bench.send(0, socket, "world");
  bench.close(0, socket);
  bench.run_for(300_ms);
  lose = false;
  bench.seen.clear();
  bench.run_for(2_s);
  const Seen again = bench.sent_by(0).front();
  EXPECT_EQ(again.payload, "helloworld");
  EXPECT_EQ(again.tcp.flags, tf::kFin | tf::kPsh | tf::kAck);
  EXPECT_EQ(bench.server().received[bench.server().accepted.value], "helloworld");
  EXPECT_EQ(bench.server().count(SocketEventKind::kPeerClosed), 1U);
}

TEST(Loss, DuplicateIsReportedByDsack) {
  TcpBench bench;
  const SocketId socket = bench.establish();
  bench.send(0, socket, "hello");
  bench.run_for(5_ms);
  const Seen data = bench.last_by(0);
  TcpRepr again = data.tcp;
  bench.inject(1, again, "hello");
  const Seen& ack = bench.last_by(1);
  ASSERT_EQ(ack.tcp.sack_count, 1);
  EXPECT_EQ(ack.tcp.sacks[0], (SackBlock{data.tcp.seq, data.tcp.seq + 5}));
  EXPECT_EQ(bench.server().received[bench.server().accepted.value], "hello");
}

TEST(Loss, WhatAFilledHoleBringsTwiceIsReportedByDsack) {
  TcpBench bench;
  const SocketId socket = bench.establish();
  bench.send(0, socket, "ab");
  bench.run_for(5_ms);
  TcpRepr late = bench.last_by(0).tcp;
  late.seq += 4;
  bench.inject(1, late, "ef");
  late.seq -= 2;
  bench.inject(1, late, "cdef");
  const Seen& ack = bench.last_by(1);
  EXPECT_EQ(ack.tcp.ack, late.seq + 4);
  ASSERT_EQ(ack.tcp.sack_count, 1);
  EXPECT_EQ(ack.tcp.sacks[0], (SackBlock{late.seq + 2, late.seq + 4}));
  EXPECT_EQ(bench.server().received[bench.server().accepted.value], "abcdef");
}

/// A connection to a peer made by hand, who offers no options: client's port 6000 to 5000.
class HandMade : public ::testing::Test {
 protected:
  HandMade() {
    bench_.fate = [](const Seen&) { return Fate{.copies = 0}; };
    socket_ = bench_.connect(5000, 6000);
    isn_ = bench_.last_by(0).tcp.seq;
    inject(tf::kSyn | tf::kAck, 1000, {}, 4000);
    bench_.seen.clear();
  }
  void inject(std::uint8_t flags, std::uint32_t seq, std::string_view payload = {},
              std::uint16_t window = 4000, std::uint32_t acked = 0) {
    bench_.inject(0,
                  {.src_port = 5000,
                   .dst_port = 6000,
                   .seq = seq,
                   .ack = isn_ + 1 + acked,
                   .window = window,
                   .flags = flags},
                  payload);
  }
  TcpBench bench_;
  SocketId socket_;
  std::uint32_t isn_ = 0;
};

TEST_F(HandMade, ResetAtTheExpectedNumberKills) {
  inject(tf::kRst, 1001);
  EXPECT_EQ(bench_.client().heard.back().error, Errno::kConnReset);
  EXPECT_THAT(bench_.client().states(), IsEmpty());
}

TEST_F(HandMade, ResetElsewhereInTheWindowIsChallenged) {
  inject(tf::kRst, 1101);
  EXPECT_THAT(bench_.client().states(), ElementsAre(TcpState::kEstablished));
  ASSERT_THAT(bench_.seen, SizeIs(1));
  EXPECT_EQ(bench_.seen[0].tcp.flags, tf::kAck);
  EXPECT_EQ(bench_.seen[0].tcp.ack, 1001U);
  EXPECT_EQ(bench_.reasons(Reason::kTcpChallengeRst), 1U);
  inject(tf::kRst, 1101);
  EXPECT_THAT(bench_.seen, SizeIs(1)) << "one answer in 500 ms";
}

TEST_F(HandMade, ResetOutsideTheWindowIsIgnored) {
  inject(tf::kRst, 900'000'000);
  EXPECT_THAT(bench_.client().states(), ElementsAre(TcpState::kEstablished));
  EXPECT_THAT(bench_.seen, IsEmpty());
}

TEST_F(HandMade, SynOnALiveConnectionIsChallenged) {
  inject(tf::kSyn, 1001);
  EXPECT_THAT(bench_.client().states(), ElementsAre(TcpState::kEstablished));
  EXPECT_EQ(bench_.last_by(0).tcp.flags, tf::kAck);
  EXPECT_EQ(bench_.reasons(Reason::kTcpChallengeSyn), 1U);
}

TEST_F(HandMade, DataInTheWrongOrderIsDeliveredInOrder) {
  inject(tf::kAck, 1004, "def");
  inject(tf::kAck, 1007, "ghi");
  EXPECT_THAT(bench_.client().received[socket_.value], IsEmpty());
  EXPECT_EQ(bench_.last_by(0).tcp.ack, 1001U);
  inject(tf::kAck, 1001, "abc");
  EXPECT_EQ(bench_.client().received[socket_.value], "abcdefghi");
  EXPECT_EQ(bench_.last_by(0).tcp.ack, 1010U);
}

TEST_F(HandMade, OverlapIsCutOff) {
  inject(tf::kAck, 1001, "abc");
  inject(tf::kAck, 1002, "bcde");
  EXPECT_EQ(bench_.client().received[socket_.value], "abcde");
}

TEST_F(HandMade, FinThatComesEarlyWaitsForItsTurn) {
  inject(tf::kAck | tf::kFin, 1004, "def");
  EXPECT_EQ(bench_.client().count(SocketEventKind::kPeerClosed), 0U);
  inject(tf::kAck, 1001, "abc");
  EXPECT_EQ(bench_.client().received[socket_.value], "abcdef");
  EXPECT_EQ(bench_.client().heard.back().kind, SocketEventKind::kPeerClosed);
  EXPECT_THAT(bench_.client().states(), ElementsAre(TcpState::kCloseWait));
}

TEST_F(HandMade, ClosedWindowIsProbedJustBelowWhatWasAcknowledged) {
  inject(tf::kAck, 1001, "x", 0);
  bench_.seen.clear();
  bench_.send(0, socket_, "waiting");
  EXPECT_THAT(bench_.seen, IsEmpty());
  bench_.run_for(5_s);
  ASSERT_GE(bench_.seen.size(), 3U);
  EXPECT_EQ(bench_.seen[0].tcp.seq, isn_);
  EXPECT_THAT(bench_.seen[0].payload, IsEmpty());
  EXPECT_GT(bench_.seen[2].at - bench_.seen[1].at, bench_.seen[1].at - bench_.seen[0].at);
  inject(tf::kAck, 1002, {}, 4000);
  EXPECT_EQ(bench_.last_by(0).payload, "waiting");
}

TEST_F(HandMade, AckOfUnsentDataIsDropped) {
  inject(tf::kAck, 1001, "evil", 4000, 500);
  EXPECT_THAT(bench_.client().received[socket_.value], IsEmpty());
  EXPECT_EQ(bench_.reasons(Reason::kTcpAckUnsent), 1U);
}

TEST_F(HandMade, PeerWithoutMssOptionGetsSegmentsOf536Bytes) {
  bench_.send(0, socket_, std::string(600, 'x'));
  ASSERT_THAT(bench_.seen, SizeIs(2));
  EXPECT_EQ(bench_.seen[0].payload.size(), 536U);
  EXPECT_EQ(bench_.seen[1].payload.size(), 64U);
}

TEST(Pmtu, FragmentationNeededCutsSegmentsAndSendsThemAgain) {
  TcpBench bench;
  const SocketId socket = bench.establish();
  bench.fate = [](const Seen& s) { return Fate{.copies = s.payload.size() > 1348 ? 0 : 1}; };
  bench.seen.clear();
  const std::string text(6000, 'm');
  bench.send(0, socket, text);
  const Seen big = bench.seen.front();
  std::vector<std::uint8_t> quoted(40);
  big.ip.emit(std::span<std::uint8_t, 20>(quoted.data(), 20));
  TcpRepr{.src_port = big.tcp.src_port, .dst_port = big.tcp.dst_port, .seq = big.tcp.seq}.emit(
      MutBytes(quoted).subspan(20), big.ip.src, big.ip.dst);
  bench.run_for(2_ms);
  const std::size_t before = bench.sent_by(0).size();
  Step step = bench.step(0);
  icmp_error(step, bench.client().stack, bench.client().ports(),
             {.quoted = quoted, .error = Errno::kMsgSize, .hard = false, .next_hop_mtu = 1400});
  bench.run_for(1_s);
  EXPECT_EQ(bench.server().received[bench.server().accepted.value], text);
  EXPECT_EQ(bench.reasons(Reason::kTcpMssReduced), 1U);
  // Cut anew as one, but for the short end, which had arrived.
  std::vector<std::size_t> sizes;
  const auto sent = bench.sent_by(0);
  for (std::size_t i = before; i < sent.size(); ++i) sizes.push_back(sent[i].payload.size());
  EXPECT_THAT(sizes, ElementsAre(1348, 1348, 1348, 1348, 400));
}

TEST(Rows, TheTraceFoldsIntoTheTableOfTheHost) {
  TcpBench bench;
  bench.server().program = answer;
  const SocketId socket = bench.establish();
  bench.send(0, socket, "request");
  bench.run_for(20_ms);
  bench.close(0, socket);
  bench.run_for(100_ms);
  for (std::uint32_t node = 0; node < 2; ++node) {
    std::map<std::uint32_t, SocketRow> rows;
    for (const TraceRecord& r : bench.trace.records()) {
      if (r.node != NodeId(node) || r.kind < RecordKind::kRowAdded ||
          r.kind > RecordKind::kRowRemoved) {
        continue;
      }
      const auto row = std::get<SocketRow>(bench.trace.row(r.args[0]));
      if (r.kind == RecordKind::kRowRemoved)
        rows.erase(row.id);
      else
        rows[row.id] = row;
    }
    std::map<std::uint32_t, SocketRow> now;
    for (const SocketRow& row : bench.end(static_cast<int>(node)).rows()) now[row.id] = row;
    EXPECT_TRUE(rows == now) << "node " << node;
    EXPECT_FALSE(now.empty());
  }
}

TEST(Sysctl, ValuesAreReadBackAndCheckedLikeTheKernels) {
  Stack stack;
  EXPECT_EQ(sysctl_get(stack, "net.ipv4.tcp_rmem"), "4096\t131072\t6291456");
  EXPECT_EQ(sysctl_get(stack, "net.ipv4.nonsense"), std::nullopt);
  EXPECT_EQ(sysctl_set(stack, "net.ipv4.tcp_syn_retries", "2"), Errno::kNone);
  EXPECT_EQ(sysctl_get(stack, "net.ipv4.tcp_syn_retries"), "2");
  EXPECT_EQ(sysctl_set(stack, "net.ipv4.tcp_syn_retries", "200"), Errno::kInval);
  EXPECT_EQ(sysctl_set(stack, "net.ipv4.tcp_syn_retries", "x"), Errno::kInval);
  EXPECT_EQ(sysctl_set(stack, "net.ipv4.nonsense", "1"), Errno::kNoEnt);
}

TEST(Memory, StackWithoutSocketsIsSmall) {
  EXPECT_LE(sizeof(Stack), 64U);
  EXPECT_EQ(memory_bytes(Stack{}), 0U);
}

TEST(Memory, QuietConnectionKeepsNoExtension) {
  TcpBench bench;
  bench.server().program = answer;
  const SocketId socket = bench.establish();
  bench.send(0, socket, "request");
  bench.run_for(300_ms);
  EXPECT_EQ(bench.client().stack.tables[0].extensions.in_use(), 0U);
  EXPECT_EQ(bench.server().stack.tables[0].extensions.in_use(), 0U);
}

TEST(Snapshot, ACopyOfTheStackGoesOnByItself) {
  TcpBench bench;
  const SocketId socket = bench.establish();
  const Stack before = bench.client().stack;
  bench.close(0, socket);
  bench.run_for(100_s);
  EXPECT_THAT(bench.client().states(), IsEmpty());
  bench.client().stack = before;
  EXPECT_THAT(bench.client().states(), ElementsAre(TcpState::kEstablished));
}

}  // namespace
}  // namespace lvslab::tcp
