#include "sim/ip/udp.h"

#include <algorithm>

#include "sim/ip/send.h"
#include "sim/wire/udp.h"

namespace lvslab::ip {
namespace {

std::uint64_t hash_of(std::uint16_t port) { return mix64(port); }

/// compute_score(): how well `s` fits a datagram; < 0: not at all.
int score(const UdpSocket& s, Endpoint local, Endpoint remote, IfIndex in) {
  int points = 0;
  if (s.local.port != local.port) return -1;
  if (s.local.addr != local.addr.wildcard()) {
    if (s.local.addr != local.addr) return -1;
    points += 4;
  }
  if (s.remote.port != 0) {
    if (s.remote != remote) return -1;
    points += 8;
  }
  if (s.dev.valid()) {
    if (s.dev != in) return -1;
    points += 4;
  }
  return points;
}

/// The device that a datagram to `dst` is bound to leave by; none: the route decides.
IfIndex out_dev(const UdpSocket& s, Ipv4Addr dst) {
  return s.dev.valid() || !dst.is_multicast() ? s.dev : s.multicast_dev;
}

/// The best socket for a datagram, or kNone.
std::uint32_t find_socket(const UdpTable& table, Endpoint local, Endpoint remote, IfIndex in) {
  std::uint32_t best = IndexTable::kNone;
  int best_points = -1;
  table.by_port.find(hash_of(local.port), [&](std::uint32_t i) {
    const int points = score(table.sockets[i], local, remote, in);
    if (points > best_points) {
      best = i;
      best_points = points;
    }
    return false;  // look at all of them
  });
  return best;
}

bool taken(const UdpTable& table, Endpoint local, IfIndex dev) {
  return table.by_port.find(hash_of(local.port), [&](std::uint32_t i) {
    const UdpSocket& s = table.sockets[i];
    const bool same_dev = !s.dev.valid() || !dev.valid() || s.dev == dev;
    const bool same_addr = s.local.addr.covers(local.addr) || local.addr.covers(s.local.addr);
    return s.local.port == local.port && same_dev && same_addr;
  }) != IndexTable::kNone;
}

UdpSocket* live_socket(Stack& stack, SocketId socket) {
  Live* live = stack.live.peek();
  if (live == nullptr || socket.value >= live->udp.sockets.limit()) return nullptr;
  UdpSocket& s = live->udp.sockets[socket.value];
  return s.live ? &s : nullptr;
}

/// udp_lib_get_port() with port 0: a free one of ip_local_port_range; 0 if there is none.
std::uint16_t ephemeral_port(Step& step, const Stack& stack, const UdpTable& table, Endpoint local,
                             IfIndex dev) {
  const auto low = static_cast<std::uint32_t>(global(stack, GlobalKey::kIpLocalPortLow));
  const auto high = static_cast<std::uint32_t>(global(stack, GlobalKey::kIpLocalPortHigh));
  const std::uint32_t count = high - low + 1;
  const std::uint32_t first = step.random().below(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    local.port = static_cast<std::uint16_t>(low + (first + i) % count);
    if (!taken(table, local, dev)) return local.port;
  }
  return 0;
}

}  // namespace

SocketRow socket_row(const AddressNames& names, const UdpSocket& s, std::uint32_t id) {
  SocketRow row;
  row.proto = SocketProto::kUdp;
  row.local = names.shown(s.local.addr);
  row.local_port = s.local.port;
  row.remote = names.shown(s.remote.port == 0 ? s.local.addr.wildcard() : s.remote.addr);
  row.remote_port = s.remote.port;
  row.state = s.remote.port == 0 ? TcpState::kClose : TcpState::kEstablished;
  row.id = id;
  row.pid = s.program.pid;
  row.program = s.program.name;
  row.fd = s.program.pid == 0 ? 0 : 5;
  return row;
}

std::expected<SocketId, Errno> udp_bind(Step& step, Stack& stack, AppId owner, Endpoint local,
                                        IfIndex dev, UdpProgram program) {
  const bool nonlocal = global(stack, GlobalKey::kIpNonlocalBind) != 0;
  if (local.addr.names_ipv6() && local.addr != Ipv4Addr::any6()) {
    if (!has_address6(stack, step.world().names.address_of(local.addr))) {
      return std::unexpected(Errno::kAddrNotAvail);
    }
  } else if (!local.addr.is_any() && !local.addr.names_ipv6() && !nonlocal &&
             addr_type(stack, local.addr) == AddrType::kUnicast) {
    return std::unexpected(Errno::kAddrNotAvail);
  }
  UdpTable& table = stack.live.get().udp;
  if (local.port == 0) {
    local.port = ephemeral_port(step, stack, table, local, dev);
    if (local.port == 0) return std::unexpected(Errno::kAddrInUse);
  } else if (taken(table, local, dev)) {
    return std::unexpected(Errno::kAddrInUse);
  }
  const std::uint32_t id = table.sockets.acquire();
  table.sockets[id] = {
      .local = local, .owner = owner, .program = program, .dev = dev, .live = true};
  table.by_port.insert(hash_of(local.port), id);
  if (step.tracing()) step.row_added(socket_row(step.world().names, table.sockets[id], id));
  return SocketId{id};
}

Errno udp_connect(Step& step, Stack& stack, SocketId socket, Endpoint remote) {
  UdpSocket* s = live_socket(stack, socket);
  if (s == nullptr) return Errno::kNotConn;
  const IpSend how{.src = s->local.addr, .dst = remote.addr, .oif = out_dev(*s, remote.addr)};
  if (remote.addr.names_ipv6()) {
    const auto way = route_answer6(step, stack, how);
    if (!way) return way.error();
    if (s->local.addr == remote.addr.wildcard()) s->local.addr = way->src;
    s->remote = remote;
    if (step.tracing()) {
      step.row_changed(socket_row(step.world().names, *s, socket.value));
    }
    return Errno::kNone;
  }
  const auto route = route_output(step, stack, how);
  if (!route) return route.error();
  if (route->is(kRouteBroadcast) && !s->broadcast) return Errno::kAcces;
  if (s->local.addr.is_any()) s->local.addr = route->src;
  s->remote = remote;
  if (step.tracing()) step.row_changed(socket_row(step.world().names, *s, socket.value));
  return Errno::kNone;
}

namespace {

/// udpv6_sendmsg().
Errno send6(Step& step, Stack& stack, Ports& ports, IpSend how, std::uint16_t from_port,
            std::uint16_t to_port, Bytes data) {
  const auto way = route_answer6(step, stack, how);
  if (!way) return way.error();
  how.src = way->src;
  const FrameRef segment = step.frames().allocate(UdpRepr::kLength + data.size());
  const MutBytes out = step.frames().writable(segment);
  std::copy(data.begin(), data.end(), out.begin() + UdpRepr::kLength);
  UdpRepr{from_port, to_port, static_cast<std::uint16_t>(data.size())}.emit(out, how.src, how.dst);
  return output6(step, stack, ports, how, segment);
}

}  // namespace

Errno udp_send(Step& step, Stack& stack, Ports& ports, SocketId socket, Endpoint to, Bytes data,
               std::uint8_t ttl, Ipv4Addr from) {
  UdpSocket* s = live_socket(stack, socket);
  if (s == nullptr) return Errno::kNotConn;
  constexpr std::size_t kMost = 65'507;
  if (data.size() > kMost) return Errno::kMsgSize;
  if (to.port == 0) to = s->remote;
  if (to.port == 0) return Errno::kNotConn;
  IpSend how{.src = from.is_any() ? s->local.addr : from,
             .dst = to.addr,
             .protocol = IpProto::kUdp,
             .ttl = static_cast<std::uint8_t>(global(stack, GlobalKey::kIpDefaultTtl)),
             .oif = out_dev(*s, to.addr)};
  if (to.addr.names_ipv6()) {
    how.ttl = ttl;
    return send6(step, stack, ports, how, s->local.port, to.port, data);
  }
  if (to.addr.is_multicast()) how.ttl = s->multicast_ttl;
  if (ttl != 0) how.ttl = ttl;
  const auto route = route_output(step, stack, how);
  if (!route) return route.error();
  if (route->is(kRouteBroadcast) && !s->broadcast) return Errno::kAcces;
  FramePool& frames = step.frames();
  const std::size_t length = UdpRepr::kLength + data.size();
  const FrameRef segment = frames.allocate(length);
  const MutBytes out = frames.writable(segment);
  std::copy(data.begin(), data.end(), out.begin() + UdpRepr::kLength);
  UdpRepr{s->local.port, to.port, static_cast<std::uint16_t>(data.size())}.emit(out, route->src,
                                                                                to.addr);
  // IP_PMTUDISC_WANT: DF on what fits, fragments of what does not.
  how.dont_fragment = !s->never_df && length + Ipv4Repr::kLength <= route->mtu;
  return send_routed(step, stack, ports, how, *route, segment);
}

void udp_never_df(Stack& stack, SocketId socket) {
  if (UdpSocket* s = live_socket(stack, socket)) s->never_df = true;
}

void udp_hear_all_errors(Stack& stack, SocketId socket) {
  if (UdpSocket* s = live_socket(stack, socket)) s->all_errors = true;
}

void udp_set_multicast(Stack& stack, SocketId socket, IfIndex dev, std::uint8_t ttl) {
  UdpSocket* s = live_socket(stack, socket);
  if (s == nullptr) return;
  s->multicast_dev = dev;
  s->multicast_ttl = ttl;
}

void udp_set_broadcast(Stack& stack, SocketId socket, bool allowed) {
  if (UdpSocket* s = live_socket(stack, socket)) s->broadcast = allowed;
}

void udp_close(Step& step, Stack& stack, SocketId socket) {
  UdpSocket* s = live_socket(stack, socket);
  if (s == nullptr) return;
  if (step.tracing()) step.row_removed(socket_row(step.world().names, *s, socket.value));
  UdpTable& table = stack.live.get().udp;
  table.by_port.erase(hash_of(s->local.port), socket.value);
  *s = UdpSocket{};
  table.sockets.release(socket.value);
}

const UdpSocket* udp_socket(const Stack& stack, SocketId socket) {
  const Live* live = stack.live.peek();
  if (live == nullptr || socket.value >= live->udp.sockets.limit()) return nullptr;
  const UdpSocket& s = live->udp.sockets[socket.value];
  return s.live ? &s : nullptr;
}

namespace {

/// __udp4_lib_mcast_deliver(): every socket that fits hears a broadcast.
std::size_t deliver_to_all(Step& step, Stack& stack, Ports& ports, UdpEvent event) {
  std::vector<std::uint32_t> listeners;
  const UdpTable& table = stack.live.get().udp;
  table.by_port.find(hash_of(event.to.port), [&](std::uint32_t i) {
    if (score(table.sockets[i], event.to, event.from, event.in_dev) >= 0) listeners.push_back(i);
    return false;
  });
  std::sort(listeners.begin(), listeners.end());
  for (const std::uint32_t i : listeners) {
    const UdpSocket* s = live_socket(stack, SocketId{i});
    if (s == nullptr) continue;
    event.socket = SocketId{i};
    event.owner = s->owner;
    ports.on_udp(step, event);
  }
  return listeners.size();
}

}  // namespace

void udp_receive(Step& step, Stack& stack, Ports& ports, Packet packet, const Route& route) {
  const Bytes bytes = ipv4_payload(step.frames().bytes(packet.frame), packet.ip);
  const WireResult<UdpRepr> udp = UdpRepr::parse(bytes, packet.ip.src, packet.ip.dst);
  if (!udp) {
    step.drop(packet.frame, Reason::kUdpMalformed, packet.in_dev, {arg(packet.ip.src), 0, 0});
    return;
  }
  UdpEvent event;
  event.from = {packet.ip.src, udp->src_port};
  event.to = {packet.ip.dst, udp->dst_port};
  event.in_dev = packet.in_dev;
  event.data = bytes.subspan(UdpRepr::kLength, udp->payload_length);
  if (route.is(kRouteBroadcast) || route.is(kRouteMulticast)) {
    if (deliver_to_all(step, stack, ports, event) == 0) {
      step.drop(packet.frame, Reason::kUdpNobodyListens, packet.in_dev,
                {arg(event.to.addr), event.to.port, 0});
      return;
    }
    step.frames().release(packet.frame);
    return;
  }
  const UdpTable& table = stack.live.get().udp;
  const std::uint32_t found = find_socket(table, event.to, event.from, packet.in_dev);
  const Step::Arguments args{arg(event.to.addr), event.to.port, 0};
  if (found == IndexTable::kNone) {
    step.explain(Reason::kUdpNoSocket, packet.in_dev, args);
    if (packet.ip.dst.names_ipv6()) {
      icmp6_port_unreachable(step, stack, ports, packet);
    } else {
      icmp_send_error(step, stack, ports, packet, route,
                      IcmpRepr::unreachable(IcmpUnreachable::kPort));
    }
    step.drop(packet.frame, Reason::kUdpNobodyListens, packet.in_dev, args);
    return;
  }
  step.explain(Reason::kUdpDelivered, packet.in_dev, args);
  event.socket = SocketId{found};
  event.owner = table.sockets[found].owner;
  ports.on_udp(step, event);
  step.frames().release(packet.frame);
}

void udp_error(Step& step, Stack& stack, Ports& ports, const IcmpEvent& icmp, IfIndex in_dev) {
  const WireResult<UdpRepr> udp = UdpRepr::parse_header(icmp.quoted_data);
  if (!udp) return;
  const Endpoint local{icmp.quoted.src, udp->src_port}, remote{icmp.quoted.dst, udp->dst_port};
  const UdpTable& table = stack.live.get().udp;
  const std::uint32_t found = find_socket(table, local, remote, in_dev);
  if (found == IndexTable::kNone) return;
  if (icmp.kind == IcmpEvent::Kind::kRedirect) {
    apply_redirect(step, stack, ports, icmp.from, remote.addr, icmp.message.gateway(),
                   find_output(step, stack, {.dst = remote.addr}).value_or(Route{}).dev);
    return;
  }
  if (icmp.error == Errno::kMsgSize && icmp.message.mtu() != 0 && !remote.addr.names_ipv6()) {
    update_pmtu(step, stack, remote.addr, icmp.message.mtu());
    return;  // IP_PMTUDISC_WANT: the next datagram is fragmented
  }
  const UdpSocket& s = table.sockets[found];
  // Without IP_RECVERR only a connected socket hears of it, and only of fatal errors.
  const bool heard = s.all_errors || (s.remote.port != 0 && icmp.fatal);
  if (!heard) return;
  UdpEvent event;
  event.socket = SocketId{found};
  event.owner = s.owner;
  event.from = remote;
  event.to = local;
  event.error = icmp.error;
  event.unreachable = icmp.message.type == IcmpType::kUnreachable;
  ports.on_udp(step, event);
}

}  // namespace lvslab::ip
