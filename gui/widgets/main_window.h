// The window: lessons, topology, packet and why, events and hosts, time line, transport; and all
// keys.
//
// Leaves out: which backends there are (main.cpp hands them in).
#pragma once

#include <QMainWindow>
#include <QTimer>
#include <QTranslator>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "gui/models/block_text.h"
#include "gui/models/session_worker.h"
#include "sim/base/language.h"

class QComboBox;
class QLabel;
class QMenu;
class QSplitter;
class QStackedWidget;
class QTabWidget;
class QToolButton;
class QUndoStack;

namespace lvslab::gui {

class CompareModel;
class CompareView;
class EventListModel;
class EventPanel;
class HostPanel;
class Inspector;
class LadderModel;
class LadderView;
class LessonsPanel;
class LibraryModel;
class PacketModel;
class PaletteBar;
class PlayModel;
class ScenarioEditor;
class StartPage;
class TimeLine;
class TimelineModel;
class TopologyModel;
class TopologyView;
class TransportBar;
class WhyModel;
class WhyPanel;
struct ReadRecording;

/// A backend that main.cpp offers; `title` is translated in the context "Backend".
struct BackendChoice {
  std::string name;
  const char* title;
};

struct WindowOptions {
  BackendFactory factory;
  std::vector<BackendChoice> backends;
  /// The two sides of a comparison, by name.
  std::pair<std::string, std::string> compared{};
  QString scenario_folder;
};

class MainWindow : public QMainWindow {
  Q_OBJECT
  Q_DISABLE_COPY_MOVE(MainWindow)

 public:
  explicit MainWindow(WindowOptions options);
  ~MainWindow() override;

  /// A scenario by path or by the name of a shipped one, or a capture (.pcapng, .pcap). Tells what
  /// is wrong with it, if anything is.
  void open(const QString& name);
  /// What was open last, or dr-basic.
  void open_first();
  void set_language(Language language);
  void set_dark(bool dark);
  HostPanel* open_host(const QString& host);
  void show_start(bool show);
  /// All of the events to a capture; false after telling why not.
  bool export_capture(const QString& path);
  /// The run so far as one HTML file.
  bool export_report(const QString& path);
  /// Every record: as a run that can be played again (.jsonl), else as a list for people.
  bool export_run(const QString& path);
  /// The packets that the event list shows; false after telling why not.
  bool export_shown(const QString& path);

  PlayModel& play() { return *play_; }
  TopologyView& topology() { return *topology_; }
  EventPanel& events() { return *events_; }
  EventListModel& event_model() { return *event_model_; }
  Inspector& inspector() { return *inspector_; }
  WhyPanel& why() { return *why_; }
  LessonsPanel& lessons() { return *lessons_; }
  StartPage& start() { return *start_; }
  TransportBar& transport() { return *transport_; }
  LadderView& ladder() { return *ladder_; }
  ScenarioEditor& editor() { return *editor_; }
  CompareModel& compare_model() { return *compare_model_; }
  QComboBox& backend_choice() { return *backend_; }
  QTabWidget& tabs() { return *tabs_; }
  PaletteBar& palette_bar() { return *palette_; }
  /// The action of that name ("undo", "draw", ...).
  QAction& action_of(const std::string& name) { return *actions_.at(name); }
  /// Where the lines that were typed are kept while one types; empty before.
  const QString& kept_path() const { return kept_path_; }
  /// The text to another file, which is open from then on. False after telling why not.
  bool save_text_as(const QString& path);
  /// A small lab to begin with, in a file of its own.
  bool start_new(const QString& path);

 protected:
  void changeEvent(QEvent* event) override;
  void closeEvent(QCloseEvent* event) override;
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  // main_window.cpp
  void build_models();
  void build_panels();
  void build_tabs();
  void connect_all();
  void load_state();
  void save_state();
  void retranslate();
  void refresh_title();
  void refresh_caption();
  void on_opened();
  // main_window_export.cpp
  void open_recording(const QString& path);
  void show_recording(const QString& path, ReadRecording read);
  // main_window.cpp
  void tell_unopened(const Error& error);
  void remember_recent(const QString& path);

