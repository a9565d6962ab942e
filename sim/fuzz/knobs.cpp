#include "sim/fuzz/knobs.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace lvslab::fuzz {
namespace {

struct KnobSpec {
  std::string_view name;
  std::array<std::string_view, 4> values;  ///< empty ones are not there
};

/// Below net.ipv4.conf.X.
constexpr std::array kConfKnobs{
    KnobSpec{"arp_ignore", {"1", "2", "3", "8"}},
    KnobSpec{"arp_announce", {"1", "2", "", ""}},
    KnobSpec{"arp_filter", {"1", "", "", ""}},
    KnobSpec{"arp_accept", {"1", "", "", ""}},
    KnobSpec{"arp_notify", {"1", "", "", ""}},
    KnobSpec{"drop_gratuitous_arp", {"1", "", "", ""}},
    KnobSpec{"rp_filter", {"1", "2", "", ""}},
    KnobSpec{"accept_local", {"1", "", "", ""}},
    KnobSpec{"route_localnet", {"1", "", "", ""}},
    KnobSpec{"send_redirects", {"0", "", "", ""}},
    KnobSpec{"accept_redirects", {"0", "", "", ""}},
    KnobSpec{"shared_media", {"0", "", "", ""}},
    KnobSpec{"forwarding", {"0", "1", "", ""}},
    KnobSpec{"promote_secondaries", {"1", "", "", ""}},
    KnobSpec{"ignore_routes_with_linkdown", {"1", "", "", ""}},
};
constexpr std::array kGlobalKnobs{
    KnobSpec{"ip_forward", {"0", "1", "1", ""}},
    KnobSpec{"ip_default_ttl", {"32", "128", "255", "2"}},
    KnobSpec{"icmp_echo_ignore_all", {"1", "", "", ""}},
    KnobSpec{"icmp_errors_use_inbound_ifaddr", {"1", "", "", ""}},
};
/// Below net.ipv4.vs. drop_entry=3 looks at entries by lot; lblc_expiration and lblcr_expiration
/// are there once a scheduler of that name was loaded, by any lab of the same boot; all else that
/// is left out is refused (docs/ipvs.md).
constexpr std::array kVsKnobs{
    KnobSpec{"expire_nodest_conn", {"1", "", "", ""}},
    KnobSpec{"expire_quiescent_template", {"1", "", "", ""}},
    KnobSpec{"conn_reuse_mode", {"0", "1", "", ""}},
    KnobSpec{"sloppy_tcp", {"1", "", "", ""}},
    KnobSpec{"conntrack", {"1", "", "", ""}},
    KnobSpec{"snat_reroute", {"0", "", "", ""}},
    KnobSpec{"nat_icmp_send", {"1", "", "", ""}},
    KnobSpec{"schedule_icmp", {"1", "", "", ""}},
    KnobSpec{"cache_bypass", {"1", "", "", ""}},
    KnobSpec{"pmtu_disc", {"0", "", "", ""}},
    KnobSpec{"secure_tcp", {"3", "", "", ""}},
    KnobSpec{"drop_packet", {"3", "", "", ""}},
    KnobSpec{"am_droprate", {"2", "5", "", ""}},
    KnobSpec{"backup_only", {"1", "", "", ""}},
    KnobSpec{"amemthresh", {"2048", "", "", ""}},
    KnobSpec{"sync_qlen_max", {"100", "", "", ""}},
    KnobSpec{"sync_persist_mode", {"1", "", "", ""}},
    KnobSpec{"sync_refresh_period", {"10", "", "", ""}},
    KnobSpec{"sync_retries", {"2", "", "", ""}},
};

std::string_view any_value(const KnobSpec& spec, Dice& dice) {
  const auto last = std::ranges::find(spec.values, std::string_view{});
  return spec.values[dice.below(static_cast<std::size_t>(last - spec.values.begin()))];
}

/// Masks as they are meant, and as they are mistaken.
constexpr std::array<std::uint8_t, 10> kLengths{24, 24, 32, 32, 16, 8, 25, 28, 30, 31};

}  // namespace

Knob any_balancer_knob(Dice& dice) {
  const KnobSpec& spec = dice.pick(kVsKnobs);
  return {fmt::format("net.ipv4.vs.{}", spec.name), std::string(any_value(spec, dice))};
}

Knob any_knob(const Draft& draft, Dice& dice, std::size_t host) {
  const scenario::Role role = draft.host(host).role;
  if (dice.percent(role == scenario::Role::kDirector ? 45 : 6)) {
    return any_balancer_knob(dice);
  }
  if (dice.percent(25)) {
    const KnobSpec& spec = dice.pick(kGlobalKnobs);
    return {fmt::format("net.ipv4.{}", spec.name), std::string(any_value(spec, dice))};
  }
  const KnobSpec& spec = dice.pick(kConfKnobs);
  const std::uint32_t roll = dice.below(100);
  const std::string place = roll < 35   ? "all"
                            : roll < 43 ? "default"
                            : roll < 50 ? "lo"
                                        : draft.any_nic(dice, host);
  return {fmt::format("net.ipv4.conf.{}.{}", place, spec.name),
          std::string(dice.percent(10) ? "0" : any_value(spec, dice))};
}

