#include "sim/host/sysctls.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace lvslab::host {
namespace {

// net.ipv4.vs.*: name, default, where it is kept, and the values that the kernel takes
// (net/netfilter/ipvs/ip_vs_ctl.c: vs_vars[]).
struct VsSysctl {
  std::string_view name, value;
  std::int32_t ipvs::VsSysctls::* field = nullptr;
  std::int32_t least = INT32_MIN, most = INT32_MAX;
  std::int32_t ipvs::VsSysctls::* second = nullptr;  ///< of a pair; the first is the smaller one
};
using ipvs::VsSysctls;
constexpr std::array kVsSysctls = {
    VsSysctl{"am_droprate", "10", &VsSysctls::am_droprate},
    VsSysctl{"amemthresh", "1024", &VsSysctls::amemthresh},
    VsSysctl{"backup_only", "0", &VsSysctls::backup_only},
    VsSysctl{"cache_bypass", "0", &VsSysctls::cache_bypass},
    VsSysctl{"conn_reuse_mode", "1", &VsSysctls::conn_reuse_mode},
    VsSysctl{"conntrack", "0", &VsSysctls::conntrack, 0, 1},
    VsSysctl{"debug_level", "0", &VsSysctls::debug_level},
    VsSysctl{"drop_entry", "0", &VsSysctls::drop_entry, 0, 3},
    VsSysctl{"drop_packet", "0", &VsSysctls::drop_packet, 0, 3},
    VsSysctl{"expire_nodest_conn", "0", &VsSysctls::expire_nodest_conn},
    VsSysctl{"expire_quiescent_template", "0", &VsSysctls::expire_quiescent_template},
    VsSysctl{"ignore_tunneled", "0", &VsSysctls::ignore_tunneled},
    VsSysctl{"lblc_expiration", "86400", &VsSysctls::lblc_expiration_s, -21'474'836, 21'474'836},
    VsSysctl{"lblcr_expiration", "86400", &VsSysctls::lblcr_expiration_s, -21'474'836, 21'474'836},
    VsSysctl{"nat_icmp_send", "0", &VsSysctls::nat_icmp_send},
    VsSysctl{"pmtu_disc", "1", &VsSysctls::pmtu_disc},
    VsSysctl{"run_estimation", "1", &VsSysctls::run_estimation},
    VsSysctl{"schedule_icmp", "0", &VsSysctls::schedule_icmp},
    VsSysctl{"secure_tcp", "0", &VsSysctls::secure_tcp, 0, 3},
    VsSysctl{"sloppy_sctp", "0", &VsSysctls::sloppy_sctp},
    VsSysctl{"sloppy_tcp", "0", &VsSysctls::sloppy_tcp},
    VsSysctl{"snat_reroute", "1", &VsSysctls::snat_reroute},
    VsSysctl{"sync_persist_mode", "0", &VsSysctls::sync_persist_mode},
    VsSysctl{"sync_ports", "1", &VsSysctls::sync_ports, 1},
    VsSysctl{"sync_qlen_max", "1845", &VsSysctls::sync_qlen_max, 0},
    VsSysctl{"sync_refresh_period", "0", &VsSysctls::sync_refresh_period_s, -21'474'836,
             21'474'836},
    VsSysctl{"sync_retries", "0", &VsSysctls::sync_retries, 0, 3},
    VsSysctl{"sync_sock_size", "0", &VsSysctls::sync_sock_size},
    VsSysctl{"sync_threshold", "3\t50", &VsSysctls::sync_threshold, 0, INT32_MAX,
             &VsSysctls::sync_period},
    VsSysctl{"sync_version", "1", &VsSysctls::sync_version, 0, 1},
};

/// The defence levels: 1 turns to 2 when memory is short, and 2 back to 1; it never is short here.
/// 3 is "always".
bool is_defence(const VsSysctl& s) {
  return s.field == &VsSysctls::drop_entry || s.field == &VsSysctls::drop_packet ||
         s.field == &VsSysctls::secure_tcp;
}

constexpr std::string_view kVsPrefix = "net.ipv4.vs.";
constexpr std::string_view kHostname = "kernel.hostname";
constexpr std::string_view kIpv6Prefix = "net.ipv6.";

const VsSysctl* find_vs(std::string_view name) {
  if (!name.starts_with(kVsPrefix)) return nullptr;
  name.remove_prefix(kVsPrefix.size());
  for (const VsSysctl& s : kVsSysctls) {
    if (s.name == name) return &s;
  }
  return nullptr;
}

std::string vs_value(const Host& host, const VsSysctl& s) {
  const ipvs::Director* director = host.ipvs.peek();
  const VsSysctls values = director == nullptr ? VsSysctls{} : director->sysctls();
  std::string text = std::to_string(values.*s.field);
  if (s.second != nullptr) text += '\t' + std::to_string(values.*s.second);
  return text;
}

/// The number that `text` begins with, and the blanks behind it are cut off.
std::optional<std::int32_t> take_number(std::string_view& text) {
  std::int32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  const std::size_t blanks = std::min(text.find_first_not_of(" \t"), text.size());
  if (blanks == 0 && !text.empty()) return std::nullopt;
  text.remove_prefix(blanks);
  return number;
}

// proc_do_sync_threshold(): one number changes the first alone; a third is not looked at.
SysctlError write_pair(VsSysctls& values, const VsSysctl& s, std::string_view text) {
  const auto first = take_number(text);
  if (!first) return SysctlError::kInvalid;
  const auto second = text.empty() ? values.*s.second : take_number(text);
  if (!second || *first < 0 || *second < 0) return SysctlError::kInvalid;
  if (*second != 0 && *first >= *second) return SysctlError::kInvalid;
  values.*s.field = *first;
  values.*s.second = *second;
  return SysctlError::kNone;
}

SysctlError write_vs(Step& step, Host& host, const VsSysctl& s, std::string_view value) {
  if (s.second != nullptr) return write_pair(host.ipvs.get().sysctls(), s, value);
  std::int32_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc{} || end != value.data() + value.size()) return SysctlError::kInvalid;
  if (number < s.least || number > s.most) return SysctlError::kInvalid;
  const bool power_of_two = number > 0 && (number & (number - 1)) == 0;
  if (s.field == &VsSysctls::sync_ports && !power_of_two) return SysctlError::kInvalid;
  if (is_defence(s)) {
    constexpr std::int32_t kAutomatic = 1, kAutomaticOn = 2;
    if (number == kAutomaticOn) number = kAutomatic;
  }
  host.ipvs.get().sysctls().*s.field = number;
  if (s.field == &VsSysctls::drop_entry) host.ipvs.get().set_guard(step);
  if (s.field == &VsSysctls::run_estimation) host.ipvs.get().set_estimation(step.now());
  return SysctlError::kNone;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  return text;
}

