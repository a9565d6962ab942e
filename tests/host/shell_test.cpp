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
    testing::Values(
        std::tuple{"while true; do echo x; done", "while loop is not modelled (close: for v in"},
        std::tuple{"until false; do echo x; done", "until loop is not modelled"},
        std::tuple{"if true; then echo x; fi", "if statement is not modelled (close: && and ||)"},
        std::tuple{"case x in x) echo;; esac", "case statement is not modelled"},
        std::tuple{"f() { echo; }", "function definition"},
        std::tuple{"(echo sub)", "a subshell ( ... ) is not modelled"},
        std::tuple{"{ echo group; }", "a group { ...; } is not modelled"},
        std::tuple{"cat <<EOF", "a here-document << is not modelled (close: echo TEXT > FILE)"},
        std::tuple{"echo $((1+2))", "arithmetic $((...)) is not modelled (close: seq)"},
        std::tuple{"echo ${x%a}", "expansion ${x%a} is not modelled"},
        std::tuple{"[[ -f x ]]", "[[ is not modelled"}));

INSTANTIATE_TEST_SUITE_P(
    Mistakes, Refusal,
    testing::Values(std::tuple{"echo 'x", "unexpected EOF while looking for matching `''"},
                    std::tuple{"echo $(x", "unexpected EOF while looking for matching `)'"},
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
