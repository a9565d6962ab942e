// drop_entry=3: which entries a director drops on purpose, and which it keeps.
#include <gtest/gtest.h>

#include "tests/ipvs/director_bench.h"

namespace lvslab::ipvs::test {
namespace {

constexpr std::uint16_t kFirstPort = 3'000;

/// Connections that got so far as `segments` says, all at once.
DirectorBench with_connections(std::uint16_t count, std::initializer_list<std::uint8_t> segments) {
  DirectorBench bench;
  bench.service(SchedulerId::kRr);
  EXPECT_EQ(bench.add(k202), Errno::kNone);
  for (std::uint16_t i = 0; i < count; ++i) {
    for (const std::uint8_t flags : segments) bench.segment(kFirstPort + i, flags);
  }
  return bench;
}

void set_drop_entry(DirectorBench& bench, std::int32_t level) {
  bench.director.sysctls().drop_entry = level;
  Step step = bench.step();
  bench.director.set_guard(step);
}

void wait_s(DirectorBench& bench, std::int64_t seconds) {
  bench.wait({seconds * 1'000'000'000}, [&](Step& step, const TimerEntry& timer) {
    EXPECT_EQ(timer.kind, TimerKind::kIpvsDefence);
    bench.director.on_defence_timer(step);
  });
}

TEST(DropEntry, LooksAtAThirtySecondOfTheTableEverySecond) {
  DirectorBench bench = with_connections(640, {kSyn});
  set_drop_entry(bench, 3);
  wait_s(bench, 1);
  EXPECT_LT(bench.director.connections(), 640U);
  EXPECT_GT(bench.director.connections(), 590U) << "about 20 of them";
  EXPECT_EQ(bench.last_reason(), Reason::kIpvsEntryDropped);
  wait_s(bench, 29);
  EXPECT_LT(bench.director.connections(), 330U) << "(31/32)^30 of 640 are 247";
  EXPECT_GT(bench.director.connections(), 170U);
  EXPECT_EQ(bench.dest(k202).active, bench.director.connections());
}

TEST(DropEntry, LevelsThatWaitForShortMemoryDoNothing) {
  DirectorBench bench = with_connections(200, {kSyn});
  set_drop_entry(bench, 1);
  wait_s(bench, 30);
  EXPECT_EQ(bench.director.connections(), 200U);
}

TEST(DropEntry, StopsWhenItIsSwitchedOff) {
  DirectorBench bench = with_connections(200, {kSyn});
  set_drop_entry(bench, 3);
  wait_s(bench, 5);
  const std::size_t left = bench.director.connections();
  EXPECT_LT(left, 200U);
  set_drop_entry(bench, 0);
  wait_s(bench, 20);
  EXPECT_EQ(bench.director.connections(), left);
}

TEST(DropEntry, LeavesEstablishedConnectionsAMinute) {
  DirectorBench bench = with_connections(200, {kSyn, kAck});
  set_drop_entry(bench, 3);
  wait_s(bench, 59);
  EXPECT_EQ(bench.director.connections(), 200U);
  wait_s(bench, 60);
  EXPECT_LT(bench.director.connections(), 130U) << "one of two that are looked at is dropped";
  EXPECT_GT(bench.director.connections(), 40U);
}

TEST(DropEntry, LeavesThoseThatDidALot) {
  DirectorBench bench =
      with_connections(100, {kSyn, kAck, kAck, kAck, kAck, kAck, kAck, kAck, kAck});
  set_drop_entry(bench, 3);
  wait_s(bench, 600);
  EXPECT_EQ(bench.director.connections(), 100U);
}

TEST(DropEntry, LeavesThoseThatAreClosing) {
  DirectorBench bench = with_connections(100, {kSyn, kAck, kFin});
  set_drop_entry(bench, 3);
  wait_s(bench, 100);
  EXPECT_EQ(bench.director.connections(), 100U);
}

}  // namespace
}  // namespace lvslab::ipvs::test
