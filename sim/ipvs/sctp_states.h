// The states of an SCTP association as IPVS sees it pass: events that chunks stand for, and where
// they lead. The states are those of the real server.
//
// Models: the whole table, for both directions and for a director that sees the client alone.
// Source: net/netfilter/ipvs/ip_vs_proto_sctp.c: set_sctp_state(), sctp_states[], sctp_timeouts[].
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "sim/base/tables.h"
#include "sim/wire/bytes.h"

namespace lvslab::ipvs {

/// What a packet means, by its first chunk.
enum class SctpEvent : std::uint8_t {
  kData,  ///< DATA, SACK, HEARTBEAT and its answer, and what IPVS does not know
  kInit,
  kInitAck,
  kCookieEcho,
  kCookieAck,
  kShutdown,
  kShutdownAck,
  kShutdownComplete,
  kError,
  kAbort
};
inline constexpr std::size_t kSctpEvents = 10;

/// What IPVS looks at of a packet from the common header on.
struct SctpSign {
  std::uint8_t first = 0;              ///< the type of the first chunk
  SctpEvent event = SctpEvent::kData;  ///< an ABORT behind a cookie's chunk counts as one
};
/// Nothing if there is no chunk.
std::optional<SctpSign> read_sctp_sign(Bytes transport);

/// The states in the kernel's numbering: IP_VS_SCTP_S_*.
inline constexpr std::array kSctpStates = {
    IpvsConnState::kNone,
    IpvsConnState::kSctpInit1,
    IpvsConnState::kSctpInit,
    IpvsConnState::kSctpCookieSent,
    IpvsConnState::kSctpCookieReplied,
    IpvsConnState::kSctpCookieWait,
    IpvsConnState::kSctpCookie,
    IpvsConnState::kSctpCookieEchoed,
    IpvsConnState::kEstablished,
    IpvsConnState::kSctpShutdownSent,
    IpvsConnState::kSctpShutdownReceived,
    IpvsConnState::kSctpShutdownAckSent,
    IpvsConnState::kSctpRejected,
    IpvsConnState::kSctpClosed,
};
/// The index of a state in kSctpStates; 0 for one that SCTP does not have.
std::uint16_t sctp_state_number(IpvsConnState state);

/// The direction in which a packet passes the director, as the state tables know it.
enum class ConnDirection : std::uint8_t { kInput = 0, kOutput = 1, kInputOnly = 2 };

IpvsConnState next_sctp_state(IpvsConnState from, ConnDirection direction, SctpEvent event);

/// Seconds that an entry lasts in a state. Nothing changes them.
std::uint32_t sctp_timeout_s(IpvsConnState state);

}  // namespace lvslab::ipvs
