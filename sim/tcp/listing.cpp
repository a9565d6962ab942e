// The rows of the socket table, for listings and for the trace.
// Source: net/ipv4/tcp_ipv4.c: get_tcp4_sock(), get_openreq4(), get_timewait4_sock().
#include "sim/tcp/engine.h"

namespace lvslab::tcp {
namespace {

std::uint32_t unacknowledged(const Tables& t, const Socket& s) {
  if (s.ext == kNoExtension) return 0;
  const Extension& e = t.extensions[s.ext];
  const std::uint32_t end = write_seq(e) + (s.has(flag::kFinQueued) ? 1U : 0U);
  return before(s.snd_una, end) ? end - s.snd_una : 0;
}

IpAddr shown(const SocketOwners* owners, Ipv4Addr addr) {
  return owners == nullptr ? IpAddr(addr) : owners->shown(addr);
}

void put_tuple(SocketRow& row, const SocketOwners* owners, const Tuple& t) {
  row.local = shown(owners, t.local_addr);
  row.local_port = t.local_port;
  row.remote = shown(owners, t.remote_addr);
  row.remote_port = t.remote_port;
}

}  // namespace

SocketRow row_of(const Stack& stack, const SocketOwners* owners, Handle handle) {
  const Tables& t = stack.tables.front();
  const std::uint32_t index = handle.index();
  SocketRow row;
  AppId program;
  std::uint16_t generation = 0;
  switch (handle.kind()) {
    case Kind::kListener: {
      const Listener& l = t.listeners[index];
      row.local = shown(owners, l.local.addr);
      if (!row.local.is_v4()) row.remote = Ipv6Addr::any();
      row.local_port = l.local.port;
      row.state = TcpState::kListen;
      row.send_q = l.backlog;
      program = l.owner;
      generation = l.generation;
      break;
    }
    case Kind::kRequest:
      put_tuple(row, owners, t.requests[index].tuple);
      row.state = TcpState::kSynRecv;
      generation = t.requests[index].generation;
      break;
    case Kind::kTimeWait:
      put_tuple(row, owners, t.time_waits[index].tuple);
      row.state = t.time_waits[index].state;
      generation = t.time_waits[index].generation;
      break;
    case Kind::kSocket: {
      const Socket& s = t.sockets[index];
      put_tuple(row, owners, s.tuple);
      row.state = s.state;
      row.send_q = unacknowledged(t, s);
      if (!s.has(flag::kOrphan) && !s.has(flag::kLingers)) program = s.owner;
      generation = s.generation;
      break;
    }
  }
  row.id = make_id(handle.kind(), generation, index).value;
  if (owners != nullptr && program.valid()) owners->fill(program, row);
  return row;
}

void row_added(Context& c, Handle handle) {
  c.step.row_added(row_of(c.stack, c.ports.owners, handle));
}

void row_removed(Context& c, Handle handle) {
  c.step.row_removed(row_of(c.stack, c.ports.owners, handle));
}

RowWatch::RowWatch(Context& c, std::uint32_t index) : c_(c), index_(index) {
  if (!c.step.tracing()) return;
  const Socket& s = c.socket(index);
  send_q_ = unacknowledged(c.tables, s);
  state_ = s.state;
  generation_ = s.generation;
  flags_ = s.flags;
}

RowWatch::~RowWatch() {
  if (!c_.step.tracing() || !alive(c_, index_, generation_)) return;
  const Socket& s = c_.socket(index_);
  const bool orphaned = ((s.flags ^ flags_) & (flag::kOrphan | flag::kLingers)) != 0;
  if (s.state == state_ && unacknowledged(c_.tables, s) == send_q_ && !orphaned) return;
  c_.step.row_changed(row_of(c_.stack, c_.ports.owners, Handle::of(Kind::kSocket, index_)));
}

void append_sockets(const Stack& stack, const SocketOwners* owners, std::vector<SocketRow>& out) {
  if (stack.tables.empty()) return;
  const Tables& t = stack.tables.front();
  for (std::uint32_t i = 0; i < t.listeners.limit(); ++i) {
    if (t.listeners[i].used) out.push_back(row_of(stack, owners, Handle::of(Kind::kListener, i)));
  }
  for (std::uint32_t i = 0; i < t.sockets.limit(); ++i) {
    if (t.sockets[i].state == TcpState::kClose) continue;
    out.push_back(row_of(stack, owners, Handle::of(Kind::kSocket, i)));
  }
  for (std::uint32_t i = 0; i < t.requests.limit(); ++i) {
    if (t.requests[i].used) out.push_back(row_of(stack, owners, Handle::of(Kind::kRequest, i)));
  }
  for (std::uint32_t i = 0; i < t.time_waits.limit(); ++i) {
    if (t.time_waits[i].state == TcpState::kClose) continue;
    out.push_back(row_of(stack, owners, Handle::of(Kind::kTimeWait, i)));
  }
}

std::size_t memory_bytes(const Stack& stack) {
  std::size_t bytes = stack.changed.capacity() * sizeof(Config);
  if (stack.tables.empty()) return bytes;
  const Tables& t = stack.tables.front();
  const auto slots = [](std::uint32_t limit, std::size_t chunk) {
    return (limit + chunk - 1) / chunk * chunk;
  };
  bytes += sizeof(Tables) + t.connections.memory_bytes() + t.listening.memory_bytes();
  bytes += t.metrics.capacity() * sizeof(PeerMetrics) + t.metrics_index.memory_bytes();
  bytes += slots(t.sockets.limit(), 16) * sizeof(Socket);
  bytes += slots(t.extensions.limit(), 4) * sizeof(Extension);
  bytes += slots(t.requests.limit(), 8) * sizeof(Request);
  bytes += slots(t.time_waits.limit(), 16) * sizeof(TimeWait);
  bytes += slots(t.listeners.limit(), 4) * sizeof(Listener);
  for (std::uint32_t i = 0; i < t.extensions.limit(); ++i) {
    const Extension& e = t.extensions[i];
    bytes += e.queue.memory_bytes() + e.sent.capacity() * sizeof(SentSegment) +
             e.early.capacity() * sizeof(EarlySegment);
  }
  for (const auto& sent : t.spare_sent) bytes += sent.capacity() * sizeof(SentSegment);
  return bytes;
}

}  // namespace lvslab::tcp
