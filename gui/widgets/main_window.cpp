#include "gui/widgets/main_window.h"

#include <QAction>
#include <QApplication>
#include <QCloseEvent>
#include <QComboBox>
#include <QFile>
#include <QFileInfo>
#include <QLabel>
#include <QLibraryInfo>
#include <QMessageBox>
#include <QPlainTextEdit>
#include <QSettings>
#include <QSlider>
#include <QSplitter>
#include <QStackedWidget>
#include <QTabBar>
#include <QTabWidget>
#include <QThreadPool>
#include <QToolButton>
#include <QUndoStack>
#include <QVBoxLayout>

#include "gui/models/compare_model.h"
#include "gui/models/event_list_model.h"
#include "gui/models/ladder_model.h"
#include "gui/models/library.h"
#include "gui/models/packet_model.h"
#include "gui/models/play_model.h"
#include "gui/models/recording_file.h"
#include "gui/models/timeline_model.h"
#include "gui/models/topology_model.h"
#include "gui/models/why_model.h"
#include "gui/models/words.h"
#include "gui/widgets/compare_view.h"
#include "gui/widgets/event_panel.h"
#include "gui/widgets/file_panel.h"
#include "gui/widgets/host_panel.h"
#include "gui/widgets/icons.h"
#include "gui/widgets/inspector.h"
#include "gui/widgets/ladder_view.h"
#include "gui/widgets/lessons_panel.h"
#include "gui/widgets/palette_bar.h"
#include "gui/widgets/scenario_editor.h"
#include "gui/widgets/start_page.h"
#include "gui/widgets/theme.h"
#include "gui/widgets/time_line.h"
#include "gui/widgets/topology_view.h"
#include "gui/widgets/transport_bar.h"
#include "gui/widgets/why_panel.h"

