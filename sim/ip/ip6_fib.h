// The routes of IPv6 as the room keeps them: in the order of listings. Inside of this room only.
#pragma once

#include "sim/ip/ip6.h"

namespace lvslab::ip {

/// Puts a route where the kernel's walk finds it: longer prefixes before those that hold them,
/// then by metric, the older first (fib6_walk_continue(), fib6_add_rt2node()).
void insert_route6(Step& step, Stack6& six, const Fib6Entry& route);

template <class Wanted>
std::uint32_t remove_routes6(Step& step, Stack6& six, const Wanted& wanted) {
  std::uint32_t count = 0;
  for (std::size_t i = 0; i < six.routes.size();) {
    if (!wanted(six.routes[i])) {
      ++i;
      continue;
    }
    if (step.tracing()) step.row_removed(row_of(six.routes[i]));
    six.routes.erase(six.routes.begin() + static_cast<std::ptrdiff_t>(i));
    ++count;
  }
  return count;
}

}  // namespace lvslab::ip
