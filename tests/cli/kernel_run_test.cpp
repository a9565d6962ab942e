// lvslab run --backend kernel from outside: captures, Ctrl-C, and what is left of it.
#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>

#include "kernel-backend/uml_kernel.h"
#include "tests/cli/program.h"
#include "tests/kernel/processes.h"

namespace lvslab::cli {
namespace {

namespace fs = std::filesystem;
using kernel::processes_naming;
using testing::HasSubstr;

constexpr const char* kEndless = R"(title: endless
switches: [{name: lan}]
hosts:
  - {name: a, nics: [{addresses: 10.0.0.1/24, switch: lan}]}
  - {name: b, nics: [{addresses: 10.0.0.2/24, switch: lan}]}
timeline:
  - {on: a, run: ping -c 1 b}
  - {on: a, run: ping -i 0.1 b}
)";

class KernelRun : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string what = kernel::UmlKernel::missing(); !what.empty()) GTEST_SKIP() << what;
    // Whoever the kernel runs as has to find its way to its own directory.
    fs::permissions(dir_.path(),
                    fs::perms::owner_all | fs::perms::group_exec | fs::perms::others_exec);
  }
  ScratchDir dir_;
};

TEST_F(KernelRun, CtrlCLeavesValidCapturesAndNothingElse) {
  const std::string file = dir_.write("endless.yaml", kEndless);
  const std::string capture = dir_ / "out.pcapng";
  const Outcome run = lvslab({.args = {"run", file, "--backend", "kernel", "--pcap", capture},
                              .environment = {"TMPDIR=" + dir_.path().string()},
                              .interrupt_when = "1 packets transmitted"});
  EXPECT_EQ(run.status, 130) << run.err;
  EXPECT_THAT(run.err, HasSubstr("interrupted at "));
  EXPECT_THAT(dir_.names(), testing::ElementsAre("endless.yaml", "out.pcapng"))
      << "the kernel's directory is gone";
  EXPECT_EQ(processes_naming(dir_.path().string() + "/lvslab-"), 0U);
  const Outcome read = run_program(
      "tshark", {.args = {"-r", capture, "-Y", "icmp", "-T", "fields", "-e", "icmp.type"}});
  EXPECT_EQ(read.status, 0) << read.err;
  EXPECT_THAT(read.out, HasSubstr("8\n")) << "the requests of the first ping are in it";
  EXPECT_THAT(read.out, HasSubstr("0\n"));
}

TEST_F(KernelRun, ShowsRecordsWhileItRuns) {
  const std::string file = dir_.write("endless.yaml", kEndless);
  const Outcome run = lvslab({.args = {"run", file, "--backend", "kernel", "--trace", "text"},
                              .environment = {"TMPDIR=" + dir_.path().string()},
                              .interrupt_when = "echo request"});
  EXPECT_EQ(run.status, 130) << run.err;
  EXPECT_THAT(run.out, HasSubstr("b eth0 receives"));
}

}  // namespace
}  // namespace lvslab::cli
