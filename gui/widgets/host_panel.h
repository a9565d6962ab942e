// One host: a terminal to type in, and its tables, live.
#pragma once

#include <QWidget>
#include <vector>

#include "gui/models/tables_model.h"

class QCheckBox;
class QLabel;
class QLineEdit;
class QPlainTextEdit;
class QStackedWidget;
class QTabBar;
class QTableView;
class QToolButton;

namespace lvslab::gui {

class FilePanel;
class ShellPanel;
class TerminalModel;

class HostPanel : public QWidget {
  Q_OBJECT

 public:
  HostPanel(PlayModel& play, const std::string& host, QWidget* parent = nullptr);

  const std::string& host() const { return host_; }
  void focus_terminal();
  void show_table(HostTable table);
  QLineEdit* input() const { return input_; }
  QPlainTextEdit* output() const { return output_; }
  /// Shows the shell of the host, or the lines that were typed.
  QToolButton* shell_choice() const { return shell_choice_; }
  /// Null until it was chosen once.
  ShellPanel* shell() const { return shell_; }
  /// Null until `vi FILE` was typed once.
  FilePanel* file() const { return file_; }
  /// A file of the host was changed in the editor, and not written yet.
  bool has_unsaved_file() const;
  TablesModel& table(HostTable table) const { return *models_[static_cast<std::size_t>(table)]; }

 Q_SIGNALS:
  /// In the editor of file().
  void file_opened();

 protected:
  void changeEvent(QEvent* event) override;
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  QWidget* make_terminal();
  QWidget* make_lines(QWidget* parent);
  void choose_shell(bool chosen);
  void edit_file(const QString& path, const QString& text);
  QWidget* make_tables();
  void retranslate();
  void refresh_terminal();
  void refresh_tabs();
  void enter();
  void begin_line(const QString& begun);
  void recall(int by);
  void complete();

  PlayModel& play_;
  std::string host_;
  TerminalModel* terminal_;
  QStackedWidget* ways_ = nullptr;  ///< the lines, the shell, a file
  QToolButton* shell_choice_ = nullptr;
  QWidget* lines_ = nullptr;
  ShellPanel* shell_ = nullptr;
  FilePanel* file_ = nullptr;
  QPlainTextEdit* output_ = nullptr;
  QLabel* prompt_ = nullptr;
  QLineEdit* input_ = nullptr;
  QToolButton* stop_ = nullptr;
  QCheckBox* step_through_ = nullptr;
  QLabel* hint_ = nullptr;
  QTabBar* tabs_ = nullptr;
  QStackedWidget* stack_ = nullptr;
  std::vector<TablesModel*> models_;
  std::vector<QTableView*> views_;
  std::vector<QLabel*> empties_;
  int recalled_ = -1;
  QString draft_;
  QString begun_;  ///< lines of a command that has not ended, each with its newline
};

}  // namespace lvslab::gui
