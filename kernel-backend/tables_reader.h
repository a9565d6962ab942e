// The tables of a real kernel as the simulator's HostTables: the front door of this part.
//
// How to use it: enter the network namespace of a lab host and open a reader there. Its netlink
// sockets stay with that namespace; for /proc the process has to be in it whenever it asks:
//
//   const auto fresh = read_sysctls("/proc");                      // before anybody changed one
//   auto reader = TableReader::open({.hostname = "node01", .fresh = &fresh});
//   ...
//   HostTables all = reader->read(now).value();                    // a full reading
//   poll(reader->events_fd()); auto news = reader->changes(now);   // what happened since
//   std::string bytes = encode_tables(all);                        // tables_image.h
//
// `now` is the time of the trace at the moment of the call; all times in rows are relative to it.
// Plain sockets and files, no thread, no library but libc; a reading takes no lock and changes
// nothing in the kernel.
//
// Leaves out, as the simulator's tables do: IPv6, cached route exceptions, raw and packet sockets,
// netfilter. What is only approximate stands at the head of the file that reads it:
// tables_rtnetlink.h (ages of neighbours), tables_ipvs.h (expiry and forwarding of connections),
// tables_sockets.h (owners), tables_sysctl.h (defaults).
#pragma once

#include <string>
#include <vector>

#include "kernel-backend/tables_netlink.h"
#include "kernel-backend/tables_rtnetlink.h"
#include "sim/base/table_diff.h"
#include "sim/base/tables.h"

namespace lvslab::kernel {

/// Where a reader stands.
struct Vantage {
  std::string hostname;  ///< empty: that of the caller's UTS namespace
  /// A procfs in which "self" is the caller: its net/ and sys/ are those of the caller's network
  /// namespace.
  std::string proc = "/proc";
  /// A procfs of the lab host's PID namespace, to find the owners of sockets under the numbers that
  /// they have there ("/proc/<pid of its init>/root/proc" from outside).
  std::string processes = "/proc";
  /// read_sysctls() of a namespace in which nothing was changed, to outlive the reader: fresh
  /// namespaces are alike, and reading one takes hundreds of files. Null: the values that the
  /// reader finds when it is opened count as the defaults.
  const std::vector<SysctlRow>* fresh = nullptr;
};

class TableReader {
 public:
  /// In the caller's network namespace. Errors: no netlink.
  static Result<TableReader> open(Vantage vantage);
  TableReader(const TableReader&) = delete;
  TableReader& operator=(const TableReader&) = delete;
  TableReader(TableReader&&) noexcept;
  TableReader& operator=(TableReader&&) noexcept;
  ~TableReader();

  /// The wanted tables; the others are empty. Errors: the kernel refused to tell.
  Result<HostTables> read(SimTime now, TableSet wanted = kAllTables);

  /// Readable as soon as links, addresses, routes, rules or neighbours may have changed; poll it
  /// together with other descriptors. The kernel tells nothing of sockets, IPVS, sysctls, nor of a
  /// neighbour that became INCOMPLETE, DELAY or PROBE: for those call changes() now and then.
  int events_fd() const { return events_fd_; }

  /// What changed since the last call; the first call tells every row as added. Reads again what
  /// the events hint at, and `polled` in any case. States of a neighbour that passed by between
  /// two calls are told in their order, as far as the kernel sent an event for each. `sysctl`: the
  /// name of one that may have changed; all are read if kSysctlTable is polled.
  Result<std::vector<RowChange>> changes(SimTime now, TableSet polled = kPolledTables,
                                         const std::string& sysctl = {});
  /// The tables as of the last changes().
  const HostTables& known() const { return known_; }

  static constexpr TableSet kPolledTables = kNeighTable | kSocketTable | kIpvsTable | kConnTable;

 private:
  TableReader(Vantage vantage, NetlinkReader route, NetlinkReader generic, NetlinkReader diag);
  Result<void> refresh(SimTime now, TableSet wanted, HostTables& tables);
  const std::vector<SysctlRow>& fresh() const {
    return vantage_.fresh != nullptr ? *vantage_.fresh : own_fresh_;
  }
  /// Takes in what waits at the events' socket; returns the tables to read again.
  TableSet drain_events(SimTime now, std::vector<RowChange>& changes);
  void apply_neigh(const NetlinkMessage& message, SimTime now, std::vector<RowChange>& changes);

  Vantage vantage_;
  NetlinkReader route_, generic_, diag_;
  int events_fd_ = -1;
  std::uint16_t ipvs_family_ = 0;
  std::vector<SysctlRow> own_fresh_;
  HostTables known_;
  TableSet unread_ = kAllTables;  ///< tables that changes() has not read yet
};

/// Which tables an event of rtnetlink (RTM_NEWLINK and so on) puts in doubt. A link that goes down
/// takes routes and neighbours along without a word.
TableSet tables_in_doubt(std::uint16_t message_type);

}  // namespace lvslab::kernel
