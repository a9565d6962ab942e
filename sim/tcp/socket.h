// What a host keeps for TCP: listeners, half-open requests, connections and TIME_WAIT rests, each
// kind in its own slab, since they differ in number and size by orders of magnitude.
//
// A quiet connection is a Socket of 112 bytes. What only matters while data is in flight (send
// queue, scoreboard, out-of-order queue, congestion state) is an Extension, which comes from a
// pool when it is needed and goes back when nothing is left in it.
// Source: include/linux/tcp.h: struct tcp_sock, tcp_request_sock, tcp_timewait_sock.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sim/base/addr.h"
#include "sim/base/index_table.h"
#include "sim/base/slab.h"
#include "sim/base/tables.h"
#include "sim/core/ports.h"
#include "sim/core/timers.h"
#include "sim/tcp/send_queue.h"
#include "sim/wire/tcp.h"

namespace lvslab::tcp {

/// Kind of a slab entry; the upper two bits of timer ids and of the demux table's values.
enum class Kind : std::uint32_t { kSocket = 0, kRequest = 1, kTimeWait = 2, kListener = 3 };

struct Handle {
  static constexpr std::uint32_t kIndexBits = 30;
  std::uint32_t value = IndexTable::kNone;
  static constexpr Handle of(Kind kind, std::uint32_t index) {
    return {static_cast<std::uint32_t>(kind) << kIndexBits | index};
  }
  constexpr bool valid() const { return value != IndexTable::kNone; }
  constexpr Kind kind() const { return static_cast<Kind>(value >> kIndexBits); }
  constexpr std::uint32_t index() const { return value & ((1U << kIndexBits) - 1); }
  constexpr bool operator==(const Handle&) const = default;
};

/// The two ends of a connection as this host sees them.
struct Tuple {
  Ipv4Addr local_addr;
  Ipv4Addr remote_addr;
  std::uint16_t local_port = 0;
  std::uint16_t remote_port = 0;
  constexpr bool operator==(const Tuple&) const = default;
};

namespace flag {
inline constexpr std::uint16_t kTimestamps = 1 << 0;     ///< both ends agreed (RFC 7323)
inline constexpr std::uint16_t kSack = 1 << 1;           ///< both ends agreed (RFC 2018)
inline constexpr std::uint16_t kWindowScale = 1 << 2;    ///< both ends agreed
inline constexpr std::uint16_t kNagle = 1 << 3;          ///< TCP_NODELAY is off
inline constexpr std::uint16_t kAckScheduled = 1 << 4;   ///< ICSK_ACK_SCHED
inline constexpr std::uint16_t kAckPushed = 1 << 5;      ///< ICSK_ACK_PUSHED: a short segment came
inline constexpr std::uint16_t kAckPushed2 = 1 << 6;     ///< ICSK_ACK_PUSHED2: and another one
inline constexpr std::uint16_t kPingpong = 1 << 7;       ///< interactive: ACKs ride on answers
inline constexpr std::uint16_t kAckNow = 1 << 8;         ///< ICSK_ACK_NOW
inline constexpr std::uint16_t kFinQueued = 1 << 9;      ///< SEND_SHUTDOWN
inline constexpr std::uint16_t kOrphan = 1 << 10;        ///< SOCK_DEAD: the program closed it
inline constexpr std::uint16_t kPeerFin = 1 << 11;       ///< RCV_SHUTDOWN: the peer's FIN arrived
inline constexpr std::uint16_t kWantsRoom = 1 << 12;     ///< SOCK_NOSPACE: kWritable is owed
inline constexpr std::uint16_t kBulkReceiver = 1 << 13;  ///< keeps its extension for buffer tuning
inline constexpr std::uint16_t kConfirms = 1 << 14;      ///< sk_dst_pending_confirm
inline constexpr std::uint16_t kLingers = 1 << 15;       ///< kFinAcked is owed
}  // namespace flag

inline constexpr std::uint32_t kNoExtension = 0xffff'ffffU;
inline constexpr std::uint16_t kInfiniteSsthresh = 0xffff;

/// One connection (struct tcp_sock): SYN_SENT, ESTABLISHED and all that follows but TIME_WAIT.
struct Socket {
  LazyTimer timer;  ///< the earliest of the extension's deadlines
  Tuple tuple;
  AppId owner;
  std::uint32_t cookie = 0;
  std::uint32_t snd_una = 0;  ///< oldest unacknowledged sequence number
  std::uint32_t snd_nxt = 0;  ///< next one to send
  std::uint32_t rcv_nxt = 0;
  std::uint32_t rcv_wup = 0;       ///< rcv_nxt when the window was last advertised
  std::uint32_t rcv_wnd = 0;       ///< bytes advertised then
  std::uint32_t rcv_ssthresh = 0;  ///< what the advertised window may grow to
  std::uint32_t snd_wnd = 0;       ///< bytes the peer offers
  std::uint32_t snd_wl1 = 0;       ///< sequence number of the segment that said so
  std::uint32_t ts_recent = 0;     ///< the peer's timestamp to echo
  std::uint32_t srtt_us8 = 0;      ///< smoothed round-trip time, 1/8 us; 0: not measured yet
  std::uint32_t rttvar_us = 0;
  std::uint32_t received_ms = 0;  ///< when data last came (icsk_ack.lrcvtime)
  std::uint32_t sent_ms = 0;      ///< when data last went (lsndtime)
  std::uint32_t ext = kNoExtension;
  std::uint16_t mss = 536;      ///< largest payload to send (mss_cache, options taken off)
  std::uint16_t rcv_mss = 536;  ///< estimate of what the peer sends (icsk_ack.rcv_mss)
  std::uint16_t ip_id = 0;
  std::uint16_t cwnd = 10;  ///< segments
  std::uint16_t ssthresh = kInfiniteSsthresh;
  IfIndex bound_dev;
  std::uint16_t flags = 0;
  std::uint16_t generation = 0;
  TcpState state = TcpState::kClose;  ///< kClose: the slot is free
  std::uint8_t scales = 0;            ///< window scales: send << 4 | receive
  std::uint8_t ato_ms = 0;            ///< delayed-ACK interval; 0: no data received yet
  std::uint8_t quick : 7 = 0;         ///< immediate ACKs left
  bool throughput : 1 = false;        ///< IP_TOS is IPTOS_THROUGHPUT

