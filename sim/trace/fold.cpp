#include "sim/trace/fold.h"

#include <algorithm>
#include <ranges>
#include <tuple>
#include <variant>

#include "sim/wire/ethernet.h"

namespace lvslab {
namespace {

template <class Row>
std::vector<Row> list(const FoldedTable<Row>& table) {
  const auto values = std::views::values(table.rows());
  return {values.begin(), values.end()};
}

// Primary addresses by scope, then secondary ones (net/ipv4/devinet.c: inet_insert_ifa()).
std::vector<AddrRow> in_kernel_order(const std::vector<AddrRow>& added) {
  std::vector<AddrRow> out;
  for (const AddrRow& row : added) {
    const auto [first, last] = std::ranges::equal_range(out, row.dev, {}, &AddrRow::dev);
    auto at = row.secondary ? last : first;
    for (auto other = first; other != last && !row.secondary; ++other) {
      if (!other->secondary && row.scope <= other->scope) at = other + 1;
    }
    out.insert(at, row);
  }
  return out;
}

// Of each device those that are known farther first, and of those the newest
// (net/ipv6/addrconf.c: ipv6_link_dev_addr()).
std::vector<Addr6Row> in_kernel_order(const std::vector<Addr6Row>& added) {
  std::vector<Addr6Row> out;
  for (const Addr6Row& row : added) {
    const auto at = std::ranges::find_if(out, [&](const Addr6Row& other) {
      return other.dev > row.dev || (other.dev == row.dev && other.scope >= row.scope);
    });
    out.insert(at, row);
  }
  return out;
}

bool listed_before(const Route6Row& a, const Route6Row& b) {
  if (a.table != b.table) return a.table > b.table;
  return a.dst != b.dst ? walked_before(a.dst, b.dst) : a.metric < b.metric;
}

auto listing_key(const RouteRow& r) {
  return std::tuple(r.table, r.dst.addr.bits, 32 - r.dst.len, r.metric);
}

}  // namespace

/// One row record, done to the table that its row belongs to.
struct Folder::Change {
  Folder& f;
  RecordKind kind;

  template <class Row>
  void apply(FoldedTable<Row>& table, const Row& row) const {
    if (kind == RecordKind::kRowRemoved) return table.remove(key_of(row));
    table.put(key_of(row), row);
  }

  void operator()(const LinkRow& r) const {
    const LinkRow* before = f.links_.find(r.dev);
    const LinkStats counted = before != nullptr ? before->stats : LinkStats{};
    apply(f.links_, r);
    LinkRow* after = f.links_.find(r.dev);
    // A row that only changed does not know of the frames since; a new one begins at zero.
    // No frame is recorded on a tunnel's device: its row does know.
    const bool counts_frames = r.tunnel == TunnelKind::kNone;
    if (after != nullptr && kind == RecordKind::kRowChanged && counts_frames) {
      after->stats = counted;
    }
  }
  void operator()(const AddrRow& r) const { apply(f.addrs_, r); }
  void operator()(const RouteRow& r) const { apply(f.routes_, r); }
  void operator()(const Addr6Row& r) const { apply(f.addrs6_, r); }
  void operator()(const Route6Row& r) const { apply(f.routes6_, r); }
  void operator()(const RuleRow& r) const { apply(f.rules_, r); }
  void operator()(const NeighRow& r) const { apply(f.neighs_, r); }
  void operator()(const SocketRow& r) const { apply(f.sockets_, r); }
  void operator()(const IpvsServiceRow& r) const { apply(f.services_, r); }
  void operator()(const IpvsDestRow& r) const { apply(f.dests_, r); }
  void operator()(const IpvsConnRow& r) const { apply(f.conns_, r); }
  void operator()(const SysctlRow& r) const {
    apply(f.sysctls_, r);
    if (r.path != "kernel.hostname") return;
    f.name_ = kind == RecordKind::kRowRemoved ? f.booted_name_ : r.value;
  }
};

Folder::Folder(const Trace& trace, NodeId node)
    : node_(node), booted_name_(trace.node(node).name), name_(booted_name_) {
  for (const LinkRow& link : trace.node(node).devices) links_.put(link.dev, link);
}

void Folder::advance(const Trace& trace, std::uint32_t end) {
  end = std::min(end, static_cast<std::uint32_t>(trace.size()));
  if (position_ >= end) return;
  const auto records = trace.records().subspan(position_);
  for (auto record = records.begin(); position_ < end; ++position_, ++record) {
    const TraceRecord r = *record;
    now_ = r.at;
    if (r.node != node_) continue;
    switch (r.kind) {
      case RecordKind::kRowAdded:
      case RecordKind::kRowChanged:
      case RecordKind::kRowRemoved: std::visit(Change{*this, r.kind}, trace.row(r.args[0])); break;
      case RecordKind::kFrameSent:
      case RecordKind::kFrameReceived:
      case RecordKind::kFrameDropped: count(trace, r); break;
      default: break;
    }
  }
}

// A frame that arrived at a host which was not there to take it was recorded, but never counted.
void Folder::count(const Trace& trace, const TraceRecord& r) {
  LinkRow* link = r.frame.valid() ? links_.find(r.dev) : nullptr;
  if (link == nullptr) return;
  LinkStats& stats = link->stats;
  // lo counts packets without their Ethernet header (drivers/net/loopback.c: loopback_xmit()).
  const std::uint64_t length =
      trace.frame_length(r.frame) - (link->loopback ? EthernetRepr::kLength : 0);
  if (r.kind == RecordKind::kFrameSent) {
    ++stats.tx_packets;
    stats.tx_bytes += length;
  } else if (r.kind == RecordKind::kFrameReceived) {
    ++stats.rx_packets;
    stats.rx_bytes += length;
  } else if (r.cause.valid() && trace[r.cause].kind == RecordKind::kFrameReceived &&
             (r.reason == Reason::kHostNotRunning || r.reason == Reason::kDeviceDown ||
              r.reason == Reason::kFrameTruncated)) {
    --stats.rx_packets;
    stats.rx_bytes -= length;
  }
}

HostTables Folder::tables() const {
  HostTables t;
  t.hostname = name_;
  t.now = now_;
  t.links = list(links_);
  std::ranges::stable_sort(t.links, {}, &LinkRow::dev);
  t.addrs = in_kernel_order(list(addrs_));
  t.routes = list(routes_);
  std::ranges::stable_sort(t.routes, {}, listing_key);
  t.addrs6 = in_kernel_order(list(addrs6_));
  t.routes6 = list(routes6_);
  std::ranges::stable_sort(t.routes6, listed_before);
  t.rules = list(rules_);
  std::ranges::stable_sort(t.rules, {}, &RuleRow::priority);
  t.neighs = list(neighs_);
  t.sockets = list(sockets_);
  t.services = list(services_);
  t.conns = list(conns_);
  std::ranges::stable_sort(t.conns, {}, &IpvsConnRow::id);
  t.sysctls = list(sysctls_);
  std::ranges::sort(t.sysctls, {}, &SysctlRow::path);
  const std::vector<IpvsDestRow> added = list(dests_);
  for (const IpvsServiceRow& service : t.services) {
    for (const IpvsDestRow& dest : std::views::reverse(added)) {
      if (dest.service == service.key) t.dests.push_back(dest);
    }
  }
  return t;
}

HostTables fold(const Trace& trace, std::uint32_t end, NodeId node) {
  Folder folder(trace, node);
  folder.advance(trace, end);
  return folder.tables();
}

HostTables fold(const Trace& trace, NodeId node) {
  return fold(trace, static_cast<std::uint32_t>(trace.size()), node);
}

}  // namespace lvslab
