// Arrows and lifelines of time-sequence diagrams, for the ladder and for the comparison of two.
#pragma once

#include <QString>
#include <cstddef>

class QPainter;

namespace lvslab {
struct LadderRow;
}

namespace lvslab::gui {

/// Where the columns of a diagram stand.
struct LadderGrid {
  double left = 0, width = 0;
  std::size_t columns = 1;
  int row_height = 0;
  double x(std::size_t column) const;
};

void paint_lifelines(QPainter& painter, const LadderGrid& grid, double y);
/// The arrow of a packet with its label, in the row that begins at `y`.
void paint_arrow(QPainter& painter, const LadderRow& row, const QString& text,
                 const LadderGrid& grid, double y, bool lost, bool pale = false);

}  // namespace lvslab::gui
