// The packets of a trace for viewers: what was sent, by whom, and every record that carries it.
//
// A packet is a frame as a host sent it. A switch passes the same frame on; a host that forwards
// (a router, a director) sends another one, with another number.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/trace/trace.h"

namespace lvslab {

struct PacketEntry {
  FrameId frame;
  RecordId sent;  ///< its first sending (in a recording that lacks it: its first arrival)
  NodeId node;    ///< who sent it, and where
  IfIndex dev;
  SimTime at;
  std::vector<RecordId> records;  ///< sendings, arrivals, drops and decisions about it, in order
};

/// All packets of a trace in the order of their numbers, kept up to date as the trace grows.
class PacketList {
 public:
  /// Takes in the records that came since the last call. A trace that was truncated in between is
  /// read again from its beginning if it is now shorter than what was taken in.
  void update(const Trace& trace);
  const std::vector<PacketEntry>& packets() const { return packets_; }
  /// By its number, from 1; null if there is none.
  const PacketEntry* find(std::uint32_t number) const;

 private:
  std::vector<PacketEntry> packets_;     ///< ordered by frame
  std::vector<std::uint32_t> by_frame_;  ///< FrameId → index in packets_, or kNone
  std::uint32_t seen_ = 0;               ///< records taken in
};

/// The record of the first sending of packet `number` (from 1); nothing if there is none.
std::optional<RecordId> find_packet(const Trace& trace, std::uint32_t number);
/// The first sending of `frame`; nothing if it was never sent.
std::optional<RecordId> find_sending(const Trace& trace, FrameId frame);

}  // namespace lvslab
