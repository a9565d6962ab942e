// What the whole window shows: one run, and one moment of it.
//
// Models: the recorded history, the position in it, the record in focus there, playing on a timer,
// and everything that a student may ask of the session. Steps within what was recorded ask nobody;
// beyond its end the worker plays on. Typing or breaking something in the past starts a branch.
// Leaves out: pictures and lists of it, which are models of their own.
#pragma once

#include <QObject>
#include <QString>
#include <QTimer>
#include <optional>

#include "gui/models/recorded_run.h"
#include "gui/models/session_worker.h"
#include "sim/base/language.h"

namespace lvslab::gui {

class PlayModel : public QObject {
  Q_OBJECT

 public:
  explicit PlayModel(BackendFactory factory, QObject* parent = nullptr);
  ~PlayModel() override;

  // --- reading -----------------------------------------------------------------------------------
  bool has_scenario() const { return scenario_.has_value(); }
  /// Requires has_scenario().
  const scenario::Scenario& scenario() const { return *scenario_; }
  const History& history() const { return history_; }
  const Trace& trace() const { return history_.trace(); }
  Position position() const { return position_; }
  Position start() const { return start_; }
  bool at_end() const { return position_ >= history_.end(); }
  /// The record that inspector and Why panel speak of; invalid at the beginning.
  RecordId focus() const { return focus_; }
  SimTime now() const;
  bool finished() const { return finished_ && at_end(); }
  bool playing() const { return timer_.isActive(); }
  bool recorded() const { return recorded_; }
  /// The worker is doing something.
  bool busy() const { return pending_ != 0; }
  const lab::Capabilities& capabilities() const { return capabilities_; }
  /// Hosts have real terminals.
  bool has_consoles() const { return has_consoles_; }
  const std::vector<RunningLine>& running() const { return running_; }
  bool is_running_on(const std::string& host) const;
  const std::vector<lab::Finding>& findings() const { return findings_; }
  bool checked() const { return checked_; }
  const lab::Storm& storm() const { return storm_; }
  const std::string& backend() const { return backend_; }
  Language language() const { return language_; }
  NodeId node(const std::string& name) const;

  // --- choosing ----------------------------------------------------------------------------------
  void set_language(Language language);
  /// Milliseconds between two steps while playing; 0: no pause at all.
  void set_pace(int ms);
  int pace() const { return pace_ms_; }
  void set_stride(Stride stride);
  Stride stride() const { return stride_; }

  // --- playing -----------------------------------------------------------------------------------
  void open(const scenario::Scenario& scenario, const std::string& backend);
  /// A run that was captured elsewhere: it can be watched, and nothing else.
  void open_recorded(const RecordedRun& run);
  void step(Stride stride);
  void back(Stride stride);
  void next_of_conversation();
  void run_until(const Until& goal);
  void play();
  void pause();
  void restart();
  void to_end();
  /// To a position, at or before the end of what was recorded.
  void go_to(Position position);
  /// To the event of `record`, with that record in focus.
  void show(RecordId record);
  /// Stops playing, and the worker.
  void cancel();

  // --- doing -------------------------------------------------------------------------------------
  /// `follow`: stay where the line was typed, so that one can step through what it does.
  void type(const std::string& host, const std::string& line, bool follow);
  /// What stands in a file of `host` comes with file_read(); it is read by `cat`, typed there.
  void read_file(const std::string& host, const std::string& path);
  void interrupt(const std::string& host);
  void strike(const scenario::Fault& fault);
  void check();
  void request_scenario_text();
  /// A login shell on a terminal of that size; of one that is open, the size. Needs has_consoles().
  void open_console(const std::string& host, int rows, int columns);
  void press_keys(const std::string& host, const QByteArray& bytes);
  /// Lets the lab's time pass, unless the scenario is not over or the worker has something to do.
  void let_pass(SimDuration span);

 Q_SIGNALS:
  void opened();
  /// Records were added; `from` is the first of them.
  void grew(quint32 from);
  /// Records from `to` on are gone.
  void was_cut(quint32 to);
  void moved(quint32 from, quint32 to);
  void focus_changed();
  /// Playing, busy, running lines, finished.
  void state_changed();
  void language_changed();
  void was_checked();
  void failed(const QString& message);
  void ended(const QString& message);
  void scenario_text_ready(const QString& text);
  /// The scenario with what was typed so far; after each line and each fault.
  void typed(const QString& text);
  void file_read(const QString& host, const QString& path, const QString& text);
  void console_printed(const QString& host, const QByteArray& bytes);
  void console_closed(const QString& host);

 private:
  void forget_run(const scenario::Scenario& scenario, const std::string& backend);
  /// True after telling that a recording cannot do that.
  bool refuse_recorded();
  void take_updates();
  void apply(Update& update);
  void finish(const Update& update);
  void tell_end(const Update& update);
  void move_to(Position position, RecordId focus);
  RecordId focus_at(Position position) const;
  bool find_recorded(const Until& goal);
  void tick();
  std::uint64_t ask(Request request);

  SessionWorker worker_;
  std::optional<scenario::Scenario> scenario_;
  std::string backend_;
  History history_;
  Position position_ = 0;
  Position start_ = 0;
  RecordId focus_;
  Stride stride_ = Stride::kFrame;
  int pace_ms_ = 300;
  QTimer timer_;
  Language language_ = Language::kEn;
  std::uint64_t pending_ = 0;  ///< the last request that is not done
  std::optional<Until> goal_;  ///< what a step beyond the end looks for
  Position searched_ = 0;      ///< where the search for goal_ goes on
  bool to_end_ = false;        ///< the view goes along to the end
  bool follow_typed_ = false;
  bool has_consoles_ = false;
  bool finished_ = false;
  bool recorded_ = false;
  std::uint64_t opened_by_ = 0;  ///< what was asked for earlier is of another run
  SimTime session_now_;
  bool checked_ = false;
  lab::Capabilities capabilities_;
  std::vector<RunningLine> running_;
  std::vector<lab::Finding> findings_;
  lab::Storm storm_;
};

}  // namespace lvslab::gui
