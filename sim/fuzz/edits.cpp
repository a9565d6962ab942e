// What people change while a lab runs: sysctls, addresses, routes, neighbours, services.
#include <fmt/format.h>

#include <array>

#include "sim/fuzz/ingredients.h"
#include "sim/fuzz/knobs.h"
#include "sim/fuzz/rules.h"

namespace lvslab::fuzz {
namespace {

/// Types what `make` says on a host that is up.
template <class Make>
void type_on_any(Draft& draft, Dice& dice, const Make& make) {
  if (const auto host = draft.any_host(dice)) draft.type(dice, *host, {make(*host)}, {});
}

void edit_sysctl(Draft& draft, Dice& dice) {
  type_on_any(draft, dice,
              [&](std::size_t host) { return typed(any_knob(draft, dice, host), dice); });
}

void add_address(Draft& draft, Dice& dice) {
  type_on_any(draft, dice,
              [&](std::size_t host) { return any_address_command(draft, dice, host); });
}

void remove_address(Draft& draft, Dice& dice) {
  type_on_any(draft, dice, [&](std::size_t host) {
    const Seat own = dice.pick(draft.seats_of(host));
    const std::string& dev = draft.host(host).nics[own.nic].name;
    const auto len = draft.segments[own.segment].subnet.len;
    switch (dice.below(4)) {
      case 0:
        return fmt::format("ifconfig {}:{} down", dice.percent(50) ? dev : "lo",
                           dice.between(0, 2));
      case 1: return fmt::format("ip addr flush dev {}", dev);
      case 2:
        return fmt::format("ip addr flush dev {} scope global", dice.percent(50) ? dev : "lo");
      default: return fmt::format("ip addr del {}/{} dev {}", own.address.to_string(), len, dev);
    }
  });
}

void change_address(Draft& draft, Dice& dice) {
  type_on_any(draft, dice, [&](std::size_t host) {
    const Seat own = dice.pick(draft.seats_of(host));
    return fmt::format("ifconfig {} {} netmask {}", draft.host(host).nics[own.nic].name,
                       own.address.to_string(),
                       dice.percent(50) ? "255.255.255.0" : "255.255.255.240");
  });
}

void edit_route(Draft& draft, Dice& dice) {
  type_on_any(draft, dice, [&](std::size_t host) -> std::string {
    if (dice.percent(60)) return any_route_command(draft, dice, host);
    switch (dice.below(4)) {
      case 0: return "ip route del default";
      case 1: return "route del default";
      case 2: return fmt::format("ip route del {}", draft.any_prefix(dice).to_string());
      default: return fmt::format("ip route flush {}", draft.any_prefix(dice).to_string());
    }
  });
}

void switch_interface(Draft& draft, Dice& dice) {
  type_on_any(draft, dice, [&](std::size_t host) {
    const std::string dev = dice.percent(10) ? "lo" : draft.any_nic(dice, host);
    const std::string_view to = dice.percent(50) ? "down" : "up";
    return dice.percent(50) ? fmt::format("ifconfig {} {}", dev, to)
                            : fmt::format("ip link set {} {}", dev, to);
  });
}

/// Down and up again: what comes back and what does not.
void bounce_interface(Draft& draft, Dice& dice) {
  const auto host = draft.any_host(dice);
  if (!host) return;
  const std::string dev = draft.any_nic(dice, *host);
  if (dice.percent(50)) {
    draft.type(dice, *host,
               {fmt::format("ifconfig {} down", dev), fmt::format("ifconfig {} up", dev)}, {});
  } else {
    draft.type(dice, *host,
               {fmt::format("ip link set {} down", dev), fmt::format("ip link set {} up", dev)},
               {});
  }
}

void edit_neighbours(Draft& draft, Dice& dice) {
  type_on_any(draft, dice, [&](std::size_t host) {
    if (dice.percent(40)) return any_neighbour_command(draft, dice, host);
    const std::string target = draft.any_address(dice).to_string();
    const std::string dev = draft.any_nic(dice, host);
    switch (dice.below(3)) {
      case 0: return fmt::format("ip neigh flush dev {}", dev);
      case 1: return fmt::format("arp -d {}", target);
      default: return fmt::format("ip neigh del {} dev {}", target, dev);
    }
  });
}

void edit_service(Draft& draft, Dice& dice) {
  if (draft.services.empty()) return;
  const VirtualService& service = dice.pick(draft.services);
  if (!draft.up[service.director]) return;
  const std::string server = dice.percent(85) ? dice.pick(service.servers).to_string()
                                              : draft.any_address(dice).to_string();
  std::string line;
  switch (dice.below(10)) {
    case 0: line = "ipvsadm -C"; break;
    case 1: line = fmt::format("ipvsadm -D {}", service.option); break;
    case 2:
      line = fmt::format("ipvsadm -E {} -s {}", service.option, dice.percent(50) ? "rr" : "wlc");
      break;
    case 3: line = fmt::format("ipvsadm -A {} -s wrr", service.option); break;
    case 4:
    case 5: line = fmt::format("ipvsadm -d {} -r {}", service.option, server); break;
    case 6:
    case 7:
      line = fmt::format("ipvsadm -a {} -r {} {} -w {}", service.option, server, service.forward,
                         dice.between(0, 3));
      break;
    default:
      line = fmt::format("ipvsadm -e {} -r {} {} -w {}", service.option, server, service.forward,
                         dice.between(0, 3));
  }
  draft.type(dice, service.director, {line}, {});
}

void edit_web_server(Draft& draft, Dice& dice) {
  if (draft.web_servers.empty()) return;
  const std::size_t host = dice.pick(draft.web_servers);
  if (!draft.up[host]) return;
  static constexpr std::array<std::string_view, 3> kVerbs{"stop", "start", "restart"};
  draft.type(dice, host, {fmt::format("service httpd {}", dice.pick(kVerbs))}, {});
}

void edit_rules(Draft& draft, Dice& dice) {
  type_on_any(draft, dice, [&](std::size_t host) -> std::string {
    static constexpr std::array<std::string_view, 3> kTables{"filter", "nat", "mangle"};
    static constexpr std::array<std::string_view, 3> kChains{"INPUT", "FORWARD", "OUTPUT"};
    switch (dice.below(8)) {
      case 0: return fmt::format("iptables -t {} -F", dice.pick(kTables));
      case 1: return fmt::format("iptables -D {} 1", dice.pick(kChains));
      case 2:
        return fmt::format("iptables -P {} {}", dice.pick(kChains),
                           dice.percent(30) ? "DROP" : "ACCEPT");
      case 3: return fmt::format("iptables -t {} -Z", dice.pick(kTables));
      default: return "iptables " + any_rule(draft, dice, host);
    }
  });
}

/// The sync daemon of a director: one more, or none any more.
void edit_sync_daemon(Draft& draft, Dice& dice) {
  if (draft.services.empty()) return;
  const std::size_t host = dice.pick(draft.services).director;
  if (!draft.up[host]) return;
  const std::string_view role = dice.percent(50) ? "master" : "backup";
  draft.type(dice, host,
             {dice.percent(60) ? fmt::format("ipvsadm --start-daemon {} --mcast-interface {}", role,
                                             draft.host(host).nics[draft.first_seat(host).nic].name)
                               : fmt::format("ipvsadm --stop-daemon {}", role)},
             {});
}

constexpr std::array kEdits{
    Ingredient{"edit-sysctl", 5, edit_sysctl},
    Ingredient{"add-address", 4, add_address},
    Ingredient{"remove-address", 3, remove_address},
    Ingredient{"change-address", 1, change_address},
    Ingredient{"edit-route", 4, edit_route},
    Ingredient{"switch-interface", 2, switch_interface},
    Ingredient{"bounce-interface", 2, bounce_interface},
    Ingredient{"edit-neighbours", 3, edit_neighbours},
    Ingredient{"edit-service", 8, edit_service},
    Ingredient{"edit-web-server", 2, edit_web_server},
    Ingredient{"edit-rules", 5, edit_rules},
    Ingredient{"edit-sync-daemon", 1, edit_sync_daemon},
};

}  // namespace

std::span<const Ingredient> edits() { return kEdits; }

}  // namespace lvslab::fuzz
