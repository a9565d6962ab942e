#include "gui/widgets/shell_panel.h"

#include <QEvent>
#include <QLabel>
#include <QVBoxLayout>

#include "gui/models/play_model.h"
#include "gui/models/words.h"
#include "gui/widgets/console_view.h"

namespace lvslab::gui {
namespace {

constexpr int kRows = 24, kColumns = 80;
constexpr int kClockMs = 100;

}  // namespace

ShellPanel::ShellPanel(PlayModel& play, const std::string& host, QWidget* parent)
    : QWidget(parent),
      play_(play),
      host_(host),
      screen_(kRows, kColumns),
      view_(new ConsoleView(screen_, this)),
      hint_(new QLabel(this)) {
  hint_->setContentsMargins(8, 4, 8, 4);
  hint_->setWordWrap(true);
  setFocusProxy(view_);
  auto* box = new QVBoxLayout(this);
  box->setContentsMargins(0, 0, 0, 0);
  box->setSpacing(0);
  box->addWidget(view_, 1);
  box->addWidget(hint_);
  QObject::connect(&screen_, &ScreenModel::keys, this, &ShellPanel::send);
  QObject::connect(view_, &ConsoleView::fits, this, [this](int rows, int columns) {
    screen_.resize(rows, columns);
    if (open_) play_.open_console(host_, rows, columns);
  });
  QObject::connect(&play, &PlayModel::console_printed, this,
                   [this](const QString& from, const QByteArray& bytes) {
                     if (from == to_qt(host_)) screen_.write(bytes);
                   });
  QObject::connect(&play, &PlayModel::console_closed, this, [this](const QString& from) {
    if (from == to_qt(host_)) end();
  });
  QObject::connect(&play, &PlayModel::opened, this, [this] {
    open_ = false;
    screen_.reset();
    if (isVisible()) open();
  });
  QObject::connect(&play, &PlayModel::state_changed, this, &ShellPanel::refresh);
  QObject::connect(&clock_, &QTimer::timeout, this, &ShellPanel::let_pass);
  clock_.start(kClockMs);
  retranslate();
}

void ShellPanel::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::LanguageChange) retranslate();
}

void ShellPanel::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  if (!open_) open();
}

void ShellPanel::retranslate() {
  view_->setAccessibleName(tr("Shell on %1").arg(to_qt(host_)));
  view_->setToolTip(tr("Keys go to the host; Shift+Tab leaves, Ctrl+Shift+C copies"));
  refresh();
}

void ShellPanel::refresh() {
  QString hint = tr("Time passes while the shell has the keyboard. Shift+Tab leaves it.");
  if (!play_.finished()) {
    hint =
        tr("Time stands still until the scenario has been played: what waits goes on with the "
           "steps.");
  }
  if (!open_) hint = tr("The shell has ended. Enter opens another one.");
  hint_->setText(hint);
}

void ShellPanel::open() {
  if (!play_.has_consoles()) return;
  screen_.resize(view_->rows(), view_->columns());
  open_ = true;
  play_.open_console(host_, screen_.rows(), screen_.columns());
}

void ShellPanel::send(const QByteArray& bytes) {
  if (open_) return play_.press_keys(host_, bytes);
  if (bytes == "\r") open();
}

void ShellPanel::end() {
  open_ = false;
  screen_.write("\r\n");
  refresh();
}

void ShellPanel::let_pass() {
  constexpr qint64 kLongest = 1'000;  // ms: a window that was busy does not skip ahead
  const qint64 passed = since_.isValid() ? since_.restart() : (since_.start(), 0);
  if (!open_ || !view_->hasFocus() || passed <= 0) return;
  play_.let_pass({std::min(passed, kLongest) * 1'000'000});
}

}  // namespace lvslab::gui
