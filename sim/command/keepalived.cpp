#include "sim/command/keepalived.h"

#include <fmt/core.h>

#include "sim/command/options.h"
#include "sim/command/shell.h"

namespace lvslab::command {

namespace {

constexpr std::string_view kDefaultPath = "/etc/keepalived/keepalived.conf";

OptionSpec options_spec() {
  return {.tool = "keepalived",
          .letters = "f:PClDnti:p:r:c:vhB",
          .unmodelled = "SGuXVIRdTabxAsmMe",
          .close = "keepalived -n -l -D -f FILE, or -t",
          .longs = {{"use-file", 'f', true},
                    {"vrrp", 'P'},
                    {"check", 'C'},
                    {"no_bfd", 'B'},
                    {"log-console", 'l'},
                    {"log-detail", 'D'},
                    {"dont-fork", 'n'},
                    {"config-test", 't'},
                    {"config-id", 'i', true},
                    {"pid", 'p', true},
                    {"vrrp_pid", 'r', true},
                    {"checkers_pid", 'c', true},
                    {"version", 'v'},
                    {"help", 'h'}},
          .unmodelled_longs = {"log-facility", "no-syslog", "release-vips", "dont-release-vrrp",
                               "dont-release-ipvs", "dont-respawn", "dump-conf", "signum"}};
}

}  // namespace

Parsed<KeepalivedCommand> parse_keepalived(Args args) {
  auto options = read_options(args, options_spec());
  if (!options) return std::unexpected(options.error());
  KeepalivedCommand command;
  for (auto& [letter, value] : options->given) {
    switch (letter) {
      case 'f': command.conf_path = value; break;
      case 'i': command.config_id = value; break;
      case 't': command.test = true; break;
      case 'n': command.dont_fork = true; break;
      case 'l': command.log_console = true; break;
      case 'D': command.log_detail = true; break;
      case 'P': command.vrrp_only = true; break;
      case 'C': command.check_only = true; break;
      case 'v': command.version = true; break;
      case 'h': command.help = true; break;
      default: break;  // pid files: keepalived's are where the packages put them
    }
  }
  if (!options->operands.empty()) {
    return std::unexpected(
        failure(fmt::format("Unexpected argument(s): {}\n", join_words(options->operands)), 1));
  }
  return command;
}

std::string to_text(const KeepalivedCommand& c) {
  std::string line = "keepalived";
  if (c.conf_path != kDefaultPath) line += " -f " + quote_word(c.conf_path);
  if (!c.config_id.empty()) line += " -i " + quote_word(c.config_id);
  const auto add = [&](bool on, std::string_view option) {
    if (on) line += fmt::format(" {}", option);
  };
  add(c.test, "-t");
  add(c.dont_fork, "-n");
  add(c.log_console, "-l");
  add(c.log_detail, "-D");
  add(c.vrrp_only, "-P");
  add(c.check_only, "-C");
  add(c.version, "-v");
  add(c.help, "-h");
  return line;
}

Output keepalived_version() {
  return {.err =
              "Keepalived v2.2.7 (01/16,2022)\n\nCopyright(C) 2001-2022 Alexandre Cassen, "
              "<acassen@gmail.com>\n\nlvslab: simulated\n"};
}

Output keepalived_help() {
  return {
      .out =
          "Usage: keepalived [OPTION...]\n"
          "  -f, --use-file=FILE          Use the specified configuration file\n"
          "                                default '/etc/keepalived/keepalived.conf'\n"
          "  -P, --vrrp                   Only run with VRRP subsystem\n"
          "  -C, --check                  Only run with Health-checker subsystem\n"
          "  -l, --log-console            Log messages to local console\n"
          "  -D, --log-detail             Detailed log messages\n"
          "  -n, --dont-fork              Don't fork the daemon process\n"
          "  -i, --config-id id           Skip any configuration lines beginning '@' that don't "
          "match id\n"
          "  -t, --config-test            Check the configuration for obvious errors\n"
          "  -v, --version                Display the version number\n"
          "  -h, --help                   Display this help message\n"};
}

}  // namespace lvslab::command
