#include "gui/widgets/theme.h"

#include <QApplication>
#include <QPainter>
#include <QPalette>
#include <QProxyStyle>
#include <QStyleFactory>
#include <QStyleOption>
#include <cmath>

namespace lvslab::gui {
namespace {

Theme make_light() {
  Theme t;
  t.window = "#f3f4f6";
  t.panel = "#ffffff";
  t.raised = "#f8f9fa";
  t.text = "#1b1f24";
  t.muted = "#57606a";
  t.line = "#d0d5db";
  t.accent = "#0b62a8";
  t.accent_soft = "#dcebf8";
  t.good = "#00694c";
  t.danger = "#b23c00";
  t.changed = "#fff0c9";
  t.changed_ink = "#7a4b00";
  t.used = "#dcebf8";
  t.protocol_ink = {"#855400", "#5f5780", "#0060a0", "#006b66", "#8a2f68", "#2f6b1f", "#57606a"};
  t.protocol_fill = {"#855400", "#5f5780", "#0060a0", "#006b66", "#8a2f68", "#2f6b1f", "#57606a"};
  t.on_protocol = "#ffffff";
  return t;
}

Theme make_dark() {
  Theme t;
  t.dark = true;
  t.window = "#15181c";
  t.panel = "#1c2025";
  t.raised = "#242930";
  t.text = "#e8eaed";
  t.muted = "#a7b0ba";
  t.line = "#3a414a";
  t.accent = "#6cb8f0";
  t.accent_soft = "#1d3b54";
  t.good = "#4fd0a5";
  t.danger = "#ff8a57";
  t.changed = "#4a3a10";
  t.changed_ink = "#f5cf73";
  t.used = "#1d3b54";
  t.protocol_ink = {"#f0b13c", "#b9b0dc", "#6cc0f2", "#45cfc2", "#e8a0cc", "#93d281", "#a7b0ba"};
  t.protocol_fill = t.protocol_ink;
  t.on_protocol = "#101316";
  return t;
}

const Theme*& current() {
  static const Theme* theme = &Theme::light();
  return theme;
}

QPalette palette_of(const Theme& t) {
  QPalette p;
  p.setColor(QPalette::Window, t.window);
  p.setColor(QPalette::WindowText, t.text);
  p.setColor(QPalette::Base, t.panel);
  p.setColor(QPalette::AlternateBase, t.raised);
  p.setColor(QPalette::Text, t.text);
  p.setColor(QPalette::PlaceholderText, t.muted);
  p.setColor(QPalette::Button, t.raised);
  p.setColor(QPalette::ButtonText, t.text);
  p.setColor(QPalette::BrightText, t.danger);
  p.setColor(QPalette::ToolTipBase, t.raised);
  p.setColor(QPalette::ToolTipText, t.text);
  p.setColor(QPalette::Highlight, t.accent_soft);
  p.setColor(QPalette::HighlightedText, t.text);
  p.setColor(QPalette::Link, t.accent);
  p.setColor(QPalette::LinkVisited, t.accent);
  p.setColor(QPalette::Light, t.panel);
  p.setColor(QPalette::Midlight, t.raised);
  p.setColor(QPalette::Mid, t.line);
  p.setColor(QPalette::Dark, t.line);
  p.setColor(QPalette::Shadow, t.line);
  for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText}) {
    p.setColor(QPalette::Disabled, role, t.muted);
  }
  return p;
}

/// Fusion, with check boxes whose frame is seen in the dark, too.
class LabStyle : public QProxyStyle {
 public:
  LabStyle() : QProxyStyle(QStyleFactory::create(QStringLiteral("fusion"))) {}

  void drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                     const QWidget* widget) const override {
    if (element != PE_IndicatorCheckBox) {
      return QProxyStyle::drawPrimitive(element, option, painter, widget);
    }
    const Theme& t = theme();
    const bool on = (option->state & State_On) != 0;
    const QRectF box = QRectF(option->rect).adjusted(0.5, 0.5, -0.5, -0.5);
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(QPen((option->state & State_HasFocus) != 0 || on ? t.accent : t.muted, 1.2));
    painter->setBrush(on ? t.accent : t.panel);
    painter->drawRoundedRect(box, 2, 2);
    if (on) {
      painter->setPen(QPen(t.on_protocol, 1.8));
      const double w = box.width();
      painter->drawPolyline(QPolygonF({box.topLeft() + QPointF(0.22 * w, 0.52 * w),
                                       box.topLeft() + QPointF(0.42 * w, 0.72 * w),
                                       box.topLeft() + QPointF(0.78 * w, 0.28 * w)}));
    }
    painter->restore();
  }
};

QString sheet_of(const Theme& t) {
  return QStringLiteral(
             "QToolTip { color: %1; background: %2; border: 1px solid %3; padding: 4px; }"
             "QTabWidget::pane { border: 0; border-top: 1px solid %3; }"
             "QTabBar::tab { padding: 6px 12px; border: 0; border-bottom: 2px solid transparent;"
             " color: %4; background: transparent; }"
             "QTabBar::tab:selected { color: %1; border-bottom-color: %5; }"
             "QTabBar::tab:focus { color: %5; }"
             "QTabBar#tables::tab { padding: 6px 7px; }"
             "QToolButton#closeTab { border: 0; padding: 0; color: %4; }"
             "QToolButton#closeTab:hover { color: %1; }"
             "QHeaderView::section { background: %2; color: %4; border: 0;"
             " border-bottom: 1px solid %3; padding: 4px 4px; }"
             "QSplitter::handle { background: %3; }"
             "QSplitter::handle:horizontal { width: 1px; }"
             "QSplitter::handle:vertical { height: 1px; }"
             "QToolBar { background: %2; border: 0; border-bottom: 1px solid %3; spacing: 4px;"
             " padding: 4px 8px; }"
             "QStatusBar { background: %2; color: %4; border-top: 1px solid %3; }"
             "QTreeView, QTableView, QListView, QPlainTextEdit, QTextBrowser, QGraphicsView"
             " { border: 0; background: %6; }"
             "QLabel[empty=\"true\"] { color: %4; background: %6; padding: 16px; }"
             "QLabel[heading=\"true\"] { color: %4; font-weight: 600; padding: 8px 12px 4px 12px; "
             "}")
      .arg(t.text.name(), t.raised.name(), t.line.name(), t.muted.name(), t.accent.name(),
           t.panel.name());
}

double luminance(const QColor& c) {
  const auto linear = [](double v) {
    return v <= 0.03928 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
  };
  return 0.2126 * linear(c.redF()) + 0.7152 * linear(c.greenF()) + 0.0722 * linear(c.blueF());
}

}  // namespace

const Theme& Theme::light() {
  static const Theme kLight = make_light();
  return kLight;
}

const Theme& Theme::dark_one() {
  static const Theme kDark = make_dark();
  return kDark;
}

const Theme& theme() { return *current(); }

void use_theme(QApplication& app, bool dark) {
  current() = dark ? &Theme::dark_one() : &Theme::light();
  constexpr const char* kStyled = "lvslab-styled";
  if (!app.property(kStyled).toBool()) {
    QApplication::setStyle(new LabStyle);  // the application owns it
    app.setProperty(kStyled, true);
  }
  QApplication::setPalette(palette_of(theme()));
  app.setStyleSheet(sheet_of(theme()));
}

bool desktop_is_dark() {
  return QGuiApplication::palette().color(QPalette::Window).lightness() < 128;
}

double contrast(const QColor& a, const QColor& b) {
  const double x = luminance(a);
  const double y = luminance(b);
  return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
}

}  // namespace lvslab::gui
