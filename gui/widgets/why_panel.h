// Why: the chain of decisions behind what is in focus, each a sentence with its source. A sentence
// is a link to its record.
#pragma once

#include <QWidget>

class QLabel;
class QTextBrowser;
class QUrl;

namespace lvslab::gui {

class PlayModel;
class WhyModel;

class WhyPanel : public QWidget {
  Q_OBJECT

 public:
  WhyPanel(PlayModel& play, WhyModel& model, QWidget* parent = nullptr);
  QTextBrowser* text() const { return text_; }

 Q_SIGNALS:
  /// A host's name was clicked.
  void host_wanted(const QString& host);

 protected:
  void changeEvent(QEvent* event) override;

 private:
  void refresh();
  void follow(const QUrl& link);
  QString line_of(int row) const;

  PlayModel& play_;
  WhyModel& model_;
  QLabel* title_;
  QTextBrowser* text_;
};

}  // namespace lvslab::gui
