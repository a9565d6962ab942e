#include "sim/ipvs/nat.h"

#include "sim/wire/checksum.h"
#include "sim/wire/icmpv4.h"
#include "sim/wire/ipv4.h"

namespace lvslab::ipvs {
namespace {

constexpr std::size_t kTcpChecksumAt = 16, kUdpChecksumAt = 6, kIcmpChecksumAt = 2;
constexpr std::size_t kSourcePortAt = 0, kDestinationPortAt = 2;

std::size_t port_at(NatEnd end) {
  return end == NatEnd::kSource ? kSourcePortAt : kDestinationPortAt;
}

void rewrite_address(MutBytes packet, NatEnd end, Ipv4Addr to) {
  if (end == NatEnd::kSource) {
    ipv4_rewrite_src(packet, to);
  } else {
    ipv4_rewrite_dst(packet, to);
  }
}

}  // namespace

void rewrite(FramePool& frames, Packet& packet, NatEnd end, Endpoint to) {
  packet.frame = frames.make_writable(packet.frame);
  const MutBytes bytes = frames.writable(packet.frame);
  const bool source = end == NatEnd::kSource;
  const Ipv4Addr before = source ? packet.ip.src : packet.ip.dst;
  rewrite_address(bytes, end, to.addr);
  (source ? packet.ip.src : packet.ip.dst) = to.addr;
  std::uint8_t* transport = bytes.data() + packet.ip.header_length;
  std::uint8_t* port = transport + port_at(end);
  const std::uint16_t port_before = load_be16(port);
  store_be16(port, to.port);
  const bool udp = packet.ip.protocol == IpProto::kUdp;
  std::uint8_t* field = transport + (udp ? kUdpChecksumAt : kTcpChecksumAt);
  std::uint16_t checksum = load_be16(field);
  if (udp && checksum == 0) return;
  checksum = checksum_update32(checksum, before.bits, to.addr.bits);
  checksum = checksum_update16(checksum, port_before, to.port);
  if (udp && checksum == 0) checksum = 0xffff;
  store_be16(field, checksum);
}

void rewrite_icmp_error(FramePool& frames, Packet& packet, NatEnd end, Endpoint to) {
  packet.frame = frames.make_writable(packet.frame);
  const MutBytes bytes = frames.writable(packet.frame);
  rewrite_address(bytes, end, to.addr);
  (end == NatEnd::kSource ? packet.ip.src : packet.ip.dst) = to.addr;
  const MutBytes message = bytes.subspan(packet.ip.header_length, packet.ip.payload_length);
  const MutBytes quoted = message.subspan(IcmpRepr::kLength);
  const auto inner = Ipv4Repr::parse_header(quoted);
  if (!inner) return;
  const NatEnd opposite = end == NatEnd::kSource ? NatEnd::kDestination : NatEnd::kSource;
  rewrite_address(quoted, opposite, to.addr);
  if (quoted.size() >= inner->header_length + std::size_t{4}) {
    store_be16(quoted.data() + inner->header_length + port_at(opposite), to.port);
  }
  store_be16(message.data() + kIcmpChecksumAt, 0);
  store_be16(message.data() + kIcmpChecksumAt, internet_checksum(message));
}

}  // namespace lvslab::ipvs
