// lvslab step: forth and back through a scenario in a terminal, or by lines from a pipe.
#include <algorithm>
#include <array>
#include <iostream>
#include <sstream>

#include "cli/commands.h"
#include "cli/editor.h"
#include "cli/files.h"
#include "cli/story.h"
#include "sim/backend/sim_backend.h"
#include "sim/lab/file_edit.h"
#include "sim/lab/show.h"
#include "sim/scenario/names.h"
#include "sim/scenario/units.h"
#include "sim/scenario/writer.h"
#include "sim/trace/packets.h"
#include "sim/trace/text.h"
#include "sim/trace/why.h"

namespace lvslab::cli {
namespace {

constexpr std::uint64_t kSnapshotEvery = 512;
/// So many records of one step are printed.
constexpr std::size_t kShownRecords = 40;

constexpr std::string_view kHelpEn =
    R"(next [event|frame|decision] [N]   do a step, or N; by itself: until the next decision
back [event|frame|decision] [N]   undo it
run                               play to the end
goto TIME                         forth or back to a moment, as 2.5s
why [N]                           the story of packet N, or of what happened last
show HOST TABLE                   arp route local-route addr link rule ipvs conn socket sysctl
type HOST COMMAND...              type a command on a host, and wait until it is done
save FILE                         write the scenario with what was typed
where                             time, step, what the script waits for
quit
Short: n b r g w s t. An empty line repeats `next`.
)";
constexpr std::string_view kHelpZh =
    R"(next [event|frame|decision] [N]   前进一步或 N 步；不带参数：到下一个决定
back [event|frame|decision] [N]   后退
run                               运行到结束
goto TIME                         前进或后退到某一时刻，例如 2.5s
why [N]                           解释第 N 个报文，或刚才发生的事
show HOST TABLE                   arp route local-route addr link rule ipvs conn socket sysctl
type HOST COMMAND...              在主机上输入命令，并等它结束
save FILE                         把输入过的命令连同场景写入文件
where                             时间、步数、脚本在等什么
quit
缩写：n b r g w s t。空行重复 next。
)";

class Stepper {
 public:
  Stepper(const Terminal& terminal, lab::Session& session)
      : terminal_(terminal), session_(session) {}

  /// False after `quit`.
  bool handle(const std::string& line);
  bool had_errors() const { return errors_; }
  bool storm() const { return session_.storm().kind != lab::Storm::Kind::kNone; }

 private:
  void next(std::istringstream& words);
  void back(std::istringstream& words);
  void go_to(std::istringstream& words);
  void why(std::istringstream& words);
  void show(std::istringstream& words);
  void type(std::istringstream& words);
  void save(std::istringstream& words);
  void where();
  void tell_records(std::size_t from);
  void tell_end(lab::PlayEnd end);
  void tell_error(const Error& error);
  std::optional<lab::Stride> stride_of(std::istringstream& words, std::uint64_t& count);

  const Terminal& terminal_;
  lab::Session& session_;
  bool errors_ = false;
};

void Stepper::tell_error(const Error& error) {
  errors_ = true;
  complain(error);
}

void Stepper::tell_records(std::size_t from) {
  const Trace& trace = session_.trace();
  Describer describer(terminal_.language);
  std::string text;
  std::size_t shown = 0;
  for (std::size_t i = from; i < trace.size() && shown < kShownRecords; ++i, ++shown) {
    describer.text(trace, RecordId(static_cast<std::uint32_t>(i)), text);
    text += '\n';
  }
  if (from + shown < trace.size()) {
    text += terminal_.format("... and {} more records\n", "……还有 {} 条记录\n",
                             trace.size() - from - shown);
  }
  std::fwrite(text.data(), 1, text.size(), stdout);
}

