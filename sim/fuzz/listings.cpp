// Looking at tables. A listing is of one host at one moment, so it is the sharpest question that a
// random lab can ask.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "sim/fuzz/ingredients.h"

namespace lvslab::fuzz {

using namespace literals;

namespace {

template <std::size_t N>
void list_on_any(Draft& draft, Dice& dice, const std::array<std::string_view, N>& lines) {
  if (const auto host = draft.any_host(dice)) {
    draft.type(dice, *host, {std::string(dice.pick(lines))}, {});
  }
}

void list_addresses(Draft& draft, Dice& dice) {
  list_on_any(draft, dice,
              std::array<std::string_view, 4>{"ip addr", "ifconfig", "ip -4 addr", "ip -br addr"});
}

void list_links(Draft& draft, Dice& dice) {
  list_on_any(draft, dice, std::array<std::string_view, 2>{"ip link", "ifconfig -a"});
}

void list_routes(Draft& draft, Dice& dice) {
  list_on_any(draft, dice,
              std::array<std::string_view, 5>{"ip route show table all", "ip route", "route -n",
                                              "ip route show table local", "netstat -rn"});
}

void list_neighbours(Draft& draft, Dice& dice) {
  list_on_any(draft, dice,
              std::array<std::string_view, 4>{"ip neigh", "ip neigh", "arp -n", "arp -an"});
}

void list_sockets(Draft& draft, Dice& dice) {
  list_on_any(
      draft, dice,
      std::array<std::string_view, 4>{"netstat -nat", "ss -nat", "netstat -natp", "ss -nltp"});
}

void list_services(Draft& draft, Dice& dice) {
  if (draft.services.empty()) return;
  const VirtualService& service = dice.pick(draft.services);
  if (!draft.up[service.director]) return;
  static constexpr std::array<std::string_view, 8> kLines{
      "ipvsadm -ln",         "ipvsadm -ln",
      "ipvsadm -lnc",        "ipvsadm -Sn",
      "cat /proc/net/ip_vs", "ipvsadm -ln --thresholds",
      "ipvsadm -l --daemon", "ipvsadm -ln --persistent-conn"};
  std::string line(dice.pick(kLines));
  // /proc lists the services in the order of a hash that the kernel's memory decides on.
  const auto here = std::ranges::count(draft.services, service.director, &VirtualService::director);
  if (here > 1 && line.starts_with("cat")) line = kLines[0];
  draft.type(dice, service.director, {std::move(line)}, {});
}

/// The counters that users see are brought up to date every two seconds.
void list_counters(Draft& draft, Dice& dice) {
  if (draft.services.empty()) return;
  const VirtualService& service = dice.pick(draft.services);
  if (!draft.up[service.director]) return;
  draft.type(dice, service.director, {"sleep 5", "ipvsadm -ln --stats"}, 5_s);
}

void list_sysctls(Draft& draft, Dice& dice) {
  const auto host = draft.any_host(dice);
  if (!host) return;
  static constexpr std::array<std::string_view, 6> kKeys{"arp_ignore",     "arp_announce",
                                                         "rp_filter",      "forwarding",
                                                         "send_redirects", "accept_redirects"};
  const std::string dev = draft.any_nic(dice, *host);
  draft.type(dice, *host,
             {fmt::format("sysctl net.ipv4.conf.{}.{} net.ipv4.ip_forward",
                          dice.percent(40) ? "all" : dev, dice.pick(kKeys))},
             {});
}

void list_rules(Draft& draft, Dice& dice) {
  list_on_any(draft, dice, std::array<std::string_view, 1>{"ip rule"});
}

void list_firewall(Draft& draft, Dice& dice) {
  list_on_any(draft, dice,
              std::array<std::string_view, 5>{"iptables -L -n -v", "iptables -t nat -L -n -v",
                                              "iptables -S", "iptables -t nat -S",
                                              "iptables -t mangle -L -n -v"});
}

constexpr std::array kListings{
    Ingredient{"list-addresses", 4, list_addresses},
    Ingredient{"list-links", 1, list_links},
    Ingredient{"list-routes", 5, list_routes},
    Ingredient{"list-neighbours", 8, list_neighbours},
    Ingredient{"list-sockets", 4, list_sockets},
    Ingredient{"list-services", 8, list_services},
    Ingredient{"list-counters", 2, list_counters},
    Ingredient{"list-sysctls", 2, list_sysctls},
    Ingredient{"list-rules", 1, list_rules},
    Ingredient{"list-firewall", 4, list_firewall},
};

}  // namespace

std::span<const Ingredient> listings() { return kListings; }

}  // namespace lvslab::fuzz
