#include "sim/ipvs/scheduler.h"

#include <algorithm>
#include <array>
#include <numeric>

namespace lvslab::ipvs {
namespace {

/// The place after `dest` in the service's list; 0 for the head.
std::size_t place_after(const Service& service, std::uint32_t dest) {
  const auto at = std::find(service.dests.begin(), service.dests.end(), dest);
  return at == service.dests.end() ? 0 : static_cast<std::size_t>(at - service.dests.begin()) + 1;
}

// --- rr: net/netfilter/ipvs/ip_vs_rr.c ----------------------------------------------------------

void rr_changed(Service& service, const Dests&, std::uint32_t removed, std::uint32_t predecessor) {
  if (removed != kNoDest && service.state.current == removed) service.state.current = predecessor;
}

Choice rr_schedule(Service& service, const Dests& dests, const Opening&) {
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

Choice wrr_schedule(Service& service, const Dests& dests, const Opening&) {
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

void nothing_to_init(Service&, const Dests&) {}
void nothing_changed(Service&, const Dests&, std::uint32_t, std::uint32_t) {}

// The first in list order wins a tie: only strictly less load replaces it.
Choice lc_schedule(Service& service, const Dests& dests, const Opening&) {
  Choice least;
  for (const std::uint32_t d : service.dests) {
    if (!usable(dests[d])) continue;
    const std::uint64_t load = connection_overhead(dests[d]);
    if (least.dest == kNoDest || load < least.measure) least = {d, load};
  }
  return least;
}

// --- sed and nq: net/netfilter/ipvs/ip_vs_sed.c, ip_vs_nq.c -------------------------------------

/// What the load would be with one connection more. Inactive connections do not count.
std::uint64_t expected_load(const Dest& dest) { return std::uint64_t{dest.active} + 1; }

/// The least `load` for its weight, compared by cross multiplication, as the kernel has no
/// fractions.
template <class Load>
Choice least_weighted(const Service& service, const Dests& dests, const Load& load_of) {
  Choice least;
  std::uint64_t least_weight = 1;
  for (const std::uint32_t d : service.dests) {
    if (!usable(dests[d])) continue;
    const std::uint64_t load = load_of(dests[d]);
    const auto weight = static_cast<std::uint64_t>(dests[d].weight);
    if (least.dest == kNoDest || least.measure * weight > load * least_weight) {
      least = {d, load};
      least_weight = weight;
    }
  }
  return least;
}

Choice sed_schedule(Service& service, const Dests& dests, const Opening&) {
  return least_weighted(service, dests, expected_load);
}

Choice nq_schedule(Service& service, const Dests& dests, const Opening&) {
  for (const std::uint32_t d : service.dests) {
    if (usable(dests[d]) && dests[d].active == 0) return {d, 1};
  }
  return least_weighted(service, dests, expected_load);
}

// --- fo and ovf: net/netfilter/ipvs/ip_vs_fo.c, ip_vs_ovf.c -------------------------------------

/// The heaviest server for which `takes` holds.
template <class Takes>
Choice heaviest(const Service& service, const Dests& dests, const Takes& takes) {
  Choice most;
  for (const std::uint32_t d : service.dests) {
    if (!usable(dests[d]) || !takes(dests[d])) continue;
    const auto weight = static_cast<std::uint64_t>(dests[d].weight);
    if (most.dest == kNoDest || weight > most.measure) most = {d, weight};
  }
  return most;
}

Choice fo_schedule(Service& service, const Dests& dests, const Opening&) {
  return heaviest(service, dests, [](const Dest&) { return true; });
}

// A server overflows when it has more active connections than its weight.
Choice ovf_schedule(Service& service, const Dests& dests, const Opening&) {
  return heaviest(service, dests, [](const Dest& dest) {
    return static_cast<std::int64_t>(dest.active) <= dest.weight;
  });
}

// --- twos: net/netfilter/ipvs/ip_vs_twos.c ------------------------------------------------------

// Two servers are drawn, each with a chance by its weight; the less loaded one for its weight gets
// the connection.
Choice twos_schedule(Service& service, const Dests& dests, const Opening& opening) {
  std::int64_t total = 0;
  for (const std::uint32_t d : service.dests) total += usable(dests[d]) ? dests[d].weight : 0;
  if (total == 0) return {};
  const auto draw = [&] {
    std::int64_t left = opening.random.below(static_cast<std::uint32_t>(total + 1));
    for (const std::uint32_t d : service.dests) {
      if (!usable(dests[d])) continue;
      left -= dests[d].weight;
      if (left <= 0) return d;
    }
    return kNoDest;
  };
  const std::uint32_t first = draw(), second = draw();
  const std::uint64_t load1 = connection_overhead(dests[first]);
  const std::uint64_t load2 = connection_overhead(dests[second]);
  const auto weight1 = static_cast<std::uint64_t>(dests[first].weight);
  const auto weight2 = static_cast<std::uint64_t>(dests[second].weight);
  return load1 * weight2 > load2 * weight1 ? Choice{second, load2} : Choice{first, load1};
}

// --- the hashing schedulers build their tables anew whenever a server changes -------------------

void dh_changed(Service& service, const Dests& dests, std::uint32_t, std::uint32_t) {
  dh_assign(service, dests);
}
void sh_changed(Service& service, const Dests& dests, std::uint32_t, std::uint32_t) {
  sh_assign(service, dests);
}
void mh_changed(Service& service, const Dests& dests, std::uint32_t, std::uint32_t) {
  mh_assign(service, dests);
}

using enum SchedulerId;
constexpr std::array kSchedulers = {
    Scheduler{kRr, "rr", Reason::kIpvsRoundRobin, nothing_to_init, rr_changed, rr_schedule},
    Scheduler{kWrr, "wrr", Reason::kIpvsWeightedRoundRobin, wrr_init, wrr_changed, wrr_schedule},
    Scheduler{kLc, "lc", Reason::kIpvsLeastConnection, nothing_to_init, nothing_changed,
              lc_schedule},
    Scheduler{kWlc, "wlc", Reason::kIpvsWeightedLeastConnection, nothing_to_init, nothing_changed,
              wlc_schedule},
    Scheduler{kFo, "fo", Reason::kIpvsFailOver, nothing_to_init, nothing_changed, fo_schedule},
    Scheduler{kOvf, "ovf", Reason::kIpvsOverflow, nothing_to_init, nothing_changed, ovf_schedule},
    Scheduler{kLblc, "lblc", Reason::kIpvsLocality, nothing_to_init, nothing_changed,
              lblc_schedule},
    Scheduler{kLblcr, "lblcr", Reason::kIpvsLocalityReplicated, nothing_to_init, nothing_changed,
              lblcr_schedule},
    Scheduler{kDh, "dh", Reason::kIpvsDestinationHash, dh_assign, dh_changed, dh_schedule},
    Scheduler{kSh, "sh", Reason::kIpvsSourceHash, sh_assign, sh_changed, sh_schedule},
    Scheduler{kMh, "mh", Reason::kIpvsMaglevHash, mh_assign, mh_changed, mh_schedule},
    Scheduler{kSed, "sed", Reason::kIpvsShortestDelay, nothing_to_init, nothing_changed,
              sed_schedule},
    Scheduler{kNq, "nq", Reason::kIpvsNeverQueue, nothing_to_init, nothing_changed, nq_schedule},
    Scheduler{kTwos, "twos", Reason::kIpvsTwoChoices, nothing_to_init, nothing_changed,
              twos_schedule},
};

}  // namespace

const Scheduler& scheduler(SchedulerId id) { return kSchedulers[static_cast<std::size_t>(id)]; }

std::optional<SchedulerId> scheduler_by_name(std::string_view name) {
  for (const Scheduler& s : kSchedulers) {
    if (s.name == name) return s.id;
  }
  return std::nullopt;
}

Choice wlc_schedule(Service& service, const Dests& dests, const Opening&) {
  return least_weighted(service, dests, connection_overhead);
}

void bind_scheduler(Service& service, const Dests& dests, SimTime now) {
  service.state = {};
  service.state.bound = now;
  scheduler(service.options.scheduler).init(service, dests);
}

bool scheduler_refers_to(const Service& service, std::uint32_t dest) {
  return std::ranges::any_of(service.state.localities, [dest](const Locality& entry) {
    return std::ranges::find(entry.dests, dest) != entry.dests.end();
  });
}

}  // namespace lvslab::ipvs
