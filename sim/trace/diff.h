// Where two traces part: for tests of determinism, and for people who changed one thing and ask
// what else changed.
#pragma once

#include <optional>
#include <string>

#include "sim/trace/trace.h"

namespace lvslab {

/// The first record in which `a` and `b` differ, as a text: what both have before it ("  "), then
/// the following records of each ("- " for `a`, "+ " for `b`), at most `context` lines of each.
/// Frames, rows and texts are compared by content. Nothing if the traces are equal.
std::optional<std::string> first_difference(const Trace& a, const Trace& b, int context = 3);

}  // namespace lvslab
