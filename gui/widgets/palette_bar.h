// What can be dragged onto the drawing: hosts by role, and switches. A click does the same for
// those who use the keyboard.
#pragma once

#include <QWidget>
#include <array>
#include <vector>

#include "sim/scenario/model.h"

class QLabel;
class QToolButton;

namespace lvslab::gui {

/// Of the hosts that can be drawn.
inline constexpr std::array kDrawnRoles = {scenario::Role::kClient, scenario::Role::kDirector,
                                           scenario::Role::kBackup, scenario::Role::kRealServer,
                                           scenario::Role::kRouter, scenario::Role::kHost};

class PaletteBar : public QWidget {
  Q_OBJECT

 public:
  explicit PaletteBar(QWidget* parent = nullptr);

  /// Of what is dragged; its data is a role as the scenario writes it, or "switch".
  static constexpr const char* kMime = "application/x-lvslab-node";
  /// The button of a kind; null if there is none.
  QToolButton* button(const QString& kind) const;

 Q_SIGNALS:
  void picked(const QString& kind);

 protected:
  void changeEvent(QEvent* event) override;
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void retranslate();
  void refresh_icons();

  struct Piece {
    QString kind;
    QToolButton* button;
  };
  std::vector<Piece> pieces_;
  QLabel* hint_;
};

}  // namespace lvslab::gui
