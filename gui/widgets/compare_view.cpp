#include "gui/widgets/compare_view.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QScrollBar>
#include <QSplitter>
#include <QTableView>
#include <QVBoxLayout>
#include <algorithm>

#include "gui/models/compare_model.h"
#include "gui/models/words.h"
#include "gui/widgets/theme.h"
#include "sim/trace/text.h"

namespace lvslab::gui {
namespace {

constexpr double kTimeWidth = 92;

QString text_of(const LadderRow& row, const Trace& trace, Language language) {
  const TraceRecord& r = trace[row.record];
  switch (row.kind) {
    case LadderRow::Kind::kArrow: {
      const QString label = to_qt(row.facts.label);
      return label.isEmpty() ? to_qt(protocol_name(row.facts)) : label;
    }
    case LadderRow::Kind::kDrop:
      return QStringLiteral("✕ ") + to_qt(reason_sentence(trace, r, language));
    case LadderRow::Kind::kCommand: return QStringLiteral("$ ") + to_qt(trace.text(r.args[0]));
    case LadderRow::Kind::kFault: return QStringLiteral("⚡ ") + to_qt(trace.text(r.args[0]));
  }
  return {};
}

}  // namespace

// --- the two ladders -----------------------------------------------------------------------------

ComparedLadders::ComparedLadders(CompareModel& model, QWidget* parent)
    : QAbstractScrollArea(parent), model_(model) {
  setFrameShape(QFrame::NoFrame);
  setFocusPolicy(Qt::StrongFocus);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
}

int ComparedLadders::row_height() const { return fontMetrics().height() * 2 - 4; }
int ComparedLadders::head_height() const { return fontMetrics().height() * 2 + 14; }

LadderGrid ComparedLadders::grid_of(bool right) const {
  const double half = viewport()->width() / 2.0;
  const std::size_t columns = model_.runs() == nullptr ? 1 : model_.runs()->left.columns().size();
  return {(right ? half : 0) + kTimeWidth, half - kTimeWidth - 4, columns, row_height()};
}

void ComparedLadders::refresh() {
  const int rows = model_.runs() == nullptr ? 0 : static_cast<int>(model_.runs()->rows.size());
  const int visible = std::max(1, (viewport()->height() - head_height()) / row_height());
  verticalScrollBar()->setRange(0, std::max(0, rows - visible));
  verticalScrollBar()->setPageStep(visible);
  viewport()->update();
}

void ComparedLadders::resizeEvent(QResizeEvent* /*event*/) { refresh(); }

void ComparedLadders::show_row(int row) {
  current_ = row;
  verticalScrollBar()->setValue(row - verticalScrollBar()->pageStep() / 2);
  viewport()->update();
}

void ComparedLadders::paint_side(QPainter& p, std::size_t at, bool right, double y) const {
  const ComparedRuns& runs = *model_.runs();
  const Theme& t = theme();
  const LadderGrid grid = grid_of(right);
  const ComparedRow& row = runs.rows[at];
  const QRectF box(grid.left - kTimeWidth, y, grid.width + kTimeWidth, row_height());
  const std::optional<std::size_t>& here = right ? row.right : row.left;
  if (row.differs) p.fillRect(box, t.changed);
  if (static_cast<int>(at) == current_) p.fillRect(box, t.accent_soft);
  paint_lifelines(p, grid, y);
  if (!here) {
    p.setPen(t.danger);
    p.drawText(box, Qt::AlignCenter, QStringLiteral("—"));
    return;
  }
  const LadderRow& what = (right ? runs.right : runs.left).rows()[*here];
  const Trace& trace = right ? runs.real->trace : runs.sim->trace;
  const QString text = text_of(what, trace, model_.language());
  p.setPen(t.muted);
  p.drawText(QRectF(box.left() + 4, y, kTimeWidth - 12, row_height()),
             Qt::AlignRight | Qt::AlignVCenter, time_text(what.at));
  if (what.kind == LadderRow::Kind::kArrow) {
    return paint_arrow(p, what, text, grid, y, what.to.empty());
  }
  p.setPen(what.kind == LadderRow::Kind::kCommand ? t.text : t.danger);
  const QRectF words = box.adjusted(kTimeWidth + 6, 0, -6, 0);
  const QString shown = fontMetrics().elidedText(
      to_qt(runs.left.columns()[what.from].host) + QStringLiteral(" ") + text, Qt::ElideRight,
      static_cast<int>(words.width()));
  QRectF back = words;  // no lifeline goes through the words
  back.setWidth(fontMetrics().horizontalAdvance(shown) + 4);
  p.fillRect(back, static_cast<int>(at) == current_ ? t.accent_soft
                   : row.differs                    ? t.changed
                                                    : t.panel);
  p.drawText(words, Qt::AlignLeft | Qt::AlignVCenter, shown);
}

void ComparedLadders::paint_head(QPainter& p) const {
  const Theme& t = theme();
  p.fillRect(QRect(0, 0, viewport()->width(), head_height()), t.raised);
  for (const bool right : {false, true}) {
    const LadderGrid grid = grid_of(right);
    p.setPen(t.text);
    p.drawText(QRectF(grid.left, 2, grid.width, fontMetrics().height() + 2), Qt::AlignCenter,
               right ? CompareModel::tr("Real kernel") : CompareModel::tr("Simulator"));
    p.setPen(t.muted);
    const double cell = grid.width / static_cast<double>(grid.columns);
    for (std::size_t c = 0; c < grid.columns; ++c) {
      p.drawText(QRectF(grid.x(c) - cell / 2, fontMetrics().height() + 4, cell,
                        fontMetrics().height() + 4),
                 Qt::AlignCenter,
                 fontMetrics().elidedText(to_qt(model_.runs()->left.columns()[c].name()),
                                          Qt::ElideRight, static_cast<int>(cell) - 4));
    }
  }
  p.setPen(t.line);
  p.drawLine(0, head_height(), viewport()->width(), head_height());
}

void ComparedLadders::paintEvent(QPaintEvent* /*event*/) {
  QPainter p(viewport());
  p.setRenderHint(QPainter::Antialiasing);
  p.fillRect(viewport()->rect(), theme().panel);
  if (model_.runs() == nullptr || !model_.runs()->real) return;
  double y = head_height() + 1;
  for (auto i = static_cast<std::size_t>(verticalScrollBar()->value());
       i < model_.runs()->rows.size() && y < viewport()->height(); ++i) {
    paint_side(p, i, false, y);
    paint_side(p, i, true, y);
    y += row_height();
  }
  paint_head(p);
  p.setPen(theme().line);
  p.drawLine(viewport()->width() / 2, 0, viewport()->width() / 2, viewport()->height());
}

// --- the page ------------------------------------------------------------------------------------

CompareView::CompareView(CompareModel& model, QWidget* parent) : QWidget(parent), model_(model) {
  start_ = new QPushButton(this);
  verdict_ = new QLabel(this);
  verdict_->setWordWrap(true);
  empty_ = new QLabel(this);
  empty_->setAlignment(Qt::AlignCenter);
  empty_->setProperty("empty", true);
  empty_->setWordWrap(true);
  list_ = new QTableView(this);
  list_->setModel(&model);
  list_->setSelectionBehavior(QAbstractItemView::SelectRows);
  list_->setShowGrid(false);
  list_->setWordWrap(false);
  list_->verticalHeader()->hide();
  list_->verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 6);
  list_->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
  list_->horizontalHeader()->setStretchLastSection(true);
  list_->setColumnWidth(CompareModel::kWhat, 240);
  ladders_ = new ComparedLadders(model, this);
  auto* bar = new QHBoxLayout;
  bar->setContentsMargins(8, 6, 8, 6);
  bar->setSpacing(12);
  bar->addWidget(start_);
  bar->addWidget(verdict_, 1);
  auto* split = new QSplitter(Qt::Horizontal, this);
  split->addWidget(list_);
  split->addWidget(ladders_);
  split->setStretchFactor(1, 1);
  split->setSizes({420, 820});
  auto* all = new QVBoxLayout(this);
  all->setContentsMargins(0, 0, 0, 0);
  all->setSpacing(0);
  all->addLayout(bar);
  all->addWidget(empty_, 1);
  all->addWidget(split, 1);
  QObject::connect(start_, &QPushButton::clicked, this, [this] {
    if (model_.busy()) {
      model_.cancel();
    } else {
      Q_EMIT compare_wanted();
    }
  });
  QObject::connect(&model, &CompareModel::changed, this, &CompareView::refresh);
  QObject::connect(list_->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
                   [this](const QModelIndex& now) {
                     if (now.isValid())
                       ladders_->show_row(now.data(CompareModel::kRowRole).toInt());
                   });
  retranslate();
}

void CompareView::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::LanguageChange) retranslate();
}

void CompareView::retranslate() {
  list_->setAccessibleName(tr("Differences"));
  ladders_->setAccessibleName(tr("Both runs side by side"));
  start_->setToolTip(tr("Play this scenario in the simulator and on the real kernel, and compare"));
  empty_->setText(
      tr("Both runs will stand here side by side, with what differs marked. "
         "Press the button above."));
  refresh();
}

void CompareView::refresh() {
  start_->setText(model_.busy() ? tr("Cancel") : tr("Compare"));
  verdict_->setText(model_.verdict());
  const bool has = model_.runs() != nullptr && model_.runs()->real.has_value();
  empty_->setVisible(!has);
  list_->parentWidget()->setVisible(has);
  list_->setVisible(has && model_.rowCount() > 0);
  ladders_->refresh();
}

}  // namespace lvslab::gui
