// Traces in words, and where two of them part.
#include "sim/trace/text.h"

#include <gmock/gmock.h>

#include "sim/trace/diff.h"
#include "tests/trace/dr_story.h"

namespace lvslab::test {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(SecondsText, IsExactToTheNanosecond) {
  EXPECT_EQ(seconds_text(SimTime{0}), "0.000000000");
  EXPECT_EQ(seconds_text(SimTime{12'000'500'001}), "12.000500001");
  EXPECT_EQ(seconds_text(SimDuration{1'500'000}), "+0.001500000");
  EXPECT_EQ(seconds_text(SimDuration{-1}), "-0.000000001");
}

TEST(Describe, SaysAFrameInTcpdumpsWords) {
  const DrStory s = dr_story();
  EXPECT_EQ(describe(s.trace(), s.arp_request, Language::kEn),
            "0.000000000 client eth0 sends #1 ARP, Request who-has 192.168.80.150 tell "
            "192.168.80.10, length 28");
  EXPECT_THAT(describe(s.trace(), s.syn, Language::kEn),
              AllOf(StartsWith("0.004000000 client eth0 sends #3 IP 192.168.80.10.40000 > "
                               "192.168.80.150.80: Flags [S]")));
}

TEST(Describe, CountsSequenceNumbersFromTheStartOfTheConversationWhateverIsAskedFirst) {
  const DrStory s = dr_story();
  const RecordId last{static_cast<std::uint32_t>(s.trace().size() - 1)};
  EXPECT_THAT(describe(s.trace(), last, Language::kEn), HasSubstr("Flags [.], ack 1,"));
  Describer backwards(Language::kEn);
  std::string forth, back;
  backwards.text(s.trace(), last, forth);
  backwards.text(s.trace(), s.syn, back);
  EXPECT_EQ(forth, describe(s.trace(), last, Language::kEn));
  EXPECT_EQ(back, describe(s.trace(), s.syn, Language::kEn));
}

TEST(Describe, FillsTheArgumentsOfADecisionIn) {
  Teller t;
  t.decide(kNode01, Reason::kIpvsRoundRobin, {kNode03Ip.bits, 80, 0});
  t.decide(kNode01, Reason::kIpvsConnState,
           {static_cast<std::uint32_t>(IpvsConnState::kSynRecv),
            static_cast<std::uint32_t>(IpvsConnState::kEstablished), 900});
  t.drop(kNode02, Reason::kNotForUs, {}, {0x02000000, 0x0003, 0});
  EXPECT_THAT(describe(t.trace, RecordId(0), Language::kEn),
              StartsWith("0.000000000 node01 eth0 decides [ipvs-scheduled-rr] rr chose "
                         "192.168.80.204:80: "));
  EXPECT_THAT(describe(t.trace, RecordId(1), Language::kEn),
              HasSubstr("from SYN_RECV to ESTABLISHED; it now lasts 900 s"));
  EXPECT_THAT(describe(t.trace, RecordId(2), Language::kZh),
              EndsWith("node02 忽略该帧：目的 MAC 02:00:00:00:00:03 属于其他主机。"));
}

TEST(Describe, SaysRowsAsTheirToolsWould) {
  const Trace trace = dr_story().trace();
  const auto say = [&](const TableRow& row) { return row_text(trace, kNode01, row); };
  EXPECT_EQ(say(NeighRow{.dev = kEth0, .ip = kVip, .mac = kNode01Mac, .state = NeighState::kStale}),
            "192.168.80.150 dev eth0 lladdr 02:00:00:00:00:01 STALE");
  EXPECT_EQ(say(RouteRow{.gateway = kVip, .dev = kEth0}),
            "table main unicast default via 192.168.80.150 dev eth0");
  EXPECT_EQ(say(AddrRow{.dev = kEth0, .local = {kVip, 24}, .label = "eth0:1", .secondary = true}),
            "192.168.80.150/24 dev eth0 secondary label eth0:1");
  EXPECT_EQ(say(RuleRow{.priority = 32766}), "32766: from all lookup main");
  EXPECT_EQ(say(IpvsDestRow{.service = {.addr = kVip, .port = 80},
                            .addr = kNode03Ip,
                            .port = 80,
                            .forward = IpvsForward::kRoute}),
            "TCP 192.168.80.150:80 -> 192.168.80.204:80 Route weight 1 active 0 inactive 0");
  EXPECT_EQ(say(SysctlRow{"net.ipv4.ip_forward", "1"}), "net.ipv4.ip_forward = 1");
  EXPECT_EQ(say(SocketRow{.local = kVip,
                          .local_port = 80,
                          .state = TcpState::kListen,
                          .pid = 7,
                          .program = "httpd"}),
            "tcp 192.168.80.150:80 0.0.0.0:0 LISTEN 7/httpd");
}

TEST(DumpText, IsOneLinePerRecord) {
  Teller t;
  t.command(kClient, "printf 'a\nb'");
  const std::uint32_t text = t.trace.add_text("a\nb\n");
  t.trace.append({.node = kClient, .args = {text, 100, 1}, .kind = RecordKind::kOutput});
  t.trace.append({.node = kClient, .args = {3, 100, 0}, .kind = RecordKind::kExit});
  EXPECT_EQ(dump_text(t.trace, Language::kEn),
            "0.000000000 client runs printf 'a\\nb'\n"
            "0.000000000 client prints a\\nb\\n\n"
            "0.000000000 client exits 3\n");
}

TEST(DumpText, ShowsControlCharactersInsteadOfObeyingThem) {
  Teller t;
  const std::uint32_t text = t.trace.add_text("\x1b[31m红\a\tred\x7f");
  t.trace.append({.node = kClient, .args = {text, 100, 1}, .kind = RecordKind::kOutput});
  EXPECT_EQ(dump_text(t.trace, Language::kEn),
            "0.000000000 client prints \\x1b[31m红\\x07\tred\\x7f\n");
}

TEST(Diff, OfEqualTracesIsNothing) {
  EXPECT_EQ(first_difference(dr_story().trace(), dr_story().trace()), std::nullopt);
}

TEST(Diff, ShowsWhereTheyPartWithWhatWentBefore) {
  Teller a = dr_story().teller;
  Teller b = a;
  a.decide(kClient, Reason::kIpvsNoService, {kVip.bits, 80, 0});
  b.decide(kClient, Reason::kIpvsNoService, {kVip.bits, 81, 0});
  b.decide(kClient, Reason::kIpvsNoService, {kVip.bits, 82, 0});
  const auto text = first_difference(a.trace, b.trace, 1);
  ASSERT_TRUE(text);
  const std::size_t n = dr_story().trace().size();
  EXPECT_THAT(*text, StartsWith("the traces part at record " + std::to_string(n) + "\n  "));
  EXPECT_THAT(*text, AllOf(HasSubstr("\n- "), HasSubstr("192.168.80.150:80,"), HasSubstr("\n+ "),
                           HasSubstr("192.168.80.150:81,")));
}

TEST(Diff, SeesAByteOfAFrameARowAndAnEnd) {
  const Teller base = dr_story().teller;
  Teller a = base;
  Teller b = base;
  auto bytes = arp_request(kClientMac, kClientIp, kVip);
  a.send(kClient, bytes);
  bytes.push_back(0);
  b.send(kClient, bytes);
  EXPECT_TRUE(first_difference(a.trace, b.trace));
  const auto shorter = first_difference(base.trace, a.trace);
  ASSERT_TRUE(shorter);
  EXPECT_THAT(*shorter, HasSubstr("- (end of the trace)"));
  Teller c = base;
  Teller d = base;
  c.row(kClient, RecordKind::kRowAdded, SysctlRow{"a", "0"});
  d.row(kClient, RecordKind::kRowAdded, SysctlRow{"a", "1"});
  EXPECT_TRUE(first_difference(c.trace, d.trace));
}

}  // namespace
}  // namespace lvslab::test
