// The schedulers that hash addresses: dh by destination, sh and mh by source.
// Source: net/netfilter/ipvs/ip_vs_dh.c, ip_vs_sh.c, ip_vs_mh.c.
#include <algorithm>
#include <bit>
#include <numeric>

#include "sim/ipvs/hash.h"
#include "sim/ipvs/scheduler.h"

namespace lvslab::ipvs {
namespace {

constexpr int kBits = 8;  // CONFIG_IP_VS_SH_TAB_BITS, CONFIG_IP_VS_DH_TAB_BITS
constexpr std::uint32_t kBuckets = 1U << kBits;

/// What is hashed of a client: its address, and its port if the flag says so.
std::uint32_t client_key(const Service& service, const Opening& opening) {
  const bool with_port = (service.options.sched_flags & kSchedPort) != 0;
  return opening.client_folded + (with_port ? opening.client_port : 0U);
}

/// The server of bucket `of(key, 0)`; with the fallback flag, the next try is `of(key, first)`,
/// then one further each time, as often as there are buckets.
template <class BucketOf>
Choice look_up(const Service& service, const Dests& dests, const BucketOf& of) {
  const std::vector<std::uint32_t>& table = service.state.buckets;
  const std::uint32_t first = of(0);
  std::uint32_t dest = table[first];
  if (dest == kNoDest) return {};
  if (usable(dests[dest])) return {dest, first};
  if ((service.options.sched_flags & kSchedFallback) == 0) return {};
  const auto size = static_cast<std::uint32_t>(table.size());
  for (std::uint32_t i = 0; i < size; ++i) {
    const std::uint32_t bucket = of((i + first) % size);
    dest = table[bucket];
    if (dest == kNoDest) break;
    if (usable(dests[dest])) return {dest, bucket};
  }
  return {};
}

// The list is dealt out over the buckets, each server as often in a row as `turns` says.
template <class Turns>
void deal(Service& service, const Dests& dests, const Turns& turns) {
  std::vector<std::uint32_t>& table = service.state.buckets;
  table.assign(kBuckets, kNoDest);
  if (service.dests.empty()) return;
  std::size_t place = 0;
  std::int32_t dealt = 0;
  for (std::uint32_t& bucket : table) {
    bucket = service.dests[place];
    if (++dealt < turns(dests[bucket])) continue;
    place = (place + 1) % service.dests.size();
    dealt = 0;
  }
}

}  // namespace

// --- dh: weights do not matter, except that 0 refuses -------------------------------------------

void dh_assign(Service& service, const Dests& dests) {
  deal(service, dests, [](const Dest&) { return 1; });
}

Choice dh_schedule(Service& service, const Dests& dests, const Opening& opening) {
  const std::uint32_t bucket = hash_32(opening.target_folded, kBits);
  const std::uint32_t dest = service.state.buckets[bucket];
  if (dest == kNoDest || !usable(dests[dest])) return {};
  return {dest, bucket};
}

// --- sh ------------------------------------------------------------------------------------------

void sh_assign(Service& service, const Dests& dests) {
  deal(service, dests, [](const Dest& dest) { return dest.weight; });
}

Choice sh_schedule(Service& service, const Dests& dests, const Opening& opening) {
  const std::uint32_t hash = hash_32(client_key(service, opening), kBits);
  return look_up(service, dests,
                 [hash](std::uint32_t offset) { return (hash + offset) % kBuckets; });
}

// --- mh: Maglev hashing (Eisenbud et al., NSDI 2016, section 3.4) -------------------------------

namespace {

constexpr std::uint32_t kMaglevSize = 4093;  // the prime of CONFIG_IP_VS_MH_TAB_INDEX=12
constexpr int kMaglevBits = 6;               // IP_VS_MH_TAB_BITS
constexpr std::uint64_t kOffsetKey = 2'654'435'761, kSkipKey = 2'654'446'892;

/// A server's permutation of the table: every position, `skip` apart.
struct Preference {
  std::uint32_t dest, at, skip;
  std::int32_t turns;
};

std::vector<Preference> preferences(const Service& service, const Dests& dests) {
  std::int32_t gcd = 0, most = 0;
  for (const std::uint32_t d : service.dests) {
    gcd = std::gcd(gcd, std::max(dests[d].last_weight, 0));
    most = std::max(most, dests[d].last_weight);
  }
  std::vector<Preference> all;
  if (gcd < 1) return all;
  // Heavy weights are shifted down, so that one turn does not fill the table.
  const auto bits = static_cast<int>(std::bit_width(static_cast<std::uint32_t>(most / gcd)));
  const int shift = std::max(bits - kMaglevBits, 0);
  for (const std::uint32_t d : service.dests) {
    const Dest& dest = dests[d];
    const std::uint32_t key = dest.folded + dest.port;
    const std::int32_t scaled = (dest.last_weight / gcd) >> shift;
    all.push_back({.dest = d,
                   .at = hsiphash_u32(key, kOffsetKey) % kMaglevSize,
                   .skip = hsiphash_u32(key, kSkipKey) % (kMaglevSize - 1) + 1,
                   .turns = scaled != 0 ? scaled : (dest.last_weight != 0 ? 1 : 0)});
  }
  return all;
}

}  // namespace

void mh_assign(Service& service, const Dests& dests) {
  std::vector<std::uint32_t>& table = service.state.buckets;
  table.assign(kMaglevSize, kNoDest);
  std::vector<Preference> all = preferences(service, dests);
  std::uint32_t filled = all.empty() ? kMaglevSize : 0;
  while (filled < kMaglevSize) {
    for (Preference& p : all) {
      for (std::int32_t turn = 0; turn < p.turns && filled < kMaglevSize; ++turn) {
        while (table[p.at] != kNoDest) p.at = (p.at + p.skip) % kMaglevSize;
        table[p.at] = p.dest;
        ++filled;
      }
    }
  }
}

Choice mh_schedule(Service& service, const Dests& dests, const Opening& opening) {
  const std::uint32_t key = client_key(service, opening);
  return look_up(service, dests, [key](std::uint32_t offset) {
    return hsiphash_u32(offset + key, kOffsetKey) % kMaglevSize;
  });
}

}  // namespace lvslab::ipvs
