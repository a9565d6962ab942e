// random(3) as the GNU C library has it: keepalived seeds it with the second in which it reads its
// configuration, so that two hosts which start in the same second make the same draws.
// Source: glibc stdlib/random_r.c (TYPE_3: r[i] = r[i-3] + r[i-31]).
#pragma once

#include <array>
#include <cstdint>

namespace lvslab::keepalived {

class GlibcRandom {
 public:
  static constexpr std::uint32_t kMax = 0x7fff'ffff;  ///< RAND_MAX

  explicit constexpr GlibcRandom(std::uint32_t seed) {
    constexpr std::int64_t kFactor = 16'807, kModulus = 2'147'483'647;
    state_[0] = seed == 0 ? 1 : seed;
    for (std::size_t i = 1; i < kWords; ++i) {
      // In signed numbers: a seed of 2^31 and more is a negative one.
      std::int64_t word = kFactor * static_cast<std::int32_t>(state_[i - 1]) % kModulus;
      if (word < 0) word += kModulus;
      state_[i] = static_cast<std::uint32_t>(word);
    }
    for (int i = 0; i < kDiscarded; ++i) next();
  }

  /// 0 to kMax.
  constexpr std::uint32_t next() {
    const std::size_t back = (at_ + kWords - kSeparation) % kWords;
    state_[at_] += state_[back];
    const std::uint32_t word = state_[at_];
    at_ = (at_ + 1) % kWords;
    return word >> 1;
  }

 private:
  static constexpr std::size_t kWords = 31;
  static constexpr std::size_t kSeparation = 3;
  static constexpr int kDiscarded = 310;
  std::array<std::uint32_t, kWords> state_{};
  std::size_t at_ = kSeparation;
};

}  // namespace lvslab::keepalived
