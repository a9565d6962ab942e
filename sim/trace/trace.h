// The trace: an append-only store of records, and of the frames, rows and texts that they name.
// Both backends fill one; every viewer, exporter and expectation reads one.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/base/digest.h"
#include "sim/base/growing_array.h"
#include "sim/base/tables.h"
#include "sim/trace/frame_store.h"
#include "sim/trace/record.h"
#include "sim/trace/record_store.h"
#include "sim/trace/row_store.h"
#include "sim/wire/bytes.h"

namespace lvslab {

/// What a trace knows of the topology: enough to name nodes and interfaces.
struct TraceNode {
  std::string name;
  bool is_switch = false;
  std::vector<LinkRow> devices;  ///< as they were at the start, lo first; none for a switch
};

class Trace {
 public:
  // --- filling ---
  NodeId add_node(TraceNode node);
  /// A device that came later, by a module: so that it has a name. Does nothing if it is known.
  void add_device(NodeId node, const LinkRow& device);
  RecordId append(const TraceRecord& record) { return records_.append(record); }
  /// The same in parts, for those who write very many.
  RecordId append(SimTime at, NodeId node, FrameId frame, RecordId cause, const Fact& fact) {
    return records_.append(at, node, frame, cause, fact);
  }
  /// The same for a fact that names no row and no frame that is sent.
  RecordId append_decision(SimTime at, NodeId node, FrameId frame, RecordId cause,
                           const Fact& fact) {
    return records_.append_decision(at, node, frame, cause, fact);
  }
  /// Keeps a copy of the frame's bytes.
  FrameId add_frame(Bytes frame) { return frames_.add(frame); }
  std::uint32_t add_text(std::string_view text);
  /// `row`: one of the kinds that TableRow may hold, or a TableRow.
  template <class Row>
  std::uint32_t add_row(const Row& row) {
    return rows_.add(row);
  }

  /// The IPv6 addresses of the world, in the order of their names; those that came since the last
  /// call are taken in, and after truncate() all of them.
  void learn_addresses(std::span<const Ipv6Addr> known);

  /// How much was recorded at some moment.
  struct Mark {
    std::size_t records = 0, frames = 0, texts = 0, rows = 0;
    bool operator==(const Mark&) const = default;
  };
  Mark mark() const;
  /// Forgets all that came after `mark`: stepping back drops the future.
  void truncate(const Mark& mark);

  // --- reading ---
  std::size_t size() const { return records_.size(); }
  /// Unpacks one record: to read many in a row, take `records()`.
  TraceRecord operator[](RecordId id) const { return records_[id]; }
  RecordStore::Range records() const { return records_.all(); }
  /// Calls `visit(record)` with each frame that a node sent or received, in order, until it returns
  /// false. Much faster than to read all records.
  template <class Visit>
  void visit_frames_of(NodeId node, const Visit& visit) const {
    records_.visit_frames_of(node, visit);
  }
  /// Valid until something is added. May be put together at the first call and is kept then: for
  /// one thread at a time.
  Bytes frame(FrameId id) const { return frames_[id]; }
  /// For those who pass over very many frames: valid until `buffer` or the trace changes.
  Bytes frame(FrameId id, std::vector<std::uint8_t>& buffer) const {
    return frames_.read(id, buffer);
  }
  std::size_t frame_length(FrameId id) const { return frames_.length(id); }
  std::size_t frame_count() const { return frames_.size(); }
  /// What an address of a reason stands for: an IPv6 address has a name of 32 bits in a world.
  IpAddr address(Ipv4Addr addr) const;
  /// All IPv6 addresses, in the order of their names.
  std::span<const Ipv6Addr> addresses() const { return addresses_; }
  std::string_view text(std::uint32_t index) const;
  TableRow row(std::uint32_t index) const { return rows_[index]; }
  std::span<const TraceNode> nodes() const { return nodes_; }
  const TraceNode& node(NodeId id) const { return nodes_[id.value]; }
  /// Invalid if no node has this name.
  NodeId find_node(std::string_view name) const;
  /// "eth0" for a host's interface, "port3" for a switch's; "" for no interface.
  std::string dev_name(NodeId node, IfIndex dev) const;

  /// A digest over everything: equal digests mean equal runs.
  std::uint64_t digest() const;
  std::size_t memory_bytes() const;

 private:
  RecordStore records_;
  RowStore rows_;
  FrameStore frames_;
  std::vector<char> text_bytes_;
  std::vector<std::uint64_t> text_ends_;
  std::vector<TraceNode> nodes_;
  std::vector<Ipv6Addr> addresses_;
  std::size_t addresses_learnt_ = 0;  ///< those that still hold
};

}  // namespace lvslab
