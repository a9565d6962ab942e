// The keeper of a lab on the machine's own kernel: starts the agent in namespaces of its own, and
// sees to it that nothing of it survives the lab.
//
// It looks whether the machine has what a lab needs, loads the modules that are missing, makes a
// control group, and starts process 1 of a new pid namespace, which is the agent. When the lab
// closes its end of the lifeline (or dies), process 1 is killed, and the kernel ends all others of
// that namespace and takes its mounts and interfaces away. Process 1 dies with the keeper, too.
#pragma once

namespace lvslab::kernel {

/// `arguments`: LIFELINE CHANNEL CONSOLE (descriptors). On the lifeline it writes "!" and what went
/// wrong. The exit status is always 0.
int keep_native(int count, char** arguments);

}  // namespace lvslab::kernel
