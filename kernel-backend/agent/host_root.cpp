#include "kernel-backend/agent/host_root.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "kernel-backend/agent/boot.h"
#include "kernel-backend/agent/system_log.h"

namespace lvslab::kernel {
namespace {

constexpr const char* kTmpfsSize = "size=32m,mode=";

struct Device {
  const char* name;
  unsigned major, minor;
  mode_t mode;
};
constexpr Device kDevices[] = {{"null", 1, 3, 0666},    {"zero", 1, 5, 0666},
                               {"full", 1, 7, 0666},    {"random", 1, 8, 0666},
                               {"urandom", 1, 9, 0666}, {"tty", 5, 0, 0666}};

Result<void> put_files(const LabHost& host, const std::string& hosts_file,
                       const std::string& root) {
  const auto put = [&](const std::string& path, const std::string& text) -> Result<void> {
    const std::string whole = root + path;
    if (auto made = make_directories(whole.substr(0, whole.rfind('/'))); !made) return made;
    ::unlink(whole.c_str());  // a link would lead out of the host
    return write_file(whole, text);
  };
  // Names come from /etc/hosts alone, unless the scenario gives the host name servers of the lab
  // (sim/scenario/name_service.h): nobody answers for those of the machine.
  if (auto done = put("/etc/hosts", hosts_file); !done) return done;
  if (auto done = put("/etc/hostname", host.name + "\n"); !done) return done;
  if (auto done = put("/etc/nsswitch.conf",
                      "passwd: files\ngroup: files\nhosts: files\n"
                      "protocols: files\nservices: files\n");
      !done) {
    return done;
  }
  // What the machine has of these: its log, and what it starts, with its settings.
  ::unlink((root + kMessagesFile).c_str());
  for (const char* settings : {"/etc/dnsmasq.conf", "/etc/nginx/nginx.conf", "/etc/vsftpd.conf"}) {
    ::unlink((root + settings).c_str());
  }
  for (const std::string service : kServices) {
    const std::string unit = service + ".service";
    ::unlink((root + "/etc/systemd/system/multi-user.target.wants/" + unit).c_str());
  }
  if (auto done = put("/etc/resolv.conf", ""); !done) return done;
  if (auto done = put("/root/.curlrc", "no-styled-output\n"); !done) return done;
  for (const LabText& file : host.files) {
    if (auto done = put(file.name, file.text); !done) return done;
  }
  return {};
}

// --- what a host finds at / ----------------------------------------------------------------------

/// An overlay whose upper layer is called `name` on the host's disk.
Result<void> mount_overlay(const std::string& lower, const HostPaths& paths,
                           const std::string& name, const std::string& at) {
  const std::string upper = paths.disk + "/" + name;
  const std::string work = paths.disk + "/" + name + ".work";
  for (const std::string& path : {upper, work}) {
    if (auto done = make_directories(path); !done) return done;
  }
  return mount_at("root", at, "overlay", 0,
                  "lowerdir=" + lower + ",upperdir=" + upper + ",workdir=" + work);
}

/// All of the machine's files, which the kernel may only read. What it may not even read (logs of
/// nginx) gives way to a directory of the host's own.
Result<void> mount_whole_root(const HostPaths& paths) {
  if (auto done = mount_overlay(std::string(kStandIns) + ":/", paths, "upper", paths.root); !done) {
    return done;
  }
  const std::string logs = paths.disk + "/nginx-logs";
  const std::string at = paths.root + "/var/log/nginx";
  if (auto done = make_directories(logs); !done) return done;
  if (::access(at.c_str(), F_OK) != 0) return {};
  return mount_at(logs.c_str(), at, nullptr, MS_BIND);
}

/// The directories with programs and their settings, and for the rest new ones.
Result<void> mount_shared_root(const HostPaths& paths) {
  const std::string disk = paths.disk + "/root";
  if (auto done = make_directories(disk); !done) return done;
  if (auto done = mount_at(disk.c_str(), paths.root, nullptr, MS_BIND); !done) return done;
  for (const std::string name : kSharedDirectories) {
    const std::string from = "/" + name;
    const std::string to = paths.root + from;
    struct stat what{};
    if (::lstat(from.c_str(), &what) != 0) continue;
    if (S_ISLNK(what.st_mode)) {
      char target[256]{};
      if (::readlink(from.c_str(), target, sizeof target - 1) < 0) return os_failure(from);
      if (::symlink(target, to.c_str()) != 0 && errno != EEXIST) return os_failure(to);
      continue;
    }
    if (auto done = make_directories(to); !done) return done;
    const std::string stand_ins = kStandIns + from;
    const bool hides = ::access(stand_ins.c_str(), F_OK) == 0;
    if (auto done = mount_overlay(hides ? stand_ins + ":" + from : from, paths, name, to); !done)
      return done;
  }
  for (const char* path : {"/dev", "/proc", "/sys", "/run", "/tmp", "/root", "/home", "/mnt",
                           "/opt", "/srv", "/var/log", "/var/lib", "/var/www", "/var/tmp"}) {
    if (auto done = make_directories(paths.root + path); !done) return done;
  }
  ::chmod((paths.root + "/root").c_str(), 0700);
  for (const char* path : {"/tmp", "/var/tmp"}) ::chmod((paths.root + path).c_str(), 01777);
  if (::symlink("/run", (paths.root + "/var/run").c_str()) != 0 && errno != EEXIST) {
    return os_failure("/var/run");
  }
  return {};
}

Result<void> make_read_only(const std::string& mounted, unsigned long flags) {
  return mount_at("none", mounted, nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY | flags);
}

Result<void> mount_proc_and_sys(const std::string& root, bool on_machine) {
  const std::string proc = root + "/proc";
  constexpr unsigned long kHarmless = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  if (auto done = mount_at("proc", proc, "proc", kHarmless); !done) return done;
  if (auto done = mount_at("sysfs", root + "/sys", "sysfs", kHarmless); !done) return done;
  if (on_machine) {
    const std::string net = proc + "/sys/net";
    if (auto done = mount_at(net.c_str(), net, nullptr, MS_BIND); !done) return done;
    if (auto done = make_read_only(proc, kHarmless); !done) return done;
    if (auto done = make_read_only(root + "/sys", kHarmless); !done) return done;
  } else {
    const std::string processors = proc + "/cpuinfo";
    if (auto done = mount_at(kProcessors, processors, nullptr, MS_BIND); !done) return done;
    if (auto done = make_read_only(processors, 0); !done) return done;
  }
  // They speak to, and tell of, the kernel of all hosts.
  for (const char* name : {"/sysrq-trigger", "/kcore", "/keys", "/key-users", "/timer_list",
                           "/sched_debug", "/kmsg", "/kallsyms", "/kpagecount", "/kpageflags"}) {
    const std::string at = proc + name;
    const bool masked = on_machine || std::string_view(name) == "/sysrq-trigger";
    if (!masked || ::access(at.c_str(), F_OK) != 0) continue;
    if (auto done = mount_at((root + "/dev/null").c_str(), at, nullptr, MS_BIND); !done) {
      return done;
    }
  }
  return {};
}

}  // namespace

Result<void> make_dev(const std::string& path) {
  if (auto done = mount_at("dev", path, "tmpfs", MS_NOSUID, "size=1m,mode=755"); !done) return done;
  const mode_t mask = ::umask(0);
  for (const Device& device : kDevices) {
    const std::string node = path + "/" + device.name;
    if (::mknod(node.c_str(), S_IFCHR | device.mode, makedev(device.major, device.minor)) == 0) {
      continue;
    }
    // Root of a container may not make any, but has them.
    if (auto done = write_file(node, {}); !done) return done;
    const std::string given = std::string("/dev/") + device.name;
    if (auto done = mount_at(given.c_str(), node, nullptr, MS_BIND); !done) return done;
  }
  ::umask(mask);
  for (const char* name : {"pts", "shm"}) ::mkdir((path + "/" + name).c_str(), 0755);
  if (auto done =
          mount_at("devpts", path + "/pts", "devpts", 0, "newinstance,ptmxmode=0666,mode=620");
      !done) {
    return done;
  }
  ::symlink("pts/ptmx", (path + "/ptmx").c_str());
  ::symlink("/proc/self/fd", (path + "/fd").c_str());
  ::symlink("/proc/self/fd/0", (path + "/stdin").c_str());
  ::symlink("/proc/self/fd/1", (path + "/stdout").c_str());
  ::symlink("/proc/self/fd/2", (path + "/stderr").c_str());
  return {};
}

Result<void> enter_host_root(const LabHost& host, const HostSurroundings& around,
                             const HostPaths& paths, bool first_boot) {
  const std::string& root = paths.root;
  if (auto done = mount_at("none", "/", nullptr, MS_REC | MS_PRIVATE); !done) return done;
  auto mounted = around.on_machine ? mount_shared_root(paths) : mount_whole_root(paths);
  if (!mounted) return mounted;
  if (first_boot) {
    if (auto done = put_files(host, around.hosts_file, root); !done) return done;
  }
  if (auto done = make_dev(root + "/dev"); !done) return done;
  const std::string size = kTmpfsSize;
  if (auto done = mount_at("run", root + "/run", "tmpfs", MS_NOSUID, size + "755"); !done) {
    return done;
  }
  if (auto done = mount_proc_and_sys(root, around.on_machine); !done) return done;
  if (::chdir(root.c_str()) != 0) return os_failure(root);
  if (::syscall(SYS_pivot_root, ".", ".") != 0) return os_failure("pivot_root");
  if (::umount2(".", MNT_DETACH) != 0) return os_failure("umount of the old root");
  if (::chdir("/") != 0) return os_failure("/");
  return {};
}

}  // namespace lvslab::kernel
