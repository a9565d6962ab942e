// A User-Mode Linux kernel as an ordinary process of this machine, with virtual time.
//
// The keeper (agent/keeper.h) starts it and sees to its end. The clock (clock/clock_page.h) makes
// time stand still except within turn(), in which it passes as fast as the kernel has nothing to
// do.
#pragma once

#include <memory>
#include <string>

#include "kernel-backend/clock/clock_page.h"
#include "kernel-backend/kept_kernel.h"
#include "kernel-backend/os.h"

namespace lvslab::kernel {

struct UmlOptions {
  unsigned memory_mib = 256;
  std::uint64_t seed = 1;
  bool ipv6 = false;  ///< else the kernel knows none, as where it was switched off at boot
};

class UmlKernel final : public KeptKernel {
 public:
  /// What this machine lacks for a kernel to be booted; empty if it lacks nothing.
  static std::string missing();
  /// Boots and waits for the agent's hello. Errors: why no kernel can be booted here.
  static Result<std::unique_ptr<UmlKernel>> boot(const UmlOptions& options);
  UmlKernel(const UmlKernel&) = delete;
  UmlKernel& operator=(const UmlKernel&) = delete;
  ~UmlKernel() override;

  std::int64_t now() const override { return page_->now.load(); }
  bool simulated_time() const override { return true; }
  std::int64_t crept() const override { return page_->crept.load(); }
  void send(MessageKind kind, std::string payload) override;
  TurnEnd turn(std::int64_t limit, const volatile std::sig_atomic_t* stop) override;

  /// What the kernel has of the machine's file system for itself; gone when it ends.
  const std::string& directory() const { return directory_; }

 private:
  UmlKernel() : KeptKernel("the agent in the kernel") {}
  Result<void> start(const UmlOptions& options);
  Result<void> wait_for_hello();

  Fd page_fd_, wake_, notify_;
  ClockPage* page_ = nullptr;
  std::string directory_;
  std::uint64_t taken_ = 0;
  std::uint32_t grant_ = 0;
  std::uint32_t files_ = 0;
  bool has_stopped_ = false;  ///< by itself
};

}  // namespace lvslab::kernel
