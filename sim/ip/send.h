// The common tail of everything that the host itself sends: header, LOCAL_OUT, next hop.
// Source: net/ipv4/ip_output.c.
#pragma once

#include "sim/ip/stack.h"

namespace lvslab::ip {

/// ip_local_out() with a route that is already known. Takes the segment.
Errno send_routed(Step& step, Stack& stack, Ports& ports, const IpSend& how, Route route,
                  FrameRef segment);
/// The last half of ip_output(): neighbour and device; `packet` fits the MTU. Takes it.
void send_via_neighbour(Step& step, Stack& stack, Ports& ports, const Packet& packet,
                        const Route& route);
/// ip_do_fragment(): sends `packet` in pieces that fit the route's MTU. Takes it.
void send_fragments(Step& step, Stack& stack, Ports& ports, const Packet& packet,
                    const Route& route);

}  // namespace lvslab::ip
