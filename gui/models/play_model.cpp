#include "gui/models/play_model.h"

#include <algorithm>

#include "gui/models/words.h"

namespace lvslab::gui {

PlayModel::PlayModel(BackendFactory factory, QObject* parent)
    : QObject(parent), worker_(std::move(factory)) {
  timer_.setSingleShot(true);
  QObject::connect(&timer_, &QTimer::timeout, this, &PlayModel::tick);
  QObject::connect(&worker_, &SessionWorker::ready, this, &PlayModel::take_updates,
                   Qt::QueuedConnection);
}

PlayModel::~PlayModel() = default;

SimTime PlayModel::now() const {
  if (position_ == 0 || trace().size() == 0) return {};
  const SimTime last = trace()[RecordId(position_ - 1)].at;
  return at_end() ? std::max(last, session_now_) : last;
}

bool PlayModel::is_running_on(const std::string& host) const {
  return std::ranges::any_of(running_, [&](const RunningLine& r) { return r.host == host; });
}

NodeId PlayModel::node(const std::string& name) const { return trace().find_node(name); }

void PlayModel::set_language(Language language) {
  if (language == language_) return;
  language_ = language;
  Q_EMIT language_changed();
}

void PlayModel::set_pace(int ms) { pace_ms_ = ms; }
void PlayModel::set_stride(Stride stride) { stride_ = stride; }

std::uint64_t PlayModel::ask(Request request) {
  pending_ = worker_.send(std::move(request));
  Q_EMIT state_changed();
  return pending_;
}

// --- playing -------------------------------------------------------------------------------------

void PlayModel::forget_run(const scenario::Scenario& scenario, const std::string& backend) {
  cancel();
  pending_ = 0;
  scenario_ = scenario;
  backend_ = backend;
  history_.clear();
  position_ = start_ = 0;
  focus_ = {};
  finished_ = checked_ = to_end_ = false;
  goal_.reset();
  running_.clear();
  findings_.clear();
  storm_ = {};
  session_now_ = {};
  capabilities_ = {};
  recorded_ = false;
  follow_typed_ = false;
  has_consoles_ = false;
  Q_EMIT was_cut(0);
}

void PlayModel::open(const scenario::Scenario& scenario, const std::string& backend) {
  forget_run(scenario, backend);
  opened_by_ = ask(OpenRequest{scenario, backend});
}

void PlayModel::open_recorded(const RecordedRun& run) {
  forget_run(run.scenario, "recording");
  recorded_ = finished_ = true;
  history_.append(run.chunk);
  position_ = start_ = run.start;
  session_now_ = history_.end() == 0 ? SimTime{} : trace().records().back().at;
  Q_EMIT opened();
  Q_EMIT grew(0);
  Q_EMIT state_changed();
}

bool PlayModel::refuse_recorded() {
  if (recorded_) {
    Q_EMIT failed(tr("This is a recording: it can be watched, but nothing can be done in it."));
  }
  return recorded_;
}

void PlayModel::step(Stride stride) { run_until({.stride = stride}); }

void PlayModel::run_until(const Until& goal) {
  if (!has_scenario() || history_.end() == 0) return;
  if (goal.time && *goal.time <= history_.trace().records().back().at) {
    return go_to(history_.position_at(*goal.time));
  }
  goal_ = goal;
  searched_ = position_;
  if (find_recorded(goal)) return;
  if (recorded_) {
    goal_.reset();
    timer_.stop();
    move_to(history_.end(), focus_at(history_.end()));
    return Q_EMIT ended(tr("The recording ends here."));
  }
  if (busy()) return;  // what the worker brings will be searched
  ask(PlayRequest{goal, false});
}

// Looks on from searched_; true if the goal was there, and is shown now.
bool PlayModel::find_recorded(const Until& goal) {
  if (goal.time) {
    searched_ = history_.end();
    return false;
  }
  for (; searched_ < history_.end(); ++searched_) {
    if (!goal.holds(trace(), RecordId(searched_))) continue;
    const RecordId found(searched_);
    const bool any = goal.stride == Stride::kEvent && !goal.filter && !goal.conversation &&
                     goal.reason == Reason::kNone && goal.host.empty();
    const Position to = history_.end_of_event(found);
    goal_.reset();
    move_to(to, any ? focus_at(to) : found);
    return true;
  }
  return false;
}

void PlayModel::back(Stride stride) {
  pause();
  const Until goal{.stride = stride};
  Position at = history_.previous_end(position_);
  while (at > start_) {
    const Position begin = history_.previous_end(at);
    for (Position i = at; i-- > begin;) {
      if (goal.holds(trace(), RecordId(i))) return move_to(at, focus_at(at));
    }
    at = begin;
  }
  if (position_ > start_) move_to(start_, {});
}

void PlayModel::next_of_conversation() {
  if (!focus_.valid() || !trace()[focus_].frame.valid()) return step(Stride::kFrame);
  Until goal{.stride = Stride::kFrame};
  goal.conversation = facts_of(trace().frame(trace()[focus_].frame));
  run_until(goal);
}

void PlayModel::play() {
  if (!has_scenario()) return;
  if (pace_ms_ == 0) return to_end();
  timer_.start(0);
  Q_EMIT state_changed();
}

void PlayModel::pause() {
  if (!timer_.isActive() && !to_end_) return;
  timer_.stop();
  if (to_end_) cancel();
  Q_EMIT state_changed();
}

void PlayModel::tick() {
  const Position before = position_;
  timer_.start(pace_ms_);
  step(stride_);
  if (position_ == before && !busy()) pause();
}

void PlayModel::restart() {
  pause();
  move_to(start_, {});
}

void PlayModel::to_end() {
  timer_.stop();
  if (!has_scenario()) return;
  move_to(history_.end(), focus_at(history_.end()));
  if (finished_ || busy()) return Q_EMIT state_changed();
  to_end_ = true;
  ask(PlayRequest{{}, true});
}

void PlayModel::go_to(Position position) {
  position = std::clamp(position, start_, history_.end());
  if (position < history_.end() && !history_.begins_event(position)) {
    position = history_.next_end(position);
  }
  move_to(position, position == start_ ? RecordId() : focus_at(position));
}

void PlayModel::show(RecordId record) {
  if (!record.valid() || record.value >= history_.end()) return;
  timer_.stop();
  move_to(std::max(start_, history_.end_of_event(record)), record);
  Q_EMIT state_changed();
}

void PlayModel::cancel() {
  timer_.stop();
  to_end_ = false;
  goal_.reset();
  worker_.cancel();
  Q_EMIT state_changed();
}

// What an event is about: what was lost in it, else what was sent, received, decided, typed.
RecordId PlayModel::focus_at(Position position) const {
  if (position == 0) return {};
  constexpr auto rank = [](RecordKind kind) {
    switch (kind) {
      case RecordKind::kFrameDropped: return 6;
      case RecordKind::kFrameSent: return 5;
      case RecordKind::kFrameReceived: return 4;
      case RecordKind::kDecision: return 3;
      case RecordKind::kFault: return 3;
      case RecordKind::kCommand: return 2;
      default: return 1;
    }
  };
  RecordId best(position - 1);
  for (Position i = position; i-- > history_.event_begin(position);) {
    if (rank(trace()[RecordId(i)].kind) > rank(trace()[best].kind)) best = RecordId(i);
  }
  return best;
}

void PlayModel::move_to(Position position, RecordId focus) {
  const Position from = std::exchange(position_, position);
  const bool refocused = focus != std::exchange(focus_, focus);
  if (from != position) Q_EMIT moved(from, position);
  if (refocused) Q_EMIT focus_changed();
}

// --- doing ---------------------------------------------------------------------------------------

void PlayModel::type(const std::string& host, const std::string& line, bool follow) {
  if (!has_scenario() || refuse_recorded()) return;
  timer_.stop();
  goal_.reset();
  follow_typed_ = follow;
  to_end_ = !follow;
  ask(TypeRequest{position_, host, line});
}

void PlayModel::read_file(const std::string& host, const std::string& path) {
  if (!has_scenario() || refuse_recorded()) return;
  timer_.stop();
  goal_.reset();
  to_end_ = true;
  ask(ReadRequest{position_, host, path});
}

void PlayModel::interrupt(const std::string& host) {
  if (refuse_recorded()) return;
  worker_.cancel();
  to_end_ = true;
  ask(InterruptRequest{host});
}

void PlayModel::strike(const scenario::Fault& fault) {
  if (!has_scenario() || refuse_recorded()) return;
  timer_.stop();
  to_end_ = true;
  ask(StrikeRequest{position_, fault});
}

void PlayModel::check() {
  if (has_scenario() && !refuse_recorded()) ask(CheckRequest{});
}

void PlayModel::request_scenario_text() {
  if (has_scenario() && !refuse_recorded()) ask(SaveRequest{});
}

void PlayModel::open_console(const std::string& host, int rows, int columns) {
  if (!has_consoles_) return;
  to_end_ = true;
  ask(ConsoleRequest{host, static_cast<std::uint16_t>(rows), static_cast<std::uint16_t>(columns)});
}

void PlayModel::press_keys(const std::string& host, const QByteArray& bytes) {
  if (!has_consoles_) return;
  timer_.stop();
  to_end_ = true;
  ask(KeysRequest{host, bytes.toStdString()});
}

void PlayModel::let_pass(SimDuration span) {
  if (!finished() || busy()) return;
  to_end_ = true;
  ask(PassRequest{span});
}

// --- what the worker brings ----------------------------------------------------------------------

void PlayModel::take_updates() {
  for (Update& update : worker_.take()) {
    if (!recorded_ && update.request >= opened_by_) apply(update);
  }
}

void PlayModel::apply(Update& update) {
  if (update.opened) {
    history_.clear();
    position_ = 0;
  }
  if (update.cut) {
    history_.cut(*update.cut);
    checked_ = false;
    findings_.clear();
    const auto to = static_cast<Position>(update.cut->records);
    Q_EMIT was_cut(to);
    if (position_ > to) move_to(to, focus_at(to));
  }
  const Position from = history_.end();
  history_.append(update.chunk);
  finished_ = update.finished;
  session_now_ = update.now;
  storm_ = update.storm;
  capabilities_ = update.capabilities;
  has_consoles_ = update.has_consoles;
  running_ = std::move(update.running);
  if (update.opened) {
    start_ = position_ = history_.end();
    focus_ = {};
    Q_EMIT opened();
  }
  if (history_.end() > from) Q_EMIT grew(from);
  if (goal_) static_cast<void>(find_recorded(*goal_));
  if (to_end_) move_to(history_.end(), focus_at(history_.end()));
  for (const ConsoleNews& news : update.consoles) {
    if (!news.bytes.empty()) {
      Q_EMIT console_printed(to_qt(news.host), QByteArray::fromStdString(news.bytes));
    }
    if (news.closed) Q_EMIT console_closed(to_qt(news.host));
  }
  if (update.done) finish(update);
  Q_EMIT state_changed();
}

void PlayModel::finish(const Update& update) {
  if (update.request == pending_) pending_ = 0;
  if (update.error) {
    timer_.stop();
    Q_EMIT failed(to_qt(update.error->to_string()));
  }
  if (update.findings) {
    findings_ = *update.findings;
    checked_ = true;
    Q_EMIT was_checked();
  }
  if (update.file) {
    Q_EMIT file_read(to_qt(update.file->host), to_qt(update.file->path), to_qt(update.file->text));
  }
  if (update.typed) Q_EMIT typed(to_qt(*update.typed));
  if (update.saved) Q_EMIT scenario_text_ready(to_qt(*update.saved));
  if (goal_ && pending_ == 0) {  // not found, or a time was the goal
    goal_.reset();
    move_to(history_.end(), focus_at(history_.end()));
  }
  if (follow_typed_) {
    follow_typed_ = false;
    if (!at_end()) step(Stride::kEvent);
  }
  if (pending_ == 0) to_end_ = false;
  tell_end(update);
}

void PlayModel::tell_end(const Update& update) {
  switch (update.end) {
    case lab::PlayEnd::kReached:
    case lab::PlayEnd::kInterrupted: return;
    case lab::PlayEnd::kFinished:
      timer_.stop();
      Q_EMIT ended(tr("The scenario ends here. Type commands, break something, or step back."));
      return;
    case lab::PlayEnd::kStorm:
      timer_.stop();
      Q_EMIT ended(to_qt(language_ == Language::kZh ? update.storm.to_string_zh()
                                                    : update.storm.to_string()));
      return;
  }
}

}  // namespace lvslab::gui
