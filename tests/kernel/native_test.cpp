// `--backend kernel:native`, on a machine that anybody may spoil: a host of a lab in User-Mode
// Linux. It has root, a kernel with ip_vs, a network, tables and settings of its own, and files
// that are no lab's business. There the real program runs, and afterwards that machine is as it was
// before.
#include <gmock/gmock.h>

#include "test_paths.h"
#include "tests/kernel/lab_kernel.h"

namespace lvslab::kernel {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// The machine: settings that labs must neither change nor inherit, and what they must not see.
constexpr const char* kMachine = R"(
title: a machine with its own affairs
switches: [{name: lan}]
hosts:
  - name: machine
    nics: [{addresses: [10.0.0.1/24, 10.0.0.7/24], switch: lan}]
    routes: [{to: 172.16.0.0/16, via: 10.0.0.2}]
    sysctls: {net.ipv4.ip_forward: 1, net.ipv4.conf.all.rp_filter: 2,
              net.ipv4.conf.default.arp_ignore: 1, net.ipv4.conf.all.accept_redirects: 0}
    files:
      /root/canary: "alive\n"
      /etc/canary: "for everybody\n"
      /etc/secret: "for root alone\n"
  - name: neighbour
    nics: [{addresses: 10.0.0.2/24, switch: lan}]
)";

/// What is brought to the machine, before labs run there.
constexpr const char* kMachineSetup = R"(chmod 600 /etc/secret
mount -t cgroup2 none /sys/fs/cgroup
echo '+memory +pids' > /sys/fs/cgroup/cgroup.subtree_control
ipvsadm -A -t 10.0.0.7:80 -s wrr
ipvsadm -a -t 10.0.0.7:80 -r 10.0.0.2 -g -w 3
mkdir -p /mnt/source; mount -t hostfs none /mnt/source)";

/// Direct routing between three hosts, with a second that passes.
constexpr const char* kDirectRouting = R"(
title: direct routing
switches: [{name: lan}]
hosts:
  - name: client
    nics: [{addresses: 10.0.0.10/24, switch: lan}]
  - name: director
    nics: [{addresses: 10.0.0.20/24, switch: lan}]
    setup: |
      ifconfig eth0:1 10.0.0.100/24
      ipvsadm -A -t 10.0.0.100:80 -s rr
      ipvsadm -a -t 10.0.0.100:80 -r 10.0.0.30 -g
  - name: server
    nics: [{addresses: 10.0.0.30/24, switch: lan}]
    setup: |
      echo 1 > /proc/sys/net/ipv4/conf/all/arp_ignore
      echo 2 > /proc/sys/net/ipv4/conf/all/arp_announce
      ifconfig lo:1 10.0.0.100 netmask 255.255.255.255
      yum install httpd -y
      service httpd start
      echo served > /var/www/html/index.html
timeline:
  - on: client
    run: curl -s http://10.0.0.100/
    expect: {status: 0, output: served}
  - after: 500ms
    on: director
    run: sleep 1
  - on: director
    run: ipvsadm -lnc
    expect: {output-has: FIN_WAIT}
  - {fault: link-down, target: server/eth0}
  - on: client
    run: curl -s -m 1 http://10.0.0.100/
    expect: {status: 28}
settle: 100ms
expect:
  - packets: {at: director/eth0, direction: out, filter: "tcp[13] == 2", count: 1, until: 1.5s}
  - packets: {at: server/eth0, direction: in, filter: "tcp[13] == 2 and ip[8] == 63", count: 1}
  - packets: {at: client/eth0, direction: in, filter: "tcp[13] == 18", count: 1}
  - table: {host: director, table: ipvs, has: "10.0.0.30:80 Route 1"}
)";

