// The program from outside: what it prints, where to, and its exit status.
#include <gmock/gmock.h>

#include "sim/trace/run_file.h"
#include "test_paths.h"
#include "tests/cli/program.h"

namespace lvslab::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

const std::string kLab = R"(
title: {en: Two hosts, zh: 两台主机}
switches: [{name: lan}]
hosts:
  - name: a
    nics: [{addresses: 10.0.0.1/24, switch: lan}]
  - name: b
    nics: [{addresses: 10.0.0.2/24, switch: lan}]
timeline:
  - on: a
    run: ping -c 1 b
    note: {en: Is b there at all, zh: b 在吗}
expect:
)";
const std::string kMet =
    kLab + "  - packets: {at: b/eth0, direction: in, filter: icmp, count: 1}\n";
const std::string kUnmet = kLab + R"(
  - packets: {at: b/eth0, direction: in, filter: icmp, count: 2}
    why: {en: it should ask twice, zh: 应该问两次}
)";
const std::string kLoop = R"(
title: {en: t, zh: t}
switches: [{name: s1, uplinks: [s2]}, {name: s2, uplinks: [s1]}]
hosts:
  - name: a
    nics: [{addresses: 10.0.0.1/24, switch: s1}]
  - name: b
    nics: [{addresses: 10.0.0.2/24, switch: s2}]
timeline: [{on: a, run: ping -c 1 10.0.0.9}]
)";

// --- run -----------------------------------------------------------------------------------------

TEST(Run, PrintsPromptsOutputsNotesAndASummary) {
  const ScratchDir dir;
  const Outcome run = lvslab({{"run", dir.write("lab.yaml", kMet)}});
  EXPECT_EQ(run.status, 0);
  EXPECT_EQ(run.err, "");
  EXPECT_THAT(run.out, AllOf(StartsWith("Two hosts\n"), HasSubstr("# Is b there at all\n"),
                             HasSubstr("[root@a ~]# ping -c 1 b\nPING b (10.0.0.2)"),
                             HasSubstr("lab: all 1 expectations hold")));
}

TEST(Run, SpeaksChineseByOptionAndByLang) {
  const ScratchDir dir;
  const std::string file = dir.write("lab.yaml", kMet);
  const Outcome option = lvslab({{"run", file, "--lang", "zh"}});
  const Outcome lang = lvslab({.args = {"run", file}, .environment = {"LANG=zh_CN.UTF-8"}});
  EXPECT_EQ(option.out, lang.out);
  EXPECT_THAT(lang.out, AllOf(HasSubstr("# b 在吗"), HasSubstr("全部 1 项预期均满足")));
}

TEST(Run, ColoursOnlyWhereTheyAreAskedFor) {
  const ScratchDir dir;
  const std::string file = dir.write("lab.yaml", kMet);
  EXPECT_THAT(lvslab({{"run", file}}).out, Not(HasSubstr("\033[")));
  EXPECT_THAT(lvslab({{"run", file, "--color", "always"}}).out, HasSubstr("\033["));
}

TEST(Run, AnExpectationThatFailsIsExit1AndSaysWhatWasSeenAndWhy) {
  const ScratchDir dir;
  const Outcome run = lvslab({{"run", dir.write("lab.yaml", kUnmet)}});
  EXPECT_EQ(run.status, 1);
  EXPECT_THAT(run.out,
              AllOf(HasSubstr("lab.yaml:15:5: exactly 2 packets into b/eth0"),
                    HasSubstr("1 seen, exactly 2 expected"), HasSubstr("ICMP echo request"),
                    HasSubstr("it should ask twice"), HasSubstr("1 of 1 expectations failed")));
}

TEST(Run, BadFilesAreExit2WithPlaceAndHint) {
  const ScratchDir dir;
  const std::string file = dir.write("lab.yaml", "titel: x\nhosts: []\n");
  const Outcome run = lvslab({{"run", file}});
  EXPECT_EQ(run.status, 2);
  EXPECT_THAT(run.err, AllOf(HasSubstr("lab.yaml:1:1: "), HasSubstr("title")));
  EXPECT_THAT(run.out, IsEmpty());
  EXPECT_EQ(lvslab({{"run", dir / "missing.yaml"}}).status, 2);
  EXPECT_THAT(lvslab({{"run", dir / "missing.yaml"}}).err, HasSubstr("no such file"));
  EXPECT_EQ(lvslab({{"run", dir.path().string()}}).status, 2);
}

