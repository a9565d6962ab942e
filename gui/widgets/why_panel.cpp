#include "gui/widgets/why_panel.h"

#include <QEvent>
#include <QLabel>
#include <QScrollBar>
#include <QTextBrowser>
#include <QUrl>
#include <QVBoxLayout>

#include "gui/models/play_model.h"
#include "gui/models/why_model.h"
#include "gui/widgets/theme.h"

namespace lvslab::gui {

WhyPanel::WhyPanel(PlayModel& play, WhyModel& model, QWidget* parent)
    : QWidget(parent), play_(play), model_(model) {
  title_ = new QLabel(this);
  title_->setProperty("heading", true);
  text_ = new QTextBrowser(this);
  text_->setOpenLinks(false);
  text_->document()->setDocumentMargin(12);
  auto* all = new QVBoxLayout(this);
  all->setContentsMargins(0, 0, 0, 0);
  all->setSpacing(0);
  all->addWidget(title_);
  all->addWidget(text_, 1);
  QObject::connect(&model, &QAbstractItemModel::modelReset, this, &WhyPanel::refresh);
  QObject::connect(text_, &QTextBrowser::anchorClicked, this, &WhyPanel::follow);
  refresh();
}

void WhyPanel::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::LanguageChange || event->type() == QEvent::PaletteChange) refresh();
}

QString WhyPanel::line_of(int row) const {
  const Theme& t = theme();
  const QModelIndex index = model_.index(row);
  const auto kind = static_cast<WhyModel::Kind>(index.data(WhyModel::kKindRole).toInt());
  const QString text = index.data().toString().toHtmlEscaped();
  const QString source = index.data(WhyModel::kSourceRole).toString().toHtmlEscaped();
  const QString record = index.data(WhyModel::kRecordRole).toString();
  const bool here = index.data(WhyModel::kHereRole).toBool();
  const bool aside = index.data(WhyModel::kAsideRole).toBool();
  const QString ink = (aside ? t.muted : t.text).name();
  const auto link = [&](const QString& words, const QString& colour) {
    return QStringLiteral("<a href='r:%1' style='color:%2;text-decoration:none'>%3</a>")
        .arg(record, colour, words);
  };
  const QString back =
      here ? QStringLiteral("background:%1;").arg(t.accent_soft.name()) : QString();
  switch (kind) {
    case WhyModel::Kind::kHost:
      return QStringLiteral("<p style='margin:10px 0 2px 0'>%1</p>")
          .arg(link(QStringLiteral("<b>%1</b>").arg(text), (aside ? t.muted : t.accent).name()));
    case WhyModel::Kind::kDecision:
    case WhyModel::Kind::kDrop: {
      const bool drop = kind == WhyModel::Kind::kDrop;
      const QString mark = drop ? QStringLiteral("✕ ") + tr("dropped: ") : QStringLiteral("• ");
      return QStringLiteral(
                 "<p style='margin:2px 0 4px 10px;%1'>%2<br/>"
                 "<span style='color:%3;font-size:small'>%4</span></p>")
          .arg(back, link(mark + text, drop ? t.danger.name() : ink), t.muted.name(), source);
    }
    case WhyModel::Kind::kPacket:
      return QStringLiteral("<p style='margin:2px 0 2px 10px;%1'>%2</p>")
          .arg(back, link(QStringLiteral("✉ ") + text, t.accent.name()));
    case WhyModel::Kind::kCommand:
      return QStringLiteral("<p style='margin:2px 0 2px 10px'>%1</p>")
          .arg(link(QStringLiteral("<code>%1</code>").arg(text), ink));
    case WhyModel::Kind::kFault:
      return QStringLiteral("<p style='margin:2px 0 2px 10px'>%1</p>")
          .arg(link(QStringLiteral("⚡ ") + text, t.danger.name()));
    case WhyModel::Kind::kRow:
    case WhyModel::Kind::kGap:
      return QStringLiteral(
                 "<p style='margin:1px 0 1px 22px'><span style='color:%1;"
                 "font-size:small'>%2</span></p>")
          .arg(t.muted.name(), text);
  }
  return {};
}

void WhyPanel::refresh() {
  title_->setText(tr("Why"));
  text_->setAccessibleName(tr("Why"));
  text_->setToolTip(tr("Click a sentence to go to its moment (W)"));
  if (model_.rowCount() == 0) {
    text_->setHtml(QStringLiteral("<p style='color:%1'>%2</p>")
                       .arg(theme().muted.name(),
                            tr("Step to a packet or a decision: here stands why it came about, and "
                               "what became of it.")));
    return;
  }
  QString html;
  if (!play_.capabilities().reasons) {
    html = QStringLiteral("<p style='color:%1;margin:0 0 4px 0'>%2</p>")
               .arg(theme().muted.name(),
                    play_.recorded() ? tr("A capture tells no reasons, only what came from what.")
                                     : tr("A real kernel tells no reasons, only what came from "
                                          "what. The simulator tells them."));
  }
  const int subject = model_.subject_row();
  for (int row = 0; row < model_.rowCount(); ++row) {
    if (row == subject) html += QStringLiteral("<a name='here'></a>");
    html += line_of(row);
  }
  text_->setHtml(html);
  text_->scrollToAnchor(QStringLiteral("here"));
  // A line above it, so that one sees where it begins.
  QScrollBar* bar = text_->verticalScrollBar();
  bar->setValue(bar->value() - fontMetrics().height() * 2);
}

void WhyPanel::follow(const QUrl& link) {
  bool ok = false;
  const uint record = link.path().toUInt(&ok);
  if (link.scheme() == QLatin1String("r") && ok) play_.show(RecordId(record));
}

}  // namespace lvslab::gui
