#include "sim/ipvs/connection.h"

#include "sim/wire/tcp.h"

namespace lvslab::ipvs {
namespace {

using enum IpvsConnState;

// One row per kind of segment, one column per current state in the order of IP_VS_TCP_S_*:
// none, established, syn_sent, syn_recv, fin_wait, time_wait, close, close_wait, last_ack, listen,
// synack. ip_vs_proto_tcp.c: tcp_states[].
using Row = std::array<IpvsConnState, 11>;
struct Rows {
  Row syn, fin, ack, rst;
};

constexpr Row kSynSeen = {kSynRecv, kEstablished, kEstablished, kSynRecv, kSynRecv, kSynRecv,
                          kSynRecv, kSynRecv,     kSynRecv,     kSynRecv, kSynRecv};
constexpr Row kAckSeen = {kEstablished, kEstablished, kSynSent,    kEstablished,
                          kFinWait,     kTimeWait,    kClose,      kCloseWait,
                          kClose,       kListen,      kEstablished};

constexpr std::array<Rows, 3> kTransitions = {
    Rows{// client → server, where both directions pass
         .syn = kSynSeen,
         .fin = {kClose, kCloseWait, kSynSent, kTimeWait, kTimeWait, kTimeWait, kClose, kCloseWait,
                 kLastAck, kListen, kTimeWait},
         .ack = kAckSeen,
         .rst = {kClose, kClose, kClose, kSynRecv, kClose, kClose, kClose, kClose, kLastAck,
                 kListen, kSynRecv}},
    Rows{// server → client
         .syn = {kSynSent, kEstablished, kSynSent, kSynRecv, kSynSent, kSynSent, kSynSent, kSynSent,
                 kSynSent, kListen, kSynRecv},
         .fin = {kTimeWait, kFinWait, kSynSent, kTimeWait, kFinWait, kTimeWait, kClose, kTimeWait,
                 kLastAck, kListen, kTimeWait},
         .ack = {kEstablished, kEstablished, kSynSent, kEstablished, kFinWait, kTimeWait, kClose,
                 kCloseWait, kLastAck, kEstablished, kEstablished},
         .rst = {kClose, kClose, kSynSent, kClose, kClose, kTimeWait, kClose, kClose, kClose,
                 kClose, kClose}},
    Rows{// client → server, where the answers go another way (DR, TUN)
         .syn = kSynSeen,
         .fin = {kClose, kFinWait, kSynSent, kTimeWait, kFinWait, kTimeWait, kClose, kCloseWait,
                 kLastAck, kListen, kTimeWait},
         .ack = kAckSeen,
         .rst = {kClose, kClose, kClose, kSynRecv, kClose, kClose, kClose, kClose, kLastAck,
                 kListen, kClose}},
};

/// The same with secure_tcp (tcp_states_dos[]): a connection is established once the server has
/// sent something after the handshake; where its answers are not seen, it waits for the client's
/// ACK as before, but in another state.
constexpr std::array<Rows, 3> kStrictTransitions = [] {
  std::array<Rows, 3> rows = kTransitions;
  constexpr auto kSynAckColumn = static_cast<std::size_t>(kSynAck);
  constexpr auto kSynRecvColumn = static_cast<std::size_t>(kSynRecv);
  Rows& in = rows[static_cast<std::size_t>(ConnDirection::kInput)];
  in.syn[kSynAckColumn] = in.fin[kSynAckColumn] = in.ack[kSynAckColumn] = kSynAck;
  in.ack[kSynRecvColumn] = kSynRecv;
  in.rst[kSynAckColumn] = kClose;
  Rows& out = rows[static_cast<std::size_t>(ConnDirection::kOutput)];
  out.syn[kSynRecvColumn] = out.syn[kSynAckColumn] = kSynAck;
  rows[static_cast<std::size_t>(ConnDirection::kInputOnly)].syn = {
      kSynAck, kEstablished, kEstablished, kSynRecv, kSynAck, kSynAck,
      kSynAck, kSynAck,      kSynAck,      kSynAck,  kSynAck};
  return rows;
}();

}  // namespace

IpvsConnState next_tcp_state(IpvsConnState from, ConnDirection direction, std::uint8_t flags,
                             bool strict) {
  const auto& transitions = strict ? kStrictTransitions : kTransitions;
  const Rows& rows = transitions[static_cast<std::size_t>(direction)];
  const auto column = static_cast<std::size_t>(from);
  if (flags & tcp_flag::kRst) return rows.rst[column];
  if (flags & tcp_flag::kSyn) return rows.syn[column];
  if (flags & tcp_flag::kFin) return rows.fin[column];
  if (flags & tcp_flag::kAck) return rows.ack[column];
  return kClose;
}

bool is_active_state(IpProto protocol, IpvsConnState state) {
  if (protocol == IpProto::kSctp) return state == kEstablished;
  if (protocol != IpProto::kTcp) return false;
  return state == kEstablished || state == kSynSent || state == kSynRecv || state == kSynAck;
}

std::uint32_t ConnTable::add_hidden(const ConnKey& key) {
  const std::uint32_t i = conns_.acquire();
  Conn& conn = conns_[i];
  conn.protocol = key.protocol;
  conn.client = key.client;
  conn.client_port = key.client_port;
  conn.virt = key.virt;
  conn.virt_port = key.virt_port;
  return i;
}

std::uint32_t ConnTable::add(const ConnKey& key) {
  const std::uint32_t i = add_hidden(key);
  index_.insert(hash(key), i);
  conns_[i].listed = true;
  return i;
}

void ConnTable::hide(std::uint32_t conn) {
  if (conns_[conn].listed) index_.erase(hash(conns_[conn].key()), conn);
  conns_[conn].listed = false;
}

void ConnTable::remove(std::uint32_t conn) {
  hide(conn);
  if (conns_[conn].any_client_port) --announced_;
  conns_[conn].protocol = kFree;
  conns_.release(conn);
}

void ConnTable::rename(std::uint32_t i, const ConnKey& fresh) {
  Conn& conn = conns_[i];
  index_.erase(hash(conn.key()), i);
  conn.client_port = fresh.client_port;
  conn.virt_port = fresh.virt_port;
  index_.insert(hash(fresh), i);
}

void ConnTable::announce(std::uint32_t conn) {
  conns_[conn].any_client_port = true;
  ++announced_;
}

void ConnTable::know_client_port(std::uint32_t conn, std::uint16_t port) {
  ConnKey known = conns_[conn].key();
  known.client_port = port;
  rename(conn, known);
  conns_[conn].any_client_port = false;
  --announced_;
}

}  // namespace lvslab::ipvs
