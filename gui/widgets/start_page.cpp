#include "gui/widgets/start_page.h"

#include <QCheckBox>
#include <QComboBox>
#include <QEvent>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPainter>
#include <QPushButton>
#include <QStyledItemDelegate>
#include <QTimer>
#include <QTreeView>
#include <QVBoxLayout>

#include "gui/models/library.h"
#include "gui/models/words.h"
#include "gui/widgets/icons.h"
#include "gui/widgets/theme.h"

namespace lvslab::gui {
namespace {

constexpr int kSummaryLines = 2, kMark = 28, kPad = 8, kSide = 260;

/// Of either script: Chinese characters may come from a higher font.
int line_height(const QFontMetrics& metrics) {
  return metrics.boundingRect(QRect(0, 0, 1'000, 1'000), Qt::AlignLeft, QStringLiteral("Ag国"))
      .height();
}

/// A lesson as its title over the first lines of what it teaches, with a tick if it was done.
class LessonCard : public QStyledItemDelegate {
 public:
  using QStyledItemDelegate::QStyledItemDelegate;

  QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override {
    const int line = line_height(option.fontMetrics);
    const bool topic = !index.parent().isValid();
    return {200, topic ? line + 3 * kPad : (1 + kSummaryLines) * line + 2 * kPad};
  }

  void paint(QPainter* p, const QStyleOptionViewItem& option,
             const QModelIndex& index) const override {
    const Theme& t = theme();
    p->save();
    const bool topic = !index.parent().isValid();
    const bool here = (option.state & QStyle::State_Selected) != 0;
    if (!topic && here) p->fillRect(option.rect, t.accent_soft);
    if (topic) {
      paint_topic(*p, option, index);
    } else {
      paint_lesson(*p, option, index);
    }
    p->restore();
  }

 private:
  static void paint_topic(QPainter& p, const QStyleOptionViewItem& option,
                          const QModelIndex& index) {
    QFont font = option.font;
    font.setWeight(QFont::DemiBold);
    p.setFont(font);
    p.setPen(theme().muted);
    p.drawText(option.rect.adjusted(kPad, 2 * kPad, -kPad, 0), Qt::AlignLeft | Qt::AlignTop,
               index.data().toString());
    p.setPen(theme().line);
    p.drawLine(option.rect.left() + kPad, option.rect.bottom(), option.rect.right() - kPad,
               option.rect.bottom());
  }

  static void paint_lesson(QPainter& p, const QStyleOptionViewItem& option,
                           const QModelIndex& index) {
    const Theme& t = theme();
    const bool done = index.data(LibraryModel::kDoneRole).toBool();
    const int line = line_height(option.fontMetrics);
    const QRect box = option.rect.adjusted(kPad, kPad, -kPad, -kPad);
    p.setPen(done ? t.good : t.muted);
    p.setFont(option.font);
    p.drawText(QRect(box.left(), box.top(), kMark, line), Qt::AlignHCenter | Qt::AlignVCenter,
               done ? QStringLiteral("✓") : QStringLiteral("○"));
    const QRect words = box.adjusted(kMark, 0, 0, 0);
    QFont bold = option.font;
    bold.setWeight(QFont::DemiBold);
    p.setFont(bold);
    p.setPen(t.text);
    const QString level = level_of(index);
    const int level_width =
        level.isEmpty() ? 0 : option.fontMetrics.horizontalAdvance(level) + 2 * kPad;
    const QRect title(words.left(), words.top(), words.width() - level_width, line);
    p.drawText(
        title, Qt::AlignLeft | Qt::AlignVCenter,
        QFontMetrics(bold).elidedText(index.data().toString(), Qt::ElideRight, title.width()));
    p.setFont(option.font);
    p.setPen(t.muted);
    p.drawText(QRect(words.left(), words.top(), words.width(), line),
               Qt::AlignRight | Qt::AlignVCenter, level);
    const QString summary = index.data(LibraryModel::kSummaryRole).toString().simplified();
    p.drawText(QRect(words.left(), words.top() + line, words.width(), kSummaryLines * line),
               Qt::AlignLeft | Qt::AlignTop | Qt::TextWordWrap,
               fitting(option.fontMetrics, summary, words.width()));
  }

