// Reading the packet sockets of the hosts.
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/socket.h>
#include <ctime>

#include <algorithm>

#include "kernel-backend/agent/agent.h"
#include "sim/wire/checksum.h"
#include "sim/wire/ethernet.h"
#include "sim/wire/ipv4.h"
#include "sim/wire/ipv6.h"
#include "sim/wire/sctp.h"
#include "sim/wire/tcp.h"
#include "sim/wire/udp.h"

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

/// What a packet on lo carries, and the sum of the pseudo header.
struct Carried {
  IpProto protocol{};
  MutBytes bytes;  ///< from the transport header on; empty: nothing that has a checksum left out
  std::uint64_t pseudo_sum = 0;
};

Carried carried_by(MutBytes packet) {
  const auto of = [&](const auto& header, std::size_t length) {
    return Carried{
        header.protocol, packet.subspan(length, header.payload_length),
        pseudo_header_sum(header.src, header.dst, static_cast<std::uint8_t>(header.protocol),
                          header.payload_length)};
  };
  if (const auto ip = Ipv4Repr::parse(packet); ip && !ip->is_fragment())
    return of(*ip, ip->header_length);
  if (const auto ip = Ipv6Repr::parse(packet)) return of(*ip, Ipv6Repr::kLength);
  return {};
}

// On lo the kernel leaves the checksums of TCP, UDP and SCTP to a card that is not there.
void complete_checksum(MutBytes frame) {
  if (frame.size() < EthernetRepr::kLength) return;
  const Carried carried = carried_by(frame.subspan(EthernetRepr::kLength));
  const auto put_sum = [&](std::size_t field) {
    if (carried.bytes.size() < field + 2) return;
    std::uint8_t* const at = carried.bytes.data() + field;
    store_be16(at, 0);
    const std::uint16_t sum = checksum_of(carried.pseudo_sum + sum_bytes(carried.bytes));
    const bool would_say_none = sum == 0 && carried.protocol == IpProto::kUdp;
    store_be16(at, would_say_none ? std::uint16_t{0xffff} : sum);
  };
  switch (carried.protocol) {
    case IpProto::kTcp: put_sum(TcpRepr::kChecksumAt); break;
    case IpProto::kUdp: put_sum(UdpRepr::kChecksumAt); break;
    case IpProto::kSctp:
      if (carried.bytes.size() >= SctpRepr::kLength) {
        store_be32(&carried.bytes[SctpRepr::kChecksumAt], sctp_checksum(carried.bytes));
      }
      break;
    default: break;
  }
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
  if (info.checksum_missing) {
    complete_checksum({reinterpret_cast<std::uint8_t*>(frame.bytes.data()), frame.bytes.size()});
  }
  channel_.send(MessageKind::kFrame, frame);
}

}  // namespace lvslab::kernel
