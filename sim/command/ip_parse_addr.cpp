#include <fmt/core.h>

#include <array>

#include "sim/command/ip_words.h"
#include "sim/command/usage.h"

namespace lvslab::command::ip {

namespace {

constexpr std::array<std::string_view, 20> kUnmodelledShow = {
    "dynamic",    "permanent",   "temporary",     "tentative",  "-tentative",
    "deprecated", "-deprecated", "dadfailed",     "-dadfailed", "group",
    "master",     "vrf",         "nomaster",      "type",       "home",
    "nodad",      "mngtmpaddr",  "noprefixroute", "autojoin",   "proto"};

template <std::size_t N>
void refuse_known(const std::array<std::string_view, N>& known, std::string_view object,
                  std::string_view word, std::string_view close) {
  for (const std::string_view keyword : known) {
    if (word == keyword) refuse(object, fmt::format("keyword {}", word), close);
  }
}

/// The filter of show and flush, for addresses and links. Source: ipaddr_list_flush_or_save().
IpAddrShow parse_filter(Words& words, std::string_view usage_text) {
  IpAddrShow show;
  for (; !words.done(); words.skip()) {
    std::string_view word = words.peek();
    if (word == "to") {
      show.to = prefix(words.value(), "any valid");
    } else if (word == "scope") {
      const std::string& value = words.value();
      if (value == "all") continue;
      show.scope = scope_of(value);
      if (!show.scope) bad_argument("invalid \"scope\"\n", value);
    } else if (word == "up") {
      show.up_only = true;
    } else if (word == "primary") {
      show.primary_only = true;
    } else if (word == "secondary") {
      show.secondary_only = true;
    } else if (word == "label") {
      show.label = words.value();
    } else {
      refuse_known(kUnmodelledShow, "addr", word, "dev, to, scope, up, label, primary, secondary");
      if (word == "dev") word = words.value();
      if (word != "dev" && matches(word, "help")) show_usage(usage_text);
      if (!show.dev.empty()) duplicate("dev", word);
      show.dev = word;
    }
  }
  return show;
}

IpAddrChange parse_change(Words& words, IpVerb verb) {
  using Broadcast = IpAddrChange::Broadcast;
  constexpr std::array<std::string_view, 12> kUnmodelled = {
      "peer",          "remote", "anycast", "metric",     "priority",      "valid_lft",
      "preferred_lft", "home",   "nodad",   "mngtmpaddr", "noprefixroute", "autojoin"};
  IpAddrChange change;
  change.verb = verb;
  bool have_local = false;
  for (; !words.done(); words.skip()) {
    std::string_view word = words.peek();
    refuse_known(kUnmodelled, "addr", word, "A/LEN dev, brd, scope, label");
    if (word == "brd" || matches(word, "broadcast")) {
      const std::string& value = words.value();
      if (change.broadcast_kind != Broadcast::kNone) duplicate("broadcast", value);
      if (value == "+" || value == "-") {
        change.broadcast_kind = value == "+" ? Broadcast::kPlus : Broadcast::kMinus;
      } else {
        change.broadcast_kind = Broadcast::kAddress;
        change.broadcast = address(value, have_local ? "inet" : "any valid");
      }
    } else if (word == "scope") {
      const std::string& value = words.value();
      change.scope = scope_of(value);
      if (!change.scope) bad_argument("invalid scope value.", value);
    } else if (word == "dev") {
      change.dev = words.value();
    } else if (word == "label") {
      change.label = words.value();
    } else {
      if (word == "local") word = words.value();
      if (matches(word, "help")) show_usage(usage::kIpAddr);
      if (have_local) duplicate("local", word);
      change.local = prefix(word, "any valid");
      change.len_given = word.contains('/');
      have_local = true;
    }
  }
  if (change.dev.empty()) fail("Not enough information: \"dev\" argument is required.\n", 1);
  if (!have_local) refuse("addr", "a change without an address", "ip addr add A/LEN dev NAME");
  if (change.label.size() > 15) refuse("addr", "a label of more than 15 characters", "eth0:1");
  return change;
}

}  // namespace

IpAction parse_addr(Words& words) {
  if (words.done()) return IpAddrShow{};
  const std::string word = words.peek();
  words.skip();
  if (matches(word, "add")) return parse_change(words, IpVerb::kAdd);
  if (matches(word, "change") || word == "chg") return parse_change(words, IpVerb::kChange);
  if (matches(word, "replace")) return parse_change(words, IpVerb::kReplace);
  if (matches(word, "delete")) return parse_change(words, IpVerb::kDel);
  if (matches(word, "show") || matches(word, "list") || matches(word, "lst")) {
    return parse_filter(words, usage::kIpAddr);
  }
  if (matches(word, "flush")) {
    if (words.done()) fail("Flush requires arguments.\n", 1);
    return IpAddrFlush{parse_filter(words, usage::kIpAddr)};
  }
  for (const std::string_view other : {"save", "showdump", "restore"}) {
    if (matches(word, other)) refuse("addr", other, "show");
  }
  if (matches(word, "help")) show_usage(usage::kIpAddr);
  fail(fmt::format("Command \"{}\" is unknown, try \"ip address help\".\n", word), 255);
}

namespace {

IpLinkSet parse_link_set(Words& words) {
  constexpr std::array<std::string_view, 18> kUnmodelled = {
      "name",     "alias",   "netns",       "master",    "nomaster",     "vrf",
      "type",     "vf",      "group",       "broadcast", "allmulticast", "dynamic",
      "trailers", "carrier", "addrgenmode", "protodown", "xdp",          "link-netnsid"};
  IpLinkSet set;
  for (; !words.done(); words.skip()) {
    std::string_view word = words.peek();
    if (word == "up" || word == "down") {
      set.up = word == "up";
    } else if (word == "mtu") {
      set.mtu = number(words.value(), "Invalid \"mtu\" value\n");
    } else if (word == "txqueuelen" || word == "txqlen" || word == "qlen") {
      set.tx_queue_len = number(words.value(), "Invalid \"txqueuelen\" value\n");
    } else if (word == "address") {
      set.address = lladdr(words.value());
    } else if (word == "arp") {
      set.arp = on_off("arp", words.value());
    } else if (word == "promisc") {
      set.promisc = on_off("promisc", words.value());
    } else if (word == "multicast") {
      set.multicast = on_off("multicast", words.value());
    } else {
      refuse_known(kUnmodelled, "link", word, "up, down, mtu, address, arp, promisc");
      if (word == "dev") word = words.value();
      if (matches(word, "help")) show_usage(usage::kIpLink);
      if (!set.dev.empty()) duplicate("dev", word);
      set.dev = word;
    }
  }
  if (set.dev.empty()) fail("Not enough information: \"dev\" argument is required.\n", 255);
  return set;
}

}  // namespace

IpAction parse_link(Words& words) {
  if (words.done()) return IpLinkShow{};
  const std::string word = words.peek();
  words.skip();
  if (matches(word, "add")) refuse("link", "add", "set, show");
  if (matches(word, "set") || matches(word, "change")) return parse_link_set(words);
  if (matches(word, "replace")) refuse("link", "replace", "set, show");
  if (matches(word, "delete")) refuse("link", "delete", "set, show");
  if (matches(word, "show") || matches(word, "lst") || matches(word, "list")) {
    const IpAddrShow filter = parse_filter(words, usage::kIpLink);
    if (filter !=
        IpAddrShow{
            .dev = filter.dev, .up_only = filter.up_only, .to = {}, .label = {}, .scope = {}}) {
      refuse("link", "an address filter", "ip link show dev NAME up");
    }
    return IpLinkShow{filter.dev, filter.up_only};
  }
  for (const std::string_view other : {"xstats", "afstats", "property"}) {
    if (matches(word, other)) refuse("link", other, "show");
  }
  if (matches(word, "help")) show_usage(usage::kIpLink);
  fail(fmt::format("Command \"{}\" is unknown, try \"ip link help\".\n", word), 255);
}

}  // namespace lvslab::command::ip
