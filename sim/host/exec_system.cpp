// Kernel parameters, packages, services, processes, files and the shell's own words.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <ranges>

#include "sim/base/calendar.h"
#include "sim/command/vsftpd.h"
#include "sim/host/executor.h"
#include "sim/host/nginx_service.h"
#include "sim/host/sysctls.h"
#include "sim/host/virtual_files.h"

namespace lvslab::host {

using command::Output;

namespace {

constexpr std::string_view kHttpd = "httpd";
constexpr std::string_view kDnsmasq = "dnsmasq";
constexpr std::string_view kNginx = "nginx";
constexpr std::string_view kKeepalived = "keepalived";
constexpr std::string_view kSshd = "sshd";
constexpr std::string_view kVsftpd = "vsftpd";

std::string_view description_of(std::string_view service) {
  if (service == kNginx) return "The nginx HTTP and reverse proxy server";
  if (service == kSshd) return "OpenSSH server daemon";
  if (service == kVsftpd) return "vsftpd FTP server";
  if (service == kDnsmasq) return "dnsmasq - A lightweight DHCP and caching DNS server";
  return service == kKeepalived ? "LVS and VRRP High Availability Monitor"
                                : "The Apache HTTP Server";
}

Output printed(std::string text) { return {.out = std::move(text)}; }

std::string path_join(const std::string& directory, const std::string& name) {
  return directory == "/" ? "/" + name : directory + "/" + name;
}

/// date(1): the default layout, or a "+FORMAT" with the usual conversions.
std::string format_date(SimTime now, const std::string& format) {
  const CivilTime t = civil_time(now);
  if (format.empty()) {
    return fmt::format("{} {} {:2} {:02}:{:02}:{:02} UTC {}", t.weekday_name(), t.month_name(),
                       t.day, t.hour, t.minute, t.second, t.year);
  }
  std::string text;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%' || i + 1 == format.size()) {
      text += format[i];
      continue;
    }
    switch (format[++i]) {
      case 'Y': text += fmt::format("{}", t.year); break;
      case 'm': text += fmt::format("{:02}", t.month); break;
      case 'd': text += fmt::format("{:02}", t.day); break;
      case 'H': text += fmt::format("{:02}", t.hour); break;
      case 'M': text += fmt::format("{:02}", t.minute); break;
      case 'S': text += fmt::format("{:02}", t.second); break;
      case 'N': text += fmt::format("{:09}", t.nanosecond); break;
      case 's': text += fmt::format("{}", unix_ns(now) / 1'000'000'000); break;
      case 'F': text += fmt::format("{}-{:02}-{:02}", t.year, t.month, t.day); break;
      case 'T': text += fmt::format("{:02}:{:02}:{:02}", t.hour, t.minute, t.second); break;
      case '%': text += '%'; break;
      default: text += fmt::format("%{}", format[i]); break;
    }
  }
  return text;
}

/// The pids of a process: those of its children (keepalived, nginx) as well.
std::vector<std::uint32_t> pids_of(const Process& p) {
  std::vector<std::uint32_t> pids;
  for (const std::uint32_t pid :
       {p.orphaned ? 0 : p.pid, p.checker_pid, p.vrrp_pid, p.worker_pid}) {
    if (pid != 0 && !p.exited) pids.push_back(pid);
  }
  return pids;
}

/// The processes with this name (or with it in their name), in order of their pids.
std::vector<std::uint32_t> pids_of(const Userland& user, std::string_view name, bool whole) {
  std::vector<std::uint32_t> pids;
  for (std::uint32_t i = 0; i < user.processes.limit(); ++i) {
    const std::string_view comm = user.processes[i].name.view();
    if (whole ? comm != name : comm.find(name) == std::string_view::npos) continue;
    const std::vector<std::uint32_t> own = pids_of(user.processes[i]);
    pids.insert(pids.end(), own.begin(), own.end());
  }
  std::ranges::sort(pids);
  return pids;
}

Output file_failure(std::string_view tool, std::string_view doing, std::string_view path,
                    FileError error) {
  return command::failure(fmt::format("{}: {} '{}': {}", tool, doing, path, text_of(error)), 1);
}

}  // namespace

