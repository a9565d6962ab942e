#include "gui/widgets/time_line.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QPainter>
#include <QPainterPath>
#include <QToolTip>
#include <algorithm>
#include <cmath>

#include "gui/models/play_model.h"
#include "gui/models/timeline_model.h"
#include "gui/models/words.h"
#include "gui/widgets/theme.h"

namespace lvslab::gui {
namespace {

constexpr int kMargin = 16, kAxis = 22;

}  // namespace

TimeLine::TimeLine(PlayModel& play, TimelineModel& model, QWidget* parent)
    : QWidget(parent), play_(play), model_(model) {
  setFocusPolicy(Qt::StrongFocus);
  setCursor(Qt::PointingHandCursor);
  setFixedHeight(sizeHint().height());
  const auto redraw = [this] {
    setAccessibleDescription(tr("%1 seconds, event %2 of %3")
                                 .arg(time_text(play_.now()))
                                 .arg(play_.position())
                                 .arg(play_.history().end()));
    update();
  };
  QObject::connect(&play, &PlayModel::moved, this, redraw);
  QObject::connect(&play, &PlayModel::grew, this, redraw);
  QObject::connect(&play, &PlayModel::opened, this, redraw);
  QObject::connect(&model, &TimelineModel::changed, this, redraw);
  retranslate();
}

QSize TimeLine::sizeHint() const { return {400, 52}; }

void TimeLine::retranslate() { setAccessibleName(tr("Time line")); }

void TimeLine::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::LanguageChange) retranslate();
}

double TimeLine::x_of(quint32 position) const {
  const double span = std::max<double>(1, play_.history().end() - play_.start());
  return kMargin + (width() - 2 * kMargin) * (position - play_.start()) / span;
}

quint32 TimeLine::position_at(double x) const {
  const double span = play_.history().end() - play_.start();
  const double part = std::clamp((x - kMargin) / std::max(1, width() - 2 * kMargin), 0.0, 1.0);
  return play_.start() + static_cast<quint32>(std::lround(part * span));
}

// --- picture -------------------------------------------------------------------------------------

void TimeLine::paint_mark(QPainter& p, const TimelineMark& mark) const {
  const Theme& t = theme();
  const double x = x_of(mark.position);
  p.setPen(Qt::NoPen);
  switch (mark.kind) {
    case TimelineMark::Kind::kCommand:
      p.setPen(QPen(t.muted, 1));
      p.drawLine(QPointF(x, kAxis - 6), QPointF(x, kAxis - 1));
      return;
    case TimelineMark::Kind::kDrop:
      p.setPen(QPen(t.danger, 1.2));
      p.drawLine(QPointF(x - 2, kAxis + 3), QPointF(x + 2, kAxis + 7));
      p.drawLine(QPointF(x - 2, kAxis + 7), QPointF(x + 2, kAxis + 3));
      return;
    case TimelineMark::Kind::kFault: {
      QPainterPath bolt;
      bolt.moveTo(x + 2, kAxis - 14);
      bolt.lineTo(x - 4, kAxis - 6);
      bolt.lineTo(x, kAxis - 6);
      bolt.lineTo(x - 2, kAxis);
      bolt.lineTo(x + 4, kAxis - 8);
      bolt.lineTo(x, kAxis - 8);
      bolt.closeSubpath();
      p.fillPath(bolt, t.danger);
      return;
    }
    case TimelineMark::Kind::kFailover:
      p.setPen(QPen(t.accent, 2));
      p.setBrush(t.panel);
      p.drawEllipse(QPointF(x, kAxis - 8), 4, 4);
      return;
    case TimelineMark::Kind::kFailed:
      p.setPen(QPen(t.danger, 2));
      p.drawLine(QPointF(x - 4, kAxis - 13), QPointF(x + 4, kAxis - 5));
      p.drawLine(QPointF(x - 4, kAxis - 5), QPointF(x + 4, kAxis - 13));
      return;
  }
}