TEST(Run, AStormIsExit3AndNamesTheSwitches) {
  const ScratchDir dir;
  const Outcome run = lvslab({{"run", dir.write("loop.yaml", kLoop), "--pcap", dir / "x.pcapng"}});
  EXPECT_EQ(run.status, 3);
  EXPECT_THAT(run.err, AllOf(HasSubstr("packet storm"), HasSubstr("s1, s2")));
  EXPECT_THAT(dir.names(), testing::Contains("x.pcapng"));
}

TEST(Run, EndsAtUntilAndRefusesATimeWithoutAUnit) {
  const ScratchDir dir;
  const std::string file = dir.write("lab.yaml", kMet);
  EXPECT_THAT(lvslab({{"run", file, "--until", "3.5s"}}).out, HasSubstr("3.500000 s simulated"));
  const Outcome bad = lvslab({{"run", file, "--until", "3.5"}});
  EXPECT_EQ(bad.status, 2);
  EXPECT_THAT(bad.err, HasSubstr("unit"));
}

TEST(Run, TheSameSeedGivesTheSameTrace) {
  const auto trace = [](const std::string& seed) {
    return lvslab({{"run", "dr-basic", "--trace", "text", "--seed", seed}}).out;
  };
  EXPECT_EQ(trace("7"), trace("7"));
  EXPECT_NE(trace("7"), trace("8"));
}

TEST(Run, TraceJsonlIsARunFileAndNothingElse) {
  const Outcome run = lvslab({{"run", "dr-basic", "--trace", "jsonl"}});
  const auto read = parse_run_file(run.out, "standard output");
  ASSERT_TRUE(read) << read.error().to_string();
  EXPECT_EQ(read->cut_at, std::nullopt);
  EXPECT_GT(read->trace.size(), 300U);
  EXPECT_THAT(read->scenario, HasSubstr("name: dr-basic"));
  EXPECT_THAT(run.err, HasSubstr("expectations"));
}

TEST(Run, CtrlCStopsItWithAValidCapture) {
  const ScratchDir dir;
  std::string text = kLab + "  - packets: {at: b/eth0, at-least: 1}\n";
  text.replace(text.find("expect:"), 0, "  - {on: a, run: ping -i 0.002 b}\n");
  const Outcome run =
      lvslab({.args = {"run", dir.write("lab.yaml", text), "--pcap", dir / "x.pcapng"},
              .interrupt_when = "1 packets transmitted"});
  EXPECT_EQ(run.status, 130) << run.err;
  EXPECT_THAT(run.err, HasSubstr("interrupted at "));
  const Outcome tshark = run_program("tshark", {{"-r", dir / "x.pcapng", "-Y", "icmp"}});
  EXPECT_EQ(tshark.status, 0) << tshark.err;
  EXPECT_THAT(tshark.out, HasSubstr("Echo (ping) reply"));
  EXPECT_THAT(dir.names(), testing::UnorderedElementsAre("lab.yaml", "x.pcapng"));
}

TEST(Run, SaysSoWhenStandardOutputIsFull) {
  const Outcome run =
      run_program("sh", {{"-c", std::string("'") + LVSLAB_BINARY + "' run dr-basic > /dev/full"}});
  EXPECT_EQ(run.status, 2);
  EXPECT_THAT(run.err, HasSubstr("standard output"));
}

// --- captures ------------------------------------------------------------------------------------

/// Lines that tshark prints about packets of a file which match `filter`.
std::string tshark(const std::string& file, const std::string& filter) {
  const Outcome run = run_program("tshark", {{"-r", file, "-o", "tcp.check_checksum:TRUE", "-o",
                                              "ip.check_checksum:TRUE", "-Y", filter}});
  EXPECT_EQ(run.status, 0) << run.err;
  return run.out;
}
constexpr const char* kBad =
    // A SYN that is quoted because it never left has only half a checksum, as in the real kernel.
    "_ws.malformed || (tcp.checksum.status == 0 && !icmp) || ip.checksum.status == 0 || "
    "icmp.checksum.status == 0 || udp.checksum.status == 0";

class Captures : public testing::TestWithParam<const char*> {};

TEST_P(Captures, TsharkFindsNothingMalformedAndEveryPacketCommented) {
  const ScratchDir dir;
  lvslab({{"run", GetParam(), "--pcap", dir / "x.pcapng"}});
  EXPECT_EQ(tshark(dir / "x.pcapng", kBad), "");
  EXPECT_THAT(tshark(dir / "x.pcapng", "frame"), HasSubstr("TCP"));
  EXPECT_THAT(tshark(dir / "x.pcapng", "frame.comment"), HasSubstr("ARP"));
}

