// What SCTP does when nothing comes.
// Source: net/sctp/sm_statefuns.c: sctp_sf_t1_init_timer_expire(), sctp_sf_t2_timer_expire(),
//         sctp_sf_do_6_3_3_rtx(), sctp_sf_sendbeat_8_3(), sctp_sf_t5_timer_expire();
//         sm_sideeffect.c: sctp_do_8_2_transport_strike(), sctp_cmd_t1_timer_update();
//         transport.c: sctp_transport_reset_hb_timer(); input.c: sctp_v4_err().
#include <algorithm>
#include <string_view>

#include "sim/sctp/engine.h"

namespace lvslab::sctp {
namespace {

using Type = SctpChunkType;

std::uint32_t milliseconds_of(SimDuration time) { return static_cast<std::uint32_t>(time.ms()); }

}  // namespace

SimDuration Engine::tick() const {
  const SimDuration tick = step_.timers().tick();
  return tick.ns == 0 ? 1_ms : tick;
}

void Engine::start(std::uint32_t index, Timer which, SimDuration after) {
  const SimTime due = step_.timers().run_at(step_.now() + after, step_.now());
  timer(socket(index), which)
      .set(step_.timers(), due, TimerKind::kSctp,
           index * static_cast<std::uint32_t>(kTimers) + static_cast<std::uint32_t>(which));
}

void Engine::on_timer(std::uint32_t id) {
  const auto index = static_cast<std::uint32_t>(id / kTimers);
  const auto which = static_cast<Timer>(id % kTimers);
  if (index >= tables().sockets.limit()) return;
  Socket& s = socket(index);
  if (!timer(s, which).due(step_.timers(), step_.now(), TimerKind::kSctp, id)) return;
  switch (which) {
    case Timer::kT1: return on_t1(index);
    case Timer::kT2: return on_t2(index);
    case Timer::kT3: return on_t3(index);
    case Timer::kT5: return on_t5(index);
    case Timer::kHeartbeat: return on_heartbeat_due(index);
    case Timer::kSack:
      if (s.state == State::kShutdownReceived || s.state == State::kShutdownAckSent) return;
      queue_sack(s);
      return flush(index);
    case Timer::kCount: return;
  }
}

// INIT, or COOKIE ECHO, once more, and twice as long a wait for the next.
void Engine::on_t1(std::uint32_t index) {
  Socket& s = socket(index);
  const Step::Arguments who{arg(s.remote.addr), s.remote.port, s.init_failures + 1};
  if (s.init_failures + 1 > kMostInits) {
    step_.explain(Reason::kSctpTimedOut, {}, {arg(s.remote.addr), s.remote.port, 0});
    return fail(index, Errno::kTimedOut);
  }
  ++s.init_failures;
  s.t1_timeout = std::min(SimDuration{2 * s.t1_timeout.ns}, kMostRto);
  if (s.state == State::kCookieWait) {
    step_.explain(Reason::kSctpInitAgain, {}, who);
    send_init(index);
  } else {
    step_.explain(Reason::kSctpCookieEchoAgain, {}, who);
    queue(s, Type::kCookieEcho, 0, s.cookie);
  }
  start(index, Timer::kT1, s.t1_timeout);
  flush(index);
}

// Who waits for an answer in vain counts it, and doubles the time until the next try.
void Engine::strike(std::uint32_t index, bool heartbeat) {
  Socket& s = socket(index);
  if (!heartbeat || s.heartbeat_sent) {
    ++s.failures;
    if (s.path != Path::kDown) ++s.path_failures;
    s.rto = std::min(SimDuration{2 * s.rto.ns}, kMostRto);
  }
  if (s.path == Path::kActive && s.path_failures > 0) {
    s.path = Path::kFailing;
    const bool beats = s.state != State::kShutdownSent && s.state != State::kShutdownAckSent;
    if (beats) start_heartbeat(index);
  }
  if (s.path_failures > kMostPathFailures) s.path = Path::kDown;
}

void Engine::give_up(std::uint32_t index) {
  Socket& s = socket(index);
  step_.explain(Reason::kSctpTimedOut, {}, {arg(s.remote.addr), s.remote.port, 0});
  // Cause 13, protocol violation, with a text that ends in a zero (RFC 9260 §3.3.10.13).
  constexpr std::string_view kWhy("Association exceeded its max_retrans count\0", 43);
  constexpr std::uint16_t kViolation = 13;
  std::vector<std::uint8_t> cause(SctpChunk::kHeader);
  store_be16(cause.data(), kViolation);
  store_be16(cause.data() + 2, static_cast<std::uint16_t>(SctpChunk::kHeader + kWhy.size()));
  cause.insert(cause.end(), kWhy.begin(), kWhy.end());
  s.state = State::kClosed;
  queue(s, Type::kAbort, 0, cause);
  flush(index);
  fail(index, Errno::kTimedOut);
}

void Engine::on_t2(std::uint32_t index) {
  Socket& s = socket(index);
  if (s.failures >= kMostFailures) return give_up(index);
  strike(index, false);
  step_.explain(Reason::kSctpShutdownAgain, {},
                {arg(s.remote.addr), s.remote.port, milliseconds_of(s.rto)});
  if (s.state == State::kShutdownSent) {
    std::uint8_t ack[4];
    store_be32(ack, s.received_tsn);
    queue(s, Type::kShutdown, 0, ack);
  } else {
    queue(s, Type::kShutdownAck);
  }
  start(index, Timer::kT2, s.rto);
  flush(index);
}

void Engine::on_t3(std::uint32_t index) {
  Socket& s = socket(index);
  if (s.state == State::kShutdownSent || s.state == State::kShutdownAckSent) return;
  if (s.failures >= kMostFailures) return give_up(index);
  strike(index, false);
  step_.explain(Reason::kSctpDataAgain, {},
                {arg(s.remote.addr), s.remote.port, milliseconds_of(s.rto)});
  retransmit(index);
}

void Engine::on_t5(std::uint32_t index) {
  Socket& s = socket(index);
  step_.explain(Reason::kSctpTimedOut, {}, {arg(s.remote.addr), s.remote.port, 0});
  s.state = State::kClosed;
  queue(s, Type::kAbort);
  flush(index);
  fail(index, Errno::kTimedOut);
}

// --- heartbeats
// -----------------------------------------------------------------------------------

SimDuration Engine::heartbeat_pause(const Socket& s) const {
  const SimDuration half{s.rto.ns / 2};
  return s.path == Path::kFailing ? half : half + kHeartbeatInterval;
}

// Up to an RTO later, by lot.
void Engine::start_heartbeat(std::uint32_t index) {
  const Socket& s = socket(index);
  const auto most = static_cast<std::uint32_t>(s.rto.ns / tick().ns);
  const SimDuration lot{static_cast<std::int64_t>(step_.random().below(most)) * tick().ns};
  start(index, Timer::kHeartbeat, heartbeat_pause(s) + lot);
}

// What a heartbeat holds is nobody else's affair: struct sctp_sender_hb_info.
constexpr std::size_t kBeatSize = 56, kBeatSentAt = 4, kBeatNonce = 12;

void Engine::on_heartbeat_due(std::uint32_t index) {
  Socket& s = socket(index);
  const SimDuration silent = step_.now() - s.data_sent_at;
  if (silent < heartbeat_pause(s)) {
    return start(index, Timer::kHeartbeat, heartbeat_pause(s) - silent);
  }
  if (s.failures >= kMostFailures) return give_up(index);
  std::vector<std::uint8_t> info(kBeatSize);
  store_be16(info.data(), sctp_parameter::kHeartbeatInfo);
  store_be16(info.data() + 2, kBeatSize);
  const auto now = static_cast<std::uint64_t>(ticks(step_.now()));
  store_be32(info.data() + kBeatSentAt, static_cast<std::uint32_t>(now >> 32));
  store_be32(info.data() + kBeatSentAt + 4, static_cast<std::uint32_t>(now));
  if (s.heartbeat_nonce == 0) {
    s.heartbeat_nonce = static_cast<std::uint32_t>(step_.random().next()) | 1U;
  }
  store_be32(info.data() + kBeatNonce, s.heartbeat_nonce);
  step_.explain(Reason::kSctpHeartbeat, {}, {arg(s.remote.addr), s.remote.port, 0});
  s.rto_pending = true;
  strike(index, true);
  s.heartbeat_sent = true;
  queue(s, Type::kHeartbeat, 0, info);
  start_heartbeat(index);
  flush(index);
}

// sctp_sf_backbeat_8_3(): the nonce, and the time that one may have been on its way.
std::optional<std::int64_t> Engine::beat_of(const Socket& s, Bytes info) const {
  if (info.size() < kBeatSize || s.heartbeat_nonce == 0 ||
      load_be32(info.data() + kBeatNonce) != s.heartbeat_nonce) {
    return std::nullopt;
  }
  const std::uint64_t high = load_be32(info.data() + kBeatSentAt);
  const auto sent_at =
      static_cast<std::int64_t>(high << 32 | load_be32(info.data() + kBeatSentAt + 4));
  const std::int64_t now = ticks(step_.now());
  const std::int64_t most = (kHeartbeatInterval + s.rto).ns / tick().ns;
  if (sent_at > now || sent_at < now - most) return std::nullopt;
  return sent_at;
}

// --- ICMP
// -----------------------------------------------------------------------------------------

void Engine::icmp_error(const IcmpError& error) {
  const auto ip = Ipv4Repr::parse_header(error.quoted);
  if (!ip || error.quoted.size() < ip->header_length + std::size_t{8}) return;
  const std::uint8_t* sctp = error.quoted.data() + ip->header_length;
  const std::uint32_t index =
      find_association({ip->src, load_be16(sctp)}, {ip->dst, load_be16(sctp + 2)});
  if (index == IndexTable::kNone) return;
  Socket& s = socket(index);
  const std::uint32_t tag = load_be32(sctp + SctpRepr::kTagAt);
  if (tag != s.peer_tag) return;  // 0 until the other side has told its own
  if (error.protocol_unreachable && s.state == State::kCookieWait) {
    step_.explain(Reason::kSctpRefused, {}, {arg(s.remote.addr), s.remote.port, s.local.port});
    return fail(index, Errno::kNoProtoOpt);
  }
  if (error.next_hop_mtu == 0) return;
  const std::uint32_t mtu = std::max(error.next_hop_mtu & ~3U, kLeastMtu);
  if (mtu >= s.mtu) return;
  s.mtu = mtu;
  mark_again(s, false);
  flush(index, true);
}

void on_timer(Step& step, Stack& stack, Ports ports, std::uint32_t id) {
  if (stack.tables.empty()) return;
  Engine engine(step, stack, ports);
  engine.on_timer(id);
  engine.tell();
}

void icmp_error(Step& step, Stack& stack, Ports ports, const IcmpError& error) {
  if (stack.tables.empty()) return;
  Engine engine(step, stack, ports);
  engine.icmp_error(error);
  engine.tell();
}

}  // namespace lvslab::sctp
