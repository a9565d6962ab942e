#include "sim/trace/packets.h"

namespace lvslab {
namespace {

constexpr std::uint32_t kNone = 0xffff'ffffU;

bool is_on_the_wire(const TraceRecord& r) {
  return r.kind == RecordKind::kFrameSent || r.kind == RecordKind::kFrameReceived;
}

}  // namespace

void PacketList::update(const Trace& trace) {
  if (trace.size() < seen_) *this = {};
  for (; seen_ < trace.size(); ++seen_) {
    const RecordId id(seen_);
    const TraceRecord& r = trace[id];
    if (!r.frame.valid()) continue;
    if (r.frame.value >= by_frame_.size()) by_frame_.resize(r.frame.value + 1, kNone);
    std::uint32_t& index = by_frame_[r.frame.value];
    if (index == kNone) {
      if (!is_on_the_wire(r)) continue;
      index = static_cast<std::uint32_t>(packets_.size());
      packets_.push_back({r.frame, id, r.node, r.dev, r.at, {}});
    }
    packets_[index].records.push_back(id);
  }
}

const PacketEntry* PacketList::find(std::uint32_t number) const {
  if (number == 0 || number > by_frame_.size() || by_frame_[number - 1] == kNone) return nullptr;
  return &packets_[by_frame_[number - 1]];
}

std::optional<RecordId> find_packet(const Trace& trace, std::uint32_t number) {
  if (number == 0 || number > trace.frame_count()) return std::nullopt;
  return find_sending(trace, FrameId(number - 1));
}

std::optional<RecordId> find_sending(const Trace& trace, FrameId frame) {
  for (std::uint32_t i = 0; i < trace.size(); ++i) {
    const TraceRecord& r = trace[RecordId(i)];
    if (r.frame == frame && is_on_the_wire(r)) return RecordId(i);
  }
  return std::nullopt;
}

}  // namespace lvslab
