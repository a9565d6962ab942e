#include "sim/tcp/send_queue.h"

#include <gtest/gtest.h>

#include <deque>
#include <vector>

#include "sim/base/prng.h"

namespace lvslab::tcp {
namespace {

std::vector<std::uint8_t> queued(const SendQueue& queue, const FramePool& pool, std::uint32_t from,
                                 std::uint32_t size) {
  std::vector<std::uint8_t> bytes(size);
  queue.copy(pool, queue.seq() + from, bytes);
  return bytes;
}

TEST(SendQueue, HoldsWhatWasWrittenAndNotAcknowledgedWhereverItsBuffersEnd) {
  FramePool pool;
  SendQueue queue;
  std::deque<std::uint8_t> model;
  Prng random(7);
  std::uint8_t next = 0;
  queue.begin_at(0xffff'f000U);  // sequence numbers wrap around
  for (int i = 0; i < 3'000; ++i) {
    std::vector<std::uint8_t> more(random.below(i % 100 == 0 ? 200'000 : 3'000));
    for (std::uint8_t& byte : more)
      model.push_back(byte = next = static_cast<std::uint8_t>(next * 5 + 1));
    queue.append(pool, more);
    const auto size = static_cast<std::uint32_t>(model.size());
    ASSERT_EQ(queue.size(), size);
    const std::uint32_t from = random.below(size + 1), count = random.below(size - from + 1);
    ASSERT_EQ(queued(queue, pool, from, count),
              std::vector<std::uint8_t>(model.begin() + from, model.begin() + from + count))
        << "after " << i << " writes, " << count << " bytes from byte " << from << " on";
    const std::uint32_t acknowledged = random.below(random.below(4) == 0 ? size + 1 : size / 8 + 1);
    queue.release(pool, acknowledged);
    model.erase(model.begin(), model.begin() + acknowledged);
  }
  queue.clear(pool);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(pool.in_use(), 0U);
}

TEST(SendQueue, OfACopiedWorldGoesOnByItself) {
  FramePool pool;
  SendQueue queue;
  queue.append(pool, std::vector<std::uint8_t>(100'000, 1));
  FramePool then = pool;
  SendQueue as_it_was = queue;
  queue.clear(pool);
  queue.append(pool, std::vector<std::uint8_t>(100'000, 2));
  as_it_was.append(then, std::vector<std::uint8_t>(10, 3));
  EXPECT_EQ(queued(as_it_was, then, 99'999, 2), (std::vector<std::uint8_t>{1, 3}));
  EXPECT_EQ(queued(queue, pool, 99'999, 1), (std::vector<std::uint8_t>{2}));
}

TEST(SendQueue, OfASmallAnswerTakesASmallBuffer) {
  FramePool pool;
  SendQueue queue;
  queue.append(pool, std::vector<std::uint8_t>(400, 1));
  EXPECT_LT(pool.memory_bytes(), 64U << 10) << "one chunk of buffers for short frames";
}

}  // namespace
}  // namespace lvslab::tcp
