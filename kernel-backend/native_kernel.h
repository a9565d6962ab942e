// The machine's own kernel: a lab in fresh namespaces of it, in real time.
//
// The keeper (agent/native_keeper.h) starts the agent as process 1 of net, mount, uts, ipc and pid
// namespaces of its own, and sees to its end. Nothing of the machine is changed.
// Leaves out: standing still. Time passes whether anybody looks or not; turn() waits for it.
#pragma once

#include <memory>
#include <string>

#include "kernel-backend/kept_kernel.h"

namespace lvslab::kernel {

class NativeKernel final : public KeptKernel {
 public:
  /// Returns when the agent has said hello. Errors: what this machine lacks: root, ip_vs, ...
  static Result<std::unique_ptr<NativeKernel>> start();

  /// CLOCK_REALTIME as it was at the start, and what has passed since; steps of it do no harm.
  std::int64_t now() const override;
  bool simulated_time() const override { return false; }
  void send(MessageKind kind, std::string payload) override;
  TurnEnd turn(std::int64_t limit, const volatile std::sig_atomic_t* stop) override;

 private:
  NativeKernel();
  Result<void> wait_for_hello();
  void read_lifeline();

  std::int64_t to_realtime_ns_ = 0;  ///< CLOCK_REALTIME less CLOCK_MONOTONIC, at the start
};

}  // namespace lvslab::kernel
