// lvslab shell: a prompt on one host of a lab that runs meanwhile.
#include <iostream>
#include <thread>

#include "cli/backends.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/editor.h"
#include "cli/files.h"
#include "cli/story.h"
#include "sim/lab/file_edit.h"
#include "sim/scenario/writer.h"

namespace lvslab::cli {
namespace {

/// On a terminal a command is shown in slices of this length, each taking as long in real time.
constexpr std::int64_t kSliceMs = 40;

class HostShell {
 public:
  HostShell(const Terminal& terminal, lab::Session& session, std::string host, bool fast)
      : terminal_(terminal), session_(session), host_(std::move(host)), fast_(fast) {}

  /// Until the end of input, `exit`, or a storm: the exit status.
  int loop();

 private:
  lab::PlayEnd play(std::size_t entry);
  void print_new_output(std::size_t entry);

  const Terminal& terminal_;
  lab::Session& session_;
  std::string host_;
  bool fast_;
  std::size_t printed_ = 0;
};

void HostShell::print_new_output(std::size_t entry) {
  const lab::Entry& of = session_.entries()[entry];
  const std::string output = of.done ? of.output : session_.backend().job(of.ticket).output;
  std::fwrite(output.data() + printed_, 1, output.size() - printed_, stdout);
  printed_ = output.size();
  std::fflush(stdout);
}

lab::PlayEnd HostShell::play(std::size_t entry) {
  if (fast_) return session_.run_until_done(entry);
  for (;;) {
    const SimTime slice_end = session_.now() + SimDuration{kSliceMs * 1'000'000};
    const lab::PlayEnd end = session_.run_until_done(entry, slice_end);
    print_new_output(entry);
    if (end != lab::PlayEnd::kReached || session_.entries()[entry].done) return end;
    std::this_thread::sleep_for(std::chrono::milliseconds(kSliceMs));
  }
}

int HostShell::loop() {
  std::string line;
  int status = kExitOk;
  for (;;) {
    fmt::print("{}", prompt(terminal_, host_));
    std::fflush(stdout);
    if (!std::getline(std::cin, line)) break;
    g_interrupted = 0;
    if (!terminal_.interactive) {
      fmt::print("{}\n", line);
      std::fflush(stdout);  // whoever waits for the line may interrupt from now on
    }
    read_rest(line, true, !terminal_.interactive);
    if (line == "exit" || line == "logout") return status;
    if (line.find_first_not_of(" \t") == std::string::npos) continue;
    if (const auto path = lab::file_to_edit(line)) {
      const auto change = edit(session_, host_, *path);
      if (!change) complain(change.error());
      if (!change || !*change) continue;
      line = **change;
    }
    const auto entry = session_.type(host_, line);
    if (!entry) {
      complain(entry.error());
      return kExitBadInput;
    }
    printed_ = 0;
    lab::PlayEnd end = play(*entry);
    while (end == lab::PlayEnd::kInterrupted) {
      fmt::print("^C\n");
      session_.interrupt(*entry);
      if (session_.entries()[*entry].done || !terminal_.interactive) break;
      g_interrupted = 0;  // the line goes on after a ping that was stopped
      end = play(*entry);
    }
    print_new_output(*entry);
    if (end == lab::PlayEnd::kInterrupted && !terminal_.interactive) return kExitInterrupted;
    if (end == lab::PlayEnd::kStorm) {
      complain(Error{session_.storm().to_string(), {}, {}});
      return kExitStorm;
    }
  }
  fmt::print("\n");
  return status;
}

}  // namespace

int shell_command(const Terminal& terminal, const ShellOptions& options) {
  auto scenario = load_or_complain(options.file);
  if (!scenario) return kExitBadInput;
  if (scenario->find_host(options.host) == nullptr) {
    std::vector<std::string> names;
    for (const scenario::Host& host : scenario->hosts) names.push_back(host.name);
    complain(Error{fmt::format("there is no host '{}' in {}", options.host, scenario->name),
                   {},
                   fmt::format("hosts: {}", fmt::join(names, ", "))});
    return kExitBadInput;
  }
  auto backend = make_backend(options.backend);
  if (!backend) return complain(backend.error()), kExitBadInput;
  lab::Session session(**backend, *std::move(scenario), {.stop = &g_interrupted});
  if (auto started = session.start(); !started) {
    complain(started.error());
    return kExitBadInput;
  }
  const lab::PlayEnd end = options.at ? session.run_until(*options.at) : session.run_to_end();
  if (end == lab::PlayEnd::kStorm) {
    complain(Error{session.storm().to_string(), {}, {}});
    return kExitStorm;
  }
  if (terminal.interactive) {
    fmt::print("{}\n",
               terminal.format("{}: {} s of the lab's time have passed. Ctrl-C interrupts a "
                               "command, Ctrl-D leaves.",
                               "{}：实验时间已过 {} 秒。Ctrl-C 中断命令，Ctrl-D 退出。",
                               session.scenario().name, seconds(session.now())));
  }
  if (lab::Consoles* consoles = (*backend)->consoles();
      consoles != nullptr && terminal.interactive) {
    return run_console(session, *consoles, options.host);
  }
  HostShell shell(terminal, session, options.host, options.fast || !terminal.interactive);
  const int status = shell.loop();
  if (!options.save.empty()) {
    const auto written = write_text(options.save, scenario::to_yaml(session.to_scenario()));
    if (!written) {
      complain(written.error());
      return kExitBadInput;
    }
  }
  return status;
}

}  // namespace lvslab::cli
