// timeout(1): a command, and how long it may run.
//
// Models: DURATION as sleep(1) reads it, -s, -k, --preserve-status, --foreground. A program here
// ends at the first signal, so -k never has to act. Source: GNU coreutils 9.1 src/timeout.c.
#pragma once

#include <string>
#include <vector>

#include "sim/base/time.h"
#include "sim/command/output.h"

namespace lvslab::command {

struct TimeoutCommand {
  /// The status of timeout(1) when the time is up.
  static constexpr int kTimedOut = 124;

  SimDuration limit;  ///< 0: none
  int signal = 15;    ///< -s
  bool preserve_status = false;
  std::vector<std::string> args;  ///< the command, never empty
  friend bool operator==(const TimeoutCommand&, const TimeoutCommand&) = default;
};

Parsed<TimeoutCommand> parse_timeout(Args args);
std::string to_text(const TimeoutCommand& command);

/// "timeout: failed to run command 'x': No such file or directory", status 127.
Output timeout_cannot_run(const TimeoutCommand& command);

}  // namespace lvslab::command
