// Icons drawn from paths in the colours of the theme, sharp at every size and on every screen.
#pragma once

#include <QIcon>

#include "sim/scenario/model.h"

class QPainter;

namespace lvslab::gui {

enum class Glyph : std::uint8_t {
  kRestart,
  kBack,
  kStep,
  kPlay,
  kPause,
  kToEnd,
  kUntil,
  kFollow,
  kFilter,
  kFit,
  kTheme,
  kExport,
  kOpen,
  kCheck,
  kTerminal,
  kStop,
  kLock,
  kSource,
  kUndo,
  kRedo,
  kSave,
  kHelp
};

QIcon icon(Glyph glyph);

/// Draws the sign of a role into `box`, in the painter's pen.
void paint_role(QPainter& painter, const QRectF& box, scenario::Role role);
void paint_switch(QPainter& painter, const QRectF& box);
void paint_lock(QPainter& painter, const QRectF& box);

}  // namespace lvslab::gui
