// ssh and scp from host to host.
#include "tests/host/lan.h"

namespace lvslab::host {
namespace {

using testing::HasSubstr;

TEST(Scp, CopiesAFileToWhereOneIs) {
  Lan lan;
  lan.type('b', "service sshd start");
  lan.type('b', "mkdir -p /etc/keepalived");
  lan.type('a', "mkdir -p /etc/keepalived");
  lan.type('a', "cd /etc/keepalived");
  lan.type('a', "echo text > keepalived.conf");
  EXPECT_THAT(lan.type('a', "scp ./keepalived.conf root@b:`pwd`"),
              HasSubstr("keepalived.conf                               100%     5"));
  EXPECT_EQ(lan.type('b', "cat /etc/keepalived/keepalived.conf"), "text\n");
  lan.type('a', "scp b:/etc/keepalived/keepalived.conf /tmp/back");
  EXPECT_EQ(lan.type('a', "cat /tmp/back"), "text\n");
}

TEST(Ssh, RunsACommandThereAndHasItsStatus) {
  Lan lan;
  lan.type('b', "service sshd start");
  lan.type('b', "cd /tmp");
  EXPECT_EQ(lan.type('a', "ssh b 'pwd; hostname; false'"), "/root\nb\n");
  EXPECT_EQ(lan.status(), 1);
  EXPECT_EQ(lan.type('b', "pwd"), "/tmp\n");
  EXPECT_EQ(lan.type('a', "ssh b 'echo one; sleep 2; qqqqqq'"),
            "one\nbash: line 1: qqqqqq: command not found\n");
  EXPECT_EQ(lan.status(), 127);
}

TEST(Ssh, SaysWhyThereIsNoConnection) {
  Lan lan;
  EXPECT_THAT(lan.type('a', "ssh b hostname"),
              HasSubstr("ssh: connect to host b port 22: Connection refused\nlvslab: start"));
  EXPECT_EQ(lan.status(), 255);
  lan.type('b', "ifconfig eth0 down");
  EXPECT_EQ(lan.type('a', "ssh b hostname"), "ssh: connect to host b port 22: No route to host\n");
  EXPECT_THAT(lan.type('a', "scp /etc/hosts nobody:"), HasSubstr("scp: Connection closed"));
}

TEST(Sshd, RunsAfterARebootOnlyIfItIsEnabled) {
  Lan lan;
  lan.type('b', "service sshd start");
  lan.reboot('b');
  lan.pass(SimDuration{60'000'000'000});
  EXPECT_EQ(lan.type('b', "systemctl is-active sshd"), "inactive\n");
  lan.type('b', "systemctl enable sshd");
  lan.reboot('b');
  lan.pass(SimDuration{60'000'000'000});
  EXPECT_EQ(lan.type('b', "systemctl is-active sshd"), "active\n");
}

}  // namespace
}  // namespace lvslab::host
