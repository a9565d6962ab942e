// The languages in which the lab speaks to people. What the real tools print stays English.
#pragma once

#include <cstdint>

namespace lvslab {

enum class Language : std::uint8_t { kEn, kZh };

}  // namespace lvslab