std::string typed(const Knob& knob, Dice& dice) {
  if (dice.percent(50)) return fmt::format("sysctl -w {}={}", knob.key, knob.value);
  std::string path = knob.key;
  std::ranges::replace(path, '.', '/');
  return fmt::format("echo {} > /proc/sys/{}", knob.value, path);
}

std::string any_address_command(Draft& draft, Dice& dice, std::size_t host) {
  const bool loopback = dice.percent(35);
  const std::string dev = loopback ? "lo" : draft.any_nic(dice, host);
  Ipv4Addr address{10U << 24 | 77U << 16 | dice.below(200) << 8 | (1 + dice.below(200))};
  if (dice.percent(75)) {
    const auto near = draft.free_address(dice, dice.pick(draft.seats_of(host)).segment);
    if (near) address = *near;
  }
  draft.extra_addresses.push_back(address);
  const int len = loopback && dice.percent(60) ? 32 : dice.pick(kLengths);
  draft.own(host, {address, static_cast<std::uint8_t>(loopback ? len : 32)});
  const std::string mask =
      Ipv4Prefix{address, static_cast<std::uint8_t>(len)}.netmask().to_string();
  const std::string text = address.to_string();
  const int alias = dice.between(0, 2);
  switch (dice.below(5)) {
    case 0: return fmt::format("ifconfig {}:{} {} netmask {}", dev, alias, text, mask);
    case 1: return fmt::format("ifconfig {}:{} {}/{}", dev, alias, text, len);
    case 2: return fmt::format("ip addr add {}/{} dev {} label {}:{}", text, len, dev, dev, alias);
    case 3: return fmt::format("ifconfig {}:{} {} netmask {} up", dev, alias, text, mask);
    default: return fmt::format("ip addr add {}/{} dev {}", text, len, dev);
  }
}

std::string any_route_command(const Draft& draft, Dice& dice, std::size_t host) {
  const Seat own = dice.pick(draft.seats_of(host));
  std::vector<Ipv4Addr> neighbours;
  for (const Seat& seat : draft.seats) {
    if (seat.segment == own.segment && seat.host != host) neighbours.push_back(seat.address);
  }
  const Ipv4Addr via =
      neighbours.empty() || dice.percent(15) ? draft.any_address(dice) : dice.pick(neighbours);
  const std::string& dev = draft.host(host).nics[own.nic].name;
  const Ipv4Prefix to = draft.any_prefix(dice);
  const std::string to_text = to.to_string();
  const std::string mask = to.netmask().to_string();
  switch (dice.below(9)) {
    case 0: return fmt::format("ip route add default via {}", via.to_string());
    case 1: return fmt::format("route add default gw {}", via.to_string());
    case 2:
      return fmt::format("route add -net {} netmask {} gw {}", to.addr.to_string(), mask,
                         via.to_string());
    case 3:
      return fmt::format("route add -host {} gw {}", draft.any_address(dice).to_string(),
                         via.to_string());
    case 4: return fmt::format("ip route replace {} via {} dev {}", to_text, via.to_string(), dev);
    case 5: return fmt::format("ip route add {} dev {}", to_text, dev);
    case 6:
      return fmt::format("ip route add {} {}", dice.percent(50) ? "blackhole" : "unreachable",
                         to_text);
    case 7:
      return fmt::format("ip route add {} via {} src {}", draft.any_address(dice).to_string(),
                         via.to_string(), own.address.to_string());
    default: return fmt::format("ip route add {} via {}", to_text, via.to_string());
  }
}

std::string any_neighbour_command(const Draft& draft, Dice& dice, std::size_t host) {
  const Seat own = dice.pick(draft.seats_of(host));
  const Seat other = dice.pick(draft.seats);
  const Seat whose = dice.percent(70) ? other : dice.pick(draft.seats);  // sometimes somebody else
  const std::string mac = draft.host(whose.host).nics[whose.nic].mac.to_string();
  const std::string& dev = draft.host(host).nics[own.nic].name;
  switch (dice.below(3)) {
    case 0: return fmt::format("arp -s {} {}", other.address.to_string(), mac);
    case 1:
      return fmt::format("ip neigh replace {} lladdr {} dev {}", other.address.to_string(), mac,
                         dev);
    default:
      return fmt::format("ip neigh add {} lladdr {} nud permanent dev {}",
                         other.address.to_string(), mac, dev);
  }
}

}  // namespace lvslab::fuzz
