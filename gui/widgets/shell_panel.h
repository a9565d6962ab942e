// A login shell on a host of the real kernel, as if one sat in front of it.
//
// Time passes in the lab while the shell has the keyboard, once the scenario has been played.
#pragma once

#include <QElapsedTimer>
#include <QTimer>
#include <QWidget>

#include "gui/models/screen_model.h"

class QLabel;

namespace lvslab::gui {

class ConsoleView;
class PlayModel;

class ShellPanel : public QWidget {
  Q_OBJECT

 public:
  ShellPanel(PlayModel& play, const std::string& host, QWidget* parent = nullptr);

  ScreenModel& screen() { return screen_; }
  ConsoleView& view() { return *view_; }

 protected:
  void changeEvent(QEvent* event) override;
  void showEvent(QShowEvent* event) override;

 private:
  void retranslate();
  void refresh();
  void open();
  void send(const QByteArray& bytes);
  void end();
  void let_pass();

  PlayModel& play_;
  std::string host_;
  ScreenModel screen_;
  ConsoleView* view_;
  QLabel* hint_;
  QTimer clock_;
  QElapsedTimer since_;
  bool open_ = false;
};

}  // namespace lvslab::gui