class Native : public KernelLab {
 protected:
  void SetUp() override {
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "AddressSanitizer wants its shadow at 0x7fff7000 to 0x10007fff8000, which no "
                    "process of User-Mode Linux has; the dev pass runs these";
#endif
    if (const std::string what = UmlKernel::missing(); !what.empty()) GTEST_SKIP() << what;
    backend_ = make_kernel_backend();
    start(kMachine);
    type("machine", kMachineSetup);
    ASSERT_EQ(status_, 0);
    const std::string build = std::string(LVSLAB_BINARY);
    program_ = "/mnt/source" + build;
    type("machine", "test -x " + program_);
    if (status_ != 0) GTEST_SKIP() << "not everybody may read " << build;
    type("machine", "export LVSLAB_KERNEL_DIR=/mnt/source" LVSLAB_KERNEL_TOOLS " LC_ALL=C");
  }
  /// A file on the machine.
  void write(const std::string& path, const std::string& text) {
    type("machine", "cat > " + path + " <<'END-OF-FILE'\n" + text + "\nEND-OF-FILE");
    ASSERT_EQ(status_, 0);
  }
  std::string run_lab(const std::string& scenario, const std::string& before = "") {
    write("/root/lab.yaml", scenario);
    return type("machine",
                before + program_ + " run /root/lab.yaml --backend kernel:native --color never");
  }
  /// All that a lab might change or leave behind on the machine. What counts by itself is left out.
  std::string machine() {
    return type("machine",
                "ip -o addr show; ip -o link show; ip route show table all; ip rule; ipvsadm -Sn; "
                "hostname; date +%F; "
                "sed 's/,size=[0-9]*k//' /proc/self/mountinfo; ls -A /tmp /dev /dev/shm "
                "/mnt; ls /run | grep -v shell; ls -Ad /sys/fs/cgroup/*/; "
                "cat /root/canary /etc/canary /etc/secret; ls /proc | grep -c '^[0-9]'");
  }
  std::string settings() {
    return type("machine",
                "sysctl -a 2>/dev/null | grep -Ev "
                "'^(kernel.random|kernel.ns_last_pid|kernel.pty.nr|fs.dentry-state|fs.inode|"
                "fs.file-nr|fs.quota|fs.aio-nr|net.netfilter.nf_conntrack_count)'");
  }
  std::string program_;
};

