// What iptables prints: rules as -S writes them, and the listing of -L.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <vector>

#include "sim/command/iptables.h"
#include "sim/command/iptables_nat.h"
#include "sim/command/names.h"
#include "sim/command/shell.h"

namespace lvslab::command {

namespace {

using IptablesVerb = IptablesCommand::Verb;

std::string_view protocol_name(std::uint8_t protocol) {
  switch (protocol) {
    case 0: return "all";
    case 1: return "icmp";
    case 4: return "ipip";
    case 6: return "tcp";
    case 17: return "udp";
    case 47: return "gre";
    case 132: return "sctp";
    default: return {};
  }
}
std::string protocol_text(std::uint8_t protocol, bool numeric) {
  const std::string_view name = protocol_name(protocol);
  return numeric || name.empty() ? fmt::format("{}", protocol) : std::string(name);
}

constexpr std::array<std::string_view, 9> kRejects = {"icmp-net-unreachable",
                                                      "icmp-host-unreachable",
                                                      "icmp-proto-unreachable",
                                                      "icmp-port-unreachable",
                                                      "",
                                                      "icmp-net-prohibited",
                                                      "icmp-host-prohibited",
                                                      "tcp-reset",
                                                      "icmp-admin-prohibited"};
std::string_view reject_name(NfReject reject) { return kRejects[static_cast<std::size_t>(reject)]; }

std::string port_text(std::uint16_t port, std::uint8_t protocol, bool numeric) {
  const std::string_view name = numeric ? std::string_view{} : service_name(port, protocol);
  return name.empty() ? fmt::format("{}", port) : std::string(name);
}

std::string range_text(const NfPortRange& range, std::uint8_t protocol, bool numeric, char dash) {
  if (range.first == range.last) return port_text(range.first, protocol, numeric);
  return fmt::format("{}{}{}", port_text(range.first, protocol, numeric), dash,
                     port_text(range.last, protocol, numeric));
}

std::string multiport_text(const NfRule& rule, bool numeric) {
  std::string text;
  for (const NfPortRange& range : rule.multiport.ranges) {
    text += fmt::format("{}{}", text.empty() ? "" : ",",
                        range_text(range, rule.protocol, numeric, ':'));
  }
  return text;
}
std::string_view multiport_option(NfMultiport::Which which) {
  switch (which) {
    case NfMultiport::Which::kSource: return "sports";
    case NfMultiport::Which::kEither: return "ports";
    case NfMultiport::Which::kDestination: break;
  }
  return "dports";
}

std::string target_name(const NfTarget& target) {
  switch (target.kind) {
    case NfTargetKind::kNone: return {};
    case NfTargetKind::kAccept: return "ACCEPT";
    case NfTargetKind::kDrop: return "DROP";
    case NfTargetKind::kReturn: return "RETURN";
    case NfTargetKind::kReject: return "REJECT";
    case NfTargetKind::kMark: return "MARK";
    case NfTargetKind::kSnat: return "SNAT";
    case NfTargetKind::kDnat: return "DNAT";
    case NfTargetKind::kMasquerade: return "MASQUERADE";
    case NfTargetKind::kRedirect: return "REDIRECT";
    case NfTargetKind::kChain: break;
  }
  return target.chain;
}

std::string masked(std::uint32_t value, std::uint32_t mask) {
  return mask == 0xffff'ffffU ? fmt::format("{:#x}", value)
                              : fmt::format("{:#x}/{:#x}", value, mask);
}

// --- -S -----------------------------------------------------------------------------------------

void add_address(std::string& text, std::string_view option, const NfAddressMatch& match) {
  if (match == NfAddressMatch{}) return;
  text += fmt::format("{} {} {}", match.negated ? " !" : "", option, match.prefix.to_string());
}
void add_device(std::string& text, std::string_view option, const NfDeviceMatch& match) {
  if (match.name.empty()) return;
  text += fmt::format("{} {} {}", match.negated ? " !" : "", option, match.name.view());
}
void add_port(std::string& text, std::string_view option, const NfPortMatch& match) {
  if (match.is_any()) return;
  text += fmt::format("{} {} {}", match.negated ? " !" : "", option,
                      range_text(match.range, 0, true, ':'));
}

/// The matches of a rule in the order in which they are listed.
std::vector<NfMatchKind> listed_matches(const NfRule& rule) {
  std::vector<NfMatchKind> kinds = rule.order;
  for (std::size_t i = 0; i < kNfMatchKinds; ++i) {
    const auto kind = static_cast<NfMatchKind>(i);
    if (std::ranges::find(kinds, kind) == kinds.end()) kinds.push_back(kind);
  }
  return kinds;
}

bool looks_at_ports(const NfRule& rule) {
  return !rule.source_port.is_any() || !rule.destination_port.is_any() || rule.syn_only;
}

std::string states_text(std::uint8_t states) {
  std::string text;
  for (std::size_t i = 0; i < kNfStateNames.size(); ++i) {
    if ((states >> i & 1U) == 0) continue;
    text += fmt::format("{}{}", text.empty() ? "" : ",", kNfStateNames[i]);
  }
  return text;
}

std::string match_text(const NfRule& rule, NfMatchKind kind) {
  std::string text;
  switch (kind) {
    case NfMatchKind::kProtocol:
      if (!looks_at_ports(rule)) break;
      text = fmt::format(" -m {}", protocol_name(rule.protocol));
      add_port(text, "--sport", rule.source_port);
      add_port(text, "--dport", rule.destination_port);
      if (rule.syn_only) text += " --tcp-flags FIN,SYN,RST,ACK SYN";
      break;
    case NfMatchKind::kMultiport:
      if (rule.multiport.ranges.empty()) break;
      text = fmt::format(" -m multiport{} --{} {}", rule.multiport.negated ? " !" : "",
                         multiport_option(rule.multiport.which), multiport_text(rule, true));
      break;
    case NfMatchKind::kMark:
      if (!rule.mark.given) break;
      text = fmt::format(" -m mark{} --mark {}", rule.mark.negated ? " !" : "",
                         masked(rule.mark.value, rule.mark.mask));
      break;
    case NfMatchKind::kState:
      if (rule.state.states == 0) break;
      text = fmt::format(" -m {}{} --{} {}", rule.state.old_name ? "state" : "conntrack",
                         rule.state.negated ? " !" : "", rule.state.old_name ? "state" : "ctstate",
                         states_text(rule.state.states));
      break;
  }
  return text;
}

/// What -S writes behind a target of the table nat.
std::string nat_options(const NfTarget& target) {
  if (!is_nat(target.kind)) return {};
  std::string text;
  if (target.kind == NfTargetKind::kSnat) {
    text = " --to-source " + nat_range_text(target.nat);
  } else if (target.kind == NfTargetKind::kDnat) {
    text = " --to-destination " + nat_range_text(target.nat);
  } else if (target.nat.has_ports) {
    text = " --to-ports " + nat_ports_text(target.nat);
  }
  return text + nat_flags_text(target.nat, "--");
}

/// Everything after the chain.
std::string rule_text(const NfRule& rule) {
  std::string text;
  add_address(text, "-s", rule.source);
  add_address(text, "-d", rule.destination);
  add_device(text, "-i", rule.in);
  add_device(text, "-o", rule.out);
  if (rule.protocol != 0) {
    text += fmt::format("{} -p {}", rule.protocol_negated ? " !" : "",
                        protocol_text(rule.protocol, false));
  }
  for (const NfMatchKind kind : listed_matches(rule)) text += match_text(rule, kind);
  const std::string target = target_name(rule.target);
  if (!target.empty()) text += " -j " + target;
  if (rule.target.kind == NfTargetKind::kReject) {
    text += fmt::format(" --reject-with {}", reject_name(rule.target.reject));
  }
  if (rule.target.kind == NfTargetKind::kMark) {
    text += fmt::format(" --set-xmark {:#x}/{:#x}", rule.target.mark, rule.target.mask);
  }
  return text + nat_options(rule.target);
}

// --- -L -----------------------------------------------------------------------------------------

std::string address_text(const NfAddressMatch& match, bool numeric) {
  const std::string_view sign = match.negated ? "!" : "";
  if (match.prefix.len == 0) return std::string(sign) + (numeric ? "0.0.0.0/0" : "anywhere");
  return fmt::format(
      "{}{}", sign,
      match.prefix.len == 32 ? match.prefix.addr.to_string() : match.prefix.to_string());
}

std::string device_text(const NfDeviceMatch& match, bool numeric) {
  if (match.name.empty()) return numeric ? "*" : "any";
  return fmt::format("{}{}", match.negated ? "!" : "", match.name.view());
}

void add_port_detail(std::string& text, std::string_view name, const NfPortMatch& match,
                     const NfRule& rule, bool numeric) {
  if (match.is_any()) return;
  const bool single = match.range.first == match.range.last;
  text += fmt::format(" {}{}:{}{}", name, single ? "" : "s", match.negated ? "!" : "",
                      range_text(match.range, rule.protocol, numeric, ':'));
}

std::string match_details(const NfRule& rule, NfMatchKind kind, bool numeric) {
  std::string text;
  switch (kind) {
    case NfMatchKind::kProtocol:
      if (!looks_at_ports(rule)) break;
      text = fmt::format(" {}", protocol_name(rule.protocol));
      add_port_detail(text, "spt", rule.source_port, rule, numeric);
      add_port_detail(text, "dpt", rule.destination_port, rule, numeric);
      if (rule.syn_only) text += numeric ? " flags:0x17/0x02" : " flags:FIN,SYN,RST,ACK/SYN";
      break;
    case NfMatchKind::kMultiport:
      if (rule.multiport.ranges.empty()) break;
      text = fmt::format(" multiport {} {}{}", multiport_option(rule.multiport.which),
                         rule.multiport.negated ? "!" : "", multiport_text(rule, numeric));
      break;
    case NfMatchKind::kMark:
      if (!rule.mark.given) break;
      text = fmt::format(" mark match {}{}", rule.mark.negated ? "!" : "",
                         masked(rule.mark.value, rule.mark.mask));
      break;
    case NfMatchKind::kState:
      if (rule.state.states == 0) break;
      text = fmt::format(" {}{} {}", rule.state.negated ? "! " : "",
                         rule.state.old_name ? "state" : "ctstate", states_text(rule.state.states));
      break;
  }
  return text;
}

std::string nat_details(const NfTarget& target) {
  std::string text;
  switch (target.kind) {
    case NfTargetKind::kSnat:
    case NfTargetKind::kDnat: text = " to:" + nat_range_text(target.nat); break;
    case NfTargetKind::kMasquerade:
      if (target.nat.has_ports) text = " masq ports: " + nat_ports_text(target.nat);
      break;
    case NfTargetKind::kRedirect:
      if (target.nat.has_ports) text = " redir ports " + nat_ports_text(target.nat);
      break;
    default: return text;
  }
  return text + nat_flags_text(target.nat, "");
}

/// What stands behind the addresses.
std::string details(const NfRule& rule, bool numeric) {
  std::string text;
  for (const NfMatchKind kind : listed_matches(rule)) text += match_details(rule, kind, numeric);
  const NfTarget& target = rule.target;
  if (target.kind == NfTargetKind::kReject) {
    text += fmt::format(" reject-with {}", reject_name(target.reject));
  } else if (target.kind == NfTargetKind::kMark) {
    if (target.mark == 0) {
      text += fmt::format(" MARK and {:#x}", ~target.mask);
    } else if (target.mark == target.mask) {
      text += fmt::format(" MARK or {:#x}", target.mark);
    } else if (target.mask == 0) {
      text += fmt::format(" MARK xor {:#x}", target.mark);
    } else if (target.mask == 0xffff'ffffU) {
      text += fmt::format(" MARK set {:#x}", target.mark);
    } else {
      text += fmt::format(" MARK xset {:#x}/{:#x}", target.mark, target.mask);
    }
  }
  return text + nat_details(target);
}

/// xtables_print_num(): five columns; K, M and G in thousands.
std::string number_text(std::uint64_t n, bool exact) {
  if (exact) return fmt::format("{:>8} ", n);
  if (n <= 99'999) return fmt::format("{:>5} ", n);
  n = (n + 500) / 1'000;
  if (n <= 9'999) return fmt::format("{:>4}K ", n);
  n = (n + 500) / 1'000;
  if (n <= 9'999) return fmt::format("{:>4}M ", n);
  return fmt::format("{:>4}G ", (n + 500) / 1'000);
}
/// The same without columns, in the head of a chain.
std::string short_number(std::uint64_t n) {
  std::string text = number_text(n, false);
  text.erase(0, text.find_first_not_of(' '));
  text.pop_back();
  return text;
}

std::string rule_line(const NfCountedRule& counted, std::size_t number, const IptablesCommand& c) {
  const NfRule& rule = counted.rule;
  std::string line;
  if (c.line_numbers) line += fmt::format("{:<4} ", number);
  if (c.verbose) {
    line += number_text(counted.counters.packets, c.exact);
    line += number_text(counted.counters.bytes, c.exact);
  }
  line += fmt::format("{:<9} ", target_name(rule.target));
  line += fmt::format("{}{:<5}", rule.protocol_negated ? "!" : " ",
                      protocol_text(rule.protocol, c.numeric));
  line += "-- ";
  if (c.verbose) {
    line += fmt::format(" {:<6} {:<6} ", device_text(rule.in, c.numeric),
                        device_text(rule.out, c.numeric));
  }
  const auto address = [&](const NfAddressMatch& match) {
    const std::string text = address_text(match, c.numeric);
    // A negated one takes the blank before the column.
    return match.negated ? fmt::format("{:<20}", text) : fmt::format(" {:<19}", text);
  };
  line += address(rule.source) + " " + address(rule.destination) + " ";
  return line + details(rule, c.numeric) + '\n';
}

std::string chain_head(const NfTable& table, const NfChain& chain, const IptablesCommand& c) {
  std::string head = fmt::format("Chain {} (", chain.name);
  if (chain.built_in) {
    head += fmt::format("policy {}", chain.policy_drop ? "DROP" : "ACCEPT");
    if (c.verbose) {
      head += fmt::format(" {} packets, {} bytes", short_number(chain.counters.packets),
                          short_number(chain.counters.bytes));
    }
  } else {
    std::size_t references = 0;
    for (const NfChain& other : table.chains) {
      for (const NfCountedRule& counted : other.rules) {
        references += counted.rule.target.chain == chain.name ? 1 : 0;
      }
    }
    head += fmt::format("{} references", references);
  }
  head += ")\n";
  if (c.line_numbers) head += "num  ";
  if (c.verbose) head += c.exact ? "    pkts      bytes " : " pkts bytes ";
  head += "target     prot opt ";
  if (c.verbose) head += "in     out     ";
  return head + "source               destination         \n";
}

}  // namespace

std::string render_iptables_rules(const NfTable& table, std::string_view only) {
  std::string text;
  const auto shown = [&](const NfChain& chain) { return only.empty() || chain.name == only; };
  for (const NfChain& chain : table.chains) {
    if (!shown(chain)) continue;
    text += chain.built_in
                ? fmt::format("-P {} {}\n", chain.name, chain.policy_drop ? "DROP" : "ACCEPT")
                : fmt::format("-N {}\n", chain.name);
  }
  for (const NfChain& chain : table.chains) {
    if (!shown(chain)) continue;
    for (const NfCountedRule& counted : chain.rules) {
      text += fmt::format("-A {}{}\n", chain.name, rule_text(counted.rule));
    }
  }
  return text;
}

std::string render_iptables_list(const NfTable& table, const IptablesCommand& command) {
  std::string text;
  for (const NfChain& chain : table.chains) {
    if (!command.chain.empty() && chain.name != command.chain) continue;
    if (!text.empty()) text += '\n';
    text += chain_head(table, chain, command);
    std::size_t number = 0;
    for (const NfCountedRule& counted : chain.rules) text += rule_line(counted, ++number, command);
  }
  return text;
}

Output iptables_failure(IptablesError error, IptablesVerb verb) {
  std::string_view message;
  switch (error) {
    case IptablesError::kNoChain: message = "No chain/target/match by that name."; break;
    case IptablesError::kNoRule:
      message = "Bad rule (does a matching rule exist in that chain?).";
      break;
    case IptablesError::kNumberTooBig:
      message = verb == IptablesVerb::kInsert    ? "Index of insertion too big."
                : verb == IptablesVerb::kReplace ? "Index of replacement too big."
                                                 : "Index of deletion too big.";
      break;
    case IptablesError::kChainExists: message = "Chain already exists."; break;
    case IptablesError::kNotEmpty: message = "Directory not empty."; break;
    case IptablesError::kInUse: message = "Too many links."; break;
    case IptablesError::kBadPolicyChain: message = "Bad built-in chain name."; break;
    case IptablesError::kInvalid:
      message = "Invalid argument. Run `dmesg' for more information.";
      break;
  }
  return failure(fmt::format("iptables: {}\n", message), 1);
}

std::string to_text(const IptablesCommand& c) {
  std::string text = "iptables";
  if (c.table != "filter") text += " -t " + c.table;
  const auto chain = [&] { return c.chain.empty() ? std::string() : " " + quote_word(c.chain); };
  switch (c.verb) {
    case IptablesVerb::kAppend: text += " -A" + chain() + rule_text(c.rule); break;
    case IptablesVerb::kInsert:
      text += fmt::format(" -I{} {}{}", chain(), c.number, rule_text(c.rule));
      break;
    case IptablesVerb::kReplace:
      text += fmt::format(" -R{} {}{}", chain(), c.number, rule_text(c.rule));
      break;
    case IptablesVerb::kDelete: text += " -D" + chain() + rule_text(c.rule); break;
    case IptablesVerb::kDeleteNumber: text += fmt::format(" -D{} {}", chain(), c.number); break;
    case IptablesVerb::kCheck: text += " -C" + chain() + rule_text(c.rule); break;
    case IptablesVerb::kList: text += " -L" + chain(); break;
    case IptablesVerb::kListRules: text += " -S" + chain(); break;
    case IptablesVerb::kFlush: text += " -F" + chain(); break;
    case IptablesVerb::kZero: text += " -Z" + chain(); break;
    case IptablesVerb::kNewChain: text += " -N" + chain(); break;
    case IptablesVerb::kDeleteChain: text += " -X" + chain(); break;
    case IptablesVerb::kPolicy:
      text += " -P" + chain() + (c.policy_drop ? " DROP" : " ACCEPT");
      break;
  }
  if (c.numeric) text += " -n";
  if (c.verbose) text += " -v";
  if (c.exact) text += " -x";
  if (c.line_numbers) text += " --line-numbers";
  return text;
}

}  // namespace lvslab::command
