#include "kernel-backend/tables_netlink.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace lvslab::kernel {
namespace {

constexpr std::size_t aligned(std::size_t size) { return (size + 3U) & ~std::size_t{3}; }

/// The last of a list may lack its padding.
Bytes after(Bytes in, std::size_t size) { return in.subspan(std::min(aligned(size), in.size())); }

}  // namespace

bool next_message(Bytes& in, NetlinkMessage& message) {
  if (in.size() < sizeof(nlmsghdr)) return false;
  const auto head = load_native<nlmsghdr>(in);
  if (head.nlmsg_len < sizeof head || head.nlmsg_len > in.size()) return false;
  message.type = head.nlmsg_type;
  message.flags = head.nlmsg_flags;
  message.sequence = head.nlmsg_seq;
  message.body = in.subspan(sizeof head, head.nlmsg_len - sizeof head);
  in = after(in, head.nlmsg_len);
  return true;
}

bool next_attribute(Bytes& in, NetlinkAttribute& attribute) {
  if (in.size() < sizeof(nlattr)) return false;
  const auto head = load_native<nlattr>(in);
  if (head.nla_len < sizeof head || head.nla_len > in.size()) return false;
  attribute.type = head.nla_type & NLA_TYPE_MASK;
  attribute.value = in.subspan(sizeof head, head.nla_len - sizeof head);
  in = after(in, head.nla_len);
  return true;
}

// --- requests ------------------------------------------------------------------------------------

void NetlinkBody::append(const void* data, std::size_t size) {
  const auto* from = static_cast<const std::uint8_t*>(data);
  bytes_.insert(bytes_.end(), from, from + size);
  bytes_.resize(aligned(bytes_.size()));
}

NetlinkBody& NetlinkBody::attribute(std::uint16_t type, const void* value, std::size_t size) {
  const nlattr head{static_cast<std::uint16_t>(sizeof(nlattr) + size), type};
  append(&head, sizeof head);
  if (size > 0) append(value, size);
  return *this;
}

std::size_t NetlinkBody::begin(std::uint16_t type) {
  const std::size_t at = bytes_.size();
  attribute(static_cast<std::uint16_t>(type | NLA_F_NESTED), nullptr, 0);
  return at;
}

void NetlinkBody::end(std::size_t nest) {
  const auto length = static_cast<std::uint16_t>(bytes_.size() - nest);
  std::memcpy(bytes_.data() + nest, &length, sizeof length);
}

// --- the socket ----------------------------------------------------------------------------------

Result<NetlinkReader> NetlinkReader::open(int protocol) {
  const int fd = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
  if (fd < 0) return fail(std::string("netlink socket: ") + std::strerror(errno));
  return NetlinkReader(fd);
}

NetlinkReader::NetlinkReader(NetlinkReader&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), sequence_(other.sequence_) {}

NetlinkReader& NetlinkReader::operator=(NetlinkReader&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(sequence_, other.sequence_);
  return *this;
}

NetlinkReader::~NetlinkReader() {
  if (fd_ >= 0) ::close(fd_);
}

std::expected<std::vector<std::uint8_t>, int> receive_datagram(int fd, int flags) {
  for (;;) {
    // The size first: a buffer that is too short would lose the rest of the datagram.
    const ssize_t size = ::recv(fd, nullptr, 0, MSG_PEEK | MSG_TRUNC | flags);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return std::vector<std::uint8_t>{};
    if (size < 0) return std::unexpected(errno);
    std::vector<std::uint8_t> datagram(static_cast<std::size_t>(size) + 1);
    sockaddr_nl from{};
    socklen_t from_size = sizeof from;
    const ssize_t got = ::recvfrom(fd, datagram.data(), datagram.size(), MSG_TRUNC | flags,
                                   reinterpret_cast<sockaddr*>(&from), &from_size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::unexpected(errno);
    if (from.nl_pid != 0) continue;
    if (static_cast<std::size_t>(got) > datagram.size()) return std::unexpected(EPROTO);
    datagram.resize(static_cast<std::size_t>(got));
    return datagram;
  }
}

std::expected<NetlinkReader::Part, int> NetlinkReader::take_part(
    bool dumping, std::vector<std::uint8_t>& answer) {
  const auto datagram = receive_datagram(fd_, 0);
  if (!datagram) return std::unexpected(datagram.error());
  Bytes rest = *datagram;
  NetlinkMessage message;
  for (Bytes here = rest; next_message(rest, message); here = rest) {
    if (message.sequence != sequence_) continue;  // the tail of an answer that was given up
    if ((message.flags & NLM_F_DUMP_INTR) != 0) interrupted_ = true;
    if (message.type == NLMSG_ERROR) {
      if (message.body.size() < sizeof(int)) return std::unexpected(EPROTO);
      const int error = -load_native<int>(message.body);
      if (error == 0) return Part::kWhole;
      return std::unexpected(error);
    }
    if (message.type == NLMSG_OVERRUN) return std::unexpected(ENOBUFS);
    if (message.type == NLMSG_DONE) {
      const int error = -load_native<int>(message.body);
      if (error > 0) return std::unexpected(error);
      return interrupted_ ? Part::kInterrupted : Part::kWhole;
    }
    if (message.type != NLMSG_NOOP) {
      const std::size_t size = sizeof(nlmsghdr) + message.body.size();
      answer.insert(answer.end(), here.begin(), here.begin() + static_cast<std::ptrdiff_t>(size));
      answer.resize(aligned(answer.size()));
    }
    if (!dumping && (message.flags & NLM_F_MULTI) == 0) return Part::kWhole;
  }
  if (!rest.empty()) return std::unexpected(EPROTO);
  return Part::kMore;
}

std::expected<std::vector<std::uint8_t>, int> NetlinkReader::ask(std::uint16_t type,
                                                                 std::uint16_t flags, Bytes body) {
  for (int tries = 1;; ++tries) {
    nlmsghdr head{};
    head.nlmsg_len = static_cast<std::uint32_t>(sizeof head + body.size());
    head.nlmsg_type = type;
    head.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    head.nlmsg_seq = ++sequence_;
    interrupted_ = false;
    std::vector<std::uint8_t> request(sizeof head);
    std::memcpy(request.data(), &head, sizeof head);
    request.insert(request.end(), body.begin(), body.end());
    if (::send(fd_, request.data(), request.size(), 0) < 0) return std::unexpected(errno);
    std::vector<std::uint8_t> answer;
    auto part = std::expected<Part, int>(Part::kMore);
    while (part && *part == Part::kMore) part = take_part((flags & NLM_F_DUMP) != 0, answer);
    if (!part) return std::unexpected(part.error());
    if (*part == Part::kWhole || tries == kDumpTries) return answer;
  }
}

}  // namespace lvslab::kernel
