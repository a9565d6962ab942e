// Captures that this program, tcpdump or Wireshark wrote, read back.
#include "sim/trace/capture_reader.h"

#include <gmock/gmock.h>

#include "sim/base/calendar.h"
#include "sim/trace/pcap.h"
#include "sim/trace/pcapng.h"
#include "tests/trace/dr_story.h"
#include "tests/trace/temp_dir.h"

namespace lvslab::test {
namespace {

using ::testing::HasSubstr;

Capture story(const AddrName& name) {
  const TempDir dir;
  const std::string file = dir.file("run.pcapng");
  EXPECT_TRUE(write_pcapng(file, dr_story().trace(), {.names = {&name, 1}}));
  return read_capture(file).value();
}

/// A file byte by byte, in either byte order.
class Writer {
 public:
  explicit Writer(bool big_endian) : big_(big_endian) {}
  Writer& u16(std::uint32_t v) { return put(v, 2); }
  Writer& u32(std::uint32_t v) { return put(v, 4); }
  Writer& raw(std::initializer_list<std::uint8_t> bytes) {
    bytes_.insert(bytes_.end(), bytes);
    return *this;
  }
  Writer& frame() {  // an Ethernet header alone, padded to four bytes
    return raw({2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xb5, 0, 0});
  }
  const std::vector<std::uint8_t>& bytes() const { return bytes_; }

 private:
  Writer& put(std::uint32_t v, int bytes) {
    for (int i = 0; i < bytes; ++i) {
      const int shift = 8 * (big_ ? bytes - 1 - i : i);
      bytes_.push_back(static_cast<std::uint8_t>(v >> shift));
    }
    return *this;
  }
  std::vector<std::uint8_t> bytes_;
  bool big_;
};

std::vector<std::uint8_t> small_pcapng(bool big_endian) {
  Writer w(big_endian);
  w.u32(0x0a0d0d0a).u32(28).u32(0x1a2b3c4d).u16(1).u16(0).u32(~0U).u32(~0U).u32(28);
  w.u32(1).u32(20).u16(1).u16(0).u32(0).u32(20);  // an interface without a name, microseconds
  w.u32(6).u32(48).u32(0).u32(0).u32(1'500'000).u32(14).u32(14).frame().u32(48);
  return w.bytes();
}

std::vector<std::uint8_t> small_pcap(bool big_endian, std::uint32_t magic, std::uint32_t link) {
  Writer w(big_endian);
  w.u32(magic).u16(2).u16(4).u32(0).u32(0).u32(65'535).u32(link);
  w.u32(7).u32(250).u32(16).u32(60).frame();
  return w.bytes();
}

TEST(CaptureReader, ReadsWhatThisProgramWrote) {
  const Capture capture = story({kVip, "www"});
  ASSERT_EQ(capture.interfaces.size(), 8U);
  EXPECT_EQ(capture.interfaces[1].name, "client/eth0");
  EXPECT_EQ(capture.interfaces[1].mac, kClientMac);
  ASSERT_EQ(capture.names.size(), 1U);
  EXPECT_EQ(capture.names[0].addr, kVip);
  EXPECT_EQ(capture.names[0].name, "www");

  const DrStory told = dr_story();
  ASSERT_EQ(capture.frames.size(), 13U);
  const CapturedFrame& first = capture.frames.front();
  const Bytes asked = told.trace().frame(told.teller.frame_of(told.arp_request));
  EXPECT_TRUE(std::ranges::equal(first.bytes, asked));
  EXPECT_EQ(first.way, CaptureWay::kOut);
  EXPECT_EQ(first.at_ns, unix_ns(told.trace()[told.arp_request].at));
  EXPECT_THAT(first.comment, HasSubstr("$ curl http://192.168.80.150/"));
  EXPECT_EQ(capture.frames[1].way, CaptureWay::kIn);
}

TEST(CaptureReader, ReadsAClassicCaptureOfOneInterface) {
  const TempDir dir;
  const std::string file = dir.file("one.pcap");
  ASSERT_TRUE(write_pcap(file, dr_story().trace(), kNode01, kEth0));
  const Capture capture = read_capture(file).value();
  ASSERT_EQ(capture.interfaces.size(), 1U);
  ASSERT_FALSE(capture.frames.empty());
  EXPECT_EQ(capture.frames.front().way, CaptureWay::kUnknown);
  EXPECT_GE(capture.frames.front().at_ns, unix_ns(SimTime{}));
}

TEST(CaptureReader, TakesEitherByteOrder) {
  for (const bool big_endian : {false, true}) {
    const Capture capture = parse_capture(small_pcapng(big_endian)).value();
    ASSERT_EQ(capture.frames.size(), 1U);
    EXPECT_EQ(capture.frames[0].at_ns, 1'500'000'000) << "microseconds unless the file says else";
    EXPECT_EQ(capture.frames[0].bytes.size(), 14U) << "without the padding";
    const Capture classic = parse_capture(small_pcap(big_endian, 0xa1b2c3d4, 1)).value();
    EXPECT_EQ(classic.frames[0].at_ns, 7'000'250'000);
    const Capture fine = parse_capture(small_pcap(big_endian, 0xa1b23c4d, 1)).value();
    EXPECT_EQ(fine.frames[0].at_ns, 7'000'000'250);
  }
}

TEST(CaptureReader, SaysWhatItCannotShow) {
  const auto message = [](const std::vector<std::uint8_t>& file) {
    const auto capture = parse_capture(file);
    return capture ? std::string("read") : capture.error().to_string();
  };
  EXPECT_THAT(message(small_pcap(false, 0xa1b2c3d4, 113)), HasSubstr("link type 113"));
  EXPECT_THAT(message({'n', 'a', 'm', 'e', ':', ' ', 'd', 'r', '-', 'b', 'a', 's',
                       'i', 'c', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' '}),
              HasSubstr("this is not a capture"));
  EXPECT_THAT(message({}), HasSubstr("cut off"));
  std::vector<std::uint8_t> empty = small_pcapng(false);
  empty.resize(48);
  EXPECT_THAT(message(empty), HasSubstr("no Ethernet frame"));
  const auto missing = read_capture("/no/such/file.pcap");
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().to_string(), HasSubstr("/no/such/file.pcap: cannot read it"));
}

// Whatever is missing at the end, or stands in a length, ends in words.
TEST(CaptureReader, NoDamageIsReadBeyondTheEnd) {
  const std::vector<std::uint8_t> good = small_pcapng(false);
  for (std::size_t keep = 1; keep < good.size(); ++keep) {
    const std::vector<std::uint8_t> cut(good.begin(), good.begin() + static_cast<long>(keep));
    EXPECT_FALSE(parse_capture(cut)) << keep;
    const auto kept = parse_capture(cut, CutCapture::kKept);
    if (kept) {
      EXPECT_TRUE(kept->cut_at && *kept->cut_at <= keep && !kept->frames.empty()) << keep;
    }
  }
  std::vector<std::uint8_t> more = good;  // and the beginning of another section
  more.insert(more.end(), good.begin(), good.begin() + 20);
  EXPECT_FALSE(parse_capture(more));
  const Capture kept = parse_capture(more, CutCapture::kKept).value();
  EXPECT_EQ(kept.frames.size(), parse_capture(good).value().frames.size());
  EXPECT_EQ(kept.cut_at, good.size());
  int refused = 0;
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::vector<std::uint8_t> hurt = good;
    hurt[at] ^= 0xffU;
    refused += parse_capture(hurt) ? 0 : 1;
  }
  EXPECT_GT(refused, 20);
}

}  // namespace
}  // namespace lvslab::test
