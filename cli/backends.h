// Which backend a subcommand runs a scenario on.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sim/lab/backend.h"

namespace lvslab::cli {

/// The names that make_backend() knows: sim, kernel, kernel:native.
const std::vector<std::string>& backend_names();
/// One of backend_names(). Errors: what this machine lacks.
Result<std::unique_ptr<lab::Backend>> make_backend(const std::string& name);

/// The simulator with the timers of a User-Mode Linux kernel (HZ=100), to be held against one. Two
/// kernels with other ticks differ as well: it decides how late their timers are.
std::unique_ptr<lab::Backend> make_simulator_of_kernel();

}  // namespace lvslab::cli
