// A kernel that a keeper sees to: the process on the machine that starts a kernel, or a lab on the
// machine's own, and ends whatever is left of it when this end of the lifeline is closed.
#pragma once

#include <sys/types.h>

#include <span>
#include <string>
#include <vector>

#include "kernel-backend/kernel.h"
#include "kernel-backend/os.h"

namespace lvslab::kernel {

/// Where the agent and the clock are: $LVSLAB_KERNEL_DIR, else where they were built.
std::string tool_directory();

/// The last words of a console: what it said is kept up to a limit.
class ConsoleText {
 public:
  /// Everything that can be read from a descriptor that does not block.
  void read_from(int fd);
  /// `why`, and below it the end of what was said.
  std::string after(const std::string& why) const;

 private:
  std::string text_;
};

class KeptKernel : public Kernel {
 public:
  KeptKernel(const KeptKernel&) = delete;
  KeptKernel& operator=(const KeptKernel&) = delete;
  /// Closes the lifeline and waits until the keeper has ended.
  ~KeptKernel() override;

  bool alive() const override { return alive_; }
  std::string last_words() override { return console_text_.after(why_dead_); }
  pid_t keeper() const { return keeper_; }

 protected:
  /// `agent`: what errors call the one at the other end of the channel.
  explicit KeptKernel(std::string agent) : agent_(std::move(agent)) {}

  /// Runs `lvslab-agent PART FD... WORD...`, the numbers being those that it sees its ends of
  /// lifeline, channel and console under, and `more`. Errors: there is no such program.
  Result<void> start_keeper(const std::string& part, std::span<const int> more,
                            const std::vector<std::string>& words);
  /// Reads what the channel holds, without waiting; messages are in `inbox`. Returns the bytes.
  std::size_t read_channel();
  void read_console() { console_text_.read_from(console_.get()); }
  /// Takes the inbox if the agent's hello is in it.
  bool take_hello();
  void give_up(std::string why);

  Fd lifeline_, channel_, console_;

 private:
  std::string agent_;
  pid_t keeper_ = -1;
  ConsoleText console_text_;
  std::string why_dead_;
  FrameReader reader_;
  bool alive_ = false;
};

}  // namespace lvslab::kernel
