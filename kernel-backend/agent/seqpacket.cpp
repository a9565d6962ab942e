#include "kernel-backend/agent/seqpacket.h"

#include <sys/socket.h>
#include <sys/uio.h>

namespace lvslab::kernel {
namespace {

constexpr std::size_t kLongestParcel = 1U << 17;

union Control {
  cmsghdr head;
  char space[CMSG_SPACE(sizeof(int))];
};

}  // namespace

bool send_parcel(int socket, char kind, std::string_view body, int fd) {
  // NOLINTNEXTLINE(*-const-cast): sendmsg() only reads it
  iovec parts[2] = {{&kind, 1}, {const_cast<char*>(body.data()), body.size()}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  Control control{};
  if (fd >= 0) {
    message.msg_control = &control;
    message.msg_controllen = sizeof control;
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(head), &fd, sizeof fd);
  }
  ssize_t sent = 0;
  do {
    sent = ::sendmsg(socket, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent >= 0;
}

std::optional<Parcel> receive_parcel(int socket, bool wait) {
  static std::string buffer(kLongestParcel, '\0');
  iovec part{buffer.data(), buffer.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  Control control{};
  message.msg_control = &control;
  message.msg_controllen = sizeof control;
  ssize_t got = 0;
  do {
    got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
  } while (got < 0 && errno == EINTR);
  if (got == 0) errno = 0;  // the end is no EAGAIN
  if (got <= 0) return std::nullopt;
  Parcel parcel;
  parcel.kind = buffer[0];
  parcel.body = buffer.substr(1, static_cast<std::size_t>(got) - 1);
  const cmsghdr* head = CMSG_FIRSTHDR(&message);
  if (head != nullptr && head->cmsg_type == SCM_RIGHTS) {
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(head), sizeof fd);
    parcel.fd = Fd(fd);
  }
  return parcel;
}

}  // namespace lvslab::kernel
