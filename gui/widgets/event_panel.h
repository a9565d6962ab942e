// The event list with its filters.
#pragma once

#include <QWidget>
#include <optional>

#include "gui/models/event_list_model.h"

class QCheckBox;
class QComboBox;
class QLabel;
class QLineEdit;
class QTableView;
class QToolButton;

namespace lvslab::gui {

class PlayModel;

class EventPanel : public QWidget {
  Q_OBJECT

 public:
  EventPanel(PlayModel& play, EventListModel& model, QWidget* parent = nullptr);

  void focus_filter();
  /// Only the story of the packet in focus, or everything again.
  void toggle_follow();
  /// Only the conversation of the packet in focus, or everything again.
  void toggle_conversation();
  void clear_filters();
  QTableView* table() const { return table_; }
  QLineEdit* filter_edit() const { return filter_; }

 protected:
  void changeEvent(QEvent* event) override;

 private:
  void make_table();
  void connect_all();
  void retranslate();
  void apply();
  void choose_conversation(bool on);
  void fill_hosts();
  void show_focus();
  void refresh_empty();

  PlayModel& play_;
  EventListModel& model_;
  QLineEdit* filter_;
  QComboBox* host_;
  QCheckBox* switches_;
  QCheckBox* tables_;
  QToolButton* follow_;
  QToolButton* conversation_;
  std::optional<FrameFacts> talk_;  ///< a frame of the conversation that is shown
  QLabel* problem_;
  QLabel* empty_;
  QTableView* table_ = nullptr;
  bool moving_ = false;
};

}  // namespace lvslab::gui
