// A scenario's drawing as a network of simulated hosts.
#pragma once

#include "sim/host/network.h"
#include "sim/scenario/model.h"

namespace lvslab::backend {

/// What a cable with these properties does to frames.
link::Impairment impairment_of(const scenario::LinkProperties& properties);

/// Hosts in file order (their NodeIds count from 0), then switches, then cables; nothing is booted.
/// Files, and /etc/hosts unless the scenario gives one, are in place.
host::Network build_network(const scenario::Scenario& scenario);

}  // namespace lvslab::backend
