// tcpdump_line() against what tcpdump 4.99.3 printed of the same frames.
//
// golden/NAME.hex holds frames, one per line, as text2pcap(1) reads them; golden/NAME.OPTIONS.txt
// is the real tool's output:
//   text2pcap -q NAME.hex NAME.pcap && tcpdump -t -OPTIONS -r NAME.pcap > NAME.OPTIONS.txt
// built.hex comes from the builders of this room: UPDATE_GOLDEN=1 rewrites it (and only it).
#include "sim/wire/summary.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "sim/base/prng.h"
#include "sim/wire/build.h"
#include "tests/golden.h"
#include "tests/wire/frames.h"
#include "tests/wire/golden.h"

namespace lvslab {
namespace {

using test::Frame;
using test::from_hex;
using test::read_golden;

struct Listing {
  const char* frames;
  const char* options;
  TcpdumpStyle style;
};

class TcpdumpListing : public testing::TestWithParam<Listing> {};

TEST_P(TcpdumpListing, IsWhatTheRealToolPrints) {
  const std::string name = GetParam().frames;
  TcpSequenceTracker tracker;
  std::string ours;
  for (const Frame& frame : from_hex(read_golden(name + ".hex"))) {
    ours += tcpdump_line(frame, GetParam().style, tracker) + "\n";
  }
  EXPECT_EQ(ours, read_golden(name + "." + GetParam().options + ".txt"));
}

INSTANTIATE_TEST_SUITE_P(
    Golden, TcpdumpListing,
    testing::Values(Listing{"built", "n", {}}, Listing{"built", "ne", {.link_header = true}},
                    Listing{"built", "nv", {.verbose = 1}},
                    Listing{"built", "nev", {.link_header = true, .verbose = 1}},
                    Listing{"built", "nS", {.absolute_sequence = true}},
                    Listing{"one_curl", "n", {}}, Listing{"one_curl", "ne", {.link_header = true}},
                    Listing{"one_curl", "nv", {.verbose = 1}}, Listing{"ipv6", "n", {}},
                    Listing{"ipv6", "ne", {.link_header = true}},
                    Listing{"ipv6", "nv", {.verbose = 1}}, Listing{"sctp", "n", {}},
                    Listing{"sctp", "ne", {.link_header = true}},
                    Listing{"sctp", "nv", {.verbose = 1}}),
    [](const auto& listing) {
      return std::string(listing.param.frames) + "_" + listing.param.options;
    });

TEST(TcpdumpListing, FramesOfTheBuildersAreTheGoldenOnes) {
  test::expect_golden(test::golden_path("built.hex"), test::to_hex(test::built_frames()));
}

TEST(TcpdumpLine, NamesReplaceAddresses) {
  const std::array<AddrName, 2> names{AddrName{Ipv4Addr{0x0a000001}, "client"},
                                      AddrName{Ipv4Addr{0x0a000002}, "vip"}};
  TcpSequenceTracker tracker;
  const auto frame = udp_datagram({{1}, {2}, {0x0a000001}, {0x0a000002}}, 5000, 53);
  EXPECT_EQ(tcpdump_line(frame, {.names = names}, tracker),
            "IP client.5000 > vip.53: UDP, length 0");
}

TEST(TcpdumpLine, ACopiedTrackerContinuesOnItsOwn) {
  TcpRepr repr;
  repr.src_port = 1000;
  repr.dst_port = 80;
  repr.seq = 500;
  repr.ack = 900;
  repr.flags = tcp_flag::kAck;
  const FramePath path{{1}, {2}, {0x0a000001}, {0x0a000002}};
  TcpSequenceTracker tracker;
  const TcpSequenceTracker fresh = tracker;
  tcpdump_line(tcp_segment(path, repr), {}, tracker);
  TcpSequenceTracker copy = fresh;
  EXPECT_EQ(tcpdump_line(tcp_segment(path, repr), {}, tracker),
            "IP 10.0.0.1.1000 > 10.0.0.2.80: Flags [.], ack 1, win 0, length 0");
  EXPECT_EQ(tcpdump_line(tcp_segment(path, repr), {}, copy),
            "IP 10.0.0.1.1000 > 10.0.0.2.80: Flags [.], ack 900, win 0, length 0");
}

TEST(TcpdumpLine, AnyBytesGiveALine) {
  Prng prng(30);
  const auto frames = test::built_frames();
  TcpSequenceTracker tracker;
  for (int i = 0; i < 20'000; ++i) {
    Frame frame = frames[prng.below(static_cast<std::uint32_t>(frames.size()))];
    frame.resize(prng.below(static_cast<std::uint32_t>(frame.size() + 1)));
    frame.shrink_to_fit();
    for (std::uint32_t k = prng.below(4); k > 0 && !frame.empty(); --k) {
      frame[prng.below(static_cast<std::uint32_t>(frame.size()))] =
          static_cast<std::uint8_t>(prng.next());
    }
    const TcpdumpStyle style{.link_header = prng.below(2) == 0,
                             .verbose = static_cast<int>(prng.below(2))};
    ASSERT_FALSE(tcpdump_line(frame, style, tracker).empty());
  }
}

}  // namespace
}  // namespace lvslab
