// Writing scenarios in the window: what is drawn becomes text, undo and redo, files that are
// dropped, saved or begun, and what is kept in case of a crash.
#include <QAction>
#include <QDir>
#include <QDropEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QLineEdit>
#include <QMenu>
#include <QMimeData>
#include <QPlainTextEdit>
#include <QSettings>
#include <QStandardPaths>
#include <QTabWidget>
#include <QTextDocument>
#include <QUndoStack>
#include <algorithm>

#include "gui/models/cable_edit.h"
#include "gui/models/play_model.h"
#include "gui/models/scenario_edit.h"
#include "gui/models/words.h"
#include "gui/widgets/main_window.h"
#include "gui/widgets/palette_bar.h"
#include "gui/widgets/scenario_editor.h"
#include "gui/widgets/topology_view.h"
#include "gui/widgets/whole_file.h"

namespace lvslab::gui {
namespace {

using scenario::Role;
using scenario::Scenario;

/// What a new scenario begins with.
constexpr const char* kBeginning =
    R"(# Two hosts on a switch: change them here, or on the drawing (E).
title: A lab of my own
switches:
  - name: lan

hosts:
  - name: client
    role: client
    nics:
      - {name: eth0, addresses: 192.168.80.10/24, switch: lan}

  - name: node01
    nics:
      - {name: eth0, addresses: 192.168.80.100/24, switch: lan}

timeline:
  - {on: client, run: ping -c 1 192.168.80.100}
)";

/// Something that was done on the canvas before it is pushed: how it is undone and done again.
class DoneCommand : public QUndoCommand {
 public:
  DoneCommand(std::function<void()> undo, std::function<void()> redo)
      : undo_(std::move(undo)), redo_(std::move(redo)) {}
  void undo() override { undo_(); }
  void redo() override {
    if (!std::exchange(pushed_, true)) return;
    redo_();
  }

 private:
  std::function<void()> undo_, redo_;
  bool pushed_ = false;
};

}  // namespace

void MainWindow::connect_drawing() {
  drawn_ = new QUndoStack(this);
  QObject::connect(palette_, &PaletteBar::picked, this,
                   [this](const QString& kind) { draw_node(kind, {}, std::nullopt); });
  QObject::connect(topology_, &TopologyView::node_dropped, this,
                   [this](const QString& kind, const QPointF& at, const QString& on) {
                     draw_node(kind, on, at);
                   });
  QObject::connect(topology_, &TopologyView::cable_drawn, this, &MainWindow::draw_cable);
  QObject::connect(
      topology_, &TopologyView::rearranged, this,
      [this](const QMap<QString, QPointF>& before, const QMap<QString, QPointF>& now) {
        const auto put = [this](const QMap<QString, QPointF>& places) {
          topology_->set_places(places);
          save_state();
        };
        drawn_->push(new DoneCommand([put, before] { put(before); }, [put, now] { put(now); }));
      });
  QObject::connect(editor_, &ScenarioEditor::save_wanted, this, &MainWindow::save_text);
  QObject::connect(play_.get(), &PlayModel::typed, this, &MainWindow::keep_typed);
  kept_path_ = QSettings().value(QStringLiteral("typed")).toString();
  actions_.at("reopen-typed")->setEnabled(QFileInfo::exists(kept_path_));
}

// --- drawing -------------------------------------------------------------------------------------

// What is drawn is written into the text, which then runs.
bool MainWindow::apply_drawing(
    const std::function<Result<TextEdit>(const QString& text, const Scenario&)>& edit) {
  if (play_->recorded()) return false;
  if (!editor_->scenario()) {
    tabs_->setCurrentWidget(editor_);
    tell(tr("The text has mistakes: they are listed beside it."));
    return false;
  }
  const QString before = editor_->text()->toPlainText();
  if (!editor_->apply_edit(edit(before, *editor_->scenario()))) return false;
  const QString after = editor_->text()->toPlainText();
  drawn_->push(new DoneCommand([this, before] { editor_->put_text(before, false); },
                               [this, after] { editor_->put_text(after, true); }));
  if (!editor_->scenario()) {
    tabs_->setCurrentWidget(editor_);
    tell(tr("The text refers to what was removed: see the list beside it, or undo (Ctrl+Z)."));
  }
  return true;
}

