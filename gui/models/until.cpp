#include "gui/models/until.h"

namespace lvslab::gui {
namespace {

bool is_frame(RecordKind kind) {
  return kind == RecordKind::kFrameSent || kind == RecordKind::kFrameReceived ||
         kind == RecordKind::kFrameDropped;
}

bool fits(Stride stride, RecordKind kind) {
  switch (stride) {
    case Stride::kEvent: return true;
    case Stride::kFrame: return is_frame(kind);
    case Stride::kDecision: return kind == RecordKind::kDecision;
    case Stride::kCommand: return kind == RecordKind::kCommand || kind == RecordKind::kFault;
  }
  return true;
}

}  // namespace

bool Until::holds(const Trace& trace, RecordId id) const {
  const TraceRecord& r = trace[id];
  if (!fits(stride, r.kind)) return false;
  if (!host.empty() && (!r.node.valid() || trace.node(r.node).name != host)) return false;
  if (reason != Reason::kNone && r.reason != reason) return false;
  if (!filter && !conversation) return true;
  if (!is_frame(r.kind) || !r.frame.valid()) return false;
  const Bytes frame = trace.frame(r.frame);
  if (filter && !filter->matches(frame)) return false;
  return !conversation || same_conversation(*conversation, facts_of(frame));
}

}  // namespace lvslab::gui
