// The drawing as a graph: what looks wrong before anything runs, and where to draw what.
//
// Models: layer 2 (switches, cables) and, on top, which hosts can reach each other if every router
// has the routes it needs. Leaves out: addresses' subnets and routing tables: whether a packet
// really arrives is what the run shows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/scenario/model.h"

namespace lvslab::scenario {

/// A cable between two NICs, a NIC and a switch, or two switches.
struct Cable {
  struct End {
    std::string node;  ///< of a host or a switch
    std::string nic;   ///< empty at a switch
    /// "HOST/NIC", or the switch.
    std::string to_string() const { return nic.empty() ? node : node + "/" + nic; }
    bool operator==(const End&) const = default;
  };
  End from, to;
  bool operator==(const Cable&) const = default;
};

/// Every cable once: those of hosts in file order, then those between switches.
std::vector<Cable> cables_of(const Scenario& scenario);

struct Finding {
  enum class Severity : std::uint8_t { kWarning, kError };
  Severity severity = Severity::kWarning;
  std::string message, hint;
  Mark where;
  bool operator==(const Finding&) const = default;
};

/// Addresses that two NICs of one layer 2 network share, and MAC addresses that any two NICs do.
std::vector<Finding> find_duplicate_addresses(const Scenario& scenario);

/// The above (errors), and warnings: hosts that no path of cables and forwarding hosts connects to
/// the rest, NICs without a cable, switches with fewer than two cables (one-armed links), loops of
/// switches (a broadcast would go round for ever: there is no spanning tree). In file order within
/// each kind.
std::vector<Finding> find_topology_faults(const Scenario& scenario);

/// A place in the drawing, in units of about a tenth of a symbol's width; y grows downwards.
struct Placed {
  std::string name;  ///< of a switch or a host
  int x = 0, y = 0;
  bool operator==(const Placed&) const = default;
};

/// Columns by distance from the clients, real servers right of their directors; switches first,
/// then hosts, each in file order. The same scenario is always laid out alike.
std::vector<Placed> default_layout(const Scenario& scenario);

}  // namespace lvslab::scenario
