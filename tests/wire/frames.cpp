#include "tests/wire/frames.h"

#include <string>

#include "sim/wire/build.h"

namespace lvslab::test {

namespace {

using Frame = std::vector<std::uint8_t>;

constexpr MacAddr kClientMac{0x0200'0000'000a};
constexpr MacAddr kDirectorMac{0x0200'0000'0001};
constexpr Ipv4Addr kClient{0xc0a8500a};
constexpr Ipv4Addr kDirector{0xc0a850c9};
constexpr Ipv4Addr kVip{0xc0a85096};
constexpr FramePath kThere{kClientMac, kDirectorMac, kClient, kVip};
constexpr FramePath kBack{kDirectorMac, kClientMac, kVip, kClient};

void add_arp(std::vector<Frame>& out) {
  out.push_back(arp_request(kClientMac, kClient, kVip));
  out.push_back(arp_reply(kDirectorMac, kVip, kClientMac, kClient));
  // A probe (RFC 5227), a gratuitous request as arping -U, a gratuitous reply as arping -A.
  out.push_back(arp_request(kDirectorMac, Ipv4Addr::any(), kVip));
  out.push_back(arp_frame(MacAddr::broadcast(),
                          {ArpOp::kRequest, kDirectorMac, kVip, MacAddr::broadcast(), kVip}));
  out.push_back(
      arp_frame(MacAddr::broadcast(), {ArpOp::kReply, kDirectorMac, kVip, kDirectorMac, kVip}));
  Frame padded = arp_request(kClientMac, kClient, kVip);
  padded.resize(60);
  out.push_back(padded);
}

/// What an ICMP error of Linux quotes: the IPv4 packet without its Ethernet header.
Bytes quoted(const Frame& frame) { return Bytes(frame).subspan(EthernetRepr::kLength); }

void add_icmp(std::vector<Frame>& out) {
  const Frame ping =
      icmp_echo(kThere, IcmpType::kEchoRequest, 0x1234, 1, text_bytes("abcdefgh0123456789"));
  const Frame datagram = udp_datagram(kThere, 40000, 33434, text_bytes("0123456789abcdef"));
  TcpRepr syn;
  syn.src_port = 40001;
  syn.dst_port = 80;
  syn.seq = 7;
  syn.flags = tcp_flag::kSyn;
  syn.mss = std::uint16_t{1460};
  const Frame tcp = tcp_segment(kThere, syn);
  out.push_back(ping);
  out.push_back(icmp_echo(kBack, IcmpType::kEchoReply, 0x1234, 1, text_bytes("abcdefgh")));
  for (const auto code : {IcmpUnreachable::kNet, IcmpUnreachable::kHost, IcmpUnreachable::kProtocol,
                          IcmpUnreachable::kPort, IcmpUnreachable::kAdminProhibited}) {
    out.push_back(icmp_message(kBack, IcmpRepr::unreachable(code), quoted(datagram)));
  }
  out.push_back(icmp_message(kBack, IcmpRepr::unreachable(IcmpUnreachable::kPort), quoted(tcp)));
  out.push_back(icmp_message(
      kBack, IcmpRepr::unreachable(IcmpUnreachable::kFragmentationNeeded, 1400), quoted(tcp)));
  out.push_back(icmp_message(kBack, IcmpRepr::redirect_host(kDirector), quoted(ping)));
  out.push_back(icmp_message(kBack, IcmpRepr::time_exceeded(), quoted(datagram)));
  out.push_back(icmp_message(kBack, IcmpRepr::time_exceeded(), quoted(ping)));
  // RFC 792 asks for eight bytes of the quoted payload only.
  out.push_back(icmp_message(kBack, IcmpRepr::time_exceeded(), quoted(tcp).first(28)));
  out.push_back(icmp_message(kBack, IcmpRepr::unreachable(IcmpUnreachable::kPort),
                             quoted(datagram).first(28)));
}

TcpRepr segment(std::uint32_t seq, std::uint32_t ack, std::uint8_t flags) {
  TcpRepr repr;
  repr.src_port = 42410;
  repr.dst_port = 80;
  repr.seq = seq;
  repr.ack = ack;
  repr.flags = flags;
  repr.window = 502;
  return repr;
}

TcpRepr answer(std::uint32_t seq, std::uint32_t ack, std::uint8_t flags) {
  TcpRepr repr = segment(seq, ack, flags);
  std::swap(repr.src_port, repr.dst_port);
  return repr;
}

void add_web_request(std::vector<Frame>& out) {
  using namespace tcp_flag;
  const std::uint32_t c = 0xffff'fff0, s = 5000;  // the client's numbers wrap
  TcpRepr syn = segment(c, 0, kSyn);
  syn.window = 64240;
  syn.mss = std::uint16_t{1460};
  syn.sack_permitted = true;
  syn.window_scale = std::uint8_t{7};
  syn.timestamps = TcpTimestamps{1000, 0};
  out.push_back(tcp_segment(kThere, syn));
  TcpRepr syn_ack = answer(s, c + 1, kSyn | kAck);
  syn_ack.mss = std::uint16_t{1460};
  syn_ack.sack_permitted = true;
  syn_ack.window_scale = std::uint8_t{7};
  syn_ack.timestamps = TcpTimestamps{2000, 1000};
  out.push_back(tcp_segment(kBack, syn_ack));
  const auto timed = [](TcpRepr repr) {
    repr.timestamps = TcpTimestamps{1001, 2000};
    return repr;
  };
  const std::string get = "GET / HTTP/1.1\r\nHost: 192.168.80.150\r\nAccept: */*\r\n\r\n";
  const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nnode02\n";
  const auto c2 = static_cast<std::uint32_t>(c + 1 + get.size());
  const auto s2 = static_cast<std::uint32_t>(s + 1 + ok.size());
  out.push_back(tcp_segment(kThere, timed(segment(c + 1, s + 1, kAck))));
  out.push_back(tcp_segment(kThere, timed(segment(c + 1, s + 1, kPsh | kAck)), text_bytes(get)));
  out.push_back(tcp_segment(kBack, timed(answer(s + 1, c2, kAck))));
  out.push_back(tcp_segment(kBack, timed(answer(s + 1, c2, kPsh | kAck)), text_bytes(ok)));
  TcpRepr hole = timed(segment(c2, s + 1, kAck));
  hole.sack_count = 2;
  hole.sacks = {SackBlock{s + 10, s + 20}, SackBlock{s + 30, s + 40}};
  out.push_back(tcp_segment(kThere, hole));
  TcpRepr back_hole = timed(answer(s2, c + 1, kAck));
  back_hole.sack_count = 3;
  back_hole.sacks = {SackBlock{c + 10, c + 20}, SackBlock{c + 30, c + 40}, SackBlock{c, c + 2}};
  out.push_back(tcp_segment(kBack, back_hole));
  out.push_back(tcp_segment(kBack, timed(answer(s2, c2, kFin | kAck))));
  out.push_back(tcp_segment(kThere, timed(segment(c2, s2 + 1, kFin | kAck))));
  out.push_back(tcp_segment(kBack, timed(answer(s2 + 1, c2 + 1, kAck))));
  out.push_back(tcp_segment(kThere, segment(c2 + 1, 0, kRst)));
  out.push_back(tcp_segment(kBack, answer(0, c2, kRst | kAck)));
  // The same ports again: SYN starts a new conversation, and only SYN-ACK tells tcpdump.
  out.push_back(tcp_segment(kThere, segment(90'000, 0, kSyn)));
  out.push_back(tcp_segment(kBack, answer(70'000, 90'001, kSyn | kAck)));
  out.push_back(tcp_segment(kThere, segment(90'001, 70'001, kAck)));
}

void add_odd_tcp(std::vector<Frame>& out) {
  using namespace tcp_flag;
  TcpRepr mid = segment(123'456, 654'321, kPsh | kAck);  // seen from its middle
  mid.src_port = 50'000;
  out.push_back(tcp_segment(kThere, mid, text_bytes("the middle of some body\r\n")));
  mid.seq += 25;
  out.push_back(tcp_segment(kThere, mid, text_bytes("POST /no-end-of-line")));
  mid.dst_port = 8080;
  out.push_back(tcp_segment(kThere, mid, text_bytes("HEAD / HTTP/1.0\r\nX-Bin: \x01\r\n\r\n")));
  mid.dst_port = 9000;
  mid.flags = kUrg | kAck | kEce | kCwr;
  mid.urgent = 3;
  out.push_back(tcp_segment(kThere, mid, text_bytes("not decoded")));
  mid.flags = 0;
  out.push_back(tcp_segment(kThere, mid));
  TcpRepr bare_syn = segment(1, 0, kSyn);
  bare_syn.sack_permitted = true;  // without timestamps: NOP NOP SACK-permitted
  bare_syn.window_scale = std::uint8_t{0};
  out.push_back(tcp_segment(kThere, bare_syn));
}

void add_broken(std::vector<Frame>& out) {
  constexpr std::size_t kIp = EthernetRepr::kLength, kTransport = kIp + Ipv4Repr::kLength;
  TcpRepr syn = segment(1, 0, tcp_flag::kSyn);
  syn.mss = std::uint16_t{1460};
  const Frame good = tcp_segment(kThere, syn);
  const auto damaged = [&](std::size_t at, std::uint8_t value) {
    Frame frame = good;
    frame[at] = value;
    out.push_back(frame);
  };
  damaged(kIp + 10, 0xee);         // header checksum
  damaged(kTransport + 16, 0xee);  // TCP checksum
  damaged(kIp, 0x55);              // version 5
  damaged(kIp, 0x44);              // header of 16 bytes
  damaged(kIp + 3, 0);             // no total length
  damaged(kIp + 3, 10);            // total length below the header
  damaged(kIp + 3, 200);           // ... and above the frame
  damaged(kIp + 1, 0xb9);          // DSCP and ECN
  damaged(kTransport + 12, 0x40);  // data offset 4
  damaged(kTransport + 12, 0xf0);  // data offset 15
  damaged(kTransport + 21, 9);     // option longer than the header
  damaged(kTransport + 21, 3);     // option shorter than its kind asks for
  damaged(kTransport + 20, 77);    // unknown option
  damaged(kTransport + 20, 0);     // end of options
  Frame ping = icmp_echo(kThere, IcmpType::kEchoRequest, 9, 9, text_bytes("x"));
  ping.back() ^= 0xff;
  out.push_back(ping);
}

void add_udp(std::vector<Frame>& out) {
  out.push_back(udp_datagram(kThere, 40000, 9999, text_bytes("hello")));
  out.push_back(udp_datagram(kBack, 9999, 40000));
  Ipv4Repr fragment;
  fragment.src = kClient;
  fragment.dst = kVip;
  fragment.protocol = IpProto::kUdp;
  fragment.id = 77;
  const Frame whole = udp_datagram(kThere, 40000, 9999, text_bytes("0123456789abcdef01234567"));
  const Bytes datagram = Bytes(whole).subspan(EthernetRepr::kLength + Ipv4Repr::kLength);
  fragment.more_fragments = true;
  out.push_back(ipv4_packet(kDirectorMac, kClientMac, fragment, datagram.first(16)));
  fragment.more_fragments = false;
  fragment.fragment_offset = 16;
  out.push_back(ipv4_packet(kDirectorMac, kClientMac, fragment, datagram.subspan(16)));
  Ipv4Repr unknown = fragment;
  unknown.fragment_offset = 0;
  unknown.protocol = IpProto{200};
  out.push_back(ipv4_packet(kDirectorMac, kClientMac, unknown, datagram.first(5)));
}

}  // namespace

std::vector<Frame> built_frames() {
  std::vector<Frame> out;
  add_arp(out);
  add_icmp(out);
  add_udp(out);
  add_web_request(out);
  add_odd_tcp(out);
  add_broken(out);
  return out;
}

}  // namespace lvslab::test
