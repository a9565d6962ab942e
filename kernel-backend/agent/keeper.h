// The keeper: the process on the machine that starts the User-Mode Linux kernel and sees to it that
// nothing of it survives the lab.
//
// It makes a private directory with copies of the agent and the clock, starts the kernel with as
// few rights as it can, waits until the lab closes its end of the lifeline (or dies) or the kernel
// ends, then kills what is left of the kernel and removes the directory.
#pragma once

#include "kernel-backend/os.h"

namespace lvslab::kernel {

/// What every keeper begins with: out of reach of the lab's Ctrl-C, deaf to broken pipes. Returns
/// the descriptor that tells of SIGCHLD, SIGTERM, SIGINT and SIGHUP, which are held back.
Fd begin_to_keep();

/// `arguments`: LIFELINE CHANNEL CONSOLE PAGE WAKE NOTIFY (descriptors) MEMORY_MIB SEED KERNEL
/// CLOCK. On the lifeline it writes the directory's path and a line break once the kernel is
/// started, or
/// "!" and what went wrong. The exit status is always 0.
int keep(int count, char** arguments);

}  // namespace lvslab::kernel
