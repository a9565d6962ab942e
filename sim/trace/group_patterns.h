// What groups of records have in common: see record_store.h.
//
// A group is seen as 32-bit words, six for each record: three arguments, the shape (see Fact), the
// cause, and nothing. A pattern tells of each word of a group of one shape
//   - it has a value: all groups so far agreed; the shape always has one;
//   - it is a hole: kept with every group;
//   - it repeats a hole.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <vector>

#include "sim/base/growing_array.h"
#include "sim/trace/fact.h"

namespace lvslab {

class GroupPatterns {
 public:
  static constexpr std::uint32_t kMostRecords = 24;
  /// Of each record: Fact::low, Fact::high, and the cause as 32 bits.
  using Words = std::array<std::uint64_t, std::size_t{3} * kMostRecords>;

  /// The number of the pattern of a group: all that it has a value for is as in the group. It is
  /// made, if there is none.
  std::uint32_t find(const Words& group, std::uint32_t count) {
    std::uint32_t shape = count;
    for (std::uint32_t i = 0; i < count; ++i) {
      shape = shape * 3 + static_cast<std::uint32_t>(group[3 * i + 1] >> 32);
    }
    const Bucket& bucket = buckets_[place_of(shape)];
    if (holds_for(bucket.first, group, count)) [[likely]]
      return bucket.first;
    return find_or_make(group, count, shape);
  }
  /// Writes the words that the pattern does not know: two units each.
  std::uint16_t* put_words(std::uint16_t* out, std::uint32_t number, const Words& group) const;

  // --- reading ---
  /// Which holes and repetitions belong to the records that were read.
  struct Cursor {
    std::uint32_t hole = 0, repeat = 0;
  };
  std::uint32_t records_of(std::uint32_t number) const { return patterns_[number].count; }
  /// How many of them are kSentFirst.
  std::uint32_t sent_first_of(std::uint32_t number) const { return patterns_[number].sent_first; }
  /// Units of the words that put_words() wrote.
  std::uint32_t units_of(std::uint32_t number) const { return 2 * patterns_[number].holes; }
  /// The next record of a group, whose words are at `units`.
  std::array<std::uint64_t, 3> read(std::uint32_t number, std::uint32_t index, Cursor& cursor,
                                    const std::uint16_t* units) const;

  std::size_t memory_bytes() const {
    return patterns_.memory_bytes() + values_.memory_bytes() + places_.memory_bytes() +
           buckets_.capacity() * sizeof(Bucket);
  }

 private:
  static constexpr std::uint32_t kNone = 0xffff'ffffU;
  static constexpr int kFirstBits = 6, kLastBits = 16;  ///< of the number of a bucket
  static constexpr std::uint32_t kWordsEach = 6;

  struct Pattern {
    std::uint32_t values = 0;  ///< in `values_`: the words, then masks of those that have a value
    std::uint32_t places = 0;  ///< in `places_`: the holes; then pairs of a word and its hole
    std::uint16_t count = 0;
    std::uint16_t sent_first = 0;
    std::uint16_t holes = 0, repeats = 0;
  };
  /// The patterns seen last of those whose shape has one hash.
  struct Bucket {
    std::uint32_t first = kNone, second = kNone;
  };
  struct Draft;

  std::size_t place_of(std::uint32_t shape) const {
    // Multiplicative hashing (Knuth, The Art of Computer Programming, vol. 3, 6.4).
    return (shape * 0x9e37'79b9'7f4a'7c15ULL) >> shift_;
  }
  bool holds_for(std::uint32_t number, const Words& group, std::uint32_t count) const {
    if (number == kNone || patterns_[number].count != count) return false;
    const Pattern& p = patterns_[number];
    const std::uint64_t* const values = &values_[p.values];
    const std::uint64_t* const masks = values + 3 * std::size_t{count};
    std::uint64_t different = 0;
    for (std::size_t i = 0; i < 3 * std::size_t{count}; ++i) {
      different |= (group[i] ^ values[i]) & masks[i];
    }
    const std::uint16_t* repeat = places_.view().data() + p.places + p.holes;
    for (const std::uint16_t* const end = repeat + std::size_t{2} * p.repeats; repeat != end;
         repeat += 2) {
      different |= word(group.data(), repeat[0]) ^ word(group.data(), repeat[1]);
    }
    return different == 0;
  }
  static std::uint32_t word(const std::uint64_t* group, std::size_t i) {
    static_assert(std::endian::native == std::endian::little);
    std::uint32_t value;
    std::memcpy(&value, reinterpret_cast<const char*>(group) + i * sizeof value, sizeof value);
    return value;
  }
  std::uint32_t find_or_make(const Words& group, std::uint32_t count, std::uint32_t shape);
  std::uint32_t make(const Words& group, std::uint32_t count, std::uint32_t from);
  bool same_shape(std::uint32_t number, const Words& group, std::uint32_t count) const;
  std::uint32_t expected(std::uint32_t from, std::uint32_t word_index) const;

  GrowingArray<Pattern> patterns_;
  GrowingArray<std::uint64_t> values_;
  GrowingArray<std::uint16_t> places_;
  std::vector<Bucket> buckets_ = std::vector<Bucket>(std::size_t{1} << kFirstBits);
  int shift_ = 64 - kFirstBits;
};

}  // namespace lvslab
