// The listings of ipvsadm 1.31 and of /proc/net about IPv6, against what Linux 6.1 printed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sim/command/ipvsadm.h"

namespace lvslab::command {
namespace {

using namespace lvslab::literals;

Ipv6Addr ip6(std::string_view text) { return *Ipv6Addr::parse(text); }

void add6(HostTables& tables, const IpvsServiceKey& key, std::string_view scheduler,
          const std::vector<std::string_view>& servers) {
  IpvsServiceRow row;
  row.key = key;
  row.scheduler = scheduler;
  row.netmask = {128};
  tables.services.push_back(row);
  for (const std::string_view server : servers) {
    IpvsDestRow dest;
    dest.service = key;
    dest.addr = ip6(server);
    dest.port = key.port;
    dest.forward = IpvsForward::kRoute;
    tables.dests.push_back(dest);
  }
}

HostTables six_tables() {
  HostTables tables;
  add6(tables, {17, ip6("2001:db8::150"), 53, 0}, "sh", {});
  tables.services.back().persistent = true;
  tables.services.back().timeout_s = 60;
  tables.services.back().netmask = {64};
  add6(tables, {0, Ipv6Addr::any(), 0, 3}, "wlc", {});
  add6(tables, {6, ip6("2001:db8::150"), 80, 0}, "rr",
       {"2001:db8:1111:2222:3333:4444:5555:6666", "2001:db8::204", "::1", "2001:db8::a"});
  add6(tables, {6, ip6("f001:db8::150"), 80, 0}, "rr", {});
  IpvsServiceRow four;
  four.key = {17, *Ipv4Addr::parse("192.168.80.150"), 80, 0};
  four.scheduler = "rr";
  tables.services.push_back(four);
  return tables;
}

TEST(IpvsadmRender, ServicesOfIpv6FollowThoseOfIpv4AndAreNotCutOff) {
  IpvsadmCommand list;
  list.list.numeric = true;
  EXPECT_EQ(
      render_ipvs_list(six_tables(), list),
      "IP Virtual Server version 1.2.1 (size=4096)\n"
      "Prot LocalAddress:Port Scheduler Flags\n"
      "  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n"
      "UDP  192.168.80.150:80 rr\n"
      "TCP  [f001:db8::150]:80 rr\n"
      "TCP  [2001:db8::150]:80 rr\n"
      "  -> [::1]:80                     Route   1      0          0         \n"
      "  -> [2001:db8::a]:80             Route   1      0          0         \n"
      "  -> [2001:db8::204]:80           Route   1      0          0         \n"
      "  -> [2001:db8:1111:2222:3333:4444:5555:6666]:80 Route   1      0          0         \n"
      "UDP  [2001:db8::150]:53 sh persistent 60 mask 64\n"
      "FWM  3 IPv6 wlc\n");
}

TEST(IpvsadmRender, SavesIpv6InBrackets) {
  const std::string saved = render_ipvs_save(six_tables(), true);
  EXPECT_THAT(saved, testing::HasSubstr("-A -u [2001:db8::150]:53 -s sh -p 60 -M 64\n"));
  EXPECT_THAT(saved, testing::HasSubstr("-A -f 3 -6 -s wlc\n"));
  EXPECT_THAT(saved,
              testing::HasSubstr("-a -t [2001:db8::150]:80 -r [2001:db8::204]:80 -g -w 1\n"));
}

TEST(IpvsadmRender, NamesOfIpv6HostsStandInBracketsToo) {
  const HostName names[] = {{ip6("2001:db8::204"), "node03"}};
  EXPECT_THAT(render_ipvs_list(six_tables(), {}, names),
              testing::HasSubstr("  -> [node03]:http                Route"));
}

TEST(IpvsadmRender, FilesOfProcHaveIpv6InFull) {
  HostTables tables = six_tables();
  tables.conns.push_back({.protocol = 6,
                          .client = ip6("2001:db8::10"),
                          .virt = ip6("2001:db8::150"),
                          .dest = ip6("2001:db8::202"),
                          .client_port = 0xbb3c,
                          .virt_port = 80,
                          .dest_port = 80,
                          .state = IpvsConnState::kFinWait,
                          .expires = SimTime{} + 120_s});
  const std::string listed = render_proc_ip_vs(tables);
  EXPECT_THAT(listed, testing::HasSubstr("UDP  [2001:0db8:0000:0000:0000:0000:0000:0150]:0035 sh "
                                         "persistent 6000 40000000\n"));
  EXPECT_THAT(listed, testing::HasSubstr(
                          "  -> [2001:0db8:0000:0000:0000:0000:0000:0204]:0050      Route   1 "));
  EXPECT_THAT(listed, testing::HasSubstr("FWM  00000003 wlc \n"));
  EXPECT_THAT(render_proc_ip_vs_conn(tables),
              testing::HasSubstr("TCP 2001:0db8:0000:0000:0000:0000:0000:0010 BB3C "
                                 "2001:0db8:0000:0000:0000:0000:0000:0150 0050 "
                                 "2001:0db8:0000:0000:0000:0000:0000:0202 0050 FIN_WAIT        "
                                 "120\n"));
  EXPECT_EQ(render_ipvs_connections(tables, {.numeric = true}),
            "IPVS connection entries\n"
            "pro expire state       source             virtual            destination\n"
            "TCP 02:00  FIN_WAIT    [2001:db8::10]:47932 [2001:db8::150]:80 [2001:db8::202]:80\n");
}

}  // namespace
}  // namespace lvslab::command
