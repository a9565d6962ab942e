// traceroute 2.1.2 (the modern one): UDP to ports from 33434 up or to one port, or ICMP echo.
//
// Models: -n -m -q -w -f -N -I -U -i -s -p --sport, the packet length. Leaves out, with a clear
// refusal: TCP, UDPLITE, DCCP and raw methods, gateways, MTU discovery, AS look-ups, IPv6.
// Source: traceroute 2.1.2 traceroute.c: print_probe(), print_addr(), do_it().
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sim/base/addr.h"
#include "sim/base/time.h"
#include "sim/command/names.h"
#include "sim/command/output.h"

namespace lvslab::command {

struct TracerouteCommand {
  enum class Method : std::uint8_t { kUdp, kIcmp, kOnePort };  ///< kOnePort: -U
  std::string target;
  Method method = Method::kUdp;
  bool numeric = false;
  std::uint32_t first_ttl = 1, max_ttl = 30;  ///< -f, -m
  std::uint32_t queries = 3;                  ///< -q: probes per hop
  std::uint32_t simultaneous = 16;            ///< -N
  SimDuration wait{5'000'000'000};            ///< -w: MAX
  std::uint32_t here = 3, near = 10;          ///< -w: HERE and NEAR factors, 0 switches one off
  std::uint32_t packet_len = 60;
  std::uint16_t port = 33434;     ///< -p; 53 with -U
  std::uint16_t source_port = 0;  ///< --sport; 0: any, another one for each probe
  std::string interface;          ///< -i
  std::string source;             ///< -s
  friend bool operator==(const TracerouteCommand&, const TracerouteCommand&) = default;
};

Parsed<TracerouteCommand> parse_traceroute(Args args);
std::string to_text(const TracerouteCommand& command);

std::string traceroute_header(const TracerouteCommand& command, Ipv4Addr target);

/// What came of one probe.
struct TracerouteProbe {
  bool answered = false;
  Ipv4Addr from;
  std::string from_name;  ///< empty: the address stands for the name
  SimDuration rtt;
  std::string mark;  ///< "!H", "!N", ...: see traceroute_mark()
  friend bool operator==(const TracerouteProbe&, const TracerouteProbe&) = default;
};

/// The pieces of output for one probe, in order: a hop's number, its address when it differs from
/// that of `previous` (the nearest earlier answered probe of this hop, or null), its time or "*",
/// and the end of the line after the last.
std::string traceroute_probe(const TracerouteCommand& command, std::uint32_t ttl,
                             std::uint32_t index, const TracerouteProbe& probe,
                             const TracerouteProbe* previous);

/// "!H" for an unreachable of `code`; nothing for the port unreachable that ends a trace.
std::string traceroute_mark(std::uint8_t icmp_type, std::uint8_t icmp_code, std::uint32_t mtu = 0);

Output traceroute_unknown_host(std::string_view target, int position, NameError why);
/// "connect: Network is unreachable", status 1; the header was printed already.
Output traceroute_failed(std::string_view call, std::string_view strerror_text);

}  // namespace lvslab::command
