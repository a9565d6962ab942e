// IGMP reports: what is told, not which of them tells it.
#include "sim/compare/reports.h"

#include <fmt/format.h>

#include <set>

#include "tests/compare/bench.h"

namespace lvslab::compare {
namespace {

using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

/// A director whose keepalived, with a sync daemon, is stopped and started: two groups are left
/// and joined within a second, and each report's repetition comes at a drawn moment.
scenario::Scenario director(int seed, const std::string& more = "") {
  return load(fmt::format(R"(
title: two groups
seed: {}
switches:
  - name: lan
hosts:
  - name: node01
    nics:
      - {{addresses: 192.168.80.201/24, switch: lan}}
    files:
      /etc/keepalived/keepalived.conf: |
        global_defs {{
            lvs_sync_daemon eth0 VI_1
        }}
        vrrp_instance VI_1 {{
            interface eth0
            virtual_router_id 51
            priority 100
            virtual_ipaddress {{
                192.168.80.150/24
            }}
        }}
    setup: [yum install keepalived -y]
  - name: web
    nics:
      - {{addresses: 192.168.80.20/24, switch: lan}}
timeline:
  - {{at: 1s, on: node01, run: service keepalived start}}
  - {{at: 5500ms, on: node01, run: service keepalived stop}}
  - {{at: 7200ms, on: node01, run: service keepalived start}}
{}until: 20s
)",
                          seed, more));
}

bool is_report(const Piece& piece) { return piece.bytes[12] == 8 && piece.bytes[23] == 2; }

TEST(Reports, AgreeHoweverTheLotsFall) {
  const auto scenario = director(1);
  const Recording sim = simulate(scenario);
  std::set<std::size_t> counts;
  for (int seed = 1; seed <= 30; ++seed) {
    Tape tape(simulate(director(seed), "kernel"));
    counts.insert(static_cast<std::size_t>(std::ranges::count_if(tape.pieces, is_report)));
    EXPECT_THAT(compare(scenario, sim, tape.wind()).differences, IsEmpty()) << seed;
  }
  EXPECT_GT(counts.size(), 1U) << "no two were told together";
}

TEST(Reports, NeedNotBeToldAgainByAHostThatIsGone) {
  const std::string gone = "  - {at: 7900ms, fault: power-off, target: node01}\n";
  const auto scenario = director(1, gone);
  const Recording sim = simulate(scenario);
  std::set<std::size_t> counts;
  for (int seed = 1; seed <= 20; ++seed) {
    Tape tape(simulate(director(seed, gone), "kernel"));
    counts.insert(static_cast<std::size_t>(std::ranges::count_if(tape.pieces, is_report)));
    EXPECT_THAT(compare(scenario, sim, tape.wind()).differences, IsEmpty()) << seed;
  }
  EXPECT_GT(counts.size(), 1U) << "all were told again in time";
}

TEST(Reports, AreLeftOutOfCountersWhereTheLotsFellOtherwise) {
  const std::string counters =
      "  - {at: 9s, on: node01, run: ifconfig}\n"
      "  - {at: 9s, on: web, run: ifconfig eth0}\n"
      "  - {at: 12s, fault: reboot, target: node01}\n";
  const auto scenario = director(1, counters);
  const Recording sim = simulate(scenario);
  std::set<std::string> listings;
  for (int seed = 1; seed <= 20; ++seed) {
    Recording real = simulate(director(seed, counters), "kernel");
    listings.insert(real.entries.back().output);
    EXPECT_THAT(compare(scenario, sim, real).differences, IsEmpty()) << seed;
    std::string& listing = real.entries.back().output;
    const std::size_t errors = listing.find("TX errors 0");
    ASSERT_NE(errors, std::string::npos) << listing;
    listing.replace(errors, 11, "TX errors 1");
    EXPECT_THAT(compare(scenario, sim, real).differences, SizeIs(1)) << seed;
  }
  EXPECT_GT(listings.size(), 1U) << "all counters were the same";
}

TEST(Reports, ExcuseNoOtherFrameInACounter) {
  const auto scenario = director(1, "  - {at: 9s, on: web, run: ifconfig eth0}\n");
  const Recording sim = simulate(scenario);
  std::size_t told = 0;
  for (int seed = 1; seed <= 20; ++seed) {
    Recording real =
        simulate(director(seed, "  - {at: 9s, on: web, run: ifconfig eth0}\n"), "kernel");
    std::string& listing = real.entries.back().output;
    told += listing == sim.entries.back().output ? 0 : 1;
    const std::size_t at = listing.find("RX packets ") + 11;
    const std::size_t end = listing.find(' ', at);
    listing.replace(at, end - at, std::to_string(std::stoi(listing.substr(at)) + 1));
    EXPECT_THAT(compare(scenario, sim, real).differences, SizeIs(1)) << seed;
  }
  EXPECT_GT(told, 0U) << "all counters were the same";
}

TEST(Reports, AreMissedIfNobodyTellsThemAgain) {
  const auto scenario = director(1);
  const Recording sim = simulate(scenario);
  Tape tape(sim);
  // The last change of all is told twice, and the run goes on for long enough.
  const auto last = std::find_if(tape.pieces.rbegin(), tape.pieces.rend(), is_report);
  ASSERT_NE(last, tape.pieces.rend());
  const SimTime at = last->record.at;
  std::erase_if(tape.pieces, [&](const Piece& piece) {
    return is_report(piece) && distance(piece.record.at, at) < SimDuration{50'000'000};
  });
  EXPECT_THAT(compare(scenario, sim, tape.wind()).differences, Not(IsEmpty()));
}

TEST(Reports, AreLateIfTheFirstOneIs) {
  const auto scenario = director(1);
  const Recording sim = simulate(scenario);
  Tape tape(sim);
  const auto first = std::ranges::find_if(tape.pieces, is_report);
  ASSERT_NE(first, tape.pieces.end());
  const SimTime at = first->record.at;
  for (Piece& piece : tape.pieces) {
    if (!is_report(piece) || distance(piece.record.at, at) > SimDuration{50'000'000}) continue;
    piece.record.at = piece.record.at + SimDuration{300'000'000};
  }
  EXPECT_THAT(compare(scenario, sim, tape.wind()).differences, Not(IsEmpty()));
}

}  // namespace
}  // namespace lvslab::compare
