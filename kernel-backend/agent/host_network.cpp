#include "kernel-backend/agent/host_network.h"

#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <utility>

#include "kernel-backend/agent/netlink.h"

namespace lvslab::kernel {
namespace {

constexpr int kCaptureBuffer = 24 << 20;

std::uint32_t network_order(std::uint32_t addr) { return __builtin_bswap32(addr); }

std::uint32_t mask_of(std::uint8_t len) { return len == 0 ? 0 : ~0U << (32 - len); }

Result<void> set_up(NetlinkSocket& socket, const std::string& name) {
  NetlinkRequest request(RTM_NEWLINK, 0);
  ifinfomsg link{};
  link.ifi_index = static_cast<int>(interface_index(name));
  link.ifi_change = link.ifi_flags = IFF_UP;
  request.fixed(link);
  return socket.talk(request, name);
}

// Segments and checksums as they would be on a wire: nothing is left to hardware that is not there.
void disable_offloads(int socket, const std::string& name) {
  for (const std::uint32_t what :
       {ETHTOOL_STXCSUM, ETHTOOL_SSG, ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO}) {
    ethtool_value value{what, 0};
    ifreq request{};
    name.copy(request.ifr_name, IFNAMSIZ - 1);
    request.ifr_data = reinterpret_cast<char*>(&value);
    ::ioctl(socket, SIOCETHTOOL, &request);  // lo cannot switch all of them off
  }
}

// The queueing discipline of a network card; a veth has none by itself.
Result<void> queue_like_a_card(NetlinkSocket& socket, const std::string& dev) {
  tcmsg at{};
  at.tcm_ifindex = static_cast<int>(interface_index(dev));
  at.tcm_parent = TC_H_ROOT;
  NetlinkRequest request(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE);
  request.fixed(at);
  request.text(TCA_KIND, "pfifo_fast");
  return socket.talk(request, "queue of " + dev);
}

Result<void> add_address(NetlinkSocket& socket, const std::string& dev, const LabPrefix& prefix) {
  NetlinkRequest request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
  ifaddrmsg message{};
  message.ifa_family = AF_INET;
  message.ifa_prefixlen = prefix.len;
  message.ifa_index = interface_index(dev);
  request.fixed(message);
  request.attribute(IFA_LOCAL, network_order(prefix.addr));
  request.attribute(IFA_ADDRESS, network_order(prefix.addr));
  request.attribute(IFA_BROADCAST, network_order(prefix.addr | ~mask_of(prefix.len)));
  request.text(IFA_LABEL, dev);
  return socket.talk(request, "address of " + dev);
}

Result<void> add_route(NetlinkSocket& socket, const LabRoute& route) {
  NetlinkRequest request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);
  rtmsg message{};
  message.rtm_family = AF_INET;
  message.rtm_dst_len = route.to.len;
  message.rtm_table = RT_TABLE_MAIN;
  message.rtm_protocol = RTPROT_BOOT;
  message.rtm_scope = route.via == 0 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
  message.rtm_type = RTN_UNICAST;
  request.fixed(message);
  if (route.to.len > 0) request.attribute(RTA_DST, network_order(route.to.addr));
  if (route.via != 0) request.attribute(RTA_GATEWAY, network_order(route.via));
  if (!route.dev.empty()) request.attribute(RTA_OIF, std::uint32_t{interface_index(route.dev)});
  return socket.talk(request, "route");
}

// Bytes in the order of the wire.
std::array<std::uint8_t, 16> bytes_of(const LabPrefix6& prefix) {
  std::array<std::uint8_t, 16> bytes{};
  for (int i = 0; i < 8; ++i) {
    bytes[i] = static_cast<std::uint8_t>(prefix.high >> (56 - 8 * i));
    bytes[8 + i] = static_cast<std::uint8_t>(prefix.low >> (56 - 8 * i));
  }
  return bytes;
}

Result<void> add_address6(NetlinkSocket& socket, const std::string& dev, const LabPrefix6& prefix) {
  NetlinkRequest request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
  ifaddrmsg message{};
  message.ifa_family = AF_INET6;
  message.ifa_prefixlen = prefix.len;
  message.ifa_index = interface_index(dev);
  request.fixed(message);
  request.attribute(IFA_LOCAL, bytes_of(prefix));
  request.attribute(IFA_ADDRESS, bytes_of(prefix));
  return socket.talk(request, "IPv6 address of " + dev);
}

Result<void> add_route6(NetlinkSocket& socket, const LabRoute6& route) {
  NetlinkRequest request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);
  rtmsg message{};
  message.rtm_family = AF_INET6;
  message.rtm_dst_len = route.to.len;
  message.rtm_table = RT_TABLE_MAIN;
  message.rtm_protocol = RTPROT_BOOT;
  message.rtm_type = RTN_UNICAST;
  request.fixed(message);
  if (route.to.len > 0) request.attribute(RTA_DST, bytes_of(route.to));
  if (route.via.high != 0 || route.via.low != 0) {
    request.attribute(RTA_GATEWAY, bytes_of(route.via));
  }
  if (!route.dev.empty()) request.attribute(RTA_OIF, std::uint32_t{interface_index(route.dev)});
  return socket.talk(request, "IPv6 route");
}

/// What nobody in a lab asked for: addresses are not probed before they are used, and no router is
/// looked for. Before a device comes up.
void keep_ipv6_quiet(const std::string& dev) {
  const std::string conf = "/proc/sys/net/ipv6/conf/" + dev + "/";
  for (const char* key :
       {"accept_ra", "autoconf", "accept_dad", "dad_transmits", "router_solicitations"}) {
    static_cast<void>(write_file(conf + key, "0"));
  }
}

