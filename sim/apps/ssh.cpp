#include "sim/apps/ssh.h"

#include <algorithm>

#include "sim/apps/as_bytes.h"
#include "sim/core/errno_text.h"

namespace lvslab::apps {
namespace {

using command::SshReply;
using command::SshRequest;

constexpr std::uint32_t kSshBacklog = 128;

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

/// The shell's own messages name the line, as those of `bash -c` do.
std::string numbered(std::string_view output) {
  constexpr std::string_view kShell = "bash: ";
  std::string text;
  while (!output.empty()) {
    const std::size_t length = std::min(output.find('\n'), output.size() - 1) + 1;
    std::string_view line = output.substr(0, length);
    if (line.starts_with(kShell)) {
      text += "bash: line 1: ";
      line.remove_prefix(kShell.size());
    }
    text += line;
    output.remove_prefix(length);
  }
  return text;
}

/// The files of a host, for serve_file().
struct HostFiles {
  Step& step;
  AppIo& io;
  std::optional<std::string> read(const std::string& path) const { return io.read_file(path); }
  bool is_directory(const std::string& path) const { return io.is_directory(path); }
  bool write(const std::string& path, std::string_view content) const {
    return io.write_file(step, path, content);
  }
};

}  // namespace

// --- the client ----------------------------------------------------------------------------------

const std::string& Ssh::host() const {
  return std::visit([](const auto& typed) -> const std::string& { return typed.host; }, typed_);
}

void Ssh::fail(Step& step, AppIo& io, std::string_view text, int status) {
  if (socket_.valid()) io.tcp().close(step, std::exchange(socket_, SocketId{}));
  io.print_error(step, text);
  io.exit(step, status);
}

void Ssh::start(Step& step, AppIo& io) {
  const auto addr = io.resolve(host());
  if (!addr) return fail(step, io, command::ssh_unknown_host(host(), scp() != nullptr));
  const auto socket = io.tcp().connect(step, io.id(), {}, {*addr, command::kSshPort}, {});
  if (!socket) {
    return fail(step, io,
                command::ssh_no_connection(host(), errno_text(socket.error()), scp() != nullptr));
  }
  socket_ = *socket;
}

std::optional<SshRequest> Ssh::request(Step& step, AppIo& io) {
  const command::ScpCommand* copy = scp();
  if (copy == nullptr) {
    return SshRequest{.argument = std::get<command::SshCommand>(typed_).line};
  }
  if (!copy->upload) return SshRequest{.kind = SshRequest::Kind::kGet, .argument = copy->remote};
  auto content = io.is_directory(copy->local) ? std::nullopt : io.read_file(copy->local);
  if (!content) {
    fail(step, io, command::scp_no_local_file(*copy), 1);
    return std::nullopt;
  }
  copied_ = content->size();
  return SshRequest{.kind = SshRequest::Kind::kPut,
                    .argument = copy->remote,
                    .content = *std::move(content),
                    .name = std::string(base_name(copy->local))};
}

void Ssh::pump(Step& step, AppIo& io) {
  if (sent_ < request_.size()) {
    sent_ += io.tcp().send(step, socket_, as_bytes(std::string_view(request_).substr(sent_)));
  }
}

void Ssh::on_socket(Step& step, AppIo& io, const SocketEvent& event) {
  switch (event.kind) {
    case SocketEventKind::kConnected: {
      connected_ = true;
      const auto wanted = request(step, io);
      if (!wanted) return;
      request_ = to_bytes(*wanted);
      return pump(step, io);
    }
    case SocketEventKind::kWritable: return pump(step, io);
    case SocketEventKind::kData:
      reply_.append(reinterpret_cast<const char*>(event.data.data()), event.data.size());
      return;
    case SocketEventKind::kPeerClosed:
      io.tcp().close(step, std::exchange(socket_, SocketId{}));
      return finish(step, io);
    case SocketEventKind::kError:
      socket_ = {};
      return fail(step, io,
                  connected_ ? command::ssh_connection_lost(host(), scp() != nullptr)
                             : command::ssh_no_connection(host(), errno_text(event.error),
                                                          scp() != nullptr));
    case SocketEventKind::kFinAcked:
    case SocketEventKind::kAccepted: return;
  }
}

void Ssh::finish(Step& step, AppIo& io) {
  const auto reply = command::read_reply(reply_);
  if (!reply) return fail(step, io, command::ssh_connection_lost(host(), scp() != nullptr));
  const command::ScpCommand* copy = scp();
  if (copy == nullptr) {
    io.print(step, reply->text);
    return io.exit(step, reply->status);
  }
  if (reply->status != 0) return fail(step, io, reply->text, reply->status);
  if (copy->upload) {
    io.print(step, command::scp_progress(copy->local, copied_));
    return io.exit(step, 0);
  }
  std::string path = copy->local;
  if (io.is_directory(path)) {
    path += (path.ends_with('/') ? "" : "/") + std::string(base_name(copy->remote));
  }
  if (!io.write_file(step, path, reply->text)) {
    return fail(step, io, command::scp_cannot_write(path), 1);
  }
  io.print(step, command::scp_progress(copy->remote, reply->text.size()));
  io.exit(step, 0);
}

// --- the server ----------------------------------------------------------------------------------

void Sshd::start(Step& step, AppIo& io) {
  const auto listener = io.tcp().listen(step, io.id(), {{}, command::kSshPort}, kSshBacklog);
  if (listener) return;
  io.log(step, "error: Bind to port 22 on 0.0.0.0 failed: Address already in use.");
  io.exit(step, command::kSshFailed);
}

Sshd::Connection* Sshd::find(SocketId socket) {
  const auto it = std::ranges::find(connections_, socket, &Connection::socket);
  return it == connections_.end() ? nullptr : &*it;
}

void Sshd::on_socket(Step& step, AppIo& io, const SocketEvent& event) {
  if (event.kind == SocketEventKind::kAccepted) {
    connections_.push_back({.socket = event.socket});
    return;
  }
  Connection* connection = find(event.socket);
  if (connection == nullptr) return;
  switch (event.kind) {
    case SocketEventKind::kData:
      if (connection->asked) return;
      connection->request.append(reinterpret_cast<const char*>(event.data.data()),
                                 event.data.size());
      return serve(step, io, *connection);
    case SocketEventKind::kWritable: return pump(step, io, *connection);
    case SocketEventKind::kPeerClosed:
      if (connection->asked) return;
      io.tcp().close(step, event.socket);
      [[fallthrough]];
    case SocketEventKind::kError:
      connections_.erase(connections_.begin() + (connection - connections_.data()));
      return;
    default: return;
  }
}

void Sshd::serve(Step& step, AppIo& io, Connection& connection) {
  const auto request = command::read_request(connection.request);
  if (!request) return;
  connection.asked = true;
  if (request->kind != SshRequest::Kind::kRun) {
    return answer(step, io, connection, serve_file(*request, HostFiles{step, io}));
  }
  connection.ticket = ++tickets_;
  io.run_command(step, connection.ticket, request->argument);
}

void Sshd::on_command(Step& step, AppIo& io, std::uint32_t ticket, int status,
                      std::string_view output) {
  const auto it = std::ranges::find(connections_, ticket, &Connection::ticket);
  if (it == connections_.end()) return;
  answer(step, io, *it, {.status = status, .text = numbered(output)});
}

void Sshd::answer(Step& step, AppIo& io, Connection& connection, const SshReply& reply) {
  connection.reply = to_bytes(reply);
  pump(step, io, connection);
}

void Sshd::pump(Step& step, AppIo& io, Connection& connection) {
  if (connection.reply.empty()) return;
  connection.sent +=
      io.tcp().send(step, connection.socket,
                    as_bytes(std::string_view(connection.reply).substr(connection.sent)));
  if (connection.sent < connection.reply.size()) return;
  io.tcp().close(step, connection.socket);
  connections_.erase(connections_.begin() + (&connection - connections_.data()));
}

}  // namespace lvslab::apps
