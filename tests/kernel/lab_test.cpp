// Labs on a real kernel, from the first command to the last trace of them.
#include <gmock/gmock.h>

#include <algorithm>
#include <set>
#include <string>

#include "sim/trace/fold.h"
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

// To go on from variables takes a bash, which takes longer to start than most programs take to run.
// While one does, its start file lies in /run.
TEST_F(KernelLab, NeedsNoBashForALineUnlessOneBeforeItSetAVariable) {
  const auto has_start_file = [&] { return type("a", "ls -A /run").contains(".shell-"); };
  type("a", "ping -c 1 10.0.0.2");  // the dot of an address is not the one that reads a script
  EXPECT_FALSE(has_start_file());
  type("a", "cd /etc");
  EXPECT_FALSE(has_start_file()) << "variables that every shell has from its environment were kept";
  EXPECT_EQ(type("a", "pwd"), "/etc\n");
  type("a", "X=5");
  EXPECT_TRUE(has_start_file());
}

TEST_F(KernelLab, ReadsAScriptIntoTheShell) {
  type("a", "echo 'FROM=script' > /tmp/script");
  type("a", ". /tmp/script");
  EXPECT_EQ(type("a", "echo $FROM"), "script\n");
}

// Plain lines of this kind are done without bash, which has its say where they fail.
TEST_F(KernelLab, EchoesIntoFilesAsBashDoes) {
  type("a", "echo one  two > page");
  type("a", "echo three >> /root/page");
  EXPECT_EQ(type("a", "cat page; stat -c %a page"), "one two\nthree\n644\n");
  type("a", "echo > page");
  EXPECT_EQ(type("a", "cat page"), "\n");
  EXPECT_EQ(type("a", "echo -n > page"), "");
  EXPECT_EQ(type("a", "cat page"), "");
  EXPECT_EQ(type("a", "echo 1 > /nowhere/page"),
            "bash: /nowhere/page: No such file or directory\n");
  EXPECT_EQ(status_, 1);
  EXPECT_EQ(type("a", "echo many > /proc/sys/net/ipv4/conf/eth0/arp_ignore"),
            "bash: echo: write error: Invalid argument\n");
  EXPECT_EQ(status_, 1);
  type("a", "cd /etc");
  type("a", "echo here > page");
  EXPECT_EQ(type("a", "cat /etc/page"), "here\n");
}

TEST_F(KernelLab, TellsOfSettingsHoweverTheyWereWritten) {
  const auto settings = [&](const char* line) {
    type("a", line);
    std::string told;
    for (const SysctlRow& row : fold(session_->trace(), NodeId(0)).sysctls)
      told += row.path + "=" + row.value + " ";
    return told;
  };
  EXPECT_EQ(settings("echo 1 > /proc/sys/net/ipv4/conf/eth0/arp_ignore"),
            "net.ipv4.conf.eth0.arp_ignore=1 ");
  EXPECT_EQ(settings("echo 2 > /proc/sys/net/ipv4/conf/all/arp_announce"),
            "net.ipv4.conf.all.arp_announce=2 net.ipv4.conf.eth0.arp_ignore=1 ");
  EXPECT_EQ(settings("echo 0 > /proc/sys/net/ipv4/conf/eth0/arp_ignore"),
            "net.ipv4.conf.all.arp_announce=2 ");
  EXPECT_EQ(settings("sysctl -q -w net.ipv4.conf.all.arp_announce=0"), "");
  EXPECT_THAT(settings("echo 1 > /proc/sys/net/ipv4/conf/all/forwarding"),
              HasSubstr("net.ipv4.conf.eth0.forwarding=1"));
}

