// When should the real run do what the simulated one did? And how late is too late?
//
// Both runs play the same script, but a line that waits for the one before starts a little later
// where a kernel's timers fire a little later. So moments are carried over from line to line: the
// beginnings and ends of typed lines are the same moments on both sides, what lies between them is
// spread evenly. How long the lines themselves take is compared as well.
//
// Tolerances: kernel timers count jiffies (10 ms at HZ=100), and the timer wheel fires a timer of
// 64 jiffies and more up to an eighth of its length too late, never early (kernel/time/timer.c,
// calc_index(): 8 jiffies from 64, 64 from 512 on).
#pragma once

#include <span>
#include <vector>

#include "sim/lab/session.h"

namespace lvslab::compare {

/// Two jiffies at HZ=100: one that the timer is rounded up to, one until it is run.
inline constexpr SimDuration kTicks{20'000'000};
/// The granularity of timers from 0.64 s to 5.12 s (80 ms), and two jiffies.
inline constexpr SimDuration kFlatTolerance{100'000'000};

/// The longest pause before an IGMP report is repeated (igmpv3_unsolicited_report_interval): a
/// kernel draws it by lot.
inline constexpr SimDuration kReportLottery{1'000'000'000};

/// How much longer than `length` a wait of the kernel may be.
constexpr SimDuration tolerance_of(SimDuration length) { return kTicks + length / 8; }

constexpr SimDuration distance(SimTime a, SimTime b) {
  const SimDuration d = a - b;
  return d.ns < 0 ? SimDuration{-d.ns} : d;
}

/// True if a wait of `sim` in the simulation and one of `real` in a kernel may be the same.
constexpr bool same_length(SimDuration sim, SimDuration real) {
  return real + kTicks >= sim && real <= sim + tolerance_of(sim);
}

class TimeMap {
 public:
  struct Knot {
    SimTime sim, real;
  };
  /// `knots` in any order; real times never go back.
  explicit TimeMap(std::vector<Knot> knots);

  /// The moment of the real run that `sim` corresponds to.
  SimTime to_real(SimTime sim) const;

 private:
  std::vector<Knot> knots_;  ///< by time; starts with 0, 0
};

}  // namespace lvslab::compare
