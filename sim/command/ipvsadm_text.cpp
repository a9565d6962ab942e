#include <fmt/core.h>

#include <array>

#include "sim/command/ipvsadm.h"
#include "sim/command/ipvsadm_names.h"
#include "sim/command/shell.h"

namespace lvslab::command {

namespace {

using Verb = IpvsadmCommand::Verb;

std::string_view verb_option(Verb verb) {
  switch (verb) {
    case Verb::kAddService: return "-A";
    case Verb::kEditService: return "-E";
    case Verb::kDeleteService: return "-D";
    case Verb::kClear: return "-C";
    case Verb::kRestore: return "-R";
    case Verb::kSave: return "-S";
    case Verb::kAddServer: return "-a";
    case Verb::kEditServer: return "-e";
    case Verb::kDeleteServer: return "-d";
    case Verb::kZero: return "-Z";
    case Verb::kSetTimeouts: return "--set";
    case Verb::kStartDaemon: return "--start-daemon";
    case Verb::kStopDaemon: return "--stop-daemon";
    case Verb::kList: break;
  }
  return "-l";
}

std::string list_text(const IpvsListing& list) {
  std::string text;
  const auto add = [&text](bool on, std::string_view option) {
    if (on) text += fmt::format(" {}", option);
  };
  add(list.numeric, "-n");
  add(list.connections, "-c");
  add(list.timeouts, "--timeout");
  add(list.stats, "--stats");
  add(list.rate, "--rate");
  add(list.thresholds, "--thresholds");
  add(list.persistent_conn, "--persistent-conn");
  add(list.unsorted, "--nosort");
  add(list.exact, "--exact");
  add(list.tunnels, "--tun-info");
  add(list.daemons, "--daemon");
  return text;
}

std::string daemon_text(const IpvsSyncDaemon& daemon, bool start) {
  std::string text = daemon.backup ? " backup" : " master";
  if (start) {
    text += fmt::format(" --mcast-interface {}", quote_word(std::string(daemon.interface.view())));
  }
  if (daemon.sync_id != 0) text += fmt::format(" --syncid {}", daemon.sync_id);
  if (daemon.max_length != 0) text += fmt::format(" --sync-maxlen {}", daemon.max_length);
  if (!daemon.group.is_any()) text += fmt::format(" --mcast-group {}", daemon.group.to_string());
  if (daemon.port != 0) text += fmt::format(" --mcast-port {}", daemon.port);
  if (daemon.ttl != 0) text += fmt::format(" --mcast-ttl {}", daemon.ttl);
  return text;
}

}  // namespace

std::string ipvs_sched_flag_names(std::string_view scheduler, std::uint32_t flags) {
  const bool sh = scheduler == "sh";
  const bool mh = scheduler == "mh";
  std::string text;
  const auto add = [&text](std::string_view name) {
    text += fmt::format("{}{}", text.empty() ? "" : ",", name);
  };
  if ((flags & kIpvsSchedFlag1) != 0) add(sh ? "sh-fallback" : mh ? "mh-fallback" : "flag-1");
  if ((flags & kIpvsSchedFlag2) != 0) add(sh ? "sh-port" : mh ? "mh-port" : "flag-2");
  if ((flags & kIpvsSchedFlag3) != 0) add("flag-3");
  return text;
}

std::string ipvs_netmask_text(std::string_view head, Ipv4Addr mask, const IpvsServiceKey& service) {
  if (!service.addr.is_v4()) {
    return mask.bits == kIpvsWholeAddress6 ? "" : fmt::format("{}{}", head, mask.bits);
  }
  return mask == Ipv4Addr::broadcast() ? "" : fmt::format("{}{}", head, mask.to_string());
}

std::string_view ipvs_service_option(std::uint8_t protocol) {
  return protocol == 6 ? "-t" : protocol == 17 ? "-u" : "--sctp-service";
}

std::string_view ipvs_forward_option(IpvsForward forward) {
  return forward == IpvsForward::kMasq ? "-m" : forward == IpvsForward::kTunnel ? "-i" : "-g";
}

std::string ipvs_tunnel_options(const IpvsTunnel& tunnel) {
  if (tunnel.type == IpvsTunnelType::kIpip) return " --tun-type ipip";
  const std::string_view checksum = tunnel.checksum == IpvsTunnelChecksum::kFull     ? "csum"
                                    : tunnel.checksum == IpvsTunnelChecksum::kRemote ? "remcsum"
                                                                                     : "nocsum";
  if (tunnel.type == IpvsTunnelType::kGre) return fmt::format(" --tun-type gre --tun-{}", checksum);
  return fmt::format(" --tun-type gue --tun-port {} --tun-{}", tunnel.port, checksum);
}

std::string to_text(const IpvsadmCommand& command) {
  std::string text = fmt::format("ipvsadm {}", verb_option(command.verb));
  if (command.service) {
    const IpvsServiceKey& key = *command.service;
    if (key.fwmark != 0) {
      text += fmt::format(" -f {}{}", key.fwmark, key.addr.is_v4() ? "" : " -6");
    } else {
      text += fmt::format(" {} {}:{}", ipvs_service_option(key.protocol), key.addr.bracketed(),
                          key.port);
    }
  }
  if (!command.scheduler.empty()) text += fmt::format(" -s {}", quote_word(command.scheduler));
  if (command.persistent) text += fmt::format(" -p {}", command.timeout_s);
  text += ipvs_netmask_text(" -M ", command.netmask, command.service.value_or(IpvsServiceKey{}));
  if (command.one_packet) text += " -o";
  if (command.sched_flags != 0) {
    text += fmt::format(" -b {}", ipvs_sched_flag_names(command.scheduler, command.sched_flags));
  }
  if (command.server) {
    const IpvsServer& server = *command.server;
    text += fmt::format(" -r {}:{}", server.addr.bracketed(), server.port);
    if (command.verb != Verb::kDeleteServer) {
      text += fmt::format(" {} -w {}", ipvs_forward_option(server.forward), server.weight);
      if (server.forward == IpvsForward::kTunnel) text += ipvs_tunnel_options(server.tunnel);
      if (server.upper != 0) text += fmt::format(" -x {}", server.upper);
      if (server.lower != 0) text += fmt::format(" -y {}", server.lower);
    }
  }
  if (command.verb == Verb::kSetTimeouts) {
    const IpvsTimeouts& t = command.timeouts;
    text += fmt::format(" {} {} {}", t.tcp, t.tcp_fin, t.udp);
  }
  if (command.daemon) {
    text += daemon_text(*command.daemon, command.verb == Verb::kStartDaemon);
  }
  return text + list_text(command.list);
}

Output ipvs_failure(Verb verb, IpvsErrno error) {
  const bool on_service = verb == Verb::kAddService || verb == Verb::kEditService;
  const bool on_server =
      verb == Verb::kAddServer || verb == Verb::kEditServer || verb == Verb::kDeleteServer;
  std::string_view message;
  switch (error) {
    case IpvsErrno::kEperm: message = "Permission denied (you must be root)"; break;
    case IpvsErrno::kEnoent:
      message = on_service ? "Scheduler or persistence engine not found"
                : on_server && verb != Verb::kAddServer ? "No such destination"
                                                        : "No such file or directory";
      break;
    case IpvsErrno::kEsrch:
      message = verb == Verb::kStopDaemon ? "No daemon is running"
                : on_server               ? "Service not defined"
                : verb == Verb::kAddService || verb == Verb::kClear || verb == Verb::kSetTimeouts
                    ? "No such process"
                    : "No such service";
      break;
    case IpvsErrno::kEnomem: message = "Memory allocation problem"; break;
    case IpvsErrno::kEexist:
      message = verb == Verb::kAddService    ? "Service already exists"
                : verb == Verb::kAddServer   ? "Destination already exists"
                : verb == Verb::kStartDaemon ? "Daemon has already run"
                                             : "File exists";
      break;
    case IpvsErrno::kEinval:
      message = "Invalid operation.  Possibly wrong module version, address not unicast, ...";
      break;
    case IpvsErrno::kEnodev: message = "No such device"; break;
    case IpvsErrno::kEafnosupport:
      message = "Operation not supported with specified address family";
      break;
    case IpvsErrno::kEaddrinuse: message = "Address already in use"; break;
    case IpvsErrno::kEnetunreach: message = "Network is unreachable"; break;
    case IpvsErrno::kErange: message = "Numerical result out of range"; break;
  }
  return failure(std::string(message), verb == Verb::kList || verb == Verb::kSave ? 1 : 255);
}

}  // namespace lvslab::command
