// `ip -6`: addresses, routes and neighbours of IPv6 as typed commands.
// Source: iproute2 6.1 ip/ipaddress.c, iproute.c, ipneigh.c, lib/utils.c.
#include <fmt/core.h>

#include "sim/command/ip_words.h"
#include "sim/command/usage.h"

namespace lvslab::command::ip {
namespace {

Ipv6Prefix prefix6(std::string_view text) {
  if (text == "default" || text == "any" || text == "all") return {{}, 0};
  const auto found = Ipv6Prefix::parse(text);
  if (!found) fail(fmt::format("Error: inet6 prefix is expected rather than \"{}\".\n", text), 1);
  return *found;
}

Ipv6Addr address6(std::string_view text) {
  const auto found = Ipv6Addr::parse(text);
  if (!found) fail(fmt::format("Error: inet6 address is expected rather than \"{}\".\n", text), 1);
  return *found;
}

IpAddr6Change parse_addr_change(Words& words, IpVerb verb) {
  IpAddr6Change change;
  change.verb = verb;
  bool have_local = false;
  for (; !words.done(); words.skip()) {
    const std::string& word = words.peek();
    if (word == "dev") {
      change.dev = words.value();
    } else if (word == "nodad") {
      continue;  // nobody probes addresses here
    } else if (const auto local = Ipv6Prefix::parse(word); local && !have_local) {
      change.local = *local;
      have_local = true;
    } else {
      refuse("-6 addr", word, "A/LEN dev NAME");
    }
  }
  if (change.dev.empty()) fail("Not enough information: \"dev\" argument is required.\n", 1);
  if (!have_local) refuse("-6 addr", "a change without an address", "ip -6 addr add A/LEN dev X");
  return change;
}

std::uint32_t table_or_fail(const std::string& text) {
  const auto table = table_of(text);
  if (!table) bad_argument("\"table\" value is invalid\n", text);
  return *table;
}

IpRoute6Change parse_route_change(Words& words, IpVerb verb) {
  IpRoute6Change change;
  change.verb = verb;
  bool have_dst = false;
  for (; !words.done(); words.skip()) {
    const std::string& word = words.peek();
    if (word == "via") {
      change.via = address6(words.value());
    } else if (word == "dev") {
      change.dev = words.value();
    } else if (word == "src") {
      change.src = address6(words.value());
    } else if (matches(word, "metric") || matches(word, "priority") || word == "preference") {
      change.metric = number(words.value(), "\"metric\" value is invalid\n");
    } else if (matches(word, "table")) {
      change.table = table_or_fail(words.value());
    } else if (word == "blackhole" || word == "unreachable" || word == "prohibit") {
      change.type = *route_type_of(word);
    } else if (!have_dst) {
      change.dst = prefix6(word == "to" ? words.value() : word);
      have_dst = true;
    } else {
      refuse("-6 route", word, "PREFIX via A dev NAME src A metric N table T");
    }
  }
  if (!have_dst)
    refuse("-6 route", "a route without a destination", "ip -6 route add PREFIX via A");
  return change;
}

IpRoute6Get parse_route_get(Words& words) {
  IpRoute6Get get;
  bool have_dst = false;
  for (; !words.done(); words.skip()) {
    const std::string& word = words.peek();
    if (word == "from") {
      get.from = address6(words.value());
    } else if (word == "oif" || word == "dev") {
      get.oif = words.value();
    } else if (!have_dst) {
      get.dst = address6(word == "to" ? words.value() : word);
      have_dst = true;
    } else {
      refuse("-6 route get", word, "ip -6 route get A from A oif NAME");
    }
  }
  if (!have_dst) fail("need at least a destination address\n", 1);
  return get;
}

IpRoute6Show parse_route_show(Words& words) {
  IpRoute6Show show;
  for (; !words.done(); words.skip()) {
    const std::string& word = words.peek();
    if (matches(word, "table")) {
      const std::string& table = words.value();
      if (table == "all") {
        show.all_tables = true;
      } else {
        show.table = table_or_fail(table);
      }
    } else if (word == "dev") {
      show.dev = words.value();
    } else if (const auto dst = Ipv6Prefix::parse(word); dst || word == "default") {
      show.dst = dst.value_or(Ipv6Prefix{{}, 0});
    } else {
      refuse("-6 route show", word, "PREFIX, dev NAME, table T");
    }
  }
  return show;
}

}  // namespace

IpAction parse_addr6(Words& words) {
  const std::string word = words.peek();
  words.skip();
  if (matches(word, "add")) return parse_addr_change(words, IpVerb::kAdd);
  if (matches(word, "change") || word == "chg") return parse_addr_change(words, IpVerb::kChange);
  if (matches(word, "replace")) return parse_addr_change(words, IpVerb::kReplace);
  if (matches(word, "delete")) return parse_addr_change(words, IpVerb::kDel);
  refuse("-6 addr", word, "show, add, replace, del");
}

IpAction parse_route6(Words& words) {
  if (words.done()) return IpRoute6Show{};
  const std::string word = words.peek();
  words.skip();
  if (matches(word, "add")) return parse_route_change(words, IpVerb::kAdd);
  if (matches(word, "change") || word == "chg") return parse_route_change(words, IpVerb::kChange);
  if (matches(word, "replace")) return parse_route_change(words, IpVerb::kReplace);
  if (matches(word, "append")) return parse_route_change(words, IpVerb::kAppend);
  if (matches(word, "delete")) return parse_route_change(words, IpVerb::kDel);
  if (matches(word, "get")) return parse_route_get(words);
  if (matches(word, "list") || matches(word, "show") || word == "lst") {
    return parse_route_show(words);
  }
  refuse("-6 route", word, "show, add, replace, append, del, get");
}

IpAction parse_neigh6(Words& words) {
  const std::string word = words.peek();
  words.skip();
  IpNeigh6Change change;
  if (matches(word, "add")) {
    change.verb = IpVerb::kAdd;
  } else if (matches(word, "change") || word == "chg") {
    change.verb = IpVerb::kChange;
  } else if (matches(word, "replace")) {
    change.verb = IpVerb::kReplace;
  } else if (matches(word, "delete")) {
    change.verb = IpVerb::kDel;
  } else {
    refuse("-6 neigh", word, "show, add, change, replace, del, flush");
  }
  bool have_ip = false;
  for (; !words.done(); words.skip()) {
    const std::string& at = words.peek();
    if (matches(at, "lladdr") && at.size() > 1) {
      change.lladdr = lladdr(words.value());
    } else if (at == "dev") {
      change.dev = words.value();
    } else if (at == "nud") {
      const std::string& state = words.value();
      change.nud = neigh_state_of(state);
      if (!change.nud) bad_argument("nud state is bad", state);
    } else if (!have_ip) {
      change.ip = address6(at == "to" ? words.value() : at);
      have_ip = true;
    } else {
      refuse("-6 neigh", at, "A lladdr MAC dev NAME nud STATE");
    }
  }
  if (!have_ip || change.dev.empty()) fail("Device and destination are required arguments.\n", 1);
  return change;
}

}  // namespace lvslab::command::ip
