// getaddrinfo(3) as programs call it for a place to connect to.
#pragma once

#include <string_view>
#include <vector>

#include "sim/apps/app_io.h"

namespace lvslab::apps {

/// Which versions of IP a program was told to use (-4, -6).
enum class Versions : std::uint8_t { kAny, kIpv4, kIpv6 };
constexpr Versions versions_of(bool inet, bool inet6) {
  return inet ? Versions::kIpv4 : inet6 ? Versions::kIpv6 : Versions::kAny;
}

/// All addresses of `name`, the best one first: an IPv6 address that can be reached comes before
/// those of IPv4 (RFC 6724 §6). Empty if there is none.
std::vector<Ipv4Addr> find_addresses(Step& step, AppIo& io, std::string_view name,
                                     Versions versions);

}  // namespace lvslab::apps
