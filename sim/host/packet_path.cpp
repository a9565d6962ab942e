// The way of packets through a host.
#include "sim/host/wiring.h"
#include "sim/wire/ethernet.h"
#include "sim/wire/icmpv4.h"
#include "sim/wire/tcp.h"

namespace lvslab::host {

void Wiring::receive_frame(Step& step, IfIndex dev, FrameRef frame) {
  if (host_.power != Power::kOn) return step.drop(frame, Reason::kHostNotRunning, dev);
  const ip::Device* device = ip::find_device(host_.ip, dev);
  if (device == nullptr || !device->up) return step.drop(frame, Reason::kDeviceDown, dev);
  step.set_subject(frame);
  const auto eth = EthernetRepr::parse(step.frames().bytes(frame));
  if (!eth) return step.drop(frame, Reason::kFrameTruncated, dev);
  ip::count_rx(host_.ip, dev, step.frames().bytes(frame).size());
  if (host_.taps > 0) show_taps(step, dev, false, frame);
  const bool group = eth->dst.is_multicast();
  if (!group && eth->dst != device->mac) {
    return step.drop(frame, Reason::kNotForUs, dev,
                     {arg_mac_high(eth->dst), arg_mac_low(eth->dst), 0});
  }
  const Looped looped = step.frames().take_looped(frame);
  switch (eth->ethertype) {
    case EtherType::kArp:
      ip::arp_receive(step, host_.ip, *this, dev, *eth,
                      step.frames().bytes(frame).subspan(EthernetRepr::kLength));
      return step.frames().release(frame);
    case EtherType::kIpv4: {
      frame = step.frames().make_writable(frame);
      step.frames().pull_front(frame, EthernetRepr::kLength);
      if (auto packet = ip::parse_packet(step, host_.ip, dev, *eth, frame)) {
        packet->mark = looped.mark;
        packet->ipvs_property = looped.ipvs_property;
        handle_ipv4(step, *packet);
      }
      return;
    }
    case EtherType::kIpv6: {
      frame = step.frames().make_writable(frame);
      step.frames().pull_front(frame, EthernetRepr::kLength);
      if (auto packet = ip::receive6(step, host_.ip, *this, dev, *eth, frame)) {
        packet->mark = looped.mark;
        packet->ipvs_property = looped.ipvs_property;
        handle_ipv6(step, *packet);
      }
      return;
    }
    default:
      return step.drop(frame, Reason::kUnknownEtherType, dev,
                       {static_cast<std::uint32_t>(eth->ethertype), 0, 0});
  }
}

namespace {

/// Flows that begin while a packet is dealt with and are not confirmed by its end are forgotten.
class UnconfirmedFlows {
 public:
  explicit UnconfirmedFlows(netfilter::Netfilter* netfilter)
      : conntrack_(netfilter == nullptr ? nullptr : &netfilter->conntrack()),
        before_(conntrack_ == nullptr ? 0 : conntrack_->unconfirmed()) {}
  UnconfirmedFlows(const UnconfirmedFlows&) = delete;
  UnconfirmedFlows& operator=(const UnconfirmedFlows&) = delete;
  ~UnconfirmedFlows() {
    if (conntrack_ != nullptr) conntrack_->forget_unconfirmed(before_);
  }