namespace lvslab::gui {
namespace {

constexpr int kRecentFiles = 8;
constexpr int kNoticeMs = 7'000;

/// What a large window has more goes mostly to the drawing, and to the sentences beside it.
void share_out(QSplitter& splitter, std::initializer_list<int> factors) {
  int pane = 0;
  for (const int factor : factors) splitter.setStretchFactor(pane++, factor);
}

}  // namespace

MainWindow::MainWindow(WindowOptions options) : options_(std::move(options)) {
  setObjectName(QStringLiteral("main"));
  setAcceptDrops(true);
  build_models();
  build_panels();
  build_actions();
  connect_all();
  load_state();
  retranslate();
  qApp->installEventFilter(this);
}

MainWindow::~MainWindow() { QThreadPool::globalInstance()->waitForDone(); }

void MainWindow::build_models() {
  play_ = std::make_unique<PlayModel>(options_.factory);
  library_ = std::make_unique<LibraryModel>(options_.scenario_folder);
  event_model_ = new EventListModel(*play_, play_.get());
  packet_model_ = new PacketModel(*play_, play_.get());
  why_model_ = new WhyModel(*play_, play_.get());
  topology_model_ = new TopologyModel(*play_, play_.get());
  timeline_model_ = new TimelineModel(*play_, play_.get());
  ladder_model_ = new LadderModel(*play_, play_.get());
  compare_model_ = new CompareModel(options_.factory, play_.get());
}

void MainWindow::build_panels() {
  transport_ = new TransportBar(*play_, this);
  addToolBar(transport_);
  auto* gap = new QWidget(transport_);
  gap->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
  transport_->addWidget(gap);
  backend_ = new QComboBox(transport_);
  for (std::size_t i = 0; i < options_.backends.size(); ++i) backend_->addItem(QString());
  transport_->addWidget(backend_);
  language_button_ = new QToolButton(transport_);
  language_button_->setAutoRaise(true);
  transport_->addWidget(language_button_);
  theme_button_ = new QToolButton(transport_);
  theme_button_->setAutoRaise(true);
  theme_button_->setIcon(icon(Glyph::kTheme));
  transport_->addWidget(theme_button_);

  lessons_ = new LessonsPanel(*play_, *library_, this);
  auto* middle = new QWidget(this);
  topology_ = new TopologyView(*play_, *topology_model_, middle);
  caption_ = new QLabel(middle);
  caption_->setWordWrap(true);
  caption_->setContentsMargins(12, 6, 12, 8);
  caption_->setMinimumHeight(2 * fontMetrics().height() + 14);
  caption_->setAlignment(Qt::AlignLeft | Qt::AlignVCenter);
  auto* middle_box = new QVBoxLayout(middle);
  middle_box->setContentsMargins(0, 0, 0, 0);
  middle_box->setSpacing(0);
  palette_ = new PaletteBar(middle);
  palette_->hide();
  middle_box->addWidget(palette_);
  middle_box->addWidget(topology_, 1);
  middle_box->addWidget(caption_);
  inspector_ = new Inspector(*packet_model_, this);
  why_ = new WhyPanel(*play_, *why_model_, this);
  right_ = new QSplitter(Qt::Vertical, this);
  right_->addWidget(inspector_);
  right_->addWidget(why_);
  right_->setChildrenCollapsible(false);
  right_->setSizes({290, 210});
  columns_ = new QSplitter(Qt::Horizontal, this);
  columns_->addWidget(lessons_);
  columns_->addWidget(middle);
  columns_->addWidget(right_);
  share_out(*columns_, {1, 4, 2});
  columns_->setSizes({240, 630, 410});
  build_tabs();
  rows_ = new QSplitter(Qt::Vertical, this);
  rows_->addWidget(columns_);
  rows_->addWidget(tabs_);
  share_out(*rows_, {3, 2});
  rows_->setSizes({510, 210});
  rows_->setChildrenCollapsible(false);
  time_line_ = new TimeLine(*play_, *timeline_model_, this);
  auto* central = new QWidget(this);
  auto* all = new QVBoxLayout(central);
  all->setContentsMargins(0, 0, 0, 0);
  all->setSpacing(0);
  all->addWidget(rows_, 1);
  all->addWidget(time_line_);
  start_ = new StartPage(*library_, this);
  pages_ = new QStackedWidget(this);
  pages_->addWidget(central);
  pages_->addWidget(start_);
  setCentralWidget(pages_);
  notice_timer_.setSingleShot(true);
  QObject::connect(&notice_timer_, &QTimer::timeout, this, &MainWindow::refresh_caption);
}

void MainWindow::build_tabs() {
  events_ = new EventPanel(*play_, *event_model_, this);
  tabs_ = new QTabWidget(this);
  tabs_->setDocumentMode(true);
  tabs_->setMovable(false);
  tabs_->addTab(events_, {});
  ladder_ = new LadderView(*play_, *ladder_model_, this);
  tabs_->addTab(ladder_, {});
  editor_ = new ScenarioEditor(this);
  tabs_->addTab(editor_, {});
  compare_ = new CompareView(*compare_model_, this);
  tabs_->addTab(compare_, {});
}

void MainWindow::connect_all() {
  const auto on = [this](auto* sender, auto signal, auto slot) {
    QObject::connect(sender, signal, this, slot);
  };
  on(play_.get(), &PlayModel::opened, &MainWindow::on_opened);
  on(play_.get(), &PlayModel::moved, [this] {
    notice_timer_.stop();
    refresh_caption();
  });
  on(play_.get(), &PlayModel::focus_changed, &MainWindow::refresh_caption);
  on(play_.get(), &PlayModel::failed, &MainWindow::tell);
  on(play_.get(), &PlayModel::ended, &MainWindow::notice);
  on(play_.get(), &PlayModel::was_checked, [this] {
    bool all = !play_->findings().empty();
    for (const lab::Finding& finding : play_->findings()) all = all && finding.passed;
    if (all) library_->add_done(to_qt(play_->scenario().name));
  });
  on(lessons_, &LessonsPanel::scenario_chosen, &MainWindow::open);
  on(lessons_, &LessonsPanel::all_wanted, [this] { show_start(true); });
  on(start_, &StartPage::chosen, &MainWindow::open);
  on(start_, &StartPage::open_wanted, &MainWindow::ask_open);
  on(start_, &StartPage::closed, [this] { show_start(false); });
  QObject::connect(lessons_, &LessonsPanel::check_wanted, play_.get(), &PlayModel::check);
  on(topology_, &TopologyView::host_opened, [this](const QString& host) {
    if (HostPanel* panel = open_host(host)) panel->focus_terminal();
  });
  on(topology_, &TopologyView::menu_wanted, &MainWindow::host_menu);
  on(topology_, &TopologyView::places_changed, &MainWindow::save_state);
  on(topology_, &TopologyView::canvas_menu_wanted, &MainWindow::canvas_menu);
  connect_drawing();
  on(editor_, &ScenarioEditor::run_wanted, &MainWindow::run_text);
  on(editor_, &ScenarioEditor::failed, &MainWindow::tell);
  on(editor_, &ScenarioEditor::modified_changed, [this] { retranslate(); });
  on(backend_, &QComboBox::activated, [this] {
    if (play_->has_scenario()) run_text();
  });
  on(compare_, &CompareView::compare_wanted, &MainWindow::compare);
  on(transport_, &TransportBar::until_wanted, &MainWindow::ask_until);
  on(language_button_, &QToolButton::clicked,
     [this] { set_language(language_ == Language::kEn ? Language::kZh : Language::kEn); });
  on(theme_button_, &QToolButton::clicked, [this] { set_dark(!theme().dark); });
}

// The library in place of the lab, or the lab again.
void MainWindow::show_start(bool show) {
  if (show) {
    play_->pause();
    start_->show_open(path_);
  }
  pages_->setCurrentIndex(show ? 1 : 0);
  if (!show) topology_->setFocus();
}

// --- opening -------------------------------------------------------------------------------------

void MainWindow::open(const QString& name) {
  ++opening_;
  const QString path = library_->resolve(name);
  if (path.isEmpty()) {
    recent_.removeAll(name);
    fill_recent();
    return tell_unopened(
        Error{from_qt(tr("There is no scenario or file '%1'.").arg(name)), {}, {}});
  }
  if (is_recording(from_qt(path))) return open_recording(path);
  if (QFileInfo(path).suffix().toLower() == QLatin1String("trace")) {
    return tell_unopened(
        Error{from_qt(tr("%1 is a list for people to read: it holds no packets.").arg(path)),
              {},
              from_qt(tr("save the run as .jsonl to play it again, or open its scenario"))});
  }
  if (auto opened = editor_->open(path); !opened) return tell_unopened(opened.error());
  if (path != path_) drawn_->clear();
  path_ = path;
  show_start(false);
  if (!editor_->scenario()) {
    tabs_->setCurrentWidget(editor_);
    return tell(tr("%1 has mistakes: they are listed beside the text.").arg(name));
  }
  run_text();
}

// What was open stays open; without anything, there is the library to choose from.
void MainWindow::tell_unopened(const Error& error) {
  if (!play_->has_scenario()) show_start(true);
  tell(to_qt(error.to_string()));
}

void MainWindow::run_text() {
  if (!editor_->scenario()) return tell(tr("The text has mistakes: they are listed beside it."));
  const auto backend = static_cast<std::size_t>(std::max(0, backend_->currentIndex()));
  play_->open(*editor_->scenario(), options_.backends[backend].name);
}

void MainWindow::open_first() {
  const QString last = QSettings().value(QStringLiteral("file")).toString();
  open(!last.isEmpty() && QFileInfo::exists(last) ? last : QStringLiteral("dr-basic"));
  // What was open last may have been damaged since.
  if (!play_->has_scenario() && !editor_->is_open()) open(QStringLiteral("dr-basic"));
}

void MainWindow::compare() {
  if (!play_->has_scenario()) return;
  compare_model_->start(play_->scenario(), options_.compared.first, options_.compared.second);
}

void MainWindow::on_opened() {
  while (!hosts_.empty()) {
    keep_left_text(hosts_.begin()->first, *hosts_.begin()->second);
    close_host(hosts_.begin()->first);
  }
  shown_path_ = path_;
  const bool lab = !play_->recorded();
  if (!lab && (tabs_->currentWidget() == editor_ || tabs_->currentWidget() == compare_)) {
    tabs_->setCurrentWidget(events_);
  }
  tabs_->setTabEnabled(tabs_->indexOf(editor_), lab);
  tabs_->setTabEnabled(tabs_->indexOf(compare_), lab);
  backend_->setEnabled(lab);
  for (const char* name : {"save", "save-as", "run-text", "typed", "check", "draw", "remove"}) {
    actions_.at(name)->setEnabled(lab);
  }
  QMap<QString, QPointF> places;
  QSettings settings;
  settings.beginGroup(QStringLiteral("places/") + to_qt(play_->scenario().name));
  for (const QString& node : settings.childKeys()) places[node] = settings.value(node).toPointF();
  if (!places.isEmpty()) topology_->set_places(places);
  show_start(false);
  remember_recent(path_);
  lessons_->show_open(path_);
  refresh_title();
  refresh_caption();
  if (editor_->offers_draft() && editor_->path() == path_) {
    notice(tr("There is an unsaved draft of this file: the page Scenario restores it."));
  }
}

void MainWindow::remember_recent(const QString& path) {
  recent_.removeAll(path);
  recent_.prepend(path);
  while (recent_.size() > kRecentFiles) recent_.removeLast();
  QSettings().setValue(QStringLiteral("file"), path);
  fill_recent();
}

HostPanel* MainWindow::open_host(const QString& host) {
  if (!play_->has_scenario() || play_->scenario().find_host(from_qt(host)) == nullptr)
    return nullptr;
  HostPanel*& panel = hosts_[host];
  if (panel == nullptr) {
    panel = new HostPanel(*play_, from_qt(host), this);
    QObject::connect(panel, &HostPanel::file_opened, this,
                     [this, host, panel] { restore_left_text(host, *panel); });
    tabs_->addTab(panel, icon(Glyph::kTerminal), host);
    tabs_->setTabToolTip(tabs_->indexOf(panel), tr("Terminal and tables of %1").arg(host));
    auto* close = new QToolButton(tabs_);
    close->setObjectName(QStringLiteral("closeTab"));
    close->setText(QStringLiteral("✕"));
    close->setToolTip(tr("Close %1").arg(host));
    close->setAccessibleName(close->toolTip());
    tabs_->tabBar()->setTabButton(tabs_->indexOf(panel), QTabBar::RightSide, close);
    QObject::connect(close, &QToolButton::clicked, this, [this, host] {
      HostPanel* closing = hosts_.at(host);
      if (!closing->has_unsaved_file()) return close_host(host);
      tabs_->setCurrentWidget(closing);
      closing->focus_terminal();
      notice(tr("The file of %1 is not written yet: Ctrl+S writes it, Esc leaves it.").arg(host));
    });
  }
  tabs_->setCurrentWidget(panel);
  return panel;
}

void MainWindow::close_host(const QString& host) {
  const auto found = hosts_.find(host);
  if (found == hosts_.end()) return;
  tabs_->removeTab(tabs_->indexOf(found->second));
  found->second->deleteLater();
  hosts_.erase(found);
}

void MainWindow::keep_left_text(const QString& host, const HostPanel& panel) {
  if (!panel.has_unsaved_file()) return;
  left_texts_[{shown_path_, host, panel.file()->path()}] = panel.file()->text()->toPlainText();
}

void MainWindow::restore_left_text(const QString& host, const HostPanel& panel) {
  const auto left = left_texts_.find({shown_path_, host, panel.file()->path()});
  if (left == left_texts_.end()) return;
  panel.file()->restore(left->second);
  left_texts_.erase(left);
  notice(tr("What you typed in %1 earlier and did not write is here again.")
             .arg(panel.file()->path()));
}

// --- words ---------------------------------------------------------------------------------------

void MainWindow::set_language(Language language) {
  language_ = language;
  qApp->removeTranslator(&translator_);
  qApp->removeTranslator(&qt_translator_);
  if (language == Language::kZh) {
    if (qt_translator_.load(QStringLiteral("qtbase_zh_CN"),
                            QLibraryInfo::path(QLibraryInfo::TranslationsPath))) {
      qApp->installTranslator(&qt_translator_);
    }
    if (translator_.load(QStringLiteral(":/i18n/lvslab_zh.qm")))
      qApp->installTranslator(&translator_);
  }
  play_->set_language(language);
  compare_model_->set_language(language);
  retranslate();
}

void MainWindow::set_dark(bool dark) { use_theme(*qApp, dark); }

void MainWindow::changeEvent(QEvent* event) {
  QMainWindow::changeEvent(event);
  if (event->type() == QEvent::LanguageChange && transport_ != nullptr) retranslate();
  if (event->type() == QEvent::PaletteChange && caption_ != nullptr) refresh_caption();
}

void MainWindow::retranslate() {
  tabs_->setAccessibleName(tr("Views of the run"));
  tabs_->setTabText(0, tr("Events"));
  tabs_->setTabToolTip(0, tr("Everything that happened, line by line"));
  tabs_->setTabText(1, tr("Ladder"));
  tabs_->setTabToolTip(1, tr("Packets as arrows from host to host"));
  tabs_->setTabText(
      2, editor_->is_modified() ? tr("Scenario") + QStringLiteral(" *") : tr("Scenario"));
  tabs_->setTabToolTip(2, tr("The scenario as text, with what is wrong with it"));
  tabs_->setTabText(3, tr("Compare"));
  tabs_->setTabToolTip(3, tr("The simulator and the real kernel, side by side"));
  for (std::size_t i = 0; i < options_.backends.size(); ++i) {
    backend_->setItemText(static_cast<int>(i),
                          QCoreApplication::translate("Backend", options_.backends[i].title));
  }
  backend_->setToolTip(tr("What runs the lab; the scenario starts anew"));
  backend_->setAccessibleName(tr("Backend"));
  language_button_->setText(language_ == Language::kEn ? QStringLiteral("中文")
                                                       : QStringLiteral("English"));
  language_button_->setToolTip(tr("Switch the language (Ctrl+L)"));
  theme_button_->setToolTip(tr("Light or dark (Ctrl+D)"));
  theme_button_->setAccessibleName(tr("Light or dark"));
  translate_actions();
  refresh_title();
  refresh_caption();
}

void MainWindow::refresh_title() {
  QString title = QStringLiteral("LVS Lab");
  if (play_->has_scenario()) title += QStringLiteral(" — ") + to_qt(play_->scenario().name);
  if (play_->recorded()) title += u' ' + tr("(recording)");
  setWindowTitle(title);
}

// One sentence below the drawing: what was just decided, or what to do.
void MainWindow::refresh_caption() {
  const RecordId focus = play_->focus();
  QString text;
  bool drop = false;
  if (notice_timer_.isActive()) {
    text = QStringLiteral("ⓘ ") + notice_;
  } else if (!play_->has_scenario()) {
    text = tr("Open a scenario to begin.");
  } else if (!focus.valid() || focus.value >= play_->trace().size()) {
    text = tr("Ready. Press → to do the first step, Space to run.");
  } else {
    drop = play_->trace()[focus].kind == RecordKind::kFrameDropped;
    const NodeId node = play_->trace()[focus].node;
    const QString host = node.valid() ? to_qt(play_->trace().node(node).name) : QString();
    const QString reason = event_model_->reason(focus);
    const bool frame = play_->trace()[focus].kind == RecordKind::kFrameSent;
    text = frame && !reason.isEmpty() ? reason : event_model_->summary(focus);
    if (!text.startsWith(host)) text = host + QStringLiteral(": ") + text;
  }
  QPalette p = caption_->palette();
  p.setColor(QPalette::WindowText, drop ? theme().danger : theme().text);
  p.setColor(QPalette::Window, theme().panel);
  caption_->setAutoFillBackground(true);
  caption_->setPalette(p);
  caption_->setText(text);
}

// Where the eye is: in place of the sentence below the drawing, for a while.
void MainWindow::notice(const QString& text) {
  notice_ = text;
  notice_timer_.start(kNoticeMs);
  refresh_caption();
}

void MainWindow::tell(const QString& message) {
  notice(message.section(u'\n', 0, 0));
  QApplication::alert(this);
  const bool unseen = pages_->currentWidget() == start_;  // the sentence is below the drawing
  if (!message.contains(u'\n') && !unseen) return;
  auto* box =
      new QMessageBox(QMessageBox::Warning, tr("LVS Lab"), message, QMessageBox::Close, this);
  box->setAttribute(Qt::WA_DeleteOnClose);
  box->open();
}

// --- state ---------------------------------------------------------------------------------------

void MainWindow::load_state() {
  const QSettings settings;
  resize(1280, 800);
  restoreGeometry(settings.value(QStringLiteral("geometry")).toByteArray());
  columns_->restoreState(settings.value(QStringLiteral("columns")).toByteArray());
  rows_->restoreState(settings.value(QStringLiteral("rows")).toByteArray());
  right_->restoreState(settings.value(QStringLiteral("right")).toByteArray());
  transport_->speed()->setValue(
      settings.value(QStringLiteral("speed"), transport_->speed()->value()).toInt());
  transport_->step_by()->setCurrentIndex(
      settings.value(QStringLiteral("step-by"), transport_->step_by()->currentIndex()).toInt());
  tabs_->setCurrentIndex(settings.value(QStringLiteral("tab"), 0).toInt());
  actions_.at("motion")->setChecked(settings.value(QStringLiteral("still"), false).toBool());
  topology_->set_reduced_motion(actions_.at("motion")->isChecked());
  recent_ = settings.value(QStringLiteral("recent")).toStringList();
  library_->set_done(settings.value(QStringLiteral("done")).toStringList());
  fill_recent();
  const QString language =
      settings.value(QStringLiteral("language"), QLocale::system().name().left(2)).toString();
  set_language(language == QLatin1String("zh") ? Language::kZh : Language::kEn);
  set_dark(settings.value(QStringLiteral("dark"), desktop_is_dark()).toBool());
}

void MainWindow::save_state() {
  QSettings settings;
  settings.setValue(QStringLiteral("geometry"), saveGeometry());
  settings.setValue(QStringLiteral("columns"), columns_->saveState());
  settings.setValue(QStringLiteral("rows"), rows_->saveState());
  settings.setValue(QStringLiteral("right"), right_->saveState());
  settings.setValue(QStringLiteral("speed"), transport_->speed()->value());
  settings.setValue(QStringLiteral("step-by"), transport_->step_by()->currentIndex());
  // The tabs of hosts come and go with the scenario.
  const bool fixed = tabs_->currentIndex() <= tabs_->indexOf(compare_);
  settings.setValue(QStringLiteral("tab"), fixed ? tabs_->currentIndex() : 0);
  settings.setValue(QStringLiteral("still"), actions_.at("motion")->isChecked());
  settings.setValue(QStringLiteral("recent"), recent_);
  settings.setValue(QStringLiteral("done"), library_->done());
  settings.setValue(QStringLiteral("language"),
                    language_ == Language::kZh ? QStringLiteral("zh") : QStringLiteral("en"));
  settings.setValue(QStringLiteral("dark"), theme().dark);
  if (!play_->has_scenario()) return;
  settings.beginGroup(QStringLiteral("places/") + to_qt(play_->scenario().name));
  const QMap<QString, QPointF> places = topology_->places();
  for (auto it = places.begin(); it != places.end(); ++it) settings.setValue(it.key(), it.value());
}

void MainWindow::closeEvent(QCloseEvent* event) {
  save_state();
  editor_->keep_draft();
  play_->cancel();
  QMainWindow::closeEvent(event);
}

}  // namespace lvslab::gui
