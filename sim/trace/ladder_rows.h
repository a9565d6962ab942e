// What a time-sequence diagram shows of a trace: a column for each interface of a host, a row for
// each thing that happened, an arrow from the interface that sent a packet to those that got it,
// whatever switches lay between.
//
// Models: arrows (with retransmissions marked), drops, commands, faults; built record by record.
// Leaves out: loopback traffic; the picture.
#pragma once

#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "sim/trace/frame_facts.h"
#include "sim/trace/trace.h"

namespace lvslab {

/// An interface of a host.
struct LadderColumn {
  std::string host;
  std::string dev;    ///< "" for a host without any
  bool alone = true;  ///< the host has no other

  /// "node01", or "router eth1" where the host alone would not tell it.
  std::string name() const { return alone ? host : host + ' ' + dev; }
};

struct LadderRow {
  enum class Kind : std::uint8_t { kArrow, kDrop, kCommand, kFault };
  Kind kind = Kind::kArrow;
  SimTime at;
  RecordId record;              ///< of the sending; of the drop, the command, the fault
  std::size_t from = 0;         ///< column
  std::vector<std::size_t> to;  ///< columns that the packet reached; empty: nobody
  FrameFacts facts;
  std::uint32_t number = 0;
  bool again = false;  ///< a retransmission
};

/// False for what a host passes over because nobody on it asked for it: a multicast of others.
bool is_loss(const TraceRecord& drop);

class LadderBuilder {
 public:
  /// `columns`: those of a host stand side by side; what happened at none of its interfaces stands
  /// in its first. `drops`: with a row for each drop, which a kernel's trace has not.
  explicit LadderBuilder(std::vector<LadderColumn> columns = {}, bool drops = true)
      : columns_(std::move(columns)), drops_(drops) {}

  /// Records in order, each once.
  void take(const Trace& trace, std::uint32_t i);

  const std::vector<LadderColumn>& columns() const { return columns_; }
  const std::vector<LadderRow>& rows() const { return rows_; }
  /// The row of `record` or the last one before it; -1 if there is none.
  int row_of(const Trace& trace, RecordId record) const;

 private:
  RecordId host_sending(const Trace& trace, RecordId arrival) const;
  /// The number of columns if the node has none.
  std::size_t column_of(const Trace& trace, NodeId node, IfIndex dev);
  std::size_t find_column(const Trace& trace, NodeId node, IfIndex dev) const;

  std::vector<LadderColumn> columns_;
  bool drops_;
  std::map<std::pair<NodeId, IfIndex>, std::size_t> known_columns_;
  std::vector<LadderRow> rows_;
  std::map<std::uint32_t, std::size_t> row_of_sending_;  ///< record → row
  /// (host, source, sequence, ports) → how often it was sent with data, SYN or FIN.
  std::map<std::tuple<std::uint32_t, IpAddr, std::uint32_t, std::uint16_t, std::uint16_t>,
           std::uint32_t>
      segments_;
};

}  // namespace lvslab
