// Ending a connection: FIN in every state, TIME_WAIT, and who answers what with RST.
#include <gmock/gmock.h>

#include "tests/tcp/tcp_bench.h"

namespace lvslab::tcp {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
namespace tf = tcp_flag;

TEST(Close, FirstToCloseKeepsTimeWaitForSixtySeconds) {
  TcpBench bench;
  const SocketId socket = bench.establish();
  bench.close(0, socket);
  bench.run_for(50_ms);
  EXPECT_THAT(bench.client().states(), ElementsAre(TcpState::kFinWait2));
  EXPECT_THAT(bench.server().states(), ElementsAre(TcpState::kCloseWait));
  EXPECT_EQ(bench.server().count(SocketEventKind::kPeerClosed), 1U);
  bench.close(1, bench.server().accepted);
  bench.run_for(5_ms);
  EXPECT_THAT(bench.client().states(), ElementsAre(TcpState::kTimeWait));
  EXPECT_THAT(bench.server().states(), IsEmpty());
  bench.run_for(59_s);
  EXPECT_THAT(bench.client().states(), SizeIs(1));
  bench.run_for(1_s);
  EXPECT_THAT(bench.client().states(), IsEmpty());
  EXPECT_EQ(bench.reasons(Reason::kTcpTimeWait), 1U);
}

TEST(Close, LoneFinIsAcknowledgedAfterTheDelayOf40Milliseconds) {
  TcpBench bench;
  const SocketId socket = bench.establish();
  bench.seen.clear();
  bench.close(0, socket);
  bench.run_for(100_ms);
  ASSERT_THAT(bench.seen, SizeIs(2));
  EXPECT_EQ(bench.seen[0].tcp.flags, tf::kFin | tf::kAck);
  EXPECT_EQ(bench.seen[1].at - bench.seen[0].at, 41_ms);
}

TEST(Close, AckRidesOnTheFinOfAProgramThatClosesAtOnce) {
  TcpBench bench;
  bench.server().program = [](Step& step, End& end, const SocketEvent& event) {
    if (event.kind == SocketEventKind::kPeerClosed) {
      close(step, end.stack, end.ports(), event.socket);
    }
  };
  const SocketId socket = bench.establish();
  bench.seen.clear();
  bench.close(0, socket);
  bench.run_for(1_s);
  ASSERT_THAT(bench.seen, SizeIs(3));
  EXPECT_EQ(bench.seen[1].tcp.flags, tf::kFin | tf::kAck);
  EXPECT_EQ(bench.seen[1].tcp.ack, bench.seen[0].tcp.seq + 1);
  EXPECT_THAT(bench.client().states(), ElementsAre(TcpState::kTimeWait));
}

TEST(Close, WaitsUntilTheFinIsAcknowledgedIfItIsToLinger) {
  TcpBench bench;
  const SocketId socket = bench.establish();
  EXPECT_TRUE(bench.close_and_wait(0, socket));
  EXPECT_EQ(bench.client().count(SocketEventKind::kFinAcked), 0U);
  bench.run_for(100_ms);
  EXPECT_EQ(bench.client().count(SocketEventKind::kFinAcked), 1U);
  EXPECT_THAT(bench.client().states(), ElementsAre(TcpState::kFinWait2));
  EXPECT_FALSE(bench.close_and_wait(0, socket)) << "nothing is left to wait for";
}

TEST(Close, BothAtOnceGoThroughClosingToTimeWait) {
  TcpBench bench;
  const SocketId socket = bench.establish();
  bench.close(0, socket);
  bench.close(1, bench.server().accepted);
  bench.run_for(1_ms);
  EXPECT_THAT(bench.client().states(), ElementsAre(TcpState::kClosing));
  bench.run_for(5_ms);
  EXPECT_THAT(bench.client().states(), ElementsAre(TcpState::kTimeWait));
  EXPECT_THAT(bench.server().states(), ElementsAre(TcpState::kTimeWait));
}

TEST(Close, HalfClosedConnectionStillCarriesTheOtherDirection) {
  TcpBench bench;
  const SocketId socket = bench.establish();
  bench.shutdown(0, socket);
  bench.run_for(50_ms);
  EXPECT_THAT(bench.client().states(), ElementsAre(TcpState::kFinWait2));
  bench.run_for(300_s);
  EXPECT_THAT(bench.client().states(), ElementsAre(TcpState::kFinWait2)) << "no limit while open";
  EXPECT_EQ(bench.send(1, bench.server().accepted, "late answer"), 11U);
  bench.run_for(5_ms);
  EXPECT_EQ(bench.client().received[socket.value], "late answer");
  bench.close(1, bench.server().accepted);
  bench.run_for(5_ms);
  EXPECT_THAT(bench.client().states(), ElementsAre(TcpState::kTimeWait));
}

TEST(Close, ClosedSocketWaitsInFinWait2ForSixtySecondsOnly) {
  TcpBench bench;
  const SocketId socket = bench.establish();
  bench.close(0, socket);
  bench.run_for(59_s);
  EXPECT_THAT(bench.client().states(), ElementsAre(TcpState::kFinWait2));
  bench.run_for(2_s);
  EXPECT_THAT(bench.client().states(), IsEmpty());
  EXPECT_EQ(bench.reasons(Reason::kTcpFinWait2Over), 1U);
}

TEST(Close, DataForAClosedSocketIsAnsweredWithRst) {
  TcpBench bench;
  const SocketId socket = bench.establish();
  bench.close(0, socket);
  bench.run_for(50_ms);
  bench.send(1, bench.server().accepted, "anyone there?");
  bench.run_for(5_ms);
  EXPECT_EQ(bench.last_by(0).tcp.flags, tf::kRst);
  EXPECT_THAT(bench.client().states(), IsEmpty());
  EXPECT_EQ(bench.server().heard.back().error, Errno::kPipe);
}

TEST(Close, AbortSendsRstAndThePeerReadsConnectionReset) {
  TcpBench bench;
  const SocketId socket = bench.establish();
  bench.abort(0, socket);
  bench.run_for(5_ms);
  EXPECT_EQ(bench.last_by(0).tcp.flags, tf::kRst | tf::kAck);
  EXPECT_THAT(bench.client().states(), IsEmpty());
  EXPECT_THAT(bench.server().states(), IsEmpty());
  EXPECT_EQ(bench.server().heard.back().error, Errno::kConnReset);
}

TEST(Close, LostFinIsRepeated) {
  TcpBench bench;
  const SocketId socket = bench.establish();
  int fins = 0;
  bench.fate = [&](const Seen& s) {
    return Fate{.copies = s.has(tf::kFin) && ++fins == 1 ? 0 : 1};
  };
  bench.close(0, socket);
  bench.run_for(300_ms);
  EXPECT_EQ(fins, 2);
  EXPECT_THAT(bench.server().states(), ElementsAre(TcpState::kCloseWait));
}

TEST(Close, ClosingBeforeTheHandshakeEndsSaysNothing) {
  TcpBench bench;
  bench.fate = [](const Seen&) { return Fate{.copies = 0}; };
  const SocketId socket = bench.connect(80);
  bench.close(0, socket);
  bench.run_for(10_s);
  EXPECT_THAT(bench.seen, SizeIs(1));
  EXPECT_THAT(bench.client().heard, IsEmpty());
}

TEST(Close, ListenerThatClosesForgetsItsRequests) {
  TcpBench bench;
  const SocketId listener = bench.listen(80);
  bench.inject(1, {.src_port = 9, .dst_port = 80, .seq = 1, .flags = tf::kSyn});
  bench.close(1, listener);
  EXPECT_THAT(bench.server().rows(), IsEmpty());
  bench.inject(1, {.src_port = 9, .dst_port = 80, .seq = 1, .flags = tf::kSyn});
  EXPECT_TRUE(bench.last_by(1).has(tf::kRst));
}

/// The server closed first and is in TIME_WAIT.
class TimeWaitTest : public ::testing::Test {
 protected:
  TimeWaitTest() {
    socket_ = bench_.establish();
    port_ = local(bench_.client().stack, socket_).port;
    bench_.close(1, bench_.server().accepted);
    bench_.run_for(5_ms);
    bench_.close(0, socket_);
    bench_.run_for(5_ms);
    last_ = bench_.last_by(1).tcp;
    fin_ = bench_.last_by(0).tcp;
    bench_.run_for(2_s);
    bench_.seen.clear();
  }
  TcpRepr from_client(std::uint8_t flags, std::uint32_t seq) const {
    TcpRepr tcp{.src_port = port_, .dst_port = 80, .seq = seq, .flags = flags};
    tcp.window = 1000;
    tcp.timestamps = TcpTimestamps{fin_.timestamps->value + 2000, last_.timestamps->value};
    if ((flags & tf::kAck) != 0) tcp.ack = last_.seq;
    return tcp;
  }
  TcpBench bench_;
  SocketId socket_;
  std::uint16_t port_ = 0;
  TcpRepr last_, fin_;
};

TEST_F(TimeWaitTest, RepeatedFinIsAcknowledgedAgain) {
  bench_.inject(1, fin_);
  ASSERT_THAT(bench_.seen, SizeIs(1));
  EXPECT_EQ(bench_.seen[0].tcp.flags, tf::kAck);
  EXPECT_EQ(bench_.seen[0].tcp.ack, fin_.seq + 1);
  EXPECT_EQ(bench_.seen[0].ip.id, 0);
  EXPECT_EQ(bench_.reasons(Reason::kTcpTimeWaitAnswers), 1U);
}

TEST_F(TimeWaitTest, NewerSynOpensANewConnection) {
  bench_.inject(1, from_client(tf::kSyn, fin_.seq + 10'000));
  ASSERT_THAT(bench_.seen, SizeIs(1));
  EXPECT_EQ(bench_.seen[0].tcp.flags, tf::kSyn | tf::kAck);
  EXPECT_EQ(bench_.seen[0].tcp.seq, last_.seq + 65'537);
  EXPECT_THAT(bench_.server().states(), ElementsAre(TcpState::kSynRecv));
}

TEST_F(TimeWaitTest, OldSynIsAnsweredWithAnAck) {
  TcpRepr syn = from_client(tf::kSyn, fin_.seq - 10'000);
  syn.timestamps->value = fin_.timestamps->value - 1;
  bench_.inject(1, syn);
  ASSERT_THAT(bench_.seen, SizeIs(1));
  EXPECT_EQ(bench_.seen[0].tcp.flags, tf::kAck);
  EXPECT_THAT(bench_.server().states(), ElementsAre(TcpState::kTimeWait));
}

TEST_F(TimeWaitTest, RstEndsIt) {
  bench_.inject(1, from_client(tf::kRst, fin_.seq + 1));
  EXPECT_THAT(bench_.server().states(), IsEmpty());
  EXPECT_THAT(bench_.seen, IsEmpty());
}

TEST_F(TimeWaitTest, SecondBareSegmentInHalfASecondIsNotAnswered) {
  bench_.inject(1, from_client(tf::kAck, fin_.seq - 10));
  bench_.inject(1, from_client(tf::kAck, fin_.seq - 10));
  EXPECT_THAT(bench_.seen, SizeIs(1));
}

TEST_F(TimeWaitTest, EveryRepeatedFinIsAcknowledgedHoweverSoon) {
  bench_.inject(1, fin_);
  bench_.inject(1, fin_);
  EXPECT_THAT(bench_.seen, SizeIs(2));
}

TEST(Ports, BindToAPortInTimeWaitFails) {
  TcpBench bench;
  bench.listen(80);
  const SocketId socket = bench.connect(80, 5000);
  bench.run_for(5_ms);
  bench.close(0, socket);
  bench.run_for(5_ms);
  bench.close(1, bench.server().accepted);
  bench.run_for(5_ms);
  Step step = bench.step(0);
  EXPECT_EQ(connect(step, bench.client().stack, bench.client().ports(), TcpBench::kApp, {{}, 5000},
                    {kServerIp, 80}, {})
                .error(),
            Errno::kAddrInUse);
}

TEST(Ports, EphemeralPortsAreEvenInRangeAndDiffer) {
  TcpBench bench;
  std::vector<std::uint16_t> ports;
  for (int i = 0; i < 200; ++i) {
    ports.push_back(local(bench.client().stack, bench.connect(80)).port);
    EXPECT_GE(ports.back(), 32768);
    EXPECT_LE(ports.back(), 60999);
    EXPECT_EQ(ports.back() % 2, 0);
  }
  std::ranges::sort(ports);
  EXPECT_EQ(std::ranges::adjacent_find(ports), ports.end());
}

TEST(Ports, RunOutWithAnErrorWhenTheRangeIsUsedUp) {
  TcpBench bench;
  ASSERT_EQ(sysctl_set(bench.client().stack, "net.ipv4.ip_local_port_range", "40000 40003"),
            Errno::kNone);
  for (int i = 0; i < 4; ++i) bench.connect(80);
  Step step = bench.step(0);
  EXPECT_EQ(connect(step, bench.client().stack, bench.client().ports(), TcpBench::kApp, {},
                    {kServerIp, 80}, {})
                .error(),
            Errno::kAddrNotAvail);
}

TEST(Ports, SecondListenerOnAPortIsRefused) {
  TcpBench bench;
  bench.listen(80);
  Step step = bench.step(1);
  EXPECT_EQ(tcp::listen(step, bench.server().stack, bench.server().ports(), TcpBench::kApp,
                        {kServerIp, 80}, 5)
                .error(),
            Errno::kAddrInUse);
  EXPECT_EQ(tcp::listen(step, bench.server().stack, bench.server().ports(), TcpBench::kApp,
                        {kClientIp, 81}, 5)
                .error(),
            Errno::kAddrNotAvail);
}

}  // namespace
}  // namespace lvslab::tcp
