// A host's IPv4 stack on a bench: addresses from text, frames in by name of the device, frames out
// kept for inspection. No links: lo frames come back at once, Ethernet frames end up in sent().
#pragma once

#include <gmock/gmock.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "sim/ip/stack.h"
#include "sim/wire/build.h"

namespace lvslab::ip {

inline Ipv4Addr ip4(std::string_view text) { return Ipv4Addr::parse(text).value(); }
inline Ipv4Prefix prefix(std::string_view text) { return Ipv4Prefix::parse(text).value(); }
inline MacAddr mac(std::uint64_t n) { return {0x0200'0000'0000ULL + n}; }

/// A frame that left, taken apart.
struct SentFrame {
  IfIndex dev;
  std::vector<std::uint8_t> bytes;
  EthernetRepr eth() const { return *EthernetRepr::parse(bytes); }
  bool is_arp() const { return eth().ethertype == EtherType::kArp; }
  ArpRepr arp() const { return *ArpRepr::parse(Bytes(bytes).subspan(14)); }
  Ipv4Repr ip() const { return *Ipv4Repr::parse(Bytes(bytes).subspan(14)); }
  Bytes ip_bytes() const { return Bytes(bytes).subspan(14); }
  Bytes payload() const { return ipv4_payload(ip_bytes(), ip()); }
  IcmpRepr icmp() const { return *IcmpRepr::parse(payload()); }
};

class HostBench : public Ports {
 public:
  HostBench(std::initializer_list<std::string_view> addresses);

  // --- typing ---
  void set(std::string_view path,
           std::string_view value);  ///< "conf.eth0.arp_ignore" below net.ipv4
  Errno add_address(std::string_view dev, std::string_view local, std::string_view label = {});
  Errno route(std::string_view dst, std::string_view via, std::string_view dev = {});
  IfIndex dev(std::string_view name) const { return device_index(stack, name); }
  void link(std::string_view dev, bool up);

  // --- traffic ---
  /// A frame arrives at `dev`: ARP is processed, IPv4 routed, forwarded or handed to ICMP and UDP.
  void receive(std::string_view dev, const std::vector<std::uint8_t>& frame);
  Errno send_udp(std::string_view src, std::string_view dst, std::size_t bytes = 10,
                 bool dont_fragment = true);
  /// Lets time pass; timers run, and frames on lo are delivered.
  void pass(SimDuration time);

  // --- looking ---
  std::vector<SentFrame>& sent() { return sent_; }
  std::vector<SentFrame> take_sent() { return std::exchange(sent_, {}); }
  Reason last_reason() const;
  bool explained(Reason reason) const;
  NeighState state_of(std::string_view ip, std::string_view dev = "eth0") const;
  MacAddr mac_of(std::string_view ip, std::string_view dev = "eth0") const;
  /// The routes of a table, as ip(8) would name them: "local 10.0.0.1/32 dev eth0 src 10.0.0.1".
  std::vector<std::string> routes(std::uint32_t table = kTableMain) const;
  std::vector<std::string> addresses() const;
  Step step() { return {world, timers, &trace, NodeId(0)}; }

  void transmit(Step& step, IfIndex dev, FrameRef frame) override;
  void on_udp(Step& step, const UdpEvent& event) override;

  World world;
  TimerQueue timers;
  Trace trace;
  Stack stack;
  std::vector<IcmpEvent> icmp_events;
  std::vector<std::string> udp_heard;
  std::vector<Errno> udp_errors;

 private:
  void on_ipv4(Step& step, IfIndex in, const EthernetRepr& eth, FrameRef frame);
  void run_loopback();

  std::vector<SentFrame> sent_;
  std::vector<FrameRef> loopback_;
};

}  // namespace lvslab::ip
