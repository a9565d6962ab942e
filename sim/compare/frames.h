// The frames of two runs, interface by interface.
//
// At each interface the frames are sorted into conversations: ARP by who asks for whom, TCP and UDP
// by 4-tuple, echoes by identifier, ICMP errors by what they quote, all else by protocol and
// addresses. Inside a conversation the order of both directions counts: a longest common
// subsequence of equal frames at about the same time is aligned. What is left between two aligned
// frames is paired where the frames have the same protocols and direction, cheapest first, and
// named field by field; then what is left of different conversations of the interface (an ARP
// question with another sender is another conversation). The rest is missing or extra.
//
// Between conversations order means something only where one frame led to the other: for each frame
// that a simulated host sends, the frame that the simulator says it answers must have been at that
// host first in the real run, too.
//
// A frame is on time if it is within kFlatTolerance of the moment that TimeMap gives, or if its
// distance from the frame before it in the conversation is (same_length()); for ARP only up to
// kArpRetries, as its conversations begin again after minutes. A frame that is due so shortly
// before the end of the real run that it may be late by a tolerance need not be there.
#pragma once

#include <vector>

#include "sim/compare/clock.h"
#include "sim/compare/difference.h"
#include "sim/compare/side.h"

namespace lvslab::compare {

/// Longer than the second between two requests for the same address.
inline constexpr SimDuration kArpRetries{2'000'000'000};

struct InterfaceResult {
  InterfaceName name;
  std::uint64_t agreed = 0;     ///< frames that are the same on both sides
  std::uint64_t different = 0;  ///< missing, extra, reordered, or with another field
};

struct FramesResult {
  std::vector<InterfaceResult> interfaces;  ///< in the order of the scenario; those with frames
  std::vector<Difference> differences;
};

FramesResult compare_frames(const Side& sim, const Side& real, const TimeMap& times,
                            const scenario::Scenario& scenario);

/// The fields in which two frames differ, in the order of the bytes.
std::vector<FieldDifference> differing_fields(const NormalFrame& sim, const NormalFrame& real);

}  // namespace lvslab::compare
