// A host made of paper: it keeps what a program prints, sends and asks for, and hands it whatever
// the test says. Connections succeed or fail as scripted; nothing happens by itself but the timer.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/apps/app.h"

namespace lvslab::apps {

inline Ipv4Addr ip(std::string_view text) { return *Ipv4Addr::parse(text); }
inline Bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

class FakeIo : public AppIo, public TcpSockets {
 public:
  struct Socket {
    Endpoint local, remote;
    IfIndex dev;
    std::uint32_t cookie = 0;
    std::string sent;
    std::size_t room = SIZE_MAX;  ///< of the send buffer
    bool closed = false, shut = false, aborted = false, nagle = false;
  };
  struct SentIp {
    IpSend how;
    std::vector<std::uint8_t> message;
  };
  struct SentUdp {
    std::uint32_t socket = 0;
    Endpoint to;
    std::uint8_t ttl = 0;
    std::size_t size = 0;
    std::vector<std::uint8_t> payload;
  };
  struct Reply {
    Endpoint to;
    std::vector<std::uint8_t> payload;
  };

  explicit FakeIo(App program) : app(std::move(program)) {
    LinkRow lo;
    lo.dev = kLoopback;
    lo.name = "lo";
    lo.loopback = lo.up = true;
    LinkRow eth0;
    eth0.dev = IfIndex(2);
    eth0.name = "eth0";
    eth0.up = true;
    eth0.mac = {0x0200'0000'000a};
    links = {lo, eth0};
  }

  Step step() { return {world, timers, nullptr, NodeId(0)}; }

  // --- the test's side
  void run() {
    Step s = step();
    start(s, *this, app);
  }
  /// Time passes; the program's timer fires as often as it comes up.
  void advance(SimDuration by) {
    const SimTime until = world.now + by;
    while (timer <= until && !exited) {
      world.now = timer;
      timer = SimTime::never();
      Step s = step();
      on_timer(s, *this, app);
    }
    world.now = until;
  }
  void event(SocketEventKind kind, std::uint32_t socket, std::string_view data = {},
             Errno error = Errno::kNone) {
    SocketEvent e;
    e.kind = kind;
    e.socket = {socket};
    e.cookie = sockets[socket].cookie;
    e.data = bytes_of(data);
    e.error = error;
    Step s = step();
    on_socket(s, *this, app, e);
  }
  /// A new connection on the listener; its number.
  std::uint32_t accept() {
    sockets.emplace_back();
    const auto socket = static_cast<std::uint32_t>(sockets.size() - 1);
    event(SocketEventKind::kAccepted, socket);
    return socket;
  }
  void data(std::uint32_t socket, std::string_view text) {
    event(SocketEventKind::kData, socket, text);
  }
  void icmp(std::string_view from, std::uint8_t ttl, Bytes message) {
    Step s = step();
    on_icmp(s, *this, app, {ip(from), address, ttl, message, false});
  }
  void frame(Bytes bytes, bool outgoing = false) {
    Step s = step();
    on_frame(s, *this, app, {IfIndex(2), outgoing, bytes});
  }
  void signal(Signal which) {
    Step s = step();
    on_signal(s, *this, app, which);
  }

