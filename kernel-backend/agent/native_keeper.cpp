#include "kernel-backend/agent/native_keeper.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <csignal>
#include <cstdio>

#include <algorithm>
#include <iterator>
#include <string>

#include "kernel-backend/agent/agent.h"
#include "kernel-backend/agent/boot.h"
#include "kernel-backend/agent/cgroup.h"
#include "kernel-backend/agent/keeper.h"
#include "kernel-backend/agent/native_boot.h"

namespace lvslab::kernel {
namespace {

/// What a lab needs before anybody types anything; built into some kernels. The kernel loads the
/// rest by itself when it is asked for.
constexpr const char* kModules[] = {"ip_vs",       "overlay",      "veth",       "bridge",
                                    "sch_ingress", "cls_matchall", "act_mirred", "act_pedit",
                                    "sch_netem",   "udp_diag"};
/// Of a whole lab, as of one in a kernel of its own (memory: and of that kernel).
constexpr LabLimits kLimits{.memory_bytes = 512ULL << 20, .processes = 800};

// --- what the machine has ------------------------------------------------------------------------

bool has_capability(int capability) {
  __user_cap_header_struct head{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2]{};
  if (::syscall(SYS_capget, &head, data) != 0) return false;
  return (data[capability / 32].effective >> (capability % 32) & 1U) != 0;
}

bool has_ip_vs() {
  const auto text = read_file("/proc/net/ip_vs");
  return text && text->starts_with("IP Virtual Server");
}

/// The machine's own modprobe, with its own settings; what it says is of no interest to the lab.
void run_modprobe(const char* module) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    const int null = ::open("/dev/null", O_RDWR);
    for (const int fd : {0, 1, 2}) ::dup2(null, fd);
    ::syscall(SYS_close_range, 3U, ~0U, 0U);
    for (const char* path : {"/sbin/modprobe", "/usr/sbin/modprobe"})
      ::execl(path, "modprobe", "-q", "--", module, nullptr);
    _exit(127);
  }
  while (pid > 0 && ::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

Result<void> check_machine() {
  if (::geteuid() != 0) return fail("it takes root to make network namespaces of it");
  constexpr std::pair<int, const char*> kNeeded[] = {{CAP_SYS_ADMIN, "CAP_SYS_ADMIN"},
                                                     {CAP_NET_ADMIN, "CAP_NET_ADMIN"},
                                                     {CAP_NET_RAW, "CAP_NET_RAW"},
                                                     {CAP_SETPCAP, "CAP_SETPCAP"}};
  for (const auto& [capability, name] : kNeeded) {
    if (!has_capability(capability)) return fail("root has no " + std::string(name) + " here");
  }
  for (const char* module : kModules) {
    const bool there = std::string_view(module) == "ip_vs" ? has_ip_vs() : is_loaded(module);
    if (!there) run_modprobe(module);
  }
  if (has_ip_vs()) return {};
  utsname name{};
  ::uname(&name);
  return fail("it has no ip_vs (Linux " + std::string(name.release) +
              ": neither built in, nor a module that modprobe finds)");
}

// --- the agent -----------------------------------------------------------------------------------

[[noreturn]] void become_agent(int channel, int console, int go) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_NAME, "lvslab-agent");
  char byte = 0;
  // The keeper has put this process into its control group, or is gone.
  if (::read(go, &byte, 1) != 1) _exit(1);
  const int null = ::open("/dev/null", O_RDWR);
  ::dup2(null, 0);
  ::dup2(console, 1);
  ::dup2(console, 2);
  constexpr int kChannel = 3;
  if (channel != kChannel) ::dup2(channel, kChannel);
  ::syscall(SYS_close_range, kChannel + 1U, ~0U, 0U);
  ::fcntl(kChannel, F_SETFD, FD_CLOEXEC);
  ::fcntl(kChannel, F_SETFL, O_NONBLOCK);
  ::umask(022);
  if (auto done = enter_private_root(); !done) {
    ::dprintf(1, "lvslab-agent: %s\n", done.error().message.c_str());
    _exit(1);
  }
  utsname name{};
  ::uname(&name);
  Agent(Channel(Fd(kChannel)), name.release, Setting::kMachine).run();
  _exit(0);
}

Result<pid_t> start_agent(const ControlGroup& group, int channel, int console) {
  int go[2];
  if (::pipe2(go, O_CLOEXEC) != 0) return os_failure("pipe");
  Fd from(go[0]), to(go[1]);
  constexpr unsigned long kFresh =
      CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID;
  const long pid = ::syscall(SYS_clone, kFresh | SIGCHLD, 0, 0, 0, 0);
  if (pid < 0) return os_failure("namespaces");
  if (pid == 0) {
    to.reset();
    become_agent(channel, console, from.get());
  }
  const auto agent = static_cast<pid_t>(pid);
  if (auto added = group.add(agent); !added) {
    ::kill(agent, SIGKILL);
    ::waitpid(agent, nullptr, 0);
    return std::unexpected(added.error());
  }
  write_all(to.get(), "!");
  return agent;
}

// Until the lab or the agent is gone; true: the agent has been reaped.
bool wait_for_the_end(int lifeline, pid_t agent, int signals) {
  for (;;) {
    pollfd ready[2] = {{lifeline, POLLIN, 0}, {signals, POLLIN, 0}};
    if (::poll(ready, 2, -1) < 0) continue;
    if (ready[0].revents != 0) {
      char byte = 0;
      if (::read(lifeline, &byte, 1) <= 0) return false;
    }
    if (ready[1].revents == 0) continue;
    signalfd_siginfo info{};
    if (::read(signals, &info, sizeof info) <= 0) continue;
    if (info.ssi_signo != SIGCHLD) return false;
    if (::waitpid(agent, nullptr, WNOHANG) == agent) return true;
  }
}

Result<void> keep_lab(int lifeline, int channel, int console, int signals) {
  if (auto checked = check_machine(); !checked) return checked;
  auto group = ControlGroup::make(kLimits);
  if (!group) return std::unexpected(group.error());
  auto agent = start_agent(*group, channel, console);
  ::close(channel);
  ::close(console);
  if (agent && !wait_for_the_end(lifeline, *agent, signals)) {
    ::kill(*agent, SIGKILL);
    // It ends when all of its pid namespace has.
    while (::waitpid(*agent, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  group->remove();
  return agent ? Result<void>() : std::unexpected(agent.error());
}

}  // namespace

int keep_native(int count, char** arguments) {
  if (count != 3) return 2;
  int fds[3];
  for (int i = 0; i < 3; ++i) fds[i] = static_cast<int>(::strtol(arguments[i], nullptr, 10));
  const Fd signals = begin_to_keep();
  if (const auto kept = keep_lab(fds[0], fds[1], fds[2], signals.get()); !kept) {
    write_all(fds[0], "!" + kept.error().message + "\n");
  }
  return 0;
}

}  // namespace lvslab::kernel
