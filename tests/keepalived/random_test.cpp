// The generator against the C library's own.
#include <gtest/gtest.h>

#include <cstdlib>

#include "sim/keepalived/glibc_random.h"

namespace lvslab::keepalived {
namespace {

class RandomSeed : public testing::TestWithParam<std::uint32_t> {};

TEST_P(RandomSeed, DrawsWhatTheLibraryDraws) {
  ::srandom(GetParam());
  GlibcRandom random(GetParam());
  for (int i = 0; i < 1'000; ++i) ASSERT_EQ(random.next(), static_cast<std::uint32_t>(::random()));
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomSeed,
                         testing::Values(0U, 1U, 12'345U, 1'767'254'400U, 0x7fff'ffffU,
                                         0x8000'0000U, 0xffff'ffffU));

}  // namespace
}  // namespace lvslab::keepalived
