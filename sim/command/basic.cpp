#include "sim/command/basic.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "sim/command/options.h"
#include "sim/command/shell.h"

namespace lvslab::command {

namespace {

std::unexpected<Output> complain(std::string_view tool, const std::string& message,
                                 int status = 1) {
  return std::unexpected(failure(fmt::format("{}: {}\n", tool, message), status));
}
std::unexpected<Output> complain_with_hint(std::string_view tool, const std::string& message) {
  return std::unexpected(failure(fmt::format("{}: {}\n{}", tool, message, try_help(tool)), 1));
}

/// A tool that takes no options and no operands.
template <class Command>
Parsed<Command> parse_bare(Args args, std::string_view tool) {
  if (args.size() > 1) {
    return std::unexpected(not_modelled(tool, fmt::format("argument {}", args[1]), tool));
  }
  return Command{};
}

constexpr std::int64_t kMaxSleepSeconds = 1'000'000'000;

struct SignalName {
  std::string_view name;
  int number;
};
constexpr std::array kSignals = {
    SignalName{"HUP", 1},   SignalName{"INT", 2},   SignalName{"QUIT", 3},
    SignalName{"KILL", 9},  SignalName{"USR1", 10}, SignalName{"USR2", 12},
    SignalName{"TERM", 15}, SignalName{"CONT", 18}, SignalName{"STOP", 19}};

bool is_identifier(std::string_view name) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !name.empty() && letter(name[0]) &&
         std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

/// The character that \c stands for in echo -e, or nothing if the backslash stays.
std::optional<char> plain_escape(char c) {
  switch (c) {
    case 'a': return '\a';
    case 'b': return '\b';
    case 'e':
    case 'E': return '\x1b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'v': return '\v';
    case '\\': return '\\';
    default: return std::nullopt;
  }
}

/// Reads up to `most` digits of `base` at text[at], moving `at`; nothing if there is none.
std::optional<char> numeric_escape(std::string_view text, std::size_t& at, int base, int most) {
  int value = 0;
  int read = 0;
  while (read < most && at < text.size()) {
    const char c = text[at];
    int digit = 99;
    if (c >= '0' && c <= '9') digit = c - '0';
    if (c >= 'a' && c <= 'f') digit = c - 'a' + 10;
    if (c >= 'A' && c <= 'F') digit = c - 'A' + 10;
    if (digit >= base) break;
    value = value * base + digit;
    ++at;
    ++read;
  }
  if (read == 0) return std::nullopt;
  return static_cast<char>(value & 0xff);
}

/// False if \c ended the output.
bool append_unescaped(std::string_view text, std::string& out) {
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] != '\\' || i + 1 >= text.size()) {
      out += text[i++];
      continue;
    }
    const char c = text[i + 1];
    std::size_t at = i + 2;
    if (c == 'c') return false;
    if (const auto plain = plain_escape(c)) {
      out += *plain;
      i = at;
    } else if (c == '0') {
      out += numeric_escape(text, at, 8, 3).value_or('\0');
      i = at;
    } else if (const auto hex = c == 'x' ? numeric_escape(text, at, 16, 2) : std::nullopt) {
      out += *hex;
      i = at;
    } else {
      out += text[i++];
    }
  }
  return true;
}

}  // namespace

