// The records of a trace, packed: about five bytes each instead of forty. Readers see TraceRecord,
// unpacked when they ask for it.
//
// What makes records small is that a network does the same things again and again. Records with the
// same setting (time, host and frame: mostly all that one event does on one host) are a group.
// Groups of the same shape (kinds, reasons and interfaces) have a pattern (GroupPatterns): it knows
// which words of their records never differed so far, and which were always equal to each other.
// A group is kept as the number of its pattern, and the other words. A group that contradicts its
// pattern gets a new one, which expects less.
//
// In the argument that numbers a table row, a group holds the distance from the next number
// expected: zero for all rows that are recorded as they are added. A frame that is sent for the
// first time is said by kSentFirst and leaves the setting as it is. Causes count from the first
// record of the group.
//
// Appending is a few stores: the group that is being filled lies open, and is packed when the next
// one begins. The stream consists of 16-bit units. A packed group is
//   head (which fields follow)  pattern  time  [host]  [frame]  words (two units each)
//
// For every kBlock-th record the state of the reader before its group is kept, so any record is
// found by unpacking the groups since. Iterators unpack each record once.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <ranges>
#include <vector>

#include "sim/base/growing_array.h"
#include "sim/trace/fact.h"
#include "sim/trace/group_patterns.h"
#include "sim/trace/record.h"

namespace lvslab {

class RecordStore {
  static constexpr std::uint64_t place_of(NodeId node, FrameId frame) {
    return std::uint64_t{node.value} << 32 | frame.value;
  }

  /// What a reader knows before a group.
  struct State {
    SimTime at;
    std::uint64_t place = ~std::uint64_t{0};  ///< place_of(node, frame)
    std::uint64_t offset = 0;                 ///< of the group in `units_`
    std::uint32_t first = 0;                  ///< the record that the group begins with
    std::uint32_t next_frame = 0;             ///< one more than the latest frame named
    std::uint32_t next_row = 0;               ///< one more than the latest row named
  };
  /// A reader inside of a group.
  struct Reader : State {
    std::uint32_t pattern = 0;  ///< of the group
    std::uint32_t index = 0;    ///< of the next record in the group
    std::uint32_t count = 0;    ///< records of the group; 0: before the first one of all
    GroupPatterns::Cursor cursor;
  };

 public:
  class Iterator;
  class Range;

  /// `fact` tells the rest. Where its kind is known to the compiler, most of this goes away.
  RecordId append(SimTime at, NodeId node, FrameId frame, RecordId cause, const Fact& fact) {
    if (names_row(fact.kind())) {
      const std::uint32_t row = fact.first_argument();
      const RecordId id =
          add(at, place_of(node, frame), cause, fact.with_first_argument(row - next_row_));
      next_row_ = row + 1;
      return id;
    }
    const bool first = frame.value == next_frame_ && frame.valid();
    if (fact.kind() != RecordKind::kFrameSent || !first) {
      return add(at, place_of(node, frame), cause, fact);
    }
    const FrameId before(static_cast<std::uint32_t>(open_.place));
    const RecordId id = add(at, place_of(node, before), cause, fact.as(kSentFirst));
    ++next_frame_;
    return id;
  }
  /// The same for a fact that names no row and no frame that is sent.
  RecordId append_decision(SimTime at, NodeId node, FrameId frame, RecordId cause,
                           const Fact& fact) {
    return add(at, place_of(node, frame), cause, fact);
  }
  RecordId append(const TraceRecord& r) {
    return append(r.at, r.node, r.frame, r.cause, Fact::of(r.kind, r.reason, r.dev, r.args));
  }
  std::size_t size() const { return open_.first + open_.count; }
  TraceRecord operator[](RecordId id) const;
  Range all() const;
  /// Calls `visit` with each kFrameSent and kFrameReceived of one node, in order, until it returns
  /// false. Much faster than to read all records.
  template <class Visit>
  void visit_frames_of(NodeId node, const Visit& visit) const;
  /// Forgets all but the first `size` records.
  void cut(std::size_t size);
  std::size_t memory_bytes() const;

 private:
  static constexpr std::uint32_t kBlock = 64;
  static constexpr std::uint32_t kMost = GroupPatterns::kMostRecords;

  /// The group that is being filled.
  struct Open {
    SimTime at;
    std::uint64_t place = ~std::uint64_t{0};
    std::uint32_t first = 0, count = 0;
    GroupPatterns::Words words{};
  };

  RecordId add(SimTime at, std::uint64_t place, RecordId cause, const Fact& fact) {
    if (at != open_.at || place != open_.place || open_.count == kMost) [[unlikely]] {
      return add_to_next(at, place, cause, fact.low, fact.high);
    }
    return add_to_open(cause, fact.low, fact.high);
  }
  RecordId add_to_open(RecordId cause, std::uint64_t low, std::uint64_t high) {
    const std::uint32_t i = open_.count++;
    std::uint64_t* const words = &open_.words[std::size_t{3} * i];
    words[0] = low;
    words[1] = high;
    words[2] = cause.value - open_.first;
    return RecordId(open_.first + i);
  }
  // Six registers' worth of arguments.
  RecordId add_to_next(SimTime at, std::uint64_t place, RecordId cause, std::uint64_t low,
                       std::uint64_t high);
  void close_group();
  std::uint16_t* put_setting(std::uint16_t* out, std::uint32_t& fields) const;

