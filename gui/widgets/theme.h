// The colours of the window, light and dark. One accent; the colours of protocols are Okabe and
// Ito's colour-blind-safe set, darkened or lightened until text in them reads at 4.5:1 (WCAG 2.1
// §1.4.3).
//
// Leaves out: shapes and letters, which say the same without colour.
#pragma once

#include <QColor>
#include <QString>
#include <array>

#include "sim/trace/frame_facts.h"

class QApplication;

namespace lvslab::gui {

struct Theme {
  bool dark = false;
  QColor window, panel, raised;  ///< behind everything, behind text, cards and headings
  QColor text, muted, line;
  QColor accent, accent_soft;  ///< ink, and a background for selections
  QColor good, danger;         ///< ink
  QColor changed, used;        ///< backgrounds of table cells
  QColor changed_ink;
  std::array<QColor, 7> protocol_ink;   ///< by Protocol, for text and lines
  std::array<QColor, 7> protocol_fill;  ///< behind `on_protocol`
  QColor on_protocol;

  const QColor& ink(Protocol p) const { return protocol_ink[static_cast<std::size_t>(p)]; }
  const QColor& fill(Protocol p) const { return protocol_fill[static_cast<std::size_t>(p)]; }

  static const Theme& light();
  static const Theme& dark_one();
};

/// The one that is in use.
const Theme& theme();
/// Changes style, palette and style sheet of the whole application.
void use_theme(QApplication& app, bool dark);
/// True if the desktop asks for dark windows.
bool desktop_is_dark();

/// Contrast ratio of two colours, 1 to 21 (WCAG 2.1, "contrast ratio").
double contrast(const QColor& a, const QColor& b);

}  // namespace lvslab::gui
