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
#include "sim/trace/record.h"
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
  RecordId append(const TraceRecord& record) {
    records_.push_back(record);
    return RecordId(static_cast<std::uint32_t>(records_.size() - 1));
  }
  /// Keeps a copy of the frame's bytes.
  FrameId add_frame(Bytes frame) {
    frame_bytes_.append(frame);
    frame_ends_.push_back(frame_bytes_.size());
    return FrameId(static_cast<std::uint32_t>(frame_ends_.size() - 1));
  }
  std::uint32_t add_text(std::string_view text);
  std::uint32_t add_row(TableRow row) {
    if (rows_.empty() || rows_.back().size() == kRowsPerChunk) add_row_chunk();
    rows_.back().push_back(std::move(row));
    return static_cast<std::uint32_t>(row_count() - 1);
  }

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
  const TraceRecord& operator[](RecordId id) const { return records_[id.value]; }
  std::span<const TraceRecord> records() const { return records_.view(); }
  Bytes frame(FrameId id) const;
  std::size_t frame_count() const { return frame_ends_.size(); }
  std::string_view text(std::uint32_t index) const;
  const TableRow& row(std::uint32_t index) const {
    return rows_[index / kRowsPerChunk][index % kRowsPerChunk];
  }
  std::span<const TraceNode> nodes() const { return nodes_; }
  const TraceNode& node(NodeId id) const { return nodes_[id.value]; }
  /// "eth0" for a host's interface, "port3" for a switch's; "" for no interface.
  std::string dev_name(NodeId node, IfIndex dev) const;

  /// A digest over everything: equal digests mean equal runs.
  std::uint64_t digest() const;
  std::size_t memory_bytes() const;

 private:
  static constexpr std::size_t kRowsPerChunk = 16'384;

  std::size_t row_count() const {
    return rows_.empty() ? 0 : (rows_.size() - 1) * kRowsPerChunk + rows_.back().size();
  }
  void add_row_chunk();

  GrowingArray<TraceRecord> records_;
  GrowingArray<std::uint8_t> frame_bytes_;
  GrowingArray<std::uint64_t> frame_ends_;
  std::vector<char> text_bytes_;
  std::vector<std::uint64_t> text_ends_;
  std::vector<std::vector<TableRow>> rows_;  ///< in chunks: rows hold strings and move slowly
  std::vector<TraceNode> nodes_;
};

}  // namespace lvslab
