#include "gui/widgets/scenario_editor.h"

#include <QCryptographicHash>
#include <QDir>
#include <QEvent>
#include <QFile>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QListWidget>
#include <QSplitter>
#include <QStandardPaths>
#include <QStringDecoder>
#include <QTextDocument>
#include <QToolButton>
#include <QVBoxLayout>

#include "gui/models/words.h"
#include "gui/widgets/icons.h"
#include "gui/widgets/theme.h"
#include "gui/widgets/whole_file.h"
#include "sim/lab/loading.h"

namespace lvslab::gui {
namespace {

constexpr int kCheckMs = 300, kDraftMs = 2'000;
/// More than any scenario that a person writes; a larger file is something else.
constexpr qint64 kLargestFile = 4 << 20;
constexpr int kLineRole = Qt::UserRole, kColumnRole = Qt::UserRole + 1;

QString read_file(const QString& path) {
  QFile file(path);
  return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()) : QString();
}

/// The text of a file that somebody chose, which may be anything.
Result<QString> read_text(const QString& path) {
  const QFileInfo info(path);
  const auto refuse = [&](const QString& why, const QString& what_to_do) {
    return fail(from_qt(ScenarioEditor::tr("%1 cannot be opened: %2").arg(path, why)), {},
                from_qt(what_to_do));
  };
  if (info.isDir()) {
    return refuse(ScenarioEditor::tr("it is a folder"),
                  ScenarioEditor::tr("choose a scenario or a capture in it"));
  }
  QFile file(path);
  if (!file.open(QIODevice::ReadOnly)) {
    return refuse(file.errorString(), ScenarioEditor::tr("see that it can be read"));
  }
  const QString other = ScenarioEditor::tr("choose a scenario (.yaml) or a capture (.pcapng)");
  if (file.size() > kLargestFile) {
    return refuse(ScenarioEditor::tr("it is too large for a scenario"), other);
  }
  const QByteArray bytes = file.readAll();
  QStringDecoder decoder(QStringDecoder::Utf8);
  QString text = decoder(bytes);
  if (bytes.contains('\0') || decoder.hasError()) {
    return refuse(ScenarioEditor::tr("it is not text in UTF-8"), other);
  }
  return text;
}

QToolButton* button(QWidget* parent, Glyph glyph) {
  auto* made = new QToolButton(parent);
  made->setIcon(icon(glyph));
  made->setAutoRaise(true);
  return made;
}

}  // namespace

ScenarioEditor::ScenarioEditor(QWidget* parent) : QWidget(parent) {
  text_ = new ScenarioText(this);
  problems_ = new QListWidget(this);
  problems_->setWordWrap(true);
  title_ = new QLabel(this);
  draft_label_ = new QLabel(this);
  restore_ = button(this, Glyph::kUndo);
  restore_->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
  undo_ = button(this, Glyph::kUndo);
  redo_ = button(this, Glyph::kRedo);
  save_ = button(this, Glyph::kSave);
  run_ = button(this, Glyph::kPlay);
  run_->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
  auto* bar = new QHBoxLayout;
  bar->setContentsMargins(8, 2, 8, 2);
  bar->addWidget(title_, 1);
  bar->addWidget(draft_label_);
  bar->addWidget(restore_);
  bar->addWidget(undo_);
  bar->addWidget(redo_);
  bar->addWidget(save_);
  bar->addWidget(run_);
  auto* split = new QSplitter(Qt::Horizontal, this);
  split->addWidget(text_);
  split->addWidget(problems_);
  split->setStretchFactor(0, 3);
  split->setStretchFactor(1, 1);
  split->setSizes({800, 300});
  auto* all = new QVBoxLayout(this);
  all->setContentsMargins(0, 0, 0, 0);
  all->setSpacing(0);
  all->addLayout(bar);
  all->addWidget(split, 1);

  connect_all();
  undo_->setEnabled(false);
  redo_->setEnabled(false);
  retranslate();
}

