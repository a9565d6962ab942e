#include "sim/command/ncat.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "sim/command/options.h"
#include "sim/command/shell.h"

namespace lvslab::command {

namespace {

// Letters for options that have none.
constexpr char kSctpFlag = '\1', kSendOnly = '\2', kRecvOnly = '\3', kVersionFlag = '\4';

constexpr std::string_view kNcatClose =
    "--sctp -l -k -c -e -p -s -n -v -w -i -z --send-only --recv-only";

std::unexpected<Output> quits(std::string_view what) { return std::unexpected(ncat_quits(what)); }

/// "5", "5s", "500ms", "2m", "1h"; fractions as well. Source: nbase tval2msecs().
std::optional<std::int64_t> milliseconds(std::string_view text, bool& has_unit) {
  struct Unit {
    std::string_view name;
    std::int64_t ms;
  };
  static constexpr std::array kUnits{Unit{"ms", 1}, Unit{"s", 1'000}, Unit{"m", 60'000},
                                     Unit{"h", 3'600'000}};
  std::int64_t unit = 1'000;
  has_unit = false;
  for (const Unit& known : kUnits) {
    if (!text.ends_with(known.name)) continue;
    text.remove_suffix(known.name.size());
    unit = known.ms;
    has_unit = true;
    break;
  }
  const std::size_t dot = text.find('.');
  const auto whole = to_int(dot == 0 ? "0" : text.substr(0, dot));
  if (!whole || *whole > INT32_MAX) return std::nullopt;
  std::int64_t ms = *whole * unit;
  if (dot == std::string_view::npos) return ms;
  std::int64_t share = unit;
  for (const char c : text.substr(dot + 1)) {
    if (c < '0' || c > '9') return std::nullopt;
    share /= 10;
    ms += (c - '0') * share;
  }
  return ms;
}

/// Source: parse_timespec().
Parsed<SimDuration> time_of(const std::string& text, std::string_view option) {
  bool has_unit = false;
  const auto ms = milliseconds(text, has_unit);
  if (!ms || *ms <= 0 || *ms > INT32_MAX) {
    return quits(fmt::format("Invalid {} \"{}\" (must be greater than 0 and less than {}s)", option,
                             text, INT32_MAX / 1000));
  }
  constexpr std::int64_t kSuspicious = 100'000;
  if (*ms >= kSuspicious && !has_unit) {
    const std::int64_t tenths = (*ms + 3'000) / 6'000;
    return quits(
        fmt::format("Since April 2010, the default unit for {} is seconds, so your time of \"{}\" "
                    "is {}.{} minutes. Use \"{}ms\" for {} milliseconds",
                    option, text, tenths / 10, tenths % 10, text, text));
  }
  return SimDuration{*ms * 1'000'000};
}

Parsed<std::uint16_t> port_of_ncat(const std::string& text) {
  const auto port = to_int(text);
  if (!port || *port < 1 || *port > 65'535) {
    return quits(fmt::format("Invalid port number \"{}\"", text));
  }
  return static_cast<std::uint16_t>(*port);
}

Parsed<bool> take_run(NcatCommand& command, const std::string& line, bool by_shell) {
  if (!command.run.empty()) {
    return quits("Only one of --exec, --sh-exec, and --lua-exec is allowed");
  }
  command.run = line;
  command.run_by_shell = by_shell;
  return true;
}

struct NcatGiven {
  bool sctp = false, keep = false;
};

Parsed<bool> apply_ncat(NcatCommand& command, NcatGiven& given, char letter,
                        const std::string& value) {
  switch (letter) {
    case kSctpFlag: given.sctp = true; return true;
    case kSendOnly: command.send_only = true; return true;
    case kRecvOnly: command.recv_only = true; return true;
    case kVersionFlag: command.version = true; return true;
    case 'l': command.listen = true; return true;
    case 'k': given.keep = true; return true;
    case 'v': command.verbose = true; return true;
    case 'z': command.zero = true; return true;
    case 'n': command.numeric = true; return true;
    case 'c':
    case 'e': return take_run(command, value, letter == 'c');
    case 's': command.source = value; return true;
    case 'p': {
      const auto port = to_int(value);
      if (!port) return quits(fmt::format("Invalid source port number \"{}\"", value));
      if (*port < 0 || *port > 65'535) return quits(fmt::format("Invalid source port {}", *port));
      command.source_port = static_cast<std::uint16_t>(*port);
      return true;
    }
    case 'w':
    case 'i': {
      const auto time = time_of(value, letter == 'w' ? "-w timeout" : "-i timeout");
      if (!time) return std::unexpected(time.error());
      (letter == 'w' ? command.wait : command.idle) = *time;
      return true;
    }
    default: return true;  // -4
  }
}

Parsed<bool> take_ncat_operands(NcatCommand& command, const std::vector<std::string>& operands) {
  std::string port;
  // Of a listener a number is the port, anything else its address.
  std::size_t at = 0;
  const bool number_first = command.listen && !operands.empty() &&
                            operands[0].find_first_not_of("0123456789") == std::string::npos;
  if (!operands.empty() && !number_first) command.host = operands[at++];
  if (operands.size() > at + 1) {
    return quits(
        fmt::format("Got more than one port specification: {} {}", operands[at], operands[at + 1]));
  }
  if (at < operands.size()) port = operands[at];
  if (command.host.contains(':')) {
    return std::unexpected(not_modelled("ncat", "SCTP over IPv6", "an IPv4 address"));
  }
  if (!command.listen && command.host.empty()) {
    return quits("You must specify a host to connect to");
  }
  if (port.empty()) {
    if (command.listen && command.source_port != 0) command.port = command.source_port;
    return true;
  }
  const auto number = port_of_ncat(port);
  if (!number) return std::unexpected(number.error());
  command.port = *number;
  return true;
}

std::string time_text(SimDuration time) { return fmt::format("{}ms", time.ms()); }

}  // namespace

Parsed<NcatCommand> parse_ncat(Args args) {
  static const OptionSpec kSpec{
      .tool = "ncat",
      .letters = "4lkvznc:e:p:s:w:i:",
      .unmodelled = "6UCgGmdoxtuh",
      .close = kNcatClose,
      .longs = {{"sctp", kSctpFlag},
                {"send-only", kSendOnly},
                {"recv-only", kRecvOnly},
                {"version", kVersionFlag},
                {"listen", 'l'},
                {"keep-open", 'k'},
                {"verbose", 'v'},
                {"nodns", 'n'},
                {"sh-exec", 'c', true},
                {"exec", 'e', true},
                {"source-port", 'p', true},
                {"source", 's', true},
                {"wait", 'w', true},
                {"idle-timeout", 'i', true}},
      .unmodelled_longs = {"unixsock",    "vsock",         "crlf",          "lua-exec",
                           "max-conns",   "help",          "delay",         "output",
                           "hex-dump",    "append-output", "telnet",        "udp",
                           "no-shutdown", "allow",         "allowfile",     "deny",
                           "denyfile",    "broker",        "chat",          "talk",
                           "proxy",       "proxy-type",    "proxy-auth",    "proxy-dns",
                           "ssl",         "ssl-cert",      "ssl-key",       "ssl-verify",
                           "ssl-alpn",    "ssl-ciphers",   "ssl-trustfile", "ssl-servername"},
      .usage =
          "Ncat: Try `--help' or man(1) ncat for more information, usage options and help. "
          "QUITTING.\n",
      .status = 2};
  const auto options = read_options(args, kSpec);
  if (!options) return std::unexpected(options.error());
  NcatCommand command;
  NcatGiven given;
  for (const auto& [letter, value] : options->given) {
    if (const auto ok = apply_ncat(command, given, letter, value); !ok) {
      return std::unexpected(ok.error());
    }
  }
  if (command.version) return command;
  if (!given.sctp) return std::unexpected(not_modelled("ncat", "TCP", "ncat --sctp, or nc"));
  if (const auto ok = take_ncat_operands(command, options->operands); !ok) {
    return std::unexpected(ok.error());
  }
  if (given.keep && !command.listen) {
    return quits("Invalid option combination: `--keep-open' with connect");
  }
  if (command.listen && !given.keep) {
    return std::unexpected(not_modelled("ncat", "--sctp -l for one connection alone", "-l -k"));
  }
  if (command.listen && command.zero) {
    return std::unexpected(
        failure("Ncat: Services designed for LISTENING can't be used with -z QUITTING.", 2));
  }
  return command;
}

std::string to_text(const NcatCommand& c) {
  if (c.version) return "ncat --version";
  std::string text = "ncat --sctp";
  const std::pair<bool, std::string_view> flags[] = {{c.listen, " -l -k"},
                                                     {c.verbose, " -v"},
                                                     {c.zero, " -z"},
                                                     {c.numeric, " -n"},
                                                     {c.send_only, " --send-only"},
                                                     {c.recv_only, " --recv-only"}};
  for (const auto& [given, option] : flags) {
    if (given) text += option;
  }
  if (c.wait) text += " -w " + time_text(*c.wait);
  if (c.idle) text += " -i " + time_text(*c.idle);
  if (!c.source.empty()) text += " -s " + quote_word(c.source);
  if (c.source_port != 0) text += fmt::format(" -p {}", c.source_port);
  if (!c.run.empty()) text += fmt::format(" -{} {}", c.run_by_shell ? 'c' : 'e', quote_word(c.run));
  std::vector<std::string> operands;
  if (!c.host.empty()) operands.push_back(c.host);
  operands.push_back(fmt::format("{}", c.port));
  append_operands(text, operands);
  return text;
}

std::string ncat_banner() { return "Ncat: Version 7.93 ( https://nmap.org/ncat )\n"; }

std::string ncat_says(std::string_view what) { return fmt::format("Ncat: {}.\n", what); }

Output ncat_quits(std::string_view what) {
  return failure(fmt::format("Ncat: {}. QUITTING.", what), 2);
}

std::string ncat_summary(std::uint64_t sent, std::uint64_t received, SimDuration took) {
  const std::int64_t hundredths = (took.ns + 5'000'000) / 10'000'000;
  return fmt::format("Ncat: {} bytes sent, {} bytes received in {}.{:02} seconds.\n", sent,
                     received, hundredths / 100, hundredths % 100);
}

}  // namespace lvslab::command
