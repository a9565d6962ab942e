#include "sim/keepalived/sync_daemon.h"

#include <fmt/format.h>

namespace lvslab::keepalived {
namespace {

constexpr bool kMaster = true, kBackup = false;

/// ipvs_strerror().
std::string_view error_text(Errno error) {
  switch (error) {
    case Errno::kExist: return "Daemon has already run";
    case Errno::kSrch: return "No daemon is running";
    case Errno::kNoDev: return "No such device";
    case Errno::kNetUnreach: return "Network is unreachable";
    case Errno::kAddrInUse: return "Address already in use";
    default: return "Invalid argument";
  }
}

void start(Step& step, SyncPort& port, const SyncDaemon& daemon, bool master) {
  constexpr int kNumber = 1163;  // <linux/ip_vs.h>
  const Errno error = port.start_sync(step, daemon, master);
  if (error == Errno::kNone) return;
  port.log_sync(step, fmt::format("IPVS cmd IP_VS_SO_SET_STARTDAEMON({}) error: {}({})", kNumber,
                                  error_text(error), static_cast<int>(error)));
}

void stop(Step& step, SyncPort& port, bool master) {
  constexpr int kNumber = 1164;
  const Errno error = port.stop_sync(step, master);
  if (error == Errno::kNone) return;
  port.log_sync(step, fmt::format("IPVS cmd IP_VS_SO_SET_STOPDAEMON({}) error: {}({})", kNumber,
                                  error_text(error), static_cast<int>(error)));
}

}  // namespace

void turn_sync_daemon(Step& step, SyncPort& port, const SyncDaemon& daemon, SyncTurn turn) {
  switch (turn) {
    case SyncTurn::kBegin: return start(step, port, daemon, kBackup);
    case SyncTurn::kGoOn: return start(step, port, daemon, kMaster);
    case SyncTurn::kBecomeMaster:
      stop(step, port, kBackup);
      return start(step, port, daemon, kMaster);
    case SyncTurn::kLeaveMaster:
      stop(step, port, kMaster);
      return start(step, port, daemon, kBackup);
    case SyncTurn::kEndAsMaster: return stop(step, port, kMaster);
    case SyncTurn::kEndAsBackup: return stop(step, port, kBackup);
  }
}

void reload_sync_daemon(Step& step, SyncPort& port, bool changed, bool master) {
  // It is started without its settings then, and the kernel refuses that: no interface.
  if (changed) port.stop_sync(step, master);
  port.stop_sync(step, !master);
}

void start_both_sync_daemons(Step& step, SyncPort& port, const SyncDaemon& daemon,
                             bool stop_first) {
  if (stop_first) stop_both_sync_daemons(step, port);
  start(step, port, daemon, kMaster);
  start(step, port, daemon, kBackup);
}

void stop_both_sync_daemons(Step& step, SyncPort& port) {
  port.stop_sync(step, kMaster);
  port.stop_sync(step, kBackup);
}

}  // namespace lvslab::keepalived
