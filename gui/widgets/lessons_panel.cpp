#include "gui/widgets/lessons_panel.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QSplitter>
#include <QStyledItemDelegate>
#include <QTextBrowser>
#include <QToolButton>
#include <QTreeView>
#include <QVBoxLayout>
#include <algorithm>

#include "gui/models/library.h"
#include "gui/models/play_model.h"
#include "gui/models/words.h"
#include "gui/widgets/icons.h"
#include "gui/widgets/theme.h"

namespace lvslab::gui {
namespace {

/// Topics in bold, a tick before what was done.
class LessonDelegate : public QStyledItemDelegate {
 public:
  using QStyledItemDelegate::QStyledItemDelegate;

 protected:
  void initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const override {
    QStyledItemDelegate::initStyleOption(option, index);
    if (!index.parent().isValid()) {
      option->font.setWeight(QFont::DemiBold);
      option->palette.setColor(QPalette::Text, theme().muted);
      return;
    }
    const bool done = index.data(LibraryModel::kDoneRole).toBool();
    option->text = (done ? QStringLiteral("✓ ") : QStringLiteral("○ ")) + option->text;
  }
};

QString paragraph(const QString& text, const QColor& ink) {
  QString html = text.trimmed().toHtmlEscaped();
  html.replace(QStringLiteral("\n"), QStringLiteral("<br/>"));
  return QStringLiteral("<p style='color:%1;margin:0 0 8px 0'>%2</p>").arg(ink.name(), html);
}

}  // namespace

LessonsPanel::LessonsPanel(PlayModel& play, LibraryModel& library, QWidget* parent)
    : QWidget(parent), play_(play), library_(library), listed_(new LibraryFilter(library, this)) {
  lessons_title_ = new QLabel(this);
  lessons_title_->setProperty("heading", true);
  tree_ = new QTreeView(this);
  tree_->setModel(listed_);  // all of them, the easiest of each topic first
  tree_->setItemDelegate(new LessonDelegate(tree_));
  tree_->header()->hide();
  tree_->setIndentation(12);
  tree_->setTextElideMode(Qt::ElideRight);
  tree_->expandAll();
  now_title_ = new QLabel(this);
  now_title_->setProperty("heading", true);
  now_ = new QTextBrowser(this);
  now_->document()->setDocumentMargin(12);
  check_ = new QPushButton(icon(Glyph::kCheck), {}, this);

  all_ = new QToolButton(this);
  all_->setAutoRaise(true);
  all_->setIcon(icon(Glyph::kOpen));
  all_->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
  auto* upper = new QWidget(this);
  auto* upper_box = new QVBoxLayout(upper);
  upper_box->setContentsMargins(0, 0, 0, 0);
  upper_box->setSpacing(0);
  auto* head = new QHBoxLayout;
  head->setContentsMargins(0, 0, 8, 0);
  head->addWidget(lessons_title_, 1);
  head->addWidget(all_);
  upper_box->addLayout(head);
  upper_box->addWidget(tree_, 1);
  auto* lower = new QWidget(this);
  auto* lower_box = new QVBoxLayout(lower);
  lower_box->setContentsMargins(0, 0, 0, 0);
  lower_box->setSpacing(0);
  lower_box->addWidget(now_title_);
  lower_box->addWidget(now_, 1);
  auto* button = new QHBoxLayout;
  button->setContentsMargins(12, 8, 12, 8);
  button->addWidget(check_);
  lower_box->addLayout(button);
  auto* split = new QSplitter(Qt::Vertical, this);
  split->setObjectName(QStringLiteral("lessonsSplit"));
  split->addWidget(upper);
  split->addWidget(lower);
  split->setStretchFactor(1, 1);
  split->setSizes({190, 300});
  split->setChildrenCollapsible(false);
  auto* all = new QVBoxLayout(this);
  all->setContentsMargins(0, 0, 0, 0);
  all->addWidget(split);

  const auto choose = [this](const QModelIndex& index) {
    const QString path = index.data(LibraryModel::kPathRole).toString();
    if (!path.isEmpty()) Q_EMIT scenario_chosen(path);
  };
  QObject::connect(tree_, &QTreeView::activated, this, choose);
  QObject::connect(tree_, &QTreeView::clicked, this, choose);
  QObject::connect(listed_, &QAbstractItemModel::modelReset, this, [this] {
    tree_->expandAll();
    show_open(open_);
  });
  QObject::connect(all_, &QToolButton::clicked, this, &LessonsPanel::all_wanted);
  QObject::connect(check_, &QPushButton::clicked, this, &LessonsPanel::check_wanted);
  QObject::connect(&play, &PlayModel::opened, this, &LessonsPanel::refresh);
  QObject::connect(&play, &PlayModel::moved, this, &LessonsPanel::refresh);
  QObject::connect(&play, &PlayModel::was_checked, this, &LessonsPanel::refresh);
  QObject::connect(&play, &PlayModel::was_cut, this, &LessonsPanel::refresh);
  retranslate();
}

void LessonsPanel::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::LanguageChange) retranslate();
  if (event->type() == QEvent::PaletteChange) refresh();
}

