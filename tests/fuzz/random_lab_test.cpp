// Random labs are valid scenarios, of which the simulator plays every one to its end.
#include "sim/fuzz/random_lab.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "sim/backend/sim_backend.h"
#include "sim/fuzz/dice.h"
#include "sim/lab/session.h"
#include "sim/scenario/loader.h"
#include "sim/scenario/topology.h"
#include "sim/scenario/writer.h"

namespace lvslab::fuzz {
namespace {

using scenario::Run;
using scenario::Scenario;

/// What was typed and printed, and where the play ended.
struct Played {
  lab::PlayEnd end{};
  std::uint64_t digest = 0;
  SimTime finished;
  std::vector<lab::Entry> entries;
  std::vector<Error> problems;
};

Played play(const Scenario& lab) {
  backend::SimBackend backend;
  lab::Session session(backend, lab);
  const auto started = session.start();
  EXPECT_TRUE(started.has_value()) << (started ? "" : started.error().to_string());
  Played played;
  played.end = session.run_to_end();
  played.digest = session.trace().digest();
  played.finished = session.finished_at();
  played.entries = session.entries();
  played.problems = session.problems();
  return played;
}

TEST(RandomLab, LoadsThroughTheRealLoaderAsItWasDrawn) {
  for (std::uint64_t index = 0; index < 2'000; ++index) {
    const Scenario lab = random_lab(7, index);
    const std::string text = scenario::to_yaml(lab);
    const auto loaded = scenario::load_text(text, "lab.yaml");
    ASSERT_TRUE(loaded.has_value()) << loaded.error().front().to_string() << "\n" << text;
    ASSERT_EQ(*loaded, lab) << text;
  }
}

TEST(RandomLab, IsDrawnTheSameEveryTime) {
  EXPECT_EQ(random_lab(3, 14), random_lab(3, 14));
  EXPECT_FALSE(random_lab(3, 14) == random_lab(3, 15));
  EXPECT_FALSE(random_lab(3, 14) == random_lab(4, 14));
}

TEST(RandomLab, HasTwoToEightHostsInOneToThreeSegmentsAndAnEnd) {
  std::set<std::size_t> hosts, segments;
  for (std::uint64_t index = 0; index < 500; ++index) {
    const Scenario lab = random_lab(2, index);
    hosts.insert(lab.hosts.size());
    segments.insert(lab.switches.size());
    for (const scenario::Finding& finding : scenario::find_topology_faults(lab)) {
      EXPECT_NE(finding.severity, scenario::Finding::Severity::kError) << finding.message;
    }
  }
  EXPECT_THAT(hosts, testing::ElementsAre(2, 3, 4, 5, 6, 7, 8));
  EXPECT_THAT(segments, testing::ElementsAre(1, 2, 3));
}

TEST(RandomLab, NoTwoCablesOfALabAreEquallyLong) {
  for (std::uint64_t index = 0; index < 300; ++index) {
    const Scenario lab = random_lab(5, index);
    std::set<SimDuration> delays;
    std::size_t cables = 0;
    for (const scenario::Host& host : lab.hosts) {
      for (const scenario::Nic& nic : host.nics) {
        if (nic.switch_name.empty()) continue;
        ++cables;
        delays.insert(nic.link.delay);
        EXPECT_GE(nic.link.delay, SimDuration{1'000'000});
      }
    }
    EXPECT_EQ(delays.size(), cables) << lab.name;
  }
}

TEST(RandomLab, IsPlayedToItsEndWithEveryCommandUnderstood) {
  for (std::uint64_t index = 0; index < 400; ++index) {
    const Scenario lab = random_lab(11, index);
    const Played played = play(lab);
    EXPECT_EQ(played.end, lab::PlayEnd::kFinished) << lab.name;
    EXPECT_LT(played.finished, SimTime{} + SimDuration{420'000'000'000}) << lab.name;
    EXPECT_TRUE(played.problems.empty()) << lab.name;
    for (const lab::Entry& entry : played.entries) {
      EXPECT_EQ(entry.output.find("lvslab:"), std::string::npos)
          << lab.name << ": " << entry.host << "# " << entry.text << "\n"
          << entry.output;
      EXPECT_FALSE(entry.refused || entry.unfinished)
          << lab.name << ": " << entry.host << "# " << entry.text;
    }
  }
}

TEST(RandomLab, WithKeepalivedLoadsThroughTheRealLoaderAsItWasDrawn) {
  for (std::uint64_t index = 0; index < 500; ++index) {
    const Scenario lab = random_lab(7, index, LabKind::kKeepalived);
    const std::string text = scenario::to_yaml(lab);
    const auto loaded = scenario::load_text(text, "lab.yaml");
    ASSERT_TRUE(loaded.has_value()) << loaded.error().front().to_string() << "\n" << text;
    ASSERT_EQ(*loaded, lab) << text;
  }
}

TEST(RandomLab, WithKeepalivedIsPlayedToItsEndAndEveryFileIsUnderstood) {
  int masters = 0;
  for (std::uint64_t index = 0; index < 60; ++index) {
    const Scenario lab = random_lab(11, index, LabKind::kKeepalived);
    EXPECT_EQ(lab.name, lab_name(11, index, LabKind::kKeepalived));
    const Played played = play(lab);
    EXPECT_EQ(played.end, lab::PlayEnd::kFinished) << lab.name;
    EXPECT_TRUE(played.problems.empty()) << lab.name;
    for (const lab::Entry& entry : played.entries) {
      EXPECT_EQ(entry.output.find("lvslab:"), std::string::npos)
          << lab.name << ": " << entry.host << "# " << entry.text << "\n"
          << entry.output;
      if (entry.output.find("Entering MASTER STATE") != std::string::npos) ++masters;
      if (entry.origin != lab::Entry::Origin::kTimeline || entry.line != 0) continue;
      EXPECT_EQ(entry.started, *lab.timeline[entry.item].at)
          << lab.name << ": what was typed before " << entry.text << " took too long";
    }
  }
  EXPECT_GT(masters, 10);
}

/// Where within a tick of 10 ms.
SimDuration beside_the_tick(SimTime at) { return {at.ns % 10'000'000}; }

TEST(RandomLab, BeginsNothingNearATickOfTheKernelsClock) {
  for (std::uint64_t index = 0; index < 100; ++index) {
    const Scenario lab = random_lab(13, index);
    for (const auto& item : lab.timeline) {
      ASSERT_TRUE(item.at) << lab.name;
      EXPECT_EQ(beside_the_tick(*item.at), SimDuration{5'610'000}) << lab.name;
    }
    for (const lab::Entry& entry : play(lab).entries) {
      if (entry.origin != lab::Entry::Origin::kTimeline || entry.line != 0) continue;
      EXPECT_EQ(entry.started, *lab.timeline[entry.item].at)
          << lab.name << ": what was typed before " << entry.text << " took too long";
    }
  }
}

TEST(RandomLab, LeavesTheSameDigestEveryTime) {
  for (std::uint64_t index = 0; index < 50; ++index) {
    const Scenario lab = random_lab(12, index);
    EXPECT_EQ(play(lab).digest, play(lab).digest) << lab.name;
  }
}

/// The first words of what is typed in many labs.
std::map<std::string, int> tools_of(std::uint64_t seed, std::uint64_t labs) {
  std::map<std::string, int> tools;
  const auto count = [&](const std::string& line) { ++tools[line.substr(0, line.find(' '))]; };
  for (std::uint64_t index = 0; index < labs; ++index) {
    const Scenario lab = random_lab(seed, index);
    for (const scenario::Host& host : lab.hosts) {
      for (const auto& line : host.setup) count(line.text);
    }
    for (const auto& item : lab.timeline) {
      const Run* const run = std::get_if<Run>(&item.action);
      if (run == nullptr) {
        ++tools["fault"];
        continue;
      }
      for (const auto& line : run->lines) count(line.text);
    }
  }
  return tools;
}

TEST(RandomLab, SpeaksTheWholeVocabularyOfALab) {
  const std::map<std::string, int> tools = tools_of(1, 300);
  for (const char* const tool :
       {"ab", "arp", "arping", "cat", "curl", "echo", "for", "ifconfig", "ip", "ipvsadm",
        "iptables", "netstat", "ping", "route", "service", "ss", "sysctl", "timeout", "fault"}) {
    EXPECT_TRUE(tools.contains(tool)) << tool;
  }
}

TEST(RandomLab, ThrowsForEachIngredientItsOwnDice) {
  Dice one(1, 2, "curl"), again(1, 2, "curl"), other(1, 2, "ping");
  const std::uint32_t first = one.below(1'000'000);
  EXPECT_EQ(again.below(1'000'000), first);
  EXPECT_NE(other.below(1'000'000), first);
}

}  // namespace
}  // namespace lvslab::fuzz
