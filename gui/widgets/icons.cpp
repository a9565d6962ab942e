#include "gui/widgets/icons.h"

#include <QIconEngine>
#include <QPainter>
#include <QPainterPath>

#include "gui/widgets/theme.h"

namespace lvslab::gui {
namespace {

QPainterPath triangle(double x, bool right) {
  QPainterPath path;
  const double tip = right ? x + 9 : x - 9;
  path.moveTo(x, 5);
  path.lineTo(tip, 12);
  path.lineTo(x, 19);
  path.closeSubpath();
  return path;
}

void strokes(QPainter& p, std::initializer_list<QLineF> lines) {
  for (const QLineF& line : lines) p.drawLine(line);
}

void paint_transport(QPainter& p, Glyph glyph, const QColor& ink) {
  switch (glyph) {
    case Glyph::kRestart:
      p.fillPath(triangle(18, false), ink);
      p.fillRect(QRectF(5, 5, 2.5, 14), ink);
      return;
    case Glyph::kBack:
      p.fillPath(triangle(15, false), ink);
      p.fillRect(QRectF(17, 5, 2.5, 14), ink);
      return;
    case Glyph::kStep:
      p.fillPath(triangle(9, true), ink);
      p.fillRect(QRectF(4.5, 5, 2.5, 14), ink);
      return;
    case Glyph::kPlay: p.fillPath(triangle(8, true), ink); return;
    case Glyph::kPause:
      p.fillRect(QRectF(6.5, 5, 4, 14), ink);
      p.fillRect(QRectF(13.5, 5, 4, 14), ink);
      return;
    case Glyph::kToEnd:
      p.fillPath(triangle(6, true), ink);
      p.fillRect(QRectF(16.5, 5, 2.5, 14), ink);
      return;
    case Glyph::kStop: p.fillRect(QRectF(6, 6, 12, 12), ink); return;
    default: return;
  }
}

void paint_tool(QPainter& p, Glyph glyph) {
  switch (glyph) {
    case Glyph::kUntil:
      p.drawEllipse(QPointF(12, 12), 7, 7);
      strokes(p, {{12, 8, 12, 12}, {12, 12, 15, 14}});
      return;
    case Glyph::kFollow:
      p.drawEllipse(QPointF(6, 6), 2, 2);
      p.drawEllipse(QPointF(18, 18), 2, 2);
      strokes(p, {{8, 7, 13, 9}, {13, 9, 11, 15}, {11, 15, 16, 17}});
      return;
    case Glyph::kFilter: strokes(p, {{4, 6, 20, 6}, {7, 12, 17, 12}, {10, 18, 14, 18}}); return;
    case Glyph::kFit:
      strokes(p, {{4, 9, 4, 4},
                  {4, 4, 9, 4},
                  {15, 4, 20, 4},
                  {20, 4, 20, 9},
                  {20, 15, 20, 20},
                  {20, 20, 15, 20},
                  {9, 20, 4, 20},
                  {4, 20, 4, 15}});
      return;
    case Glyph::kExport:
      strokes(p, {{12, 4, 12, 14}, {8, 10, 12, 14}, {16, 10, 12, 14}, {4, 19, 20, 19}});
      return;
    case Glyph::kOpen:
      strokes(p, {{4, 7, 10, 7},
                  {10, 7, 12, 9},
                  {12, 9, 20, 9},
                  {20, 9, 20, 18},
                  {20, 18, 4, 18},
                  {4, 18, 4, 7}});
      return;
    case Glyph::kCheck: strokes(p, {{5, 13, 10, 18}, {10, 18, 19, 6}}); return;
    case Glyph::kTerminal:
      p.drawRoundedRect(QRectF(3, 5, 18, 14), 2, 2);
      strokes(p, {{6, 9, 9, 12}, {9, 12, 6, 15}, {11, 15, 16, 15}});
      return;
    case Glyph::kSource:
      p.drawEllipse(QPointF(12, 12), 8, 8);
      strokes(p, {{12, 11, 12, 16}, {12, 7.5, 12, 8.5}});
      return;
    case Glyph::kUndo:
    case Glyph::kRedo: {
      if (glyph == Glyph::kRedo) p.setTransform(QTransform(-1, 0, 0, 1, 24, 0), true);
      strokes(p, {{5, 10, 9, 6}, {5, 10, 9, 14}});
      QPainterPath bow(QPointF(5, 10));
      bow.cubicTo(14, 10, 19, 11, 18, 18);
      p.drawPath(bow);
      return;
    }
    case Glyph::kSave:
      p.drawRoundedRect(QRectF(4, 4, 16, 16), 2, 2);
      strokes(p, {{8, 4, 8, 9},
                  {8, 9, 15, 9},
                  {15, 9, 15, 4},
                  {8, 20, 8, 14},
                  {8, 14, 16, 14},
                  {16, 14, 16, 20}});
      return;
    default: return;
  }
}

void paint_glyph(QPainter& p, Glyph glyph, const QColor& ink) {
  p.setPen(QPen(ink, 2, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
  p.setBrush(Qt::NoBrush);
  switch (glyph) {
    case Glyph::kTheme: {
      p.drawEllipse(QPointF(12, 12), 8, 8);
      QPainterPath half;
      half.moveTo(12, 4);
      half.arcTo(QRectF(4, 4, 16, 16), 90, -180);
      p.fillPath(half, ink);
      return;
    }
    case Glyph::kLock: paint_lock(p, QRectF(5, 4, 14, 16)); return;
    case Glyph::kHelp:
      p.setFont(QFont(p.font().family(), 12, QFont::Bold));
      p.drawText(QRectF(0, 0, 24, 24), Qt::AlignCenter, QStringLiteral("?"));
      return;
    default: break;
  }
  paint_transport(p, glyph, ink);
  paint_tool(p, glyph);
}

/// Paints at the moment of use, so that it follows the theme.
class Engine : public QIconEngine {
 public:
  explicit Engine(Glyph glyph) : glyph_(glyph) {}
  QIconEngine* clone() const override { return new Engine(glyph_); }
  void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State state) override {
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    const double side = std::min(rect.width(), rect.height());
    painter->translate(rect.x() + (rect.width() - side) / 2, rect.y() + (rect.height() - side) / 2);
    painter->scale(side / 24, side / 24);
    QColor ink = state == QIcon::On ? theme().accent : theme().text;
    if (mode == QIcon::Disabled) ink.setAlphaF(0.35F);
    paint_glyph(*painter, glyph_, ink);
    painter->restore();
  }
  QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override {
    QPixmap pixmap(size);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    paint(&painter, QRect(QPoint(0, 0), size), mode, state);
    return pixmap;
  }

 private:
  Glyph glyph_;
};

}  // namespace

QIcon icon(Glyph glyph) { return QIcon(new Engine(glyph)); }

void paint_lock(QPainter& p, const QRectF& box) {
  const double w = box.width();
  const double h = box.height();
  const QRectF body(box.x(), box.y() + h * 0.45, w, h * 0.55);
  QPainterPath bow;
  bow.moveTo(box.x() + w * 0.22, body.top());
  bow.lineTo(box.x() + w * 0.22, box.y() + h * 0.28);
  bow.arcTo(QRectF(box.x() + w * 0.22, box.y(), w * 0.56, h * 0.56), 180, -180);
  bow.lineTo(box.x() + w * 0.78, body.top());
  p.drawPath(bow);
  QPainterPath filled;
  filled.addRoundedRect(body, w * 0.12, w * 0.12);
  p.fillPath(filled, p.pen().color());
}

void paint_switch(QPainter& p, const QRectF& box) {
  const double x = box.x();
  const double w = box.width();
  const double up = box.y() + box.height() * 0.32;
  const double low = box.y() + box.height() * 0.68;
  const double head = box.height() * 0.18;
  strokes(p, {{x, up, x + w, up},
              {x + w - head, up - head, x + w, up},
              {x + w - head, up + head, x + w, up},
              {x, low, x + w, low},
              {x + head, low - head, x, low},
              {x + head, low + head, x, low}});
}

void paint_role(QPainter& p, const QRectF& box, scenario::Role role) {
  using scenario::Role;
  p.save();
  p.translate(box.topLeft());
  p.scale(box.width() / 24, box.height() / 24);
  QPen pen = p.pen();
  pen.setWidthF(1.8);
  pen.setCapStyle(Qt::RoundCap);
  p.setPen(pen);
  switch (role) {
    case Role::kClient:
      p.drawRoundedRect(QRectF(3, 5, 18, 12), 1.5, 1.5);
      strokes(p, {{8, 20, 16, 20}, {12, 17, 12, 20}});
      break;
    case Role::kBackup:
      pen.setStyle(Qt::DotLine);
      p.setPen(pen);
      [[fallthrough]];
    case Role::kDirector:
      strokes(p, {{3, 12, 11, 12}, {11, 12, 19, 5}, {11, 12, 21, 12}, {11, 12, 19, 19}});
      p.setBrush(p.pen().color());
      p.drawEllipse(QPointF(11, 12), 1.8, 1.8);
      break;
    case Role::kRouter:
      p.drawEllipse(QPointF(12, 12), 9, 9);
      strokes(p, {{7, 12, 17, 12}, {12, 7, 12, 17}, {15, 10, 17, 12}, {15, 14, 17, 12}});
      break;
    case Role::kRealServer:
    case Role::kHost:
      p.drawRoundedRect(QRectF(4, 4, 16, 7), 1.5, 1.5);
      p.drawRoundedRect(QRectF(4, 13, 16, 7), 1.5, 1.5);
      strokes(p, {{7.5, 7.5, 8, 7.5}, {7.5, 16.5, 8, 16.5}});
      if (role == Role::kRealServer) strokes(p, {{13, 7.5, 17, 7.5}, {13, 16.5, 17, 16.5}});
      break;
  }
  p.restore();
}

}  // namespace lvslab::gui
