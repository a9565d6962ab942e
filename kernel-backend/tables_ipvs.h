// IPVS as rows: services and destinations by generic netlink, connections from /proc/net.
//
// The kernel does not tell how a connection is forwarded: that is what its destination says now,
// and kMasq if the destination is gone. Of the expiry it tells whole seconds, cut off: `expires` is
// the earliest moment that fits. `id` is a number made of both ends.
//
// Order: services as the kernel lists them (by hash), destinations newest first within theirs,
// connections, which the kernel keeps in an order drawn at random, by client and virtual service.
//
// Source: net/netfilter/ipvs/ip_vs_ctl.c: ip_vs_genl_fill_service(), ip_vs_genl_fill_dest();
// ip_vs_conn.c: ip_vs_conn_seq_show(); include/uapi/linux/ip_vs.h.
#pragma once

#include <optional>
#include <string_view>

#include "kernel-backend/tables_netlink.h"
#include "sim/base/tables.h"

namespace lvslab::kernel {

/// Each takes the body of one answer to IPVS_CMD_GET_SERVICE or _GET_DEST.
std::optional<IpvsServiceRow> parse_ipvs_service(Bytes body);
std::optional<IpvsDestRow> parse_ipvs_dest(Bytes body, const IpvsServiceKey& service);

/// One line of /proc/net/ip_vs_conn; nothing if it is the heading.
std::optional<IpvsConnRow> parse_ipvs_conn(std::string_view line, SimTime now,
                                           const std::vector<IpvsDestRow>& dests);
std::vector<IpvsConnRow> parse_ipvs_conns(std::string_view text, SimTime now,
                                          const std::vector<IpvsDestRow>& dests);

/// Fills services and destinations; empties both where the kernel has no IPVS.
/// `family`: what the number of the IPVS family is; 0 to look it up (it stays as it is until the
/// module is loaded again).
Result<void> read_ipvs(NetlinkReader& generic, std::uint16_t& family, HostTables& tables);

}  // namespace lvslab::kernel
