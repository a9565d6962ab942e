// IGMP reports. A change (a group joined, or left) is told at once, and once more up to a second
// later, at a moment that the kernel draws by lot; whatever is to be told by then is told in one
// report, and a newer change of a group puts an end to the older one
// (net/ipv4/igmp.c: igmp_ifc_event(), igmpv3_send_cr()). So two runs may tell the same changes in
// other reports, and what counts is the changes. A fault may come before the second time, too.
#pragma once

#include <string_view>
#include <vector>

#include "sim/compare/clock.h"
#include "sim/compare/side.h"

namespace lvslab::compare {

/// True if a conversation (side.h) is of such reports, IGMP or those of IPv6 listeners.
bool is_of_reports(std::string_view conversation);

/// True if both conversations, of reports only, tell of the same changes, each first at the same
/// moment, and once more if nothing put an end to it.
bool tell_the_same(const Side& sim, const std::vector<Passing>& ours, const Side& real,
                   const std::vector<Passing>& theirs, const TimeMap& times);

}  // namespace lvslab::compare
