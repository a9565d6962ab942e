// Requests: packets from clients to virtual services.
// Source: net/netfilter/ipvs/ip_vs_core.c: ip_vs_in_hook(); ip_vs_conn.c; ip_vs_proto_tcp.c.
#include "sim/ipvs/director.h"
#include "sim/ipvs/packet_fields.h"
#include "sim/wire/sctp.h"

namespace lvslab::ipvs {

std::optional<Director::Parsed> Director::parse(Step& step, const Packet& packet) {
  const IpProto protocol = packet.ip.protocol;
  if (!is_balanced(protocol)) return std::nullopt;
  constexpr std::size_t kPorts = 4;
  const std::size_t least = protocol == IpProto::kTcp   ? TcpRepr::kLength
                            : protocol == IpProto::kUdp ? UdpRepr::kLength
                                                        : kPorts;
  const Bytes transport = ipv4_payload(step.frames().bytes(packet.frame), packet.ip);
  if (transport.size() < least) return std::nullopt;
  const Ports ports = ports_of(transport);
  Parsed parsed{{number(protocol), packet.ip.src, ports.source, packet.ip.dst, ports.target}};
  if (protocol == IpProto::kTcp) parsed.tcp_flags = transport[13];
  if (protocol == IpProto::kSctp) parsed.sctp = read_sctp_sign(transport);
  return parsed;
}

bool Director::Parsed::begins() const {
  if (key.protocol == number(IpProto::kSctp)) return sctp && sctp->event == SctpEvent::kInit;
  return (tcp_flags & (tcp_flag::kSyn | tcp_flag::kRst)) == tcp_flag::kSyn;
}

bool Director::Parsed::breaks_off() const {
  constexpr auto kAbort = static_cast<std::uint8_t>(SctpChunkType::kAbort);
  if (key.protocol == number(IpProto::kSctp)) return sctp && sctp->first == kAbort;
  return (tcp_flags & tcp_flag::kRst) != 0;
}

// May a new SYN or INIT take this entry's place? (is_new_conn_expected(), and the check before it)
bool Director::is_reused(const Conn& conn) const {
  if (sysctls_.expire_nodest_conn != 0 && conn.bound() && dests_[conn.dest].weight == 0) {
    return true;
  }
  if (sysctls_.conn_reuse_mode == 0) return false;
  // Of FTP, or persistent; or others hang on it.
  if (conn.control != ConnTable::kNone || conn.controls != 0) return false;
  if (conn.protocol == number(IpProto::kSctp)) return conn.state == IpvsConnState::kSctpClosed;
  if (conn.protocol != number(IpProto::kTcp)) return false;
  return conn.state == IpvsConnState::kTimeWait || conn.state == IpvsConnState::kClose ||
         ((sysctls_.conn_reuse_mode & 2) != 0 && conn.state == IpvsConnState::kFinWait &&
          conn.no_output);
}

Verdict Director::on_packet(Step& step, const Packet& packet, PacketContext context) {
  if (steps_aside()) [[unlikely]] {
    step.explain(Reason::kIpvsBackupOnly, packet.in_dev, {arg(packet.ip.dst), 0, 0});
    return {};
  }
  if (is_icmp(packet)) return on_icmp(step, packet);
  std::optional<Parsed> parsed = parse(step, packet);
  if (!parsed) return {};
  parsed->foreign = context.foreign;
  const ConnKey& key = parsed->key;
  std::uint32_t conn = conns_.find_request(key);
  if (conn != ConnTable::kNone && parsed->begins() && is_reused(conns_[conn])) {
    step.explain(
        parsed->sctp ? Reason::kIpvsAssociationReused : Reason::kIpvsConnReused, packet.in_dev,
        {arg(key.client), key.client_port, static_cast<std::uint32_t>(conns_[conn].state)});
    if (ends_old_flow(step, packet, conn, context)) return old_flow_verdict();
    conn = ConnTable::kNone;
  }
  if (conn != ConnTable::kNone && conns_[conn].bound() && !dests_[conns_[conn].dest].available) {
    const Conn& orphan = conns_[conn];
    const Step::Arguments server{arg(orphan.dest_addr), orphan.dest_port, 0};
    if (sysctls_.expire_nodest_conn == 0) {
      step.explain(Reason::kIpvsDestGone, packet.in_dev, server);
      return {.kind = VerdictKind::kDrop, .next = {}, .reason = Reason::kIpvsDestGone};
    }
    step.explain(Reason::kIpvsDestGoneExpired, packet.in_dev, server);
    if (ends_old_flow(step, packet, conn, context)) return old_flow_verdict();
    conn = ConnTable::kNone;
  }
  if (conn == ConnTable::kNone) {
    const Verdict refused = admit(step, packet, *parsed, conn);
    if (conn == ConnTable::kNone) return refused;
  } else if (step.tracing()) {
    step.explain(Reason::kIpvsConnFound, packet.in_dev,
                 {arg(key.client), key.client_port, arg(conns_[conn].dest_addr)});
  }
  return pass(step, packet, conn, *parsed);
}

// Forgets an entry whose place is taken. If connection tracking still holds the old flow, it has to
// forget that first, and the packet is dropped (ip_vs_conn_uses_old_conntrack()).
bool Director::ends_old_flow(Step& step, const Packet& packet, std::uint32_t c,
                             const PacketContext& context) {
  Conn& conn = conns_[c];
  const bool old_flow = conn.conntrack && context.tracked_before;
  conn.conntrack = old_flow;
  if (old_flow) {
    step.explain(Reason::kIpvsOldConntrack, packet.in_dev, {arg(conn.client), conn.client_port, 0});
  }
  if (conn.controls != 0) {  // packets find the one that comes in its place
    conns_.hide(c);
    wait_for_controlled(step, c);
  } else {
    expire(step, c);
  }
  return old_flow;
}

Verdict Director::old_flow_verdict() {
  return {.kind = VerdictKind::kDrop, .next = {}, .reason = Reason::kIpvsOldConntrack};
}

Verdict Director::pass(Step& step, const Packet& packet, std::uint32_t c, const Parsed& parsed) {
  Conn& conn = conns_[c];
  count_in(step, conn, step.frames().bytes(packet.frame).size());
  move_state(step, conn, ConnDirection::kInput, parsed);
  if (conn.any_client_port) [[unlikely]]
    learn_client_port(step, packet, c);
  if (conn.ftp_helper) [[unlikely]]
    read_ftp_request(step, packet, c);
  const Verdict verdict = transmit(conn);
  if (!conn.one_packet) ++conn.in_packets;
  if (sync_master_) [[unlikely]] {
    tell_backups(step, c, conn.one_packet ? sync_threshold() : conn.in_packets);
  } else if (conn.one_packet && conn.control != ConnTable::kNone) {
    ++conns_[conn.control].in_packets;
  }
  if (conn.one_packet) {
    expire(step, c);
    return verdict;
  }
  restart_timer(step, c);
  if (step.tracing()) step.row_changed(conn_row(step, c));
  return verdict;
}

// Which transmitter the entry is bound to: ip_vs_bind_xmit().
Verdict Director::transmit(const Conn& conn) const {
  Verdict verdict{.kind = VerdictKind::kDirectRoute, .next = conn.dest_addr};
  verdict.conntrack = conn.conntrack;
  verdict.one_packet = conn.one_packet;
  if (conn.bypass) {
    verdict.kind = VerdictKind::kBypass;
    verdict.next = conn.virt;
    return verdict;
  }
  switch (conn.forward) {
    case IpvsForward::kMasq:
      verdict.kind = VerdictKind::kMasquerade;
      verdict.port = conn.dest_port;
      break;
    case IpvsForward::kTunnel:
      verdict.kind = VerdictKind::kTunnel;
      if (conn.bound()) verdict.tunnel = dests_[conn.dest].tunnel;
      break;
    default: break;
  }
  return verdict;
}

void Director::count_in(Step& step, const Conn& conn, std::size_t bytes) {
  if (!conn.bound()) return;
  const auto length = static_cast<std::uint32_t>(bytes);
  Dest& dest = dests_[conn.dest];
  dest.counters.count_in(step.now(), length);
  if (Service* service = find_service(dest.service_key)) {
    service->counters.count_in(step.now(), length);
  }
}

IpvsConnState Director::next_state(const Conn& conn, ConnDirection direction,
                                   const Parsed& parsed) const {
  if (direction == ConnDirection::kInput && conn.no_output) direction = ConnDirection::kInputOnly;
  if (parsed.sctp) return next_sctp_state(conn.state, direction, parsed.sctp->event);
  if (conn.protocol != number(IpProto::kTcp)) return IpvsConnState::kUdp;
  const bool strict = sysctls_.secure_tcp == VsSysctls::kAlways;
  return next_tcp_state(conn.state, direction, parsed.tcp_flags, strict);
}

void Director::move_state(Step& step, Conn& conn, ConnDirection direction, const Parsed& parsed) {
  const IpProto protocol{conn.protocol};
  if (protocol == IpProto::kSctp && !parsed.sctp) return;  // nothing to go by
  if (direction == ConnDirection::kOutput && protocol != IpProto::kUdp) conn.no_output = false;
  const IpvsConnState from = conn.state;
  const IpvsConnState to = next_state(conn, direction, parsed);
  const std::uint32_t timeout_s = timeouts_.of(protocol, to);
  conn.state = to;
  conn.timeout_ms = timeout_s * 1'000;
  // A client that got through holds its template (ip_vs_control_assure_ct()).
  const bool assures = protocol == IpProto::kUdp ? direction == ConnDirection::kOutput
                                                 : to == IpvsConnState::kEstablished;
  if (assures && conn.control != ConnTable::kNone && conns_[conn.control].is_template) {
    Conn& control = conns_[conn.control];
    const bool news = control.state != IpvsConnState::kAssured;
    control.state = IpvsConnState::kAssured;
    if (news && step.tracing()) step.row_changed(conn_row(step, conn.control));
  }
  if (to == from) return;
  step.explain(Reason::kIpvsConnState, {},
               {static_cast<std::uint32_t>(from), static_cast<std::uint32_t>(to), timeout_s});
  if (!conn.bound()) return;
  Dest& dest = dests_[conn.dest];
  const bool active = is_active_state(protocol, to);
  if (active == !conn.inactive) return;
  conn.inactive = !active;
  dest.active += active ? 1 : -1;
  dest.inactive += active ? -1 : 1;
  if (step.tracing() && dest.available) step.row_changed(dest_row(step, conn.dest));
}

void Director::restart_timer(Step& step, std::uint32_t c) {
  Conn& conn = conns_[c];
  conn.looked_again = false;
  conn.expires = step.now() + milliseconds(conn.timeout_ms);
  conn.timer.set(step.timers(), step.timers().run_at(conn.expires, step.now()),
                 TimerKind::kIpvsConn, c);
}

void Director::on_timer(Step& step, std::uint32_t c) {
  if (c >= conns_.limit() || conns_[c].protocol == kFree) return;
  Conn& conn = conns_[c];
  if (!conn.timer.due(step.timers(), step.now(), TimerKind::kIpvsConn, c)) return;
  if (conn.controls != 0) {
    // What it controls may expire at this very moment, and goes first; on the wheel of a kernel the
    // list has the order.
    if (!conn.looked_again && !step.timers().on_wheel(TimerKind::kIpvsConn)) {
      conn.looked_again = true;
      return conn.timer.set(step.timers(), step.now(), TimerKind::kIpvsConn, c);
    }
    return wait_for_controlled(step, c);
  }
  step.explain(conn.is_template ? Reason::kIpvsTemplateExpired : Reason::kIpvsConnExpired, {},
               {arg(conn.client), conn.client_port, static_cast<std::uint32_t>(conn.state)});
  expire(step, c);
}

// It waits for those that it controls, a minute at a time (ip_vs_conn_expire(): expire_later).
void Director::wait_for_controlled(Step& step, std::uint32_t c) {
  constexpr std::uint32_t kLaterMs = 60'000;
  conns_[c].timeout_ms = kLaterMs;
  if (sync_master_) tell_backups(step, c, sync_threshold());
  restart_timer(step, c);
  if (step.tracing()) step.row_changed(conn_row(step, c));
}

// Forgets an entry and unbinds its server (ip_vs_conn.c: ip_vs_conn_expire(), ip_vs_unbind_dest()).
void Director::expire(Step& step, std::uint32_t c) {
  const Conn& conn = conns_[c];
  if (step.tracing() && !conn.one_packet) step.row_removed(conn_row(step, c));
  if (conn.control != ConnTable::kNone) --conns_[conn.control].controls;
  const bool has_flow = conn.conntrack && !conn.one_packet && conn.client_port != 0;
  if (has_flow) ended_flows_.push_back(conn.key());
  if (conn.forward == IpvsForward::kMasq) --masq_conns_;
  if (conn.bound()) {
    Dest& dest = dests_[conn.dest];
    --(conn.is_template ? dest.persistent : conn.inactive ? dest.inactive : dest.active);
    // The time in the trash counts from when the last connection has gone
    // (ip_vs_dest_trash_expire()).
    if (!dest.available) dest.trashed = step.now();
    update_overload(dest);
    if (step.tracing() && dest.available) step.row_changed(dest_row(step, conn.dest));
  }
  conns_.remove(c);
}

// Thresholds with the kernel's hysteresis: a full server takes none until it fell below the lower
// threshold, or to 3/4 of the upper one (ip_vs_conn.c: ip_vs_bind_dest(), ip_vs_unbind_dest()).
void Director::update_overload(Dest& dest) {
  const std::uint32_t total = dest.active + dest.inactive;
  if (dest.upper != 0 && total >= dest.upper) {
    dest.overloaded = true;
  } else if (dest.lower != 0 ? total < dest.lower : total * 4 < dest.upper * 3) {
    dest.overloaded = false;
  } else if (dest.upper == 0) {
    dest.overloaded = false;
  }
}

}  // namespace lvslab::ipvs
