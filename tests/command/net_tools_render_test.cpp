// What ifconfig, arp, route, netstat and ss print, compared with transcripts of net-tools 2.10 and
// iproute2 6.1.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/command/ifconfig.h"
#include "sim/command/net_tools.h"
#include "sim/command/ss.h"
#include "tests/command/ip_tables.h"

namespace lvslab::command {
namespace {

using namespace testing_tables;
using Words = std::vector<std::string>;

std::string ifconfig(const HostTables& tables, const Words& words) {
  const auto command = parse_ifconfig(words);
  if (!command) return command.error().err;
  const Output output = render_ifconfig(tables, *command);
  return output.out + output.err;
}

TEST(IfconfigListing, ShowsTheAliasInThreeLines) {
  HostTables tables = director();
  tables.links[1].stats.rx_packets = 18;
  tables.links[1].stats.rx_bytes = 1452;
  EXPECT_EQ(ifconfig(tables, {"ifconfig"}),
            R"(eth0: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1500
        inet 192.168.80.201  netmask 255.255.255.0  broadcast 192.168.80.255
        ether 02:00:00:00:00:01  txqueuelen 1000  (Ethernet)
        RX packets 18  bytes 1452 (1.4 KiB)
        RX errors 0  dropped 0  overruns 0  frame 0
        TX packets 0  bytes 0 (0.0 B)
        TX errors 0  dropped 0 overruns 0  carrier 0  collisions 0

eth0:1: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1500
        inet 192.168.80.150  netmask 255.255.255.0  broadcast 192.168.80.255
        ether 02:00:00:00:00:01  txqueuelen 1000  (Ethernet)

lo: flags=73<UP,LOOPBACK,RUNNING>  mtu 65536
        inet 127.0.0.1  netmask 255.0.0.0
        loop  txqueuelen 1000  (Local Loopback)
        RX packets 0  bytes 0 (0.0 B)
        RX errors 0  dropped 0  overruns 0  frame 0
        TX packets 0  bytes 0 (0.0 B)
        TX errors 0  dropped 0 overruns 0  carrier 0  collisions 0

)");
}

TEST(IfconfigListing, AnAliasThatIsNotThereHasNoAddress) {
  HostTables tables = director();
  tables.addrs.pop_back();
  EXPECT_EQ(ifconfig(tables, {"ifconfig", "eth0:1"}),
            "eth0:1: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1500\n"
            "        ether 02:00:00:00:00:01  txqueuelen 1000  (Ethernet)\n\n");
  EXPECT_EQ(ifconfig(tables, {"ifconfig", "eth9"}),
            "eth9: error fetching interface information: Device not found\n");
}

TEST(IfconfigListing, DownInterfacesNeedMinusA) {
  HostTables tables = director();
  tables.links[1].up = false;
  EXPECT_THAT(ifconfig(tables, {"ifconfig"}), testing::StartsWith("lo: "));
  EXPECT_THAT(ifconfig(tables, {"ifconfig", "-a"}),
              testing::StartsWith("eth0: flags=4098<BROADCAST,MULTICAST>  mtu 1500\n"));
}

TEST(IfconfigListing, BytesAreScaledAndCutOff) {
  HostTables tables = director();
  const std::vector<std::pair<std::uint64_t, std::string>> cases = {
      {1006, "1006 (1006.0 B)"},         {58890, "58890 (57.5 KiB)"},
      {77535, "77535 (75.7 KiB)"},       {591268392, "591268392 (563.8 MiB)"},
      {64242848, "64242848 (61.2 MiB)"}, {54938, "54938 (53.6 KiB)"}};
  for (const auto& [bytes, text] : cases) {
    tables.links[1].stats.rx_bytes = bytes;
    EXPECT_THAT(ifconfig(tables, {"ifconfig", "eth0"}), testing::HasSubstr("bytes " + text + "\n"));
  }
}

TEST(IfconfigListing, ShortFormHasNoCountersForAliases) {
  HostTables tables = director();
  tables.links[1].stats.rx_packets = 13;
  EXPECT_EQ(
      ifconfig(tables, {"ifconfig", "-s"}),
      "Iface      MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg\n"
      "eth0             1500       13      0      0 0             0      0      0      0 BMRU\n"
      "eth0:1           1500      - no statistics available -                        BMRU\n"
      "lo              65536        0      0      0 0             0      0      0      0 LRU\n");
}

std::string arp(const HostTables& tables, const Words& words) {
  const auto command = parse_arp(words);
  return command ? render_arp(tables, *command).out : command.error().err;
}

TEST(ArpListing, InTheLinuxAndTheBsdLayout) {
  HostTables tables = director();
  EXPECT_EQ(arp(tables, {"arp", "-n"}), "");
  EXPECT_EQ(arp(tables, {"arp", "-v", "-n"}), "Entries: 0\tSkipped: 0\tFound: 0\n");
  EXPECT_EQ(arp(tables, {"arp", "-n", "-i", "eth0"}), "arp: in 0 entries no match found.\n");
  tables.neighs = {neigh("192.168.80.201", "02:00:00:00:00:99", NeighState::kPermanent),
                   neigh("192.168.80.202", "02:00:00:00:00:02", NeighState::kStale),
                   neigh("192.168.80.77", "00:00:00:00:00:00", NeighState::kIncomplete)};
  EXPECT_EQ(arp(tables, {"arp", "-n"}),
            "Address                  HWtype  HWaddress           Flags Mask            Iface\n"
            "192.168.80.201           ether   02:00:00:00:00:99   CM                    eth0\n"
            "192.168.80.202           ether   02:00:00:00:00:02   C                     eth0\n"
            "192.168.80.77                    (incomplete)                              eth0\n");
  EXPECT_EQ(arp(tables, {"arp", "-an"}),
            "? (192.168.80.201) at 02:00:00:00:00:99 [ether] PERM on eth0\n"
            "? (192.168.80.202) at 02:00:00:00:00:02 [ether] on eth0\n"
            "? (192.168.80.77) at <incomplete> on eth0\n");
  EXPECT_EQ(arp(tables, {"arp", "192.168.80.99"}), "192.168.80.99 (192.168.80.99) -- no entry\n");
  EXPECT_EQ(arp(tables, {"arp", "-a", "192.168.80.99"}), "arp: in 3 entries no match found.\n");
}

HostTables routed() {
  HostTables tables = director();
  RouteRow gateway;
  gateway.gateway = ip("192.168.80.1");
  gateway.dev = IfIndex{2};
  RouteRow host = gateway;
  host.dst = net("10.2.2.2/32");
  RouteRow reject = host;
  reject.gateway = {};
  reject.dev = {};
  reject.type = RouteType::kUnreachable;
  tables.routes = {gateway, reject, host, tables.routes[0]};
  return tables;
}

TEST(RouteListing, ABlackholeIsNoRejectRoute) {
  HostTables tables = routed();
  tables.routes[1].type = RouteType::kBlackhole;
  EXPECT_THAT(render_route(tables, parse_route(Words{"route", "-n"}).value()).out,
              testing::HasSubstr(
                  "\n10.2.2.2        0.0.0.0         255.255.255.255 UH    0      0        0 *\n"));
}

TEST(RouteListing, OfNetToolsInBothLayouts) {
  EXPECT_EQ(render_route(routed(), parse_route(Words{"route", "-n"}).value()).out,
            "Kernel IP routing table\n"
            "Destination     Gateway         Genmask         Flags Metric Ref    Use Iface\n"
            "0.0.0.0         192.168.80.1    0.0.0.0         UG    0      0        0 eth0\n"
            "10.2.2.2        -               255.255.255.255 !H    0      -        0 -\n"
            "10.2.2.2        192.168.80.1    255.255.255.255 UGH   0      0        0 eth0\n"
            "192.168.80.0    0.0.0.0         255.255.255.0   U     0      0        0 eth0\n");
  EXPECT_EQ(render_netstat(routed(), parse_netstat(Words{"netstat", "-rn"}).value()).out,
            "Kernel IP routing table\n"
            "Destination     Gateway         Genmask         Flags   MSS Window  irtt Iface\n"
            "0.0.0.0         192.168.80.1    0.0.0.0         UG        0 0          0 eth0\n"
            "10.2.2.2        -               255.255.255.255 !H        - -          - -\n"
            "10.2.2.2        192.168.80.1    255.255.255.255 UGH       0 0          0 eth0\n"
            "192.168.80.0    0.0.0.0         255.255.255.0   U         0 0          0 eth0\n");
  EXPECT_THAT(render_route(routed(), parse_route(Words{"route"}).value()).out,
              testing::HasSubstr("\ndefault         192.168.80.1 "));
}

std::string netstat(const HostTables& tables, const Words& words) {
  const auto command = parse_netstat(words);
  return command ? render_netstat(tables, *command).out : command.error().err;
}
std::string ss(const HostTables& tables, const Words& words, int columns = 80) {
  const auto command = parse_ss(words);
  return command ? render_ss(tables, *command, columns).out : command.error().err;
}

TEST(NetstatListing, OfAServerAndItsTimeWait) {
  HostTables tables = director();
  tables.sockets = {tcp("192.168.80.10", 50630, "192.168.80.150", 80, TcpState::kTimeWait),
                    httpd(83)};
  EXPECT_EQ(netstat(tables, {"netstat", "-natp"}),
            "Active Internet connections (servers and established)\n"
            "Proto Recv-Q Send-Q Local Address           Foreign Address         State       "
            "PID/Program name    \n"
            "tcp        0      0 0.0.0.0:80              0.0.0.0:*               LISTEN      "
            "83/httpd            \n"
            "tcp        0      0 192.168.80.10:50630     192.168.80.150:80       TIME_WAIT   "
            "-                   \n");
  EXPECT_EQ(netstat(tables, {"netstat", "-nlt"}),
            "Active Internet connections (only servers)\n"
            "Proto Recv-Q Send-Q Local Address           Foreign Address         State      \n"
            "tcp        0      0 0.0.0.0:80              0.0.0.0:*               LISTEN     \n");
  EXPECT_THAT(netstat(tables, {"netstat", "-lt"}), testing::HasSubstr(" 0.0.0.0:http  "));
  EXPECT_THAT(
      netstat(tables, {"netstat", "-an"}),
      testing::EndsWith("Proto RefCnt Flags       Type       State         I-Node   Path\n"));
}

TEST(NetstatListing, OfInterfacesHasItsOwnHeading) {
  EXPECT_EQ(
      netstat(director(), {"netstat", "-i"}),
      "Kernel Interface table\n"
      "Iface             MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg\n"
      "eth0             1500        0      0      0 0             0      0      0      0 BMRU\n"
      "eth0:1           1500      - no statistics available -                        BMRU\n"
      "lo              65536        0      0      0 0             0      0      0      0 LRU\n");
}

TEST(SsListing, SpreadsOverTheTerminal) {
  HostTables tables = director();
  EXPECT_EQ(ss(tables, {"ss", "-natp"}),
            "State   Recv-Q   Send-Q     Local Address:Port     Peer Address:Port  Process   \n");
  EXPECT_EQ(ss(tables, {"ss", "-tan", "state", "time-wait"}),
            "Recv-Q    Send-Q       Local Address:Port       Peer Address:Port    Process    \n");
  tables.sockets = {httpd(11)};
  EXPECT_EQ(ss(tables, {"ss", "-ltn", "( sport = :80 )"}),
            "State    Recv-Q   Send-Q     Local Address:Port     Peer Address:Port  Process  \n"
            "LISTEN   0        511              0.0.0.0:80            0.0.0.0:*              \n");
  EXPECT_EQ(ss(tables, {"ss", "-H", "-ltn"}),
            "LISTEN      0           511               0.0.0.0:80             0.0.0.0:*      \n");
  EXPECT_EQ(ss(tables, {"ss", "-tulnp"}),
            "Netid  State   Recv-Q  Send-Q   Local Address:Port   Peer Address:Port Process  \n"
            "tcp    LISTEN  0       511            0.0.0.0:80          0.0.0.0:*     "
            "users:((\"httpd\",pid=11,fd=3))\n");
}

TEST(SsListing, ShowsConnections) {
  HostTables tables = director();
  for (const int port : {50630, 50618}) {
    tables.sockets.push_back(tcp("192.168.80.10", port, "192.168.80.150", 80, TcpState::kTimeWait));
  }
  EXPECT_EQ(ss(tables, {"ss", "-natp"}),
            "State      Recv-Q  Send-Q   Local Address:Port      Peer Address:Port  Process  \n"
            "TIME-WAIT  0       0        192.168.80.10:50630   192.168.80.150:80             \n"
            "TIME-WAIT  0       0        192.168.80.10:50618   192.168.80.150:80             \n");
  EXPECT_EQ(ss(tables, {"ss"}),
            "Netid  State  Recv-Q  Send-Q   Local Address:Port   Peer Address:Port  Process  \n");
}

TEST(SsListing, IsCompactInAPipe) {
  HostTables tables = director();
  SocketRow listener = tcp("0.0.0.0", 2024, "0.0.0.0", 0, TcpState::kListen);
  listener.send_q = 128;
  tables.sockets = {listener};
  EXPECT_EQ(ss(tables, {"ss", "-natp"}, 0),
            "State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\n"
            "LISTEN 0      128          0.0.0.0:2024      0.0.0.0:*          \n");
}

TEST(SsListing, SummaryCountsSockets) {
  HostTables tables = director();
  tables.sockets = {httpd(7)};
  EXPECT_EQ(ss(tables, {"ss", "-s"}),
            "Total: 1\n"
            "TCP:   1 (estab 0, closed 0, orphaned 0, timewait 0)\n\n"
            "Transport Total     IP        IPv6\n"
            "RAW\t  0         0         0        \n"
            "UDP\t  0         0         0        \n"
            "TCP\t  1         1         0        \n"
            "INET\t  1         1         0        \n"
            "FRAG\t  0         0         0        \n\n");
}

}  // namespace
}  // namespace lvslab::command
