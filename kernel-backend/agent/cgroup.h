// A control group of the lab's own, which holds its memory and its processes in bounds.
// Source: Documentation/admin-guide/cgroup-v2.rst.
#pragma once

#include <sys/types.h>

#include <string>

#include "kernel-backend/os.h"

namespace lvslab::kernel {

struct LabLimits {
  std::uint64_t memory_bytes = 0;
  unsigned processes = 0;
};

class ControlGroup {
 public:
  /// Makes one below the root of the machine's cgroup2; groups that killed keepers left behind are
  /// removed. Errors: there is no cgroup2, or it has not the controllers memory and pids.
  static Result<ControlGroup> make(const LabLimits& limits);
  Result<void> add(pid_t process) const;
  /// When all its processes are gone.
  void remove();

 private:
  std::string path_;
};

}  // namespace lvslab::kernel
