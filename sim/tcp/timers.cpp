// Everything that TCP does without being asked: retransmission timeout, tail loss probe, reorder
// timeout, zero-window probe, delayed ACK.
// Source: net/ipv4/tcp_timer.c; net/ipv4/tcp_output.c: tcp_schedule_loss_probe(),
// tcp_send_loss_probe(), tcp_send_probe0(); RFC 6298, RFC 8985.
#include <bit>

#include "sim/tcp/engine.h"

namespace lvslab::tcp {
namespace {

constexpr SimDuration kProbeSlack{2'000'000};  // TCP_TIMEOUT_MIN: two jiffies at HZ=1000

void update_deadline(Context& c, std::uint32_t index) {
  Socket& s = c.socket(index);
  const Extension& e = c.ext_of(s);
  const SimTime at = std::min(e.retransmit_at, e.delayed_ack_at);
  if (at == SimTime::never()) {
    s.timer.cancel();
  } else {
    s.timer.set(c.step.timers(), at, TimerKind::kTcp, Handle::of(Kind::kSocket, index).value);
  }
}

/// tcp_model_timeout(): how long `boundary` doublings of the minimum RTO last.
SimDuration model_timeout(std::int32_t boundary) {
  const auto linear = static_cast<std::int32_t>(
      std::bit_width(static_cast<std::uint64_t>(kRtoMax.ns / kRtoMin.ns)) - 1);
  if (boundary <= linear) return kRtoMin * ((2LL << boundary) - 1);
  return kRtoMin * ((2LL << linear) - 1) + kRtoMax * (boundary - linear);
}

/// Source: tcp_write_timeout(), retransmits_timed_out().
bool gave_up(Context& c, const Socket& s, const Extension& e) {
  if (s.state == TcpState::kSynSent || s.state == TcpState::kSynRecv) {
    return e.retransmits >= c.config.syn_retries;
  }
  if (e.retransmits == 0 || e.stalled_since == SimTime::never()) return false;
  std::int32_t retries = c.config.retries2;
  if (s.has(flag::kOrphan)) {
    retries = c.config.orphan_retries != 0     ? c.config.orphan_retries
              : current_rto(c, s, e) < kRtoMax ? 8
                                               : 0;
  }
  return c.now() - e.stalled_since >= model_timeout(retries);
}

/// tcp_write_err(): the error that ICMP hinted at, or a timeout.
void give_up(Context& c, std::uint32_t index, Upcalls& up) {
  const Socket& s = c.socket(index);
  const Extension& e = c.ext_of(s);
  const Errno soft = e.soft_error;
  const bool opening = s.state == TcpState::kSynSent;
  c.step.explain(opening ? Reason::kTcpConnectTimedOut : Reason::kTcpTimedOut, {},
                 {arg(s.tuple.remote_addr), s.tuple.remote_port, e.retransmits});
  fail_socket(c, index, soft != Errno::kNone ? soft : Errno::kTimedOut, up);
}

/// Source: tcp_retransmit_timer().
void on_retransmit(Context& c, std::uint32_t index, Upcalls& up) {
  Socket& s = c.socket(index);
  Extension& e = c.ext_of(s);
  if (e.packets_out() == 0) return;
  if (gave_up(c, s, e)) return give_up(c, index, up);
  enter_loss(c, index);
  const auto rto_ms = static_cast<std::uint32_t>(current_rto(c, s, e).ms());
  ++e.retransmits;
  if (e.backoff < 30) ++e.backoff;
  c.step.explain(s.state == TcpState::kSynSent ? Reason::kTcpSynTimeout : Reason::kTcpTimeout, {},
                 {rto_ms, e.retransmits, static_cast<std::uint32_t>(current_rto(c, s, e).ms())});
  retransmit(c, index, e.sent[e.sent_head]);
  if (e.stalled_since == SimTime::never()) e.stalled_since = c.now();
  arm(c, index, RetransmitTimer::kRetransmit, c.now() + current_rto(c, s, e));
}

/// Source: tcp_send_loss_probe().
void on_loss_probe(Context& c, std::uint32_t index) {
  Socket& s = c.socket(index);
  Extension& e = c.ext_of(s);
  if (e.packets_out() == 0) return;
  c.step.explain(Reason::kTcpLossProbe, {},
                 {arg(s.tuple.remote_addr), s.tuple.remote_port, e.packets_out()});
  e.tlp_high_seq = s.snd_nxt;
  if (!write_xmit(c, index, Push::kOneProbe)) retransmit(c, index, e.sent.back());
  e.tlp_high_seq = s.snd_nxt;
  rearm(c, index);
}

/// The reorder window is over. Source: tcp_rack_reo_timeout().
void on_reorder(Context& c, std::uint32_t index) {
  recover(c, index, {});
  retransmit_lost(c, index);
  if (c.ext_of(c.socket(index)).mode == RetransmitTimer::kNone) rearm(c, index);
}

/// Source: tcp_probe_timer(), tcp_write_wakeup().
void on_zero_window(Context& c, std::uint32_t index, Upcalls& up) {
  Socket& s = c.socket(index);
  Extension& e = c.ext_of(s);
  if (e.packets_out() > 0 || (e.queue.empty() && !fin_unsent(s, e))) return;
  if (e.probes >= (s.has(flag::kOrphan) ? 8 : c.config.retries2)) return give_up(c, index, up);
  c.step.explain(Reason::kTcpZeroWindowProbe, {},
                 {arg(s.tuple.remote_addr), s.tuple.remote_port, e.probes + 1U});
  if (!write_xmit(c, index)) {
    const std::uint32_t room = s.snd_una + s.snd_wnd - s.snd_nxt;
    if (s.snd_wnd > 0 && !e.queue.empty() && static_cast<std::int32_t>(room) > 0) {
      SentSegment& part = e.sent.emplace_back();
      part.begin = s.snd_nxt;
      part.end = s.snd_nxt + std::min({room, e.queue.size(), current_mss(s, e)});
      part.push = true;
      s.snd_nxt = part.end;
      send_queued(c, index, part);
      return rearm(c, index);
    }
    send_bare(c, index, s.snd_una - 1, tcp_flag::kAck);
  }
  if (e.packets_out() > 0) return;
  ++e.probes;
  if (e.backoff < 30) ++e.backoff;
  arm(c, index, RetransmitTimer::kZeroWindow, c.now() + current_rto(c, s, e));
}

/// Source: tcp_delack_timer_handler().
void on_delayed_ack(Context& c, std::uint32_t index) {
  Socket& s = c.socket(index);
  if (!s.has(flag::kAckScheduled)) return;
  if (s.has(flag::kPingpong)) {
    s.clear(flag::kPingpong);
    s.ato_ms = kAtoMinMs;
  } else {
    s.ato_ms = static_cast<std::uint8_t>(std::min(s.ato_ms * 2, 200));
  }
  c.step.explain(Reason::kTcpDelayedAck, {},
                 {arg(s.tuple.remote_addr), s.tuple.remote_port, s.rcv_nxt - s.rcv_wup});
  send_ack(c, index);
}

void on_retransmit_deadline(Context& c, std::uint32_t index, Upcalls& up) {
  Extension& e = c.ext_of(c.socket(index));
  const RetransmitTimer mode = e.mode;
  e.retransmit_at = SimTime::never();
  e.mode = RetransmitTimer::kNone;
  switch (mode) {
    case RetransmitTimer::kNone: break;
    case RetransmitTimer::kRetransmit: on_retransmit(c, index, up); break;
    case RetransmitTimer::kZeroWindow: on_zero_window(c, index, up); break;
    case RetransmitTimer::kLossProbe: on_loss_probe(c, index); break;
    case RetransmitTimer::kReorder: on_reorder(c, index); break;
  }
}

void socket_timer(Context& c, std::uint32_t index) {
  Socket& s = c.socket(index);
  if (s.state == TcpState::kClose) return;
  if (!s.timer.due(c.step.timers(), c.now(), TimerKind::kTcp,
                   Handle::of(Kind::kSocket, index).value)) {
    return;
  }
  const std::uint16_t generation = s.generation;
  Upcalls up = upcalls_of(s, index);
  {
    const RowWatch watch(c, index);
    Extension& e = c.ext_of(s);
    if (e.delayed_ack_at <= c.now()) {
      e.delayed_ack_at = SimTime::never();
      on_delayed_ack(c, index);
    }
    if (e.retransmit_at <= c.now()) on_retransmit_deadline(c, index, up);
    if (alive(c, index, generation)) {
      update_deadline(c, index);
      detach_if_idle(c, index);
    }
  }
  emit(c, up, {});
}

}  // namespace

void arm(Context& c, std::uint32_t index, RetransmitTimer mode, SimTime at) {
  Extension& e = c.ext_of(c.socket(index));
  e.mode = mode;
  e.retransmit_at = c.timer_at(at);
  update_deadline(c, index);
}

void cancel_retransmit(Context& c, std::uint32_t index) {
  arm(c, index, RetransmitTimer::kNone, SimTime::never());
}

void revert_backoff(Context& c, std::uint32_t index, std::uint32_t seq, Upcalls& up) {
  const Socket& s = c.socket(index);
  if (s.ext == kNoExtension) return;
  Extension& e = c.ext_of(s);
  if (seq != s.snd_una || e.retransmits == 0 || e.backoff == 0 || e.packets_out() == 0) return;
  --e.backoff;
  const SimTime due = e.sent[e.sent_head].sent + current_rto(c, s, e);
  c.step.explain(
      Reason::kTcpBackoffReverted, {},
      {arg(s.tuple.remote_addr), static_cast<std::uint32_t>(current_rto(c, s, e).ms()), 0});
  if (due > c.now()) {
    arm(c, index, RetransmitTimer::kRetransmit, due);
  } else {
    on_retransmit(c, index, up);
  }
}

void arm_delayed_ack(Context& c, std::uint32_t index, SimTime at) {
  c.ext_of(c.socket(index)).delayed_ack_at = c.timer_at(at);
  update_deadline(c, index);
}

void cancel_delayed_ack(Context& c, std::uint32_t index) {
  Extension& e = c.ext_of(c.socket(index));
  if (e.delayed_ack_at == SimTime::never()) return;
  e.delayed_ack_at = SimTime::never();
  update_deadline(c, index);
}

void rearm(Context& c, std::uint32_t index) {
  const Socket& s = c.socket(index);
  const Extension& e = c.ext_of(s);
  if (e.packets_out() == 0) return cancel_retransmit(c, index);
  const SimDuration rto = current_rto(c, s, e);
  const bool may_probe = s.state != TcpState::kSynSent && s.state != TcpState::kSynRecv &&
                         s.has(flag::kSack) && e.ca == CaState::kOpen && e.tlp_high_seq == 0 &&
                         (c.config.early_retrans == 3 || c.config.early_retrans == 4);
  if (!may_probe) return arm(c, index, RetransmitTimer::kRetransmit, c.now() + rto);
  SimDuration probe = kRtoInitial;
  if (s.srtt_us8 != 0) {
    probe = c.in_ticks({std::int64_t{s.srtt_us8 >> 2} * 1000}) +
            (e.packets_out() == 1 ? kRtoMin : kProbeSlack);
  }
  arm(c, index, RetransmitTimer::kLossProbe, c.now() + std::min(probe, rto));
}

void check_probe_timer(Context& c, std::uint32_t index) {
  const Socket& s = c.socket(index);
  if (s.ext == kNoExtension) return;
  const Extension& e = c.ext_of(s);
  if (e.packets_out() > 0 || e.mode != RetransmitTimer::kNone) return;
  if (e.queue.empty() && !fin_unsent(s, e)) return;
  arm(c, index, RetransmitTimer::kZeroWindow, c.now() + current_rto(c, s, e));
}

void on_timer(Step& step, Stack& stack, Ports ports, std::uint32_t id) {
  Context c = make_context(step, stack, ports);
  const Handle handle{id};
  switch (handle.kind()) {
    case Kind::kSocket: return socket_timer(c, handle.index());
    case Kind::kRequest: return request_timer(c, handle.index());
    case Kind::kTimeWait: return time_wait_timer(c, handle.index());
    case Kind::kListener: return;
  }
}

}  // namespace lvslab::tcp
