// The timers of one host: connections, neighbours, sockets and programs by the thousand, of which
// the event queue sees only the earliest.
//
// Timers are lazy: an owner keeps its own deadline. Postponing (every packet of a connection does
// it) changes the deadline only; when the queued entry comes up, the owner queues itself again.
// On the wheel of a kernel they are not: when a timer was last moved decides its place in the list.
#pragma once

#include <cstdint>

#include "sim/base/dary_heap.h"
#include "sim/base/time.h"

namespace lvslab {

/// Who owns a timer; the id beside it is the owner's own business.
enum class TimerKind : std::uint8_t {
  kNeigh,
  kTcp,
  kIpvsConn,
  kIpvsEstimator,
  kProcess,
  kProcessLimit,
  kApp,
  kIp,
  kIcmp,
  kHost,
  kIpvsSync,
  kIpvsDefence,
  kLookup,
  kSctp
};

/// When a kernel with this tick runs a timer: at a tick, and (the longer it is) at one of every 8,
/// 64, 512, ... of them. A tick of 0 is a kernel without that: timers run when they are due.
/// Source: kernel/time/timer.c: calc_wheel_index(), calc_index().
struct TimerWheel {
  SimDuration tick{};

  SimTime run_at(SimTime due, SimTime now) const {
    if (tick.ns == 0 || due == SimTime::never()) return due;
    const std::int64_t expires = due.ns / tick.ns;
    const std::int64_t distance = expires - now.ns / tick.ns;
    if (distance < 0) return SimTime{(now.ns / tick.ns + 1) * tick.ns};
    int shift = 0;
    while (shift < 24 && distance >= std::int64_t{63} << shift) shift += 3;
    return SimTime{((expires >> shift) + 1) * tick.ns << shift};
  }
};

struct TimerEntry {
  SimTime at;
  TimerKind kind = TimerKind::kHost;
  std::uint32_t id = 0;
};

class TimerQueue {
 public:
  bool empty() const { return heap_.empty(); }
  std::size_t size() const { return heap_.size(); }
  SimTime next() const { return heap_.empty() ? SimTime::never() : SimTime{heap_.top().at}; }

  void add(SimTime at, TimerKind kind, std::uint32_t id) {
    heap_.push({at.ns, static_cast<std::uint64_t>(turn_of(kind)) << 36 |
                           static_cast<std::uint64_t>(kind) << 32 | id});
  }
  /// The earliest entry; only if !empty().
  TimerEntry pop() {
    const Key key = heap_.pop();
    return {{key.at},
            static_cast<TimerKind>(key.order >> 32 & 0xf),
            static_cast<std::uint32_t>(key.order)};
  }
  void clear() { heap_.clear(); }
  std::size_t memory_bytes() const { return heap_.keys().capacity() * sizeof(Key); }

  /// When the kernel runs what it wants to be run at `due`. Programs wait by the clock itself.
  SimTime run_at(SimTime due, SimTime now) const { return wheel_.run_at(due, now); }
  void set_wheel(TimerWheel wheel) { wheel_ = wheel; }
  SimDuration tick() const { return wheel_.tick; }
  /// True if the earliest entry waits on the wheel of a kernel; only if !empty().
  bool next_on_wheel() const {
    return on_wheel(static_cast<TimerKind>(heap_.top().order >> 32 & 0xf));
  }
  bool on_wheel(TimerKind kind) const { return wheel_.tick.ns != 0 && !waits_by_clock(kind); }

 private:
  /// Entries of the same moment come in the order in which they were added. On the wheel they stand
  /// in one list, the last one at its head; programs wait by the clock, which runs before it
  /// (kernel/time/timer.c: enqueue_timer(), expire_timers()).
  std::uint32_t turn_of(TimerKind kind) {
    const std::uint32_t turn = sequence_++ & 0x7ff'ffffU;
    return on_wheel(kind) ? 0xfff'ffffU - turn : turn;
  }
  static bool waits_by_clock(TimerKind kind) {
    return kind == TimerKind::kProcess || kind == TimerKind::kProcessLimit ||
           kind == TimerKind::kApp || kind == TimerKind::kLookup;
  }
  struct Key {
    std::int64_t at;
    std::uint64_t order;  ///< 28 bits turn (wraps: ties only), 4 bits kind, 32 bits id
    bool operator<(const Key& o) const { return at != o.at ? at < o.at : order < o.order; }
  };
  DaryHeap<Key> heap_;
  std::uint32_t sequence_ = 0;
  TimerWheel wheel_;
};

/// A deadline with at most one useful entry in the queue.
///   set(): moves the deadline. due(): to be asked when an entry of this owner came up.
/// On the wheel each move is an entry of its own, unless the list stays the same
/// (kernel/time/timer.c: __mod_timer()); of those at one moment the last comes up first.
struct LazyTimer {
  SimTime deadline = SimTime::never();
  SimTime queued = SimTime::never();  ///< the earliest entry that is in the queue

  bool armed() const { return deadline != SimTime::never(); }
  void set(TimerQueue& timers, SimTime at, TimerKind kind, std::uint32_t id) {
    const bool moved = at != deadline;
    deadline = at;
    if (timers.on_wheel(kind)) {
      if (moved && armed()) timers.add(at, kind, id);
      return;
    }
    if (at < queued) {
      queued = at;
      timers.add(at, kind, id);
    }
  }
  void cancel() { deadline = SimTime::never(); }
  /// True if the deadline has come (the timer is then unarmed); else queues again what is left.
  bool due(TimerQueue& timers, SimTime now, TimerKind kind, std::uint32_t id) {
    if (timers.on_wheel(kind)) {
      const bool comes_up = deadline <= now;
      if (comes_up) deadline = SimTime::never();
      return comes_up;
    }
    if (now < queued) return false;  // an entry that an earlier one overtook
    queued = SimTime::never();
    if (deadline <= now) {
      deadline = SimTime::never();
      return true;
    }
    if (armed()) set(timers, deadline, kind, id);
    return false;
  }
};

}  // namespace lvslab
