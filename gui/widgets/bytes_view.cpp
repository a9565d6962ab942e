#include "gui/widgets/bytes_view.h"

#include <QFontDatabase>
#include <QKeyEvent>
#include <QPainter>
#include <QScrollBar>
#include <algorithm>

#include "gui/widgets/theme.h"

namespace lvslab::gui {
namespace {

constexpr int kPad = 10;
constexpr int kOffsetChars = 5;

}  // namespace

BytesView::BytesView(QWidget* parent) : QAbstractScrollArea(parent) {
  QFont font = QFontDatabase::systemFont(QFontDatabase::FixedFont);
  font.setPointSizeF(std::max(8.0, QFont().pointSizeF() - 1));
  setFont(font);
  setFocusPolicy(Qt::StrongFocus);
  setFrameShape(QFrame::NoFrame);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setMinimumHeight(4 * line_height() + 2 * kPad);
}

QSize BytesView::sizeHint() const { return {text_x(16) + kPad, 7 * line_height() + 2 * kPad}; }

int BytesView::line_height() const { return fontMetrics().height() + 1; }

// 16 bytes if they fit, else 8.
int BytesView::per_line() const {
  const int cell = fontMetrics().horizontalAdvance(QLatin1Char('0'));
  const int wide = kPad * 2 + cell * (kOffsetChars + 16 * 3 + 2 + 16);
  return viewport()->width() >= wide ? 16 : 8;
}

int BytesView::hex_x(int column) const {
  const int cell = fontMetrics().horizontalAdvance(QLatin1Char('0'));
  return kPad + cell * (kOffsetChars + column * 3 + (column >= 8 ? 1 : 0));
}

int BytesView::text_x(int column) const {
  const int cell = fontMetrics().horizontalAdvance(QLatin1Char('0'));
  return hex_x(per_line()) + cell * (1 + column);
}

void BytesView::set_bytes(std::vector<std::uint8_t> bytes, std::vector<bool> changed) {
  bytes_ = std::move(bytes);
  changed_ = std::move(changed);
  mark_begin_ = mark_length_ = 0;
  update_range();
  viewport()->update();
}

void BytesView::mark(std::size_t offset, std::size_t length) {
  mark_begin_ = offset;
  mark_length_ = length;
  const int line = static_cast<int>(offset) / per_line();
  const int visible = std::max(1, (viewport()->height() - 2 * kPad) / line_height());
  QScrollBar* bar = verticalScrollBar();
  if (line < bar->value()) bar->setValue(line);
  if (line >= bar->value() + visible) bar->setValue(line - visible + 1);
  viewport()->update();
}

void BytesView::update_range() {
  const int lines = (static_cast<int>(bytes_.size()) + per_line() - 1) / per_line();
  const int visible = std::max(1, (viewport()->height() - 2 * kPad) / line_height());
  verticalScrollBar()->setRange(0, std::max(0, lines - visible));
  verticalScrollBar()->setPageStep(visible);
}

void BytesView::resizeEvent(QResizeEvent* /*event*/) { update_range(); }

void BytesView::paintEvent(QPaintEvent* /*event*/) {
  const Theme& t = theme();
  QPainter p(viewport());
  p.fillRect(viewport()->rect(), t.panel);
  const int columns = per_line();
  const int h = line_height();
  const int cell = fontMetrics().horizontalAdvance(QLatin1Char('0'));
  const auto first =
      static_cast<std::size_t>(std::ptrdiff_t{verticalScrollBar()->value()} * columns);
  for (std::size_t i = first; i < bytes_.size(); ++i) {
    const int column = static_cast<int>(i - first) % columns;
    const int y = kPad + static_cast<int>(i - first) / columns * h;
    if (y > viewport()->height()) break;
    if (column == 0) {
      p.setPen(t.muted);
      p.drawText(kPad, y + fontMetrics().ascent(),
                 QStringLiteral("%1").arg(i, 4, 16, QLatin1Char('0')));
    }
    const bool marked = i >= mark_begin_ && i < mark_begin_ + mark_length_;
    const bool changed = i < changed_.size() && changed_[i];
    const QColor back = marked ? t.accent_soft : changed ? t.changed : t.panel;
    p.fillRect(hex_x(column) - 1, y, cell * 2 + 3, h, back);
    p.fillRect(text_x(column), y, cell, h, back);
    p.setPen(changed ? t.changed_ink : t.text);
    p.drawText(hex_x(column), y + fontMetrics().ascent(),
               QStringLiteral("%1").arg(bytes_[i], 2, 16, QLatin1Char('0')));
    const char c = bytes_[i] >= 32 && bytes_[i] < 127 ? static_cast<char>(bytes_[i]) : '.';
    p.drawText(text_x(column), y + fontMetrics().ascent(), QString(QLatin1Char(c)));
  }
}

void BytesView::choose(std::size_t offset) {
  if (offset < bytes_.size()) Q_EMIT byte_chosen(offset);
}

void BytesView::mousePressEvent(QMouseEvent* event) {
  const int columns = per_line();
  const int line = (event->pos().y() - kPad) / line_height() + verticalScrollBar()->value();
  for (int c = 0; c < columns; ++c) {
    const int cell = fontMetrics().horizontalAdvance(QLatin1Char('0'));
    const bool in_hex = event->pos().x() >= hex_x(c) && event->pos().x() < hex_x(c) + cell * 3;
    const bool in_text = event->pos().x() >= text_x(c) && event->pos().x() < text_x(c) + cell;
    if (in_hex || in_text) {
      return choose(static_cast<std::size_t>(std::ptrdiff_t{line} * columns + c));
    }
  }
}

void BytesView::keyPressEvent(QKeyEvent* event) {
  const auto by = static_cast<std::size_t>(per_line());
  switch (event->key()) {
    case Qt::Key_Down: return choose(mark_begin_ + by);
    case Qt::Key_Up: return choose(mark_begin_ >= by ? mark_begin_ - by : mark_begin_);
    default: QAbstractScrollArea::keyPressEvent(event);
  }
}

}  // namespace lvslab::gui