INSTANTIATE_TEST_SUITE_P(Shipped, Captures,
                         testing::Values("dr-basic", "dr-without-arp-hiding", "dr-vip-on-lo-24",
                                         "dr-across-router", "dr-server-dead", "director-dead"),
                         [](const auto& one) {
                           std::string name = one.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

TEST(Capture, ADirectoryGetsAFileForEveryInterface) {
  const ScratchDir dir;
  lvslab({{"run", "dr-basic", "--pcap", dir / "new/"}});
  EXPECT_THAT(tshark(dir / "new/node01-eth0.pcap", kBad), IsEmpty());
  EXPECT_THAT(tshark(dir / "new/node01-eth0.pcap", "tcp.flags.syn == 1"), HasSubstr("SYN"));
  EXPECT_TRUE(std::filesystem::exists(dir / "new/client-lo.pcap"));
}

TEST(Capture, WhatCannotBeWrittenIsSaidBeforeTheRunAndLeavesNothing) {
  const ScratchDir dir;
  const Outcome missing = lvslab({{"run", "dr-basic", "--pcap", dir / "no/such/x.pcapng"}});
  EXPECT_EQ(missing.status, 2);
  EXPECT_THAT(missing.err, HasSubstr("No such file or directory"));
  EXPECT_THAT(missing.out, IsEmpty());
  EXPECT_EQ(lvslab({{"run", "dr-basic", "--pcap", dir / "x.pcap"}}).status, 2);
  EXPECT_EQ(lvslab({{"run", "dr-basic", "--pcap", "/dev/full"}}).status, 2);
  EXPECT_THAT(dir.names(), IsEmpty());
}

// --- check, list, export -------------------------------------------------------------------------

TEST(Check, ListsAllThatIsWrong) {
  const ScratchDir dir;
  const std::string bad = dir.write("bad.yaml", "title: x\nhost: []\nseed: many\n");
  const Outcome check = lvslab({{"check", bad, dir.write("lab.yaml", kMet)}});
  EXPECT_EQ(check.status, 2);
  EXPECT_THAT(check.out, AllOf(HasSubstr("bad.yaml:2:1"), HasSubstr("bad.yaml:3:"),
                               HasSubstr("did you mean 'hosts'?"), HasSubstr("lab.yaml: fine")));
}

TEST(Check, TellsMachinesInJson) {
  const ScratchDir dir;
  const Outcome check = lvslab({{"check", "--json", dir.write("bad.yaml", "host: []\n")}});
  EXPECT_THAT(check.out, AllOf(StartsWith("{\"file\":"), HasSubstr("\"severity\":\"error\"")));
}

TEST(Check, KnowsReasonsAndFilters) {
  const ScratchDir dir;
  const std::string text = kLab +
                           "  - packets: {at: b/eth0, filter: tcp prot 80, count: 1}\n"
                           "  - reason: {code: arp-ignord, count: 1}\n";
  const Outcome check = lvslab({{"check", dir.write("lab.yaml", text)}});
  EXPECT_EQ(check.status, 2);
  EXPECT_THAT(check.out, AllOf(HasSubstr("tcp prot 80"), HasSubstr("'arp-ignored'")));
}

TEST(Check, WarnsOfALoopOfSwitches) {
  const ScratchDir dir;
  const Outcome check = lvslab({{"check", dir.write("loop.yaml", kLoop)}});
  EXPECT_EQ(check.status, 0);
  EXPECT_THAT(check.out, AllOf(HasSubstr("warning"), HasSubstr("loop")));
}

TEST(List, NamesTheShippedScenarios) {
  EXPECT_THAT(lvslab({{"list"}}).out, AllOf(HasSubstr("dr-basic "), HasSubstr("director-dead ")));
  const ScratchDir dir;
  dir.write("mine.yaml", kMet);
  const std::string environment = "LVSLAB_SCENARIOS=" + dir.path().string();
  EXPECT_THAT(lvslab({.args = {"list"}, .environment = {environment}}).out, StartsWith("mine "));
  EXPECT_EQ(lvslab({.args = {"run", "mine"}, .environment = {environment}}).status, 0);
}

TEST(List, SaysHowHardAScenarioIsAndSortsAndFiltersByIt) {
  const ScratchDir dir;
  dir.write("a.yaml", "difficulty: advanced\n" + kMet);
  dir.write("b.yaml", "difficulty: beginner\n" + kMet);
  dir.write("c.yaml", kMet);
  const std::vector<std::string> environment = {"LVSLAB_SCENARIOS=" + dir.path().string()};
  const auto list = [&](std::vector<std::string> args) {
    args.insert(args.begin(), "list");
    return lvslab({.args = std::move(args), .environment = environment}).out;
  };
  EXPECT_THAT(list({}), testing::MatchesRegex("a +advanced [^\n]*\nb +beginner [^\n]*\nc +- .*"));
  EXPECT_THAT(list({"--easiest-first"}), testing::MatchesRegex("b [^\n]*\na [^\n]*\nc .*"));
  EXPECT_THAT(list({"--difficulty", "advanced"}), testing::MatchesRegex("a [^\n]*\n"));
  EXPECT_THAT(list({"--json", "--difficulty", "beginner"}),
              HasSubstr("\"difficulty\":\"beginner\""));
  EXPECT_THAT(list({"--lang", "zh"}), HasSubstr("入门"));
  EXPECT_EQ(lvslab({{"list", "--difficulty", "hard"}}).status, 2);
}

TEST(Export, TheReportIsOneFileInTheLanguageAskedFor) {
  const ScratchDir dir;
  const std::string path = dir / "r.html";
  EXPECT_EQ(lvslab({{"export", "dr-basic", "--report", path}}).out, path + "\n");
  EXPECT_THAT(dir.names(), testing::ElementsAre("r.html"));
  EXPECT_THAT(lvslab({{"export", "dr-basic", "--report", "-"}}).out,
              AllOf(StartsWith("<!DOCTYPE html>"), HasSubstr("✓ All")));
  EXPECT_THAT(lvslab({{"export", "dr-basic", "--report", "-", "--lang", "zh"}}).out,
              AllOf(HasSubstr("✓ 全部"), HasSubstr("class=\"topology\""), HasSubstr("由模拟器运行"),
                    HasSubstr("SYN,ACK"), HasSubstr("ip_vs_dr_xmit()")));
  const Outcome nowhere = lvslab({{"export", "dr-basic", "--report", dir / "no/such/r.html"}});
  EXPECT_EQ(nowhere.status, 2);
  EXPECT_THAT(nowhere.err, HasSubstr("No such file or directory"));
}

TEST(Export, TheCanonicalScenarioIsAScenario) {
  const ScratchDir dir;
  ASSERT_EQ(lvslab({{"export", "dr-basic", "-o", dir / "again.yaml"}}).status, 0);
  EXPECT_EQ(lvslab({{"check", dir / "again.yaml"}}).status, 0);
  EXPECT_EQ(lvslab({{"run", "dr-basic", "--trace", "text"}}).out,
            lvslab({{"run", dir / "again.yaml", "--trace", "text"}}).out);
}

TEST(Export, DrawsForGraphvizAndForMachines) {
  EXPECT_THAT(lvslab({{"export", "dr-basic", "--format", "dot"}}).out,
              AllOf(StartsWith("graph \"dr-basic\" {"), HasSubstr("\"node01\" -- \"lan\"")));
  EXPECT_THAT(lvslab({{"export", "dr-basic", "--format", "json"}}).out,
              AllOf(HasSubstr("\"from\": \"node01/eth0\""), HasSubstr("\"role\": \"director\"")));
}

// --- why, show -----------------------------------------------------------------------------------

TEST(Why, TellsTheWayOfAPacket) {
  const Outcome why = lvslab({{"why", "dr-basic", "--packet", "3"}});
  EXPECT_EQ(why.status, 0);
  EXPECT_THAT(why.out,
              AllOf(HasSubstr("$ for i in"), HasSubstr("arp_ignore=1"), HasSubstr("rr chose"),
                    HasSubstr("virtual service"), HasSubstr("Direct routing")));
}

TEST(Why, OfWhatIsNotThereIsAnError) {
  EXPECT_EQ(lvslab({{"why", "dr-basic"}}).status, 2);
  EXPECT_THAT(lvslab({{"why", "dr-basic", "--packet", "9999"}}).err, HasSubstr("packets 1 to"));
  EXPECT_THAT(lvslab({{"why", "dr-basic", "--at", "1s", "--host", "nobody"}}).err,
              HasSubstr("hosts: client, node01"));
}

TEST(Show, ListsATableAtATime) {
  EXPECT_THAT(lvslab({{"show", "dr-basic", "--host", "node01", "ipvs"}}).out,
              HasSubstr("-> 192.168.80.202:80            Route   1"));
  EXPECT_EQ(lvslab({{"show", "dr-basic", "--host", "client", "--at", "0", "arp"}}).out,
            "192.168.80.150 dev eth0 INCOMPLETE \n");
  EXPECT_THAT(lvslab({{"show", "dr-basic", "--host", "client", "apr"}}).err,
              HasSubstr("did you mean 'arp'?"));
}

// --- step, shell ---------------------------------------------------------------------------------

TEST(Step, GoesForthAndBackAndTellsWhatHappened) {
  const ScratchDir dir;
  const std::string file = dir.write("lab.yaml", kMet);
  const Outcome step = lvslab({.args = {"step", file},
                               .input = "next event\nwhere\nnext frame\nback event\nwhere\nrun\n"
                                        "show a arp\nwhy 1\nquit\n"});
  EXPECT_EQ(step.status, 0) << step.err;
  EXPECT_THAT(step.out, AllOf(HasSubstr("a runs ping -c 1 b"), HasSubstr("step 1, "),
                              HasSubstr("the scenario ends here"),
                              HasSubstr("10.0.0.2 dev eth0 lladdr"), HasSubstr("Packet 1: ARP")));
}

TEST(Step, WhatWasTypedIsSavedAsAScenario) {
  const ScratchDir dir;
  const std::string file = dir.write("lab.yaml", kMet);
  const Outcome step = lvslab({.args = {"step", file},
                               .input = "goto 5s\ntype b ip addr add 10.0.0.7/24 dev eth0\n"
                                        "type a ping -c 1 10.0.0.7\nsave " +
                                        (dir / "saved.yaml") + "\n"});
  EXPECT_EQ(step.status, 0) << step.err;
  const Outcome run = lvslab({{"run", dir / "saved.yaml"}});
  EXPECT_THAT(run.out, HasSubstr("PING 10.0.0.7 (10.0.0.7) 56(84) bytes of data.\n64 bytes"));
}

TEST(Step, ComplainsOfWhatItDoesNotKnow) {
  const Outcome step = lvslab(
      {.args = {"step", "dr-basic"}, .input = "dance\nnext forever\nshow nobody arp\nwhy 7\n"});
  EXPECT_EQ(step.status, 2);
  EXPECT_THAT(step.err,
              AllOf(HasSubstr("'dance' is no command"), HasSubstr("'forever' is no stride"),
                    HasSubstr("no host 'nobody'"), HasSubstr("no packet 7")));
}

TEST(Editor, OpensAFileOfTheHostAndTypesTheChange) {
  const std::string typed = "echo \"it's\\b\" > /root/x\nvi /root/x\ncat /root/x\n";
  const Outcome shell = lvslab({.args = {"shell", "dr-basic", "client"},
                                .input = typed,
                                .environment = {"EDITOR=sed -i s/it/that/"}});
  EXPECT_THAT(shell.out, HasSubstr("cat /root/x\nthat's\\b\n"));
  const Outcome stepped = lvslab({.args = {"step", "dr-basic"},
                                  .input = "type client vi new\ntype client cat new\n",
                                  .environment = {"VISUAL=", "EDITOR=echo hello >"}});
  EXPECT_THAT(stepped.out, HasSubstr("cat new\nhello"));
}

TEST(Editor, IsMissedWhereThereIsNone) {
  const Outcome shell =
      lvslab({.args = {"shell", "dr-basic", "client"}, .input = "vi /etc/hosts\n"});
  EXPECT_THAT(shell.err, HasSubstr("there is no editor to open /etc/hosts in"));
  const Outcome failed = lvslab({.args = {"shell", "dr-basic", "client"},
                                 .input = "vi /etc/hosts\n",
                                 .environment = {"EDITOR=false"}});
  EXPECT_THAT(failed.err, HasSubstr("the editor `false` has failed"));
}

TEST(Shell, TypesOnAHostOfTheLab) {
  const Outcome shell =
      lvslab({.args = {"shell", "dr-basic", "client"},
              .input = "curl -s http://192.168.80.150/\nhostname\nnosuch\nexit\n"});
  EXPECT_EQ(shell.status, 0);
  EXPECT_THAT(shell.out,
              AllOf(HasSubstr("[root@client ~]# curl -s http://192.168.80.150/\nnode03\n"),
                    HasSubstr("hostname\nclient\n"), HasSubstr("command not found")));
}

TEST(Shell, AsksForTheRestOfALoopOrAHereDocument) {
  const std::string typed =
      "for i in 1 2\ndo echo round $i\ndone\ncat > f <<EOF\n  a line\nEOF\ncat f\n";
  const Outcome shell = lvslab({.args = {"shell", "dr-basic", "client"}, .input = typed});
  EXPECT_THAT(
      shell.out,
      AllOf(HasSubstr("for i in 1 2\n> do echo round $i\n> done\nround 1\nround 2\n"),
            HasSubstr("cat > f <<EOF\n>   a line\n> EOF\n"), HasSubstr("cat f\n  a line\n")));
  const Outcome cut = lvslab({.args = {"shell", "dr-basic", "client"}, .input = "echo 'half"});
  EXPECT_THAT(cut.out, HasSubstr("bash: unexpected EOF while looking for matching `''"));
  const Outcome stepped = lvslab(
      {.args = {"step", "dr-basic"}, .input = "type client cat <<EOF | wc -l\na\nb\nEOF\nnext\n"});
  EXPECT_THAT(stepped.out, HasSubstr("cat <<EOF | wc -l\n> a\n> b\n> EOF\n2\n"));
}

TEST(Shell, CtrlCInterruptsTheSimulatedCommand) {
  const ScratchDir dir;
  const Outcome shell = lvslab({.args = {"shell", dir.write("lab.yaml", kMet), "a"},
                                .input = "ping -i 0.002 b\n",
                                .interrupt_when = "ping -i 0.002 b\n"});
  EXPECT_EQ(shell.status, 130);
  EXPECT_THAT(shell.out, AllOf(HasSubstr("^C"), HasSubstr("ping statistics")));
}

TEST(Shell, AnUnknownHostIsAnErrorThatNamesTheOthers) {
  const Outcome shell = lvslab({{"shell", "dr-basic", "node99"}});
  EXPECT_EQ(shell.status, 2);
  EXPECT_THAT(shell.err, HasSubstr("hosts: client, node01, node02, node03"));
}

// --- modes ---------------------------------------------------------------------------------------

TEST(Modes, ShowTheThreeWaysSideBySideAndAsJson) {
  const Outcome table = lvslab({{"modes", "dr-basic", "--requests", "20", "--bytes", "50000"}});
  EXPECT_EQ(table.status, 0) << table.err;
  EXPECT_THAT(table.out, AllOf(HasSubstr("node01 balances (rr) among node02, node03"),
                               HasSubstr("node01/eth0 out"), HasSubstr("N: NAT   D: DR   T: TUN")));
  const Outcome json =
      lvslab({{"modes", "tun-across-routers", "--requests", "20", "--json", "--lang", "zh"}});
  EXPECT_EQ(json.status, 0) << json.err;
  EXPECT_THAT(json.out,
              AllOf(HasSubstr(R"({"mode":"NAT","obstacle":"node02（10.0.0.2）)"),
                    HasSubstr(R"({"mode":"TUN","concurrency":1,"answered":20,"failed":0,)")));
}

TEST(Modes, SayWhatAScenarioLacks) {
  const ScratchDir dir;
  const std::string file = dir.write("lab.yaml", kLab);
  const Outcome modes = lvslab({{"modes", file}});
  EXPECT_EQ(modes.status, 2);
  EXPECT_THAT(modes.err, HasSubstr(file));
  EXPECT_THAT(lvslab({{"modes", "dr-basic", "--rate", "100"}}).err, HasSubstr("it has no unit"));
}

// --- the program ---------------------------------------------------------------------------------

TEST(Program, HelpHasExamplesAndMistakesAreExit2) {
  EXPECT_THAT(lvslab({{"--help"}}).out, HasSubstr("lvslab run dr-basic"));
  for (const char* sub : {"run", "check", "list", "step", "shell", "why", "show", "export",
                          "compare", "modes", "fuzz-compare", "bench"}) {
    EXPECT_EQ(lvslab({{sub, "--help"}}).status, 0) << sub;
  }
  EXPECT_EQ(lvslab({{"frobnicate"}}).status, 2);
  EXPECT_EQ(lvslab({{}}).status, 2);
}

TEST(Bench, TellsMachinesInJson) {
  const Outcome bench = lvslab({{"bench", "udp", "--quick", "--json"}});
  EXPECT_EQ(bench.status, 0);
  EXPECT_THAT(bench.out, StartsWith("{\"name\":\"C.udp\",\"metric\":\"us_per_frame\",\"value\":"));
}

}  // namespace
}  // namespace lvslab::cli
