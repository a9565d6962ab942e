#include "tests/cli/program.h"
#include "test_paths.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace lvslab::cli {
namespace {

struct Pipe {
  int read = -1, write = -1;
  Pipe() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) == 0) {
      read = ends[0];
      write = ends[1];
    }
  }
};

[[noreturn]] void become(const std::string& program, const Call& call, const Pipe& in,
                         const Pipe& out, const Pipe& err) {
  dup2(in.read, STDIN_FILENO);
  dup2(out.write, STDOUT_FILENO);
  dup2(err.write, STDERR_FILENO);
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LVSLAB_SCENARIOS", "NO_COLOR"}) unsetenv(name);
  setenv("LANG", "C", 1);
  for (const std::string& entry : call.environment) {
    const std::size_t equals = entry.find('=');
    setenv(entry.substr(0, equals).c_str(), entry.substr(equals + 1).c_str(), 1);
  }
  std::vector<std::string> words{program};
  words.insert(words.end(), call.args.begin(), call.args.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  execvp(program.c_str(), argv.data());
  _exit(127);
}

/// Reads both streams until their ends; tells `saw` of everything that came.
template <class Saw>
void drain(int out, int err, Outcome& outcome, Saw saw) {
  std::array<pollfd, 2> fds{{{out, POLLIN, 0}, {err, POLLIN, 0}}};
  std::array<char, 65536> buffer{};
  while (fds[0].fd >= 0 || fds[1].fd >= 0) {
    if (poll(fds.data(), fds.size(), -1) < 0) return;
    for (std::size_t i = 0; i < fds.size(); ++i) {
      if (fds[i].fd < 0 || fds[i].revents == 0) continue;
      const ssize_t got = read(fds[i].fd, buffer.data(), buffer.size());
      if (got > 0) {
        (i == 0 ? outcome.out : outcome.err).append(buffer.data(), static_cast<std::size_t>(got));
        saw();
      } else {
        close(fds[i].fd);
        fds[i].fd = -1;
      }
    }
  }
}

}  // namespace

Outcome run_program(const std::string& program, const Call& call) {
  const Pipe in;
  const Pipe out;
  const Pipe err;
  const pid_t pid = fork();
  if (pid == 0) become(program, call, in, out, err);
  close(in.read);
  close(out.write);
  close(err.write);
  // Inputs of these tests fit into a pipe.
  if (write(in.write, call.input.data(), call.input.size()) < 0) ADD_FAILURE() << "no pipe";
  close(in.write);
  Outcome outcome;
  bool interrupted = call.interrupt_when.empty();
  drain(out.read, err.read, outcome, [&] {
    if (interrupted || outcome.out.find(call.interrupt_when) == std::string::npos) return;
    interrupted = true;
    kill(pid, SIGINT);
  });
  if (!interrupted) ADD_FAILURE() << "never said: " << call.interrupt_when;
  int status = 0;
  waitpid(pid, &status, 0);
  outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return outcome;
}

Outcome lvslab(const Call& call) { return run_program(LVSLAB_BINARY, call); }

ScratchDir::ScratchDir() {
  std::string name = (std::filesystem::temp_directory_path() / "lvslab-test-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "cannot make " << name;
  path_ = name;
}

ScratchDir::~ScratchDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string ScratchDir::write(const std::string& name, const std::string& text) const {
  std::ofstream(path_ / name, std::ios::binary) << text;
  return (path_ / name).string();
}

std::vector<std::string> ScratchDir::names() const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(path_)) {
    names.push_back(entry.path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

std::vector<nlohmann::json> json_lines(const std::string& text) {
  std::vector<nlohmann::json> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

}  // namespace lvslab::cli
