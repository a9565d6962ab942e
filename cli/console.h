// The terminal of a host of a running lab on the terminal of whoever runs the program.
#pragma once

#include <string>

#include "sim/lab/session.h"

namespace lvslab::cli {

/// Keys go to a login shell on `host`, until that exits; the lab's time goes with real time.
/// Returns the shell's exit status.
int run_console(lab::Session& session, lab::Consoles& consoles, const std::string& host);

}  // namespace lvslab::cli