// --- sysctl
// -----------------------------------------------------------------------------------------

CommandOutcome Executor::operator()(const command::SysctlCommand& c) {
  Output all;
  if (c.all) {
    for (const SysctlRow& row : all_sysctls(wiring_)) {
      if (!c.pattern.empty() && row.path.find(c.pattern) == std::string::npos) continue;
      all.out += render_sysctl_line(c, row.path, row.value);
    }
    return all;
  }
  for (const auto& entry : c.entries) {
    const auto known = read_sysctl(wiring_, entry.name);
    if (!known) {
      if (c.ignore_unknown) continue;
      const Output error = command::sysctl_unknown_key(entry.name);
      all.err += error.err;
      all.status = error.status;
      continue;
    }
    if (!entry.value) {
      all.out += render_sysctl_line(c, entry.name, *known);
      continue;
    }
    switch (write_sysctl(step_, wiring_, entry.name, *entry.value)) {
      case SysctlError::kNone:
        if (!c.quiet) all.out += render_sysctl_line(c, entry.name, *entry.value);
        continue;
      case SysctlError::kReadOnly:
        all.err += fmt::format("sysctl: permission denied on key \"{}\"\n", entry.name);
        break;
      default:
        all.err += fmt::format("sysctl: setting key \"{}\": Invalid argument\n", entry.name);
        break;
    }
    all.status = 1;
  }
  return all;
}

// --- packages and services
// --------------------------------------------------------------------------

CommandOutcome Executor::operator()(const command::PackageCommand& c) {
  Userland& user = wiring_.user();
  std::string installed;
  std::string text;
  for (const std::string& package : c.packages) {
    if (!user.packages.insert(package).second) {
      text += fmt::format("Package {} is already installed.\n", package);
      continue;
    }
    installed += "  " + package + "\n";
    if (package == kHttpd) user.files.make_directory("/var/www/html", true);
    if (package == kNginx) {
      user.files.make_directory("/etc/nginx/conf.d", true);
      user.files.make_directory("/var/log/nginx", true);
      if (!user.files.is_file(apps::kNginxConf)) {
        user.files.write(apps::kNginxConf, command::default_nginx_conf(), false);
      }
    }
    if (package == kVsftpd) {
      user.files.make_directory(command::kVsftpdRoot, true);
      if (!user.files.is_file(command::kVsftpdConf)) {
        user.files.write(command::kVsftpdConf, command::default_vsftpd_conf(), false);
      }
    }
    if (package == kKeepalived) user.files.make_directory("/etc/keepalived", true);
  }
  if (installed.empty()) return printed(text + "Nothing to do.\n");
  return printed(text + "Installed:\n" + installed + "\nComplete!\n");
}

CommandOutcome Executor::operator()(const command::ServiceCommand& c) {
  using Action = command::ServiceCommand::Action;
  const Process* running = wiring_.user().find_service(c.name);
  const bool stops = c.action == Action::kStop || c.action == Action::kRestart;
  // keepalived takes a while to end, and systemctl waits for it.
  const bool waits = stops && running != nullptr && running->keepalived.exists();
  const std::uint32_t pid = waits ? running->pid : 0;
  Output result = waits ? Output{} : service_action(c);
  if (c.tool == command::ServiceCommand::Tool::kService) {
    // service(8) of a systemd machine hands over to systemctl and says so.
    static constexpr std::string_view kWords[] = {"start",  "stop",   "restart", "reload",
                                                  "status", "enable", "disable", "is-active"};
    result.err = fmt::format("Redirecting to /bin/systemctl {} {}.service\n",
                             kWords[static_cast<std::size_t>(c.action)], c.name) +
                 result.err;
  }
  return waits ? stop_and_wait(c, pid, result.err) : CommandOutcome(result);
}

