// IGMP reports: what is told, not which of them tells it.
#include "sim/compare/reports.h"

#include <fmt/format.h>

#include <set>

#include "tests/compare/bench.h"

namespace lvslab::compare {
namespace {

using testing::IsEmpty;
using testing::Not;

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
