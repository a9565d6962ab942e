// The way of a packet through one host: which room is asked first, and who gets it in the end.
#include "sim/wire/summary.h"
#include "tests/host/lan.h"

namespace lvslab::host {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

/// a asks, b is the director, c serves with the VIP 10.0.0.100 on lo.
class Dr : public testing::Test {
 protected:
  Dr() {
    lan.type('b', "ip addr add 10.0.0.100/24 dev eth0");
    lan.type('b', "ipvsadm -A -t 10.0.0.100:80 -s rr; ipvsadm -a -t 10.0.0.100:80 -r 10.0.0.3 -g");
    lan.type('c', "echo 1 > /proc/sys/net/ipv4/conf/all/arp_ignore");
    lan.type('c', "echo 2 > /proc/sys/net/ipv4/conf/all/arp_announce");
    lan.type('c', "ip addr add 10.0.0.100/32 dev lo");
    for (const char host : {'b', 'c'}) {
      lan.type(host, "yum install httpd -y; service httpd start");
      lan.type(host, std::string("echo ") + host + " > /var/www/html/index.html");
    }
  }
  Lan lan{3};
};

TEST_F(Dr, IpvsTakesAPacketBeforeAListenerOfTheDirectorItself) {
  EXPECT_EQ(lan.type('a', "curl -s http://10.0.0.100/"), "c\n")
      << "httpd of the director listens on the VIP as well, but the hook comes first";
  EXPECT_THAT(lan.reasons('b'), Not(Contains(Reason::kTcpSynAccepted)));
  EXPECT_EQ(lan.type('a', "curl -s http://10.0.0.2/"), "b\n") << "its own address is no service";
}

TEST_F(Dr, ThePacketIsRoutedBeforeTheHookAndOnlyThenGivenToIpvs) {
  const std::size_t from = lan.trace.size();
  lan.type('a', "curl -s http://10.0.0.100/");
  const auto reasons = lan.reasons('b', from);
  const auto routed = std::ranges::find(reasons, Reason::kRouteLocal);
  const auto hooked = std::ranges::find(reasons, Reason::kIpvsServiceFound);
  const auto sent = std::ranges::find(reasons, Reason::kIpvsDirectRouting);
  ASSERT_NE(sent, reasons.end());
  EXPECT_LT(routed, hooked);
  EXPECT_LT(hooked, sent);
}

TEST_F(Dr, TheRealServerDeliversOnLoAndAnswersPastTheDirector) {
  lan.type('c', "tcpdump -n -i eth0 -c 2 tcp > seen & true");
  lan.type('a', "curl -s http://10.0.0.100/");
  EXPECT_THAT(lan.type('c', "cat seen"), HasSubstr("IP 10.0.0.100.80 > 10.0.0.1."));
  EXPECT_THAT(lan.reasons('b'), Not(Contains(Reason::kForwarded)));
  EXPECT_THAT(lan.type('b', "ipvsadm -ln --stats"), HasSubstr("10.0.0.3:80"));
}

TEST_F(Dr, PingOfTheVipIsAnsweredByTheDirector) {
  EXPECT_THAT(lan.type('a', "ping -c 1 10.0.0.100"), HasSubstr("1 received"));
  EXPECT_GE(lan.decided('b', Reason::kEchoAnswered), 1);
  EXPECT_EQ(lan.decided('c', Reason::kEchoAnswered), 0);
}

TEST_F(Dr, TheDirectorsOwnRequestsMeetIpvsAtLocalOut) {
  // The real server answers as the VIP, which is the director's own address, too: nothing that may
  // come in from outside.
  lan.type('b', "curl -s -m 1 http://10.0.0.100/");
  EXPECT_EQ(lan.status(), 28);
  EXPECT_GE(lan.decided('b', Reason::kIpvsServiceFound), 1);
  EXPECT_GE(lan.decided('c', Reason::kTcpSynAccepted), 1);
  EXPECT_GE(lan.decided('b', Reason::kMartianSource), 1);
}

TEST_F(Dr, AClientOnTheDirectorIsSeenInBothDirections) {
  lan.type('b', "ip addr del 10.0.0.100/24 dev eth0");
  EXPECT_EQ(lan.type('b', "curl -s http://10.0.0.100/"), "c\n");
  lan.pass(kSecond);  // for the FIN of the server
  EXPECT_THAT(lan.type('b', "ipvsadm -lnc"), HasSubstr("TIME_WAIT")) << "FIN_WAIT: one direction";
}

TEST_F(Dr, ADestinationOfItsOwnIsDeliveredOnTheDirector) {
  lan.type('b', "ipvsadm -d -t 10.0.0.100:80 -r 10.0.0.3");
  lan.type('b', "ipvsadm -a -t 10.0.0.100:80 -r 10.0.0.2 -g");
  EXPECT_EQ(lan.type('a', "curl -s http://10.0.0.100/"), "b\n");
  EXPECT_GE(lan.decided('b', Reason::kIpvsLocalNode), 1);
}

TEST_F(Dr, WithoutItsServiceTheDirectorAnswersItself) {
  lan.type('b', "ipvsadm -C");
  EXPECT_EQ(lan.type('a', "curl -s http://10.0.0.100/"), "b\n");
}

// --- local delivery and forwarding ---------------------------------------------------------------

TEST(Local, AHostReachesItsOwnAddressesOverLo) {
  Lan lan(1);
  lan.type('a', "tcpdump -n -i lo -c 2 > seen & true");
  EXPECT_THAT(lan.type('a', "ping -c 1 10.0.0.1"), HasSubstr("1 received"));
  EXPECT_THAT(lan.type('a', "cat seen"), HasSubstr("10.0.0.1 > 10.0.0.1: ICMP echo request"));
  EXPECT_EQ(lan.type('a', "ip neigh"), "") << "nobody had to be asked";
}

TEST(Local, APacketForAnotherAddressIsDroppedUnlessTheHostForwards) {
  Lan lan(3);
  lan.type('a', "ip route add 10.5.0.0/16 via 10.0.0.2");
  lan.type('c', "ip addr add 10.5.0.1/16 dev lo; ip route add 10.5.0.0/16 dev lo");
  lan.type('b', "ip route add 10.5.0.0/16 via 10.0.0.3");
  EXPECT_THAT(lan.type('a', "ping -c 1 -W 1 10.5.0.1"), HasSubstr("0 received"));
  lan.type('b', "echo 1 > /proc/sys/net/ipv4/ip_forward");
  EXPECT_THAT(lan.type('a', "ping -c 1 -W 1 10.5.0.1"), HasSubstr("1 received"));
}

TEST(Local, AFrameForAnotherMacIsNotLookedAt) {
  Lan lan(2);
  lan.type('a', "ip neigh replace 10.0.0.2 lladdr 02:00:00:00:00:99 dev eth0 nud permanent");
  EXPECT_THAT(lan.type('a', "ping -c 1 -W 1 b"), HasSubstr("0 received"));
  EXPECT_EQ(lan.decided('b', Reason::kEchoAnswered), 0);
  EXPECT_GE(lan.decided('b', Reason::kNotForUs), 1);
}

TEST(Local, AClosedPortAnswersInTheWayOfItsProtocol) {
  Lan lan(2);
  EXPECT_THAT(lan.type('a', "curl http://b:81/"), HasSubstr("Couldn't connect to server"));
  EXPECT_EQ(lan.status(), 7);
  EXPECT_GE(lan.decided('b', Reason::kTcpNoListener), 1);
  EXPECT_THAT(lan.type('a', "traceroute -n b"), HasSubstr("10.0.0.2"));
}

}  // namespace
}  // namespace lvslab::host
