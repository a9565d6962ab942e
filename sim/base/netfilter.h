// The rules of iptables as plain values: what the kernel walks, what iptables lists.
#pragma once

#include <array>
#include <cstdint>
#include <string>
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

enum class NfTargetKind : std::uint8_t {
  kNone,  ///< only counts
  kAccept,
  kDrop,
  kReturn,
  kReject,
  kMark,
  kChain  ///< a user's chain
};
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

struct NfTarget {
  NfTargetKind kind = NfTargetKind::kNone;
  NfReject reject = NfReject::kPortUnreachable;
  std::uint32_t mark = 0, mask = 0xffff'ffffU;  ///< new = (old & ~mask) ^ mark
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

struct NfTable {
  std::string name;
  std::vector<NfChain> chains;  ///< built-in ones in hook order, then users' as they were made

  NfChain* find(std::string_view chain) {
    for (NfChain& c : chains) {
      if (c.name == chain) return &c;
    }
    return nullptr;
  }
  const NfChain* find(std::string_view chain) const {
    return const_cast<NfTable*>(this)->find(chain);
  }
};

}  // namespace lvslab
