// Data in order and out of order, acknowledging it, and the size of the receive buffer.
// Source: net/ipv4/tcp_input.c: tcp_data_queue(), tcp_event_data_recv(), __tcp_ack_snd_check(),
// tcp_rcv_space_adjust(); net/ipv4/tcp.c: tcp_cleanup_rbuf().
#include "sim/tcp/engine.h"

namespace lvslab::tcp {
namespace {

constexpr std::uint32_t kTrueSize = 2304;  ///< what a frame of 2 KiB costs (SKB_TRUESIZE)
constexpr std::uint32_t kBulkLength = 1024;

/// tcp_incr_quickack().
void add_quickacks(Socket& s) {
  const std::uint32_t few = s.rcv_wnd / (2U * std::max<std::uint32_t>(s.rcv_mss, 1));
  const auto acks = static_cast<std::uint8_t>(std::clamp<std::uint32_t>(few, 2, kMaxQuickAcks));
  s.quick = std::max<std::uint8_t>(s.quick, acks) & 0x7fU;
}

bool in_quickack_mode(const Socket& s) { return s.quick > 0 && !s.has(flag::kPingpong); }

/// tcp_measure_rcv_mss(): a segment below the estimate was pushed by the program's writes.
void measure_mss(Socket& s, std::uint32_t length) {
  if (length >= s.rcv_mss) {
    s.rcv_mss = static_cast<std::uint16_t>(length);
    return;
  }
  if (s.has(flag::kAckPushed)) s.set(flag::kAckPushed2);
  s.set(flag::kAckPushed);
}

void note_data_received(Context& c, Socket& s, std::uint32_t length) {
  s.set(flag::kAckScheduled);
  measure_mss(s, length);
  if (s.ato_ms == 0) {
    add_quickacks(s);
    s.ato_ms = kAtoMinMs;
  } else {
    const std::uint32_t gap = c.now_ms() - s.received_ms;
    if (gap <= kAtoMinMs / 2U) {
      s.ato_ms = static_cast<std::uint8_t>(s.ato_ms / 2 + kAtoMinMs / 2);
    } else if (gap < s.ato_ms) {
      s.ato_ms = static_cast<std::uint8_t>(std::min<std::uint32_t>(s.ato_ms / 2U + gap, 200));
    } else if (gap > static_cast<std::uint32_t>(base_rto(s).ms())) {
      add_quickacks(s);
    }
  }
  s.received_ms = c.now_ms();
}

void note_sack(Extension& e, std::uint32_t begin, std::uint32_t end) {
  SackBlock block{begin, end};
  std::uint8_t kept = 0;
  std::array<SackBlock, 4> rest{};
  for (std::uint8_t i = 0; i < e.sack_count; ++i) {
    const SackBlock& old = e.sacks[i];
    if (!after(old.begin, block.end) && !after(block.begin, old.end)) {
      if (before(old.begin, block.begin)) block.begin = old.begin;
      if (after(old.end, block.end)) block.end = old.end;
    } else {
      rest[kept++] = old;
    }
  }
  e.sacks[0] = block;
  e.sack_count = 1;
  for (std::uint8_t i = 0; i < kept && e.sack_count < e.sacks.size(); ++i) {
    e.sacks[e.sack_count++] = rest[i];
  }
}

/// tcp_sack_remove(): blocks that the cumulative ACK covers say nothing any more.
void forget_sacks(Extension& e, std::uint32_t rcv_nxt) {
  std::uint8_t kept = 0;
  for (std::uint8_t i = 0; i < e.sack_count; ++i) {
    if (after(e.sacks[i].end, rcv_nxt)) e.sacks[kept++] = e.sacks[i];
  }
  e.sack_count = kept;
}

void note_round_trip(Extension& e, std::uint32_t rtt_us) {
  if (e.rcv_rtt_us8 == 0) {
    e.rcv_rtt_us8 = rtt_us << 3;
  } else {
    e.rcv_rtt_us8 += rtt_us - (e.rcv_rtt_us8 >> 3);
  }
}

}  // namespace

void enter_quickack(Socket& s) {
  add_quickacks(s);
  s.clear(flag::kPingpong);
  s.ato_ms = kAtoMinMs;
}

void note_dsack(Context& c, std::uint32_t index, std::uint32_t begin, std::uint32_t end) {
  const Socket& s = c.socket(index);
  if (!s.has(flag::kSack) || c.config.dsack == 0) return;
  Extension& e = attach(c, index);
  e.dsack_pending = true;
  e.dsack = {begin, end};
}

namespace {

/// tcp_dsack_extend(): what is told already grows, if the two touch.
void extend_dsack(Context& c, std::uint32_t index, std::uint32_t begin, std::uint32_t end) {
  Extension& e = attach(c, index);
  if (!e.dsack_pending) return note_dsack(c, index, begin, end);
  if (after(begin, e.dsack.end) || after(e.dsack.begin, end)) return;
  if (before(begin, e.dsack.begin)) e.dsack.begin = begin;
  if (after(end, e.dsack.end)) e.dsack.end = end;
}

}  // namespace

void queue_early(Context& c, std::uint32_t index, const Segment& segment) {
  Socket& s = c.socket(index);
  Extension& e = attach(c, index);
  EarlySegment early{.begin = segment.begin(),
                     .end = segment.begin() + segment.length,
                     .frame = segment.frame,
                     .offset = segment.payload_offset,
                     .fin = segment.has(tcp_flag::kFin)};
  s.set(flag::kAckScheduled);
  auto at = e.early.end();
  while (at != e.early.begin() && after((at - 1)->begin, early.begin)) --at;
  const bool known =
      at != e.early.begin() && !before((at - 1)->end, early.end) && (!early.fin || (at - 1)->fin);
  if (known) {
    note_dsack(c, index, early.begin, segment.end());
    return;
  }
  c.step.explain(Reason::kTcpOutOfOrder, segment.dev,
                 {segment.length, segment.begin() - s.rcv_nxt, 0});
  c.step.frames().retain(early.frame);
  e.early.insert(at, early);
  e.early_bytes += std::max<std::uint32_t>(kTrueSize, segment.length);
  // A FIN has a sequence number, and is told like data.
  if (s.has(flag::kSack) && segment.end() != early.begin) note_sack(e, early.begin, segment.end());
}

bool take_in_order(Context& c, std::uint32_t index, Upcalls& up) {
  Socket& s = c.socket(index);
  if (s.ext == kNoExtension) return false;
  Extension& e = c.ext_of(s);
  bool fin = false;
  std::size_t taken = 0;
  const std::uint32_t came = s.rcv_nxt;
  while (taken < e.early.size() && !fin && !after(e.early[taken].begin, s.rcv_nxt)) {
    EarlySegment early = e.early[taken++];
    e.early_bytes -= std::max<std::uint32_t>(kTrueSize, early.end - early.begin);
    if (before(early.begin, came)) {  // it came twice
      extend_dsack(c, index, early.begin, before(early.end, came) ? early.end : came);
    }
    if (before(early.end, s.rcv_nxt) || (early.end == s.rcv_nxt && !early.fin)) {
      c.step.frames().release(early.frame);
      continue;
    }
    const std::uint32_t skip = s.rcv_nxt - early.begin;
    early.begin += skip;
    early.offset = static_cast<std::uint16_t>(early.offset + skip);
    s.rcv_nxt = early.end;
    if (early.fin) {
      ++s.rcv_nxt;
      fin = true;
    }
    up.more.push_back(early);
  }
  if (taken == 0) return false;
  e.early.erase(e.early.begin(), e.early.begin() + static_cast<std::ptrdiff_t>(taken));
  e.early_bytes = e.early.empty() ? 0 : e.early_bytes;
  forget_sacks(e, s.rcv_nxt);
  return fin;
}

void receive_data(Context& c, std::uint32_t index, const Segment& segment, Upcalls& up) {
  Socket& s = c.socket(index);
  const std::uint32_t begin = segment.begin(), end = segment.end();
  if (s.has(flag::kPeerFin) && !before(begin, s.rcv_nxt)) {
    discard(c, segment, Reason::kTcpDataAfterFin, {segment.length, 0, 0});
    return;
  }
  if (!after(end, s.rcv_nxt)) {
    discard(c, segment, Reason::kTcpDuplicateData, {segment.length, begin, s.rcv_nxt});
    note_dsack(c, index, begin, end);
    enter_quickack(s);
    s.set(flag::kAckScheduled);
    return;
  }
  const std::uint32_t window = receive_window(s);
  if (!before(begin, s.rcv_nxt + window)) {
    discard(c, segment, Reason::kTcpOutOfWindow, {begin, s.rcv_nxt, window});
    enter_quickack(s);
    s.set(flag::kAckScheduled);
    return;
  }
  if (after(begin, s.rcv_nxt)) return queue_early(c, index, segment);
  if (before(begin, s.rcv_nxt)) note_dsack(c, index, begin, s.rcv_nxt);
  const std::uint32_t skip = s.rcv_nxt - begin;
  const std::uint32_t fresh = segment.length > skip ? segment.length - skip : 0;
  up.data_offset = static_cast<std::uint16_t>(segment.payload_offset + skip);
  up.data_length = static_cast<std::uint16_t>(fresh);
  s.rcv_nxt = end;
  if (fresh > 0) {
    note_data_received(c, s, fresh);
    tune_receive_buffer(c, index, segment);
  }
  if (segment.has(tcp_flag::kFin)) return receive_fin(c, index, up);
  if (s.ext != kNoExtension && !c.ext_of(s).early.empty()) {
    if (take_in_order(c, index, up)) return receive_fin(c, index, up);
    // A hole was filled: the peer should hear of it at once (RFC 5681 §4.2).
    if (c.ext_of(s).early.empty()) s.set(flag::kAckNow);
  }
}

void receive_fin(Context& c, std::uint32_t index, Upcalls& up) {
  Socket& s = c.socket(index);
  s.set(flag::kPeerFin | flag::kAckScheduled);
  up.peer_closed = !s.has(flag::kOrphan);
  c.step.explain(
      Reason::kTcpFinReceived, {},
      {arg(s.tuple.remote_addr), s.tuple.remote_port, static_cast<std::uint32_t>(s.state)});
  switch (s.state) {
    case TcpState::kEstablished:
    case TcpState::kSynRecv:
      s.state = TcpState::kCloseWait;
      s.set(flag::kPingpong);
      break;
    case TcpState::kFinWait1:
      s.state = TcpState::kClosing;
      send_ack(c, index);
      break;
    case TcpState::kFinWait2:
      send_ack(c, index);
      enter_time_wait(c, index, TcpState::kTimeWait, kTimeWaitLength);
      break;
    default: break;
  }
}

/// Acknowledge now, with the program's reading, or later. `read`: the program took the data.
void ack_check(Context& c, std::uint32_t index, bool read) {
  Socket& s = c.socket(index);
  const std::uint32_t unacked = s.rcv_nxt - s.rcv_wup;
  const bool early = s.ext != kNoExtension && !c.ext_of(s).early.empty();
  const bool second = unacked > s.rcv_mss && select_window_bytes(c, s) >= s.rcv_wnd;
  const bool on_read = read && !s.has(flag::kOrphan) &&
                       (unacked > s.rcv_mss || s.has(flag::kAckPushed2) ||
                        (s.has(flag::kAckPushed) && !s.has(flag::kPingpong)));
  if (second || in_quickack_mode(s) || s.has(flag::kAckNow) || early || on_read) {
    return send_ack(c, index);
  }
  std::uint32_t wait_ms = std::max<std::uint32_t>(s.ato_ms, kAtoMinMs);
  if (wait_ms > kAtoMinMs && s.srtt_us8 != 0) {
    const std::uint32_t rtt_ms = (s.srtt_us8 >> 3) / 1000;
    wait_ms = std::min(wait_ms, std::max<std::uint32_t>(rtt_ms, kAtoMinMs));
  }
  Extension& e = attach(c, index);
  const SimTime at = c.now() + SimDuration{std::int64_t{wait_ms} * 1'000'000};
  if (e.delayed_ack_at > at) arm_delayed_ack(c, index, at);
}

void tune_receive_buffer(Context& c, std::uint32_t index, const Segment& segment) {
  Socket& s = c.socket(index);
  if (segment.length < kBulkLength || c.config.moderate_rcvbuf == 0) return;
  Extension& e = attach(c, index);
  s.set(flag::kBulkReceiver);
  const std::uint32_t mss = s.rcv_mss;
  if (s.has(flag::kTimestamps) && segment.tcp.timestamps &&
      segment.tcp.timestamps->echo != e.rcv_rtt_tsecr) {
    e.rcv_rtt_tsecr = segment.tcp.timestamps->echo;
    const std::uint32_t ms = timestamp_now(c, s.tuple) - e.rcv_rtt_tsecr;
    note_round_trip(e, std::max(ms, 1U) * 1000);
  }
  // tcp_grow_window(): the window may grow to what the buffer could hold.
  const std::uint32_t buffer =
      e.receive_buffer != 0 ? e.receive_buffer : static_cast<std::uint32_t>(c.config.rmem[1]);
  if (e.receive_buffer != 0 && s.rcv_ssthresh < buffer / 2) {
    s.rcv_ssthresh = std::min(buffer / 2, s.rcv_ssthresh + 2 * mss);
    s.quick |= 1;  // the peer should hear of the room at once
  }
  // Dynamic right sizing, once in a round trip.
  if (e.rcv_rtt_us8 == 0 || (c.now() - e.drs_time).us() < e.rcv_rtt_us8 >> 3) return;
  const std::uint32_t copied = s.rcv_nxt - e.drs_seq;
  if (copied > e.drs_space) {
    std::uint64_t window = 2ULL * copied + 16ULL * mss;
    const std::uint64_t grow = window * (copied - e.drs_space) / std::max(e.drs_space, 1U);
    window += grow << 1;
    const std::uint64_t per_segment = std::max<std::uint64_t>(kTrueSize, 2ULL * mss);
    const std::uint64_t wanted = std::min<std::uint64_t>(
        window / mss * per_segment, static_cast<std::uint64_t>(c.config.rmem[2]));
    if (wanted > buffer) e.receive_buffer = static_cast<std::uint32_t>(wanted);
    e.drs_space = copied;
  }
  e.drs_seq = s.rcv_nxt;
  e.drs_time = c.now();
}

void replace_ts_recent(Socket& s, const Segment& segment) {
  if (!s.has(flag::kTimestamps) || !segment.tcp.timestamps) return;
  const std::uint32_t value = segment.tcp.timestamps->value;
  if (!after(segment.begin(), s.rcv_wup) && !before(value, s.ts_recent)) s.ts_recent = value;
}

}  // namespace lvslab::tcp
