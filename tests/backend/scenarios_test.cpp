// The shipped scenarios: what they record is known, the same every time, and the same after going
// back and forth.
#include <gmock/gmock.h>

#include "sim/lab/expect.h"
#include "sim/trace/diff.h"
#include "sim/trace/run_file.h"
#include "sim/trace/text.h"
#include "tests/backend/play.h"
#include "tests/golden.h"

namespace lvslab::backend {
namespace {

class Scenario : public testing::TestWithParam<std::string> {};

TEST_P(Scenario, RecordsWhatIsKnown) {
  Lab lab(load_shipped(GetParam()));
  ASSERT_EQ(lab.session.run_to_end(), lab::PlayEnd::kFinished);
  test::expect_golden(source_dir() / "tests/backend/golden" / (GetParam() + ".trace"),
                      dump_text(lab.session.trace(), Language::kEn));
}

TEST_P(Scenario, IsReadBackFromItsFileAsItWas) {
  Lab lab(load_shipped(GetParam()));
  lab.session.run_to_end();
  const std::string text = run_file(lab.session.trace(), "", Language::kEn);
  const auto read = parse_run_file(text, GetParam());
  ASSERT_TRUE(read) << read.error().to_string();
  EXPECT_EQ(read->cut_at, std::nullopt);
  EXPECT_EQ(first_difference(lab.session.trace(), read->trace), std::nullopt);
}

TEST_P(Scenario, MeetsItsExpectations) {
  Lab lab(load_shipped(GetParam()));
  lab.session.run_to_end();
  for (const lab::Finding& finding : lab::evaluate(lab.session)) {
    std::string story;
    for (const scenario::Text& line : finding.unmet) story += line.en + "\n";
    for (const scenario::Text& line : finding.seen) story += "  | " + line.en + "\n";
    EXPECT_TRUE(finding.passed) << finding.where.file << ":" << finding.where.line << ": "
                                << finding.what.en << "\n"
                                << story;
  }
}

TEST_P(Scenario, IsTheSameEveryTime) {
  Lab first(load_shipped(GetParam()));
  Lab second(load_shipped(GetParam()));
  first.session.run_to_end();
  second.session.run_to_end();
  EXPECT_EQ(first_difference(first.session.trace(), second.session.trace()), std::nullopt);
  EXPECT_EQ(first.session.trace().digest(), second.session.trace().digest());
}

TEST_P(Scenario, IsTheSameWithRewinds) {
  Lab straight(load_shipped(GetParam()));
  straight.session.run_to_end();
  Lab rewound(load_shipped(GetParam()), {.snapshot_every = 61});
  lab::Session& session = rewound.session;
  for (int i = 0; session.next(lab::Stride::kEvent) == lab::PlayEnd::kReached; ++i) {
    if (i % 97 != 96) continue;
    const std::uint64_t here = session.steps();
    const auto went = session.go_to_step(here - std::min<std::uint64_t>(here, 89));
    ASSERT_TRUE(went.has_value()) << went.error().message;
    while (session.steps() < here) session.next(lab::Stride::kEvent);
  }
  EXPECT_EQ(first_difference(straight.session.trace(), session.trace()), std::nullopt);
  EXPECT_EQ(straight.session.trace().digest(), session.trace().digest());
}

INSTANTIATE_TEST_SUITE_P(Shipped, Scenario, testing::ValuesIn(shipped_names()),
                         [](const auto& one) {
                           std::string name = one.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace lvslab::backend
