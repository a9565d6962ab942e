// The three-way handshake from both sides, and the two at once.
// Source: net/ipv4/tcp_input.c: tcp_conn_request(), tcp_rcv_synsent_state_process();
// net/ipv4/tcp_minisocks.c: tcp_check_req(); net/ipv4/inet_connection_sock.c:
// reqsk_timer_handler(); RFC 9293 §3.5.
#include <utility>

#include "sim/tcp/engine.h"

namespace lvslab::tcp {
namespace {

std::uint16_t initial_rcv_mss(std::uint32_t adv_mss, std::uint32_t mss, std::uint32_t window) {
  const std::uint32_t guess = std::min({adv_mss, mss, window / 2, std::uint32_t{kDefaultMss}});
  return static_cast<std::uint16_t>(std::max<std::uint32_t>(guess, kMinMss));
}

std::uint16_t send_mss(std::uint32_t peer_mss, std::uint32_t adv_mss, bool timestamps) {
  const std::uint32_t mss = std::min(peer_mss, adv_mss) - (timestamps ? 12U : 0U);
  return static_cast<std::uint16_t>(std::max<std::uint32_t>(mss, 48));
}

/// Takes over what the peer's SYN offers and we asked for.
void take_options(const Context& c, Socket& s, const TcpRepr& tcp) {
  const std::uint8_t own_scale = static_cast<std::uint8_t>(s.rcv_scale());
  s.scales = 0;
  if (tcp.timestamps && c.config.timestamps != 0) {
    s.set(flag::kTimestamps);
    s.ts_recent = tcp.timestamps->value;
  }
  if (tcp.sack_permitted && c.config.sack != 0) s.set(flag::kSack);
  if (tcp.window_scale && c.config.window_scaling != 0) {
    s.set(flag::kWindowScale);
    s.scales = static_cast<std::uint8_t>(*tcp.window_scale << 4 | own_scale);
  }
  s.mss = send_mss(tcp.mss.value_or(kDefaultMss), s.rcv_mss, s.has(flag::kTimestamps));
}

/// The error of tcp_v4_send_synack(): what iptables or IPVS said to the packet.
Errno send_syn_ack(Context& c, Request& r) {
  TcpRepr tcp;
  tcp.src_port = r.tuple.local_port;
  tcp.dst_port = r.tuple.remote_port;
  tcp.seq = r.snd_isn;
  tcp.ack = r.rcv_isn + 1;
  tcp.flags = tcp_flag::kSyn | tcp_flag::kAck;
  tcp.window = static_cast<std::uint16_t>(std::min(r.rcv_wnd, 65'535U));
  tcp.mss = r.adv_mss;
  tcp.sack_permitted = (r.flags & flag::kSack) != 0;
  if ((r.flags & flag::kWindowScale) != 0) {
    tcp.window_scale = static_cast<std::uint8_t>(r.scales & 0xf);
  }
  if ((r.flags & flag::kTimestamps) != 0) {
    tcp.timestamps = TcpTimestamps{timestamp_now(c, r.tuple), r.ts_recent};
  }
  FramePool& frames = c.step.frames();
  const FrameRef frame = frames.allocate(tcp.header_length());
  tcp.emit(frames.writable(frame), r.tuple.local_addr, r.tuple.remote_addr);
  IpSend how;
  how.src = r.tuple.local_addr;
  how.dst = r.tuple.remote_addr;
  how.protocol = IpProto::kTcp;
  how.id = 0;  // ip_build_and_send_pkt() with DF
  how.id_given = true;
  return c.ports.ip.send(c.step, how, frame);
}

void arm_request(Context& c, std::uint32_t index) {
  Request& r = c.tables.requests[index];
  const SimDuration wait = std::min(kRtoInitial * (1LL << std::min<int>(r.timeouts, 20)), kRtoMax);
  r.timer.set(c.step.timers(), c.timer_at(c.now() + wait), TimerKind::kTcp,
              Handle::of(Kind::kRequest, index).value);
}

void fill_request(Context& c, Request& r, const Segment& segment, std::uint32_t mtu) {
  const TcpRepr& tcp = segment.tcp;
  r.tuple = segment.tuple();
  r.rcv_isn = segment.begin();
  r.adv_mss = advertised_mss(mtu);
  r.peer_mss = tcp.mss.value_or(kDefaultMss);
  if (tcp.timestamps && c.config.timestamps != 0) {
    r.flags |= flag::kTimestamps;
    r.ts_recent = tcp.timestamps->value;
  }
  if (tcp.sack_permitted && c.config.sack != 0) r.flags |= flag::kSack;
  const bool scaling = tcp.window_scale && c.config.window_scaling != 0;
  const std::uint32_t taken = (r.flags & flag::kTimestamps) != 0 ? 12 : 0;
  const InitialWindow window = initial_window(c.config, r.adv_mss - taken, scaling);
  r.rcv_wnd = window.window;
  if (scaling) {
    r.flags |= flag::kWindowScale;
    r.scales = static_cast<std::uint8_t>(*tcp.window_scale << 4 | window.scale);
  }
}

/// The first round-trip time: from `sent`, or, where a repetition blurs that, by the timestamp that
/// comes back. Source: tcp_synack_rtt_meas(), tcp_ack_update_rtt().
void measure_handshake(Context& c, Socket& s, Extension& e, const Segment& segment, SimTime sent) {
  std::int64_t rtt_us = -1;
  if (sent != SimTime::never()) {
    rtt_us = (c.now() - sent).us();
  } else if (s.has(flag::kTimestamps) && segment.tcp.timestamps &&
             segment.tcp.timestamps->echo != 0) {
    rtt_us = std::int64_t{timestamp_now(c, s.tuple) - segment.tcp.timestamps->echo} * 1000;
  }
  if (rtt_us < 0) return;
  update_rtt(s, e, static_cast<std::uint32_t>(std::max<std::int64_t>(rtt_us, 1)));
}

/// What the handshake of a slow path tells of the round-trip time, for the timeouts to come.
void keep_measure(Context& c, std::uint32_t index, const Extension& measure) {
  Extension& e = attach(c, index);
  e.mdev_us = measure.mdev_us;
  e.mdev_max_us = measure.mdev_max_us;
  e.rtt_seq = measure.rtt_seq;
  e.min_rtt_us = measure.min_rtt_us;
}

/// A repeated SYN is answered again, but not too often, and the SYN-ACK's timer starts anew.
/// Source: tcp_check_req(), tcp_oow_rate_limited().
void answer_again(Context& c, std::uint32_t index) {
  Request& r = c.tables.requests[index];
  if (r.answered_ms != 0 &&
      c.now_ms() - r.answered_ms < static_cast<std::uint32_t>(c.config.invalid_ratelimit)) {
    return;
  }
  r.answered_ms = std::max(c.now_ms(), 1U);
  if (send_syn_ack(c, r) == Errno::kPerm) return;
  if (r.repeats < 255) ++r.repeats;
  arm_request(c, index);
}

/// The request becomes a connection. Source: tcp_v4_syn_recv_sock(), tcp_create_openreq_child().
std::uint32_t make_child(Context& c, std::uint32_t request, const Segment& segment) {
  const Request r = c.tables.requests[request];
  const Listener& listener = c.tables.listeners[r.listener];
  drop_request(c, request);
  const std::uint32_t index = new_socket(c, r.tuple);
  Socket& s = c.socket(index);
  s.owner = listener.owner;
  s.cookie = listener.cookie;
  s.state = TcpState::kEstablished;
  s.flags = static_cast<std::uint16_t>(r.flags);
  s.scales = r.scales;
  s.snd_una = s.snd_nxt = r.snd_isn + 1;
  s.rcv_nxt = s.rcv_wup = r.rcv_isn + 1;
  s.rcv_wnd = s.rcv_ssthresh = r.rcv_wnd;
  s.ts_recent = r.ts_recent;
  s.snd_wnd = static_cast<std::uint32_t>(segment.tcp.window) << s.snd_scale();
  s.snd_wl1 = segment.begin();
  s.mss = send_mss(r.peer_mss, r.adv_mss, s.has(flag::kTimestamps));
  s.rcv_mss = initial_rcv_mss(r.adv_mss, s.mss, s.rcv_wnd);
  s.sent_ms = c.now_ms();
  init_buffer_space(c, s, r.adv_mss);
  Extension measure;
  measure_handshake(c, s, measure, segment, r.repeats == 0 ? r.sent : SimTime::never());
  if (std::cmp_greater(s.rttvar_us, kRtoMin.us())) keep_measure(c, index, measure);
  if (r.repeats > 1) s.cwnd = 1;
  seed_rto(c, index);
  if (c.step.tracing()) row_added(c, Handle::of(Kind::kSocket, index));
  return index;
}

void establish_child(Context& c, std::uint32_t request, const Segment& segment) {
  const Request& r = c.tables.requests[request];
  const Listener& listener = c.tables.listeners[r.listener];
  const SocketId from = make_id(Kind::kListener, listener.generation, r.listener);
  const std::uint32_t index = make_child(c, request, segment);
  c.step.explain(Reason::kTcpEstablished, segment.dev,
                 {arg(segment.src), segment.tcp.src_port, segment.tcp.dst_port});
  Upcalls up = upcalls_of(c.socket(index), index);
  up.accepted = true;
  up.listener = from;
  {
    const RowWatch watch(c, index);
    process_synchronized(c, index, segment, up);
  }
  emit(c, up, segment.frame);
}

/// Our SYN is answered. Source: tcp_finish_connect().
void complete_connect(Context& c, std::uint32_t index, const Segment& segment, Upcalls& up) {
  Socket& s = c.socket(index);
  Extension& e = c.ext_of(s);
  const std::uint32_t adv_mss = s.rcv_mss;
  take_options(c, s, segment.tcp);
  s.rcv_nxt = s.rcv_wup = segment.begin() + 1;
  s.snd_una = segment.tcp.ack;
  s.snd_wnd = segment.tcp.window;
  s.snd_wl1 = segment.begin();
  s.state = TcpState::kEstablished;
  s.received_ms = s.sent_ms = c.now_ms();
  s.rcv_mss = initial_rcv_mss(adv_mss, s.mss, s.rcv_wnd);
  init_buffer_space(c, s, adv_mss);
  const SentSegment& syn = e.sent[e.sent_head];
  measure_handshake(c, s, e, segment, syn.ever_retransmitted ? SimTime::never() : syn.sent);
  s.cwnd = e.retransmits > 1 ? 1 : kInitialCwnd;
  s.ssthresh = kInfiniteSsthresh;
  const std::uint32_t queue_seq = s.snd_nxt;
  e.sent.clear();
  e.sent_head = e.lost_out = e.retrans_out = e.sacked_out = 0;
  e.ca = CaState::kOpen;
  e.cubic = {};
  e.retransmits = e.backoff = 0;
  e.stalled_since = SimTime::never();
  e.queue.begin_at(queue_seq);
  e.pushed_seq = e.small_seq = e.cwnd_usage_seq = queue_seq;
  cancel_retransmit(c, index);
  c.step.explain(Reason::kTcpConnected, segment.dev,
                 {arg(segment.src), segment.tcp.src_port, s.tuple.local_port});
  up.connected = true;
  seed_rto(c, index);
  send_ack(c, index);
  detach_if_idle(c, index);
}

/// Two SYNs cross. Source: tcp_rcv_synsent_state_process(), RFC 9293 §3.5 figure 7.
void cross_syns(Context& c, std::uint32_t index, const Segment& segment) {
  Socket& s = c.socket(index);
  const std::uint16_t adv_mss = s.rcv_mss;
  take_options(c, s, segment.tcp);
  s.rcv_mss = adv_mss;
  s.state = TcpState::kSynRecv;
  s.rcv_nxt = s.rcv_wup = segment.begin() + 1;
  s.snd_wnd = segment.tcp.window;
  s.snd_wl1 = segment.begin();
  c.step.explain(Reason::kTcpSimultaneousOpen, segment.dev,
                 {arg(segment.src), segment.tcp.src_port, s.tuple.local_port});
  Extension& e = c.ext_of(s);
  send_queued(c, index, e.sent[e.sent_head]);
}

/// True if the segment ends the request. Source: the embryonic_reset label of tcp_check_req().
bool ends_request(Context& c, std::uint32_t request, const Segment& segment) {
  if (!segment.has(tcp_flag::kRst) && !segment.has(tcp_flag::kSyn)) return false;
  c.step.explain(Reason::kTcpRequestReset, segment.dev,
                 {arg(segment.src), segment.tcp.src_port, segment.tcp.dst_port});
  if (!segment.has(tcp_flag::kRst)) send_reset(c, segment);
  drop_request(c, request);
  return true;
}

}  // namespace

void receive_on_listener(Context& c, std::uint32_t index, const Segment& segment,
                         std::uint32_t isn) {
  Listener& listener = c.tables.listeners[index];
  const Step::Arguments who{arg(segment.src), segment.tcp.src_port, segment.tcp.dst_port};
  if (segment.has(tcp_flag::kRst)) return discard(c, segment, Reason::kTcpResetIgnored, who);
  if (segment.has(tcp_flag::kAck)) {
    c.step.explain(
        segment.has(tcp_flag::kSyn) ? Reason::kTcpUnknownSynAck : Reason::kTcpNoConnection,
        segment.dev, who);
    return send_reset(c, segment);
  }
  if (!segment.has(tcp_flag::kSyn) || segment.has(tcp_flag::kFin)) {
    return discard(c, segment, Reason::kTcpNoAckFlag);
  }
  if (isn == 0 && listener.requests >= listener.backlog) {
    return discard(c, segment, Reason::kTcpBacklogFull,
                   {segment.tcp.dst_port, listener.requests, listener.backlog});
  }
  IpSend how;
  how.src = segment.dst;
  how.dst = segment.src;
  how.protocol = IpProto::kTcp;
  const auto route = c.ports.ip.route(c.step, how);
  if (!route) return discard(c, segment, Reason::kTcpSynNoRoute, {arg(segment.src), 0, 0});
  const std::uint32_t slot = c.tables.requests.acquire();
  Request& r = c.tables.requests[slot];
  fill_request(c, r, segment, route->mtu);
  r.used = true;
  r.generation = next_generation(c.tables);
  r.listener = index;
  r.snd_isn = isn != 0 ? isn : initial_sequence(c, r.tuple);
  r.sent = c.now();
  ++listener.requests;
  insert_connection(c.tables, r.tuple, Handle::of(Kind::kRequest, slot));
  c.step.explain(Reason::kTcpSynAccepted, segment.dev, who);
  if (c.step.tracing()) row_added(c, Handle::of(Kind::kRequest, slot));
  send_syn_ack(c, r);
  arm_request(c, slot);
}

void drop_request(Context& c, std::uint32_t index) {
  Request& r = c.tables.requests[index];
  if (c.step.tracing()) row_removed(c, Handle::of(Kind::kRequest, index));
  erase_connection(c.tables, r.tuple, Handle::of(Kind::kRequest, index));
  --c.tables.listeners[r.listener].requests;
  r.used = false;
  r.timer.cancel();
  c.tables.requests.release(index);
}

void request_timer(Context& c, std::uint32_t index) {
  Request& r = c.tables.requests[index];
  if (!r.used || !r.timer.due(c.step.timers(), c.now(), TimerKind::kTcp,
                              Handle::of(Kind::kRequest, index).value)) {
    return;
  }
  const Step::Arguments who{arg(r.tuple.remote_addr), r.tuple.remote_port, r.timeouts};
  if (r.timeouts >= c.config.synack_retries) {
    c.step.explain(Reason::kTcpRequestExpired, {}, who);
    return drop_request(c, index);
  }
  ++r.timeouts;
  c.step.explain(Reason::kTcpSynAckTimeout, {},
                 {arg(r.tuple.remote_addr), r.tuple.remote_port, r.timeouts});
  if (send_syn_ack(c, r) == Errno::kPerm) {  // inet_rtx_syn_ack() failed
    c.step.explain(Reason::kTcpSynAckRefused, {}, who);
    return drop_request(c, index);
  }
  if (r.repeats < 255) ++r.repeats;
  arm_request(c, index);
}

/// Source: tcp_check_req().
void receive_on_request(Context& c, std::uint32_t index, const Segment& segment) {
  Request& r = c.tables.requests[index];
  const bool paws_failed =
      (r.flags & flag::kTimestamps) != 0 && segment.tcp.timestamps &&
      static_cast<std::int32_t>(r.ts_recent - segment.tcp.timestamps->value) > 0;
  const bool pure_syn =
      (segment.tcp.flags & (tcp_flag::kSyn | tcp_flag::kAck | tcp_flag::kRst)) == tcp_flag::kSyn;
  if (segment.begin() == r.rcv_isn && pure_syn && !paws_failed) {
    c.step.explain(Reason::kTcpSynRepeated, segment.dev,
                   {arg(segment.src), segment.tcp.src_port, segment.tcp.dst_port});
    return answer_again(c, index);
  }
  if (segment.has(tcp_flag::kAck) && segment.tcp.ack != r.snd_isn + 1) {
    if (segment.has(tcp_flag::kRst)) return discard(c, segment, Reason::kTcpResetIgnored);
    c.step.explain(Reason::kTcpNoConnection, segment.dev,
                   {arg(segment.src), segment.tcp.src_port, segment.tcp.dst_port});
    return send_reset(c, segment);
  }
  const std::uint32_t rcv_nxt = r.rcv_isn + 1;
  const bool outside =
      before(segment.end(), rcv_nxt) || !before(segment.begin(), rcv_nxt + r.rcv_wnd);
  if (paws_failed || outside) {
    discard(c, segment, Reason::kTcpOutOfWindow, {segment.begin(), rcv_nxt, r.rcv_wnd});
    if (segment.has(tcp_flag::kRst)) return;
    return send_answer(c, r.tuple,
                       {.seq = r.snd_isn + 1,
                        .ack = rcv_nxt,
                        .flags = tcp_flag::kAck,
                        .window = static_cast<std::uint16_t>(r.rcv_wnd >> (r.scales & 0xf)),
                        .timestamps = (r.flags & flag::kTimestamps) != 0,
                        .ts_echo = r.ts_recent});
  }
  if (ends_request(c, index, segment)) return;
  if (!segment.has(tcp_flag::kAck)) return discard(c, segment, Reason::kTcpNoAckFlag);
  if (segment.tcp.timestamps && segment.begin() == rcv_nxt) {
    r.ts_recent = segment.tcp.timestamps->value;
  }
  establish_child(c, index, segment);
}

void receive_syn_sent(Context& c, std::uint32_t index, const Segment& segment, Upcalls& up) {
  Socket& s = c.socket(index);
  const Step::Arguments who{arg(segment.src), segment.tcp.src_port, segment.tcp.dst_port};
  const bool ack = segment.has(tcp_flag::kAck), rst = segment.has(tcp_flag::kRst);
  if (ack && (!after(segment.tcp.ack, s.snd_una) || after(segment.tcp.ack, s.snd_nxt))) {
    if (rst) return discard(c, segment, Reason::kTcpResetIgnored, who);
    c.step.explain(Reason::kTcpUnknownSynAck, segment.dev, who);
    return send_reset(c, segment);
  }
  if (rst) {
    if (!ack) return discard(c, segment, Reason::kTcpResetIgnored, who);
    c.step.explain(Reason::kTcpRefused, segment.dev, who);
    return fail_socket(c, index, Errno::kConnRefused, up);
  }
  if (!segment.has(tcp_flag::kSyn)) return discard(c, segment, Reason::kTcpNoSyn, who);
  if (ack) {
    complete_connect(c, index, segment, up);
  } else {
    cross_syns(c, index, segment);
  }
}

}  // namespace lvslab::tcp
