// Who answers an ARP request, in whose name a host asks, and what it learns in passing.
#include "tests/ip/host_bench.h"

namespace lvslab::ip {
namespace {

using testing::IsEmpty;
using testing::SizeIs;
using namespace literals;

const MacAddr kClientMac = mac(10), kOtherMac = mac(20);

HostBench real_server() { return HostBench{"lo 10.0.0.100/32", "eth0 10.0.0.11/24"}; }

std::vector<std::uint8_t> who_has(std::string_view target, std::string_view asker = "10.0.0.1",
                                  MacAddr from = kClientMac) {
  return arp_request(from, ip4(asker), ip4(target));
}

TEST(ArpIgnore, Mode0AnswersForTheVipOnLoopback) {
  HostBench rs = real_server();
  rs.receive("eth0", who_has("10.0.0.100"));
  ASSERT_THAT(rs.sent(), SizeIs(1));
  const ArpRepr reply = rs.sent()[0].arp();
  EXPECT_EQ(reply.op, ArpOp::kReply);
  EXPECT_EQ(reply.sender_ip, ip4("10.0.0.100"));
  EXPECT_EQ(reply.sender_mac, mac(0x1001));
  EXPECT_EQ(rs.sent()[0].eth().dst, kClientMac);
  EXPECT_EQ(rs.last_reason(), Reason::kArpReplied);
}

TEST(ArpIgnore, Mode1KeepsVipOnLoopbackSilent) {
  HostBench rs = real_server();
  rs.set("conf.eth0.arp_ignore", "1");
  rs.receive("eth0", who_has("10.0.0.100"));
  EXPECT_THAT(rs.sent(), IsEmpty());
  EXPECT_EQ(rs.last_reason(), Reason::kArpIgnored);
  rs.receive("eth0", who_has("10.0.0.11"));
  EXPECT_THAT(rs.sent(), SizeIs(1));
}

TEST(ArpIgnore, SilenceAlsoMeansLearningNothing) {
  HostBench rs = real_server();
  rs.set("conf.eth0.arp_ignore", "1");
  rs.receive("eth0", who_has("10.0.0.100"));
  EXPECT_EQ(rs.state_of("10.0.0.1"), NeighState::kNone);
}

TEST(ArpIgnore, TheLargerOfAllAndTheReceivingInterfaceCounts) {
  HostBench all = real_server();
  all.set("conf.all.arp_ignore", "1");
  all.receive("eth0", who_has("10.0.0.100"));
  EXPECT_THAT(all.sent(), IsEmpty());
  HostBench lo = real_server();
  lo.set("conf.lo.arp_ignore", "1");
  lo.receive("eth0", who_has("10.0.0.100"));
  EXPECT_THAT(lo.sent(), SizeIs(1)) << "conf/lo is about requests that arrive on lo";
}

TEST(ArpIgnore, Mode2AlsoWantsTheAskerInTheSameSubnet) {
  HostBench rs = real_server();
  rs.set("conf.eth0.rp_filter", "0");
  rs.set("conf.eth0.arp_ignore", "2");
  ASSERT_EQ(rs.route("192.168.7.0/24", "", "eth0"), Errno::kNone);
  rs.receive("eth0", who_has("10.0.0.11", "192.168.7.7"));
  EXPECT_THAT(rs.sent(), IsEmpty());
  rs.receive("eth0", who_has("10.0.0.11", "10.0.0.1"));
  EXPECT_THAT(rs.sent(), SizeIs(1));
}

TEST(ArpIgnore, Mode3HidesAddressesOfScopeHostOnly) {
  HostBench rs{"eth0 10.0.0.11/24"};
  Step s = rs.step();
  add_address(s, rs.stack, rs,
              {.dev = kLoopback, .local = prefix("10.0.0.100/32"), .scope = Scope::kHost});
  rs.set("conf.all.arp_ignore", "3");
  rs.receive("eth0", who_has("10.0.0.100"));
  EXPECT_THAT(rs.sent(), IsEmpty());
  rs.receive("eth0", who_has("10.0.0.11"));
  EXPECT_THAT(rs.sent(), SizeIs(1));
}

TEST(ArpIgnore, Modes4To7AnswerAndMode8NeverDoes) {
  for (const char* mode : {"4", "5", "6", "7"}) {
    HostBench rs = real_server();
    rs.set("conf.eth0.arp_ignore", mode);
    rs.receive("eth0", who_has("10.0.0.100"));
    EXPECT_THAT(rs.sent(), SizeIs(1)) << mode;
  }
  HostBench rs = real_server();
  rs.set("conf.eth0.arp_ignore", "8");
  rs.receive("eth0", who_has("10.0.0.11"));
  EXPECT_THAT(rs.sent(), IsEmpty());
}

TEST(ArpIgnore, AWholeSubnetOnLoopbackAnswersForEverybody) {
  HostBench rs{"eth0 10.0.0.11/24"};
  rs.add_address("lo", "10.0.0.100/24", "lo:1");
  rs.receive("eth0", who_has("10.0.0.77"));
  ASSERT_THAT(rs.sent(), SizeIs(1));
  EXPECT_EQ(rs.sent()[0].arp().sender_ip, ip4("10.0.0.77"));
}

TEST(ArpAnnounce, Mode0AsksInTheNameOfTheWaitingPacket) {
  HostBench rs = real_server();
  rs.send_udp("10.0.0.100", "10.0.0.1");
  ASSERT_THAT(rs.sent(), SizeIs(1));
  EXPECT_EQ(rs.sent()[0].arp().sender_ip, ip4("10.0.0.100"));
  EXPECT_TRUE(rs.sent()[0].eth().dst.is_broadcast());
  EXPECT_TRUE(rs.sent()[0].arp().target_mac.is_zero());
}

TEST(ArpAnnounce, Mode2AsksWithTheAddressOfTheInterface) {
  HostBench rs = real_server();
  rs.set("conf.all.arp_announce", "2");
  rs.send_udp("10.0.0.100", "10.0.0.1");
  ASSERT_THAT(rs.sent(), SizeIs(1));
  EXPECT_EQ(rs.sent()[0].arp().sender_ip, ip4("10.0.0.11"));
  EXPECT_TRUE(rs.explained(Reason::kArpAnnounceSource));
}

TEST(ArpAnnounce, Mode1KeepsASourceOfTheTargetsSubnet) {
  HostBench rs = real_server();
  rs.set("conf.all.arp_announce", "1");
  rs.send_udp("10.0.0.100", "10.0.0.1");  // .100 matches eth0's /24, though it stands on lo
  ASSERT_THAT(rs.sent(), SizeIs(1));
  EXPECT_EQ(rs.sent()[0].arp().sender_ip, ip4("10.0.0.100"));
  rs.add_address("lo", "172.16.0.1/32");
  rs.send_udp("172.16.0.1", "10.0.0.2");
  ASSERT_THAT(rs.sent(), SizeIs(2));
  EXPECT_EQ(rs.sent()[1].arp().sender_ip, ip4("10.0.0.11"));
}

TEST(ArpFilter, AnswersOnlyWhereTheReplyWouldLeave) {
  HostBench host{"eth0 10.0.0.11/24", "eth1 10.0.0.12/24"};
  host.receive("eth1", who_has("10.0.0.12"));
  EXPECT_THAT(host.take_sent(), SizeIs(1));
  host.set("conf.all.arp_filter", "1");
  host.receive("eth1", who_has("10.0.0.12", "10.0.0.2"));
  EXPECT_THAT(host.sent(), IsEmpty());
  EXPECT_EQ(host.last_reason(), Reason::kArpFiltered);
}

TEST(ProxyArp, AnswersForWhatLiesBehindAnotherInterface) {
  HostBench router{"eth0 10.0.0.1/24", "eth1 10.1.0.1/24"};
  router.set("ip_forward", "1");
  router.receive("eth0", who_has("10.1.0.5", "10.0.0.7"));
  EXPECT_THAT(router.sent(), IsEmpty());
  router.set("conf.eth0.proxy_arp", "1");
  router.receive("eth0", who_has("10.1.0.5", "10.0.0.7"));
  ASSERT_THAT(router.sent(), SizeIs(1));
  EXPECT_EQ(router.sent()[0].arp().sender_ip, ip4("10.1.0.5"));
}

TEST(Arp, WithRpFilterASubnetOnLoopbackStopsItFromAnswering) {
  HostBench rs{"eth0 10.0.0.11/24"};
  rs.add_address("lo", "10.0.0.100/24", "lo:1");
  rs.set("conf.all.rp_filter", "1");
  rs.receive("eth0", who_has("10.0.0.11"));
  EXPECT_THAT(rs.sent(), IsEmpty());
  EXPECT_TRUE(rs.explained(Reason::kArpBadSource));
}

TEST(Arp, DuplicateAddressDetectionIsAnswered) {
  HostBench host{"eth0 10.0.0.11/24"};
  host.receive("eth0", who_has("10.0.0.11", "0.0.0.0"));
  ASSERT_THAT(host.sent(), SizeIs(1));
  EXPECT_EQ(host.sent()[0].eth().dst, kClientMac);
  EXPECT_EQ(host.state_of("0.0.0.0"), NeighState::kNone);
}

TEST(Arp, InterfaceWithArpOffNeitherAnswersNorAsks) {
  HostBench host{"eth0 10.0.0.11/24"};
  Step s = host.step();
  set_no_arp(s, host.stack, host, host.dev("eth0"), true);
  host.receive("eth0", who_has("10.0.0.11"));
  EXPECT_THAT(host.sent(), IsEmpty());
  EXPECT_EQ(host.last_reason(), Reason::kArpOff);
}

TEST(ArpLearning, ARequestForMeCreatesAStaleEntry) {
  HostBench host{"eth0 10.0.0.11/24"};
  host.receive("eth0", who_has("10.0.0.11"));
  EXPECT_EQ(host.state_of("10.0.0.1"), NeighState::kStale);
  EXPECT_EQ(host.mac_of("10.0.0.1"), kClientMac);
}

TEST(ArpLearning, ARequestForOthersCreatesNothing) {
  HostBench host{"eth0 10.0.0.11/24"};
  host.receive("eth0", who_has("10.0.0.99"));
  EXPECT_EQ(host.state_of("10.0.0.1"), NeighState::kNone);
  EXPECT_EQ(host.last_reason(), Reason::kArpNotLearned);
}

TEST(ArpLearning, ARequestForMeOverridesAtOnceWithoutLocktime) {
  HostBench client{"eth0 10.0.0.1/24"};
  client.send_udp("", "10.0.0.100");
  client.receive("eth0", arp_reply(kClientMac, ip4("10.0.0.100"), mac(0x1001), ip4("10.0.0.1")));
  ASSERT_EQ(client.mac_of("10.0.0.100"), kClientMac);
  client.receive("eth0", arp_request(kOtherMac, ip4("10.0.0.100"), ip4("10.0.0.1")));
  EXPECT_EQ(client.mac_of("10.0.0.100"), kOtherMac);
  EXPECT_EQ(client.state_of("10.0.0.100"), NeighState::kStale);
}

TEST(ArpLearning, TheFirstOfSeveralRepliesWins) {
  HostBench client{"eth0 10.0.0.1/24"};
  client.send_udp("", "10.0.0.100");
  client.receive("eth0", arp_reply(kClientMac, ip4("10.0.0.100"), mac(0x1001), ip4("10.0.0.1")));
  client.pass(500_ms);
  client.receive("eth0", arp_reply(kOtherMac, ip4("10.0.0.100"), mac(0x1001), ip4("10.0.0.1")));
  EXPECT_EQ(client.mac_of("10.0.0.100"), kClientMac);
  EXPECT_EQ(client.last_reason(), Reason::kNeighLocked);
  client.pass(600_ms);
  client.receive("eth0", arp_reply(kOtherMac, ip4("10.0.0.100"), mac(0x1001), ip4("10.0.0.1")));
  EXPECT_EQ(client.mac_of("10.0.0.100"), kOtherMac);
}

TEST(ArpLearning, GratuitousArpUpdatesButDoesNotCreate) {
  HostBench client{"eth0 10.0.0.1/24"};
  const auto garp = arp_request(kOtherMac, ip4("10.0.0.100"), ip4("10.0.0.100"));
  client.receive("eth0", garp);
  EXPECT_EQ(client.state_of("10.0.0.100"), NeighState::kNone);
  client.send_udp("", "10.0.0.100");
  client.receive("eth0", arp_reply(kClientMac, ip4("10.0.0.100"), mac(0x1001), ip4("10.0.0.1")));
  client.receive("eth0", garp);
  EXPECT_EQ(client.mac_of("10.0.0.100"), kOtherMac);
  EXPECT_EQ(client.state_of("10.0.0.100"), NeighState::kStale);
}

TEST(ArpLearning, ArpAcceptCreatesFromGratuitousArp) {
  HostBench client{"eth0 10.0.0.1/24"};
  client.set("conf.all.arp_accept", "1");
  client.receive("eth0", arp_request(kOtherMac, ip4("10.0.0.100"), ip4("10.0.0.100")));
  EXPECT_EQ(client.state_of("10.0.0.100"), NeighState::kStale);
}

TEST(ArpNotify, AddingAnAddressSendsNothingUnlessAsked) {
  HostBench host{"eth0 10.0.0.11/24"};
  host.add_address("eth0", "10.0.0.100/24", "eth0:1");
  EXPECT_THAT(host.sent(), IsEmpty());
  host.set("conf.eth0.arp_notify", "1");
  host.link("eth0", false);
  host.link("eth0", true);
  EXPECT_THAT(host.sent(), SizeIs(2));
  EXPECT_EQ(host.sent()[1].arp().target_ip, ip4("10.0.0.100"));
}

}  // namespace
}  // namespace lvslab::ip
