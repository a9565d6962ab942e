// Numbers as the traffic tools read and print them, without floating point.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sim/base/time.h"

namespace lvslab::command {

/// "0.2", ".5", "3" in seconds, to the nanosecond; nothing if it is not such a number.
std::optional<SimDuration> parse_decimal_seconds(std::string_view text);
/// The shortest decimal text of a duration that is not negative: "0.2", "3".
std::string decimal_seconds(SimDuration duration);
/// The largest root whose square is at most `n`.
std::uint64_t integer_sqrt(std::uint64_t n);

}  // namespace lvslab::command
