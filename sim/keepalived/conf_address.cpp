#include "sim/keepalived/conf_address.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace lvslab::keepalived {
namespace {

constexpr std::size_t kLongestName = 15;  // IFNAMSIZ - 1

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
    if (option == "dev") {
      if (!vip.dev.empty()) {
        r.report(fmt::format("Cannot specify ipaddress device more than once for {}", text));
        return std::nullopt;
      }
      vip.dev = line.words[++i];
      if (!r.has_interface(vip.dev)) {
        r.report(
            fmt::format("WARNING - interface {} for ip address {} doesn't exist", vip.dev, text));
        return std::nullopt;
      }
    } else if (option == "scope") {
      vip.scope = line.words[++i];
      constexpr std::array<std::string_view, 4> kScopes{"global", "link", "host", "site"};
      if (std::ranges::find(kScopes, vip.scope) == kScopes.end()) {
        r.report(fmt::format("Invalid scope '{}' specified for {} - ignoring", vip.scope, text));
        vip.scope.clear();
      }
    } else if (option == "broadcast" || option == "brd") {
      const std::string& value = line.words[++i];
      if (value == "+") {
        vip.broadcast = vip.address.broadcast();
      } else if (value == "-") {
        vip.broadcast = vip.address.network();
      } else if (!(vip.broadcast = Ipv4Addr::parse(value))) {
        r.report(
            fmt::format("VRRP is trying to assign invalid broadcast {}. skipping VIP...", value));
        return std::nullopt;
      }
    } else if (option == "label") {
      vip.label = line.words[++i];
      if (vip.label.size() > kLongestName) {
        r.report(fmt::format("Address label {} is longer than maximum length {} - removing address",
                             vip.label, kLongestName));
        return std::nullopt;
      }
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
        route.metric = *value;
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
