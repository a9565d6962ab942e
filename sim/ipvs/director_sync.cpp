// What a director tells its backups, and what a backup makes of it.
// Source: net/netfilter/ipvs/ip_vs_sync.c: ip_vs_sync_conn(), ip_vs_process_message(),
//         ip_vs_proc_conn(); ip_vs_conn.c: ip_vs_bind_dest(), ip_vs_try_bind_dest();
//         ip_vs_ctl.c: ip_vs_find_dest().
#include <algorithm>

#include "sim/ipvs/director.h"
#include "sim/ipvs/packet_fields.h"

namespace lvslab::ipvs {
namespace {

/// Of a TCP connection; one of UDP has one state.
constexpr std::uint16_t kTcpStates = 11;

bool is_template(const IpvsSyncEntry& entry) { return (entry.flags & ipvs_flag::kTemplate) != 0; }
bool is_inactive(const IpvsSyncEntry& entry) { return (entry.flags & ipvs_flag::kInactive) != 0; }

ConnKey key_of(const IpvsSyncEntry& entry) {
  return {entry.protocol, entry.client, entry.client_port, entry.virt, entry.virt_port};
}

Step::Arguments client_of(const IpvsSyncEntry& entry, std::uint32_t third) {
  return {arg(entry.client), entry.client_port, third};
}

/// What the state of `entry` is called here; nothing if its protocol has no such state.
std::optional<IpvsConnState> state_of(const IpvsSyncEntry& entry) {
  if (is_template(entry)) {
    return entry.state == 1 ? IpvsConnState::kAssured : IpvsConnState::kNone;
  }
  if (entry.protocol == number(IpProto::kTcp)) {
    if (entry.state >= kTcpStates) return std::nullopt;
    return static_cast<IpvsConnState>(entry.state);
  }
  if (entry.protocol == number(IpProto::kSctp)) {
    if (entry.state >= kSctpStates.size()) return std::nullopt;
    return kSctpStates[entry.state];
  }
  if (entry.protocol != number(IpProto::kUdp) || entry.state != 0) return std::nullopt;
  return IpvsConnState::kUdp;
}

}  // namespace

Errno Director::start_sync(Step& step, SyncRole role, const SyncDaemon& daemon) {
  std::optional<SyncDaemon>& runs = role == SyncRole::kMaster ? sync_master_ : sync_backup_;
  if (runs) return Errno::kExist;
  runs = daemon;
  if (role == SyncRole::kMaster) {
    sync_threads_.resize(daemon.sockets.size());
    for (std::uint32_t i = 0; i < sync_threads_.size(); ++i) {
      sync_threads_[i].start(step, daemon.config, i);
    }
  }
  return Errno::kNone;
}

Errno Director::stop_sync(SyncRole role) {
  std::optional<SyncDaemon>& runs = role == SyncRole::kMaster ? sync_master_ : sync_backup_;
  if (!runs) return Errno::kSrch;
  runs.reset();
  if (role == SyncRole::kMaster) {
    for (SyncMaster& thread : sync_threads_) thread.stop();
  }
  return Errno::kNone;
}

// start_sync_thread(): a second daemon has as many threads as the first one.
std::uint32_t Director::sync_threads() const {
  constexpr std::int32_t kMost = 64;  // IPVS_SYNC_PORTS_MAX
  for (const std::optional<SyncDaemon>* daemon : {&sync_master_, &sync_backup_}) {
    if (*daemon) return static_cast<std::uint32_t>((*daemon)->sockets.size());
  }
  return static_cast<std::uint32_t>(std::clamp(sysctls_.sync_ports, 1, kMost));
}

const SyncDaemon* Director::sync_daemon(SyncRole role) const {
  const std::optional<SyncDaemon>& runs = role == SyncRole::kMaster ? sync_master_ : sync_backup_;
  return runs ? &*runs : nullptr;
}

// --- the master ----------------------------------------------------------------------------------

// A connection, and the template that it came from.
void Director::tell_backups(Step& step, std::uint32_t c, std::uint32_t packets) {
  if (conns_[c].client.names_ipv6()) return;  // messages have room for IPv4
  for (;;) {
    Conn& conn = conns_[c];
    const bool controlled = conn.control != ConnTable::kNone;
    const bool persistent = controlled && conns_[conn.control].is_template;
    const bool old = sysctls_.sync_version == 0;
    if (!conn.one_packet && sync_needed(conn, sysctls_, packets, persistent, step.now())) {
      step.explain(Reason::kIpvsSyncTold, {},
                   {arg(conn.client), conn.client_port, static_cast<std::uint32_t>(conn.state)});
      // select_master_thread_id(): by the address of the entry.
      sync_threads_[c % sync_threads_.size()].add(
          step, sync_entry(conn), old ? 0 : IpvsSyncRepr::kVersion, sysctls_.sync_qlen_max);
    } else if (old) {
      return;  // ip_vs_sync_conn_v0() says nothing of its controller then
    }
    if (!controlled) return;
    c = conn.control;
    packets = conns_[c].is_template ? ++conns_[c].in_packets : sync_threshold();
  }
}

std::vector<SyncMaster::Message> Director::on_sync_timer(Step& step, std::uint32_t id) {
  const std::uint32_t thread = sync_thread_of(id);
  if (thread >= sync_threads_.size()) return {};
  return sync_threads_[thread].on_timer(step, id);
}

// --- the backup ----------------------------------------------------------------------------------

void Director::receive_sync(Step& step, Bytes message) {
  if (!sync_backup_) return;
  const SyncConfig& config = sync_backup_->config;
  // The thread reads no more than its buffer takes; what is cut off has not the size it says.
  const Bytes read = message.first(std::min<std::size_t>(message.size(), config.max_length));
  const auto head = IpvsSyncRepr::parse(read);
  if (!head) {
    return step.explain(Reason::kIpvsSyncBadMessage, {},
                        {static_cast<std::uint32_t>(message.size()), config.max_length, 0});
  }
  if (config.sync_id != 0 && head->sync_id != config.sync_id) {
    return step.explain(Reason::kIpvsSyncOtherId, {}, {head->sync_id, config.sync_id, 0});
  }
  const bool old = head->version != IpvsSyncRepr::kVersion;
  Bytes rest = read.subspan(IpvsSyncRepr::length_of(head->version));
  for (std::uint32_t i = 0; i < head->count; ++i) {
    const auto entry = old ? IpvsSyncEntry::parse_v0(rest) : IpvsSyncEntry::parse(rest);
    if (!entry) {
      return step.explain(Reason::kIpvsSyncBadMessage, {},
                          {static_cast<std::uint32_t>(message.size()), config.max_length, 0});
    }
    const std::size_t stride =
        old ? IpvsSyncEntry::stride_of_v0(*entry) : IpvsSyncEntry::stride_of(rest);
    rest = rest.subspan(std::min(stride, rest.size()));
    learn(step, *entry);
  }
}

void Director::learn(Step& step, const IpvsSyncEntry& entry) {
  const auto state = state_of(entry);
  if (!state) return;
  std::uint32_t c = conns_.find(key_of(entry));
  if (is_outdated(step, entry, c)) return;
  const bool known = c != ConnTable::kNone;
  if (known) {
    update_learned(step, conns_[c], entry);
  } else {
    c = new_learned(step, entry);
  }
  Conn& conn = conns_[c];
  conn.in_packets = sync_threshold();
  conn.state = conn.told_state = *state;
  conn.timeout_ms = entry.timeout_s != 0 ? entry.timeout_s * 1'000
                    : is_template(entry) ? 180'000U
                                         : timeouts_.of(IpProto{entry.protocol}, *state) * 1'000;
  step.explain(conn.bound() ? Reason::kIpvsSyncLearned : Reason::kIpvsSyncUnbound, {},
               client_of(entry, arg(entry.dest)));
  restart_timer(step, c);
  if (!step.tracing()) return;
  known ? step.row_changed(conn_row(step, c)) : step.row_added(conn_row(step, c));
}

// A client that has begun anew may have got another server than the entry here says. What is told
// of its former connection comes late; what is told of the new one takes the entry's place.
bool Director::is_outdated(Step& step, const IpvsSyncEntry& entry, std::uint32_t& c) {
  if (c == ConnTable::kNone || is_template(entry)) return false;
  const Conn& conn = conns_[c];
  if (conn.dest_addr == entry.dest && conn.dest_port == entry.dest_port) return false;
  if (is_inactive(entry)) return true;
  expire(step, c);
  c = ConnTable::kNone;
  return false;
}

void Director::update_learned(Step& step, Conn& conn, const IpvsSyncEntry& entry) {
  const bool inactive = is_inactive(entry);
  if (conn.bound() && !conn.is_template && conn.inactive != inactive) {
    Dest& dest = dests_[conn.dest];
    dest.active += inactive ? -1 : 1;
    dest.inactive += inactive ? 1 : -1;
    if (step.tracing() && dest.available) step.row_changed(dest_row(step, conn.dest));
  }
  conn.inactive = inactive;
  if (conn.bound()) return;
  IpvsSyncEntry own = entry;  // the mark, as this host knows it
  own.fwmark = conn.fwmark;
  bind_learned(step, conn, dest_of(own));
}

std::uint32_t Director::new_learned(Step& step, const IpvsSyncEntry& entry) {
  const std::uint32_t flags = entry.flags & ipvs_flag::kOfBackups;
  const std::uint32_t c = conns_.add(key_of(entry));
  Conn& conn = conns_[c];
  conn.synced = true;
  conn.is_template = is_template(entry);
  conn.inactive = is_inactive(entry);
  conn.no_output = (flags & ipvs_flag::kNoOutput) != 0;
  conn.bypass = (flags & ipvs_flag::kForwardMask) == ipvs_flag::kBypass;
  if (!conn.bypass) conn.forward = static_cast<IpvsForward>(flags & 3U);
  if (conn.forward == IpvsForward::kMasq) ++masq_conns_;
  conn.dest_addr = entry.dest;
  conn.dest_port = entry.dest_port;
  conn.fwmark = entry.fwmark;
  conn.sync_end = sync_ticks(step.now()) & ~3U;
  bind_learned(step, conn, dest_of(entry));
  bind_helper(conn);
  return c;
}

// ip_vs_find_dest(): the server as this host's tables have it.
std::uint32_t Director::dest_of(const IpvsSyncEntry& entry) {
  const Service* service = service_for(entry.fwmark, key_of(entry));
  if (service == nullptr) return kNoDest;
  const bool masq =
      (entry.flags & ipvs_flag::kForwardMask) == static_cast<std::uint32_t>(IpvsForward::kMasq);
  // Servers of marks have port 0, and with NAT a real one.
  const std::uint16_t first = entry.fwmark != 0 && !masq ? 0 : entry.dest_port;
  const std::uint32_t d = find_dest(*service, entry.dest, first);
  if (d != kNoDest) return d;
  return find_dest(*service, entry.dest, static_cast<std::uint16_t>(first ^ entry.dest_port));
}

// Its forwarding method is the one that this host has for the server; whether it is active, what
// the master says.
void Director::bind_learned(Step& step, Conn& conn, std::uint32_t d) {
  if (d == kNoDest) return;
  Dest& dest = dests_[d];
  if (conn.forward == IpvsForward::kMasq) --masq_conns_;
  conn.bypass = false;
  conn.dest = d;
  conn.forward = dest.forward;
  conn.no_output = conn.forward != IpvsForward::kMasq;
  if (conn.forward == IpvsForward::kMasq) ++masq_conns_;
  if (conn.is_template) {
    conn.inactive = true;
    ++dest.persistent;
  } else {
    ++(conn.inactive ? dest.inactive : dest.active);
  }
  update_overload(dest);
  if (step.tracing()) step.row_changed(dest_row(step, d));
}

}  // namespace lvslab::ipvs
