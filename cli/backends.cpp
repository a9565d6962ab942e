#include "cli/backends.h"

#include "kernel-backend/kernel_backend.h"
#include "kernel-backend/uml_kernel.h"
#include "sim/backend/sim_backend.h"

namespace lvslab::cli {

const std::vector<std::string>& backend_names() {
  static const std::vector<std::string> names{"sim", "kernel", "kernel:native"};
  return names;
}

Result<std::unique_ptr<lab::Backend>> make_backend(const std::string& name) {
  if (name == "sim") return std::make_unique<backend::SimBackend>();
  if (name == "kernel") {
    return std::make_unique<kernel::KernelBackend>(
        [](std::uint64_t seed) -> Result<std::unique_ptr<kernel::Kernel>> {
          return kernel::UmlKernel::boot({.seed = seed});
        });
  }
  if (name == "kernel:native") {
    return fail("this lvslab cannot use the machine's own kernel", {},
                "--backend kernel boots one as an ordinary process, without root");
  }
  return fail("there is no backend '" + name + "'", {}, "sim, kernel or kernel:native");
}

}  // namespace lvslab::cli
