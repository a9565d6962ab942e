// A seeded pseudo-random generator (SplitMix64, Steele/Lea/Flood 2014): a value, so a snapshot of
// the world carries its own future.
#pragma once

#include <cstdint>

namespace lvslab {

/// Scrambles all 64 bits; also the hash of integer keys (sequential MACs and addresses spread).
constexpr std::uint64_t mix64(std::uint64_t x) {
  x = (x ^ x >> 30) * 0xbf58'476d'1ce4'e5b9ULL;
  x = (x ^ x >> 27) * 0x94d0'49bb'1331'11ebULL;
  return x ^ x >> 31;
}

class Prng {
 public:
  constexpr explicit Prng(std::uint64_t seed = 1) : state_(seed) {}
  constexpr std::uint64_t next() { return mix64(state_ += 0x9e37'79b9'7f4a'7c15ULL); }
  /// Uniform in [0, bound); bound > 0.
  constexpr std::uint32_t below(std::uint32_t bound) {
    return static_cast<std::uint32_t>((next() >> 32) * bound >> 32);
  }
  /// True with a probability of `ppm` in a million.
  constexpr bool chance_ppm(std::uint32_t ppm) { return below(1'000'000) < ppm; }
  constexpr bool operator==(const Prng&) const = default;

 private:
  std::uint64_t state_;
};

}  // namespace lvslab
