#include "sim/command/ab.h"

#include <fmt/core.h>

#include <algorithm>

#include "sim/command/options.h"
#include "sim/command/shell.h"
#include "sim/command/traffic_numbers.h"
#include "sim/command/traffic_usage.h"

namespace lvslab::command {

namespace {

constexpr std::uint32_t kMaxConcurrency = 20'000;

std::unexpected<Output> usage(std::string_view message) {
  return std::unexpected(failure(fmt::format("ab: {}\n{}", message, kAbUsage), 22));
}

/// atoi(3): leading digits, else 0.
std::int64_t leading_number(std::string_view text) {
  std::int64_t value = 0;
  for (const char c : text.substr(0, 9)) {
    if (c < '0' || c > '9') break;
    value = value * 10 + (c - '0');
  }
  return value;
}

Parsed<bool> apply(AbCommand& command, char letter, const std::string& value) {
  switch (letter) {
    case 'n': {
      const std::int64_t requests = leading_number(value);
      if (requests <= 0) return std::unexpected(failure("Invalid number of requests\n\n", 1));
      command.requests = static_cast<std::uint32_t>(requests);
      return true;
    }
    case 'c': command.concurrency = static_cast<std::uint32_t>(leading_number(value)); return true;
    case 't':
      command.time_limit = SimDuration{leading_number(value) * 1'000'000'000};
      command.requests = 50'000;
      return true;
    case 's': command.timeout = SimDuration{leading_number(value) * 1'000'000'000}; return true;
    case 'k': command.keep_alive = true; return true;
    case 'q': command.quiet = true; return true;
    case 'r': command.ignore_errors = true; return true;
    case 'd': command.no_percentiles = true; return true;
    case 'S': command.no_confidence = true; return true;
    case 'l': command.variable_length = true; return true;
    case 'i': command.head = true; return true;
    default: command.headers.push_back(value); return true;
  }
}

/// parse_url(): [http://]HOST[:PORT]/PATH; the slash is required.
Parsed<bool> read_url(AbCommand& command, std::string_view url) {
  if (url.starts_with("https://")) {
    return std::unexpected(not_modelled("ab", "https://", "http://"));
  }
  if (url.starts_with("http://")) url.remove_prefix(7);
  const std::size_t slash = url.find('/');
  if (slash == std::string_view::npos || slash == 0) return usage("invalid URL");
  command.path = std::string(url.substr(slash));
  const std::string_view authority = url.substr(0, slash);
  const std::size_t colon = authority.rfind(':');
  command.host = std::string(authority);
  if (colon == std::string_view::npos || colon + 1 == authority.size()) return true;
  const auto port = to_int(authority.substr(colon + 1));
  if (!port || *port < 1 || *port > 65535) return usage("invalid URL");
  command.host = std::string(authority.substr(0, colon));
  command.port = static_cast<std::uint16_t>(*port);
  command.port_given = command.port != 80;
  return true;
}

std::uint64_t progress_step(const AbCommand& command) {
  if (command.quiet || command.requests <= 150) return 0;
  return std::max<std::uint64_t>(100, command.requests / 10);
}

std::string total_line(std::uint64_t completed) {
  return completed == 0 ? "" : fmt::format("Total of {} requests completed\n", completed);
}

std::string_view errno_text(int error_number) {
  switch (error_number) {
    case 101: return "Network is unreachable";
    case 104: return "Connection reset by peer";
    case 110: return "Connection timed out";
    case 111: return "Connection refused";
    case 113: return "No route to host";
    default: return "Unknown error";
  }
}

}  // namespace

Parsed<AbCommand> parse_ab(Args args) {
  static const OptionSpec kSpec{.tool = "ab",
                                .letters = "n:c:t:s:kqrdSliH:",
                                .unmodelled = "bBpuTvwxyzCAPXgemIZfE",
                                .close = "-n -c -t -s -k -q -r",
                                .usage = kAbUsage,
                                .status = 22,
                                .operands_end_options = true};
  if (args.size() == 2 && args[1] == "-V") {
    return std::unexpected(Output{.out = ab_banner(), .err = {}, .status = 0});
  }
  if (args.size() == 2 && args[1] == "-h") {
    return std::unexpected(failure(std::string(kAbUsage), 22));
  }
  const auto options = read_options(args, kSpec);
  if (!options) return std::unexpected(options.error());
  AbCommand command;
  for (const auto& [letter, value] : options->given) {
    if (const auto ok = apply(command, letter, value); !ok) return std::unexpected(ok.error());
  }
  if (options->operands.size() != 1) return usage("wrong number of arguments");
  if (const auto ok = read_url(command, options->operands[0]); !ok) {
    return std::unexpected(ok.error());
  }
  if (command.concurrency > kMaxConcurrency) {
    return usage(fmt::format("Invalid Concurrency [Range 0..{}]", kMaxConcurrency));
  }
  if (command.concurrency > command.requests) {
    return usage("Cannot use concurrency level greater than total number of requests");
  }
  if (command.concurrency == 0) {
    return std::unexpected(Output{.out = ab_banner() + ab_start_line(command),
                                  .err = "apr_pollset_poll: Invalid argument (22)\n",
                                  .status = 22});
  }
  return command;
}

std::string to_text(const AbCommand& c) {
  const AbCommand plain;
  std::string text = "ab";
  const auto flag = [&text](bool on, char letter) {
    if (on) text += fmt::format(" -{}", letter);
  };
  flag(c.keep_alive, 'k');
  flag(c.quiet, 'q');
  flag(c.ignore_errors, 'r');
  flag(c.no_percentiles, 'd');
  flag(c.no_confidence, 'S');
  flag(c.variable_length, 'l');
  flag(c.head, 'i');
  if (c.time_limit.ns != 0) text += fmt::format(" -t {}", c.time_limit.seconds());
  text += fmt::format(" -n {} -c {}", c.requests, c.concurrency);
  if (c.timeout != plain.timeout) text += fmt::format(" -s {}", c.timeout.seconds());
  for (const std::string& header : c.headers) text += fmt::format(" -H {}", quote_word(header));
  const std::string port = c.port_given ? fmt::format(":{}", c.port) : "";
  return text + ' ' + quote_word(fmt::format("http://{}{}{}", c.host, port, c.path));
}

std::string ab_request(const AbCommand& command) {
  std::string text = fmt::format("{} {} HTTP/1.0\r\n", command.head ? "HEAD" : "GET", command.path);
  if (command.keep_alive) text += "Connection: Keep-Alive\r\n";
  std::string own;
  bool host = false;
  bool agent = false;
  bool accept = false;
  for (const std::string& header : command.headers) {
    own += fmt::format("{}\r\n", header);
    host = host || header.starts_with("Host:");
    agent = agent || header.starts_with("User-Agent:");
    accept = accept || header.starts_with("Accept:");
  }
  text += own;
  if (!host) {
    text += fmt::format("Host: {}{}\r\n", command.host,
                        command.port_given ? fmt::format(":{}", command.port) : "");
  }
  if (!agent) text += "User-Agent: ApacheBench/2.3\r\n";
  if (!accept) text += "Accept: */*\r\n";
  return text + "\r\n";
}

std::string ab_banner() {
  return "This is ApacheBench, Version 2.3 <$Revision$>\n"
         "Copyright 1996 Adam Twiss, Zeus Technology Ltd, http://www.zeustech.net/\n"
         "Licensed to The Apache Software Foundation, http://www.apache.org/\n\n";
}

std::string ab_start_line(const AbCommand& command) {
  return fmt::format("Benchmarking {} (be patient){}", command.host,
                     progress_step(command) != 0 ? "\n" : "...");
}

std::string ab_progress(const AbCommand& command, std::uint64_t completed) {
  const std::uint64_t step = progress_step(command);
  if (step == 0 || completed == 0 || completed % step != 0) return {};
  return fmt::format("Completed {} requests\n", completed);
}

std::string ab_finished(const AbCommand& command, std::uint64_t completed) {
  if (progress_step(command) == 0) return "..done\n";
  return fmt::format("Finished {} requests\n", completed);
}

Output ab_recv_failed(int error_number, std::uint64_t completed) {
  return {.out = total_line(completed),
          .err = fmt::format("apr_socket_recv: {} ({})\n", errno_text(error_number), error_number),
          .status = error_number};
}
Output ab_connect_failed(int error_number, std::uint64_t completed) {
  return {.out = total_line(completed),
          .err = fmt::format("\nTest aborted after 10 failures\n\napr_socket_connect(): {} ({})\n",
                             errno_text(error_number), error_number),
          .status = error_number};
}
Output ab_poll_timeout(std::uint64_t completed) {
  return {.out = total_line(completed),
          .err = "apr_pollset_poll: The timeout specified has expired (70007)\n",
          .status = 70007 & 0xff};
}
Output ab_unknown_host(std::string_view host, NameError why) {
  const int error = 670'000 - gai_number(why);  // APR_OS_START_EAIERR
  return {
      .out = {},
      .err = fmt::format("apr_sockaddr_info_get() for {}: {} ({})\n", host, text_of(why), error),
      .status = error & 0xff};
}

}  // namespace lvslab::command
