#include "gui/widgets/console_view.h"

#include <QApplication>
#include <QClipboard>
#include <QContextMenuEvent>
#include <QFontDatabase>
#include <QKeyEvent>
#include <QMenu>
#include <QMouseEvent>
#include <QPainter>
#include <QScrollBar>
#include <algorithm>
#include <cmath>

namespace lvslab::gui {
namespace {

// A terminal is dark in both themes: programs choose their colours for that.
constexpr QRgb kGround = 0xff1b1d21, kInk = 0xffe6e6e6, kMarked = 0xff3d5a80;
constexpr int kMargin = 6;

bool is_copy(const QKeyEvent& key) {
  return key.key() == Qt::Key_C && key.modifiers() == (Qt::ControlModifier | Qt::ShiftModifier);
}
bool is_paste(const QKeyEvent& key) {
  return key.key() == Qt::Key_V && key.modifiers() == (Qt::ControlModifier | Qt::ShiftModifier);
}
bool leaves(const QKeyEvent& key) { return key.key() == Qt::Key_Backtab; }

}  // namespace

ConsoleView::ConsoleView(ScreenModel& screen, QWidget* parent)
    : QAbstractScrollArea(parent), screen_(screen) {
  setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
  setFrameShape(QFrame::NoFrame);
  setFocusPolicy(Qt::StrongFocus);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setAttribute(Qt::WA_InputMethodEnabled);
  viewport()->setCursor(Qt::IBeamCursor);
  viewport()->setAutoFillBackground(false);
  measure();
  QObject::connect(&screen, &ScreenModel::changed, this, &ConsoleView::take_change);
}

void ConsoleView::measure() {
  const QFontMetricsF metrics(font());
  cell_ = QSizeF(metrics.horizontalAdvance(QStringLiteral("0")), std::ceil(metrics.height()));
  ascent_ = metrics.ascent();
}

int ConsoleView::rows() const {
  return std::max(2, static_cast<int>((viewport()->height() - 2 * kMargin) / cell_.height()));
}

int ConsoleView::columns() const {
  return std::max(8, static_cast<int>((viewport()->width() - 2 * kMargin) / cell_.width()));
}

QSize ConsoleView::sizeHint() const {
  return (QSizeF(80 * cell_.width(), 24 * cell_.height()) + QSizeF(2 * kMargin, 2 * kMargin))
      .toSize();
}

// The end stays in view unless somebody has scrolled back.
void ConsoleView::take_change() {
  QScrollBar* bar = verticalScrollBar();
  const bool at_end = bar->value() == bar->maximum();
  bar->setPageStep(screen_.rows());
  bar->setRange(0, screen_.lines() - screen_.rows());
  if (at_end) bar->setValue(bar->maximum());
  mark_.reset();
  viewport()->update();
}

// --- drawing -------------------------------------------------------------------------------------

void ConsoleView::paintEvent(QPaintEvent* /*event*/) {
  QPainter painter(viewport());
  painter.fillRect(viewport()->rect(), QColor(kGround));
  painter.translate(kMargin, kMargin);
  const int first = verticalScrollBar()->value();
  for (int row = 0; row < screen_.rows() && first + row < screen_.lines(); ++row) {
    draw_line(painter, first + row, row * cell_.height());
  }
  draw_cursor(painter);
}

void ConsoleView::draw_line(QPainter& painter, int line, qreal top) const {
  for (int column = 0; column < screen_.columns();) {
    const ScreenCell cell = screen_.cell(line, column);
    const int width = std::max(cell.width, 1);
    const QRectF box(column * cell_.width(), top, width * cell_.width(), cell_.height());
    const bool marked = is_marked(line, column);
    if (marked || cell.ground) {
      painter.fillRect(box, marked ? QColor(kMarked) : QColor(QRgb(*cell.ground)));
    }
    if (!cell.text.isEmpty() && cell.text != QStringLiteral(" ")) {
      QFont font = this->font();
      font.setBold(cell.bold);
      font.setUnderline(cell.underline);
      painter.setFont(font);
      painter.setPen(cell.ink ? QColor(QRgb(*cell.ink)) : QColor(kInk));
      painter.drawText(QPointF(box.left(), top + ascent_), cell.text);
    }
    column += width;
  }
}

void ConsoleView::draw_cursor(QPainter& painter) const {
  const auto at = screen_.cursor();
  if (!at) return;
  const qreal row = at->y() - verticalScrollBar()->value();
  const QRectF box(at->x() * cell_.width(), row * cell_.height(), cell_.width(), cell_.height());
  if (!hasFocus()) {
    painter.setPen(QColor(kInk));
    painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5));
    return;
  }
  painter.fillRect(box, QColor(kInk));
  painter.setPen(QColor(kGround));
  painter.drawText(QPointF(box.left(), box.top() + ascent_), screen_.cell(at->y(), at->x()).text);
}

