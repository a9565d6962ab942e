// What the files of this room share about sending: ARP's own decisions and the last step to a
// device. Source: net/ipv4/arp.c.
#pragma once

#include "sim/ip/stack.h"

namespace lvslab::ip {

/// arp_ignore(): true if the host must stay silent when `sender` asks for its own `target` on `in`.
/// `mode` = max(conf/all, conf/in).
bool arp_stays_silent(const Stack& stack, Ipv4Addr sender, Ipv4Addr target, IfIndex in, int mode);
/// arp_filter(): true if an answer to `sender` would leave by another device than `in`.
bool arp_filtered(Step& step, Stack& stack, Ipv4Addr sender, Ipv4Addr target, IfIndex in);
/// The sender address of an ARP request for `target` on `dev`. `wish`: the source of the waiting
/// packet, any if none waits. `mode` = max(conf/all, conf/dev) of arp_announce.
Ipv4Addr arp_sender_address(const Stack& stack, IfIndex dev, Ipv4Addr target, Ipv4Addr wish,
                            int mode);
/// arp_is_garp(): a gratuitous request, or a reply whose target MAC is the sender's.
bool arp_is_gratuitous(const Stack& stack, const ArpRepr& arp);
/// arp_solicit(): broadcast while the address is unknown, unicast probes otherwise.
void arp_solicit(Step& step, Stack& stack, Ports& ports, const Neigh& neigh, Ipv4Addr wish);

/// dev_hard_header() and dev_queue_xmit(): puts the Ethernet header before an IPv4 packet. Takes
/// it.
void send_to(Step& step, Stack& stack, Ports& ports, IfIndex dev, MacAddr mac, FrameRef frame,
             EtherType type = EtherType::kIpv4);

}  // namespace lvslab::ip