void ScenarioEditor::connect_all() {
  check_timer_.setSingleShot(true);
  draft_timer_.setSingleShot(true);
  QObject::connect(&check_timer_, &QTimer::timeout, this, &ScenarioEditor::check);
  QObject::connect(&draft_timer_, &QTimer::timeout, this, &ScenarioEditor::keep_draft);
  QObject::connect(text_, &QPlainTextEdit::textChanged, this, [this] {
    check_timer_.start(kCheckMs);
    // A draft is kept while one types on and on, too.
    if (!draft_timer_.isActive()) draft_timer_.start(kDraftMs);
  });
  QObject::connect(text_->document(), &QTextDocument::modificationChanged, this,
                   [this](bool modified) {
                     retranslate();
                     Q_EMIT modified_changed(modified);
                   });
  QObject::connect(text_, &QPlainTextEdit::undoAvailable, undo_, &QWidget::setEnabled);
  QObject::connect(text_, &QPlainTextEdit::redoAvailable, redo_, &QWidget::setEnabled);
  QObject::connect(undo_, &QToolButton::clicked, text_, &QPlainTextEdit::undo);
  QObject::connect(redo_, &QToolButton::clicked, text_, &QPlainTextEdit::redo);
  QObject::connect(save_, &QToolButton::clicked, this, &ScenarioEditor::save_wanted);
  QObject::connect(run_, &QToolButton::clicked, this, [this] {
    check();
    if (scenario_) Q_EMIT run_wanted();
  });
  QObject::connect(restore_, &QToolButton::clicked, this, [this] {
    QTextCursor cursor(text_->document());
    cursor.select(QTextCursor::Document);
    cursor.insertText(read_file(draft_of(path_)));
    offer_draft();
  });
  QObject::connect(problems_, &QListWidget::itemActivated, this, [this](QListWidgetItem* item) {
    text_->go_to(item->data(kLineRole).toInt(), item->data(kColumnRole).toInt());
  });
  QObject::connect(problems_, &QListWidget::itemClicked, this, [this](QListWidgetItem* item) {
    text_->go_to(item->data(kLineRole).toInt(), item->data(kColumnRole).toInt());
  });
}

void ScenarioEditor::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::LanguageChange) {
    retranslate();
    check();
  }
}

void ScenarioEditor::retranslate() {
  const QString name = QFileInfo(path_).fileName();
  title_->setText(is_modified() ? tr("%1 (changed)").arg(name) : name);
  title_->setToolTip(path_);
  text_->setAccessibleName(tr("Scenario file"));
  problems_->setAccessibleName(tr("Problems"));
  draft_label_->setText(tr("There is an unsaved draft of this file."));
  restore_->setText(tr("Restore it"));
  undo_->setToolTip(tr("Undo (Ctrl+Z)"));
  redo_->setToolTip(tr("Redo (Ctrl+Shift+Z)"));
  save_->setToolTip(tr("Save (Ctrl+S)"));
  run_->setText(tr("Run this text"));
  run_->setToolTip(tr("Open what is written here, saved or not (Ctrl+R)"));
  for (QToolButton* one : {undo_, redo_, save_, run_, restore_})
    one->setAccessibleName(one->toolTip());
  offer_draft();
}

bool ScenarioEditor::is_modified() const { return text_->document()->isModified(); }

Result<void> ScenarioEditor::open(const QString& path) {
  if (path == path_ && is_modified()) return {};
  auto text = read_text(path);
  if (!text) return std::unexpected(text.error());
  keep_draft();
  path_ = path;
  text_->setPlainText(*text);
  text_->document()->setModified(false);
  draft_timer_.stop();
  check();
  retranslate();
  return {};
}

// --- problems ------------------------------------------------------------------------------------

