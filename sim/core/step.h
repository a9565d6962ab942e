// The context of handling one event on one node: the time, the pools, and the trace with the chain
// of causes. Every room's functions take a Step first; nothing keeps one.
#pragma once

#include <array>

#include "sim/base/ids.h"
#include "sim/base/tables.h"
#include "sim/core/timers.h"
#include "sim/core/world.h"
#include "sim/trace/trace.h"

namespace lvslab {

class Step {
 public:
  Step(World& world, TimerQueue& timers, Trace* trace, NodeId node, RecordId cause = {})
      : world_(world), timers_(timers), trace_(trace), node_(node), cause_(cause) {}

  World& world() { return world_; }
  SimTime now() const { return world_.now; }
  FramePool& frames() { return world_.frames; }
  Prng& random() { return world_.random; }
  TimerQueue& timers() { return timers_; }
  NodeId node() const { return node_; }

  /// False if nobody records: then nothing below costs more than this test.
  bool tracing() const { return trace_ != nullptr; }
  Trace* trace() { return trace_; }

  /// The record that what happens next is owed to. Decisions chain: each becomes the cause of the
  /// next. Frames and rows hang off the chain without becoming part of it.
  RecordId cause() const { return cause_; }
  void set_cause(RecordId cause) { cause_ = cause; }

  /// The frame that decisions are about, until it is changed; invalid for none.
  void set_subject(FrameRef frame) {
    if (tracing()) subject_ = frame.valid() ? frames().trace_id(frame) : FrameId{};
  }

  using Arguments = std::array<std::uint32_t, 3>;
  /// Appends a decision: why Linux does here what it does.
  void explain(Reason reason, IfIndex dev = {}, Arguments args = {}) {
    if (tracing()) cause_ = record(RecordKind::kDecision, reason, dev, args, subject_);
  }
  /// The frame dies here. Releases it.
  void drop(FrameRef frame, Reason reason, IfIndex dev = {}, Arguments args = {}) {
    if (tracing() && frame.valid()) {
      const FrameId id = frames().trace_id(frame);
      record(RecordKind::kFrameDropped, reason, dev, args, id.valid() ? id : subject_);
    }
    if (frame.valid()) frames().release(frame);
  }

  // A row of a table came, changed or went. Build the row only if tracing(): it is not free.
  void row_added(TableRow row) { record_row(RecordKind::kRowAdded, std::move(row)); }
  void row_changed(TableRow row) { record_row(RecordKind::kRowChanged, std::move(row)); }
  void row_removed(TableRow row) { record_row(RecordKind::kRowRemoved, std::move(row)); }

  /// Appends any record at now; does not become the cause. Only if tracing().
  RecordId record(RecordKind kind, Reason reason, IfIndex dev, Arguments args, FrameId frame) {
    return trace_->append({.at = now(),
                           .cause = cause_,
                           .node = node_,
                           .frame = frame,
                           .args = args,
                           .dev = dev,
                           .reason = reason,
                           .kind = kind});
  }

 private:
  void record_row(RecordKind kind, TableRow row) {
    if (!tracing()) return;
    record(kind, Reason::kNone, {}, {trace_->add_row(std::move(row)), 0, 0}, subject_);
  }

  World& world_;
  TimerQueue& timers_;
  Trace* trace_;
  NodeId node_;
  RecordId cause_;
  FrameId subject_;
};

/// Arguments for `explain`: addresses as their bits, everything else as its number.
constexpr std::uint32_t arg(Ipv4Addr a) { return a.bits; }
constexpr std::uint32_t arg(IfIndex d) { return d.value; }
constexpr std::uint32_t arg_mac_high(MacAddr m) { return static_cast<std::uint32_t>(m.bits >> 16); }
constexpr std::uint32_t arg_mac_low(MacAddr m) {
  return static_cast<std::uint32_t>(m.bits & 0xffff);
}

}  // namespace lvslab
