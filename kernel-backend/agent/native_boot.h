// A lab on the machine's own kernel: what takes the place of booting.
#pragma once

#include "kernel-backend/os.h"

namespace lvslab::kernel {

/// As process 1 of namespaces of its own: a root in which there is nothing of the machine but the
/// directories with programs, read-only; the stand-ins; a network without IPv6. What only the
/// machine's root may read in /etc is hidden from hosts. Errors: what could not be mounted.
Result<void> enter_private_root();

}  // namespace lvslab::kernel
