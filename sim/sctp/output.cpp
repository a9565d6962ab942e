// Packets that go out: what they bundle, and when DATA may leave.
// Source: net/sctp/outqueue.c: sctp_outq_flush() and what it calls, sctp_retransmit();
//         output.c: sctp_packet_append_chunk(), sctp_packet_can_append_data(),
//         sctp_packet_transmit().
#include <algorithm>
#include <iterator>

#include "sim/sctp/engine.h"

namespace lvslab::sctp {
namespace {

using Type = SctpChunkType;

Type type_of(const std::vector<std::uint8_t>& chunk) { return Type{chunk[0]}; }

/// Never together with others in a packet.
bool goes_alone(Type type) {
  return type == Type::kInit || type == Type::kInitAck || type == Type::kShutdownComplete;
}

std::vector<std::uint8_t> data_chunk(const OutChunk& chunk) {
  std::vector<std::uint8_t> value(SctpData::kLength);
  SctpData{.tsn = chunk.tsn, .sequence = chunk.sequence}.emit(value.data());
  value.insert(value.end(), chunk.data.begin(), chunk.data.end());
  return sctp_chunk(Type::kData, chunk.flags, value);
}

std::uint32_t size_of(const OutChunk& chunk) {
  return static_cast<std::uint32_t>(chunk.data.size());
}

}  // namespace

void Engine::send_packet(const IpSend& how, const SctpRepr& header, Bytes chunks) {
  FramePool& frames = step_.frames();
  const FrameRef segment = frames.allocate(SctpRepr::kLength + chunks.size());
  const MutBytes out = frames.writable(segment);
  std::ranges::copy(chunks, out.begin() + SctpRepr::kLength);
  header.emit(out);
  IpSend sent = how;
  sent.protocol = IpProto::kSctp;
  sent.id_given = true;  // 0, unless a connected socket counts
  constexpr std::uint8_t kEct0 = 2;
  sent.tos = kEct0;
  ports_.ip.send(step_, sent, segment);
}

void Engine::transmit(std::uint32_t index, Bundle& bundle) {
  Socket& s = socket(index);
  if (bundle.chunks.empty()) return;
  if (std::exchange(s.confirms, false)) ports_.ip.confirm(step_, s.remote.addr);
  IpSend how{.src = s.local.addr, .dst = s.remote.addr};
  how.dont_fragment = bundle.chunks.size() + kPacketOverhead <= s.mtu;
  if (s.counts_ids) how.id = s.ip_id++;
  const std::uint32_t tag = type_of(bundle.chunks) == Type::kInit ? 0 : s.peer_tag;
  send_packet(how, {s.local.port, s.remote.port, tag}, bundle.chunks);
  bundle = {};
}

// --- the queue
// -------------------------------------------------------------------------------------

void Engine::flush(std::uint32_t index, bool timed_out) {
  Bundle bundle;
  flush_control(index, bundle);
  const State state = socket(index).state;
  const bool sends = state == State::kEstablished || state == State::kShutdownPending ||
                     state == State::kShutdownReceived;
  if (sends && flush_again(index, bundle, timed_out)) flush_new(index, bundle);
  transmit(index, bundle);
}

void Engine::flush_control(std::uint32_t index, Bundle& bundle) {
  Socket& s = socket(index);
  const std::vector<std::vector<std::uint8_t>> chunks = std::move(s.control);
  s.control.clear();
  for (const std::vector<std::uint8_t>& chunk : chunks) {
    if (goes_alone(type_of(chunk))) {
      Bundle alone{.chunks = chunk};
      transmit(index, alone);
      continue;
    }
    if (kPacketOverhead + bundle.chunks.size() + chunk.size() > s.mtu) transmit(index, bundle);
    bundle.has_sack = bundle.has_sack || type_of(chunk) == Type::kSack;
    bundle.chunks.insert(bundle.chunks.end(), chunk.begin(), chunk.end());
  }
}

// False if there is more to be sent again than may leave now: nothing new goes before that.
bool Engine::flush_again(std::uint32_t index, Bundle& bundle, bool timed_out) {
  Socket& s = socket(index);
  if (s.again.empty()) return true;
  const bool fast = std::exchange(s.fast_retransmit, false);
  std::vector<OutChunk> stay;
  bool done = false, any = false;
  for (OutChunk& chunk : s.again) {
    const bool skip = fast && chunk.fast == OutChunk::Fast::kMay;
    if (done || skip || !append_data(index, bundle, chunk, s.cwnd, timed_out || fast)) {
      done = done || !skip;
      if (timed_out || fast) chunk.fast = OutChunk::Fast::kMayNot;
      stay.push_back(std::move(chunk));
      continue;
    }
    any = true;
    if (chunk.fast == OutChunk::Fast::kNeeds) chunk.fast = OutChunk::Fast::kMayNot;
    s.sent.push_back(std::move(chunk));
  }
  std::ranges::sort(s.sent, before, &OutChunk::tsn);
  s.again = std::move(stay);
  if (any) {
    if (!timer(s, Timer::kT3).armed()) start(index, Timer::kT3, s.rto);
    s.data_sent_at = step_.now();
  }
  return s.again.empty();
}

void Engine::flush_new(std::uint32_t index, Bundle& bundle) {
  Socket& s = socket(index);
  const std::uint32_t cwnd = std::min(s.cwnd, s.flight + kMaxBurst * s.mtu);
  while (!s.waiting.empty()) {
    OutChunk chunk = std::move(s.waiting.front());
    s.waiting.pop_front();
    chunk.tsn = s.next_tsn;
    if (s.state == State::kShutdownPending) chunk.flags |= SctpData::kImmediate;
    if (!append_data(index, bundle, chunk, cwnd, false)) {
      s.waiting.push_front(std::move(chunk));
      return;
    }
    ++s.next_tsn;
    s.sent.push_back(std::move(chunk));
    if (!timer(s, Timer::kT3).armed()) start(index, Timer::kT3, s.rto);
    s.data_sent_at = step_.now();
  }
}

bool Engine::may_append(const Socket& s, const Bundle& bundle, const OutChunk& chunk,
                        std::uint32_t cwnd) const {
  const std::uint32_t size = size_of(chunk);
  if (size > s.window && s.flight > 0) return false;
  if (chunk.fast != OutChunk::Fast::kNeeds && s.flight >= cwnd) return false;
  // Nagle's algorithm.
  if (s.flight == 0 || !bundle.chunks.empty() || s.state != State::kEstablished) return true;
  std::size_t queued = size + kDataHeader;
  for (const OutChunk& later : s.waiting) queued += size_of(later) + kDataHeader;
  constexpr std::size_t kSlack = 4;
  return queued > s.mtu - kPacketOverhead - kDataHeader - kSlack || !chunk.may_wait;
}

bool Engine::append_data(std::uint32_t index, Bundle& bundle, OutChunk& chunk, std::uint32_t cwnd,
                         bool one_packet) {
  Socket& s = socket(index);
  if (!may_append(s, bundle, chunk, cwnd)) return false;
  if (!bundle.has_sack && !bundle.has_data && timer(s, Timer::kSack).armed()) {
    const std::vector<std::uint8_t> sack = sack_chunk(s);
    s.sack_needed = false;
    stop(s, Timer::kSack);
    bundle.chunks.insert(bundle.chunks.end(), sack.begin(), sack.end());
    bundle.has_sack = true;
  }
  const std::size_t size = sctp_padded(size_of(chunk) + kDataHeader);
  if (!bundle.chunks.empty() && kPacketOverhead + bundle.chunks.size() + size > s.mtu) {
    const bool full = bundle.has_data && one_packet;
    transmit(index, bundle);
    if (full) return false;
  }
  chunk.sent_at = step_.now();
  if (!std::exchange(chunk.sent_before, true) && !s.rto_pending) {
    chunk.times = s.rto_pending = true;
  }
  s.flight += size_of(chunk);
  s.window -= std::min(s.window, size_of(chunk));
  const std::vector<std::uint8_t> bytes = data_chunk(chunk);
  bundle.chunks.insert(bundle.chunks.end(), bytes.begin(), bytes.end());
  bundle.has_data = true;
  return true;
}

void Engine::mark_again(Socket& s, bool fast) {
  std::vector<OutChunk> stay;
  for (OutChunk& chunk : s.sent) {
    const bool lost = fast ? chunk.fast == OutChunk::Fast::kNeeds : !chunk.gap_acked;
    if (!lost) {
      stay.push_back(std::move(chunk));
      continue;
    }
    s.window += size_of(chunk);
    s.flight -= std::min(s.flight, size_of(chunk));
    chunk.missing = 0;
    if (std::exchange(chunk.times, false)) s.rto_pending = false;
    s.again.push_back(std::move(chunk));
  }
  s.sent = std::move(stay);
  std::ranges::sort(s.again, before, &OutChunk::tsn);
}

// After a timeout one packet goes at once, the rest as the window opens.
void Engine::retransmit(std::uint32_t index) {
  Socket& s = socket(index);
  s.ssthresh = std::max(s.cwnd / 2, 4 * s.mtu);
  s.cwnd = s.mtu;
  s.fast_recovery = false;
  mark_again(s, false);
  flush(index, true);
}

// --- control chunks
// -----------------------------------------------------------------------------------

void Engine::send_init(std::uint32_t index) {
  Socket& s = socket(index);
  constexpr std::uint8_t kIpv4AddressType = 5;
  std::vector<std::uint8_t> value(SctpInit::kLength);
  SctpInit{.tag = s.my_tag,
           .window = kReceiveRoom,
           .out_streams = kOutStreams,
           .in_streams = kInStreams,
           .tsn = s.my_first_tsn}
      .emit(value.data());
  const auto add = [&value](std::uint16_t type, Bytes bytes) {
    const std::vector<std::uint8_t> parameter = sctp_chunk({}, 0, bytes);
    value.insert(value.end(), parameter.begin(), parameter.end());
    store_be16(value.data() + value.size() - parameter.size(), type);
  };
  const std::array<std::uint8_t, 2> types{0, kIpv4AddressType};
  add(sctp_parameter::kAddressTypes, types);
  add(sctp_parameter::kEcn, {});
  add(sctp_parameter::kForwardTsn, {});
  queue(s, Type::kInit, 0, value);
}

// sctp_sf_do_9_2_start_shutdown()
void Engine::start_shutdown(std::uint32_t index) {
  Socket& s = socket(index);
  s.state = State::kShutdownSent;
  step_.explain(Reason::kSctpShutdownBegins, {}, {arg(s.remote.addr), s.remote.port, s.local.port});
  std::uint8_t ack[4];
  store_be32(ack, s.received_tsn);
  queue(s, Type::kShutdown, 0, ack);
  stop(s, Timer::kHeartbeat);
  start(index, Timer::kT2, s.rto);
  start(index, Timer::kT5, {5 * kMostRto.ns});
}

// sctp_sf_do_9_2_shutdown_ack()
void Engine::send_shutdown_ack(std::uint32_t index) {
  Socket& s = socket(index);
  s.state = State::kShutdownAckSent;
  queue(s, Type::kShutdownAck);
  stop(s, Timer::kHeartbeat);
  start(index, Timer::kT2, s.rto);
}

}  // namespace lvslab::sctp
