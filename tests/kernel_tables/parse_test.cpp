// Recorded answers of the kernel read as the rows that its own tools print of them.
#include <gmock/gmock.h>

#include "kernel-backend/tables_ipvs.h"
#include "kernel-backend/tables_reader.h"
#include "kernel-backend/tables_rtnetlink.h"
#include "kernel-backend/tables_sockets.h"
#include "kernel-backend/tables_sysctl.h"
#include "tests/kernel_tables/recorded.h"

namespace lvslab::kernel {
namespace {

using namespace literals;
using recorded::bytes_of;
using testing::ElementsAre;

constexpr IfIndex kEth0{2};
constexpr SimTime kNow{100'000'000'000};

Ipv4Addr ip(std::string_view text) { return *Ipv4Addr::parse(text); }
Ipv4Prefix prefix(std::string_view text) { return *Ipv4Prefix::parse(text); }

TEST(ParseLink, AnInterfaceWithItsFlagsAndCounters) {
  const auto row = parse_link(bytes_of(recorded::kLinkEth0));
  ASSERT_TRUE(row);
  EXPECT_EQ(row->dev, kEth0);
  EXPECT_EQ(row->name, "eth0");
  EXPECT_EQ(row->mac, *MacAddr::parse("02:00:00:00:00:02"));
  EXPECT_EQ(row->mtu, 1500U);
  EXPECT_EQ(row->tx_queue_len, 1000U);
  EXPECT_TRUE(row->up && row->carrier && row->multicast);
  EXPECT_FALSE(row->no_arp || row->promisc || row->loopback);
  EXPECT_EQ(row->stats.rx_packets, 36U);
  EXPECT_EQ(row->stats.rx_bytes, 0xa52U);
  EXPECT_EQ(row->stats.tx_packets, 20U);
  EXPECT_EQ(row->stats.tx_bytes, 0x5e2U);
}

TEST(ParseAddr, AnAliasIsSecondaryAndKeepsItsLabel) {
  const auto first = parse_addr(bytes_of(recorded::kAddrPrimary));
  const auto alias = parse_addr(bytes_of(recorded::kAddrAlias));
  ASSERT_TRUE(first && alias);
  EXPECT_EQ(*first, (AddrRow{kEth0, prefix("192.168.80.201/24"), ip("192.168.80.255"),
                             Scope::kUniverse, "eth0", false}));
  EXPECT_EQ(*alias,
            (AddrRow{kEth0, prefix("192.168.80.150/24"), {}, Scope::kUniverse, "eth0:1", true}));
}

TEST(ParseRoute, GatewayBlackholeOtherTableAndLocal) {
  const auto via = parse_route(bytes_of(recorded::kRouteVia));
  const auto hole = parse_route(bytes_of(recorded::kRouteBlackhole));
  const auto other = parse_route(bytes_of(recorded::kRouteOfTable100));
  const auto local = parse_route(bytes_of(recorded::kRouteLocal));
  ASSERT_TRUE(via && hole && other && local);
  EXPECT_EQ(
      *via,
      (RouteRow{
          .dst = prefix("10.0.0.0/8"), .gateway = ip("192.168.80.1"), .dev = kEth0, .metric = 5}));
  EXPECT_EQ(*hole, (RouteRow{.type = RouteType::kBlackhole, .dst = prefix("10.9.0.0/16")}));
  EXPECT_EQ(
      *other,
      (RouteRow{
          .table = 100, .dev = kEth0, .scope = Scope::kLink, .prefsrc = ip("192.168.80.201")}));
  EXPECT_EQ(*local, (RouteRow{.table = kTableLocal,
                              .type = RouteType::kLocal,
                              .dst = prefix("192.168.80.150/32"),
                              .dev = kEth0,
                              .scope = Scope::kHost,
                              .proto = RouteProto::kKernel,
                              .prefsrc = ip("192.168.80.201")}));
}

TEST(ParseRoute, ACachedExceptionIsNoRoute) {
  auto bytes = bytes_of(recorded::kRouteVia);
  bytes[9] |= 0x02;  // RTM_F_CLONED, 0x200 in rtm_flags
  EXPECT_FALSE(parse_route(bytes));
}

TEST(ParseRule, BySourceAndByMark) {
  const auto from = parse_rule(bytes_of(recorded::kRuleFrom));
  const auto mark = parse_rule(bytes_of(recorded::kRuleMark));
  ASSERT_TRUE(from && mark);
  EXPECT_EQ(*from,
            (RuleRow{.priority = 76, .from = prefix("10.1.0.0/16"), .iif = "eth0", .table = 100}));
  EXPECT_EQ(
      *mark,
      (RuleRow{.priority = 77, .fwmark = 3, .fwmask = 15, .match_fwmark = true, .table = 100}));
}

TEST(ParseNeigh, AgesCountBackFromNow) {
  const auto row = parse_neigh(bytes_of(recorded::kNeighReachable), kNow);
  ASSERT_TRUE(row);
  EXPECT_EQ(*row,
            (NeighRow{kEth0, ip("192.168.80.202"), *MacAddr::parse("02:00:00:00:00:03"),
                      NeighState::kReachable, kNow - 3950_ms, kNow - 3920_ms, kNow - 3950_ms, 4}));
}

TEST(ParseNeigh, AFailedEntryHasNoAddressAndLoHasOneEntry) {
  const auto failed = parse_neigh(bytes_of(recorded::kNeighFailed), kNow);
  const auto lo = parse_neigh(bytes_of(recorded::kNeighOfLo), kNow);
  ASSERT_TRUE(failed && lo);
  EXPECT_EQ(failed->state, NeighState::kFailed);
  EXPECT_TRUE(failed->mac.is_zero());
  EXPECT_EQ(lo->state, NeighState::kNoArp);
  EXPECT_EQ(lo->dev, kLoopback);
  EXPECT_TRUE(lo->ip.is_any());
}

TEST(ParseIpvs, AServiceAndTheCountersOfItsEstimator) {
  const auto row = parse_ipvs_service(bytes_of(recorded::kService));
  ASSERT_TRUE(row);
  EXPECT_EQ(row->key, (IpvsServiceKey{6, ip("192.168.80.150"), 80, 0}));
  EXPECT_EQ(row->scheduler, "rr");
  EXPECT_FALSE(row->persistent || row->one_packet);
  EXPECT_EQ(row->netmask, ip("255.255.255.255"));
  EXPECT_EQ(
      row->counters,
      (IpvsCounters{.conns = 3, .in_pkts = 17, .in_bytes = 1142, .in_pps = 2, .in_bps = 107}));
}

TEST(ParseIpvs, AMarkedPersistentService) {
  const auto row = parse_ipvs_service(bytes_of(recorded::kServiceMark));
  ASSERT_TRUE(row);
  EXPECT_EQ(row->key, (IpvsServiceKey{0, {}, 0, 7}));
  EXPECT_EQ(row->scheduler, "wrr");
  EXPECT_TRUE(row->persistent);
  EXPECT_EQ(row->timeout_s, 300U);
  EXPECT_EQ(row->netmask, ip("255.255.255.0"));
}

TEST(ParseIpvs, DestinationsWithMethodWeightAndThresholds) {
  const IpvsServiceKey service{6, ip("192.168.80.150"), 80, 0};
  const auto route = parse_ipvs_dest(bytes_of(recorded::kDestRoute), service);
  const auto masq = parse_ipvs_dest(bytes_of(recorded::kDestMasq), {0, {}, 0, 7});
  ASSERT_TRUE(route && masq);
  EXPECT_EQ(
      *route,
      (IpvsDestRow{
          .service = service,
          .addr = ip("192.168.80.204"),
          .port = 80,
          .forward = IpvsForward::kRoute,
          .weight = 3,
          .inactive = 2,
          .counters = {.conns = 2, .in_pkts = 11, .in_bytes = 744, .in_pps = 1, .in_bps = 70}}));
  EXPECT_EQ(*masq, (IpvsDestRow{.service = {0, {}, 0, 7},
                                .addr = ip("192.168.80.202"),
                                .port = 8080,
                                .forward = IpvsForward::kMasq,
                                .weight = 0,
                                .upper = 100,
                                .lower = 50}));
}

TEST(ParseIpvs, ConnectionsTakeTheirMethodFromTheirDestination) {
  const std::vector<IpvsDestRow> dests{{.service = {6, ip("192.168.80.150"), 80, 0},
                                        .addr = ip("192.168.80.204"),
                                        .port = 80,
                                        .forward = IpvsForward::kRoute}};
  const auto rows = parse_ipvs_conns(
      "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n"
      "TCP C0A8500A CD94 C0A85096 0050 C0A850CC 0050 FIN_WAIT        112\n"
      "UDP C0A8500A 1234 C0A85096 0035 C0A850CA 0035 UDP             299\n"
      "TCP C0A8500A CD8E C0A85096 0050 C0A850CC 0050 ESTABLISHED     899\n"
      "TCP C0A8500A 0000 C0A85096 0050 C0A850CC 0050 ASSURED         250\n"
      "TCP 2001:0db8:0000:0000:0000:0000:0000:0010 BB3C 2001:0db8:0000:0000:0000:0000:0000:0150 "
      "0050 2001:0db8:0000:0000:0000:0000:0000:0202 0050 FIN_WAIT        120\n"
      "TCP C0A8500A:1 CD94 C0A85096 0050 C0A850CC 0050 FIN_WAIT        112\n",
      kNow, dests);
  ASSERT_EQ(rows.size(), 5U) << "the last line is none";
  EXPECT_EQ(rows[0].client_port, 0);
  EXPECT_EQ(rows[0].state, IpvsConnState::kAssured);
  EXPECT_EQ(rows[1].client_port, 0xcd8e);
  EXPECT_EQ(rows[1].state, IpvsConnState::kEstablished);
  EXPECT_EQ(rows[1].forward, IpvsForward::kRoute);
  EXPECT_EQ(rows[1].dest, ip("192.168.80.204"));
  EXPECT_EQ(rows[2].expires, kNow + 112_s);
  EXPECT_EQ(rows[3].client.to_string(), "2001:db8::10");
  EXPECT_EQ(rows[3].virt.to_string(), "2001:db8::150");
  EXPECT_EQ(rows[3].dest.to_string(), "2001:db8::202");
  EXPECT_EQ(rows[4].protocol, 17);
  EXPECT_EQ(rows[4].forward, IpvsForward::kMasq) << "its destination is gone";
  EXPECT_NE(rows[1].id, rows[2].id);
}

TEST(ParseSockets, ListeningAndTimeWait) {
  const auto listening = parse_inet_diag(bytes_of(recorded::kTcpListen), SocketProto::kTcp);
  const auto waiting = parse_inet_diag(bytes_of(recorded::kTcpTimeWait), SocketProto::kTcp);
  ASSERT_TRUE(listening && waiting);
  EXPECT_EQ(listening->row.state, TcpState::kListen);
  EXPECT_EQ(listening->row.local_port, 80);
  EXPECT_EQ(listening->row.send_q, 511U);
  EXPECT_EQ(listening->inode, 0x121U);
  EXPECT_EQ(waiting->row.state, TcpState::kTimeWait);
  EXPECT_EQ(waiting->row.local, ip("192.168.80.10"));
  EXPECT_EQ(waiting->row.local_port, 52624);
  EXPECT_EQ(waiting->row.remote, ip("192.168.80.150"));
  EXPECT_EQ(waiting->row.id, 1U);
  EXPECT_EQ(waiting->inode, 0U) << "no process holds it";
}

TEST(ParseSockets, UdpOfProcWhereTheKernelCannotDiagnoseIt) {
  EXPECT_FALSE(
      parse_proc_udp("   sl  local_address rem_address   st tx_queue rx_queue tr tm->when"));
  const auto seen = parse_proc_udp(
      "  301: 0A50A8C0:14E9 CA50A8C0:0035 01 00000000:00000180 00:00000000 00000000     0        0 "
      "4711 2 0000000000000000 0           ");
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->inode, 4711U);
  EXPECT_EQ(seen->row.local, ip("192.168.80.10"));
  EXPECT_EQ(seen->row.local_port, 5353);
  EXPECT_EQ(seen->row.remote, ip("192.168.80.202"));
  EXPECT_EQ(seen->row.remote_port, 53);
  EXPECT_EQ(seen->row.state, TcpState::kEstablished);
  EXPECT_EQ(seen->row.recv_q, 0x180U);
}

TEST(Sysctls, OnlyWhatDiffersFromAFreshNamespace) {
  const std::vector<SysctlRow> fresh{{"net.ipv4.conf.default.rp_filter", "0"},
                                     {"net.ipv4.conf.lo.rp_filter", "0"},
                                     {"net.ipv4.ip_forward", "0"}};
  const std::vector<SysctlRow> now{{"net.ipv4.conf.default.rp_filter", "1"},
                                   {"net.ipv4.conf.eth0.rp_filter", "0"},
                                   {"net.ipv4.conf.eth1.rp_filter", "1"},
                                   {"net.ipv4.conf.lo.rp_filter", "0"},
                                   {"net.ipv4.ip_forward", "0"},
                                   {"net.ipv4.vs.conntrack", "1"}};
  EXPECT_THAT(changed_sysctls(fresh, now),
              ElementsAre(SysctlRow{"net.ipv4.conf.default.rp_filter", "1"},
                          SysctlRow{"net.ipv4.conf.eth1.rp_filter", "1"}));
}

/// Every parser, over the same bytes: none of them may read past the end.
void parse_all(Bytes bytes) {
  (void)parse_link(bytes);
  (void)parse_addr(bytes);
  (void)parse_route(bytes);
  (void)parse_rule(bytes);
  (void)parse_neigh(bytes, kNow);
  (void)parse_ipvs_service(bytes);
  (void)parse_ipvs_dest(bytes, {});
  (void)parse_inet_diag(bytes, SocketProto::kTcp);
}

TEST(Parsers, SurviveMessagesCutAnywhere) {
  for (const auto hex : {recorded::kLinkEth0, recorded::kAddrAlias, recorded::kRouteVia,
                         recorded::kRuleMark, recorded::kNeighReachable, recorded::kServiceMark,
                         recorded::kDestMasq, recorded::kTcpListen}) {
    const auto whole = bytes_of(hex);
    for (std::size_t size = 0; size <= whole.size(); ++size) {
      const std::vector<std::uint8_t> cut(whole.begin(), whole.begin() + static_cast<long>(size));
      parse_all(cut);
    }
  }
  auto attribute_too_long = bytes_of(recorded::kAddrPrimary);
  attribute_too_long[8] = 0xff;
  EXPECT_FALSE(parse_addr(attribute_too_long));
  auto impossible_prefix = bytes_of(recorded::kAddrPrimary);
  impossible_prefix[1] = 33;
  EXPECT_FALSE(parse_addr(impossible_prefix));
}

}  // namespace
}  // namespace lvslab::kernel
