// The order of a run, stepping, and going back, on a backend in which lines take as long as they
// say.
#include "sim/lab/session.h"

#include <gmock/gmock.h>

#include "sim/scenario/loader.h"
#include "tests/lab/fake_backend.h"

namespace lvslab::lab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

scenario::Scenario scenario_of(const std::string& rest) {
  const std::string head = R"(
title: {en: t, zh: t}
switches: [{name: lan}]
hosts:
  - name: a
    nics: [{addresses: 10.0.0.1/24, switch: lan}]
    setup: [take 2, hello]
  - name: b
    nics: [{addresses: 10.0.0.2/24, switch: lan}]
    setup: [take 3]
)";
  auto loaded = scenario::load_text(head + rest, "test.yaml");
  if (!loaded) {
    ADD_FAILURE() << loaded.error().front().to_string();
    return {};
  }
  return *loaded;
}

/// "a 0-2 take 2": host, first and last millisecond, line.
std::vector<std::string> story(const Session& session) {
  std::vector<std::string> lines;
  for (const Entry& e : session.entries()) {
    lines.push_back(e.host + " " + std::to_string(e.started.ns / 1'000'000) + "-" +
                    (e.done ? std::to_string(e.ended.ns / 1'000'000) : "") + " " + e.text);
  }
  return lines;
}

constexpr SimTime ms(std::int64_t n) { return {n * 1'000'000}; }

struct Played {
  FakeBackend backend;
  Session session;

  explicit Played(const std::string& rest, SessionOptions options = {})
      : session(backend, scenario_of(rest), options) {
    EXPECT_TRUE(session.start().has_value());
  }
};

TEST(Session, TypesTheSetUpHostAfterHostEachLineWhenTheOneBeforeIsDone) {
  Played lab("settle: 5ms\n");
  EXPECT_EQ(lab.session.run_to_end(), PlayEnd::kFinished);
  EXPECT_THAT(story(lab.session), ElementsAre("a 0-2 take 2", "a 2-2 hello", "b 2-5 take 3"));
  EXPECT_EQ(lab.session.finished_at(), ms(10)) << "settle begins after the last line";
}

TEST(Session, TimelineItemsWaitForEachOtherForAtAndForAfter) {
  Played lab(R"(
timeline:
  - {on: a, run: take 4}
  - {on: b, run: one, at: 20ms}
  - {on: b, run: two, after: 7ms}
  - {on: a, run: three}
)");
  lab.session.run_to_end();
  EXPECT_THAT(story(lab.session),
              ElementsAre("a 0-2 take 2", "a 2-2 hello", "b 2-5 take 3", "a 5-9 take 4",
                          "b 20-20 one", "b 27-27 two", "a 27-27 three"));
}

TEST(Session, AnItemInTheBackgroundHoldsNobodyUpButTheEnd) {
  Played lab(R"(
settle: 1ms
timeline:
  - on: a
    background: true
    run: |
      take 10
      take 20
  - {on: b, run: take 1}
)");
  lab.session.run_to_end();
  EXPECT_THAT(story(lab.session), ElementsAre("a 0-2 take 2", "a 2-2 hello", "b 2-5 take 3",
                                              "a 5-15 take 10", "b 5-6 take 1", "a 15-35 take 20"));
  EXPECT_EQ(lab.session.finished_at(), ms(36));
}

TEST(Session, UntilEndsTheRunWhateverStillRuns) {
  Played lab("until: 8ms\ntimeline:\n  - {on: a, run: take 100}\n");
  EXPECT_EQ(lab.session.run_to_end(), PlayEnd::kFinished);
  EXPECT_EQ(lab.session.now(), ms(8));
  EXPECT_FALSE(lab.session.entries().back().done);
}

TEST(Session, ALineThatNeverEndsIsInterruptedAfterAnHour) {
  Played lab("timeline:\n  - {on: a, run: forever}\n  - {on: b, run: next}\n");
  EXPECT_EQ(lab.session.run_to_end(), PlayEnd::kFinished);
  const Entry& forever = lab.session.entries()[3];
  EXPECT_TRUE(forever.unfinished);
  EXPECT_EQ(forever.status, 130);
  EXPECT_EQ(forever.ended - forever.started, kLongestCommand);
  EXPECT_EQ(lab.session.entries().back().text, "next");
}

