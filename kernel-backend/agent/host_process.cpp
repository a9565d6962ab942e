#include "kernel-backend/agent/host_process.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <csignal>

#include <map>

#include "kernel-backend/agent/host_confinement.h"
#include "kernel-backend/agent/host_network.h"
#include "kernel-backend/agent/host_root.h"
#include "kernel-backend/agent/row_watch.h"
#include "kernel-backend/agent/seqpacket.h"
#include "kernel-backend/agent/stand_ins.h"
#include "kernel-backend/agent/system_log.h"
#include "kernel-backend/agent/terminal.h"
#include "kernel-backend/protocol/codec.h"

namespace lvslab::kernel {
namespace {

// What root on a lab host may not do, since it would concern more than the host
// (linux/capability.h).
constexpr int kRefused[] = {16 /* SYS_MODULE */, 17 /* SYS_RAWIO */, 25 /* SYS_TIME */,
                            27 /* MKNOD */};

class HostMain {
 public:
  /// `begun`: the lab's time runs; else rows are told of once it does.
  HostMain(const LabHost& host, const HostSurroundings& around, int socket, bool begun)
      : host_(host), rows_(around.epoch_ns, around.fresh_sysctls), socket_(socket), begun_(begun) {}
  [[noreturn]] void run();

 private:
  void handle(Parcel& parcel);
  void start(const Exec& exec);
  void reap();
  void signal_job(const JobSignal& wanted);
  void tell_rows(const SysctlsInDoubt& sysctls = {});
  void tell_tables(std::string_view question);

  struct Job {
    std::uint32_t number = 0;
    SysctlsInDoubt sysctls;  ///< that it may have changed
  };

  const LabHost& host_;
  RowWatch rows_;
  SystemLog log_;
  int socket_;
  bool begun_;
  std::map<pid_t, Job> jobs_;  ///< shells that run
  ShellState state_;
};

void HostMain::run() {
  sigset_t blocked;
  sigfillset(&blocked);
  sigprocmask(SIG_SETMASK, &blocked, nullptr);
  sigset_t children;
  sigemptyset(&children);
  for (const int signal : {SIGCHLD, SIGRTMIN + kPowerOffSignal, SIGRTMIN + kRebootSignal})
    sigaddset(&children, signal);
  const Fd signals(signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK));
  send_parcel(socket_, parcel::kReady, {});
  for (;;) {
    pollfd ready[4] = {{socket_, POLLIN, 0},
                       {signals.get(), POLLIN, 0},
                       {begun_ ? rows_.events_fd() : -1, POLLIN, 0},
                       {log_.fd(), POLLIN, 0}};
    if (::poll(ready, 4, -1) < 0) continue;
    if (ready[3].revents != 0) log_.collect();
    if (ready[2].revents != 0) tell_rows();
    if (ready[1].revents != 0) {
      signalfd_siginfo info{};
      while (::read(signals.get(), &info, sizeof info) > 0) {
        const int signal = static_cast<int>(info.ssi_signo) - SIGRTMIN;
        if (signal == kPowerOffSignal) _exit(kPoweredOffStatus);
        if (signal == kRebootSignal) _exit(0);
      }
      reap();
    }
    if (ready[0].revents == 0) continue;
    auto parcel = receive_parcel(socket_, true);
    if (!parcel) _exit(0);  // the agent is gone, and with this process all of the host
    handle(*parcel);
  }
}

void HostMain::handle(Parcel& parcel) {
  switch (parcel.kind) {
    case parcel::kConfigure: {
      auto capture = open_capture();
      std::string error;
      if (!capture) error = capture.error().message;
      if (auto done = configure_network(host_); !done) error = done.error().message;
      if (auto done = rows_.open(); !done) error = done.error().message;
      if (auto done = log_.open(host_.name); !done) error = done.error().message;
      send_parcel(socket_, parcel::kConfigured, error, capture ? capture->get() : -1);
      start_enabled_services();
      return;
    }
    case parcel::kRun: {
      Exec exec;
      if (decode(parcel.body, exec)) start(exec);
      return;
    }
    case parcel::kSignal: {
      JobSignal wanted;
      if (decode(parcel.body, wanted)) signal_job(wanted);
      return;
    }
    case parcel::kLook: {
      Begun begun;
      if (decode(parcel.body, begun)) {
        rows_.begin(begun.epoch_ns);
        begun_ = true;
      }
      tell_rows();
      return;
    }
    case parcel::kTables: tell_tables(parcel.body); return;
    default: return;
  }
}

void HostMain::tell_rows(const SysctlsInDoubt& sysctls) {
  const std::string news = rows_.changes(sysctls);
  if (!news.empty()) send_parcel(socket_, parcel::kRows, news);
}

void HostMain::tell_tables(std::string_view question) {
  auto image = rows_.image();
  send_parcel(socket_, parcel::kTables, question, image ? image->get() : -1);
}

void HostMain::start(const Exec& exec) {
  auto started = start_shell(exec, state_);
  if (!started) {
    Reply failure{exec.job, started.error().message, {}};
    send_parcel(socket_, parcel::kFailed, encoded(failure));
    return;
  }
  jobs_[started->pid] = {exec.job, sysctls_in_doubt(exec.line)};
  const Reply reply{exec.job, {}, {}};
  send_parcel(socket_, parcel::kStarted, encoded(reply), started->master.get());
  state_.expect(started->pid, std::move(started->state));
}

void HostMain::reap() {
  int status = 0;
  for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
    const auto job = jobs_.find(pid);
    if (job == jobs_.end()) continue;
    state_.collect(pid);
    clean_up_after(job->second.number);
    JobExit exit;
    exit.job = job->second.number;
    exit.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    tell_rows(job->second.sysctls);
    jobs_.erase(job);
    send_parcel(socket_, parcel::kExited, encoded(exit));
  }
}

