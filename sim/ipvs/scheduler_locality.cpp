// The schedulers that keep requests for one destination address on one server (lblc), or on a small
// set of servers (lblcr), while those are not overloaded: for clusters of caches.
//
// Left out: the collection of entries above 16384 per service.
// Source: net/netfilter/ipvs/ip_vs_lblc.c, ip_vs_lblcr.c.
#include <algorithm>

#include "sim/ipvs/scheduler.h"

namespace lvslab::ipvs {
namespace {

// Every half hour the entries that nobody used for the expiration time are forgotten
// (CHECK_EXPIRE_INTERVAL times COUNT_FOR_FULL_EXPIRATION).
constexpr std::int64_t kFullCheckNs = 30LL * 60 * 1'000'000'000;

/// The entry of `target`; nullptr if there is none. Catches up with the last full check first.
Locality* find(SchedulerState& state, Ipv4Addr target, SimTime now, SimDuration expiration) {
  const std::int64_t checks = (now - state.bound).ns / kFullCheckNs;
  if (checks > 0) {
    const SimTime checked = state.bound + SimDuration{checks * kFullCheckNs};
    std::erase_if(state.localities,
                  [&](const Locality& entry) { return entry.used + expiration <= checked; });
  }
  const auto at = std::ranges::lower_bound(state.localities, target, {}, &Locality::target);
  return at != state.localities.end() && at->target == target ? &*at : nullptr;
}

Locality& insert(SchedulerState& state, Ipv4Addr target) {
  const auto at = std::ranges::lower_bound(state.localities, target, {}, &Locality::target);
  Locality entry;
  entry.target = target;
  return *state.localities.insert(at, std::move(entry));
}

/// More active connections than its weight, while another server is less than half used.
bool overloaded(const Service& service, const Dests& dests, const Dest& dest) {
  const auto active = [](const Dest& d) { return static_cast<std::int64_t>(d.active); };
  if (active(dest) <= dest.weight) return false;
  return std::ranges::any_of(
      service.dests, [&](std::uint32_t d) { return active(dests[d]) * 2 < dests[d].weight; });
}

/// The least (or most) loaded server of a set for its weight: ip_vs_dest_set_min(), _max().
std::uint32_t least_of(const Locality& set, const Dests& dests) {
  std::uint32_t least = kNoDest;
  for (const std::uint32_t d : set.dests) {
    const Dest& dest = dests[d];
    if (dest.overloaded || !dest.available) continue;
    if (least == kNoDest
            ? dest.weight > 0
            : connection_overhead(dests[least]) * static_cast<std::uint64_t>(dest.weight) >
                  connection_overhead(dest) * static_cast<std::uint64_t>(dests[least].weight)) {
      least = d;
    }
  }
  return least;
}

std::uint32_t most_of(const Locality& set, const Dests& dests) {
  std::uint32_t most = kNoDest;
  for (const std::uint32_t d : set.dests) {
    const Dest& dest = dests[d];
    if (dest.weight <= 0) continue;
    if (most == kNoDest ||
        connection_overhead(dests[most]) * static_cast<std::uint64_t>(dest.weight) <
            connection_overhead(dest) * static_cast<std::uint64_t>(dests[most].weight)) {
      most = d;
    }
  }
  return most;
}

void add_to_set(Locality& set, std::uint32_t dest, SimTime now) {
  if (std::ranges::find(set.dests, dest) != set.dests.end()) return;
  set.dests.insert(set.dests.begin(), dest);
  set.modified = now;
}

}  // namespace

Choice lblc_schedule(Service& service, const Dests& dests, const Opening& opening) {
  Locality* entry = find(service.state, opening.target, opening.now, opening.lblc_expiration);
  if (entry != nullptr) {
    entry->used = opening.now;
    const std::uint32_t d = entry->dests.front();
    const Dest& dest = dests[d];
    if (dest.available && dest.weight > 0 && !overloaded(service, dests, dest)) {
      return {d, connection_overhead(dest)};
    }
  }
  const Choice fresh = wlc_schedule(service, dests, opening);
  if (fresh.dest == kNoDest) return fresh;
  if (entry == nullptr) entry = &insert(service.state, opening.target);
  entry->used = opening.now;
  entry->dests.assign(1, fresh.dest);
  return fresh;
}

Choice lblcr_schedule(Service& service, const Dests& dests, const Opening& opening) {
  Locality* entry = find(service.state, opening.target, opening.now, opening.lblcr_expiration);
  if (entry != nullptr) {
    entry->used = opening.now;
    const std::uint32_t least = least_of(*entry, dests);
    if (entry->dests.size() > 1 && opening.now > entry->modified + opening.lblcr_expiration) {
      if (const std::uint32_t most = most_of(*entry, dests); most != kNoDest) {
        std::erase(entry->dests, most);
        entry->modified = opening.now;
      }
    }
    if (least != kNoDest && !overloaded(service, dests, dests[least])) {
      return {least, connection_overhead(dests[least])};
    }
  }
  const Choice fresh = wlc_schedule(service, dests, opening);
  if (fresh.dest == kNoDest) return fresh;
  if (entry == nullptr) {
    entry = &insert(service.state, opening.target);
    entry->used = opening.now;
  }
  add_to_set(*entry, fresh.dest, opening.now);
  return fresh;
}

}  // namespace lvslab::ipvs
