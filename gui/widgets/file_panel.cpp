#include "gui/widgets/file_panel.h"

#include <QEvent>
#include <QFontDatabase>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QPlainTextEdit>
#include <QTextDocument>
#include <QToolButton>
#include <QVBoxLayout>

#include "gui/widgets/icons.h"

namespace lvslab::gui {

FilePanel::FilePanel(const QString& host, QWidget* parent) : QWidget(parent), host_(host) {
  title_ = new QLabel(this);
  hint_ = new QLabel(this);
  hint_->setWordWrap(true);
  hint_->setContentsMargins(8, 2, 8, 4);
  save_ = new QToolButton(this);
  save_->setIcon(icon(Glyph::kSave));
  close_ = new QToolButton(this);
  for (QToolButton* button : {save_, close_}) {
    button->setAutoRaise(true);
    button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
  }
  text_ = new QPlainTextEdit(this);
  text_->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
  text_->setLineWrapMode(QPlainTextEdit::NoWrap);
  text_->setTabChangesFocus(false);
  text_->installEventFilter(this);
  auto* bar = new QHBoxLayout;
  bar->setContentsMargins(8, 2, 8, 2);
  bar->addWidget(title_, 1);
  bar->addWidget(save_);
  bar->addWidget(close_);
  auto* all = new QVBoxLayout(this);
  all->setContentsMargins(0, 0, 0, 0);
  all->setSpacing(0);
  all->addLayout(bar);
  all->addWidget(text_, 1);
  all->addWidget(hint_);
  QObject::connect(save_, &QToolButton::clicked, this, &FilePanel::write);
  QObject::connect(close_, &QToolButton::clicked, this, &FilePanel::leave);
  QObject::connect(text_, &QPlainTextEdit::textChanged, this, [this] {
    warned_ = false;
    retranslate();
  });
  QObject::connect(text_->document(), &QTextDocument::modificationChanged, this,
                   &FilePanel::retranslate);
  retranslate();
}

void FilePanel::open(const QString& path, const QString& text) {
  path_ = path;
  text_->setPlainText(text);
  text_->document()->setModified(false);
  warned_ = false;
  retranslate();
}

void FilePanel::restore(const QString& text) {
  text_->setPlainText(text);
  text_->document()->setModified(true);
}

bool FilePanel::is_changed() const { return text_->document()->isModified(); }

void FilePanel::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::LanguageChange) retranslate();
}

void FilePanel::retranslate() {
  const QString name = QStringLiteral("%1:%2").arg(host_, path_);
  title_->setText(is_changed() ? tr("%1 (changed)").arg(name) : name);
  save_->setText(tr("Write"));
  save_->setToolTip(tr("Write the file to the host (Ctrl+S)"));
  close_->setText(tr("Leave"));
  close_->setToolTip(tr("Back to the terminal (Esc)"));
  text_->setAccessibleName(tr("File %1").arg(name));
  hint_->setText(warned_ ? tr("This is not written yet: Ctrl+S writes it, Esc throws it away.")
                         : tr("Ctrl+S writes the file, Esc leaves."));
}

void FilePanel::write() {
  text_->document()->setModified(false);
  warned_ = false;
  retranslate();
  Q_EMIT written(text_->toPlainText());
}

void FilePanel::leave() {
  if (is_changed() && !warned_) {
    warned_ = true;
    return retranslate();
  }
  text_->document()->setModified(false);
  Q_EMIT closed();
}

bool FilePanel::eventFilter(QObject* watched, QEvent* event) {
  const bool asked = event->type() == QEvent::ShortcutOverride;
  if (watched != text_ || (!asked && event->type() != QEvent::KeyPress)) {
    return QWidget::eventFilter(watched, event);
  }
  auto* key = static_cast<QKeyEvent*>(event);
  const bool save = key->matches(QKeySequence::Save);
  const bool esc = key->key() == Qt::Key_Escape;
  // Keys of the window (Ctrl+S there saves the scenario) are the file's here.
  if (asked && (save || esc || (key->modifiers() & ~Qt::ShiftModifier) == 0)) event->accept();
  if (asked || (!save && !esc)) return false;
  if (save) write();
  if (esc) leave();
  return true;
}

}  // namespace lvslab::gui
