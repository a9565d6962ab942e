#include "sim/apps/nc.h"

#include <algorithm>

#include "sim/apps/as_bytes.h"
#include "sim/core/errno_text.h"

namespace lvslab::apps {
namespace {

using namespace lvslab::literals;

constexpr std::size_t kBuffer = 16'384;    // BUFSIZE
constexpr std::uint32_t kScanSeconds = 3;  // UDP_SCAN_TIMEOUT
constexpr std::string_view kTest = "X";

SimDuration seconds(std::int64_t count) { return SimDuration{count * 1'000'000'000}; }

}  // namespace

void Nc::start(Step& step, AppIo& io) {
  if (command.detached) {
    input_.clear();
    input_ends_ = true;
  }
  if (command.listen) return listen(step, io);
  next_port(step, io);
}

Versions Nc::versions() const { return versions_of(command.inet, command.inet6); }

/// Why there is no address for the host.
command::NameError Nc::unknown(const AppIo& io) const {
  const bool six = Ipv6Addr::parse(command.host).has_value();
  if (six || (command.inet6 && command::parse_inet_aton(command.host))) {
    return command::NameError::kOtherFamily;
  }
  const auto known = command.inet6 ? io.resolve6(command.host) : io.resolve(command.host);
  return known ? command::NameError::kUnknown : known.error();
}

std::expected<Ipv4Addr, command::NameError> Nc::source(const AppIo& io) const {
  return remote_.names_ipv6() ? io.resolve6(command.source) : io.resolve(command.source);
}

// --- somebody comes

void Nc::listen(Step& step, AppIo& io) {
  phase_ = Phase::kListening;
  port_ = command.ports.front();
  Endpoint local{.port = port_};
  if (!command.host.empty()) {
    const auto found = find_addresses(step, io, command.host, versions());
    if (found.empty()) return fail(step, io, command::nc_unknown_host(command, port_, unknown(io)));
    local.addr = found.front();
  }
  Errno error = Errno::kNone;
  if (command.udp) {
    const auto socket = io.udp_open(step, local);
    if (socket) udp_ = *socket;
    error = socket ? Errno::kNone : socket.error();
  } else {
    const auto socket = io.tcp().listen(step, io.id(), local, 1);
    if (socket) listener_ = *socket;
    error = socket ? Errno::kNone : socket.error();
  }
  if (error != Errno::kNone) {
    return fail(step, io, {.err = "nc: " + std::string(errno_text(error)) + "\n", .status = 1});
  }
  if (!command.udp) tell(step, io, local, command::nc_listening);
}

void Nc::tell(Step& step, AppIo& io, Endpoint end, Sentence sentence) {
  if (!command.verbose) return;
  const auto name =
      command.numeric ? std::optional(io.shown(end.addr).to_string()) : io.name_of(end.addr);
  io.print_error(step, name ? sentence(*name, end.port) : command::nc_no_name());
}

void Nc::accepted(Step& step, AppIo& io, SocketId socket) {
  if (phase_ == Phase::kTalking) {
    waiting_.push_back({.socket = socket, .data = {}});
    return;
  }
  peer_ = socket;
  tell(step, io, io.tcp().remote(socket), command::nc_received);
  if (!command.keep) {
    io.tcp().close(step, listener_);
    listener_ = {};
  }
  talk(step, io);
}

void Nc::take_waiting(Step& step, AppIo& io) {
  while (phase_ == Phase::kListening && !waiting_.empty()) {
    const Waiting next = std::move(waiting_.front());
    waiting_.erase(waiting_.begin());
    accepted(step, io, next.socket);
    if (!next.data.empty()) io.print(step, next.data);
    if (next.ended) peer_ended(step, io);
  }
}

// --- going out

void Nc::next_port(Step& step, AppIo& io) {
  if (next_port_ == command.ports.size()) return finish(step, io, any_ ? 0 : 1);
  port_ = command.ports[next_port_++];
  remotes_ = find_addresses(step, io, command.host, versions());
  if (remotes_.empty())
    return fail(step, io, command::nc_unknown_host(command, port_, unknown(io)));
  std::ranges::reverse(remotes_);
  next_address(step, io);
}

void Nc::next_address(Step& step, AppIo& io) {
  if (remotes_.empty()) return next_port(step, io);
  remote_ = remotes_.back();
  remotes_.pop_back();
  phase_ = Phase::kConnecting;
  input_over_ = peer_over_ = refused_ = false;
  sent_ = 0;
  if (command.udp) return connect_udp(step, io);
  connect_tcp(step, io);
}

void Nc::connect_tcp(Step& step, AppIo& io) {
  Endpoint local{.port = command.source_port};
  if (!command.source.empty()) {
    const auto from = source(io);
    if (from) local.addr = *from;
    if (!from || !io.is_local(*from)) {
      return fail(step, io, command::nc_bind_failed(errno_text(Errno::kAddrNotAvail)));
    }
  }
  const auto socket = io.tcp().connect(step, io.id(), local, {remote_, port_}, {});
  if (!socket) {
    if (local.port != 0 && socket.error() == Errno::kAddrInUse) {
      return fail(step, io, command::nc_bind_failed(errno_text(socket.error())));
    }
    return connect_failed(step, io, errno_text(socket.error()));
  }
  peer_ = *socket;
  arm(step, io);
}

void Nc::connect_udp(Step& step, AppIo& io) {
  Endpoint local{.addr = remote_.wildcard(), .port = command.source_port};
  if (!command.source.empty()) local.addr = source(io).value_or(local.addr);
  const auto socket = io.udp_open(step, local);
  if (!socket) return fail(step, io, command::nc_bind_failed(errno_text(socket.error())));
  udp_ = *socket;
  const Errno error = io.udp_connect(step, *udp_, {remote_, port_});
  if (error != Errno::kNone) return connect_failed(step, io, errno_text(error));
  if (!command.verbose && !command.zero) return connected(step, io);
  phase_ = Phase::kTesting;
  tests_left_ = command.wait.value_or(kScanSeconds);
  constexpr int kAtOnce = 2;
  for (int i = 0; i < kAtOnce; ++i) {
    if (io.udp_send(step, *udp_, {}, 0, as_bytes(kTest)) != Errno::kNone) refused_ = true;
  }
  if (refused_) return test_udp(step, io);
  io.set_timer(step, step.now() + (tests_left_ == 0 ? SimDuration{} : 1_s));
}

void Nc::test_udp(Step& step, AppIo& io) {
  if (refused_) {
    close_peer(step, io);
    return next_port(step, io);
  }
  if (tests_left_ == 0) return connected(step, io);
  io.udp_send(step, *udp_, {}, 0, as_bytes(kTest));
  if (--tests_left_ == 0) return connected(step, io);
  io.set_timer(step, step.now() + 1_s);
}

void Nc::connect_failed(Step& step, AppIo& io, std::string_view why) {
  if (command.verbose) {
    io.print_error(step, command::nc_connect_failed(command, io.shown(remote_), port_, why));
  }
  close_peer(step, io);
  next_address(step, io);
}

void Nc::connected(Step& step, AppIo& io) {
  any_ = true;
  if (command.verbose) {
    io.print_error(step, command::nc_connected(command, io.shown(remote_), port_));
  }
  if (!command.zero) return talk(step, io);
  close_peer(step, io);
  next_port(step, io);
}

// --- with a peer

void Nc::talk(Step& step, AppIo& io) {
  phase_ = Phase::kTalking;
  if (!command.udp) io.tcp().set_nodelay(step, peer_, false);
  arm(step, io);
  pump(step, io);
}

void Nc::pump(Step& step, AppIo& io) {
  while (sent_ < input_.size()) {
    const auto chunk = as_bytes(std::string_view(input_).substr(sent_, kBuffer));
    if (command.udp) {
      io.udp_send(step, *udp_, {}, 0, chunk);
      sent_ += chunk.size();
      continue;
    }
    const std::size_t taken = io.tcp().send(step, peer_, chunk);
    sent_ += taken;
    if (taken < chunk.size()) return;  // kWritable follows
  }
  if (input_ends_ && !input_over_) input_ended(step, io);
}

void Nc::input_ended(Step& step, AppIo& io) {
  input_over_ = true;
  const bool quits = command.quit.value_or(-1) >= 0;
  if ((command.shut || quits) && !command.udp && !peer_over_) {
    io.tcp().shutdown_write(step, peer_);
  }
  if (quits && *command.quit == 0) return end_talk(step, io);
  if (quits) quit_at_ = step.now() + seconds(*command.quit);
  if (peer_over_) return end_talk(step, io);
  arm(step, io);
}

void Nc::peer_ended(Step& step, AppIo& io) {
  peer_over_ = true;
  if (command.listen || input_over_) end_talk(step, io);
}

void Nc::end_talk(Step& step, AppIo& io) {
  close_peer(step, io);
  quit_at_ = SimTime::never();
  io.set_timer(step, SimTime::never());
  if (!command.listen) return next_port(step, io);
  if (!command.keep) return finish(step, io, 0);
  phase_ = Phase::kListening;
  input_over_ = input_over_ || input_ends_;  // its end is read once
  peer_over_ = false;
  take_waiting(step, io);
}

void Nc::close_peer(Step& step, AppIo& io) {
  if (peer_.valid()) io.tcp().close(step, peer_);
  peer_ = {};
  if (udp_ && !(command.listen && command.keep)) {
    io.udp_close(step, *udp_);
    udp_.reset();
  }
}

void Nc::arm(Step& step, AppIo& io) {
  SimTime at = quit_at_;
  if (command.wait && phase_ != Phase::kListening) {
    at = std::min(at, step.now() + seconds(*command.wait));
  }
  io.set_timer(step, at);
}

void Nc::finish(Step& step, AppIo& io, int status) {
  phase_ = Phase::kOver;
  io.exit(step, status);
}

void Nc::fail(Step& step, AppIo& io, const command::Output& why) {
  io.print_error(step, why.err);
  finish(step, io, why.status);
}

// --- news

void Nc::on_timer(Step& step, AppIo& io) {
  switch (phase_) {
    case Phase::kTesting: return test_udp(step, io);
    case Phase::kConnecting:
      if (command.verbose) {
        io.print_error(step, command::nc_connect_timed_out(command, io.shown(remote_), port_));
      }
      close_peer(step, io);
      return next_address(step, io);
    case Phase::kTalking:
      if (step.now() >= quit_at_) return finish(step, io, 0);
      return end_talk(step, io);
    default: return;
  }
}

void Nc::on_socket(Step& step, AppIo& io, const SocketEvent& event) {
  if (phase_ == Phase::kOver) return;
  if (event.kind == SocketEventKind::kAccepted) return accepted(step, io, event.socket);
  if (event.socket != peer_) {
    const auto it = std::ranges::find(waiting_, event.socket, &Waiting::socket);
    if (it == waiting_.end()) return;
    if (event.kind == SocketEventKind::kData) it->data += as_text(event.data);
    if (event.kind == SocketEventKind::kPeerClosed) it->ended = true;
    if (event.kind == SocketEventKind::kError) waiting_.erase(it);
    return;
  }
  switch (event.kind) {
    case SocketEventKind::kConnected: return connected(step, io);
    case SocketEventKind::kData: io.print(step, as_text(event.data)); return arm(step, io);
    case SocketEventKind::kWritable: return pump(step, io);
    case SocketEventKind::kPeerClosed: return peer_ended(step, io);
    case SocketEventKind::kError:
      peer_ = {};  // gone with its error
      if (phase_ == Phase::kConnecting) return connect_failed(step, io, errno_text(event.error));
      input_over_ = true;
      return peer_ended(step, io);
    default: return;
  }
}

void Nc::on_udp(Step& step, AppIo& io, const UdpNews& news) {
  if (phase_ == Phase::kOver || news.socket != udp_) return;
  if (news.error != Errno::kNone) {
    refused_ = true;
    if (phase_ == Phase::kTalking) peer_ended(step, io);
    return;
  }
  if (phase_ == Phase::kListening) {
    if (!command.keep) {
      io.udp_connect(step, *udp_, news.from);
      tell(step, io, news.from, command::nc_received);
      talk(step, io);
    }
  }
  if (phase_ == Phase::kOver) return;
  io.print(step, as_text(news.data));
  if (phase_ == Phase::kTalking) arm(step, io);
}

}  // namespace lvslab::apps
