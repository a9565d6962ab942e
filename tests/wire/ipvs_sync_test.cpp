// IPVS sync messages, held against one of Linux 6.1: a curl through a director in direct routing.
#include "sim/wire/ipvs_sync.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "sim/base/prng.h"
#include "sim/wire/build.h"
#include "sim/wire/dissect.h"

namespace lvslab {
namespace {

using testing::Contains;

constexpr Ipv4Addr kClient{0xc0a8'500a}, kVip{0xc0a8'5096}, k204{0xc0a8'50cc};

const std::vector<std::uint8_t> kOfTheKernel{
    0x00, 0x00, 0x00, 0x50, 0x02, 0x01, 0x00, 0x00,                          // head
    0x00, 0x06, 0x00, 0x24, 0x00, 0x00, 0x00, 0x83, 0x00, 0x01, 0xd1, 0x32,  // ESTABLISHED
    0x00, 0x50, 0x00, 0x50, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x84,  //
    0xc0, 0xa8, 0x50, 0x0a, 0xc0, 0xa8, 0x50, 0x96, 0xc0, 0xa8, 0x50, 0xcc,  //
    0x00, 0x06, 0x00, 0x24, 0x00, 0x00, 0x01, 0x83, 0x00, 0x04, 0xd1, 0x32,  // FIN_WAIT
    0x00, 0x50, 0x00, 0x50, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x78,  //
    0xc0, 0xa8, 0x50, 0x0a, 0xc0, 0xa8, 0x50, 0x96, 0xc0, 0xa8, 0x50, 0xcc};

IpvsSyncEntry established() {
  return {.protocol = 6,
          .flags = 3 | ipvs_flag::kNoOutput,
          .state = 1,
          .client_port = 0xd132,
          .virt_port = 80,
          .dest_port = 80,
          .timeout_s = 900,
          .client = kClient,
          .virt = kVip,
          .dest = k204};
}

TEST(IpvsSync, ReadsWhatTheKernelSends) {
  const Bytes message(kOfTheKernel);
  const auto head = IpvsSyncRepr::parse(message);
  ASSERT_TRUE(head);
  EXPECT_EQ(*head, (IpvsSyncRepr{.sync_id = 0, .size = 80, .count = 2}));
  const auto first = IpvsSyncEntry::parse(message.subspan(8));
  ASSERT_TRUE(first);
  EXPECT_EQ(*first, established());
  const auto second = IpvsSyncEntry::parse(message.subspan(8 + IpvsSyncEntry::kLength));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->flags, 3 | ipvs_flag::kNoOutput | ipvs_flag::kInactive);
  EXPECT_EQ(second->timeout_s, 120U);
}

TEST(IpvsSync, WritesTheSameBytes) {
  IpvsSyncEntry ended = established();
  ended.flags |= ipvs_flag::kInactive;
  ended.state = 4;
  ended.timeout_s = 120;
  std::vector<std::uint8_t> message(80, 0xee);
  IpvsSyncRepr{.sync_id = 0, .size = 80, .count = 2}.emit(message);
  established().emit(MutBytes(message).subspan(8));
  ended.emit(MutBytes(message).subspan(44));
  EXPECT_EQ(message, kOfTheKernel);
}

TEST(IpvsSync, RefusesWhatTheKernelDrops) {
  std::vector<std::uint8_t> message = kOfTheKernel;
  EXPECT_EQ(IpvsSyncRepr::parse(Bytes(message).first(79)).error(), WireError::kBadLength);
  EXPECT_EQ(IpvsSyncRepr::parse(Bytes(message).first(7)).error(), WireError::kBadLength);
  EXPECT_EQ(IpvsSyncRepr::parse(Bytes(message).first(3)).error(), WireError::kTruncated);
  message[0] = 2;  // the count of version 0
  EXPECT_EQ(IpvsSyncRepr::parse(message)->version, 0);
  message = kOfTheKernel;
  message[8] = 1;  // IPv6
  EXPECT_EQ(IpvsSyncEntry::parse(Bytes(message).subspan(8)).error(), WireError::kUnsupported);
  message[8] = 0;
  message[10] = 0x10;  // another version of the entry
  EXPECT_EQ(IpvsSyncEntry::parse(Bytes(message).subspan(8)).error(), WireError::kUnsupported);
  message[10] = 0;
  message[11] = 35;
  EXPECT_EQ(IpvsSyncEntry::parse(Bytes(message).subspan(8)).error(), WireError::kBadLength);
  message[11] = 73;  // more than is there
  EXPECT_EQ(IpvsSyncEntry::parse(Bytes(message).subspan(8)).error(), WireError::kTruncated);
}

TEST(IpvsSync, ReadsAndWritesVersion0) {
  const std::vector<std::uint8_t> bytes{
      0x01, 0x03, 0x00, 0x1c,                                                  // head
      0x00, 0x06, 0xd1, 0x32, 0x00, 0x50, 0x00, 0x50, 0xc0, 0xa8, 0x50, 0x0a,  //
      0xc0, 0xa8, 0x50, 0x96, 0xc0, 0xa8, 0x50, 0xcc, 0x00, 0x83, 0x00, 0x01};
  const auto head = IpvsSyncRepr::parse(bytes);
  ASSERT_TRUE(head);
  EXPECT_EQ(*head, (IpvsSyncRepr{.sync_id = 3, .size = 28, .count = 1, .version = 0}));
  IpvsSyncEntry expected = established();
  expected.timeout_s = 0;
  const auto entry = IpvsSyncEntry::parse_v0(Bytes(bytes).subspan(4));
  ASSERT_TRUE(entry);
  EXPECT_EQ(*entry, expected);
  std::vector<std::uint8_t> written(28, 0xee);
  head->emit(written);
  established().emit_v0(MutBytes(written).subspan(4));
  EXPECT_EQ(written, bytes) << "there is no room for the time";
  EXPECT_EQ(IpvsSyncEntry::parse_v0(Bytes(bytes).subspan(5)).error(), WireError::kTruncated);
  std::vector<std::uint8_t> numbered(bytes.begin() + 4, bytes.end());
  numbered[20] = 0x02;  // numbers of a helper follow, but do not
  EXPECT_EQ(IpvsSyncEntry::parse_v0(numbered).error(), WireError::kTruncated);
}

TEST(IpvsSync, OptionsBelongToTheirEntryAndAreOfWholeWords) {
  std::vector<std::uint8_t> message = kOfTheKernel;
  message[11] = 41;
  ASSERT_TRUE(IpvsSyncEntry::parse(Bytes(message).subspan(8)));
  EXPECT_EQ(IpvsSyncEntry::stride_of(Bytes(message).subspan(8)), 44U);
}

TEST(IpvsSync, IsOpenedByTheDissector) {
  const FramePath path{{0x0200'0000'0201}, {0x0100'5e00'0051}, {0xc0a8'50c9}, IpvsSyncRepr::kGroup};
  const auto frame = udp_datagram(path, 40'000, IpvsSyncRepr::kPort, kOfTheKernel);
  const auto fields = dissect(frame);
  EXPECT_THAT(fields, Contains(Field{"IPVS sync", "2 connections, syncid 0", 42, 80, 0}));
  EXPECT_THAT(fields, Contains(Field{"connection",
                                     "192.168.80.10:53554 > 192.168.80.150:80 at "
                                     "192.168.80.204:80",
                                     50, 36, 1}));
  EXPECT_THAT(fields,
              Contains(Field{"flags", "0x00000183 (direct route, no output, inactive)", 90, 4, 2}));
}

TEST(IpvsSync, AnyBytesAreReadWithoutHarm) {
  Prng random(8848);
  const FramePath path{{1}, {2}, {3}, {4}};
  for (int i = 0; i < 20'000; ++i) {
    std::vector<std::uint8_t> message = kOfTheKernel;
    for (std::uint32_t n = random.below(6); n-- > 0;) {
      message[random.below(static_cast<std::uint32_t>(message.size()))] =
          static_cast<std::uint8_t>(random.below(256));
    }
    message.resize(random.below(static_cast<std::uint32_t>(message.size()) + 1));
    if (message.size() >= 4 && random.below(2) == 0) {
      message[2] = 0;
      message[3] = static_cast<std::uint8_t>(message.size());
    }
    for (const Field& field : dissect(udp_datagram(path, 1, IpvsSyncRepr::kPort, message))) {
      ASSERT_LE(field.offset + field.length, 42 + message.size()) << field.name;
    }
  }
}

}  // namespace
}  // namespace lvslab
