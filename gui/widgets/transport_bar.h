// Run, pause, step and back; by what, how fast, until when; and what time it is in the lab.
#pragma once

#include <QToolBar>

class QComboBox;
class QLabel;
class QSlider;

namespace lvslab::gui {

class PlayModel;
struct Until;

class TransportBar : public QToolBar {
  Q_OBJECT

 public:
  explicit TransportBar(PlayModel& play, QWidget* parent = nullptr);

  /// The button's action, for menus and keys.
  QAction* restart_action() const { return restart_; }
  QAction* back_action() const { return back_; }
  QAction* step_action() const { return step_; }
  QAction* play_action() const { return play_pause_; }
  QAction* end_action() const { return end_; }
  QAction* until_action() const { return until_; }
  QSlider* speed() const { return speed_; }
  QComboBox* step_by() const { return by_; }

 Q_SIGNALS:
  void until_wanted();

 protected:
  void changeEvent(QEvent* event) override;

 private:
  void retranslate();
  void refresh();

  PlayModel& play_;
  QAction* restart_;
  QAction* back_;
  QAction* step_;
  QAction* play_pause_;
  QAction* end_;
  QAction* until_;
  QLabel* by_label_;
  QComboBox* by_;
  QLabel* speed_label_;
  QSlider* speed_;
  QLabel* time_;
};

}  // namespace lvslab::gui
