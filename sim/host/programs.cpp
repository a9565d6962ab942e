// Programs and typed lines of a host: who runs, who waits, who is told.
#include <fmt/format.h>

#include <algorithm>

#include "sim/command/vsftpd.h"
#include "sim/host/keepalived_io.h"
#include "sim/host/program_io.h"
#include "sim/host/virtual_files.h"
#include "sim/host/wiring.h"

namespace lvslab::host {

// --- news for programs
// ------------------------------------------------------------------------------

template <class News>
void Wiring::tell(std::uint32_t app, News&& news) {
  Process& process = user().processes[app];
  if (process.pid == 0 || process.exited) return;
  ProgramIo io(*this, app);
  news(io, process.app);
}

template <class News>
bool Wiring::tell_keepalived(News&& news) {
  Userland* u = host_.user.peek();
  if (u == nullptr) return false;
  bool any = false;
  for (std::uint32_t app = 0; app < u->processes.limit(); ++app) {
    Process& process = u->processes[app];
    if (process.pid == 0 || process.exited || !process.keepalived.exists()) continue;
    KeepalivedIo io(*this, app);
    news(io, process.keepalived.get());
    any = true;
  }
  return any;
}

void Wiring::silence_keepalived() {
  Userland* u = host_.user.peek();
  if (u == nullptr) return;
  for (std::uint32_t app = 0; app < u->processes.limit(); ++app) {
    Process& process = u->processes[app];
    if (process.pid != 0 && process.keepalived.exists()) process.exited = true;
  }
}

std::uint32_t Wiring::app_of(std::uint32_t pid) {
  Process* process = user().find_process(pid);
  LVSLAB_CHECK(process != nullptr, "no such process");
  return index_of(*process);
}

void Wiring::on_link(Step& step, IfIndex dev, bool running) {
  if (host_.power != Power::kOn) return;
  const std::string name(host_.ip.devices[dev.value - 1U].name.view());
  tell_keepalived([&](keepalived::DaemonIo& io, keepalived::Daemon& daemon) {
    daemon.on_interface(step, io, name, running);
  });
}

bool Wiring::deliver_vrrp(Step& step, const Packet& packet) {
  if (!packet.in_dev.valid()) return false;
  const std::string name(host_.ip.devices[packet.in_dev.value - 1U].name.view());
  const keepalived::ReceivedAdvert advert{
      packet.ip, ipv4_payload(step.frames().bytes(packet.frame), packet.ip)};
  bool taken = false;
  tell_keepalived([&](keepalived::DaemonIo& io, keepalived::Daemon& daemon) {
    taken |= daemon.on_vrrp(step, io, name, advert);
  });
  return taken;
}

void Wiring::tell_removed_addresses(Step& step, const std::vector<ip::InAddr>& before) {
  const auto is_there = [&](const ip::InAddr& was) {
    return std::ranges::any_of(host_.ip.addrs, [&](const ip::InAddr& addr) {
      return addr.dev == was.dev && addr.local == was.local && addr.prefix_len == was.prefix_len;
    });
  };
  for (const ip::InAddr& was : before) {
    if (is_there(was)) continue;
    const std::string name(host_.ip.devices[was.dev.value - 1U].name.view());
    tell_keepalived([&](keepalived::DaemonIo& io, keepalived::Daemon& daemon) {
      daemon.on_address_removed(step, io, name, was.local);
    });
  }
}

void Wiring::on_socket(Step& step, AppId owner, const SocketEvent& event) {
  if (!owner.valid()) return;
  Process& process = user().processes[owner.value];
  if (process.pid != 0 && !process.exited && process.keepalived.exists()) {
    KeepalivedIo io(*this, owner.value);
    return process.keepalived.get().on_socket(step, io, event);
  }
  tell(owner.value,
       [&](apps::AppIo& io, apps::App& app) { apps::on_socket(step, io, app, event); });
}

void Wiring::on_udp(Step& step, const ip::UdpEvent& event) {
  if (!event.owner.valid()) return receive_sync(step, event);
  const apps::UdpNews news{.socket = event.socket.value,
                           .from = event.from,
                           .to = event.to,
                           .data = event.data,
                           .error = event.error};
  if (tell_lookup(step, event.owner.value, news)) return;
  Process& process = user().processes[event.owner.value];
  if (process.pid != 0 && !process.exited && process.keepalived.exists()) {
    KeepalivedIo io(*this, event.owner.value);
    return process.keepalived.get().on_datagram(step, io,
                                                {.socket = event.socket.value,
                                                 .data = event.data,
                                                 .error = event.error,
                                                 .unreachable = event.unreachable});
  }
  tell(event.owner.value,
       [&](apps::AppIo& io, apps::App& app) { apps::on_udp(step, io, app, news); });
}

void Wiring::show_taps(Step& step, IfIndex dev, bool outgoing, FrameRef frame) {
  Userland& u = user();
  for (std::uint32_t app = 0; app < u.processes.limit(); ++app) {
    const Process& process = u.processes[app];
    if (process.pid == 0 || !process.tapping) continue;
    if (process.tap.valid() && process.tap != dev) continue;
    const apps::TappedFrame news{dev, outgoing, step.frames().bytes(frame)};
    tell(app, [&](apps::AppIo& io, apps::App& to) { apps::on_frame(step, io, to, news); });
  }
}

void Wiring::tap(Process& process, IfIndex dev) {
  if (!process.tapping) ++host_.taps;
  process.tapping = true;
  process.tap = dev;
}

void Wiring::run_program_timer(Step& step, std::uint32_t app) {
  Userland* u = host_.user.peek();
  if (u == nullptr || app >= u->processes.limit()) return;
  Process& process = u->processes[app];
  if (process.pid == 0) return;
  if (!process.timer.due(step.timers(), step.now(), TimerKind::kProcess, app)) return;
  step.set_cause(process.cause);
  if (process.keepalived.exists()) {
    KeepalivedIo io(*this, app);
    return process.keepalived.get().on_timer(step, io);
  }
  tell(app, [&](apps::AppIo& io, apps::App& to) { apps::on_timer(step, io, to); });
}

void Wiring::limit_program(Step& step, std::uint32_t pid, const command::TimeoutCommand& how) {
  Process* process = user().find_process(pid);
  if (process == nullptr) return;
  constexpr int kKill = 9;  // ends timeout(1) itself, too
  process->limit_signal = how.signal;
  process->status_at_limit =
      how.preserve_status || how.signal == kKill ? -1 : command::TimeoutCommand::kTimedOut;
  process->limit.set(step.timers(), step.now() + how.limit, TimerKind::kProcessLimit,
                     index_of(*process));
}

void Wiring::end_program_in_time(Step& step, std::uint32_t app) {
  Userland* u = host_.user.peek();
  if (u == nullptr || app >= u->processes.limit()) return;
  Process& process = u->processes[app];
  if (process.pid == 0 || process.exited) return;
  if (!process.limit.due(step.timers(), step.now(), TimerKind::kProcessLimit, app)) return;
  step.set_cause(process.cause);
  signal_program(step, process, process.limit_signal);
  if (process.status_at_limit >= 0) process.status = process.status_at_limit;
}

void Wiring::tell_icmp(Step& step, std::uint32_t app, const apps::IcmpNews& news) {
  tell(app, [&](apps::AppIo& io, apps::App& to) { apps::on_icmp(step, io, to, news); });
}

std::optional<AppId> Wiring::owner_of_udp_port(std::uint16_t port) const {
  const ip::Live* live = host_.ip.live.peek();
  if (live == nullptr) return std::nullopt;
  for (std::uint32_t i = 0; i < live->udp.sockets.limit(); ++i) {
    const ip::UdpSocket& socket = live->udp.sockets[i];
    if (socket.live && socket.local.port == port) return socket.owner;
  }
  return std::nullopt;
}

void Wiring::fill(AppId owner, SocketRow& row) const {
  const Userland* u = host_.user.peek();
  if (u == nullptr || !owner.valid() || owner.value >= u->processes.limit()) return;
  const Process& process = u->processes[owner.value];
  row.pid = process.pid;
  row.program = process.name;
  row.fd = row.state == TcpState::kListen ? 3 : 5;
}

// --- starting and ending
// ----------------------------------------------------------------------------

std::uint32_t Wiring::start_program(Step& step, JobId job_id, apps::App app,
                                    std::string command_line, ShortName name) {
  Userland& u = user();
  const std::uint32_t slot = u.processes.acquire();
  Process& process = u.processes[slot];
  process.pid = u.next_pid++;
  process.job = job_id;
  process.app = std::move(app);
  process.command_line = std::move(command_line);
  process.name = name;
  process.cause = step.cause();
  const std::uint32_t pid = process.pid;
  if (!look_up_first(step, slot)) {
    tell(slot, [&](apps::AppIo& io, apps::App& to) { apps::start(step, io, to); });
  }
  return pid;
}

void Wiring::start_service(Step& step, std::string_view name) {
  if (name == "httpd") {
    start_program(step, 0, apps::Httpd{}, "/usr/sbin/httpd -DFOREGROUND", "httpd");
  } else if (name == "keepalived") {
    start_keepalived(step, 0, {});
  } else if (name == "nginx") {
    start_nginx(step);
  } else if (name == "sshd") {
    start_program(step, 0, apps::Sshd{}, "/usr/sbin/sshd -D", "sshd");
  } else if (name == "vsftpd") {
    const auto conf = apps::VsftpdConf::parse(read_file(command::kVsftpdConf).value_or(""));
    if (conf) {
      start_program(step, 0, apps::Vsftpd{*conf}, "/usr/sbin/vsftpd /etc/vsftpd.conf", "vsftpd");
    }
  } else if (name == "dnsmasq") {
    start_program(step, 0, apps::Dnsmasq{}, "/usr/sbin/dnsmasq -u root -x /run/dnsmasq.pid",
                  "dnsmasq");
  }
}

bool Wiring::has_background_jobs() const {
  const Userland& u = user();
  for (std::uint32_t i = 0; i < u.jobs.limit(); ++i) {
    if (u.jobs[i].background && !u.jobs[i].done) return true;
  }
  return false;
}

void Wiring::program_exits(std::uint32_t app, int status) {
  Process& process = user().processes[app];
  if (process.exited) return;
  process.exited = true;
  process.status = status;
  user().exited.push_back(app);
}

void Wiring::program_prints(Step& step, std::uint32_t app, int fd, std::string_view text) {
  const Process& process = user().processes[app];
  if (process.job == 0) return;
  Job& j = job(process.job);
  if (j.shell.waiting_for() != process.pid) {
    // Still starting: the shell learns its pid only when run_command() returns.
    pending_output_.push_back({fd, std::string(text)});
    return;
  }
  j.shell.program_output(step, *this, process.job, fd, text);
}

void Wiring::signal_program(Step& step, Process& process, int signal) {
  const auto app = static_cast<std::uint32_t>(index_of(process));
  constexpr int kKill = 9;
  if (process.keepalived.exists()) {
    signal_pid(step, process.pid, signal);
    return;
  }
  constexpr int kHangUp = 1;
  if (signal == kHangUp && std::holds_alternative<apps::Nginx>(process.app)) {
    return reload_nginx(step, process);
  }
  const NameLookup* lookup = process.lookup.peek();
  const bool begun = lookup == nullptr || lookup->whom == LookupFor::kProgram;
  if (signal != kKill && begun) {
    const auto which = signal == static_cast<int>(apps::Signal::kInterrupt)
                           ? apps::Signal::kInterrupt
                           : apps::Signal::kTerminate;
    tell(app, [&](apps::AppIo& io, apps::App& to) { apps::on_signal(step, io, to, which); });
  }
  program_exits(app, 128 + signal);
}

bool Wiring::signal_pid(Step& step, std::uint32_t pid, int signal) {
  Process* process = user().find_process(pid);
  if (process == nullptr || process->exited) return false;
  if (process->worker_pid == pid) {
    worker_died(step, *process, signal);
    return true;
  }
  if (!process->keepalived.exists()) {
    signal_program(step, *process, signal);
    return true;
  }
  using keepalived::Part;
  const Part part = pid == process->vrrp_pid      ? Part::kVrrp
                    : pid == process->checker_pid ? Part::kCheckers
                                                  : Part::kParent;
  if (part == Part::kParent && process->orphaned) return false;
  KeepalivedIo io(*this, index_of(*process));
  process->keepalived.get().signal(step, io, part, signal);
  process->orphaned = !process->keepalived.get().parent_alive();
  return true;
}

std::uint32_t Wiring::index_of(const Process& process) const {
  const Userland& u = user();
  for (std::uint32_t i = 0; i < u.processes.limit(); ++i) {
    if (&u.processes[i] == &process) return i;
  }
  LVSLAB_CHECK(false, "a process of another host");
  return 0;
}

void Wiring::close_sockets_of(Step& step, AppId owner) {
  std::vector<SocketRow> rows;
  tcp::append_sockets(host_.tcp, nullptr, rows);
  for (const SocketRow& row : rows) {
    if (row.state == TcpState::kTimeWait || row.state == TcpState::kSynRecv) continue;
    const SocketId socket{row.id};
    if (tcp::owner(host_.tcp, socket) == owner) {
      tcp::close(step, host_.tcp, tcp_ports(), socket);
    }
  }
  for (const SocketId socket : sctp::sockets_of(host_.sctp, owner)) sctp_close(step, socket);
  ip::Live* live = host_.ip.live.peek();
  if (live == nullptr) return;
  for (std::uint32_t i = 0; i < live->udp.sockets.limit(); ++i) {
    if (live->udp.sockets[i].live && live->udp.sockets[i].owner == owner) {
      ip::udp_close(step, host_.ip, SocketId{i});
    }
  }
}

void Wiring::reap(Step& step, std::uint32_t app) {
  Userland& u = user();
  Process& process = u.processes[app];
  const std::uint32_t pid = process.pid;
  const JobId job_id = process.job;
  const int status = process.status;
  step.set_cause(process.cause);
  close_sockets_of(step, AppId{app});
  if (process.tapping) --host_.taps;
  for (const auto& [dev, group] : process.groups) ip::leave_group(step, host_.ip, dev, group);
  if (process.keepalived.exists() && !process.orphaned) {
    u.files.remove(keepalived_pid_file(keepalived::Part::kParent), false);
  }
  if (!process.pid_file.empty()) u.files.remove(process.pid_file, false);
  process = Process{};
  u.processes.release(app);
  end_awaiting(step, pid);
  if (job_id == 0) return;
  Job& j = job(job_id);
  if (j.shell.waiting_for() != pid) return;
  j.shell.program_exited(step, *this, job_id, status);
  run_job(step, job_id);
}

/// Those who stopped this process and waited for its end.
void Wiring::end_awaiting(Step& step, std::uint32_t pid) {
  Userland& u = user();
  for (std::uint32_t i = 0; i < u.processes.limit(); ++i) {
    const Process& process = u.processes[i];
    if (process.pid == 0 || process.exited || process.awaits != pid) continue;
    const std::string next = process.starts_then;
    if (!next.empty()) start_service(step, next);
    program_exits(i, 0);
  }
}

void Wiring::settle(Step& step) {
  Userland* u = host_.user.peek();
  if (u == nullptr) return;
  while (!u->exited.empty() || !u->ended_scripts.empty()) {
    if (!u->ended_scripts.empty()) {
      const ScriptOrder order = u->ended_scripts.front();
      u->ended_scripts.erase(u->ended_scripts.begin());
      script_ended(step, order);
    } else {
      const std::uint32_t app = u->exited.front();
      u->exited.erase(u->exited.begin());
      reap(step, app);
    }
    u = host_.user.peek();
    if (u == nullptr) return;
  }
}

// --- lines
// ------------------------------------------------------------------------------------------

JobId Wiring::type_line(Step& step, std::string_view line) {
  const JobId id = user().jobs.acquire() + 1;
  run_line(step, id, line);
  settle(step);
  return id;
}

void Wiring::run_line(Step& step, JobId id, std::string_view line) {
  Job& j = job(id);
  j.id = id;
  j.line = line;
  j.started = step.now();
  if (step.tracing()) {
    const std::uint32_t text = step.trace()->add_text(line);
    j.cause = step.record(RecordKind::kCommand, Reason::kNone, {}, {text, id, 0}, {});
    step.set_cause(j.cause);
  }
  auto script = command::parse_script(line);
  if (!script) {
    terminal(step, id, 1, script.error().out);
    terminal(step, id, 2, script.error().err);
    j.status = script.error().status;
    return finish_job(step, j);
  }
  const command::NodeIndex root = script->root;
  Userland& u = user();
  u.variables["$"] = std::to_string(kShellPid);
  j.shell = Shell(std::move(*script), root, u.last_status);
  run_job(step, id);
}

void Wiring::run_job(Step& step, JobId id) {
  Job& j = job(id);
  j.shell.run(step, *this, id, user().variables);
  if (j.shell.waiting_for() != 0) return flush_pending(step, id);
  j.status = j.shell.status();
  finish_job(step, j);
}

void Wiring::flush_pending(Step& step, JobId id) {
  std::vector<PendingOutput> output;
  output.swap(pending_output_);
  for (const PendingOutput& o : output) {
    job(id).shell.program_output(step, *this, id, o.fd, o.text);
  }
}

void Wiring::finish_job(Step& step, Job& j) {
  if (j.done) return;
  j.done = true;
  j.ended = step.now();
  if (!j.background && !j.script) user().last_status = j.status;
  if (j.script) {
    ScriptOrder order = *j.script;
    order.status = j.status;
    order.output = j.output;
    user().ended_scripts.push_back(order);
  }
  if (j.background && !has_background_jobs()) end_waits();
  if (step.tracing()) {
    const RecordId before = step.cause();
    step.set_cause(j.cause);
    step.record(RecordKind::kExit, Reason::kNone, {},
                {static_cast<std::uint32_t>(j.status), j.id, 0}, {});
    step.set_cause(before);
  }
}

// The shells that typed `wait`.
void Wiring::end_waits() {
  Userland& u = user();
  for (std::uint32_t i = 0; i < u.processes.limit(); ++i) {
    const Process& process = u.processes[i];
    const bool waits = std::holds_alternative<std::monostate>(process.app);
    if (process.pid != 0 && waits && !process.keepalived.exists() && process.awaits == 0) {
      program_exits(i, 0);
    }
  }
}

// As bash does: a program that the signal kills takes its whole line along; after one that handles
// it and exits by itself (ping, tcpdump) the line goes on.
void Wiring::interrupt(Step& step, JobId id) {
  Job& j = job(id);
  if (j.done) return;
  bool killed = true;
  if (Process* process = user().find_process(j.shell.waiting_for())) {
    signal_program(step, *process, static_cast<int>(apps::Signal::kInterrupt));
    killed = process->status == kKilledByInterrupt;
  }
  if (killed) {
    j.shell.interrupt();
    j.status = j.shell.status();
    finish_job(step, j);
  }
  settle(step);
}

void Wiring::start_background(Step& step, JobId parent_id, const command::Script& script,
                              command::NodeIndex list, std::uint32_t child) {
  Userland& u = user();
  const JobId id = u.jobs.acquire() + 1;
  Job& j = u.jobs[id - 1];
  j.id = id;
  j.line = command::to_text(script, script.nodes[list].children[child]);
  j.started = step.now();
  j.background = true;
  const Job& parent = job(parent_id);
  j.terminal = parent.background ? parent.terminal : parent_id;
  j.cause = step.cause();
  j.shell = Shell::background(script, list, child);
  tell_of_background(step, parent_id);
  std::vector<PendingOutput> outer;
  outer.swap(pending_output_);
  run_job(step, id);
  pending_output_ = std::move(outer);
}

// As bash says it at a terminal; the programs of the list are numbered from here on.
void Wiring::tell_of_background(Step& step, JobId parent) {
  const Job& typed = job(parent);
  if (typed.background || typed.script) return;
  std::uint32_t number = 0;
  for (std::uint32_t i = 0; i < user().jobs.limit(); ++i) number += user().jobs[i].background;
  terminal(step, parent, 2, fmt::format("[{}] {}\n", number, user().next_pid));
}

void Wiring::terminal(Step& step, JobId id, int fd, std::string_view text) {
  if (text.empty()) return;
  Job& j = job(id);
  (j.background ? job(j.terminal) : j).output += text;
  if (!step.tracing()) return;
  const RecordId before = step.cause();
  step.set_cause(j.cause);
  step.record(RecordKind::kOutput, Reason::kNone, {},
              {step.trace()->add_text(text), id, static_cast<std::uint32_t>(fd)}, {});
  step.set_cause(before);
}

// --- files
// ------------------------------------------------------------------------------------------

std::string Wiring::path_of(std::string_view typed) const {
  const Userland* u = host_.user.peek();
  return absolute_path(typed, u == nullptr ? "/root" : std::string_view(u->directory));
}

std::optional<std::string> Wiring::read_file(std::string_view path) const {
  const std::string whole = path_of(path);
  if (is_virtual(whole)) return read_virtual(*this, whole);
  const Userland* u = host_.user.peek();
  const std::string* text = u == nullptr ? nullptr : u->files.read(whole);
  if (whole == "/dev/null") return "";
  return text == nullptr ? std::nullopt : std::optional(*text);
}

std::optional<std::string> Wiring::cannot_write(std::string_view path) const {
  const std::string whole = path_of(path);
  if (whole == "/dev/null") return std::nullopt;
  if (is_virtual(whole)) return cannot_write_virtual(*this, whole);
  const FileError error = host_.user.get().files.can_write(whole);
  if (error == FileError::kNone) return std::nullopt;
  return std::string(text_of(error));
}

bool Wiring::takes_pieces(std::string_view path) const { return !is_virtual(path_of(path)); }

std::optional<std::string> Wiring::write_redirected(Step& step, std::string_view path,
                                                    std::string_view text, bool append) {
  const std::string whole = path_of(path);
  if (whole == "/dev/null") return std::nullopt;
  if (is_virtual(whole)) return write_virtual(step, *this, whole, text);
  const FileError error = user().files.write(whole, text, append);
  if (error == FileError::kNone) return std::nullopt;
  return std::string(text_of(error));
}

}  // namespace lvslab::host
