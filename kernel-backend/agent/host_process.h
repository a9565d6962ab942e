// The first process of a lab host: process 1 of its own net, mount, uts, ipc and pid namespaces.
//
// It builds the host's file system (an overlay over the machine's, whose upper layer is the host's
// disk and survives a reboot), its devices, addresses, routes and sysctls, reaps, and starts what
// is typed. It is asked through a socket (seqpacket.h).
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "kernel-backend/os.h"
#include "kernel-backend/protocol/messages.h"
#include "sim/base/tables.h"

namespace lvslab::kernel {

struct HostPaths {
  std::string lower;  ///< of the overlay, as for its option lowerdir
  std::string disk;   ///< directory with upper/ and work/
  std::string root;   ///< where the overlay is mounted
};

/// What all hosts of a lab have in common.
struct HostSurroundings {
  std::string hosts_file;
  std::int64_t epoch_ns = 0;
  std::vector<SysctlRow> fresh_sysctls;
};

struct HostProcess {
  pid_t pid = -1;
  Fd socket;
};

/// Starts it in namespaces of its own. `first_boot`: the scenario's files are put on the disk.
Result<HostProcess> start_host(const LabHost& host, const HostSurroundings& around,
                               const HostPaths& paths, bool first_boot);

}  // namespace lvslab::kernel
