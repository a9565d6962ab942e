// A window for tests and pictures: opened on a scenario with settings of its own, and driven as a
// student would, with waits for the worker in between.
#pragma once

#include <QApplication>
#include <QTemporaryDir>
#include <QTest>
#include <memory>

#include "gui/models/play_model.h"
#include "gui/widgets/main_window.h"

namespace lvslab::gui {

/// The backends of the program, and where the scenarios are.
WindowOptions test_options();

class WindowBench {
 public:
  explicit WindowBench(const QString& scenario = QStringLiteral("dr-basic"),
                       WindowOptions options = test_options());
  ~WindowBench();
  WindowBench(const WindowBench&) = delete;
  WindowBench& operator=(const WindowBench&) = delete;

  MainWindow& window() { return *window_; }
  PlayModel& play() { return window_->play(); }
  /// Until the worker has nothing to do. False if it takes longer.
  bool settle(int patience_ms = 10'000);
  void press(Qt::Key key, Qt::KeyboardModifiers modifiers = Qt::NoModifier);
  /// Plays until a sentence of this reason is in focus. False if it never comes.
  bool run_to(const char* reason, const char* host);
  /// Types on a host's terminal and waits: what the terminal then shows.
  QString type(const QString& host, const QString& line);

 private:
  QTemporaryDir settings_;
  std::unique_ptr<MainWindow> window_;
};

}  // namespace lvslab::gui
