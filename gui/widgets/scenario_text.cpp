// The text of ScenarioEditor: numbers, underlines, completion.
#include <QAbstractItemView>
#include <QCompleter>
#include <QFontDatabase>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QPainter>
#include <QScrollBar>
#include <QStandardItemModel>
#include <QTextBlock>
#include <QToolTip>
#include <algorithm>

#include "gui/models/completion.h"
#include "gui/models/words.h"
#include "gui/widgets/scenario_editor.h"
#include "gui/widgets/theme.h"
#include "gui/widgets/yaml_colours.h"

namespace lvslab::gui {
namespace {

/// The strip of line numbers beside the text.
class Numbers : public QWidget {
 public:
  explicit Numbers(ScenarioText& text) : QWidget(&text), text_(text) {}

 protected:
  void paintEvent(QPaintEvent* event) override { text_.paint_numbers(*event); }

 private:
  ScenarioText& text_;
};

}  // namespace

ScenarioText::ScenarioText(QWidget* parent)
    : QPlainTextEdit(parent),
      numbers_(new Numbers(*this)),
      completer_(new QCompleter(this)),
      words_(new QStandardItemModel(this)) {
  setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
  setLineWrapMode(QPlainTextEdit::NoWrap);
  setTabChangesFocus(true);
  new YamlColours(document());
  completer_->setModel(words_);
  completer_->setWidget(this);
  completer_->setCompletionMode(QCompleter::UnfilteredPopupCompletion);
  const auto activated = QOverload<const QString&>::of(&QCompleter::activated);
  QObject::connect(completer_, activated, this, &ScenarioText::insert);
  QObject::connect(this, &QPlainTextEdit::blockCountChanged, this,
                   [this] { setViewportMargins(number_width(), 0, 0, 0); });
  QObject::connect(this, &QPlainTextEdit::updateRequest, this, [this](const QRect& rect, int dy) {
    if (dy != 0) {
      numbers_->scroll(0, dy);
    } else {
      numbers_->update(0, rect.y(), numbers_->width(), rect.height());
    }
  });
  setViewportMargins(number_width(), 0, 0, 0);
}

int ScenarioText::number_width() const {
  const int digits = std::max(3, static_cast<int>(QString::number(blockCount()).size()));
  return fontMetrics().horizontalAdvance(QLatin1Char('9')) * digits + 16;
}

void ScenarioText::resizeEvent(QResizeEvent* event) {
  QPlainTextEdit::resizeEvent(event);
  const QRect all = contentsRect();
  numbers_->setGeometry(QRect(all.left(), all.top(), number_width(), all.height()));
}

void ScenarioText::paint_numbers(QPaintEvent& event) {
  const Theme& t = theme();
  QPainter p(numbers_);
  p.fillRect(event.rect(), t.raised);
  p.setFont(font());
  QTextBlock block = firstVisibleBlock();
  double top = blockBoundingGeometry(block).translated(contentOffset()).top();
  while (block.isValid() && top <= event.rect().bottom()) {
    const double height = blockBoundingRect(block).height();
    const int line = block.blockNumber() + 1;
    const bool bad = std::ranges::any_of(
        problems_, [line](const Error& error) { return error.where.line == line; });
    p.setPen(bad ? t.danger : t.muted);
    p.drawText(QRectF(0, top, numbers_->width() - 8, height), Qt::AlignRight | Qt::AlignVCenter,
               (bad ? QStringLiteral("✕") : QString()) + QString::number(line));
    block = block.next();
    top += height;
  }
}

// --- problems ------------------------------------------------------------------------------------

void ScenarioText::set_problems(std::vector<Error> problems) {
  problems_ = std::move(problems);
  underline();
  numbers_->update();
}

void ScenarioText::underline() {
  QList<QTextEdit::ExtraSelection> marks;
  for (const Error& error : problems_) {
    const QTextBlock block = document()->findBlockByNumber(std::max(0, error.where.line - 1));
    if (!block.isValid()) continue;
    QTextEdit::ExtraSelection mark;
    mark.cursor = QTextCursor(block);
    const int length = static_cast<int>(block.text().size());
    const int column = std::clamp(error.where.column - 1, 0, std::max(0, length - 1));
    mark.cursor.setPosition(block.position() + column);
    mark.cursor.movePosition(QTextCursor::EndOfWord, QTextCursor::KeepAnchor);
    if (!mark.cursor.hasSelection()) {
      mark.cursor.movePosition(QTextCursor::EndOfBlock, QTextCursor::KeepAnchor);
    }
    mark.format.setUnderlineStyle(QTextCharFormat::WaveUnderline);
    mark.format.setUnderlineColor(theme().danger);
    marks << mark;
  }
  setExtraSelections(marks);
}

void ScenarioText::changeEvent(QEvent* event) {
  QPlainTextEdit::changeEvent(event);
  if (event->type() != QEvent::PaletteChange) return;
  for (auto* colours : document()->findChildren<QSyntaxHighlighter*>()) colours->rehighlight();
  underline();
}

const Error* ScenarioText::problem_at(const QPoint& position) const {
  const int line = cursorForPosition(position).blockNumber() + 1;
  const auto found = std::ranges::find_if(
      problems_, [line](const Error& error) { return error.where.line == line; });
  return found == problems_.end() ? nullptr : &*found;
}

bool ScenarioText::event(QEvent* event) {
  if (event->type() != QEvent::ToolTip) return QPlainTextEdit::event(event);
  const auto* help = static_cast<QHelpEvent*>(event);
  const Error* problem = problem_at(viewport()->mapFromGlobal(help->globalPos()));
  QString words;
  if (problem != nullptr) {
    words = to_qt(problem->message);
    if (!problem->hint.empty()) words += u'\n' + to_qt(problem->hint);
  }
  QToolTip::showText(help->globalPos(), words, this);
  return true;
}

void ScenarioText::go_to(int line, int column) {
  const QTextBlock block = document()->findBlockByNumber(std::max(0, line - 1));
  QTextCursor cursor(block);
  cursor.setPosition(block.position() +
                     std::clamp(column - 1, 0, static_cast<int>(block.text().size())));
  setTextCursor(cursor);
  centerCursor();
  setFocus();
}

// --- completion ----------------------------------------------------------------------------------

void ScenarioText::set_scenario(std::optional<scenario::Scenario> scenario) {
  scenario_ = std::move(scenario);
}

QString ScenarioText::word_before() const {
  const QTextCursor cursor = textCursor();
  const QString line = cursor.block().text().first(cursor.positionInBlock());
  qsizetype begin = line.size();
  while (begin > 0 &&
         (line[begin - 1].isLetterOrNumber() || QStringLiteral("-_/.").contains(line[begin - 1]))) {
    --begin;
  }
  return line.mid(begin);
}

void ScenarioText::complete() {
  const QString before = toPlainText().first(textCursor().position());
  words_->clear();
  for (const Completion& one : completions(before, scenario_ ? &*scenario_ : nullptr)) {
    auto* item = new QStandardItem(one.word);
    item->setToolTip(one.doc);
    words_->appendRow(item);
  }
  if (words_->rowCount() == 0) return completer_->popup()->hide();
  QRect at = cursorRect();
  at.setWidth(completer_->popup()->sizeHintForColumn(0) + 40);
  at.translate(number_width(), 0);
  completer_->complete(at);
}

QStringList ScenarioText::offered() const {
  QStringList out;
  for (int row = 0; row < words_->rowCount(); ++row) out << words_->item(row)->text();
  return out;
}

void ScenarioText::insert(const QString& word) {
  QTextCursor cursor = textCursor();
  cursor.movePosition(QTextCursor::Left, QTextCursor::KeepAnchor,
                      static_cast<int>(word_before().size()));
  cursor.insertText(word);
  setTextCursor(cursor);
}

void ScenarioText::keyPressEvent(QKeyEvent* event) {
  const bool open = completer_->popup()->isVisible();
  if (open) {
    switch (event->key()) {
      case Qt::Key_Enter:
      case Qt::Key_Return:
      case Qt::Key_Escape:
      case Qt::Key_Tab: return event->ignore();
      default: break;
    }
  }
  const bool asked = event->modifiers() == Qt::ControlModifier && event->key() == Qt::Key_Space;
  if (asked) return complete();
  if (event->key() == Qt::Key_Return && event->modifiers() == Qt::NoModifier) {
    // As deep as the line before.
    const QString line = textCursor().block().text();
    qsizetype indent = 0;
    while (indent < line.size() && line[indent] == u' ') ++indent;
    insertPlainText(u'\n' + QString(indent, u' '));
    return;
  }
  QPlainTextEdit::keyPressEvent(event);
  const bool typed = !event->text().isEmpty() && event->text().front().isLetterOrNumber();
  if (typed && (open || word_before().size() >= 2)) return complete();
  if (open && !typed) completer_->popup()->hide();
}

}  // namespace lvslab::gui
