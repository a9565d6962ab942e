// A switch learns, forwards, floods and forgets.
#include "sim/link/switch.h"

#include <gmock/gmock.h>

#include "sim/wire/build.h"

namespace lvslab::link {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

MacAddr mac(std::uint64_t n) { return {0x0200'0000'0000ULL + n}; }

/// A switch with four hosts: node 0 is the switch, port p leads to node p + 1.
class SwitchBench {
 public:
  World world;
  TimerQueue timers;
  Trace trace;
  Fabric fabric;
  Switch sw;

  SwitchBench() {
    trace.add_node({"sw0", true, {}});
    for (std::uint32_t p = 0; p < 4; ++p) {
      trace.add_node({"host", false, {}});
      const Plug port{NodeId(0), IfIndex(static_cast<std::uint16_t>(p + 1))};
      sw.add_port(fabric.connect(port, {NodeId(p + 1), IfIndex(2)}, {}));
    }
  }
  /// The ports by which a frame from `port` leaves, in the order of leaving.
  std::vector<std::uint32_t> forward(std::uint32_t port, MacAddr from, MacAddr to) {
    const auto bytes = arp_frame(to, {ArpOp::kRequest, from, {1}, {}, {2}});
    const FrameRef frame = world.frames.allocate(bytes.size());
    std::ranges::copy(bytes, world.frames.writable(frame).begin());
    store_mac(world.frames.writable(frame).data() + 6, from);
    return receive(port, frame);
  }
  std::vector<std::uint32_t> receive(std::uint32_t port, FrameRef frame) {
    const std::size_t before = trace.size();
    Step step(world, timers, &trace, NodeId(0));
    sw.receive(step, fabric, port, frame);
    std::vector<std::uint32_t> out;
    for (const TraceRecord& r : trace.records().subspan(before)) {
      if (r.kind == RecordKind::kFrameSent) out.push_back(r.dev.value - 1U);
    }
    drain();
    return out;
  }
  Reason last_reason() const {
    for (std::uint32_t i = static_cast<std::uint32_t>(trace.size()); i-- > 0;) {
      if (trace[RecordId(i)].reason != Reason::kNone) return trace[RecordId(i)].reason;
    }
    return Reason::kNone;
  }

 private:
  void drain() {
    while (!world.events.empty()) {
      const Event event = world.events.pop();
      if (const auto arrival = fabric.arrive(world, event.source)) {
        world.frames.release(arrival->frame);
      }
    }
  }
};

TEST(Switch, FloodsBroadcastsToAllOthersThePortAddedLastFirst) {
  SwitchBench bench;
  EXPECT_THAT(bench.forward(1, mac(1), MacAddr::broadcast()), ElementsAre(3, 2, 0));
  EXPECT_EQ(bench.last_reason(), Reason::kSwitchFlooded);
}

TEST(Switch, FloodsUnknownUnicastAndForwardsLearnedUnicast) {
  SwitchBench bench;
  EXPECT_THAT(bench.forward(0, mac(1), mac(2)), ElementsAre(3, 2, 1));
  EXPECT_THAT(bench.forward(2, mac(2), mac(1)), ElementsAre(0));
  EXPECT_THAT(bench.forward(0, mac(1), mac(2)), ElementsAre(2));
  EXPECT_EQ(bench.sw.learned(), 2U);
}

TEST(Switch, DropsWhatLivesWhereItCameFrom) {
  SwitchBench bench;
  bench.forward(1, mac(1), MacAddr::broadcast());
  EXPECT_THAT(bench.forward(1, mac(9), mac(1)), IsEmpty());
  EXPECT_EQ(bench.last_reason(), Reason::kSwitchFiltered);
  EXPECT_EQ(bench.world.frames.in_use(), 0U);
}

TEST(Switch, FollowsAHostThatMoved) {
  SwitchBench bench;
  bench.forward(1, mac(1), MacAddr::broadcast());
  bench.forward(3, mac(1), MacAddr::broadcast());
  EXPECT_EQ(bench.sw.port_of(mac(1), bench.world.now), 3);
  EXPECT_EQ(bench.sw.learned(), 1U);
}

TEST(Switch, ForgetsAfterFiveMinutesOfSilence) {
  SwitchBench bench;
  bench.forward(1, mac(1), MacAddr::broadcast());
  bench.world.now = SimTime{} + Switch::kAgeing;
  EXPECT_THAT(bench.forward(0, mac(2), mac(1)), ElementsAre(1));
  bench.world.now = bench.world.now + SimDuration{1};
  EXPECT_THAT(bench.forward(0, mac(2), mac(1)), ElementsAre(3, 2, 1));
  EXPECT_EQ(bench.sw.port_of(mac(1), bench.world.now), -1);
  bench.forward(1, mac(1), MacAddr::broadcast());
  EXPECT_EQ(bench.sw.port_of(mac(1), bench.world.now), 1);
}

TEST(Switch, ForgetsWhatWasBehindACableThatIsPulledOut) {
  SwitchBench bench;
  bench.forward(1, mac(1), MacAddr::broadcast());
  bench.forward(2, mac(2), MacAddr::broadcast());
  EXPECT_THAT(bench.forward(2, mac(2), mac(1)), ElementsAre(1));
  Step step(bench.world, bench.timers, &bench.trace, NodeId(0));
  bench.sw.forget(step, 1);
  EXPECT_EQ(bench.last_reason(), Reason::kSwitchForgot);
  EXPECT_THAT(bench.forward(2, mac(2), mac(1)), ElementsAre(3, 1, 0));
  EXPECT_THAT(bench.forward(1, mac(1), mac(2)), ElementsAre(2)) << "others are still known";
}

TEST(Switch, NeverLearnsGroupAddresses) {
  SwitchBench bench;
  bench.forward(1, MacAddr{0x0100'5e00'0001ULL}, MacAddr::broadcast());
  EXPECT_EQ(bench.sw.learned(), 0U);
}

TEST(Switch, DropsWhatIsNoFrame) {
  SwitchBench bench;
  const FrameRef frame = bench.world.frames.allocate(13);
  std::ranges::fill(bench.world.frames.writable(frame), std::uint8_t{0});
  EXPECT_THAT(bench.receive(0, frame), IsEmpty());
  EXPECT_EQ(bench.last_reason(), Reason::kFrameTruncated);
}

TEST(Switch, FloodsOneBufferWithoutCopies) {
  SwitchBench bench;
  bench.forward(0, mac(1), MacAddr::broadcast());
  EXPECT_EQ(bench.trace.frame_count(), 1U) << "three copies are one frame";
  EXPECT_EQ(bench.world.frames.in_use(), 0U);
}

TEST(Switch, ExplainsLearningOnceOnly) {
  SwitchBench bench;
  for (int i = 0; i < 3; ++i) bench.forward(0, mac(1), MacAddr::broadcast());
  EXPECT_EQ(std::ranges::count(bench.trace.records(), Reason::kSwitchLearned, &TraceRecord::reason),
            1);
}

}  // namespace
}  // namespace lvslab::link
