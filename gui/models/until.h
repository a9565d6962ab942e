// What a run is played up to: a stride, a packet filter, a reason, a host, a time. The same goal is
// looked for in what was recorded and, beyond its end, in what the session plays.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sim/trace/frame_facts.h"
#include "sim/trace/packet_filter.h"
#include "sim/trace/trace.h"

namespace lvslab::gui {

/// What a step is counted by.
enum class Stride : std::uint8_t { kEvent, kFrame, kDecision, kCommand };

/// All that is set must hold for one record.
struct Until {
  Stride stride = Stride::kEvent;
  std::optional<SimTime> time{};             ///< the first record after it ends the way, too
  std::optional<PacketFilter> filter{};      ///< a frame that matches
  Reason reason = Reason::kNone;             ///< this decision
  std::string host{};                        ///< at this host
  std::optional<FrameFacts> conversation{};  ///< a frame of the same conversation

  bool holds(const Trace& trace, RecordId id) const;
};

}  // namespace lvslab::gui
