#include "sim/trace/same_packet.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/wire/ethernet.h"
#include "sim/wire/ipv4.h"

namespace lvslab {
namespace {

bool has_type(Bytes frame, EtherType type) {
  const auto eth = EthernetRepr::parse(frame);
  return eth && eth->ethertype == type;
}

/// The IPv4 packet of a frame without Ethernet padding; empty if it is none.
Bytes packet_of(Bytes frame) {
  if (!has_type(frame, EtherType::kIpv4)) return {};
  const Bytes packet = frame.subspan(EthernetRepr::kLength);
  if (packet.size() < Ipv4Repr::kLength) return {};
  return packet.first(std::min<std::size_t>(packet.size(), load_be16(packet.data() + 2)));
}

}  // namespace

bool is_ipv4(Bytes frame) { return has_type(frame, EtherType::kIpv4); }
bool is_arp(Bytes frame) { return has_type(frame, EtherType::kArp); }

bool same_packet(Bytes a, Bytes b) {
  const Bytes x = packet_of(a);
  const Bytes y = packet_of(b);
  if (x.size() < Ipv4Repr::kLength || x.size() != y.size()) return false;
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
  const Bytes x = packet_of(before);
  const Bytes y = packet_of(after);
  if (!x.empty() && !y.empty() && x[8] != y[8]) {
    out.push_back({Rewrite::Field::kTtl, fmt::format("{}", x[8]), fmt::format("{}", y[8])});
  }
  return out;
}

}  // namespace lvslab
