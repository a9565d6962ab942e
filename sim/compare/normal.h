// A frame with everything taken out of it that two runs of the same lab may choose differently.
//
// What is normalised, and nothing else (docs/compare.md says why):
//   IPv4 identification      "0", or "not 0"
//   checksums                whether they are right
//   ephemeral ports, echo identifiers, ids of DNS questions, sequence numbers, SACK blocks   by
//   Flows TCP timestamps           whether they are there, and whether the echo is 0 the ports of
//   clients in IPVS sync messages   by Flows the time in the first 16 bytes of an echo's data
//   (iputils ping), the Date: line of HTTP
// Packets in tunnels and in ICMP errors are treated as the packet around them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/compare/flows.h"

namespace lvslab::compare {

struct NormalField {
  std::string name;   ///< "TCP window", "quoted IPv4 time to live"
  std::string shown;  ///< as the dissector prints it
  std::string value;  ///< what is compared; empty for what only sums up its parts
  std::size_t offset = 0, length = 0;
  int depth = 0;
};

struct NormalFrame {
  std::vector<NormalField> fields;
  std::string shape;         ///< "Ethernet IPv4 TCP"
  std::uint64_t digest = 0;  ///< of names and values: equal frames have equal digests
};

/// `frame` as `flows` knows it under `id`; it passed at `at`.
NormalFrame normalise(const Flows& flows, FrameId id, SimTime at, Bytes frame);

}  // namespace lvslab::compare
