// ssh, scp and sshd on a real kernel: what the simulator's say (sim/command/ssh.h), on real
// sockets.
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <csignal>
#include <cstdio>
#include <cstring>

#include <functional>

#include "kernel-backend/agent/stand_ins.h"
#include "kernel-backend/os.h"
#include "sim/apps/ssh.h"

namespace lvslab::kernel {
namespace {

using command::SshReply;
using command::SshRequest;

constexpr std::size_t kBuffer = 65'536;

bool is_directory(const std::string& path) {
  struct stat what{};
  return ::stat(path.c_str(), &what) == 0 && S_ISDIR(what.st_mode);
}

std::optional<std::string> content_of(const std::string& path) {
  if (is_directory(path)) return std::nullopt;
  auto text = read_file(path);
  return text ? std::optional(*std::move(text)) : std::nullopt;
}

bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EINTR) return false;
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

/// Appends what comes next; false at the end, or after an error.
bool receive_more(int fd, std::string& to) {
  std::string buffer(kBuffer, '\0');
  ssize_t got = 0;
  do {
    got = ::read(fd, buffer.data(), buffer.size());
  } while (got < 0 && errno == EINTR);
  if (got <= 0) return false;
  to.append(buffer, 0, static_cast<std::size_t>(got));
  return true;
}

// --- the server ----------------------------------------------------------------------------------

struct RealFiles {
  std::optional<std::string> read(const std::string& path) const { return content_of(path); }
  bool is_directory(const std::string& path) const { return kernel::is_directory(path); }
  bool write(const std::string& path, const std::string& content) const {
    return !kernel::is_directory(path) && write_file(path, content).has_value();
  }
};

SshReply run(const std::string& line) {
  int out[2];
  if (::pipe2(out, O_CLOEXEC) != 0) return {.status = command::kSshFailed, .text = {}};
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::dup2(out[1], 1);
    ::dup2(out[1], 2);
    ::execl("/bin/bash", "bash", "-c", line.c_str(), nullptr);
    _exit(127);
  }
  ::close(out[1]);
  SshReply reply;
  while (receive_more(out[0], reply.text)) {
  }
  ::close(out[0]);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  reply.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return reply;
}

void serve(int fd) {
  std::string bytes;
  std::optional<SshRequest> request;
  do {
    if (!receive_more(fd, bytes)) return;
    request = command::read_request(bytes);
  } while (!request);
  const SshReply reply = request->kind == SshRequest::Kind::kRun
                             ? run(request->argument)
                             : apps::serve_file(*request, RealFiles{});
  send_all(fd, to_bytes(reply));
}

// --- the client ----------------------------------------------------------------------------------

/// The answer; nothing after a message.
std::optional<SshReply> ask(const std::string& host, bool scp,
                            const std::function<std::optional<SshRequest>()>& make_request) {
  const auto fail = [&](const std::string& text) {
    ::fputs(text.c_str(), stderr);
    return std::nullopt;
  };
  addrinfo hints{};
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), "22", &hints, &found) != 0) {
    return fail(command::ssh_unknown_host(host, scp));
  }
  const Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int one = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  const bool connected = ::connect(fd.get(), found->ai_addr, found->ai_addrlen) == 0;
  const int error = errno;
  ::freeaddrinfo(found);
  if (!connected) return fail(command::ssh_no_connection(host, ::strerror(error), scp));
  const auto request = make_request();
  if (!request) return std::nullopt;
  std::string bytes;
  if (send_all(fd.get(), to_bytes(*request))) {
    while (receive_more(fd.get(), bytes)) {
    }
  }
  auto reply = command::read_reply(bytes);
  if (!reply) return fail(command::ssh_connection_lost(host, scp));
  return reply;
}

std::vector<std::string> with_name(const char* name, const std::vector<std::string>& words) {
  std::vector<std::string> line{name};
  line.insert(line.end(), words.begin(), words.end());
  return line;
}

int refuse(const command::Output& why) {
  ::fputs(why.out.c_str(), stdout);
  ::fputs(why.err.c_str(), stderr);
  return why.status;
}

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

int run_sshd(int ready) {
  const Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int one = 1;
  ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(command::kSshPort);
  constexpr int kBacklog = 128;
  if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener.get(), kBacklog) != 0) {
    return command::kSshFailed;
  }
  if (ready >= 0) ::close(ready);
  if (::chdir("/root") != 0) return command::kSshFailed;
  ::signal(SIGCHLD, SIG_IGN);  // nobody waits for those that serve
  for (;;) {
    const int fd = ::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    if (::fork() == 0) {
      ::signal(SIGCHLD, SIG_DFL);
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      serve(fd);
      ::close(fd);
      _exit(0);
    }
    ::close(fd);
  }
}

int run_ssh(const std::vector<std::string>& words) {
  const auto parsed = command::parse_ssh(with_name("ssh", words));
  if (!parsed) return refuse(parsed.error());
  const auto reply =
      ask(parsed->host, false, [&] { return std::optional(SshRequest{.argument = parsed->line}); });
  if (!reply) return command::kSshFailed;
  ::fputs(reply->text.c_str(), stdout);
  return reply->status;
}

int run_scp(const std::vector<std::string>& words) {
  const auto parsed = command::parse_scp(with_name("scp", words));
  if (!parsed) return refuse(parsed.error());
  int failure = command::kSshFailed;
  std::size_t copied = 0;
  const auto reply = ask(parsed->host, true, [&]() -> std::optional<SshRequest> {
    if (!parsed->upload) {
      return SshRequest{.kind = SshRequest::Kind::kGet, .argument = parsed->remote};
    }
    auto content = content_of(parsed->local);
    if (!content) {
      ::fputs(command::scp_no_local_file(*parsed).c_str(), stderr);
      failure = 1;
      return std::nullopt;
    }
    copied = content->size();
    return SshRequest{.kind = SshRequest::Kind::kPut,
                      .argument = parsed->remote,
                      .content = *std::move(content),
                      .name = base_name(parsed->local)};
  });
  if (!reply) return failure;
  if (reply->status != 0) {
    ::fputs(reply->text.c_str(), stderr);
    return reply->status;
  }
  if (parsed->upload) {
    ::fputs(command::scp_progress(parsed->local, copied).c_str(), stdout);
    return 0;
  }
  std::string path = parsed->local;
  if (is_directory(path)) path += (path.ends_with('/') ? "" : "/") + base_name(parsed->remote);
  if (!write_file(path, reply->text)) {
    ::fputs(command::scp_cannot_write(path).c_str(), stderr);
    return 1;
  }
  ::fputs(command::scp_progress(parsed->remote, reply->text.size()).c_str(), stdout);
  return 0;
}

}  // namespace lvslab::kernel
