// A 64-bit digest of a stream of integers and bytes: equal runs have equal digests on any machine.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "sim/base/prng.h"

namespace lvslab {

class Digest {
 public:
  constexpr void add(std::uint64_t v) { state_ = mix64(state_ ^ v) + 0x9e37'79b9'7f4a'7c15ULL; }
  constexpr void add(std::span<const std::uint8_t> bytes) {
    add(bytes.size());
    std::uint64_t word = 0;
    int filled = 0;
    for (const std::uint8_t b : bytes) {
      word = word << 8 | b;
      if (++filled == 8) {
        add(word);
        word = 0;
        filled = 0;
      }
    }
    if (filled > 0) add(word);
  }
  constexpr void add(std::string_view text) {
    add(text.size());
    for (const char c : text) add(static_cast<std::uint8_t>(c));
  }
  constexpr std::uint64_t value() const { return state_; }
  constexpr bool operator==(const Digest&) const = default;

 private:
  std::uint64_t state_ = 0x6c76'736c'6162'0001ULL;
};

}  // namespace lvslab
