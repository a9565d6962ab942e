#include "sim/core/rewrite.h"

#include <algorithm>

#include "sim/wire/checksum.h"
#include "sim/wire/icmpv4.h"
#include "sim/wire/ipv4.h"
#include "sim/wire/sctp.h"
#include "sim/wire/tcp.h"

namespace lvslab {
namespace {

constexpr std::size_t kUdpChecksumAt = 6, kIcmpChecksumAt = 2;
constexpr std::size_t kEchoIdAt = 4;

void rewrite_address(MutBytes packet, NatEnd end, Ipv4Addr to) {
  if (end == NatEnd::kSource) {
    ipv4_rewrite_src(packet, to);
  } else {
    ipv4_rewrite_dst(packet, to);
  }
}

/// Changes the word at `at` of an ICMP message, and its checksum.
void rewrite_icmp_word(MutBytes message, std::size_t at, std::uint16_t to) {
  std::uint8_t* checksum = message.data() + kIcmpChecksumAt;
  store_be16(checksum, checksum_update16(load_be16(checksum), load_be16(message.data() + at), to));
  store_be16(message.data() + at, to);
}

/// A port of a TCP, UDP or SCTP header of which perhaps only the start is here; the checksum, too,
/// if it is. `before`, `to.addr`: the address of the pseudo header, which SCTP does not have.
void rewrite_port(MutBytes transport, IpProto protocol, NatEnd end, Ipv4Addr before, Endpoint to,
                  bool update_checksum) {
  if (transport.size() < port_at(NatEnd::kDestination) + 2) return;
  std::uint8_t* port = transport.data() + port_at(end);
  const std::uint16_t port_before = load_be16(port);
  store_be16(port, to.port);
  if (protocol == IpProto::kSctp) {
    if (update_checksum && port_before != to.port) renew_sctp_checksum(transport);
    return;
  }
  const bool udp = protocol == IpProto::kUdp;
  constexpr std::size_t kTcpHeader = 20, kUdpHeader = 8;
  if (!update_checksum || transport.size() < (udp ? kUdpHeader : kTcpHeader)) return;
  std::uint8_t* field = transport.data() + (udp ? kUdpChecksumAt : TcpRepr::kChecksumAt);
  std::uint16_t checksum = load_be16(field);
  if (udp && checksum == 0) return;
  checksum = checksum_update32(checksum, before.bits, to.addr.bits);
  checksum = checksum_update16(checksum, port_before, to.port);
  if (udp && checksum == 0) checksum = 0xffff;
  store_be16(field, checksum);
}

bool has_ports(IpProto protocol) {
  return protocol == IpProto::kTcp || protocol == IpProto::kUdp || protocol == IpProto::kSctp;
}

/// icmp_manip_pkt(): only echoes have an identifier here.
bool is_echo(Bytes message) {
  return message.size() >= IcmpRepr::kLength &&
         (message[0] == static_cast<std::uint8_t>(IcmpType::kEchoRequest) ||
          message[0] == static_cast<std::uint8_t>(IcmpType::kEchoReply));
}

}  // namespace

void renew_sctp_checksum(MutBytes packet) {
  if (packet.size() < SctpRepr::kLength) return;
  store_be32(packet.data() + SctpRepr::kChecksumAt, sctp_checksum(packet));
}

void rewrite(FramePool& frames, Packet& packet, NatEnd end, Endpoint to) {
  packet.frame = frames.make_writable(packet.frame);
  const MutBytes bytes = frames.writable(packet.frame);
  Ipv4Addr& addr = end == NatEnd::kSource ? packet.ip.src : packet.ip.dst;
  rewrite_port(bytes.subspan(packet.ip.header_length, packet.ip.payload_length), packet.ip.protocol,
               end, addr, to, true);
  rewrite_address(bytes, end, to.addr);
  addr = to.addr;
}

void replace_tcp_data(FramePool& frames, Packet& packet, std::size_t at, std::size_t length,
                      std::string_view text) {
  const Bytes before = frames.bytes(packet.frame);
  const std::size_t headers =
      packet.ip.header_length + tcp_header_length(before.subspan(packet.ip.header_length));
  const std::size_t total = packet.ip.header_length + packet.ip.payload_length;
  const FrameRef fresh = frames.allocate(total - length + text.size());
  const MutBytes bytes = frames.writable(fresh);
  auto out = std::ranges::copy(before.first(headers + at), bytes.begin()).out;
  out = std::ranges::copy(text, out).out;
  std::ranges::copy(before.first(total).subspan(headers + at + length), out);
  frames.release(packet.frame);
  packet.frame = fresh;
  packet.ip.payload_length =
      static_cast<std::uint16_t>(packet.ip.payload_length - length + text.size());
  const auto ip_length = static_cast<std::uint16_t>(bytes.size());
  store_be16(bytes.data() + 10, checksum_update16(load_be16(bytes.data() + 10),
                                                  load_be16(bytes.data() + 2), ip_length));
  store_be16(bytes.data() + 2, ip_length);
  const MutBytes segment = bytes.subspan(packet.ip.header_length);
  store_be16(segment.data() + TcpRepr::kChecksumAt, 0);
  store_be16(
      segment.data() + TcpRepr::kChecksumAt,
      checksum_of(pseudo_header_sum(packet.ip.src, packet.ip.dst,
                                    static_cast<std::uint8_t>(IpProto::kTcp), segment.size()) +
                  sum_bytes(segment)));
}

void rewrite_flow(FramePool& frames, Packet& packet, NatEnd end, Endpoint to) {
  if (has_ports(packet.ip.protocol)) return rewrite(frames, packet, end, to);
  packet.frame = frames.make_writable(packet.frame);
  const MutBytes bytes = frames.writable(packet.frame);
  rewrite_address(bytes, end, to.addr);
  (end == NatEnd::kSource ? packet.ip.src : packet.ip.dst) = to.addr;
  const MutBytes message = bytes.subspan(packet.ip.header_length, packet.ip.payload_length);
  if (packet.ip.protocol == IpProto::kIcmp && is_echo(message)) {
    rewrite_icmp_word(message, kEchoIdAt, to.port);
  }
}

void rewrite_icmp_error(FramePool& frames, Packet& packet, NatEnd end, Endpoint to,
                        QuotedChecksum checksum) {
  packet.frame = frames.make_writable(packet.frame);
  const MutBytes bytes = frames.writable(packet.frame);
  rewrite_address(bytes, end, to.addr);
  (end == NatEnd::kSource ? packet.ip.src : packet.ip.dst) = to.addr;
  const MutBytes message = bytes.subspan(packet.ip.header_length, packet.ip.payload_length);
  const MutBytes quoted = message.subspan(IcmpRepr::kLength);
  const auto inner = Ipv4Repr::parse_header(quoted);
  if (!inner) return;
  const NatEnd opposite = end == NatEnd::kSource ? NatEnd::kDestination : NatEnd::kSource;
  const Ipv4Addr before = opposite == NatEnd::kSource ? inner->src : inner->dst;
  rewrite_address(quoted, opposite, to.addr);
  const MutBytes transport = quoted.subspan(inner->header_length);
  if (has_ports(inner->protocol)) {
    rewrite_port(transport, inner->protocol, opposite, before, to,
                 checksum == QuotedChecksum::kUpdated);
  } else if (inner->protocol == IpProto::kIcmp && is_echo(transport)) {
    rewrite_icmp_word(transport, kEchoIdAt, to.port);
  }
  store_be16(message.data() + kIcmpChecksumAt, 0);
  store_be16(message.data() + kIcmpChecksumAt, internet_checksum(message));
}

}  // namespace lvslab
