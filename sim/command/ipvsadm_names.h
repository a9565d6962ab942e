// Names that ipvsadm's command lines and its listings share.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sim/base/tables.h"
#include "sim/command/output.h"

namespace lvslab::command {

/// "sh-fallback,sh-port" or "flag-1,...": print_sched_flags() of ipvsadm.c.
std::string ipvs_sched_flag_names(std::string_view scheduler, std::uint32_t flags);
/// The prefix length of an IPv6 service that tells each client from the others.
inline constexpr std::uint32_t kIpvsWholeAddress6 = 128;
/// `head` and the granularity of persistence; nothing if each client is a client of its own.
std::string ipvs_netmask_text(std::string_view head, Ipv4Addr mask, const IpvsServiceKey& service);
/// "-t", "-u" or "--sctp-service", by the number of the protocol.
std::string_view ipvs_service_option(std::uint8_t protocol);
/// "-g", "-i" or "-m"; "-g" for a local server.
std::string_view ipvs_forward_option(IpvsForward forward);

/// " --tun-type gue --tun-port 6080 --tun-nocsum": what -S prints, and -a understands.
std::string ipvs_tunnel_options(const IpvsTunnel& tunnel);

/// What the tool says before it exits over a bad command line; status 255.
Output ipvsadm_try_help(std::string_view tool);

}  // namespace lvslab::command
