#include "sim/command/traceroute.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/command/options.h"
#include "sim/command/shell.h"
#include "sim/command/traffic_numbers.h"
#include "sim/command/traffic_usage.h"

namespace lvslab::command {

namespace {

std::unexpected<Output> traceroute_error(std::string message) {
  return std::unexpected(failure(std::move(message), 2));
}

struct Option {
  char letter;
  std::string_view long_name;
  std::string_view argument;  ///< as the usage names it; empty: none
};
constexpr std::array kModelled{
    Option{'n', "", ""},
    Option{'4', "", ""},
    Option{'I', "icmp", ""},
    Option{'m', "max-hops", "max_ttl"},
    Option{'q', "queries", "nqueries"},
    Option{'w', "wait", "MAX,HERE,NEAR"},
    Option{'f', "first", "first_ttl"},
    Option{'N', "sim-queries", "squeries"},
    Option{'p', "port", "port"},
    Option{'i', "interface", "device"},
    Option{'s', "source", "src_addr"},
    Option{'U', "udp", ""},
    Option{'\0', "sport", "num"},
};
constexpr std::string_view kUnmodelled = "6dFgTtlrzeAMODP";
constexpr std::string_view kClose = "-n -I -U -m -q -w -f -N -p -i -s --sport";

constexpr std::uint16_t kDomainPort = 53;  // DEF_UDP_PORT

const Option* find(char letter, std::string_view long_name) {
  for (const Option& option : kModelled) {
    if (letter != '\0' ? option.letter == letter
                       : !option.long_name.empty() && option.long_name == long_name) {
      return &option;
    }
  }
  return nullptr;
}

class TracerouteReader {
 public:
  explicit TracerouteReader(Args args) : args_(args) {}
  Parsed<TracerouteCommand> run();

 private:
  using Step = Parsed<bool>;
  Step read_option(const std::string& word);
  Step apply(const Option& option, const std::string& value);
  Step apply_wait(const std::string& value);
  Step finish();

