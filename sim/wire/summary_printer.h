// The printer behind tcpdump_line(): one object per line. Not for use outside this room.
// Every method gets the bytes that are there (`in`) and, where a header claims more, the length
// that it claims: a quoted packet is cut.
#pragma once

#include "sim/wire/arp.h"
#include "sim/wire/icmpv4.h"
#include "sim/wire/ipv6.h"
#include "sim/wire/sctp.h"
#include "sim/wire/summary.h"
#include "sim/wire/tcp.h"

namespace lvslab::detail {

class TcpdumpPrinter {
 public:
  TcpdumpPrinter(const TcpdumpStyle& style, TcpSequenceTracker& tracker)
      : style_(style), tracker_(tracker) {}

  void frame(Bytes in);
  std::string take() { return std::move(out_); }

 private:
  /// What a transport printer needs of the header around it.
  struct Ip {
    IpAddr src, dst;
    IpProto protocol{};
    bool fragmented = false;
  };

  struct Numbers {
    std::uint32_t seq = 0, ack = 0;
  };

  // False from any of these: the bytes ran out, " [|proto]" is printed, and the line ends.
  void arp(Bytes in);
  bool ipv4(Bytes in, std::size_t length);
  bool ipv4_body(Bytes in, std::size_t header_length, std::size_t length);
  void ipv4_verbose(Bytes in, std::size_t header_length);
  bool ipv6(Bytes in, std::size_t length);
  bool ipv6_body(Bytes in, std::size_t length, IpProto protocol, Ip ip);
  bool icmp(Bytes in, std::size_t length, const Ip& ip);
  bool icmp6(Bytes in, std::size_t length, const Ip& ip);
  bool icmp6_error(Bytes in, const Ip& ip);
  void neighbour_options(Bytes in);
  void listener_report(Bytes in, std::size_t length);
  bool igmp(Bytes in, std::size_t length);
  bool vrrp(Bytes in, std::size_t length, const Ip& ip);
  bool icmp_quoted(Bytes in);
  bool udp(Bytes in, std::size_t length, const Ip& ip);
  /// False if it is no message that DnsRepr knows: it is printed as any datagram.
  bool dns(Bytes in);
  bool tcp(Bytes in, std::size_t length, const Ip& ip);
  bool sctp(Bytes in, std::size_t length, const Ip& ip);
  void sctp_chunk(SctpChunkType type, std::uint8_t flags, Bytes value);
  /// Asks the tracker: once per segment, also for those that turn out malformed.
  Numbers relative_numbers(Bytes in, const Ip& ip);
  void tcp_numbers(Bytes in, std::size_t data_length, const Numbers& numbers);
  void tcp_checksum(Bytes in, std::size_t length, const Ip& ip);
  bool tcp_options(Bytes in, std::size_t left);
  bool tcp_option(Bytes in, std::size_t& at, std::size_t& left);
  void tcp_sacks(Bytes data, std::size_t claimed);
  void http(Bytes in, std::size_t length);
  /// The index after the line that starts at `at`; 0 if no whole line of text starts there.
  std::size_t text_line(std::string_view prefix, Bytes in, std::size_t at, std::size_t length);

  std::string name_of(IpAddr addr) const;
  void addresses(const Ip& ip, std::string_view end);
  bool truncated(std::string_view protocol);

  const TcpdumpStyle& style_;
  TcpSequenceTracker& tracker_;
  std::uint32_t sack_base_ = 0;
  std::string out_;
};

/// What an ICMP message says, up to its length; nothing if the bytes for it are missing.
std::string icmp_text(Bytes in, std::span<const AddrName> names);

/// The right checksum, from a wrong one and the sum over everything (in_cksum_shouldbe()).
constexpr std::uint16_t checksum_should_be(std::uint16_t field, std::uint64_t sum) {
  return fold_sum(std::uint64_t{field} + checksum_of(sum));
}

}  // namespace lvslab::detail
