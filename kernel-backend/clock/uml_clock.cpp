// The clock of a User-Mode Linux kernel: a library that is preloaded into linux.uml and stands
// between it and libc.
//
// Models: CLOCK_MONOTONIC, CLOCK_REALTIME and the one timer that the kernel uses
// (arch/um/os-Linux/time.c: os_nsecs(), os_timer_*(), os_idle_sleep()) as virtual time, which
// clock_page.h describes; random bytes from a seed; the end of all rights
// to change the machine (confine.h); floating point state: of processors whose xstate is larger
// than the kernel expects, and set only when it has changed; children that die with the kernel.
// Leaves out: everything else, which goes on to libc untouched. Nothing here allocates, or keeps
// anything per thread: the kernel has taken malloc and the stacks over.
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "kernel-backend/clock/clock_page.h"
#include "kernel-backend/clock/confine.h"

namespace {

using lvslab::kernel::ClockPage;
using lvslab::kernel::kNoLimit;
using lvslab::kernel::kTick;

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kCreep = 10'000'000;  // one tick of HZ=100
constexpr int kWatchdogMs = 10;
constexpr std::size_t kSignalSetBytes = 8;  // of the kernel, unlike that of libc

ClockPage g_alone;  // without a launcher: unlimited time
ClockPage* g_page = &g_alone;
int g_wake = -1, g_notify = -1, g_channel = -1;
std::uint64_t g_random = 1;
std::int64_t g_deadline = 0, g_interval = 0;  // of the timer; 0: not set
volatile std::uint64_t g_idles = 0;           // how often the kernel had nothing to do
volatile bool g_watching = false;

int watchdog_signal() { return SIGRTMIN + 5; }

std::int64_t ns_of(const timespec& t) { return t.tv_sec * kSecond + t.tv_nsec; }
timespec timespec_of(std::int64_t ns) { return {ns / kSecond, ns % kSecond}; }

std::int64_t now() { return g_page->now.load(std::memory_order_relaxed); }
void set_now(std::int64_t ns) { g_page->now.store(ns, std::memory_order_relaxed); }

const char* number(const char* text, std::uint64_t& value) {
  value = 0;
  while (*text >= '0' && *text <= '9')
    value = value * 10 + static_cast<std::uint64_t>(*text++ - '0');
  return *text == ',' ? text + 1 : text;
}

[[gnu::constructor]] void attach() {
  const char* text = getenv(lvslab::kernel::kClockVariable);
  if (text == nullptr) return;
  std::uint64_t page = 0, wake = 0, notify = 0, channel = 0;
  text = number(number(number(number(number(text, page), wake), notify), channel), g_random);
  void* at = mmap(nullptr, sizeof(ClockPage), PROT_READ | PROT_WRITE, MAP_SHARED,
                  static_cast<int>(page), 0);
  if (at == MAP_FAILED || static_cast<ClockPage*>(at)->magic != lvslab::kernel::kClockPageMagic) {
    _exit(127);
  }
  g_page = static_cast<ClockPage*>(at);
  g_wake = static_cast<int>(wake);
  g_notify = static_cast<int>(notify);
  g_channel = static_cast<int>(channel);
}

/// The timer has run out: its signal, as the host's kernel would have sent it.
void fire() {
  g_deadline = g_interval != 0 ? now() + g_interval : 0;
  syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGALRM);
}

void write_event(int fd) {
  const std::uint64_t one = 1;
  syscall(SYS_write, fd, &one, sizeof one);
}

void notify_launcher() {
  if (g_notify >= 0) write_event(g_notify);
}

/// Until the launcher has changed the page, or a signal in `mask` was handled (true).
bool wait_for_launcher(const sigset_t* mask, std::uint32_t grant) {
  sigset_t quiet = *mask;
  sigaddset(&quiet, watchdog_signal());
  g_page->waiting.store(grant);
  notify_launcher();
  pollfd wake{g_wake, POLLIN, 0};
  const long ready = syscall(SYS_ppoll, &wake, 1, nullptr, &quiet, kSignalSetBytes);
  g_page->waiting.store(0);
  if (ready < 0) return true;
  std::uint64_t count = 0;
  syscall(SYS_read, g_wake, &count, sizeof count);
  return false;
}

// --- when something spins ------------------------------------------------------------------------

