#include "sim/command/timeout.h"

#include <fmt/core.h>

#include <span>

#include "sim/command/basic.h"
#include "sim/command/options.h"
#include "sim/command/shell.h"
#include "sim/command/traffic_numbers.h"

namespace lvslab::command {

namespace {

constexpr int kCanceled = 125;

std::unexpected<Output> timeout_error(std::string_view message) {
  const std::string first = message.empty() ? "" : fmt::format("timeout: {}\n", message);
  return std::unexpected(failure(first + try_help("timeout"), kCanceled));
}

}  // namespace

Parsed<TimeoutCommand> parse_timeout(Args args) {
  static const OptionSpec kSpec{.tool = "timeout",
                                .letters = "s:k:",
                                .unmodelled = "v",
                                .close = "-s, -k, --preserve-status, --foreground",
                                .longs = {{"signal", 's', true},
                                          {"kill-after", 'k', true},
                                          {"preserve-status", 'p'},
                                          {"foreground", 'f'}},
                                .unmodelled_longs = {"verbose", "help", "version"},
                                .usage = "Try 'timeout --help' for more information.\n",
                                .status = kCanceled,
                                .operands_end_options = true};
  const auto options = read_options(args, kSpec);
  if (!options) return std::unexpected(options.error());
  TimeoutCommand command;
  for (const auto& [letter, value] : options->given) {
    if (letter == 'p') command.preserve_status = true;
    if (letter == 'k' && !parse_interval(value)) {
      return timeout_error(fmt::format("invalid time interval '{}'", value));
    }
    if (letter != 's') continue;
    const auto signal = parse_signal(value);
    if (!signal) return timeout_error(fmt::format("'{}': invalid signal", value));
    command.signal = *signal;
  }
  const std::vector<std::string>& operands = options->operands;
  if (operands.size() < 2) return timeout_error({});
  const auto limit = parse_interval(operands[0]);
  if (!limit) return timeout_error(fmt::format("invalid time interval '{}'", operands[0]));
  command.limit = *limit;
  command.args.assign(operands.begin() + 1, operands.end());
  return command;
}

std::string to_text(const TimeoutCommand& c) {
  std::string text = "timeout";
  if (c.preserve_status) text += " --preserve-status";
  if (c.signal != TimeoutCommand{}.signal) text += fmt::format(" -s {}", c.signal);
  return fmt::format("{} {} {}", text, decimal_seconds(c.limit), join_words(c.args));
}

Output timeout_cannot_run(const TimeoutCommand& command) {
  return failure(fmt::format("timeout: failed to run command '{}': No such file or directory",
                             command.args.front()),
                 127);
}

}  // namespace lvslab::command
