// Style and determinism, held by text: what clang-tidy cannot know or would be too slow to ask.
#include <gmock/gmock.h>

#include "tests/rules/tidy_rules.h"

namespace lvslab::rules {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

template <class Check>
std::string broken(const std::vector<std::string>& folders, Check&& check) {
  const auto files = cpp_files(folders);
  EXPECT_GT(files.size(), 10U) << "the sources were not found";
  std::string all;
  for (const SourceFile& file : files) all += to_text(check(file));
  return all;
}

const std::vector<std::string>& everywhere() {
  static const std::vector<std::string> kFolders{"sim", "cli", "tests", "gui", "kernel-backend"};
  return kFolders;
}

SourceFile sample(std::string text) { return make_source("sim/base/a.h", std::move(text)); }

TEST(Tidy, SimUsesNothingThatMakesRunsDiffer) { EXPECT_EQ(broken({"sim"}, check_bans), ""); }
TEST(Tidy, SimCountsInIntegers) { EXPECT_EQ(broken({"sim"}, check_floating_point), ""); }
TEST(Tidy, SimHasNoMutableGlobals) { EXPECT_EQ(broken({"sim"}, check_globals), ""); }
TEST(Tidy, FilesAndFunctionsStayReadable) { EXPECT_EQ(broken(everywhere(), check_sizes), ""); }
TEST(Tidy, HeadersSayWhatTheyModel) { EXPECT_EQ(broken(everywhere(), check_header), ""); }
TEST(Tidy, NothingIsPromisedForLater) { EXPECT_EQ(broken(everywhere(), check_promises), ""); }

TEST(TidyBans, AClockIsFoundInCodeButNotInComments) {
  EXPECT_THAT(check_bans(sample("auto t = std::chrono::steady_clock::now();\n")), SizeIs(1));
  EXPECT_THAT(check_bans(sample("// steady_clock\nconst char* s = \"steady_clock\";\n")),
              IsEmpty());
  EXPECT_THAT(check_bans(sample("auto s = R\"(std::function)\";\n")), IsEmpty());
}

TEST(TidyBans, TokensAreWholeWords) {
  EXPECT_THAT(check_bans(sample("int operand(); int strand();\n")), IsEmpty());
  EXPECT_THAT(check_bans(sample("int x = rand();\n")), SizeIs(1));
  EXPECT_THAT(check_bans(sample("SimTime time() const;\n")), IsEmpty());
}

TEST(TidyBans, TheLineIsNamed) {
  const auto findings = check_bans(sample("int a;\n\nstd::mutex m;\n"));
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].line, 3);
}

TEST(TidyFloatingPoint, ADoubleNeedsAReason) {
  EXPECT_THAT(check_floating_point(sample("double seconds;\n")), SizeIs(1));
  EXPECT_THAT(check_floating_point(make_source("sim/scenario/layout.h", "double x;\n")), IsEmpty());
}

TEST(TidyGlobals, MutableStateIsFoundAtEveryScope) {
  EXPECT_THAT(check_globals(sample("namespace a {\nint counter = 0;\n}\n")), SizeIs(1));
  EXPECT_THAT(check_globals(sample("static std::vector<int> cache;\n")), SizeIs(1));
  EXPECT_THAT(check_globals(sample("std::array<int, 2> t{1, 2};\n")), SizeIs(1));
  EXPECT_THAT(check_globals(sample("int f(int a) {\n  static int n = a;\n  return n;\n}\n")),
              SizeIs(1));
  EXPECT_THAT(check_globals(sample("class A {\n  static int n;\n};\n")), SizeIs(1));
}

TEST(TidyGlobals, ConstantsTypesAndFunctionsAreNot) {
  EXPECT_THAT(check_globals(sample("constexpr int kA = 1;\ninline const Table kT{{1, 2}};\n")),
              IsEmpty());
  EXPECT_THAT(check_globals(sample("struct A {\n  int n = 0;\n  static int f(int x = 1);\n};\n")),
              IsEmpty());
  EXPECT_THAT(check_globals(sample("struct A;\nusing B = int;\nint f(int a = 2);\n"
                                   "auto g(int a) -> int { int n = a; return n; }\n")),
              IsEmpty());
  EXPECT_THAT(check_globals(sample("enum class E {\n  kA,\n  kB = 2,\n};\n")), IsEmpty());
  EXPECT_THAT(check_globals(sample("Result<int> A::f() const {\n  return 1;\n}\n")), IsEmpty());
}

std::string function_of(int lines) {
  std::string body = "int f(int a, B b = {}) {\n";
  for (int i = 2; i < lines; ++i) body += "  if (a) { g(); }\n";
  return body + "}\n";
}

TEST(TidySizes, AFunctionMayHaveSeventyLines) {
  EXPECT_THAT(check_sizes(sample(function_of(70))), IsEmpty());
  EXPECT_THAT(check_sizes(sample(function_of(71))), SizeIs(1));
  EXPECT_THAT(check_sizes(sample("namespace a {\nclass B {\n" + function_of(71) + "};\n}\n")),
              SizeIs(1));
}

TEST(TidySizes, ALongTableIsNotAFunction) {
  std::string table = "constexpr std::array kTable{\n";
  for (int i = 0; i < 100; ++i) table += "    Row{f(1), 2},\n";
  EXPECT_THAT(check_sizes(sample(table + "};\n")), IsEmpty());
}

TEST(TidySizes, AFileMayHaveSixHundredLinesAndALineAHundredColumns) {
  EXPECT_THAT(check_sizes(sample(std::string(600, '\n'))), IsEmpty());
  EXPECT_THAT(check_sizes(sample(std::string(601, '\n'))), SizeIs(1));
  EXPECT_THAT(check_sizes(sample(std::string(100, 'x') + "\n")), IsEmpty());
  EXPECT_THAT(check_sizes(sample(std::string(101, 'x') + "\n")), SizeIs(1));
  EXPECT_THAT(check_sizes(sample("\tint a;\n")), SizeIs(1));
}

TEST(TidySizes, AChineseCharacterIsOneColumn) {
  std::string line;
  for (int i = 0; i < 90; ++i) line += "不";
  EXPECT_THAT(check_sizes(sample("// " + line + "\n")), IsEmpty());
}

TEST(TidySizes, ARawStringMayHoldAnyLine) {
  const std::string wide = "\t" + std::string(120, 'x');
  EXPECT_THAT(check_sizes(sample("auto s = R\"(\n" + wide + "\n)\";\n")), IsEmpty());
  const auto findings = check_sizes(sample("auto s = R\"(\n" + wide + "\n)\";\n\tint a;\n"));
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].line, 4);
}

TEST(TidyHeader, OpensWithACommentAndAGuard) {
  EXPECT_THAT(check_header(sample("// What it is.\n#pragma once\n")), IsEmpty());
  EXPECT_THAT(check_header(sample("#pragma once\n")), SizeIs(2));
  EXPECT_THAT(check_header(sample("// What it is.\nint a;\n")), SizeIs(1));
}

TEST(TidyPromises, AreFoundInComments) {
  EXPECT_THAT(check_promises(sample(std::string("// TO") + "DO: later\n")), SizeIs(1));
  EXPECT_THAT(check_promises(sample("// todo list of a host\n")), IsEmpty());
}

}  // namespace
}  // namespace lvslab::rules
