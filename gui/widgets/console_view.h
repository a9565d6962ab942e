// Draws the screen of a terminal, and takes its keys.
//
// Models: scrolling back, marking with the mouse, copying and pasting (Ctrl+Shift+C, Ctrl+Shift+V).
// All other keys are the host's, but for Shift+Tab, which leaves.
#pragma once

#include <QAbstractScrollArea>
#include <optional>

#include "gui/models/screen_model.h"

namespace lvslab::gui {

class ConsoleView : public QAbstractScrollArea {
  Q_OBJECT

 public:
  explicit ConsoleView(ScreenModel& screen, QWidget* parent = nullptr);

  int rows() const;
  int columns() const;
  QString marked() const;
  void copy() const;
  void paste();
  QSize sizeHint() const override;

 Q_SIGNALS:
  /// So many rows and columns fit now.
  void fits(int rows, int columns);

 protected:
  bool event(QEvent* event) override;
  bool focusNextPrevChild(bool next) override;
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void inputMethodEvent(QInputMethodEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void contextMenuEvent(QContextMenuEvent* event) override;
  void focusInEvent(QFocusEvent* event) override;
  void focusOutEvent(QFocusEvent* event) override;

 private:
  struct Mark {
    QPoint from, to;  ///< x: column, y: line; `to` is part of it
  };

  void take_change();
  void measure();
  void draw_line(QPainter& painter, int line, qreal top) const;
  void draw_cursor(QPainter& painter) const;
  bool is_marked(int line, int column) const;
  QPoint place_at(const QPoint& pixel) const;

  ScreenModel& screen_;
  QSizeF cell_{8, 16};
  qreal ascent_ = 12;
  std::optional<Mark> mark_;
};

}  // namespace lvslab::gui
