#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "sim/command/ip.h"
#include "sim/command/json_writer.h"
#include "sim/command/shell.h"

namespace lvslab::command {

namespace {

bool is_tunnel(const LinkRow& link) { return link.tunnel != TunnelKind::kNone; }

/// Source: ip/ipaddress.c: print_link_flags().
std::vector<std::string_view> flags_of(const LinkRow& link) {
  const bool running = link.up && link.carrier;
  std::vector<std::string_view> flags;
  if (link.up && !running) flags.emplace_back("NO-CARRIER");
  if (link.loopback) flags.emplace_back("LOOPBACK");
  if (!link.loopback && !is_tunnel(link)) flags.emplace_back("BROADCAST");
  if (link.multicast && !link.loopback) flags.emplace_back("MULTICAST");
  if (link.no_arp) flags.emplace_back("NOARP");
  if (link.promisc) flags.emplace_back("PROMISC");
  if (link.up) flags.emplace_back("UP");
  if (running) flags.emplace_back("LOWER_UP");
  return flags;
}

std::string joined_flags(const LinkRow& link) {
  std::string out = "<";
  for (const std::string_view flag : flags_of(link)) {
    out += (out.size() > 1 ? "," : "") + std::string(flag);
  }
  return out + '>';
}

std::string_view oper_state(const LinkRow& link) {
  if (!link.up) return "DOWN";
  if (link.loopback || is_tunnel(link)) return "UNKNOWN";
  return link.carrier ? "UP" : "DOWN";
}
/// What a NIC has without tc: pfifo_fast; lo and the like have none.
std::string_view qdisc(const LinkRow& link) {
  if (is_tunnel(link) && !link.up) return "noop";
  return link.loopback || is_tunnel(link) ? "noqueue" : "pfifo_fast";
}
std::string_view link_type(const LinkRow& link) {
  if (link.tunnel == TunnelKind::kIpip) return "ipip";
  if (link.tunnel == TunnelKind::kGre) return "gre";
  if (link.tunnel == TunnelKind::kIp6) return "tunnel6";
  return link.loopback ? "loopback" : "ether";
}
/// A tunnel device hangs on no other: "tunl0@NONE".
std::string shown_name(const LinkRow& link) {
  return std::string(link.name.view()) + (is_tunnel(link) ? "@NONE" : "");
}
/// What a tunnel device has instead of a MAC: the addresses of its ends, none here.
std::string lladdr(const LinkRow& link) {
  if (link.tunnel == TunnelKind::kIp6) return "::";
  return is_tunnel(link) ? Ipv4Addr{}.to_string() : link.mac.to_string();
}
std::string brd(const LinkRow& link) {
  if (is_tunnel(link)) return lladdr(link);
  return link.loopback ? MacAddr{}.to_string() : MacAddr::broadcast().to_string();
}

// --- counters ---------------------------------------------------------------------------------

struct Columns {
  std::array<std::size_t, 7> width = {10, 7, 6, 7, 7, 7, 10};
  void fit(std::size_t column, std::uint64_t value) {
    width[column] = std::max(width[column], std::to_string(value).size());
  }
};

/// Source: ip/ipaddress.c: print_stats64(), size_columns(). Counters that are not modelled are 0.
std::string stats_text(const LinkRow& link, int level, std::string_view nl) {
  const LinkStats& s = link.stats;
  Columns c;
  const std::array<std::uint64_t, 6> rx = {s.rx_bytes, s.rx_packets,  s.rx_errors, s.rx_dropped,
                                           0,          s.rx_multicast};
  const std::array<std::uint64_t, 6> tx = {s.tx_bytes, s.tx_packets, s.tx_errors, s.tx_dropped, 0,
                                           0};
  for (std::size_t i = 0; i < 6; ++i) {
    c.fit(i, rx[i]);
    c.fit(i, tx[i]);
  }
  const auto& w = c.width;
  const auto header = [&](std::string_view name, std::string_view fifth, std::string_view sixth) {
    return fmt::format("    {}: {:>{}} {:>{}} {:>{}} {:>{}} {:>{}} {:>{}} {:>{}}{}", name, "bytes",
                       w[0] - 4, "packets", w[1], "errors", w[2], "dropped", w[3], fifth, w[4],
                       sixth, w[5], "", w[6], nl);
  };
  const auto numbers = [&](const std::array<std::uint64_t, 6>& values) {
    std::string line = "    ";
    for (std::size_t i = 0; i < 6; ++i) line += fmt::format("{:>{}} ", values[i], w[i]);
    return line;
  };
  const auto errors = [&](std::string_view name, const std::array<std::string_view, 5>& titles) {
    std::string line = fmt::format("{}    {} errors:{:>{}}", nl, name, "", w[0] - 10);
    for (std::size_t i = 0; i < 5; ++i) line += fmt::format(" {:>{}}", titles[i], w[i + 1]);
    line += fmt::format("{}    {:>{}}", nl, "", w[0] + 1);
    for (std::size_t i = 0; i < 5; ++i) line += fmt::format("{:>{}} ", 0, w[i + 1]);
    return line;
  };
  std::string out = header("RX", "missed", "mcast") + numbers(rx);
  if (level > 1) out += errors("RX", {"length", "crc", "frame", "fifo", "overrun"});
  out += std::string(nl) + header("TX", "carrier", "collsns") + numbers(tx);
  if (level > 1) out += errors("TX", {"aborted", "fifo", "window", "heartbt", "transns"});
  return out;
}

void stats_json(const LinkRow& link, JsonWriter& json) {
  const LinkStats& s = link.stats;
  json.begin_object("stats64");
  json.begin_object("rx");
  json.number("bytes", s.rx_bytes);
  json.number("packets", s.rx_packets);
  json.number("errors", s.rx_errors);
  json.number("dropped", s.rx_dropped);
  json.number("over_errors", 0);
  json.number("multicast", s.rx_multicast);
  json.end_object();
  json.begin_object("tx");
  json.number("bytes", s.tx_bytes);
  json.number("packets", s.tx_packets);
  json.number("errors", s.tx_errors);
  json.number("dropped", s.tx_dropped);
  json.number("carrier_errors", 0);
  json.number("collisions", 0);
  json.end_object();
  json.end_object();
}

// --- one link ---------------------------------------------------------------------------------

std::string link_text(const LinkRow& link, bool mode, bool with_address, std::string_view nl) {
  std::string out =
      fmt::format("{}: {}: {} mtu {} qdisc {} state {} {}group default qlen {}", link.dev.value,
                  shown_name(link), joined_flags(link), link.mtu, qdisc(link), oper_state(link),
                  mode ? "mode DEFAULT " : "", link.tx_queue_len);
  if (with_address) {
    out += fmt::format("{}    link/{} {} brd {}", nl, link_type(link), lladdr(link), brd(link));
  }
  return out;
}

/// What a dump of one protocol family tells of a link: inet6_fill_ifinfo() has no queue.
std::string link_text6(const LinkRow& link) {
  return fmt::format("{}: {}: {} mtu {} state {} qlen {}", link.dev.value, shown_name(link),
                     joined_flags(link), link.mtu, oper_state(link), link.tx_queue_len);
}

void link_json(const LinkRow& link, bool mode, bool with_address, JsonWriter& json) {
  json.number("ifindex", link.dev.value);
  json.field("ifname", link.name.view());
  json.begin_array("flags");
  for (const std::string_view flag : flags_of(link)) json.item(flag);
  json.end_array();
  json.number("mtu", link.mtu);
  json.field("qdisc", qdisc(link));
  json.field("operstate", oper_state(link));
  if (mode) json.field("linkmode", "DEFAULT");
  json.field("group", "default");
  json.number("txqlen", link.tx_queue_len);
  if (!with_address) return;
  json.field("link_type", link_type(link));
  json.field("address", lladdr(link));
  json.field("broadcast", brd(link));
}

std::string brief_head(const LinkRow& link) {
  return fmt::format("{:<16} {:<14} ", shown_name(link), oper_state(link));
}

// --- one address ------------------------------------------------------------------------------

std::string addr_text(const AddrRow& addr, std::string_view nl) {
  std::string out = fmt::format("    inet {}", addr.local.to_string());
  if (!addr.broadcast.is_any()) out += fmt::format(" brd {}", addr.broadcast.to_string());
  out += fmt::format(" scope {}", scope_name(addr.scope));
  if (addr.secondary) out += " secondary";
  return out +
         fmt::format(" {}{}       valid_lft forever preferred_lft forever", addr.label.view(), nl);
}

void addr_json(const AddrRow& addr, JsonWriter& json) {
  constexpr std::uint64_t kForever = 0xffff'ffffU;
  json.begin_object();
  json.field("family", "inet");
  json.field("local", addr.local.addr.to_string());
  json.number("prefixlen", addr.local.len);
  if (!addr.broadcast.is_any()) json.field("broadcast", addr.broadcast.to_string());
  json.field("scope", scope_name(addr.scope));
  if (addr.secondary) json.boolean("secondary", true);
  if (!addr.label.empty()) json.field("label", addr.label.view());
  json.number("valid_life_time", kForever);
  json.number("preferred_life_time", kForever);
  json.end_object();
}

std::string addr_text(const Addr6Row& addr, std::string_view nl) {
  return fmt::format("    inet6 {} scope {} {}       valid_lft forever preferred_lft forever",
                     addr.local.to_string(), scope_name(addr.scope), nl);
}

void addr_json(const Addr6Row& addr, JsonWriter& json) {
  constexpr std::uint64_t kForever = 0xffff'ffffU;
  json.begin_object();
  json.field("family", "inet6");
  json.field("local", addr.local.addr.to_string());
  json.number("prefixlen", addr.local.len);
  json.field("scope", scope_name(addr.scope));
  json.number("valid_life_time", kForever);
  json.number("preferred_life_time", kForever);
  json.end_object();
}

bool passes(const Addr6Row& addr, const IpAddrShow& show) {
  if (show.scope && addr.scope != *show.scope) return false;
  return !show.secondary_only && show.label.empty() && !show.to;
}

bool passes(const AddrRow& addr, const IpAddrShow& show) {
  if (show.scope && addr.scope != *show.scope) return false;
  if (show.primary_only && addr.secondary) return false;
  if (show.secondary_only && !addr.secondary) return false;
  if (!show.label.empty() && !glob_match(show.label, addr.label.view())) return false;
  return !show.to || show.to->contains(addr.local.addr);
}

bool has_addr_filter(const IpAddrShow& show) {
  return show.to || show.scope || !show.label.empty() || show.primary_only || show.secondary_only;
}

Output no_such_device(std::string_view dev) {
  return failure(fmt::format("Device \"{}\" does not exist.\n", dev), 1);
}

bool exists(const HostTables& tables, std::string_view dev) {
  return dev.empty() || std::ranges::any_of(tables.links, [&](const LinkRow& link) {
           return link.name.view() == dev;
         });
}

struct Selected {
  const LinkRow* link;
  std::vector<const AddrRow*> addrs;
  std::vector<const Addr6Row*> addrs6;

