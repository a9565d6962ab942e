// The neighbour table (ARP cache): every NUD state and timer of Linux.
//
// Modelled: NONE INCOMPLETE REACHABLE STALE DELAY PROBE FAILED NOARP PERMANENT, the pending queue
// limited by bytes, locktime, confirmation from above, garbage collection of stale entries when
// more than gc_thresh1 exist. Left out: table overflow (gc_thresh2 and gc_thresh3 are stored only),
// the user-space resolver (app_solicit), proxy entries (`ip neigh add proxy`). Source:
// net/core/neighbour.c; net/ipv4/arp.c.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/base/index_table.h"
#include "sim/base/slab.h"
#include "sim/base/tables.h"
#include "sim/core/ports.h"
#include "sim/core/step.h"

namespace lvslab::ip {

class Ports;
struct Stack;
struct Route;

inline constexpr std::uint32_t kNoNeigh = 0xffff'ffffU;

constexpr std::uint8_t nud(NeighState state) { return static_cast<std::uint8_t>(state); }
/// NUD_CONNECTED, NUD_VALID and NUD_IN_TIMER of include/net/neighbour.h.
constexpr bool nud_connected(NeighState s) { return (nud(s) & (0x80 | 0x40 | 0x02)) != 0; }
constexpr bool nud_valid(NeighState s) {
  return (nud(s) & (0x80 | 0x40 | 0x02 | 0x10 | 0x04 | 0x08)) != 0;
}
constexpr bool nud_in_timer(NeighState s) { return (nud(s) & (0x01 | 0x02 | 0x08 | 0x10)) != 0; }

/// struct neighbour.
struct Neigh {
  Ipv4Addr ip;
  IfIndex dev;
  NeighState state = NeighState::kNone;
  std::uint8_t probes = 0;
  bool live = false;           ///< false: the slot is free
  bool router = false;         ///< NTF_ROUTER
  bool header_cached = false;  ///< hh_cache: a connected entry is then used without a further look
  MacAddr mac;
  SimTime used, confirmed, updated;
  LazyTimer timer;
  std::uint32_t queue_head = kNoNeigh;  ///< arp_queue: the oldest waiting packet
  std::uint32_t queue_tail = kNoNeigh;
  std::uint32_t queue_bytes = 0;  ///< truesize of all of them

  /// Since when packets wait for the address; never if none does.
  SimTime pending_since() const {
    const bool waits = state == NeighState::kIncomplete && queue_head != kNoNeigh;
    return waits ? updated : SimTime::never();
  }
};

/// A packet that waits for an address; what an ICMP error about it would have to know is kept.
struct PendingPacket {
  FrameRef frame;
  std::uint32_t next = kNoNeigh;
  std::uint32_t truesize = 0;
  IfIndex in_dev;
  bool link_broadcast = false;
  std::uint8_t route_flags = 0;
};

/// struct neigh_table arp_tbl, as far as it has entries.
struct NeighTable {
  Slab<Neigh, 4> entries;
  IndexTable index;
  Slab<PendingPacket, 4> pending;
  std::uint32_t count = 0;
  LazyTimer gc;
};

/// NEIGH_UPDATE_F_*
struct NeighUpdate {
  bool override = false;
  bool weak_override = false;
  bool admin = false;
};

// --- commands: `ip neigh`, `arp` ---------------------------------------------------------------

/// NLM_F_CREATE / NLM_F_EXCL / NLM_F_REPLACE of the three verbs.
enum class NeighVerb : std::uint8_t { kAdd, kChange, kReplace };

/// neigh_add(). A zero `mac` with `has_mac` false keeps the known one.
/// kExist: kAdd of an existing entry; kNoEnt: kChange of none; kInval: no address known or given;
/// kNoDev: no such device.
Errno neigh_set(Step& step, Stack& stack, Ports& ports, NeighVerb verb, IfIndex dev, Ipv4Addr ip,
                bool has_mac, MacAddr mac, NeighState state);
/// neigh_delete(): kNoEnt if there is no entry, or only one in state NONE is left of it.
Errno neigh_delete(Step& step, Stack& stack, Ports& ports, IfIndex dev, Ipv4Addr ip);
/// Deletes entries as `ip neigh flush` does: those of `dev` (0: all), in `to`, not PERMANENT and
/// not NOARP unless `state_mask` (NUD_* bits) asks for them. Returns how many went.
std::uint32_t neigh_flush(Step& step, Stack& stack, Ports& ports, IfIndex dev, Ipv4Prefix to,
                          std::uint8_t state_mask);

// --- the packet path ---------------------------------------------------------------------------

/// The entry of `ip` on `dev`, or kNoNeigh.
std::uint32_t neigh_find(const Stack& stack, IfIndex dev, Ipv4Addr ip);
/// The same, made (NONE, or NOARP where arp_constructor() says so) if there was none.
std::uint32_t neigh_find_or_create(Step& step, Stack& stack, IfIndex dev, Ipv4Addr ip);
/// __neigh_event_send(): starts resolution or DELAY. True: the packet was queued (or dropped).
/// `packet` may be invalid (neigh_event_send(n, NULL)).
bool neigh_event_send(Step& step, Stack& stack, Ports& ports, std::uint32_t id,
                      const Packet& packet, std::uint8_t route_flags);
/// neigh_update().
Errno neigh_update(Step& step, Stack& stack, Ports& ports, std::uint32_t id, bool has_mac,
                   MacAddr mac, NeighState state, NeighUpdate how);
/// neigh_timer_handler() for the entry `id`.
void neigh_on_timer(Step& step, Stack& stack, Ports& ports, std::uint32_t id);
/// neigh_periodic_work().
void neigh_collect_garbage(Step& step, Stack& stack, Ports& ports);
/// neigh_flush_dev(): the device went down (or lost its carrier: `keep_permanent`).
void neigh_flush_dev(Step& step, Stack& stack, Ports& ports, IfIndex dev, bool keep_permanent);
/// arp_invalidate(): the address became a broadcast address or the like.
void neigh_invalidate_addr(Step& step, Stack& stack, Ports& ports, IfIndex dev, Ipv4Addr ip);
NeighRow row_of(const AddressNames& names, const Neigh& neigh);

}  // namespace lvslab::ip
