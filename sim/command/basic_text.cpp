#include <fmt/core.h>

#include "sim/command/basic.h"
#include "sim/command/options.h"
#include "sim/command/shell.h"

namespace lvslab::command {

namespace {

std::string flag(bool on, char letter) { return on ? fmt::format(" -{}", letter) : ""; }

}  // namespace

std::string to_text(const EchoCommand& c) {
  std::string line = "echo" + flag(!c.newline, 'n') + flag(c.escapes, 'e');
  for (const std::string& word : c.words) line += ' ' + quote_word(word);
  return line;
}
std::string to_text(const LsCommand& c) {
  std::string line = "ls" + flag(c.all, 'a') + flag(c.long_format, 'l') +
                     flag(c.one_per_line, '1') + flag(c.directory, 'd');
  append_operands(line, c.paths);
  return line;
}
std::string to_text(const HostnameCommand& c) {
  using Show = HostnameCommand::Show;
  if (!c.new_name.empty()) return "hostname " + quote_word(c.new_name);
  switch (c.show) {
    case Show::kAllAddresses: return "hostname -I";
    case Show::kAddress: return "hostname -i";
    case Show::kShort: return "hostname -s";
    case Show::kFqdn: return "hostname -f";
    default: return "hostname";
  }
}
std::string to_text(const TrueCommand&) { return "true"; }
std::string to_text(const FalseCommand&) { return "false"; }
std::string to_text(const SeqCommand& c) {
  std::string line = "seq" + flag(c.equal_width, 'w');
  if (c.separator != "\n") line += " -s " + quote_word(c.separator);
  return line + fmt::format(" {} {} {}", c.first, c.step, c.last);
}
std::string to_text(const SleepCommand& c) {
  std::string text = std::to_string(c.duration.seconds());
  if (const std::int64_t rest = c.duration.ns % 1'000'000'000; rest != 0) {
    text += fmt::format(".{:09}", rest);
    while (text.ends_with('0')) text.pop_back();
  }
  return "sleep " + text;
}
std::string to_text(const DateCommand& c) {
  return "date" + flag(c.utc, 'u') + (c.format.empty() ? "" : ' ' + quote_word('+' + c.format));
}
std::string to_text(const MkdirCommand& c) {
  std::string line = "mkdir" + flag(c.parents, 'p');
  append_operands(line, c.paths);
  return line;
}
std::string to_text(const TouchCommand& c) {
  std::string line = "touch";
  append_operands(line, c.paths);
  return line;
}
std::string to_text(const RmCommand& c) {
  std::string line = "rm" + flag(c.recursive, 'r') + flag(c.force, 'f');
  append_operands(line, c.paths);
  return line;
}
std::string to_text(const KillCommand& c) {
  std::string line = c.names.empty() ? "kill" : c.silent ? "pkill" : "killall";
  if (c.signal != 15) line += fmt::format(" -{}", c.signal);
  for (const std::string& name : c.names) line += " " + quote_word(name);
  for (const std::uint32_t pid : c.pids) line += fmt::format(" {}", pid);
  for (const std::uint32_t job : c.jobs) line += fmt::format(" %{}", job);
  return line;
}
std::string to_text(const PidofCommand& c) {
  std::string line = "pidof";
  append_operands(line, c.names);
  return line;
}
std::string to_text(const PsCommand& c) {
  switch (c.layout) {
    case PsCommand::Layout::kAx: return "ps ax";
    case PsCommand::Layout::kAux: return "ps aux";
    case PsCommand::Layout::kE: return "ps -e";
    case PsCommand::Layout::kEf: return "ps -ef";
    default: return "ps";
  }
}
std::string to_text(const ExportCommand& c) {
  std::string line = "export";
  for (const ExportCommand::Entry& entry : c.entries) {
    line += ' ' + entry.name + (entry.value ? '=' + quote_word(*entry.value) : "");
  }
  return line;
}
std::string to_text(const CdCommand& c) {
  return c.path.empty() ? "cd" : "cd " + quote_word(c.path);
}
std::string to_text(const PwdCommand&) { return "pwd"; }
std::string to_text(const WaitCommand&) { return "wait"; }
std::string to_text(const JobsCommand&) { return "jobs"; }
std::string to_text(const UnameCommand& c) {
  return c.letters.empty() ? "uname" : "uname -" + c.letters;
}
std::string to_text(const WhoamiCommand&) { return "whoami"; }
std::string to_text(const RebootCommand& c) { return c.power_off ? "poweroff" : "reboot"; }
std::string to_text(const ClearCommand&) { return "clear"; }
std::string to_text(const ExitCommand& c) {
  return c.status ? fmt::format("exit {}", *c.status) : "exit";
}
std::string to_text(const LsmodCommand&) { return "lsmod"; }

std::string render_modules(const std::vector<ModuleRow>& modules) {
  std::string text = "Module                  Size  Used by\n";
  for (const ModuleRow& module : modules) {
    text += fmt::format("{:<19} {:>8}  {}", module.name, module.size, module.uses);
    for (std::size_t i = 0; i < module.users.size(); ++i) {
      text += (i == 0 ? ' ' : ',') + module.users[i];
    }
    text += '\n';
  }
  return text;
}

std::string to_text(const ModprobeCommand& c) {
  std::string line = "modprobe -a";
  for (const std::string& module : c.modules) line += ' ' + quote_word(module);
  return line;
}

}  // namespace lvslab::command
