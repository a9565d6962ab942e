// Chance for the drawing of random labs: every ingredient throws its own dice, so that a new
// ingredient leaves what the others draw as it was.
#pragma once

#include <cstddef>
#include <string_view>

#include "sim/base/prng.h"
#include "sim/base/time.h"

namespace lvslab::fuzz {

class Dice {
 public:
  /// The stream of `name` in lab `index` of `seed`.
  constexpr Dice(std::uint64_t seed, std::uint64_t index, std::string_view name)
      : prng_(mix64(mix64(mix64(seed) + index) ^ hash_of(name))) {}

  /// Uniform in [0, bound); bound > 0.
  constexpr std::uint32_t below(std::size_t bound) {
    return prng_.below(static_cast<std::uint32_t>(bound));
  }
  /// Uniform in [least, most].
  constexpr int between(int least, int most) {
    return least + static_cast<int>(below(static_cast<std::size_t>(most - least) + 1));
  }
  constexpr bool percent(std::uint32_t chance) { return below(100) < chance; }
  /// A multiple of `step` away from `least`, so that files stay readable.
  constexpr SimDuration between(SimDuration least, SimDuration most, SimDuration step) {
    const std::int64_t steps = (most - least).ns / step.ns + 1;
    return least + step * static_cast<std::int64_t>(below(static_cast<std::size_t>(steps)));
  }
  /// One of `choices`, which are not empty.
  template <class Choices>
  constexpr decltype(auto) pick(const Choices& choices) {
    return choices[below(std::size(choices))];
  }

 private:
  static constexpr std::uint64_t hash_of(std::string_view name) {
    std::uint64_t hash = 0;
    for (const char c : name) hash = mix64(hash + static_cast<unsigned char>(c) + 1);
    return hash;
  }
  Prng prng_;
};

}  // namespace lvslab::fuzz
