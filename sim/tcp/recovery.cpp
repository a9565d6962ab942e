// Finding out what was lost, and sending it again.
// Source: net/ipv4/tcp_input.c: tcp_sacktag_write_queue(), tcp_fastretrans_alert(),
// tcp_enter_loss(), tcp_cwnd_reduction(); net/ipv4/tcp_recovery.c (RACK, RFC 8985);
// RFC 6937 (PRR), RFC 6582 (NewReno, without SACK).
#include "sim/tcp/engine.h"

namespace lvslab::tcp {
namespace {

/// tcp_rack_reo_wnd(): how long a younger segment may overtake an older one.
std::uint32_t reorder_window_us(const Socket& s, const Extension& e) {
  if (e.ca >= CaState::kRecovery || e.sacked_out >= kReordering) return 0;
  return std::min(e.min_rtt_us >> 2, s.srtt_us8 >> 3);
}

bool rack_sent_before(const Extension& e, const SentSegment& segment) {
  return segment.sent < e.rack_sent ||
         (segment.sent == e.rack_sent && before(segment.end, e.rack_end));
}

/// tcp_rack_detect_loss(): what was sent well before something that arrived is lost.
void detect_loss(Context& c, std::uint32_t index) {
  Socket& s = c.socket(index);
  Extension& e = c.ext_of(s);
  if (e.rack_sent == SimTime{} && e.rack_end == 0) return;
  std::int64_t wait_ns = 0;
  const std::int64_t limit_ns = (std::int64_t{e.rack_rtt_us} + reorder_window_us(s, e)) * 1000;
  for (std::size_t i = e.sent_head; i < e.sent.size(); ++i) {
    SentSegment& segment = e.sent[i];
    if (segment.sacked || (segment.lost && !segment.retransmitted)) continue;
    if (!rack_sent_before(e, segment)) continue;
    const std::int64_t left = limit_ns - (c.now() - segment.sent).ns;
    if (left <= 0) {
      mark_lost(e, segment);
    } else {
      wait_ns = std::max(wait_ns, left);
    }
  }
  if (wait_ns > 0) {
    arm(c, index, RetransmitTimer::kReorder, c.now() + SimDuration{wait_ns});
  } else if (e.mode == RetransmitTimer::kReorder) {
    rearm(c, index);
  }
}

/// tcp_add_reno_sack(), tcp_remove_reno_sacks(): without SACK, duplicate ACKs stand for arrivals.
void count_duplicates(Extension& e, const AckSummary& ack) {
  if (ack.duplicate && e.dup_acks < 255) ++e.dup_acks;
  if (ack.advanced) {
    const std::uint32_t seen = ack.acked > 0 ? ack.acked - 1 : 0;
    e.dup_acks = static_cast<std::uint8_t>(e.dup_acks > seen ? e.dup_acks - seen : 0);
  }
  const std::uint32_t room = e.packets_out() > e.lost_out ? e.packets_out() - e.lost_out : 0;
  e.sacked_out = std::min<std::uint32_t>(e.dup_acks, room);
}

void reno_mark_head(Extension& e) {
  if (e.packets_out() == 0) return;
  SentSegment& head = e.sent[e.sent_head];
  if (!head.lost && !head.retransmitted) mark_lost(e, head);
  const std::uint32_t room = e.packets_out() - e.lost_out;
  e.sacked_out = std::min(e.sacked_out, room);
}

void enter_recovery(Context& c, std::uint32_t index) {
  Socket& s = c.socket(index);
  Extension& e = c.ext_of(s);
  e.high_seq = s.snd_nxt;
  e.prior_cwnd = s.cwnd;
  e.prr_delivered = e.prr_out = 0;
  s.ssthresh = reduced_ssthresh(s, e);
  e.ca = CaState::kRecovery;
  e.tlp_high_seq = 0;
  c.step.explain(Reason::kTcpFastRecovery, {}, {e.lost_out, e.sacked_out, s.ssthresh});
}

/// tcp_cwnd_reduction(): proportional rate reduction.
void reduce_cwnd(Socket& s, Extension& e, std::uint32_t delivered, bool advanced) {
  if (delivered == 0 || e.prior_cwnd == 0) return;
  const auto flight = static_cast<std::int64_t>(e.in_flight());
  const std::int64_t room = s.ssthresh - flight;
  e.prr_delivered += delivered;
  std::int64_t count;
  if (room < 0) {
    const std::int64_t share = std::int64_t{s.ssthresh} * e.prr_delivered + e.prior_cwnd - 1;
    count = share / e.prior_cwnd - e.prr_out;
  } else {
    count = std::max<std::int64_t>(std::int64_t{e.prr_delivered} - e.prr_out, delivered);
    if (advanced) ++count;
    count = std::min(count, room);
  }
  count = std::max<std::int64_t>(count, e.prr_out == 0 ? 1 : 0);
  s.cwnd = static_cast<std::uint16_t>(std::clamp<std::int64_t>(flight + count, 1, 65'534));
}

void end_recovery(Socket& s, Extension& e) {
  if (e.ca == CaState::kRecovery) s.cwnd = std::max<std::uint16_t>(s.ssthresh, 2);
  e.ca = CaState::kOpen;
  e.dup_acks = 0;
  e.stalled_since = SimTime::never();
  if (e.packets_out() == 0) e.sacked_out = 0;
}

void mark_losses(Context& c, std::uint32_t index, const AckSummary& ack) {
  const Socket& s = c.socket(index);
  Extension& e = c.ext_of(s);
  if (s.has(flag::kSack)) return detect_loss(c, index);
  const bool partial = e.ca == CaState::kRecovery && ack.advanced;
  const bool third = e.ca < CaState::kRecovery && e.dup_acks >= kReordering;
  if (partial || third) reno_mark_head(e);
}

/// Cuts the segment at `end`; what follows becomes a segment of its own. Source: tcp_fragment().
void split(Extension& e, std::size_t at, std::uint32_t end) {
  SentSegment rest = e.sent[at];
  rest.begin = end;
  SentSegment& first = e.sent[at];
  first.end = end;
  first.fin = first.push = first.joined = false;
  if (rest.lost) ++e.lost_out;
  if (rest.retransmitted) ++e.retrans_out;
  e.sent.insert(e.sent.begin() + static_cast<std::ptrdiff_t>(at) + 1, rest);
}

/// Takes the segments that follow along, as far as they fit into `space` bytes together: small
/// writes, and a FIN; but not one of which a copy waits for a MAC address, as those sent since
/// `pending` do. Source: tcp_retrans_try_collapse(), as with tcp_retrans_collapse=1; skb_cloned().
void collapse(const Socket& s, Extension& e, std::size_t at, std::int64_t space, SimTime pending) {
  SentSegment& first = e.sent[at];
  if (first.syn || first.payload() >= space) return;
  space -= first.payload();
  while (at + 1 < e.sent.size()) {
    const SentSegment next = e.sent[at + 1];
    space -= next.payload();
    if (next.sacked || space < 0 || after(next.end, s.snd_una + s.snd_wnd)) return;
    if (next.sent >= pending) return;
    if (next.lost) --e.lost_out;
    if (next.retransmitted) --e.retrans_out;
    first.end = next.end;
    first.fin = next.fin;
    first.push |= next.push;
    first.joined = next.joined;
    first.ever_retransmitted |= next.ever_retransmitted;
    e.sent.erase(e.sent.begin() + static_cast<std::ptrdiff_t>(at) + 1);
  }
}

}  // namespace

void join_segments(Extension& e) {
  for (std::size_t at = e.sent_head; at + 1 < e.sent.size();) {
    SentSegment& first = e.sent[at];
    const SentSegment next = e.sent[at + 1];
    const bool one = first.joined && !first.sacked && !next.sacked && !first.ever_retransmitted &&
                     !next.ever_retransmitted && first.lost == next.lost;
    if (!one) {
      ++at;
      continue;
    }
    if (next.lost) --e.lost_out;
    first.end = next.end;
    first.fin = next.fin;
    first.push |= next.push;
    first.joined = next.joined;
    e.sent.erase(e.sent.begin() + static_cast<std::ptrdiff_t>(at) + 1);
  }
}

void mark_lost(Extension& e, SentSegment& segment) {
  if (segment.retransmitted) {
    segment.retransmitted = false;
    --e.retrans_out;
  }
  if (!segment.lost) {
    segment.lost = true;
    ++e.lost_out;
  }
}

void note_delivered(Context& c, Extension& e, const SentSegment& segment) {
  const auto rtt_us = static_cast<std::uint32_t>((c.now() - segment.sent).us());
  // An ACK sooner than any before it was for the first copy of a retransmitted segment.
  if (segment.ever_retransmitted && rtt_us < e.min_rtt_us) return;
  if (segment.sent > e.rack_sent ||
      (segment.sent == e.rack_sent && after(segment.end, e.rack_end))) {
    e.rack_sent = segment.sent;
    e.rack_end = segment.end;
    e.rack_rtt_us = rtt_us;
  }
}

std::uint32_t apply_sacks(Context& c, std::uint32_t index, const Segment& segment) {
  const Socket& s = c.socket(index);
  if (!s.has(flag::kSack)) return 0;
  Extension& e = c.ext_of(s);
  std::uint32_t found = 0;
  for (std::uint8_t b = 0; b < segment.tcp.sack_count; ++b) {
    const SackBlock& block = segment.tcp.sacks[b];
    if (!before(block.begin, block.end) || after(block.end, s.snd_nxt)) continue;
    if (before(block.begin, s.snd_una)) continue;  // a D-SACK, or old news
    for (std::size_t i = e.sent_head; i < e.sent.size(); ++i) {
      SentSegment& sent = e.sent[i];
      if (!before(sent.begin, block.end)) break;
      if (sent.sacked || before(sent.begin, block.begin) || after(sent.end, block.end)) continue;
      sent.sacked = true;
      ++e.sacked_out;
      ++found;
      if (sent.lost) --e.lost_out;
      if (sent.retransmitted) --e.retrans_out;
      sent.lost = sent.retransmitted = false;
      note_delivered(c, e, sent);
    }
  }
  return found;
}

void recover(Context& c, std::uint32_t index, const AckSummary& ack) {
  Socket& s = c.socket(index);
  Extension& e = c.ext_of(s);
  const bool has_sack = s.has(flag::kSack);
  if (!has_sack) count_duplicates(e, ack);
  const std::uint32_t delivered = ack.acked + (has_sack ? ack.sacked : ack.duplicate ? 1U : 0U);
  if (e.ca >= CaState::kRecovery && !before(s.snd_una, e.high_seq)) end_recovery(s, e);
  mark_losses(c, index, ack);
  if (e.ca == CaState::kOpen && e.sacked_out > 0) e.ca = CaState::kDisorder;
  if (e.ca == CaState::kDisorder && e.sacked_out == 0 && e.lost_out == 0) e.ca = CaState::kOpen;
  if (e.ca < CaState::kRecovery && e.lost_out > 0) enter_recovery(c, index);
  if (e.ca == CaState::kRecovery) reduce_cwnd(s, e, delivered, ack.advanced);
}

void enter_loss(Context& c, std::uint32_t index) {
  Socket& s = c.socket(index);
  Extension& e = c.ext_of(s);
  for (std::size_t i = e.sent_head; i < e.sent.size(); ++i) {
    if (!e.sent[i].sacked) mark_lost(e, e.sent[i]);
  }
  if (!s.has(flag::kSack)) e.sacked_out = 0;
  if (e.ca <= CaState::kDisorder || !after(e.high_seq, s.snd_una) ||
      (e.ca == CaState::kLoss && e.retransmits == 0)) {
    e.prior_cwnd = s.cwnd;
    s.ssthresh = reduced_ssthresh(s, e);
  }
  s.cwnd = static_cast<std::uint16_t>(e.in_flight() + 1);
  e.ca = CaState::kLoss;
  e.high_seq = s.snd_nxt;
  e.tlp_high_seq = 0;
  e.dup_acks = 0;
}

bool retransmit(Context& c, std::uint32_t index, SentSegment& segment) {
  Socket& s = c.socket(index);
  Extension& e = c.ext_of(s);
  IpSend how = ip_of(s);
  const auto route = c.ports.ip.route(c.step, how);
  const SimTime pending = route ? route->pending_since : SimTime::never();
  if (segment.sent >= pending) {
    c.step.explain(Reason::kTcpStillQueued, {}, {arg(s.tuple.remote_addr), segment.begin, 0});
    return false;
  }
  if (!before(segment.begin, s.snd_una + s.snd_wnd) && segment.begin != s.snd_una) return false;
  const auto at = static_cast<std::size_t>(&segment - e.sent.data());
  const std::uint32_t most = current_mss(s, e);
  if (segment.end - segment.begin > most + (segment.fin ? 1U : 0U)) {
    split(e, at, segment.begin + most);
  } else {
    const auto window = static_cast<std::int32_t>(s.snd_una + s.snd_wnd - segment.begin);
    collapse(s, e, at, std::min<std::int64_t>(window > 0 ? window : most, most), pending);
  }
  SentSegment& first = e.sent[at];
  if (!first.retransmitted) {
    first.retransmitted = true;
    ++e.retrans_out;
  }
  first.ever_retransmitted = true;
  if (e.stalled_since == SimTime::never()) e.stalled_since = first.sent;
  send_queued(c, index, first);
  return true;
}

void retransmit_lost(Context& c, std::uint32_t index) {
  Socket& s = c.socket(index);
  Extension& e = c.ext_of(s);
  bool any = false;
  for (std::size_t i = e.sent_head; i < e.sent.size() && e.in_flight() < s.cwnd; ++i) {
    SentSegment& segment = e.sent[i];
    if (!segment.lost || segment.retransmitted || segment.sacked) continue;
    const std::uint32_t seq = segment.begin;
    if (!retransmit(c, index, segment)) break;
    c.step.explain(Reason::kTcpRetransmitLost, {},
                   {arg(s.tuple.remote_addr), s.tuple.remote_port, seq});
    if (e.ca == CaState::kRecovery) ++e.prr_out;
    any = true;
  }
  if (any && e.mode != RetransmitTimer::kReorder) rearm(c, index);
}

}  // namespace lvslab::tcp
