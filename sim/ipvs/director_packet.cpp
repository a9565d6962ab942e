// What IPVS does to a packet. Source: net/netfilter/ipvs/ip_vs_core.c, ip_vs_xmit.c.
#include "sim/ipvs/director.h"
#include "sim/wire/icmpv4.h"
#include "sim/wire/ipv4.h"
#include "sim/wire/tcp.h"

namespace lvslab::ipvs {
namespace {

constexpr std::uint8_t number(IpProto protocol) { return static_cast<std::uint8_t>(protocol); }

constexpr SimDuration milliseconds(std::uint32_t ms) {
  return {static_cast<std::int64_t>(ms) * 1'000'000};
}

/// The two port numbers at the start of a TCP or UDP header.
struct Ports {
  std::uint16_t source = 0, target = 0;
};
Ports ports_of(Bytes transport) {
  return {load_be16(transport.data()), load_be16(transport.data() + 2)};
}

}  // namespace

Verdict Director::on_packet(Step& step, const Packet& packet) {
  if (packet.ip.protocol == IpProto::kIcmp) return on_icmp(step, packet);
  const bool tcp = packet.ip.protocol == IpProto::kTcp;
  if (!tcp && packet.ip.protocol != IpProto::kUdp) return {};
  const Bytes transport = ipv4_payload(step.frames().bytes(packet.frame), packet.ip);
  if (transport.size() < (tcp ? TcpRepr::kLength : std::size_t{8})) return {};
  const Ports ports = ports_of(transport);
  const ConnKey key{number(packet.ip.protocol), packet.ip.src, ports.source, packet.ip.dst,
                    ports.target};
  const std::uint8_t flags = tcp ? transport[13] : std::uint8_t{0};

  std::uint32_t conn = conns_.find(key);
  const bool first = tcp && (flags & (tcp_flag::kSyn | tcp_flag::kRst)) == tcp_flag::kSyn;
  if (conn != ConnTable::kNone && first && sysctls_.conn_reuse_mode != 0) {
    const IpvsConnState state = conns_[conn].state;
    const bool closed = state == IpvsConnState::kTimeWait || state == IpvsConnState::kClose ||
                        ((sysctls_.conn_reuse_mode & 2) != 0 && state == IpvsConnState::kFinWait &&
                         conns_[conn].no_output);
    if (closed) {
      step.explain(Reason::kIpvsConnReused, packet.in_dev,
                   {arg(key.client), key.client_port, static_cast<std::uint32_t>(state)});
      expire(step, conn);
      conn = ConnTable::kNone;
    }
  }
  if (conn == ConnTable::kNone) {
    const Verdict refused = admit(step, packet, key, flags, conn);
    if (conn == ConnTable::kNone) return refused;
  } else if (step.tracing()) {
    step.explain(Reason::kIpvsConnFound, packet.in_dev,
                 {arg(key.client), key.client_port, arg(conns_[conn].dest_addr)});
  }
  return pass(step, packet, conn, flags);
}

Service* Director::service_for(std::uint32_t mark, const ConnKey& key) {
  if (mark != 0) {
    if (Service* marked = find_service({0, {}, 0, mark})) return marked;
  }
  if (Service* exact = find_service({key.protocol, key.virt, key.virt_port, 0})) return exact;
  return find_service({key.protocol, key.virt, 0, 0});
}

// A packet without an entry: is it the first one of a connection to a virtual service?
Verdict Director::admit(Step& step, const Packet& packet, const ConnKey& key,
                        std::uint8_t tcp_flags, std::uint32_t& conn) {
  Service* service = service_for(packet.mark, key);
  if (service == nullptr) {
    if (packet.in_dev.valid())
      step.explain(Reason::kIpvsNoService, packet.in_dev, {arg(key.virt), key.virt_port, 0});
    return {};
  }
  if (key.protocol == number(IpProto::kTcp)) {
    const bool syn = (tcp_flags & tcp_flag::kSyn) != 0 || sysctls_.sloppy_tcp != 0;
    if (!syn || (tcp_flags & tcp_flag::kRst) != 0) {
      step.explain(Reason::kIpvsNotSyn, packet.in_dev,
                   {arg(key.client), key.client_port, tcp_flags});
      return {};
    }
  }
  step.explain(Reason::kIpvsServiceFound, packet.in_dev, {arg(key.virt), key.virt_port, 0});
  conn = schedule(step, *service, key);
  if (conn != ConnTable::kNone) return {};
  step.explain(Reason::kIpvsNoDestination, packet.in_dev, {arg(key.virt), key.virt_port, 0});
  return {VerdictKind::kPortUnreachable, {}, Reason::kIpvsNoDestination};
}

std::uint32_t Director::schedule(Step& step, Service& service, const ConnKey& key) {
  const Scheduler& how = scheduler(service.scheduler);
  const auto seconds = [](std::int32_t s) {
    return milliseconds(static_cast<std::uint32_t>(s) * 1'000U);
  };
  const Choice choice = how.schedule(service, dests_,
                                     {.client = key.client,
                                      .client_port = key.client_port,
                                      .target = key.virt,
                                      .now = step.now(),
                                      .random = step.random(),
                                      .lblc_expiration = seconds(sysctls_.lblc_expiration_s),
                                      .lblcr_expiration = seconds(sysctls_.lblcr_expiration_s)});
  if (choice.dest == kNoDest) return ConnTable::kNone;
  Dest& dest = dests_[choice.dest];
  step.explain(how.reason, {},
               {arg(dest.addr), dest.port, static_cast<std::uint32_t>(choice.measure)});

  const std::uint32_t c = conns_.add(key);
  Conn& conn = conns_[c];
  conn.dest = choice.dest;
  conn.dest_addr = dest.addr;
  conn.dest_port = dest.port != 0 ? dest.port : key.virt_port;
  conn.forward = dest.forward;
  conn.no_output = dest.forward != IpvsForward::kMasq;
  // Counted as inactive first; the state machine moves it when it sees the SYN
  // (ip_vs_conn.c: ip_vs_bind_dest(), ip_vs_ctl.c: __ip_vs_update_dest()).
  ++dest.inactive;
  update_overload(dest);
  service.counters.count_connection(step.now());
  dest.counters.count_connection(step.now());
  step.explain(Reason::kIpvsConnCreated, {}, {arg(key.client), key.client_port, arg(dest.addr)});
  if (step.tracing()) step.row_added(conn_row(c));
  return c;
}

Verdict Director::pass(Step& step, const Packet& packet, std::uint32_t c, std::uint8_t tcp_flags) {
  Conn& conn = conns_[c];
  Dest& dest = dests_[conn.dest];
  if (!dest.available) {
    if (sysctls_.expire_nodest_conn == 0) {
      step.explain(Reason::kIpvsDestGone, packet.in_dev, {arg(conn.dest_addr), conn.dest_port, 0});
      return {VerdictKind::kDrop, {}, Reason::kIpvsDestGone};
    }
    step.explain(Reason::kIpvsDestGoneExpired, packet.in_dev,
                 {arg(conn.dest_addr), conn.dest_port, 0});
    expire(step, c);
    return {};
  }
  const auto bytes = static_cast<std::uint32_t>(step.frames().bytes(packet.frame).size());
  dest.counters.count_in(step.now(), bytes);
  if (Service* service = find_service(dest.service_key)) {
    service->counters.count_in(step.now(), bytes);
  }
  ++conn.in_packets;
  move_state(step, conn, conn.no_output ? ConnDirection::kInputOnly : ConnDirection::kInput,
             tcp_flags);
  restart_timer(step, c);
  if (step.tracing()) step.row_changed(conn_row(c));
  return {VerdictKind::kDirectRoute, conn.dest_addr, Reason::kNone};
}

void Director::move_state(Step& step, Conn& conn, ConnDirection direction, std::uint8_t tcp_flags) {
  const IpvsConnState from = conn.state;
  const IpvsConnState to = conn.protocol == number(IpProto::kUdp)
                               ? IpvsConnState::kUdp
                               : next_tcp_state(from, direction, tcp_flags);
  const std::uint32_t timeout_s = timeouts_.of(to);
  conn.state = to;
  conn.timeout_ms = timeout_s * 1'000;
  if (to == from) return;
  step.explain(Reason::kIpvsConnState, {},
               {static_cast<std::uint32_t>(from), static_cast<std::uint32_t>(to), timeout_s});
  Dest& dest = dests_[conn.dest];
  const bool active = conn.protocol == number(IpProto::kTcp) && is_active_state(to);
  if (active == !conn.inactive) return;
  conn.inactive = !active;
  dest.active += active ? 1 : -1;
  dest.inactive += active ? -1 : 1;
  if (step.tracing() && dest.available) step.row_changed(dest_row(conn.dest));
}

void Director::count_out(Step& step, const Conn& conn, const Packet& packet) {
  const auto bytes = static_cast<std::uint32_t>(step.frames().bytes(packet.frame).size());
  Dest& dest = dests_[conn.dest];
  dest.counters.count_out(step.now(), bytes);
  if (Service* service = find_service(dest.service_key)) {
    service->counters.count_out(step.now(), bytes);
  }
}

void Director::on_reply(Step& step, const Packet& packet) {
  const Bytes payload = ipv4_payload(step.frames().bytes(packet.frame), packet.ip);
  if (packet.ip.protocol == IpProto::kIcmp) {
    // The quoted packet went from the client to the VIP: as the entry knows it.
    const auto icmp = IcmpRepr::parse_header(payload);
    if (!icmp || !icmp->is_error()) return;
    const std::uint32_t c = find_quoted(payload.subspan(IcmpRepr::kLength), false);
    if (c != ConnTable::kNone) count_out(step, conns_[c], packet);
    return;
  }
  const bool tcp = packet.ip.protocol == IpProto::kTcp;
  if (!tcp && packet.ip.protocol != IpProto::kUdp) return;
  if (payload.size() < (tcp ? TcpRepr::kLength : std::size_t{8})) return;
  const Ports ports = ports_of(payload);
  // In direct routing the answer comes from the virtual address (ip_vs_conn_out_get()).
  const std::uint32_t c = conns_.find(
      {number(packet.ip.protocol), packet.ip.dst, ports.target, packet.ip.src, ports.source});
  if (c == ConnTable::kNone) return;
  count_out(step, conns_[c], packet);
  conns_[c].no_output = false;
  move_state(step, conns_[c], ConnDirection::kOutput, tcp ? payload[13] : std::uint8_t{0});
  restart_timer(step, c);
  if (step.tracing()) step.row_changed(conn_row(c));
}

void Director::restart_timer(Step& step, std::uint32_t c) {
  Conn& conn = conns_[c];
  conn.timer.set(step.timers(), step.now() + milliseconds(conn.timeout_ms), TimerKind::kIpvsConn,
                 c);
}

void Director::on_timer(Step& step, std::uint32_t c) {
  if (c >= conns_.limit() || conns_[c].protocol == 0) return;
  Conn& conn = conns_[c];
  if (!conn.timer.due(step.timers(), step.now(), TimerKind::kIpvsConn, c)) return;
  step.explain(Reason::kIpvsConnExpired, {},
               {arg(conn.client), conn.client_port, static_cast<std::uint32_t>(conn.state)});
  expire(step, c);
}

// Forgets an entry and unbinds its server (ip_vs_conn.c: ip_vs_conn_expire(), ip_vs_unbind_dest()).
void Director::expire(Step& step, std::uint32_t c) {
  const Conn& conn = conns_[c];
  Dest& dest = dests_[conn.dest];
  if (step.tracing()) step.row_removed(conn_row(c));
  --(conn.inactive ? dest.inactive : dest.active);
  // The time in the trash counts from when the last connection has gone
  // (ip_vs_dest_trash_expire()).
  if (!dest.available) dest.trashed = step.now();
  update_overload(dest);
  if (step.tracing() && dest.available) step.row_changed(dest_row(conn.dest));
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

// The entry of a packet that an ICMP error quotes: one from the virtual address to the client
// (`answers`), or one from the client.
std::uint32_t Director::find_quoted(Bytes quote, bool answers) const {
  const auto inner = Ipv4Repr::parse_header(quote);
  if (!inner || inner->fragment_offset != 0) return ConnTable::kNone;
  if (inner->protocol != IpProto::kTcp && inner->protocol != IpProto::kUdp) return ConnTable::kNone;
  if (quote.size() < inner->header_length + std::size_t{8}) return ConnTable::kNone;
  const Ports ports = ports_of(quote.subspan(inner->header_length));
  const std::uint8_t protocol = number(inner->protocol);
  return answers ? conns_.find({protocol, inner->dst, ports.target, inner->src, ports.source})
                 : conns_.find({protocol, inner->src, ports.source, inner->dst, ports.target});
}

// ICMP errors about a packet that the real server sent to the client as the VIP: the error is the
// real server's to hear (ip_vs_core.c: ip_vs_in_icmp()).
Verdict Director::on_icmp(Step& step, const Packet& packet) {
  const Bytes message = ipv4_payload(step.frames().bytes(packet.frame), packet.ip);
  const auto icmp = IcmpRepr::parse(message);
  if (!icmp || !icmp->is_error()) return {};
  const std::uint32_t c = find_quoted(message.subspan(IcmpRepr::kLength), true);
  if (c == ConnTable::kNone) return {};
  const Conn& conn = conns_[c];
  step.explain(Reason::kIpvsIcmpRelated, packet.in_dev,
               {arg(conn.client), conn.client_port, arg(conn.dest_addr)});
  const auto bytes = static_cast<std::uint32_t>(step.frames().bytes(packet.frame).size());
  dests_[conn.dest].counters.count_in(step.now(), bytes);
  if (Service* service = find_service(dests_[conn.dest].service_key)) {
    service->counters.count_in(step.now(), bytes);
  }
  return {VerdictKind::kDirectRoute, conn.dest_addr, Reason::kNone};
}

}  // namespace lvslab::ipvs
