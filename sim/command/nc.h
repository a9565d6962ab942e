// nc (OpenBSD netcat, as Debian 12 ships it): what a student types and what it says of itself.
//
// Models: -l -k -u -v -z -n -N -d -4 -6 -p -s -w -q, ranges of ports. Leaves out, with a clear
// refusal: -6 -l without an address, Unix sockets, proxies, telnet, pacing (-i), buffers, TOS, TTL,
// -C, -r, -W, -b. Source: netcat-openbsd 1.219 netcat.c: main(), remote_connect(), readwrite(),
// udptest().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/ip_addr.h"
#include "sim/command/names.h"
#include "sim/command/output.h"

namespace lvslab::command {

struct NcCommand {
  bool listen = false;                ///< -l
  bool keep = false;                  ///< -k: the next peer after the last one
  bool udp = false;                   ///< -u
  bool verbose = false;               ///< -v
  bool zero = false;                  ///< -z: look whether somebody listens, send nothing
  bool numeric = false;               ///< -n
  bool shut = false;                  ///< -N: FIN after the end of standard input
  bool inet = false;                  ///< -4
  bool inet6 = false;                 ///< -6
  bool detached = false;              ///< -d: standard input is not read
  std::string source;                 ///< -s
  std::uint16_t source_port = 0;      ///< -p beside an address to connect to
  std::optional<std::uint32_t> wait;  ///< -w, seconds: for connecting, then for silence
  std::optional<std::int32_t> quit;   ///< -q, seconds after the end of standard input; < 0: never
  std::string host;                   ///< with -l: the address to listen on; empty: all
  std::vector<std::uint16_t> ports;   ///< in the order in which they are tried
  friend bool operator==(const NcCommand&, const NcCommand&) = default;
};

Parsed<NcCommand> parse_nc(Args args);
std::string to_text(const NcCommand& command);

// What goes to standard error. `name`: of the address, if it has one; empty: none.
/// -v -l: "Listening on 0.0.0.0 80".
std::string nc_listening(std::string_view name, std::uint16_t port);
/// -v -l: "Connection received on client 40000".
std::string nc_received(std::string_view name, std::uint16_t port);
/// -v, for an address that has no name.
std::string nc_no_name();
/// -v: "Connection to 10.0.0.1 80 port [tcp/http] succeeded!".
std::string nc_connected(const NcCommand& command, IpAddr to, std::uint16_t port);
/// -v: "nc: connect to 10.0.0.1 port 80 (tcp) failed: Connection refused".
std::string nc_connect_failed(const NcCommand& command, IpAddr to, std::uint16_t port,
                              std::string_view strerror_text);
/// -v -w: "nc: connect to 10.0.0.1 port 80 (tcp) timed out: Operation now in progress".
std::string nc_connect_timed_out(const NcCommand& command, IpAddr to, std::uint16_t port);
/// "nc: bind failed: Address already in use", status 1.
Output nc_bind_failed(std::string_view strerror_text);
Output nc_unknown_host(const NcCommand& command, std::uint16_t port, NameError why);

}  // namespace lvslab::command
