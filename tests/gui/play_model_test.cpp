// Playing: steps forth and back, what they find, branches, and what the worker brings.
#include <gmock/gmock.h>

#include <QSignalSpy>
#include <ranges>

#include "sim/trace/text.h"
#include "tests/gui/bench.h"

namespace lvslab::gui {
namespace {

TEST(Play, AScenarioOpensReadyToStep) {
  Bench bench;
  EXPECT_TRUE(bench.play.has_scenario());
  EXPECT_EQ(bench.play.position(), bench.play.start());
  EXPECT_FALSE(bench.play.focus().valid());
  EXPECT_FALSE(bench.play.finished());
}

TEST(Play, StepByFrameShowsEachFrameOnce) {
  Bench bench;
  bench.step(Stride::kFrame);
  const TraceRecord& first = bench.play.trace()[bench.play.focus()];
  EXPECT_EQ(first.kind, RecordKind::kFrameSent);
  EXPECT_EQ(bench.play.trace().node(first.node).name, "client");
  bench.step(Stride::kFrame);
  EXPECT_EQ(bench.play.trace().node(bench.play.trace()[bench.play.focus()].node).name, "lan");
}

TEST(Play, BackReturnsToTheSamePlacesWithoutTheWorker) {
  Bench bench;
  std::vector<Position> forth;
  for (int i = 0; i < 12; ++i) {
    forth.push_back(bench.play.position());
    bench.step(Stride::kFrame);
  }
  for (const Position& place : forth | std::views::reverse) {
    bench.play.back(Stride::kFrame);
    EXPECT_FALSE(bench.play.busy());
    EXPECT_EQ(bench.play.position(), place);
  }
}

TEST(Play, StepsByCommandStopAtCommands) {
  Bench bench;
  bench.step(Stride::kCommand, 2);
  const TraceRecord& r = bench.play.trace()[bench.play.focus()];
  ASSERT_EQ(r.kind, RecordKind::kCommand);
  EXPECT_THAT(std::string(bench.play.trace().text(r.args[0])), testing::HasSubstr("arp_ignore"));
}

TEST(Play, RunUntilADecisionAtAHost) {
  Bench bench;
  ASSERT_TRUE(bench.run_to("arp-ignored", "node02"));
  EXPECT_THAT(bench.sentence(), testing::StartsWith("node02 stays silent"));
}

TEST(Play, RunUntilATimeAndUntilAPacket) {
  Bench bench;
  bench.play.run_until({.time = SimTime{500'000'000}});
  bench.settle();
  EXPECT_LE(bench.play.now(), SimTime{500'000'000});
  EXPECT_GT(bench.play.now(), SimTime{1'000'000});
  bench.play.restart();
  bench.play.run_until({.filter = PacketFilter::compile("tcp[tcpflags] & tcp-fin != 0").value()});
  bench.settle();
  const auto facts =
      facts_of(bench.play.trace().frame(bench.play.trace()[bench.play.focus()].frame));
  EXPECT_TRUE(facts.fin);
}

TEST(Play, NextOfConversationStaysWithTheConnection) {
  Bench bench;
  bench.play.run_until({.filter = PacketFilter::compile("tcp[tcpflags] & tcp-syn != 0").value()});
  bench.settle();
  const auto at = [&] {
    return facts_of(bench.play.trace().frame(bench.play.trace()[bench.play.focus()].frame));
  };
  const FrameFacts first = at();
  for (int i = 0; i < 20; ++i) {
    bench.play.next_of_conversation();
    bench.settle();
    EXPECT_TRUE(same_conversation(first, at()));
  }
}

TEST(Play, TheEndIsToldAndTimeCanGoOn) {
  Bench bench;
  const QSignalSpy ended(&bench.play, &PlayModel::ended);
  bench.to_end();
  EXPECT_TRUE(bench.play.finished());
  EXPECT_EQ(ended.count(), 1);
  const SimTime end = bench.play.now();
  bench.step(Stride::kEvent);
  EXPECT_GT(bench.play.now(), end);
}

TEST(Play, TypingShowsItsOutputAndMovesToTheEnd) {
  Bench bench;
  bench.to_end();
  bench.play.type("client", "ping -c 1 192.168.80.201", false);
  ASSERT_TRUE(bench.settle());
  EXPECT_TRUE(bench.play.at_end());
  bool replied = false;
  for (const TraceRecord& r : bench.play.trace().records()) {
    replied = replied ||
              (r.kind == RecordKind::kOutput &&
               bench.play.trace().text(r.args[0]).find("1 received") != std::string_view::npos);
  }
  EXPECT_TRUE(replied);
}

TEST(Play, ALineCanBeSteppedThrough) {
  Bench bench;
  bench.to_end();
  const SimTime before = bench.play.now();
  bench.play.type("client", "ping -c 1 192.168.80.201", true);
  ASSERT_TRUE(bench.settle());
  EXPECT_FALSE(bench.play.at_end());
  EXPECT_EQ(bench.play.now(), before);
}

TEST(Play, TypingInThePastDropsTheFuture) {
  Bench bench;
  bench.to_end();
  ASSERT_TRUE(bench.settle());
  const Position whole = bench.play.history().end();
  bench.play.go_to(bench.play.start());
  const QSignalSpy cut(&bench.play, &PlayModel::was_cut);
  bench.play.type("node01", "ip addr", false);
  ASSERT_TRUE(bench.settle());
  EXPECT_EQ(cut.count(), 1);
  EXPECT_LT(bench.play.history().end(), whole);
  bench.to_end();
  EXPECT_TRUE(bench.play.finished());
}

TEST(Play, AFaultStrikesAndIsRepeatedWhenOneGoesBackBeyondIt) {
  Bench bench;
  ASSERT_TRUE(bench.run_to("arp-ignored", "node02"));
  scenario::Fault fault;
  fault.kind = scenario::FaultKind::kLinkDown;
  fault.host = "node02";
  fault.nic = "eth0";
  bench.play.strike(fault);
  ASSERT_TRUE(bench.settle());
  const auto down = [&] {
    const HostTables t =
        bench.play.history().tables_at(bench.play.node("node02"), bench.play.position());
    return !t.links.back().carrier;
  };
  EXPECT_TRUE(down());
  bench.play.back(Stride::kEvent);
  EXPECT_FALSE(down());
  bench.to_end();
  EXPECT_TRUE(down());
}

TEST(Play, ARunIsCancelledAtOnce) {
  Bench bench;
  bench.to_end();
  bench.play.type("client", "ab -n 100000 -c 50 http://192.168.80.150/", false);
  EXPECT_TRUE(bench.play.busy());
  bench.play.cancel();
  EXPECT_TRUE(bench.settle());
}

TEST(Play, TheChecksOfTheLessonHold) {
  Bench bench;
  bench.play.check();
  ASSERT_TRUE(bench.settle());
  ASSERT_TRUE(bench.play.checked());
  EXPECT_FALSE(bench.play.findings().empty());
  for (const lab::Finding& finding : bench.play.findings()) EXPECT_TRUE(finding.passed);
}

TEST(Play, WhatWasTypedIsSavedAsAScenario) {
  Bench bench;
  bench.play.type("node01", "ip addr", false);
  bench.settle();
  QString saved;
  QObject::connect(&bench.play, &PlayModel::scenario_text_ready,
                   [&](const QString& text) { saved = text; });
  bench.play.request_scenario_text();
  bench.settle();
  EXPECT_TRUE(saved.contains(QStringLiteral("ip addr")));
}

TEST(Play, AnotherScenarioReplacesTheFirst) {
  Bench bench;
  bench.to_end();
  const auto nodes = bench.play.trace().nodes().size();
  bench.play.open(bench.play.scenario(), "simulator");
  ASSERT_TRUE(bench.settle());
  EXPECT_EQ(bench.play.trace().nodes().size(), nodes);
  EXPECT_EQ(bench.play.position(), bench.play.start());
}

TEST(History, TablesAtAnyPositionAreThoseOfAPlainFold) {
  Bench bench("dr-server-dead");
  bench.to_end();
  const History& history = bench.play.history();
  for (Position k = bench.play.start(); k < history.end(); k += 97) {
    for (std::uint32_t n = 0; n < 4; ++n) {
      const HostTables folded = fold(history.trace(), k, NodeId(n));
      const HostTables quick = history.tables_at(NodeId(n), k);
      ASSERT_EQ(quick.neighs, folded.neighs);
      ASSERT_EQ(quick.conns, folded.conns);
      ASSERT_EQ(quick.sockets, folded.sockets);
      ASSERT_EQ(quick.routes, folded.routes);
    }
  }
}

TEST(History, TheCopyIsTheSameTraceAsTheSessions) {
  Bench bench;
  bench.to_end();
  const Trace& trace = bench.play.trace();
  History copy;
  copy.append(TraceChunk::since(trace, {}, true));
  EXPECT_EQ(copy.trace().digest(), trace.digest());
}

}  // namespace
}  // namespace lvslab::gui
