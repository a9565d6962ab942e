// The lines of virtual_ipaddress and virtual_routes. Source: vrrp/vrrp_ipaddress.c:
// alloc_ipaddress(), vrrp/vrrp_iproute.c: alloc_route() of keepalived 2.2.7.
#pragma once

#include <optional>

#include "sim/keepalived/conf_reader.h"

namespace lvslab::keepalived {

/// The address, then options in any order. Nothing, with a message, if it is to be left out.
std::optional<VirtualAddress> virtual_address(ConfReader& r, const ConfLine& line);

/// [src A] [to] DST [via|gw A] [dev IF] [metric N] [table N]
std::optional<VirtualRoute> virtual_route(ConfReader& r, const ConfLine& line);

}  // namespace lvslab::keepalived
