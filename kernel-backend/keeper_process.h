// Starting a keeper: the process on the machine that starts a kernel, or a lab on the machine's
// own, and sees to its end.
#pragma once

#include <sys/types.h>

#include <span>
#include <string>
#include <vector>

#include "kernel-backend/os.h"

namespace lvslab::kernel {

/// Where the agent and the clock are: $LVSLAB_KERNEL_DIR, else where they were built.
std::string tool_directory();

/// Runs `lvslab-agent PART FD... WORD...`; the numbers of the descriptors are those that it sees
/// them under. Errors: there is no such program.
Result<pid_t> start_keeper_process(const std::string& part, std::span<const int> descriptors,
                                   const std::vector<std::string>& words);
/// Waits until it has ended.
void wait_for_keeper(pid_t keeper);

/// The last words of a console: what it said is kept up to a limit.
class ConsoleText {
 public:
  /// Everything that can be read from a descriptor that does not block.
  void read_from(int fd);
  /// `why`, and below it the end of what was said.
  std::string after(const std::string& why) const;

 private:
  std::string text_;
};

}  // namespace lvslab::kernel
