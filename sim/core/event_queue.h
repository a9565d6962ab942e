// Pending events, one per source: a link direction schedules only the arrival of its head frame, a
// host only its earliest timer, the script its next item. Events leave in the order of
// (time, sequence), so equal times run in the order in which they were scheduled.
//
// A source that changes its mind schedules again and remembers the latest time; the old event then
// arrives as a stale one, which the source recognises and ignores. Nothing is ever searched.
#pragma once

#include <cstdint>

#include "sim/base/check.h"
#include "sim/base/dary_heap.h"
#include "sim/base/time.h"

namespace lvslab {

enum class SourceKind : std::uint8_t { kLink = 0, kHost = 1, kScript = 2 };

struct Event {
  SimTime at;
  SourceKind kind = SourceKind::kScript;
  std::uint32_t source = 0;
};

class EventQueue {
 public:
  static constexpr std::uint32_t kMaxSources = 1U << 22;

  bool empty() const { return heap_.empty(); }
  std::size_t size() const { return heap_.size(); }
  SimTime next_time() const { return empty() ? SimTime::never() : SimTime{heap_.top().at}; }
  std::uint64_t events_scheduled() const { return sequence_; }

  void schedule(SimTime at, SourceKind kind, std::uint32_t source) {
    LVSLAB_CHECK(source < kMaxSources, "too many event sources");
    const std::uint64_t id = static_cast<std::uint64_t>(kind) << 22 | source;
    heap_.push({at.ns, sequence_++ << 24 | id});
  }

  Event pop() {
    const Key key = heap_.pop();
    return {{key.at},
            static_cast<SourceKind>(key.order >> 22 & 3),
            static_cast<std::uint32_t>(key.order & (kMaxSources - 1))};
  }

 private:
  struct Key {
    std::int64_t at;
    std::uint64_t order;  ///< 40 bits sequence, 2 bits kind, 22 bits source
    bool operator<(const Key& o) const {
      __extension__ using Wide = unsigned __int128;
      return (Wide{static_cast<std::uint64_t>(at)} << 64 | order) <
             (Wide{static_cast<std::uint64_t>(o.at)} << 64 | o.order);
    }
  };
  DaryHeap<Key> heap_;
  std::uint64_t sequence_ = 0;
};

}  // namespace lvslab
