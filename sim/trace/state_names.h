// The states in a host's tables as the real tools write them.
#pragma once

#include <string_view>

#include "sim/base/tables.h"

namespace lvslab {

std::string_view name_of(TcpState state);       ///< "SYN_RECV", as netstat
std::string_view name_of(IpvsConnState state);  ///< "SYN_RECV", as ipvsadm -lnc
std::string_view name_of(NeighState state);     ///< "REACHABLE", as ip neigh
std::string_view name_of(RouteType type);       ///< "unicast"
std::string_view name_of(IpvsForward forward);  ///< "Masq", as ipvsadm -ln

}  // namespace lvslab
