// Segments on their way in: checks, demultiplexing, and the synchronized states.
// Source: net/ipv4/tcp_ipv4.c: tcp_v4_rcv(), net/ipv4/tcp_input.c.
#include "sim/tcp/engine.h"

namespace lvslab::tcp {
namespace {

/// tcp_oow_rate_limited(): answers to bare segments outside the window are at most one in 500 ms.
bool rate_limited(Context& c, std::uint32_t index, const Segment& segment) {
  if (segment.begin() != segment.end() && !segment.has(tcp_flag::kSyn)) return false;
  Extension& e = attach(c, index);
  if ((c.now() - e.last_challenge).ms() < c.config.invalid_ratelimit) return true;
  e.last_challenge = c.now();
  return false;
}

/// tcp_send_dupack(): tells the peer where we are.
void send_dup_ack(Context& c, std::uint32_t index, const Segment& segment) {
  Socket& s = c.socket(index);
  if (segment.end() != segment.begin() && before(segment.begin(), s.rcv_nxt)) {
    enter_quickack(s);
    note_dsack(c, index, segment.begin(),
               before(s.rcv_nxt, segment.end()) ? s.rcv_nxt : segment.end());
  }
  send_ack(c, index);
}

/// tcp_disordered_ack(): an old duplicate ACK does no harm.
bool harmless_old_ack(const Socket& s, const Segment& segment) {
  return segment.has(tcp_flag::kAck) && segment.begin() == segment.end() &&
         segment.begin() == s.rcv_nxt && segment.tcp.ack == s.snd_una &&
         static_cast<std::uint32_t>(segment.tcp.window) << s.snd_scale() == s.snd_wnd;
}

bool fails_paws(const Socket& s, const Segment& segment) {
  if (!s.has(flag::kTimestamps) || !segment.tcp.timestamps) return false;
  const auto age = static_cast<std::int32_t>(s.ts_recent - segment.tcp.timestamps->value);
  return age > 1 && !harmless_old_ack(s, segment);
}

/// The RST is exactly where it must be, or at the end of what we SACKed (RFC 5961 §3.2).
bool reset_is_exact(Context& c, const Socket& s, const Segment& segment) {
  if (segment.begin() == s.rcv_nxt) return true;
  if (s.ext == kNoExtension) return false;
  const Extension& e = c.ext_of(s);
  std::uint32_t last = s.rcv_nxt;
  for (std::uint8_t i = 0; i < e.sack_count; ++i) {
    if (after(e.sacks[i].end, last)) last = e.sacks[i].end;
  }
  return e.sack_count > 0 && segment.begin() == last;
}

/// Source: tcp_reset().
void take_reset(Context& c, std::uint32_t index, const Segment& segment, Upcalls& up) {
  const Socket& s = c.socket(index);
  c.step.explain(Reason::kTcpReset, segment.dev,
                 {arg(segment.src), segment.tcp.src_port, static_cast<std::uint32_t>(s.state)});
  fail_socket(c, index, s.state == TcpState::kCloseWait ? Errno::kPipe : Errno::kConnReset, up);
}

/// The checks of tcp_validate_incoming(); false if the segment is done with.
bool acceptable(Context& c, std::uint32_t index, const Segment& segment, Upcalls& up) {
  Socket& s = c.socket(index);
  const bool rst = segment.has(tcp_flag::kRst);
  if (fails_paws(s, segment) && !rst) {
    discard(c, segment, Reason::kTcpPawsRejected, {segment.tcp.timestamps->value, s.ts_recent, 0});
    if (!rate_limited(c, index, segment)) send_dup_ack(c, index, segment);
    return false;
  }
  const std::uint32_t window = receive_window(s);
  if (before(segment.end(), s.rcv_wup) || after(segment.begin(), s.rcv_nxt + window)) {
    if (!rst && segment.has(tcp_flag::kSyn)) {
      challenge_ack(c, index, Reason::kTcpChallengeSyn, segment);
    } else {
      discard(c, segment, Reason::kTcpOutOfWindow, {segment.begin(), s.rcv_nxt, window});
      if (!rst && !rate_limited(c, index, segment)) send_dup_ack(c, index, segment);
    }
    return false;
  }
  if (rst) {
    if (reset_is_exact(c, s, segment)) {
      take_reset(c, index, segment, up);
    } else {
      challenge_ack(c, index, Reason::kTcpChallengeRst, segment);
    }
    return false;
  }
  if (segment.has(tcp_flag::kSyn)) {
    challenge_ack(c, index, Reason::kTcpChallengeSyn, segment);
    return false;
  }
  if (!segment.has(tcp_flag::kAck)) {
    discard(c, segment, Reason::kTcpNoAckFlag);
    return false;
  }
  return true;
}

/// The FIN that we sent is acknowledged.
bool fin_acked(Context& c, const Socket& s) {
  return s.has(flag::kFinQueued) && s.ext != kNoExtension &&
         s.snd_una == write_seq(c.ext_of(s)) + 1;
}

/// FIN_WAIT1, our FIN acknowledged. False if the socket is gone.
bool leave_fin_wait1(Context& c, std::uint32_t index, const Segment& segment) {
  Socket& s = c.socket(index);
  s.state = TcpState::kFinWait2;
  c.step.explain(Reason::kTcpFinAcked, segment.dev,
                 {arg(segment.src), segment.tcp.src_port, s.tuple.local_port});
  if (!s.has(flag::kOrphan)) return true;
  if (segment.length > 0 || segment.has(tcp_flag::kFin)) return true;
  enter_time_wait(c, index, TcpState::kFinWait2,
                  SimDuration{static_cast<std::int64_t>(c.config.fin_timeout) * 1'000'000'000});
  return false;
}

/// What an acceptable ACK does to the state; false if the segment is done with.
bool advance_state(Context& c, std::uint32_t index, const Segment& segment, int ack, Upcalls& up) {
  Socket& s = c.socket(index);
  switch (s.state) {
    case TcpState::kSynRecv:  // simultaneous open
      if (ack <= 0) {
        send_reset(c, segment);
        return false;
      }
      s.state = TcpState::kEstablished;
      init_buffer_space(c, s, s.rcv_mss);
      s.rcv_mss = std::min(s.rcv_mss, kDefaultMss);
      c.step.explain(Reason::kTcpEstablished, segment.dev,
                     {arg(segment.src), segment.tcp.src_port, s.tuple.local_port});
      up.connected = true;
      return true;
    case TcpState::kFinWait1:
      if (!fin_acked(c, s)) return true;
      up.fin_acked = s.has(flag::kLingers);
      return leave_fin_wait1(c, index, segment);
    case TcpState::kClosing:
      if (!fin_acked(c, s)) return true;
      up.fin_acked = s.has(flag::kLingers);
      enter_time_wait(c, index, TcpState::kTimeWait, kTimeWaitLength);
      return false;
    case TcpState::kLastAck:
      if (!fin_acked(c, s)) return true;
      up.fin_acked = s.has(flag::kLingers);
      c.step.explain(Reason::kTcpClosed, segment.dev,
                     {arg(segment.src), segment.tcp.src_port, s.tuple.local_port});
      remember_peer(c, index);
      free_socket(c, index);
      return false;
    default: return true;
  }
}

/// Data for a program that is gone: RST. Source: tcp_rcv_state_process(), TCPABORTONDATA.
bool refuse_late_data(Context& c, std::uint32_t index, const Segment& segment) {
  const Socket& s = c.socket(index);
  const bool waiting = s.state == TcpState::kFinWait1 || s.state == TcpState::kFinWait2;
  if (!waiting || !s.has(flag::kOrphan) || segment.length == 0 ||
      !after(segment.begin() + segment.length, s.rcv_nxt)) {
    return false;
  }
  c.step.explain(Reason::kTcpDataAfterClose, segment.dev,
                 {arg(segment.src), segment.tcp.src_port, segment.length});
  send_reset(c, segment);
  free_socket(c, index);
  return true;
}

/// No socket wants the segment.
void refuse(Context& c, const Segment& segment) {
  if (segment.has(tcp_flag::kRst)) {
    discard(c, segment, Reason::kTcpResetIgnored,
            {arg(segment.src), segment.tcp.src_port, segment.tcp.dst_port});
    return;
  }
  const bool syn = segment.has(tcp_flag::kSyn), ack = segment.has(tcp_flag::kAck);
  const Reason why = syn && ack ? Reason::kTcpUnknownSynAck
                     : syn      ? Reason::kTcpNoListener
                                : Reason::kTcpNoConnection;
  c.step.explain(why, segment.dev, {arg(segment.src), segment.tcp.src_port, segment.tcp.dst_port});
  send_reset(c, segment);
}

void dispatch(Context& c, const Segment& segment) {
  const Handle handle = find_connection(c.tables, segment.tuple());
  if (!handle.valid()) {
    const std::uint32_t listener = find_listener(c.tables, {segment.dst, segment.tcp.dst_port});
    if (listener != kNone) return receive_on_listener(c, listener, segment);
    return refuse(c, segment);
  }
  if (handle.kind() == Kind::kRequest) return receive_on_request(c, handle.index(), segment);
  if (handle.kind() == Kind::kTimeWait) return receive_on_time_wait(c, handle.index(), segment);
  const std::uint32_t index = handle.index();
  Upcalls up = upcalls_of(c.socket(index), index);
  {
    const RowWatch watch(c, index);
    if (c.socket(index).state == TcpState::kSynSent) {
      receive_syn_sent(c, index, segment, up);
    } else {
      process_synchronized(c, index, segment, up);
    }
  }
  emit(c, up, segment.frame);
}

}  // namespace

void discard(Context& c, const Segment& segment, Reason why, Step::Arguments args) {
  if (!c.step.tracing()) return;
  c.step.frames().retain(segment.frame);
  c.step.drop(segment.frame, why, segment.dev, args);
}

bool alive(Context& c, std::uint32_t index, std::uint16_t generation) {
  const Socket& s = c.socket(index);
  return s.state != TcpState::kClose && s.generation == generation;
}

void challenge_ack(Context& c, std::uint32_t index, Reason why, const Segment& segment) {
  discard(c, segment, why, {arg(segment.src), segment.tcp.src_port, segment.begin()});
  if (!rate_limited(c, index, segment)) send_ack(c, index);
}

void process_synchronized(Context& c, std::uint32_t index, const Segment& segment, Upcalls& up) {
  const std::uint16_t generation = c.socket(index).generation;
  if (!acceptable(c, index, segment, up)) {
    if (alive(c, index, generation)) detach_if_idle(c, index);
    return;
  }
  const int ack = handle_ack(c, index, segment, up);
  if (ack < 0) {
    discard(c, segment, Reason::kTcpAckUnsent, {segment.tcp.ack, c.socket(index).snd_nxt, 0});
    if (c.socket(index).state != TcpState::kEstablished) send_ack(c, index);
    return;
  }
  if (!advance_state(c, index, segment, ack, up)) return;
  if (refuse_late_data(c, index, segment)) return;
  const bool carries = segment.length > 0 || segment.has(tcp_flag::kFin);
  if (carries) receive_data(c, index, segment, up);
  if (!alive(c, index, generation)) return;
  const Socket& s = c.socket(index);
  if (s.ext != kNoExtension && (!c.ext_of(s).queue.empty() || s.has(flag::kFinQueued))) {
    write_xmit(c, index);
    check_probe_timer(c, index);
  }
  if (s.has(flag::kAckScheduled)) ack_check(c, index, up.data_length > 0 || !up.more.empty());
  detach_if_idle(c, index);
}

void receive(Step& step, Stack& stack, Ports ports, Packet packet) {
  FramePool& frames = step.frames();
  const Ipv4Repr& ip = packet.ip;
  if (packet.link_broadcast || ip.dst.is_multicast() || ip.dst.is_broadcast()) {
    return step.drop(packet.frame, Reason::kTcpBroadcast, packet.in_dev, {arg(ip.dst), 0, 0});
  }
  const Bytes bytes = ipv4_payload(frames.bytes(packet.frame), ip);
  const WireResult<TcpRepr> parsed = TcpRepr::parse(bytes);
  if (!parsed) return step.drop(packet.frame, Reason::kTcpMalformed, packet.in_dev);
  if (!tcp_checksum_ok(bytes, ip.src, ip.dst)) {
    return step.drop(packet.frame, Reason::kTcpBadChecksum, packet.in_dev,
                     {arg(ip.src), parsed->src_port, load_be16(bytes.data() + 16)});
  }
  const std::size_t header = tcp_header_length(bytes);
  const Segment segment{.tcp = *parsed,
                        .src = ip.src,
                        .dst = ip.dst,
                        .frame = packet.frame,
                        .dev = packet.in_dev,
                        .payload_offset = static_cast<std::uint16_t>(ip.header_length + header),
                        .length = static_cast<std::uint16_t>(bytes.size() - header),
                        .tos = ip.tos};
  if (stack.tables.empty()) {  // a host without sockets stays one
    Tables none;
    Context c{step, stack, none, ports, stack.config()};
    refuse(c, segment);
  } else {
    Context c = make_context(step, stack, ports);
    dispatch(c, segment);
  }
  frames.release(packet.frame);
}

}  // namespace lvslab::tcp
