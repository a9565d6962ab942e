// What ip prints, compared with transcripts of iproute2 6.1 on Linux 6.1.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/command/ip.h"
#include "tests/command/ip_tables.h"

namespace lvslab::command {
namespace {

using namespace testing_tables;

std::string shown(const HostTables& tables, std::vector<std::string> words) {
  words.insert(words.begin(), "ip");
  const auto command = parse_ip(words);
  if (!command) return command.error().err;
  const auto output = render_ip(tables, *command);
  return output ? output->out + output->err : "not a listing";
}

constexpr std::string_view kAddr =
    "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000\n"
    "    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n"
    "    inet 127.0.0.1/8 scope host lo\n"
    "       valid_lft forever preferred_lft forever\n"
    "2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc pfifo_fast state UP group default "
    "qlen 1000\n"
    "    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff\n"
    "    inet 192.168.80.201/24 brd 192.168.80.255 scope global eth0\n"
    "       valid_lft forever preferred_lft forever\n"
    "    inet 192.168.80.150/24 brd 192.168.80.255 scope global secondary eth0:1\n"
    "       valid_lft forever preferred_lft forever\n";

TEST(IpAddrListing, OfTheDirectorIsThatOfTheRealTool) {
  EXPECT_EQ(shown(director(), {"addr"}), kAddr);
  EXPECT_EQ(shown(director(), {"a"}), kAddr);
  EXPECT_EQ(shown(director(), {"addr", "show"}), kAddr);
  EXPECT_EQ(shown(director(), {"-c", "a", "s"}), kAddr);
}

TEST(IpAddrListing, BriefAndOneLine) {
  EXPECT_EQ(shown(director(), {"-br", "addr"}),
            "lo               UNKNOWN        127.0.0.1/8 \n"
            "eth0             UP             192.168.80.201/24 192.168.80.150/24 \n");
  EXPECT_EQ(
      shown(director(), {"-o", "addr", "show", "eth0"}),
      "2: eth0    inet 192.168.80.201/24 brd 192.168.80.255 scope global eth0\\       valid_lft "
      "forever preferred_lft forever\n"
      "2: eth0    inet 192.168.80.150/24 brd 192.168.80.255 scope global secondary eth0:1\\     "
      "  valid_lft forever preferred_lft forever\n");
}

TEST(IpAddrListing, FamilyFourLeavesOutTheLinkLayer) {
  EXPECT_EQ(
      shown(director(), {"-4", "addr", "show", "dev", "lo"}),
      "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen "
      "1000\n"
      "    inet 127.0.0.1/8 scope host lo\n"
      "       valid_lft forever preferred_lft forever\n");
  EXPECT_EQ(shown(director(), {"-6", "a"}), "");
}

TEST(IpAddrListing, JsonIsPrettyOrOneLine) {
  EXPECT_EQ(shown(director(), {"-j", "addr", "show", "lo"}),
            R"([{"ifindex":1,"ifname":"lo","flags":["LOOPBACK","UP","LOWER_UP"],"mtu":65536,)"
            R"("qdisc":"noqueue","operstate":"UNKNOWN","group":"default","txqlen":1000,)"
            R"("link_type":"loopback","address":"00:00:00:00:00:00",)"
            R"("broadcast":"00:00:00:00:00:00","addr_info":[{"family":"inet","local":"127.0.0.1",)"
            R"("prefixlen":8,"scope":"host","label":"lo","valid_life_time":4294967295,)"
            R"("preferred_life_time":4294967295}]}])"
            "\n");
  HostTables up = director();
  up.links.erase(up.links.begin());
  EXPECT_EQ(shown(up, {"-j", "-p", "addr", "show", "eth0"}),
            R"([ {
        "ifindex": 2,
        "ifname": "eth0",
        "flags": [ "BROADCAST","MULTICAST","UP","LOWER_UP" ],
        "mtu": 1500,
        "qdisc": "pfifo_fast",
        "operstate": "UP",
        "group": "default",
        "txqlen": 1000,
        "link_type": "ether",
        "address": "02:00:00:00:00:01",
        "broadcast": "ff:ff:ff:ff:ff:ff",
        "addr_info": [ {
                "family": "inet",
                "local": "192.168.80.201",
                "prefixlen": 24,
                "broadcast": "192.168.80.255",
                "scope": "global",
                "label": "eth0",
                "valid_life_time": 4294967295,
                "preferred_life_time": 4294967295
            },{
                "family": "inet",
                "local": "192.168.80.150",
                "prefixlen": 24,
                "broadcast": "192.168.80.255",
                "scope": "global",
                "secondary": true,
                "label": "eth0:1",
                "valid_life_time": 4294967295,
                "preferred_life_time": 4294967295
            } ]
    } ]
)");
}

TEST(IpAddrListing, AnUnknownDeviceDoesNotExist) {
  EXPECT_EQ(shown(director(), {"addr", "show", "eth9"}), "Device \"eth9\" does not exist.\n");
}

