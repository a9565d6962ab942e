// Simulated time: integer nanoseconds, no wall clock, no floating point.
#pragma once

#include <compare>
#include <cstdint>

namespace lvslab {

/// A length of simulated time in nanoseconds; may be negative as a difference.
struct SimDuration {
  std::int64_t ns = 0;
  constexpr auto operator<=>(const SimDuration&) const = default;
  constexpr SimDuration operator+(SimDuration o) const { return {ns + o.ns}; }
  constexpr SimDuration operator-(SimDuration o) const { return {ns - o.ns}; }
  constexpr SimDuration operator*(std::int64_t k) const { return {ns * k}; }
  constexpr SimDuration operator/(std::int64_t k) const { return {ns / k}; }
  /// Whole units, truncated toward zero.
  constexpr std::int64_t us() const { return ns / 1'000; }
  constexpr std::int64_t ms() const { return ns / 1'000'000; }
  constexpr std::int64_t seconds() const { return ns / 1'000'000'000; }
};

/// A point in simulated time: nanoseconds since the scenario's start.
struct SimTime {
  std::int64_t ns = 0;
  static constexpr SimTime never() { return {INT64_MAX}; }
  constexpr auto operator<=>(const SimTime&) const = default;
  constexpr SimTime operator+(SimDuration d) const { return {ns + d.ns}; }
  constexpr SimTime operator-(SimDuration d) const { return {ns - d.ns}; }
  constexpr SimDuration operator-(SimTime o) const { return {ns - o.ns}; }
};

namespace literals {
constexpr SimDuration operator""_ns(unsigned long long v) { return {static_cast<std::int64_t>(v)}; }
constexpr SimDuration operator""_us(unsigned long long v) {
  return {static_cast<std::int64_t>(v) * 1'000};
}
constexpr SimDuration operator""_ms(unsigned long long v) {
  return {static_cast<std::int64_t>(v) * 1'000'000};
}
constexpr SimDuration operator""_s(unsigned long long v) {
  return {static_cast<std::int64_t>(v) * 1'000'000'000};
}
}  // namespace literals

}  // namespace lvslab
