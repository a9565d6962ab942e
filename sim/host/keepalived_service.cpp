// keepalived as a service of a host: how it starts, its echo replies; and the commands that it and
// sshd run.
#include <fmt/format.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "sim/host/keepalived_io.h"
#include "sim/host/program_io.h"
#include "sim/host/wiring.h"

namespace lvslab::host {

namespace {

/// "'/usr/sbin/keepalived' '-D'".
std::string quoted_words(std::string_view line) {
  std::istringstream words{std::string(line)};
  std::string text;
  for (std::string word; words >> word;) text += (text.empty() ? "'" : " '") + word + "'";
  return text;
}

}  // namespace

std::uint32_t Wiring::start_keepalived(Step& step, JobId job_id, const KeepalivedStart& how) {
  using keepalived::Part;
  Userland& u = user();
  const std::uint32_t slot = u.processes.acquire();
  Process& process = u.processes[slot];
  process.pid = u.next_pid++;
  process.job = job_id;
  process.command_line = how.command_line;
  process.name = "keepalived";
  process.cause = step.cause();
  process.log_console = how.log_console;
  keepalived::StartOptions options{
      .conf_path = how.conf_path,
      .node = host_.name,
      .command_line = quoted_words(how.command_line),
      .kernel = fmt::format("Linux {} {}", kKernelRelease, kKernelBuild),
      .detail = how.detail,
      .stays = how.stays};
  for (const Part part : {Part::kParent, Part::kVrrp, Part::kCheckers}) {
    const std::string_view path = keepalived_pid_file(part);
    if (u.files.is_file(path)) options.stale_pid_files.emplace_back(path);
  }
  KeepalivedIo io(*this, slot);
  process.keepalived.get().start(step, io, std::move(options));
  if (how.stays && !process.exited) {
    u.files.write(keepalived_pid_file(Part::kParent), fmt::format("{}\n", process.pid), false);
  }
  return process.pid;
}

void Wiring::run_script(Step& step, std::uint32_t app, std::string_view line,
                        keepalived::ScriptTicket ticket) {
  Userland& u = user();
  const std::uint32_t pid = u.processes[app].pid;
  const JobId id = u.jobs.acquire() + 1;
  u.jobs[id - 1].script = ScriptOrder{.app = app, .pid = pid, .ticket = ticket};
  const RecordId before = step.cause();
  run_line(step, id, line);
  step.set_cause(before);
}

void Wiring::kill_script(Step& step, std::uint32_t app, keepalived::ScriptTicket ticket) {
  Userland& u = user();
  for (std::uint32_t i = 0; i < u.jobs.limit(); ++i) {
    Job& j = u.jobs[i];
    if (j.done || !j.script || j.script->app != app || j.script->ticket != ticket) continue;
    if (Process* process = u.find_process(j.shell.waiting_for())) {
      signal_program(step, *process, static_cast<int>(apps::Signal::kTerminate));
    }
    j.shell.interrupt();
    j.status = j.shell.status();
    finish_job(step, j);
  }
}

void Wiring::tell_ping(Step& step, std::uint32_t app, std::uint16_t identifier) {
  Process& process = user().processes[app];
  const auto& open = process.ping_sockets;
  if (std::ranges::find(open, identifier) == open.end()) return;
  KeepalivedIo io(*this, app);
  process.keepalived.get().on_ping(step, io, identifier);
}

void Wiring::run_for_program(Step& step, std::uint32_t app, std::uint32_t ticket,
                             std::string_view line) {
  Userland& u = user();
  const std::uint32_t pid = u.processes[app].pid;
  const JobId id = u.jobs.acquire() + 1;
  u.jobs[id - 1].script = ScriptOrder{.app = app, .pid = pid, .number = ticket};
  const RecordId before = step.cause();
  const std::string directory = std::exchange(u.directory, "/root");
  run_line(step, id, line);
  user().directory = directory;
  step.set_cause(before);
}

void Wiring::script_ended(Step& step, const ScriptOrder& order) {
  Process& process = user().processes[order.app];
  if (process.pid != order.pid || process.exited) return;
  if (!process.keepalived.exists()) {
    ProgramIo io(*this, order.app);
    return apps::on_command(step, io, process.app, order.number, order.status, order.output);
  }
  KeepalivedIo io(*this, order.app);
  process.keepalived.get().on_script(step, io, order.ticket, order.status);
}

}  // namespace lvslab::host
