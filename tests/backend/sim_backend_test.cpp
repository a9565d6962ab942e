// The simulator behind the waist: building, typing, faults, storms, going back, branching.
#include "sim/backend/sim_backend.h"

#include <gmock/gmock.h>

#include "sim/lab/expect.h"
#include "sim/lab/show.h"
#include "sim/trace/fold.h"
#include "sim/trace/packet_filter.h"
#include "sim/wire/dissect.h"
#include "tests/backend/play.h"

namespace lvslab::backend {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const std::string kTwoHosts = R"(
title: {en: t, zh: t}
switches: [{name: lan}]
hosts:
  - name: a
    nics: [{addresses: 10.0.0.1/24, switch: lan}]
    files: {/root/note.txt: "hello\n"}
  - name: b
    nics: [{addresses: 10.0.0.2/24, switch: lan}]
    sysctls: {net.ipv4.conf.all.arp_ignore: 1}
)";

TEST(SimBackend, HostsKnowEachOthersNamesAndTheirFiles) {
  Lab lab(load_text(kTwoHosts));
  EXPECT_EQ(lab.type("a", "cat note.txt"), "hello\n");
  EXPECT_THAT(lab.type("a", "cat /etc/hosts"), HasSubstr("10.0.0.2        b\n"));
  EXPECT_THAT(lab.type("a", "ping -c 1 b"), HasSubstr("1 received"));
  EXPECT_EQ(lab.type("b", "cat /proc/sys/net/ipv4/conf/all/arp_ignore"), "1\n");
}

TEST(SimBackend, TablesAreThoseThatTheToolsList) {
  Lab lab(load_text(kTwoHosts));
  lab.type("a", "ping -c 1 b");
  const auto tables = lab.session.tables("a");
  ASSERT_TRUE(tables.has_value());
  for (const auto& [table, line] :
       {std::pair{scenario::TableKind::kArp, "ip neigh"},
        std::pair{scenario::TableKind::kRoute, "ip route"},
        std::pair{scenario::TableKind::kLocalRoute, "ip route show table local"},
        std::pair{scenario::TableKind::kAddr, "ip addr"},
        std::pair{scenario::TableKind::kRule, "ip rule"},
        std::pair{scenario::TableKind::kSocket, "netstat -natp"}}) {
    EXPECT_EQ(lab.type("a", line), lab::render_table(table, *tables)) << line;
    EXPECT_EQ(lab::tool_of(table), line);
  }
}

TEST(SimBackend, APulledCableAndAPluggedOne) {
  Lab lab(load_text(kTwoHosts));
  const scenario::Fault down{.kind = scenario::FaultKind::kLinkDown, .host = "b", .nic = "eth0"};
  ASSERT_TRUE(lab.backend.apply(down).has_value());
  EXPECT_THAT(lab.type("a", "ping -c 1 -W 1 b"), HasSubstr("0 received"));
  scenario::Fault up = down;
  up.kind = scenario::FaultKind::kLinkUp;
  ASSERT_TRUE(lab.backend.apply(up).has_value());
  EXPECT_THAT(lab.type("a", "sleep 5; ping -c 1 b"), HasSubstr("1 received"));
}

/// How often `host` sent a frame that the filter matches, on any interface.
std::size_t sent(const Lab& lab, const std::string& host, const std::string& filter) {
  const auto compiled = PacketFilter::compile(filter);
  EXPECT_TRUE(compiled.has_value());
  const Trace& trace = lab.session.trace();
  return static_cast<std::size_t>(std::ranges::count_if(trace.records(), [&](const auto& r) {
    return r.kind == RecordKind::kFrameSent && trace.node(r.node).name == host &&
           compiled->matches(trace.frame(r.frame));
  }));
}

