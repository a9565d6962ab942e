// The engine behind sim/sctp/stack.h, made for the length of one call. Not for use outside this
// room.
#pragma once

#include <optional>

#include "sim/sctp/stack.h"

namespace lvslab::sctp {

using namespace lvslab::literals;

// net/sctp/protocol.c: sctp_defaults_init(); include/net/sctp/constants.h.
inline constexpr SimDuration kFirstRto = 3_s, kLeastRto = 1_s, kMostRto = 60_s;
inline constexpr SimDuration kHeartbeatInterval = 30_s, kSackDelay = 200_ms, kCookieLife = 60_s;
inline constexpr std::uint32_t kMostInits = 8, kMostFailures = 10, kMostPathFailures = 5;
inline constexpr std::uint32_t kSackEvery = 2, kMaxBurst = 4;
/// Half of net.core.rmem_default with 256 MB of memory.
inline constexpr std::uint32_t kReceiveRoom = 106'496;
inline constexpr std::uint16_t kOutStreams = 10, kInStreams = 65'535;
inline constexpr std::uint32_t kEthernetMtu = 1'500, kLeastMtu = 512;
inline constexpr std::uint32_t kPacketOverhead = 32;  ///< IPv4 and common header
inline constexpr std::uint32_t kDataHeader = 16;

/// Serial number arithmetic (RFC 1982).
constexpr bool before(std::uint32_t a, std::uint32_t b) {
  return static_cast<std::int32_t>(a - b) < 0;
}

/// A packet that came in, and who it is for.
struct Incoming {
  Endpoint local, remote;
  std::uint32_t tag = 0;
  Bytes chunks;
  IfIndex dev;
};

class Engine {
 public:
  Engine(Step& step, Stack& stack, Ports ports) : step_(step), stack_(stack), ports_(ports) {}

  // sim/sctp/sockets.cpp
  std::expected<SocketId, Errno> listen(AppId owner, Endpoint local);
  std::expected<SocketId, Errno> connect(AppId owner, Endpoint local, Endpoint remote);
  bool send(std::uint32_t index, Bytes message);
  void close(std::uint32_t index);
  void shut_down(std::uint32_t index);
  /// Tells programs what happened; the last thing of each call.
  void tell();

  // sim/sctp/input.cpp
  void receive(const Packet& packet);
  // sim/sctp/timers.cpp
  void on_timer(std::uint32_t id);
  void icmp_error(const IcmpError& error);

 private:
  struct Event {
    SocketEventKind kind = SocketEventKind::kConnected;
    std::uint32_t index = 0;
    AppId owner;
    SocketId listener;
    Errno error = Errno::kNone;
    std::vector<std::uint8_t> data;
  };
  /// What a handler says of the rest of the packet.
  enum class Next : std::uint8_t { kGoOn, kDiscard, kGone };

  Tables& tables() {
    if (stack_.tables.empty()) stack_.tables.emplace_back();
    return stack_.tables.front();
  }
  Socket& socket(std::uint32_t index) { return tables().sockets[index]; }
  std::uint32_t find_association(Endpoint local, Endpoint remote);
  std::uint32_t find_listener(Endpoint local);
  /// True if `local`, or one of the host's addresses if that is any, may speak to `remote`.
  bool has_source(Ipv4Addr local, Ipv4Addr remote) const;
  bool port_taken(Endpoint local);
  std::uint32_t add_association(Endpoint local, Endpoint remote);
  void remove(std::uint32_t index);
  /// The association ends with an error that its program hears of.
  void fail(std::uint32_t index, Errno error);
  void note(std::uint32_t index, SocketEventKind kind, Errno error = Errno::kNone);

  // Input: chunks of a known association.
  void receive_known(std::uint32_t index, const Incoming& in);
  Next on_chunk(std::uint32_t index, const Incoming& in, const SctpChunk& chunk, bool last);
  Next on_data(std::uint32_t index, const SctpChunk& chunk, bool last);
  Next on_sack(std::uint32_t index, const SctpChunk& chunk);
  Next on_init_ack(std::uint32_t index, const Incoming& in, const SctpChunk& chunk);
  Next on_cookie_ack(std::uint32_t index);
  Next on_repeated_cookie(std::uint32_t index, const Incoming& in, const SctpChunk& chunk);
  Next on_abort(std::uint32_t index, const Incoming& in, const SctpChunk& chunk);
  Next on_shutdown(std::uint32_t index, const SctpChunk& chunk);
  Next on_shutdown_ack(std::uint32_t index, const Incoming& in);
  Next on_shutdown_complete(std::uint32_t index, const Incoming& in, const SctpChunk& chunk);
  Next on_heartbeat(std::uint32_t index, const SctpChunk& chunk);
  Next on_heartbeat_ack(std::uint32_t index, const SctpChunk& chunk);
  // Input: without an association.
  void receive_unknown(const Incoming& in);
  void answer_init(const Incoming& in, const SctpChunk& chunk);
  void accept_cookie(std::uint32_t listener, const Incoming& in, const SctpChunk& chunk);
  void out_of_the_blue(const Incoming& in);
  void send_abort(const Incoming& in, std::uint32_t tag, std::uint8_t flags);

