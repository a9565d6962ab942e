#include "sim/host/shell.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "sim/base/check.h"

namespace lvslab::host {

using command::Connector;
using command::kNoNode;
using command::Node;
using command::NodeIndex;
using command::Output;
using command::Script;
using command::Variables;
using command::Word;

namespace {

/// All that is expanded before the command runs, in bash's order.
std::vector<const Word*> words_of(const Node& node) {
  std::vector<const Word*> words;
  for (const Word& word : node.words) words.push_back(&word);
  for (const auto& assignment : node.assignments) words.push_back(&assignment.value);
  for (const auto& redirect : node.redirects) words.push_back(&redirect.target);
  return words;
}

}  // namespace

Shell::Shell(Script script, NodeIndex root, int status)
    : script_(std::move(script)), status_(status) {
  push(root);
}

Shell Shell::background(const Script& script, NodeIndex list, std::uint32_t child) {
  Shell shell(script, list);
  shell.stack_.back().child = child;
  shell.stack_.back().last_child = child + 1;
  return shell;
}

void Shell::run(Step& step, ShellHost& host, JobId job, Variables& variables) {
  while (!stack_.empty() && waiting_for_ == 0) {
    switch (script_.nodes[stack_.back().node].kind) {
      case Node::Kind::kList: step_list(step, host, job); break;
      case Node::Kind::kAndOr: step_and_or(step, host, job); break;
      case Node::Kind::kPipeline: step_pipeline(step, host, job); break;
      case Node::Kind::kFor: step_for(step, host, job, variables); break;
      case Node::Kind::kWhile: step_while(step, host, job, variables); break;
      case Node::Kind::kIf: step_if(step, host, job, variables); break;
      case Node::Kind::kGroup: step_group(step, host, job, variables); break;
      case Node::Kind::kSimple: step_simple(step, host, job, variables); break;
    }
  }
}

// --- lists, conditions, pipelines, loops
// ------------------------------------------------------------

void Shell::step_list(Step& step, ShellHost& host, JobId job) {
  Frame& frame = stack_.back();
  const Node& node = script_.nodes[frame.node];
  const bool own_background_child = frame.last_child != 0xffff'ffffU;
  while (frame.child < node.children.size() && frame.child < frame.last_child) {
    const std::uint32_t child = frame.child++;
    if (node.background[child] != 0 && !own_background_child) {
      host.start_background(step, job, script_, frame.node, child);
      status_ = 0;
      continue;
    }
    return push(node.children[child]);
  }
  finish_frame(step, host, job);
}

void Shell::step_and_or(Step& step, ShellHost& host, JobId job) {
  Frame& frame = stack_.back();
  const Node& node = script_.nodes[frame.node];
  while (frame.child < node.children.size()) {
    const std::uint32_t child = frame.child++;
    const bool wanted =
        child == 0 || (node.connectors[child - 1] == Connector::kAnd) == (status_ == 0);
    if (wanted) return push(node.children[child]);
  }
  finish_frame(step, host, job);
}

void Shell::step_pipeline(Step& step, ShellHost& host, JobId job) {
  Frame& frame = stack_.back();
  const Node& node = script_.nodes[frame.node];
  if (frame.child == node.children.size()) {
    if (node.negated) status_ = status_ == 0 ? 1 : 0;
    return finish_frame(step, host, job);
  }
  const std::uint32_t child = frame.child++;
  const bool last = child + 1 == node.children.size();
  // The previous stage left its output in `results`.
  std::string input;
  const bool has_input = child > 0;
  if (has_input) input = std::move(frame.results.back());
  frame.results.clear();
  push(node.children[child]);
  stack_.back().captures = !last;
  stack_.back().input = std::move(input);
  stack_.back().has_input = has_input;
}

bool Shell::begin_compound(Step& step, ShellHost& host, JobId job, Variables& variables) {
  Frame& frame = stack_.back();
  if (frame.opened) return true;
  const Node& node = script_.nodes[frame.node];
  const std::vector<const Word*> words = words_of(node);
  if (!substitute(frame, words)) return false;
  if (!have_values(step, host, job, words, variables)) return false;
  frame.fields = fields_of(frame, words, variables);
  if (!open_redirections(step, host, job, node, variables)) {
    finish_frame(step, host, job);
    return false;
  }
  frame.opened = true;
  return true;
}

void Shell::step_for(Step& step, ShellHost& host, JobId job, Variables& variables) {
  const bool begins = !stack_.back().opened;
  if (!begin_compound(step, host, job, variables)) return;
  if (begins) status_ = 0;
  Frame& frame = stack_.back();
  const Node& node = script_.nodes[frame.node];
  if (frame.child == frame.fields.size()) return finish_frame(step, host, job);
  if (rest(step, host, job)) return;
  variables[node.variable] = frame.fields[frame.child++];
  push(node.children[0]);
}

// `child`: 0 before the condition, 1 behind it, 2 behind the body.
void Shell::step_while(Step& step, ShellHost& host, JobId job, Variables& variables) {
  if (!begin_compound(step, host, job, variables)) return;
  Frame& frame = stack_.back();
  const Node& node = script_.nodes[frame.node];
  if (frame.child == 1) {
    if ((status_ == 0) == node.negated) {
      status_ = frame.body_status;
      return finish_frame(step, host, job);
    }
    frame.child = 2;
    return push(node.children[1]);
  }
  if (frame.child == 2) {
    frame.body_status = status_;
    frame.child = 0;
  }
  if (rest(step, host, job)) return;
  frame.child = 1;
  push(node.children[0]);
}

// `child`: the list that comes next; behind a condition, the one that it decides on.
void Shell::step_if(Step& step, ShellHost& host, JobId job, Variables& variables) {
  if (!begin_compound(step, host, job, variables)) return;
  Frame& frame = stack_.back();
  const Node& node = script_.nodes[frame.node];
  const auto end = static_cast<std::uint32_t>(node.children.size());
  if (frame.child == end) return finish_frame(step, host, job);
  const bool decides = frame.child % 2 == 1;
  if (decides && status_ == 0) {
    const NodeIndex body = node.children[frame.child];
    frame.child = end;
    return push(body);
  }
  if (decides) ++frame.child;
  if (frame.child == end) {  // no condition holds, and there is no else
    status_ = 0;
    return finish_frame(step, host, job);
  }
  const bool otherwise = frame.child + 1 == end;
  const NodeIndex next = node.children[frame.child];
  frame.child = otherwise ? end : frame.child + 1;
  push(next);
}

void Shell::step_group(Step& step, ShellHost& host, JobId job, Variables& variables) {
  if (!begin_compound(step, host, job, variables)) return;
  Frame& frame = stack_.back();
  if (frame.child++ > 0) return finish_frame(step, host, job);
  push(script_.nodes[frame.node].children[0]);
}

bool Shell::rest(Step& step, ShellHost& host, JobId job) {
  if (round_at_ != step.now()) rounds_ = 0;
  round_at_ = step.now();
  if (++rounds_ < kFreeRounds) return false;
  rounds_ = kFreeRounds - kRoundsASecond;
  round_at_ = step.now() + SimDuration{1'000'000'000};
  const CommandOutcome outcome = host.run_command(step, job, {"sleep", "1"}, nullptr);
  const auto* started = std::get_if<Started>(&outcome);
  if (started == nullptr) return false;
  waiting_for_ = started->pid;
  push(kNoNode);  // what the end of the program ends
  return true;
}

// --- simple commands
// --------------------------------------------------------------------------------

void Shell::step_simple(Step& step, ShellHost& host, JobId job, Variables& variables) {
  Frame& frame = stack_.back();
  const Node& node = script_.nodes[frame.node];
  const std::vector<const Word*> words = words_of(node);
  if (!substitute(frame, words)) return;
  if (!have_values(step, host, job, words, variables)) return;

  const std::vector<std::string> args = fields_of(frame, words, variables);
  for (std::size_t a = 0; a < node.assignments.size(); ++a) {
    const auto results = results_for(frame, words, node.words.size() + a, variables);
    variables[node.assignments[a].name] =
        expand_to_one(node.assignments[a].value, variables, results);
  }
  if (!open_redirections(step, host, job, node, variables)) return finish_frame(step, host, job);
  if (args.empty()) {  // the status of `x=$(false)` is that of the substitution
    if (frame.results.empty()) status_ = 0;
    return finish_frame(step, host, job);
  }
  if (args.front() == "break" || args.front() == "continue") return jump(step, host, job, args);
  CommandOutcome outcome = host.run_command(step, job, args, standard_input());
  if (const auto* started = std::get_if<Started>(&outcome)) {
    waiting_for_ = started->pid;
    return;
  }
  const auto& output = std::get<Output>(outcome);
  const std::size_t depth = stack_.size() - 1;
  emit(step, host, job, depth, 1, output.out);
  emit(step, host, job, depth, 2, output.err);
  status_ = output.status;
  if (args.front() == "exit") return leave(step, host, job);
  finish_frame(step, host, job);
}

// In bash, parts of a pipeline and substitutions are processes of their own.
bool Shell::begins_subshell(std::size_t depth) const {
  if (depth >= stack_.size()) return false;
  if (stack_[depth].captures) return true;
  if (depth == 0) return false;
  const Node& above = script_.nodes[stack_[depth - 1].node];
  return above.kind == Node::Kind::kPipeline && above.children.size() > 1;
}

void Shell::leave(Step& step, ShellHost& host, JobId job) {
  for (bool subshell = false; !subshell && !stack_.empty();) {
    subshell = begins_subshell(stack_.size() - 1);
    finish_frame(step, host, job);
  }
}

bool Shell::have_values(Step& step, ShellHost& host, JobId job,
                        const std::vector<const Word*>& words, const Variables& variables) {
  for (const Word* word : words) {
    const auto error = arithmetic_error(*word, variables);
    if (!error) continue;
    emit(step, host, job, stack_.size() - 1, 2, "bash: " + *error + "\n");
    status_ = 1;
    leave(step, host, job);
    return false;
  }
  return true;
}

// bash 5.2, builtins/break.def: check_loop_level(), and common.c: get_numeric_arg().
void Shell::jump(Step& step, ShellHost& host, JobId job, const std::vector<std::string>& args) {
  const std::string& name = args.front();
  const auto complain = [&](const std::string& what, int status) {
    emit(step, host, job, stack_.size() - 1, 2, "bash: " + name + ": " + what + "\n");
    status_ = status;
  };
  const auto is_loop = [&](const Frame& frame) {
    const Node::Kind kind = script_.nodes[frame.node].kind;
    return kind == Node::Kind::kFor || kind == Node::Kind::kWhile;
  };
  std::size_t loops = 0;  // around it, up to the next subshell
  for (std::size_t depth = stack_.size(); depth-- > 0 && !begins_subshell(depth + 1);) {
    loops += is_loop(stack_[depth]) ? 1 : 0;
  }
  if (loops == 0) {
    complain("only meaningful in a `for', `while', or `until' loop", 0);
    return finish_frame(step, host, job);
  }
  std::size_t count = 1;
  status_ = 0;
  if (args.size() > 1) {
    const char* end = args[1].data() + args[1].size();
    std::int64_t given = 0;
    const auto read = std::from_chars(args[1].data(), end, given);
    if (read.ec != std::errc{} || read.ptr != end) {
      complain(args[1] + ": numeric argument required", 128);
      return leave(step, host, job);
    }
    if (args.size() > 2) {
      complain("too many arguments", 1);
      return leave(step, host, job);
    }
    if (given <= 0) complain(args[1] + ": loop count out of range", 1);
    count = given <= 0 ? loops : std::min(loops, static_cast<std::size_t>(given));
  }
  const bool ends = name == "break" || status_ != 0;
  for (;;) {
    if (!is_loop(stack_.back())) {
      finish_frame(step, host, job);
    } else if (--count > 0 || ends) {
      finish_frame(step, host, job);
      if (count == 0) return;
    } else {
      // From the condition of a while, too, it goes on with that.
      Frame& loop = stack_.back();
      if (script_.nodes[loop.node].kind == Node::Kind::kWhile) loop.child = 2;
      return;
    }
  }
}

void Shell::program_output(Step& step, ShellHost& host, JobId job, int fd, std::string_view text) {
  if (!stack_.empty()) emit(step, host, job, stack_.size() - 1, fd, text);
}

void Shell::program_exited(Step& step, ShellHost& host, JobId job, int status) {
  waiting_for_ = 0;
  status_ = status;
  if (!stack_.empty()) finish_frame(step, host, job);
}

// --- words
// ------------------------------------------------------------------------------------------

bool Shell::substitute(Frame& frame, const std::vector<const Word*>& words) {
  std::size_t seen = 0;
  for (const Word* word : words) {
    for (const NodeIndex body : substitutions_of(*word)) {
      if (seen++ < frame.results.size()) continue;
      push(body);  // `frame` is not used after this: the stack may have moved
      stack_.back().captures = true;
      stack_.back().substitution = true;
      return false;
    }
  }
  return true;
}

std::vector<std::string> Shell::results_for(const Frame& frame,
                                            const std::vector<const Word*>& words, std::size_t word,
                                            Variables& variables) const {
  std::size_t first = 0;
  for (std::size_t w = 0; w < word; ++w) first += substitutions_of(*words[w]).size();
  variables["?"] = std::to_string(first == 0 ? frame.status_before : frame.statuses[first - 1]);
  const std::size_t n = substitutions_of(*words[word]).size();
  const auto begin = frame.results.begin() + static_cast<std::ptrdiff_t>(first);
  return {begin, begin + static_cast<std::ptrdiff_t>(n)};
}

std::vector<std::string> Shell::fields_of(const Frame& frame, const std::vector<const Word*>& words,
                                          Variables& variables) const {
  std::vector<std::string> fields;
  const std::size_t count = script_.nodes[frame.node].words.size();
  for (std::size_t w = 0; w < count; ++w) {
    const auto values = expand(*words[w], variables, results_for(frame, words, w, variables));
    fields.insert(fields.end(), values.begin(), values.end());
  }
  return fields;
}

bool Shell::open_redirections(Step& step, ShellHost& host, JobId job, const Node& node,
                              Variables& variables) {
  Frame& frame = stack_.back();
  const std::vector<const Word*> words = words_of(node);
  const std::size_t first = node.words.size() + node.assignments.size();
  for (std::size_t r = 0; r < node.redirects.size(); ++r) {
    const command::Redirect& redirect = node.redirects[r];
    using Kind = command::Redirect::Kind;
    if (redirect.kind == Kind::kDuplicate) {
      frame.redirections.push_back({.fd = redirect.fd,
                                    .from = redirect.from,
                                    .kind = Redirection::Kind::kDuplicate,
                                    .streams = false,
                                    .path = {},
                                    .text = {}});
      continue;
    }
    std::string path =
        expand_to_one(redirect.target, variables, results_for(frame, words, first + r, variables));
    if (redirect.kind == Kind::kText) {
      frame.input = std::move(path) + '\n';
      frame.has_input = true;
      continue;
    }
    std::optional<std::string> problem;
    if (redirect.kind == Kind::kRead) {
      std::optional<std::string> text = host.read_file(path);
      if (text) {
        frame.input = std::move(*text);
        frame.has_input = true;
        continue;
      }
      problem = "No such file or directory";
    } else {
      problem = host.cannot_write(path);
    }
    if (problem) {
      frame.redirections.clear();
      emit(step, host, job, stack_.size() - 1, 2, "bash: " + path + ": " + *problem + "\n");
      status_ = 1;
      return false;
    }
    const bool append = redirect.kind == Kind::kAppend;
    const bool streams = host.takes_pieces(path);
    if (streams) host.write_redirected(step, path, "", append);
    frame.redirections.push_back(
        {.fd = redirect.fd,
         .from = redirect.fd,
         .kind = append ? Redirection::Kind::kAppend : Redirection::Kind::kFile,
         .streams = streams,
         .path = path,
         .text = {}});
  }
  return true;
}

// --- output
// -----------------------------------------------------------------------------------------

std::string* Shell::standard_input() {
  for (std::size_t d = stack_.size(); d-- > 0;) {
    if (stack_[d].has_input) return &stack_[d].input;
  }
  return nullptr;
}

// From the frame at `depth` outwards: the first redirection, pipe or substitution takes it.
void Shell::emit(Step& step, ShellHost& host, JobId job, std::size_t depth, int fd,
                 std::string_view text) {
  if (text.empty()) return;
  for (std::size_t d = depth + 1; d-- > 0;) {
    Frame& frame = stack_[d];
    // The last redirection of a descriptor counts, and `2>&1` means where 1 went before it.
    for (std::size_t r = frame.redirections.size(); r-- > 0;) {
      Redirection& redirection = frame.redirections[r];
      if (redirection.fd != fd) continue;
      if (redirection.kind != Redirection::Kind::kDuplicate) {
        if (redirection.streams) {
          host.write_redirected(step, redirection.path, text, true);
        } else {
          redirection.text += text;
        }
        return;
      }
      fd = redirection.from;
    }
    if (frame.captures && fd == 1) {
      frame.captured += text;
      return;
    }
  }
  host.terminal(step, job, fd, text);
}

bool Shell::output_is_terminal() const {
  return std::ranges::none_of(stack_, [](const Frame& frame) {
    return frame.captures ||
           std::ranges::any_of(frame.redirections, [](const Redirection& r) { return r.fd == 1; });
  });
}

void Shell::finish_frame(Step& step, ShellHost& host, JobId job) {
  Frame frame = std::move(stack_.back());
  stack_.pop_back();
  for (const Redirection& redirection : frame.redirections) {
    if (redirection.kind == Redirection::Kind::kDuplicate || redirection.streams) continue;
    const auto problem = host.write_redirected(step, redirection.path, redirection.text,
                                               redirection.kind == Redirection::Kind::kAppend);
    if (!problem) continue;
    const std::string message = "bash: echo: write error: " + *problem + "\n";
    if (stack_.empty()) {
      host.terminal(step, job, 2, message);
    } else {
      emit(step, host, job, stack_.size() - 1, 2, message);
    }
    status_ = 1;
  }
  if (!frame.captures || stack_.empty()) return;
  if (frame.substitution) {
    while (!frame.captured.empty() && frame.captured.back() == '\n') frame.captured.pop_back();
    stack_.back().statuses.push_back(status_);
  }
  stack_.back().results.push_back(std::move(frame.captured));
}

}  // namespace lvslab::host
