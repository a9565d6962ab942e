// Strong integer ids. The simulated world refers to its parts by value, never by pointer, so that
// copying the world is a snapshot.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>

namespace lvslab {

template <class Tag, class Int = std::uint32_t>
struct Id {
  static constexpr Int kNone = std::numeric_limits<Int>::max();
  Int value = kNone;

  constexpr Id() = default;
  constexpr explicit Id(Int v) : value(v) {}
  constexpr bool valid() const { return value != kNone; }
  constexpr auto operator<=>(const Id&) const = default;
};

/// A host, router or switch; indexes the topology in scenario order.
using NodeId = Id<struct NodeTag>;
/// A record of the trace. Records are numbered from 0 in the order in which they were made.
using RecordId = Id<struct RecordTag>;
/// A frame kept by the trace (not a buffer of the frame pool).
using FrameId = Id<struct FrameTag>;
/// A kernel interface index: unique per host, 1 is lo, 0 is "no interface" as in Linux.
struct IfIndex {
  std::uint16_t value = 0;
  constexpr IfIndex() = default;
  constexpr explicit IfIndex(std::uint16_t v) : value(v) {}
  constexpr bool valid() const { return value != 0; }
  constexpr auto operator<=>(const IfIndex&) const = default;
};
inline constexpr IfIndex kLoopback{1};

}  // namespace lvslab
