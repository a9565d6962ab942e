// iptables 1.8 (legacy): what a student types, and its listings.
//
// Models: -t mangle, nat and filter; -A -I -R -D -C -L -S -F -Z -N -X -P with -n -v -x
// --line-numbers; matches -p -s -d -i -o --sport --dport --syn, -m tcp, udp, multiport, mark,
// conntrack (--ctstate), state; targets ACCEPT DROP RETURN REJECT MARK SNAT DNAT MASQUERADE
// REDIRECT and users' chains. Leaves out, with a clear refusal: the tables raw and security, and
// every other match and target. Source: iptables/iptables.c, xshared.c; extensions/libxt_*.c.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sim/base/netfilter.h"
#include "sim/command/names.h"
#include "sim/command/output.h"

namespace lvslab::command {

struct IptablesCommand {
  enum class Verb : std::uint8_t {
    kAppend,
    kInsert,
    kReplace,
    kDelete,
    kDeleteNumber,
    kCheck,
    kList,
    kListRules,
    kFlush,
    kZero,
    kNewChain,
    kDeleteChain,
    kPolicy
  };
  Verb verb = Verb::kList;
  std::string table = "filter";
  std::string chain;         ///< empty: all
  std::uint32_t number = 1;  ///< of -I, -R, -D NUM
  NfRule rule;
  bool policy_drop = false;
  bool numeric = false, verbose = false, line_numbers = false, exact = false;
  friend bool operator==(const IptablesCommand&, const IptablesCommand&) = default;
};

Parsed<IptablesCommand> parse_iptables(Args args);
std::string to_text(const IptablesCommand& command);

/// -L of one table; `chain` must exist if it is given.
std::string render_iptables_list(const NfTable& table, const IptablesCommand& command);
/// -S: lines as iptables-save writes them.
std::string render_iptables_rules(const NfTable& table, std::string_view chain);

/// What the kernel refuses.
enum class IptablesError : std::uint8_t {
  kNoChain,         ///< No chain/target/match by that name.
  kNoRule,          ///< Bad rule (does a matching rule exist in that chain?).
  kNumberTooBig,    ///< Index of insertion, replacement or deletion too big.
  kChainExists,     ///< Chain already exists.
  kNotEmpty,        ///< Directory not empty.
  kInUse,           ///< Too many links.
  kBadPolicyChain,  ///< Bad built-in chain name.
  kInvalid          ///< Invalid argument.
};
Output iptables_failure(IptablesError error, IptablesCommand::Verb verb);

}  // namespace lvslab::command
