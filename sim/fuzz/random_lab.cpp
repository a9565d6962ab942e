#include "sim/fuzz/random_lab.h"

#include <fmt/format.h>

#include <string_view>
#include <vector>

#include "sim/fuzz/ingredients.h"

namespace lvslab::fuzz {
namespace {

void add_settings(Draft& draft, std::span<const Ingredient> table) {
  for (const Ingredient& ingredient : table) {
    Dice dice = draft.dice(ingredient.name);
    if (dice.percent(ingredient.weight)) ingredient.add(draft, dice);
  }
}

/// Failovers take seconds: dead masters are noticed after three adverts, dead servers after some
/// checks. Between two items a group that was joined or left is told of for the second time, at a
/// moment that the kernel draws by lot: up to a second and an eighth later. And none begins in the
/// first tick of a second: the seed of keepalived's random numbers is the second, and whether the
/// clock that stands still between ticks has come to it then differs from boot to boot.
constexpr Rhythm kFailoverRhythm{.shortest = SimDuration{1'300'000'000},
                                 .longest = SimDuration{6'000'000'000},
                                 .act = SimDuration{75'000'000'000},
                                 .pauses = 0,
                                 .on_the_second = false};

std::uint32_t total_of(std::span<const Ingredient> table) {
  std::uint32_t total = 0;
  for (const Ingredient& ingredient : table) total += ingredient.weight;
  return total;
}

/// One item of the table, chosen by weight.
void add_item(Draft& draft, Dice& dice, std::span<const Ingredient> table) {
  std::uint32_t roll = dice.below(total_of(table));
  for (const Ingredient& ingredient : table) {
    if (roll < ingredient.weight) return ingredient.add(draft, dice);
    roll -= ingredient.weight;
  }
}

/// Hosts that forward do not leave DELAY. Where all hosts share one kernel, a segment carries its
/// sender's mark that a neighbour is confirmed (skb->dst_pending_confirm) to the router that
/// forwards it, and confirms the neighbour there (include/net/sock.h: sock_confirm_neigh()).
void steady_forwarders(Draft& draft) {
  for (std::size_t h = 0; h < draft.scenario.hosts.size(); ++h) {
    const scenario::Role role = draft.host(h).role;
    if (role != scenario::Role::kRouter && role != scenario::Role::kDirector &&
        role != scenario::Role::kBackup) {
      continue;
    }
    for (const scenario::Nic& nic : draft.host(h).nics) {
      draft.sysctl(h, fmt::format("net.ipv4.neigh.{}.delay_first_probe_time", nic.name), "3600");
    }
  }
}

void draw_timeline(Draft& draft) {
  Dice dice = draft.dice("timeline");
  const int items = dice.between(6, 16);
  for (int n = 0; n < items; ++n) {
    const std::uint32_t roll = dice.below(100);
    add_item(draft, dice,
             roll < 45   ? traffic()
             : roll < 65 ? edits()
             : roll < 70 ? faults()
                         : listings());
  }
  for (int n = dice.between(1, 3); n > 0; --n) add_item(draft, dice, listings());
}

/// Every start of keepalived, then what happens.
void draw_failovers(Draft& draft) {
  draft.rhythm = kFailoverRhythm;
  Dice dice = draft.dice("failovers");
  for (const std::size_t director : draft.cluster.directors) {
    if (dice.percent(96)) draft.type(dice, director, {"service keepalived start"}, {});
  }
  draft.wait(dice.between(SimDuration{2'000'000'000}, SimDuration{9'000'000'000},
                          SimDuration{100'000'000}));
  for (int n = dice.between(6, 14); n > 0; --n) {
    const std::uint32_t roll = dice.below(100);
    add_item(draft, dice,
             roll < 40   ? cluster_faults()
             : roll < 60 ? cluster_traffic()
                         : cluster_listings());
  }
  for (int n = dice.between(2, 4); n > 0; --n) add_item(draft, dice, cluster_listings());
}

}  // namespace

scenario::Scenario random_lab(std::uint64_t seed, std::uint64_t index, LabKind kind) {
  Draft draft(seed, index);
  draft.scenario.name = lab_name(seed, index, kind);
  draft.scenario.title = {fmt::format("Random lab {} of seed {}", index, seed),
                          fmt::format("种子 {} 的第 {} 个随机实验", seed, index)};
  draft.scenario.seed = index + 1;
  draft.scenario.settle = SimDuration{1'500'000'000};  // no timer of whole seconds runs out then
  if (kind == LabKind::kKeepalived) {
    draw_cluster(draft);
    steady_forwarders(draft);
    draw_failovers(draft);
  } else {
    draw_topology(draft);
    add_settings(draft, settings());
    add_settings(draft, balancing());
    add_settings(draft, finishing());
    steady_forwarders(draft);
    draw_timeline(draft);
    add_settings(draft, endings());
    steady_forwarders(draft);  // those that became one in the last act, too
  }
  return std::move(draft.scenario);
}

std::string lab_name(std::uint64_t seed, std::uint64_t index, LabKind kind) {
  const std::string_view family = kind == LabKind::kKeepalived ? "keepalived-" : "";
  return fmt::format("fuzz-{}{}-{}", family, seed, index);
}

}  // namespace lvslab::fuzz
