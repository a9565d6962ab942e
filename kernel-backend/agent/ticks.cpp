#include "kernel-backend/agent/ticks.h"

#include <sys/prctl.h>
#include <sys/times.h>
#include <ctime>

namespace lvslab::kernel {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kTick = 10'000'000;
/// The grid of the wheel for timers of up to five minutes.
constexpr std::int64_t kRound = 512;

std::int64_t monotonic_ns() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * kSecond + time.tv_nsec;
}

/// To the nanosecond, without the 50 us of slack that programs have.
void sleep_until(std::int64_t at_ns) {
  const timespec at{at_ns / kSecond, at_ns % kSecond};
  ::prctl(PR_SET_TIMERSLACK, 1UL);
  while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr) != 0) continue;
  ::prctl(PR_SET_TIMERSLACK, 0UL);
}

std::int64_t tick_number() { return ::times(nullptr); }

}  // namespace

Ticks Ticks::find() {
  Ticks ticks;
  std::int64_t at = monotonic_ns();
  for (std::int64_t step = kTick / 10; step >= 1'000; step /= 10) {
    const std::int64_t before = tick_number();
    while (tick_number() == before) sleep_until(at += step);
    ticks.at_ns_ = at;
    ticks.number_ = tick_number();
    // Before the next one, for a closer look.
    sleep_until(at += kTick - step);
  }
  return ticks;
}

void Ticks::wait_for_round_one() const {
  const std::int64_t now = number_ + (monotonic_ns() - at_ns_) / kTick;
  const std::int64_t next = (now / kRound + 1) * kRound;
  sleep_until(at_ns_ + (next - number_) * kTick);
}

}  // namespace lvslab::kernel
