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
  std::string disk;  ///< directory with all that the host has written; survives a reboot
  std::string root;  ///< where its file system is mounted
};

/// What all hosts of a lab have in common.
struct HostSurroundings {
  std::string hosts_file;
  std::int64_t epoch_ns = 0;
  std::vector<SysctlRow> fresh_sysctls;
  bool on_machine = false;  ///< the kernel is the machine's own: more is refused to a host
};

/// How the first process of a host exits when the host is powered off where it may not call
/// reboot(2). Any other end is a reboot.
inline constexpr int kPoweredOffStatus = 3;
/// What the stand-ins send to process 1 then (as systemd takes them): SIGRTMIN and this.
inline constexpr int kPowerOffSignal = 4;
inline constexpr int kRebootSignal = 5;

struct HostProcess {
  pid_t pid = -1;
  Fd socket;
};

/// Starts it in namespaces of its own. `first_boot`: the scenario's files are put on the disk.
Result<HostProcess> start_host(const LabHost& host, const HostSurroundings& around,
                               const HostPaths& paths, bool first_boot);

}  // namespace lvslab::kernel
