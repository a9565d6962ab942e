// The tables of a host at any moment of a run, from its trace alone: viewers scrub through a run
// without asking the backend that made it.
//
// A row replaces the one with the same key: links by interface; addresses by interface and address;
// routes by table, type, destination, gateway, interface and metric; rules by all their fields;
// neighbours by interface and address; sockets by protocol and id (a socket keeps its id while its
// ports change); services and destinations by what names them; connections by protocol
// and both ends; sysctls by path.
//
// Order: as added, a changed row keeps its place; links by interface; destinations newest first
// within their service, services as added (ip_vs_ctl.c: ip_vs_add_service(), ip_vs_add_dest()).
// Interface counters are counted from the frames that passed, since no row is recorded for each.
#pragma once

#include <cstdint>
#include <map>
#include <tuple>

#include "sim/trace/trace.h"

namespace lvslab {

/// Rows of one table with a key each, in the order in which they were added.
template <class Row, class Key>
class FoldedTable {
 public:
  void put(const Key& key, const Row& row) {
    const auto [it, is_new] = order_.try_emplace(key, next_);
    if (is_new) ++next_;
    rows_.insert_or_assign(it->second, row);
  }
  void remove(const Key& key) {
    const auto it = order_.find(key);
    if (it == order_.end()) return;
    rows_.erase(it->second);
    order_.erase(it);
  }
  Row* find(const Key& key) {
    const auto it = order_.find(key);
    return it == order_.end() ? nullptr : &rows_.at(it->second);
  }
  const std::map<std::uint64_t, Row>& rows() const { return rows_; }

 private:
  std::map<Key, std::uint64_t> order_;
  std::map<std::uint64_t, Row> rows_;
  std::uint64_t next_ = 0;
};

/// Folds the records of one host forward, as far as it is asked to. A value: copies are bookmarks.
class Folder {
 public:
  /// Begins before the first record.
  Folder(const Trace& trace, NodeId node);

  /// Takes in records up to `end`, which itself is left out. Going back needs another Folder.
  void advance(const Trace& trace, std::uint32_t end);
  void advance(const Trace& trace) { advance(trace, static_cast<std::uint32_t>(trace.size())); }
  std::uint32_t position() const { return position_; }
  /// The tables as they are now; `now` is the time of the last record of any host.
  HostTables tables() const;

 private:
  using RouteKey =
      std::tuple<std::uint32_t, RouteType, Ipv4Prefix, Ipv4Addr, IfIndex, std::uint32_t>;
  using RuleKey = std::tuple<std::uint32_t, Ipv4Prefix, Ipv4Prefix, ShortName, ShortName,
                             std::uint32_t, std::uint32_t, bool, std::uint32_t, RouteType>;
  using SocketKey = std::tuple<SocketProto, std::uint32_t>;
  using DestKey = std::tuple<IpvsServiceKey, Ipv4Addr, std::uint16_t>;
  using ConnKey = std::tuple<std::uint8_t, Ipv4Addr, std::uint16_t, Ipv4Addr, std::uint16_t>;
  struct Change;

  void count(const Trace& trace, const TraceRecord& record);

  NodeId node_;
  std::string name_;
  SimTime now_;
  std::uint32_t position_ = 0;
  FoldedTable<LinkRow, IfIndex> links_;
  FoldedTable<AddrRow, std::tuple<IfIndex, Ipv4Addr>> addrs_;
  FoldedTable<RouteRow, RouteKey> routes_;
  FoldedTable<RuleRow, RuleKey> rules_;
  FoldedTable<NeighRow, std::tuple<IfIndex, Ipv4Addr>> neighs_;
  FoldedTable<SocketRow, SocketKey> sockets_;
  FoldedTable<IpvsServiceRow, IpvsServiceKey> services_;
  FoldedTable<IpvsDestRow, DestKey> dests_;
  FoldedTable<IpvsConnRow, ConnKey> conns_;
  FoldedTable<SysctlRow, std::string> sysctls_;
};

/// The tables of `node` after the records before `end`.
HostTables fold(const Trace& trace, std::uint32_t end, NodeId node);
/// The tables of `node` at the end of the trace.
HostTables fold(const Trace& trace, NodeId node);

}  // namespace lvslab
