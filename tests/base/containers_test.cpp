// The containers of the packet path against those of the standard library.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <queue>

#include "sim/base/dary_heap.h"
#include "sim/base/growing_array.h"
#include "sim/base/index_table.h"
#include "sim/base/prng.h"
#include "sim/base/slab.h"

namespace lvslab {
namespace {

struct HashCase {
  std::string name;
  std::uint64_t mask;  ///< keeps few bits of the hash, so that entries collide
};

class IndexTableModel : public ::testing::TestWithParam<HashCase> {
 protected:
  std::uint64_t hash(std::uint32_t key) const { return mix64(key) & GetParam().mask; }
};

TEST_P(IndexTableModel, FindsWhatAMapFinds) {
  IndexTable table;
  std::map<std::uint32_t, std::uint32_t> model;  // key → index
  std::vector<std::uint32_t> key_of;             // index → key
  Prng random(17);
  const auto find = [&](std::uint32_t key) {
    return table.find(hash(key), [&](std::uint32_t i) { return key_of[i] == key; });
  };
  for (int i = 0; i < 20'000; ++i) {
    const std::uint32_t key = random.below(300);
    const auto known = model.find(key);
    ASSERT_EQ(find(key), known == model.end() ? IndexTable::kNone : known->second);
    if (known == model.end()) {
      const auto index = static_cast<std::uint32_t>(key_of.size());
      key_of.push_back(key);
      table.insert(hash(key), index);
      model[key] = index;
    } else if (random.below(3) != 0) {
      table.erase(hash(key), known->second);
      model.erase(known);
    }
    ASSERT_EQ(table.size(), model.size());
  }
  for (const auto& [key, index] : model) ASSERT_EQ(find(key), index);
}

INSTANTIATE_TEST_SUITE_P(Hashes, IndexTableModel,
                         ::testing::Values(HashCase{"Good", ~0ULL}, HashCase{"SixteenValues", 15},
                                           HashCase{"Constant", 0},
                                           HashCase{"HighBitsOnly", 0xffff'ffff'0000'0000ULL}),
                         [](const auto& param) { return param.param.name; });

TEST(IndexTable, ErasingWhatIsNotThereDoesNothing) {
  IndexTable table;
  table.erase(1, 1);
  table.insert(1, 7);
  table.erase(1, 8);
  EXPECT_EQ(table.size(), 1U);
  table.clear();
  EXPECT_EQ(table.find(1, [](std::uint32_t) { return true; }), IndexTable::kNone);
}

TEST(IndexTable, ACopyIsIndependent) {
  IndexTable table;
  for (std::uint32_t i = 0; i < 100; ++i) table.insert(mix64(i), i);
  IndexTable copy = table;
  for (std::uint32_t i = 0; i < 100; ++i) table.erase(mix64(i), i);
  EXPECT_EQ(copy.size(), 100U);
  EXPECT_EQ(copy.find(mix64(42), [](std::uint32_t i) { return i == 42; }), 42U);
}

TEST(Slab, KeepsIndicesAndReusesReleasedOnesFresh) {
  Slab<std::string, 4> slab;
  for (std::uint32_t i = 0; i < 10; ++i) {
    ASSERT_EQ(slab.acquire(), i);
    slab[i] = std::to_string(i);
  }
  slab.release(3);
  EXPECT_EQ(slab.in_use(), 9U);
  EXPECT_EQ(slab.acquire(), 3U);
  EXPECT_EQ(slab[3], "") << "a fresh value";
  EXPECT_EQ(slab[9], "9");
  EXPECT_EQ(slab.limit(), 10U);
  EXPECT_DEATH(slab.release(10), "never acquired");
}

TEST(Slab, DoesNotMoveItsElementsWhenItGrows) {
  Slab<int, 4> slab;
  slab.acquire();
  const int* first = &slab[0];
  for (int i = 0; i < 1000; ++i) slab.acquire();
  EXPECT_EQ(&slab[0], first);
}

TEST(Slab, ACopyIsIndependentAndGoesOnAlike) {
  Slab<int, 4> slab;
  for (int i = 0; i < 9; ++i) slab[slab.acquire()] = i;
  slab.release(5);
  Slab<int, 4> copy = slab;
  slab[2] = 99;
  EXPECT_EQ(copy[2], 2);
  EXPECT_EQ(copy.acquire(), slab.acquire());
  copy = slab;
  EXPECT_EQ(copy[2], 99);
}

TEST(DaryHeap, LeavesInTheOrderOfAPriorityQueue) {
  DaryHeap<std::uint64_t> heap;
  std::priority_queue<std::uint64_t, std::vector<std::uint64_t>, std::greater<>> model;
  Prng random(23);
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    const std::uint64_t key = random.below(1000) * 100'000ULL + i;
    switch (model.empty() ? 0 : random.below(3)) {
      case 0:
        heap.push(key);
        model.push(key);
        break;
      case 1:
        ASSERT_EQ(heap.pop(), model.top());
        model.pop();
        break;
      default:
        ASSERT_EQ(heap.replace_top(key), model.top());
        model.pop();
        model.push(key);
    }
    ASSERT_EQ(heap.size(), model.size());
    if (model.empty()) continue;
    ASSERT_EQ(heap.top(), model.top());
  }
}

TEST(DaryHeap, BecomesTheHeapOfKeysInAnyOrder) {
  Prng random(29);
  DaryHeap<std::uint64_t> heap;
  for (std::size_t count = 0; count < 70; ++count) {
    std::vector<std::uint64_t> keys(count);
    for (std::uint64_t& key : keys) key = random.next();
    std::vector<std::uint64_t> sorted = keys;
    std::ranges::sort(sorted);
    heap.swap_keys(keys);
    EXPECT_TRUE(keys.empty()) << "the heap had been emptied";
    for (const std::uint64_t key : sorted) ASSERT_EQ(heap.pop(), key);
  }
}

TEST(GrowingArray, HoldsWhatAVectorHolds) {
  GrowingArray<std::uint32_t> array;
  std::vector<std::uint32_t> model;
  Prng random(31);
  for (int i = 0; i < 2'000; ++i) {
    const std::vector<std::uint32_t> more(random.below(40), random.below(1'000));
    array.append(more);
    model.insert(model.end(), more.begin(), more.end());
    array.push_back(model.emplace_back(random.below(1'000)));
    if (random.below(10) == 0) {
      const std::size_t left = random.below(static_cast<std::uint32_t>(model.size()));
      array.cut(left);
      model.resize(left);
    }
    ASSERT_EQ(array.size(), model.size());
    ASSERT_TRUE(std::ranges::equal(array.view(), model));
  }
}

TEST(GrowingArray, ACopyIsIndependentAndAMovedOneIsTheSame) {
  GrowingArray<int> array;
  for (int i = 0; i < 100; ++i) array.push_back(i);
  GrowingArray<int> copy = array;
  array.cut(3);
  array.push_back(7);
  EXPECT_EQ(copy.size(), 100U);
  EXPECT_EQ(copy[3], 3);
  const GrowingArray<int> moved = std::move(copy);
  EXPECT_EQ(moved.back(), 99);
  copy = moved;
  EXPECT_EQ(copy.size(), 100U);
}

TEST(GrowingArray, GrowsBeyondTheSizeOfHugePages) {
  GrowingArray<std::uint64_t> array;
  constexpr std::size_t kMany = 3'000'000;
  for (std::size_t i = 0; i < kMany; ++i) array.push_back(i);
  for (std::size_t i = 0; i < kMany; i += 4'097) ASSERT_EQ(array[i], i);
}

}  // namespace
}  // namespace lvslab
