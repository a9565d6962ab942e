// TCP and UDP sockets of IPv4 as rows, TIME_WAIT and half-open ones included, with the process that
// holds each.
//
// sock_diag tells them. Where its UDP half is missing (a module that nobody could load) /proc/net
// stands in: there a listener's backlog reads as 0. The program's name is the one that netstat
// prints: the last part of argv[0]. Of several processes that share a socket the first one counts.
// IPv6 sockets are left out, those that accept IPv4 as well included.
//
// Order: by protocol, then listening sockets, then by both ends; the kernel's is that of a hash.
//
// Source: net/ipv4/inet_diag.c: inet_sk_diag_fill(), inet_twsk_diag_fill(), inet_req_diag_fill();
// include/uapi/linux/inet_diag.h; net/ipv4/udp.c: udp4_format_sock().
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "kernel-backend/tables_netlink.h"
#include "sim/base/tables.h"

namespace lvslab::kernel {

/// A row, and the inode by which its owner is found; 0 if no process can hold it.
struct SocketSeen {
  SocketRow row;
  std::uint32_t inode = 0;
};

/// The body of an answer to SOCK_DIAG_BY_FAMILY. The row's `id` is the low half of the cookie that
/// a socket keeps from its half-open days until after TIME_WAIT.
std::optional<SocketSeen> parse_inet_diag(Bytes body, SocketProto proto);
/// A line of /proc/net/udp; nothing if it is the heading. `id` is made of the socket's ends.
std::optional<SocketSeen> parse_proc_udp(std::string_view line);

/// Which process holds which socket.
struct SocketOwner {
  std::uint32_t inode = 0, pid = 0, fd = 0;
  ShortName program;
};
/// Looks through the descriptors of all processes below `proc` ("/proc"). Sorted by inode; those
/// that may not be looked at are left out.
std::vector<SocketOwner> socket_owners(const std::string& proc);

/// Fills the sockets of the network namespace that `diag` was opened in; `proc`/net is that of the
/// caller's. `processes`: where to look for the owners (Vantage of tables_reader.h).
Result<void> read_sockets(NetlinkReader& diag, const std::string& proc,
                          const std::string& processes, HostTables& tables);

}  // namespace lvslab::kernel
