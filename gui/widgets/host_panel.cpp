#include "gui/widgets/host_panel.h"

#include <QCheckBox>
#include <QEvent>
#include <QFontDatabase>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QScrollBar>
#include <QSplitter>
#include <QStackedWidget>
#include <QStyledItemDelegate>
#include <QTabBar>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>

#include "gui/models/play_model.h"
#include "gui/models/terminal_model.h"
#include "gui/models/words.h"
#include "gui/widgets/file_panel.h"
#include "gui/widgets/icons.h"
#include "gui/widgets/shell_panel.h"
#include "gui/widgets/theme.h"
#include "sim/command/shell.h"
#include "sim/lab/file_edit.h"

namespace lvslab::gui {
namespace {

/// Lights what changed, and what the packet in focus used.
class RowDelegate : public QStyledItemDelegate {
 public:
  using QStyledItemDelegate::QStyledItemDelegate;

 protected:
  void initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const override {
    QStyledItemDelegate::initStyleOption(option, index);
    const bool changed = index.data(TablesModel::kChangedRole).toBool();
    const bool used = index.data(TablesModel::kUsedRole).toBool();
    QColor ink = theme().text;
    if (used) {
      option->backgroundBrush = theme().used;
      option->font.setWeight(QFont::DemiBold);
    }
    if (changed) {
      option->backgroundBrush = theme().changed;
      ink = theme().changed_ink;
    }
    if (index.data(TablesModel::kIndentRole).toBool()) {
      option->text = QStringLiteral("   ") + option->text;
    }
    option->palette.setColor(QPalette::Text, ink);
    option->palette.setColor(QPalette::HighlightedText, ink);
  }
};

QFont fixed_font() { return QFontDatabase::systemFont(QFontDatabase::FixedFont); }

}  // namespace

HostPanel::HostPanel(PlayModel& play, const std::string& host, QWidget* parent)
    : QWidget(parent), play_(play), host_(host), terminal_(new TerminalModel(play, this)) {
  terminal_->set_host(host);
  auto* split = new QSplitter(Qt::Horizontal, this);
  split->addWidget(make_terminal());
  split->addWidget(make_tables());
  split->setStretchFactor(0, 1);
  split->setStretchFactor(1, 1);
  split->setSizes({600, 600});
  split->setChildrenCollapsible(false);
  auto* all = new QVBoxLayout(this);
  all->setContentsMargins(0, 0, 0, 0);
  all->addWidget(split);
  QObject::connect(terminal_, &TerminalModel::changed, this, &HostPanel::refresh_terminal);
  QObject::connect(&play, &PlayModel::state_changed, this, &HostPanel::refresh_terminal);
  QObject::connect(&play, &PlayModel::file_read, this,
                   [this](const QString& of, const QString& path, const QString& text) {
                     if (of == to_qt(host_)) edit_file(path, text);
                   });
  retranslate();
  refresh_terminal();
}

QWidget* HostPanel::make_terminal() {
  auto* side = new QWidget(this);
  ways_ = new QStackedWidget(side);
  lines_ = make_lines(ways_);
  ways_->addWidget(lines_);
  shell_choice_ = new QToolButton(side);
  shell_choice_->setCheckable(true);
  shell_choice_->setToolButtonStyle(Qt::ToolButtonTextOnly);
  auto* box = new QVBoxLayout(side);
  box->setContentsMargins(0, 0, 0, 0);
  box->setSpacing(0);
  box->addWidget(shell_choice_, 0, Qt::AlignRight);
  box->addWidget(ways_, 1);
  QObject::connect(shell_choice_, &QToolButton::toggled, this, &HostPanel::choose_shell);
  return side;
}

void HostPanel::choose_shell(bool chosen) {
  if (chosen && shell_ == nullptr) {
    shell_ = new ShellPanel(play_, host_, ways_);
    ways_->addWidget(shell_);
  }
  ways_->setCurrentWidget(chosen ? static_cast<QWidget*>(shell_) : lines_);
  focus_terminal();
}

// `vi FILE`: what is written there is typed as a line, so that a saved lab has it, too.
void HostPanel::edit_file(const QString& path, const QString& text) {
  if (file_ == nullptr) {
    file_ = new FilePanel(to_qt(host_), ways_);
    ways_->addWidget(file_);
    QObject::connect(file_, &FilePanel::written, this, [this](const QString& content) {
      play_.type(host_, lab::writing_line(from_qt(file_->path()), from_qt(content)), false);
    });
    QObject::connect(file_, &FilePanel::closed, this, [this] {
      ways_->setCurrentWidget(lines_);
      focus_terminal();
    });
  }
  file_->open(path, text);
  ways_->setCurrentWidget(file_);
  file_->text()->setFocus(Qt::ShortcutFocusReason);
  Q_EMIT file_opened();
}

bool HostPanel::has_unsaved_file() const { return file_ != nullptr && file_->is_changed(); }

QWidget* HostPanel::make_lines(QWidget* parent) {
  auto* side = new QWidget(parent);
  output_ = new QPlainTextEdit(side);
  output_->setReadOnly(true);
  output_->setFont(fixed_font());
  output_->setLineWrapMode(QPlainTextEdit::NoWrap);
  output_->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
  prompt_ = new QLabel(side);
  prompt_->setFont(fixed_font());
  input_ = new QLineEdit(side);
  input_->setFont(fixed_font());
  input_->setFrame(false);
  input_->installEventFilter(this);
  prompt_->setBuddy(input_);
  stop_ = new QToolButton(side);
  stop_->setIcon(icon(Glyph::kStop));
  step_through_ = new QCheckBox(side);
  hint_ = new QLabel(side);
  hint_->setContentsMargins(8, 4, 8, 0);
  hint_->setWordWrap(true);
  auto* line = new QHBoxLayout;
  line->setContentsMargins(8, 2, 8, 6);
  line->setSpacing(4);
  line->addWidget(prompt_);
  line->addWidget(input_, 1);
  line->addWidget(stop_);
  line->addWidget(step_through_);
  auto* box = new QVBoxLayout(side);
  box->setContentsMargins(0, 0, 0, 0);
  box->setSpacing(0);
  box->addWidget(output_, 1);
  box->addWidget(hint_);
  box->addLayout(line);
  QObject::connect(input_, &QLineEdit::returnPressed, this, &HostPanel::enter);
  QObject::connect(stop_, &QToolButton::clicked, this, [this] { play_.interrupt(host_); });
  return side;
}

QWidget* HostPanel::make_tables() {
  auto* side = new QWidget(this);
  tabs_ = new QTabBar(side);
  tabs_->setObjectName(QStringLiteral("tables"));
  tabs_->setExpanding(false);
  tabs_->setUsesScrollButtons(true);
  tabs_->setDrawBase(false);
  stack_ = new QStackedWidget(side);
  for (int i = 0; i < kHostTables; ++i) {
    auto* model = new TablesModel(play_, static_cast<HostTable>(i), this);
    model->set_host(host_);
    auto* page = new QStackedWidget(stack_);
    auto* view = new QTableView(page);
    view->setModel(model);
    view->setItemDelegate(new RowDelegate(view));
    view->setShowGrid(false);
    view->setSelectionBehavior(QAbstractItemView::SelectRows);
    view->setTabKeyNavigation(false);
    view->setWordWrap(false);
    view->verticalHeader()->hide();
    view->verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 6);
    view->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    view->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    view->horizontalHeader()->setResizeContentsPrecision(40);
    view->horizontalHeader()->setStretchLastSection(true);
    view->horizontalHeader()->setHighlightSections(false);
    auto* empty = new QLabel(page);
    empty->setAlignment(Qt::AlignCenter);
    empty->setProperty("empty", true);
    empty->setWordWrap(true);
    page->addWidget(view);
    page->addWidget(empty);
    stack_->addWidget(page);
    tabs_->addTab({});
    models_.push_back(model);
    views_.push_back(view);
    empties_.push_back(empty);
    const auto refresh = [this] { refresh_tabs(); };
    QObject::connect(model, &QAbstractItemModel::modelReset, this, refresh);
    QObject::connect(model, &QAbstractItemModel::dataChanged, this, refresh);
  }
  QObject::connect(tabs_, &QTabBar::currentChanged, stack_, &QStackedWidget::setCurrentIndex);
  auto* box = new QVBoxLayout(side);
  box->setContentsMargins(0, 0, 0, 0);
  box->setSpacing(0);
  box->addWidget(tabs_);
  box->addWidget(stack_, 1);
  return side;
}

