// A lab host's network as the scenario gives it, from inside its own namespaces.
#pragma once

#include "kernel-backend/os.h"
#include "kernel-backend/protocol/messages.h"

namespace lvslab::kernel {

/// lo, sysctls, interfaces, addresses, routes, in the order in which the simulator boots a host.
Result<void> configure_network(const LabHost& host);
/// The buffers of TCP as on a machine with a gigabyte and more.
Result<void> have_usual_buffers();
/// A namespace of the machine's own kernel takes settings over from the machine's own namespace:
/// gives it those that a fresh kernel has, and no IPv6.
void forget_machine_settings();
/// A packet socket that sees every frame of every interface, those to come included.
Result<Fd> open_capture();

}  // namespace lvslab::kernel
