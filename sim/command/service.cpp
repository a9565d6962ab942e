#include "sim/command/service.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <ranges>

#include "sim/command/close_match.h"
#include "sim/command/options.h"
#include "sim/command/shell.h"

namespace lvslab::command {

namespace {

constexpr std::array<std::string_view, 21> kPackages = {
    "curl",       "dnsmasq",        "httpd",        "httpd-tools", "ipvsadm",   "iproute",
    "iputils",    "iputils-arping", "iputils-ping", "keepalived",  "man",       "nc",
    "ncat",       "net-tools",      "nginx",        "nmap-ncat",   "procps-ng", "tcpdump",
    "traceroute", "vsftpd",         "which"};
constexpr std::array<std::string_view, 2> kLaterPackages = {"apache2", "haproxy"};
constexpr std::array<std::string_view, 6> kServices = {"dnsmasq", "httpd", "keepalived",
                                                       "nginx",   "sshd",  "vsftpd"};
constexpr std::array<std::string_view, 6> kOtherUnits = {"NetworkManager", "apache2",  "crond",
                                                         "firewalld",      "iptables", "network"};

struct ActionName {
  std::string_view name;
  ServiceCommand::Action action;
};
constexpr std::array kActions = {ActionName{"start", ServiceCommand::Action::kStart},
                                 ActionName{"stop", ServiceCommand::Action::kStop},
                                 ActionName{"restart", ServiceCommand::Action::kRestart},
                                 ActionName{"reload", ServiceCommand::Action::kReload},
                                 ActionName{"status", ServiceCommand::Action::kStatus},
                                 ActionName{"enable", ServiceCommand::Action::kEnable},
                                 ActionName{"disable", ServiceCommand::Action::kDisable},
                                 ActionName{"is-active", ServiceCommand::Action::kIsActive}};

std::string_view tool_name(PackageCommand::Tool tool) {
  constexpr std::array<std::string_view, 4> kNames = {"yum", "dnf", "apt-get", "apt"};
  return kNames[static_cast<std::size_t>(tool)];
}

std::unexpected<Output> refuse(std::string_view tool, const std::string& what,
                               std::string_view close) {
  return std::unexpected(not_modelled(tool, what, close));
}

std::string dotted(std::string_view name) {
  std::string out(name);
  // A name that begins with components parted by '/' uses '/' throughout (sysctl.d(5)).
  const std::size_t first = out.find_first_of("./");
  if (first != std::string::npos && out[first] == '/') {
    for (char& c : out) {
      if (c == '/') {
        c = '.';
      } else if (c == '.') {
        c = '/';
      }
    }
  }
  return out;
}

}  // namespace

std::vector<std::string_view> known_packages() { return {kPackages.begin(), kPackages.end()}; }

Parsed<PackageCommand> parse_package(Args args) {
  PackageCommand package;
  const std::string& tool = args[0];
  package.tool = tool == "yum"       ? PackageCommand::Tool::kYum
                 : tool == "dnf"     ? PackageCommand::Tool::kDnf
                 : tool == "apt-get" ? PackageCommand::Tool::kAptGet
                                     : PackageCommand::Tool::kApt;
  std::string action;
  for (const std::string& arg : args.subspan(1)) {
    if (arg == "-y" || arg == "--yes" || arg == "--assumeyes") {
      package.yes = true;
    } else if (arg.starts_with('-')) {
      return refuse(tool, "option " + arg, fmt::format("{} install -y NAME", tool));
    } else if (action.empty()) {
      action = arg;
    } else {
      package.packages.push_back(arg);
    }
  }
  if (action != "install") {
    return refuse(tool, action.empty() ? "the command without an action" : "action " + action,
                  fmt::format("{} install -y NAME", tool));
  }
  if (package.packages.empty()) {
    return std::unexpected(failure("Error: Need to pass a list of pkgs to install\n", 1));
  }
  if (!package.yes) {
    return refuse(tool, "asking before it installs",
                  fmt::format("{} install -y {}", tool, join_words(package.packages)));
  }
  for (const std::string& name : package.packages) {
    if (std::ranges::find(kPackages, name) != kPackages.end()) continue;
    if (std::ranges::find(kLaterPackages, name) != kLaterPackages.end()) {
      return refuse(tool, "package " + name, name == "apache2" ? "httpd" : "nginx");
    }
    const bool apt =
        package.tool == PackageCommand::Tool::kAptGet || package.tool == PackageCommand::Tool::kApt;
    std::string text = apt ? fmt::format("E: Unable to locate package {}\n", name)
                           : fmt::format("No package {} available.\nError: Nothing to do\n", name);
    if (const std::string_view near = close_match(name, kPackages); !near.empty()) {
      text += fmt::format("lvslab: modelled packages close to it: {}\n", near);
    }
    return std::unexpected(failure(std::move(text), apt ? 100 : 1));
  }
  return package;
}

Parsed<ServiceCommand> parse_service(Args args) {
  ServiceCommand service;
  const bool systemctl = args[0] == "systemctl";
  const std::string_view tool = args[0];
  const std::string_view close = systemctl ? "systemctl start|stop|restart|status httpd"
                                           : "service httpd start|stop|restart|status";
  service.tool = systemctl ? ServiceCommand::Tool::kSystemctl : ServiceCommand::Tool::kService;
  for (const std::string& arg : args.subspan(1)) {
    if (arg.starts_with('-')) return refuse(tool, "option " + arg, close);
  }
  if (args.size() < 3) {
    if (!systemctl && args.size() == 1) {
      return std::unexpected(
          failure("Usage: service < option > | --status-all | [ service_name [ command | "
                  "--full-restart ] ]\n",
                  1));
    }
    return refuse(tool, "this form", close);
  }
  if (args.size() > 3) return refuse(tool, "more than one service", close);
  const std::string& action = systemctl ? args[1] : args[2];
  service.name = systemctl ? args[2] : args[1];
  if (systemctl && service.name.ends_with(".service")) service.name.resize(service.name.size() - 8);
  const auto found = std::ranges::find(kActions, action, &ActionName::name);
  if (found == kActions.end()) return refuse(tool, "action " + action, close);
  service.action = found->action;
  if (!systemctl && service.action > ServiceCommand::Action::kStatus) {
    return refuse(tool, "action " + action, close);
  }
  if (std::ranges::find(kServices, service.name) != kServices.end()) return service;
  if (std::ranges::find(kOtherUnits, service.name) != kOtherUnits.end()) {
    return refuse(tool, "service " + service.name,
                  "dnsmasq, httpd, keepalived, nginx, sshd, vsftpd");
  }
  if (!systemctl) return std::unexpected(failure(service.name + ": unrecognized service\n", 1));
  const bool status = service.action == ServiceCommand::Action::kStatus;
  return std::unexpected(
      status ? failure(fmt::format("Unit {}.service could not be found.\n", service.name), 4)
             : failure(fmt::format("Failed to {} {}.service: Unit {}.service not found.\n", action,
                                   service.name, service.name),
                       5));
}

Parsed<JournalctlCommand> parse_journalctl(Args args) {
  const OptionSpec spec{.tool = "journalctl",
                        .letters = "u:n:xeaq",
                        .unmodelled = "fkbortSUpgiMDmN",
                        .close = "journalctl -u keepalived -n 20",
                        .longs = {{"unit", 'u', true},
                                  {"lines", 'n', true},
                                  {"no-pager", 'a'},
                                  {"all", 'a'},
                                  {"quiet", 'q'},
                                  {"catalog", 'x'},
                                  {"pager-end", 'e'}},
                        .unmodelled_longs = {"follow", "since", "until", "boot", "output", "grep",
                                             "priority", "reverse", "vacuum-size"}};
  auto options = read_options(args, spec);
  if (!options) return std::unexpected(options.error());
  JournalctlCommand journal;
  for (const auto& [letter, value] : options->given) {
    if (letter == 'u') {
      journal.unit = value.ends_with(".service") ? value.substr(0, value.size() - 8) : value;
    } else if (letter == 'n') {
      journal.last = to_u32(value);
      if (!journal.last) {
        return std::unexpected(failure(fmt::format("Failed to parse lines '{}'\n", value), 1));
      }
    }
  }
  if (!options->operands.empty()) {
    return refuse("journalctl", options->operands[0], "journalctl -u keepalived");
  }
  return journal;
}

Parsed<SysctlCommand> parse_sysctl(Args args) {
  const OptionSpec spec{
      .tool = "sysctl",
      .letters = "aAXnewqr:",
      .unmodelled = "bNpfdhVox",
      .close = "-a -n -e -q -w -r",
      .longs = {{"all", 'a'},
                {"values", 'n'},
                {"ignore", 'e'},
                {"write", 'w'},
                {"quiet", 'q'},
                {"pattern", 'r', true}},
      .unmodelled_longs = {"binary", "names", "load", "system", "help", "version"},
      .usage = "Try `sysctl --help' for more information.\n"};
  auto options = read_options(args, spec);
  if (!options) return std::unexpected(options.error());
  SysctlCommand sysctl;
  for (const auto& [letter, value] : options->given) {
    switch (letter) {
      case 'n': sysctl.values_only = true; break;
      case 'e': sysctl.ignore_unknown = true; break;
      case 'w': sysctl.write_only = true; break;
      case 'q': sysctl.quiet = true; break;
      case 'r': sysctl.pattern = value; break;
      default: sysctl.all = true; break;
    }
  }
  if (sysctl.all) return sysctl;
  if (!sysctl.pattern.empty()) return refuse("sysctl", "-r without -a", "sysctl -a -r PATTERN");
  if (options->operands.empty()) {
    return std::unexpected(
        failure("sysctl: no variables specified\nTry `sysctl --help' for more information.\n", 1));
  }
  for (const std::string& operand : options->operands) {
    const std::size_t equals = operand.find('=');
    if (equals == std::string::npos && sysctl.write_only) {
      return std::unexpected(
          failure("sysctl: command line(0): invalid syntax, continuing...\n", 1));
    }
    if (equals == 0) return refuse("sysctl", "a blank around =", "sysctl -w NAME=VALUE");
    SysctlCommand::Entry entry{dotted(operand.substr(0, equals)), std::nullopt};
    if (equals != std::string::npos) entry.value = operand.substr(equals + 1);
    sysctl.entries.push_back(std::move(entry));
  }
  return sysctl;
}

std::string to_text(const PackageCommand& c) {
  std::string line = fmt::format("{} install{}", tool_name(c.tool), c.yes ? " -y" : "");
  for (const std::string& package : c.packages) line += ' ' + quote_word(package);
  return line;
}

std::string to_text(const ServiceCommand& c) {
  const std::string_view action = kActions[static_cast<std::size_t>(c.action)].name;
  return c.tool == ServiceCommand::Tool::kService
             ? fmt::format("service {} {}", quote_word(c.name), action)
             : fmt::format("systemctl {} {}", action, quote_word(c.name));
}

std::string to_text(const JournalctlCommand& c) {
  std::string line = "journalctl";
  if (!c.unit.empty()) line += " -u " + quote_word(c.unit);
  if (c.last) line += fmt::format(" -n {}", *c.last);
  return line;
}

std::string render_journal(const JournalctlCommand& c, std::string_view messages) {
  constexpr std::size_t kTime = 16;  // "Jan  1 08:00:00 "
  const auto same = [](char a, char b) { return (a | 0x20) == (b | 0x20); };
  std::vector<std::string_view> lines;
  while (!messages.empty()) {
    const std::size_t end = std::min(messages.find('\n'), messages.size() - 1) + 1;
    const std::string_view line = messages.substr(0, end);
    messages.remove_prefix(end);
    const std::size_t host_end = line.find(' ', std::min(kTime, line.size()));
    const std::string_view sender =
        host_end == std::string_view::npos ? "" : line.substr(host_end + 1);
    const bool of_unit = sender.size() >= c.unit.size() &&
                         std::ranges::equal(sender.substr(0, c.unit.size()), c.unit, same);
    if (of_unit) lines.push_back(line);
  }
  std::string text;
  const std::size_t skip = c.last && *c.last < lines.size() ? lines.size() - *c.last : 0;
  for (const std::string_view line : lines | std::views::drop(skip)) text += line;
  return text.empty() ? "-- No entries --\n" : text;
}

std::string to_text(const SysctlCommand& c) {
  std::string line = "sysctl";
  if (c.all) line += " -a";
  if (c.values_only) line += " -n";
  if (c.ignore_unknown) line += " -e";
  if (c.quiet) line += " -q";
  if (c.write_only) line += " -w";
  if (!c.pattern.empty()) line += " -r " + quote_word(c.pattern);
  const bool dashes = std::ranges::any_of(
      c.entries, [](const SysctlCommand::Entry& entry) { return entry.name.starts_with('-'); });
  if (dashes) line += " --";
  for (const SysctlCommand::Entry& entry : c.entries) {
    line += ' ' + quote_word(entry.value ? entry.name + '=' + *entry.value : entry.name);
  }
  return line;
}

std::string render_sysctl_line(const SysctlCommand& command, std::string_view name,
                               std::string_view value) {
  if (command.values_only) return fmt::format("{}\n", value);
  return fmt::format("{} = {}\n", name, value);
}

Output sysctl_unknown_key(std::string_view name) {
  std::string path(name);
  for (char& c : path) {
    if (c == '.') {
      c = '/';
    } else if (c == '/') {
      c = '.';
    }
  }
  return failure(fmt::format("sysctl: cannot stat /proc/sys/{}: No such file or directory\n", path),
                 1);
}

Output sysctl_invalid_value(std::string_view name) {
  return failure(fmt::format("sysctl: setting key \"{}\": Invalid argument\n", name), 1);
}

}  // namespace lvslab::command
