// Runs as files: what is written is read back as it was, and what is damaged is said, not believed.
#include "sim/trace/run_file.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>

#include "sim/trace/diff.h"
#include "tests/mutation.h"
#include "tests/trace/dr_story.h"

namespace lvslab::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kScenario = "name: run\n";

std::string written(const Trace& trace) { return run_file(trace, kScenario, Language::kEn); }

/// `line` of the text, from 1.
std::string line_of(const std::string& text, int line) {
  std::size_t begin = 0;
  for (int i = 1; i < line; ++i) begin = text.find('\n', begin) + 1;
  return text.substr(begin, text.find('\n', begin) - begin);
}

/// The first place where two traces part; "" if they do not.
std::string parting(const Trace& a, const Trace& b) { return first_difference(a, b).value_or(""); }

TEST(RunFile, BeginsWithTheScenarioAndTheNodes) {
  const DrStory story = dr_story();
  const std::string text = written(story.trace());
  EXPECT_EQ(line_of(text, 1),
            R"({"kind":"run","format":1,"scenario":"name: run\n","addresses":[]})");
  EXPECT_THAT(line_of(text, 2), StartsWith(R"({"kind":"node","node":"client","switch":false,)"
                                           R"("devices":[{"dev":1,"name":"lo",)"));
}

TEST(RunFile, NamesWhatAppliesToARecord) {
  Teller t;
  t.command(kClient, "echo \"hi\"");
  t.decide(kClient, Reason::kIpvsNoService, {kVip.bits, 80, 0});
  t.row(kClient, RecordKind::kRowAdded, SysctlRow{"net.ipv4.ip_forward", "1"});
  const std::string text = written(t.trace);
  EXPECT_THAT(text, HasSubstr(R"({"record":0,"time":0.000000000,"ns":0,"node":"client",)"
                              R"("kind":"command","pid":100,"text":"echo \"hi\""})"
                              "\n"));
  EXPECT_THAT(text, HasSubstr(R"("kind":"decision","reason":"ipvs-no-service",)"
                              R"("args":["192.168.80.150",80,0],)"));
  EXPECT_THAT(text, HasSubstr(R"("table":"sysctl","row":"net.ipv4.ip_forward = 1",)"
                              R"("columns":{"path":"net.ipv4.ip_forward","value":"1"}})"));
}

TEST(RunFile, IsReadBackAsItWasWritten) {
  const DrStory story = dr_story();
  const auto read = parse_run_file(written(story.trace()), "run.jsonl");
  ASSERT_TRUE(read) << read.error().to_string();
  EXPECT_EQ(read->scenario, kScenario);
  EXPECT_EQ(read->cut_at, std::nullopt);
  EXPECT_EQ(parting(story.trace(), read->trace), "");
  EXPECT_EQ(written(read->trace), written(story.trace()));
}

TEST(RunFile, KeepsEveryColumnOfEveryKindOfRow) {
  Teller t;
  LinkRow link{.dev = IfIndex(7), .name = "tunl0", .mtu = 1480, .no_arp = true, .stats = {}};
  link.tunnel = TunnelKind::kIpip;
  link.stats.rx_bytes = ~std::uint64_t{0};
  t.row(kClient, RecordKind::kRowAdded, link);
  t.row(kClient, RecordKind::kRowAdded,
        AddrRow{IfIndex(7), {kVip, 32}, {}, Scope::kHost, "tunl0:1", true});
  t.row(kClient, RecordKind::kRowAdded,
        RouteRow{.type = RouteType::kProhibit, .dst = {kVip, 24}, .metric = 5, .onlink = true});
  t.row(kClient, RecordKind::kRowAdded,
        RuleRow{.priority = 9, .iif = "eth0", .fwmark = 1, .match_fwmark = true});
  t.row(kClient, RecordKind::kRowAdded,
        NeighRow{.dev = kEth0,
                 .ip = *Ipv6Addr::parse("fd00::1"),
                 .mac = kNode01Mac,
                 .state = NeighState::kProbe,
                 .used = SimTime{-5},
                 .confirmed = {},
                 .updated = {},
                 .probes = 3,
                 .router = true});
  t.row(kClient, RecordKind::kRowAdded,
        SocketRow{.local = kVip, .local_port = 80, .remote = {}, .program = "httpd", .id = 4});
  const IpvsServiceKey key{.addr = *Ipv6Addr::parse("fd00::80"), .port = 443};
  t.row(kClient, RecordKind::kRowAdded,
        IpvsServiceRow{.key = key, .scheduler = "mh", .netmask = {0xff000000U}, .counters = {}});
  t.row(kClient, RecordKind::kRowChanged,
        IpvsDestRow{.service = key,
                    .addr = kNode03Ip,
                    .tunnel = {IpvsTunnelType::kGue, IpvsTunnelChecksum::kRemote, 6080},
                    .weight = -1,
                    .counters = {}});
  t.row(kClient, RecordKind::kRowRemoved,
        IpvsConnRow{.client = kClientIp,
                    .virt = kVip,
                    .dest = kNode03Ip,
                    .state = IpvsConnState::kSctpClosed,
                    .expires = SimTime{99}});
  t.row(kClient, RecordKind::kRowAdded, SysctlRow{"kernel.hostname", "名字"});
  t.row(kClient, RecordKind::kRowAdded,
        Addr6Row{kEth0, {*Ipv6Addr::parse("fe80::1"), 64}, Scope::kLink});
  t.row(kClient, RecordKind::kRowAdded,
        Route6Row{.dst = {*Ipv6Addr::parse("ff00::"), 8}, .multicast = true});
  const auto read = parse_run_file(written(t.trace), "run.jsonl");
  ASSERT_TRUE(read) << read.error().to_string();
  EXPECT_EQ(read->cut_at, std::nullopt);
  t.trace.add_device(kClient, link);  // as the row says
  EXPECT_EQ(parting(t.trace, read->trace), "");
}

