// The names of the sysctls below net.ipv4 that this room owns, their ranges, and what writing does.
// Source: net/ipv4/devinet.c: devinet_sysctl_forward(), devinet_conf_proc(); sysctl_net_ipv4.c;
// net/core/neighbour.c: neigh_proc_base_reachable_time() and others.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "sim/ip/conf_store.h"
#include "sim/ip/stack.h"

namespace lvslab::ip {
namespace {

constexpr std::array<std::string_view, kConfKeys> kConfNames{"accept_local",
                                                             "accept_redirects",
                                                             "accept_source_route",
                                                             "arp_accept",
                                                             "arp_announce",
                                                             "arp_evict_nocarrier",
                                                             "arp_filter",
                                                             "arp_ignore",
                                                             "arp_notify",
                                                             "bc_forwarding",
                                                             "bootp_relay",
                                                             "disable_policy",
                                                             "disable_xfrm",
                                                             "drop_gratuitous_arp",
                                                             "drop_unicast_in_l2_multicast",
                                                             "force_igmp_version",
                                                             "forwarding",
                                                             "igmpv2_unsolicited_report_interval",
                                                             "igmpv3_unsolicited_report_interval",
                                                             "ignore_routes_with_linkdown",
                                                             "log_martians",
                                                             "mc_forwarding",
                                                             "medium_id",
                                                             "promote_secondaries",
                                                             "proxy_arp",
                                                             "proxy_arp_pvlan",
                                                             "route_localnet",
                                                             "rp_filter",
                                                             "secure_redirects",
                                                             "send_redirects",
                                                             "shared_media",
                                                             "src_valid_mark",
                                                             "tag"};

constexpr std::array<std::string_view, kNeighKeys> kNeighNames{"anycast_delay",
                                                               "app_solicit",
                                                               "base_reachable_time_ms",
                                                               "delay_first_probe_time",
                                                               "gc_stale_time",
                                                               "interval_probe_time_ms",
                                                               "locktime",
                                                               "mcast_resolicit",
                                                               "mcast_solicit",
                                                               "proxy_delay",
                                                               "proxy_qlen",
                                                               "retrans_time_ms",
                                                               "ucast_solicit",
                                                               "unres_qlen",
                                                               "unres_qlen_bytes"};

/// ip_local_port_range and ping_group_range are paths of two numbers: the second has no name of its
/// own.
constexpr std::array<std::string_view, kGlobalKeys> kGlobalNames{
    "icmp_echo_enable_probe",
    "icmp_echo_ignore_all",
    "icmp_echo_ignore_broadcasts",
    "icmp_errors_use_inbound_ifaddr",
    "icmp_ignore_bogus_error_responses",
    "icmp_msgs_burst",
    "icmp_msgs_per_sec",
    "icmp_ratelimit",
    "icmp_ratemask",
    "ip_autobind_reuse",
    "ip_default_ttl",
    "ip_dynaddr",
    "ip_early_demux",
    "ip_forward",
    "ip_forward_update_priority",
    "ip_forward_use_pmtu",
    "ip_local_port_range",
    "",
    "ip_no_pmtu_disc",
    "ip_nonlocal_bind",
    "ip_unprivileged_port_start",
    "ipfrag_high_thresh",
    "ipfrag_low_thresh",
    "ipfrag_max_dist",
    "ipfrag_time",
    "ping_group_range",
    "",
    "neigh.default.gc_interval",
    "neigh.default.gc_thresh1",
    "neigh.default.gc_thresh2",
    "neigh.default.gc_thresh3",
    "route.min_adv_mss",
    "route.min_pmtu",
    "route.mtu_expires"};

enum class Kind : std::uint8_t { kConf, kNeigh, kGlobal };
/// Which value a path names. `place`: 0 all (kConf), 1 default, 2 + IfIndex - 1 for a device.
struct Target {
  Kind kind = Kind::kGlobal;
  std::size_t place = 0;
  std::size_t key = 0;
};
constexpr std::size_t kAllPlace = 0, kDefaultPlace = 1, kFirstDevice = 2;

template <std::size_t N>
std::optional<std::size_t> find_name(const std::array<std::string_view, N>& names,
                                     std::string_view name) {
  const auto at = std::find(names.begin(), names.end(), name);
  if (name.empty() || at == names.end()) return std::nullopt;
  return static_cast<std::size_t>(at - names.begin());
}

std::optional<std::size_t> find_place(const Stack& stack, std::string_view name) {
  if (name == "all") return kAllPlace;
  if (name == "default") return kDefaultPlace;
  const IfIndex dev = device_index(stack, name);
  if (!dev.valid()) return std::nullopt;
  return kFirstDevice + dev.value - 1U;
}

/// "conf.eth0.arp_ignore" of "net.ipv4.conf.eth0.arp_ignore" or of the file; slashes as dots.
std::optional<std::string> below_ipv4(std::string_view path) {
  std::string dotted(path);
  constexpr std::string_view kFile = "/proc/sys/";
  if (dotted.starts_with(kFile)) dotted.erase(0, kFile.size());
  std::replace(dotted.begin(), dotted.end(), '/', '.');
  constexpr std::string_view kRoot = "net.ipv4.";
  if (!dotted.starts_with(kRoot)) return std::nullopt;
  return dotted.substr(kRoot.size());
}

std::optional<Target> find_target(const Stack& stack, std::string_view path) {
  const std::optional<std::string> name = below_ipv4(path);
  if (!name) return std::nullopt;
  if (const auto key = find_name(kGlobalNames, *name)) return Target{Kind::kGlobal, 0, *key};
  const std::size_t first = name->find('.'), last = name->rfind('.');
  if (first == std::string::npos || first == last) return std::nullopt;
  const std::string_view group = std::string_view(*name).substr(0, first);
  const std::string_view key = std::string_view(*name).substr(last + 1);
  const auto place = find_place(stack, std::string_view(*name).substr(first + 1, last - first - 1));
  if (!place) return std::nullopt;
  if (group == "conf") {
    if (const auto k = find_name(kConfNames, key)) return Target{Kind::kConf, *place, *k};
  }
  if (group == "neigh" && *place != kAllPlace) {
    if (const auto k = find_name(kNeighNames, key)) return Target{Kind::kNeigh, *place, *k};
  }
  return std::nullopt;
}

std::int32_t value_of(const Stack& stack, const Target& t) {
  const Settings* s = stack.settings.peek();
  switch (t.kind) {
    case Kind::kGlobal: return global(stack, static_cast<GlobalKey>(t.key));
    case Kind::kConf: {
      const auto key = static_cast<ConfKey>(t.key);
      if (t.place == kAllPlace) return conf_all(stack, key);
      if (t.place == kDefaultPlace) return (s != nullptr ? s->fallback : default_conf(false))[key];
      return conf(stack, IfIndex(static_cast<std::uint16_t>(t.place - kFirstDevice + 1)), key);
    }
    case Kind::kNeigh: {
      const auto key = static_cast<NeighKey>(t.key);
      if (t.place == kDefaultPlace) {
        return (s != nullptr ? s->neigh_default : default_neigh_conf())[key];
      }
      return neigh_conf(stack, IfIndex(static_cast<std::uint16_t>(t.place - kFirstDevice + 1)),
                        key);
    }
  }
  return 0;
}

std::string text_of(const Stack& stack, const Target& t) {
  const std::int32_t value = value_of(stack, t);
  const auto key = static_cast<GlobalKey>(t.key);
  if (t.kind == Kind::kGlobal && key == GlobalKey::kIpLocalPortLow) {
    return fmt::format("{}\t{}", value, global(stack, GlobalKey::kIpLocalPortHigh));
  }
  if (t.kind == Kind::kGlobal && key == GlobalKey::kPingGroupLow) {
    return fmt::format("{}\t{}", value, global(stack, GlobalKey::kPingGroupHigh));
  }
  return fmt::format("{}", value);
}

/// proc_dointvec(): decimal, octal or hexadecimal numbers between blanks; nothing if malformed.
std::optional<std::vector<std::int32_t>> parse_numbers(std::string_view text) {
  std::vector<std::int32_t> numbers;
  constexpr std::string_view kBlank = " \t\n";
  for (;;) {
    const std::size_t from = text.find_first_not_of(kBlank);
    if (from == std::string_view::npos) break;
    text.remove_prefix(from);
    std::string_view word = text.substr(0, text.find_first_of(kBlank));
    text.remove_prefix(word.size());
    const bool negative = word.starts_with('-');
    if (negative) word.remove_prefix(1);
    int base = 10;
    if (word.starts_with("0x") || word.starts_with("0X")) {
      base = 16;
      word.remove_prefix(2);
    } else if (word.size() > 1 && word[0] == '0') {
      base = 8;
    }
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value, base);
    if (error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
    if (negative) value = -value;
    if (value < INT32_MIN || value > INT32_MAX) return std::nullopt;
    numbers.push_back(static_cast<std::int32_t>(value));
  }
  if (numbers.empty()) return std::nullopt;
  return numbers;
}

struct Range {
  std::int32_t least = INT32_MIN, most = INT32_MAX;
};

/// The bounds that the kernel enforces (extra1, extra2).
Range range_of(const Target& t) {
  if (t.kind == Kind::kNeigh) return {0, INT32_MAX};
  if (t.kind == Kind::kConf) return {};
  switch (static_cast<GlobalKey>(t.key)) {
    case GlobalKey::kIcmpEchoEnableProbe:
    case GlobalKey::kIcmpEchoIgnoreAll:
    case GlobalKey::kIcmpEchoIgnoreBroadcasts:
    case GlobalKey::kIcmpErrorsUseInboundIfaddr:
    case GlobalKey::kIcmpIgnoreBogusErrorResponses:
    case GlobalKey::kIpAutobindReuse:
    case GlobalKey::kIpForwardUpdatePriority: return {0, 1};
    case GlobalKey::kIpDefaultTtl: return {1, 255};
    case GlobalKey::kIcmpMsgsBurst:
    case GlobalKey::kIcmpMsgsPerSec:
    case GlobalKey::kIpfragMaxDist: return {0, INT32_MAX};
    case GlobalKey::kIpLocalPortLow: return {1, 65'535};
    case GlobalKey::kIpUnprivilegedPortStart: return {0, 65'535};
    case GlobalKey::kIpDynaddr:
    case GlobalKey::kIpEarlyDemux:
    case GlobalKey::kIpForwardUsePmtu:
    case GlobalKey::kIpNoPmtuDisc:
    case GlobalKey::kIpNonlocalBind: return {0, 255};
    case GlobalKey::kRouteMinPmtu: return {68, INT32_MAX};
    default: return {};
  }
}

/// inet_forward_change(): ip_forward and conf/all/forwarding are one switch for all devices.
void forward_change(Settings& s, bool on) {
  s.global[static_cast<std::size_t>(GlobalKey::kIpForward)] = on ? 1 : 0;
  s.all[ConfKey::kForwarding] = on ? 1 : 0;
  s.all[ConfKey::kAcceptRedirects] = on ? 0 : 1;
  s.fallback[ConfKey::kForwarding] = on ? 1 : 0;
  for (DevConf& c : s.conf) c[ConfKey::kForwarding] = on ? 1 : 0;
}

/// DEVINET_SYSCTL_FLUSHING_ENTRY: ipv4_doint_and_flush() takes the value, and copies it nowhere.
bool flushes_only(ConfKey key) {
  return key == ConfKey::kDisableXfrm || key == ConfKey::kDisablePolicy ||
         key == ConfKey::kPromoteSecondaries || key == ConfKey::kRouteLocalnet ||
         key == ConfKey::kDropUnicastInL2Multicast;
}

void write_conf(const Stack& stack, Settings& s, const Target& t, std::int32_t value) {
  const auto key = static_cast<ConfKey>(t.key);
  const std::uint64_t bit = std::uint64_t{1} << t.key;
  if (t.place == kAllPlace) {
    s.all[key] = value;
    if (key == ConfKey::kForwarding) forward_change(s, value != 0);
    return;
  }
  if (t.place == kDefaultPlace) {
    s.fallback[key] = value;
    if (flushes_only(key)) return;
    if (key == ConfKey::kForwarding) return;           // devinet_sysctl_forward() does not copy it
    for (std::size_t i = 0; i < s.conf.size(); ++i) {  // devinet_copy_dflt_conf()
      if ((s.conf[i].written & bit) == 0 && !stack.devices[i].had_address) s.conf[i][key] = value;
    }
    return;
  }
  DevConf& c = s.conf[t.place - kFirstDevice];
  c[key] = value;
  c.written |= bit;
}

void write_neigh(Stack& stack, Settings& s, const Target& t, std::int32_t value) {
  const auto key = static_cast<NeighKey>(t.key);
  const auto store = [&](NeighConf& c) {
    c[key] = value;
    // unres_qlen is unres_qlen_bytes in packets of 1514 bytes (proc_unres_qlen()).
    constexpr std::int32_t kPacket = 2'096;
    if (key == NeighKey::kUnresQlen) c[NeighKey::kUnresQlenBytes] = value * kPacket;
    if (key == NeighKey::kUnresQlenBytes) c[NeighKey::kUnresQlen] = value / kPacket;
  };
  const std::uint32_t bit = 1U << t.key;
  if (t.place == kDefaultPlace) {
    store(s.neigh_default);
    for (std::size_t i = 0; i < s.neigh.size(); ++i) {  // neigh_copy_dflt_parms()
      if ((s.neigh[i].written & bit) == 0 && !stack.devices[i].had_address) store(s.neigh[i]);
    }
  } else {
    store(s.neigh[t.place - kFirstDevice]);
    s.neigh[t.place - kFirstDevice].written |= bit;
  }
  if (key == NeighKey::kBaseReachableTimeMs && stack.live.peek() != nullptr) {
    stack.live.peek()->reachable_time.clear();
  }
}

Errno write_port_range(Settings& s, const std::vector<std::int32_t>& numbers) {
  if (numbers.size() != 2 || numbers[0] < 1 || numbers[1] > 65'535 || numbers[0] > numbers[1]) {
    return Errno::kInval;
  }
  s.global[static_cast<std::size_t>(GlobalKey::kIpLocalPortLow)] = numbers[0];
  s.global[static_cast<std::size_t>(GlobalKey::kIpLocalPortHigh)] = numbers[1];
  return Errno::kNone;
}

/// ipv4_ping_group_range(): a range that holds nobody is kept as 1 to 0.
Errno write_ping_groups(Settings& s, const std::vector<std::int32_t>& numbers) {
  if (numbers.size() != 2 || numbers[0] < 0 || numbers[1] < 0) return Errno::kInval;
  const bool nobody = numbers[1] < numbers[0];
  s.global[static_cast<std::size_t>(GlobalKey::kPingGroupLow)] = nobody ? 1 : numbers[0];
  s.global[static_cast<std::size_t>(GlobalKey::kPingGroupHigh)] = nobody ? 0 : numbers[1];
  return Errno::kNone;
}

std::string path_of(const Stack& stack, const Target& t) {
  if (t.kind == Kind::kGlobal) return fmt::format("net.ipv4.{}", kGlobalNames[t.key]);
  const std::string_view place = t.place == kAllPlace ? "all"
                                 : t.place == kDefaultPlace
                                     ? "default"
                                     : stack.devices[t.place - kFirstDevice].name.view();
  const bool conf_key = t.kind == Kind::kConf;
  return fmt::format("net.ipv4.{}.{}.{}", conf_key ? "conf" : "neigh", place,
                     conf_key ? kConfNames[t.key] : kNeighNames[t.key]);
}

std::vector<Target> all_targets(const Stack& stack) {
  std::vector<Target> targets;
  const std::size_t places = kFirstDevice + stack.devices.size();
  for (std::size_t p = 0; p < places; ++p) {
    for (std::size_t k = 0; k < kConfKeys; ++k) targets.push_back({Kind::kConf, p, k});
  }
  for (std::size_t k = 0; k < kGlobalKeys; ++k) {
    if (!kGlobalNames[k].empty()) targets.push_back({Kind::kGlobal, 0, k});
  }
  for (std::size_t p = kDefaultPlace; p < places; ++p) {
    for (std::size_t k = 0; k < kNeighKeys; ++k) targets.push_back({Kind::kNeigh, p, k});
  }
  return targets;
}

std::vector<SysctlRow> sorted_rows(const Stack& stack, const std::vector<Target>& targets) {
  std::vector<SysctlRow> rows;
  for (const Target& t : targets) rows.push_back({path_of(stack, t), text_of(stack, t)});
  std::sort(rows.begin(), rows.end(),
            [](const SysctlRow& a, const SysctlRow& b) { return a.path < b.path; });
  return rows;
}

}  // namespace

std::optional<std::string> sysctl_get(const Stack& stack, std::string_view path) {
  const std::optional<Target> target = find_target(stack, path);
  if (!target) return std::nullopt;
  return text_of(stack, *target);
}

Errno sysctl_set(Step& step, Stack& stack, Ports& /*ports*/, std::string_view path,
                 std::string_view value) {
  const std::optional<Target> t = find_target(stack, path);
  if (!t) return Errno::kNoEnt;
  const auto numbers = parse_numbers(value);
  if (!numbers) return Errno::kInval;
  const Range range = range_of(*t);
  const std::int32_t first = numbers->front();
  if (first < range.least || first > range.most) return Errno::kInval;
  const std::vector<SysctlRow> before =
      step.tracing() ? sysctl_changed(stack) : std::vector<SysctlRow>{};
  Settings& s = settings_of(stack);
  Errno error = Errno::kNone;
  switch (t->kind) {
    case Kind::kConf: write_conf(stack, s, *t, first); break;
    case Kind::kNeigh: write_neigh(stack, s, *t, first); break;
    case Kind::kGlobal:
      if (static_cast<GlobalKey>(t->key) == GlobalKey::kIpLocalPortLow) {
        error = write_port_range(s, *numbers);
      } else if (static_cast<GlobalKey>(t->key) == GlobalKey::kPingGroupLow) {
        error = write_ping_groups(s, *numbers);
      } else if (static_cast<GlobalKey>(t->key) == GlobalKey::kIpForward) {
        if ((s.global[t->key] != 0) != (first != 0)) forward_change(s, first != 0);
        s.global[t->key] = first;
      } else {
        s.global[t->key] = first;
      }
      break;
  }
  flush_route_cache(stack);
  if (step.tracing() && error == Errno::kNone) {
    const auto same = [](const std::vector<SysctlRow>& rows, const std::string& p) {
      return std::find_if(rows.begin(), rows.end(),
                          [&](const SysctlRow& r) { return r.path == p; });
    };
    const std::vector<SysctlRow> after = sysctl_changed(stack);
    for (const SysctlRow& row : before) {
      if (same(after, row.path) == after.end()) step.row_removed(row);
    }
    for (const SysctlRow& row : after) {
      const auto old = same(before, row.path);
      if (old == before.end()) {
        step.row_added(row);
      } else if (old->value != row.value) {
        step.row_changed(row);
      }
    }
  }
  return error;
}

std::vector<SysctlRow> sysctl_list(const Stack& stack) {
  return sorted_rows(stack, all_targets(stack));
}

std::vector<SysctlRow> sysctl_changed(const Stack& stack) {
  if (stack.settings.peek() == nullptr) return {};
  Stack fresh;
  fresh.devices = stack.devices;
  std::vector<Target> changed;
  for (const Target& t : all_targets(stack)) {
    if (text_of(stack, t) != text_of(fresh, t)) changed.push_back(t);
  }
  return sorted_rows(stack, changed);
}

}  // namespace lvslab::ip
