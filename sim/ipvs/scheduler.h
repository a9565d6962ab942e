// The schedulers: which real server gets a new connection. Each is a row of one table, so that
// another scheduler is another row.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "sim/base/slab.h"
#include "sim/ipvs/service.h"
#include "sim/trace/reason.h"

namespace lvslab::ipvs {

using Dests = Slab<Dest, 16>;

/// The server that a scheduler chose, and the number that decided (a weight or a load).
struct Choice {
  std::uint32_t dest = kNoDest;
  std::uint64_t measure = 0;
};

struct Scheduler {
  SchedulerId id;
  std::string_view name;
  Reason reason;
  /// When the scheduler is bound to a service that may already have servers.
  void (*init)(Service& service, const Dests& dests);
  /// After a server was added, changed or removed. `removed`'s predecessor in the list (kNoDest:
  /// the head) tells rr where to go on; both are kNoDest unless a server was removed.
  void (*changed)(Service& service, const Dests& dests, std::uint32_t removed,
                  std::uint32_t predecessor);
  Choice (*schedule)(Service& service, const Dests& dests);
};

const Scheduler& scheduler(SchedulerId id);
/// By the name that ipvsadm uses; nothing if it is not modelled.
std::optional<SchedulerId> scheduler_by_name(std::string_view name);

}  // namespace lvslab::ipvs
