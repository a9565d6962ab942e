#include "sim/command/ifconfig.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "sim/command/options.h"
#include "sim/command/shell.h"
#include "sim/command/usage.h"

namespace lvslab::command {

namespace {

std::unexpected<Output> refuse(const std::string& what, std::string_view close) {
  return std::unexpected(not_modelled("ifconfig", what, close));
}
std::unexpected<Output> usage_error() {
  return std::unexpected(failure(std::string(usage::kIfconfig), 3));
}

/// An address of the resolver: numbers that are no address are an unknown host, words cannot be
/// looked up without a name server.
Parsed<Ipv4Addr> address(const std::string& text, bool with_hint) {
  if (const auto addr = Ipv4Addr::parse(text)) return *addr;
  if (text == "default") return Ipv4Addr::any();
  const bool numeric = text.find_first_not_of("0123456789.") == std::string::npos;
  const auto dots = std::ranges::count(text, '.');
  if (numeric && dots < 3 && !text.empty()) return refuse("the short address " + text, "A.B.C.D");
  const std::string_view hint = with_hint ? "ifconfig: `--help' gives usage information.\n" : "";
  return std::unexpected(failure(
      fmt::format("{}: {}\n{}", text, numeric ? "Unknown host" : "Host name lookup failure", hint),
      1));
}

Parsed<IfconfigAction> address_action(const std::string& text) {
  IfconfigAction action{.kind = IfconfigAction::Kind::kAddress, .addr = {}, .len = {}, .mac = {}};
  const std::size_t slash = text.find('/');
  auto addr = address(text.substr(0, slash), true);
  if (!addr) return std::unexpected(addr.error());
  action.addr = *addr;
  if (slash == std::string::npos) return action;
  const auto len = to_int(text.substr(slash + 1));
  if (!len || *len < 0 || *len > 32)
    return refuse("prefix length " + text.substr(slash), "/0 to /32");
  // net-tools shifts 32 bits by the length; x86 shifts by it modulo 32, so that /32 is no mask.
  action.len = static_cast<std::uint8_t>(*len % 32);
  return action;
}

/// One keyword and its value at args[i]; moves `i` to the last word used.
Parsed<IfconfigAction> action_at(Args args, std::size_t& i) {
  using Kind = IfconfigAction::Kind;
  IfconfigAction action{.kind = Kind::kUp, .addr = {}, .len = {}, .mac = {}};
  const std::string& word = args[i];
  if (word == "up") return action;
  if (word == "down") {
    action.kind = Kind::kDown;
    return action;
  }
  if (word == "arp" || word == "-arp" || word == "promisc" || word == "-promisc") {
    action.kind = word.ends_with("arp") ? Kind::kArp : Kind::kPromisc;
    action.on = word[0] != '-';
    return action;
  }
  if (word == "netmask" || word == "broadcast" || word == "mtu" || word == "hw") {
    const std::size_t needed = word == "hw" ? 2 : 1;
    if (i + needed >= args.size()) return usage_error();
    const std::string& value = args[i += needed];
    if (word == "hw") {
      if (args[i - 1] != "ether") return refuse("hardware type " + args[i - 1], "hw ether MAC");
      const auto mac = MacAddr::parse(value);
      if (!mac) return std::unexpected(failure(value + ": invalid ether address.\n", 1));
      action.kind = Kind::kHwEther;
      action.mac = *mac;
    } else if (word == "mtu") {
      const auto mtu = to_u32(value);
      if (!mtu) return std::unexpected(failure("SIOCSIFMTU: Invalid argument\n", 1));
      action.kind = Kind::kMtu;
      action.number = *mtu;
    } else {
      auto addr = address(value, false);
      if (!addr) return std::unexpected(addr.error());
      action.kind = word == "netmask" ? Kind::kNetmask : Kind::kBroadcast;
      action.addr = *addr;
    }
    return action;
  }
  constexpr std::array<std::string_view, 22> kOthers = {
      "add",        "del",        "pointopoint", "-pointopoint", "dstaddr",  "tunnel",
      "outfill",    "keepalive",  "trailers",    "-trailers",    "allmulti", "-allmulti",
      "multicast",  "-multicast", "mem_start",   "io_addr",      "irq",      "media",
      "txqueuelen", "name",       "-broadcast",  "dynamic"};
  if (std::ranges::find(kOthers, word) != kOthers.end()) {
    return refuse("keyword " + word, "netmask, broadcast, up, down, mtu, hw ether, arp, promisc");
  }
  return address_action(word);
}

// --- listing ----------------------------------------------------------------------------------

/// "1.4 KiB": one decimal, cut off. Source: net-tools 2.10, lib/interface.c: print_bytes_scaled().
std::string scaled(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 6> kUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  std::size_t unit = 0;
  std::uint64_t divisor = 1;
  while (unit + 1 < kUnits.size() && bytes / divisor >= 1024) {
    divisor *= 1024;
    ++unit;
  }
  const std::uint64_t tenths = bytes / divisor * 10 + bytes % divisor * 10 / divisor;
  return fmt::format("{}.{} {}", tenths / 10, tenths % 10, kUnits[unit]);
}

struct Shown {
  std::string name;
  const LinkRow* link = nullptr;
  const AddrRow* addr = nullptr;
  bool alias = false;
};

bool is_tunnel(const LinkRow& link) { return link.tunnel != TunnelKind::kNone; }

/// Hardware type, short and long (lib/tunnel.c; net-tools has no name for GRE).
std::pair<std::string_view, std::string_view> tunnel_names(const LinkRow& link) {
  if (link.tunnel == TunnelKind::kGre) {
    return {"unspec 00-00-00-00-00-00-00-00-00-00-00-00-00-00-00-00", "(UNSPEC)"};
  }
  return {"tunnel ", "(IPIP Tunnel)"};
}

bool names_alias(const AddrRow& addr, const LinkRow& link) {
  return addr.label.view().starts_with(std::string(link.name.view()) + ':');
}

std::string flags_text(const LinkRow& link) {
  struct Flag {
    unsigned bit;
    bool on;
    std::string_view name;
  };
  // Interface flags in ifconfig's order; RUNNING is what the kernel derives from the carrier.
  const std::array flags = {Flag{0x1, link.up, "UP"},
                            Flag{0x2, !link.loopback && !is_tunnel(link), "BROADCAST"},
                            Flag{0x8, link.loopback, "LOOPBACK"},
                            Flag{0x40, link.up && link.carrier, "RUNNING"},
                            Flag{0x80, link.no_arp, "NOARP"},
                            Flag{0x100, link.promisc, "PROMISC"},
                            Flag{0x1000, link.multicast && !link.loopback, "MULTICAST"}};
  unsigned bits = 0;
  std::string names;
  for (const Flag& flag : flags) {
    if (!flag.on) continue;
    bits |= flag.bit;
    names += (names.empty() ? "" : ",") + std::string(flag.name);
  }
  return fmt::format("flags={}<{}>", bits, names);
}

std::string long_block(const Shown& shown) {
  const LinkRow& link = *shown.link;
  std::string out = fmt::format("{}: {}  mtu {}\n", shown.name, flags_text(link), link.mtu);
  if (shown.addr != nullptr) {
    out += fmt::format("        inet {}  netmask {}", shown.addr->local.addr.to_string(),
                       shown.addr->local.netmask().to_string());
    if (!link.loopback && !is_tunnel(link))
      out += fmt::format("  broadcast {}", shown.addr->broadcast.to_string());
    out += '\n';
  }
  out += link.loopback
             ? fmt::format("        loop  txqueuelen {}  (Local Loopback)\n", link.tx_queue_len)
         : is_tunnel(link)
             ? fmt::format("        {}  txqueuelen {}  {}\n", tunnel_names(link).first,
                           link.tx_queue_len, tunnel_names(link).second)
             : fmt::format("        ether {}  txqueuelen {}  (Ethernet)\n", link.mac.to_string(),
                           link.tx_queue_len);
  if (!shown.alias) {
    const LinkStats& s = link.stats;
    out += fmt::format("        RX packets {}  bytes {} ({})\n", s.rx_packets, s.rx_bytes,
                       scaled(s.rx_bytes));
    out += fmt::format("        RX errors {}  dropped {}  overruns 0  frame 0\n", s.rx_errors,
                       s.rx_dropped);
    out += fmt::format("        TX packets {}  bytes {} ({})\n", s.tx_packets, s.tx_bytes,
                       scaled(s.tx_bytes));
    out += fmt::format("        TX errors {}  dropped {} overruns 0  carrier 0  collisions 0\n",
                       s.tx_errors, s.tx_dropped);
  }
  return out + '\n';
}

std::string short_line(const Shown& shown) {
  const LinkRow& link = *shown.link;
  std::string flags;
  if (!link.loopback && !is_tunnel(link)) flags += 'B';
  if (link.loopback) flags += 'L';
  if (link.multicast && !link.loopback) flags += 'M';
  if (link.no_arp) flags += 'O';
  if (link.promisc) flags += 'P';
  if (link.up && link.carrier) flags += 'R';
  if (link.up) flags += 'U';
  std::string out = fmt::format("{:<15} {:>5} ", shown.name, link.mtu);
  if (shown.alias) {
    out += "     - no statistics available -                        ";
  } else {
    const LinkStats& s = link.stats;
    out += fmt::format("{:>8} {:>6} {:>6} {:<6} {:>8} {:>6} {:>6} {:>6} ", s.rx_packets,
                       s.rx_errors, s.rx_dropped, 0, s.tx_packets, s.tx_errors, s.tx_dropped, 0);
  }
  return out + flags + '\n';
}

/// Interfaces and aliases in ifconfig's order: by name, an alias behind its interface.
std::vector<Shown> all_shown(const HostTables& tables) {
  std::vector<Shown> out;
  for (const LinkRow& link : tables.links) {
    Shown main{std::string(link.name.view()), &link, nullptr, false};
    for (const AddrRow& addr : tables.addrs) {
      if (addr.dev != link.dev) continue;
      if (names_alias(addr, link)) {
        out.push_back({std::string(addr.label.view()), &link, &addr, true});
      } else if (main.addr == nullptr) {
        main.addr = &addr;
      }
    }
    out.push_back(main);
  }
  std::ranges::sort(out, {}, &Shown::name);
  // Several addresses may carry one label; the ioctl finds the first of them.
  const auto rest = std::ranges::unique(out, {}, &Shown::name);
  out.erase(rest.begin(), rest.end());
  return out;
}

}  // namespace

std::uint8_t classful_prefix_len(Ipv4Addr addr) {
  if (addr.is_any()) return 0;
  if ((addr.bits >> 31) == 0) return 8;
  if ((addr.bits >> 30) == 2) return 16;
  return (addr.bits >> 29) == 6 ? 24 : 32;
}

Parsed<IfconfigCommand> parse_ifconfig(Args args) {
  IfconfigCommand command;
  std::size_t i = 1;
  for (; i < args.size() && args[i].size() > 1 && args[i][0] == '-'; ++i) {
    const std::string& word = args[i];
    if (word == "-a" || word == "--all") {
      command.all = true;
    } else if (word == "-s" || word == "--short") {
      command.short_list = true;
    } else if (word == "-h" || word == "-?" || word == "--help") {
      return std::unexpected(Output{std::string(usage::kIfconfig), {}, 0});
    } else if (word == "-V" || word == "--version") {
      return std::unexpected(Output{"net-tools 2.10\n", {}, 0});
    } else if (word != "-v" && word != "--verbose") {  // -v adds nothing to these listings
      return std::unexpected(failure(fmt::format("ifconfig: option `{}' not recognised.\nifconfig: "
                                                 "`--help' gives usage information.\n",
                                                 word),
                                     1));
    }
  }
  if (i == args.size()) return command;
  command.dev = args[i++];
  if (command.dev.size() > 15)
    return refuse("an interface name of more than 15 characters", "eth0:1");
  for (; i < args.size(); ++i) {
    if (args[i] == "inet") continue;
    if (args[i] == "inet6") return refuse("address family inet6", "inet");
    auto action = action_at(args, i);
    if (!action) return std::unexpected(action.error());
    command.actions.push_back(*action);
  }
  if (!command.actions.empty()) command.all = command.short_list = false;
  return command;
}

std::string to_text(const IfconfigCommand& command) {
  using Kind = IfconfigAction::Kind;
  std::string line = "ifconfig";
  if (command.all) line += " -a";
  if (command.short_list) line += " -s";
  if (!command.dev.empty()) line += ' ' + quote_word(command.dev);
  for (const IfconfigAction& a : command.actions) {
    switch (a.kind) {
      case Kind::kAddress:
        line += ' ' + a.addr.to_string() + (a.len ? fmt::format("/{}", *a.len) : "");
        break;
      case Kind::kNetmask: line += " netmask " + a.addr.to_string(); break;
      case Kind::kBroadcast: line += " broadcast " + a.addr.to_string(); break;
      case Kind::kUp: line += " up"; break;
      case Kind::kDown: line += " down"; break;
      case Kind::kMtu: line += fmt::format(" mtu {}", a.number); break;
      case Kind::kHwEther: line += " hw ether " + a.mac.to_string(); break;
      case Kind::kArp: line += a.on ? " arp" : " -arp"; break;
      case Kind::kPromisc: line += a.on ? " promisc" : " -promisc"; break;
    }
  }
  return line;
}

Output render_ifconfig(const HostTables& tables, const IfconfigCommand& command) {
  Output output;
  if (command.short_list) {
    output.out = "Iface      MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg\n";
  }
  const std::vector<Shown> all = all_shown(tables);
  const auto print = [&](const Shown& shown) {
    output.out += command.short_list ? short_line(shown) : long_block(shown);
  };
  if (command.dev.empty()) {
    for (const Shown& shown : all) {
      if (command.all || shown.link->up) print(shown);
    }
    return output;
  }
  const auto found = std::ranges::find(all, command.dev, &Shown::name);
  if (found != all.end()) {
    print(*found);
    return output;
  }
  // An alias that does not exist still names an interface: it is shown without an address.
  const std::size_t colon = command.dev.find(':');
  const auto base = std::ranges::find(all, command.dev.substr(0, colon), &Shown::name);
  if (colon == std::string::npos || base == all.end()) {
    return failure(command.dev + ": error fetching interface information: Device not found\n", 1);
  }
  print({command.dev, base->link, nullptr, true});
  return output;
}

}  // namespace lvslab::command
