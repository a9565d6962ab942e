// What the hosts of a random lab are like before anything happens: sysctls, further addresses,
// routes that lead astray.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/fuzz/ingredients.h"
#include "sim/fuzz/knobs.h"
#include "sim/fuzz/rules.h"

namespace lvslab::fuzz {
namespace {

void add_sysctls(Draft& draft, Dice& dice) {
  for (std::size_t h = 0; h < draft.scenario.hosts.size(); ++h) {
    if (!dice.percent(45)) continue;
    for (int n = dice.between(1, 4); n > 0; --n) {
      const Knob knob = any_knob(draft, dice, h);
      draft.sysctl(h, knob.key, knob.value);
    }
  }
}

/// No kernel draws by lot when a neighbour that was REACHABLE becomes STALE: what is confirmed
/// stays so for the whole lab. What was only learnt is STALE, and goes the way through DELAY and
/// PROBE.
void add_steady_neighbours(Draft& draft, Dice&) { keep_neighbours(draft); }

/// Addresses that hosts have besides their own: on aliases and on lo, with masks of all kinds.
void add_addresses(Draft& draft, Dice& dice) {
  for (std::size_t h = 0; h < draft.scenario.hosts.size(); ++h) {
    if (!dice.percent(25)) continue;
    for (int n = dice.between(1, 2); n > 0; --n) {
      draft.set_up(h, any_address_command(draft, dice, h));
    }
  }
}

/// One address on two hosts: the ARP answer that comes first wins.
void add_duplicate_address(Draft& draft, Dice& dice) {
  if (draft.seats.size() < 2) return;
  const Seat& victim = dice.pick(draft.seats);
  const Seat& thief = dice.pick(draft.seats);
  if (victim.host == thief.host) return;
  draft.own(thief.host, {victim.address, 32});
  draft.set_up(thief.host,
               fmt::format("ip addr add {}/32 dev {}", victim.address.to_string(),
                           dice.percent(50) ? "lo" : draft.host(thief.host).nics[thief.nic].name));
}

void add_wrong_routes(Draft& draft, Dice& dice) {
  for (int n = dice.between(1, 2); n > 0; --n) {
    const std::size_t host = dice.below(draft.scenario.hosts.size());
    draft.set_up(host, any_route_command(draft, dice, host));
  }
}

void add_static_neighbour(Draft& draft, Dice& dice) {
  const std::size_t host = dice.below(draft.scenario.hosts.size());
  draft.set_up(host, any_neighbour_command(draft, dice, host));
}

void add_rules(Draft& draft, Dice& dice) {
  for (int hosts = dice.between(1, 2); hosts > 0; --hosts) {
    const std::size_t host = dice.below(draft.scenario.hosts.size());
    for (int n = dice.between(1, 3); n > 0; --n) {
      draft.set_up(host, "iptables " + any_rule(draft, dice, host));
    }
  }
}

void add_balancer_sysctls(Draft& draft, Dice& dice) {
  for (const VirtualService& service : draft.services) {
    if (!dice.percent(50)) continue;
    for (int n = dice.between(1, 3); n > 0; --n) {
      const Knob knob = any_balancer_knob(dice);
      draft.sysctl(service.director, knob.key, knob.value);
    }
  }
}

constexpr std::array kFinishing{
    Ingredient{"balancer-sysctls", 100, add_balancer_sysctls},
    Ingredient{"rules", 35, add_rules},
};

constexpr std::array kSettings{
    Ingredient{"sysctls", 60, add_sysctls},
    Ingredient{"steady-neighbours", 100, add_steady_neighbours},
    Ingredient{"addresses", 45, add_addresses},
    Ingredient{"duplicate-address", 10, add_duplicate_address},
    Ingredient{"wrong-routes", 20, add_wrong_routes},
    Ingredient{"static-neighbour", 8, add_static_neighbour},
};

}  // namespace

void keep_neighbours(Draft& draft) {
  for (std::size_t h = 0; h < draft.scenario.hosts.size(); ++h) {
    for (const scenario::Nic& nic : draft.host(h).nics) {
      draft.sysctl(h, fmt::format("net.ipv4.neigh.{}.base_reachable_time_ms", nic.name), "3600000");
    }
  }
}

std::span<const Ingredient> finishing() { return kFinishing; }

std::span<const Ingredient> settings() { return kSettings; }

}  // namespace lvslab::fuzz
