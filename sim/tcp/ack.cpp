// What an acknowledgement does to the sender: window, send queue, round-trip time.
// Source: net/ipv4/tcp_input.c: tcp_ack(), tcp_clean_rtx_queue(), tcp_rtt_estimator(); RFC 6298.
#include "sim/tcp/engine.h"

namespace lvslab::tcp {
namespace {

/// What tcp_clean_rtx_queue() found out.
struct Cleaned {
  std::uint32_t segments = 0;
  std::int64_t rtt_us = -1;  ///< of a segment that was sent once; -1: none
  bool of_data = false;      ///< that segment carried some
  bool any_retransmitted = false;
};

/// tcp_ack_update_window(). True if the offered window changed.
bool update_window(Socket& s, const Segment& segment) {
  const std::uint32_t window = static_cast<std::uint32_t>(segment.tcp.window) << s.snd_scale();
  const std::uint32_t ack = segment.tcp.ack, seq = segment.begin();
  const bool newer =
      after(ack, s.snd_una) || after(seq, s.snd_wl1) || (seq == s.snd_wl1 && window > s.snd_wnd);
  if (!newer) return false;
  s.snd_wl1 = seq;
  const bool changed = window != s.snd_wnd;
  s.snd_wnd = window;
  return changed;
}

Cleaned clean_sent(Context& c, Extension& e, std::uint32_t ack) {
  Cleaned out;
  SimTime first = SimTime::never();
  while (e.sent_head < e.sent.size()) {
    SentSegment& segment = e.sent[e.sent_head];
    if (after(segment.end, ack)) {
      if (before(segment.begin, ack)) {
        segment.begin = ack;
        segment.syn = false;
      }
      break;
    }
    ++out.segments;
    if (segment.ever_retransmitted) {
      out.any_retransmitted = true;
    } else if (!segment.sacked && first == SimTime::never()) {
      first = segment.sent;
      out.of_data = segment.payload() > 0;
    }
    if (segment.sacked)
      --e.sacked_out;
    else
      note_delivered(c, e, segment);
    if (segment.lost) --e.lost_out;
    if (segment.retransmitted) --e.retrans_out;
    ++e.sent_head;
  }
  if (e.sent_head == e.sent.size()) {
    e.sent.clear();
    e.sent_head = 0;
  } else if (e.sent_head >= 64 && std::size_t{2} * e.sent_head >= e.sent.size()) {
    e.sent.erase(e.sent.begin(), e.sent.begin() + e.sent_head);
    e.sent_head = 0;
  }
  if (first != SimTime::never() && !out.any_retransmitted) out.rtt_us = (c.now() - first).us();
  return out;
}

void release_queue(Context& c, Extension& e, std::uint32_t ack) {
  const auto passed = static_cast<std::int32_t>(ack - e.queue.seq());
  if (passed <= 0) return;
  e.queue.release(c.step.frames(), std::min(static_cast<std::uint32_t>(passed), e.queue.size()));
}

/// tcp_ack_update_rtt(): by the send time, or for retransmissions by the echoed timestamp.
void measure_rtt(Context& c, Socket& s, Extension& e, const Segment& segment,
                 const Cleaned& cleaned) {
  if (cleaned.segments == 0) return;
  std::int64_t rtt = cleaned.rtt_us;
  if (rtt < 0 && s.has(flag::kTimestamps) && segment.tcp.timestamps &&
      segment.tcp.timestamps->echo != 0) {
    const std::uint32_t ms = timestamp_now(c, s.tuple) - segment.tcp.timestamps->echo;
    if (ms < 120'000) rtt = std::int64_t{std::max(ms, 1U)} * 1000;
  }
  if (rtt < 0) return;
  const std::uint32_t before = s.srtt_us8;
  update_rtt(s, e, static_cast<std::uint32_t>(std::max<std::int64_t>(rtt, 1)));
  // Times that are equal here never are on a kernel, which asks whether those of the next
  // connection are longer (tcp_init_metrics()). Measured in Linux 6.1: data, sent behind another
  // frame, takes some microseconds more than the handshake; a FIN alone does not. An eighth of one
  // says so.
  if (s.srtt_us8 == before && cleaned.of_data) ++s.srtt_us8;
  e.backoff = 0;
}

/// tcp_ack_probe(): nothing is in flight, but something waits for the window.
void answer_to_probe(Context& c, std::uint32_t index) {
  Socket& s = c.socket(index);
  Extension& e = c.ext_of(s);
  if (e.queue.empty() && !fin_unsent(s, e)) return;
  const std::uint32_t next = std::min(e.queue.size(), current_mss(s, e));
  if (!after(s.snd_nxt + next, s.snd_una + s.snd_wnd)) {
    e.backoff = 0;
    cancel_retransmit(c, index);
  } else {
    arm(c, index, RetransmitTimer::kZeroWindow, c.now() + current_rto(c, s, e));
  }
}

/// sk_stream_write_space(): a third of the buffer is free again.
void offer_room(Context& c, Socket& s, const Extension& e, Upcalls& up) {
  if (!s.has(flag::kWantsRoom) || s.has(flag::kOrphan)) return;
  const std::uint32_t limit = send_buffer_limit(c, s);
  if (e.queue.size() > limit || limit - e.queue.size() < e.queue.size() / 2) return;
  s.clear(flag::kWantsRoom);
  up.writable = true;
}

}  // namespace

void update_rtt(Socket& s, Extension& e, std::uint32_t rtt_us) {
  const auto floor_us = static_cast<std::uint32_t>(kRtoMin.us());
  e.min_rtt_us = e.min_rtt_us == 0 ? rtt_us : std::min(e.min_rtt_us, rtt_us);
  e.seeded_rto_us = 0;
  if (s.srtt_us8 == 0) {
    s.srtt_us8 = std::max(rtt_us << 3, 1U);
    e.mdev_us = rtt_us << 1;
    s.rttvar_us = e.mdev_max_us = std::max(e.mdev_us, floor_us);
    e.rtt_seq = s.snd_nxt;
    return;
  }
  // mdev is kept in quarters of a microsecond, as srtt in eighths: gains 1/4 and 1/8.
  auto error = static_cast<std::int64_t>(rtt_us) - (s.srtt_us8 >> 3);
  s.srtt_us8 = static_cast<std::uint32_t>(std::max<std::int64_t>(s.srtt_us8 + error, 1));
  if (error < 0) {
    error = -error - (e.mdev_us >> 2);
    if (error > 0) error >>= 3;  // a falling round-trip time must not raise the RTO
  } else {
    error -= e.mdev_us >> 2;
  }
  e.mdev_us = static_cast<std::uint32_t>(e.mdev_us + error);
  if (e.mdev_us > e.mdev_max_us) {
    e.mdev_max_us = e.mdev_us;
    s.rttvar_us = std::max(s.rttvar_us, e.mdev_max_us);
  }
  if (after(s.snd_una, e.rtt_seq)) {
    if (e.mdev_max_us < s.rttvar_us) s.rttvar_us -= (s.rttvar_us - e.mdev_max_us) >> 2;
    e.rtt_seq = s.snd_nxt;
    e.mdev_max_us = floor_us;
  }
}

SimDuration base_rto(const Socket& s) {
  if (s.srtt_us8 == 0) return kRtoInitial;
  const std::int64_t us = (s.srtt_us8 >> 3) + std::int64_t{s.rttvar_us};
  return std::min(SimDuration{us * 1000}, kRtoMax);
}

SimDuration current_rto(const Context& c, const Socket& s, const Extension& e) {
  const std::int64_t rto =
      c.in_ticks(e.seeded_rto_us != 0 ? SimDuration{std::int64_t{e.seeded_rto_us} * 1000}
                                      : base_rto(s))
          .ns;
  return SimDuration{std::min(rto << std::min<int>(e.backoff, 20), kRtoMax.ns)};
}

int handle_ack(Context& c, std::uint32_t index, const Segment& segment, Upcalls& up) {
  Socket& s = c.socket(index);
  const std::uint32_t ack = segment.tcp.ack;
  if (before(ack, s.snd_una)) {
    // RFC 5961 §5.2: an ACK older than the largest window is a blind guess.
    if (before(ack, s.snd_una - std::max(s.snd_wnd, 65'535U))) {
      challenge_ack(c, index, Reason::kTcpChallengeOldAck, segment);
      return 0;
    }
    if (s.ext != kNoExtension && segment.tcp.sack_count > 0) {
      AckSummary old{.sacked = apply_sacks(c, index, segment)};
      recover(c, index, old);
      retransmit_lost(c, index);
    }
    return 0;
  }
  if (after(ack, s.snd_nxt)) return -1;
  replace_ts_recent(s, segment);
  const bool window_changed = update_window(s, segment);
  const bool advanced = after(ack, s.snd_una);
  s.snd_una = ack;
  if (s.ext == kNoExtension) return 1;
  Extension& e = c.ext_of(s);
  const bool had_packets = e.packets_out() > 0;
  AckSummary summary{.advanced = advanced};
  if (segment.tcp.sack_count > 0) summary.sacked = apply_sacks(c, index, segment);
  e.soft_error = Errno::kNone;
  if (advanced) {
    e.retransmits = 0;
    e.stalled_since = SimTime::never();
    const Cleaned cleaned = clean_sent(c, e, ack);
    release_queue(c, e, ack);
    measure_rtt(c, s, e, segment, cleaned);
    summary.acked = cleaned.segments;
  }
  e.probes = 0;
  if (!had_packets) {
    answer_to_probe(c, index);
    return 1;
  }
  const bool carries = segment.length > 0 || segment.has(tcp_flag::kFin);
  summary.duplicate = !advanced && !window_changed && !carries;
  // What is sent next tells the neighbour's entry of it (sk_dst_confirm()).
  if (advanced || summary.sacked > 0 || summary.duplicate) s.set(flag::kConfirms);
  if (e.tlp_high_seq != 0 && !before(ack, e.tlp_high_seq)) e.tlp_high_seq = 0;
  if (summary.duplicate || summary.sacked > 0 || e.ca != CaState::kOpen || e.sacked_out > 0) {
    recover(c, index, summary);
  }
  if (summary.acked > 0 && e.ca != CaState::kRecovery) grow_cwnd(c, s, e, summary.acked);
  if (advanced) rearm(c, index);
  if (e.lost_out > 0) retransmit_lost(c, index);
  offer_room(c, s, e, up);
  return 1;
}

}  // namespace lvslab::tcp
