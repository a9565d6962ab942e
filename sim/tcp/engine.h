// What the files of this room share: the context of one call, sequence arithmetic, and the
// functions that the parts of TCP offer to each other. Not for other rooms.
#pragma once

#include "sim/tcp/stack.h"

namespace lvslab::tcp {

/// Everything that one call from outside works with.
struct Context {
  Step& step;
  Stack& stack;
  Tables& tables;
  Ports& ports;
  const Config& config;

  SimTime now() const { return step.now(); }
  /// When the kernel runs a timer that is due then.
  SimTime timer_at(SimTime due) const { return step.timers().run_at(due, step.now()); }
  /// In whole ticks, rounded up as usecs_to_jiffies() does.
  SimDuration in_ticks(SimDuration time) const {
    const std::int64_t tick = step.timers().tick().ns;
    return tick == 0 ? time : SimDuration{(time.ns + tick - 1) / tick * tick};
  }
  std::uint32_t now_ms() const { return static_cast<std::uint32_t>(step.now().ns / 1'000'000); }
  Socket& socket(std::uint32_t index) { return tables.sockets[index]; }
  Extension& ext_of(const Socket& s) { return tables.extensions[s.ext]; }
};

Tables& tables_of(Stack& stack);
inline Context make_context(Step& step, Stack& stack, Ports& ports) {
  return {step, stack, tables_of(stack), ports, stack.config()};
}

// --- sequence numbers (RFC 9293 §3.4) -----------------------------------------------------------

constexpr bool before(std::uint32_t a, std::uint32_t b) {
  return static_cast<std::int32_t>(a - b) < 0;
}
constexpr bool after(std::uint32_t a, std::uint32_t b) { return before(b, a); }

// --- constants (include/net/tcp.h)
// ----------------------------------------------------------------

inline constexpr SimDuration kRtoMin{200'000'000};             ///< TCP_RTO_MIN
inline constexpr SimDuration kRtoMax{120'000'000'000};         ///< TCP_RTO_MAX
inline constexpr SimDuration kRtoInitial{1'000'000'000};       ///< TCP_TIMEOUT_INIT
inline constexpr SimDuration kTimeWaitLength{60'000'000'000};  ///< TCP_TIMEWAIT_LEN
inline constexpr std::uint8_t kAtoMinMs = 40;                  ///< TCP_ATO_MIN
inline constexpr std::uint8_t kTosThroughput = 8;              ///< IPTOS_THROUGHPUT
inline constexpr std::uint8_t kMaxQuickAcks = 16;              ///< TCP_MAX_QUICKACKS
inline constexpr std::uint16_t kInitialCwnd = 10;              ///< TCP_INIT_CWND (RFC 6928)
inline constexpr std::uint32_t kReordering = 3;                ///< net.ipv4.tcp_reordering
inline constexpr std::uint16_t kDefaultMss = 536;              ///< TCP_MSS_DEFAULT
inline constexpr std::uint16_t kMinMss = 88;                   ///< TCP_MIN_MSS

// --- a received segment
// ---------------------------------------------------------------------------

struct Segment {
  TcpRepr tcp;
  Ipv4Addr src, dst;
  FrameRef frame;
  IfIndex dev;
  std::uint16_t payload_offset = 0;  ///< in the frame
  std::uint16_t length = 0;          ///< bytes of payload
  std::uint8_t tos = 0;

  Tuple tuple() const { return {dst, src, tcp.dst_port, tcp.src_port}; }
  bool has(std::uint8_t f) const { return tcp.has(f); }
  std::uint32_t begin() const { return tcp.seq; }
  /// With SYN and FIN counted.
  std::uint32_t end() const {
    return tcp.seq + length + (has(tcp_flag::kSyn) ? 1U : 0U) + (has(tcp_flag::kFin) ? 1U : 0U);
  }
};

/// What a program must hear once the segment is worked off: SocketEvents run last, since they may
/// call back into any operation.
struct Upcalls {
  SocketId socket;
  AppId owner;
  std::uint32_t cookie = 0;
  SocketId listener;
  bool accepted = false, connected = false, peer_closed = false, writable = false;
  bool fin_acked = false;
  Errno error = Errno::kNone;
  std::uint16_t data_offset = 0, data_length = 0;  ///< in the segment's frame
  std::vector<EarlySegment> more;                  ///< what became in order behind it
};

// --- demux.cpp
// --------------------------------------------------------------------------------------

SocketId make_id(Kind kind, std::uint16_t generation, std::uint32_t index);
/// Index of a live connection, or kNone.
std::uint32_t find_socket(const Stack& stack, SocketId id);
std::uint32_t find_listener_by_id(const Stack& stack, SocketId id);
inline constexpr std::uint32_t kNone = IndexTable::kNone;

Handle find_connection(const Tables& tables, const Tuple& tuple);
void insert_connection(Tables& tables, const Tuple& tuple, Handle handle);
void erase_connection(Tables& tables, const Tuple& tuple, Handle handle);
/// The listener for a SYN to `local`: a bound address wins over any. Source:
/// inet_lookup_listener().
std::uint32_t find_listener(const Tables& tables, Endpoint local);
void insert_listener(Tables& tables, std::uint32_t index);
void erase_listener(Tables& tables, std::uint32_t index);
/// True if any socket uses the local port in a way that bind(2) refuses. Source:
/// inet_csk_get_port().
bool port_in_use(const Tables& tables, Endpoint local, PortUse use);
/// Fills `tuple.local_port` with an ephemeral port. Source: __inet_hash_connect().
bool choose_port(Context& c, Tuple& tuple, Handle& reused);
/// True if connect(2) may take over this TIME_WAIT. Source: tcp_twsk_unique().
bool may_reuse(Context& c, const TimeWait& tw);

std::uint32_t initial_sequence(const Context& c, const Tuple& tuple);
std::uint32_t timestamp_now(const Context& c, const Tuple& tuple);
std::uint16_t next_generation(Tables& tables);

// --- socket life: lifecycle.cpp
// -----------------------------------------------------------------------

std::uint32_t new_socket(Context& c, const Tuple& tuple);
/// Gives everything back; the id is dead then. The socket leaves the demux table, too.
void free_socket(Context& c, std::uint32_t index);
Extension& attach(Context& c, std::uint32_t index);
void detach_if_idle(Context& c, std::uint32_t index);
/// Tells the program that the connection died and frees it. Source: tcp_reset(), tcp_write_err().
void fail_socket(Context& c, std::uint32_t index, Errno error, Upcalls& up);
/// The initial receive window and scale. Source: tcp_select_initial_window().
struct InitialWindow {
  std::uint32_t window = 0;
  std::uint8_t scale = 0;
};
InitialWindow initial_window(const Config& config, std::uint32_t mss, bool scaling);
/// Source: tcp_init_buffer_space().
void init_buffer_space(Context& c, Socket& s, std::uint32_t adv_mss);
std::uint16_t advertised_mss(std::uint32_t mtu);
IpSend ip_of(const Socket& s);
Upcalls upcalls_of(const Socket& s, std::uint32_t index);
void emit(Context& c, Upcalls& up, FrameRef frame);

// --- rows of the socket table: listing.cpp
// ---------------------------------------------------------

SocketRow row_of(const Stack& stack, const SocketOwners* owners, Handle handle);
void row_added(Context& c, Handle handle);
void row_removed(Context& c, Handle handle);
/// Notes the row at its making and records a change at its end, if somebody traces.
class RowWatch {
 public:
  RowWatch(Context& c, std::uint32_t index);
  ~RowWatch();
  RowWatch(const RowWatch&) = delete;
  RowWatch& operator=(const RowWatch&) = delete;

 private:
  Context& c_;
  std::uint32_t index_;
  std::uint32_t send_q_ = 0;
  TcpState state_ = TcpState::kClose;
  std::uint16_t generation_ = 0;
  std::uint16_t flags_ = 0;
};

// --- output.cpp
// -----------------------------------------------------------------------------------------

std::uint32_t write_seq(const Extension& e);
bool fin_unsent(const Socket& s, const Extension& e);
std::uint32_t receive_window(const Socket& s);
std::uint32_t select_window_bytes(Context& c, const Socket& s);
std::uint32_t current_mss(const Socket& s, const Extension& e);
void send_ack(Context& c, std::uint32_t index);
/// A bare segment outside the queue: ACK, probe, RST. Source: tcp_send_ack(), tcp_xmit_probe_skb().
void send_bare(Context& c, std::uint32_t index, std::uint32_t seq, std::uint8_t flags);
void send_queued(Context& c, std::uint32_t index, SentSegment& segment);
/// Sends what the windows allow. Source: tcp_write_xmit().
enum class Push : std::uint8_t { kNormal, kOneProbe };
bool write_xmit(Context& c, std::uint32_t index, Push push = Push::kNormal);
void append_data(Context& c, Extension& e, std::span<const std::uint8_t> data);
std::uint32_t send_buffer_limit(const Context& c, const Socket& s);
/// A segment that belongs to no socket: the answer to `to`.
struct Answer {
  std::uint32_t seq = 0, ack = 0;
  std::uint8_t flags = 0;
  std::uint16_t window = 0;
  bool timestamps = false;
  std::uint32_t ts_echo = 0;
  IfIndex oif{};
  std::uint8_t tos = 0;
};
void send_answer(Context& c, const Tuple& tuple, const Answer& answer);
/// RST to a segment that no socket wants. Source: tcp_v4_send_reset().
void send_reset(Context& c, const Segment& segment);

/// The segment dies here for `why`; the frame stays with the caller.
void discard(Context& c, const Segment& segment, Reason why, Step::Arguments args = {});

// --- input.cpp, ack.cpp, recovery.cpp, reassembly.cpp
// ---------------------------------------------------

/// Established and later states. Source: tcp_rcv_established(), tcp_rcv_state_process().
void process_synchronized(Context& c, std::uint32_t index, const Segment& segment, Upcalls& up);
void challenge_ack(Context& c, std::uint32_t index, Reason why, const Segment& segment);
/// Negative: the segment must be dropped. Source: tcp_ack().
int handle_ack(Context& c, std::uint32_t index, const Segment& segment, Upcalls& up);
void receive_data(Context& c, std::uint32_t index, const Segment& segment, Upcalls& up);
/// May replace the socket by a TIME_WAIT rest. Source: tcp_fin().
void receive_fin(Context& c, std::uint32_t index, Upcalls& up);
void enter_quickack(Socket& s);
/// False once the socket of this generation was given back.
bool alive(Context& c, std::uint32_t index, std::uint16_t generation);
void ack_check(Context& c, std::uint32_t index, bool read);
void replace_ts_recent(Socket& s, const Segment& segment);
void queue_early(Context& c, std::uint32_t index, const Segment& segment);
/// Moves the segments that are in order now to `up`; true if a FIN came in order.
bool take_in_order(Context& c, std::uint32_t index, Upcalls& up);
void note_dsack(Context& c, std::uint32_t index, std::uint32_t begin, std::uint32_t end);
void tune_receive_buffer(Context& c, std::uint32_t index, const Segment& segment);

void update_rtt(Socket& s, Extension& e, std::uint32_t rtt_us);
SimDuration base_rto(const Socket& s);
/// icsk_rto with its backoff: whole ticks, where the kernel counts in ticks.
SimDuration current_rto(const Context& c, const Socket& s, const Extension& e);
void note_delivered(Context& c, Extension& e, const SentSegment& segment);
/// Applies the SACK blocks of a segment; the number of segments newly known to have arrived.
std::uint32_t apply_sacks(Context& c, std::uint32_t index, const Segment& segment);
struct AckSummary {
  std::uint32_t acked = 0;   ///< segments acknowledged cumulatively
  std::uint32_t sacked = 0;  ///< segments newly SACKed
  bool advanced = false;     ///< snd_una moved
  bool duplicate = false;    ///< a duplicate ACK (RFC 5681)
};
void recover(Context& c, std::uint32_t index, const AckSummary& ack);
void enter_loss(Context& c, std::uint32_t index);
void mark_lost(Extension& e, SentSegment& segment);
bool retransmit(Context& c, std::uint32_t index, SentSegment& segment);
/// Makes one segment of those that lie in one sk_buff, to be cut anew.
void join_segments(Extension& e);
void retransmit_lost(Context& c, std::uint32_t index);

// --- congestion.cpp
// -----------------------------------------------------------------------------------------

std::uint16_t reduced_ssthresh(const Socket& s, Extension& e);
void grow_cwnd(Context& c, Socket& s, Extension& e, std::uint32_t acked);
void restart_after_idle(Context& c, Socket& s);

// --- timers.cpp
// ---------------------------------------------------------------------------------------------

void arm(Context& c, std::uint32_t index, RetransmitTimer mode, SimTime at);
void cancel_retransmit(Context& c, std::uint32_t index);
/// RFC 6069: an ICMP unreachable about the oldest segment takes one backoff back, and sends again
/// what is due by that. Source: tcp_ld_RTO_revert().
void revert_backoff(Context& c, std::uint32_t index, std::uint32_t seq, Upcalls& up);
void arm_delayed_ack(Context& c, std::uint32_t index, SimTime at);
void cancel_delayed_ack(Context& c, std::uint32_t index);
/// Source: tcp_rearm_rto(), tcp_schedule_loss_probe().
void rearm(Context& c, std::uint32_t index);
void check_probe_timer(Context& c, std::uint32_t index);

// --- handshake.cpp, metrics.cpp, time_wait.cpp
// -----------------------------------------------------------------------

void receive_syn_sent(Context& c, std::uint32_t index, const Segment& segment, Upcalls& up);
void receive_on_listener(Context& c, std::uint32_t listener, const Segment& segment,
                         std::uint32_t isn = 0);
void receive_on_request(Context& c, std::uint32_t request, const Segment& segment);
void drop_request(Context& c, std::uint32_t request);
void request_timer(Context& c, std::uint32_t request);

/// Notes the round-trip time of a connection that ends. Source: tcp_update_metrics().
void remember_peer(Context& c, std::uint32_t index);
/// The first timeout of a new connection, by what is known of the peer: it lasts until the first
/// segment of data is measured. Source: tcp_init_metrics().
void seed_rto(Context& c, std::uint32_t index);

/// Replaces the socket by a TIME_WAIT rest in `state`. Source: tcp_time_wait().
void enter_time_wait(Context& c, std::uint32_t index, TcpState state, SimDuration length);
void free_time_wait(Context& c, std::uint32_t index);
void receive_on_time_wait(Context& c, std::uint32_t index, const Segment& segment);
void time_wait_timer(Context& c, std::uint32_t index);

}  // namespace lvslab::tcp
