// Every shipped scenario, and every minimised find of a comparison (tests/parity/*.yaml), on the
// simulator and on a real kernel: they agree in every frame, output and table.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "kernel-backend/kernel_backend.h"
#include "kernel-backend/uml_kernel.h"
#include "sim/backend/sim_backend.h"
#include "sim/compare/report.h"
#include "sim/scenario/loader.h"
#include "test_paths.h"

namespace lvslab::compare {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> scenarios_in(const std::string& directory) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(fs::path(LVSLAB_SOURCE_DIR) / directory)) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

/// One kernel for all files that are compared with it.
class Sides {
 public:
  /// The report of the comparison; empty if the two agree.
  std::string disagreement(const fs::path& file) {
    const auto scenario = scenario::load(file.string());
    if (!scenario) return scenario.error().front().to_string();
    const auto sim = play(sim_, *scenario, "simulator");
    if (!sim) return "simulator: " + sim.error().to_string();
    const auto real = play(kernel_, *scenario, "kernel");
    if (!real) return "kernel: " + real.error().to_string();
    const Comparison comparison = compare(*scenario, *sim, *real);
    if (comparison.agrees()) return "";
    return fmt::format("{}the kernel's clock went on by itself for {} ms\n",
                       report_text(*scenario, *sim, *real, comparison, {}), kernel_.crept().ms());
  }

 private:
  /// With timers as late as those of a kernel with HZ=100, as User-Mode Linux is.
  backend::SimBackend sim_{SimDuration{10'000'000}};
  using Wanted = kernel::KernelBackend::Wanted;
  kernel::KernelBackend kernel_{
      [](const Wanted& wanted) -> Result<std::unique_ptr<kernel::Kernel>> {
        return kernel::UmlKernel::boot({.seed = wanted.seed, .ipv6 = wanted.ipv6});
      }};
};

void expect_agreement(const fs::path& file, Sides& sides) {
  const std::string found = sides.disagreement(file);
  EXPECT_TRUE(found.empty()) << file << ":\n" << found;
}

/// One kernel for all of them that a process compares.
class Parity : public testing::TestWithParam<fs::path> {
 protected:
  static void SetUpTestSuite() { sides_.emplace(); }
  static void TearDownTestSuite() { sides_.reset(); }

  static inline std::optional<Sides> sides_;
};

TEST_P(Parity, SimulatorAndKernelAgree) {
  if (const std::string what = kernel::UmlKernel::missing(); !what.empty()) GTEST_SKIP() << what;
  expect_agreement(GetParam(), *sides_);
}

INSTANTIATE_TEST_SUITE_P(Shipped, Parity, testing::ValuesIn(scenarios_in("scenarios")),
                         [](const auto& one) {
                           std::string name = one.param.stem().string();
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

TEST(Finds, StayMended) {
  if (const std::string what = kernel::UmlKernel::missing(); !what.empty()) GTEST_SKIP() << what;
  Sides sides;
  for (const fs::path& file : scenarios_in("tests/parity")) {
    expect_agreement(file, sides);
  }
}

// Each on a kernel of its own. Behind other labs of one boot, the kernel's clock leaps ahead while
// these wait.
TEST(Finds, StayMendedAlone) {
  if (const std::string what = kernel::UmlKernel::missing(); !what.empty()) GTEST_SKIP() << what;
  for (const fs::path& file : scenarios_in("tests/parity/alone")) {
    Sides sides;
    expect_agreement(file, sides);
  }
}

}  // namespace
}  // namespace lvslab::compare
