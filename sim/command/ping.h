// ping of iputils 20221126: what a student types and every line it prints.
//
// Models: -c -i -W -w -s -I -q -n -t -M -O -D -b -4 -6. Leaves out, with a clear refusal: flood,
// adaptive, patterns, record route, timestamps, preload, marks and TOS. Source: iputils
// ping/ping.c, ping_common.c (finish(), gather_statistics()), iputils_common.c.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sim/base/ip_addr.h"
#include "sim/base/time.h"
#include "sim/command/names.h"
#include "sim/command/output.h"

namespace lvslab::command {

struct PingCommand {
  enum class Pmtud : std::uint8_t { kUnset, kDo, kDont, kWant };
  std::string target;                   ///< as typed: an address or a name
  std::uint64_t count = 0;              ///< -c; 0: until stopped
  SimDuration interval{1'000'000'000};  ///< -i
  SimDuration timeout{10'000'000'000};  ///< -W: how long to wait for the last replies
  bool timeout_given = false;
  SimDuration deadline;     ///< -w; 0: none
  std::uint32_t size = 56;  ///< -s: payload bytes
  std::string interface;    ///< -I: a name or an address
  std::uint8_t ttl = 0;     ///< -t; 0: the host's default
  Pmtud pmtud = Pmtud::kUnset;
  bool quiet = false, numeric = false, report_outstanding = false, timestamps = false;
  bool broadcast = false;            ///< -b
  bool inet = false, inet6 = false;  ///< -4, -6 or ping6
  friend bool operator==(const PingCommand&, const PingCommand&) = default;
};

Parsed<PingCommand> parse_ping(Args args);
std::string to_text(const PingCommand& command);

/// "PING ...". `source` is 0.0.0.0 or :: unless -I was given.
std::string ping_header(const PingCommand& command, IpAddr target, IpAddr source);
/// On stderr before the header with -b and a broadcast address.
inline constexpr std::string_view kPingBroadcastWarning = "WARNING: pinging broadcast address\n";
/// "64 bytes from ...": a reply. `bytes` counts the ICMP header; `from_name` as it was typed or
/// empty with -n and addresses. `at` is printed by -D only.
std::string ping_reply(const PingCommand& command, SimTime at, std::uint32_t bytes, IpAddr from,
                       std::string_view from_name, std::uint16_t seq, std::uint8_t ttl,
                       SimDuration rtt, bool duplicate = false);
/// A reply without room for a time stamp (-s below 16).
std::string ping_reply_untimed(std::uint32_t bytes, IpAddr from, std::uint16_t seq,
                               std::uint8_t ttl);
/// An ICMP error that quotes our request: "From 192.168.80.10 icmp_seq=1 Destination Host
/// Unreachable". `info`: the MTU of a fragmentation-needed, the new gateway of a redirect.
std::string ping_icmp_error(IpAddr from, std::uint16_t seq, std::uint8_t type, std::uint8_t code,
                            std::uint32_t info = 0);
/// -O: "no answer yet for icmp_seq=1".
std::string ping_outstanding(std::uint16_t seq);
/// sendto() failed: EMSGSIZE with the path's MTU, else strerror's text.
std::string ping_local_mtu_error(std::uint32_t mtu);
std::string ping_send_error(std::string_view strerror_text);

/// Running sums, as ping keeps them: whole microseconds.
struct PingStats {
  std::uint64_t transmitted = 0, received = 0, duplicates = 0, errors = 0, corrupted = 0;
  std::uint32_t pipe = 0;  ///< the largest number of requests that were on their way at once
  std::uint64_t timed = 0;
  std::int64_t min_us = INT64_MAX, max_us = 0, sum_us = 0;
  std::uint64_t sum2_us = 0;
  void add(SimDuration rtt);
  friend bool operator==(const PingStats&, const PingStats&) = default;
};
/// The block after "--- TARGET ping statistics ---"; `elapsed` from the first to the last request.
std::string ping_statistics(const PingCommand& command, const PingStats& stats,
                            SimDuration elapsed);
/// 0 if a reply came (with -c and -w: if all came), else 1.
int ping_status(const PingCommand& command, const PingStats& stats);

// Failures before the first packet, status 2.
Output ping_unknown_host(std::string_view target, NameError why);
Output ping_connect_failed(std::string_view strerror_text);
Output ping_no_device(std::string_view device);
Output ping_cannot_bind();
Output ping_is_broadcast();

}  // namespace lvslab::command
