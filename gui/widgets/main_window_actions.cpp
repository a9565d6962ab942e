// Menus, keys, dialogs.
#include <QAction>
#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QDialog>
#include <QDialogButtonBox>
#include <QFileInfo>
#include <QFormLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QMenuBar>
#include <QSlider>
#include <QStackedWidget>
#include <QTabBar>
#include <QTextBrowser>
#include <QToolButton>
#include <QVBoxLayout>

#include "gui/models/event_list_model.h"
#include "gui/models/play_model.h"
#include "gui/models/words.h"
#include "gui/widgets/event_panel.h"
#include "gui/widgets/host_panel.h"
#include "gui/widgets/main_window.h"
#include "gui/widgets/palette_bar.h"
#include "gui/widgets/scenario_editor.h"
#include "gui/widgets/start_page.h"
#include "gui/widgets/theme.h"
#include "gui/widgets/topology_view.h"
#include "gui/widgets/transport_bar.h"
#include "gui/widgets/why_panel.h"
#include "sim/scenario/units.h"

namespace lvslab::gui {
namespace {

constexpr std::uint32_t kTenPercent = 100'000;  // per million

struct ActionText {
  const char* name;
  const char* text;
};
/// Names of actions and what they say, in the order of the menus.
constexpr auto kTexts = std::to_array<ActionText>({
    {"lessons", QT_TRANSLATE_NOOP("Actions", "&All lessons")},
    {"open", QT_TRANSLATE_NOOP("Actions", "&Open…")},
    {"new", QT_TRANSLATE_NOOP("Actions", "&New scenario…")},
    {"save", QT_TRANSLATE_NOOP("Actions", "Save the &text")},
    {"save-as", QT_TRANSLATE_NOOP("Actions", "Save the text &as…")},
    {"run-text", QT_TRANSLATE_NOOP("Actions", "R&un the text")},
    {"capture", QT_TRANSLATE_NOOP("Actions", "&Export capture…")},
    {"capture-shown", QT_TRANSLATE_NOOP("Actions", "Export capture of what the list s&hows…")},
    {"wireshark", QT_TRANSLATE_NOOP("Actions", "Open in &Wireshark")},
    {"trace", QT_TRANSLATE_NOOP("Actions", "Export &every record…")},
    {"report", QT_TRANSLATE_NOOP("Actions", "Export a repo&rt…")},
    {"picture", QT_TRANSLATE_NOOP("Actions", "Export &picture of the topology…")},
    {"ladder-picture", QT_TRANSLATE_NOOP("Actions", "Export picture of the &ladder…")},
    {"typed", QT_TRANSLATE_NOOP("Actions", "&Save what I typed as a scenario…")},
    {"reopen-typed", QT_TRANSLATE_NOOP("Actions", "Reopen what I typed &last")},
    {"quit", QT_TRANSLATE_NOOP("Actions", "&Quit")},
    {"undo", QT_TRANSLATE_NOOP("Actions", "&Undo")},
    {"redo", QT_TRANSLATE_NOOP("Actions", "&Redo")},
    {"draw", QT_TRANSLATE_NOOP("Actions", "&Edit the drawing")},
    {"remove", QT_TRANSLATE_NOOP("Actions", "Re&move the chosen host or switch")},
    {"play", QT_TRANSLATE_NOOP("Actions", "&Run or pause")},
    {"step", QT_TRANSLATE_NOOP("Actions", "&Step forward")},
    {"back", QT_TRANSLATE_NOOP("Actions", "Step &back")},
    {"step-packet", QT_TRANSLATE_NOOP("Actions", "Forward by a &frame")},
    {"back-packet", QT_TRANSLATE_NOOP("Actions", "Back by a frame")},
    {"step-command", QT_TRANSLATE_NOOP("Actions", "Forward to the next &command")},
    {"back-command", QT_TRANSLATE_NOOP("Actions", "Back to the last command")},
    {"conversation", QT_TRANSLATE_NOOP("Actions", "&Next packet of this conversation")},
    {"until", QT_TRANSLATE_NOOP("Actions", "Run &until…")},
    {"restart", QT_TRANSLATE_NOOP("Actions", "Back to the s&tart")},
    {"end", QT_TRANSLATE_NOOP("Actions", "Run to the &end")},
    {"check", QT_TRANSLATE_NOOP("Actions", "Chec&k expectations")},
    {"filter", QT_TRANSLATE_NOOP("Actions", "&Filter events")},
    {"follow", QT_TRANSLATE_NOOP("Actions", "F&ollow packet")},
    {"talk", QT_TRANSLATE_NOOP("Actions", "Only this c&onversation")},
    {"why", QT_TRANSLATE_NOOP("Actions", "&Why?")},
    {"terminal", QT_TRANSLATE_NOOP("Actions", "&Terminal")},
    {"clear", QT_TRANSLATE_NOOP("Actions", "&Clear filters and selection")},
    {"fit", QT_TRANSLATE_NOOP("Actions", "Fit the &drawing")},
    {"arrange", QT_TRANSLATE_NOOP("Actions", "&Arrange the drawing automatically")},
    {"motion", QT_TRANSLATE_NOOP("Actions", "Without &motion")},
    {"larger", QT_TRANSLATE_NOOP("Actions", "&Larger, from the next start")},
    {"smaller", QT_TRANSLATE_NOOP("Actions", "&Smaller, from the next start")},
    {"language", QT_TRANSLATE_NOOP("Actions", "中文 / English")},
    {"theme", QT_TRANSLATE_NOOP("Actions", "&Light or dark")},
    {"keys", QT_TRANSLATE_NOOP("Actions", "All &keys")},
});

}  // namespace

QAction* MainWindow::action(QMenu* menu, const char* name, const QKeySequence& key) {
  auto* made = new QAction(this);
  made->setShortcut(key);
  menu->addAction(made);
  addAction(made);
  actions_[name] = made;
  return made;
}

void MainWindow::build_actions() {
  file_menu_ = menuBar()->addMenu(QString());
  edit_menu_ = menuBar()->addMenu(QString());
  run_menu_ = menuBar()->addMenu(QString());
  view_menu_ = menuBar()->addMenu(QString());
  help_menu_ = menuBar()->addMenu(QString());
  build_file_menu();
  build_edit_menu();
  build_run_menu();
  build_view_menu();
  build_help_menu();
}

void MainWindow::build_file_menu() {
  const auto add = [this](const char* name, const QKeySequence& key, auto slot) {
    QObject::connect(action(file_menu_, name, key), &QAction::triggered, this, slot);
  };
  add("lessons", QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_L), [this] { show_start(true); });
  add("new", QKeySequence::New, &MainWindow::ask_new);
  add("open", QKeySequence::Open, &MainWindow::ask_open);
  recent_menu_ = file_menu_->addMenu(QString());
  add("save", QKeySequence::Save, &MainWindow::save_text);
  add("save-as", QKeySequence(Qt::CTRL | Qt::ALT | Qt::Key_S), &MainWindow::ask_save_as);
  add("run-text", QKeySequence(Qt::CTRL | Qt::Key_R), &MainWindow::run_text);
  file_menu_->addSeparator();
  add("capture", QKeySequence(Qt::CTRL | Qt::Key_E), &MainWindow::ask_export);
  add("capture-shown", QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_E), [this] {
    const QString path = ask_capture_path();
    if (!path.isEmpty()) export_shown(path);
  });
  add("wireshark", QKeySequence(Qt::CTRL | Qt::Key_W), &MainWindow::open_in_wireshark);
  add("trace", QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_T), &MainWindow::ask_trace);
  add("report", QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_R), &MainWindow::ask_report);
  add("picture", QKeySequence(Qt::CTRL | Qt::Key_P), &MainWindow::ask_picture);
  add("ladder-picture", QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_P),
      &MainWindow::ask_ladder_picture);
  add("typed", QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_S), &MainWindow::ask_save_typed);
  add("reopen-typed", QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_O), [this] { open(kept_path_); });
  file_menu_->addSeparator();
  add("quit", QKeySequence::Quit, &MainWindow::close);
}