// Observed: a SYN that waits for ARP is not sent again; the error takes a backoff back (RFC 6069),
// so that one more SYN, and with it three more questions, go out when the program has its error.
TEST(SimBackend, AConnectionToNobodyAsksTwiceThreeTimes) {
  Lab lab(load_text(kTwoHosts));
  EXPECT_THAT(lab.type("a", "curl -s http://10.0.0.77/ || echo failed"), HasSubstr("failed"));
  EXPECT_EQ(sent(lab, "a", "arp"), 4U);
  EXPECT_EQ(sent(lab, "a", "icmp"), 1U) << "one SYN waited, one error came";
  lab.session.run_until(SimTime{20'000'000'000});
  EXPECT_EQ(sent(lab, "a", "arp"), 6U);
  EXPECT_EQ(sent(lab, "a", "icmp"), 2U);
}

TEST(SimBackend, AnErrorQuotesTheChecksumThatTheDeviceNeverFilledIn) {
  Lab lab(load_text(kTwoHosts));
  lab.type("a", "curl -s http://10.0.0.77/");
  const Trace& trace = lab.session.trace();
  const auto error = std::ranges::find_if(trace.records(), [&](const TraceRecord& r) {
    return r.kind == RecordKind::kFrameSent && trace.frame(r.frame)[23] == 1;
  });
  ASSERT_NE(error, trace.records().end());
  const std::vector<Field> fields = dissect(trace.frame(error->frame));
  const auto quoted = std::ranges::find_if(
      fields, [](const Field& field) { return field.depth == 2 && field.name == "checksum"; });
  ASSERT_NE(quoted, fields.end());
  EXPECT_THAT(quoted->value, HasSubstr("wrong"));
}

TEST(SimBackend, LoopbackCountsPacketsWithoutTheirEthernetHeader) {
  Lab lab(load_text(kTwoHosts));
  lab.type("a", "ping -c 1 127.0.0.1");
  EXPECT_THAT(lab.type("a", "ifconfig lo"), HasSubstr("RX packets 2  bytes 168"));
}

/// Frames of a kind at an interface of `host`, by the trace.
std::size_t frames_at(const Lab& lab, std::string_view host, RecordKind kind) {
  const Trace& trace = lab.session.trace();
  return static_cast<std::size_t>(std::ranges::count_if(trace.records(), [&](const auto& record) {
    return record.kind == kind && record.node.valid() &&
           trace.nodes()[record.node.value].name == host;
  }));
}

TEST(SimBackend, WithoutCarrierNothingIsSentNorCountedAndOwnRoutesAreNotLinkdown) {
  Lab lab(load_text(kTwoHosts));
  ASSERT_TRUE(
      lab.backend.apply({.kind = scenario::FaultKind::kLinkDown, .host = "a", .nic = "eth0"})
          .has_value());
  EXPECT_THAT(lab.type("a", "ping -c 1 -W 1 b"), HasSubstr("0 received"));
  EXPECT_EQ(frames_at(lab, "a", RecordKind::kFrameSent), 0U);
  EXPECT_THAT(lab.type("a", "ifconfig eth0"), HasSubstr("TX packets 0  bytes 0"));
  EXPECT_THAT(lab.type("a", "ip route"), HasSubstr("scope link src 10.0.0.1 linkdown"));
  EXPECT_THAT(lab.type("a", "ip route show table local"),
              testing::AllOf(HasSubstr("local 10.0.0.1 dev eth0 proto kernel scope host src "
                                       "10.0.0.1 \n"),
                             HasSubstr("broadcast 10.0.0.255 dev eth0 proto kernel scope link src "
                                       "10.0.0.1 linkdown")));
}

TEST(SimBackend, AnInterfaceThatIsDownTakesNothingIn) {
  Lab lab(load_text(kTwoHosts));
  lab.type("b", "ifconfig eth0 down");
  EXPECT_THAT(lab.type("a", "ping -c 1 -W 1 b"), HasSubstr("0 received"));
  EXPECT_EQ(frames_at(lab, "b", RecordKind::kFrameReceived), 0U);
  EXPECT_THAT(lab.type("b", "ifconfig eth0"), HasSubstr("RX packets 0  bytes 0"));
}

TEST(SimBackend, PingFromAnAddressSaysNothingOfAMissingRoute) {
  Lab lab(load_text(kTwoHosts));
  EXPECT_THAT(lab.type("a", "ping -c 1 -W 1 10.99.0.1"), HasSubstr("Network is unreachable"));
  EXPECT_EQ(lab.type("a", "ping -c 1 -W 1 -I 10.0.0.1 10.99.0.1"),
            "PING 10.99.0.1 (10.99.0.1) from 10.0.0.1 : 56(84) bytes of data.\n\n"
            "--- 10.99.0.1 ping statistics ---\n"
            "1 packets transmitted, 0 received, 100% packet loss, time 0ms\n\n");
}

TEST(SimBackend, OwnAddressesHaveNoNeighbourEntryOfTheirOwn) {
  Lab lab(load_text(kTwoHosts));
  lab.type("a", "ping -c 1 10.0.0.1");
  EXPECT_EQ(lab.type("a", "arp -d 10.0.0.1"), "No ARP entry for 10.0.0.1\n");
  EXPECT_THAT(lab.type("a", "ip neigh show nud all"), HasSubstr("0.0.0.0 dev lo"));
}

TEST(SimBackend, RouteAddPutsAnotherRouteToTheSamePrefixInFront) {
  Lab lab(load_text(kTwoHosts));
  EXPECT_EQ(lab.type("a", "route add default gw 10.0.0.2"), "");
  EXPECT_EQ(lab.type("a", "route add default gw 10.0.0.3"), "");
  EXPECT_EQ(lab.type("a", "route add default gw 10.0.0.3"), "SIOCADDRT: File exists\n");
  EXPECT_THAT(lab.type("a", "ip route"), testing::StartsWith("default via 10.0.0.3 dev eth0 \n"
                                                             "default via 10.0.0.2 dev eth0 \n"));
  EXPECT_EQ(lab.type("a", "route add -host 10.5.5.5 gw 10.0.0.1"), "");
  EXPECT_THAT(lab.type("a", "ip route"), HasSubstr("10.5.5.5 via 10.0.0.1 dev eth0 scope link"));
}

TEST(SimBackend, AnOwnAddressTakesNoArpEntryAndABroadcastAddressIsNoServer) {
  Lab lab(load_text(kTwoHosts));
  EXPECT_EQ(lab.type("a", "arp -s 10.0.0.1 02:00:00:00:03:00"), "SIOCSARP: Invalid argument\n");
  lab.type("a", "route add default gw 10.0.0.2");
  EXPECT_EQ(lab.type("a", "arp -d 172.16.0.1"), "SIOCDARP(dontpub): Network is unreachable\n")
      << "routes by a gateway do not count";
  lab.type("a", "ipvsadm -A -t 10.0.0.50:80");
  for (const char* address : {"10.0.0.255", "224.1.1.1"}) {
    EXPECT_THAT(lab.type("a", std::string("ipvsadm -a -t 10.0.0.50:80 -g -r ") + address),
                HasSubstr("address not unicast"));
  }
  EXPECT_EQ(lab.type("a", "ipvsadm -a -t 10.0.0.50:80 -g -r 10.0.0.1"), "");
}

TEST(SimBackend, TheDefaultTtlIsThatOfTcpAndPingToo) {
  Lab lab(load_text(kTwoHosts));
  lab.type("b", "sysctl -w net.ipv4.ip_default_ttl=33");
  EXPECT_THAT(lab.type("a", "ping -c 1 b"), HasSubstr("ttl=33"));
  lab.type("b", "curl -s -m 1 http://a/");
  EXPECT_EQ(sent(lab, "b", "tcp and ip[8] == 33"), 1U) << "its SYN";
}

TEST(SimBackend, ACableThatLosesEverything) {
  Lab lab(load_text(kTwoHosts));
  const scenario::Fault loss{
      .kind = scenario::FaultKind::kLoss, .host = "a", .nic = "eth0", .ppm = 1'000'000};
  ASSERT_TRUE(lab.backend.apply(loss).has_value());
  EXPECT_THAT(lab.type("a", "ping -c 1 -W 1 b"), HasSubstr("0 received"));
}

TEST(SimBackend, AHostThatIsPoweredOffRefusesAndForgetsWhatWasTypedWhenItReboots) {
  Lab lab(load_text(kTwoHosts));
  lab.type("b", "ip addr add 10.0.0.77/24 dev eth0");
  scenario::Fault fault{.kind = scenario::FaultKind::kPowerOff, .host = "b", .nic = {}};
  ASSERT_TRUE(lab.backend.apply(fault).has_value());
  EXPECT_FALSE(lab.backend.is_up("b"));
  EXPECT_EQ(lab.type("b", "hostname"), "lvslab: b is down: nothing can be typed on it\n");
  fault.kind = scenario::FaultKind::kReboot;
  ASSERT_TRUE(lab.backend.apply(fault).has_value());
  EXPECT_THAT(lab.type("b", "ip addr"), Not(HasSubstr("10.0.0.77")));
  EXPECT_THAT(lab.type("b", "ip link"), HasSubstr("LOWER_UP"));
  EXPECT_THAT(lab.type("a", "ping -c 1 b"), HasSubstr("1 received"));
}

TEST(SimBackend, AFaultOfWhatIsNotThereIsAnError) {
  Lab lab(load_text(kTwoHosts));
  const scenario::Fault no_host{.kind = scenario::FaultKind::kCrash, .host = "z", .nic = {}};
  EXPECT_FALSE(lab.backend.apply(no_host).has_value());
  const scenario::Fault no_nic{.kind = scenario::FaultKind::kLinkDown, .host = "a", .nic = "eth7"};
  EXPECT_THAT(lab.backend.apply(no_nic).error().message, HasSubstr("a/eth7"));
}

TEST(SimBackend, CtrlCEndsAPingWithItsStatistics) {
  Lab lab(load_text(kTwoHosts));
  const auto ping = lab.session.type("a", "ping b");
  ASSERT_TRUE(ping.has_value());
  lab.session.run_until({3'500'000'000});
  lab.session.interrupt(*ping);
  EXPECT_TRUE(lab.session.entries()[*ping].done);
  EXPECT_THAT(lab.session.entries()[*ping].output, HasSubstr("4 packets transmitted, 4 received"));
}

// --- storms --------------------------------------------------------------------------------------

const std::string kLoop = R"(
title: {en: t, zh: t}
switches:
  - {name: s1, uplinks: [s2, s3]}
  - {name: s2, uplinks: [s3]}
  - {name: s3}
  - {name: quiet, uplinks: [s1]}
hosts:
  - name: a
    nics: [{addresses: 10.0.0.1/24, switch: s1}]
  - name: b
    nics: [{addresses: 10.0.0.2/24, switch: quiet}]
timeline:
  - {on: a, run: ping -c 1 10.0.0.9}
)";

TEST(Storm, ALoopOfSwitchesIsStoppedAndItsSwitchesAreNamed) {
  Lab lab(load_text(kLoop));
  ASSERT_EQ(lab.session.run_to_end(), lab::PlayEnd::kStorm);
  const lab::Storm& storm = lab.session.storm();
  EXPECT_EQ(storm.kind, lab::Storm::Kind::kSwitchLoop);
  EXPECT_THAT(storm.nodes, testing::IsSupersetOf({"s1", "s2", "s3"}));
  EXPECT_THAT(storm.to_string(), HasSubstr("who-has 10.0.0.9"));
}

TEST(Storm, AStormIsTheSameAfterARewind) {
  Lab lab(load_text(kLoop), {.snapshot_every = 500});
  lab.session.run_to_end();
  const lab::Storm before = lab.session.storm();
  ASSERT_TRUE(lab.session.back().has_value());
  EXPECT_EQ(lab.session.run_to_end(), lab::PlayEnd::kStorm);
  EXPECT_EQ(lab.session.storm(), before);
}

TEST(Storm, ABusyLabIsNone) {
  const std::string busy = R"(
title: {en: t, zh: t}
switches: [{name: lan}]
hosts:
  - name: a
    nics: [{addresses: 10.0.0.1/24, switch: lan}]
  - name: b
    nics: [{addresses: 10.0.0.2/24, switch: lan}]
    setup: [yum install httpd -y, service httpd start, "echo x > /var/www/html/index.html"]
timeline:
  - {on: a, run: ab -n 2000 -c 100 http://10.0.0.2/}
)";
  Lab lab(load_text(busy));
  EXPECT_EQ(lab.session.run_to_end(), lab::PlayEnd::kFinished);
  EXPECT_THAT(lab.session.entries().back().output, HasSubstr("Complete requests:      2000"));
}

// --- going back ----------------------------------------------------------------------------------

TEST(Rewind, EveryStepOfAPingIsReachedAgainJustAsItWas) {
  Lab lab(load_text(kTwoHosts), {.snapshot_every = 5});
  ASSERT_TRUE(lab.session.type("a", "ping -c 2 b"));
  std::vector<std::uint64_t> digests(2, lab.session.trace().digest());
  while (lab.session.next() == lab::PlayEnd::kReached) {
    digests.push_back(lab.session.trace().digest());
  }
  for (std::uint64_t step = lab.session.steps() - 1; step > 0; --step) {
    const auto went = lab.session.back();
    ASSERT_TRUE(went.has_value()) << went.error().message;
    ASSERT_EQ(lab.session.trace().digest(), digests[step]) << "step " << step;
  }
}

TEST(Rewind, ABranchLeavesTheOldFutureBehind) {
  Lab lab(load_text(kTwoHosts), {.snapshot_every = 5});
  lab.type("a", "ping -c 1 b");
  const std::uint64_t fork = lab.session.steps();
  lab.type("a", "ip neigh flush dev eth0");
  EXPECT_EQ(lab.type("a", "ip neigh"), "");
  ASSERT_TRUE(lab.session.go_to_step(fork).has_value());
  EXPECT_THAT(lab.type("a", "ip neigh"), HasSubstr("10.0.0.2 dev eth0 lladdr"));
  EXPECT_EQ(lab.session.entries().size(), 2U);
}

TEST(Rewind, GoingToATimeIsWhatRunningToItWas) {
  const std::string name = "dr-basic";
  Lab there(load_shipped(name));
  there.session.run_until({4'000'000});
  Lab back(load_shipped(name), {.snapshot_every = 50});
  back.session.run_to_end();
  const auto went = back.session.go_to_time({4'000'000});
  ASSERT_TRUE(went.has_value()) << went.error().message;
  EXPECT_EQ(back.session.now(), there.session.now());
  EXPECT_EQ(back.session.trace().digest(), there.session.trace().digest());
}

// --- expectations --------------------------------------------------------------------------------

TEST(Expectations, WhatFailsSaysWhatWasSeenInstead) {
  Lab lab(load_text(kTwoHosts + R"(
timeline:
  - on: a
    run: ping -c 2 b
    expect: {output-has: 3 received}
expect:
  - packets: {at: b/eth0, direction: in, filter: icmp, count: 3}
    why: {en: three were sent, zh: 三个}
  - packets: {at: b/eth0, direction: out, filter: icmp, count: 2}
  - table: {host: a, table: arp, has: FAILED}
  - reason: {code: arp-replied, host: b, at-least: 1}
  - reason: {code: arp-replied, host: a, at-least: 7}
)"));
  lab.session.run_to_end();
  const auto findings = lab::evaluate(lab.session);
  std::vector<bool> passed;
  for (const lab::Finding& finding : findings) passed.push_back(finding.passed);
  EXPECT_THAT(passed, ElementsAre(false, false, true, false, true, false));
  const auto says = [](const auto& words) { return testing::Field(&scenario::Text::en, words); };
  EXPECT_THAT(findings[0].seen, testing::Contains(says(HasSubstr("2 received"))));
  EXPECT_THAT(findings[1].what, says("exactly 3 packets into b/eth0 that match 'icmp'"));
  EXPECT_EQ(findings[1].what.zh, "b/eth0 收到的报文恰好 3 个（过滤条件“icmp”）");
  EXPECT_THAT(findings[1].unmet, ElementsAre(says("2 seen, exactly 3 expected")));
  EXPECT_THAT(findings[1].seen, testing::Each(says(HasSubstr("ICMP echo request"))));
  EXPECT_EQ(findings[1].why.en, "three were sent");
  EXPECT_THAT(findings[3].seen, testing::Contains(says(HasSubstr("REACHABLE"))));
}

TEST(Expectations, PacketsAreCountedInAWindowOfTime) {
  Lab lab(load_text(kTwoHosts + R"(
timeline: [{on: a, run: ping -c 3 b}]
expect:
  - packets: {at: a/eth0, filter: "icmp[0] == 8", from: 500ms, until: 1500ms, count: 1}
)"));
  lab.session.run_to_end();
  EXPECT_TRUE(lab::evaluate(lab.session).front().passed);
}

}  // namespace
}  // namespace lvslab::backend
