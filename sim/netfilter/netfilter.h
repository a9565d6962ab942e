// iptables of one host: the tables mangle, nat and filter, and the walk of a packet through a
// chain.
//
// Modelled: the built-in chains with their policies, users' chains, counters; the targets ACCEPT,
// DROP, REJECT, RETURN, MARK, SNAT, DNAT, MASQUERADE and REDIRECT; matches on the state of
// connection tracking (conntrack.h), which is on while a rule, or IPVS, asks for it. Left out: the
// tables raw and security. Source: net/ipv4/netfilter/ip_tables.c: ipt_do_table();
// net/netfilter/xt_mark.c, xt_conntrack.c,
//         xt_state.c, xt_nat.c; nf_conntrack_proto.c: nf_ct_netns_get().
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "sim/base/netfilter.h"
#include "sim/core/ports.h"
#include "sim/core/step.h"
#include "sim/netfilter/conntrack.h"

namespace lvslab::netfilter {

enum class TableId : std::uint8_t { kMangle, kNat, kFilter };

enum class VerdictKind : std::uint8_t {
  kAccept,
  kDrop,
  kReject,
  kMap  ///< a target of the table nat
};
struct Verdict {
  VerdictKind kind = VerdictKind::kAccept;
  NfReject reject = NfReject::kPortUnreachable;
  NfTargetKind target = NfTargetKind::kNone;  ///< of kMap
  NfNatRange range;                           ///< of kMap
};

/// The names of the interfaces that a packet came in and goes out by; empty if there is none.
struct Devices {
  ShortName in, out;
};

/// The hook that a built-in chain is at; nothing for users' chains.
std::optional<NfHook> hook_named(std::string_view chain);

class Netfilter {
 public:
  Netfilter();

  NfTable& table(TableId id) { return tables_[static_cast<std::size_t>(id)]; }
  const NfTable& table(TableId id) const { return tables_[static_cast<std::size_t>(id)]; }
  NfTable* find_table(std::string_view name);
  /// A command names it. The kernel has no table before the first one that does, so that its
  /// policies count from then on (net/ipv4/netfilter/iptable_filter.c:
  /// iptable_filter_table_init()).
  void touch_table(const NfTable& table);

  /// To be called when rules came or went: switches tracking on or off. Once the table nat was
  /// touched its hooks stay, and do something while tracking is on.
  void rules_changed();
  /// IPVS has a service that needs tracking, or has none any more.
  void set_wanted_by_ipvs(bool wanted);
  void touch_nat() { nat_hooks_ = true; }
  bool has_nat_hooks() const { return nat_hooks_; }
  bool tracks() const { return tracks_; }
  Conntrack& conntrack() { return conntrack_; }
  const Conntrack& conntrack() const { return conntrack_; }

  /// Walks the chain of `hook` in one table; MARK changes packet.mark. Explains what it decided.
  Verdict walk(Step& step, TableId table, NfHook hook, Packet& packet, const Devices& devices);

 private:
  std::array<NfTable, 3> tables_;
  std::array<bool, 3> touched_{};
  Conntrack conntrack_;
  bool tracks_ = false, nat_hooks_ = false, wanted_by_ipvs_ = false;
};

}  // namespace lvslab::netfilter
