// `ip route get`: the answer of RTM_GETROUTE. Source: net/ipv4/route.c: inet_rtm_getroute(),
// rt_fill_info(); errors as observed on Linux 6.1.
#include <algorithm>

#include "sim/ip/stack.h"

namespace lvslab::ip {
namespace {

std::expected<Route, Errno> ask_input(Step& step, Stack& stack, const RouteQuery& q) {
  const Device* dev = find_device(stack, q.iif);
  if (dev == nullptr) return std::unexpected(Errno::kNoDev);
  const InputAnswer answer = route_input(step, stack, q.from, q.dst, q.iif, q.mark, false);
  switch (answer.error) {
    case InputError::kNone: return answer.route;
    case InputError::kNoRoute: return std::unexpected(answer.no_route);
    default: return std::unexpected(Errno::kInval);
  }
}

/// Expiry in seconds of what is known besides the tables; 0 if nothing is.
std::int64_t expiry_of(const Stack& stack, SimTime now, Ipv4Addr dst) {
  const Live* live = stack.live.peek();
  if (live == nullptr) return 0;
  for (const RouteException& x : live->exceptions) {
    if (x.dst == dst && x.expires > now) return (x.expires - now).seconds();
  }
  return 0;
}

}  // namespace

std::expected<RouteGetAnswer, Errno> route_get(Step& step, Stack& stack, const RouteQuery& q) {
  const IpSend want{.src = q.from, .dst = q.dst, .oif = q.oif, .mark = q.mark};
  const auto route = q.iif.valid() ? ask_input(step, stack, q) : find_output(step, stack, want);
  if (!route) return std::unexpected(route.error());
  RouteGetAnswer a;
  a.type = route->type;
  a.dst = q.dst;
  a.from = q.from;
  if (route->via_gateway) a.gateway = route->next_hop;
  // The preferred source is printed for an output route that did not ask for one.
  if (!q.iif.valid() && q.from.is_any()) a.src = route->src;
  a.dev = route->dev;
  a.iif = q.iif;
  // While local and main are one trie, answers from both carry the number of main.
  const Settings* settings = stack.settings.peek();
  const bool merged = settings == nullptr || !settings->custom_rules;
  a.table = merged && route->table == kTableLocal ? kTableMain : route->table;
  a.local = route->is(kRouteLocal);
  a.broadcast = route->is(kRouteBroadcast);
  a.multicast = route->is(kRouteMulticast);
  a.redirected = route->is(kRouteRedirected);
  if (route->is(kRoutePmtu)) a.mtu = route->mtu;
  if (a.redirected || a.mtu != 0) a.expires_s = expiry_of(stack, step.now(), q.dst);
  const Flow flow{q.from, q.dst,  q.iif.valid() ? q.iif : kLoopback,
                  q.oif,  q.mark, Scope::kUniverse};
  if (const auto match = fib_lookup(stack, flow)) {
    a.has_match = true;
    a.match = row_of(stack, *match);
  }
  return a;
}

}  // namespace lvslab::ip
