#include "sim/host/nginx_service.h"

#include <fmt/format.h>

#include "sim/base/calendar.h"
#include "sim/host/executor.h"
#include "sim/host/program_io.h"

namespace lvslab::host {
namespace {

using command::Output;

class HostFiles final : public apps::NginxFiles {
 public:
  explicit HostFiles(const Wiring& wiring) : wiring_(wiring) {}
  std::optional<std::string> read(const std::string& path) const override {
    return wiring_.read_file(path);
  }
  std::vector<std::string> list(const std::string& directory) const override {
    return wiring_.user().files.list(directory);
  }
  std::optional<Ipv4Addr> resolve(const std::string& name) const override {
    return command::resolve_host(name, wiring_.host_names());
  }

 private:
  const Wiring& wiring_;
};

/// "2026/01/01 08:00:02 [emerg] 4#4: ", as lines of the error log begin.
std::string log_prefix(SimTime now, std::string_view level, std::uint32_t pid) {
  const CivilTime t = civil_time(now);
  return fmt::format("{}/{:02}/{:02} {:02}:{:02}:{:02} [{}] {}#{}: ", t.year, t.month, t.day,
                     t.hour, t.minute, t.second, level, pid, pid);
}

}  // namespace

std::expected<apps::NginxConf, apps::NginxProblem> nginx_conf_of(const Wiring& wiring) {
  const HostFiles files(wiring);
  return apps::read_nginx_conf(std::string(apps::kNginxConf), files);
}

Output nginx_refusal(const apps::NginxProblem& problem) {
  return {.err = problem.message(), .status = problem.not_modelled ? 2 : 1};
}

bool Wiring::start_nginx(Step& step) {
  auto conf = nginx_conf_of(*this);
  if (!conf) return false;
  const std::string pid_file = conf->pid_file;
  const std::uint32_t pid =
      start_program(step, 0, apps::Nginx(*std::move(conf)), "nginx: master process nginx", "nginx");
  Process& process = *user().find_process(pid);
  if (process.exited) return false;
  process.worker_pid = user().next_pid++;
  process.pid_file = pid_file;
  user().files.write(pid_file, fmt::format("{}\n", pid), false);
  return true;
}

void Wiring::reload_nginx(Step& step, Process& process) {
  auto& nginx = std::get<apps::Nginx>(process.app);
  auto conf = nginx_conf_of(*this);
  ProgramIo io(*this, index_of(process));
  if (!conf) {
    const apps::NginxProblem& problem = conf.error();
    io.append_file(step, nginx.conf().error_log,
                   fmt::format("{}{} in {}:{}\n", log_prefix(step.now(), "emerg", process.pid),
                               problem.text, problem.file, problem.line));
    return;
  }
  process.worker_pid = user().next_pid++;
  nginx.reload(step, io, *std::move(conf));
}

void Wiring::worker_died(Step& step, Process& process, int signal) {
  auto& nginx = std::get<apps::Nginx>(process.app);
  ProgramIo io(*this, index_of(process));
  io.append_file(
      step, nginx.conf().error_log,
      fmt::format("{}worker process {} exited on signal {}\n",
                  log_prefix(step.now(), "alert", process.pid), process.worker_pid, signal));
  process.worker_pid = user().next_pid++;
  nginx.reload(step, io, nginx.conf());
}

CommandOutcome Executor::operator()(const command::NginxCommand& c) {
  Userland& user = wiring_.user();
  if (!user.packages.contains("nginx")) {
    return command::failure(
        "bash: nginx: command not found\nlvslab: install it first: yum install nginx -y", 127);
  }
  if (c.version) return Output{.err = "nginx version: nginx/1.22.1\n"};
  if (!c.signal.empty()) return signal_nginx(c);
  const auto conf = nginx_conf_of(wiring_);
  const std::string path(apps::kNginxConf);
  if (!conf) {
    Output refusal = nginx_refusal(conf.error());
    if (c.test) {
      refusal.err += fmt::format("nginx: configuration file {} test failed\n", path);
    }
    return refusal;
  }
  if (c.test) {
    return Output{.err = fmt::format("nginx: the configuration file {0} syntax is ok\n"
                                     "nginx: configuration file {0} test is successful\n",
                                     path)};
  }
  return start_nginx();
}

Output Executor::start_nginx() {
  if (wiring_.start_nginx(step_)) return {};
  wiring_.settle(step_);
  Output refusal{.status = 1};
  const auto conf = nginx_conf_of(wiring_);
  if (!conf) return nginx_refusal(conf.error());
  constexpr int kTries = 5;
  for (int i = 0; i < kTries; ++i) {
    for (const apps::NginxVirtualServer& server : conf->servers) {
      for (const Endpoint& at : server.listen) {
        refusal.err +=
            fmt::format("nginx: [emerg] bind() to {}:{} failed (98: Address already in use)\n",
                        at.addr.to_string(), at.port);
      }
    }
  }
  refusal.err += "nginx: [emerg] still could not bind()\n";
  return refusal;
}

Output Executor::signal_nginx(const command::NginxCommand& c) {
  Process* running = wiring_.user().find_service("nginx");
  const std::uint32_t pid = wiring_.user().next_pid++;
  Output told{.err = log_prefix(step_.now(), "notice", pid) + "signal process started\n"};
  if (running == nullptr) {
    told.err +=
        log_prefix(step_.now(), "error", pid) + "invalid PID number \"\" in \"/run/nginx.pid\"\n";
    told.status = 1;
    return told;
  }
  constexpr int kHangUp = 1, kQuit = 3, kTerminate = 15;
  wiring_.signal_program(step_, *running,
                         c.signal == "reload" ? kHangUp
                         : c.signal == "quit" ? kQuit
                                              : kTerminate);
  wiring_.settle(step_);
  return told;
}

}  // namespace lvslab::host
