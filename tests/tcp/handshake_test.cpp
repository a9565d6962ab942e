// Opening a connection: what goes over the wire byte for byte, and every way it can fail.
#include <gmock/gmock.h>

#include "tests/tcp/tcp_bench.h"

namespace lvslab::tcp {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
namespace tf = tcp_flag;

TEST(Handshake, SynLooksLikeLinux) {
  TcpBench bench;
  bench.listen(80);
  bench.connect(80);
  const Seen& syn = bench.seen.front();
  EXPECT_EQ(syn.tcp.flags, tf::kSyn);
  EXPECT_EQ(syn.tcp.window, 64240);
  EXPECT_EQ(syn.tcp.ack, 0U);
  EXPECT_TRUE(syn.ip.dont_fragment);
  EXPECT_EQ(syn.ip.ttl, 0) << "IP takes net.ipv4.ip_default_ttl";
  ASSERT_THAT(syn.options, SizeIs(20));
  // MSS 1460, SACK-permitted, timestamps (echo 0), NOP, window scale 7
  EXPECT_THAT(std::vector(syn.options.begin(), syn.options.begin() + 8),
              ElementsAre(2, 4, 0x05, 0xb4, 4, 2, 8, 10));
  EXPECT_THAT(std::vector(syn.options.begin() + 12, syn.options.end()),
              ElementsAre(0, 0, 0, 0, 1, 3, 3, 7));
}

TEST(Handshake, SynAckLooksLikeLinux) {
  TcpBench bench;
  bench.listen(80);
  bench.connect(80);
  bench.run_for(1_ms);
  const Seen& syn_ack = bench.seen.at(1);
  EXPECT_EQ(syn_ack.tcp.flags, tf::kSyn | tf::kAck);
  EXPECT_EQ(syn_ack.tcp.window, 65160);
  EXPECT_EQ(syn_ack.ip.id, 0);
  EXPECT_TRUE(syn_ack.ip.dont_fragment);
  EXPECT_EQ(syn_ack.tcp.ack, bench.seen.front().tcp.seq + 1);
  EXPECT_EQ(syn_ack.tcp.timestamps->echo, bench.seen.front().tcp.timestamps->value);
  EXPECT_EQ(syn_ack.tcp.window_scale, 7);
  EXPECT_EQ(syn_ack.tcp.mss, 1460);
}

TEST(Handshake, EstablishesBothEndsAndTellsBothPrograms) {
  TcpBench bench;
  const SocketId listener = bench.listen(80);
  const SocketId socket = bench.connect(80);
  bench.run_for(10_ms);
  EXPECT_THAT(bench.client().states(), ElementsAre(TcpState::kEstablished));
  EXPECT_THAT(bench.server().states(), ElementsAre(TcpState::kEstablished));
  ASSERT_THAT(bench.client().heard, SizeIs(1));
  EXPECT_EQ(bench.client().heard[0].kind, SocketEventKind::kConnected);
  EXPECT_EQ(bench.client().heard[0].socket, socket);
  ASSERT_THAT(bench.server().heard, SizeIs(1));
  EXPECT_EQ(bench.server().heard[0].kind, SocketEventKind::kAccepted);
  EXPECT_NE(bench.server().accepted, listener);
  EXPECT_EQ(remote(bench.server().stack, bench.server().accepted),
            local(bench.client().stack, socket));
  EXPECT_THAT(bench.seen, SizeIs(3));
  EXPECT_EQ(bench.seen[2].tcp.window, 502);
}

TEST(Handshake, WindowsOfALoopbackConnectionAreLinuxs) {
  TcpBench bench;
  bench.client().mtu = bench.server().mtu = 65536;
  bench.establish();
  EXPECT_EQ(bench.seen[0].tcp.mss, 65495);
  EXPECT_EQ(bench.seen[0].tcp.window, 65495);
  EXPECT_EQ(bench.seen[1].tcp.window, 65483);
  EXPECT_EQ(bench.seen[2].tcp.window, 512);
}

TEST(Handshake, SynIsRepeatedAt1_3_7_15_31_63SecondsAndTimesOutAfter127) {
  TcpBench bench;
  bench.fate = [](const Seen&) { return Fate{.copies = 0}; };
  bench.connect(80);
  bench.run_until({126'999'999'999});
  std::vector<std::int64_t> seconds;
  for (const Seen& s : bench.seen) seconds.push_back(s.at.ns / 1'000'000'000);
  EXPECT_THAT(seconds, ElementsAre(0, 1, 3, 7, 15, 31, 63));
  EXPECT_THAT(bench.client().heard, IsEmpty());
  bench.run_until({127'000'000'000});
  ASSERT_THAT(bench.client().heard, SizeIs(1));
  EXPECT_EQ(bench.client().heard[0].error, Errno::kTimedOut);
  EXPECT_THAT(bench.client().states(), IsEmpty());
  EXPECT_EQ(bench.reasons(Reason::kTcpConnectTimedOut), 1U);
  EXPECT_EQ(bench.reasons(Reason::kTcpSynTimeout), 6U);
}

TEST(Handshake, RepeatedSynsKeepTheirSequenceNumberAndCountTheIpIdUp) {
  TcpBench bench;
  bench.fate = [](const Seen&) { return Fate{.copies = 0}; };
  bench.connect(80);
  bench.run_for(4_s);
  ASSERT_THAT(bench.seen, SizeIs(3));
  EXPECT_EQ(bench.seen[2].tcp.seq, bench.seen[0].tcp.seq);
  EXPECT_EQ(static_cast<std::uint16_t>(bench.seen[2].ip.id - bench.seen[0].ip.id), 2);
  EXPECT_EQ(bench.seen[2].tcp.timestamps->value, bench.seen[0].tcp.timestamps->value + 3000);
}

TEST(Handshake, ClosedPortAnswersWithRstAndTheProgramIsRefused) {
  TcpBench bench;
  bench.connect(80);
  bench.run_for(10_ms);
  ASSERT_THAT(bench.seen, SizeIs(2));
  const Seen& rst = bench.seen[1];
  EXPECT_EQ(rst.tcp.flags, tf::kRst | tf::kAck);
  EXPECT_EQ(rst.tcp.seq, 0U);
  EXPECT_EQ(rst.tcp.ack, bench.seen[0].tcp.seq + 1);
  EXPECT_EQ(rst.tcp.window, 0);
  EXPECT_THAT(rst.options, IsEmpty());
  EXPECT_EQ(rst.ip.id, 0);
  EXPECT_EQ(bench.client().heard.at(0).error, Errno::kConnRefused);
  EXPECT_EQ(bench.reasons(Reason::kTcpNoListener), 1U);
  EXPECT_TRUE(bench.server().stack.tables.empty()) << "refusing costs no memory";
}

TEST(Handshake, SynAckOfAStrangerIsAnsweredWithRstFromItsAck) {
  TcpBench bench;
  bench.inject(
      0,
      {.src_port = 80, .dst_port = 40000, .seq = 5000, .ack = 777, .flags = tf::kSyn | tf::kAck});
  ASSERT_THAT(bench.seen, SizeIs(1));
  EXPECT_EQ(bench.seen[0].tcp.flags, tf::kRst);
  EXPECT_EQ(bench.seen[0].tcp.seq, 777U);
  EXPECT_EQ(bench.reasons(Reason::kTcpUnknownSynAck), 1U);
}

TEST(Handshake, RstKillsARequest) {
  TcpBench bench;
  bench.listen(80);
  bench.inject(1, {.src_port = 40000, .dst_port = 80, .seq = 1000, .flags = tf::kSyn});
  EXPECT_THAT(bench.server().states(), ElementsAre(TcpState::kSynRecv));
  bench.inject(1, {.src_port = 40000, .dst_port = 80, .seq = 1001, .flags = tf::kRst});
  EXPECT_THAT(bench.server().states(), IsEmpty());
  EXPECT_EQ(bench.reasons(Reason::kTcpRequestReset), 1U);
  EXPECT_THAT(bench.seen, SizeIs(1)) << "a RST is never answered";
}

TEST(Handshake, SynAckIsRepeatedFiveTimesThenTheRequestIsForgotten) {
  TcpBench bench;
  bench.listen(80);
  bench.fate = [](const Seen&) { return Fate{.copies = 0}; };
  bench.inject(1, {.src_port = 40000, .dst_port = 80, .seq = 1000, .flags = tf::kSyn});
  bench.run_until({62'999'999'999});
  std::vector<std::int64_t> seconds;
  for (const Seen& s : bench.seen) seconds.push_back(s.at.ns / 1'000'000'000);
  EXPECT_THAT(seconds, ElementsAre(0, 1, 3, 7, 15, 31));
  EXPECT_THAT(bench.server().states(), SizeIs(1));
  bench.run_until({63'000'000'000});
  EXPECT_THAT(bench.server().states(), IsEmpty());
}

TEST(Handshake, RepeatedSynGetsTheSameSynAck) {
  TcpBench bench;
  bench.listen(80);
  const TcpRepr syn{.src_port = 40000, .dst_port = 80, .seq = 1000, .flags = tf::kSyn};
  bench.inject(1, syn);
  bench.inject(1, syn);
  ASSERT_THAT(bench.seen, SizeIs(2));
  EXPECT_EQ(bench.seen[0].tcp.seq, bench.seen[1].tcp.seq);
  EXPECT_THAT(bench.server().states(), SizeIs(1));
}

TEST(Handshake, RepeatedSynStartsTheTimerOfTheSynAckAnew) {
  TcpBench bench;
  bench.listen(80);
  bench.fate = [](const Seen&) { return Fate{.copies = 0}; };
  const TcpRepr syn{.src_port = 40000, .dst_port = 80, .seq = 1000, .flags = tf::kSyn};
  bench.inject(1, syn);
  bench.run_for(900_ms);
  bench.inject(1, syn);
  bench.inject(1, syn);  // sooner than tcp_invalid_ratelimit allows
  bench.run_for(4500_ms);
  std::vector<std::int64_t> ms;
  for (const Seen& s : bench.seen) ms.push_back(s.at.ns / 1'000'000);
  EXPECT_THAT(ms, ElementsAre(0, 900, 1900, 3900));
}

TEST(Handshake, AfterARepeatedSynTheTimestampTellsTheRoundTrip) {
  TcpBench bench;
  bench.listen(80);
  int syns = 0;
  bench.fate = [&](const Seen& s) {
    return Fate{.copies = s.has(tf::kSyn) && s.from == 0 && syns++ == 0 ? 0 : 1, .delay = 50_ms};
  };
  const SocketId socket = bench.connect(80);
  bench.run_for(2_s);
  bench.fate = [](const Seen&) { return Fate{.copies = 0}; };
  const SimTime sent = bench.world.now;
  bench.send(0, socket, "x");
  bench.run_for(400_ms);
  // 2 * 100 + 200 ms to the probe would be the end of it; without a measurement it is a second.
  EXPECT_EQ(bench.last_by(0).at, sent + 300_ms) << "100 + 200 ms";
}

TEST(Handshake, FullBacklogDropsTheSyn) {
  TcpBench bench;
  bench.listen(80, 2);
  for (std::uint16_t port = 1; port <= 3; ++port) {
    bench.inject(1, {.src_port = port, .dst_port = 80, .seq = 1, .flags = tf::kSyn});
  }
  EXPECT_THAT(bench.server().states(), SizeIs(2));
  EXPECT_EQ(bench.reasons(Reason::kTcpBacklogFull), 1U);
}

TEST(Handshake, WrongAckForARequestIsAnsweredWithRst) {
  TcpBench bench;
  bench.listen(80);
  bench.inject(1, {.src_port = 40000, .dst_port = 80, .seq = 1000, .flags = tf::kSyn});
  bench.inject(1, {.src_port = 40000, .dst_port = 80, .seq = 1001, .ack = 42, .flags = tf::kAck});
  EXPECT_EQ(bench.last_by(1).tcp.flags, tf::kRst);
  EXPECT_EQ(bench.last_by(1).tcp.seq, 42U);
  EXPECT_THAT(bench.server().states(), ElementsAre(TcpState::kSynRecv));
}

TEST(Handshake, OptionsThatThePeerDoesNotOfferAreNotUsed) {
  TcpBench bench;
  bench.listen(80);
  bench.inject(1, {.src_port = 40000,
                   .dst_port = 80,
                   .seq = 1000,
                   .window = 1000,
                   .flags = tf::kSyn,
                   .mss = 1000});
  const Seen syn_ack = bench.last_by(1);
  EXPECT_THAT(syn_ack.options, ElementsAre(2, 4, 0x05, 0xb4));
  EXPECT_EQ(syn_ack.tcp.window, 64240) << "no timestamps: the MSS is 1460 to its last byte";
}

TEST(Handshake, SysctlsSwitchTheOptionsOff) {
  TcpBench bench;
  for (const char* name : {"tcp_timestamps", "tcp_sack", "tcp_window_scaling"}) {
    ASSERT_EQ(sysctl_set(bench.client().stack, std::string("net.ipv4.") + name, "0"), Errno::kNone);
  }
  bench.listen(80);
  bench.connect(80);
  EXPECT_THAT(bench.seen[0].options, ElementsAre(2, 4, 0x05, 0xb4));
}

TEST(Handshake, TwoSynsThatCrossMakeOneConnection) {
  TcpBench bench;
  const SocketId socket = bench.connect(5000, 6000);
  bench.seen.clear();
  bench.inject(0, {.src_port = 5000,
                   .dst_port = 6000,
                   .seq = 900,
                   .window = 1000,
                   .flags = tf::kSyn,
                   .mss = 1460});
  const Seen syn_ack = bench.last_by(0);
  EXPECT_EQ(syn_ack.tcp.flags, tf::kSyn | tf::kAck);
  EXPECT_EQ(syn_ack.tcp.ack, 901U);
  EXPECT_THAT(bench.client().states(), ElementsAre(TcpState::kSynRecv));
  bench.inject(0, {.src_port = 5000,
                   .dst_port = 6000,
                   .seq = 901,
                   .ack = syn_ack.tcp.seq + 1,
                   .window = 1000,
                   .flags = tf::kAck});
  EXPECT_THAT(bench.client().states(), ElementsAre(TcpState::kEstablished));
  EXPECT_EQ(bench.client().heard.at(0).kind, SocketEventKind::kConnected);
  EXPECT_EQ(bench.client().heard.at(0).socket, socket);
}

TEST(Handshake, SynThatWaitsForArpIsNotRepeatedAndFailsAsUnreachable) {
  TcpBench bench;
  bench.client().pending_since = SimTime{};
  bench.fate = [](const Seen&) { return Fate{.copies = 0}; };
  bench.connect(80);
  bench.run_for(3_s);
  EXPECT_THAT(bench.seen, SizeIs(1));
  EXPECT_GE(bench.reasons(Reason::kTcpStillQueued), 1U);
  std::vector<std::uint8_t> packet(40);
  const Seen& syn = bench.seen[0];
  syn.ip.emit(std::span<std::uint8_t, 20>(packet.data(), 20));
  TcpRepr{.src_port = syn.tcp.src_port, .dst_port = 80, .seq = syn.tcp.seq, .flags = tf::kSyn}.emit(
      MutBytes(packet).subspan(20), syn.ip.src, syn.ip.dst);
  Step step = bench.step(0);
  neighbour_failed(step, bench.client().stack, bench.client().ports(), packet);
  EXPECT_EQ(bench.client().heard.at(0).error, Errno::kHostUnreach);
  EXPECT_THAT(bench.client().states(), IsEmpty());
}

TEST(Handshake, ConnectReportsTheErrorOfTheRoute) {
  TcpBench bench;
  bench.client().route_error = Errno::kNetUnreach;
  Step step = bench.step(0);
  const auto got = connect(step, bench.client().stack, bench.client().ports(), TcpBench::kApp, {},
                           {kServerIp, 80}, {});
  EXPECT_EQ(got.error(), Errno::kNetUnreach);
}

TEST(Handshake, SegmentsWithBadChecksumAreDropped) {
  TcpBench bench;
  bench.listen(80);
  bench.inject(1, {.src_port = 40000, .dst_port = 80, .seq = 1, .flags = tf::kSyn}, {}, true);
  EXPECT_THAT(bench.seen, IsEmpty());
  EXPECT_EQ(bench.reasons(Reason::kTcpBadChecksum), 1U);
}

}  // namespace
}  // namespace lvslab::tcp
