// A bench that joins two TCP stacks by a wire with programmable loss, delay, duplication and
// reordering, or drives one stack with segments made by hand (as packetdrill does).
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/tcp/stack.h"

namespace lvslab::tcp {

using namespace lvslab::literals;

inline constexpr Ipv4Addr kClientIp{0x0a000001};  // 10.0.0.1
inline constexpr Ipv4Addr kServerIp{0x0a000002};  // 10.0.0.2

/// A segment as it was seen on the wire.
struct Seen {
  SimTime at;
  int from = 0;  ///< which end sent it
  Ipv4Repr ip;
  TcpRepr tcp;
  std::vector<std::uint8_t> options;  ///< raw option bytes
  std::string payload;
  bool checksum_ok = false;
  bool lost = false;

  bool has(std::uint8_t f) const { return tcp.has(f); }
};

/// One host of the bench: a stack, its program, and what the program heard.
class End final : public IpOutput, public SocketEvents {
 public:
  struct Heard {
    SocketEventKind kind;
    SocketId socket;
    Errno error = Errno::kNone;
    std::uint32_t cookie = 0;
    std::size_t length = 0;
  };
  using Program = std::function<void(Step&, End&, const SocketEvent&)>;
  using Transmit = std::function<void(Step&, int, const IpSend&, FrameRef)>;

  End(int number, Ipv4Addr addr, Transmit transmit)
      : addr_(addr), number_(number), transmit_(std::move(transmit)) {
    stack.secret = 0x1234'5678 + static_cast<std::uint64_t>(number);
  }

  std::expected<RouteAnswer, Errno> route(Step&, const IpSend& want) override {
    if (route_error != Errno::kNone) return std::unexpected(route_error);
    RouteAnswer answer;
    answer.src = want.src.is_any() ? addr_ : want.src;
    answer.mtu = mtu;
    answer.pending_since = pending_since;
    return answer;
  }
  Errno send(Step& step, const IpSend& how, FrameRef segment) override {
    transmit_(step, number_, how, segment);
    return Errno::kNone;
  }
  void confirm(Step&, Ipv4Addr) override { ++confirmed; }
  bool is_local(Ipv4Addr addr) const override { return addr == addr_; }
  std::vector<Ipv4Addr> addresses() const override { return {addr_}; }
  void on_socket(Step& step, AppId, const SocketEvent& event) override {
    heard.push_back({event.kind, event.socket, event.error, event.cookie, event.data.size()});
    if (event.kind == SocketEventKind::kData) {
      received[event.socket.value].append(event.data.begin(), event.data.end());
    }
    if (event.kind == SocketEventKind::kAccepted) accepted = event.socket;
    if (program) program(step, *this, event);
  }
  Ports ports() { return {*this, *this, nullptr}; }
  std::size_t count(SocketEventKind kind) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(heard, [&](const Heard& h) { return h.kind == kind; }));
  }
  std::vector<SocketRow> rows() const {
    std::vector<SocketRow> out;
    append_sockets(stack, nullptr, out);
    return out;
  }
  /// The states of all sockets but listeners, sorted.
  std::vector<TcpState> states() const {
    std::vector<TcpState> out;
    for (const SocketRow& row : rows()) {
      if (row.state != TcpState::kListen) out.push_back(row.state);
    }
    std::ranges::sort(out);
    return out;
  }

  Stack stack;
  TimerQueue timers;
  Program program;
  std::vector<Heard> heard;
  std::map<std::uint32_t, std::string> received;
  SocketId accepted;
  std::uint32_t mtu = 1500;
  Errno route_error = Errno::kNone;
  SimTime pending_since = SimTime::never();
  int confirmed = 0;

 private:
  Ipv4Addr addr_;
  int number_;
  Transmit transmit_;
};

/// What the wire does to a segment: how often it arrives, and when.
struct Fate {
  int copies = 1;
  SimDuration delay = 1_ms;
};

