#include "sim/ip/neigh.h"

#include <algorithm>

#include "sim/ip/arp.h"
#include "sim/ip/stack.h"

namespace lvslab::ip {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kMilli = 1'000'000;

std::uint64_t hash_of(IfIndex dev, Ipv4Addr ip) {
  return mix64(std::uint64_t{dev.value} << 32 | ip.bits);
}

SimDuration seconds_of(const Stack& stack, IfIndex dev, NeighKey key) {
  return {neigh_conf(stack, dev, key) * kSecond};
}
SimDuration retrans_time(const Stack& stack, IfIndex dev) {
  // max(RETRANS_TIME, HZ/100): never faster than 10 ms.
  return {std::max<std::int64_t>(neigh_conf(stack, dev, NeighKey::kRetransTimeMs), 10) * kMilli};
}

/// neigh_parms.reachable_time: 0.5 to 1.5 times the base, drawn anew every 300 s
/// (neigh_rand_reach_time(), neigh_periodic_work()).
SimDuration reachable_time(Step& step, Stack& stack, IfIndex dev) {
  Live& live = stack.live.get();
  if (step.now() - live.reachable_drawn > SimDuration{300 * kSecond}) {
    live.reachable_drawn = step.now();
    live.reachable_time.clear();
  }
  while (live.reachable_time.size() < dev.value) {
    const IfIndex d(static_cast<std::uint16_t>(live.reachable_time.size() + 1));
    const std::int64_t base = neigh_conf(stack, d, NeighKey::kBaseReachableTimeMs);
    const auto spread = static_cast<std::uint32_t>(std::max<std::int64_t>(base, 1));
    const std::int64_t ms = base == 0 ? 0 : base / 2 + step.random().below(spread);
    live.reachable_time.push_back({ms * kMilli});
  }
  return live.reachable_time[dev.value - 1U];
}

int max_probes(const Stack& stack, const Neigh& n) {
  const NeighKey broadcast =
      n.state == NeighState::kProbe ? NeighKey::kMcastResolicit : NeighKey::kMcastSolicit;
  return neigh_conf(stack, n.dev, NeighKey::kUcastSolicit) +
         neigh_conf(stack, n.dev, NeighKey::kAppSolicit) + neigh_conf(stack, n.dev, broadcast);
}

void arm(Step& step, Neigh& n, std::uint32_t id, SimTime at) {
  n.timer.set(step.timers(), step.timers().run_at(at, step.now()), TimerKind::kNeigh, id);
}

void changed(Step& step, const Neigh& n) {
  if (step.tracing()) step.row_changed(row_of(step.world().names, n));
}

void enter(Step& step, Neigh& n, NeighState state) {
  n.state = state;
  n.updated = step.now();
}

/// What a packet of `length` bytes counts in the queue: sk_buff, data in a kmalloc bucket.
std::uint32_t truesize_of(std::size_t length) {
  constexpr std::size_t kSkb = 256, kSharedInfo = 320, kHeader = 32;
  std::size_t bucket = 512;
  while (bucket < length + kHeader + kSharedInfo) bucket *= 2;
  return static_cast<std::uint32_t>(bucket + kSkb);
}

PendingPacket dequeue(NeighTable& table, Neigh& n) {
  const std::uint32_t slot = n.queue_head;
  const PendingPacket packet = table.pending[slot];
  n.queue_head = packet.next;
  if (n.queue_head == kNoNeigh) n.queue_tail = kNoNeigh;
  n.queue_bytes -= packet.truesize;
  table.pending.release(slot);
  return packet;
}

void enqueue(Step& step, const Stack& stack, NeighTable& table, Neigh& n, const Packet& packet,
             std::uint8_t route_flags) {
  const std::uint32_t size = truesize_of(step.frames().bytes(packet.frame).size());
  const auto limit =
      static_cast<std::uint32_t>(neigh_conf(stack, n.dev, NeighKey::kUnresQlenBytes));
  while (n.queue_head != kNoNeigh && n.queue_bytes + size > limit) {
    step.drop(dequeue(table, n).frame, Reason::kNeighQueueFull, n.dev, {arg(n.ip), limit, 0});
  }
  const std::uint32_t slot = table.pending.acquire();
  table.pending[slot] = {packet.frame,          kNoNeigh,   size, packet.in_dev,
                         packet.link_broadcast, route_flags};
  if (n.queue_tail == kNoNeigh) {
    n.queue_head = slot;
  } else {
    table.pending[n.queue_tail].next = slot;
  }
  n.queue_tail = slot;
  n.queue_bytes += size;
  step.explain(Reason::kNeighQueued, n.dev, {arg(n.ip), n.queue_bytes, 0});
}

Packet packet_of(Step& step, const PendingPacket& p) {
  Packet packet;
  packet.frame = p.frame;
  packet.in_dev = p.in_dev;
  packet.link_broadcast = p.link_broadcast;
  const Bytes bytes = step.frames().bytes(p.frame);
  if (const auto ip = Ipv4Repr::parse_header(bytes)) {
    packet.ip = *ip;
  } else {
    packet.ip = named_header(step.world().names, *Ipv6Repr::parse_header(bytes));
  }
  return packet;
}

/// neigh_probe(): arp_solicit() with the packet that waits longest in the queue's tail.
void probe(Step& step, Stack& stack, Ports& ports, std::uint32_t id) {
  NeighTable& table = stack.live.get().neigh;
  Neigh& n = table.entries[id];
  if (n.ip.names_ipv6()) {
    Ipv6Addr wish;
    if (n.queue_tail != kNoNeigh) {
      wish = load_ipv6(step.frames().bytes(table.pending[n.queue_tail].frame).data() + 8);
    }
    nd_solicit(step, stack, ports, id, wish);
    ++stack.live.get().neigh.entries[id].probes;
    return;
  }
  Ipv4Addr wish;
  if (n.queue_tail != kNoNeigh) {
    const FrameRef frame = table.pending[n.queue_tail].frame;
    wish = load_ipv4(step.frames().bytes(frame).data() + 12);
  }
  arp_solicit(step, stack, ports, n, wish);
  ++stack.live.get().neigh.entries[id].probes;
}

/// neigh_invalidate(): nobody answered; each waiting packet becomes a host unreachable.
void give_up(Step& step, Stack& stack, Ports& ports, std::uint32_t id) {
  {
    Neigh& n = stack.live.get().neigh.entries[id];
    n.updated = step.now();
    changed(step, n);
    step.explain(Reason::kNeighFailed, n.dev, {arg(n.ip), n.probes, 0});
  }
  // An error may itself be routed here and queue: it finds the entry FAILED and starts it again.
  std::uint32_t waiting = stack.live.get().neigh.entries[id].queue_head;
  stack.live.get().neigh.entries[id].queue_head = kNoNeigh;
  stack.live.get().neigh.entries[id].queue_tail = kNoNeigh;
  stack.live.get().neigh.entries[id].queue_bytes = 0;
  while (waiting != kNoNeigh) {
    NeighTable& table = stack.live.get().neigh;
    PendingPacket p = table.pending[waiting];
    table.pending.release(waiting);
    waiting = p.next;
    step.set_subject(p.frame);
    const Packet packet = packet_of(step, p);
    Route route;
    route.flags = p.route_flags;
    route.dev = table.entries[id].dev;
    const Ipv4Addr hop = table.entries[id].ip;
    if (hop.names_ipv6()) {
      icmp6_send_error(step, stack, ports, packet,
                       Icmp6Repr::unreachable(Icmp6Unreachable::kAddress));
      step.drop(p.frame, Reason::kAddress6Unresolved, route.dev, {arg(hop), 0, 0});
      continue;
    }
    icmp_send_error(step, stack, ports, packet, route,
                    IcmpRepr::unreachable(IcmpUnreachable::kHost));
    step.drop(p.frame, Reason::kHostUnresolved, route.dev, {arg(hop), 0, 0});
  }
}

void remove(Step& step, Stack& stack, std::uint32_t id, Reason why) {
  NeighTable& table = stack.live.get().neigh;
  Neigh& n = table.entries[id];
  while (n.queue_head != kNoNeigh)
    step.drop(dequeue(table, n).frame, why, n.dev, {arg(n.ip), 0, 0});
  if (step.tracing()) step.row_removed(row_of(step.world().names, n));
  table.index.erase(hash_of(n.dev, n.ip), id);
  n = Neigh{};  // a leftover entry in the timer queue is then nobody's
  table.entries.release(id);
  --table.count;
}

/// A STALE entry is used.
void suspect(Step& step, const Stack& stack, Neigh& n, std::uint32_t id) {
  enter(step, n, NeighState::kDelay);
  arm(step, n, id, step.now() + seconds_of(stack, n.dev, NeighKey::kDelayFirstProbeTime));
  changed(step, n);
  step.explain(Reason::kNeighDelay, n.dev, {arg(n.ip), 0, 0});
}

/// __neigh_update() of the packets that waited for the address. They go the way of all others
/// (neigh_resolve_output()): what somebody shouted without being asked, a gratuitous ARP, will be
/// checked.
void flush_queue(Step& step, Stack& stack, Ports& ports, std::uint32_t id) {
  for (;;) {
    NeighTable& table = stack.live.get().neigh;
    Neigh& n = table.entries[id];
    if (n.queue_head == kNoNeigh || !nud_valid(n.state)) return;
    const PendingPacket p = dequeue(table, n);
    n.used = step.now();
    step.set_subject(p.frame);
    if (n.state == NeighState::kStale) suspect(step, stack, n, id);
    send_to(step, stack, ports, n.dev, n.mac, p.frame,
            n.ip.names_ipv6() ? EtherType::kIpv6 : EtherType::kIpv4);
  }
}

/// arp_constructor(): the state and address of a new entry.
void construct(const Stack& stack, Neigh& n) {
  const Device& dev = *find_device(stack, n.dev);
  if (n.ip.names_ipv6()) {  // ndisc_constructor(); groups need no entry here
    if (!dev.loopback && !dev.no_arp) return;
    n.state = NeighState::kNoArp;
    n.mac = dev.mac;
    return;
  }
  const AddrType type = addr_type(stack, n.ip);
  if (n.ip.is_multicast()) {
    n.state = NeighState::kNoArp;  // arp_mc_map(), RFC 1112 §6.4
    n.mac = {0x0100'5e00'0000ULL | (n.ip.bits & 0x7f'ffffU)};
  } else if (dev.loopback || dev.no_arp) {
    n.state = NeighState::kNoArp;
    n.mac = dev.mac;
  } else if (type == AddrType::kBroadcast) {
    n.state = NeighState::kNoArp;
    n.mac = MacAddr::broadcast();
  }
}

}  // namespace

// A FAILED entry still holds the old address, but nobody is told (neigh_fill_info(): NUD_VALID).
NeighRow row_of(const AddressNames& names, const Neigh& n) {
  const bool unknown = n.state == NeighState::kNone || n.state == NeighState::kIncomplete ||
                       n.state == NeighState::kFailed;
  const MacAddr mac = unknown ? MacAddr{} : n.mac;
  return {.dev = n.dev,
          .ip = names.shown(n.ip),
          .mac = mac,
          .state = n.state,
          .used = n.used,
          .confirmed = n.confirmed,
          .updated = n.updated,
          .probes = n.probes,
          .router = n.router};
}

std::uint32_t neigh_find(const Stack& stack, IfIndex dev, Ipv4Addr ip) {
  const Live* live = stack.live.peek();
  if (live == nullptr) return kNoNeigh;
  if (dev == kLoopback) ip = {};  // all of lo shares one entry
  return live->neigh.index.find(hash_of(dev, ip), [&](std::uint32_t id) {
    const Neigh& n = live->neigh.entries[id];
    return n.ip == ip && n.dev == dev;
  });
}

std::uint32_t neigh_find_or_create(Step& step, Stack& stack, IfIndex dev, Ipv4Addr ip) {
  if (dev == kLoopback) ip = {};
  if (const std::uint32_t found = neigh_find(stack, dev, ip); found != kNoNeigh) return found;
  NeighTable& table = stack.live.get().neigh;
  const std::uint32_t id = table.entries.acquire();
  Neigh& n = table.entries[id];
  n.ip = ip;
  n.dev = dev;
  n.live = true;
  n.used = n.updated = step.now();
  n.confirmed = step.now() - reachable_time(step, stack, dev) * 2;
  construct(stack, n);
  table.index.insert(hash_of(dev, ip), id);
  ++table.count;
  if (step.tracing()) step.row_added(row_of(step.world().names, n));
  if (!table.gc.armed() &&
      table.count > static_cast<std::uint32_t>(global(stack, GlobalKey::kGcThresh1))) {
    const SimDuration half{neigh_conf(stack, dev, NeighKey::kBaseReachableTimeMs) * kMilli / 2};
    table.gc.set(step.timers(), step.now() + half, TimerKind::kIp, 0);
  }
  return id;
}

bool neigh_event_send(Step& step, Stack& stack, Ports& ports, std::uint32_t id,
                      const Packet& packet, std::uint8_t route_flags) {
  NeighTable& table = stack.live.get().neigh;
  Neigh& n = table.entries[id];
  n.used = step.now();
  const std::uint8_t resolved = nud(NeighState::kDelay) | nud(NeighState::kProbe);
  if (nud_connected(n.state) || (nud(n.state) & resolved) != 0) return false;
  if (n.state == NeighState::kStale) {
    suspect(step, stack, n, id);
    return false;
  }
  bool ask = false;
  if (n.state != NeighState::kIncomplete) {  // NONE or FAILED
    if (neigh_conf(stack, n.dev, NeighKey::kMcastSolicit) +
            neigh_conf(stack, n.dev, NeighKey::kAppSolicit) <=
        0) {
      enter(step, n, NeighState::kFailed);
      changed(step, n);
      if (packet.frame.valid()) {
        step.drop(packet.frame, Reason::kNeighFailed, n.dev, {arg(n.ip), 0, 0});
      }
      return true;
    }
    n.probes = static_cast<std::uint8_t>(neigh_conf(stack, n.dev, NeighKey::kUcastSolicit));
    enter(step, n, NeighState::kIncomplete);
    arm(step, n, id, step.now() + retrans_time(stack, n.dev));
    changed(step, n);
    step.explain(Reason::kNeighResolve, n.dev, {arg(n.ip), 0, 0});
    ask = true;
  }
  if (packet.frame.valid()) enqueue(step, stack, table, n, packet, route_flags);
  if (ask) probe(step, stack, ports, id);
  return true;
}

Errno neigh_update(Step& step, Stack& stack, Ports& ports, std::uint32_t id, bool has_mac,
                   MacAddr mac, NeighState state, NeighUpdate how) {
  Neigh& n = stack.live.get().neigh.entries[id];
  const NeighState old = n.state;
  const bool fixed = old == NeighState::kNoArp || old == NeighState::kPermanent;
  if (fixed && !how.admin) return Errno::kPerm;
  if (!nud_valid(state)) {
    n.timer.cancel();
    enter(step, n, state);
    const bool asking = old == NeighState::kIncomplete || old == NeighState::kProbe;
    if (asking && state == NeighState::kFailed) {
      give_up(step, stack, ports, id);
    } else {
      changed(step, n);
    }
    return Errno::kNone;
  }
  if (!has_mac) {
    if (!nud_valid(old)) return Errno::kInval;
    mac = n.mac;
  }
  if (nud_connected(state)) n.confirmed = step.now();
  bool other_mac = !nud_valid(old) || mac != n.mac;
  if (nud_valid(old)) {
    if (other_mac && !how.override && how.weak_override && nud_connected(old)) {
      mac = n.mac;
      other_mac = false;
      state = NeighState::kStale;  // whom to believe, it will find out
    } else if (other_mac && !how.override) {
      step.explain(Reason::kNeighLocked, n.dev, {arg(n.ip), arg_mac_high(mac), arg_mac_low(mac)});
      return Errno::kNone;
    } else if (!other_mac && state == NeighState::kStale && !how.admin) {
      state = old;
    }
  }
  if (state != old || other_mac) n.updated = step.now();
  if (state != old) {
    n.timer.cancel();
    if (state == NeighState::kProbe) n.probes = 0;
    n.state = state;
    if (nud_in_timer(state)) {
      const SimDuration wait =
          state == NeighState::kReachable ? reachable_time(step, stack, n.dev) : SimDuration{};
      arm(step, n, id, step.now() + wait);
    }
  }
  if (other_mac) {
    n.mac = mac;
    if (!nud_connected(state)) {
      const std::int64_t base = neigh_conf(stack, n.dev, NeighKey::kBaseReachableTimeMs);
      n.confirmed = step.now() - SimDuration{2 * base * kMilli};
    }
  }
  if (state == old && !other_mac) return Errno::kNone;
  changed(step, n);
  step.explain(Reason::kNeighLearned, n.dev, {arg(n.ip), arg_mac_high(n.mac), arg_mac_low(n.mac)});
  if (!nud_valid(old)) flush_queue(step, stack, ports, id);
  return Errno::kNone;
}

namespace {

/// The timer wheel never fires early, and so mostly late: after 5 s by 10 to 80 ms at HZ=100
/// (kernel/time/timer.c: calc_index()). A confirmation in the moment of the first packet is then
/// older than the timer is long, and the neighbour is asked.
constexpr SimDuration kTimerLate{40'000'000};

/// The REACHABLE and DELAY parts of neigh_timer_handler(). Returns when to look again.
SimTime age(Step& step, Stack& stack, Neigh& n) {
  const SimTime now = step.now();
  const SimDuration delay = seconds_of(stack, n.dev, NeighKey::kDelayFirstProbeTime);
  if (n.state == NeighState::kReachable) {
    const SimTime until = n.confirmed + reachable_time(step, stack, n.dev);
    if (now <= until) return until > now ? until : now + SimDuration{1};
    const bool in_use = now <= n.used + delay;
    enter(step, n, in_use ? NeighState::kDelay : NeighState::kStale);
    changed(step, n);
    step.explain(in_use ? Reason::kNeighDelay : Reason::kNeighStale, n.dev, {arg(n.ip), 0, 0});
    return now + delay;
  }
  if (n.state == NeighState::kDelay) {
    const bool wheel = step.timers().run_at(now, now) > now;  // late by itself
    if (now + (wheel ? SimDuration{} : kTimerLate) <= n.confirmed + delay) {
      enter(step, n, NeighState::kReachable);
      changed(step, n);
      step.explain(Reason::kNeighConfirmed, n.dev, {arg(n.ip), 0, 0});
      return n.confirmed + reachable_time(step, stack, n.dev);
    }
    enter(step, n, NeighState::kProbe);
    n.probes = 0;
    changed(step, n);
    step.explain(Reason::kNeighProbe, n.dev, {arg(n.ip), 0, 0});
  }
  return now + retrans_time(stack, n.dev);
}

}  // namespace

void neigh_on_timer(Step& step, Stack& stack, Ports& ports, std::uint32_t id) {
  Live* live = stack.live.peek();
  if (live == nullptr || id >= live->neigh.entries.limit()) return;
  Neigh& n = live->neigh.entries[id];
  if (!n.timer.due(step.timers(), step.now(), TimerKind::kNeigh, id)) return;
  if (!n.live || !nud_in_timer(n.state)) return;
  const SimTime next = age(step, stack, n);
  const bool asking = n.state == NeighState::kIncomplete || n.state == NeighState::kProbe;
  if (asking && n.probes >= max_probes(stack, n)) {
    n.state = NeighState::kFailed;
    give_up(step, stack, ports, id);
    return;
  }
  if (nud_in_timer(n.state)) arm(step, n, id, next);
  if (asking) probe(step, stack, ports, id);
}

void neigh_collect_garbage(Step& step, Stack& stack, Ports& /*ports*/) {
  NeighTable& table = stack.live.get().neigh;
  if (!table.gc.due(step.timers(), step.now(), TimerKind::kIp, 0)) return;
  if (table.count < static_cast<std::uint32_t>(global(stack, GlobalKey::kGcThresh1))) return;
  for (std::uint32_t id = 0; id < table.entries.limit(); ++id) {
    Neigh& n = table.entries[id];
    if (!n.live || n.state == NeighState::kPermanent || nud_in_timer(n.state)) continue;
    n.used = std::max(n.used, n.confirmed);
    const SimDuration keep = seconds_of(stack, n.dev, NeighKey::kGcStaleTime);
    if (n.state == NeighState::kFailed || step.now() >= n.used + keep) {
      remove(step, stack, id, Reason::kNeighFlushed);
    }
  }
  const SimDuration half{neigh_conf(stack, kLoopback, NeighKey::kBaseReachableTimeMs) * kMilli / 2};
  table.gc.set(step.timers(), step.now() + half, TimerKind::kIp, 0);
}

void neigh_flush_dev(Step& step, Stack& stack, Ports& /*ports*/, IfIndex dev, bool keep_permanent) {
  Live* live = stack.live.peek();
  if (live == nullptr) return;
  for (std::uint32_t id = 0; id < live->neigh.entries.limit(); ++id) {
    const Neigh& n = live->neigh.entries[id];
    if (!n.live || n.dev != dev) continue;
    if (keep_permanent && n.state == NeighState::kPermanent) continue;
    remove(step, stack, id, Reason::kNeighFlushed);
  }
}

void neigh_invalidate_addr(Step& step, Stack& stack, Ports& /*ports*/, IfIndex dev, Ipv4Addr ip) {
  const std::uint32_t id = neigh_find(stack, dev, ip);
  if (id == kNoNeigh || stack.live.get().neigh.entries[id].state == NeighState::kNoArp) return;
  remove(step, stack, id, Reason::kNeighFlushed);
}

// --- commands ----------------------------------------------------------------------------------

Errno neigh_set(Step& step, Stack& stack, Ports& ports, NeighVerb verb, IfIndex dev, Ipv4Addr ip,
                bool has_mac, MacAddr mac, NeighState state) {
  if (find_device(stack, dev) == nullptr) return Errno::kNoDev;
  std::uint32_t id = neigh_find(stack, dev, ip);
  if (id == kNoNeigh) {
    if (verb == NeighVerb::kChange) return Errno::kNoEnt;
    id = neigh_find_or_create(step, stack, dev, ip);
  } else if (verb == NeighVerb::kAdd) {
    return Errno::kExist;
  }
  return neigh_update(step, stack, ports, id, has_mac, mac, state,
                      {.override = true, .admin = true});
}

Errno neigh_delete(Step& step, Stack& stack, Ports& ports, IfIndex dev, Ipv4Addr ip) {
  if (find_device(stack, dev) == nullptr) return Errno::kNoDev;
  if (dev == kLoopback && !ip.is_any()) return Errno::kNoEnt;  // lo's only entry is that of 0.0.0.0
  const std::uint32_t id = neigh_find(stack, dev, ip);
  if (id == kNoNeigh) return Errno::kNoEnt;
  neigh_update(step, stack, ports, id, false, {}, NeighState::kFailed,
               {.override = true, .admin = true});
  remove(step, stack, id, Reason::kNeighFlushed);  // neigh_remove_one(): nothing else holds it
  return Errno::kNone;
}

std::uint32_t neigh_flush(Step& step, Stack& stack, Ports& ports, IfIndex dev, Ipv4Prefix to,
                          std::uint8_t state_mask) {
  Live* live = stack.live.peek();
  if (live == nullptr) return 0;
  std::uint32_t count = 0;
  for (std::uint32_t id = 0; id < live->neigh.entries.limit(); ++id) {
    const Neigh& n = live->neigh.entries[id];
    if (!n.live || (dev.valid() && n.dev != dev) || !to.contains(n.ip)) continue;
    if ((nud(n.state) & state_mask) == 0) continue;
    neigh_delete(step, stack, ports, n.dev, n.ip);
    ++count;
  }
  return count;
}

}  // namespace lvslab::ip
