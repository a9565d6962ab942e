// Groups that devices are in. Who joined or left tells nobody: reports of multicast listeners are
// not modelled, and the comparison with a kernel leaves them out (docs/compare.md).
// Source: net/ipv6/mcast.c: __ipv6_dev_mc_inc(), __ipv6_dev_mc_dec().
#include <algorithm>

#include "sim/ip/ip6.h"
#include "sim/ip/stack.h"

namespace lvslab::ip {
namespace {

auto find_group(Stack6& six, IfIndex dev, Ipv6Addr group) {
  return std::ranges::find_if(six.groups,
                              [&](const Group6& g) { return g.dev == dev && g.group == group; });
}

}  // namespace

bool is_member6(const Stack& stack, IfIndex dev, Ipv6Addr group) {
  if (group == Ipv6Addr::all_nodes() || dev == kLoopback) return true;
  if (group == Ipv6Addr::all_routers()) return is_forwarding6(stack, dev);
  return std::ranges::any_of(stack.six.peek()->groups,
                             [&](const Group6& g) { return g.dev == dev && g.group == group; });
}

void join_group6(Stack& stack, IfIndex dev, Ipv6Addr group) {
  Stack6& six = *stack.six.peek();
  const auto found = find_group(six, dev, group);
  if (found == six.groups.end()) {
    six.groups.push_back({dev, group, 1});
  } else {
    ++found->users;
  }
}

void leave_group6(Stack& stack, IfIndex dev, Ipv6Addr group) {
  Stack6& six = *stack.six.peek();
  const auto found = find_group(six, dev, group);
  if (found != six.groups.end() && --found->users == 0) six.groups.erase(found);
}

}  // namespace lvslab::ip