void MainWindow::build_edit_menu() {
  const auto add = [this](const char* name, const QKeySequence& key, auto slot) {
    QAction* made = action(edit_menu_, name, key);
    QObject::connect(made, &QAction::triggered, this, slot);
    return made;
  };
  add("undo", QKeySequence::Undo, [this] { undo(false); });
  add("redo", QKeySequence::Redo, [this] { undo(true); });
  edit_menu_->addSeparator();
  add("draw", Qt::Key_E, [this](bool on) {
    palette_->setVisible(on);
    topology_->set_drawing(on);
  })->setCheckable(true);
  add("remove", Qt::Key_Delete, [this] {
    const QString chosen = topology_->chosen();
    if (topology_->hasFocus() && !chosen.isEmpty()) remove_from_drawing(chosen);
  });
}

void MainWindow::build_run_menu() {
  const auto add = [this](const char* name, const QKeySequence& key, auto slot) {
    QObject::connect(action(run_menu_, name, key), &QAction::triggered, this, slot);
  };
  add("play", Qt::Key_Space, [this] { transport_->play_action()->trigger(); });
  add("step", Qt::Key_Right, [this] { play_->step(play_->stride()); });
  add("back", Qt::Key_Left, [this] { play_->back(play_->stride()); });
  run_menu_->addSeparator();
  add("step-packet", Qt::SHIFT | Qt::Key_Right, [this] { play_->step(Stride::kFrame); });
  add("back-packet", Qt::SHIFT | Qt::Key_Left, [this] { play_->back(Stride::kFrame); });
  add("step-command", Qt::CTRL | Qt::Key_Right, [this] { play_->step(Stride::kCommand); });
  add("back-command", Qt::CTRL | Qt::Key_Left, [this] { play_->back(Stride::kCommand); });
  add("conversation", Qt::Key_N, [this] { play_->next_of_conversation(); });
  add("until", Qt::CTRL | Qt::Key_U, &MainWindow::ask_until);
  run_menu_->addSeparator();
  add("restart", Qt::Key_Home, [this] { play_->restart(); });
  add("end", Qt::Key_End, [this] { play_->to_end(); });
  add("check", Qt::CTRL | Qt::Key_Return, [this] { play_->check(); });
}

