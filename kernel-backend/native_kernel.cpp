#include "kernel-backend/native_kernel.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <ctime>

#include <algorithm>

namespace lvslab::kernel {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
/// For modules to be loaded and namespaces to be made.
constexpr std::int64_t kStartLimit = 60 * kSecond;
/// How long a turn lasts at most, so that those who wait can look at other things.
constexpr std::int64_t kLongestTurn = kSecond / 10;

std::int64_t clock_ns(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return time.tv_sec * kSecond + time.tv_nsec;
}

}  // namespace

NativeKernel::NativeKernel()
    : KeptKernel("the agent"),
      to_realtime_ns_(clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_MONOTONIC)) {}

Result<std::unique_ptr<NativeKernel>> NativeKernel::start() {
  std::unique_ptr<NativeKernel> kernel(new NativeKernel);
  auto started = kernel->start_keeper("keep-native", {}, {});
  if (started) started = kernel->wait_for_hello();
  if (started) return kernel;
  return fail("this machine's own kernel cannot be used: " + started.error().message, {},
              "--backend kernel boots one as an ordinary process, without root");
}

std::int64_t NativeKernel::now() const { return clock_ns(CLOCK_MONOTONIC) + to_realtime_ns_; }

Result<void> NativeKernel::wait_for_hello() {
  const std::int64_t deadline = now() + kStartLimit;
  while (now() < deadline) {
    const TurnEnd end = turn(deadline, nullptr);
    if (take_hello()) return {};
    if (end == TurnEnd::kDied) return fail(last_words());
  }
  give_up(fmt::format("the agent has not come up within {} s", kStartLimit / kSecond));
  return fail(last_words());
}

// --- talking -------------------------------------------------------------------------------------

void NativeKernel::read_lifeline() {
  char buffer[1024];
  const ssize_t got = ::read(lifeline_.get(), buffer, sizeof buffer);
  if (got <= 0) return give_up("the agent has stopped");
  // "!" and what went wrong.
  std::string_view said(buffer, static_cast<std::size_t>(got));
  said.remove_prefix(1);
  give_up(std::string(said.substr(0, said.find('\n'))));
}

// Reads while it waits to write, so that neither side waits for the other for ever.
void NativeKernel::send(MessageKind kind, std::string payload) {
  const std::string bytes = framed(kind, payload);
  for (std::string_view rest = bytes; alive() && !rest.empty();) {
    const ssize_t sent =
        ::send(channel_.get(), rest.data(), rest.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) {
      rest.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      pollfd ready{channel_.get(), POLLIN | POLLOUT, 0};
      ::poll(&ready, 1, -1);
      if ((ready.revents & POLLIN) != 0) read_channel();
    } else if (errno != EINTR) {
      give_up("its control channel is closed");
    }
  }
}

// --- time ----------------------------------------------------------------------------------------

TurnEnd NativeKernel::turn(std::int64_t limit, const volatile std::sig_atomic_t* stop) {
  if (!alive()) return TurnEnd::kDied;
  pollfd ready[3] = {
      {channel_.get(), POLLIN, 0}, {lifeline_.get(), POLLIN, 0}, {console_.get(), POLLIN, 0}};
  const std::int64_t wait = std::clamp(limit - now(), std::int64_t{0}, kLongestTurn);
  const timespec timeout{wait / kSecond, wait % kSecond};
  ::ppoll(ready, 3, &timeout, nullptr);
  if (ready[2].revents != 0) read_console();
  // Before the end of the agent, what it said before.
  if (ready[0].revents != 0) read_channel();
  if (ready[1].revents != 0) read_lifeline();
  if (!alive()) return TurnEnd::kDied;
  if (stop != nullptr && *stop != 0) return TurnEnd::kInterrupted;
  return now() >= limit ? TurnEnd::kAtLimit : TurnEnd::kStandsStill;
}

}  // namespace lvslab::kernel
