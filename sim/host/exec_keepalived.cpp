// keepalived(8) applied to a host.
#include <fmt/format.h>

#include "sim/host/executor.h"
#include "sim/host/keepalived_io.h"

namespace lvslab::host {

using command::Output;

namespace {

constexpr int kMistakes = 5;  // KEEPALIVED_EXIT_CONFIG_TEST
constexpr int kInsecure = 6;  // KEEPALIVED_EXIT_CONFIG_TEST_SECURITY
constexpr int kUnusable = 4;  // KEEPALIVED_EXIT_CONFIG

Output test_configuration(const keepalived::ReadConf& got) {
  Output result;
  for (const keepalived::ConfMessage& message : got.messages) {
    if (message.kind == keepalived::ConfMessage::Kind::kNoted) continue;
    const bool reported = message.kind == keepalived::ConfMessage::Kind::kReported;
    result.err += (reported ? logged(message) : "lvslab: " + located(message)) + "\n";
    if (!reported || result.status == kInsecure) continue;
    result.status = message.text.starts_with("SECURITY") ? kInsecure : kMistakes;
  }
  if (!got.conf.usable && result.status == 0) result.status = kUnusable;
  return result;
}

}  // namespace

CommandOutcome Executor::operator()(const command::KeepalivedCommand& c) {
  if (c.help) return command::keepalived_help();
  if (c.version) return command::keepalived_version();
  Userland& user = wiring_.user();
  if (!user.packages.contains("keepalived")) {
    return command::failure(
        "bash: keepalived: command not found\nlvslab: install it first: yum install keepalived -y",
        127);
  }
  if (c.test) {
    const KeepalivedIo host(wiring_, 0);
    return test_configuration(
        read_conf(host, c.conf_path, {.config_id = c.config_id, .testing = true}));
  }
  if (user.find_service("keepalived") != nullptr) {
    return command::failure("daemon is already running", 1);
  }
  if (c.vrrp_only || c.check_only) {
    return command::not_modelled("keepalived", c.vrrp_only ? "-P" : "-C", "both subsystems");
  }
  const Wiring::KeepalivedStart how{.conf_path = c.conf_path,
                                    .command_line = line_,
                                    .detail = c.log_detail,
                                    .stays = c.dont_fork,
                                    .log_console = c.log_console};
  if (c.dont_fork) return Started{wiring_.start_keepalived(step_, job_, how)};
  wiring_.start_keepalived(step_, 0, how);
  wiring_.settle(step_);
  return Output{};
}

}  // namespace lvslab::host
