#include "gui/models/session_worker.h"

#include <QElapsedTimer>
#include <algorithm>
#include <map>

#include "sim/scenario/writer.h"

namespace lvslab::gui {
namespace {

constexpr std::uint64_t kSnapshotEvery = 512;
/// A line that was typed is followed for so long in simulated time; then it runs on by itself.
constexpr SimDuration kPatience{10'000'000'000};
/// An idle lab is played this far beyond its end before a step gives up.
constexpr SimDuration kIdleSpan{300'000'000'000};
/// Long runs show themselves so often.
constexpr qint64 kPublishMs = 60;

}  // namespace

/// Lives in the worker's thread and owns the session.
class SessionWorker::Engine : public QObject, public lab::Listener {
 public:
  Engine(SessionWorker& outside, BackendFactory factory)
      : outside_(outside), factory_(std::move(factory)) {}

  void handle(std::uint64_t number, const Request& request) {
    outside_.stop_ = 0;
    {
      const std::scoped_lock lock(outside_.mutex_);
      if (number <= outside_.cancelled_) return publish_locked({.request = number, .done = true});
    }
    request_ = number;
    update_ = {.request = number};
    if (session_ || std::holds_alternative<OpenRequest>(request)) {
      std::visit([&](const auto& r) { perform(r); }, request);
    }
    update_.done = true;
    publish();
  }

  void on_progress(SimTime /*now*/, std::uint64_t /*steps*/) override {
    if (last_publish_.isValid() && last_publish_.elapsed() < kPublishMs) return;
    publish();
  }

 private:
  void perform(const OpenRequest& request) {
    session_.reset();
    backend_.reset();
    consoles_.clear();
    published_ = {};
    auto made = factory_(request.backend);
    if (!made) {
      update_.error = made.error();
      return;
    }
    backend_ = *std::move(made);
    session_ = std::make_unique<lab::Session>(
        *backend_, request.scenario,
        lab::SessionOptions{.snapshot_every = kSnapshotEvery, .stop = &outside_.stop_}, this);
    if (auto started = session_->start(); !started) {
      update_.error = started.error();
      session_.reset();
      return;
    }
    update_.opened = true;
  }

  void perform(const PlayRequest& request) {
    if (request.to_end) {
      update_.end = session_->run_to_end();
      return;
    }
    const Until& goal = request.goal;
    const Trace& trace = session_->trace();
    const SimTime limit =
        goal.time.value_or(session_->finished() ? session_->now() + kIdleSpan : SimTime::never());
    for (;;) {
      const auto before = static_cast<std::uint32_t>(trace.size());
      update_.end = session_->finished() || goal.time ? session_->next_event(limit)
                                                      : session_->next(lab::Stride::kEvent);
      const bool reached_limit = goal.time && session_->now() >= *goal.time;
      if (update_.end != lab::PlayEnd::kReached) return;
      for (std::uint32_t i = before; i < trace.size(); ++i) {
        if (goal.holds(trace, RecordId(i)) && !only_time(goal)) return;
      }
      if (trace.size() == before && (reached_limit || session_->now() >= limit)) return;
    }
  }

  static bool only_time(const Until& goal) {
    return goal.time && !goal.filter && !goal.conversation && goal.reason == Reason::kNone &&
           goal.host.empty();
  }

  // Typing in the past starts a branch.
  bool go_to(Position at) {
    if (at >= session_->trace().size()) return true;
    if (!session_->can_go_back()) {
      update_.error = Error{"this backend cannot go back in time", {}, "move to the end first"};
      return false;
    }
    if (auto gone = session_->go_to_record(at); !gone) {
      update_.error = gone.error();
      return false;
    }
    const Trace::Mark here = session_->trace().mark();
    if (here.records < published_.records) {
      update_.cut = here;
      published_ = here;
    }
    return true;
  }

  /// Types a line and lets it run. Its entry; nothing after telling why it could not be typed.
  std::optional<std::size_t> type(Position at, const std::string& host, const std::string& line) {
    if (!go_to(at)) return std::nullopt;
    const auto entry = session_->type(host, line);
    if (!entry) {
      update_.error = entry.error();
      return std::nullopt;
    }
    update_.end = session_->run_until_done(*entry, session_->now() + kPatience);
    if (session_->entries()[*entry].refused) update_.error = Error{host + " is down", {}, {}};
    return *entry;
  }

  void perform(const TypeRequest& request) {
    const auto entry = type(request.at, request.host, request.line);
    if (!entry) return;
    const lab::Entry& typed = session_->entries()[*entry];
    if (update_.end == lab::PlayEnd::kInterrupted && !typed.done) session_->interrupt(*entry);
    update_.typed = scenario::to_yaml(session_->to_scenario());
  }

  void perform(const ReadRequest& request) {
    const auto entry = type(request.at, request.host, "cat " + request.path);
    if (!entry) return;
    const lab::Entry& shown = session_->entries()[*entry];
    if (shown.refused) return;
    const bool missing = shown.output.find("No such file") != std::string::npos;
    if (shown.done && (shown.status == 0 || missing)) {
      update_.file = FileText{request.host, request.path, missing ? "" : shown.output};
    } else {
      update_.error = Error{request.path + " cannot be edited: " + shown.output, {}, {}};
    }
  }

  void perform(const InterruptRequest& request) {
    const auto& entries = session_->entries();
    for (std::size_t i = entries.size(); i-- > 0;) {
      if (entries[i].done || entries[i].host != request.host) continue;
      session_->interrupt(i);
      update_.end = session_->run_until_done(i, session_->now() + kPatience);
      return;
    }
  }

  void perform(const StrikeRequest& request) {
    if (!go_to(request.at)) return;
    if (auto struck = session_->strike(request.fault); !struck) update_.error = struck.error();
    update_.typed = scenario::to_yaml(session_->to_scenario());
  }

  void perform(const CheckRequest& /*request*/) {
    if (!session_->finished()) update_.end = session_->run_to_end();
    if (update_.end != lab::PlayEnd::kInterrupted) update_.findings = lab::evaluate(*session_);
  }

  void perform(const SaveRequest& /*request*/) {
    update_.saved = scenario::to_yaml(session_->to_scenario());
  }

  void perform(const ConsoleRequest& request) {
    lab::Consoles* consoles = backend_->consoles();
    if (consoles == nullptr) {
      update_.error = Error{"this backend has no terminals", {}, {}};
      return;
    }
    if (const auto open = consoles_.find(request.host); open != consoles_.end()) {
      return consoles->resize(open->second.ticket, request.rows, request.columns);
    }
    const auto opened = consoles->open_console(request.host, request.rows, request.columns);
    if (opened) {
      consoles_[request.host] = {.ticket = *opened};
    } else {
      update_.error = opened.error();
    }
  }

  void perform(const KeysRequest& request) {
    const auto open = consoles_.find(request.host);
    if (open != consoles_.end()) {
      backend_->consoles()->press_keys(open->second.ticket, request.bytes);
    }
  }

  void perform(const PassRequest& request) {
    if (session_->finished()) update_.end = session_->run_until(session_->now() + request.span);
    if (update_.end == lab::PlayEnd::kFinished) update_.end = lab::PlayEnd::kReached;
  }

  void take_from_consoles() {
    for (auto at = consoles_.begin(); at != consoles_.end();) {
      Console& console = at->second;
      const lab::JobState job = backend_->job(console.ticket);
      if (job.output.size() > console.taken || job.done) {
        update_.consoles.push_back({at->first, job.output.substr(console.taken), job.done});
        console.taken = job.output.size();
      }
      at = job.done ? consoles_.erase(at) : std::next(at);
    }
  }

  void publish() {
    if (session_) {
      update_.chunk = TraceChunk::since(session_->trace(), published_, published_ == Trace::Mark{});
      published_ = session_->trace().mark();
      update_.now = session_->now();
      update_.steps = session_->steps();
      update_.finished = session_->finished();
      update_.storm = session_->storm();
      update_.capabilities = backend_->capabilities();
      update_.has_consoles = backend_->consoles() != nullptr;
      take_from_consoles();
      for (const lab::Entry& entry : session_->entries()) {
        if (!entry.done) update_.running.push_back({entry.host, entry.text});
      }
    }
    const std::scoped_lock lock(outside_.mutex_);
    publish_locked(std::exchange(update_, Update{.request = request_}));
    last_publish_.start();
  }

  void publish_locked(Update update) {
    const bool was_empty = outside_.inbox_.empty();
    outside_.inbox_.push_back(std::move(update));
    if (was_empty) Q_EMIT outside_.ready();  // queued: the receiver lives in another thread
  }

  struct Console {
    lab::Ticket ticket;
    std::size_t taken = 0;  ///< bytes of its output that were published
  };

  SessionWorker& outside_;
  BackendFactory factory_;
  std::map<std::string, Console> consoles_;  ///< by host
  std::unique_ptr<lab::Backend> backend_;
  std::unique_ptr<lab::Session> session_;
  std::uint64_t request_ = 0;
  Update update_;
  Trace::Mark published_;
  QElapsedTimer last_publish_;
};

SessionWorker::SessionWorker(BackendFactory factory)
    : thread_(std::make_unique<QThread>()), engine_(new Engine(*this, std::move(factory))) {
  engine_->moveToThread(thread_.get());
  QObject::connect(thread_.get(), &QThread::finished, engine_, &QObject::deleteLater);
  thread_->start();
}

SessionWorker::~SessionWorker() {
  cancel();
  thread_->quit();
  thread_->wait();
}

std::uint64_t SessionWorker::send(Request request) {
  std::uint64_t number = 0;
  {
    const std::scoped_lock lock(mutex_);
    number = ++last_request_;
  }
  QMetaObject::invokeMethod(
      engine_,
      [engine = engine_, number, request = std::move(request)] { engine->handle(number, request); },
      Qt::QueuedConnection);
  return number;
}

void SessionWorker::cancel() {
  const std::scoped_lock lock(mutex_);
  cancelled_ = last_request_;
  stop_ = 1;
}

std::vector<Update> SessionWorker::take() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(inbox_, {});
}

}  // namespace lvslab::gui
