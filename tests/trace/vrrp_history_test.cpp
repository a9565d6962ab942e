// Who is master, from records alone.
#include "sim/trace/vrrp_history.h"

#include <gmock/gmock.h>

#include "sim/wire/build.h"
#include "sim/wire/ethernet.h"
#include "sim/wire/igmp.h"
#include "sim/wire/ipv4.h"
#include "sim/wire/vrrp.h"

namespace lvslab {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr IfIndex kEth0{2};
constexpr Ipv4Addr kFirst{0xc0a850c9}, kSecond{0xc0a850cb}, kVip{0xc0a85096};

/// Two directors and what they say to each other; a record a second.
class Story {
 public:
  Story() {
    trace.add_node({.name = "node01", .is_switch = false, .devices = {}});
    trace.add_node({.name = "node04", .is_switch = false, .devices = {}});
    trace.add_node({.name = "lan", .is_switch = true, .devices = {}});
  }

  Trace trace;
  VrrpHistory history;

  RecordId decides(std::uint32_t node, Reason reason, std::array<std::uint32_t, 3> args,
                   FrameId frame = {}) {
    return append(node, RecordKind::kDecision, frame, reason, args);
  }
  /// An advert sent by `node`, passed on by the switch and heard by the other one.
  FrameId advert(std::uint32_t node, std::uint8_t priority, std::uint8_t vrid = 51) {
    const VrrpRepr repr{.vrid = vrid, .priority = priority, .addresses = {kVip}};
    std::vector<std::uint8_t> message(repr.length());
    const Ipv4Addr from = node == 0 ? kFirst : kSecond;
    repr.emit(message, from, Ipv4Addr(0xe0000012));
    const FrameId frame = packet(from, IpProto::kVrrp, message);
    append(node, RecordKind::kFrameSent, frame);
    append(2, RecordKind::kFrameReceived, frame);
    append(2, RecordKind::kFrameSent, frame);
    append(1 - node, RecordKind::kFrameReceived, frame);
    return frame;
  }
  void reports(std::uint32_t node, IgmpRecord::Type type) {
    const IgmpReport report{.records = {{type, Ipv4Addr(0xe0000012)}}};
    std::vector<std::uint8_t> message(report.length());
    report.emit(message);
    append(node, RecordKind::kFrameSent,
           packet(node == 0 ? kFirst : kSecond, IpProto::kIgmp, message));
  }
  void suffers(std::uint32_t node, std::string_view fault) {
    append(node, RecordKind::kFault, {}, Reason::kNone, {trace.add_text(fault), 0, 0});
  }

  std::vector<VrrpRow> now() {
    history.advance(trace);
    return history.at(static_cast<std::uint32_t>(trace.size()), at_);
  }
  std::vector<VrrpPhase> phases() {
    std::vector<VrrpPhase> out;
    for (const VrrpRow& row : now()) out.push_back(row.phase);
    return out;
  }
  void wait(SimDuration time) { at_ = at_ + time; }
  SimTime time() const { return at_; }

 private:
  FrameId packet(Ipv4Addr from, IpProto protocol, Bytes message) {
    std::vector<std::uint8_t> frame(EthernetRepr::kLength + Ipv4Repr::kLength + message.size());
    EthernetRepr{MacAddr::broadcast(), {}, EtherType::kIpv4}.emit(
        std::span(frame).first<EthernetRepr::kLength>());
    Ipv4Repr ip;
    ip.src = from;
    ip.dst = Ipv4Addr(0xe0000012);
    ip.protocol = protocol;
    ip.payload_length = static_cast<std::uint16_t>(message.size());
    ip.emit(std::span(frame).subspan<EthernetRepr::kLength, Ipv4Repr::kLength>());
    std::ranges::copy(message, frame.begin() + EthernetRepr::kLength + Ipv4Repr::kLength);
    return trace.add_frame(frame);
  }
  RecordId append(std::uint32_t node, RecordKind kind, FrameId frame, Reason reason = Reason::kNone,
                  std::array<std::uint32_t, 3> args = {}) {
    TraceRecord r;
    r.at = at_;
    r.node = NodeId(node);
    r.dev = kEth0;
    r.kind = kind;
    r.frame = frame;
    r.reason = reason;
    r.args = args;
    return trace.append(r);
  }

