// Who a segment belongs to, and which ports, sequence numbers and timestamps a host picks.
// Source: net/ipv4/inet_hashtables.c, inet_connection_sock.c, net/core/secure_seq.c.
#include "sim/tcp/engine.h"

namespace lvslab::tcp {
namespace {

constexpr std::uint32_t kIndexBits = 22, kIndexMask = (1U << kIndexBits) - 1;
constexpr std::uint32_t kGenerationMask = 0xff;

std::uint64_t addresses(const Tuple& t) {
  return static_cast<std::uint64_t>(t.local_addr.bits) << 32 | t.remote_addr.bits;
}

std::uint64_t hash_of(const Tuple& t) {
  const auto ports = static_cast<std::uint64_t>(t.local_port) << 16 | t.remote_port;
  return mix64(mix64(addresses(t)) + ports);
}

std::uint64_t hash_of(Endpoint local) {
  return mix64(static_cast<std::uint64_t>(local.addr.bits) << 16 | local.port);
}

const Tuple& tuple_of(const Tables& t, Handle h) {
  switch (h.kind()) {
    case Kind::kRequest: return t.requests[h.index()].tuple;
    case Kind::kTimeWait: return t.time_waits[h.index()].tuple;
    default: return t.sockets[h.index()].tuple;
  }
}

}  // namespace

SocketId make_id(Kind kind, std::uint16_t generation, std::uint32_t index) {
  return SocketId{static_cast<std::uint32_t>(kind) << 30 |
                  (generation & kGenerationMask) << kIndexBits | (index & kIndexMask)};
}

std::uint32_t find_socket(const Stack& stack, SocketId id) {
  if (!id.valid() || id.value >> 30 != 0 || stack.tables.empty()) return kNone;
  const std::uint32_t index = id.value & kIndexMask;
  const Tables& t = stack.tables.front();
  if (index >= t.sockets.limit()) return kNone;
  const Socket& s = t.sockets[index];
  if (s.state == TcpState::kClose || s.has(flag::kOrphan)) return kNone;
  return make_id(Kind::kSocket, s.generation, index) == id ? index : kNone;
}

std::uint32_t find_listener_by_id(const Stack& stack, SocketId id) {
  if (!id.valid() || stack.tables.empty()) return kNone;
  const std::uint32_t index = id.value & kIndexMask;
  const Tables& t = stack.tables.front();
  if (index >= t.listeners.limit() || !t.listeners[index].used) return kNone;
  return make_id(Kind::kListener, t.listeners[index].generation, index) == id ? index : kNone;
}

Handle find_connection(const Tables& tables, const Tuple& tuple) {
  return {tables.connections.find(
      hash_of(tuple), [&](std::uint32_t v) { return tuple_of(tables, Handle{v}) == tuple; })};
}

void insert_connection(Tables& tables, const Tuple& tuple, Handle handle) {
  tables.connections.insert(hash_of(tuple), handle.value);
}

void erase_connection(Tables& tables, const Tuple& tuple, Handle handle) {
  tables.connections.erase(hash_of(tuple), handle.value);
}

std::uint32_t find_listener(const Tables& tables, Endpoint local) {
  const auto find = [&](Endpoint key) {
    return tables.listening.find(hash_of(key),
                                 [&](std::uint32_t i) { return tables.listeners[i].local == key; });
  };
  const std::uint32_t exact = find(local);
  return exact != kNone ? exact : find({local.addr.wildcard(), local.port});
}

void insert_listener(Tables& tables, std::uint32_t index) {
  tables.listening.insert(hash_of(tables.listeners[index].local), index);
}

void erase_listener(Tables& tables, std::uint32_t index) {
  tables.listening.erase(hash_of(tables.listeners[index].local), index);
}

bool port_in_use(const Tables& tables, Endpoint local, PortUse use) {
  const auto conflicts = [&](Ipv4Addr addr, std::uint16_t port) {
    return port == local.port && (addr.covers(local.addr) || local.addr.covers(addr));
  };
  for (std::uint32_t i = 0; i < tables.listeners.limit(); ++i) {
    const Listener& l = tables.listeners[i];
    if (l.used && conflicts(l.local.addr, l.local.port)) return true;
  }
  if (use == PortUse::kShared) return false;
  for (std::uint32_t i = 0; i < tables.sockets.limit(); ++i) {
    const Socket& s = tables.sockets[i];
    if (s.state != TcpState::kClose && conflicts(s.tuple.local_addr, s.tuple.local_port)) {
      return true;
    }
  }
  for (std::uint32_t i = 0; i < tables.time_waits.limit(); ++i) {
    const TimeWait& w = tables.time_waits[i];
    if (w.state != TcpState::kClose && conflicts(w.tuple.local_addr, w.tuple.local_port)) {
      return true;
    }
  }
  return false;
}

bool may_reuse(Context& c, const TimeWait& tw) {
  if (tw.state != TcpState::kTimeWait || !tw.timestamps) return false;
  const bool loopback = tw.tuple.local_addr.is_loopback() || tw.tuple.remote_addr.is_loopback();
  const bool allowed = c.config.tw_reuse == 1 || (c.config.tw_reuse == 2 && loopback);
  return allowed && c.now_ms() / 1000 - tw.since_ms / 1000 > 1;
}

bool choose_port(Context& c, Tuple& tuple, Handle& reused) {
  const auto low = static_cast<std::uint32_t>(c.config.port_range[0]);
  const auto high = static_cast<std::uint32_t>(c.config.port_range[1]) + 1;
  std::uint32_t remaining = high - low;
  if (remaining > 1) remaining &= ~1U;
  const std::uint64_t where = mix64(mix64(addresses(tuple) ^ c.stack.secret) + tuple.remote_port);
  std::uint32_t& perturb = c.tables.port_perturb[where & 15];
  std::uint32_t offset = (perturb + static_cast<std::uint32_t>(where >> 32)) % remaining;
  offset &= ~1U;
  // connect(2) walks the ports of even offset first and leaves the odd ones to bind(2).
  for (std::uint32_t parity = 0; parity < 2; ++parity) {
    for (std::uint32_t i = 0; i < remaining; i += 2) {
      const std::uint32_t port = low + (offset + parity + i) % remaining;
      tuple.local_port = static_cast<std::uint16_t>(port);
      if (find_listener(c.tables, {tuple.local_addr, tuple.local_port}) != kNone) continue;
      const Handle other = find_connection(c.tables, tuple);
      const bool free = !other.valid();
      if (!free &&
          !(other.kind() == Kind::kTimeWait && may_reuse(c, c.tables.time_waits[other.index()]))) {
        continue;
      }
      reused = other;
      perturb += std::max(i, c.step.random().below(8) * 2) + 2;
      return true;
    }
  }
  return false;
}

/// secure_tcp_seq(): a keyed hash of the connection plus a clock of 64 ns.
std::uint32_t initial_sequence(const Context& c, const Tuple& tuple) {
  const std::uint64_t key = mix64(hash_of(tuple) ^ c.stack.secret);
  return static_cast<std::uint32_t>(key) + static_cast<std::uint32_t>(c.now().ns >> 6);
}

/// secure_tcp_ts_off(): one offset for each pair of addresses.
std::uint32_t timestamp_now(const Context& c, const Tuple& tuple) {
  const std::uint64_t key = mix64(addresses(tuple) + mix64(c.stack.secret));
  return c.now_ms() + static_cast<std::uint32_t>(key >> 32);
}

std::uint16_t next_generation(Tables& tables) {
  tables.next_generation = static_cast<std::uint16_t>((tables.next_generation + 1) & 0xff);
  return tables.next_generation;
}

}  // namespace lvslab::tcp