void HostPanel::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::LanguageChange) retranslate();
}

void HostPanel::retranslate() {
  const QString host = to_qt(host_);
  input_->setPlaceholderText(tr("Type a command, for example: ip addr"));
  input_->setAccessibleName(tr("Command on %1").arg(host));
  input_->setToolTip(tr("Enter runs it, ↑ and ↓ recall, Tab completes, Ctrl+C interrupts"));
  output_->setAccessibleName(tr("Terminal of %1").arg(host));
  output_->setPlaceholderText(tr("What is typed and printed on %1 stands here.").arg(host));
  stop_->setToolTip(tr("Interrupt what runs (Ctrl+C)"));
  stop_->setAccessibleName(tr("Interrupt"));
  shell_choice_->setText(tr("Shell"));
  shell_choice_->setToolTip(tr("A shell on %1, for programs that want a whole screen").arg(host));
  step_through_->setText(tr("Step through"));
  step_through_->setToolTip(tr("Stay where the command was typed, and step through what it does"));
  for (std::size_t i = 0; i < models_.size(); ++i) {
    const auto table = static_cast<HostTable>(i);
    views_[i]->setAccessibleName(TablesModel::name_of(table) + QStringLiteral(", ") + host);
    tabs_->setTabToolTip(static_cast<int>(i),
                         tr("As %1 lists it").arg(TablesModel::command_of(table)));
    empties_[i]->setText(
        table == HostTable::kVrrp
            ? tr("No host takes part in VRRP yet. Start keepalived on the directors.")
            : tr("No rows yet. On a real host, %1 would list them.")
                  .arg(TablesModel::command_of(table)));
  }
  refresh_tabs();
  refresh_terminal();
}

