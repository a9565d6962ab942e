// What happens to clusters of directors: links, daemons and servers fail and come back.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "sim/fuzz/ingredients.h"

namespace lvslab::fuzz {

using namespace literals;
using scenario::FaultKind;

namespace {

/// One of `hosts` that is up; nothing if none is.
std::optional<std::size_t> one_up(const Draft& draft, Dice& dice,
                                  const std::vector<std::size_t>& hosts) {
  std::vector<std::size_t> choices;
  std::ranges::copy_if(hosts, std::back_inserter(choices),
                       [&](std::size_t host) { return static_cast<bool>(draft.up[host]); });
  if (choices.empty()) return std::nullopt;
  return dice.pick(choices);
}

std::optional<std::size_t> any_director(const Draft& draft, Dice& dice) {
  return one_up(draft, dice, draft.cluster.directors);
}

std::optional<std::size_t> any_server(const Draft& draft, Dice& dice) {
  return one_up(draft, dice, draft.cluster.servers);
}

void type_on(Draft& draft, Dice& dice, std::optional<std::size_t> host, std::string text,
             SimDuration longest = {}) {
  if (host) draft.type(dice, *host, {std::move(text)}, longest);
}

// --- faults ------------------------------------------------------------------------------------

/// A director or a server, mostly the former.
std::optional<std::size_t> any_member(const Draft& draft, Dice& dice) {
  return dice.percent(65) ? any_director(draft, dice) : any_server(draft, dice);
}

void pull_member(Draft& draft, Dice& dice) {
  const auto host = any_member(draft, dice);
  if (!host) return;
  const scenario::NicRef ref{draft.host(*host).name, draft.any_nic(dice, *host)};
  if (std::ranges::find(draft.unplugged, ref) != draft.unplugged.end()) return;
  if (draft.strike(dice, {FaultKind::kLinkDown, ref.host, ref.nic, 0, {}, {}})) {
    draft.unplugged.push_back(ref);
  }
}

void plug_member(Draft& draft, Dice& dice) {
  if (draft.unplugged.empty()) return pull_member(draft, dice);
  const scenario::NicRef ref = dice.pick(draft.unplugged);
  if (draft.strike(dice, {FaultKind::kLinkUp, ref.host, ref.nic, 0, {}, {}})) {
    std::erase(draft.unplugged, ref);
  }
}

void switch_director_interface(Draft& draft, Dice& dice) {
  const auto host = any_director(draft, dice);
  if (!host) return;
  const std::string& dev = draft.any_nic(dice, *host);
  draft.type(dice, *host, {fmt::format("ifconfig {} down", dev)}, {});
  if (dice.percent(75)) draft.type(dice, *host, {fmt::format("ifconfig {} up", dev)}, {});
}

void kill_keepalived(Draft& draft, Dice& dice) {
  const std::string_view signal = dice.percent(60) ? "-9" : "-TERM";
  type_on(draft, dice, any_director(draft, dice),
          fmt::format("kill {} $(pidof keepalived)", signal), 3_s);
}

void serve_keepalived(Draft& draft, Dice& dice) {
  // No restart: it joins its group again a second after it left it, and which of the reports come
  // before that a kernel draws by lot.
  static constexpr std::array<std::string_view, 5> kVerbs{"stop", "start", "start", "reload",
                                                          "start"};
  type_on(draft, dice, any_director(draft, dice),
          fmt::format("service keepalived {}", dice.pick(kVerbs)), 3_s);
}

void stop_member(Draft& draft, Dice& dice) {
  const auto host = any_member(draft, dice);
  if (!host) return;
  const FaultKind kind = dice.percent(60) ? FaultKind::kCrash : FaultKind::kPowerOff;
  if (draft.strike(dice, {kind, draft.host(*host).name, {}, 0, {}, {}})) draft.up[*host] = false;
}

void reboot_member(Draft& draft, Dice& dice) {
  auto host = any_member(draft, dice);
  const auto down = std::ranges::find(draft.up, false);
  if (down != draft.up.end()) host = static_cast<std::size_t>(down - draft.up.begin());
  if (!host) return;
  if (draft.strike(dice, {FaultKind::kReboot, draft.host(*host).name, {}, 0, {}, {}})) {
    draft.up[*host] = true;
  }
}

void serve_web(Draft& draft, Dice& dice) {
  static constexpr std::array<std::string_view, 5> kVerbs{"stop", "stop", "start", "start",
                                                          "restart"};
  type_on(draft, dice, any_server(draft, dice), fmt::format("service httpd {}", dice.pick(kVerbs)));
}

/// A firewall that nobody thought of: of VRRP only where two masters stay calm.
void block(Draft& draft, Dice& dice) {
  const std::string_view action = dice.percent(60) ? "-A" : "-D";
  if (draft.cluster.calm && dice.percent(50)) {
    type_on(draft, dice, any_director(draft, dice),
            fmt::format("iptables {} INPUT -p 112 -j DROP", action));
  } else {
    type_on(draft, dice, any_server(draft, dice),
            fmt::format("iptables {} INPUT -p tcp --dport 80 -j {}", action,
                        dice.percent(50) ? "DROP" : "REJECT"));
  }
}

/// By hand, what keepalived would do by itself.
void edit_table(Draft& draft, Dice& dice) {
  const auto host = any_director(draft, dice);
  if (!host) return;
  const Cluster& cluster = draft.cluster;
  const std::string server = draft.first_seat(dice.pick(cluster.servers)).address.to_string();
  const std::string vip = cluster.vip.to_string();
  switch (dice.below(4)) {
    case 0: return type_on(draft, dice, host, "ipvsadm -C");
    case 1:
      // The master is back within its skew time: its sync daemon's group is left and joined anew
      // before the kernel has told of it twice, at a moment of its own.
      if (draft.cluster.synced) return;
      return type_on(draft, dice, host, fmt::format("ip addr del {}/24 dev eth0", vip));
    case 2:
      return type_on(draft, dice, host, fmt::format("ipvsadm -d -t {}:80 -r {}:80", vip, server));
    default:
      return type_on(draft, dice, host,
                     fmt::format("ipvsadm -e -t {}:80 -r {}:80 -w 0", vip, server));
  }
}

constexpr std::array kClusterFaults{
    Ingredient{"pull-member", 5, pull_member},
    Ingredient{"plug-member", 5, plug_member},
    Ingredient{"switch-director-interface", 3, switch_director_interface},
    Ingredient{"kill-keepalived", 4, kill_keepalived},
    Ingredient{"serve-keepalived", 8, serve_keepalived},
    Ingredient{"stop-member", 2, stop_member},
    Ingredient{"reboot-member", 3, reboot_member},
    Ingredient{"serve-web", 6, serve_web},
    Ingredient{"block", 3, block},
    Ingredient{"edit-table", 2, edit_table},
};

// --- traffic -----------------------------------------------------------------------------------

void curl_service(Draft& draft, Dice& dice) {
  if (!draft.up[0]) return;
  const std::string url = fmt::format("http://{}/", draft.cluster.vip.to_string());
  const int times = dice.between(1, 4);
  draft.type(dice, 0, {fmt::format("for i in $(seq 1 {}); do curl -s -m 1.3 {}; done", times, url)},
             1300_ms * times);
}

void ping_service(Draft& draft, Dice& dice) {
  if (!draft.up[0]) return;
  draft.type(dice, 0, {fmt::format("ping -c 1 -W 1 {}", draft.cluster.vip.to_string())}, 4_s);
}

void arping_service(Draft& draft, Dice& dice) {
  if (!draft.up[0]) return;
  draft.type(dice, 0, {fmt::format("arping -c 1 -I eth0 {}", draft.cluster.vip.to_string())}, 2_s);
}

constexpr std::array kTraffic{
    Ingredient{"curl-service", 8, curl_service},
    Ingredient{"ping-service", 2, ping_service},
    Ingredient{"arping-service", 1, arping_service},
};

// --- listings ----------------------------------------------------------------------------------

template <std::size_t N>
void list_on_director(Draft& draft, Dice& dice, const std::array<std::string_view, N>& lines) {
  type_on(draft, dice, any_director(draft, dice), std::string(dice.pick(lines)));
}

void list_addresses(Draft& draft, Dice& dice) {
  list_on_director(draft, dice,
                   std::array<std::string_view, 3>{"ip addr show eth0", "ifconfig", "ip -br addr"});
}

void list_rules(Draft& draft, Dice& dice) {
  list_on_director(draft, dice,
                   std::array<std::string_view, 4>{"ipvsadm -ln", "ipvsadm -ln", "ipvsadm -Sn",
                                                   "ipvsadm -l --daemon"});
}

/// What keepalived said, without when and by which process.
void list_log(Draft& draft, Dice& dice) {
  list_on_director(draft, dice,
                   std::array<std::string_view, 3>{
                       "grep STATE /var/log/messages | cut -d] -f2-9",
                       "grep Keepalived_vrrp /var/log/messages | cut -d] -f2-9",
                       "grep Keepalived_healthcheckers /var/log/messages | cut -d] -f2-9"});
}

void list_daemon(Draft& draft, Dice& dice) {
  list_on_director(draft, dice,
                   std::array<std::string_view, 2>{"systemctl is-active keepalived",
                                                   "pidof keepalived | wc -w"});
}

void list_neighbours(Draft& draft, Dice& dice) {
  if (const auto host = draft.any_host(dice)) draft.type(dice, *host, {"ip neigh"}, {});
}

constexpr std::array kListings{
    Ingredient{"list-cluster-addresses", 6, list_addresses},
    Ingredient{"list-cluster-rules", 6, list_rules},
    Ingredient{"list-cluster-log", 4, list_log},
    Ingredient{"list-cluster-daemon", 1, list_daemon},
    Ingredient{"list-cluster-neighbours", 3, list_neighbours},
};

}  // namespace

std::span<const Ingredient> cluster_faults() { return kClusterFaults; }
std::span<const Ingredient> cluster_traffic() { return kTraffic; }
std::span<const Ingredient> cluster_listings() { return kListings; }

}  // namespace lvslab::fuzz