  SimTime at_;
};

TEST(VrrpHistory, FollowsAnElectionFailoverAndFailback) {
  Story s;
  s.decides(0, Reason::kVrrpStartsAsBackup, {51, 100, 3'609});
  s.decides(1, Reason::kVrrpStartsAsBackup, {51, 50, 3'804});
  EXPECT_THAT(s.phases(), ElementsAre(VrrpPhase::kBackup, VrrpPhase::kBackup));
  s.decides(0, Reason::kVrrpMasterDown, {51, 100, 3'609});
  FrameId advert = s.advert(0, 100);
  s.decides(1, Reason::kVrrpMasterAlive, {kFirst.bits, 100, 50}, advert);
  auto rows = s.now();
  ASSERT_EQ(rows.size(), 2U) << "the switch that passes adverts on takes no part";
  EXPECT_EQ(rows[0].phase, VrrpPhase::kMaster);
  EXPECT_EQ(rows[1].phase, VrrpPhase::kBackup);
  EXPECT_EQ(rows[1].master, kFirst);
  EXPECT_EQ(rows[1].base_priority, 50);
  EXPECT_EQ(rows[0].sent, 1U);
  EXPECT_EQ(rows[1].heard, 1U);
  EXPECT_THAT(s.history.addresses_of(rows[1]), ElementsAre(kVip));

  s.decides(0, Reason::kVrrpFault, {51, 0, 0});
  s.decides(1, Reason::kVrrpMasterDown, {51, 50, 3'804});
  s.advert(1, 50);
  EXPECT_THAT(s.phases(), ElementsAre(VrrpPhase::kFault, VrrpPhase::kMaster));
  s.decides(0, Reason::kVrrpRecovered, {51, 0, 0});
  advert = s.advert(0, 100);
  s.decides(1, Reason::kVrrpYields, {kFirst.bits, 100, 50}, advert);
  EXPECT_THAT(s.phases(), ElementsAre(VrrpPhase::kMaster, VrrpPhase::kBackup));
}

TEST(VrrpHistory, AnyMomentCanBeAskedForAndTheFutureForgotten) {
  Story s;
  s.decides(0, Reason::kVrrpStartsAsBackup, {51, 100, 3'609});
  s.decides(0, Reason::kVrrpMasterDown, {51, 100, 3'609});
  s.advert(0, 100);
  s.now();
  EXPECT_THAT(s.history.at(0, s.time()), IsEmpty());
  EXPECT_EQ(s.history.at(1, s.time()).front().phase, VrrpPhase::kBackup);
  EXPECT_EQ(s.history.at(2, s.time()).front().phase, VrrpPhase::kMaster);
  EXPECT_EQ(s.history.at(2, s.time()).front().sent, 0U);
  EXPECT_EQ(s.history.at(3, s.time()).front().sent, 1U);
  s.trace.truncate({.records = 1, .frames = 0, .texts = 0, .rows = 0});
  s.history.cut(1);
  EXPECT_THAT(s.phases(), ElementsAre(VrrpPhase::kBackup));
  s.decides(0, Reason::kVrrpFault, {51, 0, 0});
  EXPECT_THAT(s.phases(), ElementsAre(VrrpPhase::kFault));
}

TEST(VrrpHistory, KnowsTheEffectivePriorityFromTheConfiguredOne) {
  Story s;
  s.decides(0, Reason::kVrrpPriority, {51, 100, 120});  // weighed before it starts
  s.decides(0, Reason::kVrrpStartsAsBackup, {51, 120, 3'531});
  EXPECT_EQ(s.now().front().base_priority, 100);
  EXPECT_EQ(s.now().front().priority, 120);
  s.wait(SimDuration{1'000'000'000});
  s.decides(0, Reason::kVrrpPriority, {51, 120, 70});
  EXPECT_EQ(s.now().front().base_priority, 100);
  EXPECT_EQ(s.now().front().priority, 70);
}

TEST(VrrpHistory, WithoutDecisionsPacketsSayWhoIsMaster) {
  Story s;
  s.reports(0, IgmpRecord::kToExclude);
  s.reports(1, IgmpRecord::kToExclude);
  EXPECT_THAT(s.now(), IsEmpty());
  s.advert(0, 100);
  EXPECT_THAT(s.phases(), ElementsAre(VrrpPhase::kMaster, VrrpPhase::kBackup));
  EXPECT_EQ(s.now()[1].master, kFirst);
  s.wait(SimDuration{5'000'000'000});
  EXPECT_THAT(s.phases(), ElementsAre(VrrpPhase::kUnknown, VrrpPhase::kBackup)) << "silence";
  s.advert(1, 50);
  EXPECT_EQ(s.phases()[1], VrrpPhase::kMaster);
  s.reports(1, IgmpRecord::kToInclude);
  EXPECT_EQ(s.phases()[1], VrrpPhase::kStopped) << "who leaves the group has stopped";
  s.history.cut(static_cast<std::uint32_t>(s.trace.size()) - 1);
  EXPECT_EQ(s.history.at(static_cast<std::uint32_t>(s.trace.size()) - 1, s.time())[1].phase,
            VrrpPhase::kMaster);
}

TEST(VrrpHistory, WhoOnlyOverhearsTakesNoPart) {
  Story s;
  s.advert(0, 100);
  EXPECT_EQ(s.now().size(), 1U) << "node04 has not joined the group";
}

TEST(VrrpHistory, AHostThatIsOffRunsNothing) {
  Story s;
  s.decides(0, Reason::kVrrpOwnerStarts, {51, 255, 0});
  s.suffers(0, "loss 10%");
  EXPECT_THAT(s.phases(), ElementsAre(VrrpPhase::kMaster));
  s.suffers(0, "crash");
  EXPECT_THAT(s.phases(), ElementsAre(VrrpPhase::kStopped));
  s.wait(SimDuration{1'000'000'000});
  s.decides(0, Reason::kVrrpStartsAsBackup, {51, 90, 3'648});
  EXPECT_EQ(s.now().front().base_priority, 90) << "it may be configured anew";
}

}  // namespace
}  // namespace lvslab
