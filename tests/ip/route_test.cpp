// Which table answers: the routes that addresses bring, the longest match, the rules, source
// checks.
#include "tests/ip/host_bench.h"

namespace lvslab::ip {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

std::string where(HostBench& h, std::string_view dst, std::string_view from = "") {
  Step s = h.step();
  RouteQuery q;
  q.dst = ip4(dst);
  if (!from.empty()) q.from = ip4(from);
  const auto a = route_get(s, h.stack, q);
  if (!a) return "errno " + std::to_string(static_cast<int>(a.error()));
  std::string text = a->local ? "local " : "";
  if (!a->gateway.is_any()) text += "via " + a->gateway.to_string() + " ";
  text += std::string(find_device(h.stack, a->dev)->name.view());
  if (!a->src.is_any()) text += " src " + a->src.to_string();
  return text;
}

TEST(Routes, AnAddressBringsLocalBroadcastAndConnectedRoutes) {
  HostBench h{"eth0 192.168.80.10/24"};
  EXPECT_THAT(h.routes(kTableLocal),
              ElementsAre("local 127.0.0.0/8 dev lo src 127.0.0.1",
                          "local 127.0.0.1/32 dev lo src 127.0.0.1",
                          "broadcast 127.255.255.255/32 dev lo src 127.0.0.1",
                          "local 192.168.80.10/32 dev eth0 src 192.168.80.10",
                          "broadcast 192.168.80.255/32 dev eth0 src 192.168.80.10"));
  EXPECT_THAT(h.routes(), ElementsAre("192.168.80.0/24 dev eth0 src 192.168.80.10"));
}

TEST(Routes, SecondaryAddressPrefersThePrimaryAsSource) {
  HostBench h{"eth0 192.168.80.201/24"};
  h.add_address("eth0", "192.168.80.150/24", "eth0:1");
  EXPECT_THAT(h.routes(kTableLocal),
              Contains("local 192.168.80.150/32 dev eth0 src 192.168.80.201"));
  EXPECT_THAT(h.routes(), SizeIs(1));
  EXPECT_EQ(where(h, "192.168.80.150"), "local lo src 192.168.80.201");
}

TEST(Routes, AnothersBroadcastAddressIsNoSource) {
  HostBench h{"eth0 10.1.0.115/16"};
  h.add_address("eth0", "10.1.0.10/28");
  h.add_address("eth0", "10.1.0.15/8");
  EXPECT_THAT(h.routes(kTableLocal), Contains("local 10.1.0.15/32 dev eth0 src 10.1.0.15"));
  EXPECT_THAT(h.routes(), ElementsAre("10.1.0.0/28 dev eth0 src 10.1.0.10",
                                      "10.1.0.0/16 dev eth0 src 10.1.0.115"));
}

TEST(Routes, AHostAddressOnLoopbackLeavesTheSubnetAlone) {
  HostBench rs{"eth0 192.168.80.202/24"};
  rs.add_address("lo", "192.168.80.150/32", "lo:1");
  EXPECT_EQ(where(rs, "192.168.80.150"), "local lo src 192.168.80.150");
  EXPECT_EQ(where(rs, "192.168.80.10"), "eth0 src 192.168.80.202");
}

TEST(Routes, APrefixOnLoopbackMakesTheWholeSubnetLocal) {
  HostBench rs{"eth0 192.168.80.202/24"};
  rs.add_address("lo", "192.168.80.150/24", "lo:1");
  EXPECT_THAT(rs.routes(kTableLocal), Contains("local 192.168.80.0/24 dev lo src 192.168.80.150"));
  EXPECT_EQ(where(rs, "192.168.80.10"), "local lo src 192.168.80.150");
  EXPECT_EQ(where(rs, "192.168.80.77"), "local lo src 192.168.80.150");
  EXPECT_THAT(rs.routes(), ElementsAre("192.168.80.0/24 dev eth0 src 192.168.80.202"));
}

TEST(Routes, MergedTablesLetAMoreSpecificMainRouteWinOverLocal) {
  HostBench rs{"eth0 192.168.80.202/24"};
  rs.add_address("lo", "192.168.80.150/24", "lo:1");
  ASSERT_EQ(rs.route("192.168.80.10/32", "", "eth0"), Errno::kNone);
  EXPECT_EQ(where(rs, "192.168.80.10"), "eth0 src 192.168.80.202");
  Step s = rs.step();
  RuleRow rule;
  rule.table = 100;
  ASSERT_EQ(add_rule(s, rs.stack, rule, false), Errno::kNone);
  EXPECT_EQ(where(rs, "192.168.80.10"), "local lo src 192.168.80.150")
      << "the first rule separates the tables, and table local comes first";
}

TEST(Routes, LongestPrefixThenLowestMetric) {
  HostBench h{"eth0 10.0.0.1/24", "eth1 10.1.0.1/24"};
  ASSERT_EQ(h.route("default", "10.0.0.254"), Errno::kNone);
  ASSERT_EQ(h.route("172.16.0.0/12", "10.1.0.254"), Errno::kNone);
  EXPECT_EQ(where(h, "172.16.5.5"), "via 10.1.0.254 eth1 src 10.1.0.1");
  EXPECT_EQ(where(h, "8.8.8.8"), "via 10.0.0.254 eth0 src 10.0.0.1");
  Step s = h.step();
  RouteRow better;
  better.dst = prefix("172.16.0.0/12");
  better.gateway = ip4("10.0.0.253");
  better.metric = 100;
  ASSERT_EQ(add_route(s, h.stack, RouteVerb::kAdd, better), Errno::kNone);
  EXPECT_EQ(where(h, "172.16.5.5"), "via 10.1.0.254 eth1 src 10.1.0.1") << "metric 0 wins";
}

TEST(Routes, ManyRoutesAreFoundAsFewAre) {
  HostBench h{"eth0 10.0.0.1/8"};
  for (std::uint32_t i = 0; i < 500; ++i) {
    const Ipv4Prefix dst{{0xac10'0000U + (i << 8)}, 24};
    ASSERT_EQ(h.route(dst.to_string(), "10.0.1." + std::to_string(i % 250 + 1)), Errno::kNone);
  }
  ASSERT_EQ(h.route("default", "10.0.0.254"), Errno::kNone);
  EXPECT_EQ(where(h, "172.16.7.9"), "via 10.0.1.8 eth0 src 10.0.0.1");
  EXPECT_EQ(where(h, "172.17.200.9"), "via 10.0.1.207 eth0 src 10.0.0.1");
  EXPECT_EQ(where(h, "9.9.9.9"), "via 10.0.0.254 eth0 src 10.0.0.1");
  EXPECT_EQ(where(h, "10.0.0.1"), "local lo src 10.0.0.1");
}

TEST(Routes, TheDefaultRouteIsNoGatewayForMulticast) {
  HostBench h{"eth0 192.168.80.10/24"};
  Step s = h.step();
  RouteRow gateway;
  gateway.gateway = ip4("192.168.80.1");
  ASSERT_EQ(add_route(s, h.stack, RouteVerb::kAdd, gateway), Errno::kNone);
  EXPECT_EQ(where(h, "9.9.9.9"), "via 192.168.80.1 eth0 src 192.168.80.10");
  EXPECT_EQ(where(h, "224.0.0.18"), "eth0 src 192.168.80.10");
}

TEST(Routes, NoRouteAndErrorRoutesHaveTheirErrno) {
  HostBench h{"eth0 192.168.80.10/24"};
  EXPECT_EQ(where(h, "10.9.9.9"), "errno 101");
  EXPECT_EQ(where(h, "192.168.80.10", "192.168.80.201"), "errno 101") << "not our source";
  Step s = h.step();
  const auto add = [&](RouteType type, std::string_view dst) {
    RouteRow row;
    row.type = type;
    row.dst = prefix(dst);
    return add_route(s, h.stack, RouteVerb::kAdd, row);
  };
  ASSERT_EQ(add(RouteType::kUnreachable, "10.1.0.0/16"), Errno::kNone);
  ASSERT_EQ(add(RouteType::kBlackhole, "10.2.0.0/16"), Errno::kNone);
  ASSERT_EQ(add(RouteType::kProhibit, "10.3.0.0/16"), Errno::kNone);
  EXPECT_EQ(where(h, "10.1.1.1"), "errno 113");
  EXPECT_EQ(where(h, "10.2.1.1"), "errno 22");
  EXPECT_EQ(where(h, "10.3.1.1"), "errno 13");
}

TEST(Routes, AGatewayMustBeOnLink) {
  HostBench h{"eth0 192.168.80.10/24"};
  Step s = h.step();
  RouteRow row;
  row.gateway = ip4("10.9.9.1");
  std::string_view extack;
  EXPECT_EQ(add_route(s, h.stack, RouteVerb::kAdd, row, &extack), Errno::kNetUnreach);
  EXPECT_EQ(extack, "Nexthop has invalid gateway");
  row.gateway = ip4("192.168.80.1");
  EXPECT_EQ(add_route(s, h.stack, RouteVerb::kAdd, row), Errno::kNone);
  EXPECT_EQ(add_route(s, h.stack, RouteVerb::kAdd, row), Errno::kExist);
  row.gateway = ip4("192.168.80.2");
  EXPECT_EQ(add_route(s, h.stack, RouteVerb::kReplace, row), Errno::kNone);
  EXPECT_EQ(where(h, "1.2.3.4"), "via 192.168.80.2 eth0 src 192.168.80.10");
  RoutePattern pattern;
  EXPECT_EQ(delete_route(s, h.stack, pattern), Errno::kNone);
  EXPECT_EQ(delete_route(s, h.stack, pattern), Errno::kSrch);
}

TEST(Routes, AnOwnAddressAsGatewayIsTakenAndThenIgnored) {
  HostBench h{"eth0 192.168.80.10/24"};
  ASSERT_EQ(h.route("10.9.0.0/16", "192.168.80.10"), Errno::kNone);
  EXPECT_THAT(h.routes(), Contains("10.9.0.0/16 via 192.168.80.10 dev eth0"));
  EXPECT_EQ(where(h, "10.9.0.5"), "eth0 src 192.168.80.10") << "asked for on the link";
}

TEST(Routes, AnOnLinkRouteWithoutSourceTakesTheFirstAddressOfItsDevice) {
  HostBench h{"eth0 10.0.0.1/24", "eth0 10.5.0.1/24"};
  ASSERT_EQ(h.route("10.5.0.128/25", "", "eth0"), Errno::kNone);
  EXPECT_EQ(where(h, "10.5.0.7"), "eth0 src 10.5.0.1") << "the connected route";
  EXPECT_EQ(where(h, "10.5.0.130"), "eth0 src 10.0.0.1");
}

TEST(LinkDown, KeepsAddressesAndLocalRoutesButLosesTheDefaultForGood) {
  HostBench h{"eth0 192.168.80.10/24"};
  ASSERT_EQ(h.route("default", "192.168.80.1"), Errno::kNone);
  h.link("eth0", false);
  EXPECT_THAT(h.routes(), IsEmpty());
  EXPECT_THAT(h.routes(kTableLocal), Contains("local 192.168.80.10/32 dev eth0 src 192.168.80.10"));
  EXPECT_THAT(h.routes(kTableLocal), Not(Contains(testing::HasSubstr("192.168.80.255"))));
  EXPECT_THAT(h.addresses(), Contains("eth0 192.168.80.10/24"));
  h.link("eth0", true);
  EXPECT_THAT(h.routes(), ElementsAre("192.168.80.0/24 dev eth0 src 192.168.80.10"));
  EXPECT_THAT(h.routes(kTableLocal), SizeIs(5));
}

TEST(Addresses, DeletingThePrimaryDeletesItsSecondaries) {
  HostBench h{"eth0 10.0.0.1/24"};
  h.add_address("eth0", "10.0.0.2/24");
  h.add_address("eth0", "10.9.0.1/24");
  EXPECT_THAT(h.addresses(), ElementsAre("lo 127.0.0.1/8", "eth0 10.0.0.1/24", "eth0 10.9.0.1/24",
                                         "eth0 10.0.0.2/24 secondary"));
  Step s = h.step();
  EXPECT_EQ(delete_address(s, h.stack, h, h.dev("eth0"), prefix("10.0.0.1/24")), Errno::kNone);
  EXPECT_THAT(h.addresses(), ElementsAre("lo 127.0.0.1/8", "eth0 10.9.0.1/24"));
  EXPECT_THAT(h.routes(), ElementsAre("10.9.0.0/24 dev eth0 src 10.9.0.1"));
}

TEST(Addresses, PromoteSecondariesKeepsTheSubnet) {
  HostBench h{"eth0 10.0.0.1/24"};
  h.add_address("eth0", "10.0.0.2/24");
  h.add_address("eth0", "10.0.0.3/24");
  h.set("conf.eth0.promote_secondaries", "1");
  Step s = h.step();
  EXPECT_EQ(delete_address(s, h.stack, h, h.dev("eth0"), prefix("10.0.0.1/24")), Errno::kNone);
  EXPECT_THAT(h.addresses(),
              ElementsAre("lo 127.0.0.1/8", "eth0 10.0.0.2/24", "eth0 10.0.0.3/24 secondary"));
  EXPECT_THAT(h.routes(), ElementsAre("10.0.0.0/24 dev eth0 src 10.0.0.2"));
  EXPECT_THAT(h.routes(kTableLocal), Contains("local 10.0.0.3/32 dev eth0 src 10.0.0.2"));
}

TEST(Addresses, DeletingASecondaryLeavesTheRest) {
  HostBench h{"eth0 10.0.0.1/24"};
  h.add_address("eth0", "10.0.0.2/24", "eth0:1");
  Step s = h.step();
  EXPECT_EQ(delete_address(s, h.stack, h, h.dev("eth0"), prefix("10.0.0.2/24")), Errno::kNone);
  EXPECT_THAT(h.routes(), ElementsAre("10.0.0.0/24 dev eth0 src 10.0.0.1"));
  EXPECT_THAT(h.routes(kTableLocal), SizeIs(5));
  EXPECT_EQ(delete_address(s, h.stack, h, h.dev("eth0"), prefix("10.0.0.2/24")),
            Errno::kAddrNotAvail);
}

TEST(Addresses, TheLastAddressTakesEveryRouteOfTheDeviceWithIt) {
  HostBench h{"eth0 10.0.0.1/24"};
  ASSERT_EQ(h.route("default", "10.0.0.254"), Errno::kNone);
  Step s = h.step();
  delete_address(s, h.stack, h, h.dev("eth0"), prefix("10.0.0.1/24"));
  EXPECT_THAT(h.routes(), IsEmpty());
  EXPECT_THAT(h.routes(kTableLocal), SizeIs(3));
}

TEST(Ifconfig, AnAddressWithoutNetmaskGetsItsClass) {
  HostBench h{"eth0 192.168.80.202/24"};
  Step s = h.step();
  EXPECT_EQ(ioctl_set_address(s, h.stack, h, "lo:1", ip4("192.168.80.150")), Errno::kNone);
  EXPECT_EQ(where(h, "192.168.80.77"), "local lo src 192.168.80.150");
  EXPECT_EQ(ioctl_set_netmask(s, h.stack, h, "lo:1", ip4("255.255.255.255")), Errno::kNone);
  EXPECT_EQ(where(h, "192.168.80.77"), "eth0 src 192.168.80.202");
  EXPECT_THAT(h.addresses(), Contains("lo:1 192.168.80.150/32"));
}

TEST(Ifconfig, AnotherAddressKeepsOnlyTheBroadcastRouteOfItsOwnSource) {
  HostBench h{"eth0 192.168.80.202/24"};
  Step s = h.step();
  const auto type = [&](std::string_view label, std::string_view address, std::string_view mask) {
    EXPECT_EQ(ioctl_set_address(s, h.stack, h, label, ip4(address)), Errno::kNone);
    EXPECT_EQ(ioctl_set_netmask(s, h.stack, h, label, ip4(mask)), Errno::kNone);
  };
  // As /8, its class, each had 10.255.255.255. The first keeps it as its broadcast address.
  type("eth0:2", "10.77.145.191", "255.255.255.255");
  type("eth0:1", "10.1.0.101", "255.255.0.0");
  const auto local = h.routes(kTableLocal);
  EXPECT_THAT(local, Contains("broadcast 10.255.255.255/32 dev eth0 src 10.77.145.191"));
  EXPECT_THAT(local, Not(Contains("broadcast 10.255.255.255/32 dev eth0 src 10.1.0.101")));
  EXPECT_THAT(local, Contains("broadcast 10.1.255.255/32 dev eth0 src 10.1.0.101"));
}

TEST(Ifconfig, ALabelMustExistForANetmask) {
  HostBench h{"eth0 10.0.0.1/24"};
  Step s = h.step();
  EXPECT_EQ(ioctl_set_netmask(s, h.stack, h, "eth0:7", ip4("255.0.0.0")), Errno::kAddrNotAvail);
  EXPECT_EQ(ioctl_set_address(s, h.stack, h, "eth9", ip4("10.0.0.9")), Errno::kNoDev);
  EXPECT_EQ(ioctl_set_address(s, h.stack, h, "eth0", ip4("224.0.0.1")), Errno::kInval);
}

TEST(SelectSource, PrefersThePrimaryOfTheTargetsSubnetAndNeverAWiderScope) {
  HostBench h{"eth0 10.0.0.1/24"};
  h.add_address("eth0", "172.16.0.1/16");
  const IfIndex eth0 = h.dev("eth0");
  EXPECT_EQ(select_source(h.stack, eth0, ip4("172.16.9.9"), Scope::kLink), ip4("172.16.0.1"));
  EXPECT_EQ(select_source(h.stack, eth0, ip4("8.8.8.8"), Scope::kLink), ip4("10.0.0.1"));
  EXPECT_EQ(select_source(h.stack, kLoopback, {}, Scope::kLink), ip4("10.0.0.1"))
      << "127.0.0.1 has scope host";
  EXPECT_EQ(select_source(h.stack, kLoopback, {}, Scope::kHost), ip4("127.0.0.1"));
}

TEST(RpFilter, OffOnlyOwnAddressesAreMartians) {
  HostBench h{"eth0 10.0.0.1/24", "eth1 10.1.0.1/24"};
  h.set("conf.all.send_redirects", "0");
  h.set("conf.eth0.send_redirects", "0");
  const IfIndex eth0 = h.dev("eth0");
  EXPECT_EQ(validate_source(h.stack, ip4("10.1.0.9"), ip4("10.0.0.1"), eth0, {}, 0).error,
            InputError::kNone);
  EXPECT_EQ(validate_source(h.stack, ip4("10.1.0.1"), ip4("10.0.0.1"), eth0, {}, 0).error,
            InputError::kMartianSource);
}

TEST(RpFilter, StrictWantsTheSameWayBackLooseAnyWay) {
  HostBench h{"eth0 10.0.0.1/24", "eth1 10.1.0.1/24"};
  const IfIndex eth0 = h.dev("eth0");
  const auto check = [&](std::string_view src) {
    return validate_source(h.stack, ip4(src), ip4("10.0.0.1"), eth0, {}, 0).error;
  };
  h.set("conf.all.rp_filter", "1");
  EXPECT_EQ(check("10.1.0.9"), InputError::kReversePath);
  EXPECT_EQ(check("10.0.0.9"), InputError::kNone);
  h.set("conf.all.rp_filter", "2");
  EXPECT_EQ(check("10.1.0.9"), InputError::kNone);
  EXPECT_EQ(check("8.8.8.8"), InputError::kReversePath);
}

TEST(Rules, TheyAreListedAndDeletedByPattern) {
  HostBench h{"eth0 10.0.0.1/24"};
  EXPECT_THAT(rules(h.stack), SizeIs(3));
  Step s = h.step();
  RuleRow rule;
  rule.from = prefix("10.0.0.1/32");
  rule.table = 7;
  ASSERT_EQ(add_rule(s, h.stack, rule, false), Errno::kNone);
  EXPECT_EQ(rules(h.stack)[1].priority, 32'765U);
  RulePattern pattern;
  pattern.table = 7;
  EXPECT_EQ(delete_rule(s, h.stack, pattern), Errno::kNone);
  EXPECT_EQ(delete_rule(s, h.stack, pattern), Errno::kNoEnt);
}

TEST(Memory, AnIdleHostIsSmall) {
  HostBench h{"eth0 10.0.0.1/24"};
  HostBench with_default{"eth0 10.0.0.1/24"};
  ASSERT_EQ(with_default.route("default", "10.0.0.254"), Errno::kNone);
  Stack idle = with_default.stack;  // a copy has no spare capacity
  idle.live.reset();
  EXPECT_LE(sizeof(Stack) + memory_bytes(idle), 500U);
}

}  // namespace
}  // namespace lvslab::ip
