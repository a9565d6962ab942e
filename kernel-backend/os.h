// The operating system as the agent meets it: descriptors that close themselves, errors with errno.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "sim/base/result.h"

namespace lvslab::kernel {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~Fd() { reset(); }
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_ = -1;
};

/// "what: strerror(errno)".
inline std::unexpected<Error> os_failure(std::string what, int error = errno) {
  return fail(std::move(what) + ": " + std::strerror(error));
}

/// All of `text` to `fd`; false with errno set.
bool write_all(int fd, std::string_view text);
/// Writes a (virtual) file with one write(2), as the kernel's own files need it.
Result<void> write_file(const std::string& path, std::string_view text);
Result<std::string> read_file(const std::string& path);
/// Up to the end of `fd`.
Result<std::string> read_all(int fd);
/// A copy of the program at `from` that all may run. The bytes stay inside of the kernel: through a
/// process of a user-mode kernel two megabytes take a third of a second.
Result<void> copy_program(const std::string& from, const std::string& to);
/// mkdir -p.
Result<void> make_directories(const std::string& path);
/// mount(2); `data` may be empty.
Result<void> mount_at(const char* source, const std::string& target, const char* type,
                      unsigned long flags, const std::string& data = {});

}  // namespace lvslab::kernel
