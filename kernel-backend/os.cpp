#include "kernel-backend/os.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

namespace lvslab::kernel {

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

Result<void> write_file(const std::string& path, std::string_view text) {
  const Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!fd.valid() || !write_all(fd.get(), text)) return os_failure(path);
  return {};
}

Result<std::string> read_file(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return os_failure(path);
  auto text = read_all(fd.get());
  if (!text) return os_failure(path);
  return text;
}

Result<std::string> read_all(int fd) {
  std::string text;
  char buffer[1U << 14];
  for (;;) {
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return os_failure("read");
    if (got == 0) return text;
    text.append(buffer, static_cast<std::size_t>(got));
  }
}

Result<void> copy_program(const std::string& from, const std::string& to) {
  const Fd source(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
  if (!source.valid()) return os_failure(from);
  const Fd copy(::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755));
  if (!copy.valid()) return os_failure(to);
  constexpr std::size_t kAtOnce = 1U << 20;
  for (ssize_t sent = 1; sent != 0;) {
    sent = ::sendfile(copy.get(), source.get(), nullptr, kAtOnce);
    if (sent < 0 && errno != EINTR) return os_failure(to);
  }
  if (::fchmod(copy.get(), 0755) != 0) return os_failure(to);  // whatever the umask is
  return {};
}

Result<void> make_directories(const std::string& path) {
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (::mkdir(part.c_str(), 0755) != 0 && errno != EEXIST) return os_failure(part);
    if (end == std::string::npos) return {};
  }
}

Result<void> mount_at(const char* source, const std::string& target, const char* type,
                      unsigned long flags, const std::string& data) {
  if (::mount(source, target.c_str(), type, flags, data.empty() ? nullptr : data.c_str()) == 0) {
    return {};
  }
  return os_failure("mount " + std::string(type == nullptr ? source : type) + " on " + target);
}

}  // namespace lvslab::kernel