class TcpBench {
 public:
  static constexpr AppId kApp{7};

  TcpBench() : TcpBench(1) {}
  explicit TcpBench(std::uint64_t seed) {
    world.random = Prng(seed);
    trace.add_node({.name = "client", .devices = {}});
    trace.add_node({.name = "server", .devices = {}});
    const auto transmit = [this](Step& step, int from, const IpSend& how, FrameRef frame) {
      on_wire(step, from, how, frame);
    };
    ends_[0] = std::make_unique<End>(0, kClientIp, transmit);
    ends_[1] = std::make_unique<End>(1, kServerIp, transmit);
    fate = [](const Seen&) { return Fate{}; };
  }

  End& client() { return *ends_[0]; }
  End& server() { return *ends_[1]; }
  End& end(int i) { return *ends_[i]; }
  Step step(int i) {
    return {world, ends_[i]->timers, tracing ? &trace : nullptr,
            NodeId(static_cast<std::uint32_t>(i))};
  }

  // --- programs ---
  SocketId listen(std::uint16_t port, std::uint32_t backlog = 128) {
    Step s = step(1);
    return tcp::listen(s, server().stack, server().ports(), kApp, {Ipv4Addr::any(), port}, backlog)
        .value();
  }
  SocketId connect(std::uint16_t port, std::uint16_t local_port = 0) {
    Step s = step(0);
    return tcp::connect(s, client().stack, client().ports(), kApp, {{}, local_port},
                        {kServerIp, port}, {})
        .value();
  }
  std::size_t send(int i, SocketId socket, std::string_view text) {
    Step s = step(i);
    return tcp::send(s, end(i).stack, end(i).ports(), socket,
                     {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  }
  void close(int i, SocketId socket) {
    Step s = step(i);
    tcp::close(s, end(i).stack, end(i).ports(), socket);
  }
  bool close_and_wait(int i, SocketId socket) {
    Step s = step(i);
    return tcp::close_and_wait(s, end(i).stack, end(i).ports(), socket);
  }
  void shutdown(int i, SocketId socket) {
    Step s = step(i);
    tcp::shutdown_write(s, end(i).stack, end(i).ports(), socket);
  }
  void abort(int i, SocketId socket) {
    Step s = step(i);
    tcp::abort(s, end(i).stack, end(i).ports(), socket);
  }
  void set_nodelay(int i, SocketId socket, bool on) {
    Step s = step(i);
    tcp::set_nodelay(s, end(i).stack, end(i).ports(), socket, on);
  }
  /// A handshake; `accepted` of the server is the other end.
  SocketId establish(std::uint16_t port = 80) {
    if (server().rows().empty()) listen(port);
    const SocketId socket = connect(port);
    run_for(10_ms);
    return socket;
  }

  // --- time ---
  void run_until(SimTime until) {
    for (;;) {
      const SimTime wire = flying_.empty() ? SimTime::never() : flying_.begin()->first.first;
      const SimTime t0 = ends_[0]->timers.next(), t1 = ends_[1]->timers.next();
      const SimTime next = std::min({wire, t0, t1});
      if (next > until) break;
      world.now = std::max(world.now, next);
      if (wire == next) {
        deliver();
      } else {
        const int i = t0 == next ? 0 : 1;
        const TimerEntry entry = ends_[i]->timers.pop();
        Step s = step(i);
        on_timer(s, ends_[i]->stack, ends_[i]->ports(), entry.id);
      }
    }
    world.now = until;
  }
  void run_for(SimDuration d) { run_until(world.now + d); }

  // --- segments by hand (to `to`; the other end's address is the source) ---
  void inject(int to, TcpRepr tcp, std::string_view payload = {}, bool break_checksum = false) {
    const Ipv4Addr src = to == 0 ? kServerIp : kClientIp, dst = to == 0 ? kClientIp : kServerIp;
    const std::size_t header = tcp.header_length();
    const FrameRef frame = world.frames.allocate(header + payload.size());
    const MutBytes out = world.frames.writable(frame);
    std::ranges::copy(payload, out.begin() + static_cast<std::ptrdiff_t>(header));
    tcp.emit(out, src, dst);
    if (break_checksum) out[16] ^= 0x40;
    push_ip(frame, {.src = src, .dst = dst, .protocol = IpProto::kTcp, .dont_fragment = true});
    hand_over(to, frame);
  }
  /// Delivers a packet that begins with the IPv4 header.
  void hand_over(int to, FrameRef frame, bool link_broadcast = false) {
    Step s = step(to);
    Packet packet;
    packet.frame = frame;
    packet.ip = Ipv4Repr::parse(world.frames.bytes(frame)).value();
    packet.in_dev = IfIndex(2);
    packet.link_broadcast = link_broadcast;
    receive(s, ends_[to]->stack, ends_[to]->ports(), packet);
  }
  void push_ip(FrameRef frame, Ipv4Repr ip) {
    ip.payload_length = static_cast<std::uint16_t>(world.frames.bytes(frame).size());
    const MutBytes header = world.frames.push_front(frame, Ipv4Repr::kLength);
    ip.emit(std::span<std::uint8_t, Ipv4Repr::kLength>(header.data(), Ipv4Repr::kLength));
  }

  // --- what happened ---
  std::vector<Seen> sent_by(int i) const {
    std::vector<Seen> out;
    std::ranges::copy_if(seen, std::back_inserter(out), [&](const Seen& s) { return s.from == i; });
    return out;
  }
  const Seen& last_by(int i) const {
    const auto found =
        std::find_if(seen.rbegin(), seen.rend(), [&](const Seen& s) { return s.from == i; });
    return *found;
  }
  std::size_t reasons(Reason reason) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        trace.records(), [&](const TraceRecord& r) { return r.reason == reason; }));
  }

  World world;
  Trace trace;
  bool tracing = true;
  bool keep_seen = true;
  std::function<Fate(const Seen&)> fate;
  std::vector<Seen> seen;

 private:
  Seen look(int from, FrameRef frame) const {
    const Bytes bytes = world.frames.bytes(frame);
    Seen out;
    out.at = world.now;
    out.from = from;
    out.ip = Ipv4Repr::parse(bytes).value();
    const Bytes segment = ipv4_payload(bytes, out.ip);
    out.tcp = TcpRepr::parse(segment).value();
    const Bytes options = segment.first(tcp_header_length(segment)).subspan(20);
    out.options.assign(options.begin(), options.end());
    const Bytes payload = segment.subspan(tcp_header_length(segment));
    out.payload.assign(payload.begin(), payload.end());
    out.checksum_ok = tcp_checksum_ok(segment, out.ip.src, out.ip.dst);
    return out;
  }

  void on_wire(Step& step, int from, const IpSend& how, FrameRef frame) {
    push_ip(frame, {.src = how.src,
                    .dst = how.dst,
                    .protocol = how.protocol,
                    .ttl = how.ttl,
                    .tos = how.tos,
                    .id = how.id,
                    .dont_fragment = how.dont_fragment});
    Seen look_at = look(from, frame);
    const Fate what = fate(look_at);
    look_at.lost = what.copies == 0;
    if (keep_seen) seen.push_back(std::move(look_at));
    for (int i = 0; i < what.copies; ++i) {
      world.frames.retain(frame);
      flying_.emplace(std::pair(step.now() + what.delay, sequence_++), std::pair(1 - from, frame));
    }
    world.frames.release(frame);
  }

  void deliver() {
    const auto [to, frame] = flying_.begin()->second;
    flying_.erase(flying_.begin());
    hand_over(to, world.frames.make_writable(frame));
  }

  std::unique_ptr<End> ends_[2];
  std::map<std::pair<SimTime, std::uint64_t>, std::pair<int, FrameRef>> flying_;
  std::uint64_t sequence_ = 0;
};

}  // namespace lvslab::tcp
