// What a time-sequence diagram shows of a trace: a row for each thing that happened, an arrow from
// the host that sent a packet to the hosts that got it, whatever switches lay between.
//
// Models: arrows (with retransmissions marked), drops, commands, faults; built record by record.
// Leaves out: loopback traffic; the picture.
#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "sim/trace/frame_facts.h"
#include "sim/trace/trace.h"

namespace lvslab {

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
  /// `hosts` are the columns. `drops`: with a row for each drop, which a kernel's trace has not.
  explicit LadderBuilder(std::vector<std::string> hosts = {}, bool drops = true)
      : hosts_(std::move(hosts)), drops_(drops) {}

  /// Records in order, each once.
  void take(const Trace& trace, std::uint32_t i);

  const std::vector<LadderRow>& rows() const { return rows_; }
  /// The row of `record` or the last one before it; -1 if there is none.
  int row_of(const Trace& trace, RecordId record) const;

 private:
  RecordId host_sending(const Trace& trace, RecordId arrival) const;
  std::size_t column_of(const Trace& trace, NodeId node) const;

  std::vector<std::string> hosts_;
  bool drops_;
  std::vector<LadderRow> rows_;
  std::map<std::uint32_t, std::size_t> row_of_sending_;  ///< record → row
  /// (host, source, sequence, ports) → how often it was sent with data, SYN or FIN.
  std::map<std::tuple<std::uint32_t, IpAddr, std::uint32_t, std::uint16_t, std::uint16_t>,
           std::uint32_t>
      segments_;
};

}  // namespace lvslab
