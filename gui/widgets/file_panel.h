// A file of a lab host, opened by `vi FILE` in its terminal.
//
// Leaves out: how it is read and written back (host_panel.cpp types lines for that).
#pragma once

#include <QWidget>

class QLabel;
class QPlainTextEdit;
class QToolButton;

namespace lvslab::gui {

class FilePanel : public QWidget {
  Q_OBJECT

 public:
  explicit FilePanel(const QString& host, QWidget* parent = nullptr);

  void open(const QString& path, const QString& text);
  /// What was typed before, and not written: it is not written now either.
  void restore(const QString& text);
  QString path() const { return path_; }
  bool is_changed() const;
  QPlainTextEdit* text() const { return text_; }

 Q_SIGNALS:
  void written(const QString& text);
  void closed();

 protected:
  void changeEvent(QEvent* event) override;
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void retranslate();
  void write();
  /// What was changed goes only when it is asked for twice.
  void leave();

  QString host_, path_;
  QLabel* title_;
  QLabel* hint_;
  QToolButton* save_;
  QToolButton* close_;
  QPlainTextEdit* text_;
  bool warned_ = false;
};

}  // namespace lvslab::gui
