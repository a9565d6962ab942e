// What the program does with input that is wrong: a clear word on standard error, exit status 2,
// and nothing half-written.
#include <gmock/gmock.h>

#include "test_paths.h"
#include "tests/cli/program.h"

namespace lvslab::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

const std::string kHost = R"(
title: {en: t, zh: t}
switches: [{name: lan}]
hosts:
  - name: a
    nics: [{addresses: 10.0.0.1/24, switch: lan}]
)";

struct BadFile {
  const char* name;
  std::string text;
  std::string said;  ///< after the file's name
};
std::ostream& operator<<(std::ostream& out, const BadFile& file) { return out << file.name; }

std::string billion_laughs() {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int level = 1; level < 12; ++level) {
    bomb += "a" + std::to_string(level) + ": &a" + std::to_string(level) + " [";
    for (int i = 0; i < 9; ++i) bomb += (i > 0 ? ", *a" : "*a") + std::to_string(level - 1);
    bomb += "]\n";
  }
  return bomb;
}

std::string all_bytes() {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  return bytes;
}

class Bad : public testing::TestWithParam<BadFile> {};

TEST_P(Bad, FileIsRefusedByRunAndByCheck) {
  const ScratchDir dir;
  const std::string file = dir.write("lab.yaml", GetParam().text);
  const Outcome run = lvslab({{"run", file, "--pcap", dir / "x.pcapng"}});
  EXPECT_EQ(run.status, 2);
  EXPECT_THAT(run.err, HasSubstr(file + GetParam().said));
  EXPECT_THAT(run.out, IsEmpty());
  const Outcome check = lvslab({{"check", file}});
  EXPECT_EQ(check.status, 2);
  EXPECT_THAT(check.out, HasSubstr(file + GetParam().said));
  EXPECT_THAT(dir.names(), UnorderedElementsAre("lab.yaml"));
}

INSTANTIATE_TEST_SUITE_P(
    Input, Bad,
    testing::Values(
        BadFile{"UnknownKey", kHost + "tiemline: []\n",
                ":7:1: a scenario has no key 'tiemline' (did you mean 'timeline'?)"},
        BadFile{
            "WrongUnit", kHost + "timeline: [{on: a, run: ls, at: 5kg}]\n",
            ":7:33: '5kg' is not a time: unknown unit 'kg' (units are ns, us, ms, s, min or h)"},
        BadFile{"NoUnit", kHost + "timeline: [{on: a, run: ls, at: 5}]\n",
                ":7:33: '5' is not a time: it has no unit"},
        BadFile{"AddressOutsideItsSubnet", kHost + "    routes: [{to: default, via: 10.9.9.9}]\n",
                ":7:33: the next hop 10.9.9.9 is outside the subnets of host 'a'"},
        BadFile{"CommandOnAMissingHost", kHost + "timeline: [{on: aa, run: ls}]\n",
                ":7:17: there is no host 'aa'"},
        BadFile{"YamlBomb", billion_laughs(), ":6:"},
        BadFile{"LineOfAMebibyte", "title: {en: " + std::string(1'000'000, 'a') + ", zh: t}\n",
                ":1:1: the line is longer than 64 KiB"},
        BadFile{"LargeFile", std::string(2'000'000, '#'), ": the file is larger than 1024 KiB"},
        BadFile{"BinaryFile", all_bytes(), ":1:1: not a text file: byte 0x00"},
        BadFile{"EmptyFile", "", ": the file is empty"},
        BadFile{"TimelineInThePast",
                kHost + "timeline:\n  - {on: a, run: ls, at: 5s}\n  - {on: a, run: ls, at: 2s}\n",
                ":9:26: a timeline in the past: this item is at 2s, after one at 5s"},
        BadFile{"NegativeTime", kHost + "timeline: [{on: a, run: ls, at: -2s}]\n",
                ":7:33: '-2s' is not a time: it is negative"}),
    [](const auto& one) { return one.param.name; });

TEST(BadFile, ThatIsMissingIsComparedWithTheShippedNames) {
  EXPECT_EQ(lvslab({{"run", "dr-basc"}}).err,
            "dr-basc: there is no such file (did you mean 'dr-basic'?)\n");
  EXPECT_EQ(lvslab({{"why", "nowhere/x.yaml", "--packet", "1"}}).status, 2);
}

TEST(BadFile, ThatIsADirectoryOrADeviceIsRefused) {
  const ScratchDir dir;
  EXPECT_THAT(lvslab({{"run", dir.path().string()}}).err, HasSubstr("it is a directory"));
  EXPECT_THAT(lvslab({{"run", "/dev/zero"}}).err, HasSubstr("larger than 1024 KiB"));
}

// --- the command line
// ------------------------------------------------------------------------------

