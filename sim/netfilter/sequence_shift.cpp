// Numbers of a TCP stream in which something was rewritten that did not keep its length.
// Source: net/netfilter/nf_conntrack_seqadj.c.
#include "sim/netfilter/conntrack.h"
#include "sim/wire/checksum.h"
#include "sim/wire/tcp.h"

namespace lvslab::netfilter {
namespace {

constexpr std::size_t kSequenceAt = 4, kAcknowledgmentAt = 8;

bool is_after(std::uint32_t a, std::uint32_t b) { return static_cast<std::int32_t>(b - a) < 0; }

/// Adds to the number at `at`, and keeps the checksum right.
void add_to_number(MutBytes segment, std::size_t at, std::int32_t by) {
  const std::uint32_t before = load_be32(segment.data() + at);
  const std::uint32_t after = before + static_cast<std::uint32_t>(by);
  store_be32(segment.data() + at, after);
  std::uint8_t* checksum = segment.data() + TcpRepr::kChecksumAt;
  store_be16(checksum, checksum_update32(load_be16(checksum), before, after));
}

/// Where the edges of SACK blocks stand in the segment; nf_ct_sack_adjust() stops at what is
/// malformed.
template <class Change>
void for_each_sack_edge(MutBytes segment, Change&& change) {
  constexpr std::uint8_t kEnd = 0, kNop = 1, kSack = 5;
  const std::size_t end = tcp_header_length(segment);
  for (std::size_t at = TcpRepr::kLength; at < end;) {
    const std::uint8_t kind = segment[at];
    if (kind == kEnd) return;
    if (kind == kNop) {
      ++at;
      continue;
    }
    if (at + 1 == end || segment[at + 1] < 2 || at + segment[at + 1] > end) return;
    const std::size_t next = at + segment[at + 1];
    if (kind == kSack) {
      for (std::size_t edge = at + 2; edge + 4 <= next; edge += 4) change(edge);
    }
    at = next;
  }
}

}  // namespace

std::int32_t SequenceShift::of(std::uint32_t sequence) const {
  return is_after(sequence, position) ? after : before;
}

std::int32_t SequenceShift::of_shifted(std::uint32_t sequence) const {
  return of(sequence - static_cast<std::uint32_t>(before));
}

void Conntrack::note_growth(const Packet& packet, std::uint32_t sequence, std::int32_t by) {
  if (by == 0 || !packet.flow.valid()) return;
  Flow& flow = flows_[packet.flow.index];
  SequenceShift& shift = flow.shifts[index_of(direction_of(packet.tracking))];
  flow.shifted = true;
  if (shift.before != shift.after && !is_after(sequence, shift.position)) return;  // sent again
  shift.position = sequence;
  shift.before = shift.after;
  shift.after += by;
}

void Conntrack::shift_numbers(Step& step, Packet& packet) const {
  if (!packet.flow.valid() || packet.ip.protocol != IpProto::kTcp) return;
  const Flow& flow = flows_[packet.flow.index];
  if (!flow.shifted || is_related(packet)) return;
  const Direction dir = direction_of(packet.tracking);
  const SequenceShift& ours = flow.shifts[index_of(dir)];
  const SequenceShift& theirs = flow.shifts[index_of(other(dir))];
  const Bytes before = ipv4_payload(step.frames().bytes(packet.frame), packet.ip);
  const std::uint32_t acknowledged = load_be32(before.data() + kAcknowledgmentAt);
  const bool acks = (before[13] & tcp_flag::kAck) != 0;
  const std::int32_t sequence_by = ours.of(load_be32(before.data() + kSequenceAt));
  const std::int32_t acknowledgment_by = acks ? -theirs.of_shifted(acknowledged) : 0;
  packet.frame = step.frames().make_writable(packet.frame);
  const MutBytes segment = step.frames()
                               .writable(packet.frame)
                               .subspan(packet.ip.header_length, packet.ip.payload_length);
  add_to_number(segment, kSequenceAt, sequence_by);
  if (acks) {
    add_to_number(segment, kAcknowledgmentAt, acknowledgment_by);
    for_each_sack_edge(segment, [&](std::size_t edge) {
      add_to_number(segment, edge, -theirs.of_shifted(load_be32(segment.data() + edge)));
    });
  }
  step.set_subject(packet.frame);
  if (sequence_by == 0 && acknowledgment_by == 0) return;
  step.explain(
      Reason::kCtSequenceShifted, packet.in_dev,
      {static_cast<std::uint32_t>(sequence_by), static_cast<std::uint32_t>(acknowledgment_by), 0});
}

}  // namespace lvslab::netfilter
