#include "kernel-backend/agent/terminal.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <csignal>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "kernel-backend/agent/plain_line.h"

namespace lvslab::kernel {
namespace {

constexpr const char* kEnvironment[] = {
    "HOME=/root",
    "USER=root",
    "LOGNAME=root",
    "SHELL=/bin/bash",
    "TERM=dumb",
    "LC_ALL=C",
    "LANG=C",
    "TZ=UTC",
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    nullptr};
constexpr int kStateFd = 9;
constexpr const char* kStartFile = "/run/.shell-";  // and the number of the job
constexpr const char* kConsoleFile = "/run/.console";
constexpr const char* kConsoleStart = "PS1='[\\u@\\h \\W]\\$ '\nTERM=xterm\n";

// Written by a shell when it exits: its directory, then its variables.
constexpr const char* kLeave = "trap '{ pwd; declare -p; } >&9 2>/dev/null' EXIT\n";

// Variables that a shell sets by itself or takes from its environment.
constexpr std::string_view kOwn[] = {"BASH",          "BASHOPTS",
                                     "BASHPID",       "BASH_ALIASES",
                                     "BASH_ARGC",     "BASH_ARGV",
                                     "BASH_ARGV0",    "BASH_CMDS",
                                     "BASH_COMMAND",  "BASH_EXECUTION_STRING",
                                     "BASH_LINENO",   "BASH_LOADABLES_PATH",
                                     "BASH_SOURCE",   "BASH_SUBSHELL",
                                     "BASH_VERSINFO", "BASH_VERSION",
                                     "COLUMNS",       "COMP_WORDBREAKS",
                                     "DIRSTACK",      "EPOCHREALTIME",
                                     "EPOCHSECONDS",  "EUID",
                                     "FUNCNAME",      "GROUPS",
                                     "HISTCMD",       "HISTFILE",
                                     "HISTFILESIZE",  "HISTSIZE",
                                     "HOSTNAME",      "HOSTTYPE",
                                     "IFS",           "LINENO",
                                     "LINES",         "MACHTYPE",
                                     "MAILCHECK",     "OLDPWD",
                                     "OPTERR",        "OPTIND",
                                     "OSTYPE",        "PIPESTATUS",
                                     "PPID",          "PS1",
                                     "PS2",           "PS4",
                                     "PWD",           "RANDOM",
                                     "SECONDS",       "SHELLOPTS",
                                     "SHLVL",         "SRANDOM",
                                     "UID",           "_"};

/// Words after which a shell may differ from what it was. The dot of an address is none.
bool may_change_shell(std::string_view line) {
  static constexpr std::string_view kWords[] = {"cd",    "pushd",  "popd", "read",    "export",
                                                "unset", "source", ".",    "declare", "local",
                                                "set",   "eval",   "for",  "mapfile", "typeset"};
  constexpr std::string_view kOfAWord =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:/-";
  if (line.find('=') != std::string_view::npos) return true;
  while (!line.empty()) {
    const std::size_t begin = std::min(line.find_first_of(kOfAWord), line.size());
    line.remove_prefix(begin);
    const std::string_view word = line.substr(0, line.find_first_not_of(kOfAWord));
    if (std::ranges::find(kWords, word) != std::end(kWords)) return true;
    line.remove_prefix(word.size());
  }
  return false;
}

/// Is `declaration` (a line of `declare -p`) what every shell finds in its environment?
bool is_of_environment(std::string_view declaration) {
  return std::any_of(std::begin(kEnvironment), std::end(kEnvironment) - 1, [&](const char* pair) {
    const std::string_view given = pair;
    const std::size_t equals = given.find('=');
    return declaration == "declare -x " + std::string(given.substr(0, equals)) + "=\"" +
                              std::string(given.substr(equals + 1)) + '"';
  });
}

struct Terminal {
  Fd master, slave;
};

Result<Terminal> open_terminal(const Exec& exec) {
  Terminal terminal;
  terminal.master = Fd(::open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
  if (!terminal.master.valid()) return os_failure("/dev/ptmx");
  const int unlocked = 0;
  ::ioctl(terminal.master.get(), TIOCSPTLCK, &unlocked);
  terminal.slave = Fd(::ioctl(terminal.master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!terminal.slave.valid()) return os_failure("a terminal");
  if (!exec.line.empty()) {
    termios settings{};
    ::tcgetattr(terminal.slave.get(), &settings);
    settings.c_oflag &= ~static_cast<tcflag_t>(ONLCR);
    settings.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHOCTL);
    ::tcsetattr(terminal.slave.get(), TCSANOW, &settings);
  }
  // Of the usual size if nobody says another: ss spreads its table over it.
  const bool sized = exec.rows > 0;
  const auto rows = static_cast<std::uint16_t>(sized ? exec.rows : 24);
  const auto columns = static_cast<std::uint16_t>(sized ? exec.columns : 80);
  const winsize size{rows, columns, 0, 0};
  ::ioctl(terminal.master.get(), TIOCSWINSZ, &size);
  return terminal;
}

/// Returns if it cannot. `arguments` end with a null pointer.
void replace_process(const std::string& program, const std::vector<const char*>& arguments) {
  // NOLINTNEXTLINE(*-const-cast): execve() only reads them
  const auto writable = [](const char* const* list) { return const_cast<char**>(list); };
  ::execve(program.c_str(), writable(arguments.data()), writable(kEnvironment));
}

[[noreturn]] void become_shell(const Exec& exec, const ShellState& state, int slave,
                               int write_state, const std::string& start_file) {
  ::setsid();
  ::ioctl(slave, TIOCSCTTY, 0);
  for (const int fd : {0, 1, 2}) ::dup2(slave, fd);
  if (write_state >= 0) ::dup2(write_state, kStateFd);
  ::syscall(SYS_close_range, write_state >= 0 ? kStateFd + 1U : 3U, ~0U, 0U);
  if (write_state >= 0) ::syscall(SYS_close_range, 3U, kStateFd - 1U, 0U);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);  // the only one that the agent ignores
  if (::chdir(state.directory().c_str()) != 0 && ::chdir("/root") != 0) ::chdir("/");
  ::umask(022);
  static_cast<void>(write_file("/proc/self/oom_score_adj", "0"));
  std::vector<const char*> arguments;
  const auto plain = start_file.empty() ? plain_line(exec.line) : std::nullopt;
  if (plain && echo_to_file(*plain)) _exit(0);
  if (const auto program = plain ? program_of(*plain) : std::nullopt) {
    for (const std::string& word : plain->words) arguments.push_back(word.c_str());
    arguments.push_back(nullptr);
    replace_process(*program, arguments);
    arguments.clear();  // a script without "#!", which bash reads
  }
  if (exec.line.empty()) {
    arguments = {"bash", "--noprofile", "--rcfile", kConsoleFile, "-i"};
  } else {
    arguments = {"bash", "--noprofile"};
    if (start_file.empty()) {
      arguments.push_back("--norc");
    } else {
      arguments.insert(arguments.end(), {"--rcfile", start_file.c_str()});
    }
    arguments.insert(arguments.end(), {"-i", "+m", "-c", exec.line.c_str()});
  }
  arguments.push_back(nullptr);
  replace_process("/bin/bash", arguments);
  _exit(127);
}

/// vfork() where nothing can hold the child up before it is another program: a tenth of what a line
/// costs in a user-mode kernel is to copy the agent's memory for it. What it allocates there is
/// lost.
[[gnu::noinline]] pid_t fork_shell(const Exec& exec, const ShellState& state, int slave,
                                   int write_state, const std::string& start_file) {
  const bool writes = exec.line.find('>') != std::string::npos;  // perhaps itself, to a FIFO
  const pid_t pid = writes ? ::fork() : ::vfork();  // NOLINT(bugprone-unsafe-functions)
  if (pid == 0) become_shell(exec, state, slave, write_state, start_file);
  return pid;
}

}  // namespace

void ShellState::expect(pid_t pid, Fd from) {
  if (from.valid()) sources_[pid] = std::move(from);
}

void ShellState::collect(pid_t pid) {
  const auto source = sources_.find(pid);
  if (source == sources_.end()) return;
  std::string text;
  char buffer[1U << 14];
  for (ssize_t got = 0; (got = ::read(source->second.get(), buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(got));
  }
  sources_.erase(source);
  const std::size_t end = text.find('\n');
  if (end == std::string::npos) return;
  directory_ = text.substr(0, end);
  variables_.clear();
  constexpr std::string_view kDeclare = "declare ";
  bool keep = false;
  for (std::size_t at = end + 1; at < text.size();) {
    const std::size_t next = std::min(text.find('\n', at), text.size());
    const std::string_view line = std::string_view(text).substr(at, next - at);
    if (line.starts_with(kDeclare)) {
      const std::size_t name = line.find(' ', kDeclare.size()) + 1;
      const std::string_view rest = line.substr(name);
      const std::string_view flags = line.substr(kDeclare.size(), name - 1 - kDeclare.size());
      const std::string_view variable = rest.substr(0, rest.find('='));
      keep = flags.find('r') == std::string_view::npos &&
             rest.find('=') != std::string_view::npos &&
             std::ranges::find(kOwn, variable) == std::end(kOwn) && !is_of_environment(line);
    }
    if (keep) variables_.append(line).append("\n");
    at = next + 1;
  }
}

void clean_up_after(std::uint32_t job) { ::unlink((kStartFile + std::to_string(job)).c_str()); }

Result<StartedShell> start_shell(const Exec& exec, const ShellState& state) {
  auto terminal = open_terminal(exec);
  if (!terminal) return std::unexpected(terminal.error());
  StartedShell started;
  Fd write_state;
  std::string start_file;
  const bool keeps = !exec.line.empty() && may_change_shell(exec.line);
  if (keeps) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return os_failure("pipe");
    started.state = Fd(ends[0]);
    write_state = Fd(ends[1]);
  }
  if (keeps || (!state.variables().empty() && !exec.line.empty())) {
    start_file = kStartFile + std::to_string(exec.job);
    if (auto done = write_file(start_file, state.variables() + (keeps ? kLeave : "")); !done) {
      return std::unexpected(done.error());
    }
  }
  if (exec.line.empty()) static_cast<void>(write_file(kConsoleFile, kConsoleStart));
  const pid_t pid = fork_shell(exec, state, terminal->slave.get(), write_state.get(), start_file);
  if (pid < 0) return os_failure("fork");
  started.pid = pid;
  started.master = std::move(terminal->master);
  return started;
}

}  // namespace lvslab::kernel
