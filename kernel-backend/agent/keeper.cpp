#include "kernel-backend/agent/keeper.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <csignal>

#include <string>
#include <string_view>
#include <vector>

#include "kernel-backend/agent/boot.h"
#include "kernel-backend/agent/mounts.h"
#include "kernel-backend/clock/clock_page.h"
#include "kernel-backend/os.h"

namespace lvslab::kernel {
namespace {

/// Whom the kernel runs as if root starts it: nobody else's number, without any right.
constexpr uid_t kNobody = 64'321;

struct Plan {
  int lifeline = -1, channel = -1, console = -1, page = -1, wake = -1, notify = -1;
  unsigned long memory_mib = 256;
  bool ipv6 = false;
  std::string seed, kernel, clock;
  std::string directory;
};

Result<void> make_directory(Plan& plan) {
  const char* base = ::getenv("TMPDIR");
  std::string path =
      std::string(base != nullptr && *base == '/' ? base : "/tmp") + "/lvslab-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) return os_failure(path);
  plan.directory = path;
  if (::chmod(path.c_str(), 0711) != 0) return os_failure(path);
  if (auto done = copy_program("/proc/self/exe", path + "/agent"); !done) return done;
  if (auto done = copy_program(plan.clock, path + "/clock.so"); !done) return done;
  const std::string own = path + "/uml";
  if (::mkdir(own.c_str(), 0700) != 0) return os_failure(own);
  if (::geteuid() == 0 && ::chown(own.c_str(), kNobody, kNobody) != 0) return os_failure(own);
  return {};
}

// As root: a copy of the machine's mounts in which nothing can be written but a place in memory for
// the kernel. False where even root may not mount; the kernel is nobody and confined anyway. Where
// it may mount, but not see to it that all is read-only, there is no kernel.
bool enter_read_only_copy(const Plan& plan) {
  if (::geteuid() != 0 || ::unshare(CLONE_NEWNS) != 0) return false;
  const std::string own = plan.directory + "/uml";
  const std::string options = "mode=700,uid=" + std::to_string(kNobody) +
                              ",size=" + std::to_string(plan.memory_mib + 16) + "m";
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
  if (const auto done = make_all_mounts_read_only(); !done) {
    ::dprintf(1, "lvslab: the machine's mounts cannot be made read-only for the kernel: %s\n",
              done.error().message.c_str());
    _exit(1);
  }
  return ::mount("memory", own.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, options.c_str()) == 0;
}

/// Where the kernel's memory lies: in the machine's memory if there is room, else on disk.
std::string memory_directory(const Plan& plan) {
  struct statfs room{};
  const bool fits =
      ::statfs("/dev/shm", &room) == 0 &&
      static_cast<std::uint64_t>(room.f_bavail) * static_cast<std::uint64_t>(room.f_bsize) >
          (static_cast<std::uint64_t>(plan.memory_mib) << 20) * 3 / 2;
  return fits ? "/dev/shm" : plan.directory + "/uml";
}

// Whatever goes wrong in the kernel, it is nobody. Started by an ordinary user it stays that user,
// and is confined by the clock (clock/confine.h).
void drop_rights() {
  if (::geteuid() == 0) {
    ::setgroups(0, nullptr);
    if (::setresgid(kNobody, kNobody, kNobody) != 0 ||
        ::setresuid(kNobody, kNobody, kNobody) != 0) {
      ::dprintf(1, "lvslab: cannot become nobody: %s\n", std::strerror(errno));
      _exit(1);
    }
  }
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
}

// The kernel and the processes that it runs take turns, thousands of times a second. Spread over
// two processors each turn wakes a sleeping one, which takes twice as long as to go on where they
// are; the scheduler has just placed this process where there was least to do.
void stay_on_one_processor() {
  cpu_set_t here;
  CPU_ZERO(&here);
  const int processor = ::sched_getcpu();
  if (processor < 0 || processor >= CPU_SETSIZE) return;
  CPU_SET(static_cast<std::size_t>(processor), &here);
  ::sched_setaffinity(0, sizeof here, &here);
}

[[noreturn]] void become_kernel(const Plan& plan) {
  ::setpgid(0, 0);
  stay_on_one_processor();
  const int null = ::open("/dev/null", O_RDONLY);
  ::dup2(null, 0);
  ::dup2(plan.console, 1);
  ::dup2(plan.console, 2);
  // Kept: channel, page, wake, notify.
  int kept[4] = {plan.channel, plan.page, plan.wake, plan.notify};
  for (int& fd : kept) fd = ::fcntl(fd, F_DUPFD, 100);
  for (int i = 0; i < 4; ++i) ::dup2(kept[i], 3 + i);
  ::syscall(SYS_close_range, 7U, ~0U, 0U);
  const bool in_memory = enter_read_only_copy(plan);
  drop_rights();
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const std::string clock = std::string(kClockVariable) + "=4,5,6,3," + plan.seed;
  const std::string preload = "LD_PRELOAD=" + plan.directory + "/clock.so";
  const std::string own = plan.directory + "/uml";
  const std::string memory = "TMPDIR=" + (in_memory ? own : memory_directory(plan));
  const std::string home = "HOME=" + own;
  const char* environment[] = {clock.c_str(), preload.c_str(),      memory.c_str(),
                               home.c_str(),  "PATH=/usr/bin:/bin", nullptr};
  const std::string mib = "mem=" + std::to_string(plan.memory_mib) + "M";
  const std::string init = "init=" + plan.directory + "/agent";
  // The kernel hands words that it does not know to its first process, as variables.
  const std::string with_ipv6 = std::string(kWithIpv6) + "=1";
  const char* const ipv6 = plan.ipv6 ? with_ipv6.c_str() : nullptr;
  const std::string uml_dir = "uml_dir=" + own;
  const char* arguments[] = {
      "linux.uml",      mib.c_str(), "root=/dev/root",     "rootfstype=hostfs",
      "hostfs=/",       "ro",        init.c_str(),         "con=null",
      "con0=null,fd:1", "ssl=null",  "ssl0=fd:3",          uml_dir.c_str(),
      "umid=lab",       "quiet",     "random.trust_cpu=1", ipv6,
      nullptr};
  // NOLINTNEXTLINE(*-const-cast): execve() only reads them
  ::execve(plan.kernel.c_str(), const_cast<char**>(arguments), const_cast<char**>(environment));
  ::dprintf(1, "lvslab: %s: %s\n", plan.kernel.c_str(), std::strerror(errno));
  _exit(127);
}

/// Every process that has this one as its parent; the orphans of the kernel among them.
std::vector<pid_t> children() {
  std::vector<pid_t> found;
  DIR* proc = ::opendir("/proc");
  if (proc == nullptr) return found;
  while (const dirent* entry = ::readdir(proc)) {
    const pid_t pid = static_cast<pid_t>(::strtol(entry->d_name, nullptr, 10));
    if (pid <= 0) continue;
    const auto stat = read_file("/proc/" + std::to_string(pid) + "/stat");
    if (!stat) continue;
    const std::size_t after_name = stat->rfind(") ");
    if (after_name == std::string::npos) continue;
    if (::strtol(stat->c_str() + after_name + 4, nullptr, 10) == ::getpid()) found.push_back(pid);
  }
  ::closedir(proc);
  return found;
}

void kill_all() {
  for (int round = 0; round < 100; ++round) {
    const std::vector<pid_t> left = children();
    if (left.empty()) return;
    for (const pid_t pid : left) ::kill(pid, SIGKILL);
    for (const pid_t pid : left) ::waitpid(pid, nullptr, 0);
  }
}

void remove_tree(const std::string& path) {
  DIR* directory = ::opendir(path.c_str());
  if (directory != nullptr) {
    while (const dirent* entry = ::readdir(directory)) {
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      const std::string whole = path + "/" + name;
      if (entry->d_type == DT_DIR)
        remove_tree(whole);
      else
        ::unlink(whole.c_str());
    }
    ::closedir(directory);
  }
  ::rmdir(path.c_str());
}

void wait_for_the_end(const Plan& plan, pid_t kernel, int signals) {
  for (;;) {
    pollfd ready[2] = {{plan.lifeline, POLLIN, 0}, {signals, POLLIN, 0}};
    if (::poll(ready, 2, -1) < 0) continue;
    if (ready[0].revents != 0) {
      char byte = 0;
      if (::read(plan.lifeline, &byte, 1) <= 0) return;
    }
    if (ready[1].revents == 0) continue;
    signalfd_siginfo info{};
    if (::read(signals, &info, sizeof info) <= 0) continue;
    if (info.ssi_signo != SIGCHLD) return;
    int status = 0;
    for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
      if (pid == kernel) return;
    }
  }
}

}  // namespace

