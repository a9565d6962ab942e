// The multicast groups that programs of a host have joined, and the IGMPv3 reports that tell
// routers and switches of it.
//
// Models: members by device, the report of a change after two jiffies, and its repetitions at
// moments drawn from igmpv3_unsolicited_report_interval; what a device that goes down and comes up
// again does. Leaves out: queries (nobody asks here), older versions, source filters.
// Source: net/ipv4/igmp.c.
#pragma once

#include <vector>

#include "sim/base/addr.h"
#include "sim/base/ids.h"
#include "sim/core/timers.h"

namespace lvslab::ip {

struct GroupMember {
  IfIndex dev;
  Ipv4Addr group;
  std::uint32_t users = 0;  ///< sockets; 0: it was left, and that has to be told still
  int reports = 0;          ///< how often the last change is to be told (crcount)
};

struct GroupReports {
  int left = 0;  ///< mr_ifc_count
  LazyTimer timer;
};

struct Groups {
  std::vector<GroupMember> members;
  std::vector<GroupReports> reports;  ///< by IfIndex - 1
};

/// Timers of TimerKind::kIp from here on are those of GroupReports; the rest is the ifindex.
inline constexpr std::uint32_t kGroupTimers = 0x8000'0000U;

}  // namespace lvslab::ip
