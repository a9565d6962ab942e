// Quantities as people write them in scenario files, in exact integers: no floating point.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "sim/base/time.h"

namespace lvslab::scenario {

/// What is wrong with a quantity, and what to write instead.
struct UnitError {
  std::string message, hint;
};

/// "100us", "2.5s", "1min", "0": a number with ns, us, ms, s, min or h, exact to the nanosecond.
/// Errors: no unit, an unknown unit, parts of a nanosecond, negative, more than 100 h.
std::expected<SimDuration, UnitError> parse_duration(std::string_view text);
/// The shortest spelling with a whole or decimal number: "2.5s", "100us".
std::string duration_to_text(SimDuration duration);

/// "100Mbps", "1Gbps", "64kbps", "1200bps": bits per second (decimal prefixes).
/// Errors: no unit, an unknown unit (bytes, for instance), zero, more than 1 Tbps.
std::expected<std::uint64_t, UnitError> parse_rate(std::string_view text);
std::string rate_to_text(std::uint64_t bits_per_second);

/// "0.5%" or "5000ppm", in parts per million; at most 100 %.
std::expected<std::uint32_t, UnitError> parse_share(std::string_view text);
std::string share_to_text(std::uint32_t ppm);

}  // namespace lvslab::scenario
