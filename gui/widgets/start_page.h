// The library on a page of its own: every scenario by topic with what it teaches, files opened
// last, and where to drop others.
#pragma once

#include <QWidget>

class QLabel;
class QListWidget;
class QPushButton;
class QTreeView;

namespace lvslab::gui {

class LibraryModel;

class StartPage : public QWidget {
  Q_OBJECT

 public:
  explicit StartPage(LibraryModel& library, QWidget* parent = nullptr);
  QTreeView* list() const { return list_; }
  QListWidget* recent() const { return recent_; }
  void set_recent(const QStringList& paths);
  /// Marks the open scenario and takes the keyboard.
  void show_open(const QString& path);

 Q_SIGNALS:
  void chosen(const QString& path);
  void open_wanted();
  void closed();

 protected:
  void changeEvent(QEvent* event) override;

 private:
  void connect_all();
  void retranslate();

  LibraryModel& library_;
  QLabel* title_;
  QLabel* hint_;
  QTreeView* list_;
  QPushButton* back_;
  QPushButton* open_;
  QLabel* recent_title_;
  QListWidget* recent_;
  QLabel* drop_;
};

}  // namespace lvslab::gui
