#include "sim/host/executor.h"

#include <utility>

namespace lvslab::host {

using command::Output;

CommandOutcome Wiring::run_command(Step& step, JobId job, const std::vector<std::string>& args,
                                   std::string* input) {
  const auto parsed = command::parse_command(args);
  if (!parsed) return parsed.error();
  Executor executor(step, *this, job, input, command::join_words(args));
  if (is_filter(*parsed)) return executor.filter(*parsed);
  return std::visit(
      [&](const auto& c) -> CommandOutcome {
        if constexpr (requires { executor(c); }) {
          return executor(c);
        } else {
          return Output{};  // a filter: answered above
        }
      },
      *parsed);
}

std::string without_alias(std::string_view name) {
  return std::string(name.substr(0, name.find(':')));
}

std::string_view Executor::reading_problem(const std::string& name, bool found) const {
  if (wiring_.user().files.is_directory(wiring_.path_of(name))) return "Is a directory";
  return found ? "" : "No such file or directory";
}

Output Executor::edit_in_place(const command::SedCommand& c) {
  Output all;
  for (const std::string& name : c.files) {
    const auto text = wiring_.read_file(name);
    const command::NamedText input{name, text ? std::string_view(*text) : std::string_view{},
                                   reading_problem(name, text.has_value())};
    Output one = command::run(c, std::span(&input, 1));
    all.err += one.err;
    if (one.status != 0) {
      all.status = one.status;
      continue;
    }
    auto problem = wiring_.cannot_write(name);
    if (!problem && !c.suffix.empty()) {
      problem = wiring_.write_redirected(step_, name + c.suffix, *text, false);
    }
    if (!problem) problem = wiring_.write_redirected(step_, name, one.out, false);
    if (!problem) continue;
    all.err += "sed: couldn't open file " + name + ": " + *problem + "\n";
    all.status = 4;
  }
  return all;
}

std::string Executor::take_input() {
  return input_ == nullptr ? std::string() : std::exchange(*input_, {});
}

CommandOutcome Executor::filter(const command::Command& c) {
  if (const auto* sed = std::get_if<command::SedCommand>(&c); sed && sed->in_place) {
    return edit_in_place(*sed);
  }
  const auto files = input_files(c);
  Output output;
  if (files.empty()) {
    output = run_filter(c, take_input());
  } else {
    std::vector<std::string> texts;
    texts.reserve(files.size());
    std::vector<command::NamedText> inputs;
    for (const std::string& name : files) {
      if (name == "-") {
        texts.push_back(take_input());
        inputs.push_back({name, texts.back()});
        continue;
      }
      auto text = wiring_.read_file(name);
      texts.push_back(text ? std::move(*text) : std::string());
      inputs.push_back({name, texts.back(), reading_problem(name, text.has_value())});
    }
    output = run_filter(c, inputs);
  }
  if (const auto* tee = std::get_if<command::TeeCommand>(&c)) {
    for (const std::string& name : tee->files) {
      auto problem = wiring_.cannot_write(name);
      if (!problem) problem = wiring_.write_redirected(step_, name, output.out, tee->append);
      if (!problem) continue;
      output.err += "tee: " + name + ": " + *problem + "\n";
      output.status = 1;
    }
  }
  return output;
}

Started Executor::start(apps::App app, ShortName name) {
  return {wiring_.start_program(step_, job_, std::move(app), line_, name)};
}

CommandOutcome Executor::operator()(const command::SleepCommand& c) {
  return start(apps::Sleep{c.duration}, "sleep");
}
CommandOutcome Executor::operator()(const command::CurlCommand& c) {
  return start(apps::Curl(c), "curl");
}
CommandOutcome Executor::operator()(const command::AbCommand& c) {
  return start(apps::Ab(c), "ab");
}
CommandOutcome Executor::operator()(const command::NcCommand& c) {
  // What runs in the background reads /dev/null; at the terminal nobody types.
  const bool ends = input_ != nullptr || wiring_.job(job_).background;
  return start(apps::Nc(c, take_input(), ends), "nc");
}
CommandOutcome Executor::operator()(const command::NcatCommand& c) {
  const bool ends = input_ != nullptr || wiring_.job(job_).background;
  return start(apps::Ncat(c, take_input(), ends), "ncat");
}
CommandOutcome Executor::operator()(const command::TimeoutCommand& c) {
  const auto known = command::parse_command(c.args);
  if (!known && known.error().status == 127) return command::timeout_cannot_run(c);
  CommandOutcome outcome = wiring_.run_command(step_, job_, c.args, input_);
  const auto* started = std::get_if<Started>(&outcome);
  if (started != nullptr && c.limit.ns > 0) wiring_.limit_program(step_, started->pid, c);
  return outcome;
}
CommandOutcome Executor::operator()(const command::PingCommand& c) {
  return start(apps::Ping(c), "ping");
}
CommandOutcome Executor::operator()(const command::TracerouteCommand& c) {
  return start(apps::Traceroute(c), "traceroute");
}
CommandOutcome Executor::operator()(const command::ArpingCommand& c) {
  return start(apps::Arping(c), "arping");
}
CommandOutcome Executor::operator()(const command::SshCommand& c) {
  return start(apps::Ssh(c), "ssh");
}
CommandOutcome Executor::operator()(const command::ScpCommand& c) {
  return start(apps::Ssh(c), "scp");
}
CommandOutcome Executor::operator()(const command::TcpdumpCommand& c) {
  return start(apps::Tcpdump(c), "tcpdump");
}

}  // namespace lvslab::host
