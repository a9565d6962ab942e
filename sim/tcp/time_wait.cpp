// TIME_WAIT, and FIN_WAIT2 of closed sockets: what answers for a connection that is over.
// Source: net/ipv4/tcp_minisocks.c: tcp_time_wait(), tcp_timewait_state_process();
// RFC 9293 §3.6, RFC 6191.
#include "sim/tcp/engine.h"

namespace lvslab::tcp {
namespace {

void arm_rest(Context& c, std::uint32_t index, SimDuration length) {
  c.tables.time_waits[index].timer.set(c.step.timers(), c.timer_at(c.now() + length),
                                       TimerKind::kTcp, Handle::of(Kind::kTimeWait, index).value);
}

void answer(Context& c, TimeWait& w, const Segment& segment) {
  // tcp_oow_rate_limited(): what has a number of its own, a FIN too, belongs to no loop of ACKs.
  if (segment.begin() == segment.end() || segment.has(tcp_flag::kSyn)) {
    if (w.last_ack_ms != 0 &&
        c.now_ms() - w.last_ack_ms < static_cast<std::uint32_t>(c.config.invalid_ratelimit)) {
      return;
    }
    w.last_ack_ms = std::max(c.now_ms(), 1U);
  }
  send_answer(c, w.tuple,
              {.seq = w.snd_nxt,
               .ack = w.rcv_nxt,
               .flags = tcp_flag::kAck,
               .window = w.window,
               .timestamps = w.timestamps,
               .ts_echo = w.ts_recent,
               .oif = w.bound_dev,
               .tos = w.throughput ? kTosThroughput : std::uint8_t{0}});
}

bool fails_paws(const TimeWait& w, const Segment& segment) {
  return w.timestamps && segment.tcp.timestamps && !segment.has(tcp_flag::kRst) &&
         static_cast<std::int32_t>(w.ts_recent - segment.tcp.timestamps->value) > 0;
}

void take_timestamp(Context& c, TimeWait& w, const Segment& segment) {
  if (!w.timestamps || !segment.tcp.timestamps) return;
  w.ts_recent = segment.tcp.timestamps->value;
  w.since_ms = c.now_ms();
}

Step::Arguments who(const Segment& segment) {
  return {arg(segment.src), segment.tcp.src_port, segment.tcp.dst_port};
}

/// The program is gone, the peer's FIN is still to come.
void receive_in_fin_wait2(Context& c, std::uint32_t index, const Segment& segment) {
  TimeWait& w = c.tables.time_waits[index];
  const std::uint32_t window = static_cast<std::uint32_t>(w.window) << w.rcv_scale;
  const bool outside = before(segment.end(), w.rcv_nxt) ||
                       !before(segment.begin(), w.rcv_nxt + std::max(window, 1U));
  if (fails_paws(w, segment) || outside) {
    discard(c, segment, Reason::kTcpOutOfWindow, {segment.begin(), w.rcv_nxt, window});
    if (!segment.has(tcp_flag::kRst)) answer(c, w, segment);
    return;
  }
  if (segment.has(tcp_flag::kRst)) {
    c.step.explain(Reason::kTcpReset, segment.dev,
                   {arg(segment.src), segment.tcp.src_port, static_cast<std::uint32_t>(w.state)});
    return free_time_wait(c, index);
  }
  const bool fresh = segment.has(tcp_flag::kAck) && after(segment.end(), w.rcv_nxt) &&
                     segment.end() != segment.begin();
  if (!fresh && !segment.has(tcp_flag::kSyn)) return;
  if (segment.has(tcp_flag::kSyn) || !segment.has(tcp_flag::kFin) ||
      segment.end() != w.rcv_nxt + 1) {
    c.step.explain(Reason::kTcpDataAfterClose, segment.dev,
                   {arg(segment.src), segment.tcp.src_port, segment.length});
    send_reset(c, segment);
    return free_time_wait(c, index);
  }
  if (c.step.tracing()) row_removed(c, Handle::of(Kind::kTimeWait, index));
  w.state = TcpState::kTimeWait;
  w.rcv_nxt = segment.end();
  take_timestamp(c, w, segment);
  if (c.step.tracing()) row_added(c, Handle::of(Kind::kTimeWait, index));
  c.step.explain(Reason::kTcpTimeWait, segment.dev, who(segment));
  w.timer.cancel();
  arm_rest(c, index, kTimeWaitLength);
  send_answer(c, w.tuple,
              {.seq = w.snd_nxt,
               .ack = w.rcv_nxt,
               .flags = tcp_flag::kAck,
               .window = w.window,
               .timestamps = w.timestamps,
               .ts_echo = w.ts_recent,
               .oif = w.bound_dev,
               .tos = w.throughput ? kTosThroughput : std::uint8_t{0}});
}

/// A SYN that is newer than all of the old connection may open a new one (RFC 9293 §3.6.1).
bool opens_anew(const TimeWait& w, const Segment& segment) {
  if (!segment.has(tcp_flag::kSyn) || segment.has(tcp_flag::kRst) || segment.has(tcp_flag::kAck) ||
      fails_paws(w, segment)) {
    return false;
  }
  const bool newer_time =
      w.timestamps && segment.tcp.timestamps &&
      static_cast<std::int32_t>(w.ts_recent - segment.tcp.timestamps->value) < 0;
  return after(segment.begin(), w.rcv_nxt) || newer_time;
}

}  // namespace

void enter_time_wait(Context& c, std::uint32_t index, TcpState state, SimDuration length) {
  const Socket s = c.socket(index);
  if (state == TcpState::kTimeWait) {
    c.step.explain(Reason::kTcpTimeWait, {},
                   {arg(s.tuple.remote_addr), s.tuple.remote_port, s.tuple.local_port});
  }
  remember_peer(c, index);
  free_socket(c, index);
  if (c.tables.time_waits.in_use() >= static_cast<std::uint32_t>(c.config.max_tw_buckets)) {
    c.step.explain(Reason::kTcpTimeWaitOverflow, {}, {c.tables.time_waits.in_use(), 0, 0});
    return;
  }
  const std::uint32_t slot = c.tables.time_waits.acquire();
  TimeWait& w = c.tables.time_waits[slot];
  w.tuple = s.tuple;
  w.generation = next_generation(c.tables);
  w.state = state;
  w.snd_nxt = s.snd_nxt;
  w.rcv_nxt = s.rcv_nxt;
  w.ts_recent = s.ts_recent;
  w.since_ms = c.now_ms();
  w.timestamps = s.has(flag::kTimestamps);
  w.rcv_scale = static_cast<std::uint8_t>(s.rcv_scale());
  w.window = static_cast<std::uint16_t>(std::min(receive_window(s) >> s.rcv_scale(), 65'535U));
  w.bound_dev = s.bound_dev;
  w.throughput = s.throughput;
  insert_connection(c.tables, w.tuple, Handle::of(Kind::kTimeWait, slot));
  if (c.step.tracing()) row_added(c, Handle::of(Kind::kTimeWait, slot));
  arm_rest(c, slot, length);
}

void free_time_wait(Context& c, std::uint32_t index) {
  TimeWait& w = c.tables.time_waits[index];
  if (c.step.tracing()) row_removed(c, Handle::of(Kind::kTimeWait, index));
  erase_connection(c.tables, w.tuple, Handle::of(Kind::kTimeWait, index));
  w.state = TcpState::kClose;
  w.timer.cancel();
  c.tables.time_waits.release(index);
}

void receive_on_time_wait(Context& c, std::uint32_t index, const Segment& segment) {
  TimeWait& w = c.tables.time_waits[index];
  if (w.state == TcpState::kFinWait2) return receive_in_fin_wait2(c, index, segment);
  const bool rst = segment.has(tcp_flag::kRst);
  const bool paws = fails_paws(w, segment);
  if (!paws && segment.begin() == w.rcv_nxt && (segment.begin() == segment.end() || rst)) {
    if (rst && c.config.rfc1337 == 0) {
      c.step.explain(Reason::kTcpTimeWaitReset, segment.dev, who(segment));
      return free_time_wait(c, index);
    }
    arm_rest(c, index, kTimeWaitLength);
    take_timestamp(c, w, segment);
    return;
  }
  if (opens_anew(w, segment)) {
    const std::uint32_t listener = find_listener(c.tables, {segment.dst, segment.tcp.dst_port});
    if (listener != kNone) {
      const std::uint32_t isn = w.snd_nxt + 65'535 + 2;
      c.step.explain(Reason::kTcpTimeWaitReused, segment.dev, who(segment));
      free_time_wait(c, index);
      return receive_on_listener(c, listener, segment, isn == 0 ? 1 : isn);
    }
  }
  if (rst) return discard(c, segment, Reason::kTcpResetIgnored, who(segment));
  if (paws || segment.has(tcp_flag::kAck)) arm_rest(c, index, kTimeWaitLength);
  c.step.explain(Reason::kTcpTimeWaitAnswers, segment.dev, who(segment));
  answer(c, w, segment);
}

void time_wait_timer(Context& c, std::uint32_t index) {
  TimeWait& w = c.tables.time_waits[index];
  if (w.state == TcpState::kClose || !w.timer.due(c.step.timers(), c.now(), TimerKind::kTcp,
                                                  Handle::of(Kind::kTimeWait, index).value)) {
    return;
  }
  c.step.explain(
      w.state == TcpState::kTimeWait ? Reason::kTcpTimeWaitOver : Reason::kTcpFinWait2Over, {},
      {arg(w.tuple.remote_addr), w.tuple.remote_port, w.tuple.local_port});
  free_time_wait(c, index);
}

}  // namespace lvslab::tcp
