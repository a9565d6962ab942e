// IPv4 and ARP of one host: everything between its network cards and its transport protocols.
//
//   frame in   parse_packet() → receive() → kLocal:   (host: LOCAL_IN hooks) icmp_receive,
//   udp_receive, TCP
//                                         → kForward: forward() → (host: FORWARD hooks) →
//                                         deliver_via()
//   ARP in     arp_receive()
//   packet out output() = route_output() + header + Ports::local_out() + deliver_via()
//   timers     on_timer() for TimerKind::kNeigh, kIp and kIcmp
//   commands   device, address, route, rule, neighbour and sysctl functions below; each has the
//              effects of the kernel's netlink handler and returns its errno
//
// IPv6 has the same devices, neighbours and sockets: sim/ip/ip6.h. Left out: IP options, IPsec,
// copies of the host's own broadcasts to itself, gc_thresh overflow. Source of each rule: beside
// the rule.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/tables.h"
#include "sim/core/ports.h"
#include "sim/core/step.h"
#include "sim/ip/conf.h"
#include "sim/ip/device.h"
#include "sim/ip/fib.h"
#include "sim/ip/fragment.h"
#include "sim/ip/icmp.h"
#include "sim/ip/igmp.h"
#include "sim/ip/ip6.h"
#include "sim/ip/lazy.h"
#include "sim/ip/neigh.h"
#include "sim/ip/route.h"
#include "sim/ip/udp.h"
#include "sim/wire/arp.h"
#include "sim/wire/ethernet.h"
#include "sim/wire/ipv4.h"

