#include "sim/core/rewrite.h"
#include "sim/wire/icmpv6.h"

namespace lvslab {
namespace {

constexpr std::size_t kSourceAt = 8, kDestinationAt = 24;  // in the IPv6 header

std::size_t address_at(NatEnd end) { return end == NatEnd::kSource ? kSourceAt : kDestinationAt; }

/// Writes both, and returns the sum of what stood there.
std::uint64_t exchange(MutBytes packet, NatEnd end, Ipv6Addr addr, std::uint16_t port) {
  std::uint8_t* const address = packet.data() + address_at(end);
  std::uint8_t* const ports = packet.data() + Ipv6Repr::kLength + port_at(end);
  const std::uint64_t before = sum_addr(load_ipv6(address)) + load_be16(ports);
  store_ipv6(address, addr);
  store_be16(ports, port);
  return before;
}

}  // namespace

void move_checksum(MutBytes transport, IpProto protocol, std::uint64_t from, std::uint64_t to) {
  std::size_t at = 0;
  if (protocol == IpProto::kTcp) at = 16;
  if (protocol == IpProto::kUdp) at = 6;
  if (at == 0 || transport.size() < at + 2) return;
  const std::uint16_t before = load_be16(transport.data() + at);
  const auto removed = static_cast<std::uint16_t>(~fold_sum(from));
  std::uint16_t after =
      checksum_of(std::uint64_t{static_cast<std::uint16_t>(~before)} + removed + fold_sum(to));
  if (after == 0 && protocol == IpProto::kUdp) after = 0xffff;  // zero would say "none"
  store_be16(transport.data() + at, after);
}

void rewrite6(FramePool& frames, const AddressNames& names, Packet& packet, NatEnd end,
              Endpoint to) {
  packet.frame = frames.make_writable(packet.frame);
  const MutBytes bytes = frames.writable(packet.frame);
  const Ipv6Addr addr = names.address_of(to.addr);
  const std::uint64_t before = exchange(bytes, end, addr, to.port);
  const MutBytes transport = bytes.subspan(Ipv6Repr::kLength);
  move_checksum(transport, packet.ip.protocol, before, sum_addr(addr) + to.port);
  if (packet.ip.protocol == IpProto::kSctp) renew_sctp_checksum(transport);
  (end == NatEnd::kSource ? packet.ip.src : packet.ip.dst) = to.addr;
}

void rewrite_icmp6_error(FramePool& frames, const AddressNames& names, Packet& packet, NatEnd end,
                         Endpoint to) {
  packet.frame = frames.make_writable(packet.frame);
  const MutBytes bytes = frames.writable(packet.frame);
  const Ipv6Addr addr = names.address_of(to.addr);
  store_ipv6(bytes.data() + address_at(end), addr);
  (end == NatEnd::kSource ? packet.ip.src : packet.ip.dst) = to.addr;
  const MutBytes message = bytes.subspan(Ipv6Repr::kLength);
  const MutBytes quoted = message.subspan(Icmp6Repr::kLength);
  constexpr std::size_t kPorts = 4;
  if (quoted.size() >= Ipv6Repr::kLength + kPorts) {
    const NatEnd opposite = end == NatEnd::kSource ? NatEnd::kDestination : NatEnd::kSource;
    exchange(quoted, opposite, addr, to.port);
  }
  const auto outer = Ipv6Repr::parse_header(bytes);
  Icmp6Repr::parse_header(message)->emit(message, outer->src, outer->dst);
}

}  // namespace lvslab
