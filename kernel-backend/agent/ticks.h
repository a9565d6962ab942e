// Where the kernel's ticks lie, and waiting for a round one.
//
// A lab begins at a tick whose number the timer wheel's coarse grids divide, so that kernel timers
// of the same lab run out at the same moments of every run, and where a simulated wheel has them.
// Source: kernel/time/timer.c: calc_index(); kernel/sys.c: times().
#pragma once

#include <cstdint>

namespace lvslab::kernel {

class Ticks {
 public:
  /// Watches the tick counter: at a tick, times() goes up. Takes a few ticks.
  static Ticks find();
  /// Returns at the first tick from now on that is a multiple of 512: 5.12 s at HZ=100.
  void wait_for_round_one() const;

 private:
  std::int64_t at_ns_ = 0;  ///< of a tick, on CLOCK_MONOTONIC
  std::int64_t number_ = 0;
};

}  // namespace lvslab::kernel