void Stepper::tell_end(lab::PlayEnd end) {
  const bool zh = terminal_.language == Language::kZh;
  switch (end) {
    case lab::PlayEnd::kReached: return;
    case lab::PlayEnd::kFinished:
      fmt::print("{}\n", terminal_.format("the scenario ends here, at {} s",
                                          "场景到此结束（{} 秒）", seconds(session_.now())));
      return;
    case lab::PlayEnd::kStorm:
      tell_error({zh ? session_.storm().to_string_zh() : session_.storm().to_string(), {}, {}});
      return;
    case lab::PlayEnd::kInterrupted:
      fmt::print("{}\n", terminal_.format("interrupted at {} s", "在 {} 秒处被中断",
                                          seconds(session_.now())));
      return;
  }
}

// "[event|frame|decision] [N]" in any order; nothing after complaining.
std::optional<lab::Stride> Stepper::stride_of(std::istringstream& words, std::uint64_t& count) {
  constexpr std::array<std::string_view, 3> kNames = {"event", "frame", "decision"};
  lab::Stride stride = lab::Stride::kDecision;
  std::string word;
  while (words >> word) {
    const auto name = std::ranges::find_if(
        kNames, [&](std::string_view candidate) { return candidate.starts_with(word); });
    if (name != kNames.end()) {
      stride = static_cast<lab::Stride>(name - kNames.begin());
    } else if (word.size() < 10 && word.find_first_not_of("0123456789") == std::string::npos) {
      count = std::stoul(word);
    } else {
      tell_error(
          {fmt::format("'{}' is no stride", word), {}, "event, frame, decision or a number"});
      return std::nullopt;
    }
  }
  return stride;
}

void Stepper::next(std::istringstream& words) {
  std::uint64_t count = 1;
  const auto stride = stride_of(words, count);
  if (!stride) return;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::size_t from = session_.trace().size();
    const lab::PlayEnd end = session_.next(*stride);
    // Of the way there only the last step is told: the rest is what the stride skips.
    tell_records(*stride == lab::Stride::kEvent ? from : session_.last_step_begin());
    tell_end(end);
    if (end != lab::PlayEnd::kReached) return;
  }
}

void Stepper::back(std::istringstream& words) {
  std::uint64_t count = 1;
  const auto stride = stride_of(words, count);
  if (!stride) return;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (auto went = session_.back(*stride); !went) return tell_error(went.error());
  }
  where();
  if (session_.steps() > 0) tell_records(session_.last_step_begin());
}

void Stepper::go_to(std::istringstream& words) {
  std::string text;
  words >> text;
  const auto time = scenario::parse_duration(text);
  if (!time) return tell_error({time.error().message, {}, time.error().hint});
  const SimTime at{time->ns};
  if (at < session_.now()) {
    // Times are not steps: back to the start, and forth again; what was typed comes along.
    if (auto went = session_.go_to_time(at); !went) return tell_error(went.error());
  } else {
    tell_end(session_.run_until(at));
  }
  where();
}

void Stepper::why(std::istringstream& words) {
  const Trace& trace = session_.trace();
  RecordId record;
  std::uint32_t number = 0;
  if (words >> number) {
    const auto found = find_packet(trace, number);
    if (!found) {
      return tell_error({fmt::format("there is no packet {} yet: so far there are {}", number,
                                     trace.frame_count()),
                         {},
                         {}});
    }
    record = *found;
  } else {
    if (trace.size() == 0) return tell_error({"nothing has happened yet", {}, "next"});
    record = RecordId(static_cast<std::uint32_t>(trace.size() - 1));
  }
  const std::string story = render_why(trace, record, terminal_.language, terminal_.colour);
  std::fwrite(story.data(), 1, story.size(), stdout);
}

void Stepper::show(std::istringstream& words) {
  std::string host;
  std::string name;
  words >> host >> name;
  const auto table = lab::table_by_name(name);
  if (!table) {
    return tell_error({fmt::format("there is no table '{}'", name),
                       {},
                       fmt::format("show HOST {}", fmt::join(scenario::kTableNames, "|"))});
  }
  const auto tables = session_.tables(host);
  if (!tables) return tell_error(tables.error());
  const std::string listing = lab::render_table(*table, *tables);
  std::fwrite(listing.data(), 1, listing.size(), stdout);
}