void HostPanel::refresh_tabs() {
  if (empties_.size() < kHostTables) return;
  for (int i = 0; i < kHostTables; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const QString name = TablesModel::name_of(static_cast<HostTable>(i));
    const int changed = models_[at]->changed_rows();
    tabs_->setTabText(i, changed > 0 ? name + QStringLiteral(" ●") : name);
    auto* page = static_cast<QStackedWidget*>(stack_->widget(i));
    page->setCurrentIndex(models_[at]->rowCount() == 0 ? 1 : 0);
  }
}

void HostPanel::show_table(HostTable table) { tabs_->setCurrentIndex(static_cast<int>(table)); }

// --- terminal ------------------------------------------------------------------------------------

void HostPanel::refresh_terminal() {
  prompt_->setText(begun_.isEmpty() ? terminal_->prompt().trimmed() : QStringLiteral(">"));
  QString text = terminal_->text();
  if (!begun_.isEmpty()) {
    if (!text.isEmpty() && !text.endsWith(u'\n')) text += u'\n';
    text += terminal_->prompt() + to_qt(command::as_typed(from_qt(begun_.chopped(1)))) + u'\n';
  }
  if (output_->toPlainText() != text) {
    output_->setPlainText(text);
    output_->verticalScrollBar()->setValue(output_->verticalScrollBar()->maximum());
  }
  shell_choice_->setVisible(play_.has_consoles());
  if (!play_.has_consoles()) shell_choice_->setChecked(false);
  const bool runs = play_.is_running_on(host_);
  stop_->setEnabled(runs);
  const bool past = !play_.at_end();
  QString hint;
  if (past) hint = tr("You are in the past: what you type here starts a new course of events.");
  if (play_.recorded()) hint = tr("A recording shows packets alone: nothing can be typed here.");
  input_->setEnabled(!play_.recorded());
  step_through_->setEnabled(!play_.recorded());
  if (runs && !past) hint = tr("A command is running. Step on, or press Ctrl+C.");
  hint_->setVisible(!hint.isEmpty());
  hint_->setText(hint);
}

