// Packets that came in: whose they are, and what each chunk does.
// Source: net/sctp/input.c: sctp_rcv(), sctp_rcv_ootb(); sm_statetable.c: chunk_event_table[];
//         sm_statefuns.c: the function that each state names for a chunk.
#include <algorithm>

#include "sim/sctp/engine.h"

namespace lvslab::sctp {
namespace {

using Type = SctpChunkType;

bool is_shutting_down(State state) {
  return state == State::kShutdownSent || state == State::kShutdownReceived ||
         state == State::kShutdownAckSent;
}

/// Takes data, and answers it: ESTABLISHED and SHUTDOWN_PENDING.
bool is_up(State state) { return state == State::kEstablished || state == State::kShutdownPending; }

/// An ABORT or SHUTDOWN COMPLETE has the receiver's tag, or with the T bit the sender's.
bool fits_either_tag(const Socket& s, std::uint32_t tag, std::uint8_t flags) {
  return (flags & kSctpReflectedTag) != 0 ? tag == s.peer_tag : tag == s.my_tag;
}

}  // namespace

void Engine::receive(const Packet& packet) {
  const Bytes bytes = ipv4_payload(step_.frames().bytes(packet.frame), packet.ip);
  const auto header = SctpRepr::parse_header(bytes);
  const Step::Arguments source{arg(packet.ip.src), header ? header->src_port : 0U, 0};
  const auto drop = [&](Reason reason) { step_.drop(packet.frame, reason, packet.in_dev, source); };
  if (!header || bytes.size() < SctpRepr::kLength + SctpChunk::kHeader) {
    return drop(Reason::kSctpTruncated);
  }
  if (!sctp_checksum_ok(bytes)) return drop(Reason::kSctpBadChecksum);
  if (packet.link_broadcast) return drop(Reason::kSctpNotUnicast);
  const Incoming in{.local = {packet.ip.dst, header->dst_port},
                    .remote = {packet.ip.src, header->src_port},
                    .tag = header->tag,
                    .chunks = bytes.subspan(SctpRepr::kLength),
                    .dev = packet.in_dev};
  const std::uint32_t index = find_association(in.local, in.remote);
  index != IndexTable::kNone ? receive_known(index, in) : receive_unknown(in);
  step_.frames().release(packet.frame);
}

void Engine::receive_known(std::uint32_t index, const Incoming& in) {
  Bytes rest = in.chunks;
  while (const auto chunk = take_sctp_chunk(rest)) {
    if (!chunk->is_whole()) break;
    const Next next = on_chunk(index, in, *chunk, rest.size() < SctpChunk::kHeader);
    if (next == Next::kGone) return;
    if (next == Next::kDiscard) break;
  }
  flush(index);
}

Engine::Next Engine::on_chunk(std::uint32_t index, const Incoming& in, const SctpChunk& chunk,
                              bool last) {
  switch (chunk.type) {
    case Type::kInit:
      if (socket(index).state == State::kShutdownAckSent) {
        queue(socket(index), Type::kShutdownAck);
      } else {
        step_.explain(Reason::kSctpNoRestart, in.dev, {arg(in.remote.addr), in.remote.port, 0});
      }
      return Next::kDiscard;
    case Type::kCookieEcho: return on_repeated_cookie(index, in, chunk);
    case Type::kAbort: return on_abort(index, in, chunk);
    case Type::kShutdownComplete: return on_shutdown_complete(index, in, chunk);
    case Type::kShutdownAck: return on_shutdown_ack(index, in);
    default: break;
  }
  if (in.tag != socket(index).my_tag) {
    step_.explain(Reason::kSctpWrongTag, in.dev, {arg(in.remote.addr), in.remote.port, 0});
    return Next::kDiscard;
  }
  switch (chunk.type) {
    case Type::kData: return on_data(index, chunk, last);
    case Type::kInitAck: return on_init_ack(index, in, chunk);
    case Type::kSack: return on_sack(index, chunk);
    case Type::kHeartbeat: return on_heartbeat(index, chunk);
    case Type::kHeartbeatAck: return on_heartbeat_ack(index, chunk);
    case Type::kShutdown: return on_shutdown(index, chunk);
    case Type::kCookieAck: return on_cookie_ack(index);
    default: break;
  }
  // The two upper bits of a type say what is to be done if it is not known.
  const bool known = !name_of(chunk.type).empty();
  return known || (static_cast<std::uint8_t>(chunk.type) & 0x80U) != 0 ? Next::kGoOn
                                                                       : Next::kDiscard;
}

// --- the handshake, as the client
// ------------------------------------------------------------------

// sctp_sf_do_5_1C_ack()
Engine::Next Engine::on_init_ack(std::uint32_t index, const Incoming& in, const SctpChunk& chunk) {
  Socket& s = socket(index);
  if (s.state != State::kCookieWait) return Next::kGoOn;
  const auto init = SctpInit::parse(chunk.value);
  if (!init || init->tag == 0) return Next::kDiscard;
  Bytes parameters = chunk.value.subspan(SctpInit::kLength);
  while (const auto parameter = take_sctp_parameter(parameters)) {
    if (parameter->type != sctp_parameter::kCookie) continue;
    s.cookie.assign(parameter->value.begin(), parameter->value.end());
  }
  if (s.cookie.empty()) return Next::kDiscard;
  s.peer_tag = init->tag;
  s.window = init->window;
  s.ssthresh = init->window;
  s.received_tsn = s.delivered_tsn = init->tsn - 1;
  s.init_failures = 0;
  s.state = State::kCookieEchoed;
  step_.explain(Reason::kSctpCookieReturned, in.dev,
                {arg(in.remote.addr), in.remote.port, s.local.port});
  stop(s, Timer::kT1);
  s.t1_timeout = kFirstRto;
  start(index, Timer::kT1, s.t1_timeout);
  queue(s, Type::kCookieEcho, 0, s.cookie);
  return Next::kGoOn;
}

// sctp_sf_do_5_1E_ca()
Engine::Next Engine::on_cookie_ack(std::uint32_t index) {
  Socket& s = socket(index);
  if (s.state != State::kCookieEchoed) return Next::kGoOn;
  s.state = State::kEstablished;
  s.cookie.clear();
  s.init_failures = 0;
  stop(s, Timer::kT1);
  start_heartbeat(index);
  step_.explain(Reason::kSctpConnected, {}, {arg(s.remote.addr), s.remote.port, s.local.port});
  note(index, SocketEventKind::kConnected);
  return Next::kGoOn;
}

// --- the handshake, as the server
// ------------------------------------------------------------------

// sctp_sf_do_5_1B_init(): answers, and forgets.
void Engine::answer_init(const Incoming& in, const SctpChunk& chunk) {
  const auto init = SctpInit::parse(chunk.value);
  if (!init) return;
  const Step::Arguments who{arg(in.remote.addr), in.remote.port, in.local.port};
  const bool sound = init->tag != 0 && init->out_streams != 0 && init->in_streams != 0;
  if (in.tag != 0 || !sound || find_listener(in.local) == IndexTable::kNone) {
    step_.explain(Reason::kSctpRefuses, in.dev, who);
    return send_abort(in, init->tag, 0);
  }
  const Cookie cookie{.my_tag = static_cast<std::uint32_t>(step_.random().next() | 1U),
                      .peer_tag = init->tag,
                      .my_tsn = static_cast<std::uint32_t>(step_.random().next()),
                      .peer_tsn = init->tsn,
                      .peer_window = init->window,
                      .local = in.local,
                      .remote = in.remote,
                      .made = step_.now()};
  std::vector<std::uint8_t> value(SctpInit::kLength);
  SctpInit{.tag = cookie.my_tag,
           .window = kReceiveRoom,
           .out_streams = std::min(kOutStreams, init->in_streams),
           .in_streams = std::min(kInStreams, init->out_streams),
           .tsn = cookie.my_tsn}
      .emit(value.data());
  const auto add = [&value](std::uint16_t type, Bytes bytes) {
    const std::vector<std::uint8_t> parameter = sctp_chunk({}, 0, bytes);
    value.insert(value.end(), parameter.begin(), parameter.end());
    store_be16(value.data() + value.size() - parameter.size(), type);
  };
  add(sctp_parameter::kCookie, seal(cookie));
  add(sctp_parameter::kEcn, {});
  add(sctp_parameter::kForwardTsn, {});
  step_.explain(Reason::kSctpInitAnswered, in.dev, who);
  send_packet({.src = in.local.addr, .dst = in.remote.addr},
              {in.local.port, in.remote.port, init->tag}, sctp_chunk(Type::kInitAck, 0, value));
}

// sctp_sf_do_5_1D_ce()
void Engine::accept_cookie(std::uint32_t listener, const Incoming& in, const SctpChunk& chunk) {
  const auto cookie = open(chunk.value);
  const Step::Arguments who{arg(in.remote.addr), in.remote.port, in.local.port};
  const bool mine = cookie && cookie->local == in.local && cookie->remote == in.remote &&
                    cookie->my_tag == in.tag;
  if (!mine || cookie->made + kCookieLife < step_.now()) {
    return step_.explain(Reason::kSctpBadCookie, in.dev, who);
  }
  const std::uint32_t index = add_association(in.local, in.remote);
  Socket& s = socket(index);
  s.state = State::kEstablished;
  s.open = true;
  s.owner = socket(listener).owner;
  s.listener = {listener};
  s.my_tag = cookie->my_tag;
  s.peer_tag = cookie->peer_tag;
  s.my_first_tsn = s.next_tsn = cookie->my_tsn;
  s.acked_tsn = cookie->my_tsn - 1;
  s.window = s.ssthresh = cookie->peer_window;
  s.received_tsn = s.delivered_tsn = cookie->peer_tsn - 1;
  step_.explain(Reason::kSctpAccepted, in.dev, who);
  start_heartbeat(index);
  note(index, SocketEventKind::kAccepted);
  queue(s, Type::kCookieAck);
  flush(index);
  // Only now a socket of its own has it (sctp_sock_migrate()), which numbers its packets.
  s.counts_ids = true;
  s.ip_id = static_cast<std::uint16_t>(step_.random().next());
}

// sctp_sf_do_5_2_4_dupcook(), of which case D alone: the COOKIE ACK was lost.
Engine::Next Engine::on_repeated_cookie(std::uint32_t index, const Incoming& in,
                                        const SctpChunk& chunk) {
  Socket& s = socket(index);
  const auto cookie = open(chunk.value);
  const Step::Arguments who{arg(in.remote.addr), in.remote.port, in.local.port};
  if (!cookie || cookie->my_tag != s.my_tag || cookie->peer_tag != s.peer_tag) {
    step_.explain(Reason::kSctpBadCookie, in.dev, who);
    return Next::kDiscard;
  }
  step_.explain(Reason::kSctpCookieAgain, in.dev, who);
  queue(s, Type::kCookieAck);
  return Next::kGoOn;
}

// --- data
// ------------------------------------------------------------------------------------------

// sctp_sf_eat_data_6_2(), sctp_sf_eat_data_fast_4_4(), sctp_eat_data()
Engine::Next Engine::on_data(std::uint32_t index, const SctpChunk& chunk, bool last) {
  Socket& s = socket(index);
  if (!is_up(s.state) && s.state != State::kShutdownSent) return Next::kGoOn;
  const auto data = SctpData::parse(chunk.value);
  if (!data || chunk.value.size() == SctpData::kLength) return Next::kDiscard;
  const Bytes payload = chunk.value.subspan(SctpData::kLength);
  bool now = (chunk.flags & SctpData::kImmediate) != 0;
  const auto known = std::ranges::find(s.parts, data->tsn, &InChunk::tsn) != s.parts.end();
  if (!before(s.received_tsn, data->tsn) || known) {
    s.repeated.push_back(data->tsn);
    now = true;
  } else if (payload.size() > s.room + s.mtu) {
    now = true;
  } else {
    if (s.open) s.room -= std::min(s.room, static_cast<std::uint32_t>(payload.size()));
    const auto place = std::ranges::find_if(
        s.parts, [&](const InChunk& part) { return before(data->tsn, part.tsn); });
    s.parts.insert(place, {data->tsn, chunk.flags, {payload.begin(), payload.end()}});
    deliver(index);
  }
  if (!last) return Next::kGoOn;
  if (s.state == State::kShutdownSent) {
    s.failures = 0;
    std::uint8_t ack[4];
    store_be32(ack, s.received_tsn);
    queue(s, Type::kShutdown, 0, ack);
    generate_sack(index, true);
    start(index, Timer::kT2, s.rto);
  } else {
    generate_sack(index, now);
  }
  return Next::kGoOn;
}

// sctp_sf_eat_sack_6_2()
Engine::Next Engine::on_sack(std::uint32_t index, const SctpChunk& chunk) {
  Socket& s = socket(index);
  if (!is_up(s.state) && s.state != State::kShutdownReceived && s.state != State::kCookieEchoed) {
    return Next::kGoOn;
  }
  const auto sack = SctpSack::parse(chunk.value);
  if (!sack || !before(sack->ack, s.next_tsn)) return Next::kDiscard;
  if (before(sack->ack, s.acked_tsn)) return Next::kGoOn;
  acknowledge(index, *sack, chunk.value.subspan(SctpSack::kLength));
  nothing_outstanding(index);
  return Next::kGoOn;
}

// --- the end
// ---------------------------------------------------------------------------------------

// sctp_sf_do_9_1_abort(), sctp_sf_cookie_wait_abort()
Engine::Next Engine::on_abort(std::uint32_t index, const Incoming& in, const SctpChunk& chunk) {
  const Socket& s = socket(index);
  if (!fits_either_tag(s, in.tag, chunk.flags)) {
    step_.explain(Reason::kSctpWrongTag, in.dev, {arg(in.remote.addr), in.remote.port, 0});
    return Next::kDiscard;
  }
  const bool asked = s.state == State::kCookieWait || s.state == State::kCookieEchoed;
  step_.explain(asked ? Reason::kSctpRefused : Reason::kSctpAborted, in.dev,
                {arg(in.remote.addr), in.remote.port, s.local.port});
  fail(index, asked ? Errno::kConnRefused : Errno::kConnReset);
  return Next::kGone;
}

// sctp_sf_do_9_2_shutdown(), sctp_sf_do_9_2_shutdown_ack(), sctp_sf_do_9_2_shut_ctsn()
Engine::Next Engine::on_shutdown(std::uint32_t index, const SctpChunk& chunk) {
  Socket& s = socket(index);
  if (chunk.value.size() < 4) return Next::kDiscard;
  const std::uint32_t ack = load_be32(chunk.value.data());
  if (s.state == State::kShutdownSent) {  // both at once
    send_shutdown_ack(index);
    return Next::kGoOn;
  }
  if (!is_up(s.state) && s.state != State::kShutdownReceived) return Next::kGoOn;
  if (before(ack, s.acked_tsn) || !before(ack, s.next_tsn)) return Next::kGoOn;
  if (s.state != State::kShutdownReceived) {
    s.state = State::kShutdownReceived;
    note(index, SocketEventKind::kPeerClosed);
  }
  const bool idle = s.waiting.empty() && s.sent.empty() && s.again.empty();
  if (idle) {
    send_shutdown_ack(index);
    return Next::kGoOn;
  }
  // It confirms as a SACK does, and leaves the window as it is.
  acknowledge(index, {.ack = ack, .window = s.window + s.flight}, {});
  nothing_outstanding(index);
  return Next::kGoOn;
}

// sctp_sf_do_9_2_final()
Engine::Next Engine::on_shutdown_ack(std::uint32_t index, const Incoming& in) {
  Socket& s = socket(index);
  const bool asked = s.state == State::kCookieWait || s.state == State::kCookieEchoed;
  if (asked) {
    out_of_the_blue(in);
    return Next::kDiscard;
  }
  if (in.tag != s.my_tag || !is_shutting_down(s.state) || s.state == State::kShutdownReceived) {
    return Next::kDiscard;
  }
  queue(s, Type::kShutdownComplete);
  flush(index);
  step_.explain(Reason::kSctpShutdownDone, in.dev,
                {arg(s.remote.addr), s.remote.port, s.local.port});
  note(index, SocketEventKind::kPeerClosed);
  remove(index);
  return Next::kGone;
}

// sctp_sf_do_4_C()
Engine::Next Engine::on_shutdown_complete(std::uint32_t index, const Incoming& in,
                                          const SctpChunk& chunk) {
  Socket& s = socket(index);
  if (s.state != State::kShutdownAckSent || !fits_either_tag(s, in.tag, chunk.flags)) {
    return Next::kDiscard;
  }
  step_.explain(Reason::kSctpShutdownDone, in.dev,
                {arg(s.remote.addr), s.remote.port, s.local.port});
  remove(index);
  return Next::kGone;
}

// --- heartbeats
// ------------------------------------------------------------------------------------

// sctp_sf_beat_8_3(): what it holds goes back as it came.
Engine::Next Engine::on_heartbeat(std::uint32_t index, const SctpChunk& chunk) {
  Socket& s = socket(index);
  if (s.state != State::kCookieWait) queue(s, Type::kHeartbeatAck, 0, chunk.value);
  return Next::kGoOn;
}

// sctp_sf_backbeat_8_3(), sctp_cmd_transport_on()
Engine::Next Engine::on_heartbeat_ack(std::uint32_t index, const SctpChunk& chunk) {
  Socket& s = socket(index);
  if (!is_up(s.state) && s.state != State::kShutdownReceived) return Next::kGoOn;
  const auto sent_at = beat_of(s, chunk.value);
  if (!sent_at) return Next::kGoOn;
  s.path_failures = 0;
  if (s.state == State::kEstablished) s.failures = 0;
  s.heartbeat_sent = false;
  s.path = Path::kActive;
  s.confirms = true;
  take_round_trip(s, ticks(step_.now()) - *sent_at);
  start_heartbeat(index);
  return Next::kGoOn;
}

// --- out of the blue
// ---------------------------------------------------------------------------------

void Engine::receive_unknown(const Incoming& in) {
  Bytes rest = in.chunks;
  const auto first = take_sctp_chunk(rest);
  if (!first || !first->is_whole()) return;
  if (first->type == Type::kInit) {
    if (rest.empty()) answer_init(in, *first);
    return;
  }
  const std::uint32_t listener = find_listener(in.local);
  if (first->type == Type::kCookieEcho && listener != IndexTable::kNone) {
    return accept_cookie(listener, in, *first);
  }
  // sctp_sf_do_5_2_3_initack(): who listens there discards it.
  if (first->type == Type::kInitAck && listener != IndexTable::kNone) return;
  out_of_the_blue(in);
}

// sctp_rcv_ootb(), sctp_sf_ootb()
void Engine::out_of_the_blue(const Incoming& in) {
  const Step::Arguments who{arg(in.remote.addr), in.remote.port, in.local.port};
  bool shutdown_ack = false, silent = false;
  Bytes rest = in.chunks;
  while (const auto chunk = take_sctp_chunk(rest)) {
    if (chunk->type == Type::kAbort || chunk->type == Type::kShutdownComplete) return;
    if (chunk->type == Type::kInit) return;
    if (chunk->type == Type::kShutdownAck) shutdown_ack = true;
    if (chunk->type == Type::kCookieAck) silent = true;
  }
  if (shutdown_ack) {
    step_.explain(Reason::kSctpLateShutdownAck, in.dev, who);
    return send_packet({.src = in.local.addr, .dst = in.remote.addr},
                       {in.local.port, in.remote.port, in.tag},
                       sctp_chunk(Type::kShutdownComplete, kSctpReflectedTag));
  }
  if (silent) return;
  step_.explain(Reason::kSctpOutOfTheBlue, in.dev, who);
  send_abort(in, in.tag, kSctpReflectedTag);
}

void Engine::send_abort(const Incoming& in, std::uint32_t tag, std::uint8_t flags) {
  send_packet({.src = in.local.addr, .dst = in.remote.addr}, {in.local.port, in.remote.port, tag},
              sctp_chunk(Type::kAbort, flags));
}

void receive(Step& step, Stack& stack, Ports ports, const Packet& packet) {
  Engine engine(step, stack, ports);
  engine.receive(packet);
  engine.tell();
}

}  // namespace lvslab::sctp
