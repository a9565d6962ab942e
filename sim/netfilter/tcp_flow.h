// TCP as connection tracking follows it: states by the flags seen in both directions, windows, and
// how long an entry lasts in each state.
//
// Left out: challenge ACKs and simultaneous opens as special cases; the sysctls
// net.netfilter.nf_conntrack_tcp_* (loose and not liberal, as by default).
// Source: net/netfilter/nf_conntrack_proto_tcp.c: tcp_conntracks[], tcp_in_window().
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "sim/base/time.h"
#include "sim/wire/tcp.h"

namespace lvslab::netfilter {

/// enum tcp_conntrack.
enum class TcpTrackState : std::uint8_t {
  kNone,
  kSynSent,
  kSynRecv,
  kEstablished,
  kFinWait,
  kCloseWait,
  kLastAck,
  kTimeWait,
  kClose,
  kSynSent2,
  kInvalid,  ///< of a transition: the packet does not belong here
  kIgnored   ///< of a transition: let it pass, and believe nothing of it
};
std::string_view name_of(TcpTrackState state);

/// IP_CT_DIR_ORIGINAL and IP_CT_DIR_REPLY.
enum class Direction : std::uint8_t { kOriginal, kReply };
constexpr Direction other(Direction dir) {
  return dir == Direction::kOriginal ? Direction::kReply : Direction::kOriginal;
}
constexpr std::size_t index_of(Direction dir) { return static_cast<std::size_t>(dir); }

/// The kind of a segment by its flags (enum tcp_bit_set).
enum class TcpFlagSet : std::uint8_t { kSyn, kSynAck, kFin, kAck, kRst, kNone };

/// What was seen of one sender (struct ip_ct_tcp_state).
struct TcpSide {
  std::uint32_t end = 0;         ///< td_end: one past the highest sequence number sent
  std::uint32_t max_end = 0;     ///< td_maxend: what the receiver allows at most
  std::uint32_t max_window = 0;  ///< td_maxwin; 0: nothing was seen of this sender
  std::uint32_t max_ack = 0;     ///< td_maxack, if `acked`
  std::uint8_t scale = 0;
  bool scales = false, sack = false, liberal = false, acked = false;
  bool unacknowledged = false;  ///< data that nobody has acknowledged yet
  bool closed_first = false;    ///< IP_CT_TCP_FLAG_CLOSE_INIT
};

struct TcpFlow {
  TcpTrackState state = TcpTrackState::kNone;
  std::array<TcpSide, 2> sides;  ///< by Direction
  TcpFlagSet last_kind = TcpFlagSet::kNone;
  Direction last_dir = Direction::kOriginal;
  std::uint32_t last_seq = 0, last_ack = 0, last_end = 0, last_window = 0;
  std::uint8_t last_scale = 0, repeats = 0;
  bool last_scales = false, last_sack = false;
};

/// A segment as tracking reads it.
struct TcpSegment {
  TcpRepr tcp;
  std::uint32_t data = 0;      ///< bytes
  std::int32_t ack_shift = 0;  ///< how far its acknowledgment is beyond what the other side sent
  std::uint32_t end() const {
    return tcp.seq + data + (tcp.has(tcp_flag::kSyn) ? 1U : 0U) +
           (tcp.has(tcp_flag::kFin) ? 1U : 0U);
  }
};
TcpFlagSet kind_of(const TcpRepr& tcp);
/// tcp_error(): flags that no honest segment has.
bool has_sane_flags(const TcpRepr& tcp);

/// tcp_new(): the first segment of a flow; false if none begins like this. A connection that is
/// under way already is taken up.
bool begin(TcpFlow& flow, const TcpSegment& segment);

enum class TcpTrackVerdict : std::uint8_t {
  kAccept,
  kIgnore,   ///< it passes, and the entry stays as it was
  kInvalid,  ///< it passes as INVALID
  kReopen    ///< the flow is over: forget it, and take the segment for a new one
};
struct TcpTrackResult {
  TcpTrackVerdict verdict = TcpTrackVerdict::kAccept;
  TcpTrackState before = TcpTrackState::kNone;
  SimDuration lasts;       ///< the entry's new time, on kAccept
  bool forget = false;     ///< on kAccept: a reset that answers nothing ends the entry at once
  bool as_before = false;  ///< on kAccept: a SYN sent again does not make the entry last longer
};
/// nf_conntrack_tcp_packet(). `answered`: a packet of the reply direction was seen before;
/// `assured`: the entry is marked ASSURED.
TcpTrackResult follow(TcpFlow& flow, Direction dir, const TcpSegment& segment, bool answered,
                      bool assured);

}  // namespace lvslab::netfilter