void HostPanel::enter() {
  QString line = input_->text();
  if (begun_.isEmpty()) line = line.trimmed();
  if (line.isEmpty() && begun_.isEmpty()) return;
  if (!line.isEmpty()) terminal_->remember(line);
  recalled_ = -1;
  input_->clear();
  line.prepend(begun_);
  const bool goes_on = command::is_incomplete(from_qt(line));
  begin_line(goes_on ? line + u'\n' : QString());
  if (goes_on) return;
  if (const auto path = lab::file_to_edit(from_qt(line))) return play_.read_file(host_, *path);
  play_.type(host_, from_qt(line), step_through_->isChecked());
}

// What bash asks for more of, under its second prompt.
void HostPanel::begin_line(const QString& begun) {
  if (begun == begun_) return;
  begun_ = begun;
  refresh_terminal();
}

void HostPanel::recall(int by) {
  const QStringList& past = terminal_->history();
  if (past.isEmpty()) return;
  const int count = static_cast<int>(past.size());
  if (recalled_ < 0) {
    if (by > 0) return;
    draft_ = input_->text();
    recalled_ = count;
  }
  recalled_ = std::clamp(recalled_ + by, 0, count);
  input_->setText(recalled_ == count ? draft_ : past[recalled_]);
  if (recalled_ == count) recalled_ = -1;
}

// As far as all that may follow agree; a list of it if they part at once.
void HostPanel::complete() {
  const QString line = input_->text();
  const QStringList all = terminal_->completions(line);
  if (all.isEmpty()) return;
  QString common = all.front();
  for (const QString& one : all) {
    qsizetype same = 0;
    while (same < std::min(common.size(), one.size()) && common[same] == one[same]) ++same;
    common.truncate(same);
  }
  if (common.size() > line.size()) {
    input_->setText(common);
    return;
  }
  hint_->setText(all.mid(0, 12).join(QStringLiteral("    ")));
  hint_->show();
}

bool HostPanel::eventFilter(QObject* watched, QEvent* event) {
  if (watched != input_) return QWidget::eventFilter(watched, event);
  // The window's keys for stepping are letters and arrows, which belong to the line here.
  if (event->type() == QEvent::ShortcutOverride) {
    const auto* key = static_cast<QKeyEvent*>(event);
    const bool plain = (key->modifiers() & ~Qt::ShiftModifier) == 0;
    const bool interrupt = key->key() == Qt::Key_C && key->modifiers() == Qt::ControlModifier;
    if (plain || interrupt) event->accept();
    return false;
  }
  if (event->type() != QEvent::KeyPress) return false;
  const auto* key = static_cast<QKeyEvent*>(event);
  switch (key->key()) {
    case Qt::Key_Up: recall(-1); return true;
    case Qt::Key_Down: recall(1); return true;
    case Qt::Key_Tab:
      if (input_->text().isEmpty()) return false;
      complete();
      return true;
    case Qt::Key_C:
      if (key->modifiers() != Qt::ControlModifier || input_->hasSelectedText()) return false;
      if (play_.is_running_on(host_)) play_.interrupt(host_);
      input_->clear();
      begin_line({});
      return true;
    default: return false;
  }
}

void HostPanel::focus_terminal() {
  QWidget* to = input_;
  if (ways_->currentWidget() == shell_) to = shell_;
  if (ways_->currentWidget() == file_) to = file_->text();
  to->setFocus(Qt::ShortcutFocusReason);
}

}  // namespace lvslab::gui
