// The file system of a lab host.
#pragma once

#include "kernel-backend/agent/host_process.h"

namespace lvslab::kernel {

/// In a fresh mount namespace: mounts everything and makes it the root.
Result<void> enter_host_root(const LabHost& host, const std::string& hosts_file,
                             const HostPaths& paths, bool first_boot);
/// A tmpfs with the usual device nodes at `path`.
Result<void> make_dev(const std::string& path);

}  // namespace lvslab::kernel
