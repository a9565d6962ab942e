// What root on a lab host may not do on the machine's own kernel, where no kernel of the lab's
// stands between.
#pragma once

#include "kernel-backend/os.h"

namespace lvslab::kernel {

/// For this process and all that it will start: the capabilities of a container, NET_ADMIN and
/// NET_RAW; no system call that concerns the kernel as a whole, no user namespace (in which root
/// would have them all again), no other CPU mode. Other processes may not trace this one.
Result<void> confine_to_host();

}  // namespace lvslab::kernel