Fd begin_to_keep() {
  ::setsid();  // Ctrl-C is for the lab, which closes the lifeline
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t heard;
  sigemptyset(&heard);
  for (const int signal : {SIGCHLD, SIGTERM, SIGINT, SIGHUP}) sigaddset(&heard, signal);
  ::sigprocmask(SIG_BLOCK, &heard, nullptr);
  return Fd(::signalfd(-1, &heard, SFD_CLOEXEC));
}

int keep(int count, char** arguments) {
  if (count != 11) return 2;
  Plan plan;
  int* const fds[] = {&plan.lifeline, &plan.channel, &plan.console,
                      &plan.page,     &plan.wake,    &plan.notify};
  for (int i = 0; i < 6; ++i) *fds[i] = static_cast<int>(::strtol(arguments[i], nullptr, 10));
  plan.memory_mib = ::strtoul(arguments[6], nullptr, 10);
  plan.seed = arguments[7];
  plan.kernel = arguments[8];
  plan.clock = arguments[9];
  plan.ipv6 = std::string_view(arguments[10]) == "ipv6";

  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  const Fd signals = begin_to_keep();

  const auto made = make_directory(plan);
  if (!made) {
    write_all(plan.lifeline, "!" + made.error().message + "\n");
  } else if (const pid_t kernel = ::fork(); kernel == 0) {
    become_kernel(plan);
  } else if (kernel > 0) {
    for (const int fd : {plan.channel, plan.console, plan.page, plan.wake, plan.notify})
      ::close(fd);
    write_all(plan.lifeline, plan.directory + "\n");
    wait_for_the_end(plan, kernel, signals.get());
  }
  kill_all();
  if (!plan.directory.empty()) remove_tree(plan.directory);
  return 0;
}

}  // namespace lvslab::kernel
