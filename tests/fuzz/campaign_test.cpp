// The whole pipe with a simulator that was spoilt on purpose as the other side: the difference is
// found, made small, and kept as a file that shows it again.
#include "sim/fuzz/campaign.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/backend/sim_backend.h"
#include "sim/fuzz/parts.h"
#include "sim/fuzz/random_lab.h"
#include "sim/lab/session.h"
#include "sim/scenario/loader.h"

namespace lvslab::fuzz {
namespace {

using scenario::Scenario;
using testing::HasSubstr;
using testing::StartsWith;

std::vector<lab::Entry> typed_in(const Scenario& scenario) {
  backend::SimBackend backend;
  lab::Session session(backend, scenario);
  EXPECT_TRUE(session.start().has_value());
  session.run_to_end();
  return session.entries();
}

/// Compares what commands print here and on a kernel that forgets one sysctl.
class ForgetfulKernel : public Comparer {
 public:
  explicit ForgetfulKernel(std::string sysctl) : sysctl_(std::move(sysctl)) {}

  Result<std::vector<Difference>> compare(const Scenario& scenario) override {
    ++compared;
    Scenario spoilt = scenario;
    for (scenario::Host& host : spoilt.hosts) {
      for (scenario::Sysctl& sysctl : host.sysctls) {
        if (sysctl.key == sysctl_) sysctl.value = "0";
      }
    }
    const auto ours = typed_in(scenario);
    const auto theirs = typed_in(spoilt);
    std::vector<Difference> differences;
    for (std::size_t i = 0; i < std::min(ours.size(), theirs.size()); ++i) {
      if (ours[i].output == theirs[i].output) continue;
      const std::string tool = ours[i].text.substr(0, ours[i].text.find(' '));
      differences.push_back({"output " + tool, ours[i].host + "# " + ours[i].text});
    }
    return differences;
  }

  int compared = 0;

 private:
  std::string sysctl_;
};

/// The first lab of seed 1 that a kernel without `sysctl` plays differently.
LabResult first_difference(Comparer& kernel) {
  for (std::uint64_t index = 0; index < 400; ++index) {
    auto result = try_lab(1, index, kernel);
    EXPECT_TRUE(result.has_value());
    if (!result->differences.empty()) return *std::move(result);
  }
  ADD_FAILURE() << "no lab differs";
  return {};
}

TEST(Campaign, FindsAndShrinksWhatAKernelWithoutForwardingDoesDifferently) {
  ForgetfulKernel kernel("net.ipv4.ip_forward");
  const LabResult result = first_difference(kernel);
  ASSERT_TRUE(result.smallest.has_value());
  const Scenario& small = result.smallest->scenario;
  EXPECT_TRUE(result.smallest->minimal);
  // A router, and at the least somebody who looks.
  EXPECT_LE(small.hosts.size(), 3U);
  EXPECT_EQ(small.timeline.size(), 1U);
  EXPECT_EQ(parts_of(small, PartKind::kSysctl).size(), 1U);
  EXPECT_FALSE(kernel.compare(small)->empty());
}

TEST(Campaign, KeepsAFileThatShowsTheDifferenceAgain) {
  ForgetfulKernel kernel("net.ipv4.ip_forward");
  const LabResult result = first_difference(kernel);
  const std::string text = kept_text(result);
  EXPECT_THAT(text, StartsWith("# Lab " + std::to_string(result.index) + " of seed 1"));
  EXPECT_THAT(text, HasSubstr("# " + result.smallest_differences.front().text));
  const auto loaded = scenario::load_text(text, "kept.yaml");
  ASSERT_TRUE(loaded.has_value());
  EXPECT_EQ(*loaded, result.smallest->scenario);
  EXPECT_EQ(*kernel.compare(*loaded), result.smallest_differences);
}

TEST(Campaign, AsksOnceWhereBothAgree) {
  ForgetfulKernel kernel("net.ipv4.no_such_thing");
  const auto result = try_lab(1, 0, kernel);
  ASSERT_TRUE(result.has_value());
  EXPECT_TRUE(result->differences.empty());
  EXPECT_FALSE(result->smallest.has_value());
  EXPECT_EQ(kept_text(*result), "");
  EXPECT_EQ(kernel.compared, 1);
}

TEST(Campaign, DoesNotSlideFromOneKindOfDifferenceIntoAnother) {
  /// Any lab with a ping differs in "ping", and every lab differs in nothing but "noise".
  class Noisy : public Comparer {
   public:
    Result<std::vector<Difference>> compare(const Scenario& scenario) override {
      std::vector<Difference> found;
      bool pings = false;
      for (const auto& item : scenario.timeline) {
        const auto* const run = std::get_if<scenario::Run>(&item.action);
        pings |= run != nullptr && run->lines.front().text.starts_with("ping");
      }
      found.push_back(pings ? Difference{"ping", "p"} : Difference{"noise", "n"});
      return found;
    }
  } noisy;
  for (std::uint64_t index = 0; index < 20; ++index) {
    const auto result = try_lab(6, index, noisy);
    ASSERT_TRUE(result.has_value());
    EXPECT_EQ(result->smallest_differences.front().kind, result->differences.front().kind);
  }
}

TEST(Campaign, TellsWhyALabCannotBePlayed) {
  class Broken : public Comparer {
   public:
    Result<std::vector<Difference>> compare(const Scenario&) override {
      return std::unexpected(Error{"no kernel here", {}, {}});
    }
  } broken;
  const auto result = try_lab(1, 0, broken);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().message, "no kernel here");
}

}  // namespace
}  // namespace lvslab::fuzz
