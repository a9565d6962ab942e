// What is typed on a lab host: each line is run by a shell of its own on a terminal of its own.
//
// bash runs as at a prompt (-i), so that its messages read as there, but without job control. What
// a line leaves behind in the shell, its directory and its variables, is there for the next line.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>

#include "kernel-backend/os.h"
#include "kernel-backend/protocol/messages.h"

namespace lvslab::kernel {

/// What the shells of a host hand on to each other.
class ShellState {
 public:
  const std::string& directory() const { return directory_; }
  /// Assignments to be read by the next shell; empty if there are none.
  const std::string& variables() const { return variables_; }
  /// The shell `pid` writes its state into `from` when it exits.
  void expect(pid_t pid, Fd from);
  /// It has exited.
  void collect(pid_t pid);

 private:
  std::string directory_ = "/root";
  std::string variables_;
  std::map<pid_t, Fd> sources_;
};

struct StartedShell {
  pid_t pid = -1;
  Fd master;  ///< of its terminal
  Fd state;   ///< none if the line cannot change what others see
};

/// Removes what a line's shell was started from.
void clean_up_after(std::uint32_t job);

Result<StartedShell> start_shell(const Exec& exec, const ShellState& state);

}  // namespace lvslab::kernel
