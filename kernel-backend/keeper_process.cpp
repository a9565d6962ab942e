#include "kernel-backend/keeper_process.h"

#include <spawn.h>
#include <sys/wait.h>

#include <cstdlib>

extern char** environ;

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

Result<pid_t> start_keeper_process(const std::string& part, std::span<const int> descriptors,
                                   const std::vector<std::string>& words) {
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
  pid_t keeper = -1;
  const int error =
      ::posix_spawn(&keeper, agent.c_str(), &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return os_failure(agent, error);
  return keeper;
}

void wait_for_keeper(pid_t keeper) {
  if (keeper <= 0) return;
  while (::waitpid(keeper, nullptr, 0) < 0 && errno == EINTR) {
  }
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