void TimeLine::paintEvent(QPaintEvent* /*event*/) {
  const Theme& t = theme();
  QPainter p(this);
  p.setRenderHint(QPainter::Antialiasing);
  p.fillRect(rect(), t.raised);
  p.setPen(t.line);
  p.drawLine(0, 0, width(), 0);
  if (!play_.has_scenario() || play_.history().end() == 0) return;
  const double now = x_of(play_.position());
  p.setPen(QPen(t.line, 4, Qt::SolidLine, Qt::RoundCap));
  p.drawLine(QPointF(kMargin, kAxis), QPointF(width() - kMargin, kAxis));
  p.setPen(QPen(t.accent, 4, Qt::SolidLine, Qt::RoundCap));
  p.drawLine(QPointF(kMargin, kAxis), QPointF(now, kAxis));
  double last = -10;
  for (const TimelineMark& mark : model_.marks()) {
    // A thousand drops at one pixel are one cross.
    const bool small =
        mark.kind == TimelineMark::Kind::kCommand || mark.kind == TimelineMark::Kind::kDrop;
    const double x = x_of(mark.position);
    if (small && x - last < 1.5) continue;
    if (small) last = x;
    paint_mark(p, mark);
  }
  p.setPen(QPen(t.panel, 2));
  p.setBrush(t.accent);
  p.drawEllipse(QPointF(now, kAxis), 7, 7);
  if (hasFocus()) {
    p.setPen(QPen(t.accent, 1, Qt::DashLine));
    p.setBrush(Qt::NoBrush);
    p.drawEllipse(QPointF(now, kAxis), 10, 10);
  }
  p.setPen(t.muted);
  QFont font = p.font();
  font.setPointSizeF(font.pointSizeF() - 1);
  p.setFont(font);
  const QRectF row(kMargin, kAxis + 10, width() - 2 * kMargin, 18);
  p.drawText(row, Qt::AlignLeft | Qt::AlignVCenter, tr("start"));
  const QString end = tr("recorded to %1 s, %2 records")
                          .arg(time_text(play_.trace().records().back().at))
                          .arg(play_.history().end());
  p.drawText(row, Qt::AlignRight | Qt::AlignVCenter, end);
  const QString here = time_text(play_.now()) + tr(" s");
  const double w = p.fontMetrics().horizontalAdvance(here);
  const double left = kMargin + p.fontMetrics().horizontalAdvance(tr("start")) + 12;
  const double right = width() - kMargin - p.fontMetrics().horizontalAdvance(end) - 12;
  if (right - left < w) return;
  p.setPen(t.text);
  p.drawText(QRectF(std::clamp(now - w / 2, left, right - w), row.top(), w + 2, row.height()),
             Qt::AlignVCenter, here);
}

// --- hands ---------------------------------------------------------------------------------------

void TimeLine::drag_to(double x) {
  if (!play_.has_scenario()) return;
  play_.pause();
  play_.go_to(position_at(x));
}

void TimeLine::mousePressEvent(QMouseEvent* event) {
  if (event->button() != Qt::LeftButton) return;
  if (const TimelineMark* mark = mark_near(event->position().x());
      mark != nullptr && event->position().y() < kAxis - 2) {
    play_.pause();
    return play_.go_to(mark->position);
  }
  drag_to(event->position().x());
}

void TimeLine::mouseMoveEvent(QMouseEvent* event) {
  if ((event->buttons() & Qt::LeftButton) != 0) drag_to(event->position().x());
}

void TimeLine::keyPressEvent(QKeyEvent* event) {
  const bool up = event->key() == Qt::Key_Up;
  if (!up && event->key() != Qt::Key_Down) return QWidget::keyPressEvent(event);
  if (const TimelineMark* mark = model_.neighbour(play_.position(), up))
    play_.go_to(mark->position);
}

const TimelineMark* TimeLine::mark_near(double x) const {
  const TimelineMark* best = nullptr;
  double distance = 6;
  for (const TimelineMark& mark : model_.marks()) {
    const double d = std::abs(x_of(mark.position) - x);
    const bool rare =
        mark.kind != TimelineMark::Kind::kCommand && mark.kind != TimelineMark::Kind::kDrop;
    if (d > distance || (d == distance && !rare)) continue;
    best = &mark;
    distance = d;
  }
  return best;
}

bool TimeLine::event(QEvent* event) {
  if (event->type() != QEvent::ToolTip) return QWidget::event(event);
  const auto* help = static_cast<QHelpEvent*>(event);
  const TimelineMark* mark = play_.has_scenario() ? mark_near(help->pos().x()) : nullptr;
  QToolTip::showText(help->globalPos(),
                     mark == nullptr
                         ? tr("Drag to any moment; ↑ and ↓ go from mark to mark")
                         : QStringLiteral("%1 · %2").arg(model_.kind_name(mark->kind), mark->text),
                     this);
  return true;
}

}  // namespace lvslab::gui