void ConsoleView::resizeEvent(QResizeEvent* event) {
  QAbstractScrollArea::resizeEvent(event);
  Q_EMIT fits(rows(), columns());
}

void ConsoleView::focusInEvent(QFocusEvent* event) {
  QAbstractScrollArea::focusInEvent(event);
  viewport()->update();
}

void ConsoleView::focusOutEvent(QFocusEvent* event) {
  QAbstractScrollArea::focusOutEvent(event);
  viewport()->update();
}

// --- keys ----------------------------------------------------------------------------------------

// The window's own keys belong to the host here.
bool ConsoleView::event(QEvent* event) {
  if (event->type() == QEvent::ShortcutOverride) {
    if (!leaves(*static_cast<QKeyEvent*>(event))) event->accept();
    return true;
  }
  if (event->type() == QEvent::FontChange) measure();
  return QAbstractScrollArea::event(event);
}

bool ConsoleView::focusNextPrevChild(bool next) {
  return !next && QAbstractScrollArea::focusNextPrevChild(false);
}

void ConsoleView::keyPressEvent(QKeyEvent* event) {
  if (is_copy(*event)) return copy();
  if (is_paste(*event)) return paste();
  if (leaves(*event)) {
    QAbstractScrollArea::focusNextPrevChild(false);
    return;
  }
  if (screen_.press(event->key(), event->modifiers(), event->text())) {
    verticalScrollBar()->setValue(verticalScrollBar()->maximum());
  } else {
    event->ignore();
  }
}

void ConsoleView::inputMethodEvent(QInputMethodEvent* event) {
  if (!event->commitString().isEmpty()) screen_.press(0, Qt::NoModifier, event->commitString());
}

// --- marking -------------------------------------------------------------------------------------

QPoint ConsoleView::place_at(const QPoint& pixel) const {
  const int column = static_cast<int>((pixel.x() - kMargin) / cell_.width());
  const int row = static_cast<int>((pixel.y() - kMargin) / cell_.height());
  return {std::clamp(column, 0, screen_.columns() - 1),
          std::clamp(row + verticalScrollBar()->value(), 0, screen_.lines() - 1)};
}

bool ConsoleView::is_marked(int line, int column) const {
  if (!mark_) return false;
  const auto place = [](const QPoint& p) { return std::pair(p.y(), p.x()); };
  const auto [from, to] = std::minmax({place(mark_->from), place(mark_->to)});
  return std::pair(line, column) >= from && std::pair(line, column) <= to;
}

QString ConsoleView::marked() const {
  if (!mark_) return {};
  QStringList lines;
  const auto [first, last] = std::minmax({mark_->from.y(), mark_->to.y()});
  for (int line = first; line <= last; ++line) {
    QString text;
    for (int column = 0; column < screen_.columns();) {
      const ScreenCell cell = screen_.cell(line, column);
      if (is_marked(line, column)) text += cell.text.isEmpty() ? QStringLiteral(" ") : cell.text;
      column += std::max(cell.width, 1);
    }
    while (text.endsWith(u' ')) text.chop(1);
    lines << text;
  }
  return lines.join(u'\n');
}

void ConsoleView::copy() const {
  if (mark_) QApplication::clipboard()->setText(marked());
}

void ConsoleView::paste() { screen_.paste(QApplication::clipboard()->text()); }

void ConsoleView::mousePressEvent(QMouseEvent* event) {
  if (event->button() != Qt::LeftButton) return;
  const QPoint here = place_at(event->pos());
  mark_ = Mark{here, here};
  viewport()->update();
}

void ConsoleView::mouseMoveEvent(QMouseEvent* event) {
  if (!mark_ || !(event->buttons() & Qt::LeftButton)) return;
  mark_->to = place_at(event->pos());
  viewport()->update();
}

void ConsoleView::contextMenuEvent(QContextMenuEvent* event) {
  QMenu menu(this);
  QAction* copies = menu.addAction(tr("Copy"), this, [this] { copy(); });
  copies->setShortcut(QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_C));
  copies->setEnabled(mark_.has_value());
  QAction* pastes = menu.addAction(tr("Paste"), this, [this] { paste(); });
  pastes->setShortcut(QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_V));
  menu.exec(event->globalPos());
}

}  // namespace lvslab::gui
