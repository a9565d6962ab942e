// Connection entries: their states, how long they last, and what becomes of orphans.
#include <gtest/gtest.h>

#include "tests/ipvs/director_bench.h"

#include "sim/base/prng.h"

namespace lvslab::ipvs::test {
namespace {

using State = std::pair<IpvsConnState, std::int64_t>;
using enum IpvsConnState;

DirectorBench two_servers() {
  DirectorBench bench;
  bench.service(SchedulerId::kRr);
  bench.add(k202);
  bench.add(k204);
  return bench;
}

struct StateRow {
  std::string name;
  std::vector<std::uint8_t> client_sends;
  State expected;
};

class DirectRoutingState : public ::testing::TestWithParam<StateRow> {};

// The director sees the client's half only (/proc/net/ip_vs_conn of Linux 6.1).
TEST_P(DirectRoutingState, IsAsObserved) {
  DirectorBench bench = two_servers();
  for (const std::uint8_t flags : GetParam().client_sends) {
    EXPECT_EQ(bench.segment(40'000, flags).kind, VerdictKind::kDirectRoute);
  }
  EXPECT_EQ(bench.state(40'000), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    KernelTable, DirectRoutingState,
    ::testing::Values(
        StateRow{"SynIsSynRecvForAMinute", {kSyn}, {kSynRecv, 60}},
        StateRow{"HandshakeIsEstablished", {kSyn, kAck}, {kEstablished, 900}},
        StateRow{"ClientFinIsFinWait", {kSyn, kAck, kFin}, {kFinWait, 120}},
        StateRow{"AckOfTheServersFinChangesNothing", {kSyn, kAck, kFin, kAck}, {kFinWait, 120}},
        StateRow{"RstBeforeTheHandshakeStaysSynRecv", {kSyn, kRst}, {kSynRecv, 60}},
        StateRow{"ClientRstIsClose", {kSyn, kAck, kRst}, {kClose, 10}},
        StateRow{"RepeatedSynStaysSynRecv", {kSyn, kSyn}, {kSynRecv, 60}}),
    [](const auto& param) { return param.param.name; });

TEST(ConnState, CountsSynRecvAsActiveAndFinWaitAsInactive) {
  DirectorBench bench = two_servers();
  bench.segment(1, kSyn);
  EXPECT_EQ(bench.dest(k204).active, 1U);
  EXPECT_EQ(bench.dest(k204).inactive, 0U);
  bench.segment(1, kAck);
  EXPECT_EQ(bench.dest(k204).active, 1U);
  bench.segment(1, kFin);
  EXPECT_EQ(bench.dest(k204).active, 0U);
  EXPECT_EQ(bench.dest(k204).inactive, 1U);
}

TEST(ConnState, OfUdpLastsFiveMinutesAndIsInactive) {
  DirectorBench bench;
  bench.service(SchedulerId::kRr, kDns);
  Step step = bench.step();
  bench.director.add_dest(step, kDns, {.addr = k202, .port = 53});
  const auto datagram = udp_datagram({{}, {}, kClient, kVip}, 5000, 53);
  EXPECT_EQ(bench.in(datagram).next, k202);
  EXPECT_EQ(bench.state(5000), State(kUdp, 300));
  EXPECT_EQ(bench.dest(k202).inactive, 1U);
}

TEST(ConnState, WithSecureTcpWaitsForTheWholeHandshake) {
  DirectorBench bench = two_servers();
  bench.director.sysctls().secure_tcp = 3;
  bench.segment(1, kSyn);
  EXPECT_EQ(bench.state(1), State(kSynAck, 120));
  bench.segment(1, kAck);
  EXPECT_EQ(bench.state(1), State(kEstablished, 900));
  using enum ConnDirection;
  EXPECT_EQ(next_tcp_state(kSynRecv, kInput, kAck, true), kSynRecv)
      << "the server is not heard yet";
  EXPECT_EQ(next_tcp_state(kSynRecv, kOutput, kSyn | kAck, true), kSynAck);
  EXPECT_EQ(next_tcp_state(kSynAck, kInput, kAck, true), kSynAck);
  EXPECT_EQ(next_tcp_state(kSynAck, kOutput, kAck, true), kEstablished);
  EXPECT_EQ(next_tcp_state(kSynAck, kInput, kRst, true), kClose);
}

TEST(ConnTimer, RestartsWithEveryPacket) {
  DirectorBench bench = two_servers();
  bench.segment(1, kSyn);
  bench.wait_s(59);
  bench.segment(1, kSyn);
  bench.wait_s(59);
  EXPECT_EQ(bench.state(1), State(kSynRecv, 1));
  bench.wait_s(1);
  EXPECT_FALSE(bench.conn(1));
  EXPECT_EQ(bench.last_reason(), Reason::kIpvsConnExpired);
  EXPECT_EQ(bench.dest(k204).active, 0U);
}

TEST(ConnTimer, MayComeLateOnAWheelThoughTheListingCountsToZero) {
  DirectorBench bench = two_servers();
  bench.timers.set_wheel({{10'000'000}});
  bench.segment(1, kSyn);
  bench.wait_s(60);
  ASSERT_TRUE(bench.conn(1)) << "60 s lie on a grid of 5.12 s";
  EXPECT_EQ(bench.state(1), State(kSynRecv, 0));
  bench.wait_s(2);
  EXPECT_FALSE(bench.conn(1));
}

TEST(ConnTimer, OfAnEntryThatIsThereChangesAtItsNextPacketOnly) {
  DirectorBench bench = two_servers();
  bench.segment(1, kSyn);
  bench.segment(1, kAck);
  bench.director.set_timeouts(30, 7, 9);
  EXPECT_EQ(bench.state(1), State(kEstablished, 900));
  bench.segment(1, kAck);
  EXPECT_EQ(bench.state(1), State(kEstablished, 30));
  bench.segment(1, kFin);
  EXPECT_EQ(bench.state(1), State(kFinWait, 7));
  bench.director.set_timeouts(0, 8, 0);
  EXPECT_EQ(bench.director.timeouts().tcp(), 30U) << "0 leaves a value as it is";
  EXPECT_EQ(bench.director.timeouts().tcp_fin(), 8U);
  EXPECT_EQ(bench.director.timeouts().udp_s, 9U);
}

TEST(Conn, StaysWithItsServerWhenItsWeightBecomesZero) {
  DirectorBench bench = two_servers();
  EXPECT_EQ(bench.segment(1, kSyn).next, k204);
  bench.edit(k204, 0);
  EXPECT_EQ(bench.segment(1, kAck).next, k204);
  EXPECT_EQ(bench.segment(2, kSyn).next, k202);
  EXPECT_EQ(bench.segment(3, kSyn).next, k202);
}

TEST(Conn, OfARemovedServerIsDroppedSilently) {
  DirectorBench bench = two_servers();
  bench.segment(1, kSyn);
  bench.remove(k204);
  EXPECT_EQ(bench.segment(1, kAck).kind, VerdictKind::kDrop);
  EXPECT_EQ(bench.last_reason(), Reason::kIpvsDestGone);
  EXPECT_TRUE(bench.conn(1)) << "it expires by itself";
}

TEST(Conn, OfARemovedServerMeetsTheLocalStackWithExpireNodestConn) {
  DirectorBench bench = two_servers();
  bench.director.sysctls().expire_nodest_conn = 1;
  bench.segment(1, kSyn);
  bench.remove(k204);
  EXPECT_EQ(bench.segment(1, kAck).kind, VerdictKind::kAccept) << "where it will be reset";
  EXPECT_FALSE(bench.conn(1));
}

TEST(Conn, GoesAtOnceWithItsServerOrServiceWithExpireNodestConn) {
  DirectorBench bench = two_servers();
  bench.service(SchedulerId::kRr, kDns);
  bench.segment(1, kSyn);
  bench.segment(2, kSyn);
  bench.director.sysctls().expire_nodest_conn = 1;
  EXPECT_EQ(bench.director.connections(), 2U);
  bench.remove(k204);
  EXPECT_EQ(bench.director.connections(), 1U) << "that of the other server stays";
  EXPECT_EQ(bench.last_reason(), Reason::kIpvsDestGoneExpired);
  bench.remove_service();
  EXPECT_EQ(bench.director.connections(), 0U);
}

TEST(Conn, OutlivesClearAndIsDroppedWhileAnotherServiceExists) {
  DirectorBench bench = two_servers();
  bench.service(SchedulerId::kRr, kDns);
  bench.segment(1, kSyn);
  bench.remove_service();
  EXPECT_EQ(bench.director.connections(), 1U);
  EXPECT_TRUE(bench.director.enabled());
  EXPECT_EQ(bench.segment(1, kAck).kind, VerdictKind::kDrop);
}

TEST(Conn, MeetsTheLocalStackWhenTheLastServiceIsGone) {
  DirectorBench bench = two_servers();
  bench.segment(1, kSyn);
  Step step = bench.step();
  bench.director.flush(step);
  EXPECT_EQ(bench.director.connections(), 1U);
  EXPECT_FALSE(bench.director.enabled());
}

TEST(Dest, ComesBackWithItsCountersIfItIsAddedAgain) {
  DirectorBench bench = two_servers();
  bench.whole_connection(1);
  bench.segment(3, kSyn);
  bench.segment(5, kSyn);
  bench.wait_s(2);
  const IpvsDestRow before = bench.dest(k204);
  bench.remove(k204);
  bench.add(k204);
  const IpvsDestRow after = bench.dest(k204);
  EXPECT_EQ(after.active, before.active);
  EXPECT_EQ(after.inactive, 1U);
  EXPECT_EQ(after.counters.conns, 2U);
  EXPECT_EQ(bench.segment(5, kAck).next, k204) << "its connections find it again";
}

TEST(Dest, ComesBackEvenInANewServiceOfTheSameAddress) {
  DirectorBench bench = two_servers();
  bench.segment(1, kSyn);
  bench.remove_service();
  bench.service(SchedulerId::kRr);
  bench.add(k204);
  EXPECT_EQ(bench.dest(k204).active, 1U);
}

TEST(Dest, IsForgottenTwoMinutesAfterItsLastConnectionHasGone) {
  for (const int idle_s : {119, 121}) {
    DirectorBench bench = two_servers();
    bench.segment(1, kSyn);
    bench.segment(1, kAck);
    bench.wait_s(2);
    bench.remove(k204);
    bench.wait_s(898 + idle_s);
    ASSERT_FALSE(bench.conn(1));
    bench.add(k204);
    EXPECT_EQ(bench.dest(k204).counters.conns, idle_s < 120 ? 1U : 0U) << idle_s << " s";
  }
}

TEST(Dest, IsItsAddressAndPortAndAddingItAgainChangesNothing) {
  DirectorBench bench = two_servers();
  EXPECT_EQ(bench.add(k204, 9), Errno::kExist);
  EXPECT_EQ(bench.dest(k204).weight, 1);
  EXPECT_EQ(bench.edit(k206, 1), Errno::kNoEnt);
  EXPECT_EQ(bench.remove(k206), Errno::kNoEnt);
  EXPECT_EQ(bench.remove_service(kDns), Errno::kSrch);
  Step step = bench.step();
  EXPECT_EQ(bench.director.add_service(step, kWeb, {SchedulerId::kRr}), Errno::kExist);
  EXPECT_EQ(bench.director.edit_service(step, kDns, {SchedulerId::kRr}), Errno::kSrch);
}

TEST(ConnReuse, KeepsTheServerOfFinWait) {
  DirectorBench bench = two_servers();
  EXPECT_EQ(bench.whole_connection(1), k204);
  EXPECT_EQ(bench.segment(1, kSyn).next, k204);
}

TEST(ConnReuse, SchedulesAnewFromCloseUnlessItIsOff) {
  for (const int mode : {0, 1}) {
    DirectorBench bench = two_servers();
    bench.director.sysctls().conn_reuse_mode = mode;
    bench.segment(1, kSyn);
    bench.segment(1, kAck);
    bench.segment(1, kRst);
    EXPECT_EQ(bench.state(1).first, kClose);
    EXPECT_EQ(bench.segment(1, kSyn).next, mode == 0 ? k204 : k202) << "mode " << mode;
  }
}

TEST(ConnReuse, Mode2SchedulesAnewFromFinWaitIfOnlyTheClientIsSeen) {
  DirectorBench bench = two_servers();
  bench.director.sysctls().conn_reuse_mode = 2;
  EXPECT_EQ(bench.whole_connection(1), k204);
  EXPECT_EQ(bench.segment(1, kSyn).next, k202);
}

TEST(LocalNode, ItsAnswersAreSeenSoThatTheEntryEndsInTimeWait) {
  DirectorBench bench = two_servers();
  bench.segment(1, kSyn);
  bench.reply(1, kSyn | kAck);
  bench.segment(1, kAck);
  bench.segment(1, kFin);
  bench.reply(1, kFin);
  EXPECT_EQ(bench.state(1), State(kTimeWait, 120));
  bench.wait_s(2);
  EXPECT_EQ(bench.dest(k204).counters.out_pkts, 2U);
}

TEST(Packets, ThatAreNobodysPass) {
  DirectorBench bench = two_servers();
  EXPECT_EQ(bench.segment(1, kAck).kind, VerdictKind::kAccept);
  EXPECT_EQ(bench.last_reason(), Reason::kIpvsNotSyn);
  EXPECT_EQ(bench.segment(1, kSyn, kClient, {.addr = kVip, .port = 81}).kind, VerdictKind::kAccept);
  EXPECT_EQ(bench.last_reason(), Reason::kIpvsNoService);
  EXPECT_EQ(bench.director.connections(), 0U);
}

TEST(IcmpError, AboutAnAnswerGoesToTheServerThatSentIt) {
  DirectorBench bench = two_servers();
  bench.segment(40'000, kSyn);
  TcpRepr answer;
  answer.src_port = 80;
  answer.dst_port = 40'000;
  answer.flags = kSyn | kAck;
  const auto quoted = tcp_segment({{}, {}, kVip, kClient}, answer);
  const auto error =
      icmp_message({{}, {}, kClient, kVip}, IcmpRepr::unreachable(IcmpUnreachable::kPort),
                   Bytes(quoted).subspan(EthernetRepr::kLength));
  const Verdict verdict = bench.in(error);
  EXPECT_EQ(verdict.kind, VerdictKind::kDirectRoute);
  EXPECT_EQ(verdict.next, k204);
  EXPECT_EQ(bench.last_reason(), Reason::kIpvsIcmpRelated);
  EXPECT_EQ(bench.in(icmp_echo({{}, {}, kClient, kVip}, IcmpType::kEchoRequest, 1, 1)).kind,
            VerdictKind::kAccept)
      << "the director answers pings itself";
}

TEST(DirectorCopy, GoesItsOwnWay) {
  DirectorBench bench = two_servers();
  bench.segment(1, kSyn);
  DirectorBench copy = bench;
  copy.segment(1, kAck);
  copy.segment(2, kSyn);
  copy.remove(k202);
  EXPECT_EQ(bench.state(1).first, kSynRecv);
  EXPECT_EQ(bench.director.connections(), 1U);
  EXPECT_EQ(bench.tables().dests.size(), 2U);
  EXPECT_EQ(bench.segment(2, kSyn).next, k202) << "its scheduler did not move";
}

TEST(ConnTable, FindsAHundredThousandAndForgetsThemInTime) {
  DirectorBench bench = two_servers();
  Step quiet(bench.world, bench.timers, nullptr, NodeId(0));
  Prng random(7);
  std::vector<std::pair<Ipv4Addr, std::uint16_t>> clients;
  ConnTable table;
  for (std::uint32_t i = 0; i < 100'000; ++i) {
    const ConnKey key{
        6, {0x0a000000 + i / 50}, static_cast<std::uint16_t>(1024 + i % 50), kVip, 80};
    ASSERT_EQ(table.find(key), ConnTable::kNone);
    const std::uint32_t c = table.add(key);
    table[c].timer.set(bench.timers, SimTime{random.below(1000)}, TimerKind::kIpvsConn, c);
  }
  EXPECT_EQ(table.size(), 100'000U);
  std::size_t left = table.size();
  while (!bench.timers.empty()) {
    const TimerEntry due = bench.timers.pop();
    const ConnKey key = table[due.id].key();
    ASSERT_EQ(table.find(key), due.id);
    table.remove(due.id);
    ASSERT_EQ(table.find(key), ConnTable::kNone);
    ASSERT_EQ(table.size(), --left);
  }
  EXPECT_EQ(left, 0U);
}

TEST(Director, HoldsAsManyConnectionsAsTheModelSays) {
  DirectorBench bench = two_servers();
  Prng random(3);
  std::map<std::uint16_t, std::int64_t> expires;  // by client port, in seconds
  std::int64_t now = 0;
  for (int i = 0; i < 3'000; ++i) {
    const auto port = static_cast<std::uint16_t>(1024 + random.below(200));
    const std::int64_t pause = random.below(3);
    bench.wait_s(pause);
    now += pause;
    std::erase_if(expires, [&](const auto& entry) { return entry.second <= now; });
    if (random.below(2) == 0) {
      bench.segment(port, kSyn);
      const bool was_established =
          expires.contains(port) && bench.state(port).first == kEstablished;
      expires[port] = now + (was_established ? 900 : 60);
    } else if (expires.contains(port)) {
      bench.segment(port, kRst);
      expires[port] = now + bench.state(port).second;
    }
    ASSERT_EQ(bench.director.connections(), expires.size());
    const HostTables t = bench.tables();
    std::uint32_t counted = 0;
    for (const IpvsDestRow& d : t.dests) counted += d.active + d.inactive;
    ASSERT_EQ(counted, expires.size());
  }
}

}  // namespace
}  // namespace lvslab::ipvs::test
