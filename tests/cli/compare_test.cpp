// lvslab compare from outside: what is bad input, what it prints, and how it exits.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "kernel-backend/uml_kernel.h"
#include "tests/cli/program.h"

namespace lvslab::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kPing = R"(title: a ping
switches: [{name: lan}]
hosts:
  - {name: a, nics: [{addresses: 10.0.0.1/24, switch: lan}]}
  - {name: b, nics: [{addresses: 10.0.0.2/24, switch: lan}]}
timeline:
  - {on: a, run: ping -c 1 b}
)";
/// Something that the simulator says it does not model.
constexpr const char* kMore = "  - {on: b, run: od -c /etc/hostname}\n";
constexpr const char* kIgnored = R"(compare:
  - ignore: {packets: {at: a/eth0, filter: udp}}
    why: there are none
)";

TEST(Compare, BadInputIsSaidWithoutAKernel) {
  const ScratchDir dir;
  const Outcome none = lvslab({{"compare"}});
  EXPECT_EQ(none.status, 2);
  EXPECT_THAT(none.err, HasSubstr("FILE is required"));
  const Outcome missing = lvslab({{"compare", dir / "no.yaml"}});
  EXPECT_EQ(missing.status, 2);
  EXPECT_THAT(missing.err, HasSubstr(dir / "no.yaml"));
  const std::string wrong = dir.write("wrong.yaml", std::string(kPing) + "  - {on: c, run: ls}\n");
  const Outcome located = lvslab({{"compare", wrong}});
  EXPECT_EQ(located.status, 2);
  EXPECT_THAT(located.err, HasSubstr(wrong + ":8:10: "));
  EXPECT_EQ(lvslab({{"compare", "--jason", wrong}}).status, 2);
  const Outcome save = lvslab({{"compare", wrong, "--save", "/proc/none"}});
  EXPECT_EQ(save.status, 2);
  EXPECT_THAT(save.err, HasSubstr("/proc/none"));
}

class CompareWithKernel : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string what = kernel::UmlKernel::missing(); !what.empty()) GTEST_SKIP() << what;
  }
  ScratchDir dir_;
};

TEST_F(CompareWithKernel, ExitsWith0IfAllAgrees) {
  const std::string file = dir_.write("ping.yaml", kPing);
  const Outcome run = lvslab({{"compare", file, "--save", dir_ / ""}});
  EXPECT_EQ(run.status, 0) << run.out << run.err;
  EXPECT_THAT(run.out, HasSubstr("a/eth0: 4 packets agree\n"));
  EXPECT_THAT(run.out, HasSubstr("commands: 1 agree\n"));
  EXPECT_THAT(dir_.names(),
              ElementsAre("ping-kernel.pcapng", "ping-simulator.pcapng", "ping.yaml"));
}

TEST_F(CompareWithKernel, ExitsWith1IfSomethingDiffersAndNamesIt) {
  const std::string file = dir_.write("more.yaml", std::string(kPing) + kMore);
  const std::string agreeing = dir_.write("ping.yaml", kPing);
  const Outcome run = lvslab({{"compare", "--json", file, agreeing}});
  EXPECT_EQ(run.status, 1) << run.err;
  std::vector<nlohmann::json> summaries, outputs;
  for (const nlohmann::json& line : json_lines(run.out)) {
    if (line["kind"] == "summary") summaries.push_back(line);
    if (line["kind"] == "output") outputs.push_back(line);
  }
  ASSERT_EQ(summaries.size(), 2U) << "the second file is compared as well";
  EXPECT_EQ(summaries[0]["scenario"], "more");
  EXPECT_EQ(summaries[0]["agrees"], false);
  EXPECT_GE(summaries[0]["differences"], 1);
  EXPECT_EQ(summaries[1]["scenario"], "ping");
  EXPECT_EQ(summaries[1]["agrees"], true);
  EXPECT_EQ(summaries[1]["commands_agree"], 1);
  ASSERT_EQ(outputs.size(), 1U) << run.out;
  EXPECT_EQ(outputs[0]["host"], "b");
  EXPECT_EQ(outputs[0]["command"], "od -c /etc/hostname");
  EXPECT_THAT(outputs[0]["lines"], testing::Not(IsEmpty()));
}

TEST_F(CompareWithKernel, ExitsWith1IfADeclarationHidesNothing) {
  const std::string file = dir_.write("idle.yaml", std::string(kPing) + kIgnored);
  const Outcome run = lvslab({{"compare", "--json", file}});
  EXPECT_EQ(run.status, 1) << run.out << run.err;
  const auto lines = json_lines(run.out);
  const auto ignored =
      std::ranges::find_if(lines, [](const auto& line) { return line["kind"] == "ignored"; });
  ASSERT_NE(ignored, lines.end()) << run.out;
  EXPECT_EQ((*ignored)["hidden"], 0);
  EXPECT_EQ((*ignored)["line"], 9);
}

TEST_F(CompareWithKernel, ExitsWith2IfNoKernelComesUp) {
  const std::string file = dir_.write("ping.yaml", kPing);
  const Outcome run = lvslab({{"compare", file}, {}, {"LVSLAB_KERNEL_DIR=" + (dir_ / "none")}});
  EXPECT_EQ(run.status, 2);
  EXPECT_THAT(run.err, HasSubstr("no kernel can be booted here: "));
}

TEST_F(CompareWithKernel, FuzzCompareExitsWith2IfNoKernelComesUp) {
  const Outcome run =
      lvslab({{"fuzz-compare", "--json", "--count", "1", "--jobs", "1", "--keep", dir_ / "labs"},
              {},
              {"LVSLAB_KERNEL_DIR=" + (dir_ / "none")}});
  EXPECT_EQ(run.status, 2) << run.out << run.err;
  const auto lines = json_lines(run.out);
  ASSERT_FALSE(lines.empty()) << run.err;
  EXPECT_THAT(lines.front().value("error", ""), HasSubstr("no kernel can be booted here: "));
}

}  // namespace
}  // namespace lvslab::cli