CommandOutcome Executor::stop_and_wait(const command::ServiceCommand& c, std::uint32_t pid,
                                       const std::string& message) {
  const Started waiter = start(apps::App{}, "systemctl");
  Process& process = *wiring_.user().find_process(waiter.pid);
  process.awaits = pid;
  if (c.action == command::ServiceCommand::Action::kRestart) process.starts_then = c.name;
  wiring_.program_prints(step_, wiring_.app_of(waiter.pid), 2, message);
  wiring_.signal_pid(step_, pid, 15);
  return waiter;
}

/// Why a service would not start: what is wrong with its settings.
std::optional<Output> Executor::wrong_settings(std::string_view service) const {
  if (service == kNginx) {
    const auto conf = nginx_conf_of(wiring_);
    return conf ? std::nullopt : std::optional(nginx_refusal(conf.error()));
  }
  if (service == kVsftpd) {
    const auto conf = apps::VsftpdConf::parse(wiring_.read_file(command::kVsftpdConf).value_or(""));
    if (conf) return std::nullopt;
    return Output{.err = conf.error(), .status = 2};
  }
  if (service != kDnsmasq) return std::nullopt;
  const auto text = wiring_.read_file(apps::kDnsmasqConf);
  const auto conf = apps::DnsmasqConf::parse(text.value_or(""));
  if (conf) return std::nullopt;
  return command::failure("lvslab: " + conf.error(), 1);
}

Output Executor::service_action(const command::ServiceCommand& c) {
  using Action = command::ServiceCommand::Action;
  Userland& user = wiring_.user();
  const bool known = user.packages.contains(c.name) || c.name == kSshd;  // every system has it
  Process* running = user.find_service(c.name);
  const auto stop = [&] {
    if (running != nullptr) wiring_.signal_program(step_, *running, 15);
    running = nullptr;
    wiring_.settle(step_);
  };
  const auto begin = [&] {
    if (running == nullptr) wiring_.start_service(step_, c.name);
  };
  if (!known && c.action == Action::kIsActive) return {.out = "inactive\n", .status = 3};
  if (!known) {
    const int status = c.action == Action::kStatus ? 4 : 5;
    static constexpr std::string_view kVerbs[] = {"start",  "stop",   "restart", "reload",
                                                  "status", "enable", "disable"};
    if (c.action == Action::kStatus) {
      return command::failure(fmt::format("Unit {}.service could not be found.", c.name), status);
    }
    return command::failure(
        fmt::format("Failed to {} {}.service: Unit {}.service not found.\nlvslab: install it "
                    "first: yum install {} -y",
                    kVerbs[static_cast<std::size_t>(c.action)], c.name, c.name, c.name),
        status);
  }
  const bool starts = c.action == Action::kStart || c.action == Action::kRestart;
  if (const auto problem = starts ? wrong_settings(c.name) : std::nullopt) return *problem;
  switch (c.action) {
    case Action::kStart: begin(); return {};
    case Action::kStop: stop(); return {};
    case Action::kRestart:
      stop();
      begin();
      return {};
    case Action::kReload:
      if (c.name == kDnsmasq) {
        return command::not_modelled("systemctl", "reload of dnsmasq", "systemctl restart dnsmasq");
      }
      if (running != nullptr && (c.name == kKeepalived || c.name == kNginx)) {
        wiring_.signal_program(step_, *running, 1);
        wiring_.settle(step_);
      }
      if (running != nullptr) return {};
      return command::failure(
          fmt::format("Job for {0}.service invalid: unit {0}.service is not active.", c.name), 1);
    case Action::kStatus:
      return {.out = fmt::format("● {0}.service - {2}\n   Active: {1}\n", c.name,
                                 running != nullptr
                                     ? fmt::format("active (running)\n Main PID: {} ({})",
                                                   running->pid, running->name.view())
                                     : "inactive (dead)",
                                 description_of(c.name)),
              .status = running != nullptr ? 0 : 3};
    case Action::kEnable: user.enabled.insert(c.name); return {};
    case Action::kDisable: user.enabled.erase(c.name); return {};
    case Action::kIsActive:
      return running != nullptr ? Output{.out = "active\n"}
                                : Output{.out = "inactive\n", .status = 3};
  }
  return {};
}

