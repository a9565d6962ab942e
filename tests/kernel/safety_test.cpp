// What is typed in a lab stays in the lab. Each test plays with a canary first: a directory, a file
// or a process of the test alone, which anybody may destroy. Only when it has survived, the real
// thing is tried.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "tests/kernel/lab_kernel.h"
#include "tests/kernel/processes.h"

namespace lvslab::kernel {
namespace {

namespace fs = std::filesystem;
using namespace lvslab::literals;
using testing::HasSubstr;

class Safety : public KernelLab {
 protected:
  void SetUp() override {
    KernelLab::SetUp();
    if (IsSkipped()) return;
    std::string pattern = "/var/tmp/lvslab-canary-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    cage_ = pattern;
    canary_ = cage_ / "canary";
    std::ofstream(canary_) << "alive\n";
    // Not the machine's permissions are to save it.
    fs::permissions(cage_, fs::perms::all);
    fs::permissions(canary_, fs::perms::all);
    ASSERT_EQ(type("a", "cat " + canary_.string()), "alive\n") << "the lab sees the canary";
  }
  void TearDown() override {
    if (!cage_.empty()) fs::remove_all(cage_);
  }
  bool canary_lives() const { return contents(canary_) == "alive\n"; }

  fs::path cage_, canary_;
};

TEST_F(Safety, RemovingEverythingRemovesNothingOfTheMachine) {
  type("a", "rm -rf " + cage_.string() + "; ls " + cage_.string());
  EXPECT_EQ(status_, 2) << "in the lab it is gone";
  ASSERT_TRUE(canary_lives());
  type("a", "rm -rf --no-preserve-root /etc /bin /root /var/tmp");
  ASSERT_TRUE(canary_lives());
  EXPECT_TRUE(fs::exists("/etc/passwd"));
  EXPECT_TRUE(fs::exists("/bin/sh"));
  EXPECT_THAT(type("b", "cat /etc/hostname"), "b\n") << "the other host has a disk of its own";
}

TEST_F(Safety, OverwritingPasswdOverwritesTheLabsAlone) {
  EXPECT_EQ(type("a", "echo dead > " + canary_.string() + "; cat " + canary_.string()), "dead\n");
  ASSERT_TRUE(canary_lives());
  const std::string before = contents("/etc/passwd");
  EXPECT_EQ(type("a", "echo root::0:0:::/bin/sh > /etc/passwd; wc -l < /etc/passwd"), "1\n");
  EXPECT_EQ(contents("/etc/passwd"), before);
}

TEST_F(Safety, NoMountMakesTheMachineWritable) {
  type("a", "mount -o remount,rw /");
  type("a", "mkdir -p /mnt/machine; mount -t hostfs none /mnt/machine");
  ASSERT_EQ(status_, 0) << "the machine's files can be mounted anew ...";
  EXPECT_EQ(type("a", "cat /mnt/machine" + canary_.string()), "alive\n");
  const std::string there = "/mnt/machine" + cage_.string();
  for (const std::string& attack : std::vector<std::string>{
           "echo dead > " + there + "/canary", "rm -f " + there + "/canary",
           "mv " + there + "/canary " + there + "/dead", "touch " + there + "/egg",
           "mkdir " + there + "/nest", "chmod 0 " + there + "/canary", "rm -rf " + there,
           "ln " + there + "/canary " + there + "/twin", "truncate -s 0 " + there + "/canary"}) {
    type("a", attack);
    EXPECT_NE(status_, 0) << attack;
    ASSERT_TRUE(canary_lives()) << "... but not written to: " << attack;
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(cage_), fs::directory_iterator()), 1);
}

TEST_F(Safety, RebootConcernsTheHostThatItIsTypedOn) {
  type("a", "ip addr add 10.0.0.77/24 dev eth0; echo kept > /root/disk; reboot");
  EXPECT_TRUE(backend_->is_up("a"));
  EXPECT_EQ(type("a", "ip -br addr show eth0 | grep -c 10.0.0.77; cat /root/disk"), "0\nkept\n");
  EXPECT_THAT(type("b", "ping -c 1 a"), HasSubstr(" 1 received"));
  type("a", "echo b > /proc/sysrq-trigger");
  EXPECT_THAT(type("b", "ping -c 1 a"), HasSubstr(" 1 received")) << "nor can it stop all hosts";
  type("a", "poweroff");
  EXPECT_FALSE(backend_->is_up("a"));
  EXPECT_TRUE(backend_->is_up("b"));
}

TEST_F(Safety, KillingEveryProcessKillsThoseOfTheHost) {
  const pid_t canary = ::fork();
  if (canary == 0) {
    ::pause();
    _exit(0);
  }
  type("b", "sleep 1000000 & echo");
  type("a", "kill -9 -1");
  type("a", "kill -9 1; kill -9 " + std::to_string(canary));
  EXPECT_EQ(::waitpid(canary, nullptr, WNOHANG), 0) << "a process of the machine is none of theirs";
  EXPECT_EQ(type("a", "echo still here"), "still here\n");
  EXPECT_EQ(type("b", "pgrep -c sleep"), "1\n");
  ::kill(canary, SIGKILL);
  ::waitpid(canary, nullptr, 0);
}

/// The numbers of all processes of the machine.
std::size_t processes_of_labs() {
  const auto of_lab = [](const std::string& pid) {
    return contents("/proc/" + pid + "/comm").starts_with("linux.uml");
  };
  return static_cast<std::size_t>(std::ranges::count_if(all_processes(), of_lab));
}

TEST_F(Safety, ForkBombBurstsInTheLab) {
  const std::size_t before = processes_of_labs();
  type_for("a", "bomb() { bomb | bomb & }; bomb; sleep 5", 10_s);
  EXPECT_LT(processes_of_labs(), before + 900) << "there is an end to it";
  start(kTwoHosts);
  EXPECT_EQ(type("a", "echo next lab"), "next lab\n");
}

TEST_F(Safety, FillingTheDiskFillsTheLabsAlone) {
  EXPECT_THAT(type("a", "dd if=/dev/zero of=/root/fill bs=1M count=2000"),
              HasSubstr("No space left on device"));
  EXPECT_THAT(type("a", "dd if=/dev/zero of=/tmp/fill bs=1M count=2000"),
              HasSubstr("No space left on device"));
  EXPECT_EQ(type("b", "echo room > /root/file; cat /root/file"), "room\n");
}

TEST_F(Safety, TheMachinesLoopbackIsNotTheLabs) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
  ASSERT_EQ(::listen(listener, 8), 0);
  socklen_t size = sizeof at;
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&at), &size);
  const std::string port = std::to_string(ntohs(at.sin_port));
  EXPECT_THAT(type("a", "curl -sS http://127.0.0.1:" + port + "/"), HasSubstr("Failed to connect"));
  EXPECT_EQ(::accept(listener, nullptr, nullptr), -1);
  EXPECT_EQ(errno, EAGAIN) << "nobody has knocked";
  ::close(listener);
}