  // main_window_actions.cpp
  QAction* action(QMenu* menu, const char* name, const QKeySequence& key);
  void build_actions();
  void build_file_menu();
  void build_edit_menu();
  void build_run_menu();
  void build_view_menu();
  void build_help_menu();
  void translate_actions();
  void fill_recent();
  void ask_open();
  void ask_export();
  QString ask_capture_path();
  bool write_capture(const QString& path, const Trace& trace, bool comments);
  void ask_save_typed();
  void ask_trace();
  void ask_interface_capture(const QString& host, const QString& nic);
  bool write_bytes(const QString& path, const std::string& text);
  void ask_report();
  void ask_picture();
  void ask_ladder_picture();
  void open_in_wireshark();
  void ask_until();
  void show_keys();
  void host_menu(const QString& host, const QPoint& at);
  void switch_menu(const QString& name, const QPoint& at);
  // main_window_edit.cpp
  void canvas_menu(const QPoint& at);
  void add_edit_menu(QMenu* menu, const QString& node);
  void connect_drawing();
  void draw_node(const QString& kind, const QString& on, std::optional<QPointF> at);
  void draw_cable(const QString& from, const QString& to);
  void remove_from_drawing(const QString& name);
  bool apply_drawing(
      const std::function<Result<TextEdit>(const QString& text, const scenario::Scenario&)>& edit);
  void undo(bool redo);
  bool take_drop(QObject* watched, QEvent* event);
  void save_text();
  void ask_save_as();
  void ask_new();
  void keep_typed(const QString& text);
  void change_size(int by);

  // main_window_actions.cpp
  /// Plays the scenario on both sides and shows what differs.
  void compare();
  /// What stands in the editor, on the chosen backend.
  void run_text();
  void tell(const QString& message);
  void notice(const QString& text);
  void close_host(const QString& host);
  void keep_left_text(const QString& host, const HostPanel& panel);
  void restore_left_text(const QString& host, const HostPanel& panel);

  WindowOptions options_;
  std::unique_ptr<PlayModel> play_;
  std::unique_ptr<LibraryModel> library_;
  EventListModel* event_model_ = nullptr;
  PacketModel* packet_model_ = nullptr;
  WhyModel* why_model_ = nullptr;
  TopologyModel* topology_model_ = nullptr;
  TimelineModel* timeline_model_ = nullptr;
  LadderModel* ladder_model_ = nullptr;
  CompareModel* compare_model_ = nullptr;

  TransportBar* transport_ = nullptr;
  LessonsPanel* lessons_ = nullptr;
  TopologyView* topology_ = nullptr;
  PaletteBar* palette_ = nullptr;
  QLabel* caption_ = nullptr;
  Inspector* inspector_ = nullptr;
  WhyPanel* why_ = nullptr;
  EventPanel* events_ = nullptr;
  LadderView* ladder_ = nullptr;
  ScenarioEditor* editor_ = nullptr;
  StartPage* start_ = nullptr;
  QStackedWidget* pages_ = nullptr;
  CompareView* compare_ = nullptr;
  TimeLine* time_line_ = nullptr;
  QTabWidget* tabs_ = nullptr;
  QSplitter* columns_ = nullptr;
  QSplitter* rows_ = nullptr;
  QSplitter* right_ = nullptr;
  QToolButton* language_button_ = nullptr;
  QToolButton* theme_button_ = nullptr;
  QComboBox* backend_ = nullptr;
  std::map<QString, HostPanel*> hosts_;
  /// Texts in editors of hosts that were not written when the lab began anew or another one was
  /// opened, by lab, host and file.
  std::map<std::tuple<QString, QString, QString>, QString> left_texts_;
  QString shown_path_;  ///< of the lab that is shown

  QMenu* file_menu_ = nullptr;
  QMenu* edit_menu_ = nullptr;
  QMenu* recent_menu_ = nullptr;
  QMenu* run_menu_ = nullptr;
  QMenu* view_menu_ = nullptr;
  QMenu* help_menu_ = nullptr;
  std::map<std::string, QAction*> actions_;

  QTranslator translator_, qt_translator_;
  Language language_ = Language::kEn;
  QString path_;
  QString kept_path_;
  int opening_ = 0;  ///< counts what was opened: a capture that is read too late is not shown
  QUndoStack* drawn_ = nullptr;  ///< what was done on the canvas
  QStringList recent_;
  QString notice_;
  QTimer notice_timer_;
};

}  // namespace lvslab::gui