  bool has(std::uint16_t f) const { return (flags & f) != 0; }
  void set(std::uint16_t f) { flags = static_cast<std::uint16_t>(flags | f); }
  void clear(std::uint16_t f) { flags = static_cast<std::uint16_t>(flags & ~f); }
  std::uint32_t snd_scale() const { return scales >> 4; }
  std::uint32_t rcv_scale() const { return scales & 0xfU; }
};
static_assert(sizeof(Socket) == 112);

/// A segment that was sent and is not acknowledged yet (an sk_buff of the retransmit queue).
struct SentSegment {
  SimTime sent;
  std::uint32_t begin = 0, end = 0;  ///< sequence numbers; SYN and FIN count one
  bool syn = false, fin = false, push = false;
  bool sacked = false;         ///< TCPCB_SACKED_ACKED
  bool lost = false;           ///< TCPCB_LOST
  bool retransmitted = false;  ///< TCPCB_SACKED_RETRANS: a copy is in flight
  bool ever_retransmitted = false;
  bool joined = false;  ///< the next one was sent with it: the kernel holds both in one sk_buff

  std::uint32_t payload() const { return end - begin - (syn ? 1U : 0U) - (fin ? 1U : 0U); }
};

/// A segment that came too early. Holds the frame it came in.
struct EarlySegment {
  std::uint32_t begin = 0, end = 0;  ///< of the payload
  FrameRef frame;
  std::uint16_t offset = 0;  ///< of `begin` in the frame
  bool fin = false;
};

enum class RetransmitTimer : std::uint8_t { kNone, kRetransmit, kZeroWindow, kLossProbe, kReorder };
/// TCP_CA_* of include/uapi/linux/tcp.h.
enum class CaState : std::uint8_t { kOpen, kDisorder, kRecovery, kLoss };

/// CUBIC (net/ipv4/tcp_cubic.c); all integers, times in ms.
struct Cubic {
  std::uint32_t count = 0;  ///< segments acknowledged towards the next increment
  std::uint32_t last_max = 0, origin = 0, k_ms = 0;
  std::uint32_t epoch_ms = 0;  ///< 0: no epoch
  std::uint32_t ack_count = 0, reno_cwnd = 0;
};

/// What a connection needs while something is in flight.
struct Extension {
  SendQueue queue;
  std::vector<SentSegment> sent;  ///< in order; the first `sent_head` are gone
  std::vector<EarlySegment> early;
  std::uint32_t sent_head = 0;
  std::array<std::uint32_t, 4> push_marks{};  ///< ends of the program's writes
  std::uint8_t push_count = 0;
  std::uint32_t small_seq = 0;   ///< end of the last short segment (snd_sml)
  std::uint32_t pushed_seq = 0;  ///< where PSH was last forced

  // timers
  SimTime retransmit_at = SimTime::never();
  SimTime delayed_ack_at = SimTime::never();
  RetransmitTimer mode = RetransmitTimer::kNone;
  std::uint8_t retransmits = 0;  ///< icsk_retransmits
  std::uint8_t backoff = 0;
  std::uint8_t probes = 0;                   ///< zero-window probes without answer
  SimTime stalled_since = SimTime::never();  ///< retrans_stamp: the first of a row of timeouts

  // round-trip time
  std::uint32_t seeded_rto_us = 0;  ///< by what is known of the peer, until data is measured
  std::uint32_t mdev_us = 0, mdev_max_us = 0, rtt_seq = 0, min_rtt_us = 0;

