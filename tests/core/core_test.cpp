// Frames, events, timers, and the chain of causes.
#include <gmock/gmock.h>

#include <algorithm>
#include <queue>
#include <tuple>

#include "sim/core/step.h"

namespace lvslab {
namespace {

using ::testing::ElementsAre;

std::vector<std::uint8_t> content(const FramePool& pool, FrameRef ref) {
  const Bytes bytes = pool.bytes(ref);
  return {bytes.begin(), bytes.end()};
}

FrameRef filled(FramePool& pool, std::size_t length, std::uint8_t value) {
  const FrameRef ref = pool.allocate(length);
  std::ranges::fill(pool.writable(ref), value);
  return ref;
}

TEST(FramePool, GivesBuffersOfAnyFrameLengthAndTakesThemBack) {
  FramePool pool;
  for (const std::size_t length : {0UL, 1UL, 60UL, 200UL, 600UL, 1514UL, 9000UL, 65'535UL}) {
    const FrameRef ref = filled(pool, length, 7);
    EXPECT_EQ(pool.bytes(ref).size(), length);
    EXPECT_EQ(pool.in_use(), 1U);
    pool.release(ref);
    EXPECT_EQ(pool.in_use(), 0U);
  }
}

TEST(FramePool, RecyclesInsteadOfGrowing) {
  FramePool pool;
  pool.release(pool.allocate(1500));
  const std::size_t before = pool.memory_bytes();
  for (int i = 0; i < 1000; ++i) pool.release(pool.allocate(1500));
  EXPECT_EQ(pool.memory_bytes(), before);
}

TEST(FramePool, KeepsMoreFramesInFlightThanFitIntoOneBlockAndSoDoesItsCopy) {
  FramePool pool;
  std::vector<FrameRef> frames;
  for (std::size_t i = 0; i < 6'000; ++i) {
    frames.push_back(filled(pool, i % 3 == 0 ? 9'000 : 1'500, static_cast<std::uint8_t>(i)));
  }
  FramePool copy = pool;
  for (const FrameRef frame : frames) pool.writable(frame)[0] = 0xee;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    ASSERT_EQ(copy.bytes(frames[i])[0], static_cast<std::uint8_t>(i)) << "frame " << i;
    ASSERT_EQ(copy.bytes(frames[i]).back(), static_cast<std::uint8_t>(i)) << "frame " << i;
    copy.release(frames[i]);
  }
  EXPECT_EQ(copy.in_use(), 0U);
  EXPECT_EQ(pool.in_use(), frames.size());
}

TEST(FramePool, PushesAndPullsHeadersInPlace) {
  FramePool pool;
  const FrameRef ref = filled(pool, 4, 1);
  std::ranges::fill(pool.push_front(ref, 2), std::uint8_t{9});
  EXPECT_THAT(content(pool, ref), ElementsAre(9, 9, 1, 1, 1, 1));
  pool.pull_front(ref, 3);
  pool.truncate(ref, 2);
  EXPECT_THAT(content(pool, ref), ElementsAre(1, 1));
}

TEST(FramePool, HasRoomForTheHeadersOfATunnel) {
  FramePool pool;
  const FrameRef ref = pool.allocate(100);
  EXPECT_EQ(pool.push_front(ref, kHeadroom).size(), kHeadroom);
  EXPECT_DEATH(pool.push_front(ref, 1), "no headroom left");
}

TEST(FramePool, CopiesASharedFrameBeforeItIsWritten) {
  FramePool pool;
  const FrameRef original = filled(pool, 3, 1);
  pool.set_trace_id(original, FrameId(5));
  pool.retain(original);
  const FrameRef mine = pool.make_writable(original);
  EXPECT_NE(mine, original);
  pool.writable(mine)[0] = 2;
  EXPECT_THAT(content(pool, original), ElementsAre(1, 1, 1));
  EXPECT_THAT(content(pool, mine), ElementsAre(2, 1, 1));
  EXPECT_EQ(pool.trace_id(original), FrameId(5));
  EXPECT_FALSE(pool.trace_id(mine).valid()) << "it is another frame once it is sent";
}

TEST(FramePool, WritesInPlaceWhatNobodyElseHolds) {
  FramePool pool;
  const FrameRef ref = filled(pool, 3, 1);
  EXPECT_EQ(pool.make_writable(ref), ref);
}

TEST(FramePool, StopsWritersOfSharedFramesAndDoubleRelease) {
  FramePool pool;
  const FrameRef ref = filled(pool, 3, 1);
  pool.retain(ref);
  EXPECT_DEATH(pool.writable(ref), "wrote into a shared frame");
  pool.release(ref);
  pool.release(ref);
  EXPECT_DEATH(pool.release(ref), "nobody holds");
}

TEST(FramePool, ACopyKeepsEveryFrameUnderItsReference) {
  FramePool pool;
  const FrameRef ref = filled(pool, 3, 1);
  FramePool copy = pool;
  pool.writable(ref)[0] = 8;
  EXPECT_THAT(content(copy, ref), ElementsAre(1, 1, 1));
  EXPECT_EQ(copy.allocate(3), pool.allocate(3)) << "both go on alike";
}

TEST(EventQueue, RunsByTimeAndAtOneTimeInTheOrderOfScheduling) {
  EventQueue queue;
  queue.schedule(SimTime{20}, SourceKind::kHost, 1);
  queue.schedule(SimTime{10}, SourceKind::kScript, 2);
  queue.schedule(SimTime{10}, SourceKind::kLink, 3);
  queue.schedule(SimTime{10}, SourceKind::kHost, EventQueue::kMaxSources - 1);
  EXPECT_EQ(queue.next_time(), SimTime{10});
  std::vector<std::uint32_t> order;
  while (!queue.empty()) order.push_back(queue.pop().source);
  EXPECT_THAT(order, ElementsAre(2, 3, EventQueue::kMaxSources - 1, 1));
  EXPECT_EQ(queue.next_time(), SimTime::never());
}

TEST(EventQueue, EqualsAStableSortForRandomTimes) {
  EventQueue queue;
  Prng random(11);
  std::vector<std::pair<std::int64_t, std::uint32_t>> model;
  for (std::uint32_t i = 0; i < 5'000; ++i) {
    const std::int64_t at = random.below(300);
    queue.schedule(SimTime{at}, SourceKind::kHost, i);
    model.emplace_back(at, i);
  }
  std::ranges::stable_sort(model, {}, &std::pair<std::int64_t, std::uint32_t>::first);
  for (const auto& [at, source] : model) {
    const Event event = queue.pop();
    ASSERT_EQ(event.at.ns, at);
    ASSERT_EQ(event.source, source);
    ASSERT_EQ(event.kind, SourceKind::kHost);
  }
}

// A reference for the queue: the standard one, by (time, order of scheduling).
class QueueModel {
 public:
  void schedule(std::int64_t at, std::uint32_t source) { queue_.emplace(at, order_++, source); }
  bool empty() const { return queue_.empty(); }
  std::size_t size() const { return queue_.size(); }
  std::pair<std::int64_t, std::uint32_t> pop() {
    const auto [at, order, source] = queue_.top();
    queue_.pop();
    return {at, source};
  }

