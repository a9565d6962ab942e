#include "sim/netfilter/netfilter.h"

#include <algorithm>
#include <utility>

#include "sim/wire/sctp.h"
#include "sim/wire/tcp.h"

namespace lvslab::netfilter {
namespace {

constexpr std::array<std::string_view, kNfHooks> kHookNames = {"PREROUTING", "INPUT", "FORWARD",
                                                               "OUTPUT", "POSTROUTING"};

NfTable make_table(std::string_view name, std::initializer_list<NfHook> hooks) {
  NfTable table;
  table.name = name;
  for (const NfHook hook : hooks) {
    NfChain chain;
    chain.name = kHookNames[static_cast<std::size_t>(hook)];
    chain.built_in = true;
    table.chains.push_back(std::move(chain));
  }
  return table;
}

/// What rules look at.
struct View {
  const Packet& packet;
  const Devices& devices;
  bool has_ports = false;
  std::uint16_t source_port = 0, destination_port = 0;
  std::uint8_t tcp_flags = 0;
  std::uint8_t states = 0;  ///< bits of NfState
};

bool device_matches(const NfDeviceMatch& match, const ShortName& name) {
  if (match.name.empty()) return true;
  const std::string_view wanted = match.name.view();
  const bool same = wanted.ends_with('+')
                        ? name.view().starts_with(wanted.substr(0, wanted.size() - 1))
                        : name.view() == wanted;
  return same != match.negated;
}

bool address_matches(const NfAddressMatch& match, Ipv4Addr addr) {
  return match.prefix.contains(addr) != match.negated;
}

bool port_matches(const NfPortMatch& match, const View& view, std::uint16_t port) {
  if (match.is_any()) return true;
  return view.has_ports && match.range.holds(port) != match.negated;
}

bool multiport_matches(const NfMultiport& match, const View& view) {
  if (match.ranges.empty()) return true;
  if (!view.has_ports) return false;
  bool found = false;
  for (const NfPortRange& range : match.ranges) {
    if (match.which != NfMultiport::Which::kDestination) found |= range.holds(view.source_port);
    if (match.which != NfMultiport::Which::kSource) found |= range.holds(view.destination_port);
  }
  return found != match.negated;
}

bool rule_matches(const NfRule& rule, const View& view) {
  const Ipv4Repr& ip = view.packet.ip;
  const bool same_protocol = static_cast<std::uint8_t>(ip.protocol) == rule.protocol;
  if (rule.protocol != 0 && same_protocol == rule.protocol_negated) return false;
  if (!address_matches(rule.source, ip.src) || !address_matches(rule.destination, ip.dst)) {
    return false;
  }
  if (!device_matches(rule.in, view.devices.in)) return false;
  if (!device_matches(rule.out, view.devices.out)) return false;
  if (!port_matches(rule.source_port, view, view.source_port)) return false;
  if (!port_matches(rule.destination_port, view, view.destination_port)) return false;
  if (rule.syn_only) {
    constexpr std::uint8_t kLooked =
        tcp_flag::kFin | tcp_flag::kSyn | tcp_flag::kRst | tcp_flag::kAck;
    if ((view.tcp_flags & kLooked) != tcp_flag::kSyn) return false;
  }
  if (!multiport_matches(rule.multiport, view)) return false;
  const NfStateMatch& state = rule.state;
  if (state.states != 0 && ((view.states & state.states) != 0) == state.negated) return false;
  const NfMarkMatch& mark = rule.mark;
  return !mark.given || ((view.packet.mark & mark.mask) == mark.value) != mark.negated;
}

/// The walk through a chain and those that it calls; what RETURN and the end of a user's chain
/// mean.
class Walk {
 public:
  Walk(Step& step, NfTable& table, Packet& packet, const View& view)
      : step_(step),
        table_(table),
        packet_(packet),
        view_(view),
        bytes_(std::uint64_t{packet.ip.header_length} + packet.ip.payload_length) {}

  Verdict built_in(NfChain& chain, std::uint32_t hook) {
    if (const auto decided = chain_decides(chain, 0)) return *decided;
    count(chain.counters);
    if (!chain.policy_drop) return {};
    step_.explain(Reason::kNfPolicy, {}, {hook, 0, 0});
    return {VerdictKind::kDrop, {}};
  }

