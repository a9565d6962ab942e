// ssh(1) and scp(1) between the hosts of a lab: their words, what they print, and what goes over
// the connection.
//
// Models: `ssh [USER@]HOST COMMAND...`, `scp FILE [USER@]HOST:[PATH]` and the other way round, as
// root; the messages of OpenSSH 9.2 where there is no connection or no file.
// Left out: logins without a command, options, other users, several files, and the SSH protocol
// itself: a request and its answer are plain text (SshRequest, SshReply) on a real connection to
// port 22, without keys and passwords. A login shell's files are not read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sim/command/output.h"

namespace lvslab::command {

inline constexpr std::uint16_t kSshPort = 22;
/// What the programs end with when there is no connection.
inline constexpr int kSshFailed = 255;

struct SshCommand {
  std::string host;
  std::string line;  ///< the words of the command, parted by blanks
  bool operator==(const SshCommand&) const = default;
};

struct ScpCommand {
  std::string host;
  bool upload = true;
  std::string local, remote;  ///< as typed; `remote` may be empty: the home directory
  bool operator==(const ScpCommand&) const = default;
};

Parsed<SshCommand> parse_ssh(Args args);
Parsed<ScpCommand> parse_scp(Args args);
std::string to_text(const SshCommand& command);
std::string to_text(const ScpCommand& command);

/// "ssh: connect to host node04 port 22: Connection refused"; for scp with its own line.
std::string ssh_no_connection(std::string_view host, std::string_view why, bool scp);
std::string ssh_unknown_host(std::string_view host, bool scp);
std::string ssh_connection_lost(std::string_view host, bool scp);
/// "keepalived.conf          100%   678".
std::string scp_progress(std::string_view path, std::size_t bytes);
std::string scp_no_local_file(const ScpCommand& command);
std::string scp_cannot_write(std::string_view path);

// --- what goes over the connection ---------------------------------------------------------------

/// "RUN 8 0 0\nifconfig", "PUT 4 1 2\n/a/bbhi", "GET 4 0 0\n/a/b".
struct SshRequest {
  enum class Kind : std::uint8_t { kRun, kPut, kGet };
  Kind kind = Kind::kRun;
  std::string argument;  ///< a command line, or a path
  std::string content;   ///< kPut: of the file; `name` is taken where the path is a directory
  std::string name;      ///< kPut: of the file that is copied
  bool operator==(const SshRequest&) const = default;
};
/// "0 5\nhello": an exit status and what was printed, the content of a file, or an error.
struct SshReply {
  int status = 0;
  std::string text;
  bool operator==(const SshReply&) const = default;
};

std::string to_bytes(const SshRequest& request);
std::string to_bytes(const SshReply& reply);
/// Nothing while it is not there as a whole, or if it is none.
std::optional<SshRequest> read_request(std::string_view bytes);
std::optional<SshReply> read_reply(std::string_view bytes);

/// The path that `typed` means to a server: below /root unless it is absolute, and inside of it if
/// it is a directory.
std::string remote_path(std::string_view typed, std::string_view name, bool is_directory);

}  // namespace lvslab::command
