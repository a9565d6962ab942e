// The tables that a random lab is drawn from. A new feature is one function and one row in the
// table of the stage that it belongs to; ingredients know each other only through the Draft.
#pragma once

#include <span>

#include "sim/fuzz/draft.h"

namespace lvslab::fuzz {

/// Segments, hosts, routers, cables.
void draw_topology(Draft& draft);

/// A cluster of directors with keepalived, its servers and its client.
void draw_cluster(Draft& draft);

/// Confirmed neighbours stay REACHABLE for the whole lab (on every host, also in labs of other
/// kinds).
void keep_neighbours(Draft& draft);

/// What hosts are like before anything happens, in this order; weights in percent of the labs.
std::span<const Ingredient> settings();   ///< sysctls, addresses, routes
std::span<const Ingredient> balancing();  ///< IPVS and what stands behind it
std::span<const Ingredient> finishing();  ///< sysctls of IPVS, iptables

/// What happens; weights against each other. Each adds one item (or a few that belong together).
std::span<const Ingredient> traffic();
std::span<const Ingredient> edits();
std::span<const Ingredient> faults();
std::span<const Ingredient> listings();

/// Acts of their own after all that, in percent of the labs.
std::span<const Ingredient> endings();

/// The same for labs with keepalived.
std::span<const Ingredient> cluster_traffic();
std::span<const Ingredient> cluster_faults();
std::span<const Ingredient> cluster_listings();

}  // namespace lvslab::fuzz
