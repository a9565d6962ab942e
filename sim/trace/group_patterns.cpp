#include "sim/trace/group_patterns.h"

#include <algorithm>
#include <cstring>

#include "sim/base/check.h"

namespace lvslab {
namespace {

constexpr std::uint32_t kShapeWord = 3, kCauseWord = 4, kNothingWord = 5;
constexpr std::uint64_t kLowerHalf = 0xffff'ffffU;

bool is_shape(std::uint32_t index) { return index % 6 == kShapeWord; }
bool is_nothing(std::uint32_t index) { return index % 6 == kNothingWord; }

}  // namespace

std::uint16_t* GroupPatterns::put_words(std::uint16_t* out, std::uint32_t number,
                                        const Words& group) const {
  const Pattern& p = patterns_[number];
  const std::uint16_t* const holes = places_.view().data() + p.places;
  for (std::uint32_t i = 0; i < p.holes; ++i) {
    const std::uint32_t value = word(group.data(), holes[i]);
    std::memcpy(out, &value, sizeof value);
    out += 2;
  }
  return out;
}

std::array<std::uint64_t, 3> GroupPatterns::read(std::uint32_t number, std::uint32_t index,
                                                 Cursor& cursor, const std::uint16_t* units) const {
  const Pattern& p = patterns_[number];
  const std::uint16_t* const places = places_.view().data() + p.places;
  const std::uint32_t begin = kWordsEach * index, end = begin + kWordsEach;
  std::array<std::uint64_t, 3> words;  // NOLINT(*-member-init): all are copied into
  std::copy_n(&values_[p.values + begin / 2], 3, words.data());
  const auto fill = [&](std::uint32_t place, std::uint32_t hole) {
    std::uint32_t value;
    std::memcpy(&value, units + 2 * std::size_t{hole}, sizeof value);
    const std::uint32_t at = place - begin, shift = at % 2 * 32;
    words[at / 2] = (words[at / 2] & ~(kLowerHalf << shift)) | std::uint64_t{value} << shift;
  };
  for (; cursor.hole < p.holes && places[cursor.hole] < end; ++cursor.hole) {
    fill(places[cursor.hole], cursor.hole);
  }
  const std::uint16_t* const repeats = places + p.holes;
  for (; cursor.repeat < p.repeats; ++cursor.repeat) {
    const std::uint16_t* const repeat = repeats + std::size_t{2} * cursor.repeat;
    if (repeat[0] >= end) break;
    const std::uint16_t* const hole = std::lower_bound(places, places + p.holes, repeat[1]);
    fill(repeat[0], static_cast<std::uint32_t>(hole - places));
  }
  return words;
}

bool GroupPatterns::same_shape(std::uint32_t number, const Words& group,
                               std::uint32_t count) const {
  if (number == kNone || patterns_[number].count != count) return false;
  const std::uint64_t* const values = &values_[patterns_[number].values];
  for (std::size_t i = 1; i < 3 * std::size_t{count}; i += 3) {
    if (group[i] >> 32 != values[i] >> 32) return false;
  }
  return true;
}

std::uint32_t GroupPatterns::find_or_make(const Words& group, std::uint32_t count,
                                          std::uint32_t shape) {
  const Bucket known = buckets_[place_of(shape)];
  if (holds_for(known.second, group, count)) return known.second;
  const bool like_first = same_shape(known.first, group, count);
  const bool like_second = !like_first && same_shape(known.second, group, count);
  const std::uint32_t from = like_first ? known.first : like_second ? known.second : kNone;
  const std::uint32_t made = make(group, count, from);
  if (patterns_.size() > buckets_.size() && shift_ > 64 - kLastBits) {
    // Small traces keep a small table; what it knew is learned again.
    --shift_;
    buckets_.assign(2 * buckets_.size(), {});
  }
  Bucket& bucket = buckets_[place_of(shape)];
  if (!like_first) bucket.second = bucket.first;
  bucket.first = made;
  return made;
}

// What a word stood for in a pattern: two that stood for the same may still be equal. The hole that
// it is or repeats; kNone if it had a value.
std::uint32_t GroupPatterns::expected(std::uint32_t from, std::uint32_t word_index) const {
  const Pattern& p = patterns_[from];
  const std::uint16_t* const places = places_.view().data() + p.places;
  if (std::binary_search(places, places + p.holes, word_index)) return word_index;
  const std::uint16_t* const repeats = places + p.holes;
  for (std::uint32_t i = 0; i < 2U * p.repeats; i += 2) {
    if (repeats[i] == word_index) return repeats[i + 1];
  }
  return kNone;
}

// A pattern for `group` and all groups that `from` held for, if there is one.
std::uint32_t GroupPatterns::make(const Words& group, std::uint32_t count, std::uint32_t from) {
  LVSLAB_CHECK(values_.size() < kNone - 6 * kMostRecords && places_.size() < kNone - 1'000,
               "more patterns than a trace can number");
  struct Open {
    std::uint32_t place, stood_for, value_before, value, hole;
  };
  std::vector<Open> open;
  Words masks{};
  for (std::uint32_t i = 0; i < kWordsEach * count; ++i) {
    const std::uint32_t now = word(group.data(), i);
    Open it{i, kNone, 0, now, i};
    bool has_value = true;
    if (from != kNone && !is_shape(i) && !is_nothing(i)) {
      it.stood_for = expected(from, i);
      it.value_before = it.stood_for == kNone ? word(&values_[patterns_[from].values], i) : 0;
      has_value = it.stood_for == kNone && it.value_before == now;
    } else if (i % kWordsEach == kCauseWord) {
      has_value = now < count;  // a cause outside of the group is never at the same distance
    }
    if (has_value) {
      masks[i / 2] |= kLowerHalf << (i % 2 * 32);
      continue;
    }
    for (const Open& earlier : open) {
      if (earlier.hole == earlier.place && earlier.value == now &&
          earlier.stood_for == it.stood_for && earlier.value_before == it.value_before) {
        it.hole = earlier.place;
        break;
      }
    }
    open.push_back(it);
  }
  Pattern p;
  p.values = static_cast<std::uint32_t>(values_.size());
  p.places = static_cast<std::uint32_t>(places_.size());
  p.count = static_cast<std::uint16_t>(count);
  values_.append(std::span(group).first(3 * std::size_t{count}));
  values_.append(std::span<const std::uint64_t>(masks).first(3 * std::size_t{count}));
  for (std::uint32_t i = 0; i < count; ++i) {
    if (Fact{0, group[std::size_t{3} * i + 1]}.kind() == kSentFirst) ++p.sent_first;
  }
  for (const Open& it : open) {
    if (it.hole == it.place) places_.push_back(static_cast<std::uint16_t>(it.place)), ++p.holes;
  }
  for (const Open& it : open) {
    if (it.hole == it.place) continue;
    places_.push_back(static_cast<std::uint16_t>(it.place));
    places_.push_back(static_cast<std::uint16_t>(it.hole));
    ++p.repeats;
  }
  patterns_.push_back(p);
  return static_cast<std::uint32_t>(patterns_.size() - 1);
}

}  // namespace lvslab
