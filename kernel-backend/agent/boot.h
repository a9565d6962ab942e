// Bringing the kernel up: file systems, device nodes, and the modules that a lab needs.
#pragma once

#include <string>

#include "kernel-backend/os.h"

namespace lvslab::kernel {

/// On a host: there if the kernel is the machine's own.
inline constexpr const char* kOnMachineMark = "/usr/local/lib/lvslab/on-machine";

/// As process 1 of a User-Mode Linux kernel whose root is the machine's file system, read-only.
/// Errors: what could not be mounted or loaded.
Result<void> boot_kernel(const std::string& self);
/// Set in the environment of the kernel's first process: hosts of the lab use IPv6.
inline constexpr const char* kWithIpv6 = "lvslab_ipv6";

/// Makes kStandIns, with the program at kAgentCopy under the names that it stands in for, and hides
/// what no host should see of the machine.
Result<void> lay_out_stand_ins();

/// /sys says so.
bool is_loaded(const std::string& module);
/// Loads a module and what it depends on. Errors: there is none of that name, or the kernel's.
Result<void> load_module(const std::string& name);

/// Where everything that the agent makes lives.
inline constexpr const char* kWorkDirectory = "/run/lvslab";
/// A copy of this program.
inline constexpr const char* kAgentCopy = "/run/lvslab/agent";
/// A layer of every host's file system with the stand-in programs.
inline constexpr const char* kStandIns = "/run/lvslab/stand-ins";
/// /proc/cpuinfo of hosts: with the number of the core, which User-Mode Linux leaves out. Without
/// it ps of procps 4 ends in the first process that was not started just now.
inline constexpr const char* kProcessors = "/run/lvslab/cpuinfo";

}  // namespace lvslab::kernel
