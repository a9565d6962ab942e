// Sequences of servers, as Linux 6.1 chose them (ip_vs_rr.c, ip_vs_wrr.c, ip_vs_lc.c, ip_vs_wlc.c).
#include <gmock/gmock.h>

#include "tests/ipvs/director_bench.h"

namespace lvslab::ipvs::test {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;

/// The last byte of each server's address.
using Sequence = std::vector<int>;

/// Whole connections, one after the other.
Sequence serve(DirectorBench& bench, int connections, std::uint16_t first_port = 40'001) {
  Sequence out;
  for (int i = 0; i < connections; ++i) {
    const auto port = static_cast<std::uint16_t>(first_port + 7 * i);
    out.push_back(static_cast<int>(bench.whole_connection(port).bits & 0xff));
  }
  return out;
}

/// Connections that stay open; 0 where the client was refused.
Sequence keep(DirectorBench& bench, int connections, std::uint16_t first_port = 30'001) {
  Sequence out;
  for (int i = 0; i < connections; ++i) {
    const auto port = static_cast<std::uint16_t>(first_port + i);
    out.push_back(static_cast<int>(bench.segment(port, kSyn).next.bits & 0xff));
    bench.segment(port, kAck);
  }
  return out;
}

/// 24 connections of four clients in turn, of which every sixth stays open.
Sequence serve_mixed(DirectorBench& bench) {
  Sequence out;
  for (int i = 0; i < 24; ++i) {
    const auto port = static_cast<std::uint16_t>(40'001 + 7 * i);
    const Ipv4Addr client{kClient.bits + static_cast<std::uint32_t>(i % 4)};
    out.push_back(static_cast<int>(bench.segment(port, kSyn, client).next.bits & 0xff));
    bench.segment(port, kAck, client);
    if (i % 6 != 5) bench.segment(port, kFin, client);
  }
  return out;
}

/// Three servers, added in the order of the observation: .202, .204, .206.
DirectorBench three_servers(SchedulerId scheduler, int w202 = 3, int w204 = 1, int w206 = 2) {
  DirectorBench bench;
  bench.service(scheduler);
  bench.add(k202, w202);
  bench.add(k204, w204);
  bench.add(k206, w206);
  return bench;
}

TEST(RoundRobin, BeginsWithTheServerAddedLastAndIgnoresWeights) {
  DirectorBench bench = three_servers(SchedulerId::kRr);
  EXPECT_THAT(serve(bench, 7), ElementsAre(206, 204, 202, 206, 204, 202, 206));
}

TEST(RoundRobin, SkipsWeightZero) {
  DirectorBench bench = three_servers(SchedulerId::kRr, 1, 0, 1);
  EXPECT_THAT(serve(bench, 4), ElementsAre(206, 202, 206, 202));
}

TEST(RoundRobin, GoesOnFromItsPlaceAfterAServerWasRemoved) {
  DirectorBench bench = three_servers(SchedulerId::kRr);
  EXPECT_THAT(serve(bench, 2), ElementsAre(206, 204));
  bench.remove(k204);
  EXPECT_THAT(serve(bench, 3, 50'000), ElementsAre(202, 206, 202));
}

TEST(RoundRobin, ReachesANewServerAtTheHeadWhenItsRoundBegins) {
  DirectorBench bench;
  bench.service(SchedulerId::kRr);
  bench.add(k202);
  bench.add(k204);
  EXPECT_THAT(serve(bench, 1), ElementsAre(204));
  bench.add(k206);
  EXPECT_THAT(serve(bench, 4, 50'000), ElementsAre(202, 206, 204, 202));
}

TEST(WeightedRoundRobin, BeginsInTheMiddleOfItsCycle) {
  DirectorBench bench = three_servers(SchedulerId::kWrr);
  EXPECT_THAT(serve(bench, 12), ElementsAre(206, 204, 202, 202, 206, 202,  //
                                            206, 204, 202, 202, 206, 202));
}

TEST(WeightedRoundRobin, StepsByTheGreatestCommonDivisor) {
  DirectorBench bench = three_servers(SchedulerId::kWrr, 4, 0, 2);
  EXPECT_THAT(serve(bench, 6), ElementsAre(206, 202, 202, 206, 202, 202));
}

TEST(WeightedRoundRobin, BeginsAtTheMaximumIfItIsChosenForServersThatAreThere) {
  DirectorBench bench = three_servers(SchedulerId::kRr, 1, 5, 1);
  Step step = bench.step();
  ASSERT_EQ(bench.director.edit_service(step, kWeb, {SchedulerId::kWrr}), Errno::kNone);
  EXPECT_THAT(serve(bench, 7), ElementsAre(204, 204, 204, 204, 206, 204, 202));
}

TEST(LeastConnection, CountsInactiveConnectionsToo) {
  DirectorBench bench = three_servers(SchedulerId::kLc);
  EXPECT_THAT(serve_mixed(bench),
              ElementsAreArray({206, 204, 202, 206, 204, 202, 206, 204, 206, 204, 206, 204,
                                206, 206, 206, 206, 206, 206, 202, 202, 202, 204, 202, 204}));
}

TEST(WeightedLeastConnection, DividesTheLoadByTheWeight) {
  DirectorBench bench = three_servers(SchedulerId::kWlc);
  EXPECT_THAT(serve_mixed(bench),
              ElementsAreArray({206, 204, 202, 202, 206, 202, 206, 204, 206, 206, 204, 206,
                                204, 204, 204, 204, 204, 204, 202, 202, 202, 202, 202, 202}));
}

TEST(ShortestDelay, NeverLeavesTheHeaviestWhileConnectionsAreShort) {
  DirectorBench bench = three_servers(SchedulerId::kSed);
  EXPECT_THAT(serve(bench, 8), Each(202));
}

TEST(ShortestDelay, AndNeverQueueCountActiveConnectionsOnly) {
  DirectorBench sed = three_servers(SchedulerId::kSed), nq = three_servers(SchedulerId::kNq);
  EXPECT_THAT(serve_mixed(sed),
              ElementsAreArray({202, 202, 202, 202, 202, 202, 206, 206, 206, 206, 206, 206,
                                202, 202, 202, 202, 202, 202, 206, 206, 206, 206, 206, 206}));
  EXPECT_THAT(serve_mixed(nq),
              ElementsAreArray({206, 206, 206, 206, 206, 206, 204, 204, 204, 204, 204, 204,
                                202, 202, 202, 202, 202, 202, 202, 202, 202, 202, 202, 202}));
}

TEST(ShortestDelay, GivesByWeightWhenConnectionsStay) {
  DirectorBench sed = three_servers(SchedulerId::kSed), nq = three_servers(SchedulerId::kNq);
  EXPECT_THAT(keep(sed, 12), ElementsAreArray({202, 206, 202, 206, 204, 202,  //
                                               202, 206, 202, 206, 204, 202}));
  EXPECT_THAT(keep(nq, 12), ElementsAreArray({206, 204, 202, 202, 206, 202,  //
                                              202, 206, 202, 206, 204, 202}));
}

TEST(Overflow, SendsTheNextServerWhatIsMoreThanTheWeight) {
  DirectorBench bench = three_servers(SchedulerId::kOvf);
  EXPECT_THAT(keep(bench, 10), ElementsAre(202, 202, 202, 202, 206, 206, 206, 204, 204, 0));
}

TEST(FailOver, StaysWithTheHeaviestUntilItIsQuiesced) {
  DirectorBench bench = three_servers(SchedulerId::kFo);
  EXPECT_THAT(keep(bench, 8), Each(202));
  bench.edit(k202, 0);
  EXPECT_THAT(serve(bench, 3, 50'000), Each(206));
}

TEST(SourceHash, DependsOnTheClientAlone) {
  DirectorBench bench = three_servers(SchedulerId::kSh);
  const Sequence servers = serve_mixed(bench);
  for (std::size_t i = 0; i < 24; ++i) {
    EXPECT_EQ(servers[i], (Sequence{204, 206, 206, 202}[i % 4]));
  }
}

TEST(Locality, IsForgottenADayAfterItsLastUse) {
  DirectorBench bench = three_servers(SchedulerId::kLblc, 1, 1, 1);
  EXPECT_THAT(serve(bench, 3), Each(206)) << "one destination address";
  bench.wait_s(86'000);
  EXPECT_THAT(serve(bench, 1), Each(206));
  bench.edit(k206, 2);
  bench.wait_s(86'400 + 1'800);
  bench.segment(9, kSyn, kClient);
  EXPECT_EQ(bench.dest(k206).active, 1U);
}

TEST(Locality, GrowsASetOnlyWhenItsServersAreOverloaded) {
  DirectorBench bench = three_servers(SchedulerId::kLblcr, 1, 9, 9);
  bench.edit(k204, 1);
  bench.edit(k206, 1);
  EXPECT_THAT(keep(bench, 2), Each(206));
  EXPECT_THAT(keep(bench, 1, 50'000), Each(204)) << ".206 has two for a weight of 1, .204 is idle";
}

TEST(LeastConnection, AndWlcTakeNoServerOfWeightZero) {
  for (const SchedulerId id : {SchedulerId::kLc, SchedulerId::kWlc}) {
    DirectorBench bench = three_servers(id, 1, 0, 0);
    EXPECT_THAT(serve(bench, 3), ElementsAre(202, 202, 202));
  }
}

class EveryScheduler : public ::testing::TestWithParam<SchedulerId> {};

TEST_P(EveryScheduler, RefusesWhenAllWeightsAreZero) {
  DirectorBench bench = three_servers(GetParam(), 0, 0, 0);
  const Verdict verdict = bench.segment(40'000, kSyn);
  EXPECT_EQ(verdict.kind, VerdictKind::kPortUnreachable);
  EXPECT_EQ(bench.last_reason(), Reason::kIpvsNoDestination);
  EXPECT_EQ(bench.director.connections(), 0U);
}

TEST_P(EveryScheduler, RefusesWithoutServersAndAfterTheLastWasRemoved) {
  DirectorBench bench;
  bench.service(GetParam());
  EXPECT_EQ(bench.segment(40'000, kSyn).kind, VerdictKind::kPortUnreachable);
  bench.add(k202);
  EXPECT_EQ(bench.segment(40'001, kSyn).next, k202);
  bench.remove(k202);
  EXPECT_EQ(bench.segment(40'002, kSyn).kind, VerdictKind::kPortUnreachable);
}

class Balancing : public ::testing::TestWithParam<SchedulerId> {};

TEST_P(Balancing, SpreadsOverServersOfOneWeight) {
  DirectorBench bench = three_servers(GetParam(), 1, 1, 1);
  EXPECT_THAT(serve(bench, 6), ElementsAre(206, 204, 202, 206, 204, 202));
}

TEST_P(Balancing, SurvivesEditsInTheMiddle) {
  DirectorBench bench = three_servers(GetParam());
  serve(bench, 5);
  EXPECT_EQ(bench.edit(k202, 0), Errno::kNone);
  const Sequence without = serve(bench, 20, 50'000);
  EXPECT_EQ(std::ranges::count(without, 202), 0);
  EXPECT_EQ(bench.edit(k202, 3), Errno::kNone);
  const Sequence again = serve(bench, 20, 55'000);
  EXPECT_GT(std::ranges::count(again, 202), 0);
}

std::string name_of(const ::testing::TestParamInfo<SchedulerId>& param) {
  return std::string(scheduler(param.param).name);
}

using enum SchedulerId;
INSTANTIATE_TEST_SUITE_P(All, EveryScheduler,
                         ::testing::Values(kRr, kWrr, kLc, kWlc, kFo, kOvf, kLblc, kLblcr, kDh, kSh,
                                           kMh, kSed, kNq, kTwos),
                         name_of);
INSTANTIATE_TEST_SUITE_P(All, Balancing, ::testing::Values(kRr, kWrr, kLc, kWlc), name_of);

TEST(Thresholds, KeepAFullServerOutUntilItFellBelowTheLowerOne) {
  DirectorBench bench;
  bench.service(SchedulerId::kRr);
  Step step = bench.step();
  bench.director.add_dest(step, kWeb, {.addr = k202, .port = 80, .upper = 2, .lower = 1});
  bench.segment(1, kSyn);
  EXPECT_EQ(bench.segment(2, kSyn).next, k202);
  EXPECT_EQ(bench.segment(3, kSyn).kind, VerdictKind::kPortUnreachable);
  bench.wait_s(30);
  bench.segment(2, kSyn);  // keeps the second one for another minute
  bench.wait_s(31);
  EXPECT_EQ(bench.segment(4, kSyn).kind, VerdictKind::kPortUnreachable) << "1 is not below 1";
  bench.wait_s(60);
  EXPECT_EQ(bench.segment(5, kSyn).next, k202);
}

}  // namespace
}  // namespace lvslab::ipvs::test
