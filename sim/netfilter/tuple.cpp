#include "sim/netfilter/tuple.h"

#include <array>

namespace lvslab::netfilter {
namespace {

/// Queries and their answers, by type: echo, timestamp, information and address mask.
constexpr std::array<std::pair<std::uint8_t, std::uint8_t>, 4> kQueries = {
    {{8, 0}, {13, 14}, {15, 16}, {17, 18}}};

std::optional<std::uint8_t> answer_to(std::uint8_t type) {
  for (const auto& [query, answer] : kQueries) {
    if (type == query) return answer;
    if (type == answer) return query;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Tuple> tuple_of(const Ipv4Repr& ip, Bytes transport) {
  constexpr std::size_t kNeeded = 8;
  Tuple tuple{.src = {ip.src, 0}, .dst = {ip.dst, 0}, .protocol = ip.protocol};
  if (ip.fragment_offset != 0) return std::nullopt;
  if (ip.protocol == IpProto::kIcmp) {
    if (transport.size() < kNeeded) return std::nullopt;
    tuple.src.port = load_be16(transport.data() + 4);
    tuple.dst.port = load_be16(transport.data());
  } else if (tuple.has_ports()) {
    if (transport.size() < kNeeded) return std::nullopt;
    tuple.src.port = load_be16(transport.data());
    tuple.dst.port = load_be16(transport.data() + 2);
  }
  return tuple;
}

std::optional<Tuple> inverse(const Tuple& tuple) {
  if (tuple.protocol != IpProto::kIcmp) {
    return Tuple{.src = tuple.dst, .dst = tuple.src, .protocol = tuple.protocol};
  }
  const auto type = answer_to(static_cast<std::uint8_t>(tuple.dst.port >> 8));
  if (!type) return std::nullopt;
  const auto type_and_code =
      static_cast<std::uint16_t>(unsigned{*type} << 8 | (tuple.dst.port & 0xffU));
  return Tuple{.src = {tuple.dst.addr, tuple.src.port},
               .dst = {tuple.src.addr, type_and_code},
               .protocol = tuple.protocol};
}

}  // namespace lvslab::netfilter
