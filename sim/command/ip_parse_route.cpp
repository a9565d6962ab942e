#include <fmt/core.h>

#include <array>

#include "sim/command/ip_words.h"
#include "sim/command/usage.h"

namespace lvslab::command::ip {

namespace {

std::string_view family_name(const IpOptions& options) {
  return options.family == IpFamily::kInet ? "inet" : "any valid";
}

/// The selector of list and flush. Source: ip/iproute.c: iproute_list_flush_or_save().
IpRouteShow parse_selector(Words& words, const IpOptions& options) {
  IpRouteShow show;
  const std::string_view family = family_name(options);
  for (; !words.done(); words.skip()) {
    std::string_view word = words.peek();
    if (matches(word, "table")) {
      const std::string& value = words.value();
      show.table = table_of(value);
      show.all_tables = value == "all" || (show.table && *show.table == 0);
      if (show.all_tables) {
        show.table.reset();
      } else if (!show.table && value == "cache") {
        show.cache = true;
      } else if (!show.table) {
        if (value == "help") show_usage(usage::kIpRoute);
        bad_argument("table id value is invalid\n", value);
      }
    } else if (matches(word, "cached") || matches(word, "cloned")) {
      show.cache = true;
    } else if (matches(word, "protocol")) {
      const std::string& value = words.value();
      if (value == "all") continue;
      show.proto = proto_of(value);
      if (!show.proto) bad_argument("invalid \"protocol\"\n", value);
    } else if (matches(word, "scope")) {
      const std::string& value = words.value();
      if (value == "all") continue;
      show.scope = scope_of(value);
      if (!show.scope) bad_argument("invalid \"scope\"\n", value);
    } else if (matches(word, "type")) {
      const std::string& value = words.value();
      show.type = route_type_of(value);
      if (!show.type)
        refuse("route", "type " + value, "unicast, local, broadcast, blackhole, unreachable");
    } else if (word == "dev" || word == "oif") {
      show.dev = words.value();
    } else if (word == "via") {
      show.via = address(words.value(), family);
    } else if (word == "src") {
      show.src = address(words.value(), family);
    } else if (word == "vrf" || word == "tos" || word == "dsfield" || word == "iif" ||
               word == "mark" || word == "realms" || word == "from" || word == "metric") {
      refuse("route", fmt::format("selector {}", word), "table, dev, via, src, proto, scope, type");
    } else {
      if (matches(word, "to")) word = words.value();
      show.match = IpRouteShow::Match::kExact;
      if (matches(word, "root") || matches(word, "match") || matches(word, "exact")) {
        show.match = matches(word, "root")    ? IpRouteShow::Match::kRoot
                     : matches(word, "match") ? IpRouteShow::Match::kMatch
                                              : IpRouteShow::Match::kExact;
        word = words.value();
      } else if (matches(word, "help")) {
        show_usage(usage::kIpRoute);
      }
      show.dst = prefix(word, family);
    }
  }
  return show;
}

bool is_unmodelled_route_keyword(std::string_view word) {
  constexpr std::array<std::string_view, 31> kWords = {
      "as",        "from",          "tos",
      "dsfield",   "expires",       "hoplimit",
      "advmss",    "reordering",    "rtt",
      "rto_min",   "window",        "cwnd",
      "initcwnd",  "initrwnd",      "features",
      "quickack",  "congctl",       "rttvar",
      "ssthresh",  "realms",        "nexthop",
      "nhid",      "vrf",           "pref",
      "encap",     "ttl-propagate", "fastopen_no_cookie",
      "pervasive", "weight",        "uid",
      "notify"};
  for (const std::string_view keyword : kWords) {
    if (word == keyword) return true;
  }
  return false;
}

/// Source: ip/iproute.c: iproute_modify().
IpRouteChange parse_change(Words& words, IpVerb verb, const IpOptions& options) {
  if (words.done()) show_usage(usage::kIpRoute);
  IpRouteChange change;
  change.verb = verb;
  bool have_dst = false;
  std::string_view family = family_name(options);
  for (; !words.done(); words.skip()) {
    std::string_view word = words.peek();
    if (word == "src") {
      change.src = address(words.value(), family);
    } else if (word == "via") {
      std::string_view value = words.value();
      if (value == "inet") value = words.value();
      if (value == "inet6") refuse("route", "via inet6", "via A.B.C.D");
      change.via = address(value, family);
      family = "inet";
    } else if (word == "metric" || matches(word, "priority") || word == "preference") {
      change.metric = number(words.value(), "\"metric\" value is invalid\n");
    } else if (word == "scope") {
      const std::string& value = words.value();
      change.scope = scope_of(value);
      if (!change.scope) bad_argument("invalid \"scope\" value\n", value);
    } else if (word == "mtu") {
      change.mtu = number(words.value(), "\"mtu\" value is invalid\n");
    } else if (word == "onlink") {
      change.onlink = true;
    } else if (matches(word, "protocol")) {
      const std::string& value = words.value();
      change.proto = proto_of(value);
      if (!change.proto) bad_argument("\"protocol\" value is invalid\n", value);
    } else if (matches(word, "table")) {
      const std::string& value = words.value();
      change.table = table_of(value);
      if (!change.table) bad_argument("\"table\" value is invalid\n", value);
    } else if (word == "dev" || word == "oif") {
      change.dev = words.value();
    } else if (is_unmodelled_route_keyword(word)) {
      refuse("route", fmt::format("keyword {}", word),
             "via, dev, src, metric, table, scope, proto, onlink");
    } else {
      if (word == "to") word = words.value();
      if (const auto type = route_type_of(word)) {
        change.type = type;
        word = words.value();
      } else if (word == "throw" || word == "nat" || word == "multicast" || word == "anycast") {
        refuse("route", fmt::format("type {}", word),
               "unicast, local, blackhole, unreachable, prohibit");
      }
      if (matches(word, "help")) show_usage(usage::kIpRoute);
      if (have_dst) duplicate("to", word);
      change.dst = prefix(word, family);
      if (word != "default" && word != "any" && word != "all") family = "inet";
      have_dst = true;
    }
  }
  return change;
}

/// Source: ip/iproute.c: iproute_get().
IpRouteGet parse_get(Words& words) {
  IpRouteGet get;
  bool have_dst = false;
  for (; !words.done(); words.skip()) {
    std::string_view word = words.peek();
    if (matches(word, "from")) {
      get.from = prefix(words.value(), have_dst ? "inet" : "any valid").addr;
    } else if (matches(word, "iif")) {
      get.iif = words.value();
    } else if (matches(word, "oif") || word == "dev") {
      get.oif = words.value();
    } else if (matches(word, "mark")) {
      get.mark = number(words.value(), "invalid mark value");
    } else if (word == "tos" || word == "dsfield" || word == "vrf" || word == "uid" ||
               word == "as" || matches(word, "fibmatch") || matches(word, "notify") ||
               matches(word, "connected") || word == "sport" || word == "dport" ||
               word == "ipproto") {
      refuse("route", fmt::format("get {}", word),
             "get A.B.C.D [from A iif DEV] [oif DEV] [mark N]");
    } else {
      if (word == "to") word = words.value();
      if (matches(word, "help")) show_usage(usage::kIpRoute);
      get.dst = prefix(word, "any valid").addr;
      have_dst = true;
    }
  }
  if (!have_dst) fail("need at least a destination address\n", 1);
  return get;
}

}  // namespace

IpAction parse_route(Words& words, const IpOptions& options) {
  if (words.done()) return IpRouteShow{};
  const std::string word = words.peek();
  words.skip();
  if (matches(word, "list") || matches(word, "show") || matches(word, "lst")) {
    IpRouteShow show = parse_selector(words, options);
    if (show.cache) refuse("route", "show cache", "ip route get ADDRESS");
    return show;
  }
  if (matches(word, "get")) return parse_get(words);
  if (matches(word, "add")) return parse_change(words, IpVerb::kAdd, options);
  if (matches(word, "change") || word == "chg")
    return parse_change(words, IpVerb::kChange, options);
  if (matches(word, "replace")) return parse_change(words, IpVerb::kReplace, options);
  if (matches(word, "prepend")) return parse_change(words, IpVerb::kPrepend, options);
  if (matches(word, "append")) return parse_change(words, IpVerb::kAppend, options);
  if (word != "t" && matches(word, "test")) refuse("route", "test", "get");
  if (matches(word, "delete")) return parse_change(words, IpVerb::kDel, options);
  if (matches(word, "flush")) {
    if (words.done()) fail("\"ip route flush\" requires arguments.\n", 1);
    return IpRouteFlush{parse_selector(words, options)};
  }
  for (const std::string_view other : {"save", "restore", "showdump"}) {
    if (matches(word, other)) refuse("route", other, "show");
  }
  if (matches(word, "help")) show_usage(usage::kIpRoute);
  fail(fmt::format("Command \"{}\" is unknown, try \"ip route help\".\n", word), 255);
}

namespace {

/// Source: ip/iprule.c: iprule_modify().
IpRuleChange parse_rule_change(Words& words, IpVerb verb) {
  if (words.done()) {
    fail(fmt::format("\"ip rule {}\" requires arguments.\n", verb == IpVerb::kAdd ? "add" : "del"),
         1);
  }
  IpRuleChange rule;
  rule.verb = verb;
  for (; !words.done(); words.skip()) {
    std::string_view word = words.peek();
    if (word == "not") {
      refuse("rule", "keyword not", "from, to, fwmark, iif, oif, lookup, pref");
    } else if (word == "from" || word == "to") {
      (word == "from" ? rule.from : rule.to) = prefix(words.value(), "any valid");
    } else if (matches(word, "preference") || matches(word, "order") || matches(word, "priority")) {
      rule.priority = number(words.value(), "preference value is invalid\n");
    } else if (word == "fwmark") {
      const std::string& value = words.value();
      const std::size_t slash = value.find('/');
      rule.fwmark = number(value.substr(0, slash), "fwmark value is invalid\n");
      if (slash != std::string::npos) {
        rule.fwmask = number(value.substr(slash + 1), "fwmask value is invalid\n");
      }
    } else if (matches(word, "table") || matches(word, "lookup")) {
      const std::string& value = words.value();
      rule.table = table_of(value);
      if (!rule.table) bad_argument("invalid table ID\n", value);
    } else if (word == "dev" || word == "iif") {
      rule.iif = words.value();
    } else if (word == "oif") {
      rule.oif = words.value();
    } else if (word == "tos" || word == "dsfield" || word == "realms" || word == "protocol" ||
               word == "tun_id" || word == "goto" || word == "nop" || word == "l3mdev" ||
               word == "uidrange" || word == "ipproto" || word == "sport" || word == "dport" ||
               word.starts_with("suppress_")) {
      refuse("rule", fmt::format("keyword {}", word), "from, to, fwmark, iif, oif, lookup, pref");
    } else {
      if (word.size() > 1 && matches(word, "type")) word = words.value();
      if (matches(word, "help")) show_usage(usage::kIpRule);
      const auto type = route_type_of(word);
      if (!type) bad_argument("Failed to parse rule type", word);
      rule.action = *type;
    }
  }
  return rule;
}

}  // namespace

IpAction parse_rule(Words& words) {
  if (words.done()) return IpRuleShow{};
  const std::string word = words.peek();
  words.skip();
  if (matches(word, "list") || matches(word, "lst") || matches(word, "show")) {
    IpRuleShow show;
    for (; !words.done(); words.skip()) {
      const std::string_view key = words.peek();
      if (!matches(key, "table") && !matches(key, "lookup")) {
        refuse("rule", fmt::format("selector {}", key), "ip rule show table N");
      }
      const std::string& value = words.value();
      show.table = table_of(value);
      if (!show.table) bad_argument("table id value is invalid\n", value);
    }
    return show;
  }
  if (matches(word, "add")) return parse_rule_change(words, IpVerb::kAdd);
  if (matches(word, "delete")) return parse_rule_change(words, IpVerb::kDel);
  if (matches(word, "flush")) {
    if (!words.done()) refuse("rule", "flush with a selector", "ip rule flush");
    return IpRuleFlush{};
  }
  if (matches(word, "save") || matches(word, "restore")) refuse("rule", word, "show");
  if (matches(word, "help")) show_usage(usage::kIpRule);
  fail(fmt::format("Command \"{}\" is unknown, try \"ip rule help\".\n", word), 255);
}

namespace {

IpNeighShow parse_neigh_filter(Words& words) {
  IpNeighShow show;
  for (; !words.done(); words.skip()) {
    std::string_view word = words.peek();
    if (word == "dev") {
      if (!show.dev.empty()) duplicate("dev", words.value());
      show.dev = words.value();
    } else if (word == "nud") {
      const std::string& value = words.value();
      if (value == "all") {
        show.all_states = true;
        continue;
      }
      if (show.nud) refuse("neigh", "more than one nud state", "nud all");
      show.nud = neigh_state_of(value);
      if (!show.nud) bad_argument("nud state is bad", value);
    } else if (word == "unused" || word == "proxy" || word == "master" || word == "vrf" ||
               word == "nomaster" || word == "protocol") {
      refuse("neigh", fmt::format("selector {}", word), "dev, to, nud");
    } else {
      if (word == "to") word = words.value();
      if (matches(word, "help")) show_usage(usage::kIpNeigh);
      if (word == "all" || word == "any" || word == "default") continue;
      show.to = prefix(word, "any valid");
    }
  }
  return show;
}

IpNeighChange parse_neigh_change(Words& words, IpVerb verb) {
  IpNeighChange change;
  change.verb = verb;
  bool have_ip = false;
  for (; !words.done(); words.skip()) {
    std::string_view word = words.peek();
    if (word == "lladdr") {
      if (change.lladdr) duplicate("lladdr", words.value());
      change.lladdr = lladdr(words.value());
    } else if (word == "nud") {
      const std::string& value = words.value();
      change.nud = neigh_state_of(value);
      if (!change.nud) bad_argument("nud state is bad", value);
    } else if (word == "dev") {
      change.dev = words.value();
    } else if (word == "proxy" || word == "router" || word == "use" || word == "managed" ||
               word == "extern_learn" || word == "protocol") {
      refuse("neigh", fmt::format("keyword {}", word), "A.B.C.D lladdr MAC dev NAME nud STATE");
    } else {
      if (word == "to") word = words.value();
      if (matches(word, "help")) show_usage(usage::kIpNeigh);
      if (have_ip) duplicate("to", word);
      change.ip = address(word, "any valid");
      have_ip = true;
    }
  }
  if (change.dev.empty() || !have_ip) fail("Device and destination are required arguments.\n", 255);
  return change;
}

}  // namespace

IpAction parse_neigh(Words& words) {
  if (words.done()) return IpNeighShow{};
  const std::string word = words.peek();
  words.skip();
  if (matches(word, "add")) return parse_neigh_change(words, IpVerb::kAdd);
  if (matches(word, "change") || word == "chg") return parse_neigh_change(words, IpVerb::kChange);
  if (matches(word, "replace")) return parse_neigh_change(words, IpVerb::kReplace);
  if (matches(word, "delete")) return parse_neigh_change(words, IpVerb::kDel);
  if (matches(word, "get")) refuse("neigh", "get", "ip neigh show to A.B.C.D");
  if (matches(word, "show") || matches(word, "lst") || matches(word, "list")) {
    return parse_neigh_filter(words);
  }
  if (matches(word, "flush")) {
    if (words.done()) fail("Flush requires arguments.\n", 1);
    return IpNeighFlush{parse_neigh_filter(words)};
  }
  if (matches(word, "help")) show_usage(usage::kIpNeigh);
  fail(fmt::format("Command \"{}\" is unknown, try \"ip neigh help\".\n", word), 255);
}

}  // namespace lvslab::command::ip
