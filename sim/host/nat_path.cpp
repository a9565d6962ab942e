// Packets through connection tracking and the table nat, at the hooks of a host.
// Source: net/netfilter/nf_conntrack_proto.c: ipv4_conntrack_ops[]; nf_nat_core.c:
//         nf_nat_inet_fn(); nf_nat_masquerade.c; nf_nat_redirect.c; ip_vs_nfct.c.
#include "sim/host/wiring.h"

namespace lvslab::host {
namespace {

constexpr Ipv4Addr kLoopbackAddr{0x7f00'0001};

/// HOOK2MANIP(): which end a hook of nat may map.
NatEnd end_of(NfHook hook) {
  return hook == NfHook::kInput || hook == NfHook::kPostrouting ? NatEnd::kSource
                                                                : NatEnd::kDestination;
}

}  // namespace

netfilter::Conntrack* Wiring::conntrack() {
  netfilter::Netfilter* netfilter = host_.netfilter.peek();
  return netfilter != nullptr && netfilter->tracks() ? &netfilter->conntrack() : nullptr;
}

// Whole packets alone are tracked: ipv4_conntrack_defrag(), then nf_conntrack_in().
bool Wiring::track(Step& step, Packet& packet) {
  netfilter::Conntrack* tracker = conntrack();
  if (tracker == nullptr) return true;
  if (packet.ip.is_fragment()) [[unlikely]] {
    std::optional<Packet> whole = ip::reassemble(step, host_.ip, packet);
    if (!whole) return false;
    packet = *whole;
  }
  packet.in_dev == kLoopback ? tracker->track_again(step, packet) : tracker->track(step, packet);
  return true;
}

bool Wiring::confirm_flow(Step& step, Packet& packet) {
  netfilter::Conntrack* tracker = conntrack();
  if (tracker == nullptr) return true;
  if (packet.in_dev != kLoopback) tracker->shift_numbers(step, packet);  // nf_confirm()
  if (tracker->confirm(step, packet)) return true;
  step.drop(packet.frame, Reason::kCtClash, packet.in_dev,
            {arg(packet.ip.src), arg(packet.ip.dst), 0});
  return false;
}

bool Wiring::nat_hook(Step& step, NfHook hook, Packet& packet, const ip::Route& route) {
  netfilter::Conntrack* tracker = conntrack();
  if (tracker == nullptr || !packet.flow.valid()) return true;
  if (!host_.netfilter.peek()->has_nat_hooks()) return true;
  const NatEnd end = end_of(hook);
  const auto forbid = [&] {
    step.drop(packet.frame, Reason::kNatForbidsPacket, packet.in_dev,
              {arg(packet.ip.src), arg(packet.ip.dst), 0});
    return false;
  };
  // A reset that REJECT sends belongs to a flow that may have come only half of its way.
  const bool may_map = packet.tracking == Tracking::kNew ||
                       (netfilter::is_related(packet) && packet.ip.protocol != IpProto::kIcmp);
  const bool fresh = may_map && !tracker->flow_of(packet).done(end);
  if (fresh) {
    if (!map_flow(step, hook, packet, route)) return false;
  } else if (hook == NfHook::kPostrouting && tracker->left_its_device(packet, route.dev)) {
    tracker->forget_flow_of(packet);
    return forbid();
  }
  return tracker->translate(step, packet, end) || forbid();
}

// The first packet of a flow: the rules of the table decide for all of it.
bool Wiring::map_flow(Step& step, NfHook hook, Packet& packet, const ip::Route& route) {
  netfilter::Netfilter& netfilter = *host_.netfilter.peek();
  netfilter::Conntrack& tracker = netfilter.conntrack();
  const NatEnd end = end_of(hook);
  netfilter::Verdict verdict =
      netfilter.walk(step, netfilter::TableId::kNat, hook, packet, devices_at(hook, packet, route));
  if (verdict.kind != netfilter::VerdictKind::kMap) {
    tracker.map_to_itself(step, packet, end);
    return true;
  }
  IfIndex dev;
  NfNatRange& range = verdict.range;
  if (verdict.target == NfTargetKind::kMasquerade) {
    range.first = ip::select_source(host_.ip, route.dev, route.next_hop, Scope::kUniverse);
    dev = route.dev;
  } else if (verdict.target == NfTargetKind::kRedirect) {
    range.first = hook == NfHook::kOutput ? kLoopbackAddr : first_address(packet.in_dev);
  }
  const bool own_address =
      verdict.target == NfTargetKind::kMasquerade || verdict.target == NfTargetKind::kRedirect;
  if (own_address) range.last = range.first;
  if (own_address && range.first.is_any()) {
    step.drop(packet.frame, Reason::kNatNoAddress, dev.valid() ? dev : packet.in_dev);
    return false;
  }
  tracker.map(step, packet, end, range, dev);
  return true;
}

Ipv4Addr Wiring::first_address(IfIndex dev) const {
  for (const ip::InAddr& addr : host_.ip.addrs) {
    if (addr.dev == dev) return addr.local;
  }
  return {};
}

void Wiring::keep_or_untrack(Step& step, Packet& packet, bool keeps) {
  netfilter::Conntrack* tracker = conntrack();
  if (tracker == nullptr || keeps || !packet.flow.valid()) return;
  step.explain(Reason::kIpvsUntracked, packet.in_dev);
  tracker->untrack(packet);
}

void Wiring::ipvs_changed() {
  const ipvs::Director* director = host_.ipvs.peek();
  const bool wants = director != nullptr && director->wants_conntrack();
  if (wants || host_.netfilter.peek() != nullptr) host_.netfilter.get().set_wanted_by_ipvs(wants);
}

void Wiring::forget_ended_flows(SimTime now) {
  ipvs::Director* director = host_.ipvs.peek();
  if (director == nullptr) return;
  for (const ipvs::ConnKey& key : director->take_ended_flows()) {
    netfilter::Netfilter* netfilter = host_.netfilter.peek();
    if (netfilter == nullptr) continue;
    netfilter->conntrack().forget(now, {.src = {key.client, key.client_port},
                                        .dst = {key.virt, key.virt_port},
                                        .protocol = IpProto{key.protocol}});
  }
}

}  // namespace lvslab::host
