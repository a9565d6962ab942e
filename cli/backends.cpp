#include "cli/backends.h"

#include "kernel-backend/kernel_backend.h"
#include "kernel-backend/native_kernel.h"
#include "kernel-backend/uml_kernel.h"
#include "sim/backend/sim_backend.h"

namespace lvslab::cli {

const std::vector<std::string>& backend_names() {
  static const std::vector<std::string> kNames{"sim", "kernel", "kernel:native"};
  return kNames;
}

Result<std::unique_ptr<lab::Backend>> make_backend(const std::string& name) {
  if (name == "sim") return std::make_unique<backend::SimBackend>();
  if (name == "kernel") {
    return std::make_unique<kernel::KernelBackend>(
        [](const kernel::KernelBackend::Wanted& wanted) -> Result<std::unique_ptr<kernel::Kernel>> {
          return kernel::UmlKernel::boot({.seed = wanted.seed, .ipv6 = wanted.ipv6});
        });
  }
  if (name == "kernel:native") {
    return std::make_unique<kernel::KernelBackend>(
        [](const kernel::KernelBackend::Wanted&) -> Result<std::unique_ptr<kernel::Kernel>> {
          return kernel::NativeKernel::start();
        });
  }
  return fail("there is no backend '" + name + "'", {}, "sim, kernel or kernel:native");
}

std::unique_ptr<lab::Backend> make_simulator_of_kernel() {
  return std::make_unique<backend::SimBackend>(SimDuration{10'000'000});
}

}  // namespace lvslab::cli
