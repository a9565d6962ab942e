#include "sim/ipvs/sctp_states.h"

#include <algorithm>

#include "sim/wire/sctp.h"

namespace lvslab::ipvs {
namespace {

using enum IpvsConnState;

constexpr std::size_t column_of(IpvsConnState state) {
  for (std::size_t i = 0; i < kSctpStates.size(); ++i) {
    if (kSctpStates[i] == state) return i;
  }
  return 0;
}

/// A set of states, by their columns.
template <class... States>
constexpr std::uint16_t any_of(States... states) {
  return static_cast<std::uint16_t>(((1U << column_of(states)) | ...));
}
constexpr std::uint16_t kAll = (1U << kSctpStates.size()) - 1;
constexpr std::uint16_t all_but(IpvsConnState state) {
  return static_cast<std::uint16_t>(kAll & ~any_of(state));
}
/// Before anybody has sent a cookie's chunk, as far as the director knows.
constexpr std::uint16_t kBegins = any_of(kNone, kSctpInit1, kSctpInit);
/// The server answers a client's INIT.
constexpr std::uint16_t kSetUp = kBegins | any_of(kSctpCookieSent, kSctpCookieReplied);
/// Either side sets it up.
constexpr std::uint16_t kEitherSetsUp = kSetUp | any_of(kSctpCookieWait);

/// From any of these states to another; what is in none of an event's moves stays where it is.
struct Move {
  std::uint16_t from = 0;
  IpvsConnState to = kNone;
};
using Moves = std::array<Move, 3>;
using Table = std::array<Moves, kSctpEvents>;

// In the order of SctpEvent.
constexpr std::array<Table, 3> kTables = {
    Table{
        // client → server, where both directions pass
        Moves{{{any_of(kNone), kEstablished}}},
        Moves{{{any_of(kNone), kSctpInit1},
               {any_of(kSctpInit1, kSctpRejected, kSctpClosed), kSctpInit}}},
        Moves{{{kBegins, kSctpCookieWait}, {any_of(kSctpCookieWait), kSctpCookie}}},
        Moves{{{any_of(kNone, kSctpCookieSent), kSctpCookieReplied},
               {any_of(kSctpInit1), kSctpInit}}},
        Moves{{{any_of(kNone, kSctpCookieEchoed), kEstablished}}},
        Moves{{{any_of(kNone, kEstablished), kSctpShutdownReceived}}},
        Moves{{{any_of(kNone, kSctpShutdownSent, kSctpShutdownAckSent), kSctpClosed},
               {any_of(kSctpInit1), kSctpInit}}},
        Moves{{{kBegins | any_of(kSctpShutdownAckSent), kSctpClosed}}},
        Moves{{{any_of(kNone, kSctpCookieEchoed), kSctpClosed}}},
        Moves{{{all_but(kSctpCookieWait), kSctpClosed}, {any_of(kSctpCookieWait), kSctpRejected}}},
    },
    Table{
        // server → client
        Moves{{{any_of(kNone), kEstablished}}},
        Moves{{{all_but(kEstablished), kSctpCookieWait}}},
        Moves{{{kBegins, kSctpCookieSent}}},
        Moves{{{kEitherSetsUp | any_of(kSctpCookie), kSctpCookieEchoed}}},
        Moves{{{kEitherSetsUp | any_of(kSctpCookie, kSctpCookieEchoed), kEstablished}}},
        Moves{{{kEitherSetsUp | any_of(kSctpCookie, kSctpCookieEchoed, kEstablished),
                kSctpShutdownSent}}},
        Moves{{{kSetUp | any_of(kSctpShutdownSent, kSctpShutdownReceived), kSctpShutdownAckSent}}},
        Moves{{{any_of(kNone), kSctpClosed}}},
        Moves{{{kSetUp, kSctpClosed}}},
        Moves{{{any_of(kSctpInit1), kSctpRejected}, {all_but(kSctpInit1), kSctpClosed}}},
    },
    Table{
        // client → server, where the answers go another way (DR, TUN)
        Moves{{{any_of(kNone, kSctpCookieWait), kEstablished}}},
        Moves{{{any_of(kNone), kSctpInit1},
               {static_cast<std::uint16_t>(kEitherSetsUp & ~any_of(kNone)), kSctpInit},
               {any_of(kSctpRejected, kSctpClosed), kSctpInit}}},
        Moves{{{kEitherSetsUp, kSctpCookieEchoed}}},
        Moves{{{kEitherSetsUp, kEstablished}}},
        Moves{{{any_of(kNone, kSctpCookieSent, kSctpCookieReplied), kEstablished},
               {any_of(kSctpCookie, kSctpCookieEchoed), kEstablished}}},
        Moves{{{any_of(kNone, kEstablished), kSctpShutdownReceived}}},
        Moves{{{any_of(kNone, kEstablished, kSctpShutdownSent, kSctpShutdownAckSent), kSctpClosed},
               {any_of(kSctpInit1), kSctpInit}}},
        Moves{{{kSetUp | any_of(kSctpShutdownReceived, kSctpShutdownAckSent), kSctpClosed}}},
        Moves{{{any_of(kNone), kSctpClosed}}},
        Moves{{{all_but(kSctpCookieWait), kSctpClosed}, {any_of(kSctpCookieWait), kSctpRejected}}},
    },
};

// By chunk type; what is not here is as DATA.
constexpr std::array kEvents = {
    SctpEvent::kData,  SctpEvent::kInit,       SctpEvent::kInitAck,
    SctpEvent::kData,  SctpEvent::kData,       SctpEvent::kData,
    SctpEvent::kAbort, SctpEvent::kShutdown,   SctpEvent::kShutdownAck,
    SctpEvent::kError, SctpEvent::kCookieEcho, SctpEvent::kCookieAck,
    SctpEvent::kData,  SctpEvent::kData,       SctpEvent::kShutdownComplete,
};

SctpEvent event_of(std::uint8_t chunk) {
  return chunk < kEvents.size() ? kEvents[chunk] : SctpEvent::kData;
}

}  // namespace

std::optional<SctpSign> read_sctp_sign(Bytes transport) {
  constexpr std::size_t kFirst = SctpRepr::kLength;
  if (transport.size() < kFirst + SctpChunk::kHeader) return std::nullopt;
  SctpSign sign{.first = transport[kFirst], .event = event_of(transport[kFirst])};
  if (sign.event != SctpEvent::kCookieEcho && sign.event != SctpEvent::kCookieAck) return sign;
  const std::size_t length = load_be16(transport.data() + kFirst + 2);
  const std::size_t next = kFirst + sctp_padded(length);
  if (length < SctpChunk::kHeader || transport.size() < next + SctpChunk::kHeader) return sign;
  if (event_of(transport[next]) == SctpEvent::kAbort) sign.event = SctpEvent::kAbort;
  return sign;
}

std::uint16_t sctp_state_number(IpvsConnState state) {
  return static_cast<std::uint16_t>(column_of(state));
}

IpvsConnState next_sctp_state(IpvsConnState from, ConnDirection direction, SctpEvent event) {
  const Moves& moves =
      kTables[static_cast<std::size_t>(direction)][static_cast<std::size_t>(event)];
  const unsigned here = 1U << column_of(from);
  const auto move = std::ranges::find_if(moves, [here](Move m) { return (m.from & here) != 0; });
  return move == moves.end() ? from : move->to;
}

std::uint32_t sctp_timeout_s(IpvsConnState state) {
  constexpr std::uint32_t kNothingKnown = 2, kEarly = 4, kLongestRto = 61, kEstablishedFor = 900;
  switch (state) {
    case kNone: return kNothingKnown;
    case kSctpInit1:
    case kSctpRejected: return kEarly;
    case kEstablished: return kEstablishedFor;
    default: return kLongestRto;
  }
}

}  // namespace lvslab::ipvs