TEST_F(KernelLab, ListsTheProcessesOfAHost) {
  type("b", "timeout 1000 nc -l 80 &");
  for (const char* list : {"ps aux", "ps -ef"}) {
    EXPECT_THAT(type("b", list), HasSubstr("timeout 1000"));  // ps cuts what is behind column 80
    EXPECT_EQ(status_, 0);
    EXPECT_THAT(type("a", list), Not(HasSubstr("timeout 1000")));
  }
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

// The simulator has no records of them either: on the wire, the same packets are in their envelope.
TEST_F(KernelLab, RecordsNoPacketsWithoutEthernetHeaderAtATunnel) {
  type("a", "modprobe ipip; ip addr add 10.9.0.1/24 dev tunl0; ip link set tunl0 up");
  EXPECT_THAT(type("a", "ping -c 1 -W 1 10.9.0.2; ip -s link show tunl0"), HasSubstr("tunl0"));
  const Trace& trace = session_->trace();
  std::set<std::string> seen;
  for (const TraceRecord& r : trace.records()) {
    if (r.frame.valid()) seen.insert(trace.dev_name(r.node, r.dev));
  }
  EXPECT_THAT(seen, Not(testing::Contains("tunl0")));
  EXPECT_THAT(seen, Not(testing::Contains(HasSubstr("if")))) << "an interface without a name";
  const HostTables tables = fold(trace, NodeId(0));
  const auto tunnel =
      std::ranges::find(tables.links, "tunl0", [](const LinkRow& row) { return row.name.view(); });
  ASSERT_NE(tunnel, tables.links.end());
  EXPECT_EQ(trace.dev_name(NodeId(0), tunnel->dev), "tunl0");
}

TEST_F(KernelLab, LoadsLabAfterLab) {
  for (int i = 0; i < 10; ++i) {
    start(kTwoHosts);
    EXPECT_EQ(session_->now().ns / 1'000'000, 0);
    EXPECT_EQ(type("a", "ip -o -4 addr show | wc -l; ls /root; echo > /root/left-behind"), "2\n");
    EXPECT_THAT(type("a", "ping -c 1 b"), HasSubstr("1 received"));
    type("a", "sleep 100");  // if the next lab began with the time of this one, it would show
  }
}

TEST_F(KernelLab, MakesTunl0InLabAfterLab) {
  for (int i = 0; i < 2; ++i) {
    start(kTwoHosts);
    EXPECT_THAT(type("a", "modprobe ipip; ip -br link show tunl0"), HasSubstr("tunl0"));
    EXPECT_THAT(type("b", "ip link show tunl0"), HasSubstr("does not exist"));
    EXPECT_THAT(type("a", "ping -c 1 b"), HasSubstr("1 received"));
  }
}

// --- cables --------------------------------------------------------------------------------------

/// What `ping` says of the time there and back, in ms.
double round_trip(const std::string& ping) {
  const std::size_t at = ping.find("time=");
  return at == std::string::npos ? -1.0 : std::stod(ping.substr(at + 5));
}

class Cables : public KernelLab {
 protected:
  void fault(scenario::FaultKind kind, const std::string& host, std::uint32_t ppm = 0,
             SimDuration delay = {}, SimDuration jitter = {}) {
    scenario::Fault fault;
    fault.kind = kind;
    fault.host = host;
    fault.nic = "eth0";
    fault.ppm = ppm;
    fault.delay = delay;
    fault.jitter = jitter;
    const auto done = backend_->apply(fault);
    EXPECT_TRUE(done) << done.error().to_string();
  }
};

TEST_F(Cables, LoseWhatTheFaultSays) {
  EXPECT_THAT(type("a", "ping -c 2 b"), HasSubstr("2 received"));
  fault(scenario::FaultKind::kLoss, "b", 1'000'000);
  EXPECT_THAT(type("a", "ping -c 3 -W 1 b"), HasSubstr(" 0 received"));
  fault(scenario::FaultKind::kReboot, "b");
  EXPECT_THAT(type("a", "ping -c 3 -W 1 b"), HasSubstr(" 0 received")) << "the cable is the same";
  fault(scenario::FaultKind::kLoss, "b", 0);
  EXPECT_THAT(type("a", "ping -c 3 b"), HasSubstr(" 3 received"));
  fault(scenario::FaultKind::kLoss, "b", 500'000);
  // Each of 400 survives with 1/4: 100, give or take five times the deviation of 8.7.
  const std::string half = type("a", "ping -c 400 -i 0.01 -W 1 b");
  const std::size_t at = half.find(" received");
  ASSERT_NE(at, std::string::npos) << half;
  EXPECT_NEAR(std::stoi(half.substr(half.rfind(' ', at - 1))), 100, 44) << half;
}

TEST_F(Cables, RepeatWhatTheFaultSays) {
  type("a", "ping -c 1 b");
  fault(scenario::FaultKind::kDuplicate, "b", 1'000'000);
  // Two requests, each answered, each answer doubled: one and three that are too many.
  EXPECT_THAT(type("a", "ping -c 1 -w 1 b; ping -c 2 b"), HasSubstr("DUP!"));
  fault(scenario::FaultKind::kDuplicate, "b", 0);
  EXPECT_THAT(type("a", "ping -c 3 b"), Not(HasSubstr("DUP!")));
}

TEST_F(Cables, DelayAsTheFaultSays) {
  type("a", "ping -c 1 b");
  EXPECT_NEAR(round_trip(type("a", "ping -c 1 b")), 0.41, 0.1);
  fault(scenario::FaultKind::kDelay, "b", 0, SimDuration{50'000'000});
  EXPECT_NEAR(round_trip(type("a", "ping -c 1 b")), 100.2, 0.5);
  fault(scenario::FaultKind::kDelay, "b", 0, SimDuration{50'000'000}, SimDuration{20'000'000});
  double least = 1e9, most = 0;
  for (int i = 0; i < 20; ++i) {
    const double time = round_trip(type("a", "ping -c 1 b"));
    least = std::min(least, time);
    most = std::max(most, time);
  }
  EXPECT_GT(least, 100.0) << "never less than the delay";
  EXPECT_LT(most, 141.0) << "nor more than delay and jitter, twice";
  EXPECT_GT(most - least, 1.0) << "by chance";
}

TEST_F(Cables, JoinTwoInterfacesWithoutASwitch) {
  start(R"(
title: a cable
hosts:
  - name: a
    nics: [{addresses: 10.0.0.1/24, peer: b/eth0, link: {delay: 10ms}}]
  - name: b
    nics: [{addresses: 10.0.0.2/24, link: {delay: 30ms}}]
)");
  type("a", "ping -c 1 b");
  EXPECT_NEAR(round_trip(type("a", "ping -c 1 b")), 40.0, 1.0) << "each end has its own delay";
  fault(scenario::FaultKind::kLoss, "b", 0);
  EXPECT_NEAR(round_trip(type("a", "ping -c 1 b")), 40.0, 1.0) << "and keeps it";
  fault(scenario::FaultKind::kLinkDown, "b");
  for (const char* host : {"a", "b"})
    EXPECT_THAT(type(host, "ip link show eth0"), HasSubstr("NO-CARRIER")) << host;
  EXPECT_THAT(type("a", "ping -c 1 -W 1 b"), HasSubstr(" 0 received"));
  fault(scenario::FaultKind::kLinkUp, "a");
  EXPECT_THAT(type("a", "ping -c 1 b"), HasSubstr("1 received"));
  fault(scenario::FaultKind::kCrash, "b");
  EXPECT_THAT(type("a", "ip link show eth0"), Not(HasSubstr("NO-CARRIER")));
  fault(scenario::FaultKind::kReboot, "b");
  EXPECT_THAT(type("a", "ping -c 1 b"), HasSubstr("1 received"));
}

TEST_F(Cables, JoinSwitchesByUplinks) {
  start(R"(
title: three switches in a row
switches:
  - {name: left, uplinks: middle, link: {delay: 5ms}}
  - {name: middle, uplinks: right, link: {delay: 20ms}}
  - {name: right}
hosts:
  - name: a
    nics: [{addresses: 10.0.0.1/24, switch: left, link: {delay: 1ms}}]
  - name: b
    nics: [{addresses: 10.0.0.2/24, switch: right, link: {delay: 1ms}}]
  - name: c
    nics: [{addresses: 10.0.0.3/24, switch: middle, link: {delay: 1ms}}]
)");
  type("a", "ping -c 1 b; ping -c 1 c");
  EXPECT_NEAR(round_trip(type("a", "ping -c 1 b")), 2 * (1 + 5 + 20 + 1), 1.0);
  EXPECT_NEAR(round_trip(type("a", "ping -c 1 c")), 2 * (1 + 5 + 1), 1.0);
  const std::size_t seen = session_->trace().size();
  type("a", "ping -c 1 b");
  const auto records = session_->trace().records().subspan(seen);
  EXPECT_TRUE(std::ranges::none_of(records, [](const TraceRecord& record) {
    return record.kind == RecordKind::kFrameReceived && record.node == NodeId(2);
  })) << "switches know where b is, and leave c alone";
}

}  // namespace
}  // namespace lvslab::kernel
