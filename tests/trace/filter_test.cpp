// Filters of tcpdump and of expectations: what is compiled, and that nobody outside is asked.
#include "sim/trace/packet_filter.h"

#include <gmock/gmock.h>

#include "tests/mutation.h"
#include "tests/trace/dr_story.h"

namespace lvslab::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(FilterNames, AreTheWordsThatAreNeitherKeywordsNorNumbers) {
  EXPECT_THAT(filter_host_names("tcp port 80 and (src host node01 or dst net 10.0.0.0/8)"),
              ElementsAre("node01"));
  EXPECT_THAT(filter_host_names("tcp[tcpflags] & (tcp-syn|tcp-ack) != 0 and icmp[0] == 0x8"),
              IsEmpty());
  EXPECT_THAT(filter_host_names("ether src aa:bb:cc:dd:ee:ff or ether dst aa-bb-cc-dd-ee-ff"),
              IsEmpty());
  EXPECT_THAT(filter_host_names("ip proto \\icmp and port http"), IsEmpty());
}

TEST(FilterNames, GiveWayToAddressesAndPorts) {
  const FilterHost hosts[] = {{"node01", {0x0a00'0001}}};
  EXPECT_EQ(without_names("host node01 and tcp port http", hosts), "host 10.0.0.1 and tcp port 80");
}

TEST(PacketFilter, OfAHostIsThatOfItsAddress) {
  const FilterHost hosts[] = {{"client", kClientIp}};
  EXPECT_EQ(*PacketFilter::compile("arp src client", hosts),
            *PacketFilter::compile("arp src " + kClientIp.to_string()));
}

TEST(PacketFilter, OfAnUnknownNameIsRefusedAndNobodyIsAsked) {
  for (const char* filter : {"host localhost", "src www.debian.org", "dst net loopback"}) {
    const auto compiled = PacketFilter::compile(filter);
    ASSERT_FALSE(compiled.has_value()) << filter;
    EXPECT_THAT(compiled.error().message, HasSubstr("unknown host '"));
  }
}

TEST(PacketFilter, WithAWordWhereNoNameMayStandIsASyntaxError) {
  EXPECT_THAT(PacketFilter::compile("frob").error().message,
              ::testing::EndsWith("can't parse filter expression: syntax error"));
}

TEST(PacketFilter, WithAZeroByteIsRefusedAsAWhole) {
  EXPECT_FALSE(PacketFilter::compile(std::string("tcp\0junk", 8)).has_value());
}

class MutatedFilter : public ::testing::TestWithParam<int> {};

TEST_P(MutatedFilter, IsCompiledAndRunsOrIsRefusedInWords) {
  const std::vector<std::string> filters = {"tcp port 80 and host 192.168.80.10",
                                            "arp or icmp[icmptype] == icmp-echo",
                                            "tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn",
                                            "ether[6:2] == 0x0806 and not vlan",
                                            "src net 10.0.0.0/8 and dst portrange 1-1024",
                                            "len > 100 and less 1500 or greater 9",
                                            "ip[8] < 5 and ip proto \\tcp",
                                            "ether host aa:bb:cc:dd:ee:ff and broadcast"};
  const std::vector<std::string> tokens = {
      " and ", " or ",  " not ", "(",    ")",  "[",    "]",          ":",           "/",
      "&",     "|",     "=",     "<",    "0",  "-1",   "4294967296", "99999999999", "1.2.3",
      "tcp ",  "port ", "host ", "net ", "\\", "\xff", "!"};
  const auto frame = arp_request(kClientMac, kClientIp, kVip);
  Mutator mutator(static_cast<std::uint64_t>(GetParam()), filters, tokens);
  for (int i = 0; i < 200; ++i) {
    const auto filter = PacketFilter::compile(mutator.next());
    if (filter) {
      for (std::size_t length : {frame.size(), std::size_t{14}, std::size_t{3}, std::size_t{0}}) {
        filter->matches(Bytes(frame).first(length));
      }
    } else {
      EXPECT_FALSE(filter.error().message.empty());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, MutatedFilter, ::testing::Range(1, 7));

}  // namespace
}  // namespace lvslab::test
