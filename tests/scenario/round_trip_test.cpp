// What the writer writes, the loader reads back: the same scenario, places aside.
#include <gmock/gmock.h>

#include <algorithm>

#include "sim/base/prng.h"
#include "sim/scenario/fields.h"
#include "sim/scenario/keys.h"
#include "sim/scenario/loader.h"
#include "sim/scenario/writer.h"
#include "tests/scenario/golden.h"

namespace lvslab::scenario {
namespace {

std::string messages(const std::vector<Error>& errors) {
  std::string text;
  for (const Error& error : errors) text += error.to_string() + "\n";
  return text;
}

Scenario must_load(const std::string& text, const std::string& file = "x.yaml") {
  auto loaded = load_text(text, file);
  if (!loaded) {
    ADD_FAILURE() << messages(loaded.error()) << "in\n" << text;
    return {};
  }
  return *loaded;
}

Scenario all_keys() { return must_load(read_text(source_dir() / "tests/scenario/all-keys.yaml")); }

TEST(ScenarioRoundTrip, KeepsEveryKeyOfTheFormat) {
  const Scenario scenario = all_keys();
  const std::string written = to_yaml(scenario);
  EXPECT_EQ(must_load(written), scenario) << written;
}

constexpr const char* kLinesThatGoOn = R"(title: t
switches: [{name: lan}]
hosts:
  - name: a
    nics: [{addresses: 10.0.0.1/24, switch: lan}]
    setup: |
      cat > /root/f <<'EOF'
        two blanks in front

      # no comment, and "no quote
      EOF
      for i in 1 2
      do
        echo $i
      done
      echo after
timeline:
  - on: a
    run:
      - hostname
      - |
        echo 'two
          lines' && hostname
      - "cat <<E\n\tx\nE\n"
)";

TEST(ScenarioRoundTrip, LinesBelongTogetherAsInBash) {
  const Scenario scenario = must_load(kLinesThatGoOn);
  std::vector<std::string> typed;
  for (const CommandLine& line : scenario.hosts.at(0).setup) typed.push_back(line.text);
  for (const CommandLine& line : std::get<scenario::Run>(scenario.timeline.at(0).action).lines) {
    typed.push_back(line.text);
  }
  EXPECT_THAT(typed, testing::ElementsAre(
                         "cat > /root/f <<'EOF'\n  two blanks in front\n\n# no comment, and \"no "
                         "quote\nEOF",
                         "for i in 1 2\ndo\n  echo $i\ndone", "echo after", "hostname",
                         "echo 'two\n  lines' && hostname", "cat <<E\n\tx\nE"));
  EXPECT_EQ(scenario.hosts[0].setup[2].where.line, 16) << "where it stands in the file";
  EXPECT_EQ(must_load(to_yaml(scenario)), scenario) << to_yaml(scenario);
}

TEST(ScenarioRoundTrip, AQuoteThatNeverEndsIsAMistakeOfItsOwnLine) {
  const auto loaded = load_text(
      "title: t\nswitches: [{name: lan}]\nhosts:\n  - name: a\n    setup: |\n      echo 'half\n"
      "      hostname\n      for i in 1; do\n        echo ); done\n",
      "x.yaml");
  ASSERT_FALSE(loaded);
  EXPECT_THAT(messages(loaded.error()),
              testing::AllOf(testing::HasSubstr("x.yaml:6:12: the command cannot be read: "
                                                "bash: unexpected EOF while looking for matching"),
                             testing::HasSubstr("x.yaml:9:14: ")));
}

TEST(ScenarioRoundTrip, IsStableOnceWritten) {
  const std::string written = to_yaml(all_keys());
  EXPECT_EQ(to_yaml(must_load(written)), written);
}

TEST(ScenarioRoundTrip, OfEveryKeyUsesEveryKey) {
  const std::string example = read_text(source_dir() / "tests/scenario/all-keys.yaml");
  for (const ObjectSpec* const object : all_objects()) {
    for (const KeySpec& key : object->keys) {
      EXPECT_NE(example.find(std::string(key.name) + ":"), std::string::npos)
          << "all-keys.yaml lacks " << object->name << "." << key.name;
    }
  }
}

/// A text of pieces that YAML and the writer could stumble over.
std::string odd_text(Prng& prng, const std::vector<std::string>& pieces) {
  std::string text;
  for (std::uint32_t n = prng.below(12); n > 0; --n) {
    text += pieces[prng.below(static_cast<std::uint32_t>(pieces.size()))];
  }
  return text;
}

std::vector<std::string> letters_of(std::string_view text) {
  std::vector<std::string> letters;
  for (const char c : text) letters.emplace_back(1, c);
  return letters;
}

TEST(ScenarioRoundTrip, KeepsFileContentsOfAnyKind) {
  Prng prng(11);
  Scenario scenario = must_load("title: t\nhosts: [{name: a, files: {/x: ''}}]\n");
  const auto letters = letters_of(" \n\t:#-?[]{},&*!|>'\"%@`=~ab1\\.\r");
  for (int i = 0; i < 3'000; ++i) {
    scenario.hosts[0].files[0].content = odd_text(prng, letters);
    const std::string written = to_yaml(scenario);
    ASSERT_EQ(must_load(written), scenario) << written;
  }
}

TEST(ScenarioRoundTrip, KeepsTextsOnceFolded) {
  Prng prng(12);
  const std::vector<std::string> pieces = {" ", "\n", "-", "a", ".", ":", "看", "《", "。", "”"};
  for (int i = 0; i < 3'000; ++i) {
    const std::string folded = fold_text(odd_text(prng, pieces));
    EXPECT_EQ(fold_text(folded), folded);
    Scenario scenario = must_load("title: t\nhosts: [{name: a}]\n");
    scenario.lesson = {"", folded};
    if (folded.empty()) scenario.lesson = {};
    const std::string written = to_yaml(scenario);
    ASSERT_EQ(must_load(written), scenario) << written;
  }
}

TEST(FoldedText, JoinsLinesWithABlankAndChineseLinesWithNothing) {
  EXPECT_EQ(fold_text("one\ntwo\n\nthree\n"), "one two\n\nthree");
  EXPECT_EQ(fold_text("客户端\n询问。\n\n第二段"), "客户端询问。\n\n第二段");
  EXPECT_EQ(fold_text("看 ARP\n表"), "看 ARP 表");
  EXPECT_EQ(fold_text("不应答。\nARP 表"), "不应答。ARP 表");
}

TEST(FoldedText, KeepsListsAndIndentedLines) {
  EXPECT_EQ(fold_text("so:\n- one\n- two\n  more\nend"), "so:\n- one\n- two\n  more\nend");
}

}  // namespace
}  // namespace lvslab::scenario
