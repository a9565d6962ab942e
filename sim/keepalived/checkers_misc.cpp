// MISC_CHECK: a command says how a server is. Source: check/check_misc.c of keepalived 2.2.7.
#include <algorithm>

#include "sim/keepalived/checker_context.h"

namespace lvslab::keepalived {
namespace {

/// Which of the tries of MISC_CHECK failed; `tries` is 0 after the last.
std::string which_try(std::uint32_t tries, std::uint32_t retry) {
  const std::string_view retries = retry == 1 ? "retry" : "retries";
  if (retry == 0) return " with retry disabled";
  if (tries == 1) return fmt::format(", will do {} {}", retry, retries);
  if (tries > 1) return fmt::format(" on retry {}/{}", tries - 1, retry);
  return fmt::format(" after {} {}", retry, retries);
}

}  // namespace

std::string program_of(std::string_view command) {
  const std::size_t begin = std::min(command.find_first_not_of("\"' "), command.size());
  const std::size_t end = command.find_first_of("\"' ", begin);
  const std::string_view program = command.substr(begin, end - begin);
  if (program.find('/') == std::string_view::npos) return fmt::format("/usr/bin/{}", program);
  const bool linked = program.starts_with("/bin/") || program.starts_with("/sbin/");
  return fmt::format("{}{}", linked ? "/usr" : "", program);
}

// misc_check_child_thread(): the next check counts from the beginning of this one.
void Checkers::Context::misc_done(State& s, int status) {
  const Checker& c = checker(s);
  const std::uint32_t retry = c.retry.value();
  const bool success =
      !s.terminated && (status == 0 || (c.misc_dynamic && status >= 2 && status <= 255));
  bool told = !s.has_run || s.up != success, turns = told;
  if (success) {
    if (status != std::exchange(s.exit_status, status)) {
      const std::int64_t own = rs(s).weight.value_or(1);
      const std::int64_t share = std::exchange(s.weight, status == 0 ? 0 : status - 2 - own);
      lvs.set_weight(step, conf, port, s.vs, s.rs, lvs.weight(s.vs, s.rs) - share + s.weight);
    }
    s.tries = 0;
  } else if (told && s.tries < retry) {
    ++s.tries;
    told = c.log_all_failures;
    turns = false;
  } else if (told) {
    s.tries = 0;
    if (!s.terminated) {
      lvs.forget_weight(s.vs, s.rs, std::exchange(s.weight, 0));
      s.exit_status = status;
    }
  }
  if (told) {
    const std::string how = success        ? std::string("succeeded")
                            : s.terminated ? fmt::format("timed out{}", which_try(s.tries, retry))
                                           : fmt::format("failed{} (exited with status {})",
                                                         which_try(s.tries, retry), status);
    log(fmt::format("Misc check for [{} VS {}] by [{}] {}.", name(s), vs(s).name(),
                    program_of(c.misc.command), how));
  }
  if (turns) turn(s, success);
  if (turns && !success) s.weight = 0;
  s.has_run = true;
  s.phase = Phase::kWaiting;
  s.at = std::max(s.began + (s.tries > 0 ? c.delay_before_retry.value() : delay_loop(s)),
                  step.now() + SimDuration{1'000});
}

}  // namespace lvslab::keepalived