TEST(Session, NothingCanBeTypedOnAHostThatIsDownAndTheLabGoesOn) {
  Played lab(R"(
timeline:
  - {fault: crash, target: a}
  - {on: a, run: anybody}
  - {on: b, run: here}
)");
  lab.session.run_to_end();
  const auto& entries = lab.session.entries();
  ASSERT_EQ(entries.size(), 5U);
  EXPECT_TRUE(entries[3].refused);
  EXPECT_EQ(entries[3].status, 255);
  EXPECT_EQ(entries[3].output, "lvslab: a is down\n");
  EXPECT_EQ(entries[4].output, "here\n");
}

TEST(Session, AStormEndsThePlay) {
  Played lab("settle: 1s\n");
  lab.backend.storm_at_tick = 7;
  EXPECT_EQ(lab.session.run_to_end(), PlayEnd::kStorm);
  EXPECT_EQ(lab.session.next(), PlayEnd::kStorm);
  EXPECT_FALSE(lab.session.finished());
}

TEST(Session, TheStopFlagIsSeen) {
  const volatile std::sig_atomic_t stop = 1;
  Played lab("settle: 1s\n", {.stop = &stop});
  EXPECT_EQ(lab.session.run_to_end(), PlayEnd::kInterrupted);
}

TEST(Session, TablesAreKeptAtTheTimeThatAnExpectationNames) {
  Played lab(
      "expect:\n  - table: {host: a, table: arp, at: 12ms, lacks: x}\n    why: {en: w, zh: w}\n");
  lab.session.run_to_end();
  ASSERT_EQ(lab.session.kept_tables().size(), 1U);
  EXPECT_EQ(lab.session.kept_tables().begin()->second.now, ms(12));
}

// --- stepping ------------------------------------------------------------------------------------

TEST(SessionSteps, SteppingOneByOneIsTheSameRunAsRunningThrough) {
  const std::string timeline = "timeline:\n  - {on: a, run: take 4, after: 2ms}\n";
  Played at_once(timeline);
  at_once.session.run_to_end();
  Played stepped(timeline);
  while (stepped.session.next() == PlayEnd::kReached) continue;
  EXPECT_EQ(stepped.session.trace().digest(), at_once.session.trace().digest());
  EXPECT_EQ(stepped.session.steps(), at_once.session.steps());
}

TEST(SessionSteps, NextFrameAndNextDecisionStopWhereTheyHappen) {
  Played lab("settle: 30ms\n");
  EXPECT_EQ(lab.session.next(Stride::kDecision), PlayEnd::kReached);
  EXPECT_EQ(lab.session.now(), ms(3));
  EXPECT_EQ(lab.session.next(Stride::kFrame), PlayEnd::kReached);
  EXPECT_EQ(lab.session.now(), ms(5));
}

TEST(SessionSteps, BackReachesEveryEarlierStepJustAsItWas) {
  Played lab("settle: 30ms\n", {.snapshot_every = 4});
  std::vector<std::uint64_t> digests{lab.session.trace().digest()};
  while (lab.session.next() == PlayEnd::kReached) {
    digests.push_back(lab.session.trace().digest());
  }
  while (lab.session.steps() > 0) {
    ASSERT_TRUE(lab.session.back().has_value());
    ASSERT_EQ(lab.session.trace().digest(), digests[lab.session.steps()]);
  }
  EXPECT_FALSE(lab.session.back().has_value()) << "before the beginning there is nothing";
  lab.session.run_to_end();
  EXPECT_EQ(lab.session.trace().digest(), digests.back());
}

