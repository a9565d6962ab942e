// What programs ask of SCTP, and what they are told.
// Source: net/sctp/socket.c: sctp_listen_start(), __sctp_connect(), sctp_sendmsg(), sctp_close(),
//         sctp_shutdown(); net/sctp/chunk.c: sctp_datamsg_from_user().
#include <algorithm>

#include "sim/base/prng.h"
#include "sim/sctp/engine.h"

namespace lvslab::sctp {
namespace {

// net.ipv4.ip_local_port_range at its default.
constexpr std::uint32_t kFirstPort = 32'768, kPorts = 28'232;

std::uint64_t hash_of(Endpoint local, Endpoint remote) {
  return mix64(mix64(static_cast<std::uint64_t>(local.addr.bits) << 16 | local.port) ^
               (static_cast<std::uint64_t>(remote.addr.bits) << 16 | remote.port));
}
std::uint64_t hash_of(std::uint16_t port) { return mix64(port); }

/// How far an address is known: farthest first (net/sctp/protocol.c: sctp_v4_scope()).
enum class Reach : std::uint8_t { kGlobal, kPrivate, kLink, kLoopback, kNowhere };

Reach reach_of(Ipv4Addr addr) {
  const auto in = [addr](std::uint32_t network, int length) {
    return Ipv4Prefix{{network}, static_cast<std::uint8_t>(length)}.contains(addr);
  };
  // "This network", 6to4 relays, groups.
  if (in(0, 8) || in(0xc058'6300, 24) || addr.is_multicast() || addr.is_broadcast()) {
    return Reach::kNowhere;
  }
  if (addr.is_loopback()) return Reach::kLoopback;
  if (addr.is_link_local()) return Reach::kLink;
  const bool is_private =
      in(0x0a00'0000, 8) || in(0xac10'0000, 12) || in(0xc0a8'0000, 16) || in(0xc612'0000, 15);
  return is_private ? Reach::kPrivate : Reach::kGlobal;
}

}  // namespace

std::uint32_t Engine::find_association(Endpoint local, Endpoint remote) {
  return tables().associations.find(hash_of(local, remote), [&](std::uint32_t i) {
    return socket(i).local == local && socket(i).remote == remote;
  });
}

std::uint32_t Engine::find_listener(Endpoint local) {
  return tables().listeners.find(hash_of(local.port), [&](std::uint32_t i) {
    const Endpoint& own = socket(i).local;
    return own.port == local.port && (own.addr.is_any() || own.addr == local.addr);
  });
}

// net/sctp/bind_addr.c: sctp_bind_addr_copy()
bool Engine::has_source(Ipv4Addr local, Ipv4Addr remote) const {
  const std::vector<Ipv4Addr> own =
      local.is_any() ? ports_.ip.addresses() : std::vector<Ipv4Addr>{local};
  const auto any_within = [&](Reach reach) {
    return std::ranges::any_of(own, [&](Ipv4Addr addr) { return reach_of(addr) <= reach; });
  };
  const Reach reach = reach_of(remote);
  return any_within(reach) || (reach == Reach::kGlobal && any_within(Reach::kLink));
}

bool Engine::port_taken(Endpoint local) {
  Tables& t = tables();
  for (std::uint32_t i = 0; i < t.sockets.limit(); ++i) {
    const Socket& s = t.sockets[i];
    if (s.state == State::kClosed || !s.open || s.local.port != local.port) continue;
    if (s.listener.valid()) continue;  // it shares the port of its listener
    if (s.local.addr.is_any() || local.addr.is_any() || s.local.addr == local.addr) return true;
  }
  return false;
}

std::uint32_t Engine::add_association(Endpoint local, Endpoint remote) {
  Tables& t = tables();
  const std::uint32_t index = t.sockets.acquire();
  Socket& s = t.sockets[index];
  s.local = local;
  s.remote = remote;
  s.room = s.told_room = kReceiveRoom;
  s.rto = s.t1_timeout = kFirstRto;
  s.mtu = kEthernetMtu;
  const auto way = ports_.ip.route(step_, {.src = local.addr, .dst = remote.addr});
  if (way) {
    s.mtu = std::max(way->mtu & ~3U, kLeastMtu);
    if (s.local.addr.is_any()) s.local.addr = way->src;
  }
  constexpr std::uint32_t kLeastWindow = 4'380;
  s.cwnd = std::min(4 * s.mtu, std::max(2 * s.mtu, kLeastWindow));
  t.associations.insert(hash_of(s.local, s.remote), index);
  return index;
}

void Engine::remove(std::uint32_t index) {
  Tables& t = tables();
  const Socket& s = t.sockets[index];
  if (s.state == State::kListen) {
    t.listeners.erase(hash_of(s.local.port), index);
  } else {
    t.associations.erase(hash_of(s.local, s.remote), index);
  }
  t.sockets[index] = {};
  t.sockets.release(index);
}

void Engine::note(std::uint32_t index, SocketEventKind kind, Errno error) {
  const Socket& s = socket(index);
  if (!s.open) return;
  events_.push_back({.kind = kind,
                     .index = index,
                     .owner = s.owner,
                     .listener = s.listener,
                     .error = error,
                     .data = {}});
}

void Engine::fail(std::uint32_t index, Errno error) {
  note(index, SocketEventKind::kError, error);
  remove(index);
}

void Engine::tell() {
  const std::vector<Event> events = std::move(events_);
  events_.clear();
  for (const Event& event : events) {
    ports_.events.on_socket(step_, event.owner,
                            {.kind = event.kind,
                             .socket = {event.index},
                             .listener = event.listener,
                             .data = event.data,
                             .error = event.error});
  }
}

std::expected<SocketId, Errno> Engine::listen(AppId owner, Endpoint local) {
  if (!local.addr.is_any() && !ports_.ip.is_local(local.addr)) {
    return std::unexpected(Errno::kAddrNotAvail);
  }
  if (port_taken(local)) return std::unexpected(Errno::kAddrInUse);
  const std::uint32_t index = tables().sockets.acquire();
  Socket& s = socket(index);
  s.state = State::kListen;
  s.open = true;
  s.owner = owner;
  s.local = local;
  tables().listeners.insert(hash_of(local.port), index);
  return SocketId{index};
}

std::expected<SocketId, Errno> Engine::connect(AppId owner, Endpoint local, Endpoint remote) {
  if (!local.addr.is_any() && !ports_.ip.is_local(local.addr)) {
    return std::unexpected(Errno::kAddrNotAvail);
  }
  const bool any_port = local.port == 0;
  for (std::uint32_t tries = 0; any_port && tries < kPorts; ++tries) {
    local.port = static_cast<std::uint16_t>(kFirstPort + step_.random().below(kPorts));
    if (!port_taken(local)) break;
  }
  if (port_taken(local)) return std::unexpected(Errno::kAddrInUse);
  if (!has_source(local.addr, remote.addr)) return std::unexpected(Errno::kNetUnreach);
  const std::uint32_t index = add_association(local, remote);
  Socket& s = socket(index);
  const std::uint32_t other =
      tables().associations.find(hash_of(s.local, remote), [&](std::uint32_t i) {
        return i != index && socket(i).local == s.local && socket(i).remote == remote;
      });
  if (other != IndexTable::kNone) {
    remove(index);  // sctp_endpoint_is_peeled_off(): one that still closes is in the way
    return std::unexpected(Errno::kAddrNotAvail);
  }
  s.state = State::kCookieWait;
  s.open = true;
  s.owner = owner;
  s.counts_ids = true;
  s.my_tag = static_cast<std::uint32_t>(step_.random().next() | 1U);
  s.my_first_tsn = static_cast<std::uint32_t>(step_.random().next());
  s.next_tsn = s.my_first_tsn;
  s.acked_tsn = s.my_first_tsn - 1;
  step_.explain(Reason::kSctpConnecting, {}, {arg(remote.addr), remote.port, s.local.port});
  send_init(index);
  start(index, Timer::kT1, s.t1_timeout);
  flush(index);
  return SocketId{index};
}

bool Engine::send(std::uint32_t index, Bytes message) {
  Socket& s = socket(index);
  if (s.state != State::kEstablished) return false;
  const std::uint32_t most = s.mtu - kPacketOverhead - kDataHeader;
  std::uint32_t first = most;
  // Room for a SACK that waits for company.
  constexpr std::uint32_t kSackChunk = 16;
  const bool idle = s.waiting.empty() && s.again.empty();
  if (timer(s, Timer::kSack).armed() && idle && message.size() > most) first -= kSackChunk;
  const bool one_piece = message.size() < first;
  for (std::size_t at = 0; at < message.size();) {
    const std::size_t size = std::min<std::size_t>(at == 0 ? first : most, message.size() - at);
    OutChunk chunk;
    if (at == 0) chunk.flags |= SctpData::kBegin;
    if (at + size == message.size()) chunk.flags |= SctpData::kEnd;
    chunk.sequence = s.next_sequence;
    chunk.may_wait = one_piece;
    const Bytes data = message.subspan(at, size);
    chunk.data.assign(data.begin(), data.end());
    s.waiting.push_back(std::move(chunk));
    at += size;
  }
  ++s.next_sequence;
  flush(index);
  return true;
}

void Engine::shut_down(std::uint32_t index) {
  Socket& s = socket(index);
  if (s.state == State::kCookieWait || s.state == State::kCookieEchoed) return remove(index);
  if (s.state != State::kEstablished) return;
  s.state = State::kShutdownPending;
  nothing_outstanding(index);
  flush(index);
}

void Engine::close(std::uint32_t index) {
  Socket& s = socket(index);
  if (s.state == State::kListen) return remove(index);
  s.open = false;
  s.owner = {};
  s.room = kReceiveRoom;  // what it holds of messages nobody reads any more
  shut_down(index);
}

// --- the calls of the host
// ------------------------------------------------------------------------

namespace {

bool is_open(const Stack& stack, SocketId socket) {
  return !stack.tables.empty() && socket.value < stack.tables.front().sockets.limit() &&
         stack.tables.front().sockets[socket.value].open;
}

}  // namespace

std::expected<SocketId, Errno> listen(Step& step, Stack& stack, Ports ports, AppId owner,
                                      Endpoint local) {
  return Engine(step, stack, ports).listen(owner, local);
}

std::expected<SocketId, Errno> connect(Step& step, Stack& stack, Ports ports, AppId owner,
                                       Endpoint local, Endpoint remote) {
  return Engine(step, stack, ports).connect(owner, local, remote);
}

bool send(Step& step, Stack& stack, Ports ports, SocketId socket, Bytes message) {
  return is_open(stack, socket) && Engine(step, stack, ports).send(socket.value, message);
}

void close(Step& step, Stack& stack, Ports ports, SocketId socket) {
  if (is_open(stack, socket)) Engine(step, stack, ports).close(socket.value);
}

void shutdown_write(Step& step, Stack& stack, Ports ports, SocketId socket) {
  if (is_open(stack, socket)) Engine(step, stack, ports).shut_down(socket.value);
}

Endpoint local(const Stack& stack, SocketId socket) {
  return is_open(stack, socket) ? stack.tables.front().sockets[socket.value].local : Endpoint{};
}

Endpoint remote(const Stack& stack, SocketId socket) {
  return is_open(stack, socket) ? stack.tables.front().sockets[socket.value].remote : Endpoint{};
}

std::vector<SocketId> sockets_of(const Stack& stack, AppId owner) {
  std::vector<SocketId> found;
  if (stack.tables.empty()) return found;
  const Slab<Socket, 8>& sockets = stack.tables.front().sockets;
  for (std::uint32_t i = 0; i < sockets.limit(); ++i) {
    if (sockets[i].open && sockets[i].owner == owner) found.push_back({i});
  }
  return found;
}

}  // namespace lvslab::sctp
