// Names that a name server tells: who asks, and what the programs do meanwhile.
#include <gmock/gmock.h>

#include "tests/host/lan.h"

namespace lvslab::host {
namespace {

using namespace lvslab::literals;
using testing::HasSubstr;

/// a asks b, which knows www.lab.test as c and b.
Lan with_names() {
  Lan lan(3);
  lan.type('a', "echo 'hosts: files dns' > /etc/nsswitch.conf");
  lan.type('a', "echo nameserver 10.0.0.2 > /etc/resolv.conf");
  lan.type('b', "echo host-record=www.lab.test,10.0.0.3 > /etc/dnsmasq.conf");
  lan.type('b', "echo host-record=www.lab.test,10.0.0.2 >> /etc/dnsmasq.conf");
  lan.type('b', "echo local=/lab.test/ >> /etc/dnsmasq.conf");
  lan.type('b', "yum install dnsmasq -y");
  lan.type('b', "service dnsmasq start");
  return lan;
}

TEST(Names, PingAsksAndThenBegins) {
  Lan lan = with_names();
  EXPECT_THAT(lan.type('a', "ping -n -c 1 www.lab.test"),
              HasSubstr("PING www.lab.test (10.0.0.3)"));
  EXPECT_EQ(lan.decided('b', Reason::kDnsAnswered), 1);
  EXPECT_EQ(lan.decided('b', Reason::kDnsNoData), 1);  // AAAA
}

TEST(Names, FilesComeFirst) {
  Lan lan = with_names();
  lan.type('a', "ping -c 1 c");
  EXPECT_EQ(lan.status(), 0);
  EXPECT_EQ(lan.decided('a', Reason::kNameAsked), 0);
}

TEST(Names, WithoutNsswitchNobodyIsAsked) {
  Lan lan = with_names();
  lan.type('a', "rm /etc/nsswitch.conf");
  EXPECT_EQ(lan.type('a', "ping -n -c 1 www.lab.test"),
            "ping: www.lab.test: Name or service not known\n");
  EXPECT_EQ(lan.decided('a', Reason::kNameAsked), 0);
}

TEST(Names, WhatNoRouteLeadsToComesLast) {
  Lan lan = with_names();
  lan.type('b', "echo host-record=far.lab.test,192.168.9.9 >> /etc/dnsmasq.conf");
  lan.type('b', "echo host-record=far.lab.test,10.0.0.7 >> /etc/dnsmasq.conf");
  lan.type('b', "service dnsmasq restart");
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(lan.type('a', "ping -n -c 1 -w 1 far.lab.test"), HasSubstr("(10.0.0.7)"));
  }
}

TEST(Names, OtherwiseTheServersOrderCounts) {
  Lan lan = with_names();
  EXPECT_THAT(lan.type('a', "ping -n -c 1 www.lab.test"), HasSubstr("(10.0.0.3)"));
  EXPECT_THAT(lan.type('a', "ping -n -c 1 www.lab.test"), HasSubstr("(10.0.0.2)"));
}

TEST(Names, ASilentServerIsAskedTwiceAndEndsInTenSeconds) {
  Lan lan = with_names();
  lan.crash('b');
  const SimTime began = lan.network.now();
  EXPECT_EQ(lan.type('a', "curl -s http://www.lab.test/"), "");
  EXPECT_EQ(lan.status(), 6);
  EXPECT_EQ(lan.network.now() - began, 10_s);
  EXPECT_EQ(lan.decided('a', Reason::kNameServerSilent), 2);
}

TEST(Names, AStoppedServerIsNoticedAtOnce) {
  Lan lan = with_names();
  lan.type('b', "service dnsmasq stop");
  const SimTime began = lan.network.now();
  EXPECT_EQ(lan.type('a', "ping -n -c 1 www.lab.test"),
            "ping: www.lab.test: Temporary failure in name resolution\n");
  EXPECT_LT(lan.network.now() - began, 10_ms);
  EXPECT_THAT(lan.type('b', "cat /var/log/messages"), HasSubstr("exiting on receipt of SIGTERM"));
}

TEST(Names, InterruptEndsAProgramThatWaitsForAName) {
  Lan lan = with_names();
  lan.crash('b');
  const JobId ping = lan.start('a', "ping -n www.lab.test");
  lan.pass(1_s);
  lan.network.interrupt(Lan::id('a'), ping, &lan.trace);
  EXPECT_TRUE(lan.job('a', ping).done);
  EXPECT_EQ(lan.job('a', ping).status, 130);
  lan.pass(20_s);
  EXPECT_EQ(lan.decided('a', Reason::kNameServerSilent), 0);
}

TEST(Names, WhatCannotBeAskedIsSaid) {
  Lan lan = with_names();
  EXPECT_THAT(lan.type('a', "ping -c 1 www.lab.test"),
              HasSubstr("lvslab: ping: asking name servers"));
  EXPECT_EQ(lan.status(), 2);
  lan.type('a', "echo search lab.test >> /etc/resolv.conf");
  EXPECT_THAT(lan.type('a', "curl http://www.lab.test/"),
              HasSubstr("lvslab: /etc/resolv.conf:2:1: search is not modelled"));
  lan.type('b', "echo server=1.1.1.1 >> /etc/dnsmasq.conf");
  EXPECT_THAT(lan.type('b', "service dnsmasq restart"),
              HasSubstr("/etc/dnsmasq.conf:4:1: server is not modelled"));
  EXPECT_EQ(lan.status(), 1);
}

TEST(Names, TheServiceComesBackAfterAReboot) {
  Lan lan = with_names();
  lan.type('b', "systemctl enable dnsmasq");
  lan.reboot('b');
  EXPECT_EQ(lan.type('b', "systemctl is-active dnsmasq"), "active\n");
  EXPECT_THAT(lan.type('b', "netstat -lnp"), HasSubstr("dnsmasq"));
}

}  // namespace
}  // namespace lvslab::host