  Args args_;
  std::size_t index_ = 1;
  std::vector<std::string> operands_;
  TracerouteCommand command_;
  std::optional<std::uint16_t> port_;
};

TracerouteReader::Step TracerouteReader::apply_wait(const std::string& value) {
  std::array<std::string, 3> parts;
  std::string_view rest = value;
  for (std::string& part : parts) {
    part = std::string(rest.substr(0, rest.find(',')));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
  }
  const auto max = parse_decimal_seconds(parts[0]);
  const auto here = to_int(parts[1]);
  const auto near = to_int(parts[2]);
  const bool good = max && rest.empty() && (parts[1].empty() || (here && *here >= 0)) &&
                    (parts[2].empty() || (near && *near >= 0));
  if (!good) {
    return traceroute_error(
        fmt::format("Cannot handle `-w' option with arg `{}' (argc {})", value, index_ - 1));
  }
  command_.wait = *max;
  if (!parts[1].empty()) command_.here = static_cast<std::uint32_t>(*here);
  if (!parts[2].empty()) command_.near = static_cast<std::uint32_t>(*near);
  return true;
}

TracerouteReader::Step TracerouteReader::apply(const Option& option, const std::string& value) {
  switch (option.letter) {
    case 'n': command_.numeric = true; return true;
    case '4': return true;
    case 'U': command_.method = TracerouteCommand::Method::kOnePort; return true;
    case 'I': command_.method = TracerouteCommand::Method::kIcmp; return true;
    case 'i': command_.interface = value; return true;
    case 's': command_.source = value; return true;
    case 'w': return apply_wait(value);
    default: break;
  }
  const bool is_port = option.letter == 'p' || option.letter == '\0';
  const auto number = to_u32(value);
  if (!number || (is_port && *number > 65535)) {
    const std::string name = option.letter == '\0' ? "--" + std::string(option.long_name)
                                                   : fmt::format("-{}", option.letter);
    return traceroute_error(
        fmt::format("Cannot handle `{}' option with arg `{}' (argc {})", name, value, index_ - 1));
  }
  switch (option.letter) {
    case 'm': command_.max_ttl = *number; break;
    case 'q': command_.queries = *number; break;
    case 'f': command_.first_ttl = *number; break;
    case 'N': command_.simultaneous = *number; break;
    case '\0': command_.source_port = static_cast<std::uint16_t>(*number); break;
    default: port_ = static_cast<std::uint16_t>(*number); break;
  }
  return true;
}

TracerouteReader::Step TracerouteReader::read_option(const std::string& word) {
  if (word.starts_with("--")) {
    const std::size_t equals = word.find('=');
    const Option* option = find('\0', word.substr(2, equals - 2));
    if (option == nullptr) {
      if (kTracerouteUsage.contains(word.substr(0, equals) + ' ') ||
          kTracerouteUsage.contains(word.substr(0, equals) + '=')) {
        return std::unexpected(
            not_modelled("traceroute", fmt::format("option {}", word.substr(0, equals)), kClose));
      }
      return traceroute_error(fmt::format("Bad option `{}' (argc {})", word, index_ - 1));
    }
    if (option->argument.empty()) return apply(*option, {});
    if (equals != std::string::npos) return apply(*option, word.substr(equals + 1));
    if (index_ == args_.size()) {
      return traceroute_error(fmt::format("Option `{0}' (argc {1}) requires an argument: `{0}={2}'",
                                          word, index_ - 1, option->argument));
    }
    return apply(*option, args_[index_++]);
  }
  for (std::size_t i = 1; i < word.size(); ++i) {
    const Option* option = find(word[i], {});
    if (option == nullptr) {
      if (kUnmodelled.contains(word[i])) {
        return std::unexpected(
            not_modelled("traceroute", fmt::format("option -{}", word[i]), kClose));
      }
      return traceroute_error(fmt::format("Bad option `-{}' (argc {})", word[i], index_ - 1));
    }
    if (option->argument.empty()) {
      if (const Step ok = apply(*option, {}); !ok) return ok;
      continue;
    }
    if (i + 1 < word.size()) return apply(*option, word.substr(i + 1));
    if (index_ == args_.size()) {
      return traceroute_error(
          fmt::format("Option `-{0}' (argc {1}) requires an argument: `-{0} {2}'", word[i],
                      index_ - 1, option->argument));
    }
    return apply(*option, args_[index_++]);
  }
  return true;
}

/// The checks of main() in the tool's order.
TracerouteReader::Step TracerouteReader::finish() {
  if (operands_.empty()) return traceroute_error("Specify \"host\" missing argument.");
  if (operands_.size() > 2) {
    return traceroute_error(
        fmt::format("Extra arg `{}' (position 3, argc {})", operands_[2], args_.size() - 1));
  }
  command_.target = operands_[0];
  if (operands_.size() == 2) {
    const auto length = to_u32(operands_[1]);
    if (!length) {
      return traceroute_error(
          fmt::format("Cannot handle \"packetlen\" cmdline arg `{}' on position 2 (argc {})",
                      operands_[1], args_.size() - 1));
    }
    if (*length > 65'000) return traceroute_error("too big packetlen 65000 specified");
    command_.packet_len = std::max<std::uint32_t>(*length, 28);
  }
  if (command_.method == TracerouteCommand::Method::kOnePort) command_.port = kDomainPort;
  if (port_) command_.port = *port_;
  if (command_.source_port != 0) {  // one socket at a time can have it
    command_.simultaneous = 1;
    command_.here = command_.near = 0;
  }
  if (command_.first_ttl == 0 || command_.first_ttl > command_.max_ttl) {
    return traceroute_error("first hop out of range");
  }
  if (command_.max_ttl > 255) return traceroute_error("max hops cannot be more than 255");
  if (command_.queries == 0 || command_.queries > 10) {
    return traceroute_error("no more than 10 probes per hop");
  }
  return true;
}

Parsed<TracerouteCommand> TracerouteReader::run() {
  if (args_.size() == 1 || (args_.size() == 2 && args_[1] == "--help")) {
    return std::unexpected(Output{.out = std::string(kTracerouteUsage), .err = {}, .status = 0});
  }
  if (args_.size() == 2 && (args_[1] == "-V" || args_[1] == "--version")) {
    return std::unexpected(
        Output{.out = "Modern traceroute for Linux, version 2.1.2\n"
                      "Copyright (c) 2016  Dmitry Butskoy,   License: GPL v2 or any later\n",
               .err = {},
               .status = 0});
  }
  bool options = true;
  while (index_ < args_.size()) {
    const std::string& word = args_[index_++];
    if (options && word == "--") {
      options = false;
    } else if (options && word.size() > 1 && word[0] == '-') {
      if (const Step ok = read_option(word); !ok) return std::unexpected(ok.error());
    } else {
      operands_.push_back(word);
    }
  }
  if (const Step ok = finish(); !ok) return std::unexpected(ok.error());
  return command_;
}

}  // namespace

Parsed<TracerouteCommand> parse_traceroute(Args args) { return TracerouteReader(args).run(); }

std::string to_text(const TracerouteCommand& c) {
  const TracerouteCommand plain;
  std::string text = "traceroute";
  if (c.numeric) text += " -n";
  if (c.method == TracerouteCommand::Method::kIcmp) text += " -I";
  if (c.method == TracerouteCommand::Method::kOnePort) text += " -U";
  if (c.first_ttl != plain.first_ttl) text += fmt::format(" -f {}", c.first_ttl);
  if (c.max_ttl != plain.max_ttl) text += fmt::format(" -m {}", c.max_ttl);
  if (c.queries != plain.queries) text += fmt::format(" -q {}", c.queries);
  if (c.simultaneous != plain.simultaneous) text += fmt::format(" -N {}", c.simultaneous);
  if (c.wait != plain.wait || c.here != plain.here || c.near != plain.near) {
    text += fmt::format(" -w {},{},{}", decimal_seconds(c.wait), c.here, c.near);
  }
  if (c.source_port != 0) text += fmt::format(" --sport={}", c.source_port);
  const bool one_port = c.method == TracerouteCommand::Method::kOnePort;
  if (c.port != (one_port ? kDomainPort : plain.port)) text += fmt::format(" -p {}", c.port);
  if (!c.interface.empty()) text += fmt::format(" -i {}", quote_word(c.interface));
  if (!c.source.empty()) text += fmt::format(" -s {}", quote_word(c.source));
  std::vector<std::string> operands{c.target};
  if (c.packet_len != plain.packet_len) operands.push_back(fmt::format("{}", c.packet_len));
  append_operands(text, operands);
  return text;
}

std::string traceroute_header(const TracerouteCommand& command, Ipv4Addr target) {
  return fmt::format("traceroute to {} ({}), {} hops max, {} byte packets\n", command.target,
                     target.to_string(), command.max_ttl, command.packet_len);
}

std::string traceroute_probe(const TracerouteCommand& command, std::uint32_t ttl,
                             std::uint32_t index, const TracerouteProbe& probe,
                             const TracerouteProbe* previous) {
  std::string text = index == 0 ? fmt::format("{:>2} ", ttl) : "";
  if (!probe.answered) {
    text += " *";
  } else {
    if (previous == nullptr || previous->from != probe.from) {
      const std::string addr = probe.from.to_string();
      text += command.numeric
                  ? fmt::format(" {}", addr)
                  : fmt::format(" {} ({})", probe.from_name.empty() ? addr : probe.from_name, addr);
    }
    text += fmt::format("  {}.{:03} ms", probe.rtt.us() / 1000, probe.rtt.us() % 1000);
    if (!probe.mark.empty()) text += fmt::format(" {}", probe.mark);
  }
  if (index + 1 == command.queries) text += '\n';
  return text;
}

std::string traceroute_mark(std::uint8_t icmp_type, std::uint8_t icmp_code, std::uint32_t mtu) {
  if (icmp_type != 3) return {};
  switch (icmp_code) {
    case 0:
    case 6:
    case 11: return "!N";
    case 1:
    case 7:
    case 12: return "!H";
    case 2: return "!P";
    case 3: return {};
    case 4: return fmt::format("!F-{}", mtu);
    case 5: return "!S";
    case 9:
    case 10:
    case 13: return "!X";
    case 14: return "!V";
    case 15: return "!C";
    default: return fmt::format("!<{}>", icmp_code);
  }
}

Output traceroute_unknown_host(std::string_view target, int position, NameError why) {
  return failure(fmt::format("{0}: {2}\n"
                             "Cannot handle \"host\" cmdline arg `{0}' on position 1 (argc {1})",
                             target, position, text_of(why)),
                 2);
}
Output traceroute_failed(std::string_view call, std::string_view strerror_text) {
  return failure(fmt::format("{}: {}", call, strerror_text), 1);
}

}  // namespace lvslab::command