CommandOutcome Executor::operator()(const command::PidofCommand& c) {
  Output result{.status = 1};
  for (const std::string& name : c.names) {
    const std::vector<std::uint32_t> found = pids_of(wiring_.user(), name, true);
    for (const std::uint32_t pid : found | std::views::reverse) {
      result.out += fmt::format("{}{}", result.out.empty() ? "" : " ", pid);
    }
  }
  if (result.out.empty()) return result;
  return Output{.out = result.out + "\n"};
}

CommandOutcome Executor::operator()(const command::KillCommand& c) {
  Output result;
  std::vector<std::uint32_t> pids = c.pids;
  for (const std::uint32_t number : c.jobs) {
    Userland& user = wiring_.user();
    std::uint32_t seen = 0;
    for (std::uint32_t i = 0; i < user.jobs.limit(); ++i) {
      const Job& job = user.jobs[i];
      if (job.background && ++seen == number && !job.done) pids.push_back(job.shell.waiting_for());
    }
  }
  for (const std::string& name : c.names) {
    Userland& user = wiring_.user();
    const std::vector<std::uint32_t> found = pids_of(user, name, !c.silent);
    pids.insert(pids.end(), found.begin(), found.end());
    if (!found.empty()) continue;
    if (!c.silent) result.err += name + ": no process found\n";
    result.status = 1;
  }
  for (const std::uint32_t pid : pids) {
    const bool there = c.signal == 0 ? wiring_.user().find_process(pid) != nullptr
                                     : wiring_.signal_pid(step_, pid, c.signal);
    if (there || !c.names.empty()) continue;
    result.err += fmt::format("bash: kill: ({}) - No such process\n", pid);
    result.status = 1;
  }
  return result;
}

CommandOutcome Executor::operator()(const command::JournalctlCommand& c) {
  const std::string* messages = wiring_.user().files.read("/var/log/messages");
  return printed(render_journal(c, messages == nullptr ? "" : *messages));
}

CommandOutcome Executor::operator()(const command::PsCommand& c) {
  using Layout = command::PsCommand::Layout;
  const Userland& user = wiring_.user();
  const bool full = c.layout == Layout::kAux || c.layout == Layout::kEf;
  std::string text =
      c.layout == Layout::kAux
          ? "USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\n"
      : c.layout == Layout::kEf ? "UID          PID    PPID  C STIME TTY          TIME CMD\n"
                                : "    PID TTY          TIME CMD\n";
  const auto line = [&](std::uint32_t pid, bool terminal, std::string_view name,
                        std::string_view whole) {
    const std::string_view tty = terminal ? "pts/0" : "?";
    if (c.layout == Layout::kPlain && !terminal) return;
    if (c.layout == Layout::kAux) {
      text += fmt::format("root     {:>7}  0.0  0.0      0     0 {:<8} S    00:00   0:00 {}\n", pid,
                          tty, whole);
    } else if (c.layout == Layout::kEf) {
      text += fmt::format("root     {:>7} {:>7}  0 00:00 {:<8} 00:00:00 {}\n", pid, 1, tty, whole);
    } else {
      text += fmt::format("{:>7} {:<8} 00:00:00 {}\n", pid, tty, full ? whole : name);
    }
  };
  line(kShellPid, true, "bash", "-bash");
  std::map<std::uint32_t, const Process*> by_pid;
  for (std::uint32_t i = 0; i < user.processes.limit(); ++i) {
    for (const std::uint32_t pid : pids_of(user.processes[i])) by_pid[pid] = &user.processes[i];
  }
  for (const auto& [pid, p] : by_pid) {
    const std::string_view whole =
        pid == p->worker_pid ? std::string_view("nginx: worker process") : p->command_line;
    line(pid, p->job != 0, p->name.view(), whole);
  }
  return printed(text);
}

