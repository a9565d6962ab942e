#include "sim/trace/ladder_rows.h"

#include <algorithm>

#include "sim/trace/text.h"

namespace lvslab {

bool is_loss(const TraceRecord& drop) { return drop.reason != Reason::kNoGroupMember; }

std::size_t LadderBuilder::find_column(const Trace& trace, NodeId node, IfIndex dev) const {
  if (!node.valid()) return columns_.size();
  const auto first = std::ranges::find(columns_, trace.node(node).name, &LadderColumn::host);
  const std::string name = trace.dev_name(node, dev);
  for (auto one = first; one != columns_.end() && one->host == first->host; ++one) {
    if (one->dev == name) return static_cast<std::size_t>(one - columns_.begin());
  }
  return static_cast<std::size_t>(first - columns_.begin());
}

std::size_t LadderBuilder::column_of(const Trace& trace, NodeId node, IfIndex dev) {
  const auto [known, is_new] = known_columns_.try_emplace({node, dev}, 0);
  if (is_new) known->second = find_column(trace, node, dev);
  return known->second;
}

// Through switches back to the host that sent the frame.
RecordId LadderBuilder::host_sending(const Trace& trace, RecordId arrival) const {
  for (RecordId at = trace[arrival].cause; at.valid(); at = trace[at].cause) {
    const TraceRecord& r = trace[at];
    if (r.kind == RecordKind::kFrameSent && !trace.node(r.node).is_switch) return at;
    if (r.kind != RecordKind::kFrameSent && r.kind != RecordKind::kFrameReceived &&
        r.kind != RecordKind::kDecision) {
      return {};
    }
  }
  return {};
}

void LadderBuilder::take(const Trace& trace, std::uint32_t i) {
  const RecordId id(i);
  const TraceRecord& r = trace[id];
  const std::size_t column = column_of(trace, r.node, r.dev);
  const auto add = [&](LadderRow::Kind kind) {
    LadderRow row{.kind = kind, .at = r.at, .record = id, .from = column};
    if (r.frame.valid()) {
      row.facts = facts_of(trace.frame(r.frame));
      row.number = packet_number(r.frame);
    }
    rows_.push_back(std::move(row));
  };
  switch (r.kind) {
    case RecordKind::kFrameSent: {
      if (column == columns_.size() || !r.frame.valid() || r.dev == kLoopback) return;
      add(LadderRow::Kind::kArrow);
      row_of_sending_[i] = rows_.size() - 1;
      const FrameFacts& f = rows_.back().facts;
      if (f.protocol == Protocol::kTcp && (f.syn || f.fin || f.payload > 0)) {
        rows_.back().again =
            segments_[{r.node.value, f.src, f.tcp_seq, f.src_port, f.dst_port}]++ > 0;
      }
      return;
    }
    case RecordKind::kFrameReceived: {
      if (column == columns_.size()) return;
      const RecordId sent = host_sending(trace, id);
      const auto row = row_of_sending_.find(sent.value);
      if (row != row_of_sending_.end()) rows_[row->second].to.push_back(column);
      return;
    }
    case RecordKind::kFrameDropped:
      if (column < columns_.size() && drops_ && is_loss(r)) add(LadderRow::Kind::kDrop);
      return;
    case RecordKind::kCommand:
      if (column < columns_.size()) add(LadderRow::Kind::kCommand);
      return;
    case RecordKind::kFault:
      if (column < columns_.size()) add(LadderRow::Kind::kFault);
      return;
    default: return;
  }
}

int LadderBuilder::row_of(const Trace& trace, RecordId record) const {
  if (!record.valid()) return -1;
  // An arrival is shown in the row of its sending.
  if (record.value < trace.size() && trace[record].kind == RecordKind::kFrameReceived) {
    const RecordId sent = host_sending(trace, record);
    const auto row = row_of_sending_.find(sent.value);
    if (row != row_of_sending_.end()) return static_cast<int>(row->second);
  }
  const auto after = std::ranges::upper_bound(rows_, record, {}, &LadderRow::record);
  return static_cast<int>(after - rows_.begin()) - 1;
}

}  // namespace lvslab
