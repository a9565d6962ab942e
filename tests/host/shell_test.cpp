// The shell as a student meets it: each line does what bash 5.2 does with it, or says what it
// cannot do.
#include <tuple>

#include "tests/host/lan.h"

namespace lvslab::host {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

/// A line and all that bash prints for it, both streams together.
struct Spoken {
  const char* name;
  const char* line;
  const char* output;
};
std::ostream& operator<<(std::ostream& out, const Spoken& s) { return out << s.line; }

class Line : public testing::TestWithParam<Spoken> {};

TEST_P(Line, PrintsWhatBashPrints) {
  Lan lan(1);
  EXPECT_EQ(lan.type('a', GetParam().line), GetParam().output);
}

std::string name_of(const testing::TestParamInfo<Spoken>& info) { return info.param.name; }

constexpr Spoken kQuoting[] = {
    {"SingleQuotesKeepEverything", "echo 'a  $HOME'", "a  $HOME\n"},
    {"DoubleQuotesKeepBlanks", "x='b  c'; echo \"$x\" $x", "b  c b c\n"},
    {"BackslashKeepsOneCharacter", "echo d\\ \\ e \\$x", "d  e $x\n"},
    {"BackslashesInDoubleQuotes", "echo \"a\\$b \\\"q\\\" \\n\"", "a$b \"q\" \\n\n"},
    {"PiecesJoin", "echo \"a\" \"b\"c'd'", "a bcd\n"},
    {"AnApostrophe", "echo 'it'\"'\"'s'", "it's\n"},
    {"AHashInsideAWord", "echo a#b '#c' # d", "a#b #c\n"},
};
INSTANTIATE_TEST_SUITE_P(Quoting, Line, testing::ValuesIn(kQuoting), name_of);

constexpr Spoken kExpansion[] = {
    {"Variables", "x=5; echo $x ${x}0 \"$x\" '$x'", "5 50 5 $x\n"},
    {"UnsetIsNothing", "echo $nothing\"x\"", "x\n"},
    {"CommandSubstitutionSplits", "echo $(seq 1 3)", "1 2 3\n"},
    {"QuotedSubstitutionDoesNot", "echo \"$(seq 1 3)\"", "1\n2\n3\n"},
    {"SubstitutionsNest", "echo $(echo $(echo deep))", "deep\n"},
    {"Backquotes", "echo `echo tick`", "tick\n"},
    {"ThePidOfTheShell", "echo $$", "1000\n"},
    {"Braces", "echo {a,b}{1,2} {3..1} \"{1..3}\"", "a1 a2 b1 b2 3 2 1 {1..3}\n"},
    {"Tilde", "echo ~ ~/x", "/root /root/x\n"},
};
INSTANTIATE_TEST_SUITE_P(Expansion, Line, testing::ValuesIn(kExpansion), name_of);

constexpr Spoken kHereDocuments[] = {
    {"WhatStandsBehindTheLineIsRead", "x=5; cat <<EOF\na $x \\$x\n  \"b\" $((x + 1))\nEOF\necho c",
     "a 5 $x\n  \"b\" 6\nc\n"},
    {"QuotedDelimitersKeepIt", "cat <<'EOF' | wc -l\n$x `a`\n\\\n\nEOF", "3\n"},
    {"TabsAreStripped", "cat <<-E\n\ta\n\t\tb\n\tE", "a\nb\n"},
    {"IntoAFile", "cat > /root/f <<E\none\ntwo\nE\ncat >> /root/f <<E\nthree\nE\ncat /root/f",
     "one\ntwo\nthree\n"},
    {"EachRoundOfALoopReadsIt", "for i in 1 2; do cat <<E; done\nround $i\nE",
     "round 1\nround 2\n"},
    {"OfAGroup", "{ cat; echo end; } <<E\na\nE", "a\nend\n"},
    {"WhoReadsFirstTakesAll", "{ cat; wc -c; cat | wc -l; } <<E\na\nE", "a\n0\n0\n"},
    {"LoopsHandItOn", "for i in 1 2; do cat; echo $i; done <<< text", "text\n1\n2\n"},
    {"PipesToo", "echo piped | { cat; echo end; }", "piped\nend\n"},
    {"ASubstitutionReadsIt", "{ echo \"<$(cat)>\"; } <<< text", "<text>\n"},
    {"TheLastOneCounts", "cat <<A <<B\na\nA\nb\nB", "b\n"},
    {"NoLineAtAll", "cat <<E | wc -c\nE", "0\n"},
    {"HereStrings", "x='a  b'; cat <<< $x; cat <<<\"$x\"; grep -c a <<< \"$(echo a; echo a)\"",
     "a  b\na  b\n2\n"},
};
INSTANTIATE_TEST_SUITE_P(HereDocuments, Line, testing::ValuesIn(kHereDocuments), name_of);

constexpr Spoken kLists[] = {
    {"Semicolons", "echo a;echo b", "a\nb\n"},
    {"AndRunsAfterSuccess", "true && echo yes; false && echo no", "yes\n"},
    {"OrRunsAfterFailure", "false || echo yes; true || echo no", "yes\n"},
    {"BothFromLeftToRight", "false && echo a || echo b && echo c", "b\nc\n"},
    {"NegationTurnsTheStatus", "! true; echo $?; ! false; echo $?", "1\n0\n"},
    {"TheStatusOfASubstitution", "x=$(false); echo $?; x=1; echo $?", "1\n0\n"},
    {"TheStatusFromLeftToRight", "false; echo $? $(true) $? $(false) $?", "1 0 1\n"},
    {"ExitEndsTheLine", "echo a; exit 3; echo b", "a\n"},
    {"ExitOfASubstitutionEndsOnlyThat", "echo $(echo in; exit 3; echo never) out", "in out\n"},
    {"ExitInAPipeEndsOnlyThat", "echo a | exit 4; echo $?", "4\n"},
    {"AnEmptyLine", "   ", ""},
};
INSTANTIATE_TEST_SUITE_P(Lists, Line, testing::ValuesIn(kLists), name_of);

constexpr Spoken kPipes[] = {
    {"GrepCounts", "seq 1 12 | grep 1 | wc -l", "4\n"},
    {"ThreeStages", "echo -e 'b\\na\\nb' | sort | uniq -c", "      1 a\n      2 b\n"},
    {"TheLastStageGivesTheStatus", "false | true; echo $?; true | false; echo $?", "0\n1\n"},
    {"ALoopFeedsAPipe", "for i in 1 2; do echo $i; done | wc -l", "2\n"},
    {"ErrorsDoNotGoThroughPipes", "cat /nosuch | wc -l",
     "cat: /nosuch: No such file or directory\n0\n"},
    {"TeeWritesAndPasses", "echo abc | tee t | grep -c b; cat t", "1\nabc\n"},
};
INSTANTIATE_TEST_SUITE_P(Pipes, Line, testing::ValuesIn(kPipes), name_of);

constexpr Spoken kLoops[] = {
    {"OverWords", "for i in a 'b c'; do echo \"<$i>\"; done", "<a>\n<b c>\n"},
    {"OverASubstitution", "for i in $(seq 1 3); do echo $i; done", "1\n2\n3\n"},
    {"Nested", "for i in 1 2; do for j in x y; do echo $i$j; done; done", "1x\n1y\n2x\n2y\n"},
    {"OverNothing", "for i in; do echo $i; done; echo done $?", "done 0\n"},
    {"TheVariableStays", "for i in 1 2; do true; done; echo $i", "2\n"},
    {"IntoAFile", "for i in 1 2; do echo $i; done > f; cat f", "1\n2\n"},
};
INSTANTIATE_TEST_SUITE_P(Loops, Line, testing::ValuesIn(kLoops), name_of);

constexpr Spoken kRedirections[] = {
    {"WriteThenAppend", "echo x > f; echo y >> f; cat f; wc -l < f", "x\ny\n2\n"},
    {"WritingEmptiesAFile", "echo long > f; > f; wc -c < f", "0\n"},
    {"ErrorsAreAStreamOfTheirOwn", "cat /nosuch 2> f; cat f",
     "cat: /nosuch: No such file or directory\n"},
    {"BothIntoOne", "cat /nosuch > f 2>&1; cat f", "cat: /nosuch: No such file or directory\n"},
    {"BothInShort", "cat /nosuch &> f; cat f", "cat: /nosuch: No such file or directory\n"},
    {"TheNullDevice", "cat /nosuch 2>/dev/null; echo $?; cat /dev/null", "1\n"},
    {"ADirectoryThatIsNotThere", "echo z > /nosuch/f; echo $?",
     "bash: /nosuch/f: No such file or directory\n1\n"},
    {"AnInputThatIsNotThere", "cat < /nosuch; echo $?",
     "bash: /nosuch: No such file or directory\n1\n"},
    {"ADirectoryIsNoFile", "echo z > /tmp", "bash: /tmp: Is a directory\n"},
};
INSTANTIATE_TEST_SUITE_P(Redirections, Line, testing::ValuesIn(kRedirections), name_of);

// --- from line to line
// -----------------------------------------------------------------------------

constexpr Spoken kWhile[] = {
    {"While", "i=0; while [ $i -lt 3 ]; do echo $i; i=$((i+1)); done; echo s $?", "0\n1\n2\ns 0\n"},
    {"Until", "i=3; until test $i -eq 1; do echo $i; i=$((i - 1)); done", "3\n2\n"},
    {"AWhileThatNeverRanIsASuccess", "false; while false; do echo x; done; echo $?", "0\n"},
    {"AWhileHasTheStatusOfItsLastRound", "i=0; while [ $i = 0 ]; do i=1; false; done; echo $?",
     "1\n"},
    {"ALoopIntoAPipe", "i=0; while [ $i -lt 3 ]; do echo $i; i=$((i+1)); done | tail -n 1", "2\n"},
    {"ALoopIntoAFile", "for i in 1 2; do while true; do echo $i; break; done; done > f; cat f",
     "1\n2\n"},
    {"BreakAndContinue",
     "for i in 1 2 3; do for j in 1 2 3; do [ $j = 2 ] && continue 2; [ $i = 3 ] && break 2; echo "
     "$i$j; done; done; echo s $?",
     "11\n21\ns 0\n"},
    {"ContinueGoesBackToTheCondition",
     "i=0; while [ $i -lt 4 ]; do i=$((i+1)); if [ $i = 2 ]; then continue; fi; echo $i; done",
     "1\n3\n4\n"},
    {"BreakEndsAllLoopsThatThereAre",
     "for i in 1 2; do while true; do break 9; done; echo $i; done", ""},
    {"BreakWithoutALoop", "break; echo s $?",
     "bash: break: only meaningful in a `for', `while', or `until' loop\ns 0\n"},
    {"BreakInASubstitutionEndsNoLoopOutside", "for i in 1 2; do echo $(break) $i; done",
     "bash: break: only meaningful in a `for', `while', or `until' loop\n1\n"
     "bash: break: only meaningful in a `for', `while', or `until' loop\n2\n"},
    {"BreakZero", "for i in 1; do break 0; echo after; done; echo s $?",
     "bash: break: 0: loop count out of range\ns 1\n"},
    {"BreakOfAWordEndsTheLine", "for i in 1; do break x; done; echo after",
     "bash: break: x: numeric argument required\n"},
};
INSTANTIATE_TEST_SUITE_P(While, Line, testing::ValuesIn(kWhile), name_of);

constexpr Spoken kConditions[] = {
    {"If", "if true; then echo yes; fi; if false; then echo no; fi; echo s $?", "yes\ns 0\n"},
    {"Else", "if false; then echo a; elif false; then echo b; else echo c; fi", "c\n"},
    {"Elif", "if false; then echo a; elif true; then echo b; else echo c; fi", "b\n"},
    {"TheBodyGivesTheStatus", "if true; then false; fi; echo $?", "1\n"},
    {"TheConditionIsAList", "if false; true; then echo yes; fi", "yes\n"},
    {"OfWhatACommandFinds", "if ip addr | grep -q 10.0.0.1; then echo here; else echo gone; fi",
     "here\n"},
    {"Groups", "{ echo a; echo b; } | wc -l; false || { echo c; echo d; } > f; cat f", "2\nc\nd\n"},
    {"ExitEndsTheLineFromWithin", "if true; then while true; do exit; done; fi; echo after", ""},
};
INSTANTIATE_TEST_SUITE_P(Conditions, Line, testing::ValuesIn(kConditions), name_of);

constexpr Spoken kArithmetic[] = {
    {"Numbers", "echo $((010+0x1F)) $((2**10)) $((7%3)) $((-7/2)) $((1<2)) $((!5)) $((~1))",
     "39 1024 1 -3 1 0 -2\n"},
    {"Precedence",
     "echo $((2*3**2)) $((2**3**2)) $((-2**2)) $((1<<4|1)) $(((1+2)*3)) $((5>3?10:20))",
     "18 512 4 17 9 10\n"},
    {"Signs", "echo $((3 - -2)) $((-  -3)) $((3--2))", "5 3 5\n"},
    {"Variables", "i=5; echo $(($i*2)) $((${i}+1)) $((i<10 && i>2)) $((nothing)) $(( ))",
     "10 6 1 0 0\n"},
    {"AVariableMayHoldAnExpression", "y=x+1; x=4; echo $((y*2))", "10\n"},
    {"Wraps", "echo $((9223372036854775807+1)) $((99999999999999999999))",
     "-9223372036854775808 7766279631452241919\n"},
    {"WhatIsNotTakenMayFail", "echo $((0 && 1/0)) $((1 || 1/0)) $((1 == 1 ? 5 : (2/0)))",
     "0 1 5\n"},
    {"InWords", "echo \"$((1+1))$((2+2))\" a$((3))b", "24 a3b\n"},
    {"DivisionByZeroEndsTheLine", "echo $(( 1 / 0 + 5 )); echo after",
     "bash: 1 / 0 + 5 : division by 0 (error token is \"0 + 5 \")\n"},
    {"AMissingOperand", "a=$((1 +)); echo after",
     "bash: 1 +: syntax error: operand expected (error token is \"+\")\n"},
    {"TwoOperands", "for i in $((1 2)); do echo $i; done",
     "bash: 1 2: syntax error in expression (error token is \"2\")\n"},
    {"NoOctalNumber", "x=08; echo $((x + 1))",
     "bash: 08: value too great for base (error token is \"08\")\n"},
    {"AnUnknownOperator", "echo $((3 @ 4))",
     "bash: 3 @ 4: syntax error: invalid arithmetic operator (error token is \"@ 4\")\n"},
    {"OfItself", "y=y; echo $((y))",
     "bash: y: expression recursion level exceeded (error token is \"y\")\n"},
    {"HalfACondition", "echo $((1 ? 2))",
     "bash: 1 ? 2: `:' expected for conditional expression (error token is \"2\")\n"},
    {"ANegativePower", "echo $((2 ** -1))",
     "bash: 2 ** -1: exponent less than 0 (error token is \"1\")\n"},
};
INSTANTIATE_TEST_SUITE_P(Arithmetic, Line, testing::ValuesIn(kArithmetic), name_of);

/// The condition, and what is said of it and its status.
constexpr Spoken kTests[] = {
    {"Strings",
     "[ a = a ] && [ a == a ] && [ a != b ] && [ a \\< b ] && [ -n a ] && [ a ]; echo $?", "0\n"},
    {"Nothing", "[ ]; echo $?; test; echo $?; [ \"\" ]; echo $?; [ -z \"\" ]; echo $?",
     "1\n1\n1\n0\n"},
    {"Numbers", "[ 2 -gt 1 ] && [ 1 -le 1 ] && [ ' 1' -eq 01 ] && ! [ 1 -ne 1 ]; echo $?", "0\n"},
    {"Files",
     "[ -d /root ] && [ -f /etc/hosts ] && [ -s /etc/hosts ] && ! [ -e /nothing ]; echo $?", "0\n"},
    {"FilesOfProc", "[ -f /proc/sys/net/ipv4/ip_forward ] && [ -d /proc/sys/net ]; echo $?", "0\n"},
    {"Both", "[ -n a -a -z \"\" ] && [ a = b -o c = c ] && [ 1 -eq 1 -a 2 -gt 1 ]; echo $?", "0\n"},
    {"Not", "[ ! a = b ] && [ ! \"\" ] && [ \\( a = a \\) ]; echo $?", "0\n"},
    {"AloneATestIsAWord", "[ -f ] && [ -z ] && [ ! ]; echo $?", "0\n"},
    {"NoNumber", "[ 1 -eq x ]; echo $?", "bash: [: x: integer expression expected\n2\n"},
    {"UnsetWithoutQuotes", "[ $nothing = 1 ]; echo $?", "bash: [: =: unary operator expected\n2\n"},
    {"NoOperator", "[ a b c ]; echo $?", "bash: [: b: binary operator expected\n2\n"},
    {"TooMany", "[ a = b c ]; echo $?", "bash: [: too many arguments\n2\n"},
    {"NoBracket", "[ a; echo $?", "bash: [: missing `]'\n2\n"},
    {"OneIsMissing", "[ 1 -eq 1 -a ]; echo $?", "bash: [: argument expected\n2\n"},
    {"SaysItsName", "test 1 -eq; echo $?", "bash: test: 1: unary operator expected\n2\n"},
};
INSTANTIATE_TEST_SUITE_P(Tests, Line, testing::ValuesIn(kTests), name_of);

TEST(Shell, ALoopWaitsForWhatIsInIt) {
  Lan lan(2);
  EXPECT_EQ(lan.type('a',
                     "i=0; while ping -c 1 10.0.0.2 > /dev/null; do i=$((i+1)); "
                     "if [ $i = 3 ]; then break; fi; sleep 1; done; echo $i"),
            "3\n");
}

TEST(Shell, ALoopThatWaitsForNothingDoesNotStopTheWorld) {
  Lan lan(2);
  const JobId spins = lan.start('a', "while true; do true; done");
  EXPECT_THAT(lan.type('b', "ping -c 3 10.0.0.1"), HasSubstr("3 received"));
  EXPECT_FALSE(lan.job('a', spins).done);
  lan.start('a', "for i in {1..15000}; do for j in {1..15000}; do :; done; done");
  EXPECT_THAT(lan.type('b', "ping -c 3 10.0.0.1"), HasSubstr("3 received"));
}

TEST(Shell, RemembersVariablesDirectoryAndStatus) {
  Lan lan(1);
  lan.type('a', "x=1; cd /etc; false");
  EXPECT_EQ(lan.type('a', "echo $? $x $(pwd)"), "1 1 /etc\n");
  lan.type('a', "echo 'unterminated");
  EXPECT_EQ(lan.type('a', "echo $?"), "2\n") << "a line that is no command line counts, too";
}

TEST(Shell, TheLastCommandGivesALineItsStatus) {
  Lan lan(1);
  lan.type('a', "false; true");
  EXPECT_EQ(lan.status(), 0);
  lan.type('a', "true; cat /nosuch");
  EXPECT_EQ(lan.status(), 1);
  lan.type('a', "exit 7");
  EXPECT_EQ(lan.status(), 7);
}

TEST(Shell, ABackgroundCommandRunsMeanwhileAndPrintsOnTheSameTerminal) {
  Lan lan(1);
  EXPECT_EQ(lan.type('a', "for i in 1; do sleep 2; echo late; done & echo early; wait; echo end"),
            "[1] 1001\nearly\nlate\nend\n");
  EXPECT_EQ(lan.network.now(), SimTime{2'000'000'000});
}

TEST(Shell, ABackgroundFailureLeavesTheStatusAlone) {
  Lan lan(1);
  EXPECT_EQ(lan.type('a', "false & wait; echo $?"), "[1] 1001\n0\n");
}

TEST(Shell, JobsListsWhatRunsAndKillEndsIt) {
  Lan lan(1);
  EXPECT_EQ(lan.type('a', "sleep 100 &"), "[1] 1001\n");
  EXPECT_THAT(lan.type('a', "jobs"), HasSubstr("Running                 sleep 100 &"));
  lan.type('a', "kill %1");
  EXPECT_EQ(lan.type('a', "jobs"), "");
}

TEST(Shell, CommandsTakeSimulatedTimeOneAfterTheOther) {
  Lan lan(1);
  EXPECT_EQ(lan.type('a', "sleep 1; sleep 0.5 && echo now"), "now\n");
  EXPECT_EQ(lan.network.now(), SimTime{1'500'000'000});
}

TEST(Shell, TimeoutEndsWhatTakesTooLong) {
  Lan lan(1);
  EXPECT_EQ(lan.type('a', "timeout 1 sleep 5; echo $?"), "124\n");
  EXPECT_EQ(lan.network.now(), SimTime{1'000'000'000});
  EXPECT_EQ(lan.type('a', "timeout --preserve-status 0.5 sleep 5; echo $?"), "143\n");
  EXPECT_EQ(lan.type('a', "timeout -s KILL 0.5 sleep 5; echo $?"), "137\n");
  EXPECT_EQ(lan.type('a', "timeout 3 sleep 1; echo $?; timeout 1 false; echo $?"), "0\n1\n");
  EXPECT_EQ(lan.type('a', "timeout 1 nosuch; echo $?"),
            "timeout: failed to run command 'nosuch': No such file or directory\n127\n");
}

TEST(Shell, NcPassesAFileFromHostToHost) {
  Lan lan(2);
  lan.type('b', "nc -l -p 8080 > got &");
  lan.type('a', "echo -e 'one\\ntwo' > gives; timeout 2 nc -w 1 b 8080 < gives");
  EXPECT_EQ(lan.status(), 0);
  lan.pass({1'000'000});  // the last FIN
  EXPECT_EQ(lan.type('b', "cat got; netstat -nat | grep -c 8080"), "one\ntwo\n0\n");
}

TEST(Shell, WhatIsRedirectedIsThereAsSoonAsItIsPrinted) {
  Lan lan(2);
  lan.type('b', "nc -k -l 8080 > got &");
  EXPECT_EQ(lan.type('b', "cat got"), "") << "the file is there";
  lan.type('a', "echo one | nc -N b 8080");
  EXPECT_EQ(lan.type('b', "cat got"), "one\n");
}

TEST(Shell, NcAnswersThroughAPipe) {
  Lan lan(2);
  lan.type('b', "echo 192.0.2.1 | nc -u -l 53 > asked &");
  EXPECT_EQ(lan.type('a', "echo www | nc -u -w 1 b 53"), "192.0.2.1\n");
  lan.type('b', "killall nc");
  EXPECT_EQ(lan.type('b', "cat asked"), "www\n");
  EXPECT_EQ(lan.type('a', "nc -vz b 79-80; echo $?"),
            "nc: connect to b (10.0.0.2) port 79 (tcp) failed: Connection refused\n"
            "nc: connect to b (10.0.0.2) port 80 (tcp) failed: Connection refused\n1\n");
}

TEST(Shell, TwoTerminalsOfAHostGoOnSideBySide) {
  Lan lan(1);
  const JobId slow = lan.start('a', "sleep 3; echo slow");
  EXPECT_EQ(lan.type('a', "echo fast"), "fast\n");
  EXPECT_FALSE(lan.job('a', slow).done);
  lan.pass({3'000'000'000});
  EXPECT_EQ(lan.job('a', slow).output, "slow\n");
}

TEST(Shell, CtrlCEndsTheWholeLine) {
  Lan lan(1);
  const JobId line = lan.start('a', "sleep 100; echo never");
  lan.pass({1'000'000'000});
  lan.network.interrupt(Lan::id('a'), line, &lan.trace);
  EXPECT_TRUE(lan.job('a', line).done);
  EXPECT_EQ(lan.job('a', line).status, 130);
  EXPECT_EQ(lan.job('a', line).output, "");
}

TEST(Shell, CtrlCEndsOnlyAPingWhichHandlesIt) {
  Lan lan(2);
  const JobId line = lan.start('a', "ping b; echo next");
  lan.pass({1'500'000'000});
  lan.network.interrupt(Lan::id('a'), line, &lan.trace);
  EXPECT_TRUE(lan.job('a', line).done);
  EXPECT_THAT(lan.job('a', line).output,
              AllOf(HasSubstr("2 received"), testing::EndsWith("next\n")));
}

// --- what it refuses
// -------------------------------------------------------------------------------

class Refusal : public testing::TestWithParam<std::tuple<const char*, const char*>> {};

TEST_P(Refusal, SaysWhatIsNotModelledAndDoesNothing) {
  const auto [line, said] = GetParam();
  Lan lan(1);
  EXPECT_THAT(
      lan.type('a', std::string("echo before; ") + line),
      AllOf(HasSubstr(said), HasSubstr("lvslab: column "), testing::Not(HasSubstr("before"))));
  EXPECT_EQ(lan.status(), 2);
}

INSTANTIATE_TEST_SUITE_P(
    Constructs, Refusal,
    testing::Values(std::tuple{"case x in x) echo;; esac",
                               "case statement is not modelled (close: if and elif)"},
                    std::tuple{"f() { echo; }", "function definition"},
                    std::tuple{"(echo sub)", "a subshell ( ... ) is not modelled"},
                    std::tuple{"echo $((i = 2))",
                               "an assignment in $((...)) is not modelled (close: v="},
                    std::tuple{"echo ${x%a}", "expansion ${x%a} is not modelled"},
                    std::tuple{"[[ -f x ]]", "[[ is not modelled (close: [ ... ])"}));

INSTANTIATE_TEST_SUITE_P(
    Mistakes, Refusal,
    testing::Values(std::tuple{"echo 'x", "unexpected EOF while looking for matching `''"},
                    std::tuple{"echo $(x", "unexpected EOF while looking for matching `)'"},
                    std::tuple{"cat <<EOF",
                               "here-document delimited by end-of-file (wanted `EOF')"},
                    std::tuple{"echo a >", "syntax error near unexpected token `newline'"},
                    std::tuple{"echo a ;; echo b", "syntax error near unexpected token `;;'"},
                    std::tuple{"done", "syntax error near unexpected token `done'"},
                    std::tuple{"for i in 1 2; echo $i", "syntax error"},
                    std::tuple{"true &&", "syntax error: unexpected end of file"}));

TEST(Shell, AnUnknownCommandIsStatus127WithWhatIsClose) {
  Lan lan(1);
  EXPECT_EQ(lan.type('a', "ifconfg eth0"),
            "bash: ifconfg: command not found\nlvslab: modelled commands close to it: ifconfig\n");
  EXPECT_EQ(lan.status(), 127);
  EXPECT_EQ(lan.type('a', "/opt/bin/x"), "bash: /opt/bin/x: No such file or directory\n");
  EXPECT_EQ(lan.status(), 127);
  EXPECT_EQ(lan.type('a', "/bin/nosuch"), "bash: /bin/nosuch: No such file or directory\n");
}

TEST(Shell, AToolThatExistsButIsNotModelledIsNoUnknownCommand) {
  Lan lan(1);
  EXPECT_EQ(lan.type('a', "tr a b /etc/hosts"), "lvslab: tr is not modelled (close: sed, cut)\n");
  EXPECT_EQ(lan.status(), 127);
}

TEST(Shell, AnOptionThatIsNotModelledIsStatus2) {
  Lan lan(1);
  EXPECT_THAT(lan.type('a', "netstat -X"), StartsWith("netstat: invalid option -- 'X'\n"));
  EXPECT_THAT(lan.type('a', "curl --proxy p http://b/"),
              HasSubstr("lvslab: curl: option --proxy is not modelled"));
  EXPECT_EQ(lan.status(), 2);
}

TEST(Shell, BracesThatStandForTooMuchAreLeftAlone) {
  Lan lan(1);
  EXPECT_EQ(lan.type('a', "echo {1..99999}{1..99999} | wc -w"), "1\n");
  std::string deep = "x";
  for (int i = 0; i < 2'000; ++i) deep = "{a," + deep + "}";
  EXPECT_EQ(lan.type('a', "echo " + deep + " | wc -w"), "1\n");
  EXPECT_EQ(lan.type('a', "echo " + std::string(50'000, '{') + " | wc -w"), "1\n");
}

}  // namespace
}  // namespace lvslab::host
