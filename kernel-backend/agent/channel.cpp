#include "kernel-backend/agent/channel.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>

namespace lvslab::kernel {

Result<Channel> Channel::open_serial_line() {
  constexpr const char* kNode = "/run/lvslab/line";
  constexpr unsigned kSerialMajor = 4, kFirstLine = 64;
  if (::mknod(kNode, S_IFCHR | 0600, makedev(kSerialMajor, kFirstLine)) != 0)
    return os_failure(kNode);
  Fd fd(::open(kNode, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) return os_failure(kNode);
  termios settings{};
  ::tcgetattr(fd.get(), &settings);
  ::cfmakeraw(&settings);
  settings.c_cflag |= CLOCAL;
  if (::tcsetattr(fd.get(), TCSANOW, &settings) != 0) return os_failure(kNode);
  return Channel(std::move(fd));
}

bool Channel::read() {
  char buffer[1U << 14];
  for (;;) {
    const ssize_t got = ::read(fd_.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno == EAGAIN;
    if (got == 0) return false;
    reader_.feed(std::string_view(buffer, static_cast<std::size_t>(got)));
  }
}

void Channel::flush() {
  std::string_view rest = pending_;
  while (!rest.empty()) {
    const ssize_t written = ::write(fd_.get(), rest.data(), rest.size());
    if (written > 0) {
      rest.remove_prefix(static_cast<std::size_t>(written));
      continue;
    }
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno != EAGAIN) break;  // nobody listens any more
    pollfd room{fd_.get(), POLLOUT, 0};
    ::poll(&room, 1, -1);
  }
  pending_.clear();
}

}  // namespace lvslab::kernel
