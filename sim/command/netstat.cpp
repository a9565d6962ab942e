#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string>

#include "sim/base/state_names.h"
#include "sim/command/ifconfig.h"
#include "sim/command/names.h"
#include "sim/command/net_tools.h"
#include "sim/command/options.h"
#include "sim/command/usage.h"

namespace lvslab::command {

namespace {

std::string_view proto_label(SocketProto proto) {
  switch (proto) {
    case SocketProto::kTcp: return "tcp";
    case SocketProto::kUdp: return "udp";
    default: return "raw";
  }
}

bool is_listening(const SocketRow& socket) {
  if (socket.proto == SocketProto::kTcp) return socket.state == TcpState::kListen;
  return socket.remote.is_any() && socket.remote_port == 0;
}

std::string port_text(std::uint16_t port, SocketProto proto, bool numeric) {
  if (port == 0) return "*";
  const std::string_view name =
      numeric ? std::string_view() : service_name(port, proto == SocketProto::kUdp ? 17 : 6);
  return name.empty() ? std::to_string(port) : std::string(name);
}

/// An address cut so that it fits 23 columns with its port. Source: netstat.c: addr_do_one().
std::string endpoint(IpAddr addr, std::uint16_t port, const SocketRow& socket,
                     const NetstatCommand& command) {
  std::string host = addr.to_string();
  if (!command.numeric && addr == Ipv4Addr{0x7f00'0001U}) host = "localhost";
  const std::string suffix = ':' + port_text(port, socket.proto, command.numeric);
  if (!command.wide && host.size() + suffix.size() > 23) host.resize(23 - suffix.size());
  return host + suffix;
}

std::string socket_line(const SocketRow& socket, const NetstatCommand& command) {
  std::string_view state;
  if (socket.proto == SocketProto::kTcp) {
    state = name_of(socket.state, "");
  } else if (!is_listening(socket)) {
    state = "ESTABLISHED";
  }
  // The backlog of a listener is ss's business: netstat prints 0.
  const std::uint32_t send_q =
      is_listening(socket) && socket.proto == SocketProto::kTcp ? 0 : socket.send_q;
  std::string out =
      fmt::format("{:<5} {:>6} {:>6} {:<23} {:<23} {:<11}",
                  fmt::format("{}{}", proto_label(socket.proto), socket.local.is_v4() ? "" : "6"),
                  socket.recv_q, send_q, endpoint(socket.local, socket.local_port, socket, command),
                  endpoint(socket.remote, socket.remote_port, socket, command), state);
  if (command.programs) {
    out += fmt::format(" {:<20}",
                       socket.pid == 0
                           ? "-"
                           : fmt::format("{}/{}", socket.pid, socket.program.view()).substr(0, 19));
  }
  return out + '\n';
}

bool wanted(const SocketRow& socket, const NetstatCommand& command) {
  const bool any = command.tcp || command.udp || command.raw;
  const bool proto = !any || (socket.proto == SocketProto::kTcp && command.tcp) ||
                     (socket.proto == SocketProto::kUdp && command.udp) ||
                     (socket.proto == SocketProto::kRaw && command.raw);
  if (!proto) return false;
  if (command.all) return true;
  return is_listening(socket) == command.listening;
}

std::string sockets_text(const HostTables& tables, const NetstatCommand& command) {
  const std::string_view which = command.all         ? "servers and established"
                                 : command.listening ? "only servers"
                                                     : "w/o servers";
  std::string out = fmt::format("Active Internet connections ({})\n", which);
  out += "Proto Recv-Q Send-Q Local Address           Foreign Address         State      ";
  out += command.programs ? " PID/Program name    \n" : "\n";
  // /proc/net/tcp lists listeners before connections; then udp, then raw.
  for (const SocketProto proto : {SocketProto::kTcp, SocketProto::kUdp, SocketProto::kRaw}) {
    for (const bool listeners : {true, false}) {
      for (const bool v4 : {true, false}) {
        for (const SocketRow& socket : tables.sockets) {
          const bool first_pass = socket.proto == SocketProto::kTcp ? is_listening(socket) : true;
          if (socket.proto == proto && first_pass == listeners && socket.local.is_v4() == v4 &&
              wanted(socket, command)) {
            out += socket_line(socket, command);
          }
        }
      }
    }
  }
  if (!command.tcp && !command.udp && !command.raw) {
    out += fmt::format("Active UNIX domain sockets ({})\n", which);
    out += "Proto RefCnt Flags       Type       State         I-Node   ";
    out += command.programs ? "PID/Program name     Path\n" : "Path\n";
  }
  return out;
}

}  // namespace

Parsed<NetstatCommand> parse_netstat(Args args) {
  const std::string usage_text(usage::kNetstat);
  const OptionSpec spec{.tool = "netstat",
                        .letters = "naltuwprWi4",
                        .unmodelled = "cCeFgMNosxvVZSU6AH",
                        .close = "-n -a -l -t -u -w -p -W -r -i",
                        .longs = {{"numeric", 'n'},
                                  {"all", 'a'},
                                  {"listening", 'l'},
                                  {"tcp", 't'},
                                  {"udp", 'u'},
                                  {"raw", 'w'},
                                  {"programs", 'p'},
                                  {"route", 'r'},
                                  {"interfaces", 'i'},
                                  {"wide", 'W'}},
                        .unmodelled_longs = {"timers", "extend", "statistics", "groups",
                                             "continuous", "verbose", "unix"},
                        .usage = usage_text,
                        .status = 3};
  auto options = read_options(args, spec);
  if (!options) return std::unexpected(options.error());
  if (!options->operands.empty()) {
    return std::unexpected(
        not_modelled("netstat", "operand " + options->operands[0], "netstat -natp"));
  }
  NetstatCommand netstat;
  for (const auto& [letter, value] : options->given) {
    switch (letter) {
      case 'n': netstat.numeric = true; break;
      case 'a': netstat.all = true; break;
      case 'l': netstat.listening = true; break;
      case 't': netstat.tcp = true; break;
      case 'u': netstat.udp = true; break;
      case 'w': netstat.raw = true; break;
      case 'p': netstat.programs = true; break;
      case 'W': netstat.wide = true; break;
      case 'r': netstat.mode = NetstatCommand::Mode::kRoutes; break;
      case 'i': netstat.mode = NetstatCommand::Mode::kInterfaces; break;
      default: break;  // -4: there is nothing else
    }
  }
  return netstat;
}

std::string to_text(const NetstatCommand& c) {
  std::string letters;
  if (c.numeric) letters += 'n';
  if (c.all) letters += 'a';
  if (c.listening) letters += 'l';
  if (c.tcp) letters += 't';
  if (c.udp) letters += 'u';
  if (c.raw) letters += 'w';
  if (c.wide) letters += 'W';
  if (c.mode == NetstatCommand::Mode::kRoutes) letters += 'r';
  if (c.mode == NetstatCommand::Mode::kInterfaces) letters += 'i';
  if (c.programs) letters += 'p';
  return letters.empty() ? "netstat" : "netstat -" + letters;
}

Output render_netstat(const HostTables& tables, const NetstatCommand& command) {
  switch (command.mode) {
    case NetstatCommand::Mode::kRoutes:
      return render_route(
          tables,
          {.numeric = command.numeric, .extended = true, .gateway = {}, .dev = {}, .metric = {}});
    case NetstatCommand::Mode::kInterfaces: {
      IfconfigCommand list;
      list.all = command.all;
      list.short_list = true;
      std::string table = render_ifconfig(tables, list).out;
      table.erase(0, table.find('\n') + 1);
      return {
          "Kernel Interface table\n"
          "Iface             MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR "
          "Flg\n" +
              table,
          {},
          0};
    }
    default: return {sockets_text(tables, command), {}, 0};
  }
}

}  // namespace lvslab::command
