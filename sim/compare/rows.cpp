#include "sim/compare/rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <span>

#include "sim/compare/clock.h"
#include "sim/compare/counters.h"
#include "sim/trace/fold.h"
#include "sim/trace/text.h"

namespace lvslab::compare {
namespace {

using scenario::TableKind;

/// A row as words: what names it, and its values.
struct FlatRow {
  TableKind table{};
  std::string key;
  std::vector<std::pair<std::string_view, std::string>> values;
  std::string text;                        ///< as a listing shows it
  std::optional<SimTime> confirmed{};      ///< when a neighbour was last known to be there
  std::optional<SimDuration> lasts_for{};  ///< until an IPVS connection expires
  std::string over{};                      ///< the flow that a socket in TIME_WAIT is left of
  std::optional<SimTime> opened{};         ///< when a socket in SYN_SENT said its first word
};

std::string yes_no(bool value) { return value ? "yes" : "no"; }
template <class Number>
std::string number(Number value) {
  return fmt::format("{}", value);
}

/// Turns the tables of one side into rows.
class Flattener {
 public:
  Flattener(const Side& side, const HostTables& tables, bool counters)
      : side_(side), tables_(tables), counters_(counters) {
    node_ = side.recording().trace.find_node(tables.hostname);
    if (!node_.valid()) node_ = NodeId(0);
  }

  std::map<std::string, FlatRow> run() {
    for (const LinkRow& row : tables_.links) add(TableKind::kLink, row);
    for (const AddrRow& row : tables_.addrs) add(TableKind::kAddr, row);
    for (const RouteRow& row : tables_.routes) {
      add(row.table == kTableLocal ? TableKind::kLocalRoute : TableKind::kRoute, row);
    }
    for (const Addr6Row& row : tables_.addrs6) add(TableKind::kAddr, row);
    for (const Route6Row& row : tables_.routes6) {
      add(row.table == kTableLocal ? TableKind::kLocalRoute : TableKind::kRoute, row);
    }
    for (const RuleRow& row : tables_.rules) add(TableKind::kRule, row);
    for (const NeighRow& row : tables_.neighs) add(TableKind::kArp, row);
    for (const SocketRow& row : tables_.sockets) add(TableKind::kSocket, row);
    for (const IpvsServiceRow& row : tables_.services) add(TableKind::kIpvs, row);
    for (const IpvsDestRow& row : tables_.dests) add(TableKind::kIpvs, row);
    for (const IpvsConnRow& row : tables_.conns) add(TableKind::kConn, row);
    for (const SysctlRow& row : tables_.sysctls) add(TableKind::kSysctl, row);
    return std::move(rows_);
  }

 private:
  template <class Row>
  void add(TableKind table, const Row& row) {
    FlatRow flat{.table = table,
                 .key = {},
                 .values = {},
                 .text = row_text(side_.recording().trace, node_, row)};
    fill(row, flat);
    flat.key = fmt::format("{} {}", scenario::to_string(table), flat.key);
    std::string key = flat.key;
    for (int again = 2; rows_.contains(key); ++again) key = fmt::format("{} ({})", flat.key, again);
    flat.key = key;
    rows_.emplace(std::move(key), std::move(flat));
  }

  std::string dev(IfIndex index) const { return tables_.dev_name(index); }
  std::string endpoint(const Peer& end, std::span<const Peer> peers) const {
    return fmt::format("{}:{}", end.addr.bracketed(),
                       side_.flows().port_name(end.addr, end.port, tables_.now, peers, node_));
  }

