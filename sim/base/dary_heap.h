// A 4-ary min-heap of small keys: four children share a cache line when a key is 16 bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace lvslab {

/// `Key` needs operator<. Equal keys leave in no particular order: make keys unique.
template <class Key>
class DaryHeap {
 public:
  bool empty() const { return keys_.empty(); }
  std::size_t size() const { return keys_.size(); }
  const Key& top() const { return keys_.front(); }
  const std::vector<Key>& keys() const { return keys_; }
  void clear() { keys_.clear(); }
  /// Becomes the heap of `keys`, which may be in any order, and gives its own for them.
  void swap_keys(std::vector<Key>& keys) {
    keys_.swap(keys);
    for (std::size_t i = (keys_.size() + 2) / 4; i-- > 0;) sink(i, keys_[i]);
  }

  void push(Key key) {
    std::size_t i = keys_.size();
    keys_.push_back(key);
    while (i > 0) {
      const std::size_t parent = (i - 1) / 4;
      if (!(key < keys_[parent])) break;
      keys_[i] = keys_[parent];
      i = parent;
    }
    keys_[i] = key;
  }

  Key pop() {
    const Key top = keys_.front();
    const Key last = keys_.back();
    keys_.pop_back();
    if (!keys_.empty()) sink(0, last);
    return top;
  }

  /// pop() and push(key) in one walk.
  Key replace_top(Key key) {
    const Key top = keys_.front();
    sink(0, key);
    return top;
  }

 private:
  // Puts `key` at `i` or below, where the key that was at `i` is no longer needed.
  void sink(std::size_t i, Key key) {
    const std::size_t n = keys_.size();
    for (;;) {
      const std::size_t first = 4 * i + 1;
      if (first >= n) break;
      std::size_t least = first;
      if (first + 3 < n) {
        const std::size_t a = first + static_cast<std::size_t>(keys_[first + 1] < keys_[first]);
        const std::size_t b =
            first + 2 + static_cast<std::size_t>(keys_[first + 3] < keys_[first + 2]);
        least = keys_[b] < keys_[a] ? b : a;
      } else {
        for (std::size_t c = first + 1; c < n; ++c) {
          if (keys_[c] < keys_[least]) least = c;
        }
      }
      if (!(keys_[least] < key)) break;
      keys_[i] = keys_[least];
      i = least;
    }
    keys_[i] = key;
  }

  std::vector<Key> keys_;
};

}  // namespace lvslab