  // --- AppIo
  void print(Step&, std::string_view text) override { out += text; }
  void print_error(Step&, std::string_view text) override { err += text; }
  void exit(Step&, int code) override {
    exited = true;
    status = code;
  }
  void set_timer(Step&, SimTime at) override { timer = at; }
  std::uint32_t pid() const override { return 1234; }
  AppId id() const override { return {7}; }
  bool stdout_is_terminal() const override { return terminal; }
  std::expected<Ipv4Addr, command::NameError> resolve(std::string_view name) const override {
    if (name == "localhost") return ip("127.0.0.1");
    if (const auto addr = Ipv4Addr::parse(name)) return *addr;
    if (const auto known = names.find(std::string(name)); known != names.end()) {
      return known->second.front();
    }
    return std::unexpected(command::NameError::kUnknown);
  }
  std::vector<Ipv4Addr> addresses_of(std::string_view name) const override {
    const auto known = names.find(std::string(name));
    return known != names.end() ? known->second : AppIo::addresses_of(name);
  }
  void append_file(Step&, std::string_view path, std::string_view text) override {
    files[std::string(path)] += text;
  }
  void log(Step&, std::string_view text) override { logged += std::string(text) + "\n"; }
  std::optional<std::string> name_of(Ipv4Addr addr) const override {
    if (addr == ip("127.0.0.1")) return "localhost";
    return std::nullopt;
  }
  std::optional<std::string> read_file(std::string_view path) const override {
    const auto it = files.find(std::string(path));
    return it == files.end() ? std::nullopt : std::optional(it->second);
  }
  bool write_file(Step&, std::string_view path, std::string_view content) override {
    if (path.starts_with("/nodir/")) return false;
    files[std::string(path)] = content;
    return true;
  }
  std::optional<LinkRow> device(std::string_view name) const override {
    for (const LinkRow& link : links) {
      if (link.name.view() == name) return link;
    }
    return std::nullopt;
  }
  std::vector<LinkRow> devices() const override { return links; }
  bool is_local(Ipv4Addr addr) const override { return addr == address || addr.is_loopback(); }
  bool is_broadcast(Ipv4Addr addr) const override {
    return addr.is_broadcast() || addr == ip("192.168.80.255");
  }
  std::optional<AddrRow> address_of(IfIndex dev) const override {
    AddrRow row;
    row.dev = dev;
    row.local = {dev == kLoopback ? ip("127.0.0.1") : address, 24};
    if (dev != kLoopback) row.broadcast = row.local.broadcast();
    return row;
  }
  TcpSockets& tcp() override { return *this; }
  std::expected<RouteAnswer, Errno> route(Step&, const IpSend& want) override {
    if (no_route != Errno::kNone) return std::unexpected(no_route);
    RouteAnswer answer;
    answer.src = want.src.is_any() ? address : want.src;
    answer.next_hop = want.dst;
    answer.dev = IfIndex(2);
    return answer;
  }
  Errno send_ip(Step& s, const IpSend& how, FrameRef message) override {
    const Bytes b = s.frames().bytes(message);
    packets.push_back({how, {b.begin(), b.end()}});
    s.frames().release(message);
    return Errno::kNone;
  }
  void listen_icmp(std::uint16_t identifier) override { icmp_identifier = identifier; }
  std::expected<std::uint32_t, Errno> udp_open(Step&, Endpoint local) override {
    const auto drawn = static_cast<std::uint16_t>(40'000 + next_udp);
    udp_ports[next_udp] = local.port != 0 ? local.port : drawn;
    return next_udp++;
  }
  void udp_never_df(std::uint32_t) override { ++sockets_without_df; }
  Errno udp_send(Step&, std::uint32_t socket, Endpoint to, std::uint8_t ttl,
                 std::span<const std::uint8_t> payload) override {
    datagrams.push_back({socket, to, ttl, payload.size(), {payload.begin(), payload.end()}});
    return Errno::kNone;
  }
  Errno udp_connect(Step&, std::uint32_t socket, Endpoint remote) override {
    udp_remotes[socket] = remote;
    return Errno::kNone;
  }
  Errno udp_reply(Step&, const UdpNews& question, std::span<const std::uint8_t> payload) override {
    replies.push_back({question.from, {payload.begin(), payload.end()}});
    return Errno::kNone;
  }
  void udp_close(Step&, std::uint32_t) override { ++udp_closed; }
  Endpoint udp_local(std::uint32_t socket) const override {
    return {address, udp_ports.at(socket)};
  }
  void send_frame(Step& s, IfIndex, FrameRef f) override {
    const Bytes b = s.frames().bytes(f);
    frames.emplace_back(b.begin(), b.end());
    s.frames().release(f);
  }
  void tap(IfIndex) override { tapping = true; }

  // --- TcpSockets
  std::expected<SocketId, Errno> listen(Step&, AppId, Endpoint local, std::uint32_t) override {
    if (refuse != Errno::kNone) return std::unexpected(refuse);
    sockets.emplace_back().local = local;
    return SocketId{static_cast<std::uint32_t>(sockets.size() - 1)};
  }
  std::expected<SocketId, Errno> connect(Step&, AppId, Endpoint local, Endpoint remote,
                                         IfIndex dev) override {
    if (refuse != Errno::kNone) return std::unexpected(refuse);
    Socket& socket = sockets.emplace_back();
    socket.local = {address, local.port != 0 ? local.port : std::uint16_t{37'806}};
    socket.remote = remote;
    socket.dev = dev;
    return SocketId{static_cast<std::uint32_t>(sockets.size() - 1)};
  }
  std::size_t send(Step&, SocketId socket, std::span<const std::uint8_t> d) override {
    Socket& s = sockets[socket.value];
    const std::size_t take = std::min(s.room, d.size());
    if (s.room != SIZE_MAX) s.room -= take;
    s.sent.append(reinterpret_cast<const char*>(d.data()), take);
    return take;
  }
  void close(Step&, SocketId socket) override { sockets[socket.value].closed = true; }
  bool close_and_wait(Step& step, SocketId socket) override {
    close(step, socket);
    return false;
  }
  void shutdown_write(Step&, SocketId socket) override { sockets[socket.value].shut = true; }
  void set_nodelay(Step&, SocketId socket, bool on) override { sockets[socket.value].nagle = !on; }
  void abort(Step&, SocketId socket) override { sockets[socket.value].aborted = true; }
  void set_cookie(SocketId socket, std::uint32_t cookie) override {
    sockets[socket.value].cookie = cookie;
  }
  Endpoint local(SocketId socket) const override { return sockets[socket.value].local; }
  Endpoint remote(SocketId socket) const override { return sockets[socket.value].remote; }

  World world;
  TimerQueue timers;
  App app;
  Ipv4Addr address = ip("192.168.80.10");
  std::vector<LinkRow> links;
  std::map<std::string, std::string> files;
  std::map<std::string, std::vector<Ipv4Addr>> names;
  std::map<std::uint32_t, Endpoint> udp_remotes;
  std::vector<Reply> replies;
  std::vector<Socket> sockets;
  std::vector<SentIp> packets;
  std::vector<SentUdp> datagrams;
  std::vector<std::vector<std::uint8_t>> frames;
  SimTime timer = SimTime::never();
  Errno refuse = Errno::kNone;
  int sockets_without_df = 0;
  Errno no_route = Errno::kNone;  ///< what the tables say about every destination
  bool terminal = true, exited = false, tapping = false;
  int status = -1;
  std::uint16_t icmp_identifier = 0;
  std::uint32_t next_udp = 0, udp_closed = 0;
  std::map<std::uint32_t, std::uint16_t> udp_ports;
  std::string out, err, logged;
};

}  // namespace lvslab::apps
