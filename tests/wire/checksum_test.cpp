// The Internet checksum: the RFC's own example, a slow reference, and incremental updates.
#include "sim/wire/checksum.h"

#include <gtest/gtest.h>

#include <vector>

#include "sim/base/prng.h"

namespace lvslab {
namespace {

/// Word by word, as RFC 1071 §1 defines it.
std::uint16_t reference_checksum(Bytes bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    sum += static_cast<std::uint32_t>(bytes[i]) << 8;
    if (i + 1 < bytes.size()) sum += bytes[i + 1];
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return static_cast<std::uint16_t>(~sum);
}

std::vector<std::uint8_t> random_bytes(Prng& prng, std::size_t size) {
  std::vector<std::uint8_t> bytes(size);
  for (auto& b : bytes) b = static_cast<std::uint8_t>(prng.next());
  return bytes;
}

TEST(Checksum, ExampleOfRfc1071) {
  const std::vector<std::uint8_t> bytes{0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
  EXPECT_EQ(sum_bytes(bytes), 0xddf2U);
  EXPECT_EQ(internet_checksum(bytes), 0x220d);
}

TEST(Checksum, OfNothingIsAllOnes) { EXPECT_EQ(internet_checksum({}), 0xffff); }

TEST(Checksum, OddLastByteIsTheHighByte) {
  EXPECT_EQ(sum_bytes(std::vector<std::uint8_t>{0x12, 0x34, 0x56}), 0x1234U + 0x5600U);
}

TEST(Checksum, AgreesWithTheReferenceAtEveryLengthAndAlignment) {
  Prng prng(1);
  const std::vector<std::uint8_t> bytes = random_bytes(prng, 200);
  for (std::size_t at = 0; at < 16; ++at) {
    for (std::size_t size = 0; size + at <= bytes.size(); ++size) {
      const Bytes part = Bytes(bytes).subspan(at, size);
      ASSERT_EQ(internet_checksum(part), reference_checksum(part)) << at << "+" << size;
    }
  }
}

TEST(Checksum, CarriesAreNotLostInFullFrames) {
  const std::vector<std::uint8_t> ones(1500, 0xff);
  EXPECT_EQ(internet_checksum(ones), 0);
  Prng prng(2);
  for (int i = 0; i < 200; ++i) {
    const auto bytes = random_bytes(prng, 1400 + prng.below(7600));
    ASSERT_EQ(internet_checksum(bytes), reference_checksum(bytes));
  }
}

TEST(Checksum, SumsOfEvenPartsAddUp) {
  Prng prng(3);
  const auto bytes = random_bytes(prng, 101);
  const std::uint32_t parts =
      sum_bytes(Bytes(bytes).first(38)) + sum_bytes(Bytes(bytes).subspan(38));
  EXPECT_EQ(checksum_of(parts), internet_checksum(bytes));
}

TEST(Checksum, ExampleOfRfc1624) {
  // RFC 1624 §4: old checksum 0xdd2f, word 0x5555 -> 0x3285 gives 0x0000, not 0xffff.
  EXPECT_EQ(checksum_update16(0xdd2f, 0x5555, 0x3285), 0x0000);
}

TEST(Checksum, IncrementalUpdateEqualsRecomputation) {
  Prng prng(4);
  for (int i = 0; i < 10'000; ++i) {
    auto bytes = random_bytes(prng, 40);
    bytes[0] = 0x45;
    store_be16(bytes.data() + 10, 0);
    const std::uint16_t before = internet_checksum(bytes);
    const std::size_t at = 12 + 2 * prng.below(12);
    const auto word = static_cast<std::uint16_t>(prng.below(8) == 0 ? 0xffff : prng.next());
    const std::uint16_t by16 = checksum_update16(before, load_be16(bytes.data() + at), word);
    store_be16(bytes.data() + at, word);
    ASSERT_EQ(by16, internet_checksum(bytes));
    const auto value = static_cast<std::uint32_t>(prng.next());
    const std::uint16_t by32 = checksum_update32(by16, load_be32(bytes.data() + at), value);
    store_be32(bytes.data() + at, value);
    ASSERT_EQ(by32, internet_checksum(bytes));
  }
}

}  // namespace
}  // namespace lvslab
