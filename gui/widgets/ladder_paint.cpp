#include "gui/widgets/ladder_paint.h"

#include <QPainter>
#include <QPainterPath>
#include <algorithm>
#include <cmath>

#include "gui/widgets/theme.h"
#include "sim/trace/ladder_rows.h"

namespace lvslab::gui {

double LadderGrid::x(std::size_t column) const {
  const auto count = static_cast<double>(std::max<std::size_t>(1, columns));
  return left + width * (static_cast<double>(column) + 0.5) / count;
}

void paint_lifelines(QPainter& p, const LadderGrid& grid, double y) {
  p.setPen(QPen(theme().line, 1));
  for (std::size_t c = 0; c < grid.columns; ++c) {
    p.drawLine(QPointF(grid.x(c), y), QPointF(grid.x(c), y + grid.row_height));
  }
}

void paint_arrow(QPainter& p, const LadderRow& row, const QString& text, const LadderGrid& grid,
                 double y, bool lost, bool pale) {
  const Theme& t = theme();
  const QColor ink = pale ? t.muted : row.facts.rst ? t.danger : t.ink(row.facts.protocol);
  const double x = grid.x(row.from);
  Qt::PenStyle style = row.again ? Qt::DashLine : Qt::SolidLine;
  const double base = y + grid.row_height * 0.72;
  p.setPen(QPen(ink, row.facts.rst ? 2.4 : 1.6, style));
  double label_to = x;
  for (const std::size_t target : row.to) {
    const double to = grid.x(target);
    if (to == x) continue;
    if (std::abs(to - x) > std::abs(label_to - x)) label_to = to;
    const double side = to > x ? -1 : 1;
    p.drawLine(QPointF(x, base), QPointF(to + side, base));
    QPainterPath head;
    head.moveTo(to, base);
    head.lineTo(to + side * 8, base - 4);
    head.lineTo(to + side * 8, base + 4);
    head.closeSubpath();
    p.fillPath(head, ink);
  }
  if (row.to.empty() && !lost) {  // still on its way
    label_to = x + 70;
    p.setPen(QPen(ink, 1.6, Qt::DotLine));
    p.drawLine(QPointF(x, base), QPointF(x + 58, base));
  }
  if (lost) {
    label_to = x + 70;
    p.drawLine(QPointF(x, base), QPointF(x + 58, base));
    p.setPen(QPen(t.danger, 2));
    p.drawLine(QPointF(x + 56, base - 5), QPointF(x + 66, base + 5));
    p.drawLine(QPointF(x + 56, base + 5), QPointF(x + 66, base - 5));
  }
  p.setPen(Qt::NoPen);
  p.setBrush(ink);
  p.drawEllipse(QPointF(x, base), 3, 3);
  if (row.facts.envelope != Envelope::kNone) {
    p.setPen(QPen(t.muted, 1.4));
    p.setBrush(Qt::NoBrush);
    p.drawEllipse(QPointF(x, base), 6, 6);
  }
  p.setPen(ink);
  // Beside the sender, so that the label of a broadcast stands at its root.
  const double first = label_to > x ? x + 10 : x - 10;
  const QRectF box = label_to > x
                         ? QRectF(first, y, grid.width, grid.row_height * 0.66)
                         : QRectF(first - grid.width, y, grid.width, grid.row_height * 0.66);
  p.drawText(box, Qt::AlignBottom | (label_to > x ? Qt::AlignLeft : Qt::AlignRight), text);
}

}  // namespace lvslab::gui