SysctlError from_errno(Errno error) {
  switch (error) {
    case Errno::kNone: return SysctlError::kNone;
    case Errno::kNoEnt: return SysctlError::kUnknown;
    case Errno::kPerm: return SysctlError::kReadOnly;
    default: return SysctlError::kInvalid;
  }
}

/// The value after a boot without any setting, of those that are not of the room ip.
std::string default_of(const Wiring& wiring, std::string_view name) {
  if (name == kHostname) {
    return wiring.network().boot_configs()[wiring.id().value].name;
  }
  if (const VsSysctl* vs = find_vs(name)) return std::string(vs->value);
  return tcp::sysctl_get(tcp::Stack{}, name).value_or("");
}

/// Tables, on both backends, hold no settings of IPv6.
void record(Step& step, const Wiring& wiring, std::string_view name) {
  if (!step.tracing() || name.starts_with(kIpv6Prefix)) return;
  const SysctlRow row{std::string(name), *read_sysctl(wiring, name)};
  if (row.value == default_of(wiring, name)) return step.row_removed(row);
  step.row_changed(row);
}

}  // namespace

std::optional<std::string> read_sysctl(const Wiring& wiring, std::string_view name) {
  const Host& host = wiring.host();
  if (name == kHostname) return host.name;
  if (const VsSysctl* vs = find_vs(name)) return vs_value(host, *vs);
  if (auto value = tcp::sysctl_get(host.tcp, name)) return value;
  if (name.starts_with(kIpv6Prefix)) return ip::sysctl6_get(host.ip, name);
  return ip::sysctl_get(host.ip, name);
}

SysctlError write_sysctl(Step& step, Wiring& wiring, std::string_view name,
                         std::string_view value) {
  Host& host = wiring.host();
  value = trimmed(value);
  if (name == kHostname) {
    if (value.empty()) return SysctlError::kInvalid;
    host.name = value;
    record(step, wiring, name);
    return SysctlError::kNone;
  }
  SysctlError error;
  if (const VsSysctl* vs = find_vs(name)) {
    error = write_vs(step, host, *vs, value);
  } else if (tcp::sysctl_get(host.tcp, name)) {
    error = from_errno(tcp::sysctl_set(host.tcp, name, value));
  } else if (name.starts_with(kIpv6Prefix)) {
    error = from_errno(ip::sysctl6_set(step, host.ip, name, value));
  } else {
    return from_errno(ip::sysctl_set(step, host.ip, wiring, name, value));  // it records the row
  }
  if (error == SysctlError::kNone) record(step, wiring, name);
  return error;
}

std::vector<SysctlRow> changed_sysctls(const Wiring& wiring) {
  const Host& host = wiring.host();
  std::vector<SysctlRow> rows = ip::sysctl_changed(host.ip);
  std::vector<std::string> others(tcp::sysctl_names().begin(), tcp::sysctl_names().end());
  for (const VsSysctl& vs : kVsSysctls) {
    others.push_back(std::string(kVsPrefix) + std::string(vs.name));
  }
  others.emplace_back(kHostname);
  for (std::string& name : others) {
    std::string value = *read_sysctl(wiring, name);
    if (value != default_of(wiring, name)) rows.push_back({std::move(name), std::move(value)});
  }
  std::ranges::sort(rows, {}, &SysctlRow::path);
  return rows;
}

std::vector<SysctlRow> all_sysctls(const Wiring& wiring) {
  const Host& host = wiring.host();
  std::vector<SysctlRow> rows = ip::sysctl_list(host.ip);
  for (const std::string_view name : tcp::sysctl_names()) {
    rows.push_back({std::string(name), *tcp::sysctl_get(host.tcp, name)});
  }
  for (const VsSysctl& vs : kVsSysctls) {
    rows.push_back({std::string(kVsPrefix) + std::string(vs.name), vs_value(host, vs)});
  }
  rows.push_back({std::string(kHostname), host.name});
  std::ranges::sort(rows, {}, &SysctlRow::path);
  const auto same = std::ranges::unique(rows, {}, &SysctlRow::path);
  rows.erase(same.begin(), same.end());
  return rows;
}

std::string sysctl_name_of_path(std::string_view path) {
  constexpr std::string_view kRoot = "/proc/sys/";
  std::string name(path.substr(kRoot.size()));
  for (char& c : name) c = c == '/' ? '.' : c == '.' ? '/' : c;
  return name;
}

}  // namespace lvslab::host
