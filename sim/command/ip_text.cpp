#include <fmt/core.h>

#include <array>
#include <string>
#include <string_view>

#include "sim/base/state_names.h"
#include "sim/command/ip.h"
#include "sim/command/shell.h"

namespace lvslab::command {

namespace {

std::string_view verb_name(IpVerb verb) {
  constexpr std::array<std::string_view, 6> kNames = {"add",    "replace", "change",
                                                      "append", "prepend", "del"};
  return kNames[static_cast<std::size_t>(verb)];
}

void add(std::string& line, std::string_view key, const std::string& value) {
  if (!value.empty()) line += fmt::format(" {} {}", key, quote_word(value));
}
template <class T, class Format>
void add_if(std::string& line, std::string_view key, const std::optional<T>& value, Format format) {
  if (value) line += fmt::format(" {} {}", key, format(*value));
}
std::string text_of(Ipv4Addr addr) { return addr.to_string(); }
std::string text_of(const Ipv4Prefix& prefix) {
  return prefix.len == 0 && prefix.addr.is_any() ? "default" : prefix.to_string();
}
std::string number_text(std::uint32_t value) { return std::to_string(value); }
std::string text_of(const Ipv6Prefix& prefix) {
  return prefix.len == 0 ? "default" : prefix.to_string();
}
std::string nud_text(NeighState state) {
  std::string name = neigh_state_name(state);
  for (char& letter : name) letter = static_cast<char>(letter | 0x20);
  return name;
}
constexpr auto kAddr6Text = [](Ipv6Addr addr) { return addr.to_string(); };
constexpr auto kAddrText = [](Ipv4Addr addr) { return text_of(addr); };

std::string filter_text(const IpAddrShow& c) {
  std::string line;
  add(line, "dev", c.dev);
  if (c.up_only) line += " up";
  add_if(line, "to", c.to, [](const Ipv4Prefix& p) { return text_of(p); });
  add(line, "label", c.label);
  add_if(line, "scope", c.scope, scope_name);
  if (c.primary_only) line += " primary";
  if (c.secondary_only) line += " secondary";
  return line;
}

std::string selector_text(const IpRouteShow& c) {
  std::string line;
  if (c.all_tables) line += " table all";
  add_if(line, "table", c.table, table_name);
  if (c.cache) line += " cached";
  switch (c.match) {
    case IpRouteShow::Match::kExact: line += " exact " + text_of(c.dst); break;
    case IpRouteShow::Match::kRoot: line += " root " + text_of(c.dst); break;
    case IpRouteShow::Match::kMatch: line += " match " + text_of(c.dst); break;
    case IpRouteShow::Match::kAny: break;
  }
  add(line, "dev", c.dev);
  add_if(line, "via", c.via, kAddrText);
  add_if(line, "src", c.src, kAddrText);
  add_if(line, "proto", c.proto, proto_name);
  add_if(line, "scope", c.scope, scope_name);
  add_if(line, "type", c.type, route_type_name);
  return line;
}

std::string neigh_filter_text(const IpNeighShow& c) {
  std::string line;
  add(line, "dev", c.dev);
  add_if(line, "to", c.to, [](const Ipv4Prefix& p) { return p.to_string(); });
  if (c.all_states) line += " nud all";
  add_if(line, "nud", c.nud, nud_text);
  return line;
}

struct ActionText {
  std::string operator()(const IpAddrShow& c) const { return "addr show" + filter_text(c); }
  std::string operator()(const IpAddrFlush& c) const {
    return "addr flush" + filter_text(c.filter);
  }
  std::string operator()(const IpAddrChange& c) const {
    using Broadcast = IpAddrChange::Broadcast;
    std::string line = fmt::format("addr {} {}", verb_name(c.verb),
                                   c.len_given ? c.local.to_string() : c.local.addr.to_string());
    if (c.broadcast_kind == Broadcast::kAddress) line += " brd " + c.broadcast.to_string();
    if (c.broadcast_kind == Broadcast::kPlus) line += " brd +";
    if (c.broadcast_kind == Broadcast::kMinus) line += " brd -";
    add_if(line, "scope", c.scope, scope_name);
    add(line, "label", c.label);
    add(line, "dev", c.dev);
    return line;
  }
  std::string operator()(const IpLinkShow& c) const {
    std::string line = "link show";
    add(line, "dev", c.dev);
    return line + (c.up_only ? " up" : "");
  }
  std::string operator()(const IpLinkSet& c) const {
    const auto on_off = [](bool on) { return on ? "on" : "off"; };
    std::string line = "link set";
    add(line, "dev", c.dev);
    if (c.up) line += *c.up ? " up" : " down";
    add_if(line, "mtu", c.mtu, number_text);
    add_if(line, "txqueuelen", c.tx_queue_len, number_text);
    add_if(line, "address", c.address, [](MacAddr mac) { return mac.to_string(); });
    add_if(line, "arp", c.arp, on_off);
    add_if(line, "promisc", c.promisc, on_off);
    add_if(line, "multicast", c.multicast, on_off);
    return line;
  }
  std::string operator()(const IpRouteShow& c) const { return "route show" + selector_text(c); }
  std::string operator()(const IpRouteFlush& c) const {
    return "route flush" + selector_text(c.filter);
  }
  std::string operator()(const IpRouteChange& c) const {
    std::string line = fmt::format("route {}", verb_name(c.verb));
    if (c.type) line += ' ' + route_type_name(*c.type);
    line += ' ' + text_of(c.dst);
    add_if(line, "via", c.via, kAddrText);
    add(line, "dev", c.dev);
    add_if(line, "table", c.table, table_name);
    add_if(line, "proto", c.proto, proto_name);
    add_if(line, "scope", c.scope, scope_name);
    add_if(line, "src", c.src, kAddrText);
    add_if(line, "metric", c.metric, number_text);
    add_if(line, "mtu", c.mtu, number_text);
    return line + (c.onlink ? " onlink" : "");
  }
  std::string operator()(const IpRouteGet& c) const {
    std::string line = "route get " + c.dst.to_string();
    add_if(line, "from", c.from, kAddrText);
    add(line, "iif", c.iif);
    add(line, "oif", c.oif);
    add_if(line, "mark", c.mark, number_text);
    return line;
  }
  std::string operator()(const IpNeighShow& c) const { return "neigh show" + neigh_filter_text(c); }
  std::string operator()(const IpNeighFlush& c) const {
    const std::string filter = neigh_filter_text(c.filter);
    return "neigh flush" + (filter.empty() ? " all" : filter);
  }
  std::string operator()(const IpNeighChange& c) const {
    std::string line = fmt::format("neigh {} {}", verb_name(c.verb), c.ip.to_string());
    add_if(line, "lladdr", c.lladdr, [](MacAddr mac) { return mac.to_string(); });
    line += neigh_filter_text({.dev = {}, .to = {}, .nud = c.nud});
    add(line, "dev", c.dev);
    return line;
  }
  std::string operator()(const IpTunnelShow& c) const {
    return c.dev.empty() ? "tunnel show" : "tunnel show " + quote_word(c.dev);
  }
  std::string operator()(const IpRuleShow& c) const {
    std::string line = "rule show";
    add_if(line, "table", c.table, table_name);
    return line;
  }
  std::string operator()(const IpRuleFlush&) const { return "rule flush"; }
  std::string operator()(const IpRuleChange& c) const {
    std::string line = fmt::format("rule {}", verb_name(c.verb));
    add_if(line, "priority", c.priority, number_text);
    line += " from " + (c.from == Ipv4Prefix{{}, 0} ? "all" : c.from.to_string());
    if (c.to != Ipv4Prefix{{}, 0}) line += " to " + c.to.to_string();
    if (c.fwmark) {
      line += fmt::format(" fwmark {:#x}", *c.fwmark);
      if (c.fwmask != 0xffff'ffffU) line += fmt::format("/{:#x}", c.fwmask);
    }
    add(line, "iif", c.iif);
    add(line, "oif", c.oif);
    add_if(line, "lookup", c.table, table_name);
    if (c.action != RouteType::kUnicast) line += " type " + route_type_name(c.action);
    return line;
  }
  std::string operator()(const IpAddr6Change& c) const {
    std::string line = fmt::format("addr {} {}", verb_name(c.verb), c.local.to_string());
    add(line, "dev", c.dev);
    return line;
  }
  std::string operator()(const IpRoute6Show& c) const {
    std::string line = "route show";
    if (c.all_tables) line += " table all";
    add_if(line, "table", c.table, table_name);
    if (c.dst) line += ' ' + text_of(*c.dst);
    add(line, "dev", c.dev);
    return line;
  }
  std::string operator()(const IpRoute6Change& c) const {
    std::string line = fmt::format("route {}", verb_name(c.verb));
    if (c.type != RouteType::kUnicast) line += ' ' + route_type_name(c.type);
    line += ' ' + text_of(c.dst);
    add_if(line, "via", c.via, kAddr6Text);
    add_if(line, "src", c.src, kAddr6Text);
    add(line, "dev", c.dev);
    add_if(line, "metric", c.metric, number_text);
    add_if(line, "table", c.table, table_name);
    return line;
  }
  std::string operator()(const IpRoute6Get& c) const {
    std::string line = "route get " + c.dst.to_string();
    add_if(line, "from", c.from, kAddr6Text);
    add(line, "oif", c.oif);
    return line;
  }
  std::string operator()(const IpNeigh6Change& c) const {
    std::string line = fmt::format("neigh {} {}", verb_name(c.verb), c.ip.to_string());
    add_if(line, "lladdr", c.lladdr, [](MacAddr mac) { return mac.to_string(); });
    add_if(line, "nud", c.nud, nud_text);
    add(line, "dev", c.dev);
    return line;
  }
  std::string operator()(const IpVersion&) const { return "-V"; }
};

std::string_view error_text(IpError error) {
  switch (error) {
    case IpError::kExists: return "RTNETLINK answers: File exists";
    case IpError::kNoSuchProcess: return "RTNETLINK answers: No such process";
    case IpError::kNoSuchFile: return "RTNETLINK answers: No such file or directory";
    case IpError::kNoSuchDevice: return "RTNETLINK answers: No such device";
    case IpError::kCannotAssign: return "RTNETLINK answers: Cannot assign requested address";
    case IpError::kNetworkUnreachable: return "RTNETLINK answers: Network is unreachable";
    case IpError::kHostUnreachable: return "RTNETLINK answers: No route to host";
    case IpError::kNetworkDown: return "RTNETLINK answers: Network is down";
    case IpError::kInvalid: return "RTNETLINK answers: Invalid argument";
    case IpError::kPermission: return "RTNETLINK answers: Operation not permitted";
    case IpError::kAccess: return "RTNETLINK answers: Permission denied";
    case IpError::kInvalidGateway: return "Error: Nexthop has invalid gateway.";
    case IpError::kInvalidPrefsrc: return "Error: Invalid prefsrc address.";
    case IpError::kNoRouteTable: return "Error: ipv4: FIB table does not exist.\nDump terminated";
    case IpError::kNotAssigned: return "Error: ipv4: Address not found.";
    case IpError::kMtuTooSmall: return "Error: mtu less than device minimum.";
    case IpError::kMtuTooBig: return "Error: mtu greater than device maximum.";
    case IpError::kNoLinkLayer: return "Error: No link layer address given.";
    case IpError::kInvalidPrefix: return "Error: Invalid prefix for given prefix length.";
  }
  return {};
}

}  // namespace

std::string to_text(const IpCommand& command) {
  const IpOptions& o = command.options;
  std::string line = "ip";
  if (o.family != IpFamily::kAny) line += o.family == IpFamily::kInet ? " -4" : " -6";
  for (int i = 0; i < o.stats; ++i) line += " -s";
  if (o.brief) line += " -br";
  if (o.json) line += " -j";
  if (o.pretty) line += " -p";
  if (o.oneline) line += " -o";
  if (o.details) line += " -d";
  if (o.numeric) line += " -N";
  return line + ' ' + std::visit(ActionText{}, command.action);
}

Output ip_failure(IpError error) { return failure(std::string(error_text(error)), 2); }

Output ip_link_of_alias() {
  return failure("RTNETLINK answers: No such device\nCannot send link get request: No such device",
                 1);
}

Output ip_cannot_find_device(std::string_view dev) {
  return failure(fmt::format("Cannot find device \"{}\"\n", dev), 1);
}

std::string render_ip_flush(const IpCommand& command, std::size_t deleted) {
  if (command.options.stats == 0) return {};
  if (deleted == 0) return "Nothing to flush.\n";
  const bool addr = std::holds_alternative<IpAddrFlush>(command.action);
  return fmt::format("\n*** Round 1, deleting {} {} ***\n*** Flush is complete after 1 round ***\n",
                     deleted, addr ? "addresses" : "entries");
}

std::string ip_wildcard_deletion_warning(Ipv4Addr addr) {
  return fmt::format(
      "Warning: Executing wildcard deletion to stay compatible with old scripts.\n"
      "         Explicitly specify the prefix length ({}/32) to avoid this warning.\n"
      "         This special behaviour is likely to disappear in further releases,\n"
      "         fix your scripts!\n",
      addr.to_string());
}

std::string scope_name(Scope scope) {
  switch (scope) {
    case Scope::kUniverse: return "global";
    case Scope::kSite: return "site";
    case Scope::kLink: return "link";
    case Scope::kHost: return "host";
    case Scope::kNowhere: return "nowhere";
  }
  return std::to_string(static_cast<int>(scope));
}

std::string table_name(std::uint32_t table) {
  if (table == kTableLocal) return "local";
  if (table == kTableMain) return "main";
  if (table == kTableDefault) return "default";
  return std::to_string(table);
}

std::string proto_name(RouteProto proto) {
  switch (proto) {
    case RouteProto::kRedirect: return "redirect";
    case RouteProto::kKernel: return "kernel";
    case RouteProto::kBoot: return "boot";
    case RouteProto::kStatic: return "static";
  }
  return std::to_string(static_cast<int>(proto));
}

std::string route_type_name(RouteType type) {
  const std::string_view name = name_of(type, "");
  return name.empty() ? std::to_string(static_cast<int>(type)) : std::string(name);
}

std::string neigh_state_name(NeighState state) {
  const std::string_view name = name_of(state, "");
  return name.empty() ? fmt::format("{:x}", static_cast<int>(state)) : std::string(name);
}

}  // namespace lvslab::command