TEST(SessionSteps, BackByFrameAndByDecisionStopWhereNextDid) {
  Played lab("settle: 41ms\n", {.snapshot_every = 7});
  std::vector<SimTime> forward;
  while (lab.session.next(Stride::kFrame) == PlayEnd::kReached)
    forward.push_back(lab.session.now());
  ASSERT_GT(forward.size(), 3U);
  std::vector<SimTime> backward;
  while (lab.session.steps() > 0) {
    ASSERT_TRUE(lab.session.back(Stride::kFrame).has_value());
    if (lab.session.steps() > 0) backward.push_back(lab.session.now());
  }
  std::ranges::reverse(backward);
  EXPECT_EQ(backward, forward);
}

TEST(SessionSteps, WithoutSnapshotsThereIsNoWayBack) {
  Played lab("settle: 5ms\n");
  lab.session.run_to_end();
  EXPECT_FALSE(lab.session.can_go_back());
  EXPECT_THAT(lab.session.back().error().message, HasSubstr("no snapshots"));
}

TEST(SessionSteps, LongRunsKeepFewSnapshots) {
  Played lab("settle: 2s\n", {.snapshot_every = 2});
  lab.session.run_to_end();
  EXPECT_LE(lab.backend.snapshots_kept(), 48U);
  ASSERT_TRUE(lab.session.go_to_step(17).has_value());
  EXPECT_EQ(lab.session.steps(), 17U);
}

TEST(SessionSteps, AReplayThatDiffersIsReported) {
  Played lab("settle: 30ms\n", {.snapshot_every = 20});
  lab.session.run_to_end();
  lab.backend.forgetful = true;
  EXPECT_THAT(lab.session.back().error().message, HasSubstr("differs"));
}

// --- typing --------------------------------------------------------------------------------------

TEST(SessionTyping, WhatWasTypedIsRepeatedWhenOneGoesBackBeyondIt) {
  Played lab("settle: 30ms\n", {.snapshot_every = 4});
  lab.session.run_until(ms(11));
  const auto typed = lab.session.type("b", "take 5");
  ASSERT_TRUE(typed.has_value());
  lab.session.run_to_end();
  const std::uint64_t digest = lab.session.trace().digest();
  const std::uint64_t steps = lab.session.steps();
  ASSERT_TRUE(lab.session.back().has_value());
  ASSERT_TRUE(lab.session.go_to_step(steps - 5).has_value());
  lab.session.run_to_end();
  EXPECT_EQ(lab.session.trace().digest(), digest);
  EXPECT_EQ(lab.session.entries()[*typed].ended, ms(16));
}

TEST(SessionTyping, TypingInThePastDropsWhatWasTypedLater) {
  Played lab("settle: 30ms\n", {.snapshot_every = 4});
  lab.session.run_until(ms(11));
  ASSERT_TRUE(lab.session.type("b", "first thought"));
  lab.session.run_until(ms(20));
  ASSERT_TRUE(lab.session.go_to_step(6).has_value());
  ASSERT_TRUE(lab.session.type("b", "second thought"));
  lab.session.run_to_end();
  EXPECT_THAT(story(lab.session), testing::Contains(HasSubstr("second thought")));
  EXPECT_THAT(story(lab.session), testing::Not(testing::Contains(HasSubstr("first thought"))));
  const std::uint64_t digest = lab.session.trace().digest();
  ASSERT_TRUE(lab.session.go_to_step(3).has_value());
  ASSERT_TRUE(lab.session.type("a", "third"));
  lab.session.run_to_end();
  EXPECT_NE(lab.session.trace().digest(), digest);
}

TEST(SessionTyping, TheLabGoesOnAfterItsEndWhileSomethingIsTyped) {
  Played lab("settle: 5ms\n");
  lab.session.run_to_end();
  const auto entry = lab.session.type("a", "take 50");
  ASSERT_TRUE(entry.has_value());
  EXPECT_EQ(lab.session.run_until_done(*entry), PlayEnd::kReached);
  EXPECT_EQ(lab.session.now(), ms(60));
  EXPECT_TRUE(lab.session.finished());
}

