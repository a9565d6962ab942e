// The page that the clock of a User-Mode Linux kernel (uml_clock.cpp) and its launcher share.
//
// Virtual time stands still while the kernel computes, but for kTick a look at the clock, so that
// no two time stamps are equal. When the kernel has nothing to do, time jumps to its next timer,
// but never beyond `limit`, and never while a byte of the control channel is under way to the
// launcher.
#pragma once

#include <atomic>
#include <cstdint>

namespace lvslab::kernel {

/// The kernel's clock source counts in units of 256 ns (arch/um/kernel/time.c: TIMER_MULTIPLIER).
inline constexpr std::int64_t kTick = 256;
inline constexpr std::int64_t kNoLimit = INT64_MAX;
inline constexpr std::uint32_t kClockPageMagic = 0x4c56'434b;

struct ClockPage {
  std::uint32_t magic = kClockPageMagic;
  /// By the launcher: counts how often it let the kernel go on; never 0 once it has.
  std::atomic<std::uint32_t> grant{0};
  /// By the kernel: the grant after which it stands still, waiting for the next; else 0.
  std::atomic<std::uint32_t> waiting{0};
  /// By the kernel: the grant during which something span until the limit was passed; else 0.
  std::atomic<std::uint32_t> spun{0};
  /// By the launcher: 1 while a process that spins may not let time creep on, either.
  std::atomic<std::uint32_t> paused{0};
  /// By the kernel: how much processor time it took until it was up; ms.
  std::atomic<std::uint32_t> boot_ms{0};
  /// By the launcher: how much processor time, in ms, the kernel may take without a pause
  /// before time creeps on.
  std::atomic<std::uint32_t> patience_ms{0};
  /// By the kernel: virtual ns since it was started.
  std::atomic<std::int64_t> now{0};
  /// By the launcher: idle time does not pass this.
  std::atomic<std::int64_t> limit{kNoLimit};
  /// By the kernel: bytes written to the control channel.
  std::atomic<std::uint64_t> sent{0};
  /// By the launcher: how many of those it has dealt with.
  std::atomic<std::uint64_t> taken{0};
  /// By the kernel: 1 once it has given up the right to change the machine.
  std::atomic<std::uint32_t> confined{0};
  /// By the kernel: how much time crept on because something spun; ns.
  std::atomic<std::int64_t> crept{0};
};
static_assert(std::atomic<std::int64_t>::is_always_lock_free);

/// "PAGE,WAKE,NOTIFY,CHANNEL,SEED": file descriptors of the page, of the two eventfds, and of the
/// control channel; seed of what the kernel takes from getrandom(2).
inline constexpr const char* kClockVariable = "LVSLAB_UML_CLOCK";

}  // namespace lvslab::kernel
