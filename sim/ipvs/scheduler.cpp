#include "sim/ipvs/scheduler.h"

#include <algorithm>
#include <array>
#include <numeric>

namespace lvslab::ipvs {
namespace {

bool usable(const Dest& dest) { return dest.weight > 0 && !dest.overloaded; }

/// The place after `dest` in the service's list; 0 for the head.
std::size_t place_after(const Service& service, std::uint32_t dest) {
  const auto at = std::find(service.dests.begin(), service.dests.end(), dest);
  return at == service.dests.end() ? 0 : static_cast<std::size_t>(at - service.dests.begin()) + 1;
}

// --- rr: net/netfilter/ipvs/ip_vs_rr.c ----------------------------------------------------------

void rr_init(Service& service, const Dests&) { service.state = {}; }

void rr_changed(Service& service, const Dests&, std::uint32_t removed, std::uint32_t predecessor) {
  if (removed != kNoDest && service.state.current == removed) service.state.current = predecessor;
}

Choice rr_schedule(Service& service, const Dests& dests) {
  const std::size_t n = service.dests.size();
  const std::size_t start = place_after(service, service.state.current);
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint32_t dest = service.dests[(start + i) % n];
    if (usable(dests[dest])) {
      service.state.current = dest;
      return {dest, 0};
    }
  }
  return {};
}

// --- wrr: net/netfilter/ipvs/ip_vs_wrr.c --------------------------------------------------------

std::int32_t gcd_of_weights(const Service& service, const Dests& dests) {
  std::int32_t g = 0;
  for (const std::uint32_t d : service.dests) g = std::gcd(g, std::max(dests[d].weight, 0));
  return g > 0 ? g : 1;
}

std::int32_t max_of_weights(const Service& service, const Dests& dests) {
  std::int32_t most = 0;
  for (const std::uint32_t d : service.dests) most = std::max(most, dests[d].weight);
  return most;
}

void wrr_measure(Service& service, const Dests& dests) {
  SchedulerState& mark = service.state;
  mark.current = kNoDest;
  mark.step = gcd_of_weights(service, dests);
  mark.max_weight = max_of_weights(service, dests) - (mark.step - 1);
}

void wrr_init(Service& service, const Dests& dests) {
  wrr_measure(service, dests);
  service.state.current_weight = service.state.max_weight;
}

// The current weight survives a change of the list: that is why the first round after three `-a`
// does not start with the heaviest server.
void wrr_changed(Service& service, const Dests& dests, std::uint32_t, std::uint32_t) {
  SchedulerState& mark = service.state;
  wrr_measure(service, dests);
  if (mark.current_weight > mark.max_weight || mark.current_weight == 0) {
    mark.current_weight = mark.max_weight;
  } else if (mark.step > 1) {
    mark.current_weight = mark.current_weight / mark.step * mark.step + 1;
  }
}

Choice wrr_schedule(Service& service, const Dests& dests) {
  SchedulerState& mark = service.state;
  if (mark.max_weight <= 0) return {};
  const std::size_t n = service.dests.size();
  std::size_t place = place_after(service, mark.current);
  // The rest of this round, then at most one whole cycle of current weights, then the servers up
  // to where we began.
  const auto rounds = static_cast<std::size_t>(mark.max_weight / mark.step) + 2;
  for (std::size_t round = 0; round <= rounds; ++round) {
    for (; place < n; ++place) {
      const std::uint32_t dest = service.dests[place];
      if (!dests[dest].overloaded && dests[dest].weight >= mark.current_weight) {
        mark.current = dest;
        return {dest, static_cast<std::uint64_t>(mark.current_weight)};
      }
    }
    place = 0;
    mark.current_weight -= mark.step;
    if (mark.current_weight <= 0) mark.current_weight = mark.max_weight;
  }
  return {};
}

// --- lc and wlc: net/netfilter/ipvs/ip_vs_lc.c, ip_vs_wlc.c -------------------------------------

void stateless_init(Service& service, const Dests&) { service.state = {}; }
void stateless_changed(Service&, const Dests&, std::uint32_t, std::uint32_t) {}

// The first in list order wins a tie: only strictly less load replaces it.
Choice lc_schedule(Service& service, const Dests& dests) {
  Choice least;
  for (const std::uint32_t d : service.dests) {
    if (!usable(dests[d])) continue;
    const std::uint64_t load = connection_overhead(dests[d]);
    if (least.dest == kNoDest || load < least.measure) least = {d, load};
  }
  return least;
}

// load/weight compared by cross multiplication, as the kernel has no fractions.
Choice wlc_schedule(Service& service, const Dests& dests) {
  Choice least;
  std::uint64_t least_weight = 1;
  for (const std::uint32_t d : service.dests) {
    if (!usable(dests[d])) continue;
    const std::uint64_t load = connection_overhead(dests[d]);
    const auto weight = static_cast<std::uint64_t>(dests[d].weight);
    if (least.dest == kNoDest || least.measure * weight > load * least_weight) {
      least = {d, load};
      least_weight = weight;
    }
  }
  return least;
}

constexpr std::array kSchedulers = {
    Scheduler{SchedulerId::kRr, "rr", Reason::kIpvsRoundRobin, rr_init, rr_changed, rr_schedule},
    Scheduler{SchedulerId::kWrr, "wrr", Reason::kIpvsWeightedRoundRobin, wrr_init, wrr_changed,
              wrr_schedule},
    Scheduler{SchedulerId::kLc, "lc", Reason::kIpvsLeastConnection, stateless_init,
              stateless_changed, lc_schedule},
    Scheduler{SchedulerId::kWlc, "wlc", Reason::kIpvsWeightedLeastConnection, stateless_init,
              stateless_changed, wlc_schedule},
};

}  // namespace

const Scheduler& scheduler(SchedulerId id) { return kSchedulers[static_cast<std::size_t>(id)]; }

std::optional<SchedulerId> scheduler_by_name(std::string_view name) {
  for (const Scheduler& s : kSchedulers) {
    if (s.name == name) return s.id;
  }
  return std::nullopt;
}

}  // namespace lvslab::ipvs
