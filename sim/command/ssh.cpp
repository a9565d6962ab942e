#include "sim/command/ssh.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

namespace lvslab::command {
namespace {

constexpr std::string_view kHome = "/root";

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

/// HOST of [USER@]HOST; refuses other users than root.
Parsed<std::string> host_of(std::string_view tool, std::string_view text) {
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos) return std::string(text);
  const std::string_view user = text.substr(0, at);
  if (user != "root")
    return std::unexpected(not_modelled(tool, fmt::format("user {}", user), "root"));
  return std::string(text.substr(at + 1));
}

/// Where the ':' of HOST:PATH stands; npos for a local path ("./a:b").
std::size_t colon_of(std::string_view text) {
  const std::size_t colon = text.find(':');
  return colon == 0 || text.substr(0, colon).contains('/') ? std::string_view::npos : colon;
}

/// Takes "NUMBER" and the `end` behind it off `bytes`.
std::optional<std::size_t> take_number(std::string_view& bytes, char end) {
  std::size_t value = 0;
  const auto [stop, error] = std::from_chars(bytes.data(), bytes.data() + bytes.size(), value);
  if (error != std::errc() || stop == bytes.data() + bytes.size() || *stop != end) {
    return std::nullopt;
  }
  bytes.remove_prefix(static_cast<std::size_t>(stop - bytes.data()) + 1);
  return value;
}

constexpr std::string_view kKinds[] = {"RUN ", "PUT ", "GET "};

}  // namespace

Parsed<SshCommand> parse_ssh(Args args) {
  if (args.size() > 1 && args[1].starts_with('-')) {
    return std::unexpected(not_modelled("ssh", "option " + args[1], "ssh HOST COMMAND"));
  }
  if (args.size() < 3) {
    return std::unexpected(not_modelled("ssh", "a login without a command", "ssh HOST COMMAND"));
  }
  const auto host = host_of("ssh", args[1]);
  if (!host) return std::unexpected(host.error());
  SshCommand command{.host = *host, .line = {}};
  for (const std::string& word : args.subspan(2)) {
    command.line += (command.line.empty() ? "" : " ") + word;
  }
  return command;
}

Parsed<ScpCommand> parse_scp(Args args) {
  constexpr std::string_view kForm = "scp FILE HOST:PATH";
  for (const std::string& arg : args.subspan(1)) {
    if (arg.starts_with('-')) {
      return std::unexpected(not_modelled("scp", "option " + arg, kForm));
    }
  }
  if (args.size() != 3) return std::unexpected(not_modelled("scp", "this form", kForm));
  const std::size_t from = colon_of(args[1]), to = colon_of(args[2]);
  constexpr std::size_t kLocal = std::string_view::npos;
  if ((from == kLocal) == (to == kLocal)) {
    return std::unexpected(not_modelled(
        "scp", from == kLocal ? "copying on one host" : "copying between two others", kForm));
  }
  const bool upload = from == kLocal;
  const std::string& remote = upload ? args[2] : args[1];
  const std::size_t colon = upload ? to : from;
  const auto host = host_of("scp", std::string_view(remote).substr(0, colon));
  if (!host) return std::unexpected(host.error());
  return ScpCommand{.host = *host,
                    .upload = upload,
                    .local = upload ? args[1] : args[2],
                    .remote = remote.substr(colon + 1)};
}

std::string to_text(const SshCommand& command) {
  return fmt::format("ssh {} {}", command.host, command.line);
}

std::string to_text(const ScpCommand& command) {
  const std::string remote = fmt::format("{}:{}", command.host, command.remote);
  return command.upload ? fmt::format("scp {} {}", command.local, remote)
                        : fmt::format("scp {} {}", remote, command.local);
}

namespace {

std::string with_scp(const std::string& text, bool scp) {
  return scp ? text + "scp: Connection closed\n" : text;
}

}  // namespace

std::string ssh_no_connection(std::string_view host, std::string_view why, bool scp) {
  std::string text = fmt::format("ssh: connect to host {} port {}: {}\n", host, kSshPort, why);
  if (why == "Connection refused") {
    text += fmt::format("lvslab: start the server there: [root@{}] service sshd start\n", host);
  }
  return with_scp(text, scp);
}

std::string ssh_unknown_host(std::string_view host, bool scp) {
  return with_scp(
      fmt::format("ssh: Could not resolve hostname {}: Name or service not known\n", host), scp);
}

std::string ssh_connection_lost(std::string_view host, bool scp) {
  return with_scp(fmt::format("Connection to {} closed by remote host.\n", host), scp);
}

std::string scp_progress(std::string_view path, std::size_t bytes) {
  return fmt::format("{:<45} 100% {:>5}\n", base_name(path), bytes);
}

std::string scp_no_local_file(const ScpCommand& command) {
  return fmt::format("scp: stat local \"{}\": No such file or directory\n", command.local);
}

std::string scp_cannot_write(std::string_view path) {
  return fmt::format("scp: open local \"{}\": No such file or directory\n", path);
}

// --- what goes over the connection ---------------------------------------------------------------

std::string to_bytes(const SshRequest& request) {
  return fmt::format("{}{} {} {}\n{}{}{}", kKinds[static_cast<std::size_t>(request.kind)],
                     request.argument.size(), request.name.size(), request.content.size(),
                     request.argument, request.name, request.content);
}

std::string to_bytes(const SshReply& reply) {
  return fmt::format("{} {}\n{}", reply.status, reply.text.size(), reply.text);
}

std::optional<SshRequest> read_request(std::string_view bytes) {
  const auto* kind = std::ranges::find_if(
      kKinds, [&](std::string_view known) { return bytes.starts_with(known); });
  if (kind == std::end(kKinds)) return std::nullopt;
  SshRequest request;
  request.kind = static_cast<SshRequest::Kind>(kind - kKinds);
  bytes.remove_prefix(kind->size());
  const auto argument = take_number(bytes, ' ');
  const auto name = argument ? take_number(bytes, ' ') : std::nullopt;
  const auto content = name ? take_number(bytes, '\n') : std::nullopt;
  if (!content || bytes.size() < *argument || bytes.size() - *argument < *name ||
      bytes.size() - *argument - *name < *content) {
    return std::nullopt;
  }
  request.argument = bytes.substr(0, *argument);
  request.name = bytes.substr(*argument, *name);
  request.content = bytes.substr(*argument + *name, *content);
  return request;
}

std::optional<SshReply> read_reply(std::string_view bytes) {
  const auto status = take_number(bytes, ' ');
  const auto length = status ? take_number(bytes, '\n') : std::nullopt;
  if (!length || bytes.size() < *length) return std::nullopt;
  return SshReply{.status = static_cast<int>(*status),
                  .text = std::string(bytes.substr(0, *length))};
}

std::string remote_path(std::string_view typed, std::string_view name, bool is_directory) {
  std::string path(typed.starts_with('/') ? typed : std::string_view{});
  if (path.empty()) {
    if (typed.starts_with("~/")) typed.remove_prefix(2);
    path = typed.empty() || typed == "~" ? std::string(kHome) : fmt::format("{}/{}", kHome, typed);
  }
  if (!is_directory) return path;
  return fmt::format("{}{}{}", path, path.ends_with('/') ? "" : "/", name);
}

}  // namespace lvslab::command
