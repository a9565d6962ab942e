// The listings of ipvsadm 1.31 and of /proc/net, against what Linux 6.1 printed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "sim/command/ipvsadm.h"

namespace lvslab::command {
namespace {

using namespace lvslab::literals;

Ipv4Addr ip(std::string_view text) { return *Ipv4Addr::parse(text); }

struct Server {
  std::string_view addr;
  std::uint16_t port;
  IpvsForward forward;
  std::int32_t weight;
  std::uint32_t upper = 0, lower = 0;
};

void add(HostTables& tables, IpvsServiceRow service, const std::vector<Server>& servers) {
  tables.services.push_back(service);
  for (const Server& server : servers) {
    IpvsDestRow row;
    row.service = service.key;
    row.addr = ip(server.addr);
    row.port = server.port;
    row.forward = server.forward;
    row.weight = server.weight;
    row.upper = server.upper;
    row.lower = server.lower;
    tables.dests.push_back(row);
  }
}

IpvsServiceRow service(std::uint8_t protocol, std::uint16_t port, std::string_view scheduler,
                       std::uint32_t persistent_s = 0) {
  IpvsServiceRow row;
  row.key = {protocol, ip("192.168.80.150"), port, 0};
  row.scheduler = scheduler;
  row.persistent = persistent_s != 0;
  row.timeout_s = persistent_s;
  return row;
}

/// A director with one service of every kind, in the kernel's order.
HostTables every_kind() {
  constexpr auto kRoute = IpvsForward::kRoute;
  constexpr auto kMasq = IpvsForward::kMasq;
  HostTables tables;
  add(tables, service(6, 3306, "wlc"), {});
  add(tables, service(6, 443, "wrr", 60),
      {{"192.168.80.203", 443, kRoute, 1, 1000, 10},
       {"192.168.80.204", 443, IpvsForward::kTunnel, 65535},
       {"192.168.80.202", 8443, kMasq, 100}});
  add(tables, service(6, 80, "rr", 360),
      {{"127.0.0.1", 80, kMasq, 1},
       {"192.168.80.201", 80, kRoute, 5},
       {"192.168.80.204", 80, kRoute, 0},
       {"192.168.80.202", 80, kRoute, 1}});
  add(tables, service(17, 69, "lc"), {});
  IpvsServiceRow all_ports = service(6, 0, "wlc", 300);
  all_ports.netmask = ip("255.255.255.0");
  add(tables, all_ports, {{"192.168.80.202", 0, kRoute, 1}, {"192.168.80.204", 80, kMasq, 1}});
  IpvsServiceRow dns = service(17, 53, "rr");
  dns.one_packet = true;
  add(tables, dns, {{"192.168.80.202", 53, kRoute, 1}});
  IpvsServiceRow mark = service(0, 0, "rr", 10);
  mark.key = {0, {}, 0, 8};
  add(tables, mark, {});
  return tables;
}

IpvsadmCommand command(std::string_view line) {
  std::vector<std::string> words;
  while (!line.empty()) {
    words.emplace_back(line.substr(0, line.find(' ')));
    line.remove_prefix(std::min(line.size(), words.back().size() + 1));
  }
  return parse_ipvsadm(words).value();
}

struct IpvsListing {
  std::string_view line, text;
};
constexpr IpvsListing kIpvsListings[] = {
    {"ipvsadm -ln",
     R"~(IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
TCP  192.168.80.150:0 wlc persistent 300 mask 255.255.255.0
  -> 192.168.80.202:0             Route   1      0          0         
  -> 192.168.80.204:80            Masq    1      0          0         
TCP  192.168.80.150:80 rr persistent 360
  -> 127.0.0.1:80                 Masq    1      0          0         
  -> 192.168.80.201:80            Route   5      0          0         
  -> 192.168.80.202:80            Route   1      0          0         
  -> 192.168.80.204:80            Route   0      0          0         
TCP  192.168.80.150:443 wrr persistent 60
  -> 192.168.80.202:8443          Masq    100    0          0         
  -> 192.168.80.203:443           Route   1      0          0         
  -> 192.168.80.204:443           Tunnel  65535  0          0         
TCP  192.168.80.150:3306 wlc
UDP  192.168.80.150:53 rr ops
  -> 192.168.80.202:53            Route   1      0          0         
UDP  192.168.80.150:69 lc
FWM  8 rr persistent 10
)~"},
    {"ipvsadm -l",
     R"~(IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
TCP  192.168.80.150:0 wlc persistent 300 mask 255.255.255.0
  -> 192.168.80.202:0             Route   1      0          0         
  -> 192.168.80.204:http          Masq    1      0          0         
TCP  192.168.80.150:http rr persistent 360
  -> localhost:http               Masq    1      0          0         
  -> 192.168.80.201:http          Route   5      0          0         
  -> 192.168.80.202:http          Route   1      0          0         
  -> 192.168.80.204:http          Route   0      0          0         
TCP  192.168.80.150:https wrr persistent 60
  -> 192.168.80.202:8443          Masq    100    0          0         
  -> 192.168.80.203:https         Route   1      0          0         
  -> 192.168.80.204:https         Tunnel  65535  0          0         
TCP  192.168.80.150:mysql wlc
UDP  192.168.80.150:domain rr ops
  -> 192.168.80.202:domain        Route   1      0          0         
UDP  192.168.80.150:tftp lc
FWM  8 rr persistent 10
)~"},
    {"ipvsadm -ln --stats",
     R"~(IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes
  -> RemoteAddress:Port
TCP  192.168.80.150:0                    0        0        0        0        0
  -> 192.168.80.202:0                    0        0        0        0        0
  -> 192.168.80.204:80                   0        0        0        0        0
TCP  192.168.80.150:80                   0        0        0        0        0
  -> 127.0.0.1:80                        0        0        0        0        0
  -> 192.168.80.201:80                   0        0        0        0        0
  -> 192.168.80.202:80                   0        0        0        0        0
  -> 192.168.80.204:80                   0        0        0        0        0
TCP  192.168.80.150:443                  0        0        0        0        0
  -> 192.168.80.202:8443                 0        0        0        0        0
  -> 192.168.80.203:443                  0        0        0        0        0
  -> 192.168.80.204:443                  0        0        0        0        0
TCP  192.168.80.150:3306                 0        0        0        0        0
UDP  192.168.80.150:53                   0        0        0        0        0
  -> 192.168.80.202:53                   0        0        0        0        0
UDP  192.168.80.150:69                   0        0        0        0        0
FWM  8                                   0        0        0        0        0
)~"},
    {"ipvsadm -ln --rate",
     R"~(IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port                 CPS    InPPS   OutPPS    InBPS   OutBPS
  -> RemoteAddress:Port
TCP  192.168.80.150:0                    0        0        0        0        0
  -> 192.168.80.202:0                    0        0        0        0        0
  -> 192.168.80.204:80                   0        0        0        0        0
TCP  192.168.80.150:80                   0        0        0        0        0
  -> 127.0.0.1:80                        0        0        0        0        0
  -> 192.168.80.201:80                   0        0        0        0        0
  -> 192.168.80.202:80                   0        0        0        0        0
  -> 192.168.80.204:80                   0        0        0        0        0
TCP  192.168.80.150:443                  0        0        0        0        0
  -> 192.168.80.202:8443                 0        0        0        0        0
  -> 192.168.80.203:443                  0        0        0        0        0
  -> 192.168.80.204:443                  0        0        0        0        0
TCP  192.168.80.150:3306                 0        0        0        0        0
UDP  192.168.80.150:53                   0        0        0        0        0
  -> 192.168.80.202:53                   0        0        0        0        0
UDP  192.168.80.150:69                   0        0        0        0        0
FWM  8                                   0        0        0        0        0
)~"},
    {"ipvsadm -ln --thresholds",
     R"~(IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn 
  -> RemoteAddress:Port
TCP  192.168.80.150:0 wlc persistent 300 mask 255.255.255.0
  -> 192.168.80.202:0             0          0          0          0         
  -> 192.168.80.204:80            0          0          0          0         
TCP  192.168.80.150:80 rr persistent 360
  -> 127.0.0.1:80                 0          0          0          0         
  -> 192.168.80.201:80            0          0          0          0         
  -> 192.168.80.202:80            0          0          0          0         
  -> 192.168.80.204:80            0          0          0          0         
TCP  192.168.80.150:443 wrr persistent 60
  -> 192.168.80.202:8443          0          0          0          0         
  -> 192.168.80.203:443           1000       10         0          0         
  -> 192.168.80.204:443           0          0          0          0         
TCP  192.168.80.150:3306 wlc
UDP  192.168.80.150:53 rr ops
  -> 192.168.80.202:53            0          0          0          0         
UDP  192.168.80.150:69 lc
FWM  8 rr persistent 10
)~"},
    {"ipvsadm -ln --persistent-conn",
     R"~(IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port            Weight    PersistConn ActiveConn InActConn 
  -> RemoteAddress:Port
TCP  192.168.80.150:0 wlc persistent 300 mask 255.255.255.0
  -> 192.168.80.202:0             1         0           0          0         
  -> 192.168.80.204:80            1         0           0          0         
TCP  192.168.80.150:80 rr persistent 360
  -> 127.0.0.1:80                 1         0           0          0         
  -> 192.168.80.201:80            5         0           0          0         
  -> 192.168.80.202:80            1         0           0          0         
  -> 192.168.80.204:80            0         0           0          0         
TCP  192.168.80.150:443 wrr persistent 60
  -> 192.168.80.202:8443          100       0           0          0         
  -> 192.168.80.203:443           1         0           0          0         
  -> 192.168.80.204:443           65535     0           0          0         
TCP  192.168.80.150:3306 wlc
UDP  192.168.80.150:53 rr ops
  -> 192.168.80.202:53            1         0           0          0         
UDP  192.168.80.150:69 lc
FWM  8 rr persistent 10
)~"},
    {"ipvsadm -ln --sort",
     R"~(IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
TCP  192.168.80.150:0 wlc persistent 300 mask 255.255.255.0
  -> 192.168.80.202:0             Route   1      0          0         
  -> 192.168.80.204:80            Masq    1      0          0         
TCP  192.168.80.150:80 rr persistent 360
  -> 127.0.0.1:80                 Masq    1      0          0         
  -> 192.168.80.201:80            Route   5      0          0         
  -> 192.168.80.202:80            Route   1      0          0         
  -> 192.168.80.204:80            Route   0      0          0         
TCP  192.168.80.150:443 wrr persistent 60
  -> 192.168.80.202:8443          Masq    100    0          0         
  -> 192.168.80.203:443           Route   1      0          0         
  -> 192.168.80.204:443           Tunnel  65535  0          0         
TCP  192.168.80.150:3306 wlc
UDP  192.168.80.150:53 rr ops
  -> 192.168.80.202:53            Route   1      0          0         
UDP  192.168.80.150:69 lc
FWM  8 rr persistent 10
)~"},
    {"ipvsadm -ln --nosort",
     R"~(IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
TCP  192.168.80.150:3306 wlc
TCP  192.168.80.150:443 wrr persistent 60
  -> 192.168.80.203:443           Route   1      0          0         
  -> 192.168.80.204:443           Tunnel  65535  0          0         
  -> 192.168.80.202:8443          Masq    100    0          0         
TCP  192.168.80.150:80 rr persistent 360
  -> 127.0.0.1:80                 Masq    1      0          0         
  -> 192.168.80.201:80            Route   5      0          0         
  -> 192.168.80.204:80            Route   0      0          0         
  -> 192.168.80.202:80            Route   1      0          0         
UDP  192.168.80.150:69 lc
TCP  192.168.80.150:0 wlc persistent 300 mask 255.255.255.0
  -> 192.168.80.202:0             Route   1      0          0         
  -> 192.168.80.204:80            Masq    1      0          0         
UDP  192.168.80.150:53 rr ops
  -> 192.168.80.202:53            Route   1      0          0         
FWM  8 rr persistent 10
)~"},
    {"ipvsadm -ln -u 192.168.80.150:53",
     R"~(Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
UDP  192.168.80.150:53 rr ops
  -> 192.168.80.202:53            Route   1      0          0         
)~"},
};

TEST(IpvsadmListing, EveryLayoutIsTheToolsOwn) {
  const HostTables tables = every_kind();
  for (const IpvsListing& c : kIpvsListings) {
    EXPECT_EQ(render_ipvs_list(tables, command(c.line)), c.text) << c.line;
  }
}

TEST(IpvsadmListing, SaveWritesWhatRestoreReads) {
  const HostTables tables = every_kind();
  const std::string numeric = render_ipvs_save(tables, true);
  EXPECT_EQ(numeric, R"~(-A -t 192.168.80.150:0 -s wlc -p 300 -M 255.255.255.0
-a -t 192.168.80.150:0 -r 192.168.80.202:0 -g -w 1
-a -t 192.168.80.150:0 -r 192.168.80.204:80 -m -w 1
-A -t 192.168.80.150:80 -s rr -p 360
-a -t 192.168.80.150:80 -r 127.0.0.1:80 -m -w 1
-a -t 192.168.80.150:80 -r 192.168.80.201:80 -g -w 5
-a -t 192.168.80.150:80 -r 192.168.80.202:80 -g -w 1
-a -t 192.168.80.150:80 -r 192.168.80.204:80 -g -w 0
-A -t 192.168.80.150:443 -s wrr -p 60
-a -t 192.168.80.150:443 -r 192.168.80.202:8443 -m -w 100
-a -t 192.168.80.150:443 -r 192.168.80.203:443 -g -w 1
-a -t 192.168.80.150:443 -r 192.168.80.204:443 -i -w 65535 --tun-type ipip
-A -t 192.168.80.150:3306 -s wlc
-A -u 192.168.80.150:53 -s rr -o
-a -u 192.168.80.150:53 -r 192.168.80.202:53 -g -w 1
-A -u 192.168.80.150:69 -s lc
-A -f 8 -s rr -p 10
)~");
  EXPECT_EQ(render_ipvs_save(tables, false),
            R"~(-A -t 192.168.80.150:0 -s wlc -p 300 -M 255.255.255.0
-a -t 192.168.80.150:0 -r 192.168.80.202:0 -g -w 1
-a -t 192.168.80.150:0 -r 192.168.80.204:http -m -w 1
-A -t 192.168.80.150:http -s rr -p 360
-a -t 192.168.80.150:http -r localhost:http -m -w 1
-a -t 192.168.80.150:http -r 192.168.80.201:http -g -w 5
-a -t 192.168.80.150:http -r 192.168.80.202:http -g -w 1
-a -t 192.168.80.150:http -r 192.168.80.204:http -g -w 0
-A -t 192.168.80.150:https -s wrr -p 60
-a -t 192.168.80.150:https -r 192.168.80.202:8443 -m -w 100
-a -t 192.168.80.150:https -r 192.168.80.203:https -g -w 1
-a -t 192.168.80.150:https -r 192.168.80.204:https -i -w 65535 --tun-type ipip
-A -t 192.168.80.150:mysql -s wlc
-A -u 192.168.80.150:domain -s rr -o
-a -u 192.168.80.150:domain -r 192.168.80.202:domain -g -w 1
-A -u 192.168.80.150:tftp -s lc
-A -f 8 -s rr -p 10
)~");
  for (const RestoreLine& line : parse_restore_lines(numeric)) {
    EXPECT_TRUE(line.command.has_value()) << line.command.error().err;
  }
}

TEST(ProcIpVs, IsHexadecimalInTheKernelsOrder) {
  EXPECT_EQ(render_proc_ip_vs(every_kind()), R"~(IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
TCP  C0A85096:0CEA wlc  
TCP  C0A85096:01BB wrr  persistent 6000 FFFFFFFF
  -> C0A850CB:01BB      Route   1      0          0         
  -> C0A850CC:01BB      Tunnel  65535  0          0         
  -> C0A850CA:20FB      Masq    100    0          0         
TCP  C0A85096:0050 rr  persistent 36000 FFFFFFFF
  -> 7F000001:0050      Masq    1      0          0         
  -> C0A850C9:0050      Route   5      0          0         
  -> C0A850CC:0050      Route   0      0          0         
  -> C0A850CA:0050      Route   1      0          0         
UDP  C0A85096:0045 lc  
TCP  C0A85096:0000 wlc  persistent 30000 FFFFFF00
  -> C0A850CA:0000      Route   1      0          0         
  -> C0A850CC:0050      Masq    1      0          0         
UDP  C0A85096:0035 rr ops  
  -> C0A850CA:0035      Route   1      0          0         
FWM  00000008 rr persistent 1000 FFFFFFFF
)~");
}

TEST(IpvsadmListing, AnAddressBelow127SortsBehindOneAbove) {
  HostTables tables;
  add(tables, service(6, 80, "rr"), {});
  IpvsServiceRow low = service(6, 80, "rr");
  low.key.addr = ip("9.9.9.9");
  tables.services.insert(tables.services.begin(), low);
  EXPECT_EQ(render_ipvs_save(tables, true),
            "-A -t 192.168.80.150:80 -s rr\n-A -t 9.9.9.9:80 -s rr\n");
}

TEST(IpvsadmListing, LargeCountersAreCutToThousandsUnlessExact) {
  HostTables tables;
  IpvsServiceRow row = service(6, 80, "rr");
  row.key.addr = ip("9.9.9.9");
  row.counters = {.conns = 99'999'999,
                  .in_pkts = 100'000'000,
                  .out_pkts = 999'999'999,
                  .in_bytes = 1'000'000'000,
                  .out_bytes = 12'345'678'901'234};
  add(tables, row, {});
  EXPECT_THAT(render_ipvs_list(tables, command("ipvsadm -ln --stats")),
              testing::EndsWith("TCP  9.9.9.9:80                   "
                                "99999999  100000K  999999K    1000M   12345G\n"));
  EXPECT_THAT(render_ipvs_list(tables, command("ipvsadm -ln --stats --exact")),
              testing::EndsWith("TCP  9.9.9.9:80                   "
                                "99999999 100000000 999999999 1000000000 12345678901234\n"));
}

TEST(IpvsadmListing, ActiveAndInactiveConnectionsOfTheNotesLab) {
  HostTables tables;
  add(tables, service(6, 80, "rr"),
      {{"192.168.80.204", 80, IpvsForward::kRoute, 1},
       {"192.168.80.202", 80, IpvsForward::kRoute, 1}});
  for (IpvsDestRow& row : tables.dests) row.inactive = 3;
  EXPECT_EQ(render_ipvs_list(tables, command("ipvsadm -ln")),
            "IP Virtual Server version 1.2.1 (size=4096)\n"
            "Prot LocalAddress:Port Scheduler Flags\n"
            "  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n"
            "TCP  192.168.80.150:80 rr\n"
            "  -> 192.168.80.202:80            Route   1      0          3         \n"
            "  -> 192.168.80.204:80            Route   1      0          3         \n");
}

HostTables four_connections() {
  HostTables tables;
  tables.now = SimTime{} + 10_s;
  const auto add_row = [&tables](std::uint8_t protocol, std::string_view client,
                                 std::uint16_t client_port, std::string_view virt,
                                 std::uint16_t virt_port, std::string_view dest,
                                 std::uint16_t dest_port, IpvsConnState state, SimDuration left) {
    IpvsConnRow row;
    row.protocol = protocol;
    row.client = ip(client);
    row.client_port = client_port;
    row.virt = ip(virt);
    row.virt_port = virt_port;
    row.dest = ip(dest);
    row.dest_port = dest_port;
    row.state = state;
    row.expires = tables.now + left;
    tables.conns.push_back(row);
  };
  add_row(6, "192.168.80.10", 52438, "192.168.80.150", 80, "192.168.80.204", 80,
          IpvsConnState::kFinWait, 116_s + 999_ms);
  add_row(6, "192.168.80.10", 0, "192.168.80.150", 80, "192.168.80.204", 80,
          IpvsConnState::kAssured, 6000_s);
  add_row(17, "10.0.0.1", 55442, "192.168.80.150", 53, "1.2.3.4", 8080, IpvsConnState::kUdp, 75_s);
  add_row(0, "192.168.80.10", 0, "0.0.0.7", 0, "192.168.80.204", 0, IpvsConnState::kAssured,
          36000_s);
  return tables;
}

TEST(IpvsadmConnections, RemainingTimeIsCutToSecondsAndColumnsArePadded) {
  EXPECT_EQ(render_ipvs_list(four_connections(), command("ipvsadm -lnc")),
            "IPVS connection entries\n"
            "pro expire state       source             virtual            destination\n"
            "TCP 01:56  FIN_WAIT    192.168.80.10:52438 192.168.80.150:80  192.168.80.204:80\n"
            "TCP 100:00 ASSURED     192.168.80.10:0    192.168.80.150:80  192.168.80.204:80\n"
            "UDP 01:15  UDP         10.0.0.1:55442     192.168.80.150:53  1.2.3.4:8080\n"
            "IP  600:00 ASSURED     192.168.80.10:0    0.0.0.7:0          192.168.80.204:0\n");
}

// As ipvsadm 1.31 printed them on a director with an SCTP service.
TEST(IpvsadmSctp, IsListedAndSavedByItsName) {
  HostTables tables;
  tables.now = SimTime{} + 10_s;
  const IpvsServiceKey key{.protocol = 132, .addr = ip("10.0.1.100"), .port = 9000};
  tables.services.push_back({.key = key, .scheduler = "rr"});
  tables.dests.push_back({.service = key, .addr = ip("10.0.0.2"), .port = 9001, .inactive = 2});
  tables.conns.push_back({.protocol = 132,
                          .client = ip("10.0.1.1"),
                          .virt = ip("10.0.1.100"),
                          .dest = ip("10.0.0.2"),
                          .client_port = 60853,
                          .virt_port = 9000,
                          .dest_port = 9001,
                          .state = IpvsConnState::kSctpClosed,
                          .expires = tables.now + 57_s});
  EXPECT_EQ(render_ipvs_list(tables, command("ipvsadm -Ln")),
            "IP Virtual Server version 1.2.1 (size=4096)\n"
            "Prot LocalAddress:Port Scheduler Flags\n"
            "  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n"
            "SCTP 10.0.1.100:9000 rr\n"
            "  -> 10.0.0.2:9001                Masq    1      0          2         \n");
  EXPECT_EQ(render_ipvs_list(tables, command("ipvsadm -Lnc")),
            "IPVS connection entries\n"
            "pro expire state       source             virtual            destination\n"
            "SCTP 00:57  CLOSED      10.0.1.1:60853     10.0.1.100:9000    10.0.0.2:9001\n");
  EXPECT_EQ(render_ipvs_save(tables, true),
            "-A --sctp-service 10.0.1.100:9000 -s rr\n"
            "-a --sctp-service 10.0.1.100:9000 -r 10.0.0.2:9001 -m -w 1\n");
}

TEST(IpvsadmConnections, WithoutNumericPortsHaveNames) {
  EXPECT_THAT(render_ipvs_list(four_connections(), command("ipvsadm -lc")),
              testing::HasSubstr("UDP 01:15  UDP         10.0.0.1:55442     "
                                 "192.168.80.150:domain 1.2.3.4:8080\n"));
}

TEST(ProcIpVs, ConnectionsAreOneLineEach) {
  EXPECT_THAT(
      render_proc_ip_vs_conn(four_connections()),
      testing::StartsWith(
          "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n"
          "TCP C0A8500A CCD6 C0A85096 0050 C0A850CC 0050 FIN_WAIT        116\n"));
}

TEST(ProcIpVs, TotalsAreHexadecimal) {
  EXPECT_EQ(render_proc_ip_vs_stats({.conns = 0x2736,
                                     .in_pkts = 0x27d6,
                                     .out_pkts = 0x24,
                                     .in_bytes = 0xda17b4,
                                     .out_bytes = 0x103e,
                                     .cps = 0x4e4,
                                     .in_pps = 0x4e9,
                                     .out_pps = 1,
                                     .in_bps = 0x1b3e71,
                                     .out_bps = 0x74}),
            "   Total Incoming Outgoing         Incoming         Outgoing\n"
            "   Conns  Packets  Packets            Bytes            Bytes\n"
            "    2736     27D6       24           DA17B4             103E\n\n"
            " Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s\n"
            "     4E4      4E9        1           1B3E71               74\n");
}

/// Services with scheduler flags, and a server for each kind of tunnel.
HostTables flags_and_tunnels() {
  using enum IpvsTunnelChecksum;
  HostTables tables;
  IpvsServiceRow sh = service(6, 80, "sh");
  sh.sched_flags = kIpvsSchedFlag1 | kIpvsSchedFlag2;
  add(tables, sh, {});
  const auto tunnel = [&](std::string_view addr, const IpvsTunnel& how) {
    add(tables, {}, {{addr, 80, IpvsForward::kTunnel, 1}});
    tables.services.pop_back();
    tables.dests.back().service = sh.key;
    tables.dests.back().tunnel = how;
  };
  tunnel("10.0.0.3", {IpvsTunnelType::kGue, kNone, 6080});
  tunnel("10.0.0.5", {IpvsTunnelType::kGue, kRemote, 6080});
  tunnel("10.0.0.6", {IpvsTunnelType::kGre, kNone, 0});
  tunnel("10.0.0.7", {IpvsTunnelType::kGre, kFull, 0});
  tunnel("10.0.0.8", {});
  IpvsServiceRow mh = service(6, 82, "mh", 100);
  mh.sched_flags = kIpvsSchedFlag1;
  mh.netmask = ip("255.255.255.0");
  add(tables, mh, {{"10.0.0.2", 80, IpvsForward::kMasq, 3}});
  return tables;
}

TEST(IpvsadmListing, TunnelsAndSchedulerFlagsAreShown) {
  EXPECT_EQ(
      render_ipvs_list(flags_and_tunnels(), command("ipvsadm -ln --tun-info")),
      "IP Virtual Server version 1.2.1 (size=4096)\n"
      "Prot LocalAddress:Port Scheduler Flags\n"
      "  -> RemoteAddress:Port           Forward TunnelInfo    Weight ActiveConn InActConn\n"
      "TCP  192.168.80.150:80 sh (sh-fallback,sh-port)\n"
      "  -> 10.0.0.3:80                  Tunnel  gue:6080:-c   1      0          0         \n"
      "  -> 10.0.0.5:80                  Tunnel  gue:6080:r+c  1      0          0         \n"
      "  -> 10.0.0.6:80                  Tunnel  gre:-c        1      0          0         \n"
      "  -> 10.0.0.7:80                  Tunnel  gre:+c        1      0          0         \n"
      "  -> 10.0.0.8:80                  Tunnel  ipip          1      0          0         \n"
      "TCP  192.168.80.150:82 mh (mh-fallback) persistent 100 mask 255.255.255.0\n"
      "  -> 10.0.0.2:80                  Masq    n/a           3      0          0         \n");
}

TEST(IpvsadmSave, KeepsTunnelsAndSchedulerFlags) {
  EXPECT_EQ(render_ipvs_save(flags_and_tunnels(), true),
            "-A -t 192.168.80.150:80 -s sh -b sh-fallback,sh-port\n"
            "-a -t 192.168.80.150:80 -r 10.0.0.3:80 -i -w 1 --tun-type gue --tun-port 6080 "
            "--tun-nocsum\n"
            "-a -t 192.168.80.150:80 -r 10.0.0.5:80 -i -w 1 --tun-type gue --tun-port 6080 "
            "--tun-remcsum\n"
            "-a -t 192.168.80.150:80 -r 10.0.0.6:80 -i -w 1 --tun-type gre --tun-nocsum\n"
            "-a -t 192.168.80.150:80 -r 10.0.0.7:80 -i -w 1 --tun-type gre --tun-csum\n"
            "-a -t 192.168.80.150:80 -r 10.0.0.8:80 -i -w 1 --tun-type ipip\n"
            "-A -t 192.168.80.150:82 -s mh -p 100 -M 255.255.255.0 -b mh-fallback\n"
            "-a -t 192.168.80.150:82 -r 10.0.0.2:80 -m -w 3\n");
}

TEST(IpvsadmListing, OfSyncDaemonsHasALineForEach) {
  EXPECT_EQ(render_ipvs_daemons({}), "");
  const std::vector<IpvsSyncDaemon> both{
      {.sync_id = 3, .max_length = 1472, .group{0xe000'0051}, .port = 8848, .ttl = 1},
      {.backup = true,
       .interface = "eth1",
       .max_length = 1024,
       .group{0xef01'0101},
       .port = 9,
       .ttl = 2}};
  EXPECT_EQ(render_ipvs_daemons(both),
            "master sync daemon (mcast=eth0, syncid=3, maxlen=1472, group=224.0.0.81, port=8848, "
            "ttl=1)\n"
            "backup sync daemon (mcast=eth1, syncid=0, maxlen=1024, group=239.1.1.1, port=9, "
            "ttl=2)\n");
}

TEST(IpvsadmListing, TimeoutsAreOneLine) {
  EXPECT_EQ(render_ipvs_timeouts({900, 120, 300}), "Timeout (tcp tcpfin udp): 900 120 300\n");
}

}  // namespace
}  // namespace lvslab::command