void MainWindow::build_view_menu() {
  const auto add = [this](const char* name, const QKeySequence& key, auto slot) {
    QAction* made = action(view_menu_, name, key);
    QObject::connect(made, &QAction::triggered, this, slot);
    return made;
  };
  add("filter", QKeySequence::Find, [this] {
    tabs_->setCurrentWidget(events_);
    events_->focus_filter();
  });
  add("follow", Qt::Key_F, [this] { events_->toggle_follow(); });
  add("talk", Qt::Key_C, [this] { events_->toggle_conversation(); });
  add("why", Qt::Key_W, [this] { why_->text()->setFocus(); });
  add("terminal", Qt::CTRL | Qt::Key_T, [this] {
    const RecordId focus = play_->focus();
    QString host;
    if (focus.valid() && focus.value < play_->trace().size()) {
      const NodeId node = play_->trace()[focus].node;
      if (node.valid() && !play_->trace().node(node).is_switch)
        host = to_qt(play_->trace().node(node).name);
    }
    if (host.isEmpty() && play_->has_scenario()) host = to_qt(play_->scenario().hosts.front().name);
    if (HostPanel* panel = open_host(host)) panel->focus_terminal();
  });
  add("clear", Qt::Key_Escape, [this] {
    if (pages_->currentWidget() == start_) return show_start(false);
    events_->clear_filters();
    topology_->setFocus();
  });
  view_menu_->addSeparator();
  add("fit", Qt::CTRL | Qt::Key_0, [this] { topology_->fit(); });
  add("arrange", Qt::CTRL | Qt::SHIFT | Qt::Key_A, [this] { topology_->arrange(); });
  add("motion", Qt::CTRL | Qt::Key_M, [this](bool on) {
    topology_->set_reduced_motion(on);
  })->setCheckable(true);
  view_menu_->addSeparator();
  add("larger", QKeySequence::ZoomIn, [this] { change_size(1); });
  add("smaller", QKeySequence::ZoomOut, [this] { change_size(-1); });
  add("language", Qt::CTRL | Qt::Key_L,
      [this] { set_language(language_ == Language::kEn ? Language::kZh : Language::kEn); });
  add("theme", Qt::CTRL | Qt::Key_D, [this] { set_dark(!theme().dark); });
}

void MainWindow::build_help_menu() {
  QObject::connect(action(help_menu_, "keys", Qt::Key_Question), &QAction::triggered, this,
                   &MainWindow::show_keys);
}

