// Arguments of reasons and rows of tables as text.
#include <fmt/format.h>

#include <iterator>

#include "sim/base/state_names.h"
#include "sim/trace/text.h"
#include "sim/wire/sctp.h"
#include "sim/wire/tcp.h"

namespace lvslab {
namespace {

std::string table_text(std::uint32_t table) {
  if (table == kTableMain) return "main";
  if (table == kTableLocal) return "local";
  if (table == kTableDefault) return "default";
  return fmt::format("{}", table);
}

std::string flags_text(std::uint32_t flags) {
  static constexpr std::pair<std::uint8_t, std::string_view> kNames[] = {
      {tcp_flag::kSyn, "SYN"}, {tcp_flag::kFin, "FIN"}, {tcp_flag::kRst, "RST"},
      {tcp_flag::kPsh, "PSH"}, {tcp_flag::kAck, "ACK"}, {tcp_flag::kUrg, "URG"},
      {tcp_flag::kEce, "ECE"}, {tcp_flag::kCwr, "CWR"}};
  std::string out;
  for (const auto& [bit, name] : kNames) {
    if ((flags & bit) == 0) continue;
    if (!out.empty()) out += ',';
    out += name;
  }
  return out.empty() ? "none" : out;
}

std::string endpoint(IpAddr addr, std::uint16_t port) {
  return fmt::format("{}:{}", addr.bracketed(), port);
}

std::string prefix_text(Ipv4Prefix prefix) {
  if (prefix.len == 0) return "default";
  return prefix.len == 32 ? prefix.addr.to_string() : prefix.to_string();
}

std::string prefix_text(Ipv6Prefix prefix) {
  if (prefix.len == 0) return "default";
  return prefix.len == 128 ? prefix.addr.to_string() : prefix.to_string();
}

std::string protocol_text(std::uint8_t protocol) {
  constexpr std::uint8_t kSctp = 132;
  if (protocol == kSctp) return "SCTP";
  return protocol == 6 ? "TCP" : protocol == 17 ? "UDP" : fmt::format("IP {}", protocol);
}

std::string service_text(const IpvsServiceKey& key) {
  if (key.fwmark != 0) return fmt::format("FWM {}{}", key.fwmark, key.addr.is_v4() ? "" : " IPv6");
  return fmt::format("{} {}", protocol_text(key.protocol), endpoint(key.addr, key.port));
}

std::string chunk_text(std::uint32_t type) {
  const std::string_view name = name_of(SctpChunkType{static_cast<std::uint8_t>(type)});
  return name.empty() ? fmt::format("chunk {}", type) : std::string(name);
}

/// Argument `index` of a record, printed as its reason declares it.
std::string argument(const Trace& trace, const TraceRecord& r, std::size_t index) {
  const std::uint32_t value = r.args[index];
  const std::uint32_t next = index + 1 < r.args.size() ? r.args[index + 1] : 0;
  switch (info(r.reason).args[index]) {
    case ArgKind::kNone: return "";
    case ArgKind::kIp: return trace.address(Ipv4Addr{value}).to_string();
    case ArgKind::kInt: return fmt::format("{}", static_cast<std::int32_t>(value));
    case ArgKind::kPort: return fmt::format("{}", value);
    case ArgKind::kDev: return trace.dev_name(r.node, IfIndex(static_cast<std::uint16_t>(value)));
    case ArgKind::kMacHigh:
      return MacAddr{static_cast<std::uint64_t>(value) << 16 | (next & 0xffff)}.to_string();
    case ArgKind::kMacLow: return fmt::format("{:04x}", value);
    case ArgKind::kMs: return fmt::format("{} ms", value);
    case ArgKind::kText: return std::string(trace.text(value));
    case ArgKind::kNetmask: return fmt::format("/{}", value);
    case ArgKind::kTcpState: return std::string(name_of(static_cast<TcpState>(value)));
    case ArgKind::kConnState: return std::string(name_of(static_cast<IpvsConnState>(value)));
    case ArgKind::kNeighState: return std::string(name_of(static_cast<NeighState>(value)));
    case ArgKind::kTcpFlags: return flags_text(value);
    case ArgKind::kSctpChunk: return chunk_text(value);
    case ArgKind::kHex: return fmt::format("{:#06x}", value);
  }
  return "";
}

std::string placeholder(const Trace& trace, const TraceRecord& r, std::string_view name) {
  if (name == "node") return r.node.valid() ? trace.node(r.node).name : std::string();
  if (name == "dev") return r.node.valid() ? trace.dev_name(r.node, r.dev) : std::string();
  if (name.size() == 1 && name[0] >= '0' && name[0] <= '2') {
    return argument(trace, r, static_cast<std::size_t>(name[0] - '0'));
  }
  return "{" + std::string(name) + "}";
}

/// Turns each kind of row into words.
struct RowText {
  const Trace& trace;
  NodeId node;

  std::string dev(IfIndex d) const { return trace.dev_name(node, d); }

