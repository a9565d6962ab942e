// Virtual services and their real servers ("destinations"), as ip_vs_ctl.c keeps them.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/base/tables.h"
#include "sim/ipvs/counters.h"

namespace lvslab::ipvs {

inline constexpr std::uint32_t kNoDest = 0xffff'ffffU;

/// IpvsServiceKey, with its address as this host knows it: an IPv6 one by name, and 240.0.0.0 (::)
/// for a mark of IPv6 packets.
struct ServiceKey {
  std::uint8_t protocol = 6;
  Ipv4Addr addr;
  std::uint16_t port = 0;
  std::uint32_t fwmark = 0;
  auto operator<=>(const ServiceKey&) const = default;
};

enum class SchedulerId : std::uint8_t {
  kRr,
  kWrr,
  kLc,
  kWlc,
  kFo,
  kOvf,
  kLblc,
  kLblcr,
  kDh,
  kSh,
  kMh,
  kSed,
  kNq,
  kTwos
};

/// lblc and lblcr: the servers that a destination address was sent to; lblc keeps only one.
struct Locality {
  Ipv4Addr target;
  std::vector<std::uint32_t> dests;  ///< newest first
  SimTime used, modified;
};

/// What a scheduler remembers between packets (svc->sched_data).
struct SchedulerState {
  std::uint32_t current = kNoDest;  ///< the destination chosen last; kNoDest: the list head
  std::int32_t current_weight = 0;  ///< wrr: cw, mw and di of struct ip_vs_wrr_mark
  std::int32_t max_weight = 0;
  std::int32_t step = 0;
  SimTime bound;                       ///< when the scheduler was bound: its periodic timer's start
  std::vector<std::uint32_t> buckets;  ///< dh, sh, mh: the lookup table
  std::vector<Locality> localities;    ///< lblc, lblcr: by target
};

/// A real server of one service. Its index stays valid while connections refer to it: deleted
/// servers wait in the trash and come back with their counters if they are added again
/// (ip_vs_ctl.c: ip_vs_trash_get_dest()).
struct Dest {
  std::uint32_t service = 0;  ///< Service::serial of the one that it counts for
  Ipv4Addr addr;
  std::uint32_t folded = 0;  ///< what hashes see of the address: folded_address()
  std::uint16_t port = 0;
  IpvsForward forward = IpvsForward::kRoute;
  bool available = false;   ///< IP_VS_DEST_F_AVAILABLE
  bool overloaded = false;  ///< IP_VS_DEST_F_OVERLOAD
  std::int32_t weight = 1;
  std::int32_t last_weight = 1;  ///< the last one that was not 0: mh builds its table with it
  std::uint32_t upper = 0, lower = 0;
  std::uint32_t active = 0, inactive = 0, persistent = 0;
  IpvsTunnel tunnel;
  SimTime trashed;         ///< deleted, or left by its last connection; only if !available
  ServiceKey service_key;  ///< kept for the trash, when the service is gone
  Counters counters;
};

/// `-b`: IP_VS_SVC_F_SCHED1 and _SCHED2 (include/uapi/linux/ip_vs.h).
inline constexpr std::uint32_t kSchedFallback = 0x08;  ///< sh-fallback, mh-fallback
inline constexpr std::uint32_t kSchedPort = 0x10;      ///< sh-port, mh-port

/// What -A and -E say about a service.
struct ServiceOptions {
  SchedulerId scheduler = SchedulerId::kWlc;
  std::uint32_t sched_flags = 0;
  bool persistent = false;         ///< -p
  bool one_packet = false;         ///< -o
  std::uint32_t timeout_s = 0;     ///< of the persistence
  Ipv4Addr netmask{0xffff'ffffU};  ///< -M; of IPv6 the prefix length, as bits
};

struct Service {
  ServiceKey key;
  std::uint32_t serial = 0;  ///< tells a service from one of the same address that was deleted
  ServiceOptions options;
  bool wants_conntrack = false;  ///< conntrack_afmask: FTP by NAT needs it, as long as this lasts
  SchedulerState state;
  std::vector<std::uint32_t> dests;  ///< kernel order: newest first
  Counters counters;
};

/// The overhead that lc and wlc compare (ip_vs.h: ip_vs_dest_conn_overhead()).
constexpr std::uint64_t connection_overhead(const Dest& d) {
  return (static_cast<std::uint64_t>(d.active) << 8) + d.inactive;
}

}  // namespace lvslab::ipvs