 private:
  using Entry = std::tuple<std::int64_t, std::uint64_t, std::uint32_t>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue_;
  std::uint64_t order_ = 0;
};

// How far ahead events are scheduled: each a way in which many pending events can lie.
struct Spread {
  const char* name;
  std::int64_t (*draw)(Prng& random);
};

class ManyEvents : public ::testing::TestWithParam<Spread> {};

TEST_P(ManyEvents, LeaveInTheOrderOfTimeAndSchedulingWhileTheirNumberGrowsAndShrinks) {
  EventQueue queue;
  QueueModel model;
  Prng random(5);
  std::int64_t now = 0;
  std::uint32_t source = 0;
  const auto schedule = [&] {
    const std::int64_t ahead = GetParam().draw(random);
    const std::int64_t at = ahead > SimTime::never().ns - now ? SimTime::never().ns : now + ahead;
    queue.schedule(SimTime{at}, SourceKind::kHost, ++source % EventQueue::kMaxSources);
    model.schedule(at, source % EventQueue::kMaxSources);
  };
  const auto run = [&] {
    const auto [at, expected] = model.pop();
    ASSERT_EQ(queue.next_time(), SimTime{at});
    const Event event = queue.pop();
    ASSERT_EQ(event.at, SimTime{at});
    ASSERT_EQ(event.source, expected);
    now = at;
  };
  for (const std::uint32_t pending : {100U, 20'000U, 500U, 40'000U, 0U, 9'000U}) {
    while (model.size() > pending) ASSERT_NO_FATAL_FAILURE(run());
    while (model.size() < pending) schedule();
    for (std::uint32_t i = 0; i < pending; ++i) {
      ASSERT_NO_FATAL_FAILURE(run());
      schedule();
    }
    ASSERT_EQ(queue.size(), pending);
  }
  const EventQueue copy = queue;
  while (!model.empty()) ASSERT_NO_FATAL_FAILURE(run());
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.next_time(), SimTime::never());
  EXPECT_EQ(copy.size(), 9'000U) << "a copy is independent";
}

INSTANTIATE_TEST_SUITE_P(
    Of, ManyEvents,
    ::testing::Values(
        Spread{"AMillisecond", [](Prng& r) -> std::int64_t { return r.below(1'000'000); }},
        Spread{"FewMoments",
               [](Prng& r) -> std::int64_t { return std::int64_t{r.below(3)} * 1'000'000; }},
        Spread{"OneMoment", [](Prng&) -> std::int64_t { return 0; }},
        Spread{"MicrosecondsAndMinutes",
               [](Prng& r) -> std::int64_t {
                 return r.below(10) == 0 ? 60'000'000'000 + r.below(1'000'000) : r.below(25'000);
               }},
        Spread{"TheEndOfTime",
               [](Prng& r) -> std::int64_t {
                 return static_cast<std::int64_t>(r.next() >> (1 + r.below(63)));
               }}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(TimerQueue, GivesTheEarliestWithItsKindAndId) {
  TimerQueue timers;
  timers.add(SimTime{5}, TimerKind::kHost, 0xffff'ffffU);
  timers.add(SimTime{3}, TimerKind::kNeigh, 1);
  timers.add(SimTime{3}, TimerKind::kTcp, 2);
  EXPECT_EQ(timers.next(), SimTime{3});
  EXPECT_EQ(timers.pop().id, 1U);
  EXPECT_EQ(timers.pop().kind, TimerKind::kTcp);
  EXPECT_EQ(timers.pop().id, 0xffff'ffffU);
  EXPECT_EQ(timers.next(), SimTime::never());
}

constexpr std::int64_t kMs = 1'000'000;

TEST(TimerWheel, WithoutATickRunsTimersWhenTheyAreDue) {
  EXPECT_EQ(TimerWheel{}.run_at(SimTime{123'456'789}, SimTime{5}), SimTime{123'456'789});
}

TEST(TimerWheel, RunsShortTimersAtTheTickAfterTheOneThatTheyAreDueAt) {
  const TimerWheel wheel{{10 * kMs}};
  EXPECT_EQ(wheel.run_at(SimTime{200 * kMs}, SimTime{}), SimTime{210 * kMs});
  EXPECT_EQ(wheel.run_at(SimTime{207 * kMs}, SimTime{7 * kMs}), SimTime{210 * kMs});
  EXPECT_EQ(wheel.run_at(SimTime{620 * kMs}, SimTime{}), SimTime{630 * kMs});
}

TEST(TimerWheel, RunsLongTimersOnGridsThatGetCoarserAsTheyGetLonger) {
  const TimerWheel wheel{{10 * kMs}};
  EXPECT_EQ(wheel.run_at(SimTime{1'000 * kMs}, SimTime{}), SimTime{1'040 * kMs}) << "ARP";
  EXPECT_EQ(wheel.run_at(SimTime{2'040 * kMs}, SimTime{1'040 * kMs}), SimTime{2'080 * kMs});
  EXPECT_EQ(wheel.run_at(SimTime{5'000 * kMs}, SimTime{}), SimTime{5'040 * kMs}) << "DELAY";
  EXPECT_EQ(wheel.run_at(SimTime{8'000 * kMs}, SimTime{}), SimTime{8'320 * kMs});
  EXPECT_EQ(wheel.run_at(SimTime{60'000 * kMs}, SimTime{}), SimTime{61'440 * kMs}) << "TIME_WAIT";
}

TEST(TimerWheel, RunsWhatIsLateAtTheNextTick) {
  const TimerWheel wheel{{10 * kMs}};
  EXPECT_EQ(wheel.run_at(SimTime{100 * kMs}, SimTime{204 * kMs}), SimTime{210 * kMs});
  EXPECT_EQ(wheel.run_at(SimTime::never(), SimTime{}), SimTime::never());
}

TEST(TimerWheel, RunsWhatWasAddedLastFirstButProgramsBefore) {
  TimerQueue timers;
  timers.set_wheel({{10 * kMs}});
  const SimTime at{1'040 * kMs};
  timers.add(at, TimerKind::kTcp, 1);
  timers.add(at, TimerKind::kNeigh, 2);
  timers.add(at, TimerKind::kProcess, 3);
  timers.add(at, TimerKind::kApp, 4);
  std::vector<std::uint32_t> ids;
  while (!timers.empty()) ids.push_back(timers.pop().id);
  EXPECT_EQ(ids, (std::vector<std::uint32_t>{3, 4, 2, 1}));
}

/// Pops entries in time until the timer is due; the time when it was.
SimTime run_until_due(TimerQueue& timers, LazyTimer& timer) {
  while (!timers.empty()) {
    const TimerEntry entry = timers.pop();
    if (timer.due(timers, entry.at, entry.kind, entry.id)) return entry.at;
  }
  return SimTime::never();
}

TEST(LazyTimer, PostponedAThousandTimesHasOneEntry) {
  TimerQueue timers;
  LazyTimer timer;
  for (std::int64_t i = 0; i < 1000; ++i) timer.set(timers, SimTime{100 + i}, TimerKind::kTcp, 1);
  EXPECT_EQ(timers.size(), 1U);
  EXPECT_EQ(run_until_due(timers, timer), SimTime{1099});
  EXPECT_FALSE(timer.armed());
}

TEST(LazyTimer, MovedForwardFiresOnceAtTheEarlierTime) {
  TimerQueue timers;
  LazyTimer timer;
  timer.set(timers, SimTime{100}, TimerKind::kTcp, 1);
  timer.set(timers, SimTime{50}, TimerKind::kTcp, 1);
  EXPECT_EQ(run_until_due(timers, timer), SimTime{50});
  EXPECT_EQ(run_until_due(timers, timer), SimTime::never()) << "the old entry is stale";
}

TEST(LazyTimer, CancelledNeverFires) {
  TimerQueue timers;
  LazyTimer timer;
  timer.set(timers, SimTime{100}, TimerKind::kTcp, 1);
  timer.cancel();
  EXPECT_EQ(run_until_due(timers, timer), SimTime::never());
}

TEST(LazyTimer, FollowsAModelUnderRandomChanges) {
  TimerQueue timers;
  LazyTimer timer;
  Prng random(5);
  SimTime now;
  SimTime model = SimTime::never();
  for (int i = 0; i < 20'000; ++i) {
    now = now + SimDuration{random.below(20)};
    while (timers.next() <= now) {
      const TimerEntry entry = timers.pop();
      if (timer.due(timers, entry.at, entry.kind, entry.id)) {
        ASSERT_EQ(entry.at, model);
        model = SimTime::never();
      }
    }
    ASSERT_TRUE(model > now) << "it should have fired";
    if (random.below(3) == 0) {
      timer.cancel();
      model = SimTime::never();
    } else {
      model = now + SimDuration{1 + random.below(50)};
      timer.set(timers, model, TimerKind::kTcp, 1);
    }
  }
}

/// The ids of the timers that are due at `at`, in the order in which they come up.
std::vector<std::uint32_t> due_at(TimerQueue& timers, std::vector<LazyTimer>& owners, SimTime at) {
  std::vector<std::uint32_t> ids;
  while (timers.next() <= at) {
    const TimerEntry entry = timers.pop();
    if (owners[entry.id].due(timers, entry.at, entry.kind, entry.id)) ids.push_back(entry.id);
  }
  return ids;
}

TEST(LazyTimer, OnTheWheelStandsWhereItWasMovedLast) {
  TimerQueue timers;
  timers.set_wheel({{10 * kMs}});
  std::vector<LazyTimer> owners(3);
  const SimTime early{100 * kMs}, late{500 * kMs};
  owners[0].set(timers, early, TimerKind::kIpvsConn, 0);
  owners[1].set(timers, late, TimerKind::kIpvsConn, 1);
  owners[2].set(timers, late, TimerKind::kIpvsConn, 2);
  owners[1].set(timers, late, TimerKind::kIpvsConn, 1);  // the same list: it stays where it was
  owners[0].set(timers, late, TimerKind::kIpvsConn, 0);
  EXPECT_TRUE(due_at(timers, owners, early).empty());
  EXPECT_EQ(due_at(timers, owners, late), (std::vector<std::uint32_t>{0, 2, 1}));
}

TEST(LazyTimer, OnTheWheelFiresOnceHoweverOftenItMoved) {
  TimerQueue timers;
  timers.set_wheel({{10 * kMs}});
  std::vector<LazyTimer> owners(1);
  for (const std::int64_t ms : {500, 100, 500, 300, 500}) {
    owners[0].set(timers, SimTime{ms * kMs}, TimerKind::kTcp, 0);
  }
  EXPECT_TRUE(due_at(timers, owners, SimTime{490 * kMs}).empty());
  EXPECT_EQ(due_at(timers, owners, SimTime{900 * kMs}), (std::vector<std::uint32_t>{0}));
  owners[0].set(timers, SimTime{950 * kMs}, TimerKind::kTcp, 0);
  owners[0].cancel();
  EXPECT_TRUE(due_at(timers, owners, SimTime{990 * kMs}).empty());
}

class StepTest : public ::testing::Test {
 protected:
  StepTest() { trace_.add_node({"host", false, {}}); }
  World world_;
  TimerQueue timers_;
  Trace trace_;
};

TEST_F(StepTest, DecisionsChainAndRowsAndDropsHangOffTheChain) {
  Step step(world_, timers_, &trace_, NodeId(0));
  step.explain(Reason::kLinkLoss);
  step.row_added(SysctlRow{"a", "1"});
  step.drop(world_.frames.allocate(60), Reason::kLinkDown);
  step.explain(Reason::kLinkDuplicated);
  ASSERT_EQ(trace_.size(), 4U);
  EXPECT_FALSE(trace_[RecordId(0)].cause.valid());
  for (std::uint32_t i = 1; i < 4; ++i) EXPECT_EQ(trace_[RecordId(i)].cause, RecordId(0));
  EXPECT_EQ(step.cause(), RecordId(3));
  EXPECT_EQ(world_.frames.in_use(), 0U) << "a drop releases the frame";
}

TEST_F(StepTest, WithoutATraceOnlyReleasesFrames) {
  Step step(world_, timers_, nullptr, NodeId(0));
  step.explain(Reason::kLinkLoss);
  step.row_added(SysctlRow{"a", "1"});
  step.drop(world_.frames.allocate(60), Reason::kLinkDown);
  EXPECT_EQ(world_.frames.in_use(), 0U);
  EXPECT_FALSE(step.cause().valid());
}

TEST_F(StepTest, TruncatingATraceForgetsWhatCameAfterTheMark) {
  Step step(world_, timers_, &trace_, NodeId(0));
  step.explain(Reason::kLinkLoss);
  const Trace::Mark mark = trace_.mark();
  const std::uint64_t digest = trace_.digest();
  step.row_added(SysctlRow{"a", "1"});
  trace_.add_frame(std::vector<std::uint8_t>{1, 2, 3});
  trace_.add_text("text");
  EXPECT_NE(trace_.digest(), digest);
  trace_.truncate(mark);
  EXPECT_EQ(trace_.mark(), mark);
  EXPECT_EQ(trace_.digest(), digest);
}

}  // namespace
}  // namespace lvslab