void ScenarioEditor::check() {
  check_timer_.stop();
  auto loaded = lab::load_scenario_text(from_qt(text_->toPlainText()), from_qt(path_));
  problems_->clear();
  if (loaded) {
    scenario_ = *loaded;
    text_->set_scenario(*loaded);
    text_->set_problems({});
    problems_->addItem(tr("✓ No problems."));
    return;
  }
  scenario_.reset();
  text_->set_problems(loaded.error());
  for (const Error& error : loaded.error()) {
    QString words = QStringLiteral("✕ %1:%2  %3")
                        .arg(error.where.line)
                        .arg(error.where.column)
                        .arg(to_qt(error.message));
    if (!error.hint.empty()) words += QStringLiteral(" (%1)").arg(to_qt(error.hint));
    auto* item = new QListWidgetItem(words, problems_);
    item->setData(kLineRole, error.where.line);
    item->setData(kColumnRole, error.where.column);
    item->setForeground(theme().danger);
  }
}

bool ScenarioEditor::apply_edit(const Result<TextEdit>& edit) {
  if (!edit) {
    Q_EMIT failed(to_qt(edit.error().message));
    return false;
  }
  QTextCursor cursor(text_->document());
  cursor.beginEditBlock();
  cursor.setPosition(static_cast<int>(edit->offset));
  cursor.setPosition(static_cast<int>(edit->offset + edit->length), QTextCursor::KeepAnchor);
  cursor.insertText(edit->text);
  cursor.endEditBlock();
  check();
  if (scenario_) Q_EMIT run_wanted();
  return true;
}

void ScenarioEditor::put_text(const QString& text, bool redo) {
  redo ? text_->redo() : text_->undo();
  if (text_->toPlainText() != text) {
    redo ? text_->undo() : text_->redo();
    QTextCursor cursor(text_->document());
    cursor.select(QTextCursor::Document);
    cursor.insertText(text);
  }
  check();
  if (scenario_) Q_EMIT run_wanted();
}

// --- files ---------------------------------------------------------------------------------------

bool ScenarioEditor::save() {
  if (path_.isEmpty() || !write_to(path_)) return false;
  offer_draft();
  return true;
}

bool ScenarioEditor::save_as(const QString& path) {
  if (!write_to(path)) return false;
  check();
  retranslate();
  return true;
}

bool ScenarioEditor::write_to(const QString& path) {
  if (!write_whole(path, text_->toPlainText().toUtf8())) {
    Q_EMIT failed(tr("Cannot write %1").arg(path));
    return false;
  }
  if (path != path_) QFile::remove(draft_of(path_));
  path_ = path;
  text_->document()->setModified(false);
  draft_timer_.stop();
  QFile::remove(draft_of(path_));
  return true;
}

QString ScenarioEditor::draft_of(const QString& path) {
  const QDir folder(QStandardPaths::writableLocation(QStandardPaths::AppDataLocation) +
                    QStringLiteral("/drafts"));
  const QByteArray hash = QCryptographicHash::hash(path.toUtf8(), QCryptographicHash::Sha1).toHex();
  return folder.filePath(QString::fromLatin1(hash) + QStringLiteral(".yaml"));
}

void ScenarioEditor::keep_draft() {
  if (path_.isEmpty() || !is_modified()) return;
  const QString draft = draft_of(path_);
  QFileInfo(draft).dir().mkpath(QStringLiteral("."));
  write_whole(draft, text_->toPlainText().toUtf8());
}

// Only one that differs from what one sees, and is younger than the file.
void ScenarioEditor::offer_draft() {
  const QFileInfo draft(draft_of(path_));
  const bool offer = !path_.isEmpty() && !is_modified() && draft.exists() &&
                     draft.lastModified() >= QFileInfo(path_).lastModified() &&
                     read_file(draft.filePath()) != text_->toPlainText();
  draft_label_->setVisible(offer);
  restore_->setVisible(offer);
}

bool ScenarioEditor::offers_draft() const { return !restore_->isHidden(); }

}  // namespace lvslab::gui
