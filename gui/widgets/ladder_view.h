// The ladder: LadderModel as a picture that scrolls, and that can be written to a file.
#pragma once

#include <QAbstractScrollArea>

#include "gui/widgets/ladder_paint.h"

namespace lvslab {
struct LadderRow;
}

namespace lvslab::gui {

class LadderModel;
class PlayModel;

class LadderView : public QAbstractScrollArea {
  Q_OBJECT

 public:
  LadderView(PlayModel& play, LadderModel& model, QWidget* parent = nullptr);

  /// The whole diagram as .svg or .png. False if the file cannot be written.
  bool write_picture(const QString& path) const;

 protected:
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  bool viewportEvent(QEvent* event) override;
  void changeEvent(QEvent* event) override;

 private:
  void refresh();
  void show_focus();
  int row_height() const;
  int head_height() const;
  LadderGrid grid_of(double width) const;
  void paint_head(QPainter& painter, double width) const;
  void paint_row(QPainter& painter, const LadderRow& row, double y, double width,
                 bool current) const;
  int row_at(int y) const;

  PlayModel& play_;
  LadderModel& model_;
};

}  // namespace lvslab::gui
