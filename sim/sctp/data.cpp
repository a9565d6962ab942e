// What is done with DATA that came in, and with SACKs for DATA that went out.
// Source: net/sctp/sm_sideeffect.c: sctp_gen_sack(); outqueue.c: sctp_outq_sack(),
//         sctp_check_transmitted(), sctp_mark_missing(); transport.c: sctp_transport_update_rto(),
//         sctp_transport_raise_cwnd(); sm_make_chunk.c: sctp_make_sack().
#include <algorithm>

#include "sim/sctp/engine.h"

namespace lvslab::sctp {

// Whole messages, in order, to the program, if there is still one.
void Engine::deliver(std::uint32_t index) {
  Socket& s = socket(index);
  for (const InChunk& part : s.parts) {
    if (part.tsn == s.received_tsn + 1) s.received_tsn = part.tsn;
  }
  for (;;) {
    std::size_t end = 0;
    while (end < s.parts.size() && s.parts[end].tsn == s.delivered_tsn + 1 + end &&
           (s.parts[end].flags & SctpData::kEnd) == 0) {
      ++end;
    }
    if (end == s.parts.size() || s.parts[end].tsn != s.delivered_tsn + 1 + end) return;
    ++end;
    const auto last = s.parts.begin() + static_cast<std::ptrdiff_t>(end);
    if (s.open) {
      note(index, SocketEventKind::kData);
      for (auto part = s.parts.begin(); part != last; ++part) {
        events_.back().data.insert(events_.back().data.end(), part->data.begin(), part->data.end());
      }
    }
    s.delivered_tsn += static_cast<std::uint32_t>(end);
    s.parts.erase(s.parts.begin(), last);
  }
}

std::vector<std::uint8_t> Engine::sack_chunk(Socket& s) {
  s.told_room = s.room;
  SctpSack sack{.ack = s.received_tsn, .window = s.room};
  std::vector<std::uint8_t> value(SctpSack::kLength);
  const auto put = [&value](std::uint32_t from, std::uint32_t to) {
    value.resize(value.size() + 4);
    store_be16(value.data() + value.size() - 4, static_cast<std::uint16_t>(from));
    store_be16(value.data() + value.size() - 2, static_cast<std::uint16_t>(to));
  };
  for (std::size_t i = 0; i < s.parts.size(); ++i) {
    if (!before(s.received_tsn, s.parts[i].tsn)) continue;
    const std::size_t begin = i;
    while (i + 1 < s.parts.size() && s.parts[i + 1].tsn == s.parts[i].tsn + 1) ++i;
    put(s.parts[begin].tsn - s.received_tsn, s.parts[i].tsn - s.received_tsn);
    ++sack.gaps;
  }
  for (const std::uint32_t tsn : s.repeated) {
    put(tsn >> 16, tsn & 0xffffU);
    ++sack.duplicates;
  }
  s.repeated.clear();
  sack.emit(value.data());
  return sctp_chunk(SctpChunkType::kSack, 0, value);
}

void Engine::queue_sack(Socket& s) {
  s.control.push_back(sack_chunk(s));
  s.sack_needed = false;
  s.sack_count = 0;
  stop(s, Timer::kSack);
}

// Every second packet is confirmed at once, and what is out of order, and the first one of all.
void Engine::generate_sack(std::uint32_t index, bool now) {
  Socket& s = socket(index);
  const bool gap = !s.parts.empty() && before(s.received_tsn, s.parts.back().tsn);
  if (now || gap || s.sack_needed) return queue_sack(s);
  if (++s.sack_count >= kSackEvery - 1) s.sack_needed = true;
  start(index, Timer::kSack, kSackDelay);
}

void Engine::take_round_trip(Socket& s, std::int64_t ticks) {
  if (s.srtt != 0 || s.rttvar != 0) {
    s.rttvar += (std::abs(s.srtt - ticks) >> 2) - (s.rttvar >> 2);
    s.srtt += (ticks >> 3) - (s.srtt >> 3);
  } else {
    s.srtt = ticks;
    s.rttvar = ticks >> 1;
  }
  s.rttvar = std::max<std::int64_t>(s.rttvar, 1);
  const SimDuration rto{(s.srtt + 4 * s.rttvar) * tick().ns};
  s.rto = std::clamp(rto, kLeastRto, kMostRto);
  s.rto_pending = false;
}

void Engine::acknowledge(std::uint32_t index, const SctpSack& sack, Bytes blocks) {
  Socket& s = socket(index);
  const auto in_block = [&](std::uint32_t tsn) {
    const std::uint32_t offset = tsn - sack.ack;
    for (std::size_t i = 0; i < sack.gaps && 4 * i + 4 <= blocks.size(); ++i) {
      const std::uint8_t* block = blocks.data() + 4 * i;
      if (offset >= load_be16(block) && offset <= load_be16(block + 2)) return true;
    }
    return false;
  };
  const auto is_acked = [&](std::uint32_t tsn) { return !before(sack.ack, tsn) || in_block(tsn); };
  std::erase_if(s.again, [&](const OutChunk& chunk) { return is_acked(chunk.tsn); });
  std::uint32_t bytes = 0;
  std::uint32_t highest_new = sack.ack;
  bool progress = false;
  for (OutChunk& chunk : s.sent) {
    if (!is_acked(chunk.tsn) || chunk.gap_acked) {
      progress = progress || !before(sack.ack, chunk.tsn);
      continue;
    }
    if (std::exchange(chunk.times, false)) {
      take_round_trip(s, ticks(step_.now()) - ticks(chunk.sent_at));
    }
    chunk.gap_acked = progress = true;
    if (before(highest_new, chunk.tsn)) highest_new = chunk.tsn;
    bytes += static_cast<std::uint32_t>(chunk.data.size());
  }
  const auto gone = std::ranges::partition_point(
      s.sent, [&](const OutChunk& chunk) { return !before(sack.ack, chunk.tsn); });
  const bool restart = gone != s.sent.begin();
  s.sent.erase(s.sent.begin(), gone);
  if (bytes != 0) {
    s.failures = s.path_failures = 0;
    s.path = Path::kActive;
    if (s.state == State::kShutdownPending) stop(s, Timer::kT5);
    raise_cwnd(s, sack.ack, bytes);
    s.flight -= std::min(s.flight, bytes);
    if (s.flight == 0) s.partly_acked = 0;
  }
  if (s.flight == 0) {
    stop(s, Timer::kT3);
  } else if (restart) {
    start(index, Timer::kT3, s.rto);
  }
  s.confirms = s.confirms || progress;
  s.acked_tsn = before(s.acked_tsn, sack.ack) ? sack.ack : s.acked_tsn;
  if (sack.gaps != 0) count_missing(s, highest_new);
  s.window = sack.window - std::min(sack.window, s.flight);
}

void Engine::count_missing(Socket& s, std::uint32_t highest_new) {
  constexpr std::uint8_t kEnough = 3;
  bool lost = false;
  for (OutChunk& chunk : s.sent) {
    const bool counts = chunk.fast == OutChunk::Fast::kMay && !chunk.gap_acked;
    if (!counts || !before(chunk.tsn, highest_new)) continue;
    if (++chunk.missing < kEnough) continue;
    chunk.fast = OutChunk::Fast::kNeeds;
    lost = true;
  }
  if (!lost) return;
  if (!s.fast_recovery) {
    s.fast_recovery = true;
    s.fast_recovery_end = s.next_tsn - 1;
    s.ssthresh = s.cwnd = std::max(s.cwnd / 2, 4 * s.mtu);
  }
  s.fast_retransmit = true;
  mark_again(s, true);
}

void Engine::raise_cwnd(Socket& s, std::uint32_t acked_until, std::uint32_t bytes) {
  if (s.fast_recovery && !before(acked_until, s.fast_recovery_end)) s.fast_recovery = false;
  if (s.cwnd <= s.ssthresh) {
    if (!s.fast_recovery && s.flight >= s.cwnd) s.cwnd += std::min(bytes, s.mtu);
    return;
  }
  s.partly_acked += bytes;
  if (s.partly_acked > s.cwnd && s.flight < s.cwnd) s.partly_acked = s.cwnd;
  if (s.partly_acked >= s.cwnd && s.flight >= s.cwnd) {
    s.partly_acked -= s.cwnd;
    s.cwnd += s.mtu;
  }
}

// SCTP_EVENT_NO_PENDING_TSN: who wanted to end it can do so now.
void Engine::nothing_outstanding(std::uint32_t index) {
  const Socket& s = socket(index);
  if (!s.waiting.empty() || s.flight != 0 || !s.again.empty()) return;
  if (s.state == State::kShutdownPending) start_shutdown(index);
  if (s.state == State::kShutdownReceived) send_shutdown_ack(index);
}

}  // namespace lvslab::sctp
