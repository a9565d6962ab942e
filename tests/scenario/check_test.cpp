#include "sim/scenario/check.h"

#include <gmock/gmock.h>

namespace lvslab::scenario {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view kListing =
    "IPVS connection entries\n"
    "pro expire state       source             virtual            destination\n"
    "TCP 01:59  FIN_WAIT    192.168.80.10:40001 192.168.80.150:80  192.168.80.204:80\n";

std::vector<std::string> in_english(const std::vector<Text>& sentences) {
  std::vector<std::string> words;
  for (const Text& sentence : sentences) words.push_back(sentence.en);
  return words;
}

TEST(ExpectedTable, IsFoundWithoutCountingBlanks) {
  TableExpectation expect;
  expect.table = TableKind::kConn;
  expect.has = {"FIN_WAIT 192.168.80.10:40001 192.168.80.150:80"};
  expect.lines = 1;
  EXPECT_THAT(unmet(expect, kListing), IsEmpty());
}

TEST(ExpectedTable, TellsWhatIsMissingAndWhatShouldNotBeThere) {
  TableExpectation expect;
  expect.table = TableKind::kConn;
  expect.has = {"SYN_RECV"};
  expect.lacks = {"FIN_WAIT"};
  expect.lines = 2;
  EXPECT_THAT(in_english(unmet(expect, kListing)),
              ElementsAre("'SYN_RECV' is missing", "'FIN_WAIT' is there, and should not be",
                          "1 rows, expected 2"));
}

TEST(ExpectedTable, TextsDoNotReachAcrossLines) {
  EXPECT_FALSE(stands_in("a\nb\n", "a b"));
  EXPECT_TRUE(stands_in("a\tb\n", "a   b"));
}

TEST(ExpectedOutput, IsComparedExactlyButForTheLastLineBreak) {
  OutputExpectation expect;
  expect.output = "node02\nnode03";
  EXPECT_THAT(unmet(expect, "node02\nnode03\n", 0), IsEmpty());
  EXPECT_THAT(in_english(unmet(expect, "node02\n", 0)),
              ElementsAre("the output is\nnode02\nexpected was\nnode02\nnode03"));
}

TEST(ExpectedOutput, KnowsStatusPatternAndLines) {
  OutputExpectation expect;
  expect.status = 28;
  expect.matches = "timed? ?out";
  expect.lines = 1;
  EXPECT_THAT(unmet(expect, "curl: (28) Connection timed out\n", 28), IsEmpty());
  EXPECT_THAT(in_english(unmet(expect, "", 0)),
              ElementsAre("exit status 0, expected 28", "no line matches 'timed? ?out'",
                          "0 lines, expected 1"));
}

TEST(ExpectedCount, SaysHowManyWereSeenInstead) {
  EXPECT_EQ(unmet(CountBounds{6, {}, {}}, 6).en, "");
  EXPECT_EQ(unmet(CountBounds{6, {}, {}}, 5).en, "5 seen, exactly 6 expected");
  EXPECT_EQ(unmet(CountBounds{{}, 1, {}}, 0).en, "0 seen, at least 1 expected");
  EXPECT_EQ(unmet(CountBounds{{}, {}, 2}, 3).en, "3 seen, at most 2 expected");
  EXPECT_EQ(unmet(CountBounds{{}, 1, 2}, 3).en, "3 seen, 1 to 2 expected");
  EXPECT_EQ(unmet(CountBounds{{}, 1, 2}, 3).zh, "看到 3 个，应为 1 到 2 个");
}

TEST(Expected, EachSentenceIsThereInBothLanguages) {
  OutputExpectation output;
  output.status = 1;
  output.output = "x";
  output.has = {"y"};
  output.lacks = {"z"};
  output.matches = "y+";
  output.lines = 7;
  TableExpectation table;
  table.lines = 7;
  std::vector<Text> sentences = unmet(output, "z\n", 0);
  EXPECT_EQ(sentences.size(), 6U);
  for (const Text& sentence : unmet(table, kListing)) sentences.push_back(sentence);
  for (const Text& sentence : sentences) {
    EXPECT_FALSE(sentence.en.empty());
    EXPECT_FALSE(sentence.zh.empty()) << sentence.en;
  }
}

}  // namespace
}  // namespace lvslab::scenario