void MainWindow::translate_actions() {
  file_menu_->setTitle(tr("&File"));
  edit_menu_->setTitle(tr("&Edit"));
  recent_menu_->setTitle(tr("Open &recent"));
  run_menu_->setTitle(tr("&Run"));
  view_menu_->setTitle(tr("&View"));
  help_menu_->setTitle(tr("&Help"));
  for (const ActionText& text : kTexts) {
    QAction* of = actions_.at(text.name);
    of->setText(QCoreApplication::translate("Actions", text.text));
    QString plain = of->text();
    plain.remove(u'&');
    const QString key = of->shortcut().toString(QKeySequence::NativeText);
    of->setToolTip(key.isEmpty() ? plain : QStringLiteral("%1 (%2)").arg(plain, key));
  }
}

void MainWindow::fill_recent() {
  recent_menu_->clear();
  for (const QString& path : recent_) {
    QAction* of = recent_menu_->addAction(QFileInfo(path).completeBaseName());
    of->setToolTip(path);
    QObject::connect(of, &QAction::triggered, this, [this, path] { open(path); });
  }
  recent_menu_->setEnabled(!recent_.isEmpty());
  start_->set_recent(recent_);
}

// --- dialogs -------------------------------------------------------------------------------------

void MainWindow::ask_until() {
  if (!play_->has_scenario()) return;
  QDialog dialog(this);
  dialog.setWindowTitle(tr("Run until…"));
  auto* time = new QLineEdit(&dialog);
  time->setPlaceholderText(tr("2.5s"));
  auto* filter = new QLineEdit(&dialog);
  filter->setPlaceholderText(tr("tcp[tcpflags] & tcp-syn != 0"));
  auto* host = new QComboBox(&dialog);
  host->addItem(tr("any host"));
  for (const scenario::Host& one : play_->scenario().hosts) host->addItem(to_qt(one.name));
  auto* reason = new QComboBox(&dialog);
  reason->setEditable(true);
  reason->setMinimumContentsLength(28);
  reason->addItem(QString());
  for (const ReasonInfo& one : all_reasons()) reason->addItem(to_qt(one.name));
  auto* problem = new QLabel(&dialog);
  problem->setWordWrap(true);
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Ok | QDialogButtonBox::Cancel, &dialog);
  auto* form = new QFormLayout(&dialog);
  form->addRow(tr("Time"), time);
  form->addRow(tr("Packet filter"), filter);
  form->addRow(tr("Host"), host);
  form->addRow(tr("Decision"), reason);
  form->addRow(problem);
  form->addRow(buttons);
  Until goal;
  const auto accept = [&] {
    goal = {};
    if (!time->text().isEmpty()) {
      const auto parsed = scenario::parse_duration(from_qt(time->text()));
      if (!parsed) return problem->setText(to_qt(parsed.error().message));
      goal.time = SimTime{parsed->ns};
    }
    if (!filter->text().isEmpty()) {
      auto compiled = PacketFilter::compile(from_qt(filter->text()));
      if (!compiled) return problem->setText(to_qt(compiled.error().message));
      goal.filter = *std::move(compiled);
    }
    if (host->currentIndex() > 0) goal.host = from_qt(host->currentText());
    if (!reason->currentText().isEmpty()) {
      const auto code = reason_by_name(from_qt(reason->currentText()));
      if (!code)
        return problem->setText(tr("There is no decision '%1'.").arg(reason->currentText()));
      goal.reason = *code;
    }
    dialog.accept();
  };
  QObject::connect(buttons, &QDialogButtonBox::accepted, &dialog, accept);
  QObject::connect(buttons, &QDialogButtonBox::rejected, &dialog, &QDialog::reject);
  if (dialog.exec() == QDialog::Accepted) play_->run_until(goal);
}

void MainWindow::show_keys() {
  auto* dialog = new QDialog(this);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setWindowTitle(tr("All keys"));
  QString html = QStringLiteral("<table cellpadding='3'>");
  for (const ActionText& text : kTexts) {
    const QAction* of = actions_.at(text.name);
    if (of->shortcut().isEmpty()) continue;
    QString plain = of->text();
    plain.remove(u'&');
    html += QStringLiteral("<tr><td><b>%1</b>&nbsp;&nbsp;</td><td>%2</td></tr>")
                .arg(of->shortcut().toString(QKeySequence::NativeText).toHtmlEscaped(),
                     plain.toHtmlEscaped());
  }
  html += QStringLiteral("</table>");
  auto* text = new QTextBrowser(dialog);
  text->setHtml(html);
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, dialog);
  QObject::connect(buttons, &QDialogButtonBox::rejected, dialog, &QDialog::close);
  auto* box = new QVBoxLayout(dialog);
  box->addWidget(text);
  box->addWidget(buttons);
  dialog->resize(460, 560);
  dialog->open();
}

