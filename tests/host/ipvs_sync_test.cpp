// The sync daemons on hosts: their sockets and groups, messages from one director to another, and
// a connection that goes on at the backup.
#include "tests/host/lan.h"

namespace lvslab::host {
namespace {

using testing::AllOf;
using testing::Eq;
using testing::HasSubstr;
using testing::Not;

constexpr SimDuration kFourSeconds{4'000'000'000};

/// a asks; b is the director, d its backup; c serves with the VIP 10.0.0.100 on lo.
class Sync : public testing::Test {
 protected:
  Sync() {
    lan.type('b', "ip addr add 10.0.0.100/24 dev eth0");
    for (const char director : {'b', 'd'}) {
      lan.type(director, "ipvsadm -A -t 10.0.0.100:80 -s rr");
      lan.type(director, "ipvsadm -a -t 10.0.0.100:80 -r 10.0.0.3 -g");
    }
    lan.type('c', "echo 1 > /proc/sys/net/ipv4/conf/all/arp_ignore");
    lan.type('c', "echo 2 > /proc/sys/net/ipv4/conf/all/arp_announce");
    lan.type('c', "ip addr add 10.0.0.100/32 dev lo");
    lan.type('c', "yum install httpd -y; service httpd start; echo c > /var/www/html/index.html");
  }
  void start_both() {
    lan.type('b', "ipvsadm --start-daemon master --mcast-interface eth0");
    lan.type('d', "ipvsadm --start-daemon backup --mcast-interface eth0");
  }
  std::string connections(char host) { return lan.type(host, "ipvsadm -lnc"); }
  Lan lan{4};
};

TEST_F(Sync, ThirdPartiesSeeASocketForEachDaemon) {
  start_both();
  EXPECT_THAT(lan.type('b', "netstat -nau"), HasSubstr("224.0.0.81:8848         ESTABLISHED"));
  EXPECT_THAT(lan.type('d', "netstat -nau"), HasSubstr("224.0.0.81:8848         0.0.0.0:*"));
  EXPECT_EQ(lan.type('d', "ipvsadm -l --daemon"),
            "backup sync daemon (mcast=eth0, syncid=0, maxlen=1472, group=224.0.0.81, port=8848, "
            "ttl=1)\n");
  lan.type('d', "ipvsadm --stop-daemon backup");
  EXPECT_THAT(lan.type('d', "netstat -nau"), Not(HasSubstr("8848")));
}

TEST_F(Sync, TheBackupLearnsWhatTheMasterKnowsAFewSecondsLater) {
  start_both();
  lan.type('a', "curl -s http://10.0.0.100/");
  lan.pass(kSecond);
  EXPECT_THAT(connections('d'), Not(HasSubstr("10.0.0.1:"))) << "the message waits for more";
  lan.pass(kFourSeconds);
  EXPECT_THAT(connections('d'),
              AllOf(HasSubstr("FIN_WAIT    10.0.0.1:"), HasSubstr("10.0.0.3:80")));
  EXPECT_THAT(lan.type('d', "ipvsadm -ln"), HasSubstr("Route   1      0          1"));
}

TEST_F(Sync, AHalfOpenConnectionIsNotTold) {
  start_both();
  lan.crash('c');
  lan.type('a', "curl -s -m 1 http://10.0.0.100/");
  lan.pass(kFourSeconds);
  EXPECT_THAT(connections('b'), HasSubstr("SYN_RECV"));
  EXPECT_THAT(connections('d'), Not(HasSubstr("10.0.0.1:")));
}

TEST_F(Sync, AMasterIsDeafAndABackupMute) {
  lan.type('b', "ipvsadm --start-daemon backup");
  lan.type('d', "ipvsadm --start-daemon master");
  lan.type('a', "curl -s http://10.0.0.100/");
  lan.pass(kFourSeconds);
  EXPECT_EQ(lan.decided('b', Reason::kIpvsSyncTold), 0);
  EXPECT_THAT(connections('d'), Not(HasSubstr("10.0.0.1:")));
}

TEST_F(Sync, AMessageIsLostWhileTheInterfaceIsDown) {
  start_both();
  lan.type('a', "curl -s http://10.0.0.100/");
  lan.type('b', "ip link set eth0 down");
  lan.pass(kFourSeconds);
  EXPECT_GE(lan.decided('b', Reason::kIpvsSyncLost), 1);
}

TEST_F(Sync, BothDaemonsMayRunAndHearNotThemselves) {
  for (const char director : {'b', 'd'}) {
    lan.type(director, "ipvsadm --start-daemon master; ipvsadm --start-daemon backup");
  }
  lan.type('a', "curl -s http://10.0.0.100/");
  lan.pass(kFourSeconds);
  EXPECT_EQ(lan.decided('b', Reason::kIpvsSyncLearned), 0);
  EXPECT_THAT(lan.decided('d', Reason::kIpvsSyncLearned), Eq(2));
}

TEST_F(Sync, DaemonsDieWithTheirHost) {
  start_both();
  lan.reboot('b');
  EXPECT_EQ(lan.type('b', "ipvsadm -l --daemon"), "");
  EXPECT_THAT(lan.type('b', "netstat -nau"), Not(HasSubstr("8848")));
}

TEST_F(Sync, WhatCannotBeStartedSaysWhy) {
  EXPECT_EQ(lan.type('b', "ipvsadm --start-daemon master --mcast-interface eth9"),
            "No such device\n");
  EXPECT_EQ(lan.status(), 255);
  lan.type('b', "ip link set eth0 down");
  EXPECT_EQ(lan.type('b', "ipvsadm --start-daemon master"), "Network is unreachable\n");
  EXPECT_EQ(lan.type('b', "ipvsadm -l --daemon"), "");
  EXPECT_EQ(lan.type('b', "ipvsadm --stop-daemon master"), "No daemon is running\n");
}

TEST_F(Sync, SysctlsAreCheckedAsTheKernelDoes) {
  const auto threshold = [&](std::string_view text) {
    return lan.type('b', "sysctl -w net.ipv4.vs.sync_threshold='" + std::string(text) +
                             "' > /dev/null 2>&1; cat /proc/sys/net/ipv4/vs/sync_threshold");
  };
  EXPECT_EQ(threshold("1 10"), "1\t10\n");
  EXPECT_EQ(threshold("5"), "5\t10\n");
  EXPECT_EQ(threshold("50 10"), "5\t10\n");
  EXPECT_EQ(threshold("5 0"), "5\t0\n");
  EXPECT_EQ(threshold("-1 0"), "5\t0\n");
  EXPECT_EQ(threshold("1 2 3"), "1\t2\n");
  EXPECT_EQ(threshold("a b"), "1\t2\n");
  EXPECT_THAT(lan.type('b', "sysctl -w net.ipv4.vs.sync_retries=4"), HasSubstr("Invalid argument"));
}

}  // namespace
}  // namespace lvslab::host
