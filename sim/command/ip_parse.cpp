#include <fmt/core.h>

#include <array>
#include <utility>

#include "sim/command/close_match.h"
#include "sim/command/ip.h"
#include "sim/command/ip_words.h"
#include "sim/command/options.h"
#include "sim/command/usage.h"

namespace lvslab::command {

namespace ip {

void bad_argument(std::string_view message, std::string_view word) {
  throw BadUsage{failure(fmt::format("Error: argument \"{}\" is wrong: {}\n", word, message), 255)};
}
void duplicate(std::string_view keyword, std::string_view word) {
  throw BadUsage{failure(
      fmt::format("Error: either \"{}\" is duplicate, or \"{}\" is a garbage.\n", keyword, word),
      255)};
}
void fail(std::string message, int status) { throw BadUsage{failure(std::move(message), status)}; }
void refuse(std::string_view object, std::string_view what, std::string_view close) {
  throw BadUsage{not_modelled(fmt::format("ip {}", object), what, close)};
}
void show_usage(std::string_view text) { throw BadUsage{failure(std::string(text), 255)}; }

namespace {

/// "10.1" is 10.1.0.0 here. Source: lib/utils.c: get_addr_ipv4().
std::optional<Ipv4Addr> partial_address(std::string_view text) {
  std::uint32_t bits = 0;
  int parts = 0;
  while (parts < 4) {
    const std::size_t dot = text.find('.');
    const auto part = to_u32(text.substr(0, dot));
    if (!part || *part > 255) return std::nullopt;
    bits |= *part << (24 - 8 * parts++);
    if (dot == std::string_view::npos) return Ipv4Addr{bits};
    text.remove_prefix(dot + 1);
  }
  return std::nullopt;
}

}  // namespace

Ipv4Prefix prefix(std::string_view text, std::string_view family) {
  if (text == "default" || text == "any" || text == "all") return {{}, 0};
  const std::size_t slash = text.find('/');
  const auto addr = partial_address(text.substr(0, slash));
  std::optional<std::uint8_t> len = 32;
  if (slash != std::string_view::npos) {
    const std::string_view mask = text.substr(slash + 1);
    const auto bits = to_u32(mask);
    if (bits && *bits <= 32) {
      len = static_cast<std::uint8_t>(*bits);
    } else {
      const auto netmask = Ipv4Addr::parse(mask);
      len = netmask ? prefix_len_of(*netmask) : std::nullopt;
    }
  }
  if (!addr || !len) {
    if (text.contains(':')) refuse("-6", "an IPv6 address", "A.B.C.D/LEN");
    fail(fmt::format("Error: {} prefix is expected rather than \"{}\".\n", family, text), 1);
  }
  return {*addr, *len};
}

Ipv4Addr address(std::string_view text, std::string_view family) {
  const auto addr = partial_address(text);
  if (addr) return *addr;
  if (text.contains(':')) refuse("-6", "an IPv6 address", "A.B.C.D");
  fail(fmt::format("Error: {} address is expected rather than \"{}\".\n", family, text), 1);
}

std::uint32_t number(std::string_view text, std::string_view message) {
  const auto value = to_u32(text);
  if (!value) bad_argument(message, text);
  return *value;
}

MacAddr lladdr(std::string_view text) {
  const auto mac = MacAddr::parse(text);
  if (!mac) fail(fmt::format("\"{}\" is invalid lladdr.\n", text), 1);
  return *mac;
}

bool on_off(std::string_view keyword, std::string_view text) {
  if (text == "on") return true;
  if (text == "off") return false;
  fail(fmt::format("Error: argument of \"{}\" must be \"on\" or \"off\", not \"{}\"\n", keyword,
                   text),
       1);
}

std::optional<std::uint32_t> table_of(std::string_view text) {
  if (text == "local") return kTableLocal;
  if (text == "main") return kTableMain;
  if (text == "default") return kTableDefault;
  if (text == "unspec") return 0;
  return to_u32(text);
}

std::optional<RouteProto> proto_of(std::string_view text) {
  for (const RouteProto proto :
       {RouteProto::kRedirect, RouteProto::kKernel, RouteProto::kBoot, RouteProto::kStatic}) {
    if (text == proto_name(proto)) return proto;
  }
  const auto value = to_u32(text);
  if (value && *value >= 1 && *value <= 4) return static_cast<RouteProto>(*value);
  return std::nullopt;
}

std::optional<Scope> scope_of(std::string_view text) {
  for (const Scope scope :
       {Scope::kUniverse, Scope::kSite, Scope::kLink, Scope::kHost, Scope::kNowhere}) {
    if (text == scope_name(scope)) return scope;
  }
  const auto value = to_u32(text);
  for (const Scope scope :
       {Scope::kUniverse, Scope::kSite, Scope::kLink, Scope::kHost, Scope::kNowhere}) {
    if (value && *value == static_cast<std::uint32_t>(scope)) return scope;
  }
  return std::nullopt;
}

std::optional<RouteType> route_type_of(std::string_view text) {
  for (const RouteType type :
       {RouteType::kUnicast, RouteType::kLocal, RouteType::kBroadcast, RouteType::kBlackhole,
        RouteType::kUnreachable, RouteType::kProhibit}) {
    if (text == route_type_name(type)) return type;
  }
  return std::nullopt;
}

std::optional<NeighState> neigh_state_of(std::string_view text) {
  using enum NeighState;
  constexpr std::array<std::pair<std::string_view, NeighState>, 9> kNames = {
      {{"permanent", kPermanent},
       {"reachable", kReachable},
       {"noarp", kNoArp},
       {"none", kNone},
       {"stale", kStale},
       {"incomplete", kIncomplete},
       {"delay", kDelay},
       {"probe", kProbe},
       {"failed", kFailed}}};
  for (const auto& [name, state] : kNames) {
    if (matches(text, name)) return state;
  }
  return std::nullopt;
}

}  // namespace ip

namespace {

enum class Object : std::uint8_t { kAddr, kLink, kRoute, kRule, kNeigh, kTunnel, kHelp, kOther };

struct ObjectName {
  std::string_view name;
  Object object;
};
// In the order in which ip looks them up. Source: ip/ip.c: cmds[].
constexpr std::array kObjects = {
    ObjectName{"address", Object::kAddr},     ObjectName{"addrlabel", Object::kOther},
    ObjectName{"maddress", Object::kOther},   ObjectName{"route", Object::kRoute},
    ObjectName{"rule", Object::kRule},        ObjectName{"neighbor", Object::kNeigh},
    ObjectName{"neighbour", Object::kNeigh},  ObjectName{"ntable", Object::kOther},
    ObjectName{"ntbl", Object::kOther},       ObjectName{"link", Object::kLink},
    ObjectName{"l2tp", Object::kOther},       ObjectName{"fou", Object::kOther},
    ObjectName{"ila", Object::kOther},        ObjectName{"macsec", Object::kOther},
    ObjectName{"tunnel", Object::kTunnel},    ObjectName{"tuntap", Object::kOther},
    ObjectName{"tap", Object::kOther},        ObjectName{"token", Object::kOther},
    ObjectName{"tcpmetrics", Object::kOther}, ObjectName{"monitor", Object::kOther},
    ObjectName{"xfrm", Object::kOther},       ObjectName{"mroute", Object::kOther},
    ObjectName{"mrule", Object::kOther},      ObjectName{"netns", Object::kOther},
    ObjectName{"netconf", Object::kOther},    ObjectName{"vrf", Object::kOther},
    ObjectName{"sr", Object::kOther},         ObjectName{"nexthop", Object::kOther},
    ObjectName{"mptcp", Object::kOther},      ObjectName{"ioam", Object::kOther},
    ObjectName{"help", Object::kHelp},        ObjectName{"stats", Object::kOther}};

constexpr std::string_view kModelledOptions = "-4 -6 -s -br -j -p -o -d -N";
constexpr std::array<std::string_view, 12> kOtherOptions = {
    "-loops",   "-0",         "-M",      "-B",     "-human-readable", "-iec",
    "-resolve", "-timestamp", "-tshort", "-force", "-batch",          "-rcvbuf"};

/// Reads the options before the object. True if -V was among them.
bool read_global_options(ip::Words& words, IpOptions& options) {
  for (; !words.done(); words.skip()) {
    std::string_view word = words.peek();
    if (word == "--") {
      words.skip();
      return false;
    }
    if (!word.starts_with('-')) return false;
    if (word.starts_with("--")) word.remove_prefix(1);
    if (ip::matches(word, "-family") && word.size() > 1) {
      const std::string& family = words.value();
      if (family != "inet" && family != "inet6") {
        if (family == "mpls" || family == "bridge" || family == "link") {
          ip::refuse("-f", "family " + family, "inet");
        }
        ip::bad_argument("invalid protocol family", family);
      }
      options.family = family == "inet" ? IpFamily::kInet : IpFamily::kInet6;
    } else if (word == "-4" || word == "-6") {
      options.family = word == "-4" ? IpFamily::kInet : IpFamily::kInet6;
    } else if (ip::matches(word, "-stats") || ip::matches(word, "-statistics")) {
      ++options.stats;
    } else if (ip::matches(word, "-details")) {
      options.details = true;
    } else if (ip::matches(word, "-oneline")) {
      options.oneline = true;
    } else if (ip::matches(word, "-Version")) {
      return true;
    } else if (word != "-b" && ip::matches(word, "-brief")) {
      options.brief = true;
    } else if (ip::matches(word, "-json")) {
      options.json = true;
    } else if (ip::matches(word, "-pretty")) {
      options.pretty = true;
    } else if (ip::matches(word.substr(0, word.find('=')), "-color")) {
      continue;
    } else if (ip::matches(word, "-Numeric")) {
      options.numeric = true;
    } else if (word != "-h" && ip::matches(word, "-help")) {
      ip::show_usage(usage::kIp);
    } else {
      for (const std::string_view other : kOtherOptions) {
        if (ip::matches(word, other))
          ip::refuse("", fmt::format("option {}", words.peek()), kModelledOptions);
      }
      if (ip::matches(word, "-netns") || ip::matches(word, "-all")) {
        ip::refuse("", fmt::format("option {}", words.peek()), kModelledOptions);
      }
      ip::fail(fmt::format("Option \"{}\" is unknown, try \"ip -help\".\n", words.peek()), 255);
    }
  }
  return false;
}

Object object_of(std::string_view word) {
  for (const ObjectName& candidate : kObjects) {
    if (!ip::matches(word, candidate.name)) continue;
    if (candidate.object == Object::kOther) {
      ip::refuse(candidate.name, "this object", "addr, link, route, rule, neigh, tunnel");
    }
    return candidate.object;
  }
  ip::fail(fmt::format("Object \"{}\" is unknown, try \"ip help\".\n", word), 1);
}

/// Combinations that the real tool has and this one does not.
void refuse_unmodelled_layouts(const IpCommand& command) {
  const bool link = std::holds_alternative<IpLinkShow>(command.action);
  const bool addr = std::holds_alternative<IpAddrShow>(command.action);
  const IpOptions& options = command.options;
  if ((link || addr) && options.details && !options.brief) {
    ip::refuse(link ? "link" : "addr", "option -d", "-s -br -j -o");
  }
  if (options.brief && options.json) ip::refuse("", "-br together with -j", "-j");
  const bool neigh = std::holds_alternative<IpNeighShow>(command.action);
  if (neigh && options.brief) ip::refuse("neigh", "option -br", "-s -j");
}

/// Only the listing: the devices themselves come with `modprobe ipip`.
IpAction parse_tunnel(ip::Words& words) {
  IpTunnelShow show;
  if (words.done()) return show;
  const std::string_view verb = words.peek();
  if (!ip::matches(verb, "show") && !ip::matches(verb, "list") && verb != "lst") {
    ip::refuse("tunnel", std::string(verb), "ip tunnel show; modprobe ipip brings tunl0");
  }
  words.skip();
  if (!words.done()) {
    show.dev = words.peek();
    words.skip();
  }
  if (!words.done()) ip::refuse("tunnel show", std::string(words.peek()), "ip tunnel show NAME");
  return show;
}

IpAction parse_object(ip::Words& words, const IpOptions& options) {
  const Object object = object_of(words.peek());
  words.skip();
  const bool ipv6 = options.family == IpFamily::kInet6 || words.speak_ipv6();
  const auto is_change = [&] {
    if (words.done()) return false;
    for (const std::string_view verb : {"add", "change", "chg", "replace", "delete"}) {
      if (ip::matches(words.peek(), verb)) return true;
    }
    return false;
  };
  if (ipv6 && object == Object::kRoute) return ip::parse_route6(words);
  if (ipv6 && object == Object::kAddr && is_change()) return ip::parse_addr6(words);
  if (ipv6 && object == Object::kNeigh && is_change()) return ip::parse_neigh6(words);
  switch (object) {
    case Object::kAddr: return ip::parse_addr(words);
    case Object::kLink: return ip::parse_link(words);
    case Object::kRoute: return ip::parse_route(words, options);
    case Object::kRule: return ip::parse_rule(words);
    case Object::kNeigh: return ip::parse_neigh(words);
    case Object::kTunnel: return parse_tunnel(words);
    default: ip::show_usage(usage::kIp);
  }
}

}  // namespace

Parsed<IpCommand> parse_ip(Args args) {
  try {
    ip::Words words(args.subspan(1));
    IpCommand command;
    if (read_global_options(words, command.options)) {
      command.options = {};
      command.action = IpVersion{};
      return command;
    }
    if (words.done()) ip::show_usage(usage::kIp);
    command.action = parse_object(words, command.options);
    refuse_unmodelled_layouts(command);
    return command;
  } catch (ip::BadUsage& bad) {
    return std::unexpected(std::move(bad.output));
  }
}

}  // namespace lvslab::command
