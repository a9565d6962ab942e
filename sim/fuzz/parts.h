// A scenario as a heap of parts that can be taken out one by one, and what is left of it when they
// are gone: always a valid scenario again.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sim/scenario/model.h"

namespace lvslab::fuzz {

/// From coarse to fine: the order in which a shrinker tries them.
enum class PartKind : std::uint8_t {
  kItem,         ///< of the timeline
  kHost,         ///< with all that is typed on it, and faults of it
  kSwitch,       ///< its NICs lose their cables
  kNic,          ///< of a host
  kSetupLine,    ///< of a host
  kLine,         ///< of an item that has several
  kSysctl,       ///< of a host
  kRoute,        ///< of a host
  kAddress,      ///< of a NIC
  kFile,         ///< of a host
  kUplink,       ///< of a switch
  kExpectation,  ///< of the scenario
  kOutput,       ///< expectation of an item
  kNote,         ///< of an item
  kCount
};

/// Where it is: owner.child, or owner.child.grandchild for addresses.
struct Part {
  PartKind kind = PartKind::kItem;
  std::size_t owner = 0, child = 0, grandchild = 0;
  bool operator==(const Part&) const = default;
  auto operator<=>(const Part&) const = default;
};

/// All parts of a kind, in file order.
std::vector<Part> parts_of(const scenario::Scenario& scenario, PartKind kind);

/// The scenario without `parts` (of one kind, in file order), and without what cannot be without
/// them: items of a host that is gone, routes whose next hop is in no subnet any more. Hosts that
/// stay keep their MAC addresses.
scenario::Scenario without(scenario::Scenario scenario, std::span<const Part> parts);

}  // namespace lvslab::fuzz
