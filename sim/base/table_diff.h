// What happened to the tables of a host between two readings of them: the rows that a backend
// records when the system it watches has tables but no history.
//
// What moves all by itself is no change: interface counters, IPVS counters, the ages of a neighbour
// entry, and the expiry of a connection entry as long as it was not put off by a second or more.
#pragma once

#include <vector>

#include "sim/base/tables.h"

namespace lvslab {

enum class RowEvent : std::uint8_t { kAdded, kChanged, kRemoved };

struct RowChange {
  RowEvent event = RowEvent::kChanged;
  TableRow row;  ///< as it is now; kRemoved: as it was
  bool operator==(const RowChange&) const = default;
};

/// Table by table: first the rows that went, then those that came or changed, in the order of
/// `after`. Of rows that share a key (identical rules) the last one counts.
std::vector<RowChange> changes_between(const HostTables& before, const HostTables& after);

}  // namespace lvslab
