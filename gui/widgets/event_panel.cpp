#include "gui/widgets/event_panel.h"

#include <QCheckBox>
#include <QComboBox>
#include <QEvent>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QPainter>
#include <QScrollBar>
#include <QStyledItemDelegate>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>

#include "gui/models/play_model.h"
#include "gui/models/words.h"
#include "gui/widgets/icons.h"
#include "gui/widgets/theme.h"

namespace lvslab::gui {
namespace {

/// Colours by protocol, greys for what lies in the future, a mark where the window stands.
class EventDelegate : public QStyledItemDelegate {
 public:
  using QStyledItemDelegate::QStyledItemDelegate;

 protected:
  void initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const override {
    QStyledItemDelegate::initStyleOption(option, index);
    const Theme& t = theme();
    const int protocol = index.data(EventListModel::kProtocolRole).toInt();
    const auto kind = static_cast<RecordKind>(index.data(EventListModel::kKindRole).toInt());
    QColor ink = t.text;
    if (index.column() == EventListModel::kProtocol && protocol >= 0) {
      ink = t.ink(static_cast<Protocol>(protocol));
      option->font.setWeight(QFont::DemiBold);
    }
    if (kind == RecordKind::kFrameDropped || kind == RecordKind::kFault ||
        index.data(EventListModel::kResetRole).toBool()) {
      if (index.column() >= EventListModel::kProtocol) ink = t.danger;
    }
    if (kind == RecordKind::kCommand) option->font.setWeight(QFont::DemiBold);
    if (index.column() == EventListModel::kWhy || index.column() == EventListModel::kTime) {
      ink = t.muted;
    }
    if (index.data(EventListModel::kFutureRole).toBool()) {
      ink = t.muted;
      option->font.setItalic(true);
    }
    option->palette.setColor(QPalette::Text, ink);
    option->palette.setColor(QPalette::HighlightedText, ink);
    if (index.data(EventListModel::kFocusRole).toBool()) option->backgroundBrush = t.accent_soft;
  }
};

}  // namespace

EventPanel::EventPanel(PlayModel& play, EventListModel& model, QWidget* parent)
    : QWidget(parent), play_(play), model_(model) {
  filter_ = new QLineEdit(this);
  filter_->setClearButtonEnabled(true);
  filter_->addAction(icon(Glyph::kFilter), QLineEdit::LeadingPosition);
  host_ = new QComboBox(this);
  host_->setSizeAdjustPolicy(QComboBox::AdjustToContents);
  switches_ = new QCheckBox(this);
  tables_ = new QCheckBox(this);
  follow_ = new QToolButton(this);
  follow_->setIcon(icon(Glyph::kFollow));
  follow_->setCheckable(true);
  follow_->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
  conversation_ = new QToolButton(this);
  conversation_->setCheckable(true);
  problem_ = new QLabel(this);
  problem_->setObjectName(QStringLiteral("filterProblem"));
  problem_->setWordWrap(true);
  problem_->hide();
  empty_ = new QLabel(this);
  empty_->setAlignment(Qt::AlignCenter);
  empty_->setProperty("empty", true);
  empty_->setWordWrap(true);
  make_table();

  auto* bar = new QHBoxLayout;
  bar->setContentsMargins(8, 6, 8, 6);
  bar->setSpacing(8);
  bar->addWidget(filter_, 1);
  bar->addWidget(host_);
  bar->addWidget(follow_);
  bar->addWidget(conversation_);
  bar->addWidget(switches_);
  bar->addWidget(tables_);
  auto* all = new QVBoxLayout(this);
  all->setContentsMargins(0, 0, 0, 0);
  all->setSpacing(0);
  all->addLayout(bar);
  all->addWidget(problem_);
  all->addWidget(empty_, 1);
  all->addWidget(table_, 1);

  connect_all();
  retranslate();
}

void EventPanel::connect_all() {
  QObject::connect(filter_, &QLineEdit::textChanged, this, &EventPanel::apply);
  QObject::connect(host_, &QComboBox::currentIndexChanged, this, &EventPanel::apply);
  QObject::connect(switches_, &QCheckBox::toggled, this, &EventPanel::apply);
  QObject::connect(tables_, &QCheckBox::toggled, this, &EventPanel::apply);
  QObject::connect(follow_, &QToolButton::toggled, this, [this](bool on) {
    model_.follow(on ? play_.focus() : RecordId());
    show_focus();
  });
  QObject::connect(conversation_, &QToolButton::toggled, this, &EventPanel::choose_conversation);
  QObject::connect(table_->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
                   [this](const QModelIndex& now) {
                     if (!moving_ && now.isValid()) play_.show(model_.record_at(now.row()));
                   });
  QObject::connect(&play_, &PlayModel::opened, this, &EventPanel::fill_hosts);
  QObject::connect(&play_, &PlayModel::moved, this, &EventPanel::show_focus);
  QObject::connect(&play_, &PlayModel::focus_changed, this, &EventPanel::show_focus);
  for (const auto signal : {&EventListModel::rowsInserted, &EventListModel::rowsRemoved}) {
    QObject::connect(&model_, signal, this, &EventPanel::refresh_empty);
  }
  QObject::connect(&model_, &EventListModel::modelReset, this, &EventPanel::refresh_empty);
}

void EventPanel::make_table() {
  table_ = new QTableView(this);
  table_->setModel(&model_);
  table_->setItemDelegate(new EventDelegate(table_));
  table_->setSelectionBehavior(QAbstractItemView::SelectRows);
  table_->setSelectionMode(QAbstractItemView::SingleSelection);
  table_->setShowGrid(false);
  table_->setWordWrap(false);
  table_->setTabKeyNavigation(false);
  table_->verticalHeader()->hide();
  table_->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
  table_->verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 6);
  table_->horizontalHeader()->setHighlightSections(false);
  table_->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
  table_->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
  constexpr std::array<int, 6> kWidths = {98, 76, 66, 116, 116, 88};
  for (int c = 0; c < static_cast<int>(kWidths.size()); ++c) {
    table_->setColumnWidth(c, kWidths.at(static_cast<std::size_t>(c)));
  }
  // What is left goes to the sentences.
  table_->horizontalHeader()->setSectionResizeMode(EventListModel::kSummary, QHeaderView::Stretch);
  table_->horizontalHeader()->setSectionResizeMode(EventListModel::kWhy, QHeaderView::Stretch);
}