 private:
  void count(NfCounters& counters) const {
    ++counters.packets;
    counters.bytes += bytes_;
  }
  std::optional<Verdict> chain_decides(NfChain& chain, int depth) {
    constexpr int kDeepest = 16;  // iptables refuses loops; this only bounds the walk
    if (depth > kDeepest) return std::nullopt;
    std::uint32_t number = 0;
    for (NfCountedRule& counted : chain.rules) {
      ++number;
      if (!rule_matches(counted.rule, view_)) continue;
      count(counted.counters);
      const NfTarget& target = counted.rule.target;
      switch (target.kind) {
        case NfTargetKind::kNone: break;
        case NfTargetKind::kAccept: return Verdict{};
        case NfTargetKind::kReturn: return std::nullopt;
        case NfTargetKind::kDrop:
          step_.explain(Reason::kNfDropped, {}, {number, arg(packet_.ip.src), 0});
          return Verdict{VerdictKind::kDrop, {}};
        case NfTargetKind::kReject:
          step_.explain(Reason::kNfRejected, {}, {number, arg(packet_.ip.src), 0});
          return Verdict{VerdictKind::kReject, target.reject};
        case NfTargetKind::kMark:
          packet_.mark = (packet_.mark & ~target.mask) ^ target.mark;
          step_.explain(Reason::kNfMarked, {}, {packet_.mark, number, 0});
          break;
        case NfTargetKind::kSnat:
        case NfTargetKind::kDnat:
        case NfTargetKind::kMasquerade:
        case NfTargetKind::kRedirect:
          return Verdict{.kind = VerdictKind::kMap, .target = target.kind, .range = target.nat};
        case NfTargetKind::kChain: {
          NfChain* called = table_.find(target.chain);
          if (called == nullptr) break;
          if (const auto decided = chain_decides(*called, depth + 1)) return decided;
          break;
        }
      }
    }
    return std::nullopt;
  }

  Step& step_;
  NfTable& table_;
  Packet& packet_;
  const View& view_;
  std::uint64_t bytes_;
};

}  // namespace

Netfilter::Netfilter()
    : tables_{make_table("mangle", {NfHook::kPrerouting, NfHook::kInput, NfHook::kForward,
                                    NfHook::kOutput, NfHook::kPostrouting}),
              make_table("nat", {NfHook::kPrerouting, NfHook::kInput, NfHook::kOutput,
                                 NfHook::kPostrouting}),
              make_table("filter", {NfHook::kInput, NfHook::kForward, NfHook::kOutput})} {}

std::optional<NfHook> hook_named(std::string_view chain) {
  const auto found = std::ranges::find(kHookNames, chain);
  if (found == kHookNames.end()) return std::nullopt;
  return static_cast<NfHook>(found - kHookNames.begin());
}

void Netfilter::rules_changed() {
  const auto needs_tracking = [](const NfCountedRule& counted) {
    return counted.rule.state.states != 0 || is_nat(counted.rule.target.kind);
  };
  const bool before = tracks_;
  tracks_ = wanted_by_ipvs_ || std::ranges::any_of(tables_, [&](const NfTable& table) {
              return std::ranges::any_of(table.chains, [&](const NfChain& chain) {
                return std::ranges::any_of(chain.rules, needs_tracking);
              });
            });
  if (tracks_ && !before) conntrack_.lose_windows();
}

void Netfilter::set_wanted_by_ipvs(bool wanted) {
  if (wanted == wanted_by_ipvs_) return;
  wanted_by_ipvs_ = wanted;
  rules_changed();
}

void Netfilter::touch_table(const NfTable& table) {
  const auto index = static_cast<std::size_t>(&table - tables_.data());
  if (std::exchange(touched_[index], true)) return;
  for (NfChain& chain : tables_[index].chains) chain.counters = {};
}

NfTable* Netfilter::find_table(std::string_view name) {
  for (NfTable& table : tables_) {
    if (table.name == name) return &table;
  }
  return nullptr;
}

Verdict Netfilter::walk(Step& step, TableId id, NfHook hook, Packet& packet,
                        const Devices& devices) {
  NfChain* chain = table(id).find(kHookNames[static_cast<std::size_t>(hook)]);
  if (chain == nullptr) return {};
  View view{.packet = packet, .devices = devices};
  view.states = conntrack_.states_of(packet);
  const bool tcp = packet.ip.protocol == IpProto::kTcp;
  const bool sctp = packet.ip.protocol == IpProto::kSctp;
  if ((tcp || sctp || packet.ip.protocol == IpProto::kUdp) && packet.ip.fragment_offset == 0) {
    const Bytes transport = ipv4_payload(step.frames().bytes(packet.frame), packet.ip);
    const std::size_t header = tcp ? TcpRepr::kLength : sctp ? SctpRepr::kLength : std::size_t{8};
    if (transport.size() >= header) {
      view.has_ports = true;
      view.source_port = load_be16(transport.data());
      view.destination_port = load_be16(transport.data() + 2);
      if (tcp) view.tcp_flags = transport[13];
    }
  }
  return Walk(step, table(id), packet, view).built_in(*chain, static_cast<std::uint32_t>(hook));
}

}  // namespace lvslab::netfilter
