#include "sim/core/step.h"

namespace lvslab {

RecordId Step::append(Fact fact, FrameId frame) {
  return trace_->append(now(), node_, frame, cause_, fact);
}

// What a decision is about may have been met for the first time.
void Step::decided(Fact fact) {
  trace_->learn_addresses(world_.names.known());
  cause_ = trace_->append_decision(now(), node_, subject_, cause_, fact);
}

void Step::dropped(FrameRef frame, Fact fact) {
  trace_->learn_addresses(world_.names.known());
  const FrameId id = frames().trace_id(frame);
  append(fact, id.valid() ? id : subject_);
}

RecordId Step::frame_sent(IfIndex dev, FrameRef frame) {
  FrameId id = frames().trace_id(frame);
  if (!id.valid()) {
    id = trace_->add_frame(frames().bytes(frame));
    frames().set_trace_id(frame, id);
  }
  return trace_->append(now(), node_, id, cause_,
                        Fact::of(RecordKind::kFrameSent, Reason::kNone, dev, {}));
}

void Step::frame_received(IfIndex dev, FrameRef frame) {
  cause_ = trace_->append_decision(now(), node_, frames().trace_id(frame), cause_,
                                   Fact::of(RecordKind::kFrameReceived, Reason::kNone, dev, {}));
}

}  // namespace lvslab
