// Mounts of the machine, seen from a private copy of them.
#pragma once

#include "kernel-backend/os.h"

namespace lvslab::kernel {

/// In a mount namespace of the caller's own: from now on nothing that is mounted there can be
/// written to. Errors: of some mount it cannot be said.
Result<void> make_all_mounts_read_only();

}  // namespace lvslab::kernel
