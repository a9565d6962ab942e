#include "sim/command/net_tools.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "sim/command/ifconfig.h"
#include "sim/command/options.h"
#include "sim/command/shell.h"
#include "sim/command/usage.h"

namespace lvslab::command {

namespace {

std::unexpected<Output> say(std::string message, int status) {
  return std::unexpected(failure(std::move(message), status));
}
std::unexpected<Output> refuse(std::string_view tool, const std::string& what,
                               std::string_view close) {
  return std::unexpected(not_modelled(tool, what, close));
}
std::unexpected<Output> route_usage() { return say(std::string(usage::kInetRoute), 3); }

// --- route ------------------------------------------------------------------------------------

/// A network as route(8) takes it; without netmask and prefix length its class decides.
Parsed<Ipv4Prefix> network_of(const std::string& text) {
  const std::size_t slash = text.find('/');
  const auto addr = Ipv4Addr::parse(text.substr(0, slash));
  if (!addr) return say(fmt::format("{}: Unknown host\n", text), 6);
  if (slash == std::string::npos) return Ipv4Prefix{*addr, classful_prefix_len(*addr)};
  const auto len = to_int(text.substr(slash + 1));
  if (!len || *len < 0 || *len > 32) return route_usage();
  return Ipv4Prefix{*addr, static_cast<std::uint8_t>(*len)};
}

Parsed<RouteCommand> parse_route_change(Args args, std::size_t i, RouteCommand route) {
  enum class Kind : std::uint8_t { kAuto, kNet, kHost };
  Kind kind = Kind::kAuto;
  if (i < args.size() && (args[i] == "-net" || args[i] == "-host")) {
    kind = args[i++] == "-net" ? Kind::kNet : Kind::kHost;
  }
  if (i >= args.size()) {
    return std::unexpected(Output{std::string(usage::kInetRoute), {}, 0});
  }
  const std::string& target = args[i++];
  if (target != "default") {
    const auto network = network_of(target);
    if (!network) return std::unexpected(network.error());
    route.dst = *network;
    const bool has_len = target.contains('/');
    const bool host_bits = network->network() != network->addr;
    route.host = kind == Kind::kHost || (kind == Kind::kAuto && !has_len && host_bits);
    if (route.host) route.dst.len = 32;
  }
  for (; i < args.size(); ++i) {
    const std::string& word = args[i];
    if (word == "reject") {
      route.reject = true;
      continue;
    }
    const bool takes_value = word == "gw" || word == "gateway" || word == "netmask" ||
                             word == "metric" || word == "dev" || word == "device";
    if (!takes_value) {
      if (word == "mod" || word == "dyn" || word == "reinstate" || word == "mss" ||
          word == "window" || word == "irtt") {
        return refuse("route", "keyword " + word, "gw, netmask, dev, metric, reject");
      }
      if (!route.dev.empty() || i + 1 < args.size()) return route_usage();
      route.dev = word;  // the interface may stand alone at the end
      continue;
    }
    if (++i >= args.size()) return route_usage();
    const std::string& value = args[i];
    if (word == "gw" || word == "gateway") {
      route.gateway = Ipv4Addr::parse(value);
      if (!route.gateway) return say(fmt::format("{}: Unknown host\n", value), 6);
    } else if (word == "netmask") {
      const auto mask = Ipv4Addr::parse(value);
      const auto len = mask ? prefix_len_of(*mask) : std::nullopt;
      if (!len) return say(fmt::format("route: bogus netmask {}\n", value), 6);
      if (route.host) return say("route: netmask doesn't make sense with host route\n", 6);
      route.dst.len = *len;
    } else if (word == "metric") {
      route.metric = to_u32(value);
      if (!route.metric) return route_usage();
    } else {
      route.dev = value;
    }
  }
  if (route.dst.network() != route.dst.addr) {
    return say("route: netmask doesn't match route address\n" + std::string(usage::kInetRoute), 3);
  }
  return route;
}

/// A blackhole is none: it shows as a route out of "*". Source: fib_trie.c: fib_flag_trans().
bool is_reject(const RouteRow& route) {
  return route.type == RouteType::kUnreachable || route.type == RouteType::kProhibit;
}

std::string route_flags(const RouteRow& route) {
  std::string flags = is_reject(route) ? "!" : "U";
  if (!route.gateway.is_any()) flags += 'G';
  if (route.dst.len == 32) flags += 'H';
  if (route.proto == RouteProto::kRedirect) flags += 'D';
  return flags;
}

/// Source: lib/inet_gr.c: rprint_fib(); the host gives the order of /proc/net/route.
std::string routing_table(const HostTables& tables, bool numeric, bool extended) {
  std::string out = "Kernel IP routing table\n";
  out += extended
             ? "Destination     Gateway         Genmask         Flags   MSS Window  irtt Iface\n"
             : "Destination     Gateway         Genmask         Flags Metric Ref    Use Iface\n";
  for (const RouteRow& route : tables.routes) {
    if (route.table != kTableMain) continue;
    const bool reject = is_reject(route);
    const bool is_default = route.dst.len == 0;
    const std::string dst = is_default && !numeric ? "default" : route.dst.addr.to_string();
    const std::string gateway = reject ? "-" : route.gateway.to_string();
    const std::string dev = reject ? "-" : route.dev.valid() ? tables.dev_name(route.dev) : "*";
    out += fmt::format("{:<15} {:<15} {:<15} {:<5} ", dst, gateway, route.dst.netmask().to_string(),
                       route_flags(route));
    if (extended) {
      out += reject ? fmt::format("{:>5} {:<5}  {:>5} {}\n", "-", "-", "-", dev)
                    : fmt::format("{:>5} {:<5}  {:>5} {}\n", 0, 0, 0, dev);
    } else {
      out += reject ? fmt::format("{:<6} -      {:>3} {}\n", route.metric, 0, dev)
                    : fmt::format("{:<6} {:<2}  {:>6} {}\n", route.metric, 0, 0, dev);
    }
  }
  return out;
}

// --- arp --------------------------------------------------------------------------------------

std::string arp_flags(const NeighRow& neigh) {
  const bool complete = !neigh.mac.is_zero() && neigh.state != NeighState::kIncomplete &&
                        neigh.state != NeighState::kFailed;
  if (!complete) return "";
  return neigh.state == NeighState::kPermanent ? "CM" : "C";
}

std::string arp_line(const HostTables& tables, const NeighRow& neigh, bool bsd) {
  const std::string flags = arp_flags(neigh);
  const std::string dev = tables.dev_name(neigh.dev);
  if (bsd) {
    std::string out = fmt::format("? ({}) at ", neigh.ip.to_string());
    out += flags.empty() ? "<incomplete> " : fmt::format("{} [ether] ", neigh.mac.to_string());
    if (flags == "CM") out += "PERM ";
    return out + fmt::format("on {}\n", dev);
  }
  if (flags.empty()) {
    return fmt::format("{:<23}  {:<8}{:<20}{:<22}{}\n", neigh.ip.to_string(), "", "(incomplete)",
                       "", dev);
  }
  return fmt::format("{:<23}  {:<8}{:<20}{:<6}{:<16}{}\n", neigh.ip.to_string(), "ether",
                     neigh.mac.to_string(), flags, "", dev);
}

}  // namespace

Parsed<ArpCommand> parse_arp(Args args) {
  const std::string usage_text(usage::kArp);
  const OptionSpec spec{.tool = "arp",
                        .letters = "anevi:ds",
                        .unmodelled = "DfHAptV",
                        .close = "-n -a -i -d -s",
                        .longs = {{"numeric", 'n'},
                                  {"verbose", 'v'},
                                  {"device", 'i', true},
                                  {"delete", 'd'},
                                  {"set", 's'}},
                        .unmodelled_longs = {"use-device", "file", "protocol", "version"},
                        .usage = usage_text,
                        .status = 3};
  if (args.size() == 2 && (args[1] == "-h" || args[1] == "--help")) {
    return std::unexpected(Output{usage_text, {}, 0});
  }
  auto options = read_options(args, spec);
  if (!options) return std::unexpected(options.error());
  ArpCommand arp;
  for (const auto& [letter, value] : options->given) {
    switch (letter) {
      case 'a': arp.bsd = true; break;
      case 'e': arp.bsd = false; break;
      case 'n': arp.numeric = true; break;
      case 'v': arp.verbose = true; break;
      case 'i': arp.dev = value; break;
      case 'd': arp.action = ArpCommand::Action::kDelete; break;
      default: arp.action = ArpCommand::Action::kSet; break;
    }
  }
  const std::vector<std::string>& operands = options->operands;
  if (operands.empty()) {
    if (arp.action != ArpCommand::Action::kShow) return say("arp: need host name\n", 255);
    return arp;
  }
  arp.host = Ipv4Addr::parse(operands[0]);
  if (!arp.host) {
    const bool numeric = operands[0].find_first_not_of("0123456789.") == std::string::npos;
    return say(
        fmt::format("{}: {}\n", operands[0], numeric ? "Unknown host" : "Host name lookup failure"),
        255);
  }
  std::size_t next = 1;
  if (arp.action == ArpCommand::Action::kSet) {
    if (operands.size() < 2) return say("arp: need hardware address\n", 255);
    const auto mac = MacAddr::parse(operands[1]);
    if (!mac) return say("arp: invalid hardware address\n", 255);
    arp.mac = *mac;
    arp.temporary = operands.size() > 2 && operands[2] == "temp";
    next = arp.temporary ? 3 : 2;
  }
  if (next < operands.size())
    return refuse("arp", "keyword " + operands[next], "arp -s A MAC temp");
  return arp;
}

std::string to_text(const ArpCommand& c) {
  std::string line = "arp";
  if (c.numeric) line += " -n";
  if (c.verbose) line += " -v";
  if (c.bsd) line += " -a";
  if (!c.dev.empty()) line += " -i " + quote_word(c.dev);
  if (c.action == ArpCommand::Action::kDelete) line += " -d";
  if (c.action == ArpCommand::Action::kSet) line += " -s";
  if (c.host) line += ' ' + c.host->to_string();
  if (c.action == ArpCommand::Action::kSet) line += ' ' + c.mac.to_string();
  return line + (c.temporary ? " temp" : "");
}

Output render_arp(const HostTables& tables, const ArpCommand& command) {
  Output output;
  std::size_t entries = 0;
  std::size_t shown = 0;
  for (const NeighRow& neigh : tables.neighs) {
    // /proc/net/arp leaves out NOARP entries. Source: net/ipv4/arp.c: arp_seq_start().
    if (neigh.state == NeighState::kNoArp || neigh.state == NeighState::kNone) continue;
    ++entries;
    if (command.host && neigh.ip != *command.host) continue;
    if (!command.dev.empty() && tables.dev_name(neigh.dev) != command.dev) continue;
    if (shown++ == 0 && !command.bsd) {
      output.out =
          "Address                  HWtype  HWaddress           Flags Mask            Iface\n";
    }
    output.out += arp_line(tables, neigh, command.bsd);
  }
  if (command.verbose) {
    output.out +=
        fmt::format("Entries: {}\tSkipped: {}\tFound: {}\n", entries, entries - shown, shown);
  }
  if (shown == 0 && command.host && !command.bsd) {
    output.out += fmt::format("{0} ({0}) -- no entry\n", command.host->to_string());
  } else if (shown == 0 && (command.host || !command.dev.empty())) {
    output.out += fmt::format("arp: in {} entries no match found.\n", entries);
  }
  return output;
}

Parsed<RouteCommand> parse_route(Args args) {
  const std::string usage_text(usage::kRoute);
  RouteCommand route;
  std::size_t i = 1;
  for (; i < args.size() && args[i].size() > 1 && args[i][0] == '-'; ++i) {
    if (args[i] == "-net" || args[i] == "-host") break;
    if (args[i] == "--help" || args[i] == "-h") return std::unexpected(Output{usage_text, {}, 0});
    if (args[i].starts_with("--") && args[i] != "--numeric" && args[i] != "--extend") {
      return refuse("route", "option " + args[i], "route -n -e");
    }
    if (args[i].starts_with("--")) {
      (args[i] == "--numeric" ? route.numeric : route.extended) = true;
      continue;
    }
    for (const char letter : args[i].substr(1)) {
      if (letter == 'n') {
        route.numeric = true;
      } else if (letter == 'e' && !route.extended) {
        route.extended = true;
      } else if (letter == 'v' || letter == '4' || letter == 'F') {
        continue;  // the default
      } else if (std::string_view("eNC6AV").contains(letter)) {
        return refuse("route", fmt::format("option -{}", letter), "route -n -e");
      } else {
        return std::unexpected(
            Output{usage_text, fmt::format("route: invalid option -- '{}'\n", letter), 0});
      }
    }
  }
  if (i == args.size()) return route;
  if (args[i] == "add" || args[i] == "del" || args[i] == "delete") {
    route.action = args[i] == "add" ? RouteCommand::Action::kAdd : RouteCommand::Action::kDelete;
    route.numeric = route.extended = false;
    return parse_route_change(args, i + 1, route);
  }
  if (args[i] == "flush") return refuse("route", "flush", "ip route flush");
  return say(usage_text, 3);
}

std::string to_text(const RouteCommand& c) {
  std::string line = "route";
  if (c.numeric) line += " -n";
  if (c.extended) line += " -e";
  if (c.action == RouteCommand::Action::kShow) return line;
  line += c.action == RouteCommand::Action::kAdd ? " add" : " del";
  if (c.host) {
    line += " -host " + c.dst.addr.to_string();
  } else if (c.dst == Ipv4Prefix{{}, 0}) {
    line += " default";
  } else {
    line += " -net " + c.dst.to_string();
  }
  if (c.gateway) line += " gw " + c.gateway->to_string();
  if (c.metric) line += fmt::format(" metric {}", *c.metric);
  if (c.reject) line += " reject";
  if (!c.dev.empty()) line += " dev " + quote_word(c.dev);
  return line;
}

Output render_route(const HostTables& tables, const RouteCommand& command) {
  return {routing_table(tables, command.numeric, command.extended), {}, 0};
}

Output ioctl_failure(std::string_view request, std::string_view reason, int status) {
  return failure(fmt::format("{}: {}\n", request, reason), status);
}

}  // namespace lvslab::command
