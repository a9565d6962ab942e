// The columns of every kind of row, once, by name: for those who write rows down and read them
// back.
#pragma once

#include <concepts>
#include <type_traits>

#include "sim/base/tables.h"

namespace lvslab {

/// The largest value of an enumeration that rows hold.
template <class Enum>
inline constexpr Enum kLastOf = Enum{};
template <>
inline constexpr TunnelKind kLastOf<TunnelKind> = TunnelKind::kIp6;
template <>
inline constexpr Scope kLastOf<Scope> = Scope::kNowhere;
template <>
inline constexpr RouteType kLastOf<RouteType> = RouteType::kProhibit;
template <>
inline constexpr RouteProto kLastOf<RouteProto> = RouteProto::kStatic;
template <>
inline constexpr NeighState kLastOf<NeighState> = NeighState::kPermanent;
template <>
inline constexpr SocketProto kLastOf<SocketProto> = SocketProto::kRaw;
template <>
inline constexpr TcpState kLastOf<TcpState> = TcpState::kClosing;
template <>
inline constexpr IpvsForward kLastOf<IpvsForward> = IpvsForward::kRoute;
template <>
inline constexpr IpvsTunnelType kLastOf<IpvsTunnelType> = IpvsTunnelType::kGre;
template <>
inline constexpr IpvsTunnelChecksum kLastOf<IpvsTunnelChecksum> = IpvsTunnelChecksum::kRemote;
template <>
inline constexpr IpvsConnState kLastOf<IpvsConnState> = IpvsConnState::kSctpClosed;

/// `Row`, to read it or to fill it in.
template <class T, class Row>
concept Any = std::same_as<std::remove_const_t<T>, Row>;

// Calls visit(name, field) with each column. A field may be made of columns itself.
void visit_fields(Any<LinkStats> auto& r, auto& visit) {
  visit("rx_packets", r.rx_packets), visit("rx_bytes", r.rx_bytes);
  visit("rx_errors", r.rx_errors), visit("rx_dropped", r.rx_dropped);
  visit("rx_multicast", r.rx_multicast);
  visit("tx_packets", r.tx_packets), visit("tx_bytes", r.tx_bytes);
  visit("tx_errors", r.tx_errors), visit("tx_dropped", r.tx_dropped);
}
void visit_fields(Any<IpvsServiceKey> auto& r, auto& visit) {
  visit("protocol", r.protocol), visit("addr", r.addr), visit("port", r.port);
  visit("fwmark", r.fwmark);
}
void visit_fields(Any<IpvsTunnel> auto& r, auto& visit) {
  visit("type", r.type), visit("checksum", r.checksum), visit("port", r.port);
}
void visit_fields(Any<IpvsCounters> auto& r, auto& visit) {
  visit("conns", r.conns), visit("in_pkts", r.in_pkts), visit("out_pkts", r.out_pkts);
  visit("in_bytes", r.in_bytes), visit("out_bytes", r.out_bytes);
  visit("cps", r.cps), visit("in_pps", r.in_pps), visit("out_pps", r.out_pps);
  visit("in_bps", r.in_bps), visit("out_bps", r.out_bps);
}

void visit_fields(Any<LinkRow> auto& r, auto& visit) {
  visit("dev", r.dev), visit("name", r.name), visit("mac", r.mac), visit("mtu", r.mtu);
  visit("tx_queue_len", r.tx_queue_len), visit("up", r.up), visit("carrier", r.carrier);
  visit("no_arp", r.no_arp), visit("promisc", r.promisc), visit("loopback", r.loopback);
  visit("multicast", r.multicast), visit("tunnel", r.tunnel), visit("stats", r.stats);
}
void visit_fields(Any<AddrRow> auto& r, auto& visit) {
  visit("dev", r.dev), visit("local", r.local), visit("broadcast", r.broadcast);
  visit("scope", r.scope), visit("label", r.label), visit("secondary", r.secondary);
}
void visit_fields(Any<Addr6Row> auto& r, auto& visit) {
  visit("dev", r.dev), visit("local", r.local), visit("scope", r.scope);
}
void visit_fields(Any<RouteRow> auto& r, auto& visit) {
  visit("table", r.table), visit("type", r.type), visit("dst", r.dst);
  visit("gateway", r.gateway), visit("dev", r.dev), visit("scope", r.scope);
  visit("proto", r.proto), visit("prefsrc", r.prefsrc), visit("metric", r.metric);
  visit("onlink", r.onlink), visit("linkdown", r.linkdown);
}
void visit_fields(Any<Route6Row> auto& r, auto& visit) {
  visit("table", r.table), visit("type", r.type), visit("dst", r.dst);
  visit("gateway", r.gateway), visit("dev", r.dev), visit("proto", r.proto);
  visit("prefsrc", r.prefsrc), visit("metric", r.metric), visit("multicast", r.multicast);
  visit("anycast", r.anycast), visit("linkdown", r.linkdown);
}
void visit_fields(Any<RuleRow> auto& r, auto& visit) {
  visit("priority", r.priority), visit("from", r.from), visit("to", r.to), visit("iif", r.iif);
  visit("oif", r.oif), visit("fwmark", r.fwmark), visit("fwmask", r.fwmask);
  visit("match_fwmark", r.match_fwmark), visit("table", r.table), visit("action", r.action);
}
void visit_fields(Any<NeighRow> auto& r, auto& visit) {
  visit("dev", r.dev), visit("ip", r.ip), visit("mac", r.mac), visit("state", r.state);
  visit("used", r.used), visit("confirmed", r.confirmed), visit("updated", r.updated);
  visit("probes", r.probes), visit("router", r.router);
}
void visit_fields(Any<SocketRow> auto& r, auto& visit) {
  visit("proto", r.proto), visit("local", r.local), visit("local_port", r.local_port);
  visit("remote", r.remote), visit("remote_port", r.remote_port), visit("state", r.state);
  visit("recv_q", r.recv_q), visit("send_q", r.send_q), visit("pid", r.pid);
  visit("program", r.program), visit("fd", r.fd), visit("id", r.id);
}
void visit_fields(Any<IpvsServiceRow> auto& r, auto& visit) {
  visit("key", r.key), visit("scheduler", r.scheduler), visit("persistent", r.persistent);
  visit("one_packet", r.one_packet), visit("timeout_s", r.timeout_s);
  visit("netmask", r.netmask), visit("sched_flags", r.sched_flags);
  visit("counters", r.counters);
}
void visit_fields(Any<IpvsDestRow> auto& r, auto& visit) {
  visit("service", r.service), visit("addr", r.addr), visit("port", r.port);
  visit("forward", r.forward), visit("tunnel", r.tunnel), visit("weight", r.weight);
  visit("upper", r.upper), visit("lower", r.lower), visit("active", r.active);
  visit("inactive", r.inactive), visit("persistent", r.persistent);
  visit("counters", r.counters);
}
void visit_fields(Any<IpvsConnRow> auto& r, auto& visit) {
  visit("protocol", r.protocol), visit("client", r.client), visit("virt", r.virt);
  visit("dest", r.dest), visit("client_port", r.client_port), visit("virt_port", r.virt_port);
  visit("dest_port", r.dest_port), visit("state", r.state), visit("forward", r.forward);
  visit("expires", r.expires), visit("id", r.id);
}
void visit_fields(Any<SysctlRow> auto& r, auto& visit) {
  visit("path", r.path), visit("value", r.value);
}

}  // namespace lvslab
