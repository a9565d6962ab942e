#include "sim/command/tcpdump.h"

#include <fmt/core.h>

#include "sim/command/options.h"
#include "sim/command/shell.h"
#include "sim/command/traffic_usage.h"

namespace lvslab::command {

namespace {

std::unexpected<Output> tcpdump_error(std::string_view message) {
  return std::unexpected(failure(fmt::format("tcpdump: {}", message), 1));
}

Parsed<bool> apply(TcpdumpCommand& command, char letter, const std::string& value) {
  switch (letter) {
    case 'i': command.interface = value; return true;
    case 'w': command.write_file = value; return true;
    case 'r': command.read_file = value; return true;
    case 'c': {
      const auto count = to_int(value);
      if (!count || *count <= 0 || *count > INT32_MAX) {
        return tcpdump_error(fmt::format("invalid packet count {}", value));
      }
      command.count = static_cast<std::uint32_t>(*count);
      return true;
    }
    case 's': {
      const auto length = to_int(value);
      if (!length || *length < 0 || *length > 262'144) {
        return tcpdump_error(fmt::format("invalid snaplen {} (must be >= 0 and <= 262144)", value));
      }
      command.snaplen = *length == 0 ? 262'144 : static_cast<std::uint32_t>(*length);
      return true;
    }
    case 'n': ++command.no_names; return true;
    case 'v': ++command.verbose; return true;
    case 't': ++command.time_format; return true;
    case 'x': ++command.hex; return true;
    case 'X': ++command.hex_ascii; return true;
    case 'e': command.link_header = true; return true;
    case 'q': command.quick = true; return true;
    case 'l': command.line_buffered = true; return true;
    case 'S': command.absolute_seq = true; return true;
    case 'p': command.no_promisc = true; return true;
    case 'U': command.packet_buffered = true; return true;
    default: command.ascii = true; return true;
  }
}

}  // namespace

Parsed<TcpdumpCommand> parse_tcpdump(Args args) {
  static const OptionSpec kSpec{.tool = "tcpdump",
                                .letters = "i:w:r:c:s:nvtxXeqlSpUA",
                                .unmodelled = "bBCdDEfFGHIjJKLmMNOQTuVWyzZ#",
                                .close = "-n -e -i -c -v -q -t -w -r",
                                .longs = {{"interface", 'i', true},
                                          {"snapshot-length", 's', true},
                                          {"no-promiscuous-mode", 'p'},
                                          {"packet-buffered", 'U'},
                                          {"absolute-tcp-sequence-numbers", 'S'}},
                                .usage = kTcpdumpUsage,
                                .status = 1};
  if (args.size() == 2 && (args[1] == "--help" || args[1] == "-h" || args[1] == "--version")) {
    const std::string_view text = kTcpdumpUsage;
    const auto end = args[1] == "--version" ? text.find("Usage") : std::string_view::npos;
    return std::unexpected(Output{.out = std::string(text.substr(0, end)), .err = {}, .status = 0});
  }
  const auto options = read_options(args, kSpec);
  if (!options) return std::unexpected(options.error());
  TcpdumpCommand command;
  for (const auto& [letter, value] : options->given) {
    if (const auto ok = apply(command, letter, value); !ok) return std::unexpected(ok.error());
  }
  if (command.time_format > 5)
    return tcpdump_error("only -t, -tt, -ttt, -tttt and -ttttt are supported");
  if (command.time_format == 5) {
    return std::unexpected(not_modelled("tcpdump", "option -ttttt", "-ttt"));
  }
  for (const std::string& word : options->operands) {
    command.filter += (command.filter.empty() ? "" : " ") + word;
  }
  return command;
}

std::string to_text(const TcpdumpCommand& c) {
  std::string text = "tcpdump";
  const auto repeat = [&text](std::size_t times, char letter) {
    if (times > 0) text += " -" + std::string(times, letter);
  };
  const auto value = [&text](const std::string& v, std::string_view option) {
    if (!v.empty()) text += fmt::format(" {} {}", option, quote_word(v));
  };
  repeat(c.no_names, 'n');
  repeat(c.verbose, 'v');
  repeat(c.time_format, 't');
  repeat(c.hex, 'x');
  repeat(c.hex_ascii, 'X');
  repeat(c.link_header ? 1 : 0, 'e');
  repeat(c.quick ? 1 : 0, 'q');
  repeat(c.line_buffered ? 1 : 0, 'l');
  repeat(c.absolute_seq ? 1 : 0, 'S');
  repeat(c.no_promisc ? 1 : 0, 'p');
  repeat(c.packet_buffered ? 1 : 0, 'U');
  repeat(c.ascii ? 1 : 0, 'A');
  value(c.interface, "-i");
  if (c.count != 0) text += fmt::format(" -c {}", c.count);
  if (c.snaplen != TcpdumpCommand{}.snaplen) text += fmt::format(" -s {}", c.snaplen);
  value(c.write_file, "-w");
  value(c.read_file, "-r");
  if (!c.filter.empty()) append_operands(text, {c.filter});
  return text;
}

std::string tcpdump_banner(const TcpdumpCommand& command, std::string_view interface,
                           std::string_view link_type) {
  const std::string tail =
      fmt::format("link-type {}, snapshot length {}", link_type, command.snaplen);
  if (!command.read_file.empty()) {
    return fmt::format("reading from file {}, {}\n", command.read_file, tail);
  }
  std::string text;
  if (interface == "any") text += "tcpdump: data link type LINUX_SLL2\n";
  if (command.verbose == 0 && command.write_file.empty()) {
    text += "tcpdump: verbose output suppressed, use -v[v]... for full protocol decode\n";
  } else {
    text += "tcpdump: ";
  }
  return text + fmt::format("listening on {}, {} bytes\n", interface, tail);
}

std::string tcpdump_counters(std::uint64_t captured, std::uint64_t received,
                             std::uint64_t dropped) {
  const auto line = [](std::uint64_t n, std::string_view what) {
    return fmt::format("{} packet{} {}\n", n, n == 1 ? "" : "s", what);
  };
  return line(captured, "captured") + line(received, "received by filter") +
         line(dropped, "dropped by kernel");
}

Output tcpdump_no_device(std::string_view interface) {
  return failure(
      fmt::format("tcpdump: {}: No such device exists\n(No such device exists)", interface), 1);
}
Output tcpdump_bad_filter(std::string_view message) {
  const bool syntax = message.ends_with("syntax error");
  return failure(
      fmt::format("tcpdump: {}{}",
                  syntax && !message.starts_with("can't") ? "can't parse filter expression: " : "",
                  message),
      1);
}
Output tcpdump_no_file(std::string_view path) {
  return failure(fmt::format("tcpdump: {}: No such file or directory", path), 1);
}

}  // namespace lvslab::command
