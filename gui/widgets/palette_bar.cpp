#include "gui/widgets/palette_bar.h"

#include <QApplication>
#include <QDrag>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QMimeData>
#include <QMouseEvent>
#include <QPainter>
#include <QToolButton>
#include <QVBoxLayout>

#include "gui/models/words.h"
#include "gui/widgets/icons.h"
#include "gui/widgets/theme.h"

namespace lvslab::gui {
namespace {

constexpr int kIconSize = 20;

QString kind_of(std::size_t i) {
  return i < kDrawnRoles.size() ? to_qt(scenario::to_string(kDrawnRoles.at(i)))
                                : QStringLiteral("switch");
}

QString title_of(std::size_t i) {
  return i < kDrawnRoles.size() ? role_name(kDrawnRoles.at(i)) : PaletteBar::tr("switch");
}

QPixmap picture_of(std::size_t i, double ratio) {
  QPixmap picture(QSize(kIconSize, kIconSize) * ratio);
  picture.setDevicePixelRatio(ratio);
  picture.fill(Qt::transparent);
  QPainter p(&picture);
  p.setRenderHint(QPainter::Antialiasing);
  p.setPen(QPen(theme().accent, 1.8));
  const QRectF box(1, 1, kIconSize - 2, kIconSize - 2);
  if (i < kDrawnRoles.size()) {
    paint_role(p, box, kDrawnRoles.at(i));
  } else {
    paint_switch(p, box);
  }
  return picture;
}

}  // namespace

PaletteBar::PaletteBar(QWidget* parent) : QWidget(parent) {
  auto* bar = new QHBoxLayout;
  bar->setSpacing(4);
  for (std::size_t i = 0; i <= kDrawnRoles.size(); ++i) {
    auto* button = new QToolButton(this);
    button->setAutoRaise(true);
    button->setFocusPolicy(Qt::TabFocus);
    button->setIconSize({kIconSize, kIconSize});
    button->setToolButtonStyle(Qt::ToolButtonTextUnderIcon);
    button->installEventFilter(this);
    pieces_.push_back({kind_of(i), button});
    bar->addWidget(button);
    QObject::connect(button, &QToolButton::clicked, this,
                     [this, kind = kind_of(i)] { Q_EMIT picked(kind); });
  }
  hint_ = new QLabel(this);
  hint_->setWordWrap(true);
  bar->addStretch(1);
  auto* all = new QVBoxLayout(this);
  all->setContentsMargins(8, 4, 8, 4);
  all->setSpacing(2);
  all->addLayout(bar);
  all->addWidget(hint_);
  retranslate();
}

QToolButton* PaletteBar::button(const QString& kind) const {
  for (const Piece& piece : pieces_) {
    if (piece.kind == kind) return piece.button;
  }
  return nullptr;
}

void PaletteBar::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::LanguageChange) retranslate();
  if (event->type() == QEvent::PaletteChange) refresh_icons();
}

void PaletteBar::refresh_icons() {
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    pieces_[i].button->setIcon(picture_of(i, devicePixelRatioF()));
  }
}

void PaletteBar::retranslate() {
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    pieces_[i].button->setText(title_of(i));
    pieces_[i].button->setToolTip(
        tr("%1: drag it onto the drawing, or press to add one").arg(title_of(i)));
    pieces_[i].button->setAccessibleName(tr("Add: %1").arg(title_of(i)));
  }
  hint_->setText(tr("Drag these onto the drawing; pull a cable from a ⊕ to another node."));
  refresh_icons();
}

bool PaletteBar::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() != QEvent::MouseMove) return QWidget::eventFilter(watched, event);
  const auto* move = static_cast<QMouseEvent*>(event);
  auto* button = static_cast<QToolButton*>(watched);
  if ((move->buttons() & Qt::LeftButton) == 0 || button->rect().contains(move->pos())) return false;
  for (const Piece& piece : pieces_) {
    if (piece.button != button) continue;
    button->setDown(false);
    auto* what = new QMimeData;
    what->setData(QString::fromLatin1(kMime), piece.kind.toLatin1());
    auto* drag = new QDrag(this);
    drag->setMimeData(what);
    drag->setPixmap(button->icon().pixmap(button->iconSize()));
    drag->exec(Qt::CopyAction);
    return true;
  }
  return false;
}

}  // namespace lvslab::gui
