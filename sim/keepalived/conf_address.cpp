#include "sim/keepalived/conf_address.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace lvslab::keepalived {
namespace {

constexpr std::size_t kLongestName = 15;  // IFNAMSIZ - 1

/// One option with its value. False, and said why: there is no such address then.
bool set_option(ConfReader& r, VirtualAddress& vip, const std::string& text,
                const std::string& option, const std::string& value) {
  if (option == "dev") {
    if (!vip.dev.empty()) {
      r.report(fmt::format("Cannot specify ipaddress device more than once for {}", text));
      return false;
    }
    vip.dev = value;
    if (r.has_interface(value)) return true;
    r.report(fmt::format("WARNING - interface {} for ip address {} doesn't exist", value, text));
    return false;
  }
  if (option == "scope") {
    constexpr std::array<std::string_view, 4> kScopes{"global", "link", "host", "site"};
    const bool known = std::ranges::find(kScopes, value) != kScopes.end();
    if (!known)
      r.report(fmt::format("Invalid scope '{}' specified for {} - ignoring", value, text));
    vip.scope = known ? value : "";
    return true;
  }
  if (option == "label") {
    vip.label = value;
    if (value.size() <= kLongestName) return true;
    r.report(fmt::format("Address label {} is longer than maximum length {} - removing address",
                         value, kLongestName));
    return false;
  }
  if (value == "+") {
    vip.broadcast = vip.address.broadcast();
  } else if (value == "-") {
    vip.broadcast = vip.address.network();
  } else {
    vip.broadcast = Ipv4Addr::parse(value);
  }
  if (vip.broadcast) return true;
  r.report(fmt::format("VRRP is trying to assign invalid broadcast {}. skipping VIP...", value));
  return false;
}

}  // namespace

std::optional<VirtualAddress> virtual_address(ConfReader& r, const ConfLine& line) {
  const std::string& text = line.words.front();
  const std::size_t slash = std::min(text.find('/'), text.size());
  VirtualAddress vip;
  vip.address.len = 32;
  if (slash < text.size()) {
    const ConfLine length{{text.substr(slash + 1)}, "", line.where};
    if (const auto len = r.number(length, 0, 0, 32)) {
      vip.address.len = static_cast<std::uint8_t>(*len);
    } else {
      r.report(fmt::format("Invalid address prefix len {} for address {} - using {}",
                           text.substr(slash + 1), text, vip.address.len));
    }
  }
  const auto addr = r.address(text.substr(0, slash));
  if (!addr) {
    if (text.find(':') == std::string::npos) {
      r.report(fmt::format("VRRP parsed invalid IP {}. skipping IP...", text));
    }
    return std::nullopt;
  }
  vip.address.addr = *addr;
  for (std::size_t i = 1; i < line.words.size(); ++i) {
    const std::string& option = line.words[i];
    const bool takes_value = option == "dev" || option == "scope" || option == "broadcast" ||
                             option == "brd" || option == "label" || option == "peer" ||
                             option == "preferred_lft";
    if (takes_value && i + 1 >= line.words.size()) {
      r.report(fmt::format("No {} parameter specified for {}", option, text));
      return std::nullopt;
    }
    if (option == "dev" || option == "scope" || option == "label" || option == "broadcast" ||
        option == "brd") {
      if (!set_option(r, vip, text, option, line.words[++i])) return std::nullopt;
    } else if (option == "no_track") {
      vip.no_track = true;
    } else if (takes_value || option == "home" || option == "-nodad" || option == "use_vmac" ||
               option == "noprefixroute" || option == "mngtmpaddr" || option == "autojoin") {
      r.advise(fmt::format("'{}' of an address is not modelled", option),
               ConfMessage::Kind::kUnmodelled);
      if (takes_value) ++i;
    } else {
      r.report(fmt::format("Unknown configuration entry '{}' for ip address - ignoring", option));
    }
  }
  return vip;
}

std::optional<VirtualRoute> virtual_route(ConfReader& r, const ConfLine& line) {
  VirtualRoute route;
  bool has_dst = false;
  for (std::size_t i = 0; i < line.words.size(); ++i) {
    const std::string& option = line.words[i];
    const bool last_word = i + 1 >= line.words.size();
    const auto bad = [&](std::string_view value) {
      r.report(fmt::format("Invalid {} {} for virtual route", option, value));
      return std::nullopt;
    };
    if (option == "src" || option == "via" || option == "gw" || option == "or") {
      if (last_word) return bad("(nothing)");
      const auto addr = r.address(line.words[++i]);
      if (!addr) return bad(line.words[i]);
      (option == "src" ? route.src : route.via) = *addr;
      if (option == "gw") r.report("\"gw\" for routes is deprecated. Please use \"via\"");
    } else if (option == "dev") {
      if (last_word) return bad("(nothing)");
      route.dev = line.words[++i];
      if (!r.has_interface(route.dev)) {
        r.report(fmt::format("WARNING - interface {} for VROUTE nexthop doesn't exist", route.dev));
        return std::nullopt;
      }
    } else if (option == "metric" || option == "table") {
      if (last_word) return bad("(nothing)");
      const auto value = r.number(line, ++i, 0, 0xffff'ffff);
      if (!value) return std::nullopt;
      if (option == "metric") {
        route.metric = value;
      } else {
        route.table = *value;
      }
    } else if (option == "scope" || option == "proto" || option == "protocol") {
      ++i;
    } else if (option != "to" && option != "no_track" && option != "unicast") {
      const auto dst = option == "default" ? Ipv4Prefix{{}, 0} : Ipv4Prefix::parse(option);
      if (!dst || has_dst) {
        r.advise(fmt::format("'{}' of a route is not modelled", option),
                 ConfMessage::Kind::kUnmodelled);
        return std::nullopt;
      }
      route.dst = *dst;
      has_dst = true;
    }
  }
  if (!has_dst) {
    r.report("Route has no destination");
    return std::nullopt;
  }
  return route;
}

}  // namespace lvslab::keepalived
