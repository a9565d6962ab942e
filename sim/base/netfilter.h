// The rules of iptables as plain values: what the kernel walks, what iptables lists.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/addr.h"
#include "sim/base/tables.h"

namespace lvslab {

/// NF_INET_*: where in its way through a host a packet is.
enum class NfHook : std::uint8_t { kPrerouting, kInput, kForward, kOutput, kPostrouting };
inline constexpr std::size_t kNfHooks = 5;

struct NfPortRange {
  std::uint16_t first = 0, last = 0xffff;
  bool operator==(const NfPortRange&) const = default;
  constexpr bool holds(std::uint16_t port) const { return first <= port && port <= last; }
};

/// -s, -d: an address match, perhaps negated.
struct NfAddressMatch {
  Ipv4Prefix prefix{{}, 0};
  bool negated = false;
  bool operator==(const NfAddressMatch&) const = default;
};
/// -i, -o: a name, or the start of names ("eth+").
struct NfDeviceMatch {
  ShortName name;  ///< empty: any
  bool negated = false;
  bool operator==(const NfDeviceMatch&) const = default;
};
/// --sport, --dport.
struct NfPortMatch {
  NfPortRange range;
  bool negated = false;
  bool is_any() const { return range == NfPortRange{} && !negated; }
  bool operator==(const NfPortMatch&) const = default;
};
/// -m multiport.
struct NfMultiport {
  enum class Which : std::uint8_t { kSource, kDestination, kEither };
  Which which = Which::kDestination;
  std::vector<NfPortRange> ranges;  ///< empty: no such match
  bool negated = false;
  bool operator==(const NfMultiport&) const = default;
};
/// -m mark --mark.
struct NfMarkMatch {
  std::uint32_t value = 0, mask = 0xffff'ffffU;
  bool given = false, negated = false;
  bool operator==(const NfMarkMatch&) const = default;
};

/// What connection tracking knows of a packet, as -m conntrack and -m state name it, in the order
/// in which they are printed.
enum class NfState : std::uint8_t {
  kInvalid,
  kNew,
  kRelated,
  kEstablished,
  kUntracked,
  kSnat,
  kDnat
};
inline constexpr std::array<std::string_view, 7> kNfStateNames = {
    "INVALID", "NEW", "RELATED", "ESTABLISHED", "UNTRACKED", "SNAT", "DNAT"};
constexpr std::uint8_t nf_state_bit(NfState state) {
  return static_cast<std::uint8_t>(1U << static_cast<unsigned>(state));
}
/// -m conntrack --ctstate, -m state --state.
struct NfStateMatch {
  std::uint8_t states = 0;  ///< bits of NfState; 0: no such match
  bool negated = false;
  bool old_name = false;  ///< -m state, which knows neither SNAT nor DNAT
  bool operator==(const NfStateMatch&) const = default;
};

/// The matches of a rule that a module stands for, to be listed in the order of being typed.
enum class NfMatchKind : std::uint8_t { kProtocol, kMultiport, kMark, kState };
inline constexpr std::size_t kNfMatchKinds = 4;

enum class NfTargetKind : std::uint8_t {
  kNone,  ///< only counts
  kAccept,
  kDrop,
  kReturn,
  kReject,
  kMark,
  kSnat,
  kDnat,
  kMasquerade,
  kRedirect,
  kChain  ///< a user's chain
};
constexpr bool is_nat(NfTargetKind kind) {
  return kind == NfTargetKind::kSnat || kind == NfTargetKind::kDnat ||
         kind == NfTargetKind::kMasquerade || kind == NfTargetKind::kRedirect;
}
/// --reject-with, in the order of the kernel's enum ipt_reject_with.
enum class NfReject : std::uint8_t {
  kNetUnreachable,
  kHostUnreachable,
  kProtoUnreachable,
  kPortUnreachable,
  kNetProhibited = 5,
  kHostProhibited,
  kTcpReset,
  kAdminProhibited
};

/// Where the targets of the table nat may map a flow to (struct nf_nat_range2).
struct NfNatRange {
  Ipv4Addr first, last;  ///< any: the address is left to the target
  std::uint16_t first_port = 0, last_port = 0;
  std::uint16_t base_port = 0;  ///< of --to-destination A:FIRST-LAST/BASE, which shifts ports
  bool has_ports = false, shifts_ports = false;
  bool random = false, random_fully = false, persistent = false;
  bool draws_port() const { return random || random_fully; }
  bool operator==(const NfNatRange&) const = default;
};

struct NfTarget {
  NfTargetKind kind = NfTargetKind::kNone;
  NfReject reject = NfReject::kPortUnreachable;
  std::uint32_t mark = 0, mask = 0xffff'ffffU;  ///< new = (old & ~mask) ^ mark
  NfNatRange nat;
  std::string chain;
  bool operator==(const NfTarget&) const = default;
};

struct NfRule {
  std::uint8_t protocol = 0;  ///< 0: all
  bool protocol_negated = false;
  NfAddressMatch source, destination;
  NfDeviceMatch in, out;
  NfPortMatch source_port, destination_port;
  bool syn_only = false;  ///< --syn
  NfMultiport multiport;
  NfMarkMatch mark;
  NfStateMatch state;
  std::vector<NfMatchKind> order;  ///< of the matches; those missing here come last
  NfTarget target;
  bool operator==(const NfRule&) const = default;
};

struct NfCounters {
  std::uint64_t packets = 0, bytes = 0;
};
struct NfCountedRule {
  NfRule rule;
  NfCounters counters;
};

struct NfChain {
  std::string name;
  bool built_in = false;
  bool policy_drop = false;
  NfCounters counters;  ///< of the policy
  std::vector<NfCountedRule> rules;
};

/// Of a list, the chain with that name; nullptr if there is none.
auto* find_chain(auto& chains, std::string_view name) {
  const auto found = std::ranges::find(chains, name, &NfChain::name);
  return found == chains.end() ? nullptr : &*found;
}

struct NfTable {
  std::string name;
  std::vector<NfChain> chains;  ///< built-in ones in hook order, then users' as they were made

  NfChain* find(std::string_view chain) { return find_chain(chains, chain); }
  const NfChain* find(std::string_view chain) const { return find_chain(chains, chain); }
};

}  // namespace lvslab
