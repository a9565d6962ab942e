#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <vector>

#include "sim/command/ip.h"
#include "sim/command/json_writer.h"

namespace lvslab::command {

namespace {

/// "default", "192.168.80.10" for a /32, else with its length.
std::string dst_text(const Ipv4Prefix& dst) {
  if (dst.len == 0 && dst.addr.is_any()) return "default";
  return dst.len == 32 ? dst.addr.to_string() : dst.to_string();
}

// --- routes -----------------------------------------------------------------------------------

bool passes(const HostTables& tables, const RouteRow& route, const IpRouteShow& show) {
  if (!show.all_tables && route.table != show.table.value_or(kTableMain)) return false;
  if (!show.dev.empty() && tables.dev_name(route.dev) != show.dev) return false;
  if (show.via && route.gateway != *show.via) return false;
  if (show.src && route.prefsrc != *show.src) return false;
  if (show.proto && route.proto != *show.proto) return false;
  if (show.scope && route.scope != *show.scope) return false;
  if (show.type && route.type != *show.type) return false;
  switch (show.match) {
    case IpRouteShow::Match::kExact: return route.dst == show.dst;
    case IpRouteShow::Match::kRoot:
      return route.dst.len >= show.dst.len && show.dst.contains(route.dst.addr);
    case IpRouteShow::Match::kMatch:
      return route.dst.len <= show.dst.len && route.dst.contains(show.dst.addr);
    default: return true;
  }
}

/// Which columns of a route are printed; what the filter already says is left out.
/// Source: ip/iproute.c: print_route().
struct RouteFields {
  bool type, table, proto, scope, dev, via, src, metric;
};

RouteFields fields_of(const RouteRow& route, const IpRouteShow& show, const IpOptions& options) {
  const bool details = options.details;
  return {.type = route.type != RouteType::kUnicast || details,
          .table = (route.table != kTableMain || details) && !show.table,
          .proto = (route.proto != RouteProto::kBoot || details) && !show.proto,
          .scope = (route.scope != Scope::kUniverse || details) && !show.scope,
          .dev = route.dev.valid() && show.dev.empty(),
          .via = !route.gateway.is_any() && !show.via,
          .src = !route.prefsrc.is_any() && !show.src,
          .metric = route.metric != 0};
}

std::string number_or(bool numeric, int value, const std::string& name) {
  return numeric ? std::to_string(value) : name;
}

std::string route_line(const HostTables& tables, const RouteRow& route, const RouteFields& fields,
                       bool numeric) {
  std::string out;
  if (fields.type) out += route_type_name(route.type) + ' ';
  out += dst_text(route.dst) + ' ';
  if (fields.via) out += fmt::format("via {} ", route.gateway.to_string());
  if (fields.dev) out += fmt::format("dev {} ", tables.dev_name(route.dev));
  if (fields.table) {
    out +=
        fmt::format("table {} ", numeric ? std::to_string(route.table) : table_name(route.table));
  }
  if (fields.proto) {
    out += fmt::format("proto {} ",
                       number_or(numeric, static_cast<int>(route.proto), proto_name(route.proto)));
  }
  if (fields.scope) {
    out += fmt::format("scope {} ",
                       number_or(numeric, static_cast<int>(route.scope), scope_name(route.scope)));
  }
  if (fields.src) out += fmt::format("src {} ", route.prefsrc.to_string());
  if (fields.metric) out += fmt::format("metric {} ", route.metric);
  if (route.onlink) out += "onlink ";
  if (route.linkdown) out += "linkdown ";
  return out + '\n';
}

void route_json(const HostTables& tables, const RouteRow& route, const RouteFields& fields,
                JsonWriter& json) {
  json.begin_object();
  if (fields.type) json.field("type", route_type_name(route.type));
  json.field("dst", dst_text(route.dst));
  if (fields.via) json.field("gateway", route.gateway.to_string());
  if (fields.dev) json.field("dev", tables.dev_name(route.dev));
  if (fields.table) json.field("table", table_name(route.table));
  if (fields.proto) json.field("protocol", proto_name(route.proto));
  if (fields.scope) json.field("scope", scope_name(route.scope));
  if (fields.src) json.field("prefsrc", route.prefsrc.to_string());
  if (fields.metric) json.number("metric", route.metric);
  json.begin_array("flags");
  if (route.onlink) json.item("onlink");
  if (route.linkdown) json.item("linkdown");
  json.end_array();
  json.end_object();
}

bool has_device(const HostTables& tables, std::string_view dev) {
  return std::ranges::any_of(tables.links,
                             [&](const LinkRow& link) { return link.name.view() == dev; });
}

/// A table comes into being with its first route, not with a rule that names it.
bool has_table(const HostTables& tables, std::uint32_t table) {
  if (table == kTableMain || table == kTableLocal || table == kTableDefault) return true;
  return std::ranges::any_of(tables.routes,
                             [&](const RouteRow& route) { return route.table == table; });
}

}  // namespace

Output render_ip_route(const HostTables& tables, const IpRouteShow& show,
                       const IpOptions& options) {
  if (!show.dev.empty() && !has_device(tables, show.dev)) return ip_cannot_find_device(show.dev);
  if (show.table && !has_table(tables, *show.table)) return ip_failure(IpError::kNoRouteTable);
  std::vector<const RouteRow*> rows;
  if (options.family != IpFamily::kInet6 && !show.cache) {
    for (const RouteRow& route : tables.routes) {
      if (passes(tables, route, show)) rows.push_back(&route);
    }
  }
  // The kernel walks its tables by number; within one the host gives the order.
  std::ranges::stable_sort(rows, {}, &RouteRow::table);
  Output output;
  JsonWriter json(options.pretty);
  json.begin_array();
  for (const RouteRow* route : rows) {
    const RouteFields fields = fields_of(*route, show, options);
    if (options.json) {
      route_json(tables, *route, fields, json);
    } else {
      output.out += route_line(tables, *route, fields, options.numeric);
    }
  }
  json.end_array();
  if (options.json) output.out = std::move(json).take();
  return output;
}

std::string render_ip_route_get(const RouteGetResult& r, const IpOptions& options) {
  const bool type = r.type != RouteType::kUnicast || options.details;
  std::vector<std::string> cache;
  if (r.type == RouteType::kLocal || r.type == RouteType::kBroadcast) cache.emplace_back("local");
  if (r.type == RouteType::kBroadcast) cache.emplace_back("brd");
  if (r.redirected) cache.emplace_back("redirected");
  const bool has_src = !r.src.is_any() && !r.from;
  if (options.json) {
    JsonWriter json(options.pretty);
    json.begin_array();
    json.begin_object();
    if (type) json.field("type", route_type_name(r.type));
    json.field("dst", r.dst.to_string());
    if (r.from) json.field("from", r.from->to_string());
    if (!r.gateway.is_any()) json.field("gateway", r.gateway.to_string());
    json.field("dev", r.dev);
    if (options.details) json.field("table", "main");
    if (has_src) json.field("prefsrc", r.src.to_string());
    json.begin_array("flags");
    json.end_array();
    if (r.mark) json.number("mark", *r.mark);
    if (r.iif.empty()) json.number("uid", 0);
    json.begin_array("cache");
    for (const std::string& word : cache) json.item(word);
    json.end_array();
    if (!r.iif.empty()) json.field("iif", r.iif);
    json.end_object();
    json.end_array();
    return std::move(json).take();
  }
  std::string out = type ? route_type_name(r.type) + ' ' : "";
  out += r.dst.to_string() + ' ';
  if (r.from) out += fmt::format("from {} ", r.from->to_string());
  if (!r.gateway.is_any()) out += fmt::format("via {} ", r.gateway.to_string());
  out += fmt::format("dev {} ", r.dev);
  if (options.details) out += "table main ";  // the kernel reports main for every look-up
  if (has_src) out += fmt::format("src {} ", r.src.to_string());
  if (r.mark) out += fmt::format("mark {:#x} ", *r.mark);
  if (r.iif.empty()) out += "uid 0 ";
  out += options.oneline ? "\\    cache " : "\n    cache ";
  for (std::size_t i = 0; i < cache.size(); ++i) out += (i == 0 ? "<" : ",") + cache[i];
  if (!cache.empty()) out += "> ";
  if (r.expires.ns != 0) out += fmt::format("expires {}sec ", r.expires.seconds());
  if (r.mtu != 0) out += fmt::format("mtu {} ", r.mtu);
  if (!r.iif.empty()) out += fmt::format("iif {} ", r.iif);
  return out + '\n';
}

// --- neighbours -------------------------------------------------------------------------------

namespace {

bool passes(const HostTables& tables, const NeighRow& neigh, const IpNeighShow& show) {
  if (!show.dev.empty() && tables.dev_name(neigh.dev) != show.dev) return false;
  if (show.to && !(neigh.ip.is_v4() && show.to->contains(neigh.ip.v4()))) return false;
  if (show.all_states) return true;
  if (show.nud) return neigh.state == *show.nud;
  return neigh.state != NeighState::kNoArp && neigh.state != NeighState::kNone;
}

/// The kernel's timer holds a reference to an entry in these states (NUD_IN_TIMER).
bool timer_holds(NeighState state) {
  return state == NeighState::kIncomplete || state == NeighState::kReachable ||
         state == NeighState::kDelay || state == NeighState::kProbe;
}

struct Ages {
  std::int64_t used, confirmed, updated;
};
Ages ages_of(const NeighRow& neigh, SimTime now) {
  return {.used = (now - neigh.used).seconds(),
          .confirmed = (now - neigh.confirmed).seconds(),
          .updated = (now - neigh.updated).seconds()};
}

/// NUD_VALID: the entry of lo is, with an address of zeros. Source: neighbour.c: neigh_fill_info().
bool tells_mac(const NeighRow& neigh) {
  return neigh.state == NeighState::kNoArp || !neigh.mac.is_zero();
}

void neigh_json(const HostTables& tables, const NeighRow& neigh, const IpNeighShow& show,
                const IpOptions& options, JsonWriter& json) {
  json.begin_object();
  json.field("dst", neigh.ip.to_string());
  if (show.dev.empty()) json.field("dev", tables.dev_name(neigh.dev));
  if (tells_mac(neigh)) json.field("lladdr", neigh.mac.to_string());
  if (options.stats > 0) {
    const Ages ages = ages_of(neigh, tables.now);
    if (timer_holds(neigh.state)) json.number("refcnt", 1);
    json.number("used", static_cast<std::uint64_t>(ages.used));
    json.number("confirmed", static_cast<std::uint64_t>(ages.confirmed));
    json.number("updated", static_cast<std::uint64_t>(ages.updated));
    json.number("probes", neigh.probes);
  }
  json.begin_array("state");
  json.item(neigh_state_name(neigh.state));
  json.end_array();
  json.end_object();
}

std::string neigh_line(const HostTables& tables, const NeighRow& neigh, const IpNeighShow& show,
                       const IpOptions& options) {
  std::string out = neigh.ip.to_string() + ' ';
  if (show.dev.empty()) out += fmt::format("dev {} ", tables.dev_name(neigh.dev));
  if (tells_mac(neigh)) out += fmt::format("lladdr {} ", neigh.mac.to_string());
  if (neigh.router) out += "router ";
  if (options.stats > 0) {
    const Ages ages = ages_of(neigh, tables.now);
    if (timer_holds(neigh.state)) out += " ref 1";
    out += fmt::format(" used {}/{}/{}probes {} ", ages.used, ages.confirmed, ages.updated,
                       neigh.probes);
  }
  return out + neigh_state_name(neigh.state) + " \n";
}

}  // namespace

Output render_ip_neigh(const HostTables& tables, const IpNeighShow& show,
                       const IpOptions& options) {
  if (!show.dev.empty() && !has_device(tables, show.dev)) return ip_cannot_find_device(show.dev);
  Output output;
  JsonWriter json(options.pretty);
  json.begin_array();
  for (const NeighRow& neigh : tables.neighs) {
    const IpFamily family = neigh.ip.is_v4() ? IpFamily::kInet : IpFamily::kInet6;
    if (options.family != IpFamily::kAny && options.family != family) continue;
    if (!passes(tables, neigh, show)) continue;
    if (options.json) {
      neigh_json(tables, neigh, show, options, json);
    } else {
      output.out += neigh_line(tables, neigh, show, options);
    }
  }
  json.end_array();
  if (options.json) output.out = std::move(json).take();
  return output;
}

// --- rules ------------------------------------------------------------------------------------

namespace {

std::string rule_line(const RuleRow& rule) {
  std::string out =
      fmt::format("{}:\tfrom {}", rule.priority, rule.from.len == 0 ? "all" : dst_text(rule.from));
  if (rule.to.len != 0) out += " to " + dst_text(rule.to);
  if (rule.match_fwmark) {
    out += fmt::format(" fwmark {:#x}", rule.fwmark);
    if (rule.fwmask != 0xffff'ffffU) out += fmt::format("/{:#x}", rule.fwmask);
  }
  if (!rule.iif.empty()) out += fmt::format(" iif {}", rule.iif.view());
  if (!rule.oif.empty()) out += fmt::format(" oif {}", rule.oif.view());
  out += rule.action == RouteType::kUnicast ? " lookup " + table_name(rule.table)
                                            : ' ' + route_type_name(rule.action);
  return out + '\n';
}

void rule_json(const RuleRow& rule, JsonWriter& json) {
  json.begin_object();
  json.number("priority", rule.priority);
  json.field("src", rule.from.len == 0 ? "all" : rule.from.addr.to_string());
  if (rule.from.len != 0 && rule.from.len != 32) json.number("srclen", rule.from.len);
  if (rule.to.len != 0) json.field("dst", rule.to.addr.to_string());
  if (rule.to.len != 0 && rule.to.len != 32) json.number("dstlen", rule.to.len);
  if (rule.match_fwmark) json.field("fwmark", fmt::format("{:#x}", rule.fwmark));
  if (rule.match_fwmark && rule.fwmask != 0xffff'ffffU) {
    json.field("fwmask", fmt::format("{:#x}", rule.fwmask));
  }
  if (!rule.iif.empty()) json.field("iif", rule.iif.view());
  if (!rule.oif.empty()) json.field("oif", rule.oif.view());
  if (rule.action == RouteType::kUnicast) {
    json.field("table", table_name(rule.table));
  } else {
    json.field("action", route_type_name(rule.action));
  }
  json.end_object();
}

}  // namespace

Output render_ip_rule(const HostTables& tables, const IpRuleShow& show, const IpOptions& options) {
  Output output;
  JsonWriter json(options.pretty);
  json.begin_array();
  for (const RuleRow& rule : tables.rules) {
    if (options.family == IpFamily::kInet6 || (show.table && rule.table != *show.table)) continue;
    if (options.json) {
      rule_json(rule, json);
    } else {
      output.out += rule_line(rule);
    }
  }
  json.end_array();
  if (options.json) output.out = std::move(json).take();
  return output;
}

std::optional<Output> render_ip(const HostTables& tables, const IpCommand& command) {
  const IpOptions& options = command.options;
  if (const auto* show = std::get_if<IpAddrShow>(&command.action)) {
    return render_ip_addr(tables, *show, options);
  }
  if (const auto* show = std::get_if<IpLinkShow>(&command.action)) {
    return render_ip_link(tables, *show, options);
  }
  if (const auto* show = std::get_if<IpRouteShow>(&command.action)) {
    return render_ip_route(tables, *show, options);
  }
  if (const auto* show = std::get_if<IpNeighShow>(&command.action)) {
    return render_ip_neigh(tables, *show, options);
  }
  if (const auto* show = std::get_if<IpRoute6Show>(&command.action)) {
    return render_ip_route6(tables, *show, options);
  }
  if (const auto* show = std::get_if<IpTunnelShow>(&command.action)) {
    return render_ip_tunnel(tables, *show);
  }
  if (const auto* show = std::get_if<IpRuleShow>(&command.action)) {
    return render_ip_rule(tables, *show, options);
  }
  if (std::holds_alternative<IpVersion>(command.action)) {
    return Output{"ip utility, iproute2-6.1.0, libbpf 1.1.2\n", {}, 0};
  }
  return std::nullopt;
}

}  // namespace lvslab::command
