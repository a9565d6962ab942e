// Captures that play in the window: what they show of hosts and networks, and how they step.
#include <gmock/gmock.h>

#include <QTemporaryDir>
#include <QTest>
#include <algorithm>
#include <stdexcept>

#include "gui/models/recorded_run.h"
#include "gui/models/topology_model.h"
#include "gui/models/words.h"
#include "sim/scenario/writer.h"
#include "sim/trace/diff.h"
#include "sim/trace/pcap.h"
#include "sim/trace/pcapng.h"
#include "sim/trace/run_file.h"
#include "sim/trace/text.h"
#include "tests/gui/bench.h"

namespace lvslab::gui {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::UnorderedElementsAre;

/// What a run of `scenario` looks like to those who have only its capture.
RecordedRun capture_of(const char* scenario, bool comments) {
  Bench bench(scenario);
  bench.to_end();
  const QTemporaryDir folder;
  const std::string file = from_qt(folder.filePath(QStringLiteral("run.pcapng")));
  EXPECT_TRUE(write_pcapng(file, bench.play.trace(), {.comments = comments}));
  return recorded_run(read_capture(file).value(), "run").value();
}

const scenario::Host& host(const RecordedRun& run, std::string_view name) {
  const scenario::Host* found = run.scenario.find_host(name);
  if (found == nullptr) throw std::runtime_error("there is no host " + std::string(name));
  return *found;
}

TEST(RecordedRun, NamesHostsRolesAndTheNetworkOfDrBasic) {
  const RecordedRun run = capture_of("dr-basic", false);
  ASSERT_EQ(run.scenario.hosts.size(), 4U);
  EXPECT_EQ(host(run, "client").role, scenario::Role::kClient);
  EXPECT_EQ(host(run, "node01").role, scenario::Role::kDirector);
  EXPECT_EQ(host(run, "node02").role, scenario::Role::kRealServer);
  EXPECT_EQ(host(run, "node03").role, scenario::Role::kRealServer);
  ASSERT_EQ(run.scenario.switches.size(), 1U);
  for (const scenario::Host& one : run.scenario.hosts) {
    EXPECT_EQ(one.nics.front().switch_name, run.scenario.switches.front().name) << one.name;
  }
}

TEST(RecordedRun, TwoNetworksStayTwoAndTheRouterIsInBoth) {
  const RecordedRun run = capture_of("dr-across-router", false);
  EXPECT_EQ(run.scenario.switches.size(), 2U);
  const scenario::Host& router = host(run, "router");
  EXPECT_EQ(router.role, scenario::Role::kRouter);
  ASSERT_EQ(router.nics.size(), 2U);
  EXPECT_NE(router.nics[0].switch_name, router.nics[1].switch_name);
}

TEST(RecordedRun, AHiddenVipIsTheDirectorsAlone) {
  Bench bench;
  TopologyModel topology(bench.play);
  bench.play.open_recorded(capture_of("dr-basic", false));
  int owners = 0;
  for (std::size_t n = 0; n < topology.nodes().size(); ++n) {
    for (const NodeState::Nic& nic : topology.states()[n].nics) {
      const bool has = std::ranges::any_of(nic.addresses, [](const Ipv4Prefix& a) {
        return a.addr.to_string() == "192.168.80.150";
      });
      if (!has) continue;
      ++owners;
      EXPECT_EQ(topology.nodes()[n].name, "node01");
    }
  }
  EXPECT_EQ(owners, 1);
}

TEST(RecordedRun, StepsAsTheLiveRunDid) {
  Bench bench;
  bench.play.open_recorded(capture_of("dr-basic", false));
  EXPECT_TRUE(bench.play.recorded());
  EXPECT_FALSE(bench.play.focus().valid());
  bench.step();
  EXPECT_EQ(bench.play.now(), SimTime{});
  EXPECT_EQ(facts_of(bench.play.trace().frame(bench.play.trace()[bench.play.focus()].frame)).label,
            "who-has .150");
  Until rewrite{.filter = PacketFilter::compile("tcp and ip[8] == 63").value()};
  rewrite.host = "node01";
  bench.play.run_until(rewrite);
  const RecordId sent = bench.play.focus();
  EXPECT_EQ(bench.play.trace()[sent].at, SimTime{1'000'000});
  const RecordId received = bench.play.trace()[sent].cause;
  ASSERT_TRUE(received.valid()) << "it is the client's packet, passed on";
  EXPECT_EQ(bench.play.trace()[received].at, SimTime{600'000});
  const Position there = bench.play.position();
  bench.play.back(Stride::kFrame);
  EXPECT_LT(bench.play.position(), there);
}

TEST(RecordedRun, CommentsAreNotesBesideTheirPackets) {
  const RecordedRun run = capture_of("dr-basic", true);
  const auto note = std::ranges::find_if(run.scenario.timeline, [](const auto& item) {
    return item.note.en.find("rr chose") != std::string::npos;
  });
  ASSERT_NE(note, run.scenario.timeline.end());
  const auto number = static_cast<std::uint32_t>(note - run.scenario.timeline.begin());
  const auto record = std::ranges::find_if(run.chunk.records, [&](const TraceRecord& r) {
    return r.kind == RecordKind::kNote && r.args[0] == number;
  });
  ASSERT_NE(record, run.chunk.records.end());
  EXPECT_EQ(run.chunk.nodes[record->node.value].name, "node01");
  EXPECT_TRUE((record + 1)->frame.valid()) << "the packet follows";
}

TEST(RecordedRun, ACaptureOfOneInterfaceShowsWhoTookPart) {
  Bench live;
  live.to_end();
  const QTemporaryDir folder;
  const std::string file = from_qt(folder.filePath(QStringLiteral("eth0.pcap")));
  ASSERT_TRUE(write_pcap(file, live.play.trace(), live.play.node("node01"), IfIndex(2)));
  const RecordedRun run = recorded_run(read_capture(file).value(), "eth0").value();
  std::vector<std::string> names;
  for (const scenario::Host& one : run.scenario.hosts) names.push_back(one.name);
  EXPECT_THAT(names, UnorderedElementsAre("192.168.80.10", "192.168.80.201", "192.168.80.202",
                                          "192.168.80.204"));
  EXPECT_EQ(host(run, "192.168.80.201").role, scenario::Role::kDirector);
}

/// The run of `live`, saved and opened again.
RecordedRun saved_run_of(Bench& live) {
  const std::string text =
      run_file(live.play.trace(), scenario::to_yaml(live.play.scenario()), Language::kEn);
  return recorded_run(parse_run_file(text, "run.jsonl").value(), "run.jsonl").value();
}

class SavedRun : public testing::TestWithParam<const char*> {};

TEST_P(SavedRun, ShowsWhatTheLiveOneShowed) {
  Bench live(GetParam());
  const Position start = live.play.start();
  live.to_end();
  Bench again;
  again.play.open_recorded(saved_run_of(live));
  EXPECT_EQ(again.play.scenario(), live.play.scenario());
  EXPECT_EQ(again.play.start(), start);
  EXPECT_EQ(first_difference(live.play.trace(), again.play.trace()), std::nullopt);
  const Position middle = live.play.history().end() / 2;
  for (std::uint32_t n = 0; n < live.play.trace().nodes().size(); ++n) {
    const HostTables was = live.play.history().tables_at(NodeId(n), middle);
    const HostTables is = again.play.history().tables_at(NodeId(n), middle);
    EXPECT_EQ(is.addrs, was.addrs);
    EXPECT_EQ(is.neighs, was.neighs);
    EXPECT_EQ(is.conns, was.conns);
    EXPECT_EQ(is.services, was.services);
  }
  for (std::uint32_t i = 0; i < live.play.trace().size(); ++i) {
    ASSERT_EQ(describe(again.play.trace(), RecordId(i), Language::kZh),
              describe(live.play.trace(), RecordId(i), Language::kZh));
  }
}

INSTANTIATE_TEST_SUITE_P(Labs, SavedRun,
                         testing::Values("dr-basic", "ha-failover", "tun-basic", "ipv6-dr"));

TEST(RecordedRun, NamesDevicesAndAddressesOfIpv6AsTheLabDoes) {
  Bench tunnel("tun-basic");
  tunnel.to_end();
  Bench six("ipv6-dr");
  six.to_end();
  for (Bench* bench : {&tunnel, &six}) {
    std::string told;
    for (std::uint32_t i = 0; i < bench->play.trace().size(); ++i) {
      told += describe(bench->play.trace(), RecordId(i), Language::kEn) + "\n";
    }
    EXPECT_THAT(told, Not(HasSubstr(" if4 ")));
    EXPECT_THAT(told, Not(HasSubstr(" reaches :: ")));
    EXPECT_THAT(told, HasSubstr(bench == &six ? "[2001:db8::150]:80" : " tunl0 "));
  }
}

TEST(RecordedRun, OfOtherHostsThanItsScenarioDrawsIsRefused) {
  Bench live;
  live.to_end();
  std::string text =
      run_file(live.play.trace(), "name: x\nhosts:\n  - name: other\n", Language::kEn);
  const auto other = recorded_run(parse_run_file(text, "run.jsonl").value(), "run.jsonl");
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().to_string(), HasSubstr("run.jsonl:1:1: the scenario in this run"));
}

TEST(RecordedRun, CanBeWatchedAndNothingElse) {
  Bench bench;
  bench.play.open_recorded(capture_of("dr-basic", false));
  std::vector<std::string> told;
  QObject::connect(&bench.play, &PlayModel::failed,
                   [&](const QString& text) { told.push_back(from_qt(text)); });
  QObject::connect(&bench.play, &PlayModel::ended,
                   [&](const QString& text) { told.push_back(from_qt(text)); });
  bench.play.type("client", "ip addr", false);
  bench.play.to_end();
  const Position end = bench.play.position();
  EXPECT_EQ(end, bench.play.history().end());
  bench.step();
  EXPECT_THAT(told, ElementsAre(HasSubstr("nothing can be done in it"), HasSubstr("ends here")));
  EXPECT_EQ(bench.play.position(), end);
}

TEST(RecordedRun, ALabOpensAfterARecording) {
  Bench bench;
  const scenario::Scenario lab = bench.play.scenario();
  bench.play.open_recorded(capture_of("dr-server-dead", false));
  bench.play.open(lab, "simulator");
  ASSERT_TRUE(bench.settle());
  EXPECT_FALSE(bench.play.recorded());
  bench.step();
  EXPECT_THAT(bench.play.trace().nodes().front().name, "client");
  EXPECT_TRUE(bench.play.focus().valid());
}

}  // namespace
}  // namespace lvslab::gui