  static QString level_of(const QModelIndex& index) {
    const int level = index.data(LibraryModel::kDifficultyRole).toInt();
    return level < 0 ? QString() : difficulty_text(static_cast<scenario::Difficulty>(level));
  }

  /// As many words as two lines hold, with an ellipsis if there were more.
  static QString fitting(const QFontMetrics& metrics, const QString& text, int width) {
    const auto fits = [&](const QString& part) {
      return metrics.boundingRect(QRect(0, 0, width, 10'000), Qt::TextWordWrap, part).height() <=
             kSummaryLines * line_height(metrics);
    };
    if (fits(text)) return text;
    qsizetype low = 0;
    qsizetype high = text.size();
    while (low + 1 < high) {
      const qsizetype middle = (low + high) / 2;
      (fits(text.left(middle) + u'…') ? low : high) = middle;
    }
    return text.left(low) + u'…';
  }
};

}  // namespace

StartPage::StartPage(LibraryModel& library, QWidget* parent)
    : QWidget(parent), library_(library), shown_(new LibraryFilter(library, this)) {
  title_ = new QLabel(this);
  QFont large = title_->font();
  large.setPointSizeF(large.pointSizeF() * 1.6);
  large.setWeight(QFont::DemiBold);
  title_->setFont(large);
  hint_ = new QLabel(this);
  hint_->setWordWrap(true);
  list_ = new QTreeView(this);
  list_->setModel(shown_);
  list_->setItemDelegate(new LessonCard(list_));
  list_->header()->hide();
  list_->setRootIsDecorated(false);
  list_->setItemsExpandable(false);
  list_->setIndentation(0);
  list_->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
  list_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  list_->expandAll();
  words_ = new QLineEdit(this);
  words_->setClearButtonEnabled(true);
  level_ = new QComboBox(this);
  easiest_first_ = new QCheckBox(this);
  easiest_first_->setChecked(true);
  nothing_ = new QLabel(this);
  nothing_->setAlignment(Qt::AlignCenter);
  nothing_->setProperty("empty", true);
  nothing_->hide();
  back_ = new QPushButton(icon(Glyph::kBack), {}, this);
  open_ = new QPushButton(icon(Glyph::kOpen), {}, this);
  recent_title_ = new QLabel(this);
  recent_title_->setProperty("heading", true);
  recent_ = new QListWidget(this);
  recent_->setTextElideMode(Qt::ElideMiddle);
  drop_ = new QLabel(this);
  drop_->setWordWrap(true);
  drop_->setAlignment(Qt::AlignCenter);
  drop_->setProperty("empty", true);

  auto* side = new QVBoxLayout;
  side->setSpacing(8);
  side->addWidget(back_);
  side->addWidget(open_);
  side->addWidget(recent_title_);
  side->addWidget(recent_, 1);
  side->addWidget(drop_);
  auto* columns = new QHBoxLayout;
  columns->setSpacing(24);
  auto* asked = new QHBoxLayout;
  asked->setSpacing(12);
  asked->addWidget(words_, 1);
  asked->addWidget(level_);
  asked->addWidget(easiest_first_);
  auto* lessons = new QVBoxLayout;
  lessons->setSpacing(8);
  lessons->addLayout(asked);
  lessons->addWidget(nothing_);
  lessons->addWidget(list_, 1);
  columns->addLayout(lessons, 1);
  auto* right = new QWidget(this);
  right->setLayout(side);
  right->setFixedWidth(kSide);
  side->setContentsMargins(0, 0, 0, 0);
  columns->addWidget(right);
  auto* all = new QVBoxLayout(this);
  all->setContentsMargins(24, 16, 24, 16);
  all->setSpacing(8);
  all->addWidget(title_);
  all->addWidget(hint_);
  all->addLayout(columns, 1);
  connect_all();
  retranslate();
}

void StartPage::connect_all() {
  const auto choose = [this](const QModelIndex& index) {
    const QString path = index.data(LibraryModel::kPathRole).toString();
    if (!path.isEmpty()) Q_EMIT chosen(path);
  };
  QObject::connect(list_, &QTreeView::activated, this, choose);
  QObject::connect(list_, &QTreeView::clicked, this, choose);
  const auto show_result = [this] {
    list_->expandAll();
    nothing_->setVisible(shown_->rowCount() == 0);
  };
  QObject::connect(shown_, &QAbstractItemModel::modelReset, list_, show_result);
  QObject::connect(words_, &QLineEdit::textChanged, this, [this, show_result](const QString& text) {
    shown_->set_words(text);
    show_result();
  });
  QObject::connect(level_, &QComboBox::currentIndexChanged, this, [this, show_result](int index) {
    const QVariant level = level_->itemData(index);
    shown_->set_difficulty(level.isNull() ? std::optional<scenario::Difficulty>()
                                          : static_cast<scenario::Difficulty>(level.toInt()));
    show_result();
  });
  QObject::connect(easiest_first_, &QCheckBox::toggled, this,
                   [this](bool on) { shown_->set_easiest_first(on); });
  const auto choose_recent = [this](const QListWidgetItem* item) {
    Q_EMIT chosen(item->data(Qt::UserRole).toString());
  };
  QObject::connect(recent_, &QListWidget::itemActivated, this, choose_recent);
  QObject::connect(recent_, &QListWidget::itemClicked, this, choose_recent);
  QObject::connect(open_, &QPushButton::clicked, this, &StartPage::open_wanted);
  QObject::connect(back_, &QPushButton::clicked, this, &StartPage::closed);
}

void StartPage::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::LanguageChange) retranslate();
}

void StartPage::retranslate() {
  title_->setText(tr("All lessons"));
  hint_->setText(
      tr("Choose one: it opens ready to step. A tick means that all of its checks have held."));
  list_->setAccessibleName(tr("All lessons"));
  words_->setPlaceholderText(tr("Find a lesson"));
  words_->setToolTip(tr("Words that stand in its title, its summary or its name"));
  words_->setAccessibleName(tr("Find a lesson"));
  easiest_first_->setText(tr("Easiest first"));
  easiest_first_->setToolTip(tr("Sort each topic by difficulty; else by name"));
  nothing_->setText(tr("No lesson is like that."));
  show_levels();
  back_->setText(tr("Back to the lab"));
  back_->setToolTip(tr("Back to the lab (Esc)"));
  open_->setText(tr("Open a file…"));
  open_->setToolTip(tr("A scenario, a capture, or a saved run (Ctrl+O)"));
  recent_title_->setText(tr("Opened last"));
  recent_->setAccessibleName(tr("Opened last"));
  drop_->setText(tr("Scenarios, captures and saved runs can be dropped anywhere on this window."));
}

void StartPage::show_levels() {
  using scenario::Difficulty;
  const int chosen = std::max(level_->currentIndex(), 0);
  const QSignalBlocker quiet(level_);
  level_->clear();
  level_->addItem(tr("Every difficulty"));
  for (const Difficulty one :
       {Difficulty::kBeginner, Difficulty::kIntermediate, Difficulty::kAdvanced}) {
    level_->addItem(difficulty_text(one), static_cast<int>(one));
  }
  level_->setCurrentIndex(chosen);
  level_->setAccessibleName(tr("Difficulty"));
  level_->setToolTip(tr("Which difficulty to show"));
}

void StartPage::set_recent(const QStringList& paths) {
  recent_->clear();
  for (const QString& path : paths) {
    auto* item = new QListWidgetItem(QFileInfo(path).fileName(), recent_);
    item->setData(Qt::UserRole, path);
    item->setToolTip(path);
  }
}

void StartPage::show_open(const QString& path) {
  const QModelIndex index = shown_->mapFromSource(library_.index_of(path));
  if (index.isValid()) {
    list_->setCurrentIndex(index);
    // Once the page has been laid out: its heading, too, if there is room.
    const QPersistentModelIndex open(index);
    QTimer::singleShot(0, list_, [this, open] {
      if (!open.isValid()) return;
      list_->scrollTo(open.parent(), QAbstractItemView::PositionAtTop);
      list_->scrollTo(open);
    });
  }
  list_->setFocus();
}

}  // namespace lvslab::gui