CommandOutcome Executor::operator()(const command::RebootCommand& c) {
  wiring_.network().request_power(wiring_.id(), c.power_off ? Power::kOff : Power::kOn);
  return Output{};
}

// --- files
// ------------------------------------------------------------------------------------------

CommandOutcome Executor::operator()(const command::LsCommand& c) {
  Output result;
  std::vector<std::string> paths = c.paths;
  if (paths.empty()) paths.emplace_back(".");
  const Files& files = wiring_.user().files;
  for (const std::string& typed : paths) {
    const std::string path = wiring_.path_of(typed);
    std::optional<std::vector<std::string>> names;
    if (is_virtual(path)) {
      names = list_virtual(wiring_, path);
    } else if (files.is_directory(path)) {
      names = files.list(path);
    }
    const bool one = c.directory || !names;
    if (one && !names && !wiring_.read_file(path)) {
      result.err += fmt::format("ls: cannot access '{}': No such file or directory\n", typed);
      result.status = 2;
      continue;
    }
    if (one) names = {typed};
    if (paths.size() > 1 && !one) result.out += typed + ":\n";
    for (const std::string& name : *names) {
      const std::string whole = one ? path : path_join(path, name);
      if (c.long_format) {
        const bool directory = files.is_directory(whole);
        const auto text = wiring_.read_file(whole);
        result.out +=
            fmt::format("{} 1 root root {:>5} {}\n", directory ? "drwxr-xr-x" : "-rw-r--r--",
                        directory ? 4096
                        : text    ? text->size()
                                  : 0,
                        name);
      } else {
        result.out += name + "\n";
      }
    }
  }
  return result;
}

CommandOutcome Executor::operator()(const command::TestCommand& c) {
  class FilesOfHost : public command::TestFiles {
   public:
    explicit FilesOfHost(Wiring& wiring) : wiring_(wiring) {}
    bool is_directory(std::string_view typed) const override {
      const std::string path = wiring_.path_of(std::string(typed));
      return is_virtual(path) ? list_virtual(wiring_, path).has_value()
                              : wiring_.user().files.is_directory(path);
    }
    std::optional<std::size_t> length(std::string_view typed) const override {
      const std::string path = wiring_.path_of(std::string(typed));
      const auto text = wiring_.read_file(path);
      if (!text) return std::nullopt;
      return is_virtual(path) ? 0 : text->size();
    }

   private:
    Wiring& wiring_;
  };
  return run_test(c, FilesOfHost(wiring_));
}

CommandOutcome Executor::operator()(const command::MkdirCommand& c) {
  for (const std::string& path : c.paths) {
    const FileError error = wiring_.user().files.make_directory(wiring_.path_of(path), c.parents);
    if (error != FileError::kNone) {
      return file_failure("mkdir", "cannot create directory", path, error);
    }
  }
  return Output{};
}

CommandOutcome Executor::operator()(const command::TouchCommand& c) {
  for (const std::string& path : c.paths) {
    const FileError error = wiring_.user().files.write(wiring_.path_of(path), "", true);
    if (error != FileError::kNone) return file_failure("touch", "cannot touch", path, error);
  }
  return Output{};
}

CommandOutcome Executor::operator()(const command::RmCommand& c) {
  for (const std::string& path : c.paths) {
    const FileError error = wiring_.user().files.remove(wiring_.path_of(path), c.recursive);
    if (error == FileError::kNone || (error == FileError::kNoSuchFile && c.force)) continue;
    return file_failure("rm", "cannot remove", path, error);
  }
  return Output{};
}

CommandOutcome Executor::operator()(const command::CdCommand& c) {
  Userland& user = wiring_.user();
  const std::string path = wiring_.path_of(c.path.empty() ? "/root" : c.path);
  const bool known =
      user.files.is_directory(path) || (is_virtual(path) && list_virtual(wiring_, path));
  if (!known) {
    return command::failure(fmt::format("bash: cd: {}: No such file or directory", c.path), 1);
  }
  user.directory = path;
  return Output{};
}

