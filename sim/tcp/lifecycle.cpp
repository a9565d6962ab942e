// How sockets come and go, what they hold while they live, and how programs hear of them.
// Source: net/ipv4/tcp.c, net/ipv4/tcp_output.c: tcp_select_initial_window().
#include <bit>
#include <utility>

#include "sim/tcp/engine.h"

namespace lvslab::tcp {
namespace {

constexpr std::size_t kKeptCount = 64;
constexpr std::uint32_t kRmemMax = 212'992;  // net.core.rmem_max
constexpr std::uint32_t kMaxAdvertisedMss = 65'495;

void give_back(Context& c, Extension& e) {
  for (const EarlySegment& early : e.early) c.step.frames().release(early.frame);
  Tables& t = c.tables;
  e.queue.clear(c.step.frames());
  if (e.sent.capacity() != 0 && e.sent.capacity() <= 64 && t.spare_sent.size() < kKeptCount) {
    e.sent.clear();
    t.spare_sent.push_back(std::move(e.sent));
  }
  e.sent = {};
  e.early = {};
}

}  // namespace

Tables& tables_of(Stack& stack) {
  if (stack.tables.empty()) {
    Tables& t = stack.tables.emplace_back();
    for (std::uint32_t i = 0; i < t.port_perturb.size(); ++i) {
      t.port_perturb[i] = static_cast<std::uint32_t>(mix64(stack.secret + i + 1));
    }
  }
  return stack.tables.front();
}

const Config& Stack::config() const {
  static constexpr Config kDefaults;
  return changed.empty() ? kDefaults : changed.front();
}

std::uint32_t new_socket(Context& c, const Tuple& tuple) {
  const std::uint32_t index = c.tables.sockets.acquire();
  Socket& s = c.socket(index);
  s.tuple = tuple;
  s.generation = next_generation(c.tables);
  s.state = TcpState::kSynSent;
  s.ip_id = static_cast<std::uint16_t>(c.step.random().next() >> 48);
  insert_connection(c.tables, tuple, Handle::of(Kind::kSocket, index));
  return index;
}

void free_socket(Context& c, std::uint32_t index) {
  Socket& s = c.socket(index);
  if (c.step.tracing()) row_removed(c, Handle::of(Kind::kSocket, index));
  erase_connection(c.tables, s.tuple, Handle::of(Kind::kSocket, index));
  if (s.ext != kNoExtension) {
    give_back(c, c.ext_of(s));
    c.tables.extensions.release(s.ext);
    s.ext = kNoExtension;
  }
  s.timer.cancel();
  s.state = TcpState::kClose;
  c.tables.sockets.release(index);
}

Extension& attach(Context& c, std::uint32_t index) {
  Socket& s = c.socket(index);
  if (s.ext != kNoExtension) return c.ext_of(s);
  s.ext = c.tables.extensions.acquire();
  Extension& e = c.ext_of(s);
  if (!c.tables.spare_sent.empty()) {
    e.sent = std::move(c.tables.spare_sent.back());
    c.tables.spare_sent.pop_back();
  }
  e.queue.begin_at(s.snd_nxt);
  e.pushed_seq = s.snd_nxt;
  e.small_seq = e.cwnd_usage_seq = s.snd_una;
  e.rtt_seq = s.snd_una;
  e.mdev_us = s.srtt_us8 >> 4;
  e.mdev_max_us = static_cast<std::uint32_t>(kRtoMin.us());
  e.min_rtt_us = s.srtt_us8 >> 3;
  e.drs_seq = s.rcv_nxt;
  e.drs_time = c.now();
  e.drs_space = std::min({s.rcv_ssthresh, s.rcv_wnd, std::uint32_t{kInitialCwnd} * s.mss});
  return e;
}

void detach_if_idle(Context& c, std::uint32_t index) {
  Socket& s = c.socket(index);
  if (s.ext == kNoExtension || s.has(flag::kBulkReceiver) || s.state == TcpState::kSynSent) return;
  Extension& e = c.ext_of(s);
  const bool idle = e.packets_out() == 0 && e.queue.empty() && e.early.empty() &&
                    !fin_unsent(s, e) && e.retransmit_at == SimTime::never() &&
                    e.delayed_ack_at == SimTime::never();
  const bool plain = e.ca == CaState::kOpen && s.ssthresh == kInfiniteSsthresh &&
                     e.last_challenge.ns < 0 && !e.dsack_pending && e.seeded_rto_us == 0;
  // What a varying round-trip time was goes into timeouts for a long time.
  const bool steady = std::cmp_less_equal(s.rttvar_us, kRtoMin.us());
  if (!idle || !plain || !steady) return;
  give_back(c, e);
  c.tables.extensions.release(s.ext);
  s.ext = kNoExtension;
}

void fail_socket(Context& c, std::uint32_t index, Errno error, Upcalls& up) {
  Socket& s = c.socket(index);
  up = upcalls_of(s, index);
  if (!s.has(flag::kOrphan)) up.error = error;
  free_socket(c, index);
}

InitialWindow initial_window(const Config& config, std::uint32_t mss, bool scaling) {
  auto space = static_cast<std::uint32_t>(config.rmem[1] / 2);
  if (space > mss) space -= space % mss;
  InitialWindow out{std::min(space, 65'535U), 0};
  if (!scaling) return out;
  const std::uint32_t largest =
      std::max({space, static_cast<std::uint32_t>(config.rmem[2]), kRmemMax});
  out.scale =
      static_cast<std::uint8_t>(std::clamp(static_cast<int>(std::bit_width(largest)) - 16, 0, 14));
  return out;
}

void init_buffer_space(Context& c, Socket& s, std::uint32_t adv_mss) {
  const auto largest = static_cast<std::uint32_t>(c.config.rmem[1] / 2);
  std::uint32_t clamp = s.has(flag::kWindowScale) ? largest : std::min(largest, 65'535U);
  if (clamp > 2 * adv_mss && clamp + adv_mss > largest) {
    clamp = std::max(2 * adv_mss, largest - adv_mss);
  }
  s.rcv_ssthresh = std::min(s.rcv_ssthresh, clamp);
}

std::uint16_t advertised_mss(std::uint32_t mtu) {
  return static_cast<std::uint16_t>(std::clamp(mtu - 40, 256U, kMaxAdvertisedMss));
}

IpSend ip_of(const Socket& s) {
  IpSend how;
  how.src = s.tuple.local_addr;
  how.dst = s.tuple.remote_addr;
  how.protocol = IpProto::kTcp;
  how.oif = s.bound_dev;
  if (s.throughput) how.tos = kTosThroughput;
  how.id_given = true;
  return how;
}

Upcalls upcalls_of(const Socket& s, std::uint32_t index) {
  Upcalls up;
  up.socket = make_id(Kind::kSocket, s.generation, index);
  up.owner = s.owner;
  up.cookie = s.cookie;
  return up;
}

namespace {

/// Delivers one upcall's events in order, until the program closes the socket.
class Emitter {
 public:
  Emitter(Context& c, const Upcalls& up)
      : c_(c), up_(up), living_(find_socket(c.stack, up.socket) != kNone) {}

  void fire(SocketEventKind kind, Bytes data = {}) {
    SocketEvent event{.kind = kind,
                      .socket = up_.socket,
                      .listener = {},
                      .cookie = up_.cookie,
                      .data = data,
                      .error = Errno::kNone};
    if (kind == SocketEventKind::kAccepted) event.listener = up_.listener;
    if (kind == SocketEventKind::kError) event.error = up_.error;
    if (living_) {
      const std::uint32_t index = find_socket(c_.stack, up_.socket);
      if (index == kNone) return;
      event.cookie = c_.socket(index).cookie;
    }
    c_.ports.events.on_socket(c_.step, up_.owner, event);
  }

 private:
  Context& c_;
  const Upcalls& up_;
  bool living_;
};

}  // namespace

void emit(Context& c, Upcalls& up, FrameRef frame) {
  if (up.owner.valid()) {
    Emitter out(c, up);
    if (up.accepted) out.fire(SocketEventKind::kAccepted);
    if (up.connected) out.fire(SocketEventKind::kConnected);
    if (up.data_length > 0) {
      out.fire(SocketEventKind::kData,
               c.step.frames().bytes(frame).subspan(up.data_offset, up.data_length));
    }
    for (const EarlySegment& early : up.more) {
      if (early.end == early.begin) continue;
      out.fire(SocketEventKind::kData,
               c.step.frames().bytes(early.frame).subspan(early.offset, early.end - early.begin));
    }
    if (up.writable) out.fire(SocketEventKind::kWritable);
    if (up.peer_closed) out.fire(SocketEventKind::kPeerClosed);
    if (up.fin_acked) out.fire(SocketEventKind::kFinAcked);
    if (up.error != Errno::kNone) out.fire(SocketEventKind::kError);
  }
  for (const EarlySegment& early : up.more) c.step.frames().release(early.frame);
}

}  // namespace lvslab::tcp
