#include "sim/command/iptables.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "sim/command/iptables_nat.h"
#include "sim/command/options.h"
#include "sim/command/shell.h"

namespace lvslab::command {

namespace {

using IptablesVerb = IptablesCommand::Verb;

constexpr std::string_view kTool = "iptables";
constexpr std::string_view kTry = "Try `iptables -h' or 'iptables --help' for more information.\n";

std::unexpected<Output> iptables_error(std::string_view message) {
  return std::unexpected(
      failure(fmt::format("iptables v1.8.9 (legacy): {}\n{}", message, kTry), 2));
}
std::unexpected<Output> refuse(std::string_view what, std::string_view close) {
  return std::unexpected(not_modelled(kTool, what, close));
}

struct VerbWord {
  std::string_view letter, name;
  IptablesVerb verb;
};
constexpr std::array kVerbs = {
    VerbWord{"-A", "--append", IptablesVerb::kAppend},
    VerbWord{"-I", "--insert", IptablesVerb::kInsert},
    VerbWord{"-R", "--replace", IptablesVerb::kReplace},
    VerbWord{"-D", "--delete", IptablesVerb::kDelete},
    VerbWord{"-C", "--check", IptablesVerb::kCheck},
    VerbWord{"-L", "--list", IptablesVerb::kList},
    VerbWord{"-S", "--list-rules", IptablesVerb::kListRules},
    VerbWord{"-F", "--flush", IptablesVerb::kFlush},
    VerbWord{"-Z", "--zero", IptablesVerb::kZero},
    VerbWord{"-N", "--new-chain", IptablesVerb::kNewChain},
    VerbWord{"-X", "--delete-chain", IptablesVerb::kDeleteChain},
    VerbWord{"-P", "--policy", IptablesVerb::kPolicy},
};

/// The words of one command line, read from left to right.
class IptablesReader {
 public:
  explicit IptablesReader(Args args) : args_(args) {}
  Parsed<IptablesCommand> run();

 private:
  using Step = Parsed<bool>;
  bool done() const { return at_ >= args_.size(); }
  const std::string& word() const { return args_[at_]; }
  /// The value of the option at hand.
  Parsed<std::string> value() {
    if (at_ + 1 >= args_.size()) {
      return iptables_error(fmt::format("option \"{}\" requires an argument", args_[at_]));
    }
    return args_[++at_];
  }
  Step read_verb(const VerbWord& verb);
  Step read_word();
  Step read_address(NfAddressMatch& match);
  Step read_device(NfDeviceMatch& match);
  Step read_protocol();
  Step read_module();
  Step read_port(NfPortMatch& match);
  Step read_ports(NfMultiport::Which which);
  Step read_tcp_flags();
  Step read_mark_match();
  Step read_states(bool old_name);
  Step read_target();
  Step read_target_option();
  Step read_reject();
  Step read_mark_target();
  Step read_nat_option();
  Step read_nat_address();
  Step read_nat_ports();
  Step finish();
  Step check_matches() const;
  Step check_target() const;
  bool take_negation() {
    const bool negated = negated_;
    negated_ = false;
    return negated;
  }
  std::optional<std::uint16_t> port(std::string_view text) const;
  std::optional<NfPortRange> port_range(std::string_view text) const;

