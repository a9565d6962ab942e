// --stats and --rate: numbers that a real director printed for the same traffic.
#include "sim/ipvs/counters.h"

#include <gtest/gtest.h>

#include "tests/ipvs/director_bench.h"

namespace lvslab::ipvs::test {
namespace {

constexpr SimTime at_s(std::int64_t seconds) { return {seconds * 1'000'000'000}; }

/// `connections` of six packets and 398 bytes each, as one curl makes them.
void curls(Counters& counters, SimTime now, int connections) {
  for (int i = 0; i < connections; ++i) {
    counters.count_connection(now);
    for (const std::uint32_t bytes : {60U, 52U, 130U, 52U, 52U, 52U}) counters.count_in(now, bytes);
  }
}

TEST(Counters, LagUntilTheEstimatorsNextTick) {
  Counters counters;
  curls(counters, at_s(1), 1);
  EXPECT_EQ(counters.read(SimTime{1'999'999'999}).conns, 0U);
  EXPECT_EQ(counters.read(at_s(2)).conns, 1U);
  EXPECT_EQ(counters.read(at_s(2)).in_pkts, 6U);
  EXPECT_EQ(counters.read(at_s(2)).in_bytes, 398U);
}

TEST(Counters, StandStillWithoutEstimation) {
  Counters counters;
  curls(counters, at_s(1), 1);
  counters.set_estimation(at_s(3), false);
  curls(counters, at_s(4), 1);
  EXPECT_EQ(counters.read(at_s(9)).conns, 1U);
  counters.set_estimation(at_s(11), true);
  EXPECT_EQ(counters.read(at_s(11)).conns, 1U) << "until the next tick";
  EXPECT_EQ(counters.read(at_s(12)).conns, 2U);
}

TEST(Rates, DecayAsARealDirectorPrintedThem) {
  Counters counters;
  curls(counters, at_s(1), 5);
  struct Printed {
    std::uint64_t cps, in_pps, in_bps;
  };
  const auto expect = [&](std::int64_t at, Printed p) {
    const IpvsCounters row = counters.read(at_s(at));
    EXPECT_EQ(row.cps, p.cps) << at;
    EXPECT_EQ(row.in_pps, p.in_pps) << at;
    EXPECT_EQ(row.in_bps, p.in_bps) << at;
  };
  expect(2, {1, 4, 249});
  curls(counters, at_s(3), 1);
  expect(4, {1, 4, 236});
  expect(6, {0, 3, 177});
  expect(8, {0, 2, 133});
  expect(10, {0, 2, 100});
  expect(12, {0, 1, 75});
}

TEST(Rates, AreTheSameHoweverSeldomTheyAreRead) {
  Counters often;
  Counters seldom;
  for (std::int64_t s = 0; s < 60; ++s) {
    if (s % 7 == 0) {
      curls(often, at_s(s), 3);
      curls(seldom, at_s(s), 3);
    }
    often.read(at_s(s));
  }
  EXPECT_EQ(often.read(at_s(100)), seldom.read(at_s(100)));
}

TEST(Rates, BecomeZeroInTheEnd) {
  Counters counters;
  curls(counters, at_s(0), 1000);
  const IpvsCounters late = counters.read(at_s(100'000));
  EXPECT_EQ(late.in_bps, 0U);
  EXPECT_EQ(late.in_pps, 0U);
  EXPECT_EQ(late.in_bytes, 398'000U);
}

TEST(Counters, BeginAgainAfterZero) {
  Counters counters;
  curls(counters, at_s(1), 5);
  counters.zero(at_s(3));
  EXPECT_EQ(counters.read(at_s(3)), IpvsCounters{});
  curls(counters, at_s(3), 1);
  EXPECT_EQ(counters.read(at_s(4)).conns, 1U);
}

TEST(Counters, OfADirectorCountWholeIpPackets) {
  DirectorBench bench;
  bench.service(SchedulerId::kRr);
  bench.add(k202);
  bench.whole_connection(1);
  bench.wait_s(2);
  const HostTables t = bench.tables();
  EXPECT_EQ(t.services[0].counters.conns, 1U);
  EXPECT_EQ(t.services[0].counters.in_pkts, 3U);
  EXPECT_EQ(t.services[0].counters.in_bytes, 3U * 40);
  EXPECT_EQ(t.dests[0].counters, t.services[0].counters);
  EXPECT_EQ(t.dests[0].counters.out_pkts, 0U) << "answers do not come this way";
  EXPECT_EQ(bench.director.zero(bench.world.now, kWeb), Errno::kNone);
  EXPECT_EQ(bench.director.zero(bench.world.now, kDns), Errno::kSrch);
  EXPECT_EQ(bench.tables().services[0].counters.conns, 0U);
}

TEST(Counters, OfAServerThatComesBackGoOnInTheSameServiceOnly) {
  DirectorBench d;
  d.service(SchedulerId::kRr);
  d.add(k202);
  d.whole_connection(40'000);
  d.wait_s(3);
  ASSERT_EQ(d.dest(k202).counters.conns, 1U);
  d.remove(k202);
  d.add(k202);
  EXPECT_EQ(d.dest(k202).counters.conns, 1U);
  d.remove_service();
  d.service(SchedulerId::kRr);
  d.add(k202);
  EXPECT_EQ(d.dest(k202).counters.conns, 0U);
  EXPECT_EQ(d.dest(k202).inactive, 1U) << "its connections are still there";
}

}  // namespace
}  // namespace lvslab::ipvs::test
