// What an interface's counters hold of the frames that the same run recorded there.
//
// A host that booted anew counts from zero.
//
// Two runs may tell the same changes of groups in one IGMP report or in two (reports.h), so that
// their counters differ by as much, for ever after.
#pragma once

#include "sim/base/tables.h"
#include "sim/compare/side.h"

namespace lvslab::compare {

/// Frames of `name` until `until`, sent and received, as its counters count them.
LinkStats counted_frames(const Side& side, const InterfaceName& name, SimTime until);

/// As counted_frames(), of reports of multicast listeners only.
LinkStats counted_reports(const Side& side, const InterfaceName& name, SimTime until);

}  // namespace lvslab::compare
