// The shell: grammar, canonical text, expansion, and errors that point at their column.
#include "sim/command/shell.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/base/prng.h"

namespace lvslab::command {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Script script_of(std::string_view text) {
  auto parsed = parse_script(text);
  EXPECT_TRUE(parsed.has_value()) << text << "\n" << (parsed ? "" : parsed.error().err);
  return parsed.value_or(Script{});
}
std::string error_of(std::string_view text) {
  const auto parsed = parse_script(text);
  EXPECT_FALSE(parsed.has_value()) << text;
  return parsed ? "" : parsed.error().err;
}
std::string canonical(std::string_view text) { return to_text(script_of(text)); }

/// The fields of the words of the script's first simple command.
std::vector<std::string> fields(std::string_view text, const Variables& variables = {},
                                const std::vector<std::string>& results = {}) {
  const Script script = script_of(text);
  std::vector<std::string> out;
  for (const Node& node : script.nodes) {
    if (node.kind != Node::Kind::kSimple) continue;
    for (const Word& word : node.words) {
      for (std::string& field : expand(word, variables, results)) out.push_back(std::move(field));
    }
    if (node.words.size() > 1) break;
  }
  return out;
}

TEST(Shell, ALineBecomesItsWords) {
  EXPECT_THAT(fields("ipvsadm -A -t 192.168.80.150:80 -s rr"),
              ElementsAre("ipvsadm", "-A", "-t", "192.168.80.150:80", "-s", "rr"));
}

TEST(Shell, QuotesKeepBlanksAndBackslashKeepsOneCharacter) {
  EXPECT_THAT(fields(R"(echo 'a  b' "c  $x" d\ e "it's" '' "\$x \a")", {{"x", "1 2"}}),
              ElementsAre("echo", "a  b", "c  1 2", "d e", "it's", "", R"($x \a)"));
}

TEST(Shell, UnquotedVariablesSplitAndEmptyOnesVanish) {
  EXPECT_THAT(fields("echo $a$b ${a}x \"$none\" $none -$a-", {{"a", "1 2"}, {"b", " 3"}}),
              ElementsAre("echo", "1", "2", "3", "1", "2x", "", "-1", "2-"));
}

TEST(Shell, BracesExpandBeforeVariables) {
  EXPECT_THAT(fields("echo {1..4} {3..1} {01..03} {a..c} {1..7..3} x{a,b{1,2}}y {solo} '{1..2}'"),
              ElementsAre("echo", "1", "2", "3", "4", "3", "2", "1", "01", "02", "03", "a", "b",
                          "c", "1", "4", "7", "xay", "xb1y", "xb2y", "{solo}", "{1..2}"));
}

TEST(Shell, ASequenceWithoutEndStaysAsItIs) {
  EXPECT_THAT(fields("echo {1..999999999999}"), ElementsAre("echo", "{1..999999999999}"));
}

TEST(Shell, CommandSubstitutionSplitsUnlessQuoted) {
  const Script script = script_of("echo $(seq 1 2) \"`pwd`\"");
  const Node& echo = script.nodes[script.nodes.size() - 4];
  ASSERT_EQ(echo.kind, Node::Kind::kSimple);
  const std::vector<NodeIndex> inner = substitutions_of(echo.words[1]);
  ASSERT_EQ(inner.size(), 1U);
  EXPECT_EQ(to_text(script, inner[0]), "seq 1 2");
  EXPECT_THAT(expand(echo.words[1], {}, std::vector<std::string>{"1\n2\n"}), ElementsAre("1", "2"));
  EXPECT_THAT(expand(echo.words[2], {}, std::vector<std::string>{"/a b\n\n"}), ElementsAre("/a b"));
}

TEST(Shell, TildeIsHome) {
  EXPECT_THAT(fields("echo ~ ~/x a~ '~'", {{"HOME", "/root"}}),
              ElementsAre("echo", "/root", "/root/x", "a~", "~"));
}

TEST(Shell, RedirectTargetsStayOneWord) {
  const Script script = script_of("echo 1 > \"/proc/sys/$x\" 2>&1");
  const Node& node = script.nodes[0];
  ASSERT_EQ(node.redirects.size(), 2U);
  EXPECT_EQ(expand_to_one(node.redirects[0].target, {{"x", "a b"}}), "/proc/sys/a b");
  EXPECT_EQ(node.redirects[1].kind, Redirect::Kind::kDuplicate);
  EXPECT_EQ(node.redirects[1].fd, 2);
  EXPECT_EQ(node.redirects[1].from, 1);
}

TEST(Shell, CanonicalTextSaysTheSameInOneWay) {
  EXPECT_EQ(canonical("a;b&c&&d||e"), "a; b & c && d || e");
  EXPECT_EQ(canonical("for i in 1 2\ndo\n curl -s $i >>f  2>/dev/null\ndone|sort|uniq -c"),
            "for i in 1 2; do curl -s $i >> f 2> /dev/null; done | sort | uniq -c");
  EXPECT_EQ(canonical("echo \"a$x\"'b' c\\ d"), "echo \"a${x}b\" c' 'd");
  EXPECT_EQ(canonical("X=1 Y='a b' cmd &> f"), "X=1 Y='a b' cmd > f 2>&1");
  EXPECT_EQ(canonical("! grep x |& wc -l"), "! grep x 2>&1 | wc -l");
  EXPECT_EQ(canonical("# only a comment"), "");
  EXPECT_EQ(canonical("echo a#b # rest"), "echo a#b");
}

TEST(Shell, LoopsConditionsAndGroupsHaveACanonicalForm) {
  for (const char* text :
       {"while true; do a; b; done", "until false; do a & done > f", "if a; then b; fi",
        "if a; then b; elif c; d; then e; else f; fi 2> g | h", "{ a; b; } > f", "! { a; }",
        "while { a; }; do if b; then break 2; fi; done", "echo $((1 + x))y \"$((2))\""}) {
    EXPECT_EQ(canonical(text), text);
  }
  EXPECT_EQ(canonical("while a\nb\ndo\n c\ndone"), "while a; b; do c; done");
  EXPECT_EQ(canonical("if a;then\nb\nelse c;fi"), "if a; then b; else c; fi");
  EXPECT_EQ(canonical("echo if then {"), "echo if then {");
}

TEST(Shell, LoopsConditionsAndGroupsThatAreBrokenSayWhere) {
  const auto token = [](const char* what, int column) {
    return fmt::format("bash: syntax error near unexpected token `{}'\nlvslab: column {}\n", what,
                       column);
  };
  EXPECT_EQ(error_of("while; do a; done"), token(";", 6));
  EXPECT_EQ(error_of("while a; do done"), token("done", 13));
  EXPECT_EQ(error_of("while a do b; done"), token("done", 15));
  EXPECT_EQ(error_of("if a; fi"), token("fi", 7));
  EXPECT_EQ(error_of("if a; then b; else fi"), token("fi", 20));
  EXPECT_EQ(error_of("if a; then b; done"), token("done", 15));
  EXPECT_EQ(error_of("{ a; "), "bash: syntax error: unexpected end of file\nlvslab: column 6\n");
  EXPECT_EQ(error_of("a; }"), token("}", 4));
  EXPECT_THAT(error_of("echo $((1 + 2)"), HasSubstr("looking for matching `)'"));
}

TEST(Shell, HereDocumentsStandBehindTheirLine) {
  EXPECT_EQ(canonical("cat <<EOF > f; echo b\na $x\n  'b'\nEOF\necho c"),
            "cat <<< \"a $x\n  'b'\" > f; echo b; echo c");
  EXPECT_EQ(canonical("cat <<A; cat <<-'B C'\nof a\nA\n\t\tof $b\n\tB C"),
            "cat <<< 'of a'; cat <<< 'of $b'");
  EXPECT_EQ(canonical("for i in 1 2; do cat <<E; done | wc -l\n$i \\$i \\\"\nE"),
            "for i in 1 2; do cat <<< \"$i \\$i \\\\\\\"\"; done | wc -l");
  EXPECT_EQ(canonical("cat <<E # it's \"one\nx\nE\n"), "cat <<< 'x'");
  EXPECT_EQ(canonical("cat <<E; echo 'a\nb'\nx\nE\n"), "cat <<< 'x'; echo 'a\nb'");
  EXPECT_EQ(canonical("cat <<E\n\nE"), "cat <<< ''") << "an empty line";
  EXPECT_EQ(canonical("cat <<E\nE"), "cat < /dev/null") << "no line at all";
  EXPECT_EQ(canonical("cat <<<a\\ \"b$x\""), "cat <<< a\" b$x\"");
  EXPECT_EQ(canonical("cat <<E\na\\\nb `c d` $(e)\nE"), "cat <<< \"ab $(c d) $(e)\"");
}

TEST(Shell, AHereDocumentWithoutItsEndSaysWhichIsWanted) {
  EXPECT_EQ(error_of("cat <<EOF\na\n EOF"),
            "bash: warning: here-document delimited by end-of-file (wanted `EOF')\n"
            "lvslab: column 5\n");
  EXPECT_THAT(error_of("cat <<E\n$(a\nE"), HasSubstr("looking for matching `)'"));
  EXPECT_THAT(error_of("cat 3<<E\nE"), HasSubstr("not modelled"));
  EXPECT_THAT(error_of("cat <<\nE"), HasSubstr("unexpected token `newline'"));
}

TEST(Shell, AsksForMoreWhereBashDoes) {
  for (const char* text : {"while true",
                           "while true; do",
                           "for i in 1 2",
                           "if a; then",
                           "if a; then b; else",
                           "{ a",
                           "echo 'a",
                           "echo \"a\nb",
                           "echo $(a",
                           "echo `a",
                           "echo ${a",
                           "echo $((1 +",
                           "a |",
                           "a &&",
                           "a ||",
                           "echo \\",
                           "cat <<E",
                           "cat <<E\na",
                           "cat <<E\n$(a\n",
                           "for i in 1; do cat <<E\nE"}) {
    EXPECT_TRUE(is_incomplete(text)) << text;
  }
  for (const char* text : {"", "# it's", "echo a", "done", "a >", "a ;; b", "cat <<E\n$(a\nE",
                           "echo `a '`", "(a", "echo ${a%b}", "case x in"}) {
    EXPECT_FALSE(is_incomplete(text)) << text;
  }
  EXPECT_FALSE(is_incomplete("'" + std::string(kLongestAskedFor, 'a')));
  EXPECT_EQ(as_typed("cat <<E\na\nE"), "cat <<E\n> a\n> E");
}

TEST(Shell, ALineEndsWhereBashRunsIt) {
  const auto first = [](std::string_view text) { return text.substr(0, first_line_length(text)); };
  EXPECT_EQ(first("a\nb"), "a");
  EXPECT_EQ(first(" a; b &  # c\nd"), " a; b &  # c");
  EXPECT_EQ(first("for i in 1\ndo a\ndone\nb"), "for i in 1\ndo a\ndone");
  EXPECT_EQ(first("cat <<E; echo 'x\ny'\na\nE\nb"), "cat <<E; echo 'x\ny'\na\nE");
  EXPECT_EQ(first("cat <<E\na\nE"), "cat <<E\na\nE");
  EXPECT_EQ(first("a \\\n b\nc"), "a \\\n b");
  EXPECT_EQ(first("a &&\n\nb\nc"), "a &&\n\nb");
  EXPECT_EQ(first("echo 'never\nends"), "echo 'never") << "only the line that is wrong";
  EXPECT_EQ(first("if a; then\n )\nfi"), "if a; then\n )") << "up to the mistake";
  EXPECT_EQ(first(""), "");
  EXPECT_EQ(first("\na"), "");
  const std::string quote(kLongestAskedFor, 'a');
  EXPECT_EQ(first("a\n'" + quote), "a");
  EXPECT_EQ(first("'" + quote + "\n'\nb").size(), quote.size() + 1) << "too long";
}

TEST(Shell, ChildrenComeBeforeTheirParents) {
  const Script script =
      script_of("for i in $(seq 1 6); do curl $i && echo ok || echo $(date); done");
  for (NodeIndex i = 0; i < script.nodes.size(); ++i) {
    for (const NodeIndex child : script.nodes[i].children) EXPECT_LT(child, i);
  }
  EXPECT_EQ(script.root, script.nodes.size() - 1);
}

TEST(Shell, ErrorsCarryTheColumn) {
  EXPECT_EQ(error_of("echo 'a"),
            "bash: unexpected EOF while looking for matching `''\nlvslab: column 6\n");
  EXPECT_EQ(error_of("echo \"a"),
            "bash: unexpected EOF while looking for matching `\"'\nlvslab: column 6\n");
  EXPECT_EQ(error_of("echo $(seq 1"),
            "bash: unexpected EOF while looking for matching `)'\nlvslab: column 6\n");
  EXPECT_EQ(error_of("ls )"), "bash: syntax error near unexpected token `)'\nlvslab: column 4\n");
  EXPECT_EQ(error_of("ls |"), "bash: syntax error: unexpected end of file\nlvslab: column 5\n");
  EXPECT_EQ(error_of("a ;; b"),
            "bash: syntax error near unexpected token `;;'\nlvslab: column 3\n");
  EXPECT_EQ(error_of("&& a"), "bash: syntax error near unexpected token `&&'\nlvslab: column 1\n");
  EXPECT_EQ(error_of("a\nb >"),
            "bash: syntax error near unexpected token `newline'\nlvslab: line 2, column 4\n");
  EXPECT_EQ(error_of("done"),
            "bash: syntax error near unexpected token `done'\nlvslab: column 1\n");
  EXPECT_EQ(error_of("for 1x in a; do b; done"),
            "bash: `1x': not a valid identifier\nlvslab: column 5\n");
}

TEST(Shell, WhatIsNotModelledSaysSoAndWhatIsClose) {
  for (const char* text :
       {"case x in esac", "(a; b)", "f() { a; }", "echo ${x%%.*}",
        "for ((i=0;i<3;i++)); do a; done", "diff <(a) b", "[[ a = b ]]", "((i++))", "> f while a",
        "echo $((i++))", "echo $((i = 3))", "echo $((i += 3))", "echo $((1, 2))", "echo $((2#101))",
        "echo $(($(seq 1) + 1))", "echo $((a[0]))", "echo $((${#a}))"}) {
    EXPECT_THAT(error_of(text), HasSubstr("is not modelled")) << text;
    EXPECT_THAT(error_of(text), HasSubstr("column")) << text;
  }
}

TEST(Shell, GlobPatternsAreSeenOnlyWhenUnquoted) {
  EXPECT_TRUE(has_glob(script_of("cat /proc/*/x").nodes[0].words[1]));
  EXPECT_FALSE(has_glob(script_of("cat '/proc/*/x'").nodes[0].words[1]));
  EXPECT_TRUE(glob_match("eth[0-9]*", "eth0:1"));
  EXPECT_TRUE(glob_match("*:?", "lo:1"));
  EXPECT_FALSE(glob_match("eth[!0]", "eth0"));
  EXPECT_FALSE(glob_match("", "x"));
  EXPECT_TRUE(glob_match("*", ""));
}

TEST(Shell, DeepNestingIsRefusedNotACrash) {
  std::string deep;
  for (int i = 0; i < 5000; ++i) deep += "$(";
  EXPECT_THAT(error_of(deep), HasSubstr("nesting deeper than 64"));
  std::string loops;
  for (int i = 0; i < 5000; ++i) loops += "for i in a; do ";
  EXPECT_THAT(error_of(loops), HasSubstr("nesting deeper than 64"));
  for (const char* begin : {"while a; do ", "if a; then ", "{ ", "while "}) {
    std::string text;
    for (int i = 0; i < 5000; ++i) text += begin;
    EXPECT_THAT(error_of(text), HasSubstr("nesting deeper than 64")) << begin;
  }
  std::string sum = "echo $((";
  for (int i = 0; i < 5000; ++i) sum += "(-";
  EXPECT_THAT(error_of(sum + "))"), HasSubstr("matching `)'"));
  for (int i = 0; i < 5000; ++i) sum += i == 0 ? "1)" : ")";
  const Script deep_sum = script_of(sum + "))");
  EXPECT_THAT(arithmetic_error(deep_sum.nodes[0].words[1], {}), Optional(HasSubstr("recursion")));
}

std::string random_line(Prng& prng) {
  static constexpr std::array<std::string_view, 48> kPieces = {
      "echo",  " ",      " ",  " ",  "a",     "$x",     "${x}",  "\"",        "'",   "\\",
      "|",     "||",     "&&", "&",  ";",     "\n",     ">",     ">>",        "<",   "2>&1",
      "&>",    "(",      ")",  "$(", "`",     "{1..3}", "{a,b}", "for i in ", "do ", "done",
      "; do ", "; done", "#",  "!",  "=",     "x=1",    "1",     "$?",        "~",   "*",
      "in",    "${",     "}",  "\t", "<<a\n", "\na\n",  "<<<",   "\n"};
  std::string line;
  const std::uint32_t count = 1 + prng.below(14);
  for (std::uint32_t i = 0; i < count; ++i) {
    line += kPieces[prng.below(static_cast<std::uint32_t>(kPieces.size()))];
  }
  return line;
}

TEST(Shell, RandomLinesParseToATreeWhoseTextIsThatTree) {
  Prng prng(20);
  int parsed_lines = 0;
  for (int i = 0; i < 15'000; ++i) {
    const std::string line = random_line(prng);
    const auto first = parse_script(line);
    if (!first) {
      EXPECT_THAT(first.error().err, HasSubstr("lvslab: ")) << line;
      EXPECT_EQ(first.error().status, 2) << line;
      continue;
    }
    ++parsed_lines;
    const std::string text = to_text(*first);
    const auto second = parse_script(text);
    ASSERT_TRUE(second.has_value()) << line << " => " << text;
    ASSERT_EQ(*first, *second) << line << " => " << text;
    for (const Node& node : first->nodes) {
      for (const Word& word : node.words) expand(word, {{"x", "1 2"}});
    }
  }
  EXPECT_GT(parsed_lines, 1000);
}

TEST(Shell, AnyWordSurvivesQuoting) {
  Prng prng(3);
  for (int i = 0; i < 5000; ++i) {
    std::string word;
    for (std::uint32_t k = prng.below(8); k > 0; --k)
      word += static_cast<char>(1 + prng.below(126));
    EXPECT_THAT(fields("echo x " + quote_word(word)), ElementsAre("echo", "x", word));
  }
}

}  // namespace
}  // namespace lvslab::command
