#include "sim/command/arping.h"

#include <fmt/core.h>

#include "sim/command/options.h"
#include "sim/command/shell.h"
#include "sim/command/traffic_numbers.h"
#include "sim/command/traffic_usage.h"

namespace lvslab::command {

namespace {

std::unexpected<Output> invalid(std::string_view text) {
  return std::unexpected(failure(fmt::format("arping: invalid argument: '{}'", text), 1));
}

Parsed<bool> apply(ArpingCommand& command, char letter, const std::string& value) {
  using Mode = ArpingCommand::Mode;
  switch (letter) {
    case 'c': {
      const auto count = to_int(value);
      if (!count) return invalid(value);
      if (*count < 1 || *count > INT32_MAX) {
        return std::unexpected(
            failure(fmt::format("arping: invalid argument: '{}': out of range: 1 <= value <= {}",
                                value, INT32_MAX),
                    1));
      }
      command.count = static_cast<std::uint64_t>(*count);
      return true;
    }
    case 'w':
    case 'i': {
      const auto time = parse_decimal_seconds(value);
      if (!time) return invalid(value);
      (letter == 'w' ? command.deadline : command.interval) = *time;
      return true;
    }
    case 'I': command.device = value; return true;
    case 's': command.source = value; return true;
    case 'f': command.quit_on_reply = true; return true;
    case 'q': command.quiet = true; return true;
    case 'b': command.keep_broadcasting = true; return true;
    case 'D': command.mode = Mode::kDuplicate; return true;
    case 'U': command.mode = Mode::kUnsolicited; return true;
    default: command.mode = Mode::kAnswer; return true;
  }
}

}  // namespace

Parsed<ArpingCommand> parse_arping(Args args) {
  static const OptionSpec kSpec{
      .tool = "arping", .letters = "c:w:i:I:s:fqbDUA", .usage = kArpingUsage, .status = 2};
  if (args.size() == 2 && args[1] == "-V") {
    return std::unexpected(Output{.out = "arping from iputils 20221126\n", .err = {}, .status = 0});
  }
  if (args.size() == 2 && args[1] == "-h") {
    return std::unexpected(failure(std::string(kArpingUsage), 2));
  }
  const auto options = read_options(args, kSpec);
  if (!options) return std::unexpected(options.error());
  ArpingCommand command;
  for (const auto& [letter, value] : options->given) {
    if (const auto ok = apply(command, letter, value); !ok) return std::unexpected(ok.error());
  }
  if (options->operands.size() != 1) {
    return std::unexpected(failure(std::string(kArpingUsage), 2));
  }
  command.target = options->operands[0];
  return command;
}

std::string to_text(const ArpingCommand& c) {
  using Mode = ArpingCommand::Mode;
  std::string text = "arping";
  if (c.mode == Mode::kDuplicate) text += " -D";
  if (c.mode == Mode::kUnsolicited) text += " -U";
  if (c.mode == Mode::kAnswer) text += " -A";
  if (c.quit_on_reply) text += " -f";
  if (c.quiet) text += " -q";
  if (c.keep_broadcasting) text += " -b";
  if (c.count != 0) text += fmt::format(" -c {}", c.count);
  if (c.deadline.ns != 0) text += fmt::format(" -w {}", decimal_seconds(c.deadline));
  if (c.interval != ArpingCommand{}.interval) {
    text += fmt::format(" -i {}", decimal_seconds(c.interval));
  }
  if (!c.device.empty()) text += fmt::format(" -I {}", quote_word(c.device));
  if (!c.source.empty()) text += fmt::format(" -s {}", quote_word(c.source));
  append_operands(text, {c.target});
  return text;
}

std::string arping_header(Ipv4Addr target, Ipv4Addr source, std::string_view device) {
  return fmt::format("ARPING {} from {} {}\n", target.to_string(), source.to_string(), device);
}

std::string arping_reply(const ArpingCommand& command, bool broadcast, bool request, Ipv4Addr from,
                         MacAddr from_mac, std::optional<Ipv4Addr> asked_by, SimDuration rtt) {
  if (command.quiet) return {};
  std::string mac;
  for (int shift = 40; shift >= 0; shift -= 8) {
    mac += fmt::format("{}{:02X}", mac.empty() ? "" : ":", from_mac.bits >> shift & 0xff);
  }
  const std::string other = asked_by ? " for " + asked_by->to_string() : "";
  return fmt::format("{} {} from {} [{}]{}  {}.{:03}ms\n", broadcast ? "Broadcast" : "Unicast",
                     request ? "request" : "reply", from.to_string(), mac, other, rtt.us() / 1000,
                     rtt.us() % 1000);
}

std::string arping_summary(const ArpingCommand& command, const ArpingStats& stats) {
  if (command.quiet) return {};
  std::string text = fmt::format("Sent {} probes ({} broadcast(s))\nReceived {} response(s)",
                                 stats.sent, stats.broadcasts, stats.received);
  if (stats.requests_received != 0 || stats.broadcasts_received != 0) {
    text += " (";
    if (stats.requests_received != 0) text += fmt::format("{} request(s)", stats.requests_received);
    if (stats.broadcasts_received != 0) {
      text += fmt::format("{}{} broadcast(s)", stats.requests_received != 0 ? ", " : "",
                          stats.broadcasts_received);
    }
    text += ')';
  }
  return text + '\n';
}

int arping_status(const ArpingCommand& command, const ArpingStats& stats) {
  using Mode = ArpingCommand::Mode;
  switch (command.mode) {
    case Mode::kDuplicate: return stats.received != 0 ? 1 : 0;
    case Mode::kUnsolicited:
    case Mode::kAnswer: return 0;
    case Mode::kAsk: break;
  }
  const bool one_is_enough =
      command.quit_on_reply || (command.deadline.ns != 0 && command.count == 0);
  if (one_is_enough) return stats.received == 0 ? 1 : 0;
  return stats.sent != stats.received ? 1 : 0;
}

Output arping_no_device(std::string_view device) {
  return failure(fmt::format("arping: Device {} not available.", device), 2);
}
Output arping_not_arpable(std::string_view device) {
  return failure(fmt::format("Interface \"{}\" is not ARPable", device), 2);
}
Output arping_device_down(std::string_view device) {
  return failure(fmt::format("Interface \"{}\" is down", device), 2);
}
Output arping_cannot_bind() { return failure("arping: bind: Cannot assign requested address", 2); }
Output arping_cannot_connect() { return failure("arping: connect: Invalid argument", 2); }
Output arping_no_source() { return failure("arping: no source address in not-DAD mode", 2); }
Output arping_unknown_host(std::string_view target, NameError why) {
  return failure(fmt::format("arping: {}: {}", target, text_of(why)), 2);
}

}  // namespace lvslab::command
