// Cables: every direction of every cable is a FIFO of frames in flight, of which only the first has
// an event pending. A direction serialises at its rate, delays, and may lose, repeat or refuse.
//
// Left out: reordering (a later frame never overtakes an earlier one) and corruption.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/base/ids.h"
#include "sim/core/step.h"

namespace lvslab::link {

/// What a direction does to its frames. Probabilities are in millionths.
struct Impairment {
  SimDuration delay;           ///< propagation, one way
  SimDuration jitter;          ///< 0 to this much is added at random
  std::uint64_t rate_bps = 0;  ///< 0: infinitely fast
  std::uint32_t loss_ppm = 0;
  std::uint32_t duplicate_ppm = 0;
  std::uint32_t queue_frames = 1000;  ///< frames that may wait, as txqueuelen; only with a rate
  bool operator==(const Impairment&) const = default;
};

/// One end of a cable: port `port` (an IfIndex of a host, or port number + 1 of a switch).
struct Plug {
  NodeId node;
  IfIndex port;
  bool operator==(const Plug&) const = default;
};

/// What came out of a direction.
struct Arrival {
  FrameRef frame;  ///< held once, by the receiver now
  RecordId cause;  ///< the record of its sending
  Plug to;
};

class Fabric {
 public:
  /// Joins two ends; the result is the direction a → b, and result + 1 is b → a.
  std::uint32_t connect(Plug a, Plug b, const Impairment& impairment);
  /// A direction that leads back to its own end: the loopback device.
  std::uint32_t loop(Plug end);

  std::size_t directions() const { return directions_.size(); }
  /// The other direction of the same cable; itself for a loop.
  std::uint32_t reverse_of(std::uint32_t direction) const { return directions_[direction].reverse; }
  Plug end_of(std::uint32_t direction) const { return directions_[direction].to; }
  const Impairment& impairment(std::uint32_t direction) const {
    return impairments_[directions_[direction].impairment];
  }
  void set_impairment(std::uint32_t direction, const Impairment& impairment);
  bool is_up(std::uint32_t direction) const { return directions_[direction].up; }
  /// Taking a direction down loses the frames in flight on it.
  void set_up(World& world, std::uint32_t direction, bool up);
  /// Loses the frames in flight: nobody is there to hear them.
  void lose(World& world, std::uint32_t direction);

  /// Puts `frame` on the wire at `from` (recorded as sent there) and takes it.
  void transmit(Step& step, std::uint32_t direction, IfIndex from, FrameRef frame);
  /// The frame whose arrival the event at world.now announces; nothing if the event is stale.
  std::optional<Arrival> arrive(World& world, std::uint32_t direction);

  std::size_t frames_in_flight() const { return flights_.size() - free_.size(); }

 private:
  static constexpr std::uint32_t kNone = 0xffff'ffffU;
  struct Flight {
    SimTime at;
    std::uint64_t turn = 0;  ///< among what arrives at the same moment: as it was sent
    FrameRef frame;
    RecordId cause;
    std::uint32_t next = kNone;
  };
  struct Direction {
    SimTime busy_until;  ///< when the last bit of the last frame has left
    SimTime last_arrival;
    SimTime scheduled = SimTime::never();  ///< the event that counts
    std::uint32_t head = kNone, tail = kNone;
    std::uint32_t impairment = 0;
    std::uint32_t queued = 0;
    std::uint32_t reverse = 0;
    Plug to;
    bool up = true;
  };

  std::uint32_t add(Plug to, std::uint32_t impairment);
  std::uint32_t intern(const Impairment& impairment);
  void enqueue(World& world, std::uint32_t direction, SimTime at, FrameRef frame, RecordId cause);
  Flight pop_head(Direction& d);

  std::vector<Direction> directions_;
  std::vector<Impairment> impairments_;
  std::vector<Flight> flights_;
  std::vector<std::uint32_t> free_;
};

/// Time on the wire of a frame of `length` bytes without preamble and CRC: 24 bytes are added for
/// preamble, CRC and inter-frame gap, and short frames are padded to 60 (IEEE 802.3 §4.2.3.2).
constexpr SimDuration serialisation_time(std::size_t length, std::uint64_t rate_bps) {
  if (rate_bps == 0) return {0};
  const std::uint64_t bits = (std::max<std::uint64_t>(length, 60) + 24) * 8;
  return {static_cast<std::int64_t>(bits * 1'000'000'000ULL / rate_bps)};
}

}  // namespace lvslab::link
