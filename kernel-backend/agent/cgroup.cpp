#include "kernel-backend/agent/cgroup.h"

#include <dirent.h>
#include <sys/stat.h>

#include <sstream>

namespace lvslab::kernel {
namespace {

constexpr std::string_view kPrefix = "lvslab-";

/// Where cgroup2 is mounted; empty if nowhere.
std::string mount_point() {
  const auto text = read_file("/proc/self/mountinfo");
  if (!text) return {};
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    if (line.find(" - cgroup2 ") == std::string::npos) continue;
    std::istringstream words(line);
    std::string number, parent, device, root, at;
    words >> number >> parent >> device >> root >> at;
    return at;
  }
  return {};
}

bool has_word(const std::string& text, std::string_view wanted) {
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (word == wanted) return true;
  }
  return false;
}

/// rmdir(2) refuses those in which processes are.
void remove_left_over(const std::string& root) {
  DIR* directory = ::opendir(root.c_str());
  if (directory == nullptr) return;
  while (const dirent* entry = ::readdir(directory)) {
    if (std::string_view(entry->d_name).starts_with(kPrefix))
      ::rmdir((root + "/" + entry->d_name).c_str());
  }
  ::closedir(directory);
}

}  // namespace

Result<ControlGroup> ControlGroup::make(const LabLimits& limits) {
  const std::string root = mount_point();
  const auto controllers = read_file(root + "/cgroup.subtree_control");
  if (root.empty() || !controllers || !has_word(*controllers, "memory") ||
      !has_word(*controllers, "pids")) {
    return fail(
        "it has no cgroup2 with the controllers memory and pids, which keep a lab in bounds");
  }
  remove_left_over(root);
  ControlGroup group;
  group.path_ = root + "/" + std::string(kPrefix) + std::to_string(::getpid());
  if (::mkdir(group.path_.c_str(), 0755) != 0) return os_failure(group.path_);
  const std::string bytes = std::to_string(limits.memory_bytes);
  auto set = write_file(group.path_ + "/memory.max", bytes);
  if (set) set = write_file(group.path_ + "/pids.max", std::to_string(limits.processes));
  // Where there is swap, it is not for labs.
  static_cast<void>(write_file(group.path_ + "/memory.swap.max", "0"));
  if (set) return group;
  group.remove();
  return std::unexpected(set.error());
}

Result<void> ControlGroup::add(pid_t process) const {
  return write_file(path_ + "/cgroup.procs", std::to_string(process));
}

void ControlGroup::remove() {
  constexpr useconds_t kLook = 10'000;
  for (int i = 0; i < 500 && ::rmdir(path_.c_str()) != 0 && errno == EBUSY; ++i) ::usleep(kLook);
}

}  // namespace lvslab::kernel
