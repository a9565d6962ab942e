// Pending events, one per source: a link direction schedules only the arrival of its head frame, a
// host only its earliest timer, the script its next item. Events leave in the order of
// (time, sequence), so equal times run in the order in which they were scheduled. A source with a
// queue of its own takes a turn for each thing when that is queued, and schedules with it later: so
// frames that were sent one after the other arrive in that order, over whichever links they came.
//
// A source that changes its mind schedules again and remembers the latest time; the old event then
// arrives as a stale one, which the source recognises and ignores. Nothing is ever searched.
//
// The normal case is some hundred events in one small heap. Where there are many thousands, the
// heap keeps the nearest only; those behind its horizon lie unsorted in buckets of equal spans of
// time, each of which becomes the heap when time reaches it (a ladder queue of one rung; Tang, Goh
// and Thng, ACM TOMACS 15(3), 2005). So a million pending events cost no walk through as many keys.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

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

  bool empty() const { return near_.empty(); }
  std::size_t size() const { return near_.size() + far_count_; }
  SimTime next_time() const { return empty() ? SimTime::never() : SimTime{near_.top().at}; }
  std::uint64_t events_scheduled() const { return sequence_; }

  void schedule(SimTime at, SourceKind kind, std::uint32_t source) {
    schedule(at, kind, source, take_turn());
  }
  /// A place among the events of the same moment: behind all that were scheduled or reserved.
  std::uint64_t take_turn() { return sequence_++; }
  /// A place behind all others of the same moment, and before those that were reserved so earlier:
  /// as the timers of one tick run on a kernel's wheel, the last one first.
  std::uint64_t take_turn_on_wheel() { return kLastTurn - sequence_++; }
  void schedule(SimTime at, SourceKind kind, std::uint32_t source, std::uint64_t turn) {
    LVSLAB_CHECK(source < kMaxSources, "too many event sources");
    const std::uint64_t id = static_cast<std::uint64_t>(kind) << 22 | source;
    const Key key{at.ns, turn << 24 | id};
    if (key.at <= horizon_) {
      near_.push(key);
    } else {
      put_far(key);
    }
    if (size() >= spread_at_) spread();
  }

  Event pop() {
    const Key key = near_.pop();
    if (near_.empty() && far_count_ > 0) refill();
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
  static constexpr std::uint64_t kLastTurn = (1ULL << 40) - 1;
  static constexpr std::size_t kFew = 8'192;  ///< up to here one heap is as fast
  static constexpr std::size_t kBuckets = 1'024;
  static constexpr std::int64_t kNoHorizon = std::numeric_limits<std::int64_t>::max();

  void put_far(const Key& key);
  void refill();
  void spread();
  void measure_buckets(const std::vector<Key>& keys);
  std::int64_t end_of_bucket(std::size_t bucket) const;

  DaryHeap<Key> near_;                 ///< all events up to the horizon; empty only if all is
  std::int64_t horizon_ = kNoHorizon;  ///< the last moment that belongs to `near_`
  std::uint64_t sequence_ = 0;
  std::size_t far_count_ = 0;              ///< events in `buckets_` and `beyond_`
  std::size_t spread_at_ = kFew;           ///< with so many events the buckets no longer fit
  std::vector<std::vector<Key>> buckets_;  ///< none until there are many events, then kBuckets
  std::vector<Key> beyond_;                ///< events after the last bucket
  std::size_t next_bucket_ = 0;            ///< the first one behind the horizon
  std::int64_t first_ = 0;                 ///< where bucket 0 begins
  int shift_ = 0;                          ///< a bucket spans 2^shift_ ns
};

}  // namespace lvslab
