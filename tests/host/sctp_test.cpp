// SCTP from host to host and through a director: ncat, what it prints, and the ends of
// associations.
#include "tests/host/lan.h"

namespace lvslab::host {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// a asks, b is the director of the VIP 10.0.0.100, c and d are servers.
class SctpLan : public testing::Test {
 protected:
  SctpLan() {
    for (const char host : {'a', 'c', 'd'}) lan.type(host, "yum install ncat -y");
  }
  void direct(std::string_view how) {
    lan.type('b', "ip addr add 10.0.0.100/24 dev eth0");
    lan.type('b', "ipvsadm -A --sctp-service 10.0.0.100:9000 -s rr");
    for (const char* const server : {"10.0.0.3", "10.0.0.4"}) {
      lan.type('b', std::string("ipvsadm -a --sctp-service 10.0.0.100:9000 -r ") + server +
                        std::string(how));
    }
    for (const char host : {'c', 'd'}) {
      lan.type(host, "echo 1 > /proc/sys/net/ipv4/conf/all/arp_ignore");
      lan.type(host, "echo 2 > /proc/sys/net/ipv4/conf/all/arp_announce");
      lan.type(host, "ip addr add 10.0.0.100/32 dev lo");
      lan.start(host, std::string("ncat --sctp -l -k 10.0.0.100 9000 -c 'echo ") + host + "'");
    }
  }
  std::string ask(std::string_view rest = "10.0.0.100 9000") {
    return lan.type('a', "ncat --sctp --recv-only " + std::string(rest));
  }
  Lan lan{4};
};

TEST_F(SctpLan, AServerAnswersAndEnds) {
  lan.start('c', "ncat --sctp -l -k 9000 -c 'echo hello'");
  EXPECT_EQ(ask("10.0.0.3 9000"), "hello\n");
  EXPECT_EQ(lan.status(), 0);
}

TEST_F(SctpLan, WhatTheClientSaysArrives) {
  lan.start('c', "timeout 5 ncat --sctp -l -k 9000 > /tmp/got");
  lan.type('a', "echo one | ncat --sctp 10.0.0.3 9000");
  lan.type('a', "echo two | ncat --sctp 10.0.0.3 9000");
  lan.pass(kSecond * 6);
  EXPECT_EQ(lan.type('c', "cat /tmp/got"), "one\ntwo\n");
}

TEST_F(SctpLan, NobodyListensAndNobodyIsThere) {
  EXPECT_EQ(ask("10.0.0.3 9000"), "Ncat: Connection refused.\n");
  EXPECT_EQ(lan.status(), 1);
  EXPECT_EQ(lan.decided('c', Reason::kSctpRefuses), 1);
  lan.type('a', "ncat --sctp -w 2 10.0.0.99 9000");
  EXPECT_EQ(lan.status(), 1);
}

TEST_F(SctpLan, APortThatIsTakenIsRefused) {
  lan.start('c', "ncat --sctp -l -k 9000");
  EXPECT_EQ(lan.type('c', "ncat --sctp -l -k 9000"),
            "Ncat: bind to 0.0.0.0:9000: Address already in use. QUITTING.\n");
  EXPECT_EQ(lan.status(), 2);
}

TEST_F(SctpLan, AnAssociationThatStillEndsIsInTheWayOfTheNext) {
  lan.start('c', "ncat --sctp -l -k 9000 -c 'echo hello'");
  const std::string twice = "ncat --sctp --recv-only -p 5000 10.0.0.3 9000";
  EXPECT_EQ(lan.type('a', twice + "; " + twice), "hello\nNcat: Cannot assign requested address.\n");
  lan.pass(kSecond);
  EXPECT_EQ(lan.type('a', twice), "hello\n");
}

TEST_F(SctpLan, ByDirectRoutingTheServersTakeTurns) {
  direct(" -g");
  EXPECT_EQ(ask() + ask() + ask(), "d\nc\nd\n");
  EXPECT_THAT(lan.type('b', "ipvsadm -lnc"),
              AllOf(HasSubstr("CLOSED      10.0.0.1:"), HasSubstr("10.0.0.3:9000")));
}

}  // namespace
}  // namespace lvslab::host