TEST(IpLinkListing, ShowsModeAndCounters) {
  HostTables tables = director();
  tables.links[1].stats.rx_bytes = 586;
  tables.links[1].stats.rx_packets = 7;
  EXPECT_EQ(shown(tables, {"-s", "-s", "link", "show", "eth0"}),
            "2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc pfifo_fast state UP mode "
            "DEFAULT group default qlen 1000\n"
            "    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff\n"
            "    RX:  bytes packets errors dropped  missed   mcast           \n"
            "           586       7      0       0       0       0 \n"
            "    RX errors:  length    crc   frame    fifo overrun\n"
            "                     0      0       0       0       0 \n"
            "    TX:  bytes packets errors dropped carrier collsns           \n"
            "             0       0      0       0       0       0 \n"
            "    TX errors: aborted   fifo  window heartbt transns\n"
            "                     0      0       0       0       0 \n");
  EXPECT_EQ(
      shown(tables, {"-br", "link"}),
      "lo               UNKNOWN        00:00:00:00:00:00 <LOOPBACK,UP,LOWER_UP> \n"
      "eth0             UP             02:00:00:00:00:01 <BROADCAST,MULTICAST,UP,LOWER_UP> \n");
}

TEST(IpLinkListing, TellsDownFromNoCarrier) {
  HostTables tables = director();
  tables.links[1].carrier = false;
  EXPECT_THAT(shown(tables, {"link", "show", "eth0"}),
              testing::StartsWith("2: eth0: <NO-CARRIER,BROADCAST,MULTICAST,UP> mtu 1500 qdisc "
                                  "pfifo_fast state DOWN mode DEFAULT"));
  tables.links[1].up = false;
  EXPECT_EQ(shown(tables, {"-br", "link", "show", "eth0"}),
            "eth0             DOWN           02:00:00:00:00:01 <BROADCAST,MULTICAST> \n");
}

TEST(IpRouteListing, OfTableLocalIsThatOfTheRealTool) {
  const std::string local =
      "local 127.0.0.0/8 dev lo proto kernel scope host src 127.0.0.1 \n"
      "local 127.0.0.1 dev lo proto kernel scope host src 127.0.0.1 \n"
      "broadcast 127.255.255.255 dev lo proto kernel scope link src 127.0.0.1 \n"
      "local 192.168.80.150 dev eth0 proto kernel scope host src 192.168.80.201 \n"
      "local 192.168.80.201 dev eth0 proto kernel scope host src 192.168.80.201 \n"
      "broadcast 192.168.80.255 dev eth0 proto kernel scope link src 192.168.80.201 \n";
  EXPECT_EQ(shown(director(), {"route", "show", "table", "local"}), local);
  EXPECT_EQ(shown(director(), {"ro", "sh", "ta", "local"}), local);
  EXPECT_THAT(shown(director(), {"route", "show", "table", "all"}),
              testing::StartsWith(
                  "192.168.80.0/24 dev eth0 proto kernel scope link src 192.168.80.201 \n"
                  "local 127.0.0.0/8 dev lo table local proto kernel scope host src 127.0.0.1 \n"));
}

TEST(IpRouteListing, LeavesOutWhatTheFilterSays) {
  EXPECT_EQ(shown(director(), {"r"}),
            "192.168.80.0/24 dev eth0 proto kernel scope link src 192.168.80.201 \n");
  EXPECT_EQ(shown(director(), {"route", "show", "dev", "eth0", "scope", "link"}),
            "192.168.80.0/24 proto kernel src 192.168.80.201 \n");
  EXPECT_EQ(shown(director(), {"-d", "route"}),
            "unicast 192.168.80.0/24 dev eth0 table main proto kernel scope link src "
            "192.168.80.201 \n");
  EXPECT_EQ(shown(director(), {"-j", "route"}),
            R"([{"dst":"192.168.80.0/24","dev":"eth0","protocol":"kernel","scope":"link",)"
            R"("prefsrc":"192.168.80.201","flags":[]}])"
            "\n");
  EXPECT_EQ(shown(director(), {"route", "show", "table", "99"}),
            "Error: ipv4: FIB table does not exist.\nDump terminated\n");
}

TEST(IpRouteListing, ARuleMakesNoTable) {
  HostTables tables = director();
  tables.rules.push_back({.priority = 5, .table = 99});
  EXPECT_EQ(shown(tables, {"route", "show", "table", "99"}),
            "Error: ipv4: FIB table does not exist.\nDump terminated\n");
}

TEST(IpRouteListing, TypedRoutesHaveNoProtocol) {
  HostTables tables = director();
  RouteRow row;
  row.gateway = ip("192.168.80.1");
  row.dev = IfIndex{2};
  tables.routes = {row};
  RouteRow reject = row;
  reject.dst = net("10.2.2.2/32");
  reject.gateway = {};
  reject.dev = {};
  reject.type = RouteType::kUnreachable;
  reject.scope = Scope::kHost;
  tables.routes.push_back(reject);
  EXPECT_EQ(shown(tables, {"route"}),
            "default via 192.168.80.1 dev eth0 \nunreachable 10.2.2.2 scope host \n");
}

