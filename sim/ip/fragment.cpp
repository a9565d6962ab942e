#include "sim/ip/fragment.h"

#include <algorithm>

#include "sim/ip/send.h"

namespace lvslab::ip {

void send_fragments(Step& step, Stack& stack, Ports& ports, const Packet& packet,
                    const Route& route) {
  FramePool& frames = step.frames();
  const Bytes data = ipv4_payload(frames.bytes(packet.frame), packet.ip);
  const std::size_t piece = (route.mtu - Ipv4Repr::kLength) & ~std::size_t{7};
  step.explain(Reason::kFragmented, route.dev,
               {arg(packet.ip.dst), static_cast<std::uint32_t>((data.size() + piece - 1) / piece),
                route.mtu});
  for (std::size_t at = 0; at < data.size(); at += piece) {
    const std::size_t length = std::min(piece, data.size() - at);
    Packet part = packet;
    part.frame = frames.allocate(length);
    const MutBytes out = frames.writable(part.frame);
    std::copy_n(data.begin() + static_cast<std::ptrdiff_t>(at), length, out.begin());
    part.ip.header_length = Ipv4Repr::kLength;
    part.ip.payload_length = static_cast<std::uint16_t>(length);
    part.ip.fragment_offset = static_cast<std::uint16_t>(packet.ip.fragment_offset + at);
    part.ip.more_fragments = packet.ip.more_fragments || at + length < data.size();
    part.ip.emit(frames.push_front(part.frame, Ipv4Repr::kLength).first<Ipv4Repr::kLength>());
    send_via_neighbour(step, stack, ports, part, route);
  }
  frames.release(packet.frame);
}

namespace {

void release_parts(Step& step, const Reassembly& queue) {
  for (const Packet& part : queue.parts) step.frames().release(part.frame);
}

/// Puts the parts together. Requires that they cover [0, total) without overlap.
Packet join(Step& step, const Reassembly& queue) {
  FramePool& frames = step.frames();
  const FrameRef whole = frames.allocate(queue.total);
  const MutBytes out = frames.writable(whole);
  for (const Packet& part : queue.parts) {
    const Bytes data = ipv4_payload(frames.bytes(part.frame), part.ip);
    std::copy(data.begin(), data.end(), out.begin() + part.ip.fragment_offset);
  }
  Packet packet = queue.parts.front();
  packet.frame = whole;
  packet.ip.header_length = Ipv4Repr::kLength;
  packet.ip.more_fragments = false;
  packet.ip.payload_length = static_cast<std::uint16_t>(queue.total);
  packet.ip.emit(frames.push_front(whole, Ipv4Repr::kLength).first<Ipv4Repr::kLength>());
  return packet;
}

/// True if the fragment overlaps one that is here (RFC 5722: then the datagram is lost).
bool overlaps(const Reassembly& queue, const Ipv4Repr& ip) {
  const std::uint32_t from = ip.fragment_offset, to = from + ip.payload_length;
  return std::any_of(queue.parts.begin(), queue.parts.end(), [&](const Packet& p) {
    const std::uint32_t start = p.ip.fragment_offset;
    return from < start + p.ip.payload_length && start < to;
  });
}

bool same_datagram(const Reassembly& q, const Packet& p) {
  return q.src == p.ip.src && q.dst == p.ip.dst && q.id == p.ip.id && q.protocol == p.ip.protocol;
}

}  // namespace

std::optional<Packet> reassemble(Step& step, Stack& stack, Packet fragment) {
  ReassemblyTable& table = stack.live.get().reassembly;
  auto at = std::find_if(table.queues.begin(), table.queues.end(),
                         [&](const Reassembly& q) { return same_datagram(q, fragment); });
  const Ipv4Repr ip = fragment.ip;
  const Step::Arguments args{arg(ip.src), ip.id, ip.fragment_offset};
  if (at == table.queues.end()) {
    Reassembly queue{.src = ip.src, .dst = ip.dst, .id = ip.id, .protocol = ip.protocol};
    queue.in_dev = fragment.in_dev;
    queue.serial = table.next_serial++;
    const SimDuration wait = SimDuration{1'000'000'000} * global(stack, GlobalKey::kIpfragTime);
    step.timers().add(step.timers().run_at(step.now() + wait, step.now()), TimerKind::kIp,
                      queue.serial);
    at = table.queues.insert(table.queues.end(), queue);
  }
  if (overlaps(*at, ip) || (ip.more_fragments && ip.payload_length % 8 != 0)) {
    release_parts(step, *at);
    step.drop(fragment.frame, Reason::kFragmentBad, fragment.in_dev, args);
    table.queues.erase(at);
    return std::nullopt;
  }
  const auto place = std::find_if(at->parts.begin(), at->parts.end(), [&](const Packet& p) {
    return p.ip.fragment_offset > ip.fragment_offset;
  });
  at->parts.insert(place, fragment);
  at->received += ip.payload_length;
  if (!ip.more_fragments) at->total = std::uint32_t{ip.fragment_offset} + ip.payload_length;
  if (at->total == 0 || at->received != at->total) {
    step.explain(Reason::kFragmentWaits, fragment.in_dev, args);
    return std::nullopt;
  }
  const Packet whole = join(step, *at);
  release_parts(step, *at);
  table.queues.erase(at);
  step.explain(Reason::kReassembled, fragment.in_dev,
               {arg(ip.src), ip.id, whole.ip.payload_length});
  return whole;
}

void reassembly_expired(Step& step, Stack& stack, Ports& ports, std::uint32_t serial) {
  ReassemblyTable& table = stack.live.get().reassembly;
  const auto at = std::find_if(table.queues.begin(), table.queues.end(),
                               [serial](const Reassembly& q) { return q.serial == serial; });
  if (at == table.queues.end()) return;
  const Reassembly queue = std::move(*at);
  table.queues.erase(at);
  step.explain(Reason::kReassemblyTimeout, queue.in_dev, {arg(queue.src), queue.id, 0});
  if (queue.parts.front().ip.fragment_offset == 0) {
    Route route;
    route.flags = kRouteLocal | kRouteInput;
    route.dev = kLoopback;
    icmp_send_error(step, stack, ports, queue.parts.front(), route,
                    {IcmpType::kTimeExceeded, 1, 0});
  }
  release_parts(step, queue);
}

}  // namespace lvslab::ip
