// arping of iputils 20221126: what a student types and every line it prints.
//
// Models: -c -w -i -I -s -f -q -b -D -U -A. Source: iputils arping.c: recv_pack(), finish().
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

struct ArpingCommand {
  enum class Mode : std::uint8_t { kAsk, kDuplicate, kUnsolicited, kAnswer };
  std::string target;
  Mode mode = Mode::kAsk;               ///< -D, -U, -A
  std::uint64_t count = 0;              ///< -c; 0: until stopped
  SimDuration deadline;                 ///< -w; 0: none
  SimDuration interval{1'000'000'000};  ///< -i
  std::string device;                   ///< -I; empty: the first that can do ARP
  std::string source;                   ///< -s
  bool quit_on_reply = false, quiet = false, keep_broadcasting = false;  ///< -f, -q, -b
  friend bool operator==(const ArpingCommand&, const ArpingCommand&) = default;
};

Parsed<ArpingCommand> parse_arping(Args args);
std::string to_text(const ArpingCommand& command);

struct ArpingStats {
  std::uint64_t sent = 0, broadcasts = 0, received = 0;
  std::uint64_t requests_received = 0, broadcasts_received = 0;
  friend bool operator==(const ArpingStats&, const ArpingStats&) = default;
};

/// "ARPING 192.168.80.150 from 192.168.80.10 eth0"; -D asks from 0.0.0.0.
std::string arping_header(Ipv4Addr target, Ipv4Addr source, std::string_view device);
/// One answer. `request`: it was an ARP request that told us. `asked_by`: whom it was meant for, if
/// that is not the source of our questions.
std::string arping_reply(const ArpingCommand& command, bool broadcast, bool request, Ipv4Addr from,
                         MacAddr from_mac, std::optional<Ipv4Addr> asked_by, SimDuration rtt);
std::string arping_summary(const ArpingCommand& command, const ArpingStats& stats);
/// -D: 0 if nobody answered; -U and -A: 0; -f, and -w without -c: 0 if anybody answered; else 0 if
/// as many answers came as probes were sent.
int arping_status(const ArpingCommand& command, const ArpingStats& stats);

// Failures before the first packet, status 2.
Output arping_no_device(std::string_view device);
Output arping_not_arpable(std::string_view device);
Output arping_device_down(std::string_view device);
Output arping_cannot_bind();
Output arping_cannot_connect();
/// After the header: the device has no address to ask from, and none was given.
Output arping_no_source();
Output arping_unknown_host(std::string_view target, NameError why);

}  // namespace lvslab::command
