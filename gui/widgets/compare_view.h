// Two runs of one scenario side by side: what differs as a list, and both ladders row by row.
#pragma once

#include <QAbstractScrollArea>
#include <QWidget>

#include "gui/widgets/ladder_paint.h"

class QLabel;
class QPushButton;
class QTableView;

namespace lvslab::gui {

class CompareModel;

/// The two ladders.
class ComparedLadders : public QAbstractScrollArea {
  Q_OBJECT

 public:
  explicit ComparedLadders(CompareModel& model, QWidget* parent = nullptr);
  void show_row(int row);
  void refresh();

 protected:
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  int row_height() const;
  int head_height() const;
  LadderGrid grid_of(bool right) const;
  void paint_side(QPainter& painter, std::size_t row, bool right, double y) const;
  void paint_head(QPainter& painter) const;

  CompareModel& model_;
  int current_ = -1;
};

class CompareView : public QWidget {
  Q_OBJECT

 public:
  explicit CompareView(CompareModel& model, QWidget* parent = nullptr);

 Q_SIGNALS:
  void compare_wanted();

 protected:
  void changeEvent(QEvent* event) override;

 private:
  void retranslate();
  void refresh();

  CompareModel& model_;
  QPushButton* start_;
  QLabel* verdict_;
  QLabel* empty_;
  QTableView* list_;
  ComparedLadders* ladders_;
};

}  // namespace lvslab::gui
