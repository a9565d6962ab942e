#include "sim/trace/record_store.h"

#include <algorithm>
#include <cstring>

#include "sim/base/check.h"

namespace lvslab {
namespace {

// The head of a group: which fields follow, in this order.
constexpr std::uint32_t kWidePattern = 1, kWideNode = 2;
constexpr std::uint32_t kAtMask = 3 << 2, kAtLater16 = 1 << 2, kAtLater32 = 2 << 2,
                        kAtWhole = 3 << 2;
constexpr std::uint32_t kFrameMask = 3 << 4, kFrameNext = 1 << 4, kFrameBack16 = 2 << 4,
                        kFrameWhole = 3 << 4;

constexpr std::size_t kUnitBytes = sizeof(std::uint16_t);
/// No group is longer: head, pattern, node, time, frame, and four words for each record.
constexpr std::size_t most_units(std::size_t records) { return 1 + 2 + 2 + 4 + 2 + 8 * records; }

template <class Value>
std::uint16_t* put(std::uint16_t* out, Value value) {
  std::memcpy(out, &value, sizeof value);
  return out + sizeof value / kUnitBytes;
}

bool fits16(std::uint64_t value) { return value <= 0xffff; }

/// Reads values from the stream.
class Input {
 public:
  Input(const GrowingArray<std::uint16_t>& units, std::uint64_t& offset)
      : at_(units.view().data() + offset), begin_(at_), offset_(offset) {}
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;
  ~Input() { offset_ += static_cast<std::uint64_t>(at_ - begin_); }
  template <class Value>
  Value take() {
    Value value;
    std::memcpy(&value, at_, sizeof value);
    at_ += sizeof value / kUnitBytes;
    return value;
  }
  std::uint32_t take(bool wide) {
    return wide ? take<std::uint32_t>() : std::uint32_t{take<std::uint16_t>()};
  }