struct BadWords {
  std::vector<std::string> args;
  std::string said;
};

TEST(BadCommandLine, SaysWhatWasProbablyMeant) {
  for (const auto& [args, said] : std::vector<BadWords>{
           {{"frobnicate"}, "lvslab: there is no subcommand 'frobnicate' (one of: run, check, "},
           {{"chekc", "x.yaml"}, "lvslab: there is no subcommand 'chekc' (did you mean 'check'?)"},
           {{"--color", "never", "shw"}, "'shw' (did you mean 'show'?)"},
           {{}, "lvslab: which subcommand? (lvslab --help lists them)"},
           {{"run"}, "lvslab: run: FILE is required (lvslab run --help)"},
           {{"run", "dr-basic", "--pcp", "x"},
            "run has no option '--pcp' (did you mean '--pcap'?)"},
           {{"run", "dr-basic", "--sede=5"}, "run has no option '--sede' (did you mean '--seed'?)"},
           {{"run", "dr-basic", "--seed", "-1"}, "'-1' is no number"},
           {{"run", "dr-basic", "--seed", "many"}, "'many' is no number"},
           {{"run", "dr-basic", "--seed", "99999999999999999999"}, "is too large"},
           {{"run", "dr-basic", "extra"}, "too much: extra"},
           {{"run", "dr-basic", "--until", "5"}, "it has no unit"},
           {{"run", "dr-basic", "--lang", "fr"}, "fr not in {en,zh}"},
           {{"show", "dr-basic", "arp"}, "--host is required"},
           {{"why", "dr-basic", "--packet", "0"}, "the run has packets 1 to"}}) {
    const Outcome outcome = lvslab({.args = args});
    EXPECT_EQ(outcome.status, 2) << testing::PrintToString(args);
    EXPECT_THAT(outcome.err, HasSubstr(said)) << testing::PrintToString(args);
    EXPECT_THAT(outcome.out, IsEmpty()) << testing::PrintToString(args);
  }
}

// --- a full disk
// -----------------------------------------------------------------------------------

/// A shell in a mount namespace of its own, with a disk of 64 KiB at $1; empty if that is
/// forbidden.
class SmallDisk {
 public:
  Outcome run(const std::string& script) const {
    return run_program("unshare", {{"--mount", "--map-root-user", "sh", "-c",
                                    "mount -t tmpfs -o size=64k small \"$1\" && " + script, "sh",
                                    dir_.path().string(), LVSLAB_BINARY}});
  }
  bool allowed() const { return run("true").status == 0; }

 private:
  ScratchDir dir_;
};

TEST(FullDisk, ACaptureThatDoesNotFitIsSaidAndNothingOfItStays) {
  const SmallDisk disk;
  if (!disk.allowed()) GTEST_SKIP() << "no mount namespaces here";
  for (const char* target : {"\"$1\"/x.pcapng", "\"$1\"/captures/"}) {
    const Outcome run = disk.run(std::string("\"$2\" run dr-without-arp-hiding --pcap ") + target +
                                 " > /dev/null; echo \"status $?\"; find \"$1\" -type f");
    EXPECT_THAT(run.err, HasSubstr("No space left on device"));
    EXPECT_THAT(run.out, HasSubstr("status 2\n"));
    EXPECT_THAT(run.out, testing::Not(HasSubstr(".part"))) << "no temporary file is left";
    EXPECT_THAT(run.out, testing::Not(HasSubstr("x.pcapng"))) << "and no half of a capture";
  }
}

TEST(FullDisk, AnOldCaptureSurvivesANewOneThatDoesNotFit) {
  const SmallDisk disk;
  if (!disk.allowed()) GTEST_SKIP() << "no mount namespaces here";
  const Outcome run = disk.run(
      "echo old > \"$1\"/x.pcapng; \"$2\" run dr-without-arp-hiding --pcap \"$1\"/x.pcapng "
      "> /dev/null; cat \"$1\"/x.pcapng");
  EXPECT_EQ(run.out, "old\n");
}

TEST(FullDisk, TracesAndExportsSayItToo) {
  for (const char* line : {"run dr-basic --trace jsonl", "why dr-basic --packet 3",
                           "export dr-basic", "list", "check dr-basic"}) {
    const Outcome run = run_program(
        "sh", {{"-c", std::string("'") + LVSLAB_BINARY + "' " + line + " > /dev/full"}});
    EXPECT_EQ(run.status, 2) << line;
    EXPECT_THAT(run.err, HasSubstr("cannot write to standard output")) << line;
  }
  EXPECT_EQ(lvslab({{"export", "dr-basic", "-o", "/dev/full"}}).status, 2);
}

}  // namespace
}  // namespace lvslab::cli