  Args args_;
  std::size_t at_ = 1;
  IptablesCommand command_;
  /// A match is listed where it was named first.
  void met(NfMatchKind kind) {
    std::vector<NfMatchKind>& order = command_.rule.order;
    if (std::ranges::find(order, kind) == order.end()) order.push_back(kind);
  }
  bool needs_ports_missing() const {
    const std::uint8_t p = command_.rule.protocol;
    return p != 6 && p != 17 && p != 1 && p != 132;
  }
  bool has_verb_ = false, negated_ = false, multiport_ = false, mark_module_ = false;
  bool conntrack_module_ = false, state_module_ = false;
  bool ports_known_ = false;  ///< -p tcp, -p udp or -p sctp was read
};

std::optional<std::uint16_t> IptablesReader::port(std::string_view text) const {
  if (const auto number = to_int(text); number && *number >= 0 && *number <= 65535) {
    return static_cast<std::uint16_t>(*number);
  }
  return service_port(text, ports_known_ ? command_.rule.protocol : std::uint8_t{6});
}

std::optional<NfPortRange> IptablesReader::port_range(std::string_view text) const {
  const std::size_t colon = text.find(':');
  const auto first = colon == 0 ? std::optional<std::uint16_t>(0) : port(text.substr(0, colon));
  if (!first) return std::nullopt;
  if (colon == std::string_view::npos) return NfPortRange{*first, *first};
  const auto last = colon + 1 == text.size() ? std::optional<std::uint16_t>(0xffff)
                                             : port(text.substr(colon + 1));
  if (!last || *last < *first) return std::nullopt;
  return NfPortRange{*first, *last};
}

IptablesReader::Step IptablesReader::read_verb(const VerbWord& verb) {
  if (has_verb_) return iptables_error("Cannot use several commands in one line");
  has_verb_ = true;
  command_.verb = verb.verb;
  const bool chain_follows =
      at_ + 1 < args_.size() && !args_[at_ + 1].starts_with('-') && args_[at_ + 1] != "!";
  const bool needs_chain = verb.verb != IptablesVerb::kList &&
                           verb.verb != IptablesVerb::kListRules &&
                           verb.verb != IptablesVerb::kFlush && verb.verb != IptablesVerb::kZero &&
                           verb.verb != IptablesVerb::kDeleteChain;
  if (!chain_follows) {
    if (!needs_chain) return true;
    return iptables_error(fmt::format("option \"{}\" requires an argument", word()));
  }
  command_.chain = args_[++at_];
  const bool takes_number = verb.verb == IptablesVerb::kInsert ||
                            verb.verb == IptablesVerb::kReplace ||
                            verb.verb == IptablesVerb::kDelete;
  if (takes_number && at_ + 1 < args_.size()) {
    if (const auto number = to_int(args_[at_ + 1]); number && *number > 0) {
      ++at_;
      command_.number = static_cast<std::uint32_t>(*number);
      if (verb.verb == IptablesVerb::kDelete) command_.verb = IptablesVerb::kDeleteNumber;
    }
  }
  if (verb.verb == IptablesVerb::kPolicy) {
    if (at_ + 1 >= args_.size()) return iptables_error("-P requires a chain and a policy");
    const std::string& policy = args_[++at_];
    if (policy != "ACCEPT" && policy != "DROP") {
      return std::unexpected(
          failure("iptables: Bad policy name. Run `dmesg' for more information.\n", 1));
    }
    command_.policy_drop = policy == "DROP";
  }
  return true;
}

IptablesReader::Step IptablesReader::read_address(NfAddressMatch& match) {
  const auto text = value();
  if (!text) return std::unexpected(text.error());
  const std::size_t slash = text->find('/');
  const auto addr = parse_inet_aton(text->substr(0, slash));
  if (!addr)
    return iptables_error(fmt::format("host/network `{}' not found", text->substr(0, slash)));
  std::uint8_t len = 32;
  if (slash != std::string::npos) {
    const std::string mask = text->substr(slash + 1);
    if (const auto bits = to_int(mask); bits && *bits >= 0 && *bits <= 32) {
      len = static_cast<std::uint8_t>(*bits);
    } else if (const auto dotted = parse_inet_aton(mask); dotted && mask.contains('.')) {
      len = static_cast<std::uint8_t>(std::popcount(dotted->bits));
      if (mask_of(len) != dotted->bits) return refuse("the mask " + mask, "/24");
    } else {
      return iptables_error(fmt::format("invalid mask `{}' specified", mask));
    }
  }
  match = {.prefix = {{addr->bits & mask_of(len)}, len}, .negated = take_negation()};
  return true;
}

IptablesReader::Step IptablesReader::read_device(NfDeviceMatch& match) {
  const auto text = value();
  if (!text) return std::unexpected(text.error());
  if (text->size() > 15)
    return iptables_error(
        fmt::format("interface name `{}' must be shorter than 16 characters", *text));
  match = {.name = ShortName(*text), .negated = take_negation()};
  return true;
}

IptablesReader::Step IptablesReader::read_protocol() {
  const auto text = value();
  if (!text) return std::unexpected(text.error());
  static constexpr std::array<std::pair<std::string_view, std::uint8_t>, 7> kNames = {
      {{"all", 0}, {"icmp", 1}, {"ipip", 4}, {"tcp", 6}, {"udp", 17}, {"gre", 47}, {"sctp", 132}}};
  const auto named = std::ranges::find(kNames, *text, &decltype(kNames)::value_type::first);
  const auto number = to_int(*text);
  if (named != kNames.end()) {
    command_.rule.protocol = named->second;
  } else if (number && *number >= 0 && *number <= 255) {
    command_.rule.protocol = static_cast<std::uint8_t>(*number);
  } else {
    return iptables_error(fmt::format("unknown protocol \"{}\" specified", *text));
  }
  command_.rule.protocol_negated = take_negation();
  ports_known_ = std::ranges::count(std::array{6, 17, 132}, command_.rule.protocol) != 0;
  return true;
}

IptablesReader::Step IptablesReader::read_module() {
  const auto text = value();
  if (!text) return std::unexpected(text.error());
  if (*text == "tcp" || *text == "udp" || *text == "sctp") {  // the protocol's own, loaded with -p
    met(NfMatchKind::kProtocol);
    return true;
  }
  if (*text == "comment") return refuse("-m comment", "rules without comments");
  if (*text == "multiport") {
    multiport_ = true;
    met(NfMatchKind::kMultiport);
    return true;
  }
  if (*text == "mark") {
    mark_module_ = true;
    met(NfMatchKind::kMark);
    return true;
  }
  if (*text == "conntrack" || *text == "state") {
    (*text == "state" ? state_module_ : conntrack_module_) = true;
    met(NfMatchKind::kState);
    return true;
  }
  return refuse("-m " + *text, "-m multiport, -m mark, -m conntrack, -m state");
}

IptablesReader::Step IptablesReader::read_port(NfPortMatch& match) {
  const std::string option = word();
  if (!ports_known_) return iptables_error(fmt::format("unknown option \"{}\"", option));
  met(NfMatchKind::kProtocol);
  const auto text = value();
  if (!text) return std::unexpected(text.error());
  const auto range = port_range(*text);
  if (!range) return iptables_error(fmt::format("invalid port/service `{}' specified", *text));
  match = {.range = *range, .negated = take_negation()};
  return true;
}

IptablesReader::Step IptablesReader::read_ports(NfMultiport::Which which) {
  if (!multiport_) return iptables_error(fmt::format("unknown option \"{}\"", word()));
  if (!ports_known_)
    return iptables_error(
        "multiport needs `-p tcp', `-p udp', `-p udplite', `-p sctp' or `-p dccp'");
  const auto text = value();
  if (!text) return std::unexpected(text.error());
  NfMultiport& match = command_.rule.multiport;
  match.which = which;
  match.negated = take_negation();
  std::string_view rest = *text;
  while (!rest.empty()) {
    const std::string_view one = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    const auto range = port_range(one);
    if (!range) return iptables_error(fmt::format("invalid port/service `{}' specified", one));
    match.ranges.push_back(*range);
  }
  return true;
}

/// Only the form that --syn stands for.
IptablesReader::Step IptablesReader::read_tcp_flags() {
  const auto mask = value();
  if (!mask) return std::unexpected(mask.error());
  const auto flags = value();
  if (!flags) return std::unexpected(flags.error());
  if (*mask != "FIN,SYN,RST,ACK" || *flags != "SYN") return refuse("--tcp-flags", "--syn");
  command_.rule.syn_only = true;
  met(NfMatchKind::kProtocol);
  return true;
}

/// VALUE or VALUE/MASK.
std::optional<std::pair<std::uint32_t, std::uint32_t>> mark_and_mask(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto mark = to_u32(text.substr(0, slash));
  if (!mark) return std::nullopt;
  if (slash == std::string_view::npos) return std::pair(*mark, 0xffff'ffffU);
  const auto mask = to_u32(text.substr(slash + 1));
  if (!mask) return std::nullopt;
  return std::pair(*mark, *mask);
}

IptablesReader::Step IptablesReader::read_mark_match() {
  if (!mark_module_) return iptables_error(fmt::format("unknown option \"{}\"", word()));
  const auto text = value();
  if (!text) return std::unexpected(text.error());
  const auto mark = mark_and_mask(*text);
  if (!mark)
    return iptables_error(fmt::format(
        "mark: bad mark value for option \"--mark\", or out of range (0-4294967295): \"{}\"",
        *text));
  command_.rule.mark = {
      .value = mark->first, .mask = mark->second, .given = true, .negated = take_negation()};
  return true;
}

IptablesReader::Step IptablesReader::read_states(bool old_name) {
  const auto text = value();
  if (!text) return std::unexpected(text.error());
  NfStateMatch& match = command_.rule.state;
  match = {.states = 0, .negated = take_negation(), .old_name = old_name};
  std::string_view rest = *text;
  while (!rest.empty()) {
    const std::string_view one = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    const auto found = std::ranges::find(kNfStateNames, one);
    const auto state = static_cast<NfState>(found - kNfStateNames.begin());
    const bool known = found != kNfStateNames.end() && !(old_name && state >= NfState::kSnat);
    if (!known) {
      return iptables_error(fmt::format("Bad {} \"{}\"", old_name ? "state" : "ctstate", one));
    }
    match.states |= nf_state_bit(state);
  }
  return true;
}

IptablesReader::Step IptablesReader::read_target() {
  const auto text = value();
  if (!text) return std::unexpected(text.error());
  NfTarget& target = command_.rule.target;
  static constexpr std::array<std::pair<std::string_view, NfTargetKind>, 9> kTargets = {
      {{"ACCEPT", NfTargetKind::kAccept},
       {"DROP", NfTargetKind::kDrop},
       {"RETURN", NfTargetKind::kReturn},
       {"REJECT", NfTargetKind::kReject},
       {"MARK", NfTargetKind::kMark},
       {"SNAT", NfTargetKind::kSnat},
       {"DNAT", NfTargetKind::kDnat},
       {"MASQUERADE", NfTargetKind::kMasquerade},
       {"REDIRECT", NfTargetKind::kRedirect}}};
  for (const auto& [name, kind] : kTargets) {
    if (*text != name) continue;
    target.kind = kind;
    return true;
  }
  static constexpr std::array<std::string_view, 9> kOthers = {
      "LOG", "CONNMARK", "CT", "TCPMSS", "TOS", "TTL", "NFLOG", "NOTRACK", "NETMAP"};
  if (std::ranges::find(kOthers, *text) != kOthers.end()) {
    return refuse("the target " + *text,
                  "ACCEPT, DROP, REJECT, RETURN, MARK, SNAT, DNAT, MASQUERADE, REDIRECT");
  }
  target.kind = NfTargetKind::kChain;
  target.chain = *text;
  return true;
}

IptablesReader::Step IptablesReader::read_reject() {
  const auto text = value();
  if (!text) return std::unexpected(text.error());
  static constexpr std::array<std::pair<std::string_view, NfReject>, 8> kTypes = {
      {{"icmp-net-unreachable", NfReject::kNetUnreachable},
       {"icmp-host-unreachable", NfReject::kHostUnreachable},
       {"icmp-proto-unreachable", NfReject::kProtoUnreachable},
       {"icmp-port-unreachable", NfReject::kPortUnreachable},
       {"icmp-net-prohibited", NfReject::kNetProhibited},
       {"icmp-host-prohibited", NfReject::kHostProhibited},
       {"tcp-reset", NfReject::kTcpReset},
       {"icmp-admin-prohibited", NfReject::kAdminProhibited}}};
  for (const auto& [name, type] : kTypes) {
    if (*text != name) continue;
    command_.rule.target.reject = type;
    return true;
  }
  return iptables_error(fmt::format("unknown reject type \"{}\"", *text));
}

// xt_mark revision 2: new = (old & ~mask) ^ mark.
IptablesReader::Step IptablesReader::read_mark_target() {
  const std::string option = word();
  const auto text = value();
  if (!text) return std::unexpected(text.error());
  const auto mark = mark_and_mask(*text);
  if (!mark) {
    return iptables_error(
        fmt::format("MARK: bad value for option \"{}\", or out of range "
                    "(0-4294967295): \"{}\"",
                    option, *text));
  }
  NfTarget& target = command_.rule.target;
  if (option == "--set-xmark") {
    target.mark = mark->first;
    target.mask = mark->second;
  } else if (option == "--set-mark") {
    target.mark = mark->first;
    target.mask = mark->first | mark->second;
  } else if (option == "--and-mark") {
    target.mark = 0;
    target.mask = ~mark->first;
  } else if (option == "--or-mark") {
    target.mark = target.mask = mark->first;
  } else {
    target.mark = mark->first;
    target.mask = 0;
  }
  return true;
}

IptablesReader::Step IptablesReader::read_target_option() {
  const std::string& option = word();
  const NfTargetKind kind = command_.rule.target.kind;
  if (option == "--reject-with" && kind == NfTargetKind::kReject) return read_reject();
  const bool marks = option == "--set-mark" || option == "--set-xmark" || option == "--and-mark" ||
                     option == "--or-mark" || option == "--xor-mark";
  if (marks && kind == NfTargetKind::kMark) return read_mark_target();
  if (is_nat(kind)) return read_nat_option();
  return iptables_error(fmt::format("unknown option \"{}\"", option));
}

IptablesReader::Step IptablesReader::read_word() {
  const std::string& option = word();
  NfRule& rule = command_.rule;
  for (const VerbWord& verb : kVerbs) {
    if (option == verb.letter || option == verb.name) return read_verb(verb);
  }
  if (option == "!") {
    negated_ = true;
    return true;
  }
  if (option == "-t" || option == "--table") {
    const auto text = value();
    if (!text) return std::unexpected(text.error());
    command_.table = *text;
    return true;
  }
  if (option == "-p" || option == "--protocol" || option == "--proto") return read_protocol();
  if (option == "-s" || option == "--source" || option == "--src") return read_address(rule.source);
  if (option == "-d" || option == "--destination" || option == "--dst") {
    return read_address(rule.destination);
  }
  if (option == "-i" || option == "--in-interface") return read_device(rule.in);
  if (option == "-o" || option == "--out-interface") return read_device(rule.out);
  if (option == "-m" || option == "--match") return read_module();
  if (option == "--sport" || option == "--source-port") return read_port(rule.source_port);
  if (option == "--dport" || option == "--destination-port") {
    return read_port(rule.destination_port);
  }
  if (option == "--sports") return read_ports(NfMultiport::Which::kSource);
  if (option == "--dports") return read_ports(NfMultiport::Which::kDestination);
  if (option == "--ports") return read_ports(NfMultiport::Which::kEither);
  if (option == "--syn") {
    if (rule.protocol != 6) return iptables_error("unknown option \"--syn\"");
    rule.syn_only = true;
    met(NfMatchKind::kProtocol);
    return true;
  }
  if (option == "--ctstate" && conntrack_module_) return read_states(false);
  if (option == "--state" && state_module_) return read_states(true);
  if (option == "--tcp-flags") return read_tcp_flags();
  if (option == "--mark") return read_mark_match();
  if (option == "-j" || option == "--jump") return read_target();
  if (option == "-n" || option == "--numeric") {
    command_.numeric = true;
  } else if (option == "-v" || option == "--verbose") {
    command_.verbose = true;
  } else if (option == "-x" || option == "--exact") {
    command_.exact = true;
  } else if (option == "--line-numbers") {
    command_.line_numbers = true;
  } else if (option == "-w" || option == "--wait") {
    return true;  // nobody else holds the lock
  } else if (option.size() > 2 && option[0] == '-' && option[1] != '-' &&
             option.find_first_not_of("nvxL", 1) == std::string::npos) {
    for (const char letter : option.substr(1)) {
      command_.numeric |= letter == 'n';
      command_.verbose |= letter == 'v';
      command_.exact |= letter == 'x';
      if (letter == 'L') return read_verb(kVerbs[5]);
    }
  } else if (option.starts_with('-')) {
    return read_target_option();
  } else {
    return iptables_error(fmt::format("Bad argument `{}'", option));
  }
  return true;
}

IptablesReader::Step IptablesReader::finish() {
  if (!has_verb_) return iptables_error("no command specified");
  if (command_.table == "raw" || command_.table == "security") {
    return refuse("the table " + command_.table, "-t mangle, -t nat, -t filter");
  }
  if (command_.table != "filter" && command_.table != "mangle" && command_.table != "nat") {
    return std::unexpected(failure(
        fmt::format(
            "iptables v1.8.9 (legacy): can't initialize iptables table `{}': Table does not "
            "exist (do you need to insmod?)\nPerhaps iptables or your kernel needs to be "
            "upgraded.\n",
            command_.table),
        3));
  }
  if (const Step ok = check_matches(); !ok) return ok;
  return check_target();
}

IptablesReader::Step IptablesReader::check_matches() const {
  if (command_.rule.state.states != 0) return true;
  if (conntrack_module_) return iptables_error("conntrack: At least one option is required");
  if (state_module_) return iptables_error("state: option \"--state\" must be specified\n");
  return true;
}

IptablesReader::Step IptablesReader::check_target() const {
  const NfTarget& target = command_.rule.target;
  const bool changes_rule = command_.verb == IptablesVerb::kAppend ||
                            command_.verb == IptablesVerb::kInsert ||
                            command_.verb == IptablesVerb::kReplace;
  const bool drops = (changes_rule && target.kind == NfTargetKind::kDrop) ||
                     (command_.verb == IptablesVerb::kPolicy && command_.policy_drop);
  if (command_.table == "nat" && drops) {
    return iptables_error(
        "\nThe \"nat\" table is not intended for filtering, the use of DROP is therefore "
        "inhibited.\n\n");
  }
  if (target.kind == NfTargetKind::kSnat && target.nat == NfNatRange{}) {
    return iptables_error("SNAT: option \"--to-source\" must be specified\n");
  }
  if (target.kind == NfTargetKind::kDnat && target.nat == NfNatRange{}) {
    return iptables_error("DNAT: option \"--to-destination\" must be specified\n");
  }
  const bool sctp_nat = command_.rule.protocol == 132 && command_.table == "nat";
  if (changes_rule && sctp_nat) return refuse("-p sctp in the table nat", "no -p, or -p tcp");
  if (changes_rule && target.kind == NfTargetKind::kMark && command_.table == "filter") {
    // MARK works in every table; the lab's filter has no use for it.
    return refuse("MARK in the table filter", "-t mangle");
  }
  return true;
}

constexpr std::string_view kNeedsPorts = "Need TCP, UDP, SCTP or DCCP with port specification";

IptablesReader::Step IptablesReader::read_nat_ports() {
  const auto text = value();
  if (!text) return std::unexpected(text.error());
  if (needs_ports_missing()) return iptables_error(kNeedsPorts);
  if (const auto bad = read_nat_range(":" + *text, command_.rule.target.nat)) {
    return iptables_error(*bad);
  }
  return true;
}

IptablesReader::Step IptablesReader::read_nat_address() {
  const auto text = value();
  if (!text) return std::unexpected(text.error());
  if (text->contains(':') && needs_ports_missing()) return iptables_error(kNeedsPorts);
  if (const auto bad = read_nat_range(*text, command_.rule.target.nat)) return iptables_error(*bad);
  return true;
}

IptablesReader::Step IptablesReader::read_nat_option() {
  const std::string& option = word();
  NfTarget& target = command_.rule.target;
  const bool addressed = target.kind == NfTargetKind::kSnat || target.kind == NfTargetKind::kDnat;
  if (option == "--to-source" && target.kind == NfTargetKind::kSnat) return read_nat_address();
  if (option == "--to-destination" && target.kind == NfTargetKind::kDnat) {
    return read_nat_address();
  }
  if (option == "--to-ports" && !addressed) return read_nat_ports();
  if (option == "--random") {
    target.nat.random = true;
  } else if (option == "--random-fully" &&
             (target.kind == NfTargetKind::kSnat || target.kind == NfTargetKind::kMasquerade)) {
    target.nat.random_fully = true;
  } else if (option == "--persistent" && addressed) {
    target.nat.persistent = true;
  } else {
    return iptables_error(fmt::format("unknown option \"{}\"", option));
  }
  return true;
}

Parsed<IptablesCommand> IptablesReader::run() {
  for (; !done(); ++at_) {
    if (const Step ok = read_word(); !ok) return std::unexpected(ok.error());
  }
  if (const Step ok = finish(); !ok) return std::unexpected(ok.error());
  return command_;
}

}  // namespace

Parsed<IptablesCommand> parse_iptables(Args args) { return IptablesReader(args).run(); }

}  // namespace lvslab::command