// `on`: the switch it was dropped onto; else the only one, or the first.
void MainWindow::draw_node(const QString& kind, const QString& on, std::optional<QPointF> at) {
  QString name;
  save_state();  // where all the others stand
  apply_drawing([&](const QString& text, const Scenario& s) {
    const bool is_switch = kind == QLatin1String("switch");
    name = free_name(s, is_switch);
    if (at) {
      QSettings().setValue(QStringLiteral("places/%1/%2").arg(to_qt(s.name), name), *at);
    }
    if (is_switch) return add_switch(text, s, name);
    QString lan = s.find_switch(from_qt(on)) != nullptr ? on : QString();
    if (lan.isEmpty() && !s.switches.empty()) lan = to_qt(s.switches.front().name);
    const auto role = std::ranges::find_if(
        kDrawnRoles, [&](Role r) { return kind == to_qt(scenario::to_string(r)); });
    return add_host(text, s, name, role == kDrawnRoles.end() ? Role::kHost : *role, lan,
                    free_address(s, lan));
  });
}

void MainWindow::draw_cable(const QString& from, const QString& to) {
  save_state();
  apply_drawing(
      [&](const QString& text, const Scenario& s) { return add_cable(text, s, from, to); });
}

void MainWindow::remove_from_drawing(const QString& name) {
  save_state();
  apply_drawing([&](const QString& text, const Scenario& s) { return remove_node(text, s, name); });
}

// For a host or a switch.
void MainWindow::add_edit_menu(QMenu* menu, const QString& node) {
  const Scenario& lab = play_->scenario();
  const scenario::Host* host = lab.find_host(from_qt(node));
  QMenu* cable = menu->addMenu(tr("New cable to"));
  const auto offer = [&](const std::string& to) {
    const QString name = to_qt(to);
    if (name != node) cable->addAction(name, this, [this, node, name] { draw_cable(node, name); });
  };
  for (const scenario::Switch& one : lab.switches) offer(one.name);
  cable->addSeparator();
  for (const scenario::Host& one : lab.hosts) offer(one.name);
  QMenu* cut = menu->addMenu(tr("Remove a cable"));
  QStringList ends = host != nullptr ? QStringList() : neighbours_of_switch(lab, node);
  if (host != nullptr) {
    for (const scenario::Nic& nic : host->nics) ends << to_qt(nic.name);
  }
  cut->setEnabled(!ends.isEmpty());
  for (const QString& end : ends) {
    cut->addAction(end, this, [this, node, end] {
      save_state();
      apply_drawing(
          [&](const QString& text, const Scenario& s) { return remove_cable(text, s, node, end); });
    });
  }
  menu->addAction(tr("Remove %1 from the scenario").arg(node), this,
                  [this, node] { remove_from_drawing(node); });
}

void MainWindow::switch_menu(const QString& name, const QPoint& at) {
  if (play_->recorded()) return;
  auto* menu = new QMenu(this);
  menu->setAttribute(Qt::WA_DeleteOnClose);
  add_edit_menu(menu, name);
  menu->popup(at);
}

void MainWindow::canvas_menu(const QPoint& at) {
  if (!play_->has_scenario()) return;
  auto* menu = new QMenu(this);
  menu->setAttribute(Qt::WA_DeleteOnClose);
  menu->addAction(actions_.at("fit"));
  menu->addAction(actions_.at("arrange"));
  if (play_->recorded()) return menu->popup(at);
  menu->addAction(actions_.at("draw"));
  menu->addSeparator();
  const QPointF place = topology_->mapToScene(topology_->viewport()->mapFromGlobal(at));
  for (const Role role : kDrawnRoles) {
    menu->addAction(tr("Add a host: %1").arg(role_name(role)), this, [this, role, place] {
      draw_node(to_qt(scenario::to_string(role)), {}, place);
    });
  }
  menu->addAction(tr("Add a switch"), this,
                  [this, place] { draw_node(QStringLiteral("switch"), {}, place); });
  menu->popup(at);
}

// --- undo ----------------------------------------------------------------------------------------

