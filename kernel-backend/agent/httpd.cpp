// httpd on a real kernel: the simulator's server (sim/apps/httpd.h) on real sockets, so that both
// answer with the same bytes.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <cstdio>
#include <ctime>

#include <map>
#include <set>

#include "kernel-backend/agent/stand_ins.h"
#include "kernel-backend/os.h"
#include "sim/apps/httpd.h"
#include "sim/base/calendar.h"

namespace lvslab::kernel {
namespace {

SimTime lab_time() {
  timespec time{};
  ::clock_gettime(CLOCK_REALTIME, &time);
  return {(time.tv_sec - kEpochSeconds) * 1'000'000'000 + time.tv_nsec};
}

/// Sockets are named by their descriptors.
class RealSockets final : public TcpSockets {
 public:
  RealSockets() : poll_(::epoll_create1(EPOLL_CLOEXEC)) {}

  std::expected<SocketId, Errno> listen(Step&, AppId, Endpoint at, std::uint32_t backlog) override {
    const bool six = at.addr.names_ipv6();
    const int fd =
        ::socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int one = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (six) ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
    if (!(six ? bind_any6(fd, at.port) : bind_to(fd, at)) ||
        ::listen(fd, static_cast<int>(backlog)) != 0) {
      return std::unexpected(Errno::kAddrInUse);
    }
    listeners_.insert(fd);
    watch(fd, EPOLLIN);
    return SocketId{static_cast<std::uint32_t>(fd)};
  }
  std::expected<SocketId, Errno> connect(Step&, AppId, Endpoint, Endpoint, IfIndex) override {
    return std::unexpected(Errno::kOpNotSupp);
  }
  std::size_t send(Step&, SocketId socket, std::span<const std::uint8_t> data) override {
    const int fd = static_cast<int>(socket.value);
    const ssize_t sent = ::send(fd, data.data(), data.size(), MSG_NOSIGNAL);
    const std::size_t taken = sent < 0 ? 0 : static_cast<std::size_t>(sent);
    if (taken < data.size()) change(fd, EPOLLIN | EPOLLOUT);
    return taken;
  }
  void close(Step&, SocketId socket) override { forget(static_cast<int>(socket.value)); }
  bool close_and_wait(Step& step, SocketId socket) override {
    close(step, socket);
    return false;
  }
  void shutdown_write(Step&, SocketId socket) override {
    ::shutdown(static_cast<int>(socket.value), SHUT_WR);
  }
  void set_nodelay(Step&, SocketId socket, bool on) override {
    const int value = on ? 1 : 0;
    ::setsockopt(static_cast<int>(socket.value), IPPROTO_TCP, TCP_NODELAY, &value, sizeof value);
  }
  void abort(Step&, SocketId socket) override {
    const linger hard{1, 0};
    ::setsockopt(static_cast<int>(socket.value), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    forget(static_cast<int>(socket.value));
  }
  void set_cookie(SocketId socket, std::uint32_t cookie) override {
    cookies_[static_cast<int>(socket.value)] = cookie;
  }
  Endpoint local(SocketId) const override { return {}; }
  Endpoint remote(SocketId) const override { return {}; }

  int poll_fd() const { return poll_.get(); }
  bool listens(int fd) const { return listeners_.contains(fd); }
  bool is_open(int fd) const { return cookies_.contains(fd); }
  std::uint32_t cookie(int fd) const { return cookies_.at(fd); }
  void watch(int fd, std::uint32_t events) { control(EPOLL_CTL_ADD, fd, events); }
  void change(int fd, std::uint32_t events) { control(EPOLL_CTL_MOD, fd, events); }
  void forget(int fd) {
    if (cookies_.erase(fd) > 0) ::close(fd);
  }

 private:
  static bool bind_to(int fd, Endpoint at) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(at.addr.bits);
    address.sin_port = htons(at.port);
    return ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  static bool bind_any6(int fd, std::uint16_t port) {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(port);
    return ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  void control(int what, int fd, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    ::epoll_ctl(poll_.get(), what, fd, &event);
  }
  Fd poll_;
  std::set<int> listeners_;
  std::map<int, std::uint32_t> cookies_;
};

/// Of what a program may ask, a web server asks for little.
class HttpdIo final : public apps::AppIo {
 public:
  RealSockets sockets;
  SimTime timer = SimTime::never();
  std::optional<int> status;

  void print(Step&, std::string_view text) override {
    ::fwrite(text.data(), 1, text.size(), stdout);
  }
  void print_error(Step&, std::string_view text) override {
    ::fwrite(text.data(), 1, text.size(), stderr);
  }
  void exit(Step&, int with) override { status = with; }
  void set_timer(Step&, SimTime at) override { timer = at; }
  std::uint32_t pid() const override { return static_cast<std::uint32_t>(::getpid()); }
  AppId id() const override { return AppId{0}; }
  bool stdout_is_terminal() const override { return false; }
  std::expected<Ipv4Addr, command::NameError> resolve(std::string_view) const override {
    return std::unexpected(command::NameError::kUnknown);
  }
  void append_file(Step&, std::string_view, std::string_view) override {}
  void log(Step&, std::string_view) override {}
  std::optional<std::string> name_of(Ipv4Addr) const override { return std::nullopt; }
  std::optional<std::string> read_file(std::string_view path) const override {
    auto text = kernel::read_file(std::string(path));
    return text ? std::optional(*std::move(text)) : std::nullopt;
  }
  bool write_file(Step&, std::string_view, std::string_view) override { return false; }
  std::optional<LinkRow> device(std::string_view) const override { return std::nullopt; }
  std::vector<LinkRow> devices() const override { return {}; }
  /// Off in labs that do not use it, or not even known to the kernel.
  bool has_ipv6() const override {
    const auto off = kernel::read_file("/proc/sys/net/ipv6/conf/all/disable_ipv6");
    return off && off->starts_with('0');
  }
  bool is_local(Ipv4Addr) const override { return false; }
  bool is_broadcast(Ipv4Addr) const override { return false; }
  std::optional<AddrRow> address_of(IfIndex) const override { return std::nullopt; }
  TcpSockets& tcp() override { return sockets; }
  std::expected<RouteAnswer, Errno> route(Step&, const IpSend&) override {
    return std::unexpected(Errno::kOpNotSupp);
  }
  Errno send_ip(Step&, const IpSend&, FrameRef) override { return Errno::kOpNotSupp; }
  void listen_icmp(std::uint16_t) override {}
  std::expected<std::uint32_t, Errno> udp_open(Step&, Endpoint) override {
    return std::unexpected(Errno::kOpNotSupp);
  }
  void udp_never_df(std::uint32_t) override {}
  Errno udp_send(Step&, std::uint32_t, Endpoint, std::uint8_t,
                 std::span<const std::uint8_t>) override {
    return Errno::kOpNotSupp;
  }
  Errno udp_connect(Step&, std::uint32_t, Endpoint) override { return Errno::kOpNotSupp; }
  Errno udp_reply(Step&, const apps::UdpNews&, std::span<const std::uint8_t>) override {
    return Errno::kOpNotSupp;
  }
  void udp_close(Step&, std::uint32_t) override {}
  Endpoint udp_local(std::uint32_t) const override { return {}; }
  void send_frame(Step&, IfIndex, FrameRef) override {}
  void tap(IfIndex) override {}
};

class Server {
 public:
  int run(int ready) {
    Step begin = step();
    httpd_.start(begin, io_);
    if (io_.status) return *io_.status;
    if (ready >= 0) ::close(ready);
    for (;;) wait();
  }

 private:
  Step step() {
    world_.now = lab_time();
    return Step(world_, timers_, nullptr, NodeId(0));
  }

  void wait() {
    std::array<epoll_event, 64> events{};
    int timeout_ms = -1;
    if (io_.timer != SimTime::never()) {
      const std::int64_t left = (io_.timer - lab_time()).ns;
      timeout_ms = left <= 0 ? 0 : static_cast<int>((left + 999'999) / 1'000'000);
    }
    const int count = ::epoll_wait(io_.sockets.poll_fd(), events.data(), events.size(), timeout_ms);
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (io_.sockets.listens(fd))
        accept_all(fd);
      else
        on_ready(fd, events[static_cast<std::size_t>(i)].events);
    }
    if (io_.timer > lab_time()) return;
    io_.timer = SimTime::never();
    Step due = step();
    httpd_.on_timer(due, io_);
  }

  void accept_all(int listener) {
    for (;;) {
      const int fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      io_.sockets.watch(fd, EPOLLIN);
      tell(fd, SocketEventKind::kAccepted, {});
    }
  }

  void on_ready(int fd, std::uint32_t events) {
    if (!io_.sockets.is_open(fd)) return;
    if ((events & EPOLLOUT) != 0) {
      io_.sockets.change(fd, EPOLLIN);
      tell(fd, SocketEventKind::kWritable, {});
    }
    if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) == 0) return;
    std::array<std::uint8_t, 1U << 16> buffer;  // NOLINT(*-member-init): read() fills it
    while (io_.sockets.is_open(fd)) {
      const ssize_t got = ::read(fd, buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno == EAGAIN) return;
      if (got < 0) {
        tell(fd, SocketEventKind::kError, {});
        io_.sockets.forget(fd);
        return;
      }
      if (got == 0) {
        io_.sockets.change(fd, EPOLLOUT & 0U);
        tell(fd, SocketEventKind::kPeerClosed, {});
        return;
      }
      tell(fd, SocketEventKind::kData, std::span(buffer).first(static_cast<std::size_t>(got)));
    }
  }

  void tell(int fd, SocketEventKind kind, std::span<const std::uint8_t> data) {
    const SocketId socket{static_cast<std::uint32_t>(fd)};
    SocketEvent event{kind, socket, {}, 0, data, Errno::kNone};
    if (kind != SocketEventKind::kAccepted) event.cookie = io_.sockets.cookie(fd);
    Step now = step();
    httpd_.on_socket(now, io_, event);
  }

  World world_;
  TimerQueue timers_;
  HttpdIo io_;
  apps::Httpd httpd_;
};

}  // namespace

int run_httpd(int ready) {
  ::prctl(PR_SET_NAME, "httpd");
  return Server().run(ready);
}

}  // namespace lvslab::kernel
