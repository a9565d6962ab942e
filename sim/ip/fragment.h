// IPv4 fragmentation and reassembly (RFC 791 §3.2, RFC 815). Left out: overlapping fragments with
// different content (the datagram is dropped, as the kernel does since 4.20), memory limits.
// Source: net/ipv4/ip_output.c: ip_fragment(); net/ipv4/ip_fragment.c.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/ip/route.h"

namespace lvslab::ip {

/// A datagram of which not all is here yet: struct ipq.
struct Reassembly {
  Ipv4Addr src, dst;
  std::uint16_t id = 0;
  IpProto protocol{};
  IfIndex in_dev;
  std::uint32_t received = 0;  ///< bytes of payload so far
  std::uint32_t total = 0;     ///< 0 until the last fragment came
  std::uint32_t serial = 0;    ///< names the timer; never 0
  std::vector<Packet> parts;   ///< by offset
};

struct ReassemblyTable {
  std::vector<Reassembly> queues;
  std::uint32_t next_serial = 1;
};

/// ip_defrag(): takes the fragment; gives the whole datagram when it is complete.
std::optional<Packet> reassemble(Step& step, Stack& stack, Packet fragment);
/// ip_expire(): ipfrag_time passed; time exceeded (code 1) if the first fragment is here.
void reassembly_expired(Step& step, Stack& stack, Ports& ports, std::uint32_t serial);

}  // namespace lvslab::ip
