#include "sim/ipvs/sync.h"

#include <algorithm>
#include <utility>

namespace lvslab::ipvs {
namespace {

// include/net/ip_vs.h: IPVS_SYNC_*.
constexpr std::uint32_t kFlushTicks = 200;          // FLUSH_TIME: 2 s
constexpr SimDuration kCheckPeriod{1'000'000'000};  // CHECK_PERIOD
constexpr SimDuration kSendDelay{20'000'000};       // SEND_DELAY
constexpr std::uint32_t kWakeUpRate = 8;            // WAKEUP_RATE

/// The states of TCP and SCTP that backups are told of.
bool is_told(IpvsConnState state) {
  using enum IpvsConnState;
  if (state == kSctpShutdownSent || state == kSctpShutdownReceived) return true;
  if (state == kSctpShutdownAckSent || state == kSctpClosed) return true;
  return state == kEstablished || state == kFinWait || state == kClose || state == kCloseWait ||
         state == kTimeWait;
}

/// cp->state as the protocol numbers it.
std::uint16_t wire_state(const Conn& conn) {
  if (conn.is_template) return conn.state == IpvsConnState::kAssured ? 1 : 0;
  const IpProto protocol{conn.protocol};
  if (protocol == IpProto::kSctp) return sctp_state_number(conn.state);
  return protocol == IpProto::kTcp ? static_cast<std::uint16_t>(conn.state) : std::uint16_t{0};
}

}  // namespace

SyncConfig with_defaults(SyncConfig config, SyncRole role, std::uint32_t mtu) {
  constexpr std::uint32_t kHeaders = 28, kEthernet = 1'500, kMost = 65'535, kLeastOfBackups = 1'024;
  const bool backup = role == SyncRole::kBackup;
  if (config.group.is_any()) config.group = IpvsSyncRepr::kGroup;
  if (config.port == 0) config.port = IpvsSyncRepr::kPort;
  if (config.ttl == 0) config.ttl = 1;
  const std::uint32_t room = backup ? std::clamp(mtu, kEthernet, kMost) : kEthernet;
  const std::uint32_t length =
      config.max_length == 0
          ? room - kHeaders
          : std::clamp<std::uint32_t>(config.max_length, backup ? kLeastOfBackups : 1U,
                                      kMost - kHeaders);
  config.max_length = static_cast<std::uint16_t>(length);
  return config;
}

bool sync_needed(Conn& conn, const SyncSysctls& sysctls, std::uint32_t packets, bool persistent,
                 SimTime now_at) {
  const std::uint32_t now = sync_ticks(now_at), timeout = conn.timeout_ms / 10;
  std::uint32_t end = (now + timeout) & ~3U;
  const auto tell = [&] {
    conn.told_state = conn.state;
    conn.sync_end = end;
    return true;
  };
  if (!conn.is_template) {
    if (sysctls.sync_persist_mode != 0 && persistent) return false;
    if (conn.protocol != static_cast<std::uint8_t>(IpProto::kUdp)) {
      if (!is_told(conn.state)) return false;
      if (conn.state != conn.told_state && conn.state != IpvsConnState::kEstablished) return tell();
    }
  }
  const std::uint32_t refresh = static_cast<std::uint32_t>(sysctls.sync_refresh_period_s) * 100U;
  if (refresh > 0) {
    const auto drift = static_cast<std::int64_t>(static_cast<std::int32_t>(end - conn.sync_end));
    const std::int64_t half = std::max<std::int64_t>(timeout / 2, 1'000);
    if (std::abs(drift) < std::min<std::int64_t>(refresh, half)) {
      const std::uint32_t tries = conn.sync_end & 3U;
      if (std::cmp_greater_equal(tries, sysctls.sync_retries)) return false;
      const std::uint32_t again = conn.sync_end - timeout + (refresh >> 3U);
      if (static_cast<std::int32_t>(now - again) < 0) return false;
      end |= tries + 1;
    }
  }
  const auto threshold = static_cast<std::uint32_t>(sysctls.sync_threshold);
  if (sysctls.sync_period > 0) {
    const std::uint32_t period = static_cast<std::uint32_t>(sysctls.sync_period);
    if (!conn.is_template && packets % period != threshold) return false;
  } else if (refresh == 0 && packets != threshold) {
    return false;
  }
  return tell();
}

IpvsSyncEntry sync_entry(const Conn& conn) {
  std::uint32_t flags = conn.synced ? ipvs_flag::kSync : 0;
  if (conn.bypass) {
    flags |= ipvs_flag::kBypass;
  } else {
    flags |= static_cast<std::uint32_t>(conn.forward);
    if (conn.no_output) flags |= ipvs_flag::kNoOutput;
    if (conn.inactive) flags |= ipvs_flag::kInactive;
    if (conn.is_template) flags |= ipvs_flag::kTemplate;
  }
  if (conn.conntrack) flags |= ipvs_flag::kConntrack;
  return {.protocol = conn.protocol,
          .flags = flags,
          .state = wire_state(conn),
          .client_port = conn.client_port,
          .virt_port = conn.virt_port,
          .dest_port = conn.dest_port,
          .fwmark = conn.fwmark,
          .timeout_s = conn.timeout_ms / 1'000,
          .client = conn.client,
          .virt = conn.virt,
          .dest = conn.dest_addr};
}

// --- the master's thread -------------------------------------------------------------------------

void SyncMaster::start(Step& step, const SyncConfig& config, std::uint32_t number) {
  config_ = config;
  number_ = number;
  sleep(step);
}

void SyncMaster::stop() {
  buffer_.reset();
  queue_.clear();
  delay_ = 0;
  thread_.cancel();
  wake_up_.cancel();
}

void SyncMaster::sleep(Step& step) {
  thread_.set(step.timers(), step.timers().run_at(step.now() + kCheckPeriod, step.now()),
              TimerKind::kIpvsSync, timer(kThread));
}

void SyncMaster::wake(Step& step) {
  thread_.set(step.timers(), step.now(), TimerKind::kIpvsSync, timer(kThread));
}

// Also a message of the other version has to go first; one of version 0 whose count went round
// looks like one of version 1.
bool SyncMaster::is_full(std::size_t entry, std::uint8_t version) const {
  const std::size_t room =
      std::max<std::size_t>(config_.max_length, IpvsSyncRepr::length_of(version) + entry);
  const bool looks_current = buffer_->version == IpvsSyncRepr::kVersion || buffer_->count == 0;
  return buffer_->message.bytes.size() + entry > room ||
         looks_current != (version == IpvsSyncRepr::kVersion);
}

void SyncMaster::add(Step& step, const IpvsSyncEntry& entry, std::uint8_t version,
                     std::int32_t qlen_max) {
  const bool current = version == IpvsSyncRepr::kVersion;
  const std::size_t length = current ? IpvsSyncEntry::kLength : IpvsSyncEntry::kLengthV0;
  if (buffer_ && is_full(length, version)) queue(step, qlen_max);
  if (!buffer_) {
    buffer_ = Buffer{};
    buffer_->version = version;
    buffer_->message.bytes.resize(IpvsSyncRepr::length_of(version));
    buffer_->message.cause = step.cause();
    buffer_->first_use = sync_ticks(step.now());
  }
  std::vector<std::uint8_t>& bytes = buffer_->message.bytes;
  bytes.resize(bytes.size() + length);
  const MutBytes place = MutBytes(bytes).last(length);
  current ? entry.emit(place) : entry.emit_v0(place);
  ++buffer_->count;  // wraps after 255, as the kernel's does
}

// sb_queue_tail().
void SyncMaster::queue(Step& step, std::int32_t qlen_max) {
  Buffer full = std::move(*buffer_);
  buffer_.reset();
  if (std::cmp_greater_equal(queue_.size(), qlen_max)) return;
  if (queue_.empty()) {
    wake_up_.set(step.timers(), step.timers().run_at(step.now() + kSendDelay, step.now()),
                 TimerKind::kIpvsSync, timer(kWakeUp));
  }
  queue_.push_back(finished(full));
  if (++delay_ == kWakeUpRate) wake(step);
}

SyncMaster::Message SyncMaster::finished(Buffer& buffer) const {
  std::vector<std::uint8_t>& bytes = buffer.message.bytes;
  IpvsSyncRepr{.sync_id = config_.sync_id,
               .size = static_cast<std::uint16_t>(bytes.size()),
               .count = buffer.count,
               .version = buffer.version}
      .emit(bytes);
  return std::move(buffer.message);
}

std::vector<SyncMaster::Message> SyncMaster::on_timer(Step& step, std::uint32_t id) {
  if (id == timer(kThread)) {
    const bool due = thread_.due(step.timers(), step.now(), TimerKind::kIpvsSync, timer(kThread));
    return due ? run_thread(step) : std::vector<Message>{};
  }
  if (wake_up_.due(step.timers(), step.now(), TimerKind::kIpvsSync, timer(kWakeUp))) {
    // master_wakeup_work_handler(): unless it was woken for the number of messages already.
    if (!queue_.empty() && delay_ < kWakeUpRate) {
      delay_ = kWakeUpRate;
      wake(step);
    }
  }
  return {};
}

// sync_thread_master(): the queue, then the buffer if its first entry has waited for two seconds.
std::vector<SyncMaster::Message> SyncMaster::run_thread(Step& step) {
  std::vector<Message> out = std::exchange(queue_, {});
  delay_ = 0;
  if (buffer_ && sync_ticks(step.now()) - buffer_->first_use >= kFlushTicks) {
    out.push_back(finished(*buffer_));
    buffer_.reset();
  }
  sleep(step);
  return out;
}

}  // namespace lvslab::ipvs
