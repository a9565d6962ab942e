// Persistence and its templates, firewall marks, one-packet scheduling, and what sheds load. The
// listings are those of /proc/net/ip_vs_conn of Linux 6.1.
#include <gtest/gtest.h>

#include "tests/ipvs/director_bench.h"

namespace lvslab::ipvs::test {
namespace {

using State = std::pair<IpvsConnState, std::int64_t>;
using enum IpvsConnState;

constexpr ServiceKey kEveryPort{.protocol = 6, .addr = kVip, .port = 0};
constexpr ServiceKey kMark7{.protocol = 0, .addr = {}, .port = 0, .fwmark = 7};

ServiceOptions persistent(std::uint32_t timeout_s, Ipv4Addr netmask = {0xffff'ffffU}) {
  return {.scheduler = SchedulerId::kRr,
          .persistent = true,
          .timeout_s = timeout_s,
          .netmask = netmask};
}

DirectorBench with_servers(const ServiceOptions& options, const ServiceKey& key = kWeb,
                           IpvsForward forward = IpvsForward::kRoute) {
  DirectorBench bench;
  bench.service(options, key);
  bench.add({.addr = k204, .port = key.port, .forward = forward}, key);
  bench.add({.addr = k206, .port = key.port, .forward = forward}, key);
  return bench;
}

/// The template: the entry without a client port.
State tmpl(DirectorBench& bench) { return bench.state(0); }

TEST(Persistence, KeepsAClientAtItsServerAndAsksTheSchedulerOnce) {
  DirectorBench bench = with_servers(persistent(60));
  EXPECT_EQ(bench.segment(2000, kSyn).next, k206);
  EXPECT_EQ(bench.segment(2001, kSyn).next, k206);
  EXPECT_EQ(bench.last_reason(), Reason::kIpvsConnState);
  EXPECT_EQ(bench.segment(2000, kSyn, {kClient.bits + 1}).next, k204) << "another client";
  EXPECT_EQ(bench.dest(k206).persistent, 1U);
  EXPECT_EQ(bench.dest(k206).active, 2U) << "the template itself is not counted";
}

TEST(Template, IsAssuredByAHandshake) {
  DirectorBench bench = with_servers(persistent(60));
  bench.segment(2000, kSyn);
  EXPECT_EQ(tmpl(bench), State(kNone, 60));
  bench.segment(2000, kAck);
  EXPECT_EQ(tmpl(bench), State(kAssured, 60));
}

TEST(Template, OfUdpIsAssuredByAnAnswer) {
  DirectorBench bench = with_servers(persistent(60), kDns, IpvsForward::kMasq);
  bench.datagram(1500);
  EXPECT_EQ(tmpl(bench), State(kNone, 60));
  bench.pass_back(udp_datagram({{}, {}, k206, kClient}, 53, 1500));
  EXPECT_EQ(tmpl(bench), State(kAssured, 60));
}

TEST(Template, LastsFromTheLastNewConnection) {
  DirectorBench bench = with_servers(persistent(60));
  bench.segment(2000, kSyn);
  bench.segment(2000, kAck);
  bench.wait_s(30);
  bench.segment(2001, kSyn);
  EXPECT_EQ(tmpl(bench).second, 60);
  bench.segment(2000, kRst);
  bench.wait_s(61);
  EXPECT_EQ(bench.director.connections(), 0U) << "connection and template end in the same moment";
}

TEST(Template, WaitsForItsConnectionsAMinuteAtATime) {
  DirectorBench bench = with_servers(persistent(30));
  bench.segment(2000, kSyn);
  bench.segment(2000, kAck);
  bench.wait_s(31);
  EXPECT_EQ(tmpl(bench), State(kAssured, 59));
  bench.wait_s(58);
  bench.segment(2001, kSyn);
  EXPECT_EQ(tmpl(bench).second, 60) << "it keeps the longer time";
}

TEST(Template, HoldsForAQuiescedServerUnlessTheSysctlSaysOtherwise) {
  DirectorBench bench = with_servers(persistent(60));
  EXPECT_EQ(bench.segment(2000, kSyn).next, k206);
  bench.edit(k206, 0);
  EXPECT_EQ(bench.segment(2001, kSyn).next, k206);
  bench.director.sysctls().expire_quiescent_template = 1;
  EXPECT_EQ(bench.segment(2002, kSyn).next, k204);
  bool retired = false;
  for (const IpvsConnRow& row : bench.tables().conns) {
    retired |= row.virt_port == 65535 && row.dest_port == 65535 && row.dest == k206;
  }
  EXPECT_TRUE(retired)
      << "the old template waits for its connections under a name nobody looks for";
}

TEST(Template, OfARemovedServerIsReplaced) {
  DirectorBench bench = with_servers(persistent(60));
  EXPECT_EQ(bench.segment(2000, kSyn).next, k206);
  bench.remove(k206);
  EXPECT_EQ(bench.segment(2001, kSyn).next, k204);
}

TEST(Template, CoversANetworkAndAllPortsIfTheServiceDoes) {
  DirectorBench bench =
      with_servers(persistent(60, {0xffff'ff00U}), kEveryPort, IpvsForward::kMasq);
  const Verdict first = bench.segment(2000, kSyn, kClient, {.addr = kVip, .port = 80});
  const Verdict other = bench.segment(2000, kSyn, {kClient.bits + 1}, {.addr = kVip, .port = 443});
  EXPECT_EQ(first.next, k206);
  EXPECT_EQ(first.port, 80);
  EXPECT_EQ(other.next, k206);
  EXPECT_EQ(other.port, 443);
  const auto row = bench.conn(0);
  ASSERT_TRUE(row);
  EXPECT_EQ(row->client, (Ipv4Addr{0xc0a85000}));
  EXPECT_EQ(row->virt_port, 0);
  EXPECT_EQ(row->dest_port, 0);
}

TEST(FirewallMark, BalancesSeveralPortsAsOne) {
  DirectorBench bench = with_servers({.scheduler = SchedulerId::kRr}, kMark7, IpvsForward::kRoute);
  const ServiceKey http{.addr = kVip, .port = 80}, https{.addr = kVip, .port = 443};
  EXPECT_EQ(bench.segment(1, kSyn, kClient, http, 7).next, k206);
  EXPECT_EQ(bench.segment(2, kSyn, kClient, https, 7).next, k204);
  EXPECT_EQ(bench.segment(3, kSyn, kClient, http, 0).kind, VerdictKind::kAccept) << "no mark";
  EXPECT_EQ(bench.segment(3, kSyn, kClient, http, 8).kind, VerdictKind::kAccept);
}

TEST(FirewallMark, WithPersistenceHasATemplateNamedByTheMark) {
  DirectorBench bench = with_servers(persistent(60), kMark7);
  const ServiceKey http{.addr = kVip, .port = 80}, https{.addr = kVip, .port = 443};
  EXPECT_EQ(bench.segment(1, kSyn, kClient, http, 7).next, k206);
  EXPECT_EQ(bench.segment(2, kSyn, kClient, https, 7).next, k206);
  const auto row = bench.conn(0);
  ASSERT_TRUE(row);
  EXPECT_EQ(row->protocol, 0);
  EXPECT_EQ(row->virt, Ipv4Addr{7});
}

TEST(OnePacket, SchedulesEachDatagramAndRemembersNothing) {
  DirectorBench bench =
      with_servers({.scheduler = SchedulerId::kRr, .one_packet = true}, kDns, IpvsForward::kMasq);
  EXPECT_EQ(bench.datagram(1500).next, k206);
  EXPECT_EQ(bench.datagram(1500).next, k204);
  EXPECT_EQ(bench.director.connections(), 0U);
  EXPECT_TRUE(bench.tables().conns.empty());
  EXPECT_EQ(bench.dest(k204).inactive, 0U);
  EXPECT_EQ(bench.pass_back(udp_datagram({{}, {}, k204, kClient}, 53, 1500)).src, k204)
      << "so its answers are nobody's";
  bench.wait_s(2);
  EXPECT_EQ(bench.dest(k204).counters.conns, 1U);
}

TEST(DropPacket, ShedsOneOfSoManyNewConnections) {
  DirectorBench bench = with_servers({.scheduler = SchedulerId::kRr});
  bench.director.sysctls().drop_packet = 3;
  bench.director.sysctls().am_droprate = 3;
  std::string pattern;
  for (std::uint16_t port = 3000; port < 3010; ++port) {
    pattern += bench.segment(port, kSyn).kind == VerdictKind::kDrop ? 'd' : '.';
  }
  EXPECT_EQ(pattern, "d..d..d..d");
}

TEST(CacheBypass, LetsAForeignAddressBeReachedWithoutAServer) {
  DirectorBench bench;
  bench.service({.scheduler = SchedulerId::kRr}, kMark7);
  TcpRepr syn;
  syn.src_port = 1;
  syn.dst_port = 80;
  syn.flags = kSyn;
  const auto packet = tcp_segment({{}, {}, kClient, {0x08080808}}, syn);
  EXPECT_EQ(bench.in(packet, 7, true).kind, VerdictKind::kPortUnreachable);
  bench.director.sysctls().cache_bypass = 1;
  EXPECT_EQ(bench.in(packet, 7, true).kind, VerdictKind::kBypass);
  EXPECT_EQ(bench.state(1), State(kSynRecv, 60));
  EXPECT_EQ(bench.in(packet, 7, true).kind, VerdictKind::kBypass) << "and so on";
}

TEST(ScheduleIcmp, MakesAnEntryForAnErrorAboutAnUnknownAnswer) {
  DirectorBench bench = with_servers({.scheduler = SchedulerId::kRr}, kWeb, IpvsForward::kMasq);
  TcpRepr answer;
  answer.src_port = 80;
  answer.dst_port = 4002;
  const auto quoted = tcp_segment({{}, {}, kVip, kClient}, answer);
  const auto error = icmp_message(
      {{}, {}, kClient, kVip}, IcmpRepr::unreachable(IcmpUnreachable::kFragmentationNeeded, 1400),
      Bytes(quoted).subspan(EthernetRepr::kLength));
  EXPECT_EQ(bench.in(error).kind, VerdictKind::kAccept);
  bench.director.sysctls().schedule_icmp = 1;
  EXPECT_EQ(bench.in(error).next, k206);
  EXPECT_EQ(bench.state(4002), State(kNone, 3));
}

TEST(Thresholds, RefuseALowerOneAboveTheUpper) {
  DirectorBench bench;
  bench.service(SchedulerId::kRr);
  EXPECT_EQ(bench.add({.addr = k204, .port = 80, .upper = 5, .lower = 7}), Errno::kRange);
}

}  // namespace
}  // namespace lvslab::ipvs::test
