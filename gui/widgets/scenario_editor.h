// The scenario file as text: line numbers, colours, completion by the schema, and what the loader
// objects to, underlined where it stands and listed beside.
//
// Models: undo and redo of everything, edits that come from the canvas too; a draft that is kept
// every few seconds, and offered again after a crash. Leaves out: running what was written (the
// window opens it).
#pragma once

#include <QPlainTextEdit>
#include <QTimer>
#include <QWidget>
#include <memory>
#include <optional>
#include <vector>

#include "gui/models/block_text.h"

class QCompleter;
class QLabel;
class QListWidget;
class QStandardItemModel;
class QToolButton;

namespace lvslab::gui {

/// The text with its line numbers; completes as one types.
class ScenarioText : public QPlainTextEdit {
  Q_OBJECT

 public:
  explicit ScenarioText(QWidget* parent = nullptr);

  void set_problems(std::vector<Error> problems);
  /// Names that completion offers; what was loaded last.
  void set_scenario(std::optional<scenario::Scenario> scenario);
  void paint_numbers(QPaintEvent& event);
  int number_width() const;
  void complete();
  /// What the list of completions offers now.
  QStringList offered() const;
  void go_to(int line, int column);

 protected:
  void keyPressEvent(QKeyEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  bool event(QEvent* event) override;
  void changeEvent(QEvent* event) override;

 private:
  void insert(const QString& word);
  void underline();
  QString word_before() const;
  const Error* problem_at(const QPoint& position) const;

  QWidget* numbers_;
  QCompleter* completer_;
  QStandardItemModel* words_;
  std::vector<Error> problems_;
  std::optional<scenario::Scenario> scenario_;
};

class ScenarioEditor : public QWidget {
  Q_OBJECT

 public:
  explicit ScenarioEditor(QWidget* parent = nullptr);

  /// The file at `path`; a newer draft of it is offered instead. What was written in the file that
  /// was open before stays as its draft. Errors: it cannot be read, or is no text.
  Result<void> open(const QString& path);
  ScenarioText* text() const { return text_; }
  QListWidget* problems() const { return problems_; }
  /// What the text loads as; nothing if it has mistakes.
  const std::optional<scenario::Scenario>& scenario() const { return scenario_; }
  bool is_modified() const;
  /// One step of undo. False after telling why it cannot be done.
  bool apply_edit(const Result<TextEdit>& edit);
  bool save();
  /// To another file, which is open from then on. False after telling why not.
  bool save_as(const QString& path);
  /// The text as it was before the last edit, or after it again: one step of undo or redo if that
  /// leads there.
  void put_text(const QString& text, bool redo);
  QString path() const { return path_; }
  bool is_open() const { return !path_.isEmpty(); }
  /// Where the draft of `path` is kept.
  static QString draft_of(const QString& path);
  /// Writes the draft now, if the text is not saved.
  void keep_draft();
  /// There is a draft that one sees nothing of.
  bool offers_draft() const;

 Q_SIGNALS:
  void save_wanted();
  /// The text was changed and loads without mistakes; it is to be run.
  void run_wanted();
  void failed(const QString& message);
  void modified_changed(bool modified);

 protected:
  void changeEvent(QEvent* event) override;

 private:
  void connect_all();
  void retranslate();
  void check();
  void offer_draft();
  /// The text is saved at `path` from now on, and has no draft. False after telling why not.
  bool write_to(const QString& path);

  QString path_;
  ScenarioText* text_;
  QListWidget* problems_;
  QLabel* title_;
  QLabel* draft_label_;
  QToolButton* restore_;
  QToolButton* save_;
  QToolButton* run_;
  QToolButton* undo_;
  QToolButton* redo_;
  QTimer check_timer_, draft_timer_;
  std::optional<scenario::Scenario> scenario_;
};

}  // namespace lvslab::gui
