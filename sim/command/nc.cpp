#include "sim/command/nc.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "sim/command/options.h"
#include "sim/command/shell.h"
#include "sim/command/traffic_usage.h"

namespace lvslab::command {

namespace {

constexpr std::uint8_t kProtoTcp = 6;
constexpr std::uint8_t kProtoUdp = 17;

std::unexpected<Output> nc_error(std::string_view message) {
  return std::unexpected(failure(fmt::format("nc: {}", message), 1));
}

std::unexpected<Output> show_usage() { return std::unexpected(failure(std::string(kNcUsage), 1)); }

/// strtonum(3): what is wrong with a number, or nothing.
std::string_view wrong_with(std::string_view text, std::int64_t low, std::int64_t high) {
  const auto number = to_int(text);
  if (!number) return "invalid";
  return *number < low ? "too small" : *number > high ? "too large" : "";
}

Parsed<bool> apply(NcCommand& command, char letter, const std::string& value) {
  switch (letter) {
    case 'l': command.listen = true; return true;
    case 'k': command.keep = true; return true;
    case 'u': command.udp = true; return true;
    case 'v': command.verbose = true; return true;
    case 'z': command.zero = true; return true;
    case 'n': command.numeric = true; return true;
    case 'N': command.shut = true; return true;
    case 'd': command.detached = true; return true;
    case '4':
    case '6':  // the last one counts
      command.inet = letter == '4';
      command.inet6 = letter == '6';
      return true;
    case 's': command.source = value; return true;
    case 'p': return true;  // take_operands()
    case 'w': {
      constexpr std::int64_t kMost = INT32_MAX / 1000;
      if (const auto wrong = wrong_with(value, 0, kMost); !wrong.empty()) {
        return nc_error(fmt::format("timeout {}: {}", wrong, value));
      }
      command.wait = static_cast<std::uint32_t>(*to_int(value));
      return true;
    }
    case 'q': {
      if (const auto wrong = wrong_with(value, INT32_MIN, INT32_MAX); !wrong.empty()) {
        return nc_error(fmt::format("quit timer {}: {}", wrong, value));
      }
      command.quit = static_cast<std::int32_t>(*to_int(value));
      return true;
    }
    default: return true;
  }
}

Parsed<std::uint16_t> port_of(const std::string& text, bool udp) {
  if (const auto port = service_port(text, udp ? kProtoUdp : kProtoTcp)) return *port;
  if (const auto wrong = wrong_with(text, 1, 65'535); !wrong.empty()) {
    return nc_error(fmt::format("port number {}: {}", wrong, text));
  }
  return static_cast<std::uint16_t>(*to_int(text));
}

/// "80", "http", "20-25". Source: build_ports().
Parsed<std::vector<std::uint16_t>> ports_of(const std::string& text, const NcCommand& command) {
  const std::size_t dash = text.find('-');
  const bool name = service_port(text, command.udp ? kProtoUdp : kProtoTcp).has_value();
  if (name || dash == std::string::npos) {
    const auto port = port_of(text, command.udp);
    if (!port) return std::unexpected(port.error());
    return std::vector{*port};
  }
  if (command.listen) return nc_error("getaddrinfo: Servname not supported for ai_socktype");
  const auto from = port_of(text.substr(0, dash), command.udp);
  if (!from) return std::unexpected(from.error());
  const auto to = port_of(text.substr(dash + 1), command.udp);
  if (!to) return std::unexpected(to.error());
  std::vector<std::uint16_t> ports;
  const auto [low, high] = std::minmax(*from, *to);
  for (std::uint32_t port = low; port <= high; ++port) {
    ports.push_back(static_cast<std::uint16_t>(port));
  }
  return ports;
}

/// Which operand is what; `given_port`: that of -p. Source: main(), after its options.
Parsed<bool> take_operands(NcCommand& command, const std::vector<std::string>& operands,
                           std::string given_port) {
  const std::size_t count = operands.size();
  const bool own_port = !given_port.empty();
  const bool fits = count == 0   ? command.listen
                    : count == 1 ? !command.listen || !own_port
                                 : count == 2 && !(command.listen && own_port);
  if (!fits) return show_usage();
  std::string port;
  if (count == 0) {
    port = std::exchange(given_port, {});
  } else if (count == 1 && command.listen) {
    port = operands[0];
  } else {
    command.host = operands[0];
    if (count == 2) port = operands[1];
  }
  if (port.empty()) return nc_error("missing port number");
  if (command.listen && command.zero) return nc_error("cannot use -z and -l");
  if (!command.listen && command.keep) return nc_error("must use -l with -k");
  auto ports = ports_of(port, command);
  if (!ports) return std::unexpected(ports.error());
  command.ports = std::move(*ports);
  if (given_port.empty()) return true;
  const auto source = port_of(given_port, command.udp);
  if (!source) return std::unexpected(source.error());
  command.source_port = *source;
  return true;
}

/// " (10.0.0.1)" after a name.
std::string address_beside(const NcCommand& command, IpAddr to) {
  if (command.numeric || to.to_string() == command.host) return {};
  return fmt::format(" ({})", to.to_string());
}

std::string_view protocol_of(const NcCommand& command) { return command.udp ? "udp" : "tcp"; }

}  // namespace

Parsed<NcCommand> parse_nc(Args args) {
  static const OptionSpec kSpec{.tool = "nc",
                                .letters = "lkuvznNd46s:p:w:q:",
                                .unmodelled = "bCDFhiIMmOPrSTtUVWXxZ",
                                .close = "-l -k -u -v -z -n -N -d -4 -6 -p -s -w -q",
                                .usage = kNcUsage,
                                .status = 1};
  const auto options = read_options(args, kSpec);
  if (!options) return std::unexpected(options.error());
  NcCommand command;
  std::string port;
  for (const auto& [letter, value] : options->given) {
    if (const auto ok = apply(command, letter, value); !ok) return std::unexpected(ok.error());
    if (letter == 'p') port = value;
  }
  if (const auto ok = take_operands(command, options->operands, port); !ok) {
    return std::unexpected(ok.error());
  }
  if (command.listen && command.inet6 && command.host.empty()) {
    return std::unexpected(
        not_modelled("nc", "a socket for both versions of IP (-6 -l)", "-6 -l ADDRESS PORT"));
  }
  return command;
}

std::string to_text(const NcCommand& c) {
  std::string text = "nc";
  const std::pair<bool, char> flags[] = {
      {c.listen, 'l'},  {c.keep, 'k'},     {c.udp, 'u'},  {c.verbose, 'v'}, {c.zero, 'z'},
      {c.numeric, 'n'}, {c.detached, 'd'}, {c.shut, 'N'}, {c.inet, '4'},    {c.inet6, '6'}};
  for (const auto& [given, letter] : flags) {
    if (given) text += fmt::format(" -{}", letter);
  }
  if (c.quit) text += fmt::format(" -q {}", *c.quit);
  if (c.wait) text += fmt::format(" -w {}", *c.wait);
  if (!c.source.empty()) text += fmt::format(" -s {}", quote_word(c.source));
  if (c.source_port != 0) text += fmt::format(" -p {}", c.source_port);
  std::vector<std::string> operands;
  if (!c.host.empty()) operands.push_back(c.host);
  operands.push_back(c.ports.size() == 1 ? fmt::format("{}", c.ports.front())
                                         : fmt::format("{}-{}", c.ports.front(), c.ports.back()));
  append_operands(text, operands);
  return text;
}

std::string nc_listening(std::string_view name, std::uint16_t port) {
  return fmt::format("Listening on {} {}\n", name, port);
}

std::string nc_received(std::string_view name, std::uint16_t port) {
  return fmt::format("Connection received on {} {}\n", name, port);
}

std::string nc_no_name() { return "nc: getnameinfo: Temporary failure in name resolution\n"; }

std::string nc_connected(const NcCommand& command, IpAddr to, std::uint16_t port) {
  const std::string_view known = command.numeric
                                     ? std::string_view{}
                                     : service_name(port, command.udp ? kProtoUdp : kProtoTcp);
  return fmt::format("Connection to {}{} {} port [{}/{}] succeeded!\n", command.host,
                     address_beside(command, to), port, protocol_of(command),
                     known.empty() ? "*" : known);
}

std::string nc_connect_failed(const NcCommand& command, IpAddr to, std::uint16_t port,
                              std::string_view strerror_text) {
  return fmt::format("nc: connect to {}{} port {} ({}) failed: {}\n", command.host,
                     address_beside(command, to), port, protocol_of(command), strerror_text);
}

std::string nc_connect_timed_out(const NcCommand& command, IpAddr to, std::uint16_t port) {
  return fmt::format("nc: connect to {}{} port {} ({}) timed out: Operation now in progress\n",
                     command.host, address_beside(command, to), port, protocol_of(command));
}

Output nc_bind_failed(std::string_view strerror_text) {
  return failure(fmt::format("nc: bind failed: {}", strerror_text), 1);
}

Output nc_unknown_host(const NcCommand& command, std::uint16_t port, NameError why) {
  return failure(
      fmt::format("nc: getaddrinfo for host \"{}\" port {}: {}", command.host, port, text_of(why)),
      1);
}

}  // namespace lvslab::command
