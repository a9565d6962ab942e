// The states in a host's tables as the real tools write them.
#pragma once

#include <string_view>

#include "sim/base/tables.h"

namespace lvslab {

// `unknown` is what a number says that has no name: tables of a real kernel may hold one.
std::string_view name_of(TcpState state, std::string_view unknown = "UNKNOWN");  ///< as netstat
std::string_view name_of(IpvsConnState state,
                         std::string_view unknown = "UNKNOWN");  ///< as ipvsadm -lnc
std::string_view name_of(NeighState state, std::string_view unknown = "UNKNOWN");  ///< as ip neigh
std::string_view name_of(RouteType type, std::string_view unknown = "unknown");    ///< as ip route
std::string_view name_of(IpvsForward forward,
                         std::string_view unknown = "Unknown");  ///< as ipvsadm -ln

}  // namespace lvslab