  void fill(const LinkRow& row, FlatRow& out) const {
    const LinkStats beyond = beyond_frames(row);
    out.key = std::string(row.name.view());
    out.values = {{"MAC address", row.mac.to_string()},
                  {"MTU", number(row.mtu)},
                  {"queue length", number(row.tx_queue_len)},
                  {"up", yes_no(row.up)},
                  // Of an interface that is down a kernel does not tell (IFF_LOWER_UP).
                  {"carrier", yes_no(!row.up || row.carrier)},
                  {"ARP", yes_no(!row.no_arp)},
                  {"promiscuous", yes_no(row.promisc)},
                  {"multicast", yes_no(row.multicast)},
                  {"received packets beyond its frames", number(beyond.rx_packets)},
                  {"received bytes beyond its frames", number(beyond.rx_bytes)},
                  {"sent packets beyond its frames", number(beyond.tx_packets)},
                  {"sent bytes beyond its frames", number(beyond.tx_bytes)}};
  }
  /// The counters of a device without the frames that passed it; they may wrap below zero.
  LinkStats beyond_frames(const LinkRow& row) const {
    const LinkStats frames =
        counted_frames(side_, {tables_.hostname, std::string(row.name.view())}, tables_.now);
    LinkStats stats = row.stats;
    stats.rx_packets -= frames.rx_packets;
    stats.rx_bytes -= frames.rx_bytes;
    stats.tx_packets -= frames.tx_packets;
    stats.tx_bytes -= frames.tx_bytes;
    return stats;
  }
  void fill(const AddrRow& row, FlatRow& out) const {
    out.key = fmt::format("{} dev {}", row.local.to_string(), dev(row.dev));
    out.values = {{"broadcast", row.broadcast.to_string()},
                  {"scope", number(static_cast<int>(row.scope))},
                  {"label", std::string(row.label.view())},
                  {"secondary", yes_no(row.secondary)}};
  }
  void fill(const RouteRow& row, FlatRow& out) const {
    out.key = fmt::format("{} {} table {} type {} dev {} metric {}", row.dst.to_string(),
                          row.gateway.to_string(), row.table, static_cast<int>(row.type),
                          dev(row.dev), row.metric);
    out.values = {{"scope", number(static_cast<int>(row.scope))},
                  {"protocol", number(static_cast<int>(row.proto))},
                  {"source", row.prefsrc.to_string()},
                  {"onlink", yes_no(row.onlink)},
                  {"linkdown", yes_no(row.linkdown)}};
  }
  void fill(const Addr6Row& row, FlatRow& out) const {
    out.key = fmt::format("{} dev {}", row.local.to_string(), dev(row.dev));
    out.values = {{"scope", number(static_cast<int>(row.scope))}};
  }
  void fill(const Route6Row& row, FlatRow& out) const {
    out.key = fmt::format("{} {} table {} type {} dev {} metric {}", row.dst.to_string(),
                          row.gateway.to_string(), row.table, static_cast<int>(row.type),
                          dev(row.dev), row.metric);
    out.values = {{"protocol", number(static_cast<int>(row.proto))},
                  {"source", row.prefsrc.to_string()},
                  {"multicast", yes_no(row.multicast)},
                  {"anycast", yes_no(row.anycast)},
                  {"linkdown", yes_no(row.linkdown)}};
  }
  static void fill(const RuleRow& row, FlatRow& out) {
    out.key = fmt::format("{} from {} to {} iif {} oif {} fwmark {}/{} {}", row.priority,
                          row.from.to_string(), row.to.to_string(), row.iif.view(), row.oif.view(),
                          row.fwmark, row.fwmask, row.match_fwmark);
    out.values = {{"table", number(row.table)}, {"action", number(static_cast<int>(row.action))}};
  }
  void fill(const NeighRow& row, FlatRow& out) const {
    out.key = fmt::format("{} dev {}", row.ip.to_string(), dev(row.dev));
    out.values = {{"MAC address", row.mac.to_string()},
                  {"state", number(static_cast<int>(row.state))}};
    out.confirmed = row.confirmed;
  }
  void fill(const SocketRow& row, FlatRow& out) const {
    const bool listens = row.state == TcpState::kListen || row.remote_port == 0;
    const Peer local{row.local, row.local_port}, remote{row.remote, row.remote_port};
    const auto side = [&](const Peer& end, const Peer& peer) {
      return listens ? fmt::format("{}:{}", end.addr.bracketed(), end.port)
                     : endpoint(end, {&peer, 1});
    };
    out.key = fmt::format("{} {} {}", static_cast<int>(row.proto), side(local, remote),
                          side(remote, local));
    const bool over = row.state == TcpState::kTimeWait, opens = row.state == TcpState::kSynSent;
    if (over || opens) {
      const Flow* flow = side_.flows().flow_between(local, remote, tables_.now, node_);
      if (flow != nullptr && over) out.over = flow->name;
      if (flow != nullptr && opens) out.opened = flow->begun;
    }
    out.values = {{"state", number(static_cast<int>(row.state))},
                  {"receive queue", number(row.recv_q)},
                  {"send queue", number(row.send_q)},
                  {"program", std::string(row.program.view())}};
  }
  static std::string service_name(const IpvsServiceKey& key) {
    if (key.fwmark != 0)
      return fmt::format("FWM {}{}", key.fwmark, key.addr.is_v4() ? "" : " IPv6");
    return fmt::format("{} {}:{}", key.protocol, key.addr.bracketed(), key.port);
  }
  void add_counters(const IpvsCounters& counters, FlatRow& out) const {
    if (!counters_) return;
    out.values.insert(out.values.end(), {{"connections", number(counters.conns)},
                                         {"packets in", number(counters.in_pkts)},
                                         {"packets out", number(counters.out_pkts)},
                                         {"bytes in", number(counters.in_bytes)},
                                         {"bytes out", number(counters.out_bytes)}});
  }
  void fill(const IpvsServiceRow& row, FlatRow& out) const {
    out.key = service_name(row.key);
    out.values = {{"scheduler", std::string(row.scheduler.view())},
                  {"persistent", yes_no(row.persistent)},
                  {"one packet", yes_no(row.one_packet)},
                  {"timeout", number(row.timeout_s)},
                  {"netmask", row.netmask.to_string()}};
    add_counters(row.counters, out);
  }
  void fill(const IpvsDestRow& row, FlatRow& out) const {
    std::size_t place = 1;
    for (const IpvsDestRow& other : tables_.dests) {
      if (&other == &row) break;
      place += other.service == row.service ? 1 : 0;
    }
    out.key = fmt::format("{} -> {}:{}", service_name(row.service), row.addr.bracketed(), row.port);
    out.values = {{"place in the list", number(place)},
                  {"forwarding", number(static_cast<int>(row.forward))},
                  {"weight", number(row.weight)},
                  {"upper threshold", number(row.upper)},
                  {"lower threshold", number(row.lower)},
                  {"active connections", number(row.active)},
                  {"inactive connections", number(row.inactive)},
                  {"persistent connections", number(row.persistent)}};
    add_counters(row.counters, out);
  }
  void fill(const IpvsConnRow& row, FlatRow& out) const {
    const Peer client{row.client, row.client_port};
    const std::array servers{Peer{row.virt, row.virt_port}, Peer{row.dest, row.dest_port}};
    out.key = fmt::format("{} {} {} {}", row.protocol, endpoint(client, servers),
                          endpoint(servers[0], {&client, 1}), endpoint(servers[1], {&client, 1}));
    out.values = {{"state", number(static_cast<int>(row.state))}};
    // How it is forwarded /proc/net/ip_vs_conn does not say.
    // Overdue, until the timer wheel comes to it, counts as 0 in the kernel's own listing.
    out.lasts_for = std::max(SimDuration{}, row.expires - tables_.now);
  }
  static void fill(const SysctlRow& row, FlatRow& out) {
    out.key = row.path;
    out.values = {{"value", row.value}};
  }

