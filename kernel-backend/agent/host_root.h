// The file system of a lab host.
#pragma once

#include "kernel-backend/agent/host_process.h"

namespace lvslab::kernel {

/// What the stand-in of systemctl knows.
inline constexpr const char* kServices[] = {"dnsmasq", "httpd", "keepalived",
                                            "nginx",   "sshd",  "vsftpd"};

/// In a fresh mount namespace: mounts everything and makes it the root. On the machine's own kernel
/// /proc is read-only but for /proc/sys/net, /sys is read-only, and of the machine's files there
/// are only those of kSharedDirectories.
Result<void> enter_host_root(const LabHost& host, const HostSurroundings& around,
                             const HostPaths& paths, bool first_boot);

/// Directories of the machine's root (or links there) that a host needs to run programs.
inline constexpr const char* kSharedDirectories[] = {"usr", "etc",   "bin",   "sbin",
                                                     "lib", "lib32", "lib64", "libx32"};
/// A tmpfs with the usual device nodes at `path`.
Result<void> make_dev(const std::string& path);

}  // namespace lvslab::kernel