// --- what one can do to a host -------------------------------------------------------------------

void MainWindow::host_menu(const QString& name, const QPoint& at) {
  const scenario::Host* host = play_->scenario().find_host(from_qt(name));
  if (host == nullptr) return switch_menu(name, at);
  auto* menu = new QMenu(this);
  menu->setAttribute(Qt::WA_DeleteOnClose);
  menu->addAction(tr("Terminal"), this, [this, name] {
    if (HostPanel* panel = open_host(name)) panel->focus_terminal();
  });
  QMenu* tables = menu->addMenu(tr("Tables"));
  for (int i = 0; i < kHostTables; ++i) {
    const auto table = static_cast<HostTable>(i);
    tables->addAction(TablesModel::name_of(table), this, [this, name, table] {
      if (HostPanel* panel = open_host(name)) panel->show_table(table);
    });
  }
  QMenu* capture = menu->addMenu(tr("Export capture"));
  for (const scenario::Nic& nic : host->nics) {
    const QString dev = to_qt(nic.name);
    capture->addAction(dev, this, [this, name, dev] { ask_interface_capture(name, dev); });
  }
  if (play_->recorded()) return menu->popup(at);  // nothing can be done to it
  menu->addSeparator();
  using scenario::FaultKind;

  const auto add = [&](const QString& text, FaultKind kind, const QString& nic,
                       std::uint32_t ppm = kTenPercent) {
    menu->addAction(text, this, [this, name, kind, nic, ppm] {
      scenario::Fault fault;
      fault.kind = kind;
      fault.host = from_qt(name);
      fault.nic = from_qt(nic);
      if (kind == FaultKind::kLoss) fault.ppm = ppm;
      play_->strike(fault);
      notice(fault_words(fault));
    });
  };
  for (const scenario::Nic& nic : host->nics) {
    if (nic.switch_name.empty() && !nic.peer) continue;
    const QString dev = to_qt(nic.name);
    add(tr("Unplug %1").arg(dev), FaultKind::kLinkDown, dev);
    add(tr("Plug %1 in").arg(dev), FaultKind::kLinkUp, dev);
    add(tr("Lose 10% of the frames on %1").arg(dev), FaultKind::kLoss, dev);
    add(tr("Lose no frames on %1").arg(dev), FaultKind::kLoss, dev, 0);
  }
  menu->addSeparator();
  menu->addAction(tr("Stop the web server"), this,
                  [this, name] { play_->type(from_qt(name), "service httpd stop", false); });
  menu->addAction(tr("Start the web server"), this,
                  [this, name] { play_->type(from_qt(name), "service httpd start", false); });
  // VRRP is of directors alone.
  using scenario::Role;
  if (host->role == Role::kDirector || host->role == Role::kBackup) {
    menu->addAction(tr("Stop keepalived"), this,
                    [this, name] { play_->type(from_qt(name), "service keepalived stop", false); });
    menu->addAction(tr("Start keepalived"), this, [this, name] {
      play_->type(from_qt(name), "service keepalived start", false);
    });
  }
  add(tr("Crash"), FaultKind::kCrash, {});
  add(tr("Switch off"), FaultKind::kPowerOff, {});
  add(tr("Start anew"), FaultKind::kReboot, {});
  menu->addSeparator();
  add_edit_menu(menu, name);
  menu->popup(at);
}

// A key that the widget in focus has a use for is not the window's.
bool MainWindow::eventFilter(QObject* watched, QEvent* event) {
  if (take_drop(watched, event)) return true;
  if (event->type() != QEvent::ShortcutOverride) return QMainWindow::eventFilter(watched, event);
  const auto* key = static_cast<QKeyEvent*>(event);
  const bool button = qobject_cast<QAbstractButton*>(watched) != nullptr;
  const bool arrows = qobject_cast<QComboBox*>(watched) != nullptr ||
                      qobject_cast<QSlider*>(watched) != nullptr ||
                      qobject_cast<QTabBar*>(watched) != nullptr;
  const bool left_right = key->key() == Qt::Key_Left || key->key() == Qt::Key_Right;
  if (key->modifiers() == Qt::NoModifier &&
      (((button || arrows) && key->key() == Qt::Key_Space) || (arrows && left_right))) {
    event->accept();
    return true;
  }
  return QMainWindow::eventFilter(watched, event);
}

}  // namespace lvslab::gui
