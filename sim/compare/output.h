// What typed lines printed, line by line.
//
// Words are compared as they are, but for what two runs may choose differently:
//   ADDRESS:PORT with an ephemeral port     by the flow that had the port (Flows::port_name())
//   process ids                             "1234/httpd" of netstat, "pid=1234" of ss: the name;
//                                           "[1] 1234" of a shell: that it is there
//   only lengths of time ("0.412 ms")       with the tolerance of clock.h; a listing's MM:SS and
//                                           whole seconds ("299sec") may be one second off
//   "Date: ..." of HTTP
//   "eth0@if7", "link-netnsid 0" of ip      "eth0", nothing: the end of a veth pair
//   numbers of ipvsadm --stats             not within kEstimator of a frame (rows.h)
//   numbers of ipvsadm --rate              not compared: they decay by the estimator's beat
//   packets and bytes of ifconfig           without IGMP and MLD reports, if the two sides told
//                                           other ones (counters.h)
//   REACHABLE, STALE and DELAY              see may_be_stale() of rows.h
//   sockets in TIME_WAIT                    see rows.h
// A line with such a word is compared without its columns (a run of blanks is one blank).
//
// The order of lines counts, but in listings whose order is that of a hash table seeded at boot:
// ipvsadm -lnc, ip neigh, arp, netstat and ss. Their lines are compared as a set. Services in
// /proc/net/ip_vs and of `ipvsadm --nosort` are compared in one order, as the kernel's hash holds
// where the memory of the namespace lies (net/netfilter/ipvs/ip_vs_ctl.c: ip_vs_svc_hashkey()).
#pragma once

#include <string_view>
#include <vector>

#include "sim/compare/clock.h"
#include "sim/compare/difference.h"
#include "sim/compare/side.h"

namespace lvslab::compare {

/// A typed line on one side.
struct Printed {
  const Side& side;
  const lab::Entry& entry;
};

/// Lines in which the outputs differ; none if they agree.
std::vector<LineDifference::Pair> differing_lines(const Printed& sim, const Printed& real);

/// True if the typed line lists a table in the order of a hash.
bool lists_in_hash_order(std::string_view line);

}  // namespace lvslab::compare
