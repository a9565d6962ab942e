// DNS messages against bytes that glibc 2.36 asked with and dnsmasq 2.90 answered with.
#include "sim/wire/dns.h"

#include <gmock/gmock.h>

#include "sim/base/prng.h"
#include "sim/wire/build.h"
#include "sim/wire/dissect.h"
#include "sim/wire/summary.h"

namespace lvslab {
namespace {

using testing::Contains;
using testing::Field;

std::vector<std::uint8_t> bytes_of(const DnsRepr& dns) {
  std::vector<std::uint8_t> bytes(dns.length());
  dns.emit(bytes);
  return bytes;
}

const DnsRepr kQuestion{.id = 15707, .recursion_desired = true, .name = "www.example.com"};
const DnsRepr kAnswer{.id = 15707,
                      .response = true,
                      .authoritative = true,
                      .recursion_desired = true,
                      .recursion_available = true,
                      .name = "www.example.com",
                      .answers = {{0xc0a8'5096}, {0xc0a8'5097}}};

TEST(Dns, BytesAreThoseOfTheRealPrograms) {
  const std::vector<std::uint8_t> question{
      0x3d, 0x5b, 0x01, 0x00, 0x00, 0x01, 0,   0, 0,   0,   0,   0, 3, 'w', 'w', 'w', 7,
      'e',  'x',  'a',  'm',  'p',  'l',  'e', 3, 'c', 'o', 'm', 0, 0, 1,   0,   1};
  EXPECT_EQ(bytes_of(kQuestion), question);
  std::vector<std::uint8_t> answer = question;
  answer[2] = 0x85;
  answer[3] = 0x80;
  answer[7] = 2;
  for (const std::uint8_t last : {std::uint8_t{150}, std::uint8_t{151}}) {
    const std::vector<std::uint8_t> record{0xc0, 0x0c, 0, 1, 0,   1,   0,  0,
                                           0,    0,    0, 4, 192, 168, 80, last};
    answer.insert(answer.end(), record.begin(), record.end());
  }
  EXPECT_EQ(bytes_of(kAnswer), answer);
}

TEST(Dns, ParseGivesBackWhatWasEmitted) {
  for (const DnsRepr& dns : {kQuestion, kAnswer}) {
    EXPECT_EQ(DnsRepr::parse(bytes_of(dns)).value(), dns);
  }
  DnsRepr refused = kAnswer;
  refused.code = DnsCode::kRefused;
  refused.answers.clear();
  refused.type = DnsType::kAaaa;
  EXPECT_EQ(DnsRepr::parse(bytes_of(refused)).value(), refused);
}

TEST(Dns, CutMessagesAreTruncated) {
  const std::vector<std::uint8_t> whole = bytes_of(kAnswer);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto cut = DnsRepr::parse(Bytes(whole).first(size));
    ASSERT_FALSE(cut) << size;
    EXPECT_EQ(cut.error(), WireError::kTruncated) << size;
  }
}

TEST(Dns, AnyBytesAreParsedOrRefused) {
  Prng random(5);
  for (int i = 0; i < 20'000; ++i) {
    std::vector<std::uint8_t> bytes = bytes_of(i % 2 == 0 ? kQuestion : kAnswer);
    for (int hit = 0; hit < 3; ++hit) {
      bytes[random.below(static_cast<std::uint32_t>(bytes.size()))] =
          static_cast<std::uint8_t>(random.below(256));
    }
    bytes.resize(random.below(static_cast<std::uint32_t>(bytes.size() + 1)));
    const auto dns = DnsRepr::parse(bytes);
    if (!dns || !DnsRepr::is_name(dns->name)) continue;
    EXPECT_EQ(bytes_of(*dns), bytes);
  }
}

TEST(Dns, NamesHaveLabels) {
  for (const std::string good : {"www", "a.b", "x-1.example.com"}) {
    EXPECT_TRUE(DnsRepr::is_name(good)) << good;
  }
  for (const std::string& bad : {std::string(), std::string("."), std::string("a..b"),
                                 std::string(".a"), std::string("a."), std::string(64, 'x')}) {
    EXPECT_FALSE(DnsRepr::is_name(bad)) << bad;
  }
}

std::vector<std::uint8_t> frame_of(const DnsRepr& dns) {
  const FramePath path{{0x0200'0000'000a}, {0x0200'0000'0001}, {0xc0a8'500a}, {0xc0a8'5035}};
  return udp_datagram(path, dns.response ? 53 : 40'000, dns.response ? 40'000 : 53, bytes_of(dns));
}

// tcpdump 4.99.3 of the same messages.
TEST(Dns, PrintsAsTcpdumpDoes) {
  TcpSequenceTracker tracker;
  EXPECT_EQ(tcpdump_line(frame_of(kQuestion), {}, tracker),
            "IP 192.168.80.10.40000 > 192.168.80.53.53: 15707+ A? www.example.com. (33)");
  EXPECT_EQ(tcpdump_line(frame_of(kAnswer), {}, tracker),
            "IP 192.168.80.10.53 > 192.168.80.53.40000: 15707* 2/0/0 A 192.168.80.150, "
            "A 192.168.80.151 (65)");
  DnsRepr unknown = kAnswer;
  unknown.answers.clear();
  unknown.authoritative = false;
  unknown.code = DnsCode::kNxDomain;
  EXPECT_EQ(tcpdump_line(frame_of(unknown), {}, tracker),
            "IP 192.168.80.10.53 > 192.168.80.53.40000: 15707 NXDomain 0/0/0 (33)");
}

TEST(Dns, DissectionNamesEveryField) {
  const auto fields = dissect(frame_of(kAnswer));
  EXPECT_THAT(fields, Contains(Field(&lvslab::Field::name, "query id")));
  EXPECT_THAT(fields, Contains(Field(&lvslab::Field::value, "192.168.80.151, for 0 s")));
}

}  // namespace
}  // namespace lvslab
