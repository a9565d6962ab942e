// Listings of IPv6 routes, and `ip -6` commands as text.
// Source: iproute2 6.1 ip/iproute.c: print_route().
#include <fmt/core.h>

#include <algorithm>

#include "sim/command/ip.h"
#include "sim/command/json_writer.h"

namespace lvslab::command {
namespace {

std::string dst_text(const Ipv6Prefix& dst) {
  if (dst.len == 0) return "default";
  return dst.len == 128 ? dst.addr.to_string() : dst.to_string();
}

std::string type_of(const Route6Row& route) {
  if (route.multicast) return "multicast";
  return route.anycast ? "anycast" : route_type_name(route.type);
}

bool rejects(const Route6Row& route) {
  return route.type == RouteType::kBlackhole || route.type == RouteType::kUnreachable ||
         route.type == RouteType::kProhibit;
}

std::string route_line(const HostTables& tables, const Route6Row& route, const IpRoute6Show& show,
                       const IpOptions& options) {
  std::string out;
  const std::string type = type_of(route);
  if (type != "unicast" || options.details) out += type + ' ';
  out += dst_text(route.dst) + ' ';
  if (!route.gateway.is_any()) out += fmt::format("via {} ", route.gateway.to_string());
  if (route.dev.valid() && show.dev.empty()) {
    out += fmt::format("dev {} ", tables.dev_name(route.dev));
  }
  if ((route.table != kTableMain || options.details) && !show.table) {
    out += fmt::format("table {} ", table_name(route.table));
  }
  if (route.proto != RouteProto::kBoot || options.details) {
    out += fmt::format("proto {} ", proto_name(route.proto));
  }
  if (!route.prefsrc.is_any()) out += fmt::format("src {} ", route.prefsrc.to_string());
  out += fmt::format("metric {} ", route.metric);
  if (route.linkdown) out += "linkdown ";
  if (rejects(route)) out += route.type == RouteType::kBlackhole ? "error -22 " : "";
  return out + "pref medium\n";
}

void route_json(const HostTables& tables, const Route6Row& route, const IpRoute6Show& show,
                JsonWriter& json) {
  json.begin_object();
  if (type_of(route) != "unicast") json.field("type", type_of(route));
  json.field("dst", dst_text(route.dst));
  if (!route.gateway.is_any()) json.field("gateway", route.gateway.to_string());
  if (route.dev.valid() && show.dev.empty()) json.field("dev", tables.dev_name(route.dev));
  if (route.table != kTableMain && !show.table) json.field("table", table_name(route.table));
  if (route.proto != RouteProto::kBoot) json.field("protocol", proto_name(route.proto));
  if (!route.prefsrc.is_any()) json.field("prefsrc", route.prefsrc.to_string());
  json.number("metric", route.metric);
  json.begin_array("flags");
  if (route.linkdown) json.item("linkdown");
  json.end_array();
  json.field("pref", "medium");
  json.end_object();
}

}  // namespace

Output render_ip_route6(const HostTables& tables, const IpRoute6Show& show,
                        const IpOptions& options) {
  const bool known = show.dev.empty() || std::ranges::any_of(tables.links, [&](const LinkRow& l) {
                       return l.name.view() == show.dev;
                     });
  if (!known) return ip_cannot_find_device(show.dev);
  std::vector<const Route6Row*> rows;
  for (const Route6Row& route : tables.routes6) {
    if (!show.all_tables && route.table != show.table.value_or(kTableMain)) continue;
    if (!show.dev.empty() && tables.dev_name(route.dev) != show.dev) continue;
    if (show.dst && route.dst != *show.dst) continue;
    rows.push_back(&route);
  }
  if (show.all_tables) {  // the kernel keeps main before local
    std::ranges::stable_sort(rows, {}, [](const Route6Row* r) {
      return r->table == kTableLocal ? 1 : r->table == kTableMain ? 0 : 2;
    });
  }
  Output output;
  JsonWriter json(options.pretty);
  json.begin_array();
  for (const Route6Row* route : rows) {
    if (options.json) {
      route_json(tables, *route, show, json);
    } else {
      output.out += route_line(tables, *route, show, options);
    }
  }
  json.end_array();
  if (options.json) output.out = std::move(json).take();
  return output;
}

std::string render_ip_route6_get(const Route6GetResult& r) {
  std::string out;
  if (r.type != RouteType::kUnicast) out += route_type_name(r.type) + ' ';
  out += r.dst.to_string() + ' ';
  out += fmt::format("from {} ", r.from ? r.from->to_string() : "::");
  if (!r.gateway.is_any()) out += fmt::format("via {} ", r.gateway.to_string());
  out += fmt::format("dev {} ", r.dev);
  if (r.table != kTableMain) out += fmt::format("table {} ", table_name(r.table));
  if (r.proto != RouteProto::kBoot) out += fmt::format("proto {} ", proto_name(r.proto));
  if (!r.src.is_any()) out += fmt::format("src {} ", r.src.to_string());
  return out + fmt::format("metric {} pref medium\n", r.metric);
}

}  // namespace lvslab::command
