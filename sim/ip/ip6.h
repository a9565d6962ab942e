// IPv6 and neighbour discovery of one host, beside the IPv4 of stack.h and on the same devices,
// neighbours and sockets.
//
//   frame in   receive6() → a Packet for this host (its addresses by name), or gone: forwarded,
//              dropped
//   packet out output6() = route6() + header + neighbour
//   addresses  each device that is up has fe80::/64 with the EUI-64 of its MAC; lo has ::1
//
// Addresses are known by name (sim/core/address_names.h), but for those of devices and routes.
// Transport checksums are computed over names; where a packet enters or leaves, the difference to
// the real pseudo header is added (RFC 1624). A host has this only in labs that use IPv6.
//
// Left out: router advertisements and solicitations, duplicate address detection, privacy
// addresses, redirects, reports of multicast listeners, fragments and extension headers, policy
// rules, ip6tables, proxy_ndp, path MTU exceptions per flow label. Source: net/ipv6/; rules are
// named beside what follows them.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/ipv6.h"
#include "sim/base/tables.h"
#include "sim/core/ports.h"
#include "sim/core/step.h"
#include "sim/wire/ethernet.h"
#include "sim/wire/icmpv6.h"

namespace lvslab::ip {

class Ports;
struct Stack;
struct IcmpEvent;

/// struct inet6_ifaddr.
struct In6Addr {
  Ipv6Addr local;
  IfIndex dev;
  std::uint8_t prefix_len = 128;
};

/// struct fib6_info: by destination, as listings have it.
struct Fib6Entry {
  Ipv6Prefix dst;
  Ipv6Addr gateway;  ///< :: if on-link
  Ipv6Addr prefsrc;
  IfIndex dev;
  std::uint32_t table = kTableMain;
  std::uint32_t metric = 1024;
  RouteType type = RouteType::kUnicast;
  RouteProto proto = RouteProto::kBoot;
  bool anycast = false, multicast = false;
  bool operator==(const Fib6Entry&) const = default;
};

/// What a smaller link on the way taught.
struct PathMtu6 {
  Ipv6Addr dst;
  std::uint32_t mtu = 0;
  SimTime expires;
};

/// A group that a device is in: that of the neighbour solicitations for an address.
struct Group6 {
  IfIndex dev;
  Ipv6Addr group;
  std::uint32_t users = 0;
};

struct Stack6 {
  std::vector<In6Addr> addrs;     ///< by device, the newest first, link-local last
  std::vector<Fib6Entry> routes;  ///< by table, prefix and metric
  std::vector<PathMtu6> path_mtus;
  std::vector<Group6> groups;
  std::vector<std::uint8_t> forwarding;  ///< by IfIndex - 1
  bool forwarding_default = false, forwarding_all = false;
  std::uint8_t hop_limit = 64;
};

/// struct rt6_info, as far as a packet needs it.
struct Route6 {
  Ipv6Addr src;
  Ipv6Addr next_hop;
  IfIndex dev;
  std::uint32_t mtu = 1500;
  std::uint32_t table = 0;
  std::uint32_t metric = 0;
  std::uint8_t prefix_len = 0;
  RouteType type = RouteType::kUnicast;
  RouteProto proto = RouteProto::kBoot;
  bool via_gateway = false;
  bool local = false;  ///< this host, or a group
  bool multicast = false;
};

/// An IPv6 header as those see it who know addresses by name: 40 bytes long, hop limit as TTL.
Ipv4Repr named_header(AddressNames& names, const Ipv6Repr& ip);
/// For those above, who know names alone: the checksum of a packet for this host, from addresses
/// to names.
void sum_by_name(Step& step, const Packet& packet);
/// The host speaks IPv6 from now on; before its devices come up.
void enable6(Stack& stack);
bool has_ipv6(const Stack& stack);

// --- addresses ---------------------------------------------------------------------------------

/// inet6_addr_add() without detection of duplicates. kExist, kNoDev, kInval (a group or ::).
Errno add_address6(Step& step, Stack& stack, Ports& ports, IfIndex dev, Ipv6Prefix local);
/// inet6_addr_del(): kAddrNotAvail.
Errno delete_address6(Step& step, Stack& stack, IfIndex dev, Ipv6Prefix local);
/// addrconf_notify(): the device came up or went down.
void link_changed6(Step& step, Stack& stack, Ports& ports, IfIndex dev, bool up);
/// addrconf_forward_change(): a router hears the address of each of its subnets (RFC 4291 §2.6.1).
void follow_forwarding6(Step& step, Stack& stack, IfIndex dev);
/// ipv6_chk_acast_addr(): such an address of `dev`.
bool is_anycast6(const Stack& stack, Ipv6Addr addr, IfIndex dev);
/// True if table local has it: an address, or a subnet's anycast address.
bool is_local6(const Stack& stack, Ipv6Addr addr);
/// ipv6_chk_addr(): an address of this host; with `dev`, of that device alone.
bool has_address6(const Stack& stack, Ipv6Addr addr, IfIndex dev = {});
/// ipv6_get_lladdr(): :: if there is none.
Ipv6Addr link_local_of(const Stack& stack, IfIndex dev);
/// ipv6_dev_get_saddr() (RFC 6724): the source for `dst` out of `dev`; :: if there is none.
Ipv6Addr select_source6(const Stack& stack, IfIndex dev, Ipv6Addr dst);
Addr6Row row_of(const In6Addr& addr);

// --- routes ------------------------------------------------------------------------------------

struct Query6 {
  Ipv6Addr src, dst;
  IfIndex oif;
  std::uint32_t mark = 0;
};
/// ip6_route_output(): kNetUnreach, or what a route of that kind says; kInval for dst ::.
std::expected<Route6, Errno> route6(Step& step, const Stack& stack, const Query6& query);
/// ip6_route_add(): kExist; kHostUnreach (the gateway is not on a link); kNoDev; kNetDown; kInval
/// (a gateway of this host). kReplace takes the first with the same destination and metric.
enum class RouteVerb : std::uint8_t;
Errno add_route6(Step& step, Stack& stack, RouteVerb verb, Fib6Entry route);
/// ip6_route_del(): the first that fits what is given (metric 0: any). kSrch.
Errno delete_route6(Step& step, Stack& stack, const Fib6Entry& pattern);
Route6Row row_of(const Fib6Entry& entry);

// --- packets -----------------------------------------------------------------------------------

/// ipv6_rcv(): a packet for this host as it came, or nothing. `frame` begins with the IPv6 header
/// and is held once. Forwarded packets leave from here.
std::optional<Packet> receive6(Step& step, Stack& stack, Ports& ports, IfIndex in,
                               const EthernetRepr& eth, FrameRef frame);
/// ip6_xmit() and ip6_push_pending_frames(): takes the segment. Addresses by name.
Errno output6(Step& step, Stack& stack, Ports& ports, const IpSend& how, FrameRef segment);
std::expected<RouteAnswer, Errno> route_answer6(Step& step, Stack& stack, const IpSend& want);
/// Out to the next hop, by its neighbour. Takes the frame, which begins with the IPv6 header.
void deliver6(Step& step, Stack& stack, Ports& ports, const Packet& packet, const Route6& route);
void confirm6(Step& step, Stack& stack, Ipv4Addr peer);
bool is_forwarding6(const Stack& stack, IfIndex dev);

// --- ICMPv6 ------------------------------------------------------------------------------------

/// icmpv6_rcv(): as icmp_receive(). The event's message has its numbers from ICMPv6.
IcmpEvent icmp6_receive(Step& step, Stack& stack, Ports& ports, const Packet& packet);
/// The port unreachable that UDP sends, whose packets have their checksum over names.
bool icmp6_port_unreachable(Step& step, Stack& stack, Ports& ports, const Packet& packet);
/// icmp6_send(): an error about `packet`, which stays the caller's. True if one left.
bool icmp6_send_error(Step& step, Stack& stack, Ports& ports, const Packet& packet,
                      const Icmp6Repr& what);

// --- neighbour discovery -----------------------------------------------------------------------

/// ndisc_solicit(): asks for neighbour `id`; `wish`: the source of the packet that waits, or ::.
void nd_solicit(Step& step, Stack& stack, Ports& ports, std::uint32_t id, Ipv6Addr wish);
/// ndisc_rcv().
void nd_receive(Step& step, Stack& stack, Ports& ports, const Packet& packet, const Ipv6Repr& ip);

// --- groups ------------------------------------------------------------------------------------

bool is_member6(const Stack& stack, IfIndex dev, Ipv6Addr group);
void join_group6(Stack& stack, IfIndex dev, Ipv6Addr group);
void leave_group6(Stack& stack, IfIndex dev, Ipv6Addr group);

// --- sysctl, tables ----------------------------------------------------------------------------

/// Keys of net.ipv6: conf/X/forwarding, conf/X/hop_limit. Nothing if there is no such key here.
std::optional<std::string> sysctl6_get(const Stack& stack, std::string_view path);
/// kNoEnt, kInval.
Errno sysctl6_set(Step& step, Stack& stack, std::string_view path, std::string_view value);

}  // namespace lvslab::ip
