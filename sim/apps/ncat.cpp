#include "sim/apps/ncat.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/apps/as_bytes.h"
#include "sim/core/errno_text.h"

namespace lvslab::apps {
namespace {

using namespace lvslab::literals;

constexpr std::size_t kReadAtOnce = 8'192;           // DEFAULT_TCP_BUF_LEN
constexpr SimDuration kConnectPatience = 10'000_ms;  // DEFAULT_CONNECT_TIMEOUT

}  // namespace

void Ncat::start(Step& step, AppIo& io) {
  started_ = step.now();
  if (command.version) {
    io.print_error(step, command::ncat_banner());
    return io.exit(step, 0);
  }
  if (command.verbose) io.print_error(step, command::ncat_banner());
  command.listen ? listen(step, io) : connect(step, io);
}

void Ncat::quit(Step& step, AppIo& io, std::string_view what) {
  const command::Output why = command::ncat_quits(what);
  io.print_error(step, why.err);
  io.exit(step, why.status);
}

void Ncat::complain(Step& step, AppIo& io, std::string_view what) {
  if (!command.zero || command.verbose) io.print_error(step, command::ncat_says(what));
  io.exit(step, 1);
}

void Ncat::finish(Step& step, AppIo& io, int status) {
  if (peer_.valid()) io.sctp()->sctp_close(step, peer_);
  peer_ = {};
  if (command.verbose && !command.listen) {
    io.print_error(step, command::ncat_summary(sent_, received_, step.now() - started_));
  }
  io.exit(step, status);
}

/// The time until it has had enough of silence begins anew.
void Ncat::rest(Step& step, AppIo& io) {
  io.set_timer(step, command.idle ? step.now() + *command.idle : SimTime::never());
}

void Ncat::send_in_pieces(Step& step, AppIo& io, SocketId socket, std::string_view text) {
  while (!text.empty()) {
    const std::string_view piece = text.substr(0, kReadAtOnce);
    if (!io.sctp()->sctp_send(step, socket, as_bytes(piece))) return;
    sent_ += piece.size();
    text.remove_prefix(piece.size());
  }
}

// --- somebody comes

void Ncat::listen(Step& step, AppIo& io) {
  Endpoint local{.port = command.port};
  if (!command.host.empty()) {
    const auto addr = io.resolve(command.host);
    if (!addr) {
      return quit(step, io,
                  fmt::format("Could not resolve hostname \"{}\": {}", command.host,
                              command::text_of(addr.error())));
    }
    local.addr = *addr;
  }
  const std::string place = fmt::format("{}:{}", local.addr.to_string(), local.port);
  const auto socket = io.sctp()->sctp_listen(step, io.id(), local);
  if (!socket) {
    return quit(step, io, fmt::format("bind to {}: {}", place, errno_text(socket.error())));
  }
  listener_ = *socket;
  if (command.verbose) io.print_error(step, fmt::format("Ncat: Listening on {}\n", place));
}

void Ncat::accepted(Step& step, AppIo& io, SocketId socket) {
  if (command.verbose) {
    const Endpoint from = io.sctp()->sctp_remote(socket);
    const std::string addr = from.addr.to_string();
    io.print_error(step, command::ncat_says("Connection from " + addr));
    io.print_error(step, command::ncat_says(fmt::format("Connection from {}:{}", addr, from.port)));
  }
  clients_.push_back({.socket = socket});
  if (!command.run.empty()) {
    clients_.back().ticket = ++tickets_;
    return io.run_command(step, tickets_, command.run);
  }
  // Standard input counts from the first client on; its end is the end of all.
  send_in_pieces(step, io, socket, input_);
  input_.clear();
  if (!input_ends_) return;
  for (const Client& client : clients_) io.sctp()->sctp_close(step, client.socket);
  finish(step, io, 0);
}

void Ncat::on_command(Step& step, AppIo& io, std::uint32_t ticket, int /*status*/,
                      std::string_view output) {
  const auto client = std::ranges::find(clients_, ticket, &Client::ticket);
  if (client == clients_.end()) return;
  const SocketId socket = client->socket;
  clients_.erase(client);
  send_in_pieces(step, io, socket, output);
  io.sctp()->sctp_close(step, socket);
}

void Ncat::on_client(Step& step, AppIo& io, const SocketEvent& event) {
  const auto client = std::ranges::find(clients_, event.socket, &Client::socket);
  if (client == clients_.end()) return;
  switch (event.kind) {
    case SocketEventKind::kData:
      if (client->ticket == 0 && !command.send_only) io.print(step, as_text(event.data));
      return;
    case SocketEventKind::kPeerClosed:
      clients_.erase(client);
      return io.sctp()->sctp_close(step, event.socket);
    case SocketEventKind::kError: clients_.erase(client); return;
    default: return;
  }
}

// --- going out

void Ncat::connect(Step& step, AppIo& io) {
  const auto remote = io.resolve(command.host);
  if (!remote) {
    return quit(step, io,
                fmt::format("Could not resolve hostname \"{}\": {}", command.host,
                            command::text_of(remote.error())));
  }
  Endpoint local{.port = command.source_port};
  if (!command.source.empty()) {
    const auto source = io.resolve(command.source);
    if (!source) {
      return quit(step, io,
                  fmt::format("Could not resolve source address \"{}\": {}", command.source,
                              command::text_of(source.error())));
    }
    local.addr = *source;
  }
  auto socket = io.sctp()->sctp_connect(step, io.id(), local, {*remote, command.port});
  if (!socket && socket.error() == Errno::kAddrNotAvail && !local.addr.is_any()) {
    // The library complains, and goes on without the wish.
    io.print_error(step, fmt::format("libnsock mksock_bind_addr(): Bind to {}:{} failed (IOD #1): "
                                     "{} ({})\n",
                                     local.addr.to_string(), local.port, errno_text(socket.error()),
                                     static_cast<int>(socket.error())));
    local.addr = {};
    socket = io.sctp()->sctp_connect(step, io.id(), local, {*remote, command.port});
  }
  if (!socket) return complain(step, io, errno_text(socket.error()));
  peer_ = *socket;
  io.set_timer(step, step.now() + command.wait.value_or(kConnectPatience));
}

void Ncat::connected(Step& step, AppIo& io) {
  talks_ = true;
  if (command.verbose) {
    const Endpoint to = io.sctp()->sctp_remote(peer_);
    io.print_error(
        step, command::ncat_says(fmt::format("Connected to {}:{}", to.addr.to_string(), to.port)));
  }
  if (command.zero) return finish(step, io, 0);
  rest(step, io);
  if (!command.run.empty()) return io.run_command(step, 0, command.run);
  if (command.recv_only) return;
  send_in_pieces(step, io, peer_, input_);
  input_.clear();
  // With SCTP the end of standard input is the end, whatever the other side still has to say.
  if (input_ends_) finish(step, io, 0);
}

// --- news

void Ncat::on_timer(Step& step, AppIo& io) {
  if (!talks_) {
    if (peer_.valid()) io.sctp()->sctp_close(step, peer_);
    return complain(step, io, "TIMEOUT");
  }
  io.print_error(
      step, command::ncat_says(fmt::format("Idle timeout expired ({} ms)", command.idle->ms())));
  io.exit(step, 1);
}

void Ncat::on_socket(Step& step, AppIo& io, const SocketEvent& event) {
  if (event.kind == SocketEventKind::kAccepted) return accepted(step, io, event.socket);
  if (command.listen) return on_client(step, io, event);
  if (event.socket != peer_) return;
  switch (event.kind) {
    case SocketEventKind::kConnected: return connected(step, io);
    case SocketEventKind::kData:
      if (command.send_only) return;
      received_ += event.data.size();
      io.print(step, as_text(event.data));
      return rest(step, io);
    case SocketEventKind::kPeerClosed: return finish(step, io, 0);
    case SocketEventKind::kError:
      peer_ = {};  // gone with its error
      return complain(step, io, errno_text(event.error));
    default: return;
  }
}

}  // namespace lvslab::apps
