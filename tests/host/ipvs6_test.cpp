// A director of IPv6 on a LAN: a is the client, b the director, c the real server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/trace/fold.h"
#include "tests/host/lan.h"

namespace lvslab::host {
namespace {

using testing::HasSubstr;

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
  /// `server`: address, port and method, as ipvsadm takes them.
  void balance(std::string_view port, std::string_view server) {
    const std::string service = "[2001:db8::150]:" + std::string(port);
    type('b', "ipvsadm -A -t " + service + " -s rr");
    type('b', "ipvsadm -a -t " + service + " -r " + std::string(server));
  }
  std::string get(std::string_view port = "80") {
    const std::string page =
        type('a', "curl -g -s 'http://[2001:db8::150]:" + std::string(port) + "/'");
    pass(kSecond);  // the end of the connection
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
  lan.balance("80", "[2001:db8::3]:80 -g");
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
  lan.balance("80", "[2001:db8:9::3]:80 -g");
  lan.get();
  EXPECT_GE(lan.count(Reason::kIpvsNoRoute, 'b'), 1);
  EXPECT_GE(lan.count(Reason::kIcmp6ErrorSent, 'b'), 1);
}

TEST(Ipvs6, MasqueradingToThisHostAnswersAsTheVirtualAddress) {
  Balanced lan;
  lan.type('b', "yum install -y httpd; echo b > /var/www/html/index.html; service httpd start");
  lan.balance("8080", "[2001:db8::2]:80 -m");
  EXPECT_EQ(lan.get("8080"), "b\n");
  EXPECT_EQ(lan.count(Reason::kIpvsLocalNode, 'b'), 6);
  EXPECT_GE(lan.count(Reason::kIpvsAnswerRewritten, 'b'), 3);
}

TEST(Ipvs6, NobodyElsewhereIsMasqueradedToTheLoopbackAddress) {
  Balanced lan;
  lan.balance("80", "[::1]:80 -m");
  lan.type('a', "curl -g -s -m 1 'http://[2001:db8::150]/'");
  EXPECT_GE(lan.count(Reason::kIpvs6LoopbackServer, 'b'), 1);
}

TEST(Ipvs6, ErrorsAboutServersOfNatAreDropped) {
  Balanced lan;
  lan.balance("80", "[2001:db8::9]:80 -m");
  EXPECT_THAT(lan.type('a', "curl -g -m 5 'http://[2001:db8::150]/'"), HasSubstr("timed out"));
  EXPECT_GE(lan.count(Reason::kIpvs6ErrorDropped, 'b'), 1) << "the neighbour never answered";
}

TEST(Ipvs6, ErrorsAboutDirectRoutingReachTheClient) {
  Balanced lan;
  lan.balance("80", "[2001:db8::9]:80 -g");
  EXPECT_THAT(lan.type('a', "curl -g -m 5 'http://[2001:db8::150]/'"),
              HasSubstr("Failed to connect"));
  EXPECT_EQ(lan.count(Reason::kIpvs6ErrorDropped, 'b'), 0);
}

/// The VIP of b is on lo, and a has a route to it.
class Tunnelled : public Balanced {
 public:
  Tunnelled() {
    type('b', "ip -6 addr del 2001:db8::150/64 dev eth0");
    type('b', "ip -6 addr add 2001:db8::150/128 dev lo");
    type('a', "ip -6 route add 2001:db8::150/128 via 2001:db8::2");
    type('c', "modprobe ip6_tunnel");
    balance("80", "[2001:db8::3]:80 -i");
  }
};

TEST(Ipvs6, ATunnelEndsAtIp6tnl0) {
  Tunnelled lan;
  lan.type('c', "ip link set ip6tnl0 up");
  EXPECT_EQ(lan.get(), "c\n");
  EXPECT_EQ(lan.count(Reason::kIpvsTunneling, 'b'), 6);
  EXPECT_EQ(lan.count(Reason::kTunnelUnpacked, 'c'), 6);
  EXPECT_THAT(lan.type('c', "ip link show ip6tnl0"),
              HasSubstr("ip6tnl0@NONE: <NOARP,UP,LOWER_UP> mtu 1452"));
  EXPECT_THAT(lan.type('c', "ip link show ip6tnl0"), HasSubstr("link/tunnel6 :: brd ::"));
}

TEST(Ipvs6, ATunnelThatIsDownIsToldToTheDirectorAlone) {
  Tunnelled lan;
  EXPECT_THAT(lan.type('a', "curl -g -m 2 'http://[2001:db8::150]/'"), HasSubstr("timed out"));
  EXPECT_GE(lan.count(Reason::kTunnelDown, 'c'), 1);
  EXPECT_EQ(lan.count(Reason::kIcmp6ErrorReceived, 'a'), 0);
}

TEST(Ipvs6, ATunnelFromAnAddressOfTheServerIsDropped) {
  Tunnelled lan;
  lan.type('c', "ip link set ip6tnl0 up");
  lan.type('b', "ip -6 addr add 2001:db8::150/64 dev eth0");
  lan.type('a', "curl -g -s -m 1 'http://[2001:db8::150]/'");
  EXPECT_GE(lan.count(Reason::kTunnel6OwnSource, 'c'), 1);
}

TEST(Ipvs6, ATunnelMustHaveRoomForTheLeastMtu) {
  Tunnelled lan;
  lan.type('c', "ip link set ip6tnl0 up");
  lan.type('b', "ip link set eth0 mtu 1319");
  lan.type('a', "curl -g -s -m 1 'http://[2001:db8::150]/'");
  EXPECT_GE(lan.count(Reason::kIpvs6TunnelTooNarrow, 'b'), 1);
  lan.type('b', "ip link set eth0 mtu 1320");
  EXPECT_EQ(lan.get(), "c\n");
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
