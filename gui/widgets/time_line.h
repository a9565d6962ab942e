// The time line: where the window stands in what was recorded, and marks for what happened there.
// Dragged both ways; a tick is an event, since time itself passes in leaps.
#pragma once

#include <QWidget>

namespace lvslab::gui {

class PlayModel;
class TimelineModel;
struct TimelineMark;

class TimeLine : public QWidget {
  Q_OBJECT

 public:
  TimeLine(PlayModel& play, TimelineModel& model, QWidget* parent = nullptr);
  QSize sizeHint() const override;

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  bool event(QEvent* event) override;
  void changeEvent(QEvent* event) override;

 private:
  double x_of(quint32 position) const;
  quint32 position_at(double x) const;
  const TimelineMark* mark_near(double x) const;
  void paint_mark(QPainter& painter, const TimelineMark& mark) const;
  void drag_to(double x);
  void retranslate();

  PlayModel& play_;
  TimelineModel& model_;
};

}  // namespace lvslab::gui
