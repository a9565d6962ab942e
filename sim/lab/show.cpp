#include "sim/lab/show.h"

#include <algorithm>
#include <array>

#include "sim/command/ip.h"
#include "sim/command/ipvsadm.h"
#include "sim/command/net_tools.h"
#include "sim/command/service.h"
#include "sim/scenario/names.h"

namespace lvslab::lab {
namespace {

using scenario::TableKind;

std::string ipvs_listing(const HostTables& tables) {
  command::IpvsadmCommand list;
  list.list.numeric = true;
  return command::render_ipvs_list(tables, list);
}

std::string ipvs_connections(const HostTables& tables) {
  return command::render_ipvs_connections(tables, {.numeric = true, .connections = true});
}

std::string socket_listing(const HostTables& tables) {
  return command::render_netstat(tables,
                                 {.numeric = true, .all = true, .tcp = true, .programs = true})
      .out;
}

std::string sysctl_listing(const HostTables& tables) {
  std::string text;
  for (const SysctlRow& row : tables.sysctls) {
    text += command::render_sysctl_line({}, row.path, row.value);
    if (!text.ends_with('\n')) text += '\n';
  }
  return text;
}

std::string route_listing(const HostTables& tables, std::uint32_t table) {
  command::IpRouteShow show;
  show.table = table;
  return command::render_ip_route(tables, show, {}).out;
}

}  // namespace

std::string render_table(TableKind table, const HostTables& tables) {
  switch (table) {
    case TableKind::kArp: return command::render_ip_neigh(tables, {}, {}).out;
    case TableKind::kRoute: return route_listing(tables, kTableMain);
    case TableKind::kLocalRoute: return route_listing(tables, kTableLocal);
    case TableKind::kAddr: return command::render_ip_addr(tables, {}, {}).out;
    case TableKind::kLink: return command::render_ip_link(tables, {}, {}).out;
    case TableKind::kRule: return command::render_ip_rule(tables, {}, {}).out;
    case TableKind::kIpvs: return ipvs_listing(tables);
    case TableKind::kConn: return ipvs_connections(tables);
    case TableKind::kSocket: return socket_listing(tables);
    case TableKind::kSysctl: return sysctl_listing(tables);
  }
  return {};
}

std::string_view tool_of(TableKind table) {
  constexpr std::array<std::string_view, 10> kTools = {
      "ip neigh",    "ip route",     "ip route show table local",
      "ip addr",     "ip link",      "ip rule",
      "ipvsadm -ln", "ipvsadm -lnc", "netstat -natp",
      "sysctl -a"};
  return kTools[static_cast<std::size_t>(table)];
}

std::optional<TableKind> table_by_name(std::string_view name) {
  const auto found = std::ranges::find(scenario::kTableNames, name);
  if (found == scenario::kTableNames.end()) return std::nullopt;
  return static_cast<TableKind>(found - scenario::kTableNames.begin());
}

}  // namespace lvslab::lab
