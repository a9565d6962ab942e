// The clock that time(2) and syslog(3) read: it stands still between two ticks of the kernel. What
// begins at a full second still belongs to the second before.
// Source: kernel/time/timekeeping.c: ktime_get_coarse_real_ts64(); HZ=100 as in the kernel backend.
#pragma once

#include "sim/base/time.h"

namespace lvslab::keepalived {

constexpr SimTime coarse_clock(SimTime now) {
  constexpr std::int64_t kTick = 10'000'000;
  return SimTime{now.ns <= 0 ? 0 : (now.ns - 1) / kTick * kTick};
}

}  // namespace lvslab::keepalived
