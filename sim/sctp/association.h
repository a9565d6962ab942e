// What a host keeps of its SCTP sockets: listeners, and associations of one address on either side.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <vector>

#include "sim/base/index_table.h"
#include "sim/base/slab.h"
#include "sim/core/ports.h"
#include "sim/core/timers.h"
#include "sim/wire/sctp.h"

namespace lvslab::sctp {

/// SCTP_STATE_* of include/net/sctp/constants.h, with a state for sockets that listen.
enum class State : std::uint8_t {
  kClosed,
  kListen,
  kCookieWait,
  kCookieEchoed,
  kEstablished,
  kShutdownPending,
  kShutdownSent,
  kShutdownReceived,
  kShutdownAckSent
};

/// The timers of an association, by the kernel's names.
enum class Timer : std::uint8_t {
  kT1,         ///< INIT and COOKIE ECHO
  kT2,         ///< SHUTDOWN and SHUTDOWN ACK
  kT3,         ///< DATA
  kT5,         ///< how long a shutdown may take
  kSack,       ///< a SACK that is put off
  kHeartbeat,  ///< the other side has been silent
  kCount
};
inline constexpr std::size_t kTimers = static_cast<std::size_t>(Timer::kCount);

/// A piece of a message on its way out.
struct OutChunk {
  std::uint32_t tsn = 0;
  std::uint16_t sequence = 0;  ///< of its message in stream 0
  std::uint8_t flags = 0;
  bool may_wait = false;  ///< Nagle's algorithm may hold it back
  bool sent_before = false;
  bool gap_acked = false;  ///< by a gap block
  bool times = false;      ///< a round trip is measured with it
  enum class Fast : std::uint8_t { kMay, kNeeds, kMayNot } fast = Fast::kMay;
  std::uint8_t missing = 0;  ///< SACKs that told of later ones
  SimTime sent_at;
  std::vector<std::uint8_t> data;
};

/// A piece of a message that came in, and waits for those before it.
struct InChunk {
  std::uint32_t tsn = 0;
  std::uint8_t flags = 0;
  std::vector<std::uint8_t> data;
};

/// How the path to the other side is: SCTP_ACTIVE, SCTP_PF, SCTP_INACTIVE.
enum class Path : std::uint8_t { kActive, kFailing, kDown };

struct Socket {
  State state = State::kClosed;
  bool open = false;  ///< a program has it
  bool counts_ids = false;
  std::uint16_t ip_id = 0;
  AppId owner;
  SocketId listener;  ///< through which it came
  Endpoint local, remote;
  std::array<LazyTimer, kTimers> timers{};

  // Setting it up.
  std::uint32_t my_tag = 0, peer_tag = 0;
  std::uint32_t my_first_tsn = 0;
  std::vector<std::uint8_t> cookie;
  std::uint32_t init_failures = 0;
  SimDuration t1_timeout{};

  // Sending.
  std::deque<OutChunk> waiting;                    ///< not sent yet
  std::vector<OutChunk> sent;                      ///< not acknowledged, in the order of their TSNs
  std::vector<OutChunk> again;                     ///< to be sent once more
  std::vector<std::vector<std::uint8_t>> control;  ///< chunks for the next packet
  std::uint32_t next_tsn = 0, acked_tsn = 0, fast_recovery_end = 0;
  std::uint16_t next_sequence = 0;
  std::uint32_t mtu = 0, flight = 0, window = 0;  ///< of the other side: `window`
  std::uint32_t cwnd = 0, ssthresh = 0, partly_acked = 0;
  bool fast_recovery = false, fast_retransmit = false;
  bool confirms = false;  ///< the next packet confirms the neighbour
  SimTime data_sent_at;   ///< when DATA was sent last

  // Round trips, in ticks of the kernel's clock, and failures.
  std::int64_t srtt = 0, rttvar = 0;
  SimDuration rto{};
  bool rto_pending = false, heartbeat_sent = false;
  std::uint32_t heartbeat_nonce = 0;  ///< 0 until the first one is sent
  std::uint32_t failures = 0, path_failures = 0;
  Path path = Path::kActive;

  // Receiving.
  std::uint32_t received_tsn = 0;       ///< all until this one are here
  std::vector<InChunk> parts;           ///< of messages that are not whole, by TSN
  std::vector<std::uint32_t> repeated;  ///< to be told in the next SACK
  std::uint32_t delivered_tsn = 0;
  std::uint32_t room = 0, told_room = 0;  ///< a_rwnd, now and as told last
  bool sack_needed = true;
  std::uint32_t sack_count = 0;
};

struct Tables {
  Slab<Socket, 8> sockets;
  IndexTable associations;  ///< by both ends
  IndexTable listeners;     ///< by port
};

}  // namespace lvslab::sctp
