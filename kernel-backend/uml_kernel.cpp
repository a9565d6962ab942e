#include "kernel-backend/uml_kernel.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include <algorithm>
#include <chrono>
#include <new>

namespace lvslab::kernel {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* kKernelPath = "/usr/bin/linux.uml";
constexpr const char* kModules = "/usr/lib/uml/modules";
/// Real time for booting; the machine may be busy.
constexpr std::chrono::seconds kBootLimit{180};
/// How much processor time may pass without a pause before time creeps on: more than a dozen
/// programs that fail at once need on a busy machine. How slow the machine is, booting tells.
constexpr std::uint32_t kPatienceMs = 4'000, kPatienceInBoots = 5;
/// Longer messages go by a file: the kernel reads its serial line byte by byte.
constexpr std::size_t kLongestLine = 1'000;

}  // namespace

std::string UmlKernel::missing() {
  for (const char* path : {kKernelPath, kModules}) {
    if (::access(path, X_OK) != 0) return fmt::format("there is no {}", path);
  }
  if (::prctl(PR_GET_SECCOMP) < 0 && errno == EINVAL) {
    return "this machine's kernel has no seccomp, which the lab is confined by";
  }
  return {};
}

Result<std::unique_ptr<UmlKernel>> UmlKernel::boot(const UmlOptions& options) {
  if (const std::string what = missing(); !what.empty()) {
    return fail("no kernel can be booted here: " + what, {},
                "install Debian's package user-mode-linux");
  }
  // Where many are started at once, one in some dozens ends before it has run any program.
  constexpr int kAttempts = 3;
  std::string problem;
  for (int i = 0; i < kAttempts; ++i) {
    std::unique_ptr<UmlKernel> kernel(new UmlKernel);
    auto started = kernel->start(options);
    if (started) started = kernel->wait_for_hello();
    if (started) return kernel;
    problem = started.error().message;
    if (!kernel->has_stopped_) break;
  }
  return fail("no kernel can be booted here: " + problem);
}

UmlKernel::~UmlKernel() {
  if (page_ != nullptr) ::munmap(page_, sizeof(ClockPage));
}

// --- starting ------------------------------------------------------------------------------------

Result<void> UmlKernel::start(const UmlOptions& options) {
  page_fd_ = Fd(::memfd_create("lvslab-clock", MFD_CLOEXEC));
  wake_ = Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  notify_ = Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (::ftruncate(page_fd_.get(), sizeof(ClockPage)) != 0) return os_failure("clock");
  void* at =
      ::mmap(nullptr, sizeof(ClockPage), PROT_READ | PROT_WRITE, MAP_SHARED, page_fd_.get(), 0);
  if (at == MAP_FAILED) return os_failure("clock");
  page_ = new (at) ClockPage;

  const int given[] = {page_fd_.get(), wake_.get(), notify_.get()};
  auto started =
      start_keeper("keep", given,
                   {std::to_string(options.memory_mib), std::to_string(options.seed), kKernelPath,
                    tool_directory() + "/uml_clock.so", options.ipv6 ? "ipv6" : "no-ipv6"});
  if (started) ::fcntl(channel_.get(), F_SETFL, O_NONBLOCK);
  return started;
}

Result<void> UmlKernel::wait_for_hello() {
  const auto deadline = Clock::now() + kBootLimit;
  while (Clock::now() < deadline) {
    const TurnEnd end = turn(kNoLimit, nullptr);
    if (take_hello()) {
      if (page_->confined.load() == 0) {
        give_up("this machine's kernel has no seccomp, which the lab is confined by");
        return fail(last_words());
      }
      page_->limit = now();
      page_->patience_ms = std::max(kPatienceMs, kPatienceInBoots * page_->boot_ms.load());
      return {};
    }
    if (end == TurnEnd::kDied) return fail(last_words());
  }
  give_up(fmt::format("it has not come up within {} s", kBootLimit.count()));
  return fail(last_words());
}

// --- talking -------------------------------------------------------------------------------------

void UmlKernel::send(MessageKind kind, std::string payload) {
  std::string bytes = framed(kind, payload);
  if (bytes.size() > kLongestLine) {
    const FileMessage by_file{fmt::format("{}/in{}", directory_, ++files_)};
    if (!write_file(by_file.path, bytes)) return give_up("cannot write to " + by_file.path);
    bytes = framed(MessageKind::kFile, by_file);
  }
  if (alive() && !write_all(channel_.get(), bytes)) give_up("its control channel is closed");
}

// --- time ----------------------------------------------------------------------------------------

TurnEnd UmlKernel::turn(std::int64_t limit, const volatile std::sig_atomic_t* stop) {
  if (!alive()) return TurnEnd::kDied;
  page_->limit = limit;
  page_->taken = taken_;
  page_->paused = 0;
  page_->grant = ++grant_;
  const std::uint64_t one = 1;
  static_cast<void>(!::write(wake_.get(), &one, sizeof one));
  TurnEnd end = TurnEnd::kDied;
  while (alive()) {
    pollfd ready[4] = {{channel_.get(), POLLIN, 0},
                       {notify_.get(), POLLIN, 0},
                       {lifeline_.get(), POLLIN, 0},
                       {console_.get(), POLLIN, 0}};
    constexpr int kLookAtStopMs = 100;
    ::poll(ready, 4, kLookAtStopMs);
    if (ready[3].revents != 0) read_console();
    if (ready[1].revents != 0) {
      std::uint64_t count = 0;
      static_cast<void>(!::read(notify_.get(), &count, sizeof count));
    }
    taken_ += read_channel();
    if (ready[2].revents != 0) {
      char buffer[512];
      const ssize_t got = ::read(lifeline_.get(), buffer, sizeof buffer);
      if (got <= 0) {
        has_stopped_ = true;
        give_up("the kernel has stopped");
      } else if (directory_.empty() && buffer[0] != '!') {
        directory_.assign(buffer, static_cast<std::size_t>(got) - 1);
      } else {
        give_up(std::string(buffer + 1, static_cast<std::size_t>(got) - 1));
      }
    }
    if (!alive()) break;
    const bool all_read = page_->sent.load() == taken_;
    if (page_->waiting.load() == grant_ && all_read) {
      end = page_->now.load() >= limit ? TurnEnd::kAtLimit : TurnEnd::kStandsStill;
      break;
    }
    if (page_->spun.load() == grant_ && all_read) {
      end = TurnEnd::kAtLimit;
      break;
    }
    if (stop != nullptr && *stop != 0) {
      end = TurnEnd::kInterrupted;
      break;
    }
  }
  page_->paused = 1;
  return end;
}

}  // namespace lvslab::kernel
