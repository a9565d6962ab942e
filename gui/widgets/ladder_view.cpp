#include "gui/widgets/ladder_view.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QPainter>
#include <QScrollBar>
#include <QSvgGenerator>
#include <QToolTip>
#include <algorithm>

#include "gui/models/ladder_model.h"
#include "gui/models/play_model.h"
#include "gui/models/words.h"
#include "gui/widgets/theme.h"

namespace lvslab::gui {
namespace {

constexpr double kTimeWidth = 104;
constexpr int kPictureWidth = 1200;
/// A picture holds so many rows at most; more would be a scroll.
constexpr std::size_t kPictureRows = 2'000;

}  // namespace

LadderView::LadderView(PlayModel& play, LadderModel& model, QWidget* parent)
    : QAbstractScrollArea(parent), play_(play), model_(model) {
  setFrameShape(QFrame::NoFrame);
  setFocusPolicy(Qt::StrongFocus);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setAccessibleName(tr("Ladder"));
  QObject::connect(&model, &LadderModel::changed, this, &LadderView::refresh);
  QObject::connect(&play, &PlayModel::moved, this, &LadderView::show_focus);
  QObject::connect(&play, &PlayModel::focus_changed, this, &LadderView::show_focus);
  refresh();
}

void LadderView::changeEvent(QEvent* event) {
  QAbstractScrollArea::changeEvent(event);
  if (event->type() == QEvent::LanguageChange) setAccessibleName(tr("Ladder"));
  if (event->type() == QEvent::PaletteChange) viewport()->update();
}

int LadderView::row_height() const { return fontMetrics().height() * 2 - 4; }
int LadderView::head_height() const { return fontMetrics().height() * 2 + 14; }

LadderGrid LadderView::grid_of(double width) const {
  return {kTimeWidth, width - kTimeWidth, model_.columns().size(), row_height()};
}

void LadderView::refresh() {
  const int visible = std::max(1, (viewport()->height() - head_height()) / row_height());
  verticalScrollBar()->setRange(0, std::max(0, static_cast<int>(model_.rows().size()) - visible));
  verticalScrollBar()->setPageStep(visible);
  show_focus();
}

void LadderView::resizeEvent(QResizeEvent* /*event*/) { refresh(); }

void LadderView::show_focus() {
  const int row = model_.row_of(play_.focus());
  QScrollBar* bar = verticalScrollBar();
  if (row >= 0 && (row < bar->value() || row >= bar->value() + bar->pageStep())) {
    bar->setValue(row - bar->pageStep() / 2);
  }
  viewport()->update();
}

// --- picture -------------------------------------------------------------------------------------

void LadderView::paint_head(QPainter& p, double width) const {
  const Theme& t = theme();
  p.fillRect(QRectF(0, 0, width, head_height()), t.raised);
  p.setPen(t.line);
  p.drawLine(QPointF(0, head_height()), QPointF(width, head_height()));
  const LadderGrid grid = grid_of(width);
  const double cell = grid.width / static_cast<double>(std::max<std::size_t>(1, grid.columns));
  const std::vector<LadderModel::Column>& columns = model_.columns();
  const int line = fontMetrics().height();
  for (std::size_t c = 0, next = 0; c < columns.size(); c = next) {
    while (next < columns.size() && columns[next].host == columns[c].host) ++next;
    const double left = grid.x(c) - cell / 2 + 2;
    const double right = grid.x(next - 1) + cell / 2 - 2;
    QFont bold = font();
    bold.setWeight(QFont::DemiBold);
    p.setFont(bold);
    p.setPen(t.text);
    p.drawText(QRectF(left, 4, right - left, line + 2), Qt::AlignCenter, to_qt(columns[c].host));
    p.setFont(font());
    if (next - c > 1) {  // what belongs together
      p.setPen(t.line);
      p.drawLine(QPointF(grid.x(c), line + 6), QPointF(grid.x(next - 1), line + 6));
    }
    p.setPen(t.muted);
    for (std::size_t one = c; one < next; ++one) {
      const LadderModel::Column& column = columns[one];
      const QString text =
          column.alone ? column.addresses : to_qt(column.dev) + u' ' + column.addresses;
      p.drawText(QRectF(grid.x(one) - cell / 2 + 2, line + 5, cell - 4, line + 2), Qt::AlignCenter,
                 fontMetrics().elidedText(text, Qt::ElideRight, static_cast<int>(cell) - 8));
    }
  }
}

void LadderView::paint_row(QPainter& p, const LadderRow& row, double y, double width,
                           bool current) const {
  const Theme& t = theme();
  if (current) p.fillRect(QRectF(0, y, width, row_height()), t.accent_soft);
  const LadderGrid grid = grid_of(width);
  paint_lifelines(p, grid, y);
  p.setFont(font());
  p.setPen(t.muted);
  p.drawText(QRectF(8, y, kTimeWidth - 16, row_height()), Qt::AlignVCenter | Qt::AlignRight,
             time_text(row.at));
  const bool future = row.record.value >= play_.position();
  if (row.kind == LadderRow::Kind::kArrow) {
    paint_arrow(p, row, model_.text_of(row), grid, y, model_.is_lost(row), future);
  } else {
    const bool bad = row.kind != LadderRow::Kind::kCommand;
    const QColor ink = future ? t.muted : bad ? t.danger : t.text;
    p.setPen(ink);
    const double x = grid.x(row.from);
    const bool left = x > width * 0.66;  // a long text at the right edge stands before its column
    const QRectF box = left ? QRectF(kTimeWidth, y, x - kTimeWidth - 10, row_height())
                            : QRectF(x + 10, y, width - x - 16, row_height());
    const QString text = fontMetrics().elidedText(model_.text_of(row), Qt::ElideRight,
                                                  static_cast<int>(box.width()));
    QRectF back = fontMetrics().boundingRect(
        box.toRect(), Qt::AlignVCenter | (left ? Qt::AlignRight : Qt::AlignLeft), text);
    p.fillRect(back.adjusted(-3, 0, 3, 0), current ? t.accent_soft : t.panel);
    p.drawText(box, Qt::AlignVCenter | (left ? Qt::AlignRight : Qt::AlignLeft), text);
    p.setBrush(ink);
    p.setPen(Qt::NoPen);
    p.drawRect(QRectF(x - 3, y + row_height() / 2.0 - 3, 6, 6));
  }
}

void LadderView::paintEvent(QPaintEvent* /*event*/) {
  QPainter p(viewport());
  p.setRenderHint(QPainter::Antialiasing);
  p.fillRect(viewport()->rect(), theme().panel);
  const double width = viewport()->width();
  if (model_.rows().empty()) {
    p.setPen(theme().muted);
    p.drawText(viewport()->rect(), Qt::AlignCenter,
               tr("Packets will stand here as arrows from host to host. Press → to step."));
    return;
  }
  const int current = model_.row_of(play_.focus());
  double y = head_height() + 1;
  for (auto i = static_cast<std::size_t>(verticalScrollBar()->value());
       i < model_.rows().size() && y < viewport()->height(); ++i) {
    paint_row(p, model_.rows()[i], y, width, static_cast<int>(i) == current);
    y += row_height();
  }
  paint_head(p, width);
}

bool LadderView::write_picture(const QString& path) const {
  const std::size_t rows = std::min(kPictureRows, model_.rows().size());
  const QSize size(kPictureWidth, head_height() + 8 + static_cast<int>(rows) * row_height());
  const auto draw = [&](QPainter& p) {
    p.setRenderHint(QPainter::Antialiasing);
    p.setFont(font());
    p.fillRect(QRect(QPoint(0, 0), size), theme().panel);
    for (std::size_t i = 0; i < rows; ++i) {
      paint_row(p, model_.rows()[i], head_height() + 1.0 + static_cast<double>(i) * row_height(),
                kPictureWidth, false);
    }
    paint_head(p, kPictureWidth);
  };
  if (path.endsWith(QLatin1String(".svg"))) {
    QSvgGenerator svg;
    svg.setFileName(path);
    svg.setSize(size);
    svg.setViewBox(QRect(QPoint(0, 0), size));
    QPainter p;
    if (!p.begin(&svg)) return false;
    draw(p);
    return p.end();
  }
  QImage image(size, QImage::Format_RGB32);
  if (image.isNull()) return false;
  QPainter p(&image);
  draw(p);
  p.end();
  return image.save(path);
}

// --- hands ---------------------------------------------------------------------------------------

int LadderView::row_at(int y) const {
  if (y <= head_height()) return -1;
  const int row = verticalScrollBar()->value() + (y - head_height() - 1) / row_height();
  return row < static_cast<int>(model_.rows().size()) ? row : -1;
}

void LadderView::mousePressEvent(QMouseEvent* event) {
  const int row = row_at(event->pos().y());
  if (row >= 0) play_.show(model_.rows()[static_cast<std::size_t>(row)].record);
}

void LadderView::keyPressEvent(QKeyEvent* event) {
  const int by = event->key() == Qt::Key_Down ? 1 : event->key() == Qt::Key_Up ? -1 : 0;
  if (by == 0) return QAbstractScrollArea::keyPressEvent(event);
  const int row = model_.row_of(play_.focus()) + by;
  if (row >= 0 && row < static_cast<int>(model_.rows().size())) {
    play_.show(model_.rows()[static_cast<std::size_t>(row)].record);
  }
}

bool LadderView::viewportEvent(QEvent* event) {
  if (event->type() != QEvent::ToolTip) return QAbstractScrollArea::viewportEvent(event);
  const auto* help = static_cast<QHelpEvent*>(event);
  const int row = row_at(help->pos().y());
  QToolTip::showText(
      help->globalPos(),
      row < 0 ? QString() : model_.words_of(model_.rows()[static_cast<std::size_t>(row)]), this);
  return true;
}

}  // namespace lvslab::gui