TEST_F(Safety, TheTimeLimitEndsWhatSpins) {
  const auto entry = session_->type("a", "while :; do :; done");
  ASSERT_TRUE(entry);
  session_->run_until_done(*entry);
  EXPECT_TRUE(session_->entries()[*entry].unfinished) << "Ctrl-C after an hour of the lab's time";
  EXPECT_EQ(type("a", "echo done"), "done\n");
}

TEST_F(Safety, TheMemoryLimitEndsWhatEats) {
  type("a", "tail /dev/zero");
  EXPECT_NE(status_, 0);
  EXPECT_EQ(type("b", "echo still here"), "still here\n");
  EXPECT_EQ(type("a", "echo here as well"), "here as well\n");
}

// --- nothing remains -----------------------------------------------------------------------------

/// Processes whose command line names `directory`.
template <class Condition>
bool becomes_true(Condition condition) {
  for (int i = 0; i < 400; ++i) {
    if (condition()) return true;
    ::usleep(50'000);
  }
  return false;
}

TEST(Boot, FailsWhereTheKernelIsThereButDoesNotComeUp) {
  if (const std::string what = UmlKernel::missing(); !what.empty()) GTEST_SKIP() << what;
  ::setenv("LVSLAB_KERNEL_DIR", "/var/empty/nothing", 1);
  const auto kernel = UmlKernel::boot({});
  ::unsetenv("LVSLAB_KERNEL_DIR");
  ASSERT_FALSE(kernel);
  EXPECT_THAT(kernel.error().to_string(), HasSubstr("/var/empty/nothing/lvslab-agent"));
  EXPECT_EQ(UmlKernel::missing(), "") << "so tests do not skip";
}

TEST(NothingRemains, WhenTheKernelIsNotNeededAnyMore) {
  if (const std::string what = UmlKernel::missing(); !what.empty()) GTEST_SKIP() << what;
  auto kernel = UmlKernel::boot({});
  ASSERT_TRUE(kernel) << kernel.error().to_string();
  const std::string directory = (*kernel)->directory();
  EXPECT_TRUE(fs::exists(directory));
  EXPECT_GT(processes_naming(directory), 0U);
  kernel->reset();
  EXPECT_EQ(processes_naming(directory), 0U);
  EXPECT_FALSE(fs::exists(directory));
}

TEST(NothingRemains, WhenTheLabIsKilled) {
  if (const std::string what = UmlKernel::missing(); !what.empty()) GTEST_SKIP() << what;
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t lab = ::fork();
  if (lab == 0) {
    auto kernel = UmlKernel::boot({});
    const std::string directory = kernel ? (*kernel)->directory() : "";
    if (::write(ends[1], directory.data(), directory.size()) < 0) _exit(1);
    ::close(ends[1]);
    ::pause();
    _exit(0);
  }
  ::close(ends[1]);
  char buffer[256];
  const ssize_t got = ::read(ends[0], buffer, sizeof buffer);
  ASSERT_GT(got, 0);
  const std::string directory(buffer, static_cast<std::size_t>(got));
  EXPECT_GT(processes_naming(directory), 0U);
  ::kill(lab, SIGKILL);
  ::waitpid(lab, nullptr, 0);
  EXPECT_TRUE(becomes_true([&] { return processes_naming(directory) == 0; }));
  EXPECT_TRUE(becomes_true([&] { return !fs::exists(directory); }));
  ::close(ends[0]);
}

// --- the mounts that the kernel sees -------------------------------------------------------------

/// From now on this process and its children get `error` for mount_setattr(2), and, if
/// `no_remount`, for remounting.
void refuse_mounting(int error, bool no_remount) {
  const auto answer = static_cast<std::uint32_t>(SECCOMP_RET_ERRNO | error);
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mount_setattr, 3, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mount, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args) + std::size_t{3} * 8),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, no_remount ? std::uint32_t{MS_REMOUNT} : 0U, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, answer),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  const sock_fprog program{std::size(code), code};
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) ::perror("seccomp");
}

