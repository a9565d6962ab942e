// The sync daemons of a director: the master collects what it tells of its connections into
// messages, the backup takes them in. Both may run at once.
//
// Modelled: which packets and states are told of (sync_threshold, sync_refresh_period,
// sync_retries, sync_persist_mode), messages of versions 0 and 1 (sync_version), when the master's
// threads send them, several threads with a port each (sync_ports), sync_qlen_max. Which thread a
// connection has goes by its place in the table; in the kernel by its place in memory.
// Left out: connections of IPv6. sync_sock_size is kept, but sockets here are never full.
//
// The sockets are the host's: it sends what the thread has (SyncMaster::run_thread()), and hands
// in what comes (Director::receive_sync()).
// Source: net/netfilter/ipvs/ip_vs_sync.c.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/base/tables.h"
#include "sim/core/ports.h"
#include "sim/core/step.h"
#include "sim/ipvs/connection.h"
#include "sim/wire/ipvs_sync.h"

namespace lvslab::ipvs {

enum class SyncRole : std::uint8_t { kMaster, kBackup };

/// What `ipvsadm --start-daemon` says (struct ipvs_sync_daemon_cfg). Zero: the default.
struct SyncConfig {
  ShortName interface;
  std::uint8_t sync_id = 0;  ///< of a backup 0: it takes messages with any
  std::uint8_t ttl = 0;
  std::uint16_t max_length = 0;  ///< bytes of a message
  std::uint16_t port = 0;
  Ipv4Addr group;
};

/// `config` with the defaults in it, on a device with this MTU (start_sync_thread()).
SyncConfig with_defaults(SyncConfig config, SyncRole role, std::uint32_t mtu);

/// net.ipv4.vs.sync_*.
struct SyncSysctls {
  std::int32_t sync_threshold = 3;  ///< the packets after which a connection is told of
  std::int32_t sync_period = 50;    ///< and again after so many more
  std::int32_t sync_refresh_period_s = 0;
  std::int32_t sync_retries = 0;
  std::int32_t sync_persist_mode = 0;
  std::int32_t sync_qlen_max = 1'845;  ///< messages; the kernel's default follows its memory
  std::int32_t sync_sock_size = 0;
  std::int32_t sync_version = 1;
  std::int32_t sync_ports = 1;  ///< threads of daemons that start from now on; a power of two
};

/// Is `conn`, with its `packets`th packet, to be told of? Notes in `conn` what the backups know
/// then. `persistent`: it is controlled by a template. Source: ip_vs_sync_conn_needed().
bool sync_needed(Conn& conn, const SyncSysctls& sysctls, std::uint32_t packets, bool persistent,
                 SimTime now);

/// Kernel ticks since the start: what `Conn::sync_end` counts. The reference has HZ=100.
constexpr std::uint32_t sync_ticks(SimTime now) {
  return static_cast<std::uint32_t>(now.ns / 10'000'000);
}

IpvsSyncEntry sync_entry(const Conn& conn);

/// The buffers of one of the master's threads, and when it wakes up.
class SyncMaster {
 public:
  /// Which timer of TimerKind::kIpvsSync it is: these of the first thread, then of the second, ...
  enum Timer : std::uint32_t { kThread, kWakeUp, kTimers };

  struct Message {
    std::vector<std::uint8_t> bytes;
    RecordId cause;  ///< what made the first entry worth telling
  };

  /// The thread starts, finds nothing, and sleeps.
  void start(Step& step, const SyncConfig& config, std::uint32_t number);
  void stop();
  /// Adds an entry to the buffer; a full one is queued before that.
  void add(Step& step, const IpvsSyncEntry& entry, std::uint8_t version, std::int32_t qlen_max);
  /// A due timer: what the thread sends now, in this order.
  std::vector<Message> on_timer(Step& step, std::uint32_t id);

 private:
  struct Buffer {
    Message message;
    std::uint32_t first_use = 0;  ///< ticks
    std::uint8_t count = 0;
    std::uint8_t version = IpvsSyncRepr::kVersion;
  };

  std::uint32_t timer(Timer which) const { return number_ * kTimers + which; }
  bool is_full(std::size_t entry, std::uint8_t version) const;
  std::vector<Message> run_thread(Step& step);
  void sleep(Step& step);
  void wake(Step& step);
  void queue(Step& step, std::int32_t qlen_max);
  Message finished(Buffer& buffer) const;

  SyncConfig config_;
  std::uint32_t number_ = 0;
  std::optional<Buffer> buffer_;  ///< ms->sync_buff
  std::vector<Message> queue_;    ///< ms->sync_queue
  std::uint32_t delay_ = 0;       ///< ms->sync_queue_delay: queued since the thread slept
  LazyTimer thread_, wake_up_;
};

/// A daemon that runs, with the host's sockets for its threads: at config.port, and those above.
struct SyncDaemon {
  SyncConfig config;
  std::vector<SocketId> sockets;
};

}  // namespace lvslab::ipvs
