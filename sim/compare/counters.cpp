#include "sim/compare/counters.h"

#include "sim/compare/reports.h"
#include "sim/wire/ethernet.h"

namespace lvslab::compare {
namespace {

template <class Wanted>
LinkStats count(const Side& side, const InterfaceName& name, SimTime until, Wanted wanted) {
  LinkStats stats;
  const SimTime since = side.booted(name.host, until);
  // lo counts packets without their Ethernet header (drivers/net/loopback.c).
  const std::size_t header = name.dev == "lo" ? EthernetRepr::kLength : 0;
  for (const auto& [conversation, frames] : side.at(name)) {
    if (!wanted(conversation)) continue;
    for (const Passing& frame : frames) {
      if (frame.at > until || frame.at < since) continue;
      const std::size_t length = side.recording().trace.frame(frame.frame).size() - header;
      ++(frame.out ? stats.tx_packets : stats.rx_packets);
      (frame.out ? stats.tx_bytes : stats.rx_bytes) += length;
    }
  }
  return stats;
}

}  // namespace

LinkStats counted_frames(const Side& side, const InterfaceName& name, SimTime until) {
  return count(side, name, until, [](std::string_view) { return true; });
}

LinkStats counted_reports(const Side& side, const InterfaceName& name, SimTime until) {
  return count(side, name, until, is_of_reports);
}

}  // namespace lvslab::compare
