#include <fmt/core.h>

#include <algorithm>
#include <vector>

#include "sim/base/state_names.h"
#include "sim/command/ipvsadm.h"
#include "sim/command/ipvsadm_names.h"

namespace lvslab::command {

namespace {

/// The tool compares by subtracting, so that addresses above 127.x sort before those below: neither
/// std::sort nor std::stable_sort may be given such an order, glibc's merge sort takes it.
template <class T, class Compare>
void qsort_like_glibc(std::vector<T>& items, std::size_t from, std::size_t count,
                      const Compare& compare) {
  if (count <= 1) return;
  const std::size_t left = count / 2;
  qsort_like_glibc(items, from, left, compare);
  qsort_like_glibc(items, from + left, count - left, compare);
  std::vector<T> merged;
  merged.reserve(count);
  std::size_t a = from;
  std::size_t b = from + left;
  while (a < from + left && b < from + count) {
    merged.push_back(items[compare(items[a], items[b]) <= 0 ? a++ : b++]);
  }
  while (a < from + left) merged.push_back(items[a++]);
  while (b < from + count) merged.push_back(items[b++]);
  std::ranges::copy(merged, items.begin() + static_cast<std::ptrdiff_t>(from));
}

int difference(std::uint32_t a, std::uint32_t b) { return static_cast<int>(a - b); }

/// By the first word that differs; IPv4 before IPv6.
int difference(IpAddr a, IpAddr b) {
  if (a.is_v4() != b.is_v4()) return a.is_v4() ? -1 : 1;
  if (a.is_v4()) return difference(a.v4().bits, b.v4().bits);
  for (int word = 0; word < 4; ++word) {
    const int order = difference(word_of(a.v6(), word), word_of(b.v6(), word));
    if (order != 0) return order;
  }
  return 0;
}

/// ipvs_cmp_services().
int compare_services(const IpvsServiceRow* a, const IpvsServiceRow* b) {
  if (a->key.fwmark != b->key.fwmark) return difference(a->key.fwmark, b->key.fwmark);
  if (a->key.addr.is_v4() != b->key.addr.is_v4()) return a->key.addr.is_v4() ? -1 : 1;
  if (a->key.protocol != b->key.protocol) return a->key.protocol - b->key.protocol;
  if (a->key.addr != b->key.addr) return difference(a->key.addr, b->key.addr);
  return a->key.port - b->key.port;
}
/// ipvs_cmp_dests().
int compare_dests(const IpvsDestRow* a, const IpvsDestRow* b) {
  if (a->addr != b->addr) return difference(a->addr, b->addr);
  return a->port - b->port;
}

std::string_view forward_name(IpvsForward forward) { return name_of(forward, "Route"); }

std::string_view protocol_name(std::uint8_t protocol) {
  return protocol == 6 ? "TCP" : protocol == 17 ? "UDP" : protocol == 0 ? "IP" : "SCTP";
}

/// addrport_to_anyname().
std::string endpoint(IpAddr addr, std::uint16_t port, std::uint8_t protocol, bool numeric,
                     HostNames names) {
  if (numeric) return fmt::format("{}:{}", addr.bracketed(), port);
  const std::string_view service = service_name(port, protocol);
  const std::string host = host_name_of(addr, names);
  return fmt::format("{}:{}", addr.is_v4() ? host : '[' + host + ']',
                     service.empty() ? fmt::format("{}", port) : std::string(service));
}

/// print_largenum(): a column of eight and a blank; K, M and G count in thousands.
std::string large_number(std::uint64_t n, bool exact) {
  if (exact) return fmt::format(" {:>8}", n);
  if (n < 100'000'000) return fmt::format("{:>9}", n);
  if (n < 1'000'000'000) return fmt::format(" {:>7}K", n / 1'000);
  if (n < 100'000'000'000) return fmt::format(" {:>7}M", n / 1'000'000);
  return fmt::format(" {:>7}G", n / 1'000'000'000);
}

enum class Layout : std::uint8_t { kPlain, kStats, kRate, kThresholds, kPersistent, kTunnels };

Layout layout_of(const IpvsListing& list) {
  if (list.stats) return Layout::kStats;
  if (list.rate) return Layout::kRate;
  if (list.thresholds) return Layout::kThresholds;
  if (list.tunnels) return Layout::kTunnels;
  return list.persistent_conn ? Layout::kPersistent : Layout::kPlain;
}

std::string title(Layout layout) {
  switch (layout) {
    case Layout::kStats:
      return fmt::format("{:<33} {:>8} {:>8} {:>8} {:>8} {:>8}\n  -> RemoteAddress:Port\n",
                         "Prot LocalAddress:Port", "Conns", "InPkts", "OutPkts", "InBytes",
                         "OutBytes");
    case Layout::kRate:
      return fmt::format("{:<33} {:>8} {:>8} {:>8} {:>8} {:>8}\n  -> RemoteAddress:Port\n",
                         "Prot LocalAddress:Port", "CPS", "InPPS", "OutPPS", "InBPS", "OutBPS");
    case Layout::kThresholds:
      return fmt::format("{:<33} {:<10} {:<10} {:<10} {:<10}\n  -> RemoteAddress:Port\n",
                         "Prot LocalAddress:Port", "Uthreshold", "Lthreshold", "ActiveConn",
                         "InActConn");
    case Layout::kPersistent:
      return fmt::format("{:<33} {:<9} {:<11} {:<10} {:<10}\n  -> RemoteAddress:Port\n",
                         "Prot LocalAddress:Port", "Weight", "PersistConn", "ActiveConn",
                         "InActConn");
    case Layout::kTunnels:
      return "Prot LocalAddress:Port Scheduler Flags\n"
             "  -> RemoteAddress:Port           Forward TunnelInfo    Weight ActiveConn "
             "InActConn\n";
    case Layout::kPlain: break;
  }
  return "Prot LocalAddress:Port Scheduler Flags\n"
         "  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n";
}

std::string counters_text(const IpvsCounters& c, Layout layout, bool exact) {
  std::string text;
  const auto add = [&text, exact](std::uint64_t n) { text += large_number(n, exact); };
  if (layout == Layout::kStats) {
    for (const auto n : {c.conns, c.in_pkts, c.out_pkts, c.in_bytes, c.out_bytes}) add(n);
  } else {
    for (const auto n : {c.cps, c.in_pps, c.out_pps, c.in_bps, c.out_bps}) add(n);
  }
  return text + '\n';
}

std::string service_label(const IpvsServiceKey& key, bool numeric, HostNames names) {
  if (key.fwmark != 0) {
    return fmt::format("FWM  {}{}", key.fwmark, key.addr.is_v4() ? "" : " IPv6");
  }
  return fmt::format("{:<4} {}", protocol_name(key.protocol),
                     endpoint(key.addr, key.port, key.protocol, numeric, names));
}

std::string service_line(const IpvsServiceRow& row, Layout layout, const IpvsListing& list,
                         HostNames names) {
  const std::string label = service_label(row.key, list.numeric, names);
  if (layout == Layout::kStats || layout == Layout::kRate) {
    return fmt::format("{:<33}", label) + counters_text(row.counters, layout, list.exact);
  }
  std::string line = fmt::format("{} {}", label, row.scheduler.view());
  if (row.sched_flags != 0) {
    line += fmt::format(" ({})", ipvs_sched_flag_names(row.scheduler.view(), row.sched_flags));
  }
  if (row.persistent) {
    line += fmt::format(" persistent {}", row.timeout_s);
    line += ipvs_netmask_text(" mask ", row.netmask, row.key);
  }
  if (row.one_packet) line += " ops";
  return line + '\n';
}

/// print_tunnel_info(): "ipip", "gre:-c", "gue:6080:r+c".
std::string tunnel_info(const IpvsDestRow& row) {
  if (row.forward != IpvsForward::kTunnel) return "n/a";
  const IpvsTunnel& tunnel = row.tunnel;
  if (tunnel.type == IpvsTunnelType::kIpip) return "ipip";
  const std::string_view checksum = tunnel.checksum == IpvsTunnelChecksum::kFull     ? "+c"
                                    : tunnel.checksum == IpvsTunnelChecksum::kRemote ? "r+c"
                                                                                     : "-c";
  if (tunnel.type == IpvsTunnelType::kGre) return fmt::format("gre:{}", checksum);
  return fmt::format("gue:{}:{}", tunnel.port, checksum);
}

std::string dest_line(const IpvsDestRow& row, Layout layout, const IpvsListing& list,
                      HostNames names) {
  const std::string name = endpoint(row.addr, row.port, row.service.protocol, list.numeric, names);
  // What names hosts of IPv4 is cut off; an IPv6 address is not.
  const std::string head =
      row.addr.is_v4() ? fmt::format("  -> {:<28.28}", name) : fmt::format("  -> {:<28}", name);
  switch (layout) {
    case Layout::kStats:
    case Layout::kRate: return head + counters_text(row.counters, layout, list.exact);
    case Layout::kThresholds:
      return head + fmt::format(" {:<10} {:<10} {:<10} {:<10}\n", row.upper, row.lower, row.active,
                                row.inactive);
    case Layout::kPersistent:
      return head + fmt::format(" {:<9} {:<11} {:<10} {:<10}\n",
                                static_cast<std::uint32_t>(row.weight), row.persistent, row.active,
                                row.inactive);
    case Layout::kTunnels:
      return head + fmt::format(" {:<7} {:<13} {:<6} {:<10} {:<10}\n", forward_name(row.forward),
                                tunnel_info(row), row.weight, row.active, row.inactive);
    case Layout::kPlain: break;
  }
  return head + fmt::format(" {:<7} {:<6} {:<10} {:<10}\n", forward_name(row.forward), row.weight,
                            row.active, row.inactive);
}

std::vector<const IpvsServiceRow*> services_of(const HostTables& tables, bool unsorted) {
  std::vector<const IpvsServiceRow*> rows;
  for (const IpvsServiceRow& row : tables.services) rows.push_back(&row);
  if (!unsorted) qsort_like_glibc(rows, 0, rows.size(), compare_services);
  return rows;
}

std::vector<const IpvsDestRow*> dests_of(const HostTables& tables, const IpvsServiceKey& key,
                                         bool unsorted) {
  std::vector<const IpvsDestRow*> rows;
  for (const IpvsDestRow& row : tables.dests) {
    if (row.service == key) rows.push_back(&row);
  }
  if (!unsorted) qsort_like_glibc(rows, 0, rows.size(), compare_dests);
  return rows;
}

}  // namespace

std::string_view ipvs_state_name(IpvsConnState state) { return name_of(state, "ERR!"); }

std::string render_ipvs_list(const HostTables& tables, const IpvsadmCommand& command,
                             HostNames names) {
  const IpvsListing& list = command.list;
  if (list.connections) return render_ipvs_connections(tables, list, names);
  const Layout layout = layout_of(list);
  std::string text;
  if (!command.service) {
    text = fmt::format("IP Virtual Server version 1.2.1 (size={})\n", kIpvsTableSize);
  }
  text += title(layout);
  for (const IpvsServiceRow* row : services_of(tables, list.unsorted)) {
    if (command.service && row->key != *command.service) continue;
    text += service_line(*row, layout, list, names);
    for (const IpvsDestRow* dest : dests_of(tables, row->key, list.unsorted)) {
      text += dest_line(*dest, layout, list, names);
    }
  }
  return text;
}

std::string render_ipvs_connections(const HostTables& tables, const IpvsListing& list,
                                    HostNames names) {
  std::string text =
      "IPVS connection entries\n"
      "pro expire state       source             virtual            destination";
  text += list.persistent_conn ? "        pe name          pe_data\n" : "\n";
  for (const IpvsConnRow& row : tables.conns) {
    const std::int64_t left = std::max<std::int64_t>(0, (row.expires - tables.now).seconds());
    const auto place = [&](IpAddr addr, std::uint16_t port) {
      return endpoint(addr, port, row.protocol, list.numeric, names);
    };
    const std::string clock = fmt::format("{:02}:{:02}", left / 60, left % 60);
    text += fmt::format("{:<3} {:<6} {:<11} {:<18} {:<18} {}\n", protocol_name(row.protocol), clock,
                        ipvs_state_name(row.state), place(row.client, row.client_port),
                        place(row.virt, row.virt_port), place(row.dest, row.dest_port));
  }
  return text;
}

std::string render_ipvs_timeouts(const IpvsTimeouts& timeouts) {
  return fmt::format("Timeout (tcp tcpfin udp): {} {} {}\n", timeouts.tcp, timeouts.tcp_fin,
                     timeouts.udp);
}

std::string render_ipvs_save(const HostTables& tables, bool numeric, HostNames names) {
  std::string text;
  for (const IpvsServiceRow* row : services_of(tables, false)) {
    const IpvsServiceKey& key = row->key;
    const std::string label =
        key.fwmark != 0 ? fmt::format("-f {}{}", key.fwmark, key.addr.is_v4() ? "" : " -6")
                        : fmt::format("{} {}", ipvs_service_option(key.protocol),
                                      endpoint(key.addr, key.port, key.protocol, numeric, names));
    text += fmt::format("-A {} -s {}", label, row->scheduler.view());
    if (row->persistent) {
      text += fmt::format(" -p {}", row->timeout_s);
      text += ipvs_netmask_text(" -M ", row->netmask, key);
    }
    if (row->one_packet) text += " -o";
    if (row->sched_flags != 0) {
      text += fmt::format(" -b {}", ipvs_sched_flag_names(row->scheduler.view(), row->sched_flags));
    }
    text += "\n";
    for (const IpvsDestRow* dest : dests_of(tables, key, false)) {
      text += fmt::format(
          "-a {} -r {} {} -w {}{}\n", label,
          endpoint(dest->addr, dest->port, key.protocol, numeric, names),
          ipvs_forward_option(dest->forward), dest->weight,
          dest->forward == IpvsForward::kTunnel ? ipvs_tunnel_options(dest->tunnel) : "");
    }
  }
  return text;
}

std::string render_ipvs_daemons(std::span<const IpvsSyncDaemon> daemons) {
  std::string text;
  for (const IpvsSyncDaemon& d : daemons) {
    text +=
        fmt::format("{} sync daemon (mcast={}, syncid={}, maxlen={}, group={}, port={}, ttl={})\n",
                    d.backup ? "backup" : "master", d.interface.view(), d.sync_id, d.max_length,
                    d.group.to_string(), d.port, d.ttl);
  }
  return text;
}

namespace {

/// "0A000001", or all eight groups of an IPv6 address in full (%pI6).
std::string proc_address(IpAddr addr, bool brackets = false) {
  if (addr.is_v4()) return fmt::format("{:08X}", addr.v4().bits);
  std::string text;
  for (int group = 0; group < 8; ++group) {
    const std::uint64_t half = group < 4 ? addr.v6().high : addr.v6().low;
    text += fmt::format("{}{:04x}", group == 0 ? "" : ":", half >> (48 - group % 4 * 16) & 0xffffU);
  }
  return brackets ? '[' + text + ']' : text;
}

}  // namespace

std::string render_proc_ip_vs(const HostTables& tables) {
  std::string text = fmt::format(
      "IP Virtual Server version 1.2.1 (size={})\n"
      "Prot LocalAddress:Port Scheduler Flags\n"
      "  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n",
      kIpvsTableSize);
  for (const IpvsServiceRow& row : tables.services) {
    const IpvsServiceKey& key = row.key;
    const std::string_view ops = row.one_packet ? "ops " : "";
    if (key.fwmark != 0) {
      text += fmt::format("FWM  {:08X} {} {}", key.fwmark, row.scheduler.view(), ops);
    } else {
      text += fmt::format("{}  {}:{:04X} {} ", protocol_name(key.protocol),
                          proc_address(key.addr, true), key.port, row.scheduler.view());
      if (key.addr.is_v4()) text += fmt::format("{} ", ops);  // of IPv6 it is not told
    }
    if (row.persistent) {
      text +=
          fmt::format("persistent {} {:08X}", row.timeout_s * kIpvsHz,
                      key.addr.is_v4() ? row.netmask.bits : __builtin_bswap32(row.netmask.bits));
    }
    text += '\n';
    for (const IpvsDestRow* dest : dests_of(tables, key, true)) {
      text += fmt::format("  -> {}:{:04X}      {:<7} {:<6} {:<10} {:<10}\n",
                          proc_address(dest->addr, true), dest->port, forward_name(dest->forward),
                          dest->weight, dest->active, dest->inactive);
    }
  }
  return text;
}

std::string render_proc_ip_vs_conn(const HostTables& tables) {
  std::string text =
      "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n";
  for (const IpvsConnRow& row : tables.conns) {
    const std::int64_t left = std::max<std::int64_t>(0, (row.expires - tables.now).seconds());
    text += fmt::format("{:<3} {} {:04X} {} {:04X} {} {:04X} {:<11} {:>7}\n",
                        protocol_name(row.protocol), proc_address(row.client), row.client_port,
                        proc_address(row.virt), row.virt_port, proc_address(row.dest),
                        row.dest_port, ipvs_state_name(row.state), left);
  }
  return text;
}

std::string render_proc_ip_vs_stats(const IpvsCounters& totals) {
  return fmt::format(
      "   Total Incoming Outgoing         Incoming         Outgoing\n"
      "   Conns  Packets  Packets            Bytes            Bytes\n"
      "{:>8X} {:>8X} {:>8X} {:>16X} {:>16X}\n\n"
      " Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s\n"
      "{:>8X} {:>8X} {:>8X} {:>16X} {:>16X}\n",
      totals.conns, totals.in_pkts, totals.out_pkts, totals.in_bytes, totals.out_bytes, totals.cps,
      totals.in_pps, totals.out_pps, totals.in_bps, totals.out_bps);
}

}  // namespace lvslab::command
