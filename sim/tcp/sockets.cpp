// What programs do with sockets: listen, connect, send, shutdown, close, abort.
// Source: net/ipv4/tcp.c: tcp_sendmsg_locked(), __tcp_close(), tcp_disconnect(), tcp_shutdown();
// net/ipv4/tcp_ipv4.c: tcp_v4_connect(); net/ipv4/inet_connection_sock.c: inet_csk_listen_start().
#include "sim/tcp/engine.h"

namespace lvslab::tcp {
namespace {

/// tcp_close_state(): the state after the program's FIN; kClose if nothing is to be said.
TcpState state_after_fin(TcpState state) {
  switch (state) {
    case TcpState::kEstablished:
    case TcpState::kSynRecv: return TcpState::kFinWait1;
    case TcpState::kCloseWait: return TcpState::kLastAck;
    default: return TcpState::kClose;
  }
}

/// tcp_send_fin(): the FIN goes behind what is queued.
void queue_fin(Context& c, std::uint32_t index) {
  Socket& s = c.socket(index);
  const TcpState next = state_after_fin(s.state);
  if (next == TcpState::kClose || s.has(flag::kFinQueued)) return;
  Extension& e = attach(c, index);
  s.set(flag::kFinQueued);
  s.state = next;
  c.step.explain(Reason::kTcpFinSent, {},
                 {arg(s.tuple.remote_addr), s.tuple.remote_port, e.queue.size()});
  write_xmit(c, index);
  check_probe_timer(c, index);
}

void stop_listening(Context& c, std::uint32_t index) {
  for (std::uint32_t i = 0; i < c.tables.requests.limit(); ++i) {
    const Request& r = c.tables.requests[i];
    if (r.used && r.listener == index) drop_request(c, i);
  }
  if (c.step.tracing()) row_removed(c, Handle::of(Kind::kListener, index));
  erase_listener(c.tables, index);
  c.tables.listeners[index].used = false;
  c.tables.listeners.release(index);
}

/// Source: tcp_connect_init(), tcp_connect().
void start_connect(Context& c, std::uint32_t index, std::uint32_t mtu, std::uint32_t isn) {
  Socket& s = c.socket(index);
  const std::uint16_t adv_mss = advertised_mss(mtu);
  const InitialWindow window = initial_window(c.config, adv_mss, c.config.window_scaling != 0);
  s.rcv_mss = adv_mss;  // until the connection is established
  s.rcv_wnd = s.rcv_ssthresh = window.window;
  s.scales = window.scale;
  s.snd_una = isn;
  s.snd_nxt = isn + 1;
  Extension& e = attach(c, index);
  e.rtt_seq = isn;
  SentSegment& syn = e.sent.emplace_back();
  syn.begin = isn;
  syn.end = isn + 1;
  syn.syn = true;
  if (c.step.tracing()) row_added(c, Handle::of(Kind::kSocket, index));
  c.step.explain(Reason::kTcpConnecting, {},
                 {arg(s.tuple.remote_addr), s.tuple.remote_port, s.tuple.local_port});
  send_queued(c, index, syn);
  arm(c, index, RetransmitTimer::kRetransmit, c.now() + kRtoInitial);
}

}  // namespace

std::expected<SocketId, Errno> listen(Step& step, Stack& stack, Ports ports, AppId owner,
                                      Endpoint local, std::uint32_t backlog) {
  if (local.addr != local.addr.wildcard() && !ports.ip.is_local(local.addr)) {
    return std::unexpected(Errno::kAddrNotAvail);
  }
  Context c = make_context(step, stack, ports);
  // httpd and its like set SO_REUSEADDR: only another listener is in the way.
  for (std::uint32_t i = 0; i < c.tables.listeners.limit(); ++i) {
    const Listener& other = c.tables.listeners[i];
    if (other.used && other.local.port == local.port &&
        (other.local.addr.covers(local.addr) || local.addr.covers(other.local.addr))) {
      return std::unexpected(Errno::kAddrInUse);
    }
  }
  const std::uint32_t index = c.tables.listeners.acquire();
  Listener& l = c.tables.listeners[index];
  l.local = local;
  l.owner = owner;
  l.backlog = std::min(std::max(backlog, 1U), static_cast<std::uint32_t>(c.config.somaxconn));
  l.generation = next_generation(c.tables);
  l.used = true;
  insert_listener(c.tables, index);
  if (step.tracing()) row_added(c, Handle::of(Kind::kListener, index));
  return make_id(Kind::kListener, l.generation, index);
}

std::expected<SocketId, Errno> connect(Step& step, Stack& stack, Ports ports, AppId owner,
                                       Endpoint local, Endpoint remote, IfIndex bound_dev,
                                       PortUse use) {
  if (local.addr != local.addr.wildcard() && !ports.ip.is_local(local.addr)) {
    return std::unexpected(Errno::kAddrNotAvail);
  }
  if (remote.addr.is_multicast() || remote.addr.is_broadcast()) {
    return std::unexpected(Errno::kNetUnreach);
  }
  Context c = make_context(step, stack, ports);
  if (local.port != 0 && port_in_use(c.tables, local, use)) {
    return std::unexpected(Errno::kAddrInUse);
  }
  IpSend how;
  how.src = local.addr;
  how.dst = remote.addr;
  how.protocol = IpProto::kTcp;
  how.oif = bound_dev;
  const auto route = ports.ip.route(step, how);
  if (!route) return std::unexpected(route.error());
  Tuple tuple{local.addr == remote.addr.wildcard() || local.addr.is_any() ? route->src : local.addr,
              remote.addr, local.port, remote.port};
  Handle old;
  if (local.port == 0 && !choose_port(c, tuple, old)) {
    return std::unexpected(Errno::kAddrNotAvail);
  }
  if (use == PortUse::kShared && find_connection(c.tables, tuple).valid()) {
    return std::unexpected(Errno::kAddrNotAvail);
  }
  std::uint32_t isn = initial_sequence(c, tuple);
  if (old.valid()) {  // tcp_twsk_unique(): go on beyond the old connection's numbers
    isn = c.tables.time_waits[old.index()].snd_nxt + 65'535 + 2;
    free_time_wait(c, old.index());
  }
  const std::uint32_t index = new_socket(c, tuple);
  Socket& s = c.socket(index);
  s.owner = owner;
  s.bound_dev = bound_dev;
  const SocketId id = make_id(Kind::kSocket, s.generation, index);
  start_connect(c, index, route->mtu, isn);
  return id;
}

std::size_t send(Step& step, Stack& stack, Ports ports, SocketId socket,
                 std::span<const std::uint8_t> data) {
  const std::uint32_t index = find_socket(stack, socket);
  if (index == kNone || data.empty()) return 0;
  Context c = make_context(step, stack, ports);
  const RowWatch watch(c, index);
  Socket& s = c.socket(index);
  const bool open = s.state == TcpState::kEstablished || s.state == TcpState::kCloseWait;
  if (!open) {
    if (s.state == TcpState::kSynSent || s.state == TcpState::kSynRecv) s.set(flag::kWantsRoom);
    return 0;
  }
  Extension& e = attach(c, index);
  if (e.packets_out() == 0) restart_after_idle(c, s);
  const std::uint32_t limit = std::max(send_buffer_limit(c, s), e.queue.size());
  const std::size_t taken = std::min<std::size_t>(data.size(), limit - e.queue.size());
  if (taken > 0) append_data(c, e, data.first(taken));
  if (taken < data.size()) s.set(flag::kWantsRoom);
  write_xmit(c, index);
  check_probe_timer(c, index);
  return taken;
}

void close(Step& step, Stack& stack, Ports ports, SocketId socket) {
  if (const std::uint32_t listener = find_listener_by_id(stack, socket); listener != kNone) {
    Context c = make_context(step, stack, ports);
    return stop_listening(c, listener);
  }
  const std::uint32_t index = find_socket(stack, socket);
  if (index == kNone) return;
  Context c = make_context(step, stack, ports);
  Socket& s = c.socket(index);
  if (s.state == TcpState::kSynSent) return free_socket(c, index);
  const RowWatch watch(c, index);
  queue_fin(c, index);
  s.set(flag::kOrphan);
  s.clear(flag::kWantsRoom);
  if (s.state == TcpState::kFinWait2) {
    enter_time_wait(c, index, TcpState::kFinWait2,
                    SimDuration{static_cast<std::int64_t>(c.config.fin_timeout) * 1'000'000'000});
  }
}

bool close_and_wait(Step& step, Stack& stack, Ports ports, SocketId socket) {
  const std::uint32_t index = find_socket(stack, socket);
  if (index == kNone) return false;
  Context c = make_context(step, stack, ports);
  Socket& s = c.socket(index);
  if (s.state == TcpState::kSynSent || s.state == TcpState::kFinWait2) {
    close(step, stack, ports, socket);
    return false;
  }
  const RowWatch watch(c, index);
  queue_fin(c, index);
  s.set(flag::kLingers);
  s.clear(flag::kWantsRoom);
  return true;
}

void shutdown_write(Step& step, Stack& stack, Ports ports, SocketId socket) {
  const std::uint32_t index = find_socket(stack, socket);
  if (index == kNone) return;
  Context c = make_context(step, stack, ports);
  const RowWatch watch(c, index);
  queue_fin(c, index);
}

/// Source: tcp_disconnect(), tcp_need_reset(), tcp_send_active_reset().
void abort(Step& step, Stack& stack, Ports ports, SocketId socket) {
  const std::uint32_t index = find_socket(stack, socket);
  if (index == kNone) return close(step, stack, ports, socket);
  Context c = make_context(step, stack, ports);
  const Socket& s = c.socket(index);
  const bool tell = s.state == TcpState::kEstablished || s.state == TcpState::kCloseWait ||
                    s.state == TcpState::kFinWait1 || s.state == TcpState::kFinWait2 ||
                    s.state == TcpState::kSynRecv;
  if (tell) {
    c.step.explain(Reason::kTcpAborted, {},
                   {arg(s.tuple.remote_addr), s.tuple.remote_port, s.tuple.local_port});
    send_bare(c, index, s.snd_nxt, tcp_flag::kRst | tcp_flag::kAck);
  }
  free_socket(c, index);
}

void set_nodelay(Step& step, Stack& stack, Ports ports, SocketId socket, bool on) {
  const std::uint32_t index = find_socket(stack, socket);
  if (index == kNone) return;
  Context c = make_context(step, stack, ports);
  Socket& s = c.socket(index);
  if (!on) return s.set(flag::kNagle);
  s.clear(flag::kNagle);
  write_xmit(c, index);
}

void prefer_throughput(Stack& stack, SocketId socket) {
  const std::uint32_t index = find_socket(stack, socket);
  if (index != kNone) stack.tables.front().sockets[index].throughput = true;
}

void set_cookie(Stack& stack, SocketId socket, std::uint32_t cookie) {
  if (const std::uint32_t i = find_listener_by_id(stack, socket); i != kNone) {
    stack.tables.front().listeners[i].cookie = cookie;
  } else if (const std::uint32_t index = find_socket(stack, socket); index != kNone) {
    stack.tables.front().sockets[index].cookie = cookie;
  }
}

Endpoint local(const Stack& stack, SocketId socket) {
  if (const std::uint32_t i = find_listener_by_id(stack, socket); i != kNone) {
    return stack.tables.front().listeners[i].local;
  }
  const std::uint32_t index = find_socket(stack, socket);
  if (index == kNone) return {};
  const Tuple& t = stack.tables.front().sockets[index].tuple;
  return {t.local_addr, t.local_port};
}

Endpoint remote(const Stack& stack, SocketId socket) {
  const std::uint32_t index = find_socket(stack, socket);
  if (index == kNone) return {};
  const Tuple& t = stack.tables.front().sockets[index].tuple;
  return {t.remote_addr, t.remote_port};
}

AppId owner(const Stack& stack, SocketId socket) {
  if (const std::uint32_t i = find_listener_by_id(stack, socket); i != kNone) {
    return stack.tables.front().listeners[i].owner;
  }
  const std::uint32_t index = find_socket(stack, socket);
  return index == kNone ? AppId{} : stack.tables.front().sockets[index].owner;
}

}  // namespace lvslab::tcp
