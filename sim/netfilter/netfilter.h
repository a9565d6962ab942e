// iptables of one host: the tables mangle and filter, and the walk of a packet through a chain.
//
// Modelled: the built-in chains with their policies, users' chains, counters; the targets ACCEPT,
// DROP, REJECT, RETURN and MARK. Left out: the tables nat, raw and security, connection tracking.
// Source: net/ipv4/netfilter/ip_tables.c: ipt_do_table(); net/netfilter/xt_mark.c.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "sim/base/netfilter.h"
#include "sim/core/ports.h"
#include "sim/core/step.h"

namespace lvslab::netfilter {

enum class TableId : std::uint8_t { kMangle, kFilter };
inline constexpr std::array<std::string_view, 2> kTableNames = {"mangle", "filter"};

enum class VerdictKind : std::uint8_t { kAccept, kDrop, kReject };
struct Verdict {
  VerdictKind kind = VerdictKind::kAccept;
  NfReject reject = NfReject::kPortUnreachable;
};

/// The names of the interfaces that a packet came in and goes out by; empty if there is none.
struct Devices {
  ShortName in, out;
};

class Netfilter {
 public:
  Netfilter();

  NfTable& table(TableId id) { return tables_[static_cast<std::size_t>(id)]; }
  const NfTable& table(TableId id) const { return tables_[static_cast<std::size_t>(id)]; }
  NfTable* find_table(std::string_view name);

  /// Walks the chain of `hook` in one table; MARK changes packet.mark. Explains what it decided.
  Verdict walk(Step& step, TableId table, NfHook hook, Packet& packet, const Devices& devices);

 private:
  std::array<NfTable, 2> tables_;
};

}  // namespace lvslab::netfilter
