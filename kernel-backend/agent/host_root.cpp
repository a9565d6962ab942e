#include "kernel-backend/agent/host_root.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

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
    return write_file(whole, text);
  };
  // Names come from /etc/hosts alone: nobody in a lab answers for the machine's name server.
  if (auto done = put("/etc/hosts", hosts_file); !done) return done;
  if (auto done = put("/etc/hostname", host.name + "\n"); !done) return done;
  if (auto done = put("/etc/nsswitch.conf",
                      "passwd: files\ngroup: files\nhosts: files\n"
                      "protocols: files\nservices: files\n");
      !done) {
    return done;
  }
  if (auto done = put("/etc/resolv.conf", ""); !done) return done;
  if (auto done = put("/root/.curlrc", "no-styled-output\n"); !done) return done;
  for (const LabText& file : host.files) {
    if (auto done = put(file.name, file.text); !done) return done;
  }
  return {};
}

}  // namespace

Result<void> make_dev(const std::string& path) {
  if (auto done = mount_at("dev", path, "tmpfs", MS_NOSUID, "size=1m,mode=755"); !done) return done;
  const mode_t mask = ::umask(0);
  for (const Device& device : kDevices) {
    const std::string node = path + "/" + device.name;
    if (::mknod(node.c_str(), S_IFCHR | device.mode, makedev(device.major, device.minor)) != 0) {
      return os_failure(node);
    }
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

Result<void> enter_host_root(const LabHost& host, const std::string& hosts_file,
                             const HostPaths& paths, bool first_boot) {
  const std::string& root = paths.root;
  if (auto done = mount_at("none", "/", nullptr, MS_REC | MS_PRIVATE); !done) return done;
  const std::string layers = "lowerdir=" + paths.lower + ",upperdir=" + paths.disk +
                             "/upper,workdir=" + paths.disk + "/work";
  if (auto done = mount_at("root", root, "overlay", 0, layers); !done) return done;
  if (first_boot) {
    if (auto done = put_files(host, hosts_file, root); !done) return done;
  }
  if (auto done = make_dev(root + "/dev"); !done) return done;
  const std::string size = kTmpfsSize;
  if (auto done = mount_at("run", root + "/run", "tmpfs", MS_NOSUID, size + "755"); !done) {
    return done;
  }
  if (auto done = mount_at("tmp", root + "/tmp", "tmpfs", MS_NOSUID, size + "1777"); !done) {
    return done;
  }
  if (auto done = mount_at("proc", root + "/proc", "proc", 0); !done) return done;
  if (auto done = mount_at("sysfs", root + "/sys", "sysfs", 0); !done) return done;
  // It speaks to the kernel of all hosts.
  if (auto done =
          mount_at((root + "/dev/null").c_str(), root + "/proc/sysrq-trigger", nullptr, MS_BIND);
      !done) {
    return done;
  }
  if (::chdir(root.c_str()) != 0) return os_failure(root);
  if (::syscall(SYS_pivot_root, ".", ".") != 0) return os_failure("pivot_root");
  if (::umount2(".", MNT_DETACH) != 0) return os_failure("umount of the old root");
  if (::chdir("/") != 0) return os_failure("/");
  return {};
}

}  // namespace lvslab::kernel
