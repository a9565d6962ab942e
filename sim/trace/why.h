// Why did this packet come about, and what became of it? The chain of decisions behind one record,
// across hosts, back to the command that began it, and forward until an answer is home.
//
// A story has four kinds of steps:
//   before    causes of the record, back to where the chain began: a command, a fault or a timer;
//   aside     what others made of frames on that way: the hosts that heard the same flooded ARP
//             request, and the ARP exchange that a packet had to wait for;
//   subject   the record asked about;
//   after     its effects. Forward the story ends where an IP packet gets back to the host that
//             the packet came from, or, for ARP, where the asker has heard the answer.
//
// Left out: rows of other tables than neighbours and connections, and what programs print.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/language.h"
#include "sim/trace/trace.h"

namespace lvslab {

enum class WhyRole : std::uint8_t { kBefore, kAside, kSubject, kAfter };

struct WhyStep {
  RecordId record;
  WhyRole role = WhyRole::kBefore;
  bool operator==(const WhyStep&) const = default;
};

/// The story of one record in the order of time. Empty only for an invalid record.
std::vector<WhyStep> why(const Trace& trace, RecordId id);

/// A record and how deep it hangs below the one that was asked for.
struct EffectStep {
  RecordId record;
  std::uint32_t depth = 0;  ///< 0: the record itself
  bool operator==(const EffectStep&) const = default;
};
/// Everything that `id` led to, as a tree in preorder, children in the order of time. At most
/// `limit` records are listed: the earliest.
std::vector<EffectStep> follow(const Trace& trace, RecordId id, std::size_t limit = 10'000);

/// A record of `node` to ask about at a moment: the last one at or before `at` that is a frame, a
/// decision or a drop. Invalid if there is none.
RecordId find_moment(const Trace& trace, NodeId node, SimTime at);

/// The story as text, a section per host that did something, each line with its source. With
/// `colour`, ANSI colours; sources are dim.
std::string render_why(const Trace& trace, RecordId id, Language language, bool colour);

}  // namespace lvslab