void HostMain::signal_job(const JobSignal& wanted) {
  for (const auto& [pid, job] : jobs_) {
    if (job.number == wanted.job) ::kill(-pid, wanted.signal);
  }
}

[[noreturn]] void host_main(const LabHost& host, const HostSurroundings& around,
                            const HostPaths& paths, bool first_boot, int socket) {
  const auto give_up = [&](const Error& error) {
    send_parcel(socket, parcel::kFailed, error.message);
    _exit(1);
  };
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (auto done = enter_host_root(host, around, paths, first_boot); !done) give_up(done.error());
  if (::sethostname(host.name.data(), host.name.size()) != 0) give_up({"sethostname", {}, {}});
  if (around.on_machine) {
    forget_machine_settings();
    if (auto done = confine_to_host(); !done) give_up(done.error());
  } else {
    for (const int capability : kRefused) ::prctl(PR_CAPBSET_DROP, capability);
  }
  HostMain(host, around, socket, !first_boot).run();
}

}  // namespace

Result<HostProcess> start_host(const LabHost& host, const HostSurroundings& around,
                               const HostPaths& paths, bool first_boot) {
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
    return os_failure("socketpair");
  }
  HostProcess process;
  process.socket = Fd(pair[0]);
  Fd theirs(pair[1]);
  constexpr unsigned long kFresh =
      CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID;
  const long pid = ::syscall(SYS_clone, kFresh | SIGCHLD, 0, 0, 0, 0);
  if (pid < 0) return os_failure("a new host");
  if (pid == 0) {
    // Nothing of the agent stays open.
    const int socket = ::dup2(theirs.get(), 3) == 3 ? 3 : theirs.get();
    ::fcntl(socket, F_SETFD, FD_CLOEXEC);
    ::syscall(SYS_close_range, 4U, ~0U, 0U);
    host_main(host, around, paths, first_boot, socket);
  }
  process.pid = static_cast<pid_t>(pid);
  return process;
}

}  // namespace lvslab::kernel