std::uint64_t g_idles_seen = 0;
std::int64_t g_busy_ns = 0;   // processor time since the kernel last had nothing to do
std::int64_t g_own_seen = 0;  // processor time of the kernel itself, and
std::int64_t g_user_seen = 0;
volatile int g_user = 0;  // of the process that it ran last
int g_user_of = 0;

std::int64_t processor_time(int pid) {
  // include/linux/posix-timers.h: the clock of a process' scheduled time.
  const auto clock = static_cast<clockid_t>((~static_cast<unsigned>(pid)) << 3 | 2U);
  timespec time{};
  return syscall(SYS_clock_gettime, clock, &time) == 0 ? ns_of(time) : 0;
}

/// Processor time, not time: on a busy machine everything takes long without spinning.
void add_busy_time() {
  const std::int64_t own = processor_time(0);
  const int user = g_user;
  const std::int64_t time = user != 0 ? processor_time(user) : 0;
  g_busy_ns += own - g_own_seen;
  if (user == g_user_of && time > g_user_seen) g_busy_ns += time - g_user_seen;
  g_own_seen = own;
  g_user_seen = time;
  g_user_of = user;
}

// A process that never sleeps would stop time for all others. The longer it spins, the faster time
// goes, so that limits in virtual time end it.
void on_watchdog(int) {
  std::uint64_t taken = 0;
  while (g_page->paused.load() != 0) {
    pollfd wake{g_wake, POLLIN, 0};
    syscall(SYS_ppoll, &wake, 1, nullptr, nullptr, kSignalSetBytes);
    if (wake.revents != 0) syscall(SYS_read, g_wake, &taken, sizeof taken);
  }
  // The wake belongs to suspend(), which this may have interrupted after its look at the page and
  // before its wait: without it, it would wait for a turn that has begun already.
  if (taken != 0) write_event(g_wake);
  add_busy_time();
  if (g_idles != g_idles_seen || g_page->waiting.load() != 0) {
    g_idles_seen = g_idles;
    g_busy_ns = 0;
    return;
  }
  const std::int64_t spins = g_busy_ns / 1'000'000 - g_page->patience_ms.load();
  if (spins <= 0) return;
  const std::int64_t step = kCreep * (spins > 4'000   ? 1'000
                                      : spins > 2'000 ? 100
                                      : spins > 1'000 ? 10
                                                      : 1);
  std::int64_t next = now() + step;
  // A timer that is due is not passed, but by those who have waited long enough.
  if (step == kCreep && g_deadline != 0 && next > g_deadline) {
    next = g_deadline > now() ? g_deadline : now();
  }
  g_page->crept.fetch_add(next - now());
  set_now(next);
  if (g_deadline != 0 && next >= g_deadline) fire();
  if (next >= g_page->limit.load()) {
    g_page->spun.store(g_page->grant.load());
    notify_launcher();
  }
}

void start_watchdog() {
  if (g_watching) return;
  g_watching = true;
  struct sigaction action{};
  action.sa_handler = on_watchdog;
  action.sa_flags = SA_RESTART | SA_ONSTACK;
  sigaddset(&action.sa_mask, SIGALRM);
  sigaddset(&action.sa_mask, SIGIO);
  sigaction(watchdog_signal(), &action, nullptr);
  sigevent event{};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = watchdog_signal();
  int id = 0;
  syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id);
  const itimerspec every{{0, kWatchdogMs * 1'000'000L}, {0, kWatchdogMs * 1'000'000L}};
  syscall(SYS_timer_settime, id, 0, &every, nullptr);
}

bool signal_waits(const sigset_t* mask) {
  sigset_t pending;
  sigpending(&pending);
  for (const int signal : {SIGALRM, SIGIO}) {
    if (sigismember(&pending, signal) == 1 && sigismember(mask, signal) == 0) return true;
  }
  return false;
}

/// Once the agent has said hello, the kernel has opened and made all that it needs to.
void confine_when_up() {
  static bool confined = false;
  if (confined || g_page == &g_alone || g_page->sent.load() == 0) return;
  confined = true;
  g_page->boot_ms.store(static_cast<std::uint32_t>(processor_time(0) / 1'000'000));
  g_page->confined.store(lvslab::kernel::confine() ? 1 : 0);
}

