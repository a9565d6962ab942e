#include "sim/host/virtual_files.h"

#include <fmt/format.h>

#include <set>

#include "sim/command/ipvsadm.h"
#include "sim/host/sysctls.h"

namespace lvslab::host {
namespace {

constexpr std::string_view kSysRoot = "/proc/sys/";

bool is_sysctl(std::string_view path) { return path.starts_with(kSysRoot); }

// net/ipv4/arp.c: arp_seq_show().
std::string proc_arp(const HostTables& tables) {
  std::string text =
      "IP address       HW type     Flags       HW address            Mask     Device\n";
  for (const NeighRow& neigh : tables.neighs) {
    if (neigh.state == NeighState::kNoArp) continue;
    const bool complete = !neigh.mac.is_zero();
    const int flags = (complete ? 2 : 0) | (neigh.state == NeighState::kPermanent ? 4 : 0);
    text += fmt::format("{:<16} 0x{:<10x}0x{:<10x}{:<17}     *        {}\n", neigh.ip.to_string(),
                        1, flags, neigh.mac.to_string(), tables.dev_name(neigh.dev));
  }
  return text;
}

std::uint32_t network_order(Ipv4Addr addr) { return __builtin_bswap32(addr.bits); }

// net/ipv4/fib_trie.c: fib_route_seq_show(): table main, unicast and reject.
std::string proc_route(const HostTables& tables) {
  std::string text =
      "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT"
      "                                                       \n";
  for (const RouteRow& route : tables.routes) {
    if (route.table != kTableMain || route.type != RouteType::kUnicast) continue;
    const unsigned flags =
        1U | (route.gateway.is_any() ? 0U : 2U) | (route.dst.len == 32 ? 4U : 0U);
    const std::string line = fmt::format("{}\t{:08X}\t{:08X}\t{:04X}\t0\t0\t{}\t{:08X}\t0\t0\t0",
                                         tables.dev_name(route.dev), network_order(route.dst.addr),
                                         network_order(route.gateway), flags, route.metric,
                                         network_order(route.dst.netmask()));
    text += fmt::format("{:<127}\n", line);
  }
  return text;
}

// net/core/net-procfs.c: dev_seq_printf_stats().
std::string proc_dev(const HostTables& tables) {
  std::string text =
      "Inter-|   Receive                                                |  Transmit\n"
      " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs "
      "drop fifo colls carrier compressed\n";
  for (const LinkRow& link : tables.links) {
    const LinkStats& s = link.stats;
    text += fmt::format(
        "{:>6}: {:7} {:7} {:4} {:4} {:4} {:5} {:10} {:9} {:8} {:7} {:4} {:4} {:4} {:5} {:7} "
        "{:10}\n",
        link.name.view(), s.rx_bytes, s.rx_packets, s.rx_errors, s.rx_dropped, 0, 0, 0,
        s.rx_multicast, s.tx_bytes, s.tx_packets, s.tx_errors, s.tx_dropped, 0, 0, 0, 0);
  }
  return text;
}

// net/ipv4/tcp_ipv4.c: get_tcp4_sock().
std::string proc_tcp(const HostTables& tables) {
  std::string text =
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
      "inode\n";
  int line = 0;
  for (const SocketRow& s : tables.sockets) {
    if (s.proto != SocketProto::kTcp || !s.local.is_v4()) continue;
    const std::string row = fmt::format(
        "{:4}: {:08X}:{:04X} {:08X}:{:04X} {:02X} {:08X}:{:08X} 00:00000000 00000000 {:5} {:8} {}",
        line++, network_order(s.local.v4()), s.local_port, network_order(s.remote.v4()),
        s.remote_port, static_cast<int>(s.state), s.send_q, s.recv_q, 0, 0,
        s.pid == 0 ? 0 : 10'000 + s.id);
    text += fmt::format("{:<149}\n", row);
  }
  return text;
}

IpvsCounters ipvs_totals(const HostTables& tables) {
  IpvsCounters sum;
  for (const IpvsServiceRow& s : tables.services) {
    sum.conns += s.counters.conns;
    sum.in_pkts += s.counters.in_pkts;
    sum.out_pkts += s.counters.out_pkts;
    sum.in_bytes += s.counters.in_bytes;
    sum.out_bytes += s.counters.out_bytes;
    sum.cps += s.counters.cps;
    sum.in_pps += s.counters.in_pps;
    sum.out_pps += s.counters.out_pps;
    sum.in_bps += s.counters.in_bps;
    sum.out_bps += s.counters.out_bps;
  }
  return sum;
}

std::string proc_stats(const HostTables& t) {
  return command::render_proc_ip_vs_stats(ipvs_totals(t));
}

// It is there whether or not a rule asks for tracking: ip_vs needs the module.
std::string nf_conntrack(const Wiring& wiring, SimTime now) {
  const netfilter::Netfilter* netfilter = wiring.host().netfilter.peek();
  return netfilter == nullptr ? std::string()
                              : netfilter->conntrack().listing(now, wiring.host().timers.tick());
}
constexpr std::string_view kNfConntrack = "/proc/net/nf_conntrack";

/// ip_vs_app.c: ip_vs_app_seq_show().
std::string ip_vs_app(const Wiring& wiring) {
  std::string text = "prot port    usecnt name\n";
  const ipvs::Director* director = wiring.host().ipvs.peek();
  if (director == nullptr || !director->has_ftp_helper()) return text;
  return text + fmt::format("{:<3}  {:<7} {:<6} {:<17}\n", "TCP", ipvs::kFtpControlPort,
                            director->helped_connections(), "ftp");
}
constexpr std::string_view kIpVsApp = "/proc/net/ip_vs_app";

struct NetFile {
  std::string_view name;
  std::string (*render)(const HostTables&);
};
constexpr NetFile kNetFiles[] = {{"arp", proc_arp},
                                 {"dev", proc_dev},
                                 {"ip_vs", command::render_proc_ip_vs},
                                 {"ip_vs_conn", command::render_proc_ip_vs_conn},
                                 {"ip_vs_stats", proc_stats},
                                 {"route", proc_route},
                                 {"tcp", proc_tcp}};
constexpr std::string_view kNetRoot = "/proc/net/";

const NetFile* find_net_file(std::string_view path) {
  if (!path.starts_with(kNetRoot)) return nullptr;
  for (const NetFile& file : kNetFiles) {
    if (path.substr(kNetRoot.size()) == file.name) return &file;
  }
  return nullptr;
}

}  // namespace

bool is_virtual(std::string_view path) { return path == "/proc" || path.starts_with("/proc/"); }

std::optional<std::string> read_virtual(const Wiring& wiring, std::string_view path) {
  if (is_sysctl(path)) {
    auto value = read_sysctl(wiring, sysctl_name_of_path(path));
    if (value) *value += "\n";
    return value;
  }
  if (path == kNfConntrack) return nf_conntrack(wiring, wiring.tables().now);
  if (path == kIpVsApp) return ip_vs_app(wiring);
  if (const NetFile* file = find_net_file(path)) return file->render(wiring.tables());
  return std::nullopt;
}

std::optional<std::string> cannot_write_virtual(const Wiring& wiring, std::string_view path) {
  if (is_sysctl(path)) {
    if (read_sysctl(wiring, sysctl_name_of_path(path))) return std::nullopt;
    return list_virtual(wiring, path) ? "Is a directory" : "No such file or directory";
  }
  return path == kNfConntrack || path == kIpVsApp || find_net_file(path) != nullptr
             ? "Permission denied"
             : "No such file or directory";
}

std::optional<std::string> write_virtual(Step& step, Wiring& wiring, std::string_view path,
                                         std::string_view text) {
  // The kernel reads one number and ignores what follows a blank (proc_dointvec() of one value).
  switch (write_sysctl(step, wiring, sysctl_name_of_path(path), text)) {
    case SysctlError::kNone: return std::nullopt;
    case SysctlError::kUnknown: return "No such file or directory";
    case SysctlError::kInvalid: return "Invalid argument";
    case SysctlError::kReadOnly: return "Permission denied";
  }
  return std::nullopt;
}

std::optional<std::vector<std::string>> list_virtual(const Wiring& wiring, std::string_view path) {
  std::set<std::string> names;
  if (path == "/proc") return std::vector<std::string>{"net", "sys"};
  if (path == "/proc/net") {
    for (const NetFile& file : kNetFiles) names.emplace(file.name);
    for (const std::string_view more : {kNfConntrack, kIpVsApp}) {
      names.emplace(more.substr(kNetRoot.size()));
    }
  } else if (path == "/proc/sys" || is_sysctl(path)) {
    const std::string below = path == "/proc/sys" ? "" : sysctl_name_of_path(path) + ".";
    for (const SysctlRow& row : all_sysctls(wiring)) {
      if (!row.path.starts_with(below)) continue;
      names.insert(row.path.substr(below.size(), row.path.find('.', below.size()) - below.size()));
    }
  }
  if (names.empty()) return std::nullopt;
  return std::vector<std::string>(names.begin(), names.end());
}

}  // namespace lvslab::host
