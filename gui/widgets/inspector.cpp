#include "gui/widgets/inspector.h"

#include <QEvent>
#include <QHeaderView>
#include <QLabel>
#include <QStyledItemDelegate>
#include <QTreeView>
#include <QVBoxLayout>

#include "gui/models/packet_model.h"
#include "gui/widgets/bytes_view.h"
#include "gui/widgets/theme.h"

namespace lvslab::gui {
namespace {

class FieldDelegate : public QStyledItemDelegate {
 public:
  using QStyledItemDelegate::QStyledItemDelegate;

 protected:
  void initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const override {
    QStyledItemDelegate::initStyleOption(option, index);
    const bool layer = !index.parent().isValid();
    if (layer) option->font.setWeight(QFont::DemiBold);
    const bool added = index.data(PacketModel::kAddedRole).toBool();
    const bool changed = index.data(PacketModel::kChangedRole).toBool();
    QColor ink = index.column() == PacketModel::kName && !layer ? theme().muted : theme().text;
    if (added || (changed && !layer)) {
      option->backgroundBrush = theme().changed;
      ink = theme().changed_ink;
      if (index.column() == PacketModel::kWas && !added) option->font.setStrikeOut(true);
    }
    option->palette.setColor(QPalette::Text, ink);
    option->palette.setColor(QPalette::HighlightedText, ink);
  }
};

}  // namespace

Inspector::Inspector(PacketModel& model, QWidget* parent) : QWidget(parent), model_(model) {
  title_ = new QLabel(this);
  title_->setProperty("heading", true);
  title_->setWordWrap(true);
  title_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  rewrites_ = new QLabel(this);
  rewrites_->setWordWrap(true);
  rewrites_->setObjectName(QStringLiteral("rewrites"));
  rewrites_->setContentsMargins(12, 2, 12, 6);
  rewrites_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  empty_ = new QLabel(this);
  empty_->setAlignment(Qt::AlignCenter);
  empty_->setProperty("empty", true);
  empty_->setWordWrap(true);
  empty_->setContentsMargins(24, 24, 24, 24);
  tree_ = new QTreeView(this);
  tree_->setModel(&model);
  tree_->setItemDelegate(new FieldDelegate(tree_));
  tree_->setUniformRowHeights(true);
  tree_->header()->setStretchLastSection(false);
  tree_->header()->setSectionResizeMode(PacketModel::kName, QHeaderView::Interactive);
  tree_->header()->resizeSection(PacketModel::kName, 132);
  tree_->header()->setSectionResizeMode(PacketModel::kValue, QHeaderView::Stretch);
  tree_->header()->setSectionResizeMode(PacketModel::kWas, QHeaderView::ResizeToContents);
  tree_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  tree_->setIndentation(14);
  bytes_ = new BytesView(this);

  auto* all = new QVBoxLayout(this);
  all->setContentsMargins(0, 0, 0, 0);
  all->setSpacing(0);
  all->addWidget(title_);
  all->addWidget(rewrites_);
  all->addWidget(empty_, 1);
  all->addWidget(tree_, 3);
  all->addWidget(bytes_, 1);

  QObject::connect(&model, &QAbstractItemModel::modelReset, this, &Inspector::refresh);
  QObject::connect(tree_->selectionModel(), &QItemSelectionModel::currentChanged, this,
                   [this](const QModelIndex& now) {
                     if (!now.isValid()) return;
                     marking_ = true;
                     bytes_->mark(now.data(PacketModel::kOffsetRole).toULongLong(),
                                  now.data(PacketModel::kLengthRole).toULongLong());
                     marking_ = false;
                   });
  QObject::connect(bytes_, &BytesView::byte_chosen, this, [this](quint64 offset) {
    const QModelIndex field = model_.field_at(offset);
    if (!field.isValid()) return;
    tree_->expand(field.parent());
    tree_->setCurrentIndex(field);
  });
  retranslate();
  refresh();
}

void Inspector::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::LanguageChange) retranslate();
  if (event->type() == QEvent::PaletteChange) refresh();
}

void Inspector::retranslate() {
  empty_->setText(
      tr("Step to a packet, or choose one in the list: its layers and bytes stand here."));
  tree_->setAccessibleName(tr("Layers and fields"));
  tree_->setToolTip(tr("What was rewritten on the way is marked, with its former value"));
  bytes_->setAccessibleName(tr("Bytes"));
  bytes_->setToolTip(tr("Click a byte to find its field"));
  refresh();
}

void Inspector::refresh() {
  const bool has = !model_.bytes().empty();
  title_->setText(has ? model_.title() : tr("Packet"));
  const bool rewritten = !model_.rewrites().isEmpty();
  rewrites_->setVisible(has && rewritten);
  if (rewritten) {
    rewrites_->setText(tr("Rewritten here:") + QStringLiteral("\n") +
                       model_.rewrites().join(QLatin1Char('\n')));
    QPalette p = rewrites_->palette();
    p.setColor(QPalette::WindowText, theme().changed_ink);
    p.setColor(QPalette::Window, theme().changed);
    rewrites_->setAutoFillBackground(true);
    rewrites_->setPalette(p);
  }
  empty_->setVisible(!has);
  tree_->setVisible(has);
  tree_->setColumnHidden(PacketModel::kWas, !rewritten);
  bytes_->setVisible(has);
  bytes_->set_bytes(model_.bytes(), model_.changed_bytes());
  // Open what was rewritten; of the rest, the headings say enough.
  for (int row = 0; row < model_.rowCount({}); ++row) {
    const QModelIndex layer = model_.index(row, 0, {});
    tree_->setFirstColumnSpanned(row, {}, true);
    if (layer.data(PacketModel::kChangedRole).toBool() ||
        layer.data(PacketModel::kAddedRole).toBool()) {
      tree_->expand(layer);
    }
  }
  // Where nothing was rewritten, the innermost layer says most.
  if (!rewritten && model_.rowCount({}) > 0) {
    tree_->expand(model_.index(model_.rowCount({}) - 1, 0, {}));
  }
}

}  // namespace lvslab::gui
