// arp(8), route(8) and netstat(8) of net-tools 2.10.
//
// Models: arp -n -a -e -v -i, -d, -s; route -n -e, add and del (default, -net, -host, gw, netmask,
// dev, metric, reject); netstat -n -a -l -t -u -w -p -o -e -W -r -i. Leaves out: -c, -x, -g, -M,
// IPv6, proxy entries (pub), -s. Source: net-tools 2.10 arp.c, route.c, lib/inet_gr.c, netstat.c.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sim/base/tables.h"
#include "sim/command/output.h"

namespace lvslab::command {

struct ArpCommand {
  enum class Action : std::uint8_t { kShow, kSet, kDelete };
  Action action = Action::kShow;
  bool numeric = false, verbose = false;
  bool bsd = false;  ///< -a
  std::string dev;   ///< -i
  std::optional<Ipv4Addr> host;
  MacAddr mac;             ///< kSet
  bool temporary = false;  ///< kSet ... temp
  friend bool operator==(const ArpCommand&, const ArpCommand&) = default;
};
Parsed<ArpCommand> parse_arp(Args args);
std::string to_text(const ArpCommand& command);
Output render_arp(const HostTables& tables, const ArpCommand& command);

struct RouteCommand {
  enum class Action : std::uint8_t { kShow, kAdd, kDelete };
  Action action = Action::kShow;
  bool numeric = false;
  bool extended = false;  ///< -e: the layout of netstat -r
  Ipv4Prefix dst{{}, 0};
  bool host = false;  ///< -host, or an address that has no net part
  std::optional<Ipv4Addr> gateway;
  std::string dev;
  std::optional<std::uint32_t> metric;
  bool reject = false;
  friend bool operator==(const RouteCommand&, const RouteCommand&) = default;
};
Parsed<RouteCommand> parse_route(Args args);
std::string to_text(const RouteCommand& command);
Output render_route(const HostTables& tables, const RouteCommand& command);

struct NetstatCommand {
  enum class Mode : std::uint8_t { kSockets, kRoutes, kInterfaces };
  Mode mode = Mode::kSockets;
  bool numeric = false, all = false, listening = false;
  bool tcp = false, udp = false, raw = false;
  bool programs = false, wide = false;
  friend bool operator==(const NetstatCommand&, const NetstatCommand&) = default;
};
Parsed<NetstatCommand> parse_netstat(Args args);
std::string to_text(const NetstatCommand& command);
Output render_netstat(const HostTables& tables, const NetstatCommand& command);

// What the kernel's refusals look like (status 1; arp -d of nothing and arp -s too).
/// "SIOCSIFADDR: No such device" and the like.
Output ioctl_failure(std::string_view request, std::string_view reason, int status = 1);

}  // namespace lvslab::command
