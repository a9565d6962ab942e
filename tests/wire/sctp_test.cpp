// SCTP packets: the checksum, chunks of any shape, and what dissect() says of real ones.
#include "sim/wire/sctp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "sim/base/prng.h"
#include "sim/wire/build.h"
#include "sim/wire/dissect.h"
#include "sim/wire/summary.h"
#include "tests/golden.h"
#include "tests/wire/golden.h"

namespace lvslab {
namespace {

using test::Frame;
using Type = SctpChunkType;

std::vector<Frame> golden_frames() { return test::from_hex(test::read_golden("sctp.hex")); }

Bytes sctp_of(const Frame& frame) {
  return Bytes(frame).subspan(EthernetRepr::kLength + Ipv4Repr::kLength);
}

TEST(SctpChecksum, IsRightInPacketsOfARealKernel) {
  for (const Frame& frame : golden_frames()) EXPECT_TRUE(sctp_checksum_ok(sctp_of(frame)));
}

TEST(SctpChecksum, SeesEveryChangedByteButItsOwn) {
  Frame frame = golden_frames().back();
  for (std::size_t i = EthernetRepr::kLength + Ipv4Repr::kLength; i < frame.size(); ++i) {
    frame[i] ^= 1;
    EXPECT_FALSE(sctp_checksum_ok(sctp_of(frame))) << i;
    frame[i] ^= 1;
  }
  EXPECT_FALSE(sctp_checksum_ok(sctp_of(frame).first(11)));
}

TEST(SctpChunks, AreTakenOneByOneWithTheirPadding) {
  std::vector<std::uint8_t> bytes = sctp_chunk(Type::kCookieAck, 0);
  for (const std::size_t size : {1U, 4U, 7U}) {
    const auto more = sctp_chunk(Type::kHeartbeat, 3, std::vector<std::uint8_t>(size, 9));
    bytes.insert(bytes.end(), more.begin(), more.end());
  }
  Bytes rest = bytes;
  EXPECT_EQ(take_sctp_chunk(rest)->type, Type::kCookieAck);
  for (const std::size_t size : {1U, 4U, 7U}) {
    const auto chunk = take_sctp_chunk(rest);
    ASSERT_TRUE(chunk);
    EXPECT_EQ(chunk->flags, 3);
    EXPECT_EQ(chunk->value.size(), size);
    EXPECT_TRUE(chunk->is_whole());
  }
  EXPECT_TRUE(rest.empty());
  EXPECT_FALSE(take_sctp_chunk(rest));
}

TEST(SctpChunks, WithABadLengthEndThePacketOrComeAsFarAsTheyGo) {
  std::vector<std::uint8_t> bytes{0, 3, 0, 2};
  Bytes rest = bytes;
  EXPECT_FALSE(take_sctp_chunk(rest));
  bytes = {0, 3, 0, 40, 1, 2};
  rest = bytes;
  const auto chunk = take_sctp_chunk(rest);
  ASSERT_TRUE(chunk);
  EXPECT_EQ(chunk->value.size(), 2U);
  EXPECT_FALSE(chunk->is_whole());
  EXPECT_TRUE(rest.empty());
}

TEST(SctpFields, SurviveARoundTrip) {
  std::array<std::uint8_t, SctpInit::kLength> bytes{};
  const SctpInit init{0x1234'5678, 106'496, 10, 65'535, 0xffff'fffe};
  init.emit(bytes.data());
  EXPECT_EQ(SctpInit::parse(bytes), init);
  const SctpData data{7, 8, 9, 10};
  data.emit(bytes.data());
  EXPECT_EQ(SctpData::parse(bytes), data);
  const SctpSack sack{11, 12, 13, 14};
  sack.emit(bytes.data());
  EXPECT_EQ(SctpSack::parse(bytes), sack);
  EXPECT_FALSE(SctpInit::parse(Bytes(bytes).first(15)));
}

TEST(SctpDissect, TellsTheFieldsOfEveryChunk) {
  std::string text;
  for (const Frame& frame : golden_frames()) {
    text += test::field_lines(frame, EthernetRepr::kLength + Ipv4Repr::kLength) + "\n";
  }
  test::expect_golden(test::golden_path("sctp.dissect.txt"), text);
}

TEST(SctpDissect, FieldsOfAnyBytesLieInsideTheFrame) {
  Prng prng(41);
  const auto frames = golden_frames();
  TcpSequenceTracker tracker;
  for (int i = 0; i < 20'000; ++i) {
    const Frame frame = test::mangled(frames, prng);
    for (const auto& field : dissect(frame)) {
      ASSERT_LE(field.offset, frame.size());
      ASSERT_LE(field.length, frame.size() - field.offset) << field.name;
    }
    ASSERT_FALSE(tcpdump_line(frame, {.verbose = static_cast<int>(i & 1)}, tracker).empty());
  }
}

}  // namespace
}  // namespace lvslab