TEST_F(Native, PlaysAScenarioInRealTime) {
  const SimTime before = session_->now();
  const std::string told = run_lab(kDirectRouting);
  EXPECT_THAT(told, HasSubstr("direct routing"));
  EXPECT_THAT(told, HasSubstr("all 7 expectations hold; "));
  EXPECT_THAT(told, HasSubstr(" s in real time, "));
  EXPECT_EQ(status_, 0);
  EXPECT_GE((session_->now() - before).ns, 2'600'000'000) << "it waits as long as it takes";
}

TEST_F(Native, LeavesTheMachineAsItWas) {
  const std::string before = machine();
  const std::string set = settings();
  ASSERT_THAT(before, AllOf(HasSubstr("10.0.0.7/24"), HasSubstr("172.16.0.0/16"),
                            HasSubstr("-A -t 10.0.0.7:80 -s wrr")));
  ASSERT_THAT(set, AllOf(HasSubstr("conf.all.rp_filter = 2"), HasSubstr("kernel.sysrq = ")));
  run_lab(kDirectRouting);
  ASSERT_EQ(status_, 0);
  EXPECT_EQ(machine(), before);
  EXPECT_EQ(settings(), set);
  EXPECT_THAT(type("neighbour", "ping -c 1 machine"), HasSubstr(" 1 received"));
}

TEST_F(Native, InheritsNoSettingsOfTheMachine) {
  const std::string told = run_lab(R"(
title: fresh
hosts:
  - name: a
    nics: [{addresses: 10.0.0.1/24}]
timeline:
  - on: a
    run: |
      sysctl net.ipv4.ip_forward net.ipv4.conf.all.rp_filter net.ipv4.conf.eth0.arp_ignore
      sysctl net.ipv4.conf.all.accept_redirects net.ipv4.conf.eth0.accept_redirects
      ipvsadm -ln | wc -l
      ip route
      hostname
expect:
  - table: {host: a, table: sysctl, lines: 0}
)");
  EXPECT_EQ(status_, 0) << told;
  EXPECT_THAT(told, AllOf(HasSubstr("ip_forward = 0"), HasSubstr("all.rp_filter = 0"),
                          HasSubstr("eth0.arp_ignore = 0"), HasSubstr("all.accept_redirects = 1"),
                          HasSubstr("eth0.accept_redirects = 1"), HasSubstr("\n3\n"),
                          Not(HasSubstr("172.16")), HasSubstr("\na\n")));
}

TEST_F(Native, RootOnAHostHasNoPowerOverTheMachine) {
  const std::string before = machine();
  const std::string told = run_lab(R"(
title: confined
hosts:
  - name: a
timeline:
  - on: a
    run: grep -E 'CapPrm|CapBnd|Seccomp:' /proc/self/status
    expect:
      output-has: ["CapPrm: 00000000000435fb", "CapBnd: 00000000000435fb", "Seccomp: 2"]
  - on: a
    run: |
      echo 1 > /proc/sys/kernel/sysrq || echo refused
      echo b > /proc/sysrq-trigger; echo 5 > /proc/sys/vm/swappiness || echo refused
      echo x > /sys/kernel/uevent_seqnum || echo refused
      mount -t tmpfs none /mnt || echo refused
      mount -o remount,rw /proc || echo refused
      umount /proc/sys/net || echo refused
      unshare -U true || echo refused
      unshare -m true || echo refused
      hostname other || echo refused
      date -s 2001-01-01 > /dev/null || echo refused
      mknod /root/disk b 8 0 || echo refused
      nsenter -t 1 -m true || echo refused
      dmesg || echo refused
      chroot /proc/1/root true || echo refused
  - on: a
    run: cat /root/canary; cat /etc/secret; cat /etc/canary; ls /root /home /mnt | wc -l
    expect:
      output-has:
        - "cat: /root/canary: No such file or directory"
        - "cat: /etc/secret: No such file or directory"
        - for everybody
        - "5"
  - on: a
    run: |
      rm -rf /etc/canary; echo dead > /etc/hostname; ls /etc/canary
      kill -9 -1
  - on: a
    run: echo still here
    expect: {output-has: still here}
  - on: a
    run: ip addr add 10.9.9.9/24 dev lo; ipvsadm -A -t 10.9.9.9:80
    expect: {status: 0}
)");
  EXPECT_EQ(status_, 0) << told;
  std::size_t refused = 0;
  for (std::size_t at = 0; (at = told.find("\nrefused\n", at)) != std::string::npos; ++at)
    ++refused;
  EXPECT_EQ(refused, 14U) << told;
  EXPECT_EQ(machine(), before);
}

TEST_F(Native, ServesShellShowAndExport) {
  write("/root/lab.yaml", std::string(kTwoHosts) + "timeline: [{on: a, run: ping -c 1 b}]");
  const std::string file = " /root/lab.yaml --backend kernel:native --color never ";
  const std::string shell =
      type("machine", "printf 'ping -c 1 b\\nhostname\\n' | " + program_ + " shell" + file + "a");
  EXPECT_THAT(shell, AllOf(HasSubstr(" 1 received"), HasSubstr("\na\n")));
  EXPECT_EQ(status_, 0);
  EXPECT_THAT(type("machine", program_ + " show" + file + "--host b arp"),
              HasSubstr("10.0.0.1 dev eth0 lladdr 02:00:00:00:01:00"));
  EXPECT_EQ(type("machine", program_ + " export" + file +
                                "--pcap /tmp/x.pcapng > /tmp/said && "
                                "tcpdump -nr /tmp/x.pcapng icmp 2> /dev/null | wc -l; "
                                "rm /tmp/x.pcapng"),
            "4\n")
      << "each packet at both its ends";
  EXPECT_EQ(type("machine", "cat /tmp/said"), "/tmp/x.pcapng\n");
}

TEST_F(Native, RebootAndPowerOffConcernTheHost) {
  const std::string told = run_lab(std::string(kTwoHosts) + R"(timeline:
  - on: a
    run: ip addr add 10.0.0.77/24 dev eth0; echo kept > /root/disk; reboot
  - on: a
    run: ip -br addr show eth0 | grep -c 10.0.0.77; cat /root/disk
    expect: {output: "0\nkept"}
  - on: b
    run: ping -c 1 a
    expect: {status: 0}
  - on: a
    run: poweroff
  - on: a
    run: echo nobody hears
    expect: {status: 255}
  - on: b
    run: ip -br link show eth0
    expect: {output-has: UP}
)");
  EXPECT_EQ(status_, 0) << told;
}

TEST_F(Native, NothingRemainsHoweverItEnds) {
  write("/root/long.yaml", R"(
title: long
hosts:
  - name: a
timeline:
  - on: a
    run: sleep 1000
)");
  const std::string before = machine();
  const std::string lab = program_ + " run /root/long.yaml --backend kernel:native --pcap /tmp/";
  const auto end_by = [&](const std::string& what) {
    return type(
        "machine",
        "(" + lab +
            "x.pcapng > /tmp/out 2>&1 & LAB=$!; "
            "for i in $(seq 100); do sleep 0.1; pgrep -f '[s]leep 1000' > /dev/null && break; "
            "done; cat /sys/fs/cgroup/lvslab-*/pids.max; " +
            what +
            "; wait $LAB; "
            "echo status $?; for i in $(seq 100); do pgrep -f '[s]leep 1000|[k]eep-native' > "
            "/dev/null || break; sleep 0.1; done; rm /tmp/out; test -f /tmp/x.pcapng && "
            "tcpdump -nr /tmp/x.pcapng > /dev/null 2>&1 && echo a capture; rm -f /tmp/x.pcapng)");
  };
  EXPECT_EQ(end_by("kill -INT $LAB"), "800\nstatus 130\na capture\n");
  EXPECT_EQ(machine(), before) << "after Ctrl-C";
  EXPECT_EQ(end_by("kill -9 $LAB"), "800\nstatus 137\n");
  EXPECT_EQ(machine(), before) << "after kill -9";
  EXPECT_EQ(end_by("pkill -9 -f '[k]eep-native'"), "800\nstatus 1\na capture\n");
  type("machine", "rmdir /sys/fs/cgroup/lvslab-*");
  EXPECT_EQ(machine(), before) << "after kill -9 of the keeper, but for an empty control group";
}

TEST_F(Native, SaysWhatIsMissing) {
  const std::string lab = program_ + " run /root/lab.yaml --backend kernel:native";
  write("/root/lab.yaml", kTwoHosts);
  type("machine", "chmod 755 /root");
  EXPECT_THAT(type("machine", "setpriv --reuid 1000 --clear-groups " + lab),
              HasSubstr("lvslab: this machine's own kernel cannot be used: it takes root"));
  EXPECT_EQ(status_, 2);
  EXPECT_THAT(type("machine", "setpriv --bounding-set -net_admin --inh-caps -net_admin " + lab),
              HasSubstr("root has no CAP_NET_ADMIN here"));
  EXPECT_EQ(status_, 2);
  EXPECT_THAT(type("machine", "echo '-pids' > /sys/fs/cgroup/cgroup.subtree_control; " + lab),
              HasSubstr("it has no cgroup2 with the controllers memory and pids"));
  EXPECT_EQ(status_, 2);
  // A kernel without it has no such file in /proc.
  EXPECT_THAT(type("machine",
                   "echo '+pids' > /sys/fs/cgroup/cgroup.subtree_control; "
                   "unshare -m sh -c 'mount -t tmpfs none /proc; " +
                       lab + "'"),
              HasSubstr("it has no ip_vs (Linux "));
  EXPECT_EQ(status_, 2);
  EXPECT_EQ(type("machine", "pgrep -f '[k]eep-native'"), "");
}

}  // namespace
}  // namespace lvslab::kernel
