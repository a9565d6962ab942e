#include "kernel-backend/agent/netlink.h"

#include <net/if.h>
#include <sys/socket.h>

#include <string>

namespace lvslab::kernel {

NetlinkRequest::NetlinkRequest(std::uint16_t type, std::uint16_t flags) {
  nlmsghdr head{};
  head.nlmsg_type = type;
  head.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
  append(&head, sizeof head);
}

void NetlinkRequest::append(const void* data, std::size_t size) {
  const auto* from = static_cast<const char*>(data);
  bytes_.insert(bytes_.end(), from, from + size);
  bytes_.resize(NLMSG_ALIGN(bytes_.size()));
}

NetlinkRequest& NetlinkRequest::attribute(std::uint16_t type, const void* data, std::size_t size) {
  const nlattr head{static_cast<std::uint16_t>(NLA_HDRLEN + size), type};
  append(&head, sizeof head);
  if (size > 0) append(data, size);
  return *this;
}

NetlinkRequest& NetlinkRequest::text(std::uint16_t type, std::string_view value) {
  const std::string ended(value);
  return attribute(type, ended.c_str(), ended.size() + 1);
}

std::size_t NetlinkRequest::begin(std::uint16_t type) {
  const std::size_t at = bytes_.size();
  attribute(type, nullptr, 0);
  return at;
}

void NetlinkRequest::end(std::size_t nest) {
  const auto length = static_cast<std::uint16_t>(bytes_.size() - nest);
  std::memcpy(bytes_.data() + nest, &length, sizeof length);
}

const std::vector<char>& NetlinkRequest::bytes() {
  const auto length = static_cast<std::uint32_t>(bytes_.size());
  std::memcpy(bytes_.data(), &length, sizeof length);
  return bytes_;
}

Result<NetlinkSocket> NetlinkSocket::open() {
  NetlinkSocket socket;
  socket.fd_ = Fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!socket.fd_.valid()) return os_failure("netlink");
  return socket;
}

Result<void> NetlinkSocket::talk(NetlinkRequest& request, std::string_view what) {
  std::vector<char> bytes = request.bytes();
  auto* head = reinterpret_cast<nlmsghdr*>(bytes.data());
  head->nlmsg_seq = ++sequence_;
  if (::send(fd_.get(), bytes.data(), bytes.size(), 0) < 0) return os_failure(std::string(what));
  for (;;) {
    alignas(nlmsghdr) char answer[1U << 14];
    const ssize_t got = ::recv(fd_.get(), answer, sizeof answer, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return os_failure(std::string(what));
    auto left = static_cast<int>(got);
    for (auto* m = reinterpret_cast<nlmsghdr*>(answer); NLMSG_OK(m, left);
         m = NLMSG_NEXT(m, left)) {
      if (m->nlmsg_seq != sequence_ || m->nlmsg_type != NLMSG_ERROR) continue;
      const int error = -static_cast<const nlmsgerr*>(NLMSG_DATA(m))->error;
      if (error == 0) return {};
      return os_failure(std::string(what), error);
    }
  }
}

unsigned interface_index(std::string_view name) {
  return ::if_nametoindex(std::string(name).c_str());
}

}  // namespace lvslab::kernel