 private:
  netfilter::Conntrack* conntrack_;
  std::size_t before_;
};

}  // namespace

void Wiring::handle_ipv4(Step& step, Packet packet) {
  if (host_.netfilter.peek() == nullptr) [[likely]]
    return route_in(step, packet);
  const UnconfirmedFlows flows(host_.netfilter.peek());
  if (prerouting(step, packet)) route_in(step, packet);
}

// ip6_input_finish(): what receive6() lets through is of one of these protocols, or ICMPv6.
void Wiring::handle_ipv6(Step& step, Packet packet) {
  if (!ipvs_local_in6(step, packet)) return;
  ip::sum_by_name(step, packet);
  switch (packet.ip.protocol) {
    case IpProto::kTcp: return tcp::receive(step, host_.tcp, tcp_ports(), packet);
    case IpProto::kUdp: return ip::udp_receive(step, host_.ip, *this, packet, {});
    case IpProto::kIpv6: return unpack6(step, packet);
    default: break;
  }
  const ip::IcmpEvent event = ip::icmp6_receive(step, host_.ip, *this, packet);
  on_icmp_event(step, packet, event);
  step.frames().release(packet.frame);
}

void Wiring::route_in(Step& step, Packet& packet) {
  const ip::Received received = ip::receive(step, host_.ip, *this, packet);
  switch (received.verdict) {
    case ip::Verdict::kConsumed: return;
    case ip::Verdict::kLocal: return local_in(step, packet, received.route);
    case ip::Verdict::kForward: {
      if (!ip::forward(step, host_.ip, *this, packet, received.route)) return;
      ip::Route route = received.route;
      return forward_hooks(step, packet, route);
    }
  }
}

// NF_INET_LOCAL_IN: first answers to clients that are this host itself, then requests.
void Wiring::local_in(Step& step, Packet packet, const ip::Route& route) {
  if (!filtered(step, NfHook::kInput, packet, route)) return;
  ipvs::Director* director = host_.ipvs.peek();
  if (director == nullptr || !director->enabled() || packet.ipvs_property) {
    return finish_local_in(step, packet, route);
  }
  ip::Route here = route;
  if (!answer_hook(step, packet, here)) return;
  if (packet.ipvs_property) return finish_local_in(step, packet, route);
  const bool foreign =
      director->sysctls().cache_bypass != 0 && !ip::is_local(host_.ip, packet.ip.dst);
  if (request_hook(step, packet, route, foreign) == ip::HookVerdict::kPass) {
    finish_local_in(step, packet, route);
  }
}

void Wiring::finish_local_in(Step& step, Packet& packet, const ip::Route& route) {
  if (host_.netfilter.peek() != nullptr &&
      !(nat_hook(step, NfHook::kInput, packet, route) && confirm_flow(step, packet))) {
    return;
  }
  deliver_up(step, packet, route);
}

// ip_vs_in_hook(): false if the packet ended here.
ip::HookVerdict Wiring::request_hook(Step& step, Packet& packet, const ip::Route& route,
                                     bool foreign) {
  netfilter::Conntrack* tracker = conntrack();
  const ipvs::Verdict verdict = host_.ipvs.peek()->on_packet(
      step, packet,
      {.foreign = foreign, .tracked_before = tracker != nullptr && tracker->is_confirmed(packet)});
  forget_ended_flows(step.now());
  if (!carry_out(step, packet, verdict, route)) return ip::HookVerdict::kPass;
  const bool dropped = verdict.kind == ipvs::VerdictKind::kDrop ||
                       verdict.kind == ipvs::VerdictKind::kPortUnreachable;
  return dropped ? ip::HookVerdict::kDropped : ip::HookVerdict::kTaken;
}

// ip_local_deliver_finish().
void Wiring::deliver_up(Step& step, Packet packet, const ip::Route& route) {
  switch (packet.ip.protocol) {
    case IpProto::kTcp: return tcp::receive(step, host_.tcp, tcp_ports(), packet);
    case IpProto::kSctp: return sctp::receive(step, host_.sctp, sctp_ports(), packet);
    case IpProto::kUdp: return ip::udp_receive(step, host_.ip, *this, packet, route);
    case IpProto::kIcmp: {
      const ip::IcmpEvent event = ip::icmp_receive(step, host_.ip, *this, packet, route);
      on_icmp_event(step, packet, event);
      return step.frames().release(packet.frame);
    }
    case IpProto::kIpip:
    case IpProto::kGre: return unpack(step, packet, route);
    case IpProto::kVrrp:
      if (deliver_vrrp(step, packet)) return step.frames().release(packet.frame);
      [[fallthrough]];
    default:
      if (packet.ip.dst.is_multicast()) {  // a raw socket alone joined the group
        return step.frames().release(packet.frame);
      }
      ip::icmp_send_error(step, host_.ip, *this, packet, route,
                          IcmpRepr::unreachable(IcmpUnreachable::kProtocol));
      return step.drop(packet.frame, Reason::kUnknownProtocol, packet.in_dev,
                       {static_cast<std::uint32_t>(packet.ip.protocol), 0, 0});
  }
}

void Wiring::on_icmp_event(Step& step, const Packet& packet, const ip::IcmpEvent& event) {
  using Kind = ip::IcmpEvent::Kind;
  if (event.kind == Kind::kNone) return;
  const Bytes message = ipv4_payload(step.frames().bytes(packet.frame), packet.ip);
  std::uint16_t identifier = event.message.id();
  std::optional<AppId> udp_owner;
  if (event.kind != Kind::kEchoReply) {
    const Bytes data = event.quoted_data;
    if (event.quoted.protocol == IpProto::kTcp) {
      const bool smaller_mtu = event.error == Errno::kMsgSize && event.message.mtu() != 0;
      if (event.quoted.src.names_ipv6()) {
        constexpr std::uint16_t kLonger = Ipv6Repr::kLength - Ipv4Repr::kLength;
        const auto mtu = static_cast<std::uint16_t>(event.message.mtu() - kLonger);
        return tcp::icmp_error(step, host_.tcp, tcp_ports(),
                               {.quoted = data,
                                .header = event.quoted,
                                .error = event.error,
                                .hard = event.fatal,
                                .next_hop_mtu = smaller_mtu ? mtu : std::uint16_t{0}});
      }
      if (event.kind == Kind::kRedirect || smaller_mtu) learn_for_tcp(step, packet, event);
      if (event.kind == Kind::kRedirect) return;
      return tcp::icmp_error(step, host_.tcp, tcp_ports(),
                             {.quoted = message.subspan(IcmpRepr::kLength),
                              .error = event.error,
                              .hard = event.fatal,
                              .next_hop_mtu = event.message.mtu()});
    }
    if (event.quoted.protocol == IpProto::kSctp) return tell_sctp(step, packet, event);
    if (event.quoted.protocol == IpProto::kUdp) {
      udp_owner = owner_of_udp_port(load_be16(data.data()));
      if (!udp_owner) return;
    } else if (event.quoted.protocol == IpProto::kIcmp ||
               event.quoted.protocol == IpProto::kIcmp6) {
      identifier = load_be16(data.data() + 4);
    } else {
      return;
    }
  }
  Userland* user = host_.user.peek();
  if (user == nullptr) return;
  const apps::IcmpNews news{.from = event.from,
                            .to = event.to,
                            .ttl = event.ttl,
                            .message = message,
                            .local_error = packet.in_dev == kLoopback};
  for (std::uint32_t app = 0; app < user->processes.limit(); ++app) {
    const Process& process = user->processes[app];
    if (process.pid == 0 || process.exited) continue;
    if (event.kind == Kind::kEchoReply && process.keepalived.exists()) {
      tell_ping(step, app, identifier);
      continue;
    }
    const bool wanted = udp_owner ? udp_owner->value == app
                                  : process.icmp_identifier == identifier && identifier != 0;
    if (wanted) tell_icmp(step, app, news);
  }
}

// tcp_v4_err(): only a connection, not a request socket, follows a redirect or a smaller path MTU.
void Wiring::learn_for_tcp(Step& step, const Packet& packet, const ip::IcmpEvent& event) {
  const std::uint16_t local_port = load_be16(event.quoted_data.data());
  const std::uint16_t remote_port = load_be16(event.quoted_data.data() + 2);
  std::vector<SocketRow> rows;
  tcp::append_sockets(host_.tcp, nullptr, rows);
  for (const SocketRow& row : rows) {
    if (row.state == TcpState::kSynRecv || row.state == TcpState::kTimeWait) continue;
    if (row.local != IpAddr(event.quoted.src) || row.remote != IpAddr(event.quoted.dst)) continue;
    if (row.local_port != local_port || row.remote_port != remote_port) continue;
    if (event.kind != ip::IcmpEvent::Kind::kRedirect) {
      return ip::update_pmtu(step, host_.ip, event.quoted.dst, event.message.mtu());
    }
    return ip::apply_redirect(step, host_.ip, *this, event.from, event.quoted.dst,
                              event.message.gateway(), packet.in_dev);
  }
}

// --- out
// ------------------------------------------------------------------------------------------

void Wiring::transmit(Step& step, IfIndex dev, FrameRef frame) {
  const ip::Device* device = ip::find_device(host_.ip, dev);
  if (device == nullptr || !device->up) return step.drop(frame, Reason::kDeviceDown, dev);
  if (device->tunnel != TunnelKind::kNone) {
    // A tunnel device without a far end would send into itself (ip_tunnel_xmit(): tx_error).
    return step.drop(frame, Reason::kTunnelNoFarEnd, dev);
  }
  // Without carrier the device has the queueing discipline that drops all (net/sched/sch_generic.c:
  // dev_deactivate()): no capture sees the frame, and nobody counts it.
  const std::uint32_t direction = host_.directions[dev.value - 1U];
  if (direction == kUnplugged || !device->carrier) return step.drop(frame, Reason::kLinkDown, dev);
  ip::count_tx(host_.ip, dev, step.frames().bytes(frame).size());
  if (host_.taps > 0) show_taps(step, dev, true, frame);
  network_.fabric_.transmit(step, direction, dev, frame);
}

// All that the host itself sends: LOCAL_OUT and POSTROUTING.
ip::HookVerdict Wiring::local_out(Step& step, Packet& packet, ip::Route& route) {
  if (host_.netfilter.peek() == nullptr) [[likely]]
    return ipvs_local_out(step, packet, route);
  const UnconfirmedFlows flows(host_.netfilter.peek());
  const ip::HookVerdict verdict = output_hooks(step, packet, route);
  if (verdict != ip::HookVerdict::kPass) return verdict;
  return postrouting(step, packet, route) ? ip::HookVerdict::kPass : ip::HookVerdict::kDropped;
}

// IPVS at LOCAL_OUT sees first answers of a local real server, then requests of this host itself.
ip::HookVerdict Wiring::ipvs_local_out(Step& step, Packet& packet, ip::Route& route) {
  using enum ip::HookVerdict;
  ipvs::Director* director = host_.ipvs.peek();
  if (director == nullptr || !director->enabled() || packet.ipvs_property) return kPass;
  if (!answer_hook(step, packet, route)) return kDropped;
  if (packet.ipvs_property) return kPass;
  return request_hook(step, packet, route, false);
}

std::expected<RouteAnswer, Errno> Wiring::route(Step& step, const IpSend& want) {
  if (want.dst.names_ipv6()) return ip::route_answer6(step, host_.ip, want);
  const auto found = ip::route_output(step, host_.ip, want);
  if (!found) return std::unexpected(found.error());
  return RouteAnswer{.src = found->src,
                     .next_hop = found->next_hop,
                     .dev = found->dev,
                     .mtu = found->mtu,
                     .local = found->is(ip::kRouteLocal),
                     .pending_since = ip::neighbour_pending_since(host_.ip, *found)};
}

Errno Wiring::send(Step& step, const IpSend& how, FrameRef segment) {
  if (how.dst.names_ipv6()) return ip::output6(step, host_.ip, *this, how, segment);
  return ip::output(step, host_.ip, *this, how, segment);
}

void Wiring::confirm(Step& step, Ipv4Addr peer) {
  peer.names_ipv6() ? ip::confirm6(step, host_.ip, peer) : ip::confirm(step, host_.ip, peer);
}

bool Wiring::is_local(Ipv4Addr addr) const {
  if (!addr.names_ipv6()) return ip::is_local(host_.ip, addr);
  return ip::has_address6(host_.ip, network_.world_.names.address_of(addr));
}

std::vector<Ipv4Addr> Wiring::addresses() const {
  std::vector<Ipv4Addr> all;
  for (const ip::InAddr& addr : host_.ip.addrs) all.push_back(addr.local);
  return all;
}

// --- TCP for programs
// -------------------------------------------------------------------------------

std::expected<SocketId, Errno> Wiring::listen(Step& step, AppId owner, Endpoint at,
                                              std::uint32_t backlog) {
  return tcp::listen(step, host_.tcp, tcp_ports(), owner, at, backlog);
}

std::expected<SocketId, Errno> Wiring::connect(Step& step, AppId owner, Endpoint from, Endpoint to,
                                               IfIndex bound_dev) {
  return tcp::connect(step, host_.tcp, tcp_ports(), owner, from, to, bound_dev);
}

std::size_t Wiring::send(Step& step, SocketId socket, std::span<const std::uint8_t> data) {
  return tcp::send(step, host_.tcp, tcp_ports(), socket, data);
}

void Wiring::close(Step& step, SocketId socket) {
  tcp::close(step, host_.tcp, tcp_ports(), socket);
}

std::expected<SocketId, Errno> Wiring::connect_sharing_port(Step& step, AppId owner, Endpoint local,
                                                            Endpoint remote) {
  return tcp::connect(step, host_.tcp, tcp_ports(), owner, local, remote, {},
                      tcp::PortUse::kShared);
}

void Wiring::prefer_throughput(SocketId socket) { tcp::prefer_throughput(host_.tcp, socket); }

void Wiring::set_nodelay(Step& step, SocketId socket, bool on) {
  tcp::set_nodelay(step, host_.tcp, tcp_ports(), socket, on);
}

bool Wiring::close_and_wait(Step& step, SocketId socket) {
  return tcp::close_and_wait(step, host_.tcp, tcp_ports(), socket);
}

void Wiring::shutdown_write(Step& step, SocketId socket) {
  tcp::shutdown_write(step, host_.tcp, tcp_ports(), socket);
}

void Wiring::abort(Step& step, SocketId socket) {
  tcp::abort(step, host_.tcp, tcp_ports(), socket);
}

void Wiring::set_cookie(SocketId socket, std::uint32_t cookie) {
  tcp::set_cookie(host_.tcp, socket, cookie);
}

Endpoint Wiring::local(SocketId socket) const { return tcp::local(host_.tcp, socket); }

Endpoint Wiring::remote(SocketId socket) const { return tcp::remote(host_.tcp, socket); }

}  // namespace lvslab::host
