// A recorded run as the window has it: the trace, where its events begin, which frame arrived
// where, and bookmarks from which a host's tables at any moment are folded in a few milliseconds.
//
// Models: positions. A position is a number of records; what a viewer sees at position k is the
// fold of the records before k. Positions that one can stop at are the ends of events: everything
// that one host did at one instant for one cause. Leaves out: who plays the run (session_worker.h).
// No Qt here.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "sim/trace/fold.h"
#include "sim/trace/trace.h"
#include "sim/trace/vrrp_history.h"

namespace lvslab::gui {

using Position = std::uint32_t;

/// What came to a trace since some mark: values that cross from one thread to another.
struct TraceChunk {
  std::vector<TraceNode> nodes;  ///< of a new trace only
  std::vector<TraceRecord> records;
  std::vector<std::uint8_t> frame_bytes;
  std::vector<std::uint32_t> frame_lengths;
  std::vector<std::string> texts;
  std::vector<TableRow> rows;
  std::vector<Ipv6Addr> addresses;  ///< all that have names by now

  /// What `trace` has beyond `from`; its nodes, too, if `with_nodes`.
  static TraceChunk since(const Trace& trace, const Trace::Mark& from, bool with_nodes);
};

class History {
 public:
  /// Starts anew.
  void clear();
  void cut(const Trace::Mark& to);
  void append(const TraceChunk& chunk);

  const Trace& trace() const { return trace_; }
  Position end() const { return static_cast<Position>(trace_.size()); }

  /// True if an event begins with record `i`.
  bool begins_event(Position i) const;
  /// The first event end after `from` / the last one before it; stays within [0, end()].
  Position next_end(Position from) const;
  Position previous_end(Position from) const;
  /// The end of the event that `record` belongs to.
  Position end_of_event(RecordId record) const { return next_end(record.value); }
  Position event_begin(Position end) const;
  /// The end of the last event at or before `at`.
  Position position_at(SimTime at) const;

  /// The record of the arrival (or loss) of a frame that was sent; invalid if not recorded.
  RecordId arrival_of(RecordId sent) const;

  /// True if the frame of this sending was lost on its way.
  bool dropped_on_wire(RecordId sent) const;

  /// The tables of `node` at `position`.
  HostTables tables_at(NodeId node, Position position) const;

  /// Every virtual router of every host at `position`.
  std::vector<VrrpRow> vrrp_at(Position position) const;
  const std::vector<Ipv4Addr>& addresses_of(const VrrpRow& row) const {
    return vrrp_.addresses_of(row);
  }

  /// Records of commands, outputs, faults and notes, in order: few among many.
  const std::vector<Position>& words() const { return words_; }

  std::size_t memory_bytes() const;

 private:
  struct Bookmark {
    Position position = 0;
    std::vector<Folder> hosts;  ///< by node
  };
  void add_device_of(const TraceRecord& record);
  RecordId sending_of(const TraceRecord& record, RecordId id) const;
  void extend_bookmarks();
  /// Tables that were asked for last: several views look at the same ones.
  struct Kept {
    NodeId node;
    Position position = 0;
    HostTables tables;
  };

  Trace trace_;
  std::vector<std::uint32_t> arrivals_;  ///< by record
  std::vector<Position> words_;
  VrrpHistory vrrp_;
  std::vector<Bookmark> bookmarks_;
  std::vector<Folder> front_;  ///< by node, at the end of the trace
  Position bookmark_every_ = 0;
  mutable std::deque<Kept> kept_;
};

}  // namespace lvslab::gui
