#include "cli/program.h"

#include <unistd.h>

#include <cstdlib>

#include "sim/trace/text.h"

namespace lvslab::cli {
namespace {

bool prefers_chinese() {
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return std::string_view(value).starts_with("zh");
  }
  return false;
}

extern "C" void on_interrupt(int /*signal*/) { g_interrupted = 1; }

}  // namespace

volatile std::sig_atomic_t g_interrupted = 0;

std::string Terminal::paint(std::string_view style, std::string_view text) const {
  if (!colour || text.empty()) return std::string(text);
  return fmt::format("\033[{}m{}\033[0m", style, text);
}

Terminal make_terminal(const std::string& lang, const std::string& color) {
  Terminal terminal;
  const bool chinese = lang.empty() ? prefers_chinese() : lang == "zh";
  terminal.language = chinese ? Language::kZh : Language::kEn;
  const char* no_color = std::getenv("NO_COLOR");
  const bool wanted = isatty(STDOUT_FILENO) != 0 && (no_color == nullptr || *no_color == '\0');
  terminal.colour = color == "always" || (color == "auto" && wanted);
  terminal.progress = isatty(STDERR_FILENO) != 0;
  terminal.interactive = isatty(STDIN_FILENO) != 0;
  return terminal;
}

void catch_interrupts() {
  struct sigaction action = {};
  action.sa_handler = on_interrupt;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
}

void complain(const Error& error) {
  std::fflush(stdout);
  if (error.where.file.empty()) {
    fmt::print(stderr, "lvslab: {}\n", error.to_string());
  } else {
    fmt::print(stderr, "{}\n", error.to_string());
  }
}

void complain(const std::vector<Error>& errors) {
  for (const Error& error : errors) complain(error);
}

std::string seconds(SimTime at) { return micros_text(at); }

void ProgressLine::show(SimTime now, std::uint64_t steps) {
  if (!terminal_.progress) return;
  const auto clock = std::chrono::steady_clock::now();
  if (clock < next_) return;
  next_ = clock + std::chrono::milliseconds(200);
  shown_ = true;
  fmt::print(stderr, "\r\033[K{}.{} s, {} {}", now.ns / 1'000'000'000, now.ns / 100'000'000 % 10,
             steps, terminal_.say("steps", "步"));
  std::fflush(stderr);
}

void ProgressLine::clear() {
  if (shown_) fmt::print(stderr, "\r\033[K");
  shown_ = false;
}

}  // namespace lvslab::cli
