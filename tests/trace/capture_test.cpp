// Captures as tshark and libpcap read them back.
#include <gmock/gmock.h>

#include <pcap/pcap.h>
#include <sys/resource.h>

#include <array>
#include <csignal>
#include <cstdio>

#include "sim/base/calendar.h"
#include "sim/trace/pcap.h"
#include "sim/trace/pcapng.h"
#include "tests/trace/dr_story.h"
#include "tests/trace/temp_dir.h"

namespace lvslab::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string output_of(const std::string& command) {
  std::FILE* pipe = popen((command + " 2>/dev/null").c_str(), "r");
  std::string out;
  std::array<char, 4096> buffer{};
  for (std::size_t n; (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    out.append(buffer.data(), n);
  }
  EXPECT_EQ(pclose(pipe), 0) << command;
  return out;
}

std::string tshark(const std::string& file, const std::string& options) {
  return output_of("TZ=UTC tshark -n -r '" + file + "' " + options);
}

std::size_t lines_in(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

const std::string kBadPackets =
    "-o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE -o udp.check_checksum:TRUE "
    "-Y '_ws.malformed || ip.checksum.status == 0 || tcp.checksum.status == 0 || "
    "icmp.checksum.status == 0 || udp.checksum.status == 0'";

TEST(Pcapng, HasAnInterfacePerHostInterfaceAndNoneOfTheSwitch) {
  const TempDir dir;
  const std::string file = dir.file("run.pcapng");
  ASSERT_TRUE(write_pcapng(file, dr_story().trace(), {}));
  const std::string info = output_of("capinfos '" + file + "'");
  EXPECT_THAT(info, AllOf(HasSubstr("Number of interfaces in file: 8"),
                          HasSubstr("Name = node01/eth0"), HasSubstr("Name = client/lo"),
                          HasSubstr("Time precision = nanoseconds (9)"), Not(HasSubstr("sw0"))));
  EXPECT_EQ(dir.entries(), 1U) << "no temporary file is left";
}

TEST(Pcapng, ShowsEachFrameWhereItWasSentAndWhereItArrived) {
  const TempDir dir;
  const std::string file = dir.file("run.pcapng");
  ASSERT_TRUE(write_pcapng(file, dr_story().trace(), {}));
  EXPECT_EQ(tshark(file,
                   "-T fields -e frame.interface_name -e frame.packet_flags_direction -Y "
                   "'tcp.flags == 2'"),
            "client/eth0\t0x00000002\nnode01/eth0\t0x00000001\n"
            "node01/eth0\t0x00000002\nnode03/eth0\t0x00000001\n");
}

TEST(Pcapng, IsSoundForTshark) {
  const TempDir dir;
  const std::string file = dir.file("run.pcapng");
  ASSERT_TRUE(write_pcapng(file, dr_story().trace(), {}));
  EXPECT_THAT(tshark(file, kBadPackets), IsEmpty());
  EXPECT_EQ(lines_in(tshark(file, "-Y 'arp || tcp'")), 13U);
}

TEST(Pcapng, CountsTimeFromTheLabsEpochInNanoseconds) {
  Teller t;
  t.wait(SimDuration{1'000'000'001});
  t.send(kClient, arp_request(kClientMac, kClientIp, kVip));
  const TempDir dir;
  const std::string file = dir.file("run.pcapng");
  ASSERT_TRUE(write_pcapng(file, t.trace, {}));
  EXPECT_EQ(tshark(file, "-T fields -e frame.time_epoch"),
            std::to_string(kEpochSeconds + 1) + ".000000001\n");
}

TEST(Pcapng, CommentsEachPacketWithItsReasons) {
  const TempDir dir;
  const std::string file = dir.file("run.pcapng");
  ASSERT_TRUE(write_pcapng(file, dr_story().trace(), {}));
  const auto comments = [&](const std::string& which) {
    return tshark(file, "-T json -e frame.comment -Y '" + which + "'");
  };
  EXPECT_THAT(
      comments("frame.interface_name == \"node01/eth0\" && tcp.flags == 2"),
      AllOf(HasSubstr("packet 3"), HasSubstr("packet 4"), HasSubstr("rr chose 192.168.80.204:80"),
            HasSubstr("net/netfilter/ipvs/ip_vs_xmit.c: ip_vs_dr_xmit()")));
  EXPECT_THAT(comments("frame.interface_name == \"client/eth0\" && arp.opcode == 1"),
              HasSubstr("$ curl http://192.168.80.150/"));
  EXPECT_THAT(comments("frame.interface_name == \"node03/eth0\" && arp"),
              HasSubstr("node03 ignores the frame"))
      << "a drop is a reason, too";
  EXPECT_THAT(comments("frame.interface_name == \"node02/eth0\""), Not(HasSubstr("rr chose")));
}

TEST(Pcapng, CommentsInChineseOrNotAtAll) {
  const TempDir dir;
  const std::string zh = dir.file("zh.pcapng");
  const std::string none = dir.file("none.pcapng");
  ASSERT_TRUE(write_pcapng(zh, dr_story().trace(), {.language = Language::kZh}));
  ASSERT_TRUE(write_pcapng(none, dr_story().trace(), {.comments = false}));
  EXPECT_THAT(tshark(zh, "-T json -e frame.comment"), HasSubstr("rr 选择 192.168.80.204:80"));
  EXPECT_THAT(tshark(none, "-Y frame.comment"), IsEmpty());
  EXPECT_EQ(lines_in(tshark(none, "")), 13U);
}

TEST(Pcapng, TellsALossAtTheSending) {
  Teller t;
  const RecordId sent = t.send(kClient, arp_request(kClientMac, kClientIp, kVip));
  t.drop(kClient, Reason::kLinkDown, t.frame_of(sent));
  const TempDir dir;
  const std::string file = dir.file("run.pcapng");
  ASSERT_TRUE(write_pcapng(file, t.trace, {}));
  EXPECT_THAT(tshark(file, "-T json -e frame.comment"), HasSubstr("the link at eth0"));
}

TEST(Pcapng, NamesTheAddressesOfTheLab) {
  const TempDir dir;
  const std::string file = dir.file("run.pcapng");
  const std::array names{AddrName{kVip, "VIP"}, AddrName{kClientIp, "client"},
                         AddrName{kNode03Ip, "node03"}};
  ASSERT_TRUE(write_pcapng(file, dr_story().trace(), {.names = names}));
  const std::string shown = output_of("tshark -r '" + file + "' -N n -Y 'tcp.flags == 2' -c 20");
  EXPECT_THAT(shown, AllOf(HasSubstr("client"), HasSubstr("VIP")));
}

TEST(Pcapng, WrittenRecordByRecordIsTheSameFile) {
  const TempDir dir;
  const DrStory s = dr_story();
  ASSERT_TRUE(write_pcapng(dir.file("whole"), s.trace(), {}));
  Trace growing;
  for (const TraceNode& node : s.trace().nodes()) growing.add_node(node);
  auto writer = PcapngWriter::create(dir.file("growing"), growing, {});
  ASSERT_TRUE(writer);
  for (std::uint32_t i = 0; i < s.trace().frame_count(); ++i) {
    growing.add_frame(s.trace().frame(FrameId(i)));
  }
  growing.add_text(s.trace().text(0));
  for (const TraceRecord& r : s.trace().records()) {
    growing.append(r);
    ASSERT_TRUE(writer->add(growing));
  }
  EXPECT_FALSE(std::filesystem::exists(dir.file("growing"))) << "it has its name when it is whole";
  ASSERT_TRUE(writer->finish(growing));
  EXPECT_EQ(read_file(dir.file("growing")), read_file(dir.file("whole")));
}

TEST(Pcapng, OfARunThatWasBrokenOffIsSound) {
  const TempDir dir;
  const DrStory s = dr_story();
  for (std::uint32_t records = 1; records < s.trace().size(); records += 5) {
    Trace cut = s.trace();
    cut.truncate({.records = records, .frames = s.trace().frame_count(), .texts = 1, .rows = 3});
    const std::string file = dir.file("cut.pcapng");
    ASSERT_TRUE(write_pcapng(file, cut, {}));
    tshark(file, "");  // exits with an error if the file is cut short in the middle of a packet
  }
}

TEST(Pcapng, ThatWasNeverFinishedLeavesNothingBehind) {
  const TempDir dir;
  {
    auto writer = PcapngWriter::create(dir.file("run.pcapng"), dr_story().trace(), {});
    ASSERT_TRUE(writer);
    EXPECT_EQ(dir.entries(), 1U);
  }
  EXPECT_EQ(dir.entries(), 0U);
}

TEST(Pcapng, ReplacesAnOlderFileOnlyWhenItIsWhole) {
  const TempDir dir;
  const std::string file = dir.file("run.pcapng");
  std::ofstream(file) << "old";
  {
    auto writer = PcapngWriter::create(file, dr_story().trace(), {});
    ASSERT_TRUE(writer);
  }
  EXPECT_EQ(read_file(file), "old");
  ASSERT_TRUE(write_pcapng(file, dr_story().trace(), {}));
  EXPECT_NE(read_file(file), "old");
}

TEST(Pcapng, SaysThatTheDiskIsFull) {
  const auto written = write_pcapng("/dev/full", dr_story().trace(), {});
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().message, "cannot write /dev/full: No space left on device");
}

TEST(Pcapng, SaysThatADirectoryIsMissingOrInTheWay) {
  const TempDir dir;
  const auto missing = write_pcapng(dir.file("no/run.pcapng"), dr_story().trace(), {});
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, HasSubstr("No such file or directory"));
  const auto in_the_way = write_pcapng(dir.file(""), dr_story().trace(), {});
  ASSERT_FALSE(in_the_way);
  EXPECT_THAT(in_the_way.error().message, HasSubstr("Is a directory"));
}

/// Runs `write` where files may have 100 bytes; 0 if it fails as it should and leaves nothing.
template <class Write>
int under_a_small_limit(const TempDir& dir, Write write) {
  std::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{100, 100};
  setrlimit(RLIMIT_FSIZE, &limit);
  const Result<void> written = write();
  if (written) return 1;
  if (written.error().message.find("File too large") == std::string::npos) return 2;
  return dir.entries() == 0 ? 0 : 3;
}

TEST(CaptureDeathTest, ThatOutgrowsItsLimitLeavesNothingBehind) {
  const TempDir dir;
  const Trace trace = dr_story().trace();
  EXPECT_EXIT(std::_Exit(under_a_small_limit(
                  dir, [&] { return write_pcapng(dir.file("run.pcapng"), trace, {}); })),
              ::testing::ExitedWithCode(0), "");
  EXPECT_EXIT(std::_Exit(under_a_small_limit(
                  dir, [&] { return write_pcap(dir.file("a.pcap"), trace, kNode01, kEth0); })),
              ::testing::ExitedWithCode(0), "");
}

TEST(Pcap, HoldsBothDirectionsOfOneInterfaceInNanoseconds) {
  const TempDir dir;
  const std::string file = dir.file("node01.pcap");
  const DrStory s = dr_story();
  ASSERT_TRUE(write_pcap(file, s.trace(), kNode01, kEth0));
  std::array<char, PCAP_ERRBUF_SIZE> error{};
  pcap_t* pcap = pcap_open_offline_with_tstamp_precision(file.c_str(), PCAP_TSTAMP_PRECISION_NANO,
                                                         error.data());
  ASSERT_NE(pcap, nullptr) << error.data();
  std::vector<std::pair<std::int64_t, std::vector<std::uint8_t>>> frames;
  pcap_pkthdr* header = nullptr;
  const u_char* data = nullptr;
  while (pcap_next_ex(pcap, &header, &data) == 1) {
    frames.emplace_back(header->ts.tv_sec * 1'000'000'000 + header->ts.tv_usec,
                        std::vector<std::uint8_t>(data, data + header->caplen));
  }
  pcap_close(pcap);
  ASSERT_EQ(frames.size(), 4U) << "request in, reply out, SYN in, SYN out";
  const TraceRecord& forwarded = s.trace()[s.forwarded];
  EXPECT_EQ(frames[3].first, unix_ns(forwarded.at));
  EXPECT_TRUE(std::ranges::equal(frames[3].second, s.trace().frame(forwarded.frame)));
  EXPECT_THAT(tshark(file, kBadPackets), IsEmpty());
}

TEST(Pcap, OfASilentInterfaceIsAnEmptyCapture) {
  const TempDir dir;
  const std::string file = dir.file("lo.pcap");
  ASSERT_TRUE(write_pcap(file, dr_story().trace(), kClient, kLoopback));
  EXPECT_EQ(read_file(file).size(), 24U) << "the file header alone";
  EXPECT_THAT(tshark(file, ""), IsEmpty());
}

TEST(Pcap, SaysThatTheDiskIsFull) {
  const auto written = write_pcap("/dev/full", dr_story().trace(), kNode01, kEth0);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().message, "cannot write /dev/full: No space left on device");
}

}  // namespace
}  // namespace lvslab::test
