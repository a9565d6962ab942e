// The machine's own kernel: a lab in fresh namespaces of it, in real time.
//
// The keeper (agent/native_keeper.h) starts the agent as process 1 of net, mount, uts, ipc and pid
// namespaces of its own, and sees to its end. Nothing of the machine is changed.
// Leaves out: standing still. Time passes whether anybody looks or not; turn() waits for it.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "kernel-backend/keeper_process.h"
#include "kernel-backend/kernel.h"
#include "kernel-backend/os.h"

namespace lvslab::kernel {

class NativeKernel final : public Kernel {
 public:
  /// Returns when the agent has said hello. Errors: what this machine lacks: root, ip_vs, ...
  static Result<std::unique_ptr<NativeKernel>> start();
  ~NativeKernel() override;

  bool alive() const override { return alive_; }
  std::string last_words() override { return console_text_.after(why_dead_); }
  /// CLOCK_REALTIME as it was at the start, and what has passed since; steps of it do no harm.
  std::int64_t now() const override;
  bool simulated_time() const override { return false; }
  void send(MessageKind kind, std::string payload) override;
  TurnEnd turn(std::int64_t limit, const volatile std::sig_atomic_t* stop) override;

  pid_t keeper() const { return keeper_; }

 private:
  NativeKernel();
  Result<void> start_keeper();
  Result<void> wait_for_hello();
  void read_channel();
  void read_lifeline();
  void give_up(std::string why);

  Fd lifeline_, channel_, console_;
  pid_t keeper_ = -1;
  ConsoleText console_text_;
  std::string why_dead_;
  FrameReader reader_;
  std::int64_t to_realtime_ns_ = 0;  ///< CLOCK_REALTIME less CLOCK_MONOTONIC, at the start
  bool alive_ = false;
};

}  // namespace lvslab::kernel