  const Side& side_;
  const HostTables& tables_;
  bool counters_;
  NodeId node_;
  std::map<std::string, FlatRow> rows_;
};

/// True if a neighbour confirmed so long ago may be REACHABLE still, or STALE already, or DELAY if
/// it was used since.
constexpr bool left_to_chance(SimDuration age) {
  return age + kFlatTolerance >= kReachableLeast && age <= kReachableMost + kFlatTolerance;
}

std::vector<FieldDifference> differing_values(const FlatRow& sim, const FlatRow& real,
                                              SimTime now) {
  std::vector<FieldDifference> found;
  const auto either = [](const std::string& value) {
    using enum NeighState;
    return std::ranges::any_of(std::array{kReachable, kStale, kDelay},
                               [&](NeighState s) { return value == number(static_cast<int>(s)); });
  };
  for (std::size_t i = 0; i < sim.values.size(); ++i) {
    const auto& [name, ours] = sim.values[i];
    const std::string& theirs = real.values[i].second;
    if (ours == theirs) continue;
    if (sim.confirmed && name == "state" && either(ours) && either(theirs) &&
        left_to_chance(now - *sim.confirmed)) {
      continue;
    }
    found.push_back({.name = std::string(name), .sim = ours, .real = theirs});
  }
  if (!sim.lasts_for || !real.lasts_for) return found;
  static constexpr SimDuration kListed{1'000'000'000};  // whole seconds
  const SimDuration off = *real.lasts_for - *sim.lasts_for;
  if (off > kListed + kFlatTolerance || SimDuration{-off.ns} > kListed + kFlatTolerance) {
    found.push_back({.name = "expires in",
                     .sim = fmt::format("{} s", sim.lasts_for->seconds()),
                     .real = fmt::format("{} s", real.lasts_for->seconds())});
  }
  return found;
}

/// True if `row` is of a connection that is over, and whose ports `other` has drawn again.
bool gave_way(const FlatRow& row, const Side& other, SimTime now) {
  return !row.over.empty() && other.flows().ports_drawn_again(row.over, now);
}

/// True if the timer that opened the simulator's socket may come to a kernel after the table.
bool may_open_later(const FlatRow& row, SimTime now) {
  return row.opened && *row.opened + kFlatTolerance + tolerance_of({}) > now;
}

}  // namespace

bool counters_may_lag(const Trace& trace, std::string_view host, SimTime at) {
  return std::ranges::any_of(trace.records(), [&](const TraceRecord& r) {
    return r.frame.valid() && r.node.valid() && r.at <= at && r.at + kEstimator > at &&
           trace.node(r.node).name == host;
  });
}

bool may_be_stale(const Trace& trace, std::string_view host, IpAddr addr, SimTime at) {
  std::optional<NeighRow> last;
  for (const TraceRecord& r : trace.records()) {
    if (r.at > at || !r.node.valid() || trace.node(r.node).name != host) continue;
    if (r.kind != RecordKind::kRowAdded && r.kind != RecordKind::kRowChanged) continue;
    const TableRow changed = trace.row(r.args[0]);
    const auto* row = std::get_if<NeighRow>(&changed);
    if (row != nullptr && row->ip == addr) last = *row;
  }
  return last && left_to_chance(at - last->confirmed);
}

RowsResult compare_rows(const Side& sim_side, const HostTables& sim, const Side& real_side,
                        const HostTables& real) {
  const Trace& trace = sim_side.recording().trace;
  const bool counters = !counters_may_lag(trace, sim.hostname, sim.now) &&
                        !counters_may_lag(real_side.recording().trace, real.hostname, real.now);
  const auto ours = Flattener(sim_side, sim, counters).run();
  const auto theirs = Flattener(real_side, real, counters).run();
  RowsResult result;
  const auto report = [&](RowDifference row) {
    result.differences.push_back({sim.now, sim.hostname, std::move(row)});
  };
  for (const auto& [key, row] : ours) {
    const auto other = theirs.find(key);
    if (other == theirs.end() &&
        (gave_way(row, real_side, real.now) || may_open_later(row, sim.now)))
      continue;
    if (other == theirs.end()) {
      report({.table = row.table, .key = key, .sim = row.text, .real = {}, .fields = {}});
      continue;
    }
    auto fields = differing_values(row, other->second, sim.now);
    if (fields.empty()) {
      ++result.agreed;
    } else {
      report({.table = row.table,
              .key = key,
              .sim = row.text,
              .real = other->second.text,
              .fields = std::move(fields)});
    }
  }
  for (const auto& [key, row] : theirs) {
    if (ours.contains(key) || gave_way(row, sim_side, sim.now)) continue;
    report({.table = row.table, .key = key, .sim = {}, .real = row.text, .fields = {}});
  }
  return result;
}

}  // namespace lvslab::compare
