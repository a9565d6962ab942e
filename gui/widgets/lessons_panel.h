// On the left: the library of scenarios, and what the open one wants one to look at now.
#pragma once

#include <QWidget>

class QLabel;
class QPushButton;
class QTextBrowser;
class QToolButton;
class QTreeView;

namespace lvslab::gui {

class LibraryFilter;
class LibraryModel;
class PlayModel;

class LessonsPanel : public QWidget {
  Q_OBJECT

 public:
  LessonsPanel(PlayModel& play, LibraryModel& library, QWidget* parent = nullptr);
  QTreeView* tree() const { return tree_; }
  QTextBrowser* now() const { return now_; }
  /// Marks the open scenario in the tree.
  void show_open(const QString& path);

 Q_SIGNALS:
  void scenario_chosen(const QString& path);
  void check_wanted();
  void all_wanted();

 protected:
  void changeEvent(QEvent* event) override;

 private:
  void retranslate();
  void refresh();
  QString note_html() const;
  QString findings_html() const;

  PlayModel& play_;
  LibraryModel& library_;
  LibraryFilter* listed_;
  QLabel* lessons_title_;
  QToolButton* all_;
  QTreeView* tree_;
  QLabel* now_title_;
  QTextBrowser* now_;
  QString open_;   ///< the scenario that is marked
  QString shown_;  ///< what stands in now_
  QPushButton* check_;
};

}  // namespace lvslab::gui
