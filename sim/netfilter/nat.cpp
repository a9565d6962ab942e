// The mappings of nat: which address and port a flow gets, and the rewriting of its packets.
// Source: net/netfilter/nf_nat_core.c.
#include <algorithm>
#include <bit>

#include "sim/netfilter/conntrack.h"
#include "sim/wire/icmpv4.h"

namespace lvslab::netfilter {
namespace {

bool in_addresses(Ipv4Addr addr, const NfNatRange& range) {
  return range.first.is_any() || (range.first <= addr && addr <= range.last);
}

/// l4proto_in_range(): protocols without ports fit any.
bool in_ports(const Tuple& tuple, NatEnd end, const NfNatRange& range) {
  if (tuple.protocol != IpProto::kIcmp && !tuple.has_ports()) return true;
  const bool source = end == NatEnd::kSource || tuple.protocol == IpProto::kIcmp;
  const std::uint16_t port = source ? tuple.src.port : tuple.dst.port;
  return range.first_port <= port && port <= range.last_port;
}

/// in_range(): may the flow keep this source?
bool source_fits(const Tuple& tuple, const NfNatRange& range) {
  return in_addresses(tuple.src.addr, range) &&
         (!range.has_ports || in_ports(tuple, NatEnd::kSource, range));
}

/// jhash2() of the four words of a union nf_inet_addr that holds an IPv4 address.
std::uint32_t hash_of_address(Ipv4Addr addr, std::uint32_t seed) {
  std::uint32_t a = 0xdead'beefU + (4U << 2) + seed, b = a, c = a;
  const auto mix = [](std::uint32_t& x, std::uint32_t& y, std::uint32_t& z, int bits) {
    x -= z;
    x ^= std::rotl(z, bits);
    z += y;
  };
  a += __builtin_bswap32(addr.bits);
  mix(a, b, c, 4);
  mix(b, c, a, 6);
  mix(c, a, b, 8);
  mix(a, b, c, 16);
  mix(b, c, a, 19);
  mix(c, a, b, 4);
  const auto finish = [](std::uint32_t& x, std::uint32_t y, int bits) {
    x ^= y;
    x -= std::rotl(y, bits);
  };
  finish(c, b, 14);
  finish(a, c, 11);
  finish(b, a, 25);
  finish(c, b, 16);
  finish(a, c, 4);
  finish(b, a, 14);
  finish(c, b, 24);
  return c;
}

/// find_best_ips_proto(): an address of the range, always the same for the same pair of hosts (or,
/// with --persistent, for the same client).
void choose_address(Tuple& tuple, const NfNatRange& range, NatEnd end) {
  if (range.first.is_any()) return;
  Ipv4Addr& addr = end == NatEnd::kSource ? tuple.src.addr : tuple.dst.addr;
  if (range.first == range.last) {
    addr = range.first;
    return;
  }
  const std::uint32_t seed = range.persistent ? 0 : __builtin_bswap32(tuple.dst.addr.bits);
  const std::uint64_t hash = hash_of_address(tuple.src.addr, seed);
  const std::uint64_t count = std::uint64_t{range.last.bits} - range.first.bits + 1;
  addr = {range.first.bits + static_cast<std::uint32_t>(hash * count >> 32)};
}

}  // namespace

// nf_nat_used_tuple(): would its answers be taken for those of another flow?
bool Conntrack::answers_clash(SimTime now, const Tuple& mapped, std::uint32_t id) const {
  const auto reply = inverse(mapped);
  return reply && is_taken(now, *reply, id);
}

// nf_conntrack_tuple_taken(): by another flow, unless that begins with the very same packet.
bool Conntrack::is_taken(SimTime now, const Tuple& reply, std::uint32_t except) const {
  return index_.find(reply.hash(), [&](std::uint32_t i) {
    const Flow& flow = flows_[i / 2];
    return i / 2 != except && flow.tuple(static_cast<Direction>(i % 2)) == reply &&
           flow.expires > now && flow.original != flows_[except].original;
  }) != IndexTable::kNone;
}

// find_appropriate_src(): the same client socket keeps its mapping, whomever it talks to.
std::optional<Tuple> Conntrack::mapping_of_source(SimTime now, const Tuple& wanted,
                                                  const NfNatRange& range) const {
  std::optional<Tuple> best;
  std::uint32_t born = 0;
  static_cast<void>(by_source_.find(source_hash(wanted), [&](std::uint32_t i) {
    const Flow& flow = flows_[i];
    const bool gone = flow.confirmed && flow.expires <= now;
    if (gone || flow.original.src != wanted.src || flow.original.protocol != wanted.protocol) {
      return false;
    }
    auto mapped = inverse(flow.reply);
    if (!mapped || flow.born < born) return false;
    mapped->dst = wanted.dst;
    if (!source_fits(*mapped, range)) return false;
    best = mapped;
    born = flow.born;
    return false;  // the newest one counts: look at all
  }));
  return best;
}

// get_unique_tuple().
Tuple Conntrack::unique_tuple(Step& step, const Tuple& wanted, const NfNatRange& range,
                              std::uint32_t id, NatEnd end) {
  const SimTime now = step.now();
  const auto is_free = [&](const Tuple& tuple) { return !answers_clash(now, tuple, id); };
  if (end == NatEnd::kSource && !range.draws_port()) {
    if (source_fits(wanted, range)) {
      if (is_free(wanted)) return wanted;
    } else if (const auto mapped = mapping_of_source(now, wanted, range)) {
      if (is_free(*mapped)) return *mapped;
    }
  }
  Tuple tuple = wanted;
  choose_address(tuple, range, end);
  if (!range.draws_port()) {
    if (!range.has_ports) {
      if (is_free(tuple)) return tuple;
    } else if (!range.shifts_ports && in_ports(tuple, end, range) &&
               (range.first_port == range.last_port || is_free(tuple))) {
      return tuple;
    }
  }
  draw_port(step, tuple, range, end, id);
  return tuple;
}

// nf_nat_l4proto_unique_tuple(): looks for a free port from a random place on, in ever smaller
// windows.
void Conntrack::draw_port(Step& step, Tuple& tuple, const NfNatRange& range, NatEnd end,
                          std::uint32_t id) {
  const bool icmp = tuple.protocol == IpProto::kIcmp;
  if (!icmp && !tuple.has_ports()) return;
  std::uint16_t& port = end == NatEnd::kSource || icmp ? tuple.src.port : tuple.dst.port;
  std::uint32_t least = 1'024, count = 65'536 - 1'024;
  if (range.has_ports) {
    least = std::min(range.first_port, range.last_port);
    count = std::max(range.first_port, range.last_port) - least + 1;
  } else if (icmp) {
    least = 0;
    count = 65'536;
  } else if (end == NatEnd::kDestination) {
    return;  // a server cannot be looked for
  } else if (port < 512) {
    least = 1;
    count = 511;
  } else if (port < 1'024) {
    least = 600;
    count = 1'023 - 600 + 1;
  }
  constexpr std::uint32_t kPorts = 65'536, kMostAttempts = 128, kLeastAttempts = 16;
  std::uint16_t offset = range.shifts_ports
                             ? static_cast<std::uint16_t>(port - range.base_port)
                             : static_cast<std::uint16_t>(step.random().below(kPorts));
  for (std::uint32_t attempts = std::min(count, kMostAttempts);; attempts /= 2) {
    for (std::uint32_t i = 0; i < attempts; ++i, ++offset) {
      port = static_cast<std::uint16_t>(least + offset % count);
      if (!answers_clash(step.now(), tuple, id)) return;
    }
    if (attempts >= count || attempts < kLeastAttempts) return;
    offset = static_cast<std::uint16_t>(step.random().below(kPorts));
  }
}

void Conntrack::map(Step& step, const Packet& packet, NatEnd end, const NfNatRange& range,
                    IfIndex dev) {
  const std::uint32_t id = packet.flow.index;
  Flow& flow = flows_[id];
  if (flow.confirmed || flow.done(end)) return;
  const bool source = end == NatEnd::kSource;
  const Tuple current = *inverse(flow.reply);
  const Tuple fresh = unique_tuple(step, current, range, id, end);
  if (fresh != current) {
    flow.reply = *inverse(fresh);
    (source ? flow.source_mapped : flow.destination_mapped) = true;
    const Endpoint& from = source ? current.src : current.dst;
    const Endpoint& to = source ? fresh.src : fresh.dst;
    step.explain(source ? Reason::kNatSource : Reason::kNatDestination, packet.in_dev,
                 {arg(from.addr), arg(to.addr), to.port});
  }
  (source ? flow.source_done : flow.destination_done) = true;
  if (!source) return;
  flow.masquerade_dev = dev;
  by_source_.insert(source_hash(flow.original), id);
}

void Conntrack::map_to_itself(Step& step, const Packet& packet, NatEnd end) {
  const Flow& flow = flow_of(packet);
  const Ipv4Addr same = end == NatEnd::kSource ? flow.reply.dst.addr : flow.reply.src.addr;
  map(step, packet, end, {.first = same, .last = same});
}

bool Conntrack::translate(Step& step, Packet& packet, NatEnd end) {
  if (!packet.flow.valid()) return true;
  const Flow& flow = flows_[packet.flow.index];
  const Direction dir = direction_of(packet.tracking);
  const bool error = is_related(packet) && packet.ip.protocol == IpProto::kIcmp;
  if (error) {
    const Bytes message = ipv4_payload(step.frames().bytes(packet.frame), packet.ip);
    const bool redirect = message[0] == static_cast<std::uint8_t>(IcmpType::kRedirect);
    const bool mapped = flow.source_mapped || flow.destination_mapped;
    // A redirect would tell one side of the other side's address.
    if (redirect && (mapped || !flow.source_done || !flow.destination_done)) return false;
  }
  const bool wants_source = (end == NatEnd::kSource) == (dir == Direction::kOriginal);
  if (!(wants_source ? flow.source_mapped : flow.destination_mapped)) return true;
  const Tuple target = *inverse(flow.tuple(other(dir)));
  Endpoint to = end == NatEnd::kSource ? target.src : target.dst;
  if (target.protocol == IpProto::kIcmp) to.port = target.src.port;
  if (error) {
    rewrite_icmp_error(step.frames(), packet, end, to, QuotedChecksum::kUpdated);
  } else {
    rewrite_flow(step.frames(), packet, end, to);
  }
  step.set_subject(packet.frame);
  step.explain(
      end == NatEnd::kSource ? Reason::kNatSourceRewritten : Reason::kNatDestinationRewritten,
      packet.in_dev, {arg(to.addr), to.port, 0});
  return true;
}

bool Conntrack::left_its_device(const Packet& packet, IfIndex out) const {
  if (!packet.flow.valid() || direction_of(packet.tracking) == Direction::kReply) {
    return false;
  }
  const Flow& flow = flows_[packet.flow.index];
  return flow.source_done && flow.masquerade_dev.valid() && flow.masquerade_dev != out;
}

void Conntrack::expect_answers_from(const Packet& packet, Endpoint server) {
  if (!packet.flow.valid() || flows_[packet.flow.index].confirmed) return;
  if (direction_of(packet.tracking) != Direction::kOriginal) return;
  Tuple& reply = flows_[packet.flow.index].reply;
  reply.src.addr = server.addr;
  if (reply.protocol != IpProto::kIcmp) reply.src.port = server.port;
}

void Conntrack::expect_answers_to(const Packet& packet, Endpoint virt) {
  if (!packet.flow.valid() || flows_[packet.flow.index].confirmed) return;
  if (direction_of(packet.tracking) != Direction::kOriginal) return;
  Tuple& reply = flows_[packet.flow.index].reply;
  reply.dst.addr = virt.addr;
  if (reply.protocol != IpProto::kIcmp) reply.dst.port = virt.port;
}

}  // namespace lvslab::netfilter
