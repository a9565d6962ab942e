// What all subcommands share: languages, colours, exit statuses, Ctrl-C, messages.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/language.h"
#include "sim/base/result.h"
#include "sim/base/time.h"

namespace lvslab::cli {

enum ExitStatus : int {
  kExitOk = 0,
  kExitUnmet = 1,         ///< an expectation failed
  kExitBadInput = 2,      ///< a file, an option or a name is wrong, or cannot be written
  kExitStorm = 3,         ///< stopped by a packet storm
  kExitInterrupted = 130  ///< Ctrl-C
};

/// What the options for everybody say.
struct Terminal {
  Language language = Language::kEn;
  bool colour = false;       ///< of standard output
  bool progress = false;     ///< standard error is a terminal
  bool interactive = false;  ///< standard input is a terminal

  std::string_view say(std::string_view en, std::string_view zh) const {
    return language == Language::kZh ? zh : en;
  }
  /// say() with arguments filled in.
  template <class... Args>
  std::string format(std::string_view en, std::string_view zh, const Args&... args) const {
    return fmt::vformat(say(en, zh), fmt::make_format_args(args...));
  }
  /// `text` in an ANSI style ("1" bold, "2" dim, "31" red, "32" green), if colours are on.
  std::string paint(std::string_view style, std::string_view text) const;
};

/// Language by --lang, else by LC_ALL, LC_MESSAGES, LANG; colours by --color, NO_COLOR and isatty.
Terminal make_terminal(const std::string& lang, const std::string& color);

/// 1 after Ctrl-C, until it is set to 0 again.
extern volatile std::sig_atomic_t g_interrupted;
void catch_interrupts();

/// "lvslab: message (hint)" on standard error.
void complain(const Error& error);
void complain(const std::vector<Error>& errors);

/// "2.104318" seconds.
std::string seconds(SimTime at);

/// "12.3 s, 45678 steps" of the lab on standard error, a few times a second, if that is a terminal.
class ProgressLine {
 public:
  explicit ProgressLine(const Terminal& terminal) : terminal_(terminal) {}
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  ~ProgressLine() { clear(); }
  void show(SimTime now, std::uint64_t steps);
  void clear();

 private:
  const Terminal& terminal_;
  std::chrono::steady_clock::time_point next_ =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(500);
  bool shown_ = false;
};

}  // namespace lvslab::cli
