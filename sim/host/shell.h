// A running shell: the cursor over a parsed line, as plain data, so that a line which takes
// simulated time (curl, ping, sleep) can wait, be copied with the world, and go on.
//
// Models: everything that sim/command/shell.h parses, break and continue. The right-hand sides of
// pipelines are filters that get the whole output of the left-hand side when that has finished.
//
// Commands take no time here, so a loop that waits for nothing would never let time go on. After
// kFreeRounds rounds at one moment it gets a second for every kRoundsASecond more: what spins does
// not stop the world (the clock of the kernel backend creeps on, too).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sim/base/time.h"
#include "sim/command/output.h"
#include "sim/command/shell.h"
#include "sim/core/step.h"

namespace lvslab::host {

/// A line that was typed on a host; numbered from 1 per host in the order of typing.
using JobId = std::uint32_t;

/// The status of what SIGINT ended.
inline constexpr int kKilledByInterrupt = 130;

/// Rounds of loops that take no time, and how many get a second after those.
inline constexpr std::uint32_t kFreeRounds = 20'000, kRoundsASecond = 100;

/// A program was started that takes simulated time; the shell goes on when it exits.
struct Started {
  std::uint32_t pid = 0;
};
using CommandOutcome = std::variant<command::Output, Started>;

/// What a shell needs of its host.
class ShellHost {
 public:
  virtual ~ShellHost() = default;
  /// Runs one command; `input` is what is left of its standard input if that is a pipe, a file or
  /// a text. Who reads it takes all.
  virtual CommandOutcome run_command(Step& step, JobId job, const std::vector<std::string>& args,
                                     std::string* input) = 0;
  virtual std::optional<std::string> read_file(std::string_view path) const = 0;
  /// The error text of open(2) for writing ("No such file or directory"), or nothing if it may.
  virtual std::optional<std::string> cannot_write(std::string_view path) const = 0;
  /// True for a file that takes what is written as it comes; false for those that read a text as a
  /// whole (/proc/sys).
  virtual bool takes_pieces(std::string_view path) const = 0;
  /// Writes what was redirected; the error of write(2) ("Invalid argument"), or nothing.
  virtual std::optional<std::string> write_redirected(Step& step, std::string_view path,
                                                      std::string_view text, bool append) = 0;
  /// A new job for a list that runs in the background.
  virtual void start_background(Step& step, JobId job, const command::Script& script,
                                command::NodeIndex list, std::uint32_t child) = 0;
  /// Output that reaches the terminal of the job.
  virtual void terminal(Step& step, JobId job, int fd, std::string_view text) = 0;
};

class Shell {
 public:
  Shell() = default;
  /// `status` is that of the line before, for $?.
  Shell(command::Script script, command::NodeIndex root, int status = 0);
  /// Only child `child` of the list `list`: a background job.
  static Shell background(const command::Script& script, command::NodeIndex list,
                          std::uint32_t child);

  /// Goes on until a program has to be waited for or the line is done.
  void run(Step& step, ShellHost& host, JobId job, command::Variables& variables);
  /// Output of the program that the shell waits for, while it runs.
  void program_output(Step& step, ShellHost& host, JobId job, int fd, std::string_view text);
  /// The program that the shell waited for has exited; run() must follow.
  void program_exited(Step& step, ShellHost& host, JobId job, int status);
  /// Ctrl-C: nothing more is run.
  void interrupt() {
    stack_.clear();
    status_ = kKilledByInterrupt;
  }

  bool done() const { return stack_.empty(); }
  int status() const { return status_; }
  /// True if what the current command prints reaches the terminal: no pipe, no redirection.
  bool output_is_terminal() const;
  /// The program that is waited for; 0 for none.
  std::uint32_t waiting_for() const { return waiting_for_; }