void LessonsPanel::retranslate() {
  lessons_title_->setText(tr("Lessons"));
  tree_->setAccessibleName(tr("Lessons"));
  all_->setText(tr("All"));
  all_->setToolTip(tr("All lessons with what they teach, and files opened last (Ctrl+Shift+L)"));
  all_->setAccessibleName(tr("All lessons"));
  now_title_->setText(tr("Now"));
  now_->setAccessibleName(tr("What to look at now"));
  check_->setText(tr("Check"));
  check_->setToolTip(
      tr("Run to the end and hold the run against what the lesson expects (Ctrl+Enter)"));
  library_.set_language(play_.language());
  refresh();
}

void LessonsPanel::show_open(const QString& path) {
  open_ = path;
  const QModelIndex index = listed_->mapFromSource(library_.index_of(path));
  if (index.isValid()) {
    tree_->setCurrentIndex(index);
  } else {
    tree_->clearSelection();
  }
}

// The note of the timeline item that was reached last.
QString LessonsPanel::note_html() const {
  const Trace& trace = play_.trace();
  const std::vector<Position>& words = play_.history().words();
  for (auto at = std::ranges::lower_bound(words, play_.position()); at != words.begin();) {
    if (*--at < play_.start()) break;
    const TraceRecord& r = trace[RecordId(*at)];
    if (r.kind != RecordKind::kNote) continue;
    if (r.args[0] >= play_.scenario().timeline.size()) return {};
    return paragraph(to_qt(play_.scenario().timeline[r.args[0]].note.in(play_.language())),
                     theme().text);
  }
  return {};
}

QString LessonsPanel::findings_html() const {
  QString html;
  int failed = 0;
  for (const lab::Finding& finding : play_.findings()) failed += finding.passed ? 0 : 1;
  const auto total = static_cast<int>(play_.findings().size());
  if (failed == 0) {
    html += QStringLiteral("<p style='color:%1'><b>✓ %2</b></p>")
                .arg(theme().good.name(), tr("All %1 expectations hold.").arg(total));
    html += paragraph(to_qt(play_.scenario().lesson.in(play_.language())), theme().text);
    return html;
  }
  html +=
      QStringLiteral("<p style='color:%1'><b>✕ %2</b></p>")
          .arg(theme().danger.name(), tr("%1 of %2 expectations failed.").arg(failed).arg(total));
  for (const lab::Finding& finding : play_.findings()) {
    if (finding.passed) continue;
    const QString why = to_qt(finding.why.in(play_.language()));
    html += paragraph(
        QStringLiteral("✕ ") + (why.isEmpty() ? to_qt(finding.what.in(play_.language())) : why),
        theme().danger);
    for (const scenario::Text& sentence : finding.unmet) {
      html += paragraph(to_qt(sentence.in(play_.language())), theme().muted);
    }
  }
  return html;
}

void LessonsPanel::refresh() {
  check_->setEnabled(play_.has_scenario() && !play_.scenario().expectations.empty());
  if (!play_.has_scenario()) {
    shown_.clear();
    now_->setHtml(
        paragraph(tr("Choose a lesson above, or drop a scenario file here."), theme().muted));
    return;
  }
  const scenario::Scenario& s = play_.scenario();
  QString html = QStringLiteral("<p style='margin:0 0 6px 0'><b>%1</b></p>")
                     .arg(to_qt(s.title.in(play_.language())).toHtmlEscaped());
  if (play_.checked()) html += findings_html();
  const QString note = play_.history().end() == 0 ? QString() : note_html();
  if (!note.isEmpty()) {
    html += note;
  } else if (!play_.checked()) {
    html += paragraph(to_qt(s.summary.in(play_.language())), theme().text);
    html += paragraph(tr("Press → to step through it, or Space to watch it run."), theme().muted);
  }
  if (html == shown_) return;
  shown_ = html;
  now_->setHtml(html);
}

}  // namespace lvslab::gui
