// A director of IPv6 on a LAN: a is the client, b the director, c the real server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/trace/fold.h"
#include "tests/host/lan.h"

namespace lvslab::host {
namespace {

using testing::HasSubstr;

constexpr SimDuration kIpvs6Second{1'000'000'000};

BootConfig host6(char host) {
  BootConfig boot = on_lan(host);
  boot.ipv6 = true;
  const auto number = static_cast<std::uint64_t>(host - 'a') + 1;
  boot.nics[0].addresses6 = {{{0x2001'0db8'0000'0000ULL, number}, 64}};
  return boot;
}

/// The VIP 2001:db8::150 is on eth0 of b, and on lo of c.
class Balanced : public Lan {
 public:
  Balanced() : Lan({host6('a'), host6('b'), host6('c')}) {
    type('b', "ip -6 addr add 2001:db8::150/64 dev eth0");
    type('c', "ip -6 addr add 2001:db8::150/128 dev lo");
    type('c', "yum install -y httpd; echo c > /var/www/html/index.html; service httpd start");
  }
  std::string get(std::string_view port = "80") {
    const std::string page =
        type('a', "curl -g -s 'http://[2001:db8::150]:" + std::string(port) + "/'");
    pass(kIpvs6Second);  // the end of the connection
    return page;
  }
  int count(Reason reason, char host) {
    int count = 0;
    for (const TraceRecord& r : trace.records()) {
      count += r.reason == reason && r.node == id(host) ? 1 : 0;
    }
    return count;
  }
};

TEST(Ipvs6, DirectRoutingLeavesTheAddressesAlone) {
  Balanced lan;
  lan.type('b', "ipvsadm -A -t [2001:db8::150]:80 -s rr");
  lan.type('b', "ipvsadm -a -t [2001:db8::150]:80 -r [2001:db8::3]:80 -g");
  EXPECT_EQ(lan.get(), "c\n");
  EXPECT_EQ(lan.count(Reason::kIpvsDirectRouting, 'b'), 6);
  EXPECT_THAT(lan.type('b', "ipvsadm -lnc"), HasSubstr("[2001:db8::150]:80 [2001:db8::3]:80"));
  EXPECT_EQ(lan.count(Reason::kIpvsAnswerRewritten, 'b'), 0);
}

TEST(Ipvs6, AServiceOfOneVersionLeavesTheOtherAlone) {
  Balanced lan;
  lan.type('b', "ipvsadm -A -t [2001:db8::150]:80 -s rr");
  lan.type('b', "ipvsadm -A -t 10.0.0.2:80 -s rr");
  lan.type('b', "ipvsadm -D -t [2001:db8::150]:80");
  EXPECT_THAT(lan.type('a', "curl -g 'http://[2001:db8::150]/'"), HasSubstr("Failed to connect"));
  EXPECT_EQ(lan.count(Reason::kIpvsNoService, 'b'), 0) << "no hook of IPv6 is left";
}

TEST(Ipvs6, WithoutAServerTheClientHearsThatThePortIsUnreachable) {
  Balanced lan;
  lan.type('b', "ipvsadm -A -t [2001:db8::150]:80 -s rr");
  EXPECT_THAT(lan.type('a', "curl -g 'http://[2001:db8::150]/'"), HasSubstr("Failed to connect"));
  EXPECT_GE(lan.count(Reason::kIpvsNoDestination, 'b'), 1);
  EXPECT_EQ(lan.count(Reason::kIcmp6ErrorSent, 'b'), 1);
}

TEST(Ipvs6, AServerThatNoRouteLeadsToIsAnUnreachableAddress) {
  Balanced lan;
  lan.type('b', "ipvsadm -A -t [2001:db8::150]:80 -s rr");
  lan.type('b', "ipvsadm -a -t [2001:db8::150]:80 -r [2001:db8:9::3]:80 -g");
  lan.get();
  EXPECT_GE(lan.count(Reason::kIpvsNoRoute, 'b'), 1);
  EXPECT_GE(lan.count(Reason::kIcmp6ErrorSent, 'b'), 1);
}

TEST(Ipvs6, MasqueradingToThisHostAnswersAsTheVirtualAddress) {
  Balanced lan;
  lan.type('b', "yum install -y httpd; echo b > /var/www/html/index.html; service httpd start");
  lan.type('b', "ipvsadm -A -t [2001:db8::150]:8080 -s rr");
  lan.type('b', "ipvsadm -a -t [2001:db8::150]:8080 -r [2001:db8::2]:80 -m");
  EXPECT_EQ(lan.get("8080"), "b\n");
  EXPECT_EQ(lan.count(Reason::kIpvsLocalNode, 'b'), 6);
  EXPECT_GE(lan.count(Reason::kIpvsAnswerRewritten, 'b'), 3);
}

TEST(Ipvs6, NobodyElsewhereIsMasqueradedToTheLoopbackAddress) {
  Balanced lan;
  lan.type('b', "ipvsadm -A -t [2001:db8::150]:80 -s rr");
  lan.type('b', "ipvsadm -a -t [2001:db8::150]:80 -r [::1]:80 -m");
  lan.type('a', "curl -g -s -m 1 'http://[2001:db8::150]/'");
  EXPECT_GE(lan.count(Reason::kMartianDestination, 'b'), 1);
}

TEST(Ipvs6, ErrorsAboutServersOfNatAreDropped) {
  Balanced lan;
  lan.type('b', "ipvsadm -A -t [2001:db8::150]:80 -s rr");
  lan.type('b', "ipvsadm -a -t [2001:db8::150]:80 -r [2001:db8::9]:80 -m");
  EXPECT_THAT(lan.type('a', "curl -g -m 5 'http://[2001:db8::150]/'"), HasSubstr("timed out"));
  EXPECT_GE(lan.count(Reason::kIcmp6Malformed, 'b'), 1) << "the neighbour never answered";
}

TEST(Ipvs6, ErrorsAboutDirectRoutingReachTheClient) {
  Balanced lan;
  lan.type('b', "ipvsadm -A -t [2001:db8::150]:80 -s rr");
  lan.type('b', "ipvsadm -a -t [2001:db8::150]:80 -r [2001:db8::9]:80 -g");
  EXPECT_THAT(lan.type('a', "curl -g -m 5 'http://[2001:db8::150]/'"),
              HasSubstr("Failed to connect"));
  EXPECT_EQ(lan.count(Reason::kIcmp6Malformed, 'b'), 0);
}

TEST(Ipvs6, PersistenceLooksAtThePrefixOfTheClient) {
  Balanced lan;
  lan.type('b', "ipvsadm -A -t [2001:db8::150]:80 -s rr -p 60 -M 64");
  lan.type('b', "ipvsadm -a -t [2001:db8::150]:80 -r [2001:db8::3]:80 -g");
  lan.get();
  EXPECT_THAT(lan.type('b', "ipvsadm -lnc"), HasSubstr("[2001:db8::]:0"));
  EXPECT_THAT(lan.type('b', "ipvsadm -ln"), HasSubstr("rr persistent 60 mask 64"));
}

TEST(Ipvs6, AnAddressThatIsNoHostsIsNoServer) {
  Balanced lan;
  lan.type('b', "ipvsadm -A -t [2001:db8::150]:80 -s rr");
  for (const std::string_view server : {"ff02::1", "fe80::1", "::"}) {
    EXPECT_THAT(
        lan.type('b', "ipvsadm -a -t [2001:db8::150]:80 -r [" + std::string(server) + "]:80 -g"),
        HasSubstr("address not unicast"));
  }
  EXPECT_EQ(lan.type('b', "ipvsadm -a -t [2001:db8::150]:80 -r [::1]:80 -g"), "");
}

TEST(Ipvs6, AHostWithoutIpv6RefusesIt) {
  Lan lan({on_lan('a')});
  const std::string refused = "Operation not supported with specified address family\n";
  EXPECT_EQ(lan.type('a', "ipvsadm -A -t [2001:db8::150]:80 -s rr"), refused);
  EXPECT_EQ(lan.type('a', "ipvsadm -A -f 3 -6 -s rr"), refused);
  EXPECT_EQ(lan.type('a', "ipvsadm -ln -t [2001:db8::150]:80"), refused);
}

}  // namespace
}  // namespace lvslab::host
