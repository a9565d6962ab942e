// Segments on their way out: windows, options, what may be sent now, and answers without a socket.
// Source: net/ipv4/tcp_output.c, tcp_ipv4.c.
#include <bit>

#include "sim/tcp/engine.h"

namespace lvslab::tcp {
namespace {

constexpr std::uint8_t kAckFlag = tcp_flag::kAck;

/// Source: tcp_select_window(): never shrinks what was offered.
std::uint16_t select_window(Context& c, Socket& s) {
  const std::uint32_t current = receive_window(s);
  std::uint32_t fresh = select_window_bytes(c, s);
  const std::uint32_t unit = 1U << s.rcv_scale();
  if (fresh < current) fresh = (current + unit - 1) & ~(unit - 1);
  s.rcv_wnd = fresh;
  s.rcv_wup = s.rcv_nxt;
  return static_cast<std::uint16_t>(std::min(fresh >> s.rcv_scale(), 65'535U));
}

/// Source: tcp_syn_options(), tcp_synack_options().
void put_syn_options(const Context& c, const Socket& s, TcpRepr& tcp, bool answer) {
  tcp.mss = s.rcv_mss;  // holds the advertised MSS until the connection is established
  tcp.sack_permitted = answer ? s.has(flag::kSack) : c.config.sack != 0;
  if (answer ? s.has(flag::kWindowScale) : c.config.window_scaling != 0) {
    tcp.window_scale = static_cast<std::uint8_t>(s.rcv_scale());
  }
  if (answer ? s.has(flag::kTimestamps) : c.config.timestamps != 0) {
    tcp.timestamps = TcpTimestamps{timestamp_now(c, s.tuple), answer ? s.ts_recent : 0};
  }
}

/// Source: tcp_established_options().
void put_options(const Context& c, const Socket& s, TcpRepr& tcp) {
  if (s.has(flag::kTimestamps)) {
    tcp.timestamps = TcpTimestamps{timestamp_now(c, s.tuple), s.ts_recent};
  }
  if (s.ext == kNoExtension || !s.has(flag::kSack)) return;
  const Extension& e = c.tables.extensions[s.ext];
  if (e.dsack_pending) tcp.sacks[tcp.sack_count++] = e.dsack;
  for (std::uint8_t i = 0; i < e.sack_count && tcp.sack_count < TcpRepr::kMaxSackBlocks; ++i) {
    tcp.sacks[tcp.sack_count++] = e.sacks[i];
  }
}

/// tcp_event_ack_sent(): whatever carries an ACK settles the pending one.
void note_ack_sent(Context& c, std::uint32_t index) {
  Socket& s = c.socket(index);
  if (s.quick > 0 && --s.quick == 0) s.ato_ms = kAtoMinMs;
  s.flags = static_cast<std::uint16_t>(
      s.flags & ~(flag::kAckScheduled | flag::kAckPushed | flag::kAckPushed2 | flag::kAckNow));
  if (s.ext == kNoExtension) return;
  c.ext_of(s).dsack_pending = false;
  cancel_delayed_ack(c, index);
}

/// tcp_event_data_sent(): an answer soon after data makes the connection interactive.
void note_data_sent(Context& c, Socket& s) {
  s.sent_ms = c.now_ms();
  if (c.now_ms() - s.received_ms < s.ato_ms) s.set(flag::kPingpong);
}

/// Source: __tcp_transmit_skb().
void transmit(Context& c, std::uint32_t index, std::uint32_t seq, std::uint8_t flags,
              std::uint32_t length) {
  Socket& s = c.socket(index);
  TcpRepr tcp;
  tcp.src_port = s.tuple.local_port;
  tcp.dst_port = s.tuple.remote_port;
  tcp.seq = seq;
  tcp.flags = flags;
  const bool syn = (flags & tcp_flag::kSyn) != 0;
  if ((flags & kAckFlag) != 0) tcp.ack = s.rcv_nxt;
  if (syn) {
    put_syn_options(c, s, tcp, (flags & kAckFlag) != 0);
    tcp.window = static_cast<std::uint16_t>(std::min(s.rcv_wnd, 65'535U));
    s.rcv_wup = s.rcv_nxt;
  } else {
    tcp.window = select_window(c, s);
    put_options(c, s, tcp);
  }
  const std::size_t header = tcp.header_length();
  FramePool& frames = c.step.frames();
  const FrameRef frame = frames.allocate(header + length);
  const MutBytes out = frames.writable(frame);
  if (length > 0) c.ext_of(s).queue.copy(c.step.frames(), seq, out.subspan(header));
  tcp.emit(out, s.tuple.local_addr, s.tuple.remote_addr);
  if ((flags & kAckFlag) != 0) note_ack_sent(c, index);
  if (length > 0) note_data_sent(c, s);
  IpSend how = ip_of(s);
  how.id = s.ip_id++;
  if (s.has(flag::kConfirms)) {  // sock_confirm_neigh()
    s.clear(flag::kConfirms);
    c.ports.ip.confirm(c.step, s.tuple.remote_addr);
  }
  c.ports.ip.send(c.step, how, frame);
}

/// True if a program's write ends in the segment, or PSH is due for its distance to the last one.
/// Source: tcp_mark_push(), forced_push().
bool take_push(Extension& e, const Socket& s, std::uint32_t end) {
  std::uint8_t kept = 0;
  bool push = false;
  for (std::uint8_t i = 0; i < e.push_count; ++i) {
    if (after(e.push_marks[i], end)) {
      e.push_marks[kept++] = e.push_marks[i];
    } else {
      push = true;
    }
  }
  e.push_count = kept;
  if (after(end, e.pushed_seq + (s.snd_wnd >> 1))) push = true;
  if (push) e.pushed_seq = end;
  return push;
}

}  // namespace

std::uint32_t write_seq(const Extension& e) { return e.queue.end(); }

bool fin_unsent(const Socket& s, const Extension& e) {
  const bool closing = s.state == TcpState::kFinWait1 || s.state == TcpState::kLastAck ||
                       s.state == TcpState::kClosing;
  return closing && s.has(flag::kFinQueued) && !after(s.snd_nxt, write_seq(e));
}

std::uint32_t receive_window(const Socket& s) {
  const auto window = static_cast<std::int32_t>(s.rcv_wup + s.rcv_wnd - s.rcv_nxt);
  return window < 0 ? 0U : static_cast<std::uint32_t>(window);
}

/// Source: __tcp_select_window().
std::uint32_t select_window_bytes(Context& c, const Socket& s) {
  auto buffer = static_cast<std::uint32_t>(c.config.rmem[1]);
  std::uint32_t held = 0;
  if (s.ext != kNoExtension) {
    const Extension& e = c.ext_of(s);
    if (e.receive_buffer != 0) buffer = e.receive_buffer;
    held = e.early_bytes;
  }
  const std::uint32_t full = buffer / 2;
  std::uint32_t free = held < buffer ? (buffer - held) / 2 : 0;
  const std::uint32_t mss = std::min<std::uint32_t>(s.rcv_mss, full);
  const std::uint32_t unit = 1U << s.rcv_scale();
  if (free < full / 2) {
    free &= ~(unit - 1);
    if (free < full >> 4 || free < mss) return 0;
  }
  free = std::min(free, s.rcv_ssthresh);
  if (s.rcv_scale() != 0) return (free + unit - 1) & ~(unit - 1);
  if (s.rcv_wnd + mss <= free || s.rcv_wnd > free) return free - free % std::max(mss, 1U);
  return s.rcv_wnd;
}

std::uint32_t current_mss(const Socket& s, const Extension& e) {
  const std::uint32_t blocks = e.sack_count + (e.dsack_pending ? 1U : 0U);
  return blocks == 0 ? s.mss : s.mss - 4 - 8 * std::min(blocks, 3U);
}

void send_bare(Context& c, std::uint32_t index, std::uint32_t seq, std::uint8_t flags) {
  transmit(c, index, seq, flags, 0);
}

void send_ack(Context& c, std::uint32_t index) {
  transmit(c, index, c.socket(index).snd_nxt, kAckFlag, 0);
}

void send_queued(Context& c, std::uint32_t index, SentSegment& segment) {
  const Socket& s = c.socket(index);
  std::uint8_t flags = kAckFlag;
  if (segment.syn) {
    flags = s.state == TcpState::kSynSent ? tcp_flag::kSyn : tcp_flag::kSyn | kAckFlag;
  }
  if (segment.fin) flags |= tcp_flag::kFin;
  if (segment.push) flags |= tcp_flag::kPsh;
  segment.sent = c.now();
  transmit(c, index, segment.begin, flags, segment.payload());
}

bool write_xmit(Context& c, std::uint32_t index, Push how) {
  Socket& s = c.socket(index);
  if (s.ext == kNoExtension) return false;
  Extension& e = c.ext_of(s);
  bool sent = false;
  e.cwnd_limited = false;
  for (;;) {
    const std::uint32_t end_of_data = write_seq(e);
    const std::uint32_t unsent = before(s.snd_nxt, end_of_data) ? end_of_data - s.snd_nxt : 0;
    const bool fin = fin_unsent(s, e);
    if (unsent == 0 && !fin) break;
    const std::uint32_t mss = current_mss(s, e);
    const std::uint32_t length = std::min(unsent, mss);
    const bool with_fin = fin && length == unsent;
    if (how == Push::kNormal && e.in_flight() >= s.cwnd && !with_fin) {
      e.cwnd_limited = true;
      break;
    }
    const std::uint32_t end = s.snd_nxt + length + (with_fin ? 1U : 0U);
    if (after(end, s.snd_una + s.snd_wnd)) break;
    // Nagle with Minshall's change: only one short segment may be unacknowledged.
    if (s.has(flag::kNagle) && !with_fin && length < mss && e.packets_out() > 0 &&
        after(e.small_seq, s.snd_una)) {
      c.step.explain(Reason::kTcpNagleHolds, {}, {length, e.packets_out(), 0});
      break;
    }
    if (sent && length > 0) e.sent.back().joined = true;
    SentSegment& segment = e.sent.emplace_back();
    segment.begin = s.snd_nxt;
    segment.end = end;
    segment.fin = with_fin;
    if (length > 0) segment.push = take_push(e, s, s.snd_nxt + length);
    if (length < mss && length > 0) e.small_seq = s.snd_nxt + length;
    s.snd_nxt = end;
    send_queued(c, index, segment);
    sent = true;
    if (how == Push::kOneProbe) return true;
  }
  if (!sent) return false;
  if (e.packets_out() > e.max_packets_out || !before(s.snd_una, e.cwnd_usage_seq)) {
    e.max_packets_out = e.packets_out();
    e.cwnd_usage_seq = s.snd_nxt;
  }
  if (e.mode == RetransmitTimer::kNone || e.mode == RetransmitTimer::kLossProbe) rearm(c, index);
  return true;
}

void append_data(Context& c, Extension& e, std::span<const std::uint8_t> data) {
  e.queue.append(c.step.frames(), data);
  if (e.push_count == e.push_marks.size()) {
    std::copy(e.push_marks.begin() + 1, e.push_marks.end(), e.push_marks.begin());
    --e.push_count;
  }
  e.push_marks[e.push_count++] = write_seq(e);
}

/// What tcp_sndbuf_expand() grants, in bytes of payload.
std::uint32_t send_buffer_limit(const Context& c, const Socket& s) {
  constexpr std::uint32_t kPerSegment = 640, kPerBuffer = 256;  // headers and sk_buff of the kernel
  const std::uint32_t segment = std::bit_ceil(s.mss + 12U + kPerSegment) + kPerBuffer;
  const std::uint64_t wanted = 2ULL * std::max<std::uint32_t>(s.cwnd, kInitialCwnd) * segment;
  return static_cast<std::uint32_t>(
      std::clamp<std::uint64_t>(wanted, static_cast<std::uint64_t>(c.config.wmem[0]),
                                static_cast<std::uint64_t>(c.config.wmem[2])));
}

void send_answer(Context& c, const Tuple& tuple, const Answer& answer) {
  TcpRepr tcp;
  tcp.src_port = tuple.local_port;
  tcp.dst_port = tuple.remote_port;
  tcp.seq = answer.seq;
  tcp.ack = answer.ack;
  tcp.flags = answer.flags;
  tcp.window = answer.window;
  if (answer.timestamps) tcp.timestamps = TcpTimestamps{timestamp_now(c, tuple), answer.ts_echo};
  FramePool& frames = c.step.frames();
  const FrameRef frame = frames.allocate(tcp.header_length());
  tcp.emit(frames.writable(frame), tuple.local_addr, tuple.remote_addr);
  IpSend how;
  how.src = tuple.local_addr;
  how.dst = tuple.remote_addr;
  how.protocol = IpProto::kTcp;
  how.tos = answer.tos;
  how.oif = answer.oif;
  how.id = 0;  // DF without a connected socket: ip_select_ident_segs()
  how.id_given = true;
  c.ports.ip.send(c.step, how, frame);
}

void send_reset(Context& c, const Segment& segment) {
  if (segment.has(tcp_flag::kRst)) return;
  Answer answer;
  answer.tos = segment.tos;
  answer.flags = tcp_flag::kRst;
  if (segment.has(kAckFlag)) {
    answer.seq = segment.tcp.ack;
  } else {
    answer.flags |= kAckFlag;
    answer.ack = segment.end();
  }
  send_answer(c, segment.tuple(), answer);
}

}  // namespace lvslab::tcp
