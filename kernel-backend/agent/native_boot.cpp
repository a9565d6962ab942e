#include "kernel-backend/agent/native_boot.h"

#include <dirent.h>
#include <net/if.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "kernel-backend/agent/boot.h"
#include "kernel-backend/agent/host_network.h"
#include "kernel-backend/agent/host_root.h"

namespace lvslab::kernel {
namespace {

/// The new root is made here; every machine has this directory, and it is hidden in this namespace
/// alone.
constexpr const char* kNewRoot = "/run";

Result<void> share_directory(const std::string& name) {
  const std::string from = "/" + name;
  const std::string to = kNewRoot + from;
  struct stat what{};
  if (::lstat(from.c_str(), &what) != 0) return {};
  if (S_ISLNK(what.st_mode)) {
    char target[256]{};
    if (::readlink(from.c_str(), target, sizeof target - 1) < 0) return os_failure(from);
    return ::symlink(target, to.c_str()) == 0 ? Result<void>() : os_failure(to);
  }
  if (auto done = make_directories(to); !done) return done;
  if (auto done = mount_at(from.c_str(), to, nullptr, MS_BIND); !done) return done;
  return mount_at("none", to, nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NODEV);
}

/// Whiteouts, in the layer above, for what not everybody may read: keys, hashes of passwords.
Result<void> hide_secrets(const std::string& path) {
  DIR* directory = ::opendir(path.c_str());
  if (directory == nullptr) return os_failure(path);
  Result<void> result;
  while (const dirent* entry = ::readdir(directory)) {
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    const std::string whole = path + "/" + name;
    struct stat what{};
    if (::lstat(whole.c_str(), &what) != 0 || S_ISLNK(what.st_mode)) continue;
    const mode_t needed = S_ISDIR(what.st_mode) ? S_IROTH | S_IXOTH : S_IROTH;
    if ((what.st_mode & needed) == needed) {
      if (S_ISDIR(what.st_mode)) result = hide_secrets(whole);
    } else {
      result = make_directories(kStandIns + path);
      const std::string whiteout = kStandIns + whole;
      if (result && ::mknod(whiteout.c_str(), S_IFCHR, makedev(0, 0)) != 0)
        result = os_failure(whiteout);
    }
    if (!result) break;
  }
  ::closedir(directory);
  return result;
}

Result<void> make_new_root() {
  if (auto done = mount_at("none", "/", nullptr, MS_REC | MS_PRIVATE); !done) return done;
  if (auto done = mount_at("lvslab", kNewRoot, "tmpfs", MS_NOSUID, "mode=755,size=96m"); !done) {
    return done;
  }
  for (const char* name : kSharedDirectories) {
    if (auto done = share_directory(name); !done) return done;
  }
  const std::string root = kNewRoot;
  for (const char* path : {"/proc", "/sys", "/dev", "/tmp", "/run/lvslab"}) {
    if (auto done = make_directories(root + path); !done) return done;
  }
  if (auto done = make_dev(root + "/dev"); !done) return done;
  if (auto done = mount_at("proc", root + "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC);
      !done) {
    return done;
  }
  if (::chdir(kNewRoot) != 0 || ::syscall(SYS_pivot_root, ".", ".") != 0) {
    return os_failure("pivot_root");
  }
  if (::umount2(".", MNT_DETACH) != 0 || ::chdir("/") != 0) return os_failure("the old root");
  return {};
}

/// Hosts count their devices from 2, as the scenario does.
Result<void> check_namespace() {
  struct if_nameindex* const devices = ::if_nameindex();
  if (devices == nullptr) return os_failure("devices");
  std::string others;
  for (const struct if_nameindex* one = devices; one->if_index != 0; ++one) {
    if (std::string_view(one->if_name) != "lo") others += std::string(" ") + one->if_name;
  }
  ::if_freenameindex(devices);
  if (others.empty()) return {};
  return fail("a module of this kernel makes devices in every network namespace:" + others +
              "; unload it, or set net.core.fb_tunnels_only_for_init_net=1");
}

}  // namespace

Result<void> enter_private_root() {
  if (auto done = check_namespace(); !done) return done;
  if (auto done = make_new_root(); !done) return done;
  if (auto done = copy_program("/proc/self/exe", kAgentCopy); !done) return done;
  if (auto done = lay_out_stand_ins(); !done) return done;
  if (auto done = write_file(std::string(kStandIns) + kOnMachineMark, {}); !done) return done;
  if (auto done = hide_secrets("/etc"); !done) return done;
  forget_machine_settings();
  return {};
}

}  // namespace lvslab::kernel