 private:
  const std::uint16_t* at_;
  const std::uint16_t* begin_;
  std::uint64_t& offset_;
};

}  // namespace

// --- writing -------------------------------------------------------------------------------------

RecordId RecordStore::add_to_next(SimTime at, std::uint64_t place, RecordId cause,
                                  std::uint64_t low, std::uint64_t high) {
  if (open_.count > 0) close_group();
  LVSLAB_CHECK(open_.first < RecordId::kNone - kMost, "more records than a trace can number");
  open_.at = at;
  open_.place = place;
  const FrameId frame(static_cast<std::uint32_t>(place));
  if (frame.valid() && frame.value >= next_frame_) next_frame_ = frame.value + 1;
  return add_to_open(cause, low, high);
}

void RecordStore::close_group() {
  const std::uint32_t pattern = patterns_.find(open_.words, open_.count);
  std::uint16_t* const begin = units_.room(most_units(kMost));
  std::uint16_t* out = begin + 1;
  std::uint32_t fields = fits16(pattern) ? 0 : kWidePattern;
  out = fits16(pattern) ? put(out, static_cast<std::uint16_t>(pattern)) : put(out, pattern);
  out = put_setting(out, fields);
  out = patterns_.put_words(out, pattern, open_.words);
  *begin = static_cast<std::uint16_t>(fields);
  const std::uint32_t next = open_.first + open_.count;
  while (blocks_.size() * kBlock < next) blocks_.push_back(before_);
  units_.extend(static_cast<std::size_t>(out - begin));
  before_ = {open_.at, open_.place, units_.size(), next, next_frame_, next_row_};
  open_.first = next;
  open_.count = 0;
}

std::uint16_t* RecordStore::put_setting(std::uint16_t* out, std::uint32_t& fields) const {
  const auto node = static_cast<std::uint32_t>(open_.place >> 32);
  const auto frame = static_cast<std::uint32_t>(open_.place);
  const std::uint64_t later =
      static_cast<std::uint64_t>(open_.at.ns) - static_cast<std::uint64_t>(before_.at.ns);
  const std::uint32_t back = before_.next_frame - frame;
  if (fits16(node | later) && fits16(back) && back != 0) [[likely]] {
    fields |= kAtLater16 | kFrameBack16;
    out[0] = static_cast<std::uint16_t>(node);
    out[1] = static_cast<std::uint16_t>(later);
    out[2] = static_cast<std::uint16_t>(back);
    return out + 3;
  }
  if (!fits16(node)) fields |= kWideNode;
  out = fits16(node) ? put(out, static_cast<std::uint16_t>(node)) : put(out, node);
  if (fits16(later)) {
    fields |= kAtLater16;
    out = put(out, static_cast<std::uint16_t>(later));
  } else if (later <= 0xffff'ffffU) {
    fields |= kAtLater32;
    out = put(out, static_cast<std::uint32_t>(later));
  } else {
    fields |= kAtWhole;
    out = put(out, open_.at.ns);
  }
  if (back == 0) {
    fields |= kFrameNext;
  } else if (frame != static_cast<std::uint32_t>(before_.place)) {
    fields |= kFrameWhole;
    out = put(out, frame);
  }
  return out;
}

// --- reading -------------------------------------------------------------------------------------

// To the end of the group, whether it was read or not.
void RecordStore::leave_group(Reader& reader) const {
  if (reader.count == 0) return;
  if (reader.first != open_.first) {
    if (reader.index == 0) reader.next_frame += patterns_.sent_first_of(reader.pattern);
    reader.offset += patterns_.units_of(reader.pattern);
  }
  reader.first += reader.count;
  reader.count = reader.index = 0;
}

void RecordStore::enter_group(Reader& reader) const {
  reader.index = 0;
  reader.cursor = {};
  if (reader.first == open_.first) {
    reader.at = open_.at;
    reader.place = open_.place;
    reader.count = open_.count;
  } else {
    Input in(units_, reader.offset);
    const std::uint32_t head = in.take<std::uint16_t>();
    reader.pattern = in.take((head & kWidePattern) != 0);
    reader.count = patterns_.records_of(reader.pattern);
    const NodeId node(in.take((head & kWideNode) != 0));
    switch (head & kAtMask) {
      case kAtLater16: reader.at.ns += in.take<std::uint16_t>(); break;
      case kAtLater32: reader.at.ns += in.take<std::uint32_t>(); break;
      default: reader.at.ns = in.take<std::int64_t>(); break;
    }
    FrameId frame(static_cast<std::uint32_t>(reader.place));
    switch (head & kFrameMask) {
      case kFrameNext: frame = FrameId(reader.next_frame); break;
      case kFrameBack16: frame = FrameId(reader.next_frame - in.take<std::uint16_t>()); break;
      case kFrameWhole: frame = FrameId(in.take<std::uint32_t>()); break;
      default: break;
    }
    reader.place = place_of(node, frame);
  }
  const FrameId frame(static_cast<std::uint32_t>(reader.place));
  if (frame.valid() && frame.value >= reader.next_frame) reader.next_frame = frame.value + 1;
}

// The next record; only if there is one.
TraceRecord RecordStore::read(Reader& reader) const {
  if (reader.index == reader.count) {
    leave_group(reader);
    enter_group(reader);
  }
  std::array<std::uint64_t, 3> words;  // NOLINT(*-member-init): all are copied into
  if (reader.first == open_.first) {
    std::copy_n(&open_.words[std::size_t{3} * reader.index], words.size(), words.data());
  } else {
    words = patterns_.read(reader.pattern, reader.index, reader.cursor,
                           units_.view().data() + reader.offset);
  }
  ++reader.index;
  const Fact fact{words[0], words[1]};
  std::uint64_t low = fact.low;
  RecordKind kind = fact.kind();
  FrameId frame(static_cast<std::uint32_t>(reader.place));
  if (names_row(kind)) {
    const std::uint32_t row = fact.first_argument() + reader.next_row;
    low = fact.with_first_argument(row).low;
    reader.next_row = row + 1;
  }
  if (kind == kSentFirst) {
    kind = RecordKind::kFrameSent;
    frame = FrameId(reader.next_frame++);
  }
  return {.at = reader.at,
          .cause = RecordId(static_cast<std::uint32_t>(words[2]) + reader.first),
          .node = NodeId(static_cast<std::uint32_t>(reader.place >> 32)),
          .frame = frame,
          .args = {static_cast<std::uint32_t>(low), static_cast<std::uint32_t>(low >> 32),
                   static_cast<std::uint32_t>(fact.high)},
          .dev = IfIndex(static_cast<std::uint16_t>(fact.high >> Fact::kDevShift)),
          .reason = static_cast<Reason>(fact.high >> Fact::kReasonShift & 0x3ff),
          .kind = kind};
}

RecordStore::Reader RecordStore::reader_at(std::uint32_t id) const {
  Reader reader;
  static_cast<State&>(reader) = id / kBlock < blocks_.size() ? blocks_[id / kBlock] : before_;
  while (reader.first + reader.index < id) read(reader);
  return reader;
}

TraceRecord RecordStore::operator[](RecordId id) const {
  Reader reader = reader_at(id.value);
  return read(reader);
}

// What is left of the group that is cut through is appended once more.
void RecordStore::cut(std::size_t size) {
  if (size >= this->size()) return;
  const auto keep = static_cast<std::uint32_t>(size);
  Reader reader;
  static_cast<State&>(reader) = keep / kBlock < blocks_.size() ? blocks_[keep / kBlock] : before_;
  const State& at = reader;
  State start = at;
  std::vector<TraceRecord> rest;
  while (reader.first + reader.index < keep) {
    if (reader.index == reader.count) {
      leave_group(reader);
      start = at;
      rest.clear();
    }
    rest.push_back(read(reader));
  }
  units_.cut(start.offset);
  blocks_.cut((start.first + kBlock - 1) / kBlock);
  before_ = start;
  next_frame_ = start.next_frame;
  next_row_ = start.next_row;
  open_.at = start.at;
  open_.place = start.place;
  open_.first = start.first;
  open_.count = 0;
  for (const TraceRecord& record : rest) append(record);
}

std::size_t RecordStore::memory_bytes() const {
  return units_.memory_bytes() + blocks_.memory_bytes() + patterns_.memory_bytes();
}

}  // namespace lvslab