void EventPanel::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::LanguageChange) retranslate();
}

void EventPanel::retranslate() {
  filter_->setPlaceholderText(tr("Filter: tcp port 80, arp, host 192.168.80.10 … or any word"));
  filter_->setToolTip(
      tr("A pcap-filter(7) expression as for tcpdump, or words to look for (Ctrl+F)"));
  filter_->setAccessibleName(tr("Filter"));
  host_->setToolTip(tr("Only what happens at this host"));
  host_->setAccessibleName(tr("Host"));
  switches_->setText(tr("Switches"));
  switches_->setToolTip(tr("Show the hops through switches, too"));
  tables_->setText(tr("Table rows"));
  tables_->setToolTip(tr("Show changes of the hosts' tables, too"));
  follow_->setText(tr("Follow packet"));
  follow_->setToolTip(tr("Only the story of the packet in focus, across all rewrites (F)"));
  conversation_->setText(tr("Conversation"));
  conversation_->setToolTip(
      tr("Only the packets of the same conversation as the one in focus, both ways (C)"));
  table_->setAccessibleName(tr("Events"));
  fill_hosts();
  refresh_empty();
}

void EventPanel::fill_hosts() {
  const QString chosen = host_->currentIndex() > 0 ? host_->currentText() : QString();
  const QSignalBlocker blocker(host_);
  host_->clear();
  host_->addItem(tr("All hosts"));
  if (!play_.has_scenario()) return;
  for (const scenario::Host& host : play_.scenario().hosts) host_->addItem(to_qt(host.name));
  host_->setCurrentIndex(std::max(0, host_->findText(chosen)));
  refresh_empty();
}

// The conversation is the one of the packet that is in focus now.
void EventPanel::choose_conversation(bool on) {
  talk_.reset();
  const RecordId focus = play_.focus();
  if (on && focus.valid() && focus.value < play_.trace().size()) {
    const FrameId frame = play_.trace()[focus].frame;
    if (frame.valid()) talk_ = facts_of(play_.trace().frame(frame));
  }
  apply();
  if (!on || talk_) return;
  problem_->setText(tr("No packet is in focus: choose one in the list first."));
  problem_->show();
}

// An expression of pcap-filter(7) if it is one; else words. "tcp" and "arp" are both, and mean
// packets.
void EventPanel::apply() {
  EventFilter filter;
  filter.switches = switches_->isChecked();
  filter.tables = tables_->isChecked();
  filter.conversation = talk_;
  if (host_->currentIndex() > 0) filter.host = from_qt(host_->currentText());
  const QString text = filter_->text().trimmed();
  problem_->hide();
  if (!text.isEmpty()) {
    if (auto compiled = PacketFilter::compile(from_qt(text))) {
      filter.packets = *std::move(compiled);
    } else {
      filter.words = from_qt(text);
    }
  }
  const bool follow = follow_->isChecked();
  model_.set_filter(std::move(filter));
  if (follow) model_.follow(play_.focus());
  refresh_empty();
  show_focus();
}

void EventPanel::refresh_empty() {
  const bool none = model_.rowCount() == 0;
  empty_->setVisible(none);
  table_->setVisible(!none);
  if (!none) return;
  const bool filtered = !filter_->text().isEmpty() || talk_ || host_->currentIndex() > 0;
  empty_->setText(filtered ? tr("Nothing that happened so far matches this filter.")
                           : tr("What happens will be listed here. Press → to step."));
}

void EventPanel::show_focus() {
  const int row = model_.row_of(play_.focus());
  moving_ = true;
  if (row >= 0) {
    const int across = table_->horizontalScrollBar()->value();
    table_->setCurrentIndex(model_.index(row, 0));
    table_->scrollTo(model_.index(row, 0), QAbstractItemView::EnsureVisible);
    table_->horizontalScrollBar()->setValue(across);
  } else {
    table_->clearSelection();
    table_->setCurrentIndex({});
  }
  moving_ = false;
}

void EventPanel::focus_filter() {
  filter_->setFocus(Qt::ShortcutFocusReason);
  filter_->selectAll();
}

void EventPanel::toggle_follow() { follow_->toggle(); }
void EventPanel::toggle_conversation() { conversation_->toggle(); }

void EventPanel::clear_filters() {
  filter_->clear();
  host_->setCurrentIndex(0);
  follow_->setChecked(false);
  conversation_->setChecked(false);
}

}  // namespace lvslab::gui
