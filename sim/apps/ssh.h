// ssh and scp, and the server that they talk to: one request and one answer for each connection
// (sim/command/ssh.h says what is left out).
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sim/apps/app_io.h"
#include "sim/command/ssh.h"

namespace lvslab::apps {

/// The client; the server closes first.
class Ssh {
 public:
  explicit Ssh(command::SshCommand typed) : typed_(std::move(typed)) {}
  explicit Ssh(command::ScpCommand typed) : typed_(std::move(typed)) {}

  const std::string& host() const;

  void start(Step& step, AppIo& io);
  void on_socket(Step& step, AppIo& io, const SocketEvent& event);

 private:
  const command::ScpCommand* scp() const { return std::get_if<command::ScpCommand>(&typed_); }
  void fail(Step& step, AppIo& io, std::string_view text, int status = command::kSshFailed);
  /// Nothing if a file to be sent is not there; then it has ended.
  std::optional<command::SshRequest> request(Step& step, AppIo& io);
  void pump(Step& step, AppIo& io);
  void finish(Step& step, AppIo& io);

  std::variant<command::SshCommand, command::ScpCommand> typed_;
  SocketId socket_;
  std::string request_, reply_;
  std::size_t sent_ = 0, copied_ = 0;
  bool connected_ = false;
};

class Sshd {
 public:
  void start(Step& step, AppIo& io);
  void on_socket(Step& step, AppIo& io, const SocketEvent& event);
  /// A command that was started with AppIo::run_command() has ended.
  void on_command(Step& step, AppIo& io, std::uint32_t ticket, int status, std::string_view output);

 private:
  struct Connection {
    SocketId socket;
    std::uint32_t ticket = 0;
    std::string request, reply;
    std::size_t sent = 0;
    bool asked = false;  ///< the request is there
  };

  void serve(Step& step, AppIo& io, Connection& connection);
  void answer(Step& step, AppIo& io, Connection& connection, const command::SshReply& reply);
  void pump(Step& step, AppIo& io, Connection& connection);
  Connection* find(SocketId socket);

  std::vector<Connection> connections_;
  std::uint32_t tickets_ = 0;
};

/// PUT and GET by the files that `io` reaches; the kernel backend's server does the same.
template <class Files>
command::SshReply serve_file(const command::SshRequest& request, Files&& files) {
  using Kind = command::SshRequest::Kind;
  const std::string plain = command::remote_path(request.argument, "", false);
  if (request.kind == Kind::kGet) {
    if (auto text = files.read(plain)) return {.status = 0, .text = *std::move(text)};
    return {.status = 1, .text = "scp: " + request.argument + ": No such file or directory\n"};
  }
  const std::string path =
      command::remote_path(request.argument, request.name, files.is_directory(plain));
  if (files.write(path, request.content)) return {};
  return {.status = 1, .text = "scp: dest open \"" + path + "\": No such file or directory\n"};
}

}  // namespace lvslab::apps
