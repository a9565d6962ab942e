// The forwarding information base: tables local, main and default and the rules that choose between
// them, as net/ipv4/fib_trie.c answers. Entries stand in one vector in the order in which the
// kernel lists them; a longest-prefix match is a scan while they are few and a binary search per
// prefix length in use when they are many.
//
// As long as nobody ever touched `ip rule`, Linux keeps local and main in ONE trie, so that a more
// specific route of main wins over a wider one of local; the first rule command separates them for
// good (fib_unmerge()). Left out: multipath, TOS, realms, metrics other than the preference,
// nexthop objects. Source: net/ipv4/fib_trie.c: fib_table_lookup(); include/net/ip_fib.h:
// fib_lookup().
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <vector>

#include "sim/base/addr.h"
#include "sim/base/tables.h"
#include "sim/core/ports.h"

namespace lvslab::ip {

struct FibEntry {
  Ipv4Addr dst;
  Ipv4Addr gateway;  ///< 0.0.0.0 if on-link
  Ipv4Addr prefsrc;
  std::uint32_t metric = 0;
  std::uint32_t table = kTableMain;
  IfIndex dev;  ///< 0 for blackhole, unreachable and prohibit
  std::uint8_t len = 0;
  RouteType type = RouteType::kUnicast;
  Scope scope = Scope::kUniverse;
  RouteProto proto = RouteProto::kBoot;
  bool onlink = false;
  bool own_gateway = false;  ///< the gateway is an address of this host

  bool operator==(const FibEntry&) const = default;
  constexpr bool covers(Ipv4Addr a) const { return ((a.bits ^ dst.bits) & mask_of(len)) == 0; }
  /// rt_set_nexthop(): packets go to the gateway. If that is an own address they go to their
  /// destination as if it were on the link, although the listing says "via".
  constexpr bool uses_gateway() const { return !gateway.is_any() && !own_gateway; }
  /// fib_nh_common.nhc_scope: what the next hop must be reached by.
  constexpr Scope nexthop_scope() const {
    if (!gateway.is_any()) return own_gateway ? Scope::kHost : Scope::kLink;
    return scope == Scope::kHost ? Scope::kNowhere : Scope::kHost;
  }
};
static_assert(sizeof(FibEntry) == 28);

/// What is looked up: struct flowi4.
struct Flow {
  Ipv4Addr src;
  Ipv4Addr dst;
  IfIndex iif;  ///< lo for packets of the host itself
  IfIndex oif;  ///< 0: any
  std::uint32_t mark = 0;
  Scope scope = Scope::kUniverse;
};

struct Stack;

class Fib {
 public:
  std::span<const FibEntry> entries() const { return entries_; }
  std::size_t memory_bytes() const { return entries_.capacity() * sizeof(FibEntry); }
  /// Puts the entry behind its equals (NLM_F_APPEND) or before them. Returns its index.
  std::size_t insert(const FibEntry& entry, bool append);
  void erase(std::size_t index);
  void set(std::size_t index, const FibEntry& entry) { entries_[index] = entry; }

  /// The best usable entry of one table, or of local and main merged; nullptr if none matches.
  /// `usable(entry)` is asked for matching entries from the best on.
  template <class Usable>
  const FibEntry* match(std::uint32_t table, bool merged, Ipv4Addr dst, Usable&& usable) const;

 private:
  static constexpr std::size_t kScanLimit = 24;
  /// Index of the first entry that is not before (table, dst, len).
  std::size_t lower_bound(std::uint32_t table, Ipv4Addr dst, int len) const;
  template <class Usable>
  const FibEntry* match_length(std::uint32_t table, Ipv4Addr dst, int len, Usable&& usable) const;

  std::vector<FibEntry> entries_;
  std::uint64_t lengths_ = 0;  ///< bit per prefix length that occurs
};

/// fib_lookup(): kNetUnreach if nothing matches; the error of a blackhole, unreachable or prohibit
/// route. `ignore_linkdown`: FIB_LOOKUP_IGNORE_LINKSTATE.
/// Source: include/net/ip_fib.h: fib_lookup(); net/ipv4/fib_rules.c: __fib_lookup().
std::expected<FibEntry, Errno> fib_lookup(const Stack& stack, const Flow& flow,
                                          bool ignore_linkdown = false);
/// inet_addr_type(): how table local sees an address (kUnicast if it does not know it).
enum class AddrType : std::uint8_t { kUnicast, kLocal, kBroadcast, kMulticast };
AddrType addr_type(const Stack& stack, Ipv4Addr addr);

// --- template bodies ---------------------------------------------------------------------------

template <class Usable>
const FibEntry* Fib::match_length(std::uint32_t table, Ipv4Addr dst, int len,
                                  Usable&& usable) const {
  const Ipv4Addr key{dst.bits & mask_of(len)};
  for (std::size_t i = lower_bound(table, key, len); i < entries_.size(); ++i) {
    const FibEntry& e = entries_[i];
    if (e.table != table || e.dst != key || e.len != len) break;
    if (usable(e)) return &e;
  }
  return nullptr;
}

template <class Usable>
const FibEntry* Fib::match(std::uint32_t table, bool merged, Ipv4Addr dst, Usable&& usable) const {
  if (entries_.size() <= kScanLimit) {
    const FibEntry* best = nullptr;
    for (const FibEntry& e : entries_) {
      if (e.table != table && !(merged && e.table == kTableLocal)) continue;
      if (!e.covers(dst) || !usable(e)) continue;
      // Within one length the listing order holds, save that local stands before main.
      if (best == nullptr || e.len > best->len || (e.len == best->len && e.table > best->table)) {
        best = &e;
      }
    }
    return best;
  }
  for (int len = 32; len >= 0; --len) {
    if ((lengths_ >> len & 1) == 0) continue;
    const FibEntry* found = nullptr;
    if (merged) found = match_length(kTableLocal, dst, len, usable);
    if (found == nullptr) found = match_length(table, dst, len, usable);
    if (found != nullptr) return found;
  }
  return nullptr;
}

}  // namespace lvslab::ip
