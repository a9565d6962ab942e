// One program in several parts: the first process of the User-Mode Linux kernel, the keeper of that
// kernel on the machine, the keeper of a lab on the machine's own kernel with the first process of
// that lab, and the stand-in programs on the lab's hosts. Its name and arguments tell them apart.
#include <sys/reboot.h>
#include <sys/utsname.h>
#include <csignal>
#include <cstdio>

#include <string>
#include <string_view>

#include "kernel-backend/agent/agent.h"
#include "kernel-backend/agent/boot.h"
#include "kernel-backend/agent/keeper.h"
#include "kernel-backend/agent/native_keeper.h"
#include "kernel-backend/agent/stand_ins.h"

namespace lvslab::kernel {
namespace {

[[noreturn]] void power_off() {
  ::sync();
  ::reboot(RB_POWER_OFF);
  for (;;) ::pause();
}

// Process 1 of the kernel. What goes wrong before the channel is open is said on the console.
[[noreturn]] void be_init(const std::string& self) {
  ::signal(SIGPIPE, SIG_IGN);
  const auto booted = boot_kernel(self);
  if (!booted) {
    ::fprintf(stdout, "lvslab-agent: %s\n", booted.error().message.c_str());
    ::fflush(stdout);
    power_off();
  }
  auto channel = Channel::open_serial_line();
  if (!channel) {
    ::fprintf(stdout, "lvslab-agent: %s\n", channel.error().message.c_str());
    ::fflush(stdout);
    power_off();
  }
  utsname name{};
  ::uname(&name);
  Agent(*std::move(channel), name.release, Setting::kOwnKernel).run();
  power_off();
}

}  // namespace
}  // namespace lvslab::kernel

int main(int argc, char** argv) {
  using namespace lvslab::kernel;
  const std::string_view path = argc > 0 ? argv[0] : "";
  const std::string_view name = path.substr(path.rfind('/') + 1);
  if (argc > 1 && std::string_view(argv[1]) == "keep") return keep(argc - 2, argv + 2);
  if (argc > 1 && std::string_view(argv[1]) == "keep-native")
    return keep_native(argc - 2, argv + 2);
  if (const auto status = run_stand_in(name, argc, argv)) return *status;
  if (::getpid() == 1) be_init(std::string(path));
  ::fprintf(stderr, "lvslab-agent: this program is a part of lvslab, which starts it\n");
  return 2;
}
