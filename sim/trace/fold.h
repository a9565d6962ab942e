// The tables of a host at any moment of a run, from its trace alone: viewers scrub through a run
// without asking the backend that made it.
//
// A row replaces the one with the same key (sim/base/row_key.h).
//
// Order: links by interface; addresses, routes and destinations as the kernel lists them
// (devinet.c: inet_insert_ifa(), fib_trie.c: fn_trie_dump_leaf(), ip_vs_ctl.c: ip_vs_add_dest():
// the newest first within its service), but routes that differ in their gateway only as added;
// connections by id; sysctls by name; rules by priority; all others as added, and a changed row
// keeps its place.
//
// Left out, because no row is recorded for each packet: interface counters are counted from the
// frames that passed; IPVS counters, and the times and probes of neighbours, are those of the last
// recorded change.
#pragma once

#include <cstdint>
#include <map>

#include "sim/base/row_key.h"
#include "sim/trace/trace.h"

namespace lvslab {

/// Rows of one table with a key each, in the order in which they were added.
template <class Row>
class FoldedTable {
 public:
  using Key = RowKey<Row>;
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
  struct Change;

  void count(const Trace& trace, const TraceRecord& record);

  NodeId node_;
  std::string booted_name_;  ///< what a reboot brings back
  std::string name_;
  SimTime now_;
  std::uint32_t position_ = 0;
  FoldedTable<LinkRow> links_;
  FoldedTable<AddrRow> addrs_;
  FoldedTable<RouteRow> routes_;
  FoldedTable<Addr6Row> addrs6_;
  FoldedTable<Route6Row> routes6_;
  FoldedTable<RuleRow> rules_;
  FoldedTable<NeighRow> neighs_;
  FoldedTable<SocketRow> sockets_;
  FoldedTable<IpvsServiceRow> services_;
  FoldedTable<IpvsDestRow> dests_;
  FoldedTable<IpvsConnRow> conns_;
  FoldedTable<SysctlRow> sysctls_;
};

/// The tables of `node` after the records before `end`.
HostTables fold(const Trace& trace, std::uint32_t end, NodeId node);
/// The tables of `node` at the end of the trace.
HostTables fold(const Trace& trace, NodeId node);

}  // namespace lvslab
