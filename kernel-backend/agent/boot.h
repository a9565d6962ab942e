// Bringing the kernel up: file systems, device nodes, and the modules that a lab needs.
#pragma once

#include <string>

#include "kernel-backend/os.h"

namespace lvslab::kernel {

/// As process 1 of a User-Mode Linux kernel whose root is the machine's file system, read-only.
/// Errors: what could not be mounted or loaded.
Result<void> boot_kernel(const std::string& self);

/// Loads a module and what it depends on. Errors: there is none of that name, or the kernel's.
Result<void> load_module(const std::string& name);

/// Where everything that the agent makes lives.
inline constexpr const char* kWorkDirectory = "/run/lvslab";
/// A layer of every host's file system with the stand-in programs.
inline constexpr const char* kStandIns = "/run/lvslab/stand-ins";

}  // namespace lvslab::kernel
