#include "sim/trace/same_packet.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/wire/ethernet.h"
#include "sim/wire/icmpv6.h"

namespace lvslab {
namespace {

/// The IP packet of a frame without Ethernet padding; empty if it is none.
struct Packet {
  Bytes bytes;
  bool v6 = false;
  std::size_t min_length() const { return v6 ? Ipv6Repr::kLength : Ipv4Repr::kLength; }
  std::uint8_t hops() const { return bytes[v6 ? 7 : 8]; }
};

Packet packet_of(Bytes frame) {
  const auto eth = EthernetRepr::parse(frame);
  if (!eth || (eth->ethertype != EtherType::kIpv4 && eth->ethertype != EtherType::kIpv6)) return {};
  Packet packet{frame.subspan(EthernetRepr::kLength), eth->ethertype == EtherType::kIpv6};
  if (packet.bytes.size() < packet.min_length()) return {};
  const std::uint8_t* p = packet.bytes.data();
  const std::size_t length = packet.v6 ? Ipv6Repr::kLength + load_be16(p + 4) : load_be16(p + 2);
  packet.bytes = packet.bytes.first(std::min(packet.bytes.size(), length));
  return packet;
}

bool is_discovery(const Packet& packet) {
  if (!packet.v6 || packet.bytes.size() <= Ipv6Repr::kLength) return false;
  if (IpProto{packet.bytes[6]} != IpProto::kIcmp6) return false;
  const Icmp6Type type{packet.bytes[Ipv6Repr::kLength]};
  return type >= Icmp6Type::kRouterSolicit && type <= Icmp6Type::kRedirect;
}

}  // namespace

bool is_ip_packet(Bytes frame) {
  const Packet packet = packet_of(frame);
  return !packet.bytes.empty() && !is_discovery(packet);
}

bool seeks_neighbour(Bytes frame) {
  const auto eth = EthernetRepr::parse(frame);
  return (eth && eth->ethertype == EtherType::kArp) || is_discovery(packet_of(frame));
}

bool same_packet(Bytes a, Bytes b) {
  const Packet one = packet_of(a), other = packet_of(b);
  const Bytes x = one.bytes, y = other.bytes;
  if (x.size() < one.min_length() || x.size() != y.size() || one.v6 != other.v6) return false;
  // Byte 7 is the hop limit.
  if (one.v6)
    return std::ranges::equal(x.first(7), y.first(7)) &&
           std::ranges::equal(x.subspan(8), y.subspan(8));
  // Byte 8 is the TTL, bytes 10 and 11 are the header checksum.
  return std::ranges::equal(x.first(8), y.first(8)) && x[9] == y[9] &&
         std::ranges::equal(x.subspan(12), y.subspan(12));
}

std::vector<Rewrite> rewrites(Bytes before, Bytes after) {
  std::vector<Rewrite> out;
  const auto was = EthernetRepr::parse(before);
  const auto is = EthernetRepr::parse(after);
  if (!was || !is) return out;
  if (was->dst != is->dst) {
    out.push_back({Rewrite::Field::kDstMac, was->dst.to_string(), is->dst.to_string()});
  }
  if (was->src != is->src) {
    out.push_back({Rewrite::Field::kSrcMac, was->src.to_string(), is->src.to_string()});
  }
  const Packet x = packet_of(before), y = packet_of(after);
  if (!x.bytes.empty() && !y.bytes.empty() && x.v6 == y.v6 && x.hops() != y.hops()) {
    out.push_back({x.v6 ? Rewrite::Field::kHopLimit : Rewrite::Field::kTtl,
                   fmt::format("{}", x.hops()), fmt::format("{}", y.hops())});
  }
  return out;
}

}  // namespace lvslab