CommandOutcome Executor::operator()(const command::PwdCommand&) {
  return printed(wiring_.user().directory + "\n");
}

// --- the shell's own words
// --------------------------------------------------------------------------

CommandOutcome Executor::operator()(const command::EchoCommand& c) { return printed(run_echo(c)); }

CommandOutcome Executor::operator()(const command::SeqCommand& c) { return printed(run_seq(c)); }

CommandOutcome Executor::operator()(const command::DateCommand& c) {
  return printed(format_date(step_.now(), c.format) + "\n");
}

CommandOutcome Executor::operator()(const command::ExportCommand& c) {
  for (const auto& entry : c.entries) {
    if (entry.value) wiring_.user().variables[entry.name] = *entry.value;
  }
  return Output{};
}

CommandOutcome Executor::operator()(const command::HostnameCommand& c) {
  using Show = command::HostnameCommand::Show;
  Host& host = wiring_.host();
  if (!c.new_name.empty()) {
    write_sysctl(step_, wiring_, "kernel.hostname", c.new_name);
    return Output{};
  }
  if (c.show == Show::kName || c.show == Show::kShort || c.show == Show::kFqdn) {
    return printed(host.name + "\n");
  }
  std::string text;
  for (const ip::InAddr& addr : host.ip.addrs) {
    if (!addr.local.is_loopback()) text += addr.local.to_string() + " ";
  }
  if (c.show == Show::kAddress) {
    for (const command::HostName& known : wiring_.host_names()) {
      if (known.name == host.name && known.addr.is_v4())
        return printed(known.addr.to_string() + "\n");
    }
    return command::failure("hostname: Name or service not known", 1);
  }
  return printed(text + "\n");
}

CommandOutcome Executor::operator()(const command::WaitCommand&) {
  if (!wiring_.has_background_jobs()) return Output{};
  return start(apps::App{}, "wait");
}

CommandOutcome Executor::operator()(const command::JobsCommand&) {
  const Userland& user = wiring_.user();
  std::string text;
  std::uint32_t number = 0;
  for (std::uint32_t i = 0; i < user.jobs.limit(); ++i) {
    const Job& job = user.jobs[i];
    if (!job.background) continue;
    ++number;
    if (!job.done) text += fmt::format("[{}]   Running                 {} &\n", number, job.line);
  }
  return printed(text);
}

CommandOutcome Executor::operator()(const command::UnameCommand& c) {
  const std::string letters = c.letters.empty() ? "s" : c.letters;
  std::string text;
  const auto add = [&](char letter, std::string_view word) {
    if (letters.find(letter) == std::string::npos && letters.find('a') == std::string::npos) return;
    if (!text.empty()) text += ' ';
    text += word;
  };
  add('s', "Linux");
  add('n', wiring_.host().name);
  add('r', kKernelRelease);
  if (letters.find('a') != std::string::npos) add('a', kKernelBuild);
  add('m', "x86_64");
  return printed(text + "\n");
}

CommandOutcome Executor::operator()(const command::WhoamiCommand&) { return printed("root\n"); }
CommandOutcome Executor::operator()(const command::ClearCommand&) { return Output{}; }
CommandOutcome Executor::operator()(const command::ExitCommand& c) {
  return Output{.status = c.status.value_or(0)};
}
CommandOutcome Executor::operator()(const command::TrueCommand&) { return Output{}; }
CommandOutcome Executor::operator()(const command::FalseCommand&) { return Output{.status = 1}; }

CommandOutcome Executor::operator()(const command::UnknownCommand& c) {
  const std::string& name = c.args.front();
  if (!wiring_.read_file(name)) {
    return command::failure(fmt::format("bash: {}: No such file or directory", name), 127);
  }
  return command::failure(
      fmt::format("bash: {}: Permission denied\nlvslab: running files of a host "
                  "is not modelled; type the commands instead",
                  name),
      126);
}

}  // namespace lvslab::host
