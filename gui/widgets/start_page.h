// The library on a page of its own: every scenario by topic with what it teaches, files opened
// last, and where to drop others.
#pragma once

#include <QWidget>

class QCheckBox;
class QComboBox;
class QLabel;
class QLineEdit;
class QListWidget;
class QPushButton;
class QTreeView;

namespace lvslab::gui {

class LibraryFilter;
class LibraryModel;

class StartPage : public QWidget {
  Q_OBJECT

 public:
  explicit StartPage(LibraryModel& library, QWidget* parent = nullptr);
  QTreeView* list() const { return list_; }
  QListWidget* recent() const { return recent_; }
  QComboBox* level() const { return level_; }
  QCheckBox* easiest_first() const { return easiest_first_; }
  QLineEdit* words() const { return words_; }
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
  void show_levels();

  LibraryModel& library_;
  LibraryFilter* shown_;
  QLabel* title_;
  QLabel* hint_;
  QTreeView* list_;
  QLineEdit* words_;
  QComboBox* level_;
  QCheckBox* easiest_first_;
  QLabel* nothing_;
  QPushButton* back_;
  QPushButton* open_;
  QLabel* recent_title_;
  QListWidget* recent_;
  QLabel* drop_;
};

}  // namespace lvslab::gui
