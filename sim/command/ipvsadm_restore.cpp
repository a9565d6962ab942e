// What `ipvsadm -R` reads: one command a line; and the scripts ipvsadm-save and ipvsadm-restore.
// Source: ipvsadm 1.31, the two scripts in full.
#include <algorithm>

#include "sim/command/ipvsadm.h"
#include "sim/command/ipvsadm_names.h"

namespace lvslab::command {

std::vector<RestoreLine> parse_restore_lines(std::string_view text, HostNames names) {
  std::vector<RestoreLine> lines;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    std::vector<std::string> args{"ipvsadm"};
    while (!line.empty()) {
      const std::size_t start = std::min(line.find_first_not_of(" \t\r"), line.size());
      line.remove_prefix(start);
      const std::string_view word = line.substr(0, line.find_first_of(" \t\r"));
      if (!word.empty()) args.emplace_back(word);
      line.remove_prefix(word.size());
    }
    if (args.size() == 1) continue;
    Parsed<IpvsadmCommand> command = parse_ipvsadm(args, names);
    if (command && command->verb == IpvsadmCommand::Verb::kRestore) {
      command = std::unexpected(
          ipvsadm_try_help(args[0]));  // the tool refuses to restore while it restores
    }
    // Only popt's own complaints let the tool go on to the next line.
    const bool stop =
        !command && !(command.error().status == 255 && !command.error().err.starts_with("Try "));
    lines.push_back({std::move(command), stop});
    if (stop) break;
  }
  return lines;
}

Parsed<IpvsScriptCommand> parse_ipvs_script(Args args) {
  IpvsScriptCommand command{.restores = args[0] == "ipvsadm-restore"};
  if (command.restores) return command;
  for (const std::string& arg : args.subspan(1)) {
    if (arg == "-n") {
      command.numeric = true;
    } else if (arg.starts_with('-')) {
      return std::unexpected(
          failure("ipvsadm-save: Script to save the IPVS table to stdout.\n"
                  "   With the -n option, prints out the table in numeric format.\n",
                  1));
    }
  }
  return command;
}

std::string to_text(const IpvsScriptCommand& command) {
  if (command.restores) return "ipvsadm-restore";
  return command.numeric ? "ipvsadm-save -n" : "ipvsadm-save";
}

std::string without_comments(std::string_view rules) {
  std::string kept;
  while (!rules.empty()) {
    const std::size_t length = std::min(rules.find('\n'), rules.size() - 1) + 1;
    if (!rules.starts_with('#')) kept += rules.substr(0, length);
    rules.remove_prefix(length);
  }
  return kept;
}

}  // namespace lvslab::command
