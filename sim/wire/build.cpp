#include "sim/wire/build.h"

#include <algorithm>

namespace lvslab {

namespace {

constexpr std::size_t kHeaders = EthernetRepr::kLength + Ipv4Repr::kLength;

/// A frame with Ethernet and IPv4 headers written and `payload_length` zero bytes after them.
std::vector<std::uint8_t> start(const FramePath& path, IpProto protocol, std::size_t payload_length,
                                bool dont_fragment) {
  std::vector<std::uint8_t> frame(kHeaders + payload_length);
  const MutBytes out(frame);
  EthernetRepr{path.dst_mac, path.src_mac, EtherType::kIpv4}.emit(
      out.first<EthernetRepr::kLength>());
  Ipv4Repr ip;
  ip.src = path.src;
  ip.dst = path.dst;
  ip.protocol = protocol;
  ip.payload_length = static_cast<std::uint16_t>(payload_length);
  ip.dont_fragment = dont_fragment;
  ip.emit(out.subspan<EthernetRepr::kLength, Ipv4Repr::kLength>());
  return frame;
}

}  // namespace

std::vector<std::uint8_t> arp_frame(MacAddr dst_mac, const ArpRepr& arp) {
  std::vector<std::uint8_t> frame(EthernetRepr::kLength + ArpRepr::kLength);
  const MutBytes out(frame);
  EthernetRepr{dst_mac, arp.sender_mac, EtherType::kArp}.emit(out.first<EthernetRepr::kLength>());
  arp.emit(out.subspan<EthernetRepr::kLength, ArpRepr::kLength>());
  return frame;
}

std::vector<std::uint8_t> arp_request(MacAddr sender_mac, Ipv4Addr sender_ip, Ipv4Addr target_ip) {
  return arp_frame(MacAddr::broadcast(),
                   {ArpOp::kRequest, sender_mac, sender_ip, MacAddr{}, target_ip});
}

std::vector<std::uint8_t> arp_reply(MacAddr sender_mac, Ipv4Addr sender_ip, MacAddr target_mac,
                                    Ipv4Addr target_ip) {
  return arp_frame(target_mac, {ArpOp::kReply, sender_mac, sender_ip, target_mac, target_ip});
}

std::vector<std::uint8_t> ipv4_packet(MacAddr dst_mac, MacAddr src_mac, Ipv4Repr ip,
                                      Bytes payload) {
  std::vector<std::uint8_t> frame(kHeaders + payload.size());
  const MutBytes out(frame);
  EthernetRepr{dst_mac, src_mac, EtherType::kIpv4}.emit(out.first<EthernetRepr::kLength>());
  ip.payload_length = static_cast<std::uint16_t>(payload.size());
  ip.emit(out.subspan<EthernetRepr::kLength, Ipv4Repr::kLength>());
  std::ranges::copy(payload, out.begin() + kHeaders);
  return frame;
}

std::vector<std::uint8_t> icmp_message(const FramePath& path, const IcmpRepr& icmp, Bytes payload) {
  std::vector<std::uint8_t> frame = start(path, IpProto::kIcmp, IcmpRepr::kLength + payload.size(),
                                          icmp.type == IcmpType::kEchoRequest);
  const MutBytes out = MutBytes(frame).subspan(kHeaders);
  std::ranges::copy(payload, out.begin() + IcmpRepr::kLength);
  icmp.emit(out);
  return frame;
}

std::vector<std::uint8_t> icmp_echo(const FramePath& path, IcmpType type, std::uint16_t id,
                                    std::uint16_t sequence, Bytes payload) {
  return icmp_message(path, IcmpRepr::echo(type, id, sequence), payload);
}

std::vector<std::uint8_t> udp_datagram(const FramePath& path, std::uint16_t src_port,
                                       std::uint16_t dst_port, Bytes payload) {
  std::vector<std::uint8_t> frame =
      start(path, IpProto::kUdp, UdpRepr::kLength + payload.size(), true);
  const MutBytes out = MutBytes(frame).subspan(kHeaders);
  std::ranges::copy(payload, out.begin() + UdpRepr::kLength);
  UdpRepr{src_port, dst_port, static_cast<std::uint16_t>(payload.size())}.emit(out, path.src,
                                                                               path.dst);
  return frame;
}

std::vector<std::uint8_t> tcp_segment(const FramePath& path, const TcpRepr& tcp, Bytes payload) {
  const std::size_t header = tcp.header_length();
  std::vector<std::uint8_t> frame = start(path, IpProto::kTcp, header + payload.size(), true);
  const MutBytes out = MutBytes(frame).subspan(kHeaders);
  std::ranges::copy(payload, out.begin() + static_cast<std::ptrdiff_t>(header));
  tcp.emit(out, path.src, path.dst);
  return frame;
}

std::vector<std::uint8_t> sctp_packet(const FramePath& path, const SctpRepr& sctp, Bytes chunks) {
  std::vector<std::uint8_t> frame =
      start(path, IpProto::kSctp, SctpRepr::kLength + chunks.size(), true);
  const MutBytes out = MutBytes(frame).subspan(kHeaders);
  std::ranges::copy(chunks, out.begin() + SctpRepr::kLength);
  sctp.emit(out);
  return frame;
}

}  // namespace lvslab