 private:
  struct Redirection {
    enum class Kind : std::uint8_t { kFile, kAppend, kDuplicate };
    int fd = 1;
    int from = 1;
    Kind kind = Kind::kFile;
    bool streams = false;  ///< written as it comes, else when the command ends
    std::string path;
    std::string text;  ///< collected until the command ends
  };
  struct Frame {
    command::NodeIndex node = command::kNoNode;
    std::uint32_t child = 0;                  ///< how far this node has come
    std::uint32_t last_child = 0xffff'ffffU;  ///< stop before it (background jobs run one child)
    std::vector<std::string> fields;          ///< kFor: the values
    std::vector<std::string> results;         ///< outputs of command substitutions so far
    std::vector<int> statuses;                ///< and how they ended
    int status_before = 0;                    ///< $? until one of them has run
    int body_status = 0;                      ///< kWhile: that of the round before
    std::vector<Redirection> redirections;
    std::string captured;  ///< standard output, if it is captured
    std::string input;
    bool captures = false;  ///< a pipe or substitution reads its output
    bool substitution = false;
    bool has_input = false;
    bool opened = false;  ///< redirections are in place
  };

  void push(command::NodeIndex node) {
    stack_.push_back({.node = node});
    stack_.back().status_before = status_;
  }
  void finish_frame(Step& step, ShellHost& host, JobId job);
  /// True if the frame at `depth` is the first of a subshell.
  bool begins_subshell(std::size_t depth) const;
  /// `exit`: ends the line, or the part of it that runs in a subshell.
  void leave(Step& step, ShellHost& host, JobId job);
  /// break and continue: ends rounds of the loops around the command, or a subshell.
  void jump(Step& step, ShellHost& host, JobId job, const std::vector<std::string>& args);
  /// Lets a second pass if loops have gone round too often at this moment; true if so.
  bool rest(Step& step, ShellHost& host, JobId job);
  /// False if arithmetic in one of `words` has no value: bash says why, and gives the line up.
  bool have_values(Step& step, ShellHost& host, JobId job,
                   const std::vector<const command::Word*>& words,
                   const command::Variables& variables);
  /// Opens the redirections of a loop, a condition or a group; false if it does not run (yet).
  bool begin_compound(Step& step, ShellHost& host, JobId job, command::Variables& variables);
  /// Runs the next missing substitution of `words`; true once all results are there.
  bool substitute(Frame& frame, const std::vector<const command::Word*>& words);
  bool open_redirections(Step& step, ShellHost& host, JobId job, const command::Node& node,
                         command::Variables& variables);
  /// Of the innermost command, loop or group that has one; null at a terminal.
  std::string* standard_input();
  void emit(Step& step, ShellHost& host, JobId job, std::size_t depth, int fd,
            std::string_view text);
  /// The outputs for the substitutions of one of `words`; sets $? to what it is at that word.
  std::vector<std::string> results_for(const Frame& frame,
                                       const std::vector<const command::Word*>& words,
                                       std::size_t word, command::Variables& variables) const;
  /// What the words of the frame's node expand to; they are the first of `words`.
  std::vector<std::string> fields_of(const Frame& frame,
                                     const std::vector<const command::Word*>& words,
                                     command::Variables& variables) const;

  void step_list(Step& step, ShellHost& host, JobId job);
  void step_and_or(Step& step, ShellHost& host, JobId job);
  void step_pipeline(Step& step, ShellHost& host, JobId job);
  void step_for(Step& step, ShellHost& host, JobId job, command::Variables& variables);
  void step_while(Step& step, ShellHost& host, JobId job, command::Variables& variables);
  void step_if(Step& step, ShellHost& host, JobId job, command::Variables& variables);
  void step_group(Step& step, ShellHost& host, JobId job, command::Variables& variables);
  void step_simple(Step& step, ShellHost& host, JobId job, command::Variables& variables);

  command::Script script_;
  std::vector<Frame> stack_;
  int status_ = 0;
  std::uint32_t waiting_for_ = 0;
  SimTime round_at_;          ///< when loops went round last, and
  std::uint32_t rounds_ = 0;  ///< how often since then
};

}  // namespace lvslab::host
