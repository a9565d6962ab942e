// Cables that are drawn: what is written for each, and that removing one leaves what was there.
#include <gmock/gmock.h>

#include "gui/models/cable_edit.h"
#include "gui/models/words.h"
#include "sim/lab/loading.h"

namespace lvslab::gui {
namespace {

using testing::HasSubstr;

scenario::Scenario load(const std::string& text) {
  const auto loaded = lab::load_scenario_text(text, "lab.yaml");
  EXPECT_TRUE(loaded) << text;
  return loaded ? *loaded : scenario::Scenario();
}

std::string with(const std::string& text, const TextEdit& edit) {
  QString all = to_qt(text);
  return from_qt(all.replace(edit.offset, edit.length, edit.text));
}

std::string join(const std::string& text, const char* from, const char* to) {
  const auto edit = add_cable(to_qt(text), load(text), to_qt(from), to_qt(to));
  EXPECT_TRUE(edit) << edit.error().to_string();
  return edit ? with(text, *edit) : text;
}

std::string cut(const std::string& text, const char* node, const char* end) {
  const auto edit = remove_cable(to_qt(text), load(text), to_qt(node), to_qt(end));
  EXPECT_TRUE(edit) << edit.error().to_string();
  return edit ? with(text, *edit) : text;
}

std::string refusal(const std::string& text, const char* from, const char* to) {
  const auto edit = add_cable(to_qt(text), load(text), to_qt(from), to_qt(to));
  return edit ? "written: " + with(text, *edit) : edit.error().message;
}

constexpr const char* kThreeSwitches = R"(title: t
switches:
  - name: lan  # the first
  # a comment of lan2
  - name: lan2
    link: {delay: 1ms}
  - {name: lan3, link: {delay: 2ms}}  # } all in one line
hosts:
  - name: a
    nics:
      - {name: eth0, addresses: 10.0.0.1/24, switch: lan}
  - name: b
    role: host
  - name: c
    nics:
      - name: eth1
        switch: lan2
)";

TEST(CableEdit, ANicOnASwitchHasAFreeNameAndAddress) {
  const std::string text = join(kThreeSwitches, "c", "lan");
  EXPECT_THAT(text, HasSubstr("        switch: lan2\n"
                              "      - {name: eth0, addresses: 10.0.0.205/24, switch: lan}\n"))
      << "eth1 is taken, eth0 is not";
  EXPECT_EQ(cut(text, "c", "eth0"), kThreeSwitches);
}

TEST(CableEdit, AHostWithoutNicsGetsTheKeyToo) {
  const std::string text = join(kThreeSwitches, "lan2", "b");
  EXPECT_THAT(text, HasSubstr("    role: host\n    nics:\n      - {name: eth0, switch: lan2}\n"));
  EXPECT_EQ(cut(text, "b", "eth0"), kThreeSwitches);
}

TEST(CableEdit, TwoHostsGetANicEachAndLoseBoth) {
  const std::string text = join(kThreeSwitches, "a", "c");
  const scenario::Scenario lab = load(text);
  ASSERT_EQ(lab.hosts[0].nics.size(), 2U);
  ASSERT_EQ(lab.hosts[2].nics.size(), 2U);
  EXPECT_EQ(lab.hosts[0].nics[1].peer->to_string(), "c/eth0");
  EXPECT_EQ(lab.hosts[2].nics[1].peer->to_string(), "a/eth1");
  EXPECT_EQ(cut(text, "a", "eth1"), kThreeSwitches);
  EXPECT_EQ(cut(text, "c", "eth0"), kThreeSwitches);
}

TEST(CableEdit, UplinksAreWrittenAsTheSwitchIs) {
  const std::string block = join(kThreeSwitches, "lan2", "lan");
  EXPECT_THAT(block, HasSubstr("    link: {delay: 1ms}\n    uplinks: lan\n"));
  EXPECT_EQ(cut(block, "lan2", "lan"), kThreeSwitches);
  EXPECT_EQ(cut(block, "lan", "lan2"), kThreeSwitches) << "from its other end";
  const std::string two = join(block, "lan2", "lan3");
  EXPECT_THAT(two, HasSubstr("    uplinks: [lan, lan3]\n"));
  EXPECT_THAT(cut(two, "lan2", "lan"), HasSubstr("    uplinks: [lan3]\n"));
  EXPECT_THAT(cut(two, "lan2", "lan3"), HasSubstr("    uplinks: [lan]\n"));
  EXPECT_EQ(cut(cut(two, "lan2", "lan"), "lan2", "lan3"), kThreeSwitches);

  const std::string line = join(kThreeSwitches, "lan3", "lan");
  EXPECT_THAT(line, HasSubstr("{name: lan3, link: {delay: 2ms}, uplinks: lan}  # }"));
  EXPECT_EQ(cut(line, "lan3", "lan"), kThreeSwitches);
  const std::string both = join(line, "lan3", "lan2");
  EXPECT_THAT(both, HasSubstr(", uplinks: [lan, lan2]}"));
  EXPECT_EQ(cut(cut(both, "lan3", "lan"), "lan3", "lan2"), kThreeSwitches);
}

TEST(CableEdit, UplinksOnLinesOfTheirOwnStayThere) {
  const std::string text =
      "title: t\nswitches:\n  - name: x\n  - name: y\n  - name: z\n    uplinks:\n"
      "      - x  # the first\nhosts:\n  - name: a\n";
  const std::string both = join(text, "z", "y");
  EXPECT_THAT(both, HasSubstr("      - x  # the first\n      - y\nhosts:"));
  EXPECT_EQ(cut(both, "z", "y"), text);
  EXPECT_THAT(cut(text, "z", "x"), HasSubstr("  - name: z\nhosts:"));
}

TEST(CableEdit, KeysBeforeTheNameStayToo) {
  const std::string text =
      "title: t\nswitches:\n  - name: x\n  - {uplinks: x, name: y}\nhosts:\n  - name: a\n";
  EXPECT_THAT(cut(text, "y", "x"), HasSubstr("  - {name: y}\n"));
}

TEST(CableEdit, TheLastLineNeedNotEnd) {
  const std::string text = "title: t\nswitches:\n  - name: lan\nhosts:\n  - name: a";
  const scenario::Scenario lab = load(join(text, "a", "lan"));
  ASSERT_EQ(lab.hosts[0].nics.size(), 1U);
  EXPECT_EQ(lab.hosts[0].nics[0].switch_name, "lan");
}

TEST(CableEdit, SaysWhyThereIsNone) {
  EXPECT_EQ(refusal(kThreeSwitches, "a", "a"), "a cable has two ends");
  EXPECT_EQ(refusal(kThreeSwitches, "a", "nowhere"), "there is no 'nowhere'");
  EXPECT_EQ(refusal(join(kThreeSwitches, "lan", "lan2"), "lan2", "lan"),
            "lan2 and lan are joined already");
  const std::string flow =
      "title: t\nswitches: [{name: lan}, {name: lan2}]\n"
      "hosts:\n  - {name: a}\n  - name: b\n    nics: [{switch: lan}]\n";
  EXPECT_THAT(refusal(flow, "a", "lan"), HasSubstr("edit it by hand"));
  EXPECT_THAT(refusal(flow, "b", "lan2"), HasSubstr("edit them by hand"));
  EXPECT_THAT(refusal(flow, "lan", "lan2"), HasSubstr("edit it by hand"));
  EXPECT_FALSE(remove_cable(to_qt(flow), load(flow), to_qt("b"), to_qt("eth9")).has_value());
  EXPECT_FALSE(remove_cable(to_qt(flow), load(flow), to_qt("lan"), to_qt("lan2")).has_value());
}

TEST(CableEdit, OneIsRemovedWithItsLineAndTheLastWithItsKey) {
  const std::string text =
      "title: t\nswitches:\n  - name: lan\nhosts:\n  - name: a\n    nics:  # cables\n"
      "      - {name: eth0, switch: lan}  # one\n      - {name: eth1, switch: lan}  # two\n";
  const std::string left = cut(text, "a", "eth0");
  EXPECT_THAT(left, testing::Not(HasSubstr("# one")));
  EXPECT_THAT(left, HasSubstr("# two"));
  EXPECT_TRUE(load(cut(left, "a", "eth1")).hosts[0].nics.empty());
}

}  // namespace
}  // namespace lvslab::gui
