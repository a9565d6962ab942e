#include "sim/ipvs/encapsulate.h"

#include "sim/wire/tunnel.h"
#include "sim/wire/udp.h"

namespace lvslab::ipvs {
namespace {

GreRepr gre_of(const IpvsTunnel& tunnel) {
  return {.checksum = tunnel.checksum == IpvsTunnelChecksum::kFull};
}

}  // namespace

IpProto outer_protocol(const IpvsTunnel& tunnel) {
  switch (tunnel.type) {
    case IpvsTunnelType::kGre: return IpProto::kGre;
    case IpvsTunnelType::kGue: return IpProto::kUdp;
    case IpvsTunnelType::kIpip: break;
  }
  return IpProto::kIpip;
}

std::uint32_t tunnel_overhead(const IpvsTunnel& tunnel) {
  std::size_t bytes = Ipv4Repr::kLength;
  if (tunnel.type == IpvsTunnelType::kGre) bytes += gre_of(tunnel).length();
  if (tunnel.type == IpvsTunnelType::kGue) bytes += UdpRepr::kLength + GueRepr::kLength;
  return static_cast<std::uint32_t>(bytes);
}

void push_tunnel_header(FramePool& frames, FrameRef frame, const IpvsTunnel& tunnel, Ipv4Addr src,
                        Ipv4Addr dst, std::uint16_t source_port) {
  if (tunnel.type == IpvsTunnelType::kGre) {
    const GreRepr gre = gre_of(tunnel);
    frames.push_front(frame, gre.length());
    gre.emit(frames.writable(frame));
  } else if (tunnel.type == IpvsTunnelType::kGue) {
    GueRepr{}.emit(frames.push_front(frame, GueRepr::kLength).first<GueRepr::kLength>());
    const auto length = static_cast<std::uint16_t>(frames.bytes(frame).size());
    frames.push_front(frame, UdpRepr::kLength);
    const UdpRepr udp{source_port, tunnel.port, length};
    const MutBytes out = frames.writable(frame);
    udp.emit(out, src, dst);
    if (tunnel.checksum == IpvsTunnelChecksum::kNone) store_be16(out.data() + 6, 0);
  }
}

}  // namespace lvslab::ipvs
