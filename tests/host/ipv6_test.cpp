// Hosts that speak IPv6: what students type, what is sent, and why.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/trace/fold.h"
#include "sim/trace/text.h"
#include "sim/wire/dissect.h"
#include "tests/host/lan.h"

namespace lvslab::host {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

BootConfig six(char host) {
  BootConfig boot = on_lan(host);
  boot.ipv6 = true;
  const auto number = static_cast<std::uint64_t>(host - 'a') + 1;
  boot.nics[0].addresses6 = {{{0x2001'0db8'0000'0000ULL, number}, 64}};
  return boot;
}

/// a, b and c with 2001:db8::1/64, ::2 and ::3 on eth0.
class SixLan : public Lan {
 public:
  SixLan() : Lan({six('a'), six('b'), six('c')}) {}

  /// How many frames `host` sent whose line begins so.
  int sent(char host, std::string_view begin) {
    int count = 0;
    Describer describer(Language::kEn);
    for (const TraceRecord& r : trace.records()) {
      if (r.kind != RecordKind::kFrameSent || r.node != id(host)) continue;
      count += describer.frame_line(trace, r.frame).starts_with(begin) ? 1 : 0;
    }
    return count;
  }
};

TEST(Ipv6, EveryInterfaceHasALinkLocalAddress) {
  SixLan lan;
  EXPECT_EQ(lan.type('a', "ip -6 addr"),
            "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 state UNKNOWN qlen 1000\n"
            "    inet6 ::1/128 scope host \n"
            "       valid_lft forever preferred_lft forever\n"
            "2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 state UP qlen 1000\n"
            "    inet6 2001:db8::1/64 scope global \n"
            "       valid_lft forever preferred_lft forever\n"
            "    inet6 fe80::ff:fe00:1/64 scope link \n"
            "       valid_lft forever preferred_lft forever\n");
  EXPECT_THAT(lan.type('a', "ip addr show eth0"), HasSubstr("inet 10.0.0.1/24"));
  EXPECT_THAT(lan.type('a', "ip addr show eth0"), HasSubstr("inet6 2001:db8::1/64"));
  EXPECT_THAT(lan.type('a', "ip -4 addr"), Not(HasSubstr("inet6")));
}

TEST(Ipv6, RoutesAreThoseOfTheAddresses) {
  SixLan lan;
  EXPECT_EQ(lan.type('a', "ip -6 route"),
            "2001:db8::/64 dev eth0 proto kernel metric 256 pref medium\n"
            "fe80::/64 dev eth0 proto kernel metric 256 pref medium\n");
  EXPECT_EQ(lan.type('a', "ip -6 route show table local"),
            "local ::1 dev lo proto kernel metric 0 pref medium\n"
            "local 2001:db8::1 dev eth0 proto kernel metric 0 pref medium\n"
            "local fe80::ff:fe00:1 dev eth0 proto kernel metric 0 pref medium\n"
            "multicast ff00::/8 dev eth0 proto kernel metric 256 pref medium\n");
}

TEST(Ipv6, AQuestionGoesToTheGroupOfTheAddress) {
  SixLan lan;
  EXPECT_THAT(lan.type('a', "ping -c 1 2001:db8::2"), HasSubstr("1 received"));
  EXPECT_EQ(lan.sent('a', "IP6 2001:db8::1 > ff02::1:ff00:2: ICMP6, neighbor solicitation"), 1);
  EXPECT_EQ(lan.sent('b', "IP6 2001:db8::2 > 2001:db8::1: ICMP6, neighbor advertisement"), 1);
  EXPECT_EQ(lan.decided('c', Reason::kIp6NoGroup), 1);  // the switch floods: c is not asked
  EXPECT_EQ(lan.type('a', "ip -6 neigh"),
            "2001:db8::2 dev eth0 lladdr 02:00:00:00:00:02 REACHABLE \n");
  EXPECT_EQ(lan.type('b', "ip -6 neigh"), "2001:db8::1 dev eth0 lladdr 02:00:00:00:00:01 DELAY \n");
}

TEST(Ipv6, WhoAnsweredAsksBackAfterFiveSeconds) {
  SixLan lan;
  lan.type('a', "ping -c 1 2001:db8::2");
  lan.pass(kSecond * 4);
  EXPECT_EQ(lan.decided('b', Reason::kNdProbeSent), 0);
  lan.pass(kSecond * 2);
  EXPECT_EQ(lan.decided('b', Reason::kNdProbeSent), 1);
  EXPECT_THAT(lan.type('b', "ip -6 neigh"),
              HasSubstr("2001:db8::1 dev eth0 lladdr 02:00:00:00:00:01 REACHABLE"));
}

TEST(Ipv6, AHostSpeaksOnlyForTheInterfaceThatWasAsked) {
  SixLan lan;
  lan.type('b', "ip -6 addr add 2001:db8::100/128 dev lo");
  const std::string ping = lan.type('a', "ping -c 1 2001:db8::100");
  EXPECT_THAT(ping, HasSubstr("Destination unreachable: Address unreachable"));
  EXPECT_EQ(lan.status(), 1);
  EXPECT_EQ(lan.decided('b', Reason::kNdAnswered), 0);
  // Told where to go, it is reached: the address is b's all the same.
  lan.type('a', "ip -6 route add 2001:db8::100 via 2001:db8::2");
  EXPECT_THAT(lan.type('a', "ping -c 1 2001:db8::100"), HasSubstr("1 received"));
}

TEST(Ipv6, WebServersListenForEachVersion) {
  SixLan lan;
  lan.type('b', "yum install -y httpd");
  lan.type('b', "echo hello > /var/www/html/index.html; service httpd start");
  EXPECT_EQ(lan.type('a', "curl -g 'http://[2001:db8::2]/'"), "hello\n");
  EXPECT_EQ(lan.type('a', "curl -6 http://b/"), "hello\n");
  EXPECT_EQ(lan.type('a', "curl -4 http://b/"), "hello\n");
  EXPECT_THAT(lan.type('b', "ss -ltn"), HasSubstr("[::]:80"));
  EXPECT_THAT(lan.type('a', "curl -sg -w '%{remote_ip}' -o /dev/null 'http://[2001:db8::2]:80/'"),
              EndsWith("2001:db8::2"));
}

TEST(Ipv6, ChecksumsOnTheWireAreRight) {
  SixLan lan;
  lan.type('b', "yum install -y httpd");
  lan.type('b', "service httpd start");
  lan.type('a', "curl -sg 'http://[2001:db8::2]/'");
  lan.type('a', "traceroute -n 10.0.0.2");
  int checked = 0;
  for (std::uint32_t i = 0; i < lan.trace.frame_count(); ++i) {
    const Bytes frame = lan.trace.frame(FrameId(i));
    if (frame[12] != 0x86) continue;
    for (const Field& field : dissect(frame)) {
      EXPECT_NE(field.name, "malformed") << field.value;
      if (field.name != "checksum") continue;
      ++checked;
      EXPECT_THAT(field.value, EndsWith("(correct)"));
    }
  }
  EXPECT_GT(checked, 10);
}

TEST(Ipv6, ARefusedConnectionAndADeadPortAreTold) {
  SixLan lan;
  EXPECT_THAT(lan.type('a', "curl -g 'http://[2001:db8::2]:81/'"), HasSubstr("curl: (7)"));
  EXPECT_THAT(lan.type('a', "ping -c 1 2001:db9::1"), HasSubstr("Network is unreachable"));
}

TEST(Ipv6, ChangesAreWhatTheKernelMakesOfThem) {
  SixLan lan;
  EXPECT_EQ(lan.type('a', "ip -6 addr add 2001:db8::1/64 dev eth0"),
            "RTNETLINK answers: File exists\n");
  EXPECT_EQ(lan.type('a', "ip addr add 2001:db8:5::1/64 dev eth0"), "");
  EXPECT_EQ(lan.type('a', "ip -6 route add 2001:db8:6::/64 via 2001:db8:5::9"), "");
  EXPECT_THAT(lan.type('a', "ip -6 route"),
              HasSubstr("2001:db8:6::/64 via 2001:db8:5::9 dev eth0 metric 1024 pref medium\n"));
  EXPECT_EQ(lan.type('a', "ip -6 route get 2001:db8:6::1"),
            "2001:db8:6::1 from :: via 2001:db8:5::9 dev eth0 src 2001:db8:5::1 metric 1024 "
            "pref medium\n");
  EXPECT_EQ(lan.type('a', "ip -6 route add 2001:db8:7::/64 via 2001:db9::9"),
            "RTNETLINK answers: No route to host\n");
  EXPECT_EQ(lan.type('a', "ip -6 route del 2001:db8:9::/64"),
            "RTNETLINK answers: No such process\n");
  EXPECT_EQ(lan.type('a', "ip -6 addr del 2001:db8:5::1/64 dev eth0"), "");
  EXPECT_THAT(lan.type('a', "ip -6 route"), Not(HasSubstr("2001:db8:5::/64")));
  EXPECT_EQ(lan.type('a', "ip -6 neigh add 2001:db8::9 lladdr 02:00:00:00:00:99 dev eth0"), "");
  EXPECT_EQ(lan.type('a', "ip -6 neigh"),
            "2001:db8::9 dev eth0 lladdr 02:00:00:00:00:99 PERMANENT \n");
}

TEST(Ipv6, AnInterfaceThatGoesDownLosesAllItsAddresses) {
  SixLan lan;
  lan.type('a', "ip link set eth0 down");
  EXPECT_EQ(lan.type('a', "ip -6 route"), "");
  lan.type('a', "ip link set eth0 up");
  EXPECT_THAT(lan.type('a', "ip -6 addr show eth0"), Not(HasSubstr("2001:db8::1")));
  EXPECT_THAT(lan.type('a', "ip -6 addr show eth0"), HasSubstr("fe80::ff:fe00:1/64"));
}

TEST(Ipv6, TheFoldedTraceShowsTheSameTables) {
  SixLan lan;
  lan.type('a', "ping -c 1 2001:db8::2");
  lan.type('a', "ip -6 addr add 2001:db8::77/128 dev lo");
  const HostTables folded = fold(lan.trace, Lan::id('a'));
  const HostTables live = lan.network.tables(Lan::id('a'));
  EXPECT_EQ(folded.addrs6, live.addrs6);
  EXPECT_EQ(folded.routes6, live.routes6);
  ASSERT_EQ(folded.neighs.size(), live.neighs.size());
  EXPECT_EQ(folded.neighs[0].ip, live.neighs[0].ip);
}

TEST(Ipv6, ReasonsShowAddresses) {
  SixLan lan;
  lan.type('a', "ping -c 1 2001:db8::2");
  EXPECT_THAT(dump_text(lan.trace, Language::kEn),
              HasSubstr("a asks the group of 2001:db8::2 on eth0 who has that address; it asks as "
                        "2001:db8::1."));
}

TEST(Ipv6, IsOffWhereTheLabDoesNotUseIt) {
  Lan lan;
  EXPECT_THAT(lan.type('a', "ip -6 addr add 2001:db8::1/64 dev eth0"),
              HasSubstr("Operation not supported"));
  EXPECT_EQ(lan.status(), 2);
  EXPECT_EQ(lan.type('a', "ip -6 addr"), "");
  EXPECT_THAT(lan.type('a', "ping -c 1 2001:db8::2"), HasSubstr("Network is unreachable"));
}

TEST(Ipv6, TheSameLabGivesTheSameDigest) {
  const auto run = [] {
    SixLan lan;
    lan.type('a', "ping -c 2 2001:db8::3");
    lan.type('b', "ping -c 1 2001:db8::9");
    return lan.trace.digest();
  };
  EXPECT_EQ(run(), run());
}

}  // namespace
}  // namespace lvslab::host