/// The first process of the machine whose command line has `word` and names `directory`.
std::string process_naming(const std::string& directory, const std::string& word) {
  for (const std::string& pid : all_processes()) {
    const std::string line = contents("/proc/" + pid + "/cmdline");
    if (line.find(directory) != std::string::npos && line.find(word) != std::string::npos)
      return pid;
  }
  return {};
}

/// Boots in a process that may not mount as it likes: what the kernel could write to, one a line;
/// or the error.
std::string writable_mounts(int error, bool no_remount) {
  int ends[2];
  if (::pipe(ends) != 0) return "no pipe";
  const pid_t lab = ::fork();
  if (lab == 0) {
    refuse_mounting(error, no_remount);
    auto kernel = UmlKernel::boot({});
    std::string text = kernel ? "" : kernel.error().to_string();
    if (kernel) {
      const std::string pid = process_naming((*kernel)->directory(), "rootfstype=hostfs");
      std::istringstream lines(contents("/proc/" + pid + "/mountinfo"));
      std::map<std::string, std::string> mounts;  // the last one at a place is the one that is seen
      for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string skipped, at, options;
        words >> skipped >> skipped >> skipped >> skipped >> at >> options;
        mounts[at] = options;
      }
      for (const auto& [at, options] : mounts) {
        if (!options.starts_with("ro")) text += at.ends_with("/uml") ? "its own\n" : at + "\n";
      }
      if (mounts.empty()) text = "there is no kernel";
    }
    if (::write(ends[1], text.data(), text.size()) < 0) _exit(1);
    kernel = fail("no more");
    _exit(0);
  }
  ::close(ends[1]);
  std::string text;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(got));
  ::close(ends[0]);
  ::waitpid(lab, nullptr, 0);
  return text;
}

class ReadOnlyMounts : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string what = UmlKernel::missing(); !what.empty()) GTEST_SKIP() << what;
    if (::geteuid() != 0) GTEST_SKIP() << "only root has a copy of the mounts";
  }
};

TEST_F(ReadOnlyMounts, AreMadeInOneCallOrOneByOne) {
  EXPECT_EQ(writable_mounts(ENOSYS, false), "its own\n") << "as kernels before 5.12 do it";
}

TEST_F(ReadOnlyMounts, OrThereIsNoKernel) {
  EXPECT_THAT(writable_mounts(EPERM, true),
              HasSubstr("the machine's mounts cannot be made read-only for the kernel: "));
}

}  // namespace
}  // namespace lvslab::kernel