TEST(IpRouteGet, PrintsTheDecision) {
  RouteGetResult result;
  result.dst = ip("192.168.80.201");
  result.dev = "eth0";
  result.src = ip("192.168.80.10");
  EXPECT_EQ(render_ip_route_get(result, {}),
            "192.168.80.201 dev eth0 src 192.168.80.10 uid 0 \n    cache \n");
  result.type = RouteType::kLocal;
  result.dev = "lo";
  EXPECT_EQ(render_ip_route_get(result, {}),
            "local 192.168.80.201 dev lo src 192.168.80.10 uid 0 \n    cache <local> \n");
  result.from = ip("192.168.80.10");
  result.iif = "eth0";
  EXPECT_EQ(render_ip_route_get(result, {}),
            "local 192.168.80.201 from 192.168.80.10 dev lo \n    cache <local> iif eth0 \n");
  RouteGetResult learnt{.dst = ip("10.3.0.1"),
                        .from = {},
                        .gateway = ip("10.1.0.2"),
                        .dev = "eth0",
                        .iif = {},
                        .src = ip("10.1.0.10"),
                        .mark = {},
                        .expires = {299'500'000'000},
                        .redirected = true};
  EXPECT_EQ(render_ip_route_get(learnt, {}),
            "10.3.0.1 via 10.1.0.2 dev eth0 src 10.1.0.10 uid 0 \n    cache <redirected> expires "
            "299sec \n");
}

TEST(IpNeighListing, WithAndWithoutStatistics) {
  HostTables tables = director();
  tables.now = SimTime{100'900'000'000};
  tables.neighs = {neigh("192.168.80.150", "02:00:00:00:00:01", NeighState::kReachable),
                   neigh("192.168.80.202", "02:00:00:00:00:02", NeighState::kStale),
                   neigh("192.168.80.77", "00:00:00:00:00:00", NeighState::kFailed)};
  for (NeighRow& row : tables.neighs) row.used = row.updated = SimTime{95'000'000'000};
  tables.neighs[0].confirmed = SimTime{96'000'000'000};
  tables.neighs[1].confirmed = SimTime{35'000'000'000};
  tables.neighs[0].probes = 4;
  EXPECT_EQ(shown(tables, {"neigh"}),
            "192.168.80.150 dev eth0 lladdr 02:00:00:00:00:01 REACHABLE \n"
            "192.168.80.202 dev eth0 lladdr 02:00:00:00:00:02 STALE \n"
            "192.168.80.77 dev eth0 FAILED \n");
  EXPECT_EQ(shown(tables, {"-s", "neigh", "show", "dev", "eth0", "nud", "stale"}),
            "192.168.80.202 lladdr 02:00:00:00:00:02  used 5/65/5probes 0 STALE \n");
  EXPECT_EQ(
      shown(tables, {"-s", "n", "show", "192.168.80.150"}),
      "192.168.80.150 dev eth0 lladdr 02:00:00:00:00:01  ref 1 used 5/4/5probes 4 REACHABLE \n");
  EXPECT_EQ(shown(tables, {"-j", "-p", "-s", "neigh", "show", "192.168.80.150"}),
            R"([ {
        "dst": "192.168.80.150",
        "dev": "eth0",
        "lladdr": "02:00:00:00:00:01",
        "refcnt": 1,
        "used": 5,
        "confirmed": 4,
        "updated": 5,
        "probes": 4,
        "state": [ "REACHABLE" ]
    } ]
)");
  tables.neighs.clear();
  EXPECT_EQ(shown(tables, {"-j", "-p", "-s", "neigh"}), "[ ]\n");
}

TEST(IpNeighListing, TheEntryOfLoHasAnAddressOfZeros) {
  HostTables tables = director();
  tables.neighs = {neigh("0.0.0.0", "00:00:00:00:00:00", NeighState::kNoArp)};
  tables.neighs[0].dev = kLoopback;
  EXPECT_EQ(shown(tables, {"neigh", "show", "nud", "all"}),
            "0.0.0.0 dev lo lladdr 00:00:00:00:00:00 NOARP \n");
}

TEST(IpRuleListing, ShowsTheThreeRulesOfEveryHost) {
  EXPECT_EQ(shown(director(), {"rule"}),
            "0:\tfrom all lookup local\n32766:\tfrom all lookup main\n32767:\tfrom all lookup "
            "default\n");
  EXPECT_EQ(shown(director(), {"-j", "rule"}),
            R"([{"priority":0,"src":"all","table":"local"},{"priority":32766,"src":"all",)"
            R"("table":"main"},{"priority":32767,"src":"all","table":"default"}])"
            "\n");
}

}  // namespace
}  // namespace lvslab::command