TEST(RunFile, KeepsTheAddressesAndTextsThatAReasonSpeaksOf) {
  Teller t;
  const Ipv6Addr vip = *Ipv6Addr::parse("fd00::96");
  t.trace.learn_addresses(std::array{*Ipv6Addr::parse("fd00::1"), vip});
  const std::uint32_t name = Ipv4Addr::any6().bits + 2;
  t.decide(kClient, Reason::kIpvsNoService, {name, 80, 0});
  const std::string text = written(t.trace);
  EXPECT_THAT(text, HasSubstr(R"("args":["fd00::96",80,0])"));
  const auto read = parse_run_file(text, "run.jsonl");
  ASSERT_TRUE(read) << read.error().to_string();
  EXPECT_EQ(read->trace.address(Ipv4Addr{read->trace[RecordId(0)].args[0]}), IpAddr(vip));
  EXPECT_EQ(written(read->trace), text);
}

/// What is replaced, and by what.
struct Damage {
  const char* what;
  const char* by;
};

class DamagedRunFile : public testing::TestWithParam<Damage> {};

TEST_P(DamagedRunFile, IsReadUpToThere) {
  const DrStory story = dr_story();
  std::string text = written(story.trace());
  const Damage& damage = GetParam();
  const std::size_t at = text.rfind(damage.what);
  ASSERT_NE(at, std::string::npos);
  text.replace(at, std::string_view(damage.what).size(), damage.by);
  const auto read = parse_run_file(text, "run.jsonl");
  ASSERT_TRUE(read) << read.error().to_string();
  const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<long>(at), '\n');
  EXPECT_EQ(read->cut_at, line);
  const std::size_t heads = 1 + story.trace().nodes().size();
  EXPECT_EQ(read->trace.size(), static_cast<std::size_t>(line) - 1 - heads);
}

INSTANTIATE_TEST_SUITE_P(Damages, DamagedRunFile,
                         testing::Values(Damage{R"("kind":"frame-sent")", R"("kind":"frame-cent")"},
                                         Damage{R"("node":"node03")", R"("node":"node33")"},
                                         Damage{R"("dev":"eth0")", R"("dev":"eth7")"},
                                         Damage{R"("cause":)", R"("cause":9)"},
                                         Damage{R"("bytes":")", R"("bytes":"x)"},
                                         Damage{R"("bytes":")", R"("butes":")"},
                                         Damage{R"("ns":)", R"("ns":-)"},
                                         Damage{R"("args":[)", R"("args":[1,)"},
                                         Damage{R"("args":["1)", R"("args":["x)"},
                                         Damage{R"("reason":")", R"("reason":"no-)"},
                                         Damage{R"("columns":{)", R"("columns":{"x":1},"y":{)"},
                                         Damage{R"("table":")", R"("table":"x)"}, Damage{"}", ""}));

TEST(RunFile, OfAnotherKindIsRefusedWithTheLine) {
  const auto error = [](const std::string& text) {
    const auto read = parse_run_file(text, "run.jsonl");
    return read ? std::string("it was read") : read.error().to_string();
  };
  EXPECT_THAT(error(""), HasSubstr("run.jsonl:1:1: this is no recorded run"));
  EXPECT_THAT(error("{\"record\":0,\"kind\":\"note\"}\n"), HasSubstr("--format jsonl"));
  EXPECT_THAT(error(R"({"kind":"run","format":2,"scenario":"","addresses":[]})"),
              AllOf(StartsWith("run.jsonl:1:15:"), HasSubstr("another version")));
  EXPECT_THAT(error(R"({"kind":"run","format":1})"), HasSubstr("'scenario' must be a text"));
  EXPECT_THAT(error(R"({"kind":"run","format":1,"scenario":"","addresses":[]})"),
              HasSubstr("no records"));
  const std::string head = "{\"kind\":\"run\",\"format\":1,\"scenario\":\"\",\"addresses\":[]}\n";
  EXPECT_THAT(error(head + "{nonsense"), StartsWith("run.jsonl:2:3: this line is not JSON"));
  EXPECT_THAT(error(head + "[]"), HasSubstr("'kind' must be a text"));
  const std::string node = R"({"kind":"node","node":"a","switch":true,"devices":[]})";
  EXPECT_THAT(error(head + node + "\n" + node),
              StartsWith("run.jsonl:3:16: this name came before"));
}

TEST(RunFile, SurvivesWhateverIsInIt) {
  Teller t = dr_story().teller;
  t.row(kClient, RecordKind::kRowAdded, NeighRow{.dev = kEth0, .ip = kVip, .mac = kNode01Mac});
  Mutator mutator(7, {written(t.trace)},
                  {"{", "}", "[", "\"", ",", "-1", "99999999999999999999", "1e400", "null", "\n",
                   "\"packet\":1", "\"dev\":\"port0\"", "true", "\\ud800", "\xff"});
  int whole = 0;
  for (int i = 0; i < 3'000; ++i) {
    const auto read = parse_run_file(mutator.next(), "run.jsonl");
    if (!read) continue;
    // Everything that a viewer does with it.
    const std::string again = written(read->trace);
    whole += again.empty() ? 0 : 1;
    dump_text(read->trace, Language::kZh);
  }
  EXPECT_GT(whole, 1'000) << "most are good up to the mistake";
}

}  // namespace
}  // namespace lvslab::test
