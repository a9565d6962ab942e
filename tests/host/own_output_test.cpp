// What a hook of this host drops on its way out: who hears of it.
#include <gmock/gmock.h>

#include "tests/host/lan.h"

namespace lvslab::host {
namespace {

using testing::HasSubstr;

TEST(OwnOutput, SendersOfUdpHearThatItIsNotPermitted) {
  Lan lan(2);
  lan.type('a', "iptables -A OUTPUT -p udp --dport 53 -j DROP");
  EXPECT_EQ(lan.type('a', "nc -u -v -z 10.0.0.2 53; echo $?"), "1\n");
  EXPECT_EQ(lan.network.now(), SimTime{}) << "at once: the first datagram was refused";
}

TEST(OwnOutput, TracerouteGivesUp) {
  Lan lan(2);
  lan.type('a', "iptables -A OUTPUT -p icmp -j DROP");
  EXPECT_THAT(lan.type('a', "traceroute -n -I 10.0.0.2"),
              HasSubstr("send: Operation not permitted\n"));
}

TEST(OwnOutput, ARequestIsForgottenWhenItsSynAckMayNotBeRepeated) {
  Lan lan(2);
  lan.type('b', "yum install httpd -y; service httpd start");
  lan.type('b', "iptables -A OUTPUT -p tcp --sport 80 -j DROP");
  lan.type('a', "curl -s -m 0.5 http://10.0.0.2/");
  EXPECT_EQ(lan.type('b', "ss -nat | grep -c SYN-RECV"), "1\n");
  lan.pass({1'000'000'000});
  EXPECT_EQ(lan.type('b', "ss -nat | grep -c SYN-RECV"), "0\n");
}

TEST(OwnOutput, AnErrorToItselfQuotesTcpWithoutTheChecksumThatTheDeviceWouldMake) {
  Lan lan(2);
  lan.type('a', "iptables -A OUTPUT -p tcp --dport 80 -j REJECT");
  lan.type('a', "tcpdump -i lo -n -vv icmp > got & sleep 0.1; curl -s http://10.0.0.2/");
  EXPECT_THAT(lan.type('a', "cat got"), HasSubstr("incorrect"));
}

TEST(OwnOutput, AnErrorAboutAnUnaskedResetQuotesItsWholeChecksum) {
  Lan lan(2);
  lan.type('b', "iptables -A OUTPUT -p tcp -j REJECT");
  lan.type('b', "tcpdump -i lo -n -vv icmp > got &");
  lan.type('a', "curl -s -m 0.5 http://10.0.0.2/");
  EXPECT_THAT(lan.type('b', "cat got"), HasSubstr("Flags [R.], cksum"));
  EXPECT_THAT(lan.type('b', "cat got"), testing::Not(HasSubstr("incorrect")));
}

}  // namespace
}  // namespace lvslab::host
