// Hosts that crash, lose power, and come back; and what the others notice of it.
#include "tests/host/lan.h"

namespace lvslab::host {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(Crash, IsSilence) {
  Lan lan(2);
  lan.type('a', "ping -c 1 b");
  lan.crash('b');
  EXPECT_FALSE(lan.network.is_up(Lan::id('b')));
  EXPECT_THAT(lan.type('a', "ping -c 1 -W 1 b"), HasSubstr("0 received, 100% packet loss"));
  EXPECT_THAT(lan.type('a', "ip link show eth0"), HasSubstr("LOWER_UP"))
      << "the cable is still plugged in";
}

TEST(Crash, EndsWhatWasRunning) {
  Lan lan(2);
  const JobId ping = lan.start('b', "ping a; echo after");
  lan.pass({1'500'000'000});
  lan.crash('b');
  EXPECT_TRUE(lan.job('b', ping).done);
  EXPECT_EQ(lan.job('b', ping).status, 129);
  EXPECT_THAT(lan.job('b', ping).output, AllOf(HasSubstr("icmp_seq=2"), Not(HasSubstr("after"))));
}

TEST(Crash, FramesThatArriveAreDroppedForThatReason) {
  Lan lan(2);
  lan.crash('b');
  lan.type('a', "ping -c 1 -W 1 b");
  EXPECT_GE(lan.decided('b', Reason::kHostNotRunning), 1);
}

TEST(Crash, AConnectionDiesOnlyWhenTheOtherSideIsAskedAgain) {
  Lan lan(2);
  lan.type('b', "yum install httpd -y; systemctl enable httpd; service httpd start");
  lan.type('b', "echo x > /var/www/html/index.html");
  lan.crash('b');
  lan.reboot('b');
  EXPECT_EQ(lan.type('a', "curl -s http://b/"), "x\n");
}

TEST(Crash, LeavesNoRowBehindInTheTrace) {
  Lan lan(2);
  lan.type('b', "ipvsadm -A -t 10.0.0.2:80; ping -c 1 a; tcpdump -c 9 > /dev/null & true");
  lan.crash('b');
  const HostTables tables = lan.network.tables(Lan::id('b'));
  EXPECT_THAT(tables.links, testing::IsEmpty());
  EXPECT_THAT(tables.routes, testing::IsEmpty());
  EXPECT_THAT(tables.services, testing::IsEmpty());
  EXPECT_THAT(tables.neighs, testing::IsEmpty());
}

TEST(PowerOff, TakesTheCarrierFromTheOtherEndOfACable) {
  Network network(7);
  BootConfig a = on_lan('a');
  BootConfig b = on_lan('b');
  const NodeId one = network.add_host(a);
  const NodeId two = network.add_host(b);
  network.join_nics(one, 0, {}, two, 0, {});
  Trace trace;
  network.describe(trace);
  network.boot(one, &trace);
  network.boot(two, &trace);
  const auto link = [&] {
    return network.job(one, network.type(one, "ip link show eth0", &trace)).output;
  };
  EXPECT_THAT(link(), HasSubstr("LOWER_UP"));
  network.power_off(two, &trace, {});
  EXPECT_THAT(link(), HasSubstr("NO-CARRIER"));
  network.reboot(two, &trace, {});
  EXPECT_THAT(link(), HasSubstr("LOWER_UP"));
}

TEST(PowerOff, TypedOnTheHostItselfEndsTheLine) {
  Lan lan(2);
  const JobId off = lan.start('b', "poweroff");
  lan.pass({1'000'000});
  EXPECT_TRUE(lan.job('b', off).done);
  EXPECT_FALSE(lan.network.is_up(Lan::id('b')));
  lan.reboot('b');
  EXPECT_THAT(lan.type('a', "ping -c 1 b"), HasSubstr("1 received"));
}

TEST(Reboot, OtherHostsKeepTheirEntryAndAskNobody) {
  Lan lan(2);
  lan.type('a', "ping -c 1 b");
  lan.reboot('b');
  EXPECT_THAT(lan.type('a', "ip neigh"), HasSubstr("10.0.0.2 dev eth0 lladdr 02:00:00:00:00:02"));
  EXPECT_THAT(lan.type('a', "ping -c 1 b"), HasSubstr("1 received"));
}

TEST(Reboot, LosesWhatWasOnItsCable) {
  Network network(7);
  const NodeId one = network.add_host(on_lan('a'));
  const NodeId two = network.add_host(on_lan('b'));
  constexpr SimDuration kDelay{20'000'000};
  network.join_nics(one, 0, {.delay = kDelay}, two, 0, {.delay = kDelay});
  Trace trace;
  network.describe(trace);
  network.boot(one, &trace);
  network.boot(two, &trace);
  const auto pass = [&](SimDuration time) {
    const SimTime end = network.now() + time;
    while (network.next_event() <= end) network.run_one(&trace);
    network.advance_to(end);
  };
  network.type(one, "arp -s 10.0.0.2 02:00:00:00:00:02", &trace);
  network.type(two, "arp -s 10.0.0.1 02:00:00:00:00:01", &trace);
  pass(kDelay);
  const auto answers = [&](bool reboots) {
    const JobId ping = network.type(one, "ping -c 1 -W 1 10.0.0.2", &trace);
    pass({10'000'000});
    if (reboots) network.reboot(two, &trace, {});
    pass({1'500'000'000});
    return network.job(one, ping).output;
  };
  EXPECT_THAT(answers(false), HasSubstr("1 received"));
  EXPECT_THAT(answers(true), HasSubstr("0 received"));
}

TEST(Reboot, NumbersOfConnectionsDifferFromBootToBoot) {
  Lan lan(2);
  const auto port = [&] {
    lan.type('a', "curl -s -m 1 http://b/");
    for (std::size_t i = lan.trace.size(); i-- > 0;) {
      const TraceRecord& r = lan.trace[RecordId(static_cast<std::uint32_t>(i))];
      if (r.reason == Reason::kTcpConnecting) return r.args[2];
    }
    return 0U;
  };
  const std::uint32_t first = port();
  lan.reboot('a');
  EXPECT_NE(port(), first);
}

TEST(Cable, PulledAndPluggedIn) {
  Lan lan(2);
  lan.network.set_cable(Lan::id('b'), IfIndex(2), false, &lan.trace, {});
  EXPECT_THAT(lan.type('b', "ip link show eth0"), HasSubstr("NO-CARRIER"));
  EXPECT_THAT(lan.type('a', "ping -c 1 -W 1 b"), HasSubstr("0 received"));
  lan.network.set_cable(Lan::id('b'), IfIndex(2), true, &lan.trace, {});
  lan.pass({5'000'000'000});
  EXPECT_THAT(lan.type('a', "ping -c 1 b"), HasSubstr("1 received"));
}

}  // namespace
}  // namespace lvslab::host