TEST(SessionTyping, CtrlCIsRepeatedInAReplay) {
  Played lab("settle: 30ms\n", {.snapshot_every = 4});
  const auto entry = lab.session.type("a", "forever");
  lab.session.run_until(ms(9));
  lab.session.interrupt(*entry);
  lab.session.run_until(ms(15));
  const std::uint64_t digest = lab.session.trace().digest();
  ASSERT_TRUE(lab.session.back().has_value());
  lab.session.run_until(ms(15));
  EXPECT_EQ(lab.session.trace().digest(), digest);
  EXPECT_TRUE(lab.session.entries()[*entry].interrupted);
}

scenario::Fault crash_of(const std::string& host) {
  scenario::Fault fault;
  fault.kind = scenario::FaultKind::kCrash;
  fault.host = host;
  return fault;
}

TEST(SessionTyping, AFaultThatIsStruckIsRepeatedInAReplayAndSaved) {
  Played lab("timeline:\n  - {on: a, run: take 20}\n", {.snapshot_every = 4});
  lab.session.run_until(ms(8));
  ASSERT_TRUE(lab.session.strike(crash_of("b")));
  lab.session.run_until(ms(15));
  const std::uint64_t whole = lab.session.trace().digest();
  const std::uint64_t steps = lab.session.steps();
  ASSERT_TRUE(lab.session.go_to_step(steps - 3));
  lab.session.run_until(ms(15));
  EXPECT_EQ(lab.session.trace().digest(), whole);
  EXPECT_FALSE(lab.session.backend().is_up("b"));

  const scenario::Scenario saved = lab.session.to_scenario();
  const auto struck = std::ranges::find_if(saved.timeline, [](const scenario::TimelineItem& item) {
    return std::holds_alternative<scenario::Fault>(item.action);
  });
  ASSERT_NE(struck, saved.timeline.end());
  EXPECT_EQ(struck->at, ms(8));
}

TEST(SessionSteps, GoToRecordFindsTheStepThatWroteIt) {
  Played lab("timeline:\n  - {on: a, run: take 30}\n", {.snapshot_every = 4});
  lab.session.run_to_end();
  const std::size_t wanted = lab.session.trace().size() / 2;
  ASSERT_TRUE(lab.session.go_to_record(wanted));
  EXPECT_GE(lab.session.trace().size(), wanted);
  EXPECT_LT(lab.session.last_step_begin(), wanted) << "not a step too far";
  EXPECT_FALSE(lab.session.go_to_record(lab.session.trace().size() + 1));
}

TEST(SessionSteps, NextEventGoesOnBeyondTheEndUpToItsLimit) {
  Played lab("");
  lab.session.run_to_end();
  const SimTime end = lab.session.now();
  EXPECT_EQ(lab.session.next_event(SimTime::never()), PlayEnd::kReached);
  EXPECT_GT(lab.session.now(), end);
  const SimTime limit = lab.session.now();
  EXPECT_EQ(lab.session.next_event(limit), PlayEnd::kReached);
  EXPECT_EQ(lab.session.now(), limit);
}

TEST(SessionTyping, AnUnknownHostIsAnError) {
  Played lab("settle: 5ms\n");
  EXPECT_THAT(lab.session.type("c", "hello").error().message, HasSubstr("no host 'c'"));
}

TEST(SessionTyping, WhatWasTypedCanBeSavedAndPlaysTheSame) {
  Played lab("settle: 5ms\ntimeline:\n  - {on: a, run: take 10}\n  - {on: b, run: end}\n",
             {.snapshot_every = 4});
  lab.session.run_until(ms(8));
  ASSERT_TRUE(lab.session.type("b", "take 4"));
  lab.session.run_to_end();
  const auto before = story(lab.session);
  FakeBackend again;
  Session replay(again, lab.session.to_scenario());
  ASSERT_TRUE(replay.start().has_value());
  replay.run_to_end();
  EXPECT_EQ(story(replay), before);
}

TEST(SessionTyping, AScenarioInWhichNothingWasTypedIsSavedAsItIs) {
  Played lab("settle: 5ms\ntimeline:\n  - {on: a, run: take 10, after: 1ms}\n");
  lab.session.run_to_end();
  EXPECT_EQ(lab.session.to_scenario(), lab.session.scenario());
}

}  // namespace
}  // namespace lvslab::lab
