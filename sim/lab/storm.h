// Packet storms: frames that go round for ever, named and stopped by stated limits.
//
// Models two signs. A frame that passes switches again and again, byte for byte the same, runs in a
// loop of switches: nothing in Ethernet ends it (there is no spanning tree here). A host that gets
// more frames in a second than any lab means to send plays ping-pong, with itself or with others.
// Leaves out: loops of routers. The TTL ends those after 64 hops, so they are no storms.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/time.h"
#include "sim/trace/trace.h"

namespace lvslab::lab {

/// A frame that switches got more often than this, times the number of switches, is in a loop.
inline constexpr std::uint32_t kStormRepeats = 1'000;
/// Frames received by one host within one second of simulated time.
inline constexpr std::uint32_t kStormFrames = 500'000;

struct Storm {
  enum class Kind : std::uint8_t { kNone, kSwitchLoop, kPingPong };
  Kind kind = Kind::kNone;
  std::vector<std::string> nodes{};  ///< the switches, or the host, by name
  std::string dev{};                 ///< kPingPong: the interface
  std::string frame{};               ///< the frame, in a line
  SimTime at{};
  std::uint64_t seen = 0;  ///< how often, when it was stopped
  bool operator==(const Storm&) const = default;

  std::string to_string() const;     ///< one English sentence
  std::string to_string_zh() const;  ///< one Chinese sentence
};

/// Looks at every record once, in order. A value: part of a backend's snapshot.
class StormWatch {
 public:
  /// True if the records since the last look show a storm, which storm() then describes.
  bool look(const Trace& trace);
  const Storm& storm() const { return storm_; }

 private:
  struct Second {
    SimTime begin;
    std::uint32_t frames = 0;
  };
  bool count_at_switch(const Trace& trace, const TraceRecord& record);
  bool count_at_host(const Trace& trace, const TraceRecord& record);

  std::size_t seen_ = 0;
  std::uint32_t switches_ = 0;
  std::vector<std::uint32_t> passes_;  ///< by FrameId: how often switches got it
  std::vector<Second> seconds_;        ///< by NodeId
  Storm storm_;
};

}  // namespace lvslab::lab
