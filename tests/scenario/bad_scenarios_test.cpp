// Every file of tests/scenario/bad is wrong in its own way; the .txt beside it says what the loader
// must answer, line by line.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "sim/scenario/loader.h"
#include "sim/scenario/yaml_tree.h"
#include "tests/scenario/golden.h"

namespace lvslab::scenario {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kReasons[] = {"arp-ignored", "arp-reply", "ipvs-schedule"};

/// Knows no word but "tcp", as a stand-in for libpcap.
std::string filter_objection(const std::string& filter) {
  return filter == "tcp" ? "" : "syntax error";
}

const LoadOptions kOptions{kReasons, filter_objection};

std::vector<fs::path> bad_files() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(source_dir() / "tests/scenario/bad")) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

std::string all_messages(const std::vector<Error>& errors) {
  std::string text;
  for (const Error& error : errors) text += error.to_string() + "\n";
  return text;
}

class BadScenario : public testing::TestWithParam<fs::path> {};

TEST_P(BadScenario, IsRefusedWithEveryMistakeNamed) {
  const auto loaded = load_text(read_text(GetParam()), GetParam().filename().string(), kOptions);
  ASSERT_FALSE(loaded.has_value());
  expect_golden(fs::path(GetParam()).replace_extension(".txt"), all_messages(loaded.error()));
}

INSTANTIATE_TEST_SUITE_P(Corpus, BadScenario, testing::ValuesIn(bad_files()), [](const auto& one) {
  std::string name = one.param.stem().string();
  std::ranges::replace(name, '-', '_');
  return name;
});

std::string refusal(std::string text) {
  const auto loaded = load_text(std::move(text), "x.yaml", kOptions);
  return loaded ? "" : all_messages(loaded.error());
}

TEST(BadFile, ThatIsNotThereIsNamed) {
  const auto loaded = load("no/such/file.yaml");
  ASSERT_FALSE(loaded.has_value());
  EXPECT_EQ(all_messages(loaded.error()),
            "no/such/file.yaml: there is no such file (lvslab list names the scenarios that are "
            "here)\n");
}

TEST(BadFile, ThatIsADirectoryIsRefused) {
  const auto loaded = load(source_dir() / "tests");
  ASSERT_FALSE(loaded.has_value());
  EXPECT_THAT(loaded.error().front().message, testing::HasSubstr("a directory"));
}

TEST(BadFile, LargerThanAMebibyteIsRefused) {
  EXPECT_THAT(refusal(std::string(kMaxFileBytes + 1, '#')),
              testing::HasSubstr("x.yaml: the file is larger than 1024 KiB"));
}

TEST(BadFile, WithALineOfAMebibyteIsRefused) {
  EXPECT_EQ(refusal("title: x\nname: " + std::string(kMaxLineBytes, 'x') + "\n"),
            "x.yaml:2:1: the line is longer than 64 KiB\n");
}

TEST(BadFile, WithAZeroByteIsNoText) {
  EXPECT_EQ(refusal(std::string("title: a\n\0b", 11)),
            "x.yaml:2:1: not a text file: byte 0x00 is no part of UTF-8 text (scenario files are "
            "YAML in UTF-8)\n");
}

TEST(BadFile, InAnOldChineseEncodingIsNoUtf8) {
  EXPECT_THAT(refusal("title: \xd6\xd0\xce\xc4\n"),
              testing::HasSubstr("x.yaml:1:8: not a text file: byte 0xd6"));
}

TEST(BadFile, WithABillionLaughsIsStoppedByItsWeight) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int level = 1; level < 9; ++level) {
    bomb += "a" + std::to_string(level) + ": &a" + std::to_string(level) + " [";
    for (int i = 0; i < 10; ++i) bomb += (i > 0 ? ", *a" : "*a") + std::to_string(level - 1);
    bomb += "]\n";
  }
  EXPECT_THAT(refusal(bomb), testing::HasSubstr("more than 200000 values, aliases counted"));
}

TEST(BadFile, WithAnAliasOfItselfIsStopped) {
  EXPECT_THAT(refusal("hosts: &h\n  - *h\n"),
              testing::HasSubstr("x.yaml:2:5: the alias stands inside the part that it names"));
}

TEST(BadFile, NestedAThousandLevelsDeepIsStopped) {
  EXPECT_THAT(refusal("a: " + std::string(1'000, '[') + std::string(1'000, ']')),
              testing::HasSubstr("nested more than 32 levels deep"));
}

TEST(BadFile, CutAtAnyByteNeitherCrashesNorHangs) {
  const std::string whole = read_text(source_dir() / "tests/scenario/all-keys.yaml");
  ASSERT_FALSE(whole.empty());
  std::size_t refused = 0;
  for (std::size_t length = 0; length < whole.size(); length += 7) {
    refused += refusal(whole.substr(0, length)).empty() ? 0U : 1U;
  }
  EXPECT_GT(refused, whole.size() / 14);
}

TEST(BadFile, ColumnsCountCharactersNotBytes) {
  EXPECT_EQ(refusal("title: {zh: 中文, de: Deutsch}\nhosts: [{name: a}]\n"),
            "x.yaml:1:17: 'title' has no language 'de' (languages are en and zh)\n");
}

}  // namespace
}  // namespace lvslab::scenario
