// Cables: order, times, losses.
#include "sim/link/fabric.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace lvslab::link {
namespace {

using namespace literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// One cable between node 0 and node 1, and what comes out of it.
class CableBench {
 public:
  World world;
  TimerQueue timers;
  Trace trace;
  Fabric fabric;
  std::uint32_t cable = 0;

  explicit CableBench(const Impairment& impairment = {.delay = 1_ms}) {
    trace.add_node({"a", false, {}});
    trace.add_node({"b", false, {}});
    cable = fabric.connect({NodeId(0), IfIndex(2)}, {NodeId(1), IfIndex(2)}, impairment);
  }
  void send(std::size_t length, std::uint8_t mark = 0, std::uint32_t direction = 0) {
    const FrameRef frame = world.frames.allocate(length);
    std::ranges::fill(world.frames.writable(frame), mark);
    Step step(world, timers, &trace, NodeId(0));
    fabric.transmit(step, direction, IfIndex(2), frame);
  }
  struct Came {
    std::int64_t at_ns;
    int mark;
    bool operator==(const Came&) const = default;
  };
  /// Runs all events up to `until`.
  std::vector<Came> run(SimTime until = SimTime::never()) {
    std::vector<Came> out;
    while (!world.events.empty() && world.events.next_time() <= until) {
      const Event event = world.events.pop();
      world.now = event.at;
      ++events;
      if (const auto arrival = fabric.arrive(world, event.source)) {
        out.push_back({world.now.ns, world.frames.bytes(arrival->frame)[0]});
        causes.push_back(arrival->cause);
        last_to = arrival->to;
        world.frames.release(arrival->frame);
      }
    }
    return out;
  }
  std::vector<RecordId> causes;
  Plug last_to;
  int events = 0;
  std::size_t drops(Reason reason) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(trace.records(), [&](const TraceRecord& r) {
          return r.kind == RecordKind::kFrameDropped && r.reason == reason;
        }));
  }
};

TEST(Fabric, DeliversInOrderAfterTheDelay) {
  CableBench bench;
  bench.send(60, 1);
  bench.send(60, 2);
  bench.send(60, 3);
  EXPECT_EQ(bench.world.events.size(), 1U) << "only the head of the queue is an event";
  using Came = CableBench::Came;
  EXPECT_THAT(bench.run(), ElementsAre(Came{1'000'000, 1}, Came{1'000'000, 2}, Came{1'000'000, 3}));
  EXPECT_EQ(bench.last_to, (Plug{NodeId(1), IfIndex(2)}));
  EXPECT_EQ(bench.world.frames.in_use(), 0U);
  EXPECT_EQ(bench.fabric.frames_in_flight(), 0U);
}

TEST(Fabric, WhatArrivesAtTheSameMomentComesAsItWasSent) {
  CableBench bench;
  bench.send(60, 1, 0);
  bench.send(60, 2, 0);
  bench.send(60, 3, 1);
  bench.send(60, 4, 0);
  using Came = CableBench::Came;
  EXPECT_THAT(bench.run(), ElementsAre(Came{1'000'000, 1}, Came{1'000'000, 2}, Came{1'000'000, 3},
                                       Came{1'000'000, 4}));
}

TEST(Fabric, DirectionsAreIndependentAndOpposite) {
  CableBench bench;
  bench.send(60, 1, 1);
  bench.run();
  EXPECT_EQ(bench.last_to, (Plug{NodeId(0), IfIndex(2)}));
  EXPECT_EQ(bench.fabric.end_of(0), (Plug{NodeId(1), IfIndex(2)}));
}

TEST(Fabric, ALoopLeadsBackToItsOwnEnd) {
  CableBench bench;
  const std::uint32_t lo = bench.fabric.loop({NodeId(0), kLoopback});
  bench.send(60, 9, lo);
  EXPECT_THAT(bench.run(), ElementsAre(CableBench::Came{0, 9}));
  EXPECT_EQ(bench.last_to, (Plug{NodeId(0), kLoopback}));
}

TEST(Fabric, TheArrivalsCauseIsTheSending) {
  CableBench bench;
  bench.send(60);
  bench.run();
  ASSERT_EQ(bench.causes.size(), 1U);
  EXPECT_EQ(bench.trace[bench.causes[0]].kind, RecordKind::kFrameSent);
}

