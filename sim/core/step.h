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

/// False only in a build that measures what it costs that a run could be recorded (LVSLAB_TRACE).
#ifdef LVSLAB_UNTRACED
inline constexpr bool kCanTrace = false;
#else
inline constexpr bool kCanTrace = true;
#endif

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
  bool tracing() const { return kCanTrace && trace_ != nullptr; }
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
    if (tracing()) [[unlikely]]
      decided(Fact::of(RecordKind::kDecision, reason, dev, args));
  }
  /// The frame dies here. Releases it.
  void drop(FrameRef frame, Reason reason, IfIndex dev = {}, Arguments args = {}) {
    if (!frame.valid()) return;
    if (tracing()) [[unlikely]] {
      dropped(frame, Fact::of(RecordKind::kFrameDropped, reason, dev, args));
    }
    frames().release(frame);
  }

  // A row of a table (one of TableRow's kinds) came, changed or went. Build the row only if
  // tracing(): it is not free.
  template <class Row>
  void row_added(const Row& row) {
    if (tracing()) [[unlikely]]
      record_row(RecordKind::kRowAdded, row);
  }
  template <class Row>
  void row_changed(const Row& row) {
    if (tracing()) [[unlikely]]
      record_row(RecordKind::kRowChanged, row);
  }
  template <class Row>
  void row_removed(const Row& row) {
    if (tracing()) [[unlikely]]
      record_row(RecordKind::kRowRemoved, row);
  }

  /// The frame goes out at `dev`: it gets its identity in the trace if it has none. Only if
  /// tracing(), as all below.
  RecordId frame_sent(IfIndex dev, FrameRef frame);
  /// The frame came in; becomes the cause of what follows.
  void frame_received(IfIndex dev, FrameRef frame);
  /// Appends any record at now; does not become the cause.
  RecordId record(RecordKind kind, Reason reason, IfIndex dev, Arguments args, FrameId frame) {
    return append(Fact::of(kind, reason, dev, args), frame);
  }

 private:
  // Out of line, so that what is not traced pays for a test and no more.
  void decided(Fact fact);
  void dropped(FrameRef frame, Fact fact);
  RecordId append(Fact fact, FrameId frame);
  template <class Row>
  [[gnu::noinline]] void record_row(RecordKind kind, const Row& row) {
    append(Fact::of(kind, Reason::kNone, {}, {trace_->add_row(row), 0, 0}), subject_);
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
