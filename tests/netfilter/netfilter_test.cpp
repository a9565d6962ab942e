// The walk of packets through chains (ip_tables.c: ipt_do_table()).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/netfilter/netfilter.h"
#include "sim/wire/build.h"

namespace lvslab::netfilter {
namespace {

constexpr Ipv4Addr kVip{0xc0a85096}, kRuleClient{0xc0a8500a};

class NetfilterTest : public ::testing::Test {
 protected:
  Netfilter netfilter;
  World world;
  TimerQueue timers;
  Trace trace;
  std::uint32_t mark = 0;

  NetfilterTest() { trace.add_node({"host", false, {}}); }

  NfRule& add(TableId table, std::string_view chain, NfTargetKind target) {
    auto& rules = netfilter.table(table).find(chain)->rules;
    rules.emplace_back().rule.target.kind = target;
    return rules.back().rule;
  }
  Verdict syn(TableId table, NfHook hook, std::uint16_t port = 80, const Devices& devices = {}) {
    TcpRepr tcp;
    tcp.src_port = 40'000;
    tcp.dst_port = port;
    tcp.flags = tcp_flag::kSyn;
    const auto frame = tcp_segment({{}, {}, kRuleClient, kVip}, tcp);
    const Bytes bytes = Bytes(frame).subspan(EthernetRepr::kLength);
    Packet packet;
    packet.frame = world.frames.allocate(bytes.size());
    std::ranges::copy(bytes, world.frames.writable(packet.frame).begin());
    packet.ip = *Ipv4Repr::parse_header(bytes);
    Step step(world, timers, &trace, NodeId(0));
    const Verdict verdict = netfilter.walk(step, table, hook, packet, devices);
    mark = packet.mark;
    world.frames.release(packet.frame);
    return verdict;
  }
  NfCounters counters(TableId table, std::string_view chain, std::size_t rule) {
    return netfilter.table(table).find(chain)->rules[rule].counters;
  }
};

TEST_F(NetfilterTest, AnEmptyTableLetsEverythingPass) {
  EXPECT_EQ(syn(TableId::kFilter, NfHook::kInput).kind, VerdictKind::kAccept);
  EXPECT_EQ(netfilter.table(TableId::kFilter).find("INPUT")->counters.packets, 1U);
  EXPECT_EQ(netfilter.table(TableId::kFilter).find("INPUT")->counters.bytes, 40U);
}

TEST_F(NetfilterTest, TheFirstDecisionCounts) {
  add(TableId::kFilter, "INPUT", NfTargetKind::kAccept).destination_port.range = {80, 80};
  add(TableId::kFilter, "INPUT", NfTargetKind::kDrop);
  for (NfCountedRule& rule : netfilter.table(TableId::kFilter).find("INPUT")->rules) {
    rule.rule.protocol = 6;
  }
  EXPECT_EQ(syn(TableId::kFilter, NfHook::kInput, 80).kind, VerdictKind::kAccept);
  EXPECT_EQ(syn(TableId::kFilter, NfHook::kInput, 81).kind, VerdictKind::kDrop);
  EXPECT_EQ(counters(TableId::kFilter, "INPUT", 0).packets, 1U);
  EXPECT_EQ(counters(TableId::kFilter, "INPUT", 1).bytes, 40U);
}

TEST_F(NetfilterTest, AMarkStaysAndTheWalkGoesOn) {
  NfRule& first = add(TableId::kMangle, "PREROUTING", NfTargetKind::kMark);
  first.target.mark = 7;
  NfRule& second = add(TableId::kMangle, "PREROUTING", NfTargetKind::kMark);
  second.target.mark = second.target.mask = 8;
  EXPECT_EQ(syn(TableId::kMangle, NfHook::kPrerouting).kind, VerdictKind::kAccept);
  EXPECT_EQ(mark, 15U) << "set 7, then or 8";
}

TEST_F(NetfilterTest, UsersChainsReturnToTheirCaller) {
  netfilter.table(TableId::kFilter).chains.push_back({.name = "X"});
  add(TableId::kFilter, "INPUT", NfTargetKind::kChain).target.chain = "X";
  add(TableId::kFilter, "INPUT", NfTargetKind::kReject).target.reject = NfReject::kTcpReset;
  add(TableId::kFilter, "X", NfTargetKind::kReturn);
  add(TableId::kFilter, "X", NfTargetKind::kDrop);
  const Verdict verdict = syn(TableId::kFilter, NfHook::kInput);
  EXPECT_EQ(verdict.kind, VerdictKind::kReject);
  EXPECT_EQ(verdict.reject, NfReject::kTcpReset);
  EXPECT_EQ(counters(TableId::kFilter, "X", 1).packets, 0U);
}

TEST_F(NetfilterTest, AddressesDevicesAndTheirNegationMatch) {
  NfRule& rule = add(TableId::kFilter, "INPUT", NfTargetKind::kDrop);
  rule.source = {.prefix = {{0xc0a85000}, 24}, .negated = false};
  rule.in = {.name = "eth+", .negated = false};
  EXPECT_EQ(syn(TableId::kFilter, NfHook::kInput, 80, {.in = "eth1"}).kind, VerdictKind::kDrop);
  EXPECT_EQ(syn(TableId::kFilter, NfHook::kInput, 80, {.in = "tunl0"}).kind, VerdictKind::kAccept);
  rule.source.negated = true;
  EXPECT_EQ(syn(TableId::kFilter, NfHook::kInput, 80, {.in = "eth1"}).kind, VerdictKind::kAccept);
}

TEST_F(NetfilterTest, ThePolicyComesLast) {
  netfilter.table(TableId::kFilter).find("FORWARD")->policy_drop = true;
  EXPECT_EQ(syn(TableId::kFilter, NfHook::kForward).kind, VerdictKind::kDrop);
  add(TableId::kFilter, "FORWARD", NfTargetKind::kAccept);
  EXPECT_EQ(syn(TableId::kFilter, NfHook::kForward).kind, VerdictKind::kAccept);
}

TEST_F(NetfilterTest, TablesWithoutAChainAtAHookStandAside) {
  EXPECT_EQ(syn(TableId::kFilter, NfHook::kPrerouting).kind, VerdictKind::kAccept);
}

}  // namespace
}  // namespace lvslab::netfilter
