// The models under the window: each keeps Qt's rules, and says what the trace says.
#include <gmock/gmock.h>

#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <algorithm>
#include <set>

#include "gui/models/event_list_model.h"
#include "gui/models/ladder_model.h"
#include "gui/models/library.h"
#include "gui/models/packet_model.h"
#include "gui/models/tables_model.h"
#include "gui/models/terminal_model.h"
#include "gui/models/timeline_model.h"
#include "gui/models/topology_model.h"
#include "gui/models/why_model.h"
#include "gui/models/words.h"
#include "test_paths.h"
#include "tests/gui/bench.h"

namespace lvslab::gui {
namespace {

using testing::Contains;
using testing::IsSupersetOf;
using testing::Not;
using Mode = QAbstractItemModelTester::FailureReportingMode;

TEST(Words, AreWithoutWhatOnlyMovesAndColours) {
  EXPECT_EQ(
      without_controls(QStringLiteral("\x1b]0;title\a\x1b[01;32mgreen\x1b[0m\r\n\x1b[?2004h# ")),
      QStringLiteral("green\n# "));
  EXPECT_EQ(without_controls(QStringLiteral("中文 [1;2] 100%")), QStringLiteral("中文 [1;2] 100%"));
}

/// Steps, jumps, types in the past and opens anew, with every model watched by Qt's tester.
TEST(Models, KeepQtsRulesWhateverHappens) {
  Bench bench;
  EventListModel events(bench.play);
  PacketModel packet(bench.play);
  WhyModel why(bench.play);
  TablesModel conns(bench.play, HostTable::kConnections);
  TablesModel neighbours(bench.play, HostTable::kNeighbours);
  LibraryModel library(QStringLiteral(LVSLAB_SOURCE_DIR "/scenarios"));
  conns.set_host("node01");
  neighbours.set_host("client");
  const QAbstractItemModelTester t1(&events, Mode::Fatal);
  const QAbstractItemModelTester t2(&packet, Mode::Fatal);
  const QAbstractItemModelTester t3(&why, Mode::Fatal);
  const QAbstractItemModelTester t4(&conns, Mode::Fatal);
  const QAbstractItemModelTester t5(&neighbours, Mode::Fatal);
  const QAbstractItemModelTester t6(&library, Mode::Fatal);
  bench.step(Stride::kFrame, 15);
  bench.play.back(Stride::kEvent);
  bench.play.set_language(Language::kZh);
  library.set_language(Language::kZh);
  events.set_filter({.packets = PacketFilter::compile("arp").value()});
  bench.to_end();
  events.set_filter({.switches = true, .tables = true});
  bench.play.go_to(bench.play.start() + 200);
  bench.play.type("client", "ping -c 1 192.168.80.201", false);
  bench.settle();
  bench.play.open(bench.play.scenario(), "simulator");
  bench.settle();
  bench.step(Stride::kFrame, 3);
  EXPECT_GT(events.rowCount(), 3);
}

QString cell(const QAbstractItemModel& model, int row, int column) {
  return model.index(row, column).data().toString();
}

TEST(EventList, SaysWhoSendsWhatToWhom) {
  Bench bench;
  EventListModel events(bench.play);
  events.set_filter({.packets = PacketFilter::compile("arp").value()});
  bench.to_end();
  EXPECT_EQ(cell(events, 0, EventListModel::kHost), QStringLiteral("client"));
  EXPECT_EQ(cell(events, 0, EventListModel::kDev), QStringLiteral("eth0"));
  EXPECT_EQ(cell(events, 0, EventListModel::kTo), QStringLiteral("192.168.80.150"));
  EXPECT_EQ(cell(events, 0, EventListModel::kProtocol), QStringLiteral("ARP"));
  EXPECT_TRUE(cell(events, 0, EventListModel::kSummary).contains(QStringLiteral("who-has")));
  EXPECT_TRUE(cell(events, 0, EventListModel::kWhy).contains(QStringLiteral("asks everybody")));
}

TEST(EventList, FiltersByHostWordsAndStory) {
  Bench bench;
  bench.to_end();
  EventListModel events(bench.play);
  const int all = events.rowCount();
  events.set_filter({.host = "node02"});
  EXPECT_LT(events.rowCount(), all);
  for (int row = 0; row < events.rowCount(); ++row) {
    ASSERT_EQ(cell(events, row, EventListModel::kHost), QStringLiteral("node02"));
  }
  events.set_filter({.words = "stays silent"});
  EXPECT_EQ(events.rowCount(), 2) << "node02 and node03";
  events.set_filter({});
  bench.play.restart();
  ASSERT_TRUE(bench.run_to("ipvs-direct-routing", "node01"));
  events.follow(bench.play.focus());
  EXPECT_GT(events.rowCount(), 5);
  EXPECT_LT(events.rowCount(), all / 3);
}

TEST(EventList, GreysWhatLiesInTheFuture) {
  Bench bench;
  bench.to_end();
  EventListModel events(bench.play);
  bench.play.restart();
  EXPECT_TRUE(events.index(0, 0).data(EventListModel::kFutureRole).toBool());
  bench.to_end();
  EXPECT_FALSE(events.index(0, 0).data(EventListModel::kFutureRole).toBool());
}

TEST(Packet, TheMacRewriteOfDirectRoutingIsMarkedWithWhatItWas) {
  Bench bench;
  PacketModel packet(bench.play);
  // The first SYN waits for ARP, and is compared with how it came all the same.
  Until goal{.filter =
                 PacketFilter::compile("tcp and dst host 192.168.80.150 and ip[8] == 63").value()};
  goal.host = "node01";
  bench.play.run_until(goal);
  bench.settle();
  const QString rewrites = packet.rewrites().join(QLatin1Char('\n'));
  EXPECT_TRUE(rewrites.contains(QStringLiteral("destination: 02:00:00:00:02:00 → 02:00:00:00:0")))
      << rewrites.toStdString();
  EXPECT_TRUE(rewrites.contains(QStringLiteral("64 → 63")));
  EXPECT_TRUE(packet.changed_bytes().at(5));
  EXPECT_FALSE(packet.changed_bytes().at(30)) << "the IP addresses stay";
}

TEST(Packet, BytesAndFieldsPointAtEachOther) {
  Bench bench;
  PacketModel packet(bench.play);
  bench.step(Stride::kFrame);
  const QModelIndex field = packet.field_at(38);
  ASSERT_TRUE(field.isValid());
  EXPECT_EQ(field.data().toString(), QStringLiteral("target IP"));
  EXPECT_EQ(field.data(PacketModel::kOffsetRole).toInt(), 38);
  EXPECT_EQ(field.data(PacketModel::kLengthRole).toInt(), 4);
}

TEST(Why, TellsTheDecisionsInTheLanguageOfTheWindow) {
  Bench bench;
  WhyModel why(bench.play);
  ASSERT_TRUE(bench.run_to("arp-ignored", "node02"));
  const auto has = [&](const QString& words) {
    for (int row = 0; row < why.rowCount(); ++row) {
      if (why.index(row).data().toString().contains(words)) return true;
    }
    return false;
  };
  EXPECT_TRUE(has(QStringLiteral("node02 stays silent")));
  EXPECT_TRUE(has(QStringLiteral("curl"))) << "it began with a command";
  bench.play.set_language(Language::kZh);
  EXPECT_TRUE(has(QStringLiteral("不应答")));
  EXPECT_GE(why.subject_row(), 0);
}

TEST(Tables, ChangedRowsAreLitAndGoOutAgain) {
  Bench bench;
  TablesModel sysctls(bench.play, HostTable::kSysctls);
  sysctls.set_host("node02");
  bench.step(Stride::kCommand, 2);
  EXPECT_EQ(sysctls.rowCount(), 1);
  EXPECT_EQ(sysctls.changed_rows(), 1);
  EXPECT_EQ(cell(sysctls, 0, 0), QStringLiteral("net.ipv4.conf.eth0.arp_ignore"));
  bench.step(Stride::kCommand);
  EXPECT_EQ(sysctls.rowCount(), 2);
  EXPECT_EQ(sysctls.changed_rows(), 1);
}

TEST(Tables, ListServicesWithTheirServersAndConnections) {
  Bench bench;
  bench.to_end();
  TablesModel services(bench.play, HostTable::kServices);
  services.set_host("node01");
  ASSERT_EQ(services.rowCount(), 3);
  EXPECT_EQ(cell(services, 0, 0), QStringLiteral("TCP 192.168.80.150:80"));
  EXPECT_EQ(cell(services, 1, 1), QStringLiteral("Route"));
  TablesModel conns(bench.play, HostTable::kConnections);
  conns.set_host("node01");
  ASSERT_EQ(conns.rowCount(), 6);
  EXPECT_EQ(cell(conns, 0, 3), QStringLiteral("FIN_WAIT"));
}

TEST(Tables, VirtualRoutersOfAllHostsTheOwnFirst) {
  Bench bench("ha-failover");
  TablesModel vrrp(bench.play, HostTable::kVrrp);
  vrrp.set_host("node04");
  const QAbstractItemModelTester tester(&vrrp, Mode::Fatal);
  EXPECT_EQ(vrrp.rowCount(), 0);
  ASSERT_TRUE(bench.run_to("vrrp-starts-as-backup", "node01"));
  ASSERT_TRUE(bench.run_to("vrrp-starts-as-backup", "node04"));
  ASSERT_TRUE(bench.run_to("vrrp-master-down", "node01"));
  ASSERT_EQ(vrrp.rowCount(), 2);
  EXPECT_EQ(cell(vrrp, 0, 0), QStringLiteral("node04"));
  EXPECT_EQ(cell(vrrp, 0, 1).section(u' ', 0, 0), QStringLiteral("51"));
  EXPECT_EQ(cell(vrrp, 0, 2), QStringLiteral("BACKUP"));
  EXPECT_EQ(cell(vrrp, 1, 2), QStringLiteral("MASTER"));
  EXPECT_EQ(cell(vrrp, 1, 3), QStringLiteral("100"));
  EXPECT_EQ(vrrp.changed_rows(), 1) << "node01 turned master";
  // Adverts go by every second: that alone lights nothing.
  ASSERT_TRUE(bench.run_to("vrrp-master-alive", "node04"));
  ASSERT_TRUE(bench.run_to("vrrp-master-alive", "node04"));
  EXPECT_EQ(vrrp.changed_rows(), 0);
  EXPECT_EQ(cell(vrrp, 0, 5), QStringLiteral("node01"));
  EXPECT_TRUE(vrrp.index(0, 0).data(TablesModel::kUsedRole).toBool()) << "its advert is in focus";
  bench.play.restart();
  EXPECT_EQ(vrrp.rowCount(), 0);
}

TEST(Tables, EveryTableHasANameAndACommand) {
  for (int i = 0; i < kHostTables; ++i) {
    EXPECT_FALSE(TablesModel::name_of(static_cast<HostTable>(i)).isEmpty());
    EXPECT_FALSE(TablesModel::command_of(static_cast<HostTable>(i)).isEmpty());
  }
}

TEST(Topology, TheVipIsSolidOnTheDirectorAndLockedOnTheServers) {
  Bench bench;
  TopologyModel topology(bench.play);
  bench.play.open(bench.play.scenario(), "simulator");
  bench.settle();
  bench.to_end();
  const auto vip = [&](const char* host) {
    return topology.states()[topology.find(host)].vips.at(0);
  };
  EXPECT_TRUE(vip("node01").answers);
  EXPECT_FALSE(vip("node02").answers);
  EXPECT_FALSE(vip("node03").answers);
  EXPECT_FALSE(vip("node01").doubled);
}

TEST(Topology, TwoHostsThatAnswerForTheVipAreDoubled) {
  Bench bench("dr-without-arp-hiding");
  TopologyModel topology(bench.play);
  bench.play.open(bench.play.scenario(), "simulator");
  bench.settle();
  bench.to_end();
  bool doubled = false;
  for (Position k = bench.play.start(); k < bench.play.history().end() && !doubled; ++k) {
    bench.play.go_to(k);
    for (const VipState& vip : topology.states()[topology.find("node01")].vips) {
      doubled = doubled || vip.doubled;
    }
  }
  EXPECT_TRUE(doubled);
}

TEST(Topology, ABroadcastFansOut) {
  Bench bench;
  TopologyModel topology(bench.play);
  bench.play.open(bench.play.scenario(), "simulator");
  bench.settle();
  bench.step(Stride::kFrame, 2);
  EXPECT_EQ(topology.in_flight(bench.play.position()).size(), 3U);
}

TEST(Ladder, AnArrowGoesFromHostToHost) {
  Bench bench;
  LadderModel ladder(bench.play);
  bench.play.open(bench.play.scenario(), "simulator");
  bench.settle();
  bench.to_end();
  const auto arrow = std::ranges::find(ladder.rows(), LadderRow::Kind::kArrow, &LadderRow::kind);
  ASSERT_NE(arrow, ladder.rows().end());
  EXPECT_EQ(ladder.columns()[arrow->from].host, "client");
  EXPECT_EQ(arrow->to.size(), 3U) << "everybody hears an ARP question";
  EXPECT_FALSE(ladder.is_lost(*arrow));
}

TEST(Ladder, ARouterHasAColumnForEachOfItsInterfaces) {
  Bench bench("dr-across-router");
  LadderModel ladder(bench.play);
  bench.play.open(bench.play.scenario(), "simulator");
  bench.settle();
  bench.to_end();
  std::vector<std::string> names;
  for (const LadderModel::Column& column : ladder.columns()) names.push_back(column.name());
  const auto first = std::ranges::find(names, "router eth0");
  ASSERT_NE(first, names.end());
  ASSERT_EQ(*(first + 1), "router eth1") << "side by side";
  const auto eth0 = static_cast<std::size_t>(first - names.begin());
  // What came in by one goes out by the other, and each arrow ends where the cable does.
  std::set<std::size_t> from, to;
  for (const LadderRow& row : ladder.rows()) {
    if (row.kind != LadderRow::Kind::kArrow) continue;
    from.insert(row.from);
    to.insert(row.to.begin(), row.to.end());
    EXPECT_THAT(row.to, Not(Contains(row.from)));
  }
  EXPECT_THAT(from, IsSupersetOf({eth0, eth0 + 1}));
  EXPECT_THAT(to, IsSupersetOf({eth0, eth0 + 1}));
}

TEST(Timeline, MarksCommandsFaultsAndWhatFailed) {
  Bench bench("director-dead");
  TimelineModel marks(bench.play);
  bench.play.open(bench.play.scenario(), "simulator");
  bench.settle();
  bench.to_end();
  const auto has = [&](TimelineMark::Kind kind) {
    return std::ranges::find(marks.marks(), kind, &TimelineMark::kind) != marks.marks().end();
  };
  EXPECT_TRUE(has(TimelineMark::Kind::kCommand));
  EXPECT_TRUE(has(TimelineMark::Kind::kFault));
  EXPECT_NE(marks.neighbour(bench.play.start(), true), nullptr);
  EXPECT_EQ(marks.neighbour(bench.play.start(), false), nullptr);
}

TEST(Terminal, ShowsWhatWasTypedAndPrintedUpToThePosition) {
  Bench bench;
  bench.to_end();
  TerminalModel terminal(bench.play);
  terminal.set_host("client");
  EXPECT_TRUE(terminal.text().contains(QStringLiteral("[root@client ~]# for i in")));
  EXPECT_TRUE(terminal.text().contains(QStringLiteral("node03\nnode02\n")));
  bench.play.restart();
  EXPECT_TRUE(terminal.text().isEmpty());
}

TEST(Terminal, CompletesCommandsHostsAndAddresses) {
  Bench bench;
  TerminalModel terminal(bench.play);
  terminal.set_host("node01");
  EXPECT_TRUE(
      terminal.completions(QStringLiteral("ipvsadm -l")).contains(QStringLiteral("ipvsadm -ln")));
  EXPECT_TRUE(
      terminal.completions(QStringLiteral("ping node0")).contains(QStringLiteral("ping node02")));
  EXPECT_TRUE(terminal.completions(QStringLiteral("ping 192.168.80.20"))
                  .contains(QStringLiteral("ping 192.168.80.204")));
}

TEST(Library, ListsEveryScenarioOnceUnderATopic) {
  LibraryModel library(QStringLiteral(LVSLAB_SOURCE_DIR "/scenarios"));
  int scenarios = 0;
  for (int t = 0; t < library.rowCount({}); ++t) {
    const QModelIndex topic = library.index(t, 0, {});
    EXPECT_FALSE(topic.data().toString().isEmpty());
    scenarios += library.rowCount(topic);
  }
  EXPECT_GE(scenarios, 6);
  EXPECT_FALSE(library.resolve(QStringLiteral("dr-basic")).isEmpty());
  EXPECT_TRUE(library.resolve(QStringLiteral("no-such")).isEmpty());
}

}  // namespace
}  // namespace lvslab::gui
