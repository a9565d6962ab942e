#include "sim/core/event_queue.h"

#include <algorithm>
#include <array>
#include <bit>

namespace lvslab {
namespace {

// 1,024 buckets of 2^53 ns reach to the end of time.
constexpr int kWidest = 53;
constexpr std::size_t kSample = 64;

}  // namespace

std::int64_t EventQueue::end_of_bucket(std::size_t bucket) const {
  const std::uint64_t span = (std::uint64_t{bucket} + 1) << shift_;
  const auto left = static_cast<std::uint64_t>(kNoHorizon - first_);
  return span > left ? kNoHorizon : first_ + static_cast<std::int64_t>(span) - 1;
}

void EventQueue::put_far(const Key& key) {
  ++far_count_;
  const auto bucket = static_cast<std::uint64_t>(key.at - first_) >> shift_;
  (bucket < kBuckets ? buckets_[bucket] : beyond_).push_back(key);
}

// The heap is empty: the next bucket that is not becomes the heap.
void EventQueue::refill() {
  while (near_.empty()) {
    if (next_bucket_ == kBuckets) return spread();
    std::vector<Key>& bucket = buckets_[next_bucket_];
    horizon_ = end_of_bucket(next_bucket_++);
    far_count_ -= bucket.size();
    near_.swap_keys(bucket);
  }
  if (far_count_ > 0) return;
  horizon_ = kNoHorizon;
  spread_at_ = std::max(kFew, 2 * near_.size());  // events of one moment stay in one heap
}

// Distributes all events anew, by what is pending now.
void EventQueue::spread() {
  std::vector<Key> all;
  all.reserve(size());
  const auto gather = [&all](std::vector<Key>& keys) {
    all.insert(all.end(), keys.begin(), keys.end());
    keys.clear();
  };
  gather(beyond_);
  for (std::vector<Key>& bucket : buckets_) gather(bucket);
  std::vector<Key> near;
  near_.swap_keys(near);
  gather(near);
  far_count_ = 0;
  if (all.size() < kFew) {
    near_.swap_keys(all);
    horizon_ = kNoHorizon;
    spread_at_ = kFew;
    return;
  }
  buckets_.resize(kBuckets);
  measure_buckets(all);
  for (const Key& key : all) put_far(key);
  next_bucket_ = 0;
  spread_at_ = 2 * all.size();
  refill();
}

// Three quarters of the events shall find a bucket. The rest, which may be scattered far into the
// future, would make the buckets too wide.
void EventQueue::measure_buckets(const std::vector<Key>& keys) {
  first_ = std::ranges::min(keys, {}, &Key::at).at;
  std::array<std::int64_t, kSample> sample{};
  for (std::size_t i = 0; i < kSample; ++i) sample[i] = keys[i * keys.size() / kSample].at;
  const auto quantile = sample.begin() + kSample * 3 / 4;
  std::ranges::nth_element(sample, quantile);
  const auto width = static_cast<std::uint64_t>(*quantile - first_) / kBuckets;
  shift_ = std::min(static_cast<int>(std::bit_width(width)), kWidest);
}

}  // namespace lvslab
