// The shrinker finds the few parts that matter, with few questions, and never leaves the format.
#include "sim/fuzz/shrink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "sim/fuzz/parts.h"
#include "sim/fuzz/random_lab.h"
#include "sim/scenario/loader.h"
#include "sim/scenario/writer.h"
#include "test_paths.h"

namespace lvslab::fuzz {
namespace {

using scenario::Run;
using scenario::Scenario;

/// Differs wherever `differs` says so; keeps count, and checks that every question is a valid file.
template <class Predicate>
class FakeJudge : public Judge {
 public:
  explicit FakeJudge(Predicate differs) : differs_(differs) {}
  bool still_differs(const Scenario& scenario) override {
    const std::string text = scenario::to_yaml(scenario);
    const auto loaded = scenario::load_text(text, "lab.yaml");
    EXPECT_TRUE(loaded.has_value()) << loaded.error().front().to_string() << "\n" << text;
    EXPECT_TRUE(asked_.insert(text).second) << "asked twice about\n" << text;
    return differs_(scenario);
  }
  std::size_t asked() const { return asked_.size(); }

 private:
  Predicate differs_;
  std::set<std::string> asked_;
};

bool types(const Scenario& lab, std::string_view host, std::string_view word) {
  for (const auto& item : lab.timeline) {
    const Run* const run = std::get_if<Run>(&item.action);
    if (run == nullptr || run->host != host) continue;
    for (const auto& line : run->lines) {
      if (line.text.find(word) != std::string::npos) return true;
    }
  }
  return false;
}

std::size_t parts_in(const Scenario& lab) {
  std::size_t count = 0;
  for (std::size_t k = 0; k < static_cast<std::size_t>(PartKind::kCount); ++k) {
    count += parts_of(lab, static_cast<PartKind>(k)).size();
  }
  return count;
}

/// The first random lab in which `differs` holds.
template <class Predicate>
Scenario lab_where(const Predicate& differs) {
  for (std::uint64_t index = 0; index < 10'000; ++index) {
    Scenario lab = random_lab(1, index);
    if (differs(lab) && lab.hosts.size() >= 5 && lab.timeline.size() >= 10) return lab;
  }
  ADD_FAILURE() << "no such lab";
  return {};
}

TEST(Shrink, LeavesTheOneCommandThatMatters) {
  const auto differs = [](const Scenario& lab) { return types(lab, "client", "curl"); };
  FakeJudge judge(differs);
  const Shrunk shrunk = shrink(lab_where(differs), judge);
  EXPECT_TRUE(shrunk.minimal);
  ASSERT_EQ(shrunk.scenario.hosts.size(), 1U);
  ASSERT_EQ(shrunk.scenario.timeline.size(), 1U);
  EXPECT_TRUE(types(shrunk.scenario, "client", "curl"));
  EXPECT_EQ(parts_in(shrunk.scenario), 2U) << scenario::to_yaml(shrunk.scenario);
  EXPECT_LT(judge.asked(), 30U);
}

TEST(Shrink, KeepsWhatMattersTogether) {
  const auto differs = [](const Scenario& lab) {
    if (lab.switches.size() != 2 || !types(lab, "client", "ping")) return false;
    for (const scenario::Host& host : lab.hosts) {
      for (const scenario::Sysctl& sysctl : host.sysctls) {
        if (sysctl.key.ends_with("arp_ignore") && host.role != scenario::Role::kRouter) return true;
      }
    }
    return false;
  };
  FakeJudge judge(differs);
  const Shrunk shrunk = shrink(lab_where(differs), judge);
  EXPECT_TRUE(shrunk.minimal);
  EXPECT_LE(shrunk.scenario.hosts.size(), 2U);
  EXPECT_EQ(shrunk.scenario.switches.size(), 2U);
  EXPECT_EQ(shrunk.scenario.timeline.size(), 1U);
  EXPECT_EQ(parts_of(shrunk.scenario, PartKind::kSysctl).size(), 1U);
  EXPECT_TRUE(parts_of(shrunk.scenario, PartKind::kAddress).empty());
  EXPECT_TRUE(parts_of(shrunk.scenario, PartKind::kSetupLine).empty());
}

TEST(Shrink, NothingOfTheResultCanBeTakenOut) {
  for (std::uint64_t index = 0; index < 40; ++index) {
    // Any property will do: here, how many addresses and items there are.
    const auto differs = [](const Scenario& lab) {
      return parts_of(lab, PartKind::kAddress).size() >= 2 && lab.timeline.size() >= 3;
    };
    const Scenario lab = random_lab(9, index);
    if (!differs(lab)) continue;
    FakeJudge judge(differs);
    const Shrunk shrunk = shrink(lab, judge, 2'000);
    EXPECT_TRUE(shrunk.minimal);
    for (std::size_t k = 0; k < static_cast<std::size_t>(PartKind::kCount); ++k) {
      for (const Part& part : parts_of(shrunk.scenario, static_cast<PartKind>(k))) {
        const Scenario less = without(shrunk.scenario, std::span(&part, 1));
        EXPECT_TRUE(less.hosts.empty() || !differs(less)) << "part kind " << k << " could go from\n"
                                                          << scenario::to_yaml(shrunk.scenario);
      }
    }
  }
}

TEST(Shrink, StopsAfterSoManyQuestionsWithTheBestSoFar) {
  const auto differs = [](const Scenario& lab) { return types(lab, "client", "curl"); };
  const Scenario lab = lab_where(differs);
  FakeJudge judge(differs);
  const Shrunk shrunk = shrink(lab, judge, 4);
  EXPECT_FALSE(shrunk.minimal);
  EXPECT_EQ(shrunk.asked, 4U);
  EXPECT_EQ(judge.asked(), 4U);
  EXPECT_TRUE(differs(shrunk.scenario));
  EXPECT_LT(parts_in(shrunk.scenario), parts_in(lab));
}

TEST(Shrink, ReturnsWhatItGotIfEverythingMatters) {
  const Scenario lab = random_lab(1, 4);
  FakeJudge judge([&](const Scenario& other) { return other == lab; });
  const Shrunk shrunk = shrink(lab, judge, 5'000);
  EXPECT_EQ(shrunk.scenario, lab);
  EXPECT_TRUE(shrunk.minimal);
}

TEST(Shrink, MakesNumbersSmall) {
  const auto loaded = scenario::load_text(
      "title: t\n"
      "switches: [{name: lan}]\n"
      "hosts:\n"
      "  - {name: a, nics: [{addresses: 10.0.0.1/24, switch: lan, link: {delay: 7.3ms}}]}\n"
      "timeline:\n"
      "  - {on: a, after: 2.7s, run: 'for i in $(seq 1 6); do ping -c 4 10.0.0.9; done'}\n",
      "lab.yaml");
  ASSERT_TRUE(loaded.has_value());
  FakeJudge judge([](const Scenario& lab) {
    return lab.hosts.size() == 1 && types(lab, "a", "ping") && !types(lab, "a", "seq 1 1") &&
           !lab.hosts[0].nics.empty() && !lab.hosts[0].nics[0].switch_name.empty() &&
           lab.timeline[0].after && lab.hosts[0].nics[0].link.delay >= SimDuration{1'000'000};
  });
  const Scenario small = shrink(*loaded, judge).scenario;
  EXPECT_TRUE(types(small, "a", "seq 1 2); do ping -c 1 ")) << scenario::to_yaml(small);
  EXPECT_EQ(small.timeline[0].after, SimDuration{1'000'000'000});
  EXPECT_EQ(small.hosts[0].nics[0].link.delay, SimDuration{1'000'000});
}

/// Every part of a file that uses every key can be taken out, and leaves a valid file.
TEST(Parts, EachCanGoAndLeaveAValidScenario) {
  auto all = scenario::load(LVSLAB_SOURCE_DIR "/tests/scenario/all-keys.yaml");
  ASSERT_TRUE(all.has_value());
  for (auto& item : all->timeline) {
    if (auto* const run = std::get_if<scenario::Run>(&item.action))
      run->lines.push_back({"ip addr", {}});
  }
  for (std::size_t k = 0; k < static_cast<std::size_t>(PartKind::kCount); ++k) {
    const auto parts = parts_of(*all, static_cast<PartKind>(k));
    EXPECT_FALSE(parts.empty()) << "kind " << k;
    for (const Part& part : parts) {
      const Scenario less = without(*all, std::span(&part, 1));
      EXPECT_FALSE(less == *all) << "kind " << k;
      const auto loaded = scenario::load_text(scenario::to_yaml(less), "less.yaml");
      EXPECT_TRUE(loaded.has_value()) << loaded.error().front().to_string() << "\n"
                                      << scenario::to_yaml(less);
    }
  }
}

}  // namespace
}  // namespace lvslab::fuzz