std::string sysctl_path(const std::string& key) {
  std::string path = key;
  std::ranges::replace(path, '.', '/');
  return "/proc/sys/" + path;
}

/// What conf/all and conf/default are in a kernel that nobody has set anything in; what is not
/// named is 0 (net/ipv4/devinet.c: ipv4_devconf, ipv4_devconf_dflt). Forwarding sets others, so it
/// is first.
constexpr std::pair<const char*, const char*> kFreshSettings[] = {
    {"forwarding", "0"},
    {"accept_redirects", "1"},
    {"secure_redirects", "1"},
    {"send_redirects", "1"},
    {"shared_media", "1"},
    {"arp_evict_nocarrier", "1"},
    {"igmpv2_unsolicited_report_interval", "10000"},
    {"igmpv3_unsolicited_report_interval", "1000"},
    {"accept_local", "0"},
    {"arp_accept", "0"},
    {"arp_announce", "0"},
    {"arp_filter", "0"},
    {"arp_ignore", "0"},
    {"arp_notify", "0"},
    {"bc_forwarding", "0"},
    {"bootp_relay", "0"},
    {"disable_policy", "0"},
    {"disable_xfrm", "0"},
    {"drop_gratuitous_arp", "0"},
    {"drop_unicast_in_l2_multicast", "0"},
    {"force_igmp_version", "0"},
    {"ignore_routes_with_linkdown", "0"},
    {"log_martians", "0"},
    {"medium_id", "0"},
    {"promote_secondaries", "0"},
    {"proxy_arp", "0"},
    {"proxy_arp_pvlan", "0"},
    {"route_localnet", "0"},
    {"rp_filter", "0"},
    {"src_valid_mark", "0"},
    {"tag", "0"}};

}  // namespace

Result<void> have_usual_buffers() {
  const std::string ipv4 = "/proc/sys/net/ipv4/";
  if (auto done = write_file(ipv4 + "tcp_rmem", "4096 131072 6291456"); !done) return done;
  return write_file(ipv4 + "tcp_wmem", "4096 16384 4194304");
}

// Kernels differ in which of these they know.
void forget_machine_settings() {
  const std::string net = "/proc/sys/net/";
  for (const char* of : {"all", "default", "lo"}) {
    const std::string conf = net + "ipv4/conf/" + of + "/";
    for (const auto& [key, value] : kFreshSettings)
      static_cast<void>(write_file(conf + key, value));
    const bool all = std::string_view(of) == "all";
    static_cast<void>(write_file(conf + "accept_source_route", all ? "0" : "1"));
    static_cast<void>(write_file(net + "ipv6/conf/" + of + "/disable_ipv6", "1"));
  }
  for (const char* of : {"disable_policy", "disable_xfrm"})  // lo has them
    static_cast<void>(write_file(net + "ipv4/conf/lo/" + of, "1"));
  // Switches forward frames as they are, whatever firewall the machine has.
  for (const char* table : {"iptables", "ip6tables", "arptables"})
    static_cast<void>(write_file(net + "bridge/bridge-nf-call-" + table, "0"));
  static_cast<void>(have_usual_buffers());
}

Result<void> configure_network(const LabHost& host) {
  auto socket = NetlinkSocket::open();
  if (!socket) return std::unexpected(socket.error());
  const Fd control(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  disable_offloads(control.get(), "lo");
  const auto ipv6_of = [&](const std::string& dev) {
    if (host.ipv6) keep_ipv6_quiet(dev);
    static_cast<void>(
        write_file("/proc/sys/net/ipv6/conf/" + dev + "/disable_ipv6", host.ipv6 ? "0" : "1"));
  };
  for (const char* dev : {"all", "default", "lo"}) ipv6_of(dev);
  for (const LabNic& nic : host.nics) ipv6_of(nic.name);
  if (auto done = set_up(*socket, "lo"); !done) return done;
  for (const LabText& sysctl : host.sysctls) {
    if (auto done = write_file(sysctl_path(sysctl.name), sysctl.text); !done) {
      return fail("sysctl " + sysctl.name + ": " + done.error().message);
    }
  }
  for (const LabNic& nic : host.nics) {
    disable_offloads(control.get(), nic.name);
    if (auto done = queue_like_a_card(*socket, nic.name); !done) return done;
    if (auto done = set_up(*socket, nic.name); !done) return done;
    for (const LabPrefix& prefix : nic.addresses) {
      if (auto done = add_address(*socket, nic.name, prefix); !done) return done;
    }
    for (const LabPrefix6& prefix : nic.addresses6) {
      if (auto done = add_address6(*socket, nic.name, prefix); !done) return done;
    }
  }
  for (const LabRoute& route : host.routes) {
    if (auto done = add_route(*socket, route); !done) return done;
  }
  for (const LabRoute6& route : host.routes6) {
    if (auto done = add_route6(*socket, route); !done) return done;
  }
  return {};
}

Result<Fd> open_capture() {
  Fd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return os_failure("packet socket");
  const int one = 1;
  const int size = kCaptureBuffer;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one);
  ::setsockopt(fd.get(), SOL_PACKET, PACKET_AUXDATA, &one, sizeof one);
  sockaddr_ll all{};
  all.sll_family = AF_PACKET;
  all.sll_protocol = __builtin_bswap16(ETH_P_ALL);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&all), sizeof all) != 0) {
    return os_failure("packet socket");
  }
  return fd;
}

}  // namespace lvslab::kernel
