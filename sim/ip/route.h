// Routing decisions: which way a packet of the host or through the host goes, and why. Results are
// kept in a small direct-mapped cache that any change of tables, addresses, devices or sysctls
// empties by a generation number.
//
// Source: net/ipv4/route.c: ip_route_input_slow(), ip_route_output_key_hash_rcu(); fib_frontend.c:
// fib_validate_source(). Left out: multicast routing, source routes, policy by TOS, multipath.
#pragma once

#include <cstdint>
#include <expected>
#include <vector>

#include "sim/ip/fib.h"
#include "sim/ip/neigh.h"

namespace lvslab::ip {

/// RTCF_* and what else is known of a route.
enum RouteFlag : std::uint8_t {
  kRouteLocal = 1,        ///< RTCF_LOCAL: this host
  kRouteBroadcast = 2,    ///< RTCF_BROADCAST
  kRouteMulticast = 4,    ///< RTCF_MULTICAST
  kRouteDoRedirect = 8,   ///< IPSKB_DOREDIRECT: tell the sender of a better way
  kRouteRedirected = 16,  ///< an ICMP redirect changed the gateway
  kRoutePmtu = 32,        ///< a smaller path MTU is known
  kRouteInput = 64        ///< rt_is_input_route()
};

/// struct rtable.
struct Route {
  Ipv4Addr src;       ///< the source asked for, or the one that was chosen
  Ipv4Addr next_hop;  ///< who is asked for a MAC: the gateway, or the destination itself
  std::uint32_t mtu = 1500;
  std::uint32_t neigh = kNoNeigh;  ///< a hint, looked up anew if it is not (next_hop, dev)
  std::uint32_t table = 0;         ///< 0: no table was needed
  IfIndex dev;
  RouteType type = RouteType::kUnicast;
  std::uint8_t prefix_len = 0;
  std::uint8_t flags = 0;
  bool via_gateway = false;

  constexpr bool is(RouteFlag flag) const { return (flags & flag) != 0; }
};

/// What a redirect or frag-needed taught: struct fib_nh_exception.
struct RouteException {
  Ipv4Addr dst;
  IfIndex dev;            ///< the next hop that it belongs to:
  Ipv4Addr base_gateway;  ///< device and gateway of the route it was learnt on
  Ipv4Addr gateway;       ///< 0.0.0.0: not redirected
  std::uint32_t mtu = 0;  ///< 0: unknown
  SimTime expires;
};

/// A direct-mapped cache of route answers.
class RouteCache {
 public:
  struct Key {
    Ipv4Addr src, dst;
    IfIndex oif, iif;
    bool operator==(const Key&) const = default;
  };
  struct Entry {
    Key key;
    std::uint32_t generation = 0;  ///< 0: empty
    SimTime expires;               ///< of the exception in it
    Route route;
  };
  /// The valid entry of `key`, or nullptr.
  Entry* find(const Key& key, SimTime now) {
    if (slots_.empty()) return nullptr;
    Entry& e = slots_[slot(key)];
    return e.key == key && e.generation == generation_ && now < e.expires ? &e : nullptr;
  }
  Entry& put(const Key& key, const Route& route, SimTime expires);
  void invalidate() { ++generation_; }
  std::size_t memory_bytes() const { return slots_.capacity() * sizeof(Entry); }

 private:
  static constexpr std::size_t kFirst = 8, kLargest = 65'536;
  std::size_t slot(const Key& key) const;

  std::vector<Entry> slots_;
  std::uint32_t generation_ = 1;
  std::uint32_t evictions_ = 0;
};

/// ip_route_output_flow(). kNetUnreach, kHostUnreach, kInval, kAcces, kNoDev as the kernel returns
/// them. Explains the choice.
std::expected<Route, Errno> route_output(Step& step, Stack& stack, const IpSend& want);

/// The same without a word in the trace: for questions that no packet asks.
std::expected<Route, Errno> find_output(Step& step, Stack& stack, const IpSend& want);

/// What ip_route_input() finds for a packet.
enum class InputError : std::uint8_t {
  kNone,
  kMartianSource,       ///< -EINVAL: the source cannot come from there
  kMartianDestination,  ///< -EINVAL
  kReversePath,         ///< -EXDEV: rp_filter
  kNoRoute              ///< the route exists, but only to send an ICMP error (ip_error())
};
struct InputAnswer {
  InputError error = InputError::kNone;
  Errno no_route = Errno::kNone;  ///< for kNoRoute
  Route route;
};
/// `for_arp`: the question of arp_process(), where a way back out of the same device is an error.
InputAnswer route_input(Step& step, Stack& stack, Ipv4Addr src, Ipv4Addr dst, IfIndex in,
                        std::uint32_t mark, bool for_arp);

/// fib_validate_source(): < 0 as errors in InputError, 0 accepted, 1 accepted and on-link.
struct SourceCheck {
  InputError error = InputError::kNone;
  bool on_link = false;
};
SourceCheck validate_source(const Stack& stack, Ipv4Addr src, Ipv4Addr dst, IfIndex in, IfIndex out,
                            std::uint32_t mark);

/// What `ip route get` asks and prints (RTM_GETROUTE).
struct RouteQuery {
  Ipv4Addr dst;
  Ipv4Addr from;  ///< any: not given
  IfIndex iif;    ///< 0: output route
  IfIndex oif;
  std::uint32_t mark = 0;
};
struct RouteGetAnswer {
  RouteType type = RouteType::kUnicast;
  Ipv4Addr dst, from;  ///< from: printed if it was asked for
  Ipv4Addr gateway;    ///< any: none
  Ipv4Addr src;        ///< any: not printed
  IfIndex dev, iif;
  std::uint32_t table = 0;
  bool local = false, broadcast = false, multicast = false, redirected = false;
  std::uint32_t mtu = 0;       ///< 0: not printed
  std::int64_t expires_s = 0;  ///< 0: not printed
  bool has_match = false;
  RouteRow match;  ///< the table's entry: `ip route get fibmatch`
};
/// The errors are those that rtnetlink answers: kNetUnreach, kHostUnreach, kInval, kAcces, kNoDev.
std::expected<RouteGetAnswer, Errno> route_get(Step& step, Stack& stack, const RouteQuery& query);

/// ip_rt_update_pmtu(): the path to `dst` carries only `mtu` bytes.
void update_pmtu(Step& step, Stack& stack, Ipv4Addr dst, std::uint32_t mtu);
/// __ip_do_redirect(): `old_gateway` says that `dst` is better reached by `new_gateway`.
void apply_redirect(Step& step, Stack& stack, Ports& ports, Ipv4Addr old_gateway, Ipv4Addr dst,
                    Ipv4Addr new_gateway, IfIndex in);
/// Everything cached about routes may be wrong now (rt_cache_flush()).
void flush_route_cache(Stack& stack);
/// `ip route flush cache`: what redirects and ICMP errors taught is forgotten as well.
/// Source: ipv4_sysctl_rtcache_flush(), fnhe_genid_bump().
void forget_exceptions(Stack& stack);

}  // namespace lvslab::ip
