// The schedulers: which real server gets a new connection. Each is a row of one table, so that
// another scheduler is another row.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "sim/base/prng.h"
#include "sim/base/slab.h"
#include "sim/ipvs/service.h"
#include "sim/trace/reason.h"

namespace lvslab::ipvs {

using Dests = Slab<Dest, 16>;

/// What a scheduler may know of the packet that opens a connection.
struct Opening {
  Ipv4Addr client;
  std::uint16_t client_port = 0;
  Ipv4Addr target;  ///< its destination address: the VIP, or any address with a firewall mark
  std::uint32_t client_folded = 0, target_folded = 0;  ///< folded_address() of both
  SimTime now;
  Prng& random;
  SimDuration lblc_expiration, lblcr_expiration;
};

/// The server that a scheduler chose, and the number that decided (a weight, load or bucket).
struct Choice {
  std::uint32_t dest = kNoDest;
  std::uint64_t measure = 0;
};

struct Scheduler {
  SchedulerId id;
  std::string_view name;
  Reason reason;
  /// When the scheduler is bound to a service that may already have servers; the state is fresh.
  void (*init)(Service& service, const Dests& dests);
  /// After a server was added, changed or removed. `removed`'s predecessor in the list (kNoDest:
  /// the head) tells rr where to go on; both are kNoDest unless a server was removed.
  void (*changed)(Service& service, const Dests& dests, std::uint32_t removed,
                  std::uint32_t predecessor);
  Choice (*schedule)(Service& service, const Dests& dests, const Opening& opening);
};

const Scheduler& scheduler(SchedulerId id);
/// By the name that ipvsadm uses; nothing if there is none.
std::optional<SchedulerId> scheduler_by_name(std::string_view name);

/// Binds the scheduler that the service names, with fresh state.
void bind_scheduler(Service& service, const Dests& dests, SimTime now);
/// True if lblc or lblcr still remembers the server, which keeps it out of the trash's bin.
bool scheduler_refers_to(const Service& service, std::uint32_t dest);

// --- for the files that implement them ---------------------------------------------------------

/// Takes new connections: weight above 0 and below its upper threshold.
inline bool usable(const Dest& dest) { return dest.weight > 0 && !dest.overloaded; }

Choice wlc_schedule(Service& service, const Dests& dests, const Opening& opening);

// dh, sh, mh: scheduler_hash.cpp
void dh_assign(Service& service, const Dests& dests);
void sh_assign(Service& service, const Dests& dests);
void mh_assign(Service& service, const Dests& dests);
Choice dh_schedule(Service& service, const Dests& dests, const Opening& opening);
Choice sh_schedule(Service& service, const Dests& dests, const Opening& opening);
Choice mh_schedule(Service& service, const Dests& dests, const Opening& opening);

// lblc, lblcr: scheduler_locality.cpp
Choice lblc_schedule(Service& service, const Dests& dests, const Opening& opening);
Choice lblcr_schedule(Service& service, const Dests& dests, const Opening& opening);

}  // namespace lvslab::ipvs
