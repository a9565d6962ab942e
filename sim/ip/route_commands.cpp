// `ip route` and `ip rule`: what a user may write into the tables, and what the kernel objects to.
// Source: net/ipv4/fib_semantics.c: fib_create_info(), fib_check_nh(); fib_trie.c:
// fib_table_insert(), fib_table_delete(); net/core/fib_rules.c.
#include <algorithm>

#include "sim/ip/conf_store.h"
#include "sim/ip/stack.h"

namespace lvslab::ip {
namespace {

bool is_error_type(RouteType type) {
  return type == RouteType::kBlackhole || type == RouteType::kUnreachable ||
         type == RouteType::kProhibit;
}

/// fib_props[type].scope: the widest scope that a type may have.
Scope widest_scope(RouteType type) {
  if (type == RouteType::kLocal) return Scope::kHost;
  return type == RouteType::kBroadcast ? Scope::kLink : Scope::kUniverse;
}

/// What ip(8) fills in when no scope was typed.
Scope usual_scope(const RouteRow& r) {
  if (r.type == RouteType::kLocal) return Scope::kHost;
  if (r.type == RouteType::kBroadcast) return Scope::kLink;
  if (r.type == RouteType::kUnicast && r.gateway.is_any()) return Scope::kLink;
  return Scope::kUniverse;
}

struct Refusal {
  Errno error = Errno::kNone;
  std::string_view message{};
};

/// fib_check_nh_v4_gw(): finds the device for a gateway, and checks that the gateway is reachable.
Refusal check_gateway(const Stack& stack, FibEntry& e) {
  if (e.onlink) {
    if (e.scope >= Scope::kLink) return {Errno::kInval, "Nexthop has invalid scope"};
    if (addr_type(stack, e.gateway) != AddrType::kUnicast) {
      return {Errno::kInval, "Nexthop has invalid gateway"};
    }
    const Device* dev = find_device(stack, e.dev);
    if (dev == nullptr) return {Errno::kNoDev, "Nexthop device required for onlink"};
    return dev->up ? Refusal{} : Refusal{Errno::kNetDown, "Nexthop device is not up"};
  }
  Flow flow{.dst = e.gateway, .iif = kLoopback, .oif = e.dev};
  flow.scope = std::max(Scope::kLink, Scope(static_cast<std::uint8_t>(e.scope) + 1));
  const auto found = fib_lookup(stack, flow, true);
  if (!found) return {found.error(), "Nexthop has invalid gateway"};
  if (found->type != RouteType::kUnicast && found->type != RouteType::kLocal) {
    return {Errno::kInval, "Nexthop has invalid gateway"};
  }
  e.own_gateway = found->scope == Scope::kHost;
  e.dev = found->dev;
  return find_device(stack, e.dev)->up ? Refusal{}
                                       : Refusal{Errno::kNetDown, "Nexthop device is not up"};
}

/// fib_create_info()
Refusal check_route(const Stack& stack, FibEntry& e) {
  if (Ipv4Prefix{e.dst, e.len}.network() != e.dst) {
    return {Errno::kInval, "Invalid prefix for given prefix length"};
  }
  if (e.scope > Scope::kHost || widest_scope(e.type) > e.scope) {
    return {Errno::kInval, "Invalid scope"};
  }
  if (e.dev.valid() && find_device(stack, e.dev) == nullptr) return {Errno::kNoDev};
  if (is_error_type(e.type)) {
    if (!e.gateway.is_any() || e.dev.valid()) {
      return {Errno::kInval, "Route with device or nexthop cannot be of an error type"};
    }
  } else if (e.scope == Scope::kHost) {
    if (!e.gateway.is_any()) return {Errno::kInval, "Route with host scope can not have a gateway"};
    if (!e.dev.valid()) return {Errno::kNoDev};
  } else if (!e.gateway.is_any()) {
    if (const Refusal r = check_gateway(stack, e); r.error != Errno::kNone) return r;
  } else {
    if (!e.dev.valid()) return {Errno::kNoDev};
    if (!find_device(stack, e.dev)->up) return {Errno::kNetDown, "Device for nexthop is not up"};
  }
  const bool own = e.type == RouteType::kLocal && e.dst == e.prefsrc;
  if (!e.prefsrc.is_any() && !own && addr_type(stack, e.prefsrc) != AddrType::kLocal) {
    return {Errno::kInval, "Invalid prefsrc address"};
  }
  return {};
}

void insert_route(Step& step, Stack& stack, const FibEntry& e, bool append) {
  stack.fib.insert(e, append);
  if (e.table == kTableLocal) settings_of(stack).custom_local_routes = true;
  flush_route_cache(stack);
  if (step.tracing()) step.row_added(row_of(stack, e));
}

Errno insert_checked(Step& step, Stack& stack, RouteVerb verb, const FibEntry& e) {
  const auto entries = stack.fib.entries();
  const auto same_key = [&e](const FibEntry& x) {
    return x.table == e.table && x.dst == e.dst && x.len == e.len && x.metric == e.metric;
  };
  const auto first = std::find_if(entries.begin(), entries.end(), same_key);
  if (first == entries.end()) {
    if (verb == RouteVerb::kChange) return Errno::kNoEnt;
    insert_route(step, stack, e, true);
    return Errno::kNone;
  }
  const bool exists = std::find(entries.begin(), entries.end(), e) != entries.end();
  switch (verb) {
    case RouteVerb::kAdd: return Errno::kExist;
    case RouteVerb::kAppend:
    case RouteVerb::kPrepend:
      if (exists) return Errno::kExist;
      insert_route(step, stack, e, verb == RouteVerb::kAppend);
      return Errno::kNone;
    default: break;
  }
  if (*first == e) return Errno::kNone;
  if (exists) return Errno::kExist;
  const auto index = static_cast<std::size_t>(first - entries.begin());
  if (step.tracing()) {
    step.row_removed(row_of(stack, *first));
    step.row_added(row_of(stack, e));
  }
  stack.fib.set(index, e);
  flush_route_cache(stack);
  return Errno::kNone;
}

}  // namespace

Errno add_route(Step& step, Stack& stack, RouteVerb verb, RouteRow route,
                std::string_view* extack) {
  FibEntry e;
  e.table = route.table;
  e.type = route.type;
  e.dst = route.dst.addr;
  e.len = route.dst.len;
  e.gateway = route.gateway;
  e.dev = route.dev;
  e.scope = route.scope == Scope::kNowhere ? usual_scope(route) : route.scope;
  e.proto = route.proto;
  e.prefsrc = route.prefsrc;
  e.metric = route.metric;
  e.onlink = route.onlink;
  const Refusal refusal = check_route(stack, e);
  if (extack != nullptr) *extack = refusal.message;
  if (refusal.error != Errno::kNone) return refusal.error;
  return insert_checked(step, stack, verb, e);
}

Errno delete_route(Step& step, Stack& stack, const RoutePattern& p) {
  const auto entries = stack.fib.entries();
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const FibEntry& e = entries[i];
    if (e.table != p.table || e.dst != p.dst.network() || e.len != p.dst.len) continue;
    if (p.type && *p.type != e.type) continue;
    if (p.scope && *p.scope != e.scope) continue;
    if (p.proto && *p.proto != e.proto) continue;
    if (p.metric && *p.metric != e.metric) continue;
    if (!p.gateway.is_any() && p.gateway != e.gateway) continue;
    if (!p.prefsrc.is_any() && p.prefsrc != e.prefsrc) continue;
    if (p.dev.valid() && p.dev != e.dev) continue;
    remove_route_at(step, stack, i);
    return Errno::kNone;
  }
  return Errno::kSrch;
}

