// The frames behind golden/built.*: every kind of packet the labs produce, and broken ones.
#pragma once

#include <cstdint>
#include <vector>

namespace lvslab::test {

std::vector<std::vector<std::uint8_t>> built_frames();

}  // namespace lvslab::test