void Stepper::type(std::istringstream& words) {
  std::string host;
  std::string line;
  words >> host;
  std::getline(words >> std::ws, line);
  if (line.empty()) return tell_error({"type what?", {}, "type HOST COMMAND..."});
  if (const auto path = lab::file_to_edit(line)) {
    const auto change = edit(session_, host, *path);
    if (!change) return tell_error(change.error());
    if (!*change) return;
    line = **change;
  }
  read_rest(line, terminal_.interactive, false);
  if (line.empty()) return;
  const auto entry = session_.type(host, line);
  if (!entry) return tell_error(entry.error());
  const lab::PlayEnd end = session_.run_until_done(*entry);
  if (end == lab::PlayEnd::kInterrupted) session_.interrupt(*entry);
  const std::string text = entry_text(terminal_, session_.entries()[*entry]);
  std::fwrite(text.data(), 1, text.size(), stdout);
  if (end == lab::PlayEnd::kStorm) tell_end(end);
}

void Stepper::save(std::istringstream& words) {
  std::string path;
  std::getline(words >> std::ws, path);
  if (path.empty()) return tell_error({"save to which file?", {}, "save FILE"});
  const auto written = write_text(path, scenario::to_yaml(session_.to_scenario()));
  if (!written) tell_error(written.error());
}

void Stepper::where() {
  fmt::print("{}\n", terminal_.format("{} s, step {}, {} packets so far",
                                      "{} 秒，第 {} 步，已有 {} 个报文", seconds(session_.now()),
                                      session_.steps(), session_.trace().frame_count()));
  for (const lab::Entry& entry : session_.entries()) {
    if (entry.done) continue;
    fmt::print("{}\n", terminal_.format("{}: `{}` has run since {} s", "{}：{} 自 {} 秒起运行",
                                        entry.host, entry.text, seconds(entry.started)));
  }
}

bool Stepper::handle(const std::string& line) {
  std::istringstream words(line);
  std::string verb;
  words >> verb;
  const auto is = [&](std::string_view name) {
    return verb == name || (verb.size() == 1 && name.starts_with(verb));
  };
  if (verb.empty() || is("next")) {
    next(words);
  } else if (is("back")) {
    back(words);
  } else if (is("run")) {
    tell_end(session_.run_to_end());
  } else if (is("goto")) {
    go_to(words);
  } else if (is("why")) {
    why(words);
  } else if (is("show")) {
    show(words);
  } else if (is("type")) {
    type(words);
  } else if (verb == "save") {
    save(words);
  } else if (verb == "where") {
    where();
  } else if (is("help") || verb == "?") {
    fmt::print("{}", terminal_.say(kHelpEn, kHelpZh));
  } else if (is("quit") || verb == "exit") {
    return false;
  } else {
    tell_error({fmt::format("'{}' is no command", verb), {}, "help lists them"});
  }
  return true;
}

}  // namespace

int step_command(const Terminal& terminal, const std::string& file) {
  auto scenario = load_or_complain(file);
  if (!scenario) return kExitBadInput;
  backend::SimBackend backend;
  lab::Session session(backend, *std::move(scenario),
                       {.snapshot_every = kSnapshotEvery, .stop = &g_interrupted});
  if (auto started = session.start(); !started) {
    complain(started.error());
    return kExitBadInput;
  }
  Stepper stepper(terminal, session);
  if (terminal.interactive) {
    fmt::print("{}\n", terminal.say("`help` lists the commands, `next` does a step.",
                                    "help 列出命令，next 前进一步。"));
  }
  std::string line;
  for (;;) {
    if (terminal.interactive) {
      fmt::print("{}", terminal.paint("1", fmt::format("(lvslab {} s) ", seconds(session.now()))));
    }
    std::fflush(stdout);
    if (!std::getline(std::cin, line)) break;
    g_interrupted = 0;
    if (!stepper.handle(line)) break;
    if (g_interrupted != 0 && !terminal.interactive) return kExitInterrupted;
  }
  if (stepper.storm()) return kExitStorm;
  return stepper.had_errors() && !terminal.interactive ? kExitBadInput : kExitOk;
}

}  // namespace lvslab::cli