  Reader reader_at(std::uint32_t id) const;
  void enter_group(Reader& reader) const;
  void leave_group(Reader& reader) const;
  TraceRecord read(Reader& reader) const;

  GrowingArray<std::uint16_t> units_;
  GrowingArray<State> blocks_;  ///< before the group of every kBlock-th record
  GroupPatterns patterns_;
  State before_;  ///< the open group
  std::uint32_t next_frame_ = 0, next_row_ = 0;
  Open open_;
};

/// Unpacks records one after the other. Going backwards or far ahead unpacks a part of a block.
class RecordStore::Iterator {
 public:
  using iterator_concept = std::random_access_iterator_tag;
  using iterator_category = std::input_iterator_tag;
  using value_type = TraceRecord;
  using difference_type = std::ptrdiff_t;
  using reference = TraceRecord;
  struct pointer {
    TraceRecord record;
    const TraceRecord* operator->() const { return &record; }
  };

  Iterator() = default;
  Iterator(const RecordStore& store, std::uint32_t id) : store_(&store) { seek(id); }

  TraceRecord operator*() const { return record_; }
  pointer operator->() const { return {record_}; }
  TraceRecord operator[](difference_type n) const { return *(*this + n); }
  Iterator& operator++() {
    if (++id_ < store_->size()) record_ = store_->read(reader_);
    return *this;
  }
  Iterator operator++(int) {
    Iterator before = *this;
    ++*this;
    return before;
  }
  Iterator& operator--() { return *this += -1; }
  Iterator operator--(int) {
    Iterator before = *this;
    --*this;
    return before;
  }
  Iterator& operator+=(difference_type n) {
    if (n == 1) return ++*this;
    if (n != 0) seek(static_cast<std::uint32_t>(id_ + n));
    return *this;
  }
  Iterator& operator-=(difference_type n) { return *this += -n; }
  friend Iterator operator+(Iterator i, difference_type n) { return i += n; }
  friend Iterator operator+(difference_type n, Iterator i) { return i += n; }
  friend Iterator operator-(Iterator i, difference_type n) { return i -= n; }
  friend difference_type operator-(const Iterator& a, const Iterator& b) {
    return static_cast<difference_type>(a.id_) - static_cast<difference_type>(b.id_);
  }
  bool operator==(const Iterator& other) const { return id_ == other.id_; }
  auto operator<=>(const Iterator& other) const { return id_ <=> other.id_; }

 private:
  void seek(std::uint32_t id) {
    id_ = id;
    if (id >= store_->size()) return;
    reader_ = store_->reader_at(id);
    record_ = store_->read(reader_);
  }

  const RecordStore* store_ = nullptr;
  std::uint32_t id_ = 0;
  Reader reader_;  ///< after `record_`
  TraceRecord record_;
};

/// Some records in a row. Borrowed: it must not outlive the store, nor what is appended to it.
class RecordStore::Range : public std::ranges::view_interface<RecordStore::Range> {
 public:
  Range() = default;
  Range(const RecordStore& store, std::uint32_t begin, std::uint32_t end)
      : store_(&store), begin_(begin), end_(end) {}
  Iterator begin() const { return {*store_, begin_}; }
  Iterator end() const { return {*store_, end_}; }
  std::size_t size() const { return end_ - begin_; }
  TraceRecord operator[](std::size_t i) const {
    return (*store_)[RecordId(begin_ + static_cast<std::uint32_t>(i))];
  }
  /// All but the first `count`.
  Range subspan(std::size_t count) const {
    return {*store_, begin_ + static_cast<std::uint32_t>(count), end_};
  }

 private:
  const RecordStore* store_ = nullptr;
  std::uint32_t begin_ = 0, end_ = 0;
};

inline RecordStore::Range RecordStore::all() const {
  return {*this, 0, static_cast<std::uint32_t>(size())};
}

template <class Visit>
void RecordStore::visit_frames_of(NodeId node, const Visit& visit) const {
  Reader reader;
  for (;;) {
    leave_group(reader);
    if (reader.first == size()) return;
    enter_group(reader);
    if (reader.place >> 32 != node.value) continue;
    while (reader.index < reader.count) {
      const TraceRecord record = read(reader);  // rows have wrong numbers: some were passed over
      const bool moved =
          record.kind == RecordKind::kFrameSent || record.kind == RecordKind::kFrameReceived;
      if (moved && !visit(record)) return;
    }
  }
}

}  // namespace lvslab

template <>
inline constexpr bool std::ranges::enable_borrowed_range<lvslab::RecordStore::Range> = true;
