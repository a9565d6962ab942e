// ncat (of nmap, as Debian 12 ships it), for SCTP: what a student types and what it says of itself.
//
// Models: --sctp with -l -k -c/--sh-exec -e/--exec -p -s -n -v -w -i -z -4 --send-only --recv-only.
// Leaves out, with a clear refusal: TCP and UDP (nc has them), -l without -k, IPv6, Unix sockets,
// proxies, SSL, Lua, brokering, access lists, logs, -C, -d, -g, -G, -m, -t, --no-shutdown.
// Source: ncat 7.93 ncat_main.c: main(), parse_timespec(); ncat_connect.c; ncat_listen.c.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sim/base/addr.h"
#include "sim/base/time.h"
#include "sim/command/names.h"
#include "sim/command/output.h"

namespace lvslab::command {

struct NcatCommand {
  static constexpr std::uint16_t kDefaultPort = 31'337;
  bool listen = false;              ///< -l -k
  bool verbose = false;             ///< -v
  bool zero = false;                ///< -z: look whether somebody listens, send nothing
  bool numeric = false;             ///< -n
  bool send_only = false;           ///< nothing is read from the socket
  bool recv_only = false;           ///< nothing is read from standard input
  bool version = false;             ///< --version
  std::string run;                  ///< -c, -e: what serves a connection
  bool run_by_shell = false;        ///< -c
  std::string source;               ///< -s
  std::uint16_t source_port = 0;    ///< -p
  std::optional<SimDuration> wait;  ///< -w: for connecting; else 10 s
  std::optional<SimDuration> idle;  ///< -i: ends after so long without a word
  std::string host;                 ///< with -l: the address to listen on; empty: all
  std::uint16_t port = kDefaultPort;
  friend bool operator==(const NcatCommand&, const NcatCommand&) = default;
};

Parsed<NcatCommand> parse_ncat(Args args);
std::string to_text(const NcatCommand& command);

// What goes to standard error.
/// "Ncat: Version 7.93 ( https://nmap.org/ncat )"
std::string ncat_banner();
/// "Ncat: WHAT."
std::string ncat_says(std::string_view what);
/// "Ncat: WHAT. QUITTING.", status 2.
Output ncat_quits(std::string_view what);
std::string ncat_summary(std::uint64_t sent, std::uint64_t received, SimDuration took);

}  // namespace lvslab::command
