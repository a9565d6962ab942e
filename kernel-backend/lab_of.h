// A scenario as what the agent builds.
#pragma once

#include "kernel-backend/protocol/messages.h"
#include "sim/scenario/model.h"

namespace lvslab::kernel {

/// Hosts and cables in the order in which the simulator makes them, so that the ports of switches
/// are numbered alike.
Lab lab_of(const scenario::Scenario& scenario);
LabImpairment impairment_of(const scenario::LinkProperties& properties);

}  // namespace lvslab::kernel
