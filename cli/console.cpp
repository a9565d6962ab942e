#include "cli/console.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <chrono>

#include "cli/program.h"

namespace lvslab::cli {
namespace {

using Clock = std::chrono::steady_clock;

/// How long the lab's time may lag behind real time.
constexpr int kSliceMs = 20;

/// Standard input passes every key on, until this is destroyed.
class RawTerminal {
 public:
  RawTerminal() {
    ::tcgetattr(STDIN_FILENO, &before_);
    termios raw = before_;
    ::cfmakeraw(&raw);
    ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  }
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;
  ~RawTerminal() { ::tcsetattr(STDIN_FILENO, TCSANOW, &before_); }

 private:
  termios before_{};
};

struct Size {
  std::uint16_t rows = 24, columns = 80;
  bool operator==(const Size&) const = default;
};

Size terminal_size() {
  winsize size{};
  if (::ioctl(STDIN_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0) return {};
  return {size.ws_row, size.ws_col};
}

}  // namespace

int run_console(lab::Session& session, lab::Consoles& consoles, const std::string& host) {
  Size size = terminal_size();
  const auto console = consoles.open_console(host, size.rows, size.columns);
  if (!console) {
    complain(console.error());
    return kExitBadInput;
  }
  const RawTerminal raw;
  lab::Backend& backend = session.backend();
  const SimTime lab_began = session.now();
  const auto began = Clock::now();
  std::size_t printed = 0;
  for (;;) {
    const lab::JobState job = backend.job(*console);
    std::fwrite(job.output.data() + printed, 1, job.output.size() - printed, stdout);
    std::fflush(stdout);
    printed = job.output.size();
    if (job.done) return job.status;
    pollfd keys{STDIN_FILENO, POLLIN, 0};
    if (::poll(&keys, 1, kSliceMs) > 0) {
      char buffer[512];
      const ssize_t got = ::read(STDIN_FILENO, buffer, sizeof buffer);
      if (got <= 0) return kExitOk;  // the terminal is gone
      consoles.press_keys(*console, {buffer, static_cast<std::size_t>(got)});
    }
    if (const Size now = terminal_size(); now != size) {
      size = now;
      consoles.resize(*console, size.rows, size.columns);
    }
    const std::chrono::nanoseconds passed = Clock::now() - began;
    session.run_until(lab_began + SimDuration{passed.count()});
  }
}

}  // namespace lvslab::cli