/// A signal that came just before the kernel went to sleep is lost: what it told of is still there.
void repeat_lost_signal() {
  static int seen = 0;
  int bytes = 0;
  if (g_channel < 0 || syscall(SYS_ioctl, g_channel, FIONREAD, &bytes) != 0) return;
  if (bytes > 0 && bytes != seen) syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGIO);
  seen = bytes;
}

/// With the signals held back: lets time pass, or waits, until one has been handled.
void suspend(const sigset_t* mask) {
  for (;;) {
    g_idles = g_idles + 1;
    const std::uint32_t grant = g_page->grant.load();  // before what it grants is looked at
    confine_when_up();
    repeat_lost_signal();
    if (signal_waits(mask)) break;
    const std::int64_t limit = g_page->limit.load();
    const bool heard = g_page->sent.load() == g_page->taken.load() || g_page == &g_alone;
    if (heard && g_deadline != 0 && (g_deadline <= limit || g_deadline <= now())) {
      if (g_deadline > now()) set_now(g_deadline);
      fire();
      break;
    }
    if (heard && limit != kNoLimit && now() < limit) set_now(limit);
    if (g_page == &g_alone) break;
    if (wait_for_launcher(mask, grant)) return;
  }
  syscall(SYS_rt_sigsuspend, mask, kSignalSetBytes);
}

// --- floating point state ------------------------------------------------------------------------

// The kernel saves and sets the floating point state of a process whenever it stops and goes on
// (arch/um/os-Linux/skas/process.c: userspace(), get_skas_faultinfo()): up to four times a page
// fault. Setting it takes longer than all other calls of a turn (arch/x86/kernel/fpu/regset.c:
// xstateregs_set() maps a buffer), and mostly it is what it was.

constexpr std::size_t kXstateBytes = 1U << 14;
constexpr long kXstate = 0x202;        // NT_X86_XSTATE
constexpr long kSetOptionsOfOld = 21;  // PTRACE_OLDSETOPTIONS

/// What is known of the floating point state of one process.
struct FloatingPoint {
  long pid;  // 0: nothing
  std::size_t bytes;
  alignas(64) char state[kXstateBytes];

  bool is(long of, const iovec& wanted) const {
    return pid == of && bytes <= wanted.iov_len && memcmp(state, wanted.iov_base, bytes) == 0;
  }
  void keep(long of, const iovec& got) {
    pid = 0;
    if (got.iov_len > kXstateBytes) return;
    memcpy(state, got.iov_base, got.iov_len);
    bytes = got.iov_len;
    pid = of;
  }
};

FloatingPoint& floating_point_of(long pid) {
  static FloatingPoint known[64];
  return known[static_cast<unsigned long>(pid) % 64];
}

/// PTRACE_GETREGSET of NT_X86_XSTATE.
long get_floating_point(long pid, iovec& to) {
  FloatingPoint& known = floating_point_of(pid);
  if (known.pid == pid && known.bytes <= to.iov_len) {
    memcpy(to.iov_base, known.state, known.bytes);
    to.iov_len = known.bytes;
    return 0;
  }
  const long result = syscall(SYS_ptrace, PTRACE_GETREGSET, pid, kXstate, &to);
  if (result == 0) known.keep(pid, to);
  return result;
}

/// PTRACE_SETREGSET of NT_X86_XSTATE. One that is shorter than the processor's fails with EFAULT;
/// what the kernel leaves out keeps the child's value.
long set_floating_point(long pid, const iovec& from) {
  FloatingPoint& known = floating_point_of(pid);
  if (known.is(pid, from)) return 0;
  known.pid = 0;
  const long result = syscall(SYS_ptrace, PTRACE_SETREGSET, pid, kXstate, &from);
  if (result == 0) known.keep(pid, from);
  if (result == 0 || errno != EFAULT) return result;
  alignas(64) static char full[kXstateBytes];
  iovec all{full, sizeof full};
  if (syscall(SYS_ptrace, PTRACE_GETREGSET, pid, kXstate, &all) != 0) return -1;
  memcpy(full, from.iov_base, from.iov_len < all.iov_len ? from.iov_len : all.iov_len);
  return syscall(SYS_ptrace, PTRACE_SETREGSET, pid, kXstate, &all);
}

