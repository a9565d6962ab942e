#include "gui/models/history.h"

#include <algorithm>

namespace lvslab::gui {
namespace {

constexpr Position kFirstSpacing = 2'048;
/// So many bookmarks are kept; then every second one goes.
constexpr std::size_t kBookmarks = 48;
constexpr std::size_t kKeptTables = 12;

bool is_words(RecordKind kind) {
  return kind == RecordKind::kCommand || kind == RecordKind::kOutput ||
         kind == RecordKind::kFault || kind == RecordKind::kNote;
}

}  // namespace

TraceChunk TraceChunk::since(const Trace& trace, const Trace::Mark& from, bool with_nodes) {
  TraceChunk chunk;
  const Trace::Mark to = trace.mark();
  if (with_nodes) chunk.nodes.assign(trace.nodes().begin(), trace.nodes().end());
  const auto records = trace.records().subspan(from.records);
  chunk.records.assign(records.begin(), records.end());
  std::vector<std::uint8_t> buffer;
  for (std::size_t i = from.frames; i < to.frames; ++i) {
    const Bytes frame = trace.frame(FrameId(static_cast<std::uint32_t>(i)), buffer);
    chunk.frame_bytes.insert(chunk.frame_bytes.end(), frame.begin(), frame.end());
    chunk.frame_lengths.push_back(static_cast<std::uint32_t>(frame.size()));
  }
  for (std::size_t i = from.texts; i < to.texts; ++i) {
    chunk.texts.emplace_back(trace.text(static_cast<std::uint32_t>(i)));
  }
  for (std::size_t i = from.rows; i < to.rows; ++i) {
    chunk.rows.push_back(trace.row(static_cast<std::uint32_t>(i)));
  }
  chunk.addresses.assign(trace.addresses().begin(), trace.addresses().end());
  return chunk;
}

void History::clear() { *this = History(); }

void History::cut(const Trace::Mark& to) {
  kept_.clear();
  trace_.truncate(to);
  vrrp_.cut(static_cast<std::uint32_t>(to.records));
  arrivals_.resize(to.records);
  while (!words_.empty() && words_.back() >= to.records) words_.pop_back();
  for (std::uint32_t& arrival : arrivals_) {
    if (arrival != RecordId::kNone && arrival >= to.records) arrival = RecordId::kNone;
  }
  while (!bookmarks_.empty() && bookmarks_.back().position > to.records) bookmarks_.pop_back();
  if (bookmarks_.empty()) {
    front_.clear();
  } else {
    front_ = bookmarks_.back().hosts;
  }
  extend_bookmarks();
}

void History::append(const TraceChunk& chunk) {
  for (const TraceNode& node : chunk.nodes) trace_.add_node(node);
  std::size_t at = 0;
  for (const std::uint32_t length : chunk.frame_lengths) {
    trace_.add_frame(Bytes(chunk.frame_bytes).subspan(at, length));
    at += length;
  }
  for (const std::string& text : chunk.texts) trace_.add_text(text);
  for (const TableRow& row : chunk.rows) trace_.add_row(row);
  trace_.learn_addresses(chunk.addresses);
  for (const TraceRecord& record : chunk.records) {
    const RecordId id = trace_.append(record);
    arrivals_.push_back(RecordId::kNone);
    if (is_words(record.kind)) words_.push_back(id.value);
    if (record.kind == RecordKind::kRowAdded) add_device_of(record);
    const bool ends =
        record.kind == RecordKind::kFrameReceived || record.kind == RecordKind::kFrameDropped;
    if (!ends || !record.cause.valid() || record.cause.value >= id.value) continue;
    const RecordId sent = sending_of(record, id);
    if (sent.valid() && arrivals_[sent.value] == RecordId::kNone) arrivals_[sent.value] = id.value;
  }
  vrrp_.advance(trace_);
  extend_bookmarks();
}

// A device that a module brought has a name from then on.
void History::add_device_of(const TraceRecord& record) {
  const TableRow row = trace_.row(record.args[0]);
  if (const auto* link = std::get_if<LinkRow>(&row)) trace_.add_device(record.node, *link);
}

// What a record ends the flight of: its cause, or (lost at the plug) what the same event has just
// sent.
RecordId History::sending_of(const TraceRecord& record, RecordId id) const {
  if (trace_[record.cause].kind == RecordKind::kFrameSent) return record.cause;
  if (record.kind != RecordKind::kFrameDropped || !record.frame.valid() || id.value == 0) return {};
  const RecordId before(id.value - 1);
  const TraceRecord& last = trace_[before];
  const bool just_sent = last.kind == RecordKind::kFrameSent && last.node == record.node &&
                         last.dev == record.dev && last.frame == record.frame;
  return just_sent ? before : RecordId();
}

void History::extend_bookmarks() {
  if (front_.empty()) {
    bookmark_every_ = kFirstSpacing;
    for (std::uint32_t n = 0; n < trace_.nodes().size(); ++n)
      front_.emplace_back(trace_, NodeId(n));
    bookmarks_.push_back({0, front_});
  }
  for (;;) {
    const Position next = bookmarks_.back().position + bookmark_every_;
    const Position to = std::min(next, end());
    for (Folder& folder : front_) folder.advance(trace_, to);
    if (next > end()) return;
    bookmarks_.push_back({next, front_});
    if (bookmarks_.size() <= kBookmarks) continue;
    std::vector<Bookmark> kept;
    for (std::size_t i = 0; i < bookmarks_.size(); i += 2) kept.push_back(std::move(bookmarks_[i]));
    bookmarks_ = std::move(kept);
    bookmark_every_ *= 2;
  }
}

bool History::begins_event(Position i) const {
  if (i == 0 || i >= end()) return true;
  const TraceRecord& r = trace_[RecordId(i)];
  const TraceRecord& last = trace_[RecordId(i - 1)];
  if (r.at != last.at || r.node != last.node) return last.kind != RecordKind::kNote;
  switch (r.kind) {
    case RecordKind::kFrameReceived:
    case RecordKind::kCommand:
    case RecordKind::kFault: return last.kind != RecordKind::kNote;
    case RecordKind::kNote: return true;
    default: return !r.cause.valid() && last.kind == RecordKind::kExit;
  }
}

Position History::next_end(Position from) const {
  Position at = from;
  while (at < end()) {
    ++at;
    if (begins_event(at)) break;
  }
  return at;
}

Position History::previous_end(Position from) const {
  Position at = std::min(from, end());
  while (at > 0) {
    --at;
    if (begins_event(at)) break;
  }
  return at;
}

Position History::event_begin(Position end_position) const { return previous_end(end_position); }

Position History::position_at(SimTime at) const {
  const auto records = trace_.records();
  const auto found = std::ranges::upper_bound(records, at, {}, &TraceRecord::at);
  return static_cast<Position>(found - records.begin());
}

RecordId History::arrival_of(RecordId sent) const {
  return sent.value < arrivals_.size() ? RecordId(arrivals_[sent.value]) : RecordId();
}

bool History::dropped_on_wire(RecordId sent) const {
  const RecordId arrival = arrival_of(sent);
  return arrival.valid() && trace_[arrival].kind == RecordKind::kFrameDropped;
}

HostTables History::tables_at(NodeId node, Position position) const {
  position = std::min(position, end());
  for (const Kept& kept : kept_) {
    if (kept.node == node && kept.position == position) return kept.tables;
  }
  const auto after = std::ranges::upper_bound(bookmarks_, position, {}, &Bookmark::position);
  Folder folder = (after - 1)->hosts[node.value];
  folder.advance(trace_, position);
  kept_.push_back({node, position, folder.tables()});
  if (kept_.size() > kKeptTables) kept_.pop_front();
  return kept_.back().tables;
}

std::vector<VrrpRow> History::vrrp_at(Position position) const {
  position = std::min(position, end());
  if (position == 0) return {};
  return vrrp_.at(position, trace_[RecordId(position - 1)].at);
}

std::size_t History::memory_bytes() const {
  return trace_.memory_bytes() + arrivals_.capacity() * sizeof(std::uint32_t);
}

}  // namespace lvslab::gui
