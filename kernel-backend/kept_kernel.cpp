#include "kernel-backend/kept_kernel.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>

namespace lvslab::kernel {
namespace {

/// Descriptors get numbers far above those in use, so that none is overwritten by another.
constexpr int kFirstDescriptor = 60;
constexpr std::size_t kConsoleKept = 1U << 14;
constexpr std::size_t kConsoleShown = 2'000;

}  // namespace

std::string tool_directory() {
  const char* given = std::getenv("LVSLAB_KERNEL_DIR");
  return given != nullptr ? given : LVSLAB_KERNEL_DIR;
}

KeptKernel::~KeptKernel() {
  lifeline_.reset();  // the keeper does the rest
  channel_.reset();
  if (keeper_ <= 0) return;
  while (::waitpid(keeper_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

Result<void> KeptKernel::start_keeper(const std::string& part, std::span<const int> more,
                                      const std::vector<std::string>& words) {
  int lifeline[2], channel[2], console[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, lifeline) != 0 ||
      ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) != 0 ||
      ::pipe2(console, O_CLOEXEC) != 0) {
    return os_failure("pipes");
  }
  lifeline_ = Fd(lifeline[0]);
  channel_ = Fd(channel[0]);
  console_ = Fd(console[0]);
  const Fd their_lifeline(lifeline[1]), their_channel(channel[1]), their_console(console[1]);
  ::fcntl(console_.get(), F_SETFL, O_NONBLOCK);
  std::vector<int> descriptors{lifeline[1], channel[1], console[1]};
  descriptors.insert(descriptors.end(), more.begin(), more.end());

  const std::string agent = tool_directory() + "/lvslab-agent";
  std::vector<std::string> all{"lvslab-keeper", part};
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  int number = kFirstDescriptor;
  for (const int descriptor : descriptors) {
    ::posix_spawn_file_actions_adddup2(&actions, descriptor, number);
    all.push_back(std::to_string(number++));
  }
  all.insert(all.end(), words.begin(), words.end());
  std::vector<char*> arguments;
  for (std::string& word : all) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const int error =
      ::posix_spawn(&keeper_, agent.c_str(), &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    keeper_ = -1;
    return os_failure(agent, error);
  }
  alive_ = true;
  return {};
}

bool KeptKernel::take_hello() {
  const bool came = std::ranges::any_of(inbox, [](const Message& message) {
    Hello hello;
    return message.kind == MessageKind::kHello && decode(message.payload, hello);
  });
  if (came) inbox.clear();
  return came;
}

void KeptKernel::give_up(std::string why) {
  read_console();
  alive_ = false;
  why_dead_ = std::move(why);
  lifeline_.reset();
}

std::size_t KeptKernel::read_channel() {
  char buffer[1U << 16];
  std::size_t bytes = 0;
  for (;;) {
    const ssize_t got = ::recv(channel_.get(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    bytes += static_cast<std::size_t>(got);
    reader_.feed({buffer, static_cast<std::size_t>(got)});
  }
  while (auto message = reader_.next()) inbox.push_back(*std::move(message));
  if (!reader_.error().empty()) give_up(agent_ + ": " + reader_.error());
  return bytes;
}

void ConsoleText::read_from(int fd) {
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(fd, buffer, sizeof buffer)) > 0;) {
    text_.append(buffer, static_cast<std::size_t>(got));
  }
  if (text_.size() > kConsoleKept) text_.erase(0, text_.size() - kConsoleKept / 2);
}

std::string ConsoleText::after(const std::string& why) const {
  std::string_view rest = text_;
  if (rest.size() > kConsoleShown) rest.remove_prefix(rest.size() - kConsoleShown);
  return rest.empty() ? why : why + "\n" + std::string(rest);
}

}  // namespace lvslab::kernel