/// Before `request`: is the floating point state of `pid` another one after it? PTRACE_CONT without
/// a signal runs a system call of the kernel's in the process, which uses no floating point.
bool changes_floating_point(long request, long data) {
  switch (request) {
    case PTRACE_CONT: return data != 0;
    case PTRACE_SYSCALL:
    case PTRACE_SYSEMU:
    case PTRACE_SYSEMU_SINGLESTEP:
    case PTRACE_SINGLESTEP:
    case PTRACE_KILL:
    case PTRACE_SETOPTIONS:  // a new process, perhaps with the number of one that is gone
    case kSetOptionsOfOld: return true;
    default: return false;
  }
}

}  // namespace

extern "C" {

// --- time ----------------------------------------------------------------------------------------

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  const std::int64_t at = now() + kTick;
  set_now(at);
  // Any date does: the agent sets the kernel's when a lab begins.
  constexpr std::int64_t kBooted = 1'700'000'000LL * kSecond;
  *time = timespec_of(clock == CLOCK_REALTIME ? kBooted + at : at);
  return 0;
}

int timer_create(clockid_t, sigevent*, timer_t* timer) noexcept {
  *timer = nullptr;
  start_watchdog();
  return 0;
}

int timer_settime(timer_t, int, const itimerspec* wanted, itimerspec*) noexcept {
  const std::int64_t in = ns_of(wanted->it_value);
  g_interval = ns_of(wanted->it_interval);
  g_deadline = in != 0 ? now() + in : 0;
  return 0;
}

/// Never "not set": os_idle_sleep() would not sleep, then.
int timer_gettime(timer_t, itimerspec* left) noexcept {
  const std::int64_t in = g_deadline > now() ? g_deadline - now() : 1;
  *left = {timespec_of(g_interval), timespec_of(in)};
  return 0;
}

/// The kernel has nothing to do until `mask` lets a signal through.
int sigsuspend(const sigset_t* mask) {
  // A signal that came while this looks around would be taken note of, and slept upon.
  sigset_t held, before;
  sigemptyset(&held);
  sigaddset(&held, SIGALRM);
  sigaddset(&held, SIGIO);
  sigprocmask(SIG_BLOCK, &held, &before);
  suspend(mask);
  sigprocmask(SIG_SETMASK, &before, nullptr);
  errno = EINTR;
  return -1;
}

// --- the control channel -------------------------------------------------------------------------

ssize_t write(int fd, const void* bytes, size_t size) {
  const long written = syscall(SYS_write, fd, bytes, size);
  if (fd == g_channel && written > 0) {
    g_page->sent.fetch_add(static_cast<std::uint64_t>(written));
  }
  return written;
}

// --- chance --------------------------------------------------------------------------------------

ssize_t getrandom(void* bytes, size_t size, unsigned) {
  auto* to = static_cast<unsigned char*>(bytes);
  for (size_t i = 0; i < size; ++i) {  // splitmix64
    g_random += 0x9e37'79b9'7f4a'7c15ULL;
    std::uint64_t z = g_random;
    z = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11ebULL;
    to[i] = static_cast<unsigned char>(z >> 56);
  }
  return static_cast<ssize_t>(size);
}

// --- processes -----------------------------------------------------------------------------------

/// No child survives the kernel.
long ptrace(__ptrace_request request, ...) noexcept {
  va_list list;
  va_start(list, request);
  const long pid = va_arg(list, int);
  const long addr = va_arg(list, long);
  long data = va_arg(list, long);
  va_end(list);
  const auto op = static_cast<long>(request);
  if (request > PTRACE_KILL) g_user = static_cast<int>(pid);
  if (request == PTRACE_SETOPTIONS) data |= PTRACE_O_EXITKILL;
  if (request >= PTRACE_PEEKTEXT && request <= PTRACE_PEEKUSER) {
    long word = 0;
    const long result = syscall(SYS_ptrace, op, pid, addr, &word);
    return result < 0 ? result : word;
  }
  if (addr == kXstate && request == PTRACE_GETREGSET)
    return get_floating_point(pid, *reinterpret_cast<iovec*>(data));  // NOLINT(*-int-to-ptr)
  if (addr == kXstate && request == PTRACE_SETREGSET)
    return set_floating_point(pid, *reinterpret_cast<iovec*>(data));  // NOLINT(*-int-to-ptr)
  if (changes_floating_point(op, data)) floating_point_of(pid).pid = 0;
  return syscall(SYS_ptrace, op, pid, addr, data);
}

}  // extern "C"
