#include "kernel-backend/agent/system_log.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>

namespace lvslab::kernel {
namespace {

constexpr const char* kSocket = "/dev/log";
constexpr std::size_t kLongest = 8'192;

}  // namespace

std::string log_line(std::string_view message, std::string_view host) {
  if (message.starts_with("<")) {
    const std::size_t end = message.find('>');
    if (end != std::string_view::npos) message.remove_prefix(end + 1);
  }
  while (!message.empty() && (message.back() == '\n' || message.back() == '\0')) {
    message.remove_suffix(1);
  }
  // RFC 3164 §4.1.2: a time of 15 characters, then what the sender says of itself.
  constexpr std::size_t kTime = 15;
  if (message.size() < kTime + 1) return std::string(message) + "\n";
  return std::string(message.substr(0, kTime)) + " " + std::string(host) +
         std::string(message.substr(kTime)) + "\n";
}

Result<void> SystemLog::open(std::string host) {
  host_ = std::move(host);
  socket_ = Fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (socket_.get() < 0) return os_failure("socket");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::string_view(kSocket).copy(address.sun_path, sizeof address.sun_path - 1);
  ::unlink(kSocket);
  if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return os_failure(kSocket);
  }
  ::chmod(kSocket, 0666);
  return {};
}

void SystemLog::collect() {
  const Fd file(::open(kMessagesFile, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  std::array<char, kLongest> buffer;  // NOLINT(*-member-init): recv() fills it
  for (;;) {
    const ssize_t got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (got < 0) return;
    if (file.get() < 0) continue;
    const std::string line = log_line({buffer.data(), static_cast<std::size_t>(got)}, host_);
    static_cast<void>(write_all(file.get(), line));
  }
}

}  // namespace lvslab::kernel
