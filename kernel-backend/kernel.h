// A running kernel with the agent in it, as the backend sees it: messages in and out, and time.
#pragma once

#include <csignal>
#include <cstdint>
#include <string>
#include <vector>

#include "kernel-backend/protocol/framing.h"
#include "sim/base/result.h"

namespace lvslab::kernel {

/// Why a turn ended.
enum class TurnEnd : std::uint8_t {
  kStandsStill,  ///< nothing more happens without time, or somebody should hear what has happened
  kAtLimit,      ///< the limit is reached, and everything that was due has happened
  kInterrupted,  ///< the stop flag
  kDied          ///< the kernel is gone, or says what is no message: last_words()
};

class Kernel {
 public:
  virtual ~Kernel() = default;

  virtual bool alive() const = 0;
  /// What the kernel said last on its console, or why it was given up.
  virtual std::string last_words() = 0;
  /// ns of the kernel's own time; passes in turn() only, if simulated_time().
  virtual std::int64_t now() const = 0;
  virtual bool simulated_time() const = 0;
  /// How much of that time, in ns, went on because something spun; 0 in real time.
  virtual std::int64_t crept() const { return 0; }

  virtual void send(MessageKind kind, std::string payload) = 0;
  /// Lets the kernel go on, up to `limit` (ns of its time). Messages that came are in `inbox`.
  virtual TurnEnd turn(std::int64_t limit, const volatile std::sig_atomic_t* stop) = 0;

  std::vector<Message> inbox;
};

}  // namespace lvslab::kernel
