// The life of a neighbour entry: resolution, reachability, probing, failure, and what waits
// meanwhile.
#include "tests/ip/host_bench.h"

namespace lvslab::ip {
namespace {

using testing::IsEmpty;
using testing::SizeIs;
using namespace literals;

const MacAddr kPeerMac = mac(10);
constexpr std::string_view kPeer = "10.0.0.1";

HostBench host() { return HostBench{"eth0 10.0.0.11/24"}; }

std::vector<std::uint8_t> reply_of_peer() {
  return arp_reply(kPeerMac, ip4(kPeer), mac(0x1001), ip4("10.0.0.11"));
}

/// A host that has just resolved its peer.
HostBench resolved() {
  HostBench h = host();
  h.send_udp("", kPeer);
  h.receive("eth0", reply_of_peer());
  h.take_sent();
  return h;
}

TEST(Neigh, ResolvesWithOneBroadcastAndThenSendsWhatWaited) {
  HostBench h = host();
  EXPECT_EQ(h.send_udp("", kPeer), Errno::kNone);
  EXPECT_EQ(h.state_of(kPeer), NeighState::kIncomplete);
  ASSERT_THAT(h.sent(), SizeIs(1));
  EXPECT_TRUE(h.sent()[0].eth().dst.is_broadcast());
  h.receive("eth0", reply_of_peer());
  EXPECT_EQ(h.state_of(kPeer), NeighState::kReachable);
  ASSERT_THAT(h.sent(), SizeIs(2));
  EXPECT_EQ(h.sent()[1].eth().dst, kPeerMac);
  EXPECT_EQ(h.sent()[1].ip().dst, ip4(kPeer));
  EXPECT_EQ(h.world.frames.in_use(), 0U);
}

TEST(Neigh, ChecksWhatAGratuitousArpToldAWaitingPacket) {
  HostBench h = host();
  h.send_udp("", kPeer);
  h.receive("eth0", arp_request(kPeerMac, ip4(kPeer), ip4(kPeer)));
  EXPECT_EQ(h.state_of(kPeer), NeighState::kDelay) << "STALE, and used at once";
  ASSERT_THAT(h.sent(), SizeIs(2));
  EXPECT_EQ(h.sent()[1].eth().dst, kPeerMac);
  h.pass(5100_ms);
  ASSERT_THAT(h.sent(), SizeIs(3));
  EXPECT_EQ(h.sent()[2].arp().target_ip, ip4(kPeer));
  EXPECT_EQ(h.sent()[2].eth().dst, kPeerMac);
}

TEST(Neigh, SecondPacketDuringResolutionDoesNotAskAgain) {
  HostBench h = host();
  h.send_udp("", kPeer);
  h.send_udp("", kPeer);
  EXPECT_THAT(h.sent(), SizeIs(1));
  h.receive("eth0", reply_of_peer());
  EXPECT_THAT(h.sent(), SizeIs(3));
}

TEST(Neigh, AsksThreeTimesOneSecondApartAndFailsAfterThree) {
  HostBench h = host();
  h.send_udp("", kPeer);
  h.pass(900_ms);
  EXPECT_THAT(h.sent(), SizeIs(1));
  h.pass(200_ms);
  EXPECT_THAT(h.sent(), SizeIs(2));
  h.pass(1_s);
  EXPECT_THAT(h.sent(), SizeIs(3));
  EXPECT_EQ(h.state_of(kPeer), NeighState::kIncomplete);
  h.pass(1_s);
  EXPECT_EQ(h.state_of(kPeer), NeighState::kFailed);
  EXPECT_THAT(h.sent(), SizeIs(3));
}

TEST(Neigh, FailureTellsTheHostItselfForEveryWaitingPacket) {
  HostBench h = host();
  h.send_udp("", kPeer);
  h.send_udp("", kPeer);
  h.pass(3_s);
  ASSERT_THAT(h.icmp_events, SizeIs(2));
  EXPECT_EQ(h.icmp_events[0].from, ip4("10.0.0.11"));
  EXPECT_EQ(h.icmp_events[0].error, Errno::kHostUnreach);
  EXPECT_EQ(h.icmp_events[0].quoted.dst, ip4(kPeer));
  EXPECT_EQ(h.world.frames.in_use(), 0U);
}

TEST(Neigh, ANewPacketStartsAFailedEntryAgain) {
  HostBench h = host();
  h.send_udp("", kPeer);
  h.pass(3_s);
  h.take_sent();
  h.send_udp("", kPeer);
  EXPECT_EQ(h.state_of(kPeer), NeighState::kIncomplete);
  EXPECT_THAT(h.sent(), SizeIs(1));
}

TEST(Neigh, QueueIsLimitedByBytesAndDropsTheOldest) {
  HostBench h = host();
  h.set("neigh.eth0.unres_qlen_bytes", "4180");
  for (std::size_t size = 1; size <= 12; ++size) h.send_udp("", kPeer, size);
  h.take_sent();
  h.receive("eth0", reply_of_peer());
  ASSERT_THAT(h.sent(), SizeIs(5));
  EXPECT_EQ(h.sent()[0].ip().payload_length, 8 + 8) << "the eighth datagram is the oldest left";
  EXPECT_TRUE(h.explained(Reason::kNeighQueueFull));
}

TEST(Neigh, ReachableTurnsStaleWithin15To45Seconds) {
  HostBench h = resolved();
  h.pass(14_s);
  EXPECT_EQ(h.state_of(kPeer), NeighState::kReachable);
  h.pass(32_s);
  EXPECT_EQ(h.state_of(kPeer), NeighState::kStale);
  EXPECT_THAT(h.sent(), IsEmpty());
}

TEST(Neigh, StaleEntryIsUsedThenDelayedThenProbedByUnicast) {
  HostBench h = resolved();
  h.pass(50_s);
  h.send_udp("", kPeer);
  EXPECT_THAT(h.take_sent(), SizeIs(1)) << "the packet itself goes at once";
  EXPECT_EQ(h.state_of(kPeer), NeighState::kDelay);
  h.pass(5_s);
  EXPECT_EQ(h.state_of(kPeer), NeighState::kProbe);
  ASSERT_THAT(h.sent(), SizeIs(1));
  EXPECT_EQ(h.sent()[0].eth().dst, kPeerMac);
  h.receive("eth0", reply_of_peer());
  EXPECT_EQ(h.state_of(kPeer), NeighState::kReachable);
}

TEST(Neigh, ThreeUnansweredProbesFailWithoutABroadcast) {
  HostBench h = resolved();
  h.pass(50_s);
  h.send_udp("", kPeer);
  h.take_sent();
  h.pass(9_s);
  EXPECT_EQ(h.state_of(kPeer), NeighState::kFailed);
  EXPECT_THAT(h.sent(), SizeIs(3));
  for (const SentFrame& f : h.sent()) EXPECT_EQ(f.eth().dst, kPeerMac);
}

TEST(Neigh, ProgressAboveConfirmsWithoutArp) {
  HostBench h = resolved();
  h.pass(50_s);
  h.send_udp("", kPeer);
  h.take_sent();
  h.pass(2_s);
  Step s = h.step();
  const std::size_t records = h.trace.size();
  confirm(s, h.stack, ip4(kPeer));
  EXPECT_EQ(h.trace.size(), records) << "no packet, so no routing decision to tell of";
  h.pass(4_s);
  EXPECT_EQ(h.state_of(kPeer), NeighState::kReachable);
  EXPECT_THAT(h.sent(), IsEmpty());
}

TEST(Neigh, ProgressInTheMomentOfTheFirstPacketComesTooEarlyToSpareTheProbe) {
  HostBench h = resolved();
  h.pass(50_s);
  h.send_udp("", kPeer);
  h.take_sent();
  Step s = h.step();
  confirm(s, h.stack, ip4(kPeer));
  h.pass(6_s);
  ASSERT_THAT(h.sent(), testing::Not(IsEmpty()))
      << "the timer is a tick late, five seconds are over";
  EXPECT_EQ(h.sent()[0].eth().dst, kPeerMac);
}

TEST(Neigh, PermanentEntryIgnoresWhatPassesBy) {
  HostBench h = host();
  Step s = h.step();
  EXPECT_EQ(neigh_set(s, h.stack, h, NeighVerb::kAdd, h.dev("eth0"), ip4(kPeer), true, mac(99),
                      NeighState::kPermanent),
            Errno::kNone);
  h.receive("eth0", arp_request(kPeerMac, ip4(kPeer), ip4("10.0.0.11")));
  EXPECT_EQ(h.mac_of(kPeer), mac(99));
  h.pass(100_s);
  EXPECT_EQ(h.state_of(kPeer), NeighState::kPermanent);
}

TEST(NeighCommand, AddChangeReplaceAndDeleteAnswerAsTheKernel) {
  HostBench h = host();
  Step s = h.step();
  const IfIndex eth0 = h.dev("eth0");
  const auto set = [&](NeighVerb verb, NeighState state, bool has_mac = true) {
    return neigh_set(s, h.stack, h, verb, eth0, ip4(kPeer), has_mac, kPeerMac, state);
  };
  EXPECT_EQ(set(NeighVerb::kChange, NeighState::kReachable), Errno::kNoEnt);
  EXPECT_EQ(set(NeighVerb::kAdd, NeighState::kStale), Errno::kNone);
  EXPECT_EQ(set(NeighVerb::kAdd, NeighState::kStale), Errno::kExist);
  EXPECT_EQ(set(NeighVerb::kReplace, NeighState::kReachable), Errno::kNone);
  EXPECT_EQ(h.state_of(kPeer), NeighState::kReachable);
  EXPECT_EQ(neigh_delete(s, h.stack, h, eth0, ip4(kPeer)), Errno::kNone);
  EXPECT_EQ(neigh_delete(s, h.stack, h, eth0, ip4(kPeer)), Errno::kNoEnt);
  EXPECT_EQ(set(NeighVerb::kAdd, NeighState::kPermanent, false), Errno::kInval);
}

TEST(NeighCommand, DeletingAnEntryThatResolvesFailsItsPackets) {
  HostBench h = host();
  h.send_udp("", kPeer);
  Step s = h.step();
  neigh_delete(s, h.stack, h, h.dev("eth0"), ip4(kPeer));
  h.pass(1_ms);
  EXPECT_EQ(h.state_of(kPeer), NeighState::kNone);
  h.pass(10_s);
  EXPECT_THAT(h.sent(), SizeIs(1)) << "its timer is dead, too";
}

TEST(NeighCommand, FlushLeavesPermanentEntries) {
  HostBench h = resolved();
  Step s = h.step();
  const IfIndex eth0 = h.dev("eth0");
  neigh_set(s, h.stack, h, NeighVerb::kAdd, eth0, ip4("10.0.0.2"), true, mac(2),
            NeighState::kPermanent);
  const auto mask = static_cast<std::uint8_t>(~(0x80 | 0x40) & 0xff);
  EXPECT_EQ(neigh_flush(s, h.stack, h, eth0, prefix("0.0.0.0/0"), mask), 1U);
  EXPECT_EQ(h.state_of("10.0.0.2"), NeighState::kPermanent);
}

TEST(Neigh, DeviceDownForgetsItsNeighbours) {
  HostBench h = resolved();
  h.link("eth0", false);
  EXPECT_EQ(h.state_of(kPeer), NeighState::kNone);
}

TEST(Neigh, BroadcastNeedsNoResolution) {
  HostBench h = host();
  h.send_udp("", "10.0.0.255");
  ASSERT_THAT(h.sent(), SizeIs(1));
  EXPECT_TRUE(h.sent()[0].eth().dst.is_broadcast());
  EXPECT_FALSE(h.sent()[0].is_arp());
  EXPECT_EQ(h.state_of("10.0.0.255"), NeighState::kNoArp);
}

TEST(Neigh, StaleEntriesAreCollectedOnlyBeyondTheFirstThreshold) {
  HostBench few = host(), many = host();
  const auto learn = [](HostBench& h, std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) {
      h.receive("eth0", arp_request(mac(100 + i), {ip4("10.0.0.20").bits + i}, ip4("10.0.0.11")));
    }
    h.pass(200_s);
    return h.stack.live.peek()->neigh.count;
  };
  EXPECT_EQ(learn(few, 100), 100U);
  EXPECT_LT(learn(many, 200), 130U);
}

}  // namespace
}  // namespace lvslab::ip
