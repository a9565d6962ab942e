#include "kernel-backend/agent/mounts.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>

#include <sstream>

namespace lvslab::kernel {
namespace {

/// A path in /proc/self/mountinfo: blanks and the like are written as \040.
std::string unescaped(const std::string& text) {
  std::string path;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      path += static_cast<char>(std::stoi(text.substr(i + 1, 3), nullptr, 8));
      i += 3;
    } else {
      path += text[i];
    }
  }
  return path;
}

/// What a mount is mounted with, which a remount may not take away.
unsigned long kept_flags(const std::string& options) {
  unsigned long flags = 0;
  std::istringstream words(options);
  for (std::string word; std::getline(words, word, ',');) {
    if (word == "nosuid") flags |= MS_NOSUID;
    if (word == "nodev") flags |= MS_NODEV;
    if (word == "noexec") flags |= MS_NOEXEC;
    if (word == "noatime") flags |= MS_NOATIME;
    if (word == "nodiratime") flags |= MS_NODIRATIME;
    if (word == "relatime") flags |= MS_RELATIME;
  }
  return flags;
}

// One by one, as kernels before 5.12 need it. What lies under another mount is not reached by its
// path, nor by anybody else.
Result<void> remount_each() {
  const auto text = read_file("/proc/self/mountinfo");
  if (!text) return std::unexpected(text.error());
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string number, parent, device, root, at, options;
    words >> number >> parent >> device >> root >> at >> options;
    if (options == "ro" || options.starts_with("ro,")) continue;
    const std::string path = unescaped(at);
    if (::mount("none", path.c_str(), nullptr,
                MS_REMOUNT | MS_BIND | MS_RDONLY | kept_flags(options), nullptr) == 0) {
      continue;
    }
    struct statvfs now{};
    const int error = errno;
    if (::statvfs(path.c_str(), &now) == 0 && (now.f_flag & ST_RDONLY) != 0) continue;
    return os_failure(path, error);
  }
  return {};
}

}  // namespace

Result<void> make_all_mounts_read_only() {
  mount_attr read_only{};
  read_only.attr_set = MOUNT_ATTR_RDONLY;
  if (::syscall(SYS_mount_setattr, AT_FDCWD, "/", AT_RECURSIVE, &read_only, sizeof read_only) ==
      0) {
    return {};
  }
  return remount_each();
}

}  // namespace lvslab::kernel
