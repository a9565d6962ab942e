#include "sim/ip/fib.h"

#include <algorithm>
#include <tuple>

#include "sim/ip/stack.h"

namespace lvslab::ip {
namespace {

// The kernel's dump: tables by number, keys upwards, within a key the longest prefix first, within
// a prefix the lowest metric first (fib_trie.c: fn_trie_dump_leaf(), fib_insert_alias()).
auto order_of(const FibEntry& e) { return std::tuple(e.table, e.dst.bits, 32 - e.len, e.metric); }

}  // namespace

std::size_t Fib::insert(const FibEntry& entry, bool append) {
  const auto before = [](const FibEntry& a, const FibEntry& b) {
    return order_of(a) < order_of(b);
  };
  const auto at = append ? std::upper_bound(entries_.begin(), entries_.end(), entry, before)
                         : std::lower_bound(entries_.begin(), entries_.end(), entry, before);
  lengths_ |= std::uint64_t{1} << entry.len;
  return static_cast<std::size_t>(entries_.insert(at, entry) - entries_.begin());
}

void Fib::erase(std::size_t index) {
  entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(index));
  lengths_ = 0;
  for (const FibEntry& e : entries_) lengths_ |= std::uint64_t{1} << e.len;
}

std::size_t Fib::lower_bound(std::uint32_t table, Ipv4Addr dst, int len) const {
  const auto key = std::tuple(table, dst.bits, 32 - len);
  const auto at = std::partition_point(entries_.begin(), entries_.end(), [&](const FibEntry& e) {
    return std::tuple(e.table, e.dst.bits, 32 - e.len) < key;
  });
  return static_cast<std::size_t>(at - entries_.begin());
}

namespace {

/// fib_table_lookup(): kNone with an entry, the error of its type, or kAgain if nothing matches.
Errno table_lookup(const Stack& stack, std::uint32_t table, bool merged, const Flow& flow,
                   bool ignore_linkdown, FibEntry& found) {
  const auto usable = [&](const FibEntry& e) {
    if (e.scope < flow.scope) return false;
    if (e.type != RouteType::kUnicast && e.type != RouteType::kLocal &&
        e.type != RouteType::kBroadcast) {
      return true;
    }
    if (flow.oif.valid() && e.dev != flow.oif) return false;
    const Device* dev = find_device(stack, e.dev);
    // Own addresses are never marked as linkdown (fib_semantics.c: fib_sync_down_dev()).
    return ignore_linkdown || dev->carrier || e.nexthop_scope() == Scope::kNowhere ||
           !conf_or(stack, e.dev, ConfKey::kIgnoreRoutesWithLinkdown);
  };
  const FibEntry* e = stack.fib.match(table, merged, flow.dst, usable);
  if (e == nullptr) return Errno::kAgain;
  found = *e;
  switch (e->type) {
    case RouteType::kBlackhole: return Errno::kInval;
    case RouteType::kUnreachable: return Errno::kHostUnreach;
    case RouteType::kProhibit: return Errno::kAcces;
    default: return Errno::kNone;
  }
}

bool rule_matches(const Stack& stack, const RuleRow& rule, const Flow& flow) {
  if (!rule.from.contains(flow.src) || !rule.to.contains(flow.dst)) return false;
  if (!rule.iif.empty() && device_index(stack, rule.iif.view()) != flow.iif) return false;
  if (!rule.oif.empty() && device_index(stack, rule.oif.view()) != flow.oif) return false;
  if (rule.match_fwmark && ((flow.mark ^ rule.fwmark) & rule.fwmask) != 0) return false;
  return true;
}

std::expected<FibEntry, Errno> lookup_by_rules(const Stack& stack, const Flow& flow,
                                               bool ignore_linkdown) {
  FibEntry found;
  for (const RuleRow& rule : stack.settings.peek()->rules) {
    if (!rule_matches(stack, rule, flow)) continue;
    switch (rule.action) {
      case RouteType::kUnicast: break;
      case RouteType::kBlackhole: return std::unexpected(Errno::kInval);
      case RouteType::kProhibit: return std::unexpected(Errno::kAcces);
      default: return std::unexpected(Errno::kNetUnreach);
    }
    const Errno e = table_lookup(stack, rule.table, false, flow, ignore_linkdown, found);
    if (e == Errno::kNone) return found;
    if (e != Errno::kAgain) return std::unexpected(e);
  }
  return std::unexpected(Errno::kNetUnreach);
}

}  // namespace

std::expected<FibEntry, Errno> fib_lookup(const Stack& stack, const Flow& flow,
                                          bool ignore_linkdown) {
  const Settings* settings = stack.settings.peek();
  if (settings != nullptr && settings->custom_rules) {
    return lookup_by_rules(stack, flow, ignore_linkdown);
  }
  FibEntry found;
  Errno e = table_lookup(stack, kTableMain, true, flow, ignore_linkdown, found);
  if (e == Errno::kAgain) {
    e = table_lookup(stack, kTableDefault, false, flow, ignore_linkdown, found);
  }
  if (e == Errno::kNone) return found;
  return std::unexpected(e == Errno::kAgain ? Errno::kNetUnreach : e);
}

// While the tables are merged, "table local" is the common trie (fib_trie.c: fib_trie_table()).
AddrType addr_type(const Stack& stack, Ipv4Addr addr) {
  if (addr.is_any() || addr.is_broadcast() || (addr.bits >> 24) == 0) return AddrType::kBroadcast;
  if (addr.is_multicast()) return AddrType::kMulticast;
  const Settings* settings = stack.settings.peek();
  const bool merged = settings == nullptr || !settings->custom_rules;
  const FibEntry* e = stack.fib.match(merged ? kTableMain : kTableLocal, merged, addr,
                                      [](const FibEntry&) { return true; });
  if (e == nullptr) return AddrType::kUnicast;
  switch (e->type) {
    case RouteType::kLocal: return AddrType::kLocal;
    case RouteType::kBroadcast: return AddrType::kBroadcast;
    default: return AddrType::kUnicast;
  }
}

bool is_local(const Stack& stack, Ipv4Addr addr) {
  return addr_type(stack, addr) == AddrType::kLocal;
}

}  // namespace lvslab::ip
