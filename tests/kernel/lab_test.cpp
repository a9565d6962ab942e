// Labs on a real kernel, from the first command to the last trace of them.
#include <gmock/gmock.h>

#include "tests/kernel/lab_kernel.h"

namespace lvslab::kernel {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST_F(KernelLab, TypesTextIntoARealShell) {
  EXPECT_EQ(type("a", "hostname; uname -s; id -un"), "a\nLinux\nroot\n");
  EXPECT_EQ(type("b", "for i in $(seq 1 3); do echo $i; done | sort -r"), "3\n2\n1\n");
  type("a", "exit 7");
  EXPECT_EQ(status_, 7);
}

TEST_F(KernelLab, WaitsInNoTime) {
  const SimTime before = session_->now();
  EXPECT_EQ(type("a", "sleep 1000; echo awake"), "awake\n");
  EXPECT_NEAR(static_cast<double>((session_->now() - before).ns), 1e12, 1e8);
}

TEST_F(KernelLab, ReachesTheOtherHost) {
  EXPECT_THAT(type("a", "ping -c 2 b"),
              HasSubstr("2 packets transmitted, 2 received, 0% packet loss"));
  EXPECT_EQ(status_, 0);
}

TEST_F(KernelLab, KeepsDirectoryAndVariablesFromLineToLine) {
  type("a", "cd /etc; X=5; export Y='a b'");
  EXPECT_EQ(type("a", "pwd; echo $X $Y; sh -c 'echo $Y'"), "/etc\n5 a b\na b\n");
  EXPECT_EQ(type("b", "pwd; echo \"[$X]\""), "/root\n[]\n");
}

TEST_F(KernelLab, HasTheFirewallOfIpTables) {
  EXPECT_THAT(type("a", "iptables -V"), HasSubstr("(legacy)"));
  type("a",
       "iptables -t mangle -A PREROUTING -p tcp -m multiport --dports 80,443 -j MARK --set-mark 7");
  EXPECT_EQ(status_, 0);
  EXPECT_THAT(type("a", "iptables -t mangle -S"), HasSubstr("-j MARK --set-xmark 0x7"));
  EXPECT_THAT(type("b", "iptables -t mangle -S"), Not(HasSubstr("MARK")));
}

TEST_F(KernelLab, LoadsATunnelOnOneHostAlone) {
  EXPECT_EQ(type("a", "modprobe ipip; ip -o link show tunl0 | grep -c 'mtu 1480'"), "1\n");
  EXPECT_THAT(type("b", "ip link show tunl0"), HasSubstr("does not exist"));
}

TEST_F(KernelLab, LoadsLabAfterLab) {
  for (int i = 0; i < 30; ++i) {
    start(kTwoHosts);
    EXPECT_EQ(session_->now().ns / 1'000'000, 0);
    EXPECT_EQ(type("a", "ip -o -4 addr show | wc -l; ls /root; echo > /root/left-behind"), "2\n");
    EXPECT_THAT(type("a", "ping -c 1 b"), HasSubstr("1 received"));
  }
}

}  // namespace
}  // namespace lvslab::kernel
