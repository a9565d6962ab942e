// lvslab run
#include "cli/backends.h"
#include "cli/commands.h"
#include "cli/files.h"
#include "cli/story.h"
#include "sim/scenario/writer.h"
#include "sim/trace/run_file.h"

namespace lvslab::cli {
namespace {

void print_head(const Terminal& terminal, const scenario::Scenario& scenario) {
  const std::string& title = scenario.title.in(terminal.language);
  if (!title.empty()) fmt::print("{}\n", terminal.paint("1", title));
  const std::string& summary = scenario.summary.in(terminal.language);
  if (!summary.empty()) fmt::print("{}", terminal.paint("2", folded(summary)));
}

/// Prints the records of a run while it goes on: as lines for people, or as a run file.
class TracePrinter {
 public:
  explicit TracePrinter(Language language) : lines_(Describer(language)) {}
  explicit TracePrinter(RunFileWriter writer) : lines_(std::move(writer)) {}

  void print_news(const Trace& trace) {
    out_.clear();
    if (auto* writer = std::get_if<RunFileWriter>(&lines_)) {
      writer->add(trace, out_);
    } else {
      for (; printed_ < trace.size(); ++printed_) {
        std::get<Describer>(lines_).text(trace, RecordId(printed_), out_);
        out_ += '\n';
      }
    }
    if (out_.empty()) return;
    std::fwrite(out_.data(), 1, out_.size(), stdout);
    std::fflush(stdout);
  }

 private:
  std::variant<Describer, RunFileWriter> lines_;
  std::uint32_t printed_ = 0;
  std::string out_;
};

// What the end of the play means for the exit status; 0 if the expectations decide.
int status_of(const Terminal& terminal, const lab::Session& session, lab::PlayEnd end) {
  if (end == lab::PlayEnd::kStorm) {
    const bool zh = terminal.language == Language::kZh;
    complain(Error{zh ? session.storm().to_string_zh() : session.storm().to_string(), {}, {}});
    return kExitStorm;
  }
  if (end == lab::PlayEnd::kInterrupted) {
    complain(
        Error{terminal.format("interrupted at {} s", "在 {} 秒处被中断", seconds(session.now())),
              {},
              {}});
    return kExitInterrupted;
  }
  return kExitOk;
}

/// Tells the story, and streams the packets or records meanwhile.
class LiveStory final : public lab::Listener {
 public:
  LiveStory(Story& story, bool streams, std::optional<TracePrinter> records)
      : story_(story), streams_(streams), records_(std::move(records)) {}
  Result<void> begin(const lab::Session& session, Language language) {
    session_ = &session;
    if (!streams_) return {};
    auto stream = CaptureStream::open(session, language);
    if (!stream) return std::unexpected(stream.error());
    stream_ = *std::move(stream);
    return {};
  }
  Result<void> end() {
    story_.end();
    if (records_) records_->print_news(session_->trace());
    return stream_ ? stream_->finish(*session_) : Result<void>();
  }
  void on_done(const lab::Entry& entry) override { story_.on_done(entry); }
  void on_item(const scenario::TimelineItem& item, SimTime at) override {
    story_.on_item(item, at);
  }
  void on_progress(SimTime now, std::uint64_t steps) override {
    story_.on_progress(now, steps);
    if (session_ == nullptr) return;
    if (records_) records_->print_news(session_->trace());
    // A reader that went away ends the run: there is nobody to run it for.
    if (stream_ && !stream_->add(*session_)) g_interrupted = 1;
  }

 private:
  Story& story_;
  bool streams_;
  const lab::Session* session_ = nullptr;
  std::optional<CaptureStream> stream_;
  std::optional<TracePrinter> records_;
};

}  // namespace

int run_command(const Terminal& terminal, const RunOptions& options) {
  auto scenario = load_or_complain(options.file);
  if (!scenario) return kExitBadInput;
  if (options.seed) scenario->seed = *options.seed;
  std::optional<CaptureTarget> capture;
  const bool streams = options.pcap == "-";
  if (!options.pcap.empty() && !streams) {
    auto target = check_capture_target(options.pcap);
    if (!target) return complain(target.error()), kExitBadInput;
    capture = *std::move(target);
  }
  const bool tracing = !options.trace.empty() && options.trace != "none";
  if (tracing && streams) {
    complain(Error{"--trace and --pcap - both want standard output", {}, "give --pcap a file"});
    return kExitBadInput;
  }
  const bool quiet = tracing || streams;
  if (!quiet) print_head(terminal, *scenario);

  auto backend = make_backend(options.backend);
  if (!backend) return complain(backend.error()), kExitBadInput;
  Story told(terminal, quiet);
  std::optional<TracePrinter> records;
  if (tracing && options.trace == "jsonl") {
    records.emplace(RunFileWriter(scenario::to_yaml(*scenario), terminal.language));
  } else if (tracing) {
    records.emplace(terminal.language);
  }
  LiveStory story(told, streams, std::move(records));
  lab::Session session(**backend, *std::move(scenario),
                       {.until = options.until, .stop = &g_interrupted}, &story);
  if (auto started = session.start(); !started) {
    complain(started.error());
    return kExitBadInput;
  }
  if (auto begun = story.begin(session, terminal.language); !begun) {
    return complain(begun.error()), kExitBadInput;
  }
  const lab::PlayEnd end = session.run_to_end();
  if (auto ended = story.end(); !ended) return complain(ended.error()), kExitBadInput;

  int status = status_of(terminal, session, end);
  if (capture) {
    if (auto written = write_captures(*capture, session, terminal.language); !written) {
      complain(written.error());
      return kExitBadInput;
    }
  }
  complain(session.problems());
  const std::vector<Error> troubles = session.backend().troubles();
  complain(troubles);
  if (status == kExitOk) {
    const auto findings = lab::evaluate(session);
    const std::string summary = summary_text(terminal, session, findings);
    fmt::print(quiet ? stderr : stdout, "{}{}", quiet ? "" : "\n", summary);
    for (const lab::Finding& finding : findings) {
      if (!finding.passed) status = kExitUnmet;
    }
    if (!session.problems().empty() || !troubles.empty()) status = kExitUnmet;
  }
  return status;
}

}  // namespace lvslab::cli