  std::string operator()(const LinkRow& r) const {
    return fmt::format("{} {} mtu {} {}{}{}{}", r.name.view(), r.mac.to_string(), r.mtu,
                       r.up ? "UP" : "DOWN", r.carrier ? "" : " NO-CARRIER",
                       r.no_arp ? " NOARP" : "", r.promisc ? " PROMISC" : "");
  }
  std::string operator()(const AddrRow& r) const {
    return fmt::format("{} dev {}{}{}{}", r.local.to_string(), dev(r.dev),
                       r.scope == Scope::kHost ? " scope host" : "",
                       r.secondary ? " secondary" : "",
                       r.label.empty() ? "" : fmt::format(" label {}", r.label.view()));
  }
  std::string operator()(const RouteRow& r) const {
    std::string out = fmt::format("table {} {}", table_text(r.table), name_of(r.type));
    out += ' ' + prefix_text(r.dst);
    if (!r.gateway.is_any()) out += " via " + r.gateway.to_string();
    if (r.dev.valid()) out += " dev " + dev(r.dev);
    if (!r.prefsrc.is_any()) out += " src " + r.prefsrc.to_string();
    if (r.metric != 0) out += fmt::format(" metric {}", r.metric);
    return out;
  }
  std::string operator()(const Addr6Row& r) const {
    return fmt::format("{} dev {}", r.local.to_string(), dev(r.dev));
  }
  std::string operator()(const Route6Row& r) const {
    const std::string_view type = r.multicast ? "multicast"
                                  : r.anycast ? "anycast"
                                              : name_of(r.type);
    std::string out = fmt::format("table {} {} {}", table_text(r.table), type, prefix_text(r.dst));
    if (!r.gateway.is_any()) out += " via " + r.gateway.to_string();
    if (r.dev.valid()) out += " dev " + dev(r.dev);
    if (!r.prefsrc.is_any()) out += " src " + r.prefsrc.to_string();
    return out + fmt::format(" metric {}", r.metric);
  }
  std::string operator()(const RuleRow& r) const {
    std::string out =
        fmt::format("{}: from {}", r.priority, r.from.len == 0 ? "all" : prefix_text(r.from));
    if (r.to.len != 0) out += " to " + prefix_text(r.to);
    if (r.match_fwmark) out += fmt::format(" fwmark {:#x}", r.fwmark);
    if (!r.iif.empty()) out += fmt::format(" iif {}", r.iif.view());
    if (!r.oif.empty()) out += fmt::format(" oif {}", r.oif.view());
    if (r.action != RouteType::kUnicast) return out + ' ' + std::string(name_of(r.action));
    return out + " lookup " + table_text(r.table);
  }
  std::string operator()(const NeighRow& r) const {
    return fmt::format("{} dev {}{} {}", r.ip.to_string(), dev(r.dev),
                       r.mac.is_zero() ? "" : " lladdr " + r.mac.to_string(), name_of(r.state));
  }
  std::string operator()(const SocketRow& r) const {
    const std::string_view proto = r.proto == SocketProto::kTcp   ? "tcp"
                                   : r.proto == SocketProto::kUdp ? "udp"
                                                                  : "raw";
    return fmt::format("{} {} {} {}{}", proto, endpoint(r.local, r.local_port),
                       endpoint(r.remote, r.remote_port),
                       r.proto == SocketProto::kTcp ? name_of(r.state) : "UNCONN",
                       r.program.empty() ? "" : fmt::format(" {}/{}", r.pid, r.program.view()));
  }
  std::string operator()(const IpvsServiceRow& r) const {
    return fmt::format("{} {}{}", service_text(r.key), r.scheduler.view(),
                       r.persistent ? fmt::format(" persistent {}", r.timeout_s) : "");
  }
  std::string operator()(const IpvsDestRow& r) const {
    return fmt::format("{} -> {} {} weight {} active {} inactive {}", service_text(r.service),
                       endpoint(r.addr, r.port), name_of(r.forward), r.weight, r.active,
                       r.inactive);
  }
  std::string operator()(const IpvsConnRow& r) const {
    return fmt::format("{} {} {} -> {} {}", protocol_text(r.protocol),
                       endpoint(r.client, r.client_port), endpoint(r.virt, r.virt_port),
                       endpoint(r.dest, r.dest_port), name_of(r.state));
  }
  std::string operator()(const SysctlRow& r) const {
    return fmt::format("{} = {}", r.path, r.value);
  }
};

}  // namespace

std::string reason_sentence(const Trace& trace, const TraceRecord& r, Language language) {
  const ReasonInfo& reason = info(r.reason);
  std::string_view rest = language == Language::kZh ? reason.zh : reason.en;
  std::string out;
  for (;;) {
    const std::size_t open = rest.find('{');
    const std::size_t close = rest.find('}', open);
    if (open == std::string_view::npos || close == std::string_view::npos) break;
    out += rest.substr(0, open);
    out += placeholder(trace, r, rest.substr(open + 1, close - open - 1));
    rest.remove_prefix(close + 1);
  }
  out += rest;
  return out;
}

std::string row_text(const Trace& trace, NodeId node, const TableRow& row) {
  return std::visit(RowText{trace, node}, row);
}

std::string_view table_name(const TableRow& row) {
  static constexpr std::string_view kNames[] = {"link",      "addr",   "route",        "rule",
                                                "neigh",     "socket", "ipvs-service", "ipvs-dest",
                                                "ipvs-conn", "sysctl", "addr6",        "route6"};
  static_assert(std::size(kNames) == std::variant_size_v<TableRow>);
  return kNames[row.index()];
}

}  // namespace lvslab