  bool empty() const { return addrs.empty() && addrs6.empty(); }
};

std::vector<Selected> select(const HostTables& tables, const IpAddrShow& show,
                             const IpOptions& options) {
  std::vector<Selected> out;
  for (const LinkRow& link : tables.links) {
    if (!show.dev.empty() && link.name.view() != show.dev) continue;
    if (show.up_only && !link.up) continue;
    Selected selected{&link, {}, {}};
    for (const AddrRow& addr : tables.addrs) {
      if (options.family == IpFamily::kInet6) break;
      if (addr.dev == link.dev && passes(addr, show)) selected.addrs.push_back(&addr);
    }
    for (const Addr6Row& addr : tables.addrs6) {
      if (options.family == IpFamily::kInet) break;
      if (addr.dev == link.dev && passes(addr, show)) selected.addrs6.push_back(&addr);
    }
    const bool needs_addr = options.family != IpFamily::kAny || has_addr_filter(show);
    if (needs_addr && selected.empty()) continue;
    out.push_back(std::move(selected));
  }
  return out;
}

std::string addr_block(const Selected& selected, const IpOptions& options, bool dumped6) {
  const LinkRow& link = *selected.link;
  const std::string_view nl = options.oneline ? "\\" : "\n";
  std::string out;
  if (options.brief) {
    out = brief_head(link);
    for (const AddrRow* addr : selected.addrs) out += addr->local.to_string() + ' ';
    for (const Addr6Row* addr : selected.addrs6) out += addr->local.to_string() + ' ';
    return out + '\n';
  }
  if (options.oneline) {
    for (const AddrRow* addr : selected.addrs) {
      out += fmt::format("{}: {}{}\n", link.dev.value, link.name.view(), addr_text(*addr, nl));
    }
    for (const Addr6Row* addr : selected.addrs6) {
      out += fmt::format("{}: {}{}\n", link.dev.value, link.name.view(), addr_text(*addr, nl));
    }
    return out;
  }
  out = dumped6 ? link_text6(link) : link_text(link, false, options.family == IpFamily::kAny, nl);
  out += '\n';
  for (const AddrRow* addr : selected.addrs) out += addr_text(*addr, nl) + '\n';
  for (const Addr6Row* addr : selected.addrs6) out += addr_text(*addr, nl) + '\n';
  if (options.stats > 0) out += stats_text(link, options.stats, nl) + '\n';
  return out;
}

}  // namespace

Output render_ip_addr(const HostTables& tables, const IpAddrShow& show, const IpOptions& options) {
  if (!exists(tables, show.dev)) return no_such_device(show.dev);
  const std::vector<Selected> all = select(tables, show, options);
  const bool dumped6 = options.family == IpFamily::kInet6 && show.dev.empty();
  Output output;
  if (!options.json) {
    for (const Selected& selected : all) output.out += addr_block(selected, options, dumped6);
    return output;
  }
  JsonWriter json(options.pretty);
  json.begin_array();
  for (const Selected& selected : all) {
    json.begin_object();
    link_json(*selected.link, false, options.family == IpFamily::kAny, json);
    json.begin_array("addr_info");
    for (const AddrRow* addr : selected.addrs) addr_json(*addr, json);
    for (const Addr6Row* addr : selected.addrs6) addr_json(*addr, json);
    json.end_array();
    if (options.stats > 0) stats_json(*selected.link, json);
    json.end_object();
  }
  json.end_array();
  output.out = std::move(json).take();
  return output;
}

Output render_ip_link(const HostTables& tables, const IpLinkShow& show, const IpOptions& options) {
  if (!exists(tables, show.dev)) return no_such_device(show.dev);
  Output output;
  JsonWriter json(options.pretty);
  json.begin_array();
  const std::string_view nl = options.oneline ? "\\" : "\n";
  for (const LinkRow& link : tables.links) {
    if (!show.dev.empty() && link.name.view() != show.dev) continue;
    if (show.up_only && !link.up) continue;
    if (options.json) {
      json.begin_object();
      link_json(link, true, true, json);
      if (options.stats > 0) stats_json(link, json);
      json.end_object();
    } else if (options.brief) {
      output.out += fmt::format("{}{} {} \n", brief_head(link), lladdr(link), joined_flags(link));
    } else {
      output.out += link_text(link, true, true, nl);
      if (options.stats > 0) output.out += std::string(nl) + stats_text(link, options.stats, nl);
      output.out += '\n';
    }
  }
  json.end_array();
  if (options.json) output.out = std::move(json).take();
  return output;
}

Output render_ip_tunnel(const HostTables& tables, const IpTunnelShow& show) {
  std::string out;
  bool known = show.dev.empty();
  for (const LinkRow& link : tables.links) {
    if (!is_tunnel(link) || (!show.dev.empty() && link.name.view() != show.dev)) continue;
    known = true;
    out += fmt::format("{}: {}/ip remote any local any ttl inherit nopmtudisc\n", link.name.view(),
                       link.tunnel == TunnelKind::kGre ? "gre" : "any");
  }
  if (!known) return failure(fmt::format("get tunnel \"{}\" failed: No such device", show.dev), 1);
  return {.out = std::move(out), .err = {}, .status = 0};
}

}  // namespace lvslab::command