namespace lvslab::ip {

/// What a hook of netfilter made of a packet of this host: NF_ACCEPT, NF_STOLEN, NF_DROP.
enum class HookVerdict : std::uint8_t { kPass, kTaken, kDropped };

/// What the stack asks of the host around it.
class Ports : public DeviceOutput {
 public:
  /// NF_INET_LOCAL_OUT, for every packet of this host (also ICMP and UDP). The packet is gone
  /// unless it may pass. May change packet and route.
  virtual HookVerdict local_out(Step& /*step*/, Packet& /*packet*/, Route& /*route*/) {
    return HookVerdict::kPass;
  }
  /// The same for IPv6, and NF_INET_FORWARD; the packets are as on the wire.
  virtual bool local_out6(Step& /*step*/, Packet& /*packet*/, Route6& /*route*/) { return true; }
  virtual bool forwarded6(Step& /*step*/, Packet& /*packet*/, Route6& /*route*/) { return true; }
  /// RTM_NEWLINK: an interface is up and has a carrier now, or no longer.
  virtual void on_link(Step& /*step*/, IfIndex /*dev*/, bool /*running*/) {}
  /// A datagram or an error for a UDP socket.
  virtual void on_udp(Step& /*step*/, const UdpEvent& /*event*/) {}
};

/// What only a host with traffic has.
struct Live {
  NeighTable neigh;
  RouteCache cache;
  UdpTable udp;
  std::vector<LinkStats> stats;             ///< by IfIndex - 1
  std::vector<SimDuration> reachable_time;  ///< by IfIndex - 1; neigh_parms.reachable_time
  SimTime reachable_drawn{INT64_MIN / 4};   ///< tbl->last_rand
  std::vector<RouteException> exceptions;   ///< by destination
  std::vector<Peer> peers;                  ///< by address
  ReassemblyTable reassembly;
  Groups groups;
  SimTime icmp_credit_at{INT64_MIN / 4};  ///< icmp_global
  std::int64_t icmp_credit = 0;
  std::uint32_t ident_key = 0;  ///< ip_idents: 0 until the first draw
  std::uint16_t ident = 0;
};

struct Stack {
  std::vector<Device> devices;  ///< by IfIndex - 1; lo first
  std::vector<InAddr> addrs;    ///< by device, then the kernel's order
  Fib fib;
  Lazy<Settings> settings;  ///< absent while all sysctls are the defaults
  Lazy<Live> live;          ///< absent before the first packet
  Lazy<Stack6> six;         ///< absent in labs without IPv6
};

// --- devices -----------------------------------------------------------------------------------

/// Adds a device, down and without addresses. The first must be lo. Returns its ifindex.
IfIndex add_device(Step& step, Stack& stack, const Device& device);
const Device* find_device(const Stack& stack, IfIndex dev);
const Device* find_device(const Stack& stack, std::string_view name);
IfIndex device_index(const Stack& stack, std::string_view name);  ///< 0 if there is none
/// IFF_UP on or off. Up: lo gets 127.0.0.1/8 if it has no address; the routes of all addresses
/// return (not those that were typed). Down: all routes out of it go, save those of type local, and
/// its neighbours. Source: net/ipv4/fib_frontend.c: fib_netdev_event(), fib_disable_ip().
void set_link(Step& step, Stack& stack, Ports& ports, IfIndex dev, bool up);
/// A cable was plugged or pulled (netif_carrier_on/off).
void set_carrier(Step& step, Stack& stack, Ports& ports, IfIndex dev, bool carrier);
/// kInval below 68 bytes (or 0 for lo) or above 65535.
Errno set_mtu(Step& step, Stack& stack, IfIndex dev, std::uint32_t mtu);
/// kAddrNotAvail for a group or zero address.
Errno set_mac(Step& step, Stack& stack, Ports& ports, IfIndex dev, MacAddr mac);
void set_no_arp(Step& step, Stack& stack, Ports& ports, IfIndex dev, bool no_arp);
void set_promisc(Step& step, Stack& stack, IfIndex dev, bool promisc);
void set_tx_queue_len(Step& step, Stack& stack, IfIndex dev, std::uint32_t length);
LinkStats& stats(Stack& stack, IfIndex dev);
/// What a frame of `bytes` bytes counts: lo counts packets (loopback_xmit()), other devices frames.
constexpr std::size_t counted_bytes(IfIndex dev, std::size_t bytes) {
  return dev == kLoopback && bytes > EthernetRepr::kLength ? bytes - EthernetRepr::kLength : bytes;
}
/// A frame of `bytes` bytes passed (eth_type_trans() and the driver's counters).
inline void count_rx(Stack& stack, IfIndex dev, std::size_t bytes) {
  LinkStats& s = stats(stack, dev);
  ++s.rx_packets;
  s.rx_bytes += counted_bytes(dev, bytes);
}
inline void count_tx(Stack& stack, IfIndex dev, std::size_t bytes) {
  LinkStats& s = stats(stack, dev);
  ++s.tx_packets;
  s.tx_bytes += counted_bytes(dev, bytes);
}

// --- addresses ---------------------------------------------------------------------------------

struct AddressRequest {
  IfIndex dev;
  Ipv4Prefix local;
  Ipv4Addr broadcast;  ///< any: none (callers compute `brd +`)
  Scope scope = Scope::kUniverse;
  ShortName label;  ///< empty: the device's name
};
/// __inet_insert_ifa(), with routes. kExist: the same address and prefix is there; kInval: another
/// scope in the same subnet; kNoDev. No gratuitous ARP unless arp_notify asks for it.
Errno add_address(Step& step, Stack& stack, Ports& ports, const AddressRequest& request);
/// __inet_del_ifa(). `label` empty: any. kAddrNotAvail: no such address. Secondaries of its subnet
/// go with a primary, unless promote_secondaries is set.
Errno delete_address(Step& step, Stack& stack, Ports& ports, IfIndex dev, Ipv4Prefix local,
                     std::string_view label = {});
/// `ip addr flush dev X`: primaries with their secondaries. Returns how many went.
std::uint32_t flush_addresses(Step& step, Stack& stack, Ports& ports, IfIndex dev);
/// The address with that label ("eth0:1"), as SIOCGIFADDR finds it; nullptr if there is none.
const InAddr* find_label(const Stack& stack, std::string_view label);
ShortName label_of(const Stack& stack, const InAddr& addr);
/// SIOCSIFADDR (with `netmask` 0: the class), SIOCSIFNETMASK and SIOCSIFBRDADDR on "eth0" or
/// "eth0:1", as ifconfig(8) uses them. kNoDev, kInval, kAddrNotAvail.
Errno ioctl_set_address(Step& step, Stack& stack, Ports& ports, std::string_view label,
                        Ipv4Addr addr);
Errno ioctl_set_netmask(Step& step, Stack& stack, Ports& ports, std::string_view label,
                        Ipv4Addr netmask);
Errno ioctl_set_broadcast(Step& step, Stack& stack, Ports& ports, std::string_view label,
                          Ipv4Addr broadcast);

/// True if `addr` is an address of this host on any device (inet_lookup_ifaddr_rcu()).
bool has_address(const Stack& stack, Ipv4Addr addr);
/// True if table local calls it local: also 127.0.0.0/8 and a whole subnet put on lo.
bool is_local(const Stack& stack, Ipv4Addr addr);
/// inet_select_addr(): the source for `dst` (any: no wish) out of `dev`, of at most `scope`.
Ipv4Addr select_source(const Stack& stack, IfIndex dev, Ipv4Addr dst, Scope scope);
/// inet_confirm_addr(): an own address that fits; any if there is none. `dev` 0: any device.
Ipv4Addr confirm_address(const Stack& stack, IfIndex dev, Ipv4Addr dst, Ipv4Addr local,
                         Scope scope);
/// inet_addr_onlink(): `a` (and `b`, unless any) lie in a subnet of `dev`.
bool on_link(const Stack& stack, IfIndex dev, Ipv4Addr a, Ipv4Addr b);

// --- routes and rules --------------------------------------------------------------------------

enum class RouteVerb : std::uint8_t { kAdd, kReplace, kChange, kAppend, kPrepend };
/// inet_rtm_newroute(): kExist, kNoEnt (kChange of none), kNetUnreach (gateway not reachable, or
/// the device is down: kNetDown), kInval, kNoDev. Scope kNowhere: chosen as `ip route` does.
/// `extack` receives what the kernel says besides the errno ("Nexthop has invalid gateway."), and
/// is cleared first.
Errno add_route(Step& step, Stack& stack, RouteVerb verb, RouteRow route,
                std::string_view* extack = nullptr);
/// inet_rtm_delroute(): the first that fits all that is given. kSrch: none (ESRCH).
struct RoutePattern {
  std::uint32_t table = kTableMain;
  Ipv4Prefix dst{{}, 0};
  std::optional<RouteType> type;
  std::optional<Scope> scope;
  std::optional<RouteProto> proto;
  Ipv4Addr gateway, prefsrc;
  IfIndex dev;
  std::optional<std::uint32_t> metric;
};
Errno delete_route(Step& step, Stack& stack, const RoutePattern& pattern);
/// Removes every route for which `wanted(row)` holds. Returns how many went.
template <class Wanted>
std::uint32_t flush_routes(Step& step, Stack& stack, Wanted&& wanted);
void remove_route_at(Step& step, Stack& stack, std::size_t index);
RouteRow row_of(const Stack& stack, const FibEntry& entry);

/// fib_nl_newrule(): kExist if the same rule is there. Priority 0 with `has_priority` false: one
/// before the first rule that is not rule 0. Separates the tables local and main for good.
Errno add_rule(Step& step, Stack& stack, RuleRow rule, bool has_priority);
/// fib_nl_delrule(): kNoEnt.
struct RulePattern {
  std::optional<std::uint32_t> priority, fwmark, table;
  std::optional<Ipv4Prefix> from, to;
  std::optional<ShortName> iif, oif;
  std::optional<RouteType> action;
};
Errno delete_rule(Step& step, Stack& stack, const RulePattern& pattern);
/// The rules in force, by priority.
std::vector<RuleRow> rules(const Stack& stack);

// --- sysctl ------------------------------------------------------------------------------------

/// Paths are "net.ipv4.conf.eth0.arp_ignore" or "/proc/sys/net/ipv4/conf/eth0/arp_ignore".
/// Nothing if this room has no such key.
std::optional<std::string> sysctl_get(const Stack& stack, std::string_view path);
/// kNoEnt: no such key; kInval: not a number, or out of range. Writing has the kernel's side
/// effects: ip_forward sets forwarding of all, default and every device, and turns accept_redirects
/// of `all` over; conf/default reaches devices where the key was never written.
Errno sysctl_set(Step& step, Stack& stack, Ports& ports, std::string_view path,
                 std::string_view value);
/// All keys with their values, sorted as sysctl -a lists them.
std::vector<SysctlRow> sysctl_list(const Stack& stack);
/// Those that differ from a fresh boot.
std::vector<SysctlRow> sysctl_changed(const Stack& stack);

// --- multicast groups (sim/ip/igmp.h) ------------------------------------------------------------

/// True if packets to `group` that come in on `dev` are for this host (ip_check_mc_rcu()).
bool is_member(const Stack& stack, IfIndex dev, Ipv4Addr group);
/// ip_mc_join_group(), ip_mc_leave_group(): one socket more, or one less. Requires a device.
void join_group(Step& step, Stack& stack, IfIndex dev, Ipv4Addr group);
void leave_group(Step& step, Stack& stack, IfIndex dev, Ipv4Addr group);
void groups_follow_link(Step& step, Stack& stack, IfIndex dev, bool up);
void groups_on_timer(Step& step, Stack& stack, Ports& ports, std::uint32_t id);

// --- packets -----------------------------------------------------------------------------------

/// arp_rcv() and arp_process(). `packet` is the ARP message; `eth` its Ethernet header. Learns,
/// answers, or stays silent, and says why.
void arp_receive(Step& step, Stack& stack, Ports& ports, IfIndex dev, const EthernetRepr& eth,
                 Bytes packet);
/// A gratuitous ARP request for every address of `dev` (inetdev_send_gratuitous_arp()).
void announce(Step& step, Stack& stack, Ports& ports, IfIndex dev);
/// arp_send(): a message out of `dev`.
void arp_send(Step& step, Stack& stack, Ports& ports, IfIndex dev, MacAddr to, const ArpRepr& arp);

/// ip_rcv_core(): checks the header, cuts the padding. Drops (and releases) what is malformed.
/// `frame` begins with the IPv4 header and is held once.
std::optional<Packet> parse_packet(Step& step, Stack& stack, IfIndex in, const EthernetRepr& eth,
                                   FrameRef frame);
enum class Verdict : std::uint8_t { kConsumed, kLocal, kForward };
struct Received {
  Verdict verdict = Verdict::kConsumed;
  Route route;
};
/// ip_rcv_finish() and ip_local_deliver(): routes the packet. kConsumed: it was dropped (perhaps
/// with an ICMP error), or is a fragment that waits. Fragments for this host come out whole.
Received receive(Step& step, Stack& stack, Ports& ports, Packet& packet);
/// ip_forward() up to the FORWARD hook: TTL, MTU, redirect. True: the packet is still the caller's
/// and goes on with deliver_via(); false: it was dropped.
bool forward(Step& step, Stack& stack, Ports& ports, Packet& packet, const Route& route);
/// ip_output() and ip_finish_output2(): fragments if need be, resolves the next hop, sends. Takes
/// the packet. A neighbour that does not answer later makes an ICMP host unreachable.
void deliver_via(Step& step, Stack& stack, Ports& ports, Packet packet, const Route& route);
/// A packet whose next hop was chosen by someone else (IPVS): routes to `next_hop` as if the packet
/// went there, and delivers it with its addresses as they are. Errors of route_output(); kMsgSize
/// if it has DF and does not fit (an ICMP error was then sent). The packet is taken only on kNone.
Errno deliver_to(Step& step, Stack& stack, Ports& ports, Packet& packet, Ipv4Addr next_hop);
/// ip_queue_xmit() and ip_push_pending_frames(): takes `segment` (transport header and data).
/// Errors: those of route_output(), kMsgSize for DF and a smaller path MTU.
Errno output(Step& step, Stack& stack, Ports& ports, const IpSend& how, FrameRef segment);
/// dst_confirm_neigh(): progress above proves that `peer`'s next hop is reachable.
void confirm(Step& step, Stack& stack, Ipv4Addr peer);
/// Since when the next hop is being resolved and packets wait for it; never if none does.
SimTime neighbour_pending_since(const Stack& stack, const Route& route);
/// A due timer of kind kNeigh, kIp or kIcmp.
void on_timer(Step& step, Stack& stack, Ports& ports, const TimerEntry& timer);

// --- tables ------------------------------------------------------------------------------------

/// All rows of this room in the kernel's listing order: links, addresses, routes, rules,
/// neighbours, UDP sockets, changed sysctls.
void append_tables(const Stack& stack, const AddressNames& names, SimTime now, HostTables& tables);
LinkRow link_row(const Stack& stack, IfIndex dev);
AddrRow addr_row(const Stack& stack, const InAddr& addr);
/// Heap bytes of the stack, without sizeof(Stack).
std::size_t memory_bytes(const Stack& stack);

// --- template bodies ---------------------------------------------------------------------------

template <class Wanted>
std::uint32_t flush_routes(Step& step, Stack& stack, Wanted&& wanted) {
  std::uint32_t count = 0;
  for (std::size_t i = 0; i < stack.fib.entries().size();) {
    if (wanted(row_of(stack, stack.fib.entries()[i]))) {
      remove_route_at(step, stack, i);
      ++count;
    } else {
      ++i;
    }
  }
  return count;
}

}  // namespace lvslab::ip
