// Tunnels at their far end: the devices that modules bring, and what comes out of packets for them.
//
// Modelled: tunl0 (ipip), gre0 (ip_gre) and ip6tnl0 (ip6_tunnel), the devices that take packets
// from any sender. Left out: tunnels with a far end of their own (`ip tunnel add`), GRE keys, UDP
// encapsulation (fou). Source: net/ipv4/ipip.c: ipip_rcv(); ip_gre.c: gre_rcv(); ip_tunnel.c:
// ip_tunnel_rcv();
//         net/ipv6/ip6_tunnel.c: ip6_tnl_rcv(); tunnel6.c: tunnel6_rcv().
#include "sim/host/wiring.h"
#include "sim/wire/icmpv4.h"
#include "sim/wire/tunnel.h"

namespace lvslab::host {
namespace {

constexpr std::string_view kIpipDevice = "tunl0", kGreDevice = "gre0", kIp6Device = "ip6tnl0";

}  // namespace

bool Wiring::load_module(Step& step, std::string_view module) {
  const auto add = [&](const ip::Device& device) {
    if (ip::find_device(host_.ip, device.name.view()) != nullptr) return;
    const IfIndex dev = ip::add_device(step, host_.ip, device);
    host_.directions.push_back(kUnplugged);
    if (step.tracing()) step.trace()->add_device(id_, ip::link_row(host_.ip, dev));
  };
  if (module == "ipip") {
    add({.name = kIpipDevice,
         .mac = {},
         .mtu = 1480,
         .no_arp = true,
         .multicast = false,
         .tunnel = TunnelKind::kIpip});
    return true;
  }
  if (module == "ip_gre") {
    add({.name = kGreDevice,
         .mac = {},
         .mtu = 1476,
         .no_arp = true,
         .multicast = false,
         .tunnel = TunnelKind::kGre});
    add({.name = "gretap0", .mac = {}, .mtu = 1462});
    add({.name = "erspan0", .mac = {}, .mtu = 1450});
    return true;
  }
  if (module == "ip6_tunnel" && ip::has_ipv6(host_.ip)) {
    add({.name = kIp6Device,
         .mac = {},
         .mtu = 1452,
         .no_arp = true,
         .multicast = false,
         .tunnel = TunnelKind::kIp6});
    return true;
  }
  if (module == "ip_vs_ftp") host_.ipvs.get().load_ftp_helper();
  return module == "ip_vs" || module.starts_with("ip_vs_");
}

void Wiring::unpack(Step& step, Packet packet, const ip::Route& route) {
  const bool gre = packet.ip.protocol == IpProto::kGre;
  const IfIndex dev = ip::device_index(host_.ip, gre ? kGreDevice : kIpipDevice);
  const auto refuse = [&](IcmpUnreachable code, Reason reason) {
    ip::icmp_send_error(step, host_.ip, *this, packet, route, IcmpRepr::unreachable(code));
    step.drop(packet.frame, reason, packet.in_dev,
              {static_cast<std::uint32_t>(packet.ip.protocol), arg(packet.ip.src), 0});
  };
  if (!dev.valid()) return refuse(IcmpUnreachable::kProtocol, Reason::kUnknownProtocol);
  if (!ip::find_device(host_.ip, dev)->up) {
    return refuse(IcmpUnreachable::kPort, Reason::kTunnelDown);
  }
  std::size_t skip = packet.ip.header_length;
  if (gre) {
    const auto header = GreRepr::parse(ipv4_payload(step.frames().bytes(packet.frame), packet.ip));
    constexpr std::uint16_t kIpv4 = 0x0800;
    if (!header || header->protocol != kIpv4) {
      return step.drop(packet.frame, Reason::kTunnelHeaderBad, dev, {arg(packet.ip.src), 0, 0});
    }
    skip += header->length();
  }
  packet.frame = step.frames().make_writable(packet.frame);
  step.frames().pull_front(packet.frame, skip);
  ip::count_rx(host_.ip, dev, step.frames().bytes(packet.frame).size());
  if (step.tracing()) step.row_changed(ip::link_row(host_.ip, dev));  // no frame tells of it
  step.explain(Reason::kTunnelUnpacked, dev, {arg(packet.ip.src), arg(packet.ip.dst), 0});
  if (auto inner = ip::parse_packet(step, host_.ip, dev, {}, packet.frame)) {
    handle_ipv4(step, *inner);
  }
}

// receive6() lets such packets through only where the device is.
void Wiring::unpack6(Step& step, Packet packet) {
  const IfIndex dev = ip::device_index(host_.ip, kIp6Device);
  if (!ip::find_device(host_.ip, dev)->up) {
    ip::icmp6_send_error(step, host_.ip, *this, packet,
                         Icmp6Repr::unreachable(Icmp6Unreachable::kPort));
    return step.drop(packet.frame, Reason::kTunnelDown, packet.in_dev,
                     {static_cast<std::uint32_t>(packet.ip.protocol), arg(packet.ip.src), 0});
  }
  if (ip::has_address6(host_.ip, step.world().names.address_of(packet.ip.src))) {
    return step.drop(packet.frame, Reason::kTunnel6OwnSource, dev,
                     {arg(packet.ip.src), arg(packet.ip.dst), 0});
  }
  packet.frame = step.frames().make_writable(packet.frame);
  step.frames().pull_front(packet.frame, Ipv6Repr::kLength);
  ip::count_rx(host_.ip, dev, step.frames().bytes(packet.frame).size());
  if (step.tracing()) step.row_changed(ip::link_row(host_.ip, dev));  // no frame tells of it
  step.explain(Reason::kTunnelUnpacked, dev, {arg(packet.ip.src), arg(packet.ip.dst), 0});
  if (auto inner = ip::receive6(step, host_.ip, *this, dev, {}, packet.frame)) {
    handle_ipv6(step, *inner);
  }
}

}  // namespace lvslab::host
