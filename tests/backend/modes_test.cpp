// One workload by NAT, direct routing and tunnelling, on the drawings of shipped scenarios.
#include "sim/lab/modes.h"

#include <gmock/gmock.h>

#include "tests/backend/play.h"

namespace lvslab::backend {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> hosts_of(const lab::Balanced& balanced) {
  std::vector<std::string> names;
  for (const auto& server : balanced.servers) names.push_back(server.host);
  return names;
}

/// A scenario, and what it balances.
struct Found {
  scenario::Scenario scenario;
  SimBackend backend;
  lab::Balanced balanced;

  explicit Found(const std::string& name) : scenario(load_shipped(name)) {
    auto found = lab::find_balanced(backend, scenario);
    if (!found) {
      ADD_FAILURE() << found.error().to_string();
    } else {
      balanced = *std::move(found);
    }
  }

  lab::ModeResult measure(IpvsForward mode, std::uint32_t response_bytes = 10'000) {
    auto result = lab::measure_mode(backend, scenario, balanced, mode,
                                    {.response_bytes = response_bytes, .requests = 60});
    if (result) return *std::move(result);
    ADD_FAILURE() << result.error().to_string();
    return {};
  }
};

TEST(Modes, FindWhoBalancesWhatForWhom) {
  const Found lab("dr-basic");
  EXPECT_EQ(lab.balanced.client, "client");
  EXPECT_EQ(lab.balanced.director, "node01");
  EXPECT_EQ(lab.balanced.vip.to_string(), "192.168.80.150");
  EXPECT_EQ(lab.balanced.scheduler, "rr");
  EXPECT_THAT(hosts_of(lab.balanced), ElementsAre("node02", "node03"));
}

TEST(Modes, FindServicesThatKeepalivedMade) {
  EXPECT_THAT(hosts_of(Found("ha-failover").balanced), ElementsAre("node02", "node03"));
}

TEST(Modes, AnswersPassTheDirectorWithNatOnly) {
  Found lab("dr-basic");
  const auto nat = lab.measure(IpvsForward::kMasq);
  const auto dr = lab.measure(IpvsForward::kRoute);
  const auto tun = lab.measure(IpvsForward::kTunnel);
  const auto bytes_each = [](const lab::ModeResult& result) {
    return result.points.front().director_bytes / result.points.front().answered;
  };
  EXPECT_GT(bytes_each(nat), 10'000U) << "requests, and answers of 10,000 bytes";
  EXPECT_LT(bytes_each(dr), 1'500U) << "requests and acknowledgements";
  EXPECT_EQ(bytes_each(tun), bytes_each(dr)) << "the tunnel begins behind the director";
}

TEST(Modes, TwoServersCarryTwiceWhatOneDirectorDoes) {
  Found lab("dr-basic");
  const auto nat = lab.measure(IpvsForward::kMasq, 50'000);
  const auto dr = lab.measure(IpvsForward::kRoute, 50'000);
  ASSERT_TRUE(nat.saturates() && dr.saturates());
  EXPECT_EQ(nat.saturation()->busiest.host, "node01") << "the bottleneck of NAT";
  EXPECT_NE(dr.saturation()->busiest.host, "node01");
  EXPECT_TRUE(dr.saturation()->busiest_sends) << "answers leave the servers";
  EXPECT_GT(dr.saturation()->per_1000_s(), nat.saturation()->per_1000_s() * 3 / 2);
  for (const lab::LoadPoint& point : nat.points) {
    EXPECT_EQ(point.failed, 0U) << point.concurrency << " at once";
    EXPECT_LE(point.busiest_permille, 1'000U) << point.concurrency << " at once";
  }
}

TEST(Modes, BehindTheDirectorAnswersOfDirectRoutingAreMartians) {
  Found lab("nat-basic");
  EXPECT_THAT(hosts_of(lab.balanced), ElementsAre("node02", "node03"));
  EXPECT_FALSE(lab.measure(IpvsForward::kMasq).points.empty());
  const auto dr = lab.measure(IpvsForward::kRoute);
  EXPECT_TRUE(dr.points.empty());
  EXPECT_THAT(dr.obstacle.en, HasSubstr("node01 drops the packet from 192.168.80.150"));
  EXPECT_THAT(dr.obstacle.zh, HasSubstr("node01"));
}

TEST(Modes, AcrossRoutersOnlyTunnelsReachTheServers) {
  Found lab("tun-across-routers");
  EXPECT_THAT(lab.measure(IpvsForward::kMasq).obstacle.en,
              HasSubstr("its answers would not come back through the director"));
  EXPECT_THAT(lab.measure(IpvsForward::kRoute).obstacle.en,
              HasSubstr("direct routing reaches neighbours only"));
  EXPECT_FALSE(lab.measure(IpvsForward::kTunnel).points.empty());
}

TEST(Modes, NeedAClientAndAService) {
  scenario::Scenario no_client = load_shipped("dr-basic");
  for (scenario::Host& host : no_client.hosts) host.role = scenario::Role::kHost;
  SimBackend backend;
  const auto nobody = lab::find_balanced(backend, no_client);
  ASSERT_FALSE(nobody);
  EXPECT_THAT(nobody.error().hint, HasSubstr("role: client"));

  scenario::Scenario idle = load_shipped("dr-basic");
  for (scenario::Host& host : idle.hosts) host.setup.clear();
  idle.timeline.clear();
  const auto nothing = lab::find_balanced(backend, idle);
  ASSERT_FALSE(nothing);
  EXPECT_THAT(nothing.error().message, HasSubstr("no host balances a TCP service"));
}

}  // namespace
}  // namespace lvslab::backend
