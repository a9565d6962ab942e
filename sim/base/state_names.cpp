#include "sim/base/state_names.h"

namespace lvslab {

std::string_view name_of(TcpState state, std::string_view unknown) {
  switch (state) {
    case TcpState::kEstablished: return "ESTABLISHED";
    case TcpState::kSynSent: return "SYN_SENT";
    case TcpState::kSynRecv: return "SYN_RECV";
    case TcpState::kFinWait1: return "FIN_WAIT1";
    case TcpState::kFinWait2: return "FIN_WAIT2";
    case TcpState::kTimeWait: return "TIME_WAIT";
    case TcpState::kClose: return "CLOSE";
    case TcpState::kCloseWait: return "CLOSE_WAIT";
    case TcpState::kLastAck: return "LAST_ACK";
    case TcpState::kListen: return "LISTEN";
    case TcpState::kClosing: return "CLOSING";
  }
  return unknown;
}

std::string_view name_of(IpvsConnState state, std::string_view unknown) {
  switch (state) {
    case IpvsConnState::kNone: return "NONE";
    case IpvsConnState::kEstablished: return "ESTABLISHED";
    case IpvsConnState::kSynSent: return "SYN_SENT";
    case IpvsConnState::kSynRecv: return "SYN_RECV";
    case IpvsConnState::kFinWait: return "FIN_WAIT";
    case IpvsConnState::kTimeWait: return "TIME_WAIT";
    case IpvsConnState::kClose: return "CLOSE";
    case IpvsConnState::kCloseWait: return "CLOSE_WAIT";
    case IpvsConnState::kLastAck: return "LAST_ACK";
    case IpvsConnState::kListen: return "LISTEN";
    case IpvsConnState::kSynAck: return "SYNACK";
    case IpvsConnState::kUdp: return "UDP";
    case IpvsConnState::kIcmp: return "ICMP";
    case IpvsConnState::kAssured: return "ASSURED";
    case IpvsConnState::kUnassured: return "UN_ASSURED";
    case IpvsConnState::kSctpInit1: return "INIT1";
    case IpvsConnState::kSctpInit: return "INIT";
    case IpvsConnState::kSctpCookieSent: return "C-SENT";
    case IpvsConnState::kSctpCookieReplied: return "C-REPLIED";
    case IpvsConnState::kSctpCookieWait: return "C-WAIT";
    case IpvsConnState::kSctpCookie: return "COOKIE";
    case IpvsConnState::kSctpCookieEchoed: return "C-ECHOED";
    case IpvsConnState::kSctpShutdownSent: return "S-SENT";
    case IpvsConnState::kSctpShutdownReceived: return "S-RECEIVED";
    case IpvsConnState::kSctpShutdownAckSent: return "S-ACK-SENT";
    case IpvsConnState::kSctpRejected: return "REJECTED";
    case IpvsConnState::kSctpClosed: return "CLOSED";
  }
  return unknown;
}

std::string_view name_of(NeighState state, std::string_view unknown) {
  switch (state) {
    case NeighState::kNone: return "NONE";
    case NeighState::kIncomplete: return "INCOMPLETE";
    case NeighState::kReachable: return "REACHABLE";
    case NeighState::kStale: return "STALE";
    case NeighState::kDelay: return "DELAY";
    case NeighState::kProbe: return "PROBE";
    case NeighState::kFailed: return "FAILED";
    case NeighState::kNoArp: return "NOARP";
    case NeighState::kPermanent: return "PERMANENT";
  }
  return unknown;
}

std::string_view name_of(RouteType type, std::string_view unknown) {
  switch (type) {
    case RouteType::kUnicast: return "unicast";
    case RouteType::kLocal: return "local";
    case RouteType::kBroadcast: return "broadcast";
    case RouteType::kBlackhole: return "blackhole";
    case RouteType::kUnreachable: return "unreachable";
    case RouteType::kProhibit: return "prohibit";
  }
  return unknown;
}

std::string_view name_of(IpvsForward forward, std::string_view unknown) {
  switch (forward) {
    case IpvsForward::kMasq: return "Masq";
    case IpvsForward::kLocal: return "Local";
    case IpvsForward::kTunnel: return "Tunnel";
    case IpvsForward::kRoute: return "Route";
  }
  return unknown;
}

}  // namespace lvslab
