// Reading the packet sockets of the hosts.
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>

#include "kernel-backend/agent/agent.h"

namespace lvslab::kernel {

struct FrameInfo {
  std::uint32_t dev = 0;
  bool outgoing = false;
  bool checksum_missing = false;
  std::int64_t at_ns = 0;
};

namespace {

constexpr std::size_t kLongestFrame = 1U << 17;

/// Not so at tunnels: what they carry is seen within its envelope, at the interface below.
bool has_ethernet_header(const sockaddr_ll& from) {
  return from.sll_hatype == ARPHRD_ETHER || from.sll_hatype == ARPHRD_LOOPBACK;
}

std::uint16_t load16(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(bytes[at]) << 8 |
                                    static_cast<unsigned char>(bytes[at + 1]));
}

// On lo the kernel leaves the checksum of TCP and UDP to a card that is not there.
void complete_checksum(std::string& frame) {
  constexpr std::size_t kEthernet = 14;
  if (frame.size() < kEthernet + 20 || load16(frame, 12) != 0x0800) return;
  const std::size_t header = (static_cast<unsigned char>(frame[kEthernet]) & 15U) * 4U;
  const std::size_t total = load16(frame, kEthernet + 2);
  const int protocol = static_cast<unsigned char>(frame[kEthernet + 9]);
  const std::size_t field = protocol == 6 ? 16U : 6U;
  if ((protocol != 6 && protocol != 17) || total < header + 8 || total < header + field + 2 ||
      frame.size() < kEthernet + total) {
    return;
  }
  const std::size_t begin = kEthernet + header;
  const std::size_t length = total - header;
  frame[begin + field] = frame[begin + field + 1] = 0;
  std::uint32_t sum = static_cast<std::uint32_t>(protocol) + static_cast<std::uint32_t>(length);
  for (std::size_t at = kEthernet + 12; at < kEthernet + 20; at += 2) sum += load16(frame, at);
  for (std::size_t at = 0; at + 1 < length; at += 2) sum += load16(frame, begin + at);
  if (length % 2 != 0)
    sum += static_cast<std::uint32_t>(static_cast<unsigned char>(frame[begin + length - 1])) << 8;
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  auto result = static_cast<std::uint16_t>(~sum);
  if (result == 0 && protocol == 17) result = 0xffff;
  frame[begin + field] = static_cast<char>(result >> 8);
  frame[begin + field + 1] = static_cast<char>(result & 0xff);
}

FrameInfo info_of(msghdr& message, const sockaddr_ll& from) {
  FrameInfo info;
  info.dev = static_cast<std::uint32_t>(from.sll_ifindex);
  info.outgoing = from.sll_pkttype == PACKET_OUTGOING;
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
      timespec stamp{};
      std::memcpy(&stamp, CMSG_DATA(c), sizeof stamp);
      info.at_ns = stamp.tv_sec * 1'000'000'000LL + stamp.tv_nsec;
    } else if (c->cmsg_level == SOL_PACKET && c->cmsg_type == PACKET_AUXDATA) {
      tpacket_auxdata aux{};
      std::memcpy(&aux, CMSG_DATA(c), sizeof aux);
      info.checksum_missing = (aux.tp_status & TP_STATUS_CSUMNOTREADY) != 0;
    }
  }
  return info;
}

}  // namespace

void Agent::drain_capture(std::uint32_t h) {
  Host& host = hosts_[h];
  if (!host.capture.valid()) return;
  static std::string buffer(kLongestFrame, '\0');
  for (;;) {
    sockaddr_ll from{};
    iovec part{buffer.data(), buffer.size()};
    alignas(cmsghdr) char control[256];
    msghdr message{};
    message.msg_name = &from;
    message.msg_namelen = sizeof from;
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t got = ::recvmsg(host.capture.get(), &message, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) break;
    if (!recording_ || !has_ethernet_header(from)) continue;
    send_frame(h, info_of(message, from), {buffer.data(), static_cast<std::size_t>(got)});
  }
  tpacket_stats stats{};
  socklen_t size = sizeof stats;
  if (::getsockopt(host.capture.get(), SOL_PACKET, PACKET_STATISTICS, &stats, &size) == 0 &&
      stats.tp_drops > 0 && recording_) {
    channel_.send(MessageKind::kLost, FramesLost{h, stats.tp_drops});
  }
}

void Agent::send_frame(std::uint32_t h, const FrameInfo& info, std::string_view bytes) {
  Host& host = hosts_[h];
  host.stirred = true;
  // What comes in is stamped when it is queued (net/core/dev.c: netif_rx()), and is seen later: on
  // lo, after all that one step of the kernel sends. The order of being seen counts.
  host.last_frame_ns = std::max(host.last_frame_ns, info.at_ns - lab_.epoch_ns);
  last_told_ns_ = std::max(last_told_ns_, host.last_frame_ns);
  CapturedFrame frame{h, info.dev, host.last_frame_ns, info.outgoing, std::string(bytes)};
  if (info.checksum_missing) complete_checksum(frame.bytes);
  channel_.send(MessageKind::kFrame, frame);
}

}  // namespace lvslab::kernel
