#include "sim/command/ping.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "sim/command/options.h"
#include "sim/command/shell.h"
#include "sim/command/traffic_numbers.h"
#include "sim/command/traffic_usage.h"

namespace lvslab::command {

namespace {

/// strtol_or_err() of iputils.
Parsed<std::int64_t> number(std::string_view text, std::int64_t low, std::int64_t high) {
  const auto value = to_int(text);
  if (!value) {
    return std::unexpected(failure(fmt::format("ping: invalid argument: '{}'", text), 1));
  }
  if (*value < low || *value > high) {
    return std::unexpected(
        failure(fmt::format("ping: invalid argument: '{}': out of range: {} <= value <= {}", text,
                            low, high),
                1));
  }
  return *value;
}

Parsed<bool> apply(PingCommand& command, char letter, const std::string& value) {
  const auto store = [&value](auto& target, std::int64_t low, std::int64_t high) -> Parsed<bool> {
    const auto n = number(value, low, high);
    if (!n) return std::unexpected(n.error());
    target = static_cast<std::remove_reference_t<decltype(target)>>(*n);
    return true;
  };
  switch (letter) {
    case 'c': return store(command.count, 1, INT64_MAX);
    case 's': return store(command.size, 0, 65'507);
    case 't': return store(command.ttl, 0, 255);
    case 'w': {
      std::int64_t seconds = 0;
      const Parsed<bool> ok = store(seconds, 0, INT32_MAX);
      command.deadline = SimDuration{seconds * 1'000'000'000};
      return ok;
    }
    case 'i':
    case 'W': {
      const auto time = parse_decimal_seconds(value);
      if (!time) {
        const std::string_view what = letter == 'i' ? "timing interval" : "linger time";
        return std::unexpected(failure(fmt::format("ping: bad {}: {}", what, value), 2));
      }
      (letter == 'i' ? command.interval : command.timeout) = *time;
      command.timeout_given = command.timeout_given || letter == 'W';
      return true;
    }
    case 'M':
      if (value == "do") {
        command.pmtud = PingCommand::Pmtud::kDo;
      } else if (value == "dont") {
        command.pmtud = PingCommand::Pmtud::kDont;
      } else if (value == "want") {
        command.pmtud = PingCommand::Pmtud::kWant;
      } else {
        return std::unexpected(failure(fmt::format("ping: invalid -M argument: {}", value), 2));
      }
      return true;
    case 'I': command.interface = value; return true;
    case 'q': command.quiet = true; return true;
    case 'n': command.numeric = true; return true;
    case 'O': command.report_outstanding = true; return true;
    case 'D': command.timestamps = true; return true;
    case 'b': command.broadcast = true; return true;
    case '4': command.inet = true; return true;
    case '6': command.inet6 = true; return true;
    default: return true;
  }
}

std::string trip_time(std::int64_t us) {
  if (us >= 100'000 - 50) return fmt::format("{} ms", (us + 500) / 1000);
  if (us >= 10'000 - 5) return fmt::format("{}.{:01} ms", (us + 50) / 1000, (us + 50) % 1000 / 100);
  if (us >= 1'000) return fmt::format("{}.{:02} ms", (us + 5) / 1000, (us + 5) % 1000 / 10);
  return fmt::format("{}.{:03} ms", us / 1000, us % 1000);
}

std::string unreachable_text(std::uint8_t code, std::uint32_t info) {
  switch (code) {
    case 0: return "Destination Net Unreachable";
    case 1: return "Destination Host Unreachable";
    case 2: return "Destination Protocol Unreachable";
    case 3: return "Destination Port Unreachable";
    case 4: return fmt::format("Frag needed and DF set (mtu = {})", info);
    case 5: return "Source Route Failed";
    case 6: return "Destination Net Unknown";
    case 7: return "Destination Host Unknown";
    case 8: return "Source Host Isolated";
    case 9: return "Destination Net Prohibited";
    case 10: return "Destination Host Prohibited";
    case 11: return "Destination Net Unreachable for Type of Service";
    case 12: return "Destination Host Unreachable for Type of Service";
    case 13: return "Packet filtered";
    case 14: return "Precedence Violation";
    case 15: return "Precedence Cutoff";
    default: return fmt::format("Dest Unreachable, Bad Code: {}", code);
  }
}

std::string redirect_text(std::uint8_t code, std::uint32_t gateway) {
  std::string_view what = "Redirect, Bad Code";
  if (code == 0) what = "Redirect Network";
  if (code == 1) what = "Redirect Host";
  if (code == 2) what = "Redirect Type of Service and Network";
  if (code == 3) what = "Redirect Type of Service and Host";
  return fmt::format("{}(New nexthop: {})", what, Ipv4Addr{gateway}.to_string());
}

}  // namespace

Parsed<PingCommand> parse_ping(Args args) {
  static const OptionSpec kSpec{.tool = "ping",
                                .letters = "c:i:W:w:s:I:t:M:qnODb46",
                                .unmodelled = "aABCdefLlmpQRSTUvFN",
                                .close = "-c -i -W -w -s -I -q -n -t -M",
                                .usage = kPingUsage,
                                .status = 2};
  if (args.size() == 2 && (args[1] == "-V" || args[1] == "-h")) {
    if (args[1] == "-h") return std::unexpected(failure(std::string(kPingUsage), 2));
    return std::unexpected(Output{.out = "ping from iputils 20221126\n", .err = {}, .status = 0});
  }
  const auto options = read_options(args, kSpec);
  if (!options) return std::unexpected(options.error());
  PingCommand command;
  command.inet6 = args[0] == "ping6";
  for (const auto& [letter, value] : options->given) {
    if (const auto ok = apply(command, letter, value); !ok) return std::unexpected(ok.error());
  }
  if (options->operands.empty()) {
    return std::unexpected(failure("ping: usage error: Destination address required", 1));
  }
  if (options->operands.size() > 1) {
    return std::unexpected(not_modelled("ping", "a source route", "one destination"));
  }
  command.target = options->operands[0];
  return command;
}

std::string to_text(const PingCommand& c) {
  const PingCommand plain;
  std::string text = "ping";
  const auto flag = [&text](bool on, std::string_view option) {
    if (on) text += fmt::format(" {}", option);
  };
  flag(c.quiet, "-q");
  flag(c.numeric, "-n");
  flag(c.report_outstanding, "-O");
  flag(c.timestamps, "-D");
  flag(c.broadcast, "-b");
  flag(c.inet, "-4");
  flag(c.inet6, "-6");
  if (c.count != 0) text += fmt::format(" -c {}", c.count);
  if (c.interval != plain.interval) text += fmt::format(" -i {}", decimal_seconds(c.interval));
  if (c.timeout_given) text += fmt::format(" -W {}", decimal_seconds(c.timeout));
  if (c.deadline.ns != 0) text += fmt::format(" -w {}", c.deadline.seconds());
  if (c.size != plain.size) text += fmt::format(" -s {}", c.size);
  if (!c.interface.empty()) text += fmt::format(" -I {}", quote_word(c.interface));
  if (c.ttl != 0) text += fmt::format(" -t {}", c.ttl);
  if (c.pmtud == PingCommand::Pmtud::kDo) text += " -M do";
  if (c.pmtud == PingCommand::Pmtud::kDont) text += " -M dont";
  if (c.pmtud == PingCommand::Pmtud::kWant) text += " -M want";
  append_operands(text, {c.target});
  return text;
}

namespace {

/// "PING b(b (2001:db8::2)) 56 data bytes". Source: ping/ping6_common.c: ping6_run().
std::string header6(const PingCommand& command, IpAddr target, IpAddr source) {
  const bool named = !command.numeric && !IpAddr::parse(command.target);
  std::string addr = target.to_string();
  if (named) addr = fmt::format("{} ({})", command.target, addr);
  std::string from;
  if (!command.interface.empty()) {
    from = fmt::format("from {} {}: ", source.to_string(), command.interface);
  }
  return fmt::format("PING {}({}) {}{} data bytes\n", command.target, addr, from, command.size);
}

/// Source: ping/ping6_common.c: print_icmp().
std::string error6_text(std::uint8_t type, std::uint8_t code, std::uint32_t info) {
  static constexpr std::array<std::string_view, 5> kUnreachable{
      "No route", "Administratively prohibited", "Beyond scope of source address",
      "Address unreachable", "Port unreachable"};
  switch (type) {
    case 1:
      return code < kUnreachable.size()
                 ? fmt::format("Destination unreachable: {}", kUnreachable[code])
                 : fmt::format("Destination unreachable: Unknown code {}", code);
    case 2: return fmt::format("Packet too big: mtu={}", info);
    case 3:
      return code == 0 ? "Time exceeded: Hop limit" : "Time exceeded: Defragmentation failure";
    default: return fmt::format("unknown icmp type: {}", type);
  }
}

}  // namespace

std::string ping_header(const PingCommand& command, IpAddr target, IpAddr source) {
  if (!target.is_v4()) return header6(command, target, source);
  std::string from;
  if (!command.interface.empty()) {
    const bool by_name = !Ipv4Addr::parse(command.interface);
    from = fmt::format(" from {} {}:", source.to_string(), by_name ? command.interface : "");
  }
  return fmt::format("PING {} ({}){} {}({}) bytes of data.\n", command.target, target.to_string(),
                     from, command.size, command.size + 28);
}

std::string ping_reply(const PingCommand& command, SimTime at, std::uint32_t bytes, IpAddr from,
                       std::string_view from_name, std::uint16_t seq, std::uint8_t ttl,
                       SimDuration rtt, bool duplicate) {
  if (command.quiet) return {};
  std::string stamp;
  if (command.timestamps) {
    stamp = fmt::format("[{}.{:06}] ", at.ns / 1'000'000'000, at.ns % 1'000'000'000 / 1000);
  }
  const bool named = !from_name.empty() && !command.numeric;
  const std::string host =
      named ? fmt::format("{} ({})", from_name, from.to_string()) : from.to_string();
  return fmt::format("{}{} bytes from {}: icmp_seq={} ttl={} time={}{}\n", stamp, bytes, host, seq,
                     ttl, trip_time(rtt.us()), duplicate ? " (DUP!)" : "");
}

std::string ping_reply_untimed(std::uint32_t bytes, IpAddr from, std::uint16_t seq,
                               std::uint8_t ttl) {
  return fmt::format("{} bytes from {}: icmp_seq={} ttl={}\n", bytes, from.to_string(), seq, ttl);
}

std::string ping_icmp_error(IpAddr from, std::uint16_t seq, std::uint8_t type, std::uint8_t code,
                            std::uint32_t info) {
  if (!from.is_v4()) {
    return fmt::format("From {} icmp_seq={} {}\n", from.to_string(), seq,
                       error6_text(type, code, info));
  }
  if (type == 5) {
    return fmt::format("From {}: icmp_seq={} {}\n", from.to_string(), seq,
                       redirect_text(code, info));
  }
  std::string what = fmt::format("Bad ICMP type: {}", type);
  if (type == 3) what = unreachable_text(code, info);
  if (type == 4) what = "Source Quench";
  if (type == 11) what = code == 0 ? "Time to live exceeded" : "Frag reassembly time exceeded";
  if (type == 12) what = "Parameter problem: pointer = 0";
  return fmt::format("From {} icmp_seq={} {}\n", from.to_string(), seq, what);
}

std::string ping_outstanding(std::uint16_t seq) {
  return fmt::format("no answer yet for icmp_seq={}\n", seq);
}
std::string ping_local_mtu_error(std::uint32_t mtu) {
  return fmt::format("ping: local error: message too long, mtu={}\n", mtu);
}
std::string ping_send_error(std::string_view strerror_text) {
  return fmt::format("ping: sendmsg: {}\n", strerror_text);
}

void PingStats::add(SimDuration rtt) {
  const std::int64_t us = rtt.us();
  ++timed;
  min_us = std::min(min_us, us);
  max_us = std::max(max_us, us);
  sum_us += us;
  sum2_us += static_cast<std::uint64_t>(us) * static_cast<std::uint64_t>(us);
}

std::string ping_statistics(const PingCommand& command, const PingStats& stats,
                            SimDuration elapsed) {
  std::string text =
      fmt::format("\n--- {} ping statistics ---\n{} packets transmitted, {} received",
                  command.target, stats.transmitted, stats.received);
  if (stats.duplicates != 0) text += fmt::format(", +{} duplicates", stats.duplicates);
  if (stats.corrupted != 0) text += fmt::format(", +{} corrupted", stats.corrupted);
  if (stats.errors != 0) text += fmt::format(", +{} errors", stats.errors);
  if (stats.transmitted != 0) {
    const auto lost = static_cast<float>(stats.transmitted - stats.received);
    const float percent = lost * 100.0F / static_cast<float>(stats.transmitted);
    text +=
        fmt::format(", {:g}% packet loss, time {}ms", static_cast<double>(percent), elapsed.ms());
  }
  text += '\n';
  std::string_view comma;
  if (stats.timed != 0) {
    const auto n = static_cast<std::int64_t>(stats.timed);
    const std::int64_t average = stats.sum_us / n;
    const auto sum = static_cast<std::uint64_t>(stats.sum_us);
    const std::uint64_t variance = (stats.sum2_us - sum * sum / stats.timed) / stats.timed;
    const auto ms = [](std::int64_t us) { return fmt::format("{}.{:03}", us / 1000, us % 1000); };
    text += fmt::format("rtt min/avg/max/mdev = {}/{}/{}/{} ms", ms(stats.min_us), ms(average),
                        ms(stats.max_us), ms(static_cast<std::int64_t>(integer_sqrt(variance))));
    comma = ", ";
  }
  if (stats.pipe > 1) text += fmt::format("{}pipe {}", comma, stats.pipe);
  return text + '\n';
}

int ping_status(const PingCommand& command, const PingStats& stats) {
  if (stats.received == 0) return 1;
  return command.deadline.ns != 0 && stats.received < command.count ? 1 : 0;
}

Output ping_unknown_host(std::string_view target, NameError why) {
  return failure(fmt::format("ping: {}: {}", target, text_of(why)), 2);
}
Output ping_connect_failed(std::string_view strerror_text) {
  return failure(fmt::format("ping: connect: {}", strerror_text), 2);
}
Output ping_no_device(std::string_view device) {
  return failure(fmt::format("ping: SO_BINDTODEVICE {}: No such device", device), 2);
}
Output ping_cannot_bind() { return failure("ping: bind: Cannot assign requested address", 2); }
Output ping_is_broadcast() {
  return failure(
      "ping: Do you want to ping broadcast? Then -b. If not, check your local firewall rules", 2);
}

}  // namespace lvslab::command