  // congestion and recovery
  CaState ca = CaState::kOpen;
  std::uint8_t dup_acks = 0;  ///< without SACK only
  std::uint16_t prior_cwnd = 0;
  std::uint32_t sacked_out = 0, lost_out = 0, retrans_out = 0;
  std::uint32_t high_seq = 0;  ///< recovery ends when this is acknowledged
  std::uint32_t prr_delivered = 0, prr_out = 0;
  std::uint32_t max_packets_out = 0, cwnd_usage_seq = 0;
  std::uint32_t tlp_high_seq = 0;
  SimTime rack_sent;  ///< send time of the youngest segment known to be delivered
  std::uint32_t rack_end = 0, rack_rtt_us = 0;
  Cubic cubic;

  // receiver
  std::array<SackBlock, 4> sacks{};  ///< most recent first
  std::uint8_t sack_count = 0;
  bool dsack_pending = false;
  SackBlock dsack{};
  std::uint32_t early_bytes = 0;     ///< buffer space that `early` is charged for
  std::uint32_t receive_buffer = 0;  ///< sk_rcvbuf if tuned; 0: the default
  std::uint32_t drs_space = 0, drs_seq = 0, rcv_rtt_us8 = 0, rcv_rtt_tsecr = 0;
  SimTime drs_time;
  SimTime last_challenge = SimTime{-1'000'000'000'000};
  Errno soft_error = Errno::kNone;
  bool cwnd_limited = false;

  std::uint32_t packets_out() const { return static_cast<std::uint32_t>(sent.size()) - sent_head; }
  std::uint32_t in_flight() const { return packets_out() - sacked_out - lost_out + retrans_out; }
};

/// A connection request: SYN received, SYN-ACK sent (struct tcp_request_sock, SYN_RECV).
struct Request {
  LazyTimer timer;
  Tuple tuple;
  std::uint32_t rcv_isn = 0, snd_isn = 0;
  std::uint32_t ts_recent = 0;
  std::uint32_t rcv_wnd = 0;
  std::uint32_t listener = 0;  ///< index
  std::uint16_t peer_mss = 536, adv_mss = 536;
  std::uint16_t flags = 0;
  std::uint16_t generation = 0;
  SimTime sent;
  std::uint8_t scales = 0;
  std::uint8_t timeouts = 0;
  std::uint8_t repeats = 0;       ///< SYN-ACKs sent again, for a timeout or a repeated SYN
  std::uint32_t answered_ms = 0;  ///< when a repeated SYN was last answered; 0: never
  bool used = false;
};

/// What is left of a connection: TIME_WAIT, or FIN_WAIT2 after close (struct tcp_timewait_sock).
struct TimeWait {
  LazyTimer timer;
  Tuple tuple;
  std::uint32_t snd_nxt = 0, rcv_nxt = 0;
  std::uint32_t ts_recent = 0;
  std::uint32_t since_ms = 0;  ///< when ts_recent was taken
  std::uint32_t last_ack_ms = 0;
  std::uint16_t window = 0;  ///< as on the wire
  std::uint16_t generation = 0;
  IfIndex bound_dev;
  TcpState state = TcpState::kClose;  ///< kFinWait2 or kTimeWait; kClose: the slot is free
  bool timestamps = false;
  bool throughput = false;  ///< tw_tos
  std::uint8_t rcv_scale = 0;
};
static_assert(sizeof(TimeWait) <= 64);

struct Listener {
  Endpoint local;
  AppId owner;
  std::uint32_t cookie = 0;
  std::uint32_t backlog = 0;   ///< min(listen(2)'s, somaxconn)
  std::uint32_t requests = 0;  ///< half-open connections (reqsk_queue_len)
  std::uint16_t generation = 0;
  bool used = false;
};

/// What is known of a peer (struct tcp_metrics_block).
struct PeerMetrics {
  Ipv4Addr local, remote;
  std::uint32_t rtt_us8 = 0;  ///< as Socket::srtt_us8; 0: nothing
  SimTime since;
};

/// All sockets of one host.
struct Tables {
  Slab<Socket, 16> sockets;
  Slab<Extension, 4> extensions;
  Slab<Request, 8> requests;
  Slab<TimeWait, 16> time_waits;
  Slab<Listener, 4> listeners;
  IndexTable connections;  ///< Handle by Tuple: sockets, requests and TIME_WAIT (ehash)
  IndexTable listening;    ///< listener index by port and address (listening_hash)
  std::vector<PeerMetrics> metrics;
  IndexTable metrics_index;                      ///< of `metrics`, by the two addresses
  std::array<std::uint32_t, 16> port_perturb{};  ///< table_perturb of inet_hashtables.c
  std::uint16_t next_generation = 1;
  std::vector<std::vector<SentSegment>> spare_sent;
};

}  // namespace lvslab::tcp
