// Every scenario that is shipped loads without an error or a finding, and speaks both languages.
#include <algorithm>
#include <filesystem>
#include <map>

#include "sim/scenario/loader.h"
#include "sim/scenario/topology.h"
#include "sim/scenario/writer.h"
#include "tests/scenario/golden.h"

namespace lvslab::scenario {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> shipped_files() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(source_dir() / "scenarios")) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

class ShippedScenario : public testing::TestWithParam<fs::path> {
 protected:
  Scenario load_it() {
    auto loaded = load(GetParam().string());
    if (loaded) return *loaded;
    for (const Error& error : loaded.error()) ADD_FAILURE() << error.to_string();
    return {};
  }
};

TEST_P(ShippedScenario, LoadsWithoutAnErrorOrAFinding) {
  for (const Finding& finding : find_topology_faults(load_it())) ADD_FAILURE() << finding.message;
}

TEST_P(ShippedScenario, IsNamedAsItsFile) { EXPECT_EQ(load_it().name, GetParam().stem().string()); }

TEST_P(ShippedScenario, SpeaksEnglishAndChinese) {
  const Scenario s = load_it();
  std::vector<const Text*> texts = {&s.title, &s.summary, &s.lesson};
  for (const TimelineItem& item : s.timeline) {
    if (!item.note.empty()) texts.push_back(&item.note);
    const auto* const run = std::get_if<scenario::Run>(&item.action);
    if (run != nullptr && run->expect && !run->expect->why.empty()) {
      texts.push_back(&run->expect->why);
    }
  }
  for (const Expectation& expectation : s.expectations) texts.push_back(&expectation.why);
  for (const Text* const text : texts) {
    EXPECT_FALSE(text->en.empty()) << text->zh;
    EXPECT_FALSE(text->zh.empty()) << text->en;
  }
}

TEST_P(ShippedScenario, SaysHowHardItIs) { EXPECT_TRUE(load_it().difficulty.has_value()); }

TEST_P(ShippedScenario, SurvivesWritingAndReading) {
  const Scenario scenario = load_it();
  const auto again = load_text(to_yaml(scenario), "again.yaml");
  ASSERT_TRUE(again.has_value()) << again.error().front().to_string();
  EXPECT_EQ(*again, scenario);
}

TEST_P(ShippedScenario, ExpectsSomething) {
  const Scenario scenario = load_it();
  EXPECT_GT(scenario.expectations.size(), 2U);
  EXPECT_FALSE(scenario.timeline.empty());
}

INSTANTIATE_TEST_SUITE_P(Files, ShippedScenario, testing::ValuesIn(shipped_files()),
                         [](const auto& one) {
                           std::string name = one.param.stem().string();
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

/// The commands of the course note's first manual, host by host, in its order.
TEST(DrBasic, TypesTheManualOfTheNote) {
  const auto loaded = load((source_dir() / "scenarios/dr-basic.yaml").string());
  ASSERT_TRUE(loaded.has_value());
  std::map<std::string, std::vector<std::string>> typed;
  for (const TimelineItem& item : loaded->timeline) {
    const auto* const run = std::get_if<scenario::Run>(&item.action);
    if (run == nullptr) continue;
    for (const CommandLine& line : run->lines) typed[run->host].push_back(line.text);
  }
  const std::vector<std::string> director = {
      "ifconfig eth0:1 192.168.80.150/24",
      "yum install ipvsadm -y",
      "ipvsadm -A -t 192.168.80.150:80 -s rr",
      "ipvsadm -ln",
      "ipvsadm -a -t 192.168.80.150:80 -r 192.168.80.202 -g -w 1",
      "ipvsadm -a -t 192.168.80.150:80 -r 192.168.80.204 -g -w 1",
      "netstat -natp",
      "ipvsadm -lnc",
  };
  const std::vector<std::string> real_server = {
      "echo 1 > /proc/sys/net/ipv4/conf/eth0/arp_ignore",
      "echo 2 > /proc/sys/net/ipv4/conf/eth0/arp_announce",
      "echo 1 > /proc/sys/net/ipv4/conf/all/arp_ignore",
      "echo 2 > /proc/sys/net/ipv4/conf/all/arp_announce",
      "ifconfig lo:1 192.168.80.150 netmask 255.255.255.255",
      "yum install httpd -y",
      "service httpd start",
  };
  const auto starts_with = [](std::vector<std::string> lines, std::size_t n) {
    lines.resize(std::min(lines.size(), n));
    return lines;
  };
  EXPECT_EQ(typed["node01"], director);
  EXPECT_EQ(starts_with(typed["node02"], real_server.size()), real_server);
  EXPECT_EQ(starts_with(typed["node03"], real_server.size()), real_server);
  EXPECT_EQ(typed["client"], std::vector<std::string>{
                                 "for i in $(seq 1 6); do curl -s http://192.168.80.150/; done"});
}

}  // namespace
}  // namespace lvslab::scenario