void remove_route_at(Step& step, Stack& stack, std::size_t index) {
  if (step.tracing()) step.row_removed(row_of(stack, stack.fib.entries()[index]));
  stack.fib.erase(index);
  flush_route_cache(stack);
}

RouteRow row_of(const Stack& stack, const FibEntry& e) {
  RouteRow row;
  row.table = e.table;
  row.type = e.type;
  row.dst = {e.dst, e.len};
  row.gateway = e.gateway;
  row.dev = e.dev;
  row.scope = e.scope;
  row.proto = e.proto;
  row.prefsrc = e.prefsrc;
  row.metric = e.metric;
  row.onlink = e.onlink;
  const Device* dev = find_device(stack, e.dev);
  // fib_sync_down_dev() passes by next hops of no scope: routes to the host's own addresses.
  row.linkdown = dev != nullptr && dev->up && !dev->carrier && e.nexthop_scope() != Scope::kNowhere;
  return row;
}

// --- rules -------------------------------------------------------------------------------------

std::vector<RuleRow> rules(const Stack& stack) {
  const Settings* s = stack.settings.peek();
  if (s != nullptr && s->custom_rules) return s->rules;
  std::vector<RuleRow> rows(3);
  rows[0].table = kTableLocal;
  rows[1].priority = 32'766;
  rows[2].priority = 32'767;
  rows[2].table = kTableDefault;
  return rows;
}

namespace {

/// fib_unmerge(): from now on the rules decide, also those of the boot.
std::vector<RuleRow>& own_rules(Stack& stack) {
  std::vector<RuleRow> now = rules(stack);
  Settings& s = settings_of(stack);
  if (!s.custom_rules) {
    s.custom_rules = true;
    s.rules = std::move(now);
  }
  return s.rules;
}

}  // namespace

Errno add_rule(Step& step, Stack& stack, RuleRow rule, bool has_priority) {
  std::vector<RuleRow>& list = own_rules(stack);
  if (!has_priority) {
    // fib_default_rule_pref(): one less than the second rule's.
    rule.priority = list.size() > 1 && list[1].priority > 0 ? list[1].priority - 1 : 0;
  }
  if (std::find(list.begin(), list.end(), rule) != list.end()) return Errno::kExist;
  const auto at =
      std::upper_bound(list.begin(), list.end(), rule,
                       [](const RuleRow& a, const RuleRow& b) { return a.priority < b.priority; });
  list.insert(at, rule);
  flush_route_cache(stack);
  if (step.tracing()) step.row_added(rule);
  return Errno::kNone;
}

Errno delete_rule(Step& step, Stack& stack, const RulePattern& p) {
  std::vector<RuleRow>& list = own_rules(stack);
  for (auto at = list.begin(); at != list.end(); ++at) {
    if (p.priority && *p.priority != at->priority) continue;
    if (p.fwmark && !(at->match_fwmark && *p.fwmark == at->fwmark)) continue;
    if (p.table && *p.table != at->table) continue;
    if (p.from && *p.from != at->from) continue;
    if (p.to && *p.to != at->to) continue;
    if (p.iif && *p.iif != at->iif) continue;
    if (p.oif && *p.oif != at->oif) continue;
    if (p.action && *p.action != at->action) continue;
    if (step.tracing()) step.row_removed(*at);
    list.erase(at);
    flush_route_cache(stack);
    return Errno::kNone;
  }
  return Errno::kNoEnt;
}

}  // namespace lvslab::ip