std::optional<SimDuration> parse_interval(std::string_view text) {
  std::int64_t unit = 1;
  if (!text.empty() && std::string_view("smhd").contains(text.back())) {
    const char suffix = text.back();
    unit = suffix == 's' ? 1 : suffix == 'm' ? 60 : suffix == 'h' ? 3600 : 86'400;
    text.remove_suffix(1);
  }
  const std::size_t dot = text.find('.');
  const std::string_view whole = text.substr(0, dot);
  const std::string_view decimals =
      dot == std::string_view::npos ? std::string_view() : text.substr(dot + 1);
  const auto digits = [](std::string_view s) {
    return std::ranges::all_of(s, [](char c) { return c >= '0' && c <= '9'; });
  };
  if (!digits(whole) || !digits(decimals) || (whole.empty() && decimals.empty())) {
    return std::nullopt;
  }
  std::string fraction(decimals.substr(0, 9));
  fraction.resize(9, '0');
  const auto seconds = whole.empty() ? std::optional<std::int64_t>(0) : to_int(whole);
  if (!seconds || *seconds > kMaxSleepSeconds / unit)
    return SimDuration{kMaxSleepSeconds * 1'000'000'000};
  return SimDuration{(*seconds * 1'000'000'000 + *to_int(fraction)) * unit};
}

std::optional<int> parse_signal(std::string_view text) {
  if (const auto number = to_int(text); number && *number >= 0 && *number <= 64) {
    return static_cast<int>(*number);
  }
  if (text.starts_with("SIG")) text.remove_prefix(3);
  for (const SignalName& signal : kSignals) {
    if (signal.name == text) return signal.number;
  }
  return std::nullopt;
}

Parsed<EchoCommand> parse_echo(Args args) {
  EchoCommand echo;
  std::size_t i = 1;
  for (; i < args.size(); ++i) {
    const std::string& arg = args[i];
    const bool option =
        arg.size() > 1 && arg[0] == '-' && arg.find_first_not_of("neE", 1) == std::string::npos;
    if (!option) break;
    for (const char c : arg.substr(1)) {
      if (c == 'n') echo.newline = false;
      if (c != 'n') echo.escapes = c == 'e';
    }
  }
  echo.words.assign(args.begin() + static_cast<std::ptrdiff_t>(i), args.end());
  return echo;
}

std::string run_echo(const EchoCommand& command) {
  std::string out;
  for (std::size_t i = 0; i < command.words.size(); ++i) {
    if (i > 0) out += ' ';
    if (!command.escapes) {
      out += command.words[i];
    } else if (!append_unescaped(command.words[i], out)) {
      return out;
    }
  }
  if (command.newline) out += '\n';
  return out;
}

Parsed<LsCommand> parse_ls(Args args) {
  const OptionSpec spec{.tool = "ls",
                        .letters = "al1d",
                        .unmodelled = "AbBcCDfFgGhHiIkLmnNopqQrRsStTuUvwxXZ",
                        .close = "-a -l -1 -d",
                        .longs = {{"all", 'a'}, {"directory", 'd'}},
                        .unmodelled_longs = {"color", "almost-all", "human-readable", "recursive"},
                        .usage = "Try 'ls --help' for more information.\n",
                        .status = 2};
  auto options = read_options(args, spec);
  if (!options) return std::unexpected(options.error());
  LsCommand ls;
  for (const auto& [letter, value] : options->given) {
    ls.all |= letter == 'a';
    ls.long_format |= letter == 'l';
    ls.one_per_line |= letter == '1';
    ls.directory |= letter == 'd';
  }
  ls.paths = std::move(options->operands);
  return ls;
}

Parsed<HostnameCommand> parse_hostname(Args args) {
  const OptionSpec spec{.tool = "hostname",
                        .letters = "Iisf",
                        .unmodelled = "aAbdFyVh",
                        .close = "-I -i -s -f",
                        .longs = {{"all-ip-addresses", 'I'},
                                  {"ip-address", 'i'},
                                  {"short", 's'},
                                  {"fqdn", 'f'},
                                  {"long", 'f'}},
                        .unmodelled_longs = {"alias", "domain", "file", "version", "help"},
                        .status = 255};
  auto options = read_options(args, spec);
  if (!options) return std::unexpected(options.error());
  HostnameCommand hostname;
  for (const auto& [letter, value] : options->given) {
    using Show = HostnameCommand::Show;
    hostname.show = letter == 'I'   ? Show::kAllAddresses
                    : letter == 'i' ? Show::kAddress
                    : letter == 's' ? Show::kShort
                                    : Show::kFqdn;
  }
  if (options->operands.empty()) return hostname;
  const std::string& name = options->operands[0];
  if (options->operands.size() > 1 || !options->given.empty()) {
    return std::unexpected(not_modelled("hostname", "more than one argument", "hostname NAME"));
  }
  const bool valid = !name.empty() && name.size() <= 64 && name[0] != '-' && name.back() != '-' &&
                     std::ranges::all_of(name, [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') || c == '-' || c == '.';
                     });
  if (!valid) return complain("hostname", "the specified hostname is invalid");
  hostname.new_name = name;
  return hostname;
}

Parsed<SeqCommand> parse_seq(Args args) {
  SeqCommand seq;
  std::vector<std::string> operands;
  for (std::size_t i = 1; i < args.size(); ++i) {
    const std::string& arg = args[i];
    const bool negative = arg.size() > 1 && arg[0] == '-' && arg[1] >= '0' && arg[1] <= '9';
    if (arg.size() < 2 || arg[0] != '-' || negative || !operands.empty()) {
      operands.push_back(arg);
    } else if (arg == "-w") {
      seq.equal_width = true;
    } else if (arg == "-s" && i + 1 < args.size()) {
      seq.separator = args[++i];
    } else if (arg.starts_with("-s") && arg.size() > 2) {
      seq.separator = arg.substr(2);
    } else if (arg.starts_with("-f") || arg.starts_with("--")) {
      return std::unexpected(not_modelled("seq", "option " + arg, "-w -s"));
    } else {
      return complain_with_hint("seq", arg == "-s" ? "option requires an argument -- 's'"
                                                   : fmt::format("invalid option -- '{}'", arg[1]));
    }
  }
  if (operands.empty()) return complain_with_hint("seq", "missing operand");
  if (operands.size() > 3)
    return complain_with_hint("seq", fmt::format("extra operand '{}'", operands[3]));
  std::vector<std::int64_t> numbers;
  for (const std::string& operand : operands) {
    const auto value = to_int(operand);
    if (value && *value > -1'000'000'000'000 && *value < 1'000'000'000'000) {
      numbers.push_back(*value);
    } else if (operand.find_first_not_of("+-0123456789.") == std::string::npos) {
      return std::unexpected(not_modelled("seq", "the number " + operand, "whole numbers"));
    } else {
      return complain_with_hint("seq",
                                fmt::format("invalid floating point argument: '{}'", operand));
    }
  }
  seq.last = numbers.back();
  if (numbers.size() > 1) seq.first = numbers[0];
  if (numbers.size() > 2) seq.step = numbers[1];
  if (seq.step == 0) {
    return complain_with_hint("seq",
                              fmt::format("invalid Zero increment value: '{}'", operands[1]));
  }
  if ((seq.last - seq.first) / seq.step >= 1'000'000) {
    return std::unexpected(not_modelled("seq", "a sequence of more than 1000000 numbers"));
  }
  return seq;
}

std::string run_seq(const SeqCommand& command) {
  std::vector<std::string> numbers;
  std::size_t width = 0;
  for (std::int64_t n = command.first; command.step > 0 ? n <= command.last : n >= command.last;
       n += command.step) {
    numbers.push_back(std::to_string(n));
  }
  if (command.equal_width) {
    width = std::max(std::to_string(command.first).size(), std::to_string(command.last).size());
  }
  std::string out;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (i > 0) out += command.separator;
    const bool negative = numbers[i][0] == '-';
    const std::string digits = negative ? numbers[i].substr(1) : numbers[i];
    const std::size_t zeros = width > numbers[i].size() ? width - numbers[i].size() : 0;
    out += (negative ? "-" : "") + std::string(zeros, '0') + digits;
  }
  if (!numbers.empty()) out += '\n';
  return out;
}

Parsed<SleepCommand> parse_sleep(Args args) {
  if (args.size() < 2) return complain_with_hint("sleep", "missing operand");
  SleepCommand sleep;
  for (const std::string& arg : args.subspan(1)) {
    const auto duration = parse_interval(arg);
    if (!duration)
      return complain_with_hint("sleep", fmt::format("invalid time interval '{}'", arg));
    sleep.duration = sleep.duration + *duration;
    if (sleep.duration.seconds() > kMaxSleepSeconds)
      sleep.duration = {kMaxSleepSeconds * 1'000'000'000};
  }
  return sleep;
}

Parsed<DateCommand> parse_date(Args args) {
  DateCommand date;
  for (const std::string& arg : args.subspan(1)) {
    if (arg == "-u" || arg == "--utc") {
      date.utc = true;
    } else if (arg.starts_with('+') && date.format.empty()) {
      date.format = arg.substr(1);
    } else if (arg.starts_with('-')) {
      return std::unexpected(not_modelled("date", "option " + arg, "date -u +FORMAT"));
    } else {
      return std::unexpected(not_modelled("date", "setting the clock", "date"));
    }
  }
  return date;
}

Parsed<MkdirCommand> parse_mkdir(Args args) {
  const OptionSpec spec{.tool = "mkdir",
                        .letters = "p",
                        .unmodelled = "mvZ",
                        .close = "mkdir -p",
                        .longs = {{"parents", 'p'}},
                        .usage = "Try 'mkdir --help' for more information.\n"};
  auto options = read_options(args, spec);
  if (!options) return std::unexpected(options.error());
  if (options->operands.empty()) return complain_with_hint("mkdir", "missing operand");
  return MkdirCommand{std::move(options->operands), !options->given.empty()};
}

Parsed<TouchCommand> parse_touch(Args args) {
  const OptionSpec spec{.tool = "touch",
                        .letters = "",
                        .unmodelled = "acdfhmrt",
                        .close = "touch FILE",
                        .usage = "Try 'touch --help' for more information.\n"};
  auto options = read_options(args, spec);
  if (!options) return std::unexpected(options.error());
  if (options->operands.empty()) return complain_with_hint("touch", "missing file operand");
  return TouchCommand{std::move(options->operands)};
}

Parsed<RmCommand> parse_rm(Args args) {
  const OptionSpec spec{.tool = "rm",
                        .letters = "rRf",
                        .unmodelled = "iIdv",
                        .close = "rm -r -f",
                        .longs = {{"recursive", 'r'}, {"force", 'f'}},
                        .usage = "Try 'rm --help' for more information.\n"};
  auto options = read_options(args, spec);
  if (!options) return std::unexpected(options.error());
  RmCommand rm;
  for (const auto& [letter, value] : options->given) {
    rm.recursive |= letter == 'r' || letter == 'R';
    rm.force |= letter == 'f';
  }
  if (options->operands.empty() && !rm.force) return complain_with_hint("rm", "missing operand");
  rm.paths = std::move(options->operands);
  return rm;
}

Parsed<KillCommand> parse_kill(Args args) {
  constexpr std::string_view kUsage =
      "kill: usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l "
      "[sigspec]\n";
  KillCommand kill;
  std::size_t i = 1;
  if (args.size() > 1 && args[1].size() > 1 && args[1][0] == '-' && args[1] != "--") {
    if (args[1] == "-l") return std::unexpected(not_modelled("kill", "option -l", "kill -9 PID"));
    const bool apart = args[1] == "-s" || args[1] == "-n";
    if (apart && args.size() < 3) {
      return complain("bash: kill", fmt::format("{}: option requires an argument", args[1]));
    }
    const std::string name = apart ? args[2] : args[1].substr(1);
    const auto signal = parse_signal(name);
    if (!signal) return complain("bash: kill", name + ": invalid signal specification");
    kill.signal = *signal;
    i = apart ? 3 : 2;
  }
  if (i < args.size() && args[i] == "--") ++i;
  if (i >= args.size()) return std::unexpected(failure(std::string(kUsage), 2));
  for (; i < args.size(); ++i) {
    const bool job = args[i].starts_with('%');
    const auto number = to_int(job ? args[i].substr(1) : args[i]);
    if (!number || *number < 0 || *number > 4'194'304) {
      return complain("bash: kill", job ? args[i] + ": no such job"
                                        : args[i] + ": arguments must be process or job IDs");
    }
    (job ? kill.jobs : kill.pids).push_back(static_cast<std::uint32_t>(*number));
  }
  return kill;
}

Parsed<PidofCommand> parse_pidof(Args args) {
  PidofCommand pidof;
  for (const std::string& arg : args.subspan(1)) {
    if (arg.starts_with('-')) {
      return std::unexpected(not_modelled("pidof", "option " + arg, "pidof NAME"));
    }
    pidof.names.push_back(arg);
  }
  return pidof;
}

Parsed<KillCommand> parse_killall(Args args) {
  const std::string& tool = args[0];
  KillCommand kill{.silent = tool == "pkill"};
  bool exact = !kill.silent;
  for (std::size_t i = 1; i < args.size(); ++i) {
    if (!args[i].starts_with('-')) {
      kill.names.push_back(args[i]);
    } else if (const auto signal = parse_signal(args[i].substr(1))) {
      kill.signal = *signal;
    } else if (args[i] == "-x" && kill.silent) {
      exact = true;
    } else {
      return std::unexpected(
          not_modelled(tool, "option " + args[i], fmt::format("{} -9 NAME", tool)));
    }
  }
  if (kill.names.empty()) {
    return std::unexpected(
        failure(kill.silent ? "pkill: no matching criteria specified\nTry `pkill --help' for more "
                              "information.\n"
                            : "Usage: killall [OPTION]... [--] NAME...\n",
                kill.silent ? 2 : 1));
  }
  if (kill.silent && kill.names.size() > 1) {
    return std::unexpected(failure("pkill: only one pattern can be provided\n", 2));
  }
  const auto plain = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  if (!exact && !std::ranges::all_of(kill.names[0], plain)) {
    return std::unexpected(not_modelled("pkill", "a pattern", "pkill -x NAME"));
  }
  return kill;
}

namespace {
constexpr std::array<std::pair<std::string_view, PsCommand::Layout>, 9> kPsForms = {{
    {"ax", PsCommand::Layout::kAx},
    {"aux", PsCommand::Layout::kAux},
    {"-e", PsCommand::Layout::kE},
    {"-ef", PsCommand::Layout::kEf},
    {"-A", PsCommand::Layout::kE},
    {"-ax", PsCommand::Layout::kAx},
    {"-aux", PsCommand::Layout::kAux},
    {"-fe", PsCommand::Layout::kEf},
    {"auxw", PsCommand::Layout::kAux},
}};
}  // namespace

Parsed<PsCommand> parse_ps(Args args) {
  if (args.size() == 1) return PsCommand{};
  if (args.size() == 2) {
    for (const auto& [form, layout] : kPsForms) {
      if (form == args[1]) return PsCommand{layout};
    }
  }
  return std::unexpected(
      not_modelled("ps", "option " + args[1], "ps, ps ax, ps aux, ps -e, ps -ef"));
}

Parsed<ExportCommand> parse_export(Args args) {
  ExportCommand result;
  for (const std::string& arg : args.subspan(1)) {
    if (arg.starts_with('-')) {
      return std::unexpected(not_modelled("export", "option " + arg, "export NAME=VALUE"));
    }
    const std::size_t equals = arg.find('=');
    ExportCommand::Entry entry{arg.substr(0, equals), std::nullopt};
    if (equals != std::string::npos) entry.value = arg.substr(equals + 1);
    if (!is_identifier(entry.name)) {
      return complain("bash: export", fmt::format("`{}': not a valid identifier", arg));
    }
    result.entries.push_back(std::move(entry));
  }
  return result;
}

Parsed<CdCommand> parse_cd(Args args) {
  if (args.size() > 2) return complain("bash: cd", "too many arguments");
  if (args.size() == 2 && args[1].size() > 1 && args[1][0] == '-') {
    return std::unexpected(not_modelled("cd", "option " + args[1], "cd DIRECTORY"));
  }
  return CdCommand{args.size() == 2 ? args[1] : std::string()};
}

Parsed<PwdCommand> parse_pwd(Args args) { return parse_bare<PwdCommand>(args, "pwd"); }
Parsed<WaitCommand> parse_wait(Args args) { return parse_bare<WaitCommand>(args, "wait"); }
Parsed<JobsCommand> parse_jobs(Args args) { return parse_bare<JobsCommand>(args, "jobs"); }
Parsed<WhoamiCommand> parse_whoami(Args args) { return parse_bare<WhoamiCommand>(args, "whoami"); }
Parsed<ClearCommand> parse_clear(Args args) { return parse_bare<ClearCommand>(args, "clear"); }

Parsed<UnameCommand> parse_uname(Args args) {
  const OptionSpec spec{.tool = "uname",
                        .letters = "amnrs",
                        .unmodelled = "vpio",
                        .close = "-a -r -n -s -m",
                        .longs = {{"all", 'a'}, {"kernel-release", 'r'}, {"nodename", 'n'}},
                        .usage = "Try 'uname --help' for more information.\n"};
  auto options = read_options(args, spec);
  if (!options) return std::unexpected(options.error());
  if (!options->operands.empty()) {
    return complain_with_hint("uname", fmt::format("extra operand '{}'", options->operands[0]));
  }
  UnameCommand uname;
  for (const auto& [letter, value] : options->given) {
    if (!uname.letters.contains(letter)) uname.letters += letter;
  }
  std::ranges::sort(uname.letters);
  return uname;
}

Parsed<RebootCommand> parse_reboot(Args args) {
  const std::string_view tool = args[0];
  if (tool == "shutdown" || tool == "init") {
    const std::string rest = join_words(args.subspan(1));
    const bool off = rest == "-h now" || rest == "-P now" || rest == "now" || rest == "0";
    const bool again = rest == "-r now" || rest == "6";
    if (!off && !again) {
      return std::unexpected(not_modelled(tool, "this form", "reboot, poweroff, shutdown -r now"));
    }
    return RebootCommand{off};
  }
  if (args.size() > 2 || (args.size() == 2 && args[1] != "-f")) {
    return std::unexpected(not_modelled(tool, "argument " + args[1], tool));
  }
  return RebootCommand{tool != "reboot"};
}

Parsed<ExitCommand> parse_exit(Args args) {
  if (args.size() == 1) return ExitCommand{};
  const auto status = to_int(args[1]);
  if (!status) return complain("bash: exit", args[1] + ": numeric argument required", 2);
  if (args.size() > 2) return complain("bash: exit", "too many arguments");
  return ExitCommand{static_cast<int>(*status & 0xff)};
}

Parsed<LsmodCommand> parse_lsmod(Args args) {
  if (args.size() == 1) return LsmodCommand{};
  return std::unexpected(failure("Usage: lsmod\n", 1));
}

Parsed<ModprobeCommand> parse_modprobe(Args args) {
  ModprobeCommand modprobe;
  for (const std::string& arg : args.subspan(1)) {
    if (arg.starts_with('-') && arg != "-a") {
      return std::unexpected(not_modelled("modprobe", "option " + arg, "modprobe ip_vs"));
    }
    if (arg != "-a") modprobe.modules.push_back(arg);
  }
  if (modprobe.modules.empty()) {
    return complain("modprobe", "ERROR: missing parameters. See -h.");
  }
  return modprobe;
}

}  // namespace lvslab::command