TEST(SerialisationTime, CountsPreambleCrcGapAndPadding) {
  EXPECT_EQ(serialisation_time(1500, 0).ns, 0);
  EXPECT_EQ(serialisation_time(60, 1'000'000'000).ns, 672) << "84 bytes";
  EXPECT_EQ(serialisation_time(14, 1'000'000'000).ns, 672) << "padded to 60";
  EXPECT_EQ(serialisation_time(1514, 100'000'000).ns, 123'040) << "1538 bytes";
}

TEST(Fabric, SendsOneFrameAfterTheOtherAtItsRate) {
  CableBench bench({.delay = 1_us, .rate_bps = 1'000'000'000});
  bench.send(60, 1);
  bench.send(60, 2);
  using Came = CableBench::Came;
  EXPECT_THAT(bench.run(), ElementsAre(Came{1'672, 1}, Came{2'344, 2}));
}

TEST(Fabric, RefusesWhatItsQueueCannotHold) {
  CableBench bench({.rate_bps = 1'000'000, .queue_frames = 3});
  for (std::uint8_t i = 0; i < 10; ++i) bench.send(60, i);
  EXPECT_EQ(bench.run().size(), 3U);
  EXPECT_EQ(bench.drops(Reason::kLinkQueueFull), 7U);
  EXPECT_EQ(bench.world.frames.in_use(), 0U);
}

TEST(Fabric, NeverReordersDespiteJitter) {
  CableBench bench({.delay = 1_ms, .jitter = 5_ms});
  for (std::uint8_t i = 0; i < 200; ++i) {
    bench.send(60, i);
    bench.world.now = bench.world.now + 100_us;
  }
  const auto came = bench.run();
  ASSERT_EQ(came.size(), 200U);
  for (std::size_t i = 1; i < came.size(); ++i) {
    EXPECT_EQ(came[i].mark, came[i - 1].mark + 1);
    EXPECT_GE(came[i].at_ns, came[i - 1].at_ns);
  }
}

TEST(Fabric, LosesAndRepeatsAsOftenAsItSaysAndTheSameForTheSameSeed) {
  const auto outcome = [](std::uint64_t seed) {
    CableBench bench({.loss_ppm = 100'000, .duplicate_ppm = 50'000});
    bench.world.random = Prng(seed);
    for (int i = 0; i < 10'000; ++i) bench.send(60);
    return std::pair(bench.drops(Reason::kLinkLoss), bench.run().size());
  };
  const auto [lost, came] = outcome(42);
  EXPECT_NEAR(static_cast<double>(lost), 1000, 120);
  EXPECT_NEAR(static_cast<double>(came - (10'000 - lost)), 450, 80) << "repeated";
  EXPECT_EQ(outcome(42), outcome(42));
  EXPECT_NE(outcome(42), outcome(43));
}

TEST(Fabric, LosesEverythingAtAMillion) {
  CableBench bench({.loss_ppm = 1'000'000});
  for (int i = 0; i < 50; ++i) bench.send(60);
  EXPECT_THAT(bench.run(), IsEmpty());
}

TEST(Fabric, WhileDownTakesFramesAndLosesThem) {
  CableBench bench;
  bench.fabric.set_up(bench.world, bench.cable, false);
  bench.send(60);
  EXPECT_THAT(bench.run(), IsEmpty());
  EXPECT_EQ(bench.drops(Reason::kLinkDown), 1U);
  EXPECT_TRUE(bench.fabric.is_up(bench.cable + 1)) << "directions go down one by one";
}

TEST(Fabric, GoingDownLosesWhatWasOnItsWayAndIgnoresTheirEvents) {
  CableBench bench;
  bench.send(60, 1);
  bench.send(60, 2);
  bench.fabric.set_up(bench.world, bench.cable, false);
  EXPECT_EQ(bench.world.frames.in_use(), 0U);
  bench.fabric.set_up(bench.world, bench.cable, true);
  bench.world.now = SimTime{500'000};
  bench.send(60, 3);
  EXPECT_THAT(bench.run(), ElementsAre(CableBench::Came{1'500'000, 3}));
  EXPECT_EQ(bench.events, 2) << "the event of the lost frames came, too, and was stale";
}

TEST(Fabric, ChangesOneDirectionsPropertiesOnly) {
  CableBench bench;
  bench.fabric.set_impairment(bench.cable, {.delay = 7_ms});
  EXPECT_EQ(bench.fabric.impairment(bench.cable).delay, 7_ms);
  EXPECT_EQ(bench.fabric.impairment(bench.cable + 1).delay, 1_ms);
}

TEST(Fabric, ACopyDeliversTheSameOnItsOwn) {
  CableBench bench;
  bench.send(60, 1);
  CableBench copy = bench;
  copy.send(60, 2);
  EXPECT_EQ(bench.run().size(), 1U);
  EXPECT_EQ(copy.run().size(), 2U);
}

}  // namespace
}  // namespace lvslab::link