// Of the line or the text that one writes in; else of the drawing; else of the scenario's text.
void MainWindow::undo(bool redo) {
  QWidget* focus = focusWidget();
  if (auto* line = qobject_cast<QLineEdit*>(focus)) return redo ? line->redo() : line->undo();
  if (auto* text = qobject_cast<QPlainTextEdit*>(focus); text != nullptr && !text->isReadOnly()) {
    return redo ? text->redo() : text->undo();
  }
  if (redo ? drawn_->canRedo() : drawn_->canUndo()) return redo ? drawn_->redo() : drawn_->undo();
  const QTextDocument* document = editor_->text()->document();
  if (play_->recorded()) return;
  if (redo ? document->isRedoAvailable() : document->isUndoAvailable()) {
    redo ? editor_->text()->redo() : editor_->text()->undo();
    tabs_->setCurrentWidget(editor_);
    return;
  }
  notice(redo ? tr("There is nothing to redo.") : tr("There is nothing to undo."));
}

// --- files ---------------------------------------------------------------------------------------

// A file that is dropped anywhere on the window is opened, also where text could be dropped.
bool MainWindow::take_drop(QObject* watched, QEvent* event) {
  const QEvent::Type type = event->type();
  if (type != QEvent::DragEnter && type != QEvent::DragMove && type != QEvent::Drop) return false;
  const auto* widget = qobject_cast<QWidget*>(watched);
  if (widget == nullptr || widget->window() != this) return false;
  auto* drop = static_cast<QDropEvent*>(event);
  const QList<QUrl> urls = drop->mimeData()->urls();
  if (urls.isEmpty() || !urls.front().isLocalFile()) return false;
  drop->acceptProposedAction();
  if (type == QEvent::Drop) open(urls.front().toLocalFile());
  return true;
}

// A lesson stays as it is shipped, unless one chooses its own name.
void MainWindow::save_text() {
  if (!editor_->is_open()) return;
  const QDir shipped(options_.scenario_folder);
  const bool lesson = QFileInfo(editor_->path()).dir().canonicalPath() == shipped.canonicalPath();
  if (lesson && editor_->is_modified()) return ask_save_as();
  editor_->save();
}

bool MainWindow::save_text_as(const QString& path) {
  if (!editor_->save_as(path)) return false;
  path_ = path;
  remember_recent(path);
  notice(tr("Written: %1").arg(path));
  return true;
}

void MainWindow::ask_save_as() {
  if (!editor_->is_open()) return;
  const QDir mine(QStandardPaths::writableLocation(QStandardPaths::DocumentsLocation));
  const QString path = QFileDialog::getSaveFileName(
      this, tr("Save your version of this scenario"),
      mine.filePath(QFileInfo(editor_->path()).fileName()), tr("Scenarios (*.yaml)"));
  if (!path.isEmpty()) save_text_as(path);
}

void MainWindow::ask_new() {
  const QDir mine(QStandardPaths::writableLocation(QStandardPaths::DocumentsLocation));
  const QString path = QFileDialog::getSaveFileName(this, tr("New scenario"),
                                                    mine.filePath(QStringLiteral("my-lab.yaml")),
                                                    tr("Scenarios (*.yaml)"));
  if (!path.isEmpty()) start_new(path);
}

bool MainWindow::start_new(const QString& path) {
  if (!write_bytes(path, kBeginning)) return false;
  open(path);
  actions_.at("draw")->setChecked(true);
  palette_->show();
  topology_->set_drawing(true);
  return true;
}

// Text, drawing and icons alike; Qt takes a size only when it starts (main.cpp).
void MainWindow::change_size(int by) {
  constexpr int kStep = 25, kSmallest = 75, kLargest = 300, kUsual = 100;
  QSettings settings;
  const int now = settings.value(QStringLiteral("size"), kUsual).toInt();
  const int percent = std::clamp(now + by * kStep, kSmallest, kLargest);
  settings.setValue(QStringLiteral("size"), percent);
  notice(tr("From its next start the window is drawn at %1%.").arg(percent));
}

// What was typed outlives a crash, and the window.
void MainWindow::keep_typed(const QString& text) {
  const QDir folder(QStandardPaths::writableLocation(QStandardPaths::AppDataLocation) +
                    QStringLiteral("/typed"));
  folder.mkpath(QStringLiteral("."));
  const QString name = to_qt(play_->scenario().name);
  const QString path = folder.filePath(name.endsWith(QLatin1String("-typed"))
                                           ? name + QStringLiteral(".yaml")
                                           : name + QStringLiteral("-typed.yaml"));
  if (!write_whole(path, text.toUtf8())) return;
  kept_path_ = path;
  QSettings().setValue(QStringLiteral("typed"), path);
  actions_.at("reopen-typed")->setEnabled(true);
}

}  // namespace lvslab::gui