  // Data: sim/sctp/data.cpp
  void deliver(std::uint32_t index);
  void acknowledge(std::uint32_t index, const SctpSack& sack, Bytes blocks);
  void count_missing(Socket& s, std::uint32_t highest_new);
  void raise_cwnd(Socket& s, std::uint32_t acked_until, std::uint32_t bytes);
  void generate_sack(std::uint32_t index, bool now);
  void queue_sack(Socket& s);
  std::vector<std::uint8_t> sack_chunk(Socket& s);
  void take_round_trip(Socket& s, std::int64_t ticks);
  void nothing_outstanding(std::uint32_t index);

  // Output: sim/sctp/output.cpp
  struct Bundle {
    std::vector<std::uint8_t> chunks;
    bool has_data = false, has_sack = false;
  };
  void queue(Socket& s, SctpChunkType type, std::uint8_t flags = 0, Bytes value = {}) {
    s.control.push_back(sctp_chunk(type, flags, value));
  }
  void flush(std::uint32_t index, bool timed_out = false);
  void flush_control(std::uint32_t index, Bundle& bundle);
  bool flush_again(std::uint32_t index, Bundle& bundle, bool timed_out);
  void flush_new(std::uint32_t index, Bundle& bundle);
  /// Puts a chunk into the packet, which may have to leave before; false if it has to stay.
  bool append_data(std::uint32_t index, Bundle& bundle, OutChunk& chunk, std::uint32_t cwnd,
                   bool one_packet);
  bool may_append(const Socket& s, const Bundle& bundle, const OutChunk& chunk,
                  std::uint32_t cwnd) const;
  void transmit(std::uint32_t index, Bundle& bundle);
  void send_packet(const IpSend& how, const SctpRepr& header, Bytes chunks);
  void send_init(std::uint32_t index);
  void start_shutdown(std::uint32_t index);
  void send_shutdown_ack(std::uint32_t index);
  void retransmit(std::uint32_t index);
  void mark_again(Socket& s, bool fast);

  // Timers: sim/sctp/timers.cpp
  LazyTimer& timer(Socket& s, Timer which) { return s.timers[static_cast<std::size_t>(which)]; }
  void start(std::uint32_t index, Timer which, SimDuration after);
  void stop(Socket& s, Timer which) { timer(s, which).cancel(); }
  void start_heartbeat(std::uint32_t index);
  /// When the heartbeat was sent that `info` comes back from; nothing if none of `s` can be.
  std::optional<std::int64_t> beat_of(const Socket& s, Bytes info) const;
  SimDuration heartbeat_pause(const Socket& s) const;
  void strike(std::uint32_t index, bool heartbeat);
  void on_t1(std::uint32_t index);
  void on_t2(std::uint32_t index);
  void on_t3(std::uint32_t index);
  void on_t5(std::uint32_t index);
  void on_heartbeat_due(std::uint32_t index);
  void give_up(std::uint32_t index);
  std::int64_t ticks(SimTime at) const { return at.ns / tick().ns; }
  SimDuration tick() const;

  // The cookie: what the answer to an INIT remembers (sim/sctp/cookie.cpp).
  struct Cookie {
    std::uint32_t my_tag = 0, peer_tag = 0, my_tsn = 0, peer_tsn = 0, peer_window = 0;
    Endpoint local, remote;
    SimTime made;
  };
  std::vector<std::uint8_t> seal(const Cookie& cookie) const;
  std::optional<Cookie> open(Bytes sealed) const;
  std::uint64_t signature(Bytes body) const;

  Step& step_;
  Stack& stack_;
  Ports ports_;
  std::vector<Event> events_;
};

}  // namespace lvslab::sctp
