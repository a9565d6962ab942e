// What a record says, apart from when, where and about which frame: 16 bytes that compare fast.
#pragma once

#include <array>
#include <cstdint>

#include "sim/trace/record.h"

namespace lvslab {

struct Fact {
  std::uint64_t low = 0;  ///< args[0], and args[1] above it
  /// From below: args[2] 32 bits, then the shape: dev 16, reason 10, kind 4, rule of the cause 2.
  std::uint64_t high = 0;

  static constexpr int kDevShift = 32, kReasonShift = 48, kKindShift = 58, kCauseShift = 62;

  static constexpr Fact of(RecordKind kind, Reason reason, IfIndex dev,
                           const std::array<std::uint32_t, 3>& args) {
    return {args[0] | std::uint64_t{args[1]} << 32,
            args[2] | std::uint64_t{dev.value} << kDevShift |
                static_cast<std::uint64_t>(reason) << kReasonShift |
                static_cast<std::uint64_t>(kind) << kKindShift};
  }
  constexpr RecordKind kind() const { return static_cast<RecordKind>(high >> kKindShift & 0xf); }
  constexpr Fact as(RecordKind other) const {
    return {low, (high & ~(std::uint64_t{0xf} << kKindShift)) | static_cast<std::uint64_t>(other)
                                                                    << kKindShift};
  }
  constexpr std::uint32_t shape() const { return static_cast<std::uint32_t>(high >> 32); }
  constexpr std::uint32_t first_argument() const { return static_cast<std::uint32_t>(low); }
  constexpr Fact with_first_argument(std::uint32_t value) const {
    return {(low & ~0xffff'ffffULL) | value, high};
  }
  constexpr bool operator==(const Fact&) const = default;
};
static_assert(static_cast<unsigned>(Reason::kCount) <= 1U << 10, "Fact has ten bits for a reason");

/// Stands in a fact for a kFrameSent that names the next frame that nobody has named before.
inline constexpr auto kSentFirst = static_cast<RecordKind>(14);

constexpr bool names_row(RecordKind kind) {
  return kind == RecordKind::kRowAdded || kind == RecordKind::kRowChanged ||
         kind == RecordKind::kRowRemoved;
}

}  // namespace lvslab
