// What runs on a host above its kernel: typed lines, programs, files, installed packages. A host
// that nobody ever typed on has none of this.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/apps/app.h"
#include "sim/base/boxed.h"
#include "sim/base/slab.h"
#include "sim/core/timers.h"
#include "sim/host/files.h"
#include "sim/host/name_lookup.h"
#include "sim/host/shell.h"
#include "sim/keepalived/daemon.h"

namespace lvslab::host {

/// What uname(1) says of the kernel.
inline constexpr std::string_view kKernelRelease = "6.1.0-lvslab", kKernelBuild = "#1 SMP";

/// The pid of the shell that lines are typed into; programs come after it.
inline constexpr std::uint32_t kShellPid = 1000;

/// A program that takes simulated time. Its AppId is its slot; a slot is reused, a pid is not.
struct Process {
  std::uint32_t pid = 0;  ///< 0: the slot is free
  JobId job = 0;          ///< the line that started it; 0 for a service
  apps::App app;
  Boxed<keepalived::Daemon> keepalived;         ///< in place of `app`
  std::uint32_t checker_pid = 0, vrrp_pid = 0;  ///< keepalived's children; 0: does not run
  std::uint32_t worker_pid = 0;                 ///< nginx's child; 0: has none
  std::string pid_file;                         ///< goes with the process
  bool log_console = false;                     ///< keepalived -l
  std::uint32_t awaits = 0;  ///< systemctl stop: exits when the process with this pid has
  std::string starts_then;   ///< systemctl restart: the service that it starts after that
  std::vector<std::pair<IfIndex, Ipv4Addr>> groups;  ///< multicast groups of its raw sockets
  std::uint16_t ip_id = 0;  ///< of the last packet with a header of its own
  std::string command_line;
  ShortName name;  ///< comm
  LazyTimer timer;
  Boxed<NameLookup> lookup;  ///< a name that it waits for
  LearnedNames names;
  LazyTimer limit;                          ///< timeout(1)
  int limit_signal = 0;                     ///< what it sends
  int status_at_limit = -1;                 ///< how timeout(1) ends then; -1: as the program
  RecordId cause;                           ///< the record of its command
  std::uint16_t icmp_identifier = 0;        ///< 0: hears no echo replies
  std::vector<std::uint16_t> ping_sockets;  ///< identifiers of keepalived's checkers
  IfIndex tap;                              ///< frames of this interface, if `tapping`
  bool tapping = false;
  bool orphaned = false;  ///< keepalived's parent was killed; its children still run
  bool exited = false;
  int status = 0;
};

/// A command that keepalived or sshd runs: which one it was, and the daemon that waits for it.
struct ScriptOrder {
  std::uint32_t app = 0;
  std::uint32_t pid = 0;  ///< of the daemon: its slot may have been reused
  keepalived::ScriptTicket ticket;
  std::uint32_t number = 0;  ///< sshd's own ticket
  int status = 0;
  std::string output;
};

/// A typed line and what came of it.
struct Job {
  JobId id = 0;
  Shell shell;
  std::string line;
  std::string output;  ///< what reached the terminal, both streams in order
  RecordId cause;
  SimTime started, ended;
  int status = 0;
  bool background = false;
  JobId terminal = 0;  ///< background: the line on whose terminal its output appears
  bool done = false;
  std::optional<ScriptOrder> script;  ///< a daemon typed it
};

struct Userland {
  Files files;
  std::set<std::string> packages;  ///< installed by yum & co.
  std::set<std::string> enabled;   ///< services that start at boot
  Slab<Process, 4> processes;      ///< by AppId; stays in place while others come and go
  Slab<Job, 8> jobs;               ///< by JobId - 1
  command::Variables variables;
  int last_status = 0;  ///< of the last line, for $?
  std::string directory = "/root";
  std::uint32_t next_pid = kShellPid + 1;
  std::uint16_t last_ping_socket = 0;  ///< the identifier given last (ping_port_rover)

  /// Programs that have exited and wait to be taken note of, in that order.
  std::vector<std::uint32_t> exited;
  /// Scripts of keepalived that have ended, likewise.
  std::vector<ScriptOrder> ended_scripts;

  /// Also by the pid of a child of keepalived or nginx.
  Process* find_process(std::uint32_t pid) {
    for (std::uint32_t i = 0; i < processes.limit(); ++i) {
      const Process& p = processes[i];
      if (p.pid == 0 || pid == 0) continue;
      const bool child = p.checker_pid == pid || p.vrrp_pid == pid || p.worker_pid == pid;
      if (p.pid == pid || child) return &processes[i];
    }
    return nullptr;
  }
  /// The program of a running service ("httpd"); nullptr if it does not run.
  Process* find_service(std::string_view name) {
    for (std::uint32_t i = 0; i < processes.limit(); ++i) {
      Process& process = processes[i];
      const bool alive = process.pid != 0 && !process.orphaned;
      if (alive && process.job == 0 && process.name.view() == name) return &process;
    }
    return nullptr;
  }
};

}  // namespace lvslab::host
