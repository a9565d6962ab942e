// How keepalived starts and stops the sync daemons of IPVS (lvs_sync_daemon).
// Source: check/ipvswrapper.c: ipvs_syncd_cmd(), ipvs_syncd_master(), ipvs_syncd_backup();
// vrrp/vrrp_scheduler.c: vrrp_init_state(); vrrp/vrrp_daemon.c of keepalived 2.2.7.
#pragma once

#include <string_view>

#include "sim/core/ports.h"
#include "sim/core/step.h"
#include "sim/keepalived/conf.h"
#include "sim/keepalived/vrrp.h"

namespace lvslab::keepalived {

class SyncPort {
 public:
  virtual ~SyncPort() = default;
  virtual void log_sync(Step& step, std::string_view text) = 0;
  /// What the kernel says to it: kExist, kSrch, kNoDev, ...
  virtual Errno start_sync(Step& step, const SyncDaemon& daemon, bool master) = 0;
  virtual Errno stop_sync(Step& step, bool master) = 0;
};

/// The daemon of a router that takes this turn. A failure is logged, and nothing else.
void turn_sync_daemon(Step& step, SyncPort& port, const SyncDaemon& daemon, SyncTurn turn);

/// What the VRRP process does when it has read its configuration anew. Where the daemon's settings
/// have changed, keepalived stops it and does not find the way to start it again.
void reload_sync_daemon(Step& step, SyncPort& port, bool changed, bool master);

/// Without a router both daemons run as long as the checker process does.
void start_both_sync_daemons(Step& step, SyncPort& port, const SyncDaemon& daemon, bool stop_first);
void stop_both_sync_daemons(Step& step, SyncPort& port);

}  // namespace lvslab::keepalived
