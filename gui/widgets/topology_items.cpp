#include "gui/widgets/topology_items.h"

#include <QCoreApplication>
#include <QCursor>
#include <QFontDatabase>
#include <QGraphicsScene>
#include <QGraphicsSceneContextMenuEvent>
#include <QGraphicsSceneMouseEvent>
#include <QKeyEvent>
#include <QPainter>
#include <QPainterPath>
#include <algorithm>
#include <utility>

#include "gui/models/words.h"
#include "gui/widgets/icons.h"
#include "gui/widgets/theme.h"

namespace lvslab::gui {
namespace {

constexpr double kCardPad = 10, kIcon = 22, kMinWidth = 138;
constexpr double kHandle = 9;  // its radius
constexpr double kNodeZ = 10, kCableZ = 0, kPacketZ = 20, kReasonZ = 15;

QFont bold_font() {
  QFont font;
  font.setPixelSize(13);
  font.setWeight(QFont::DemiBold);
  return font;
}
QFont small_font() {
  QFont font;
  font.setPixelSize(11);
  return font;
}
double width_of(const QFont& font, const QString& text) {
  return QFontMetricsF(font).horizontalAdvance(text);
}
double line_height() { return QFontMetricsF(small_font()).height() + 1; }
double title_height() {
  return std::max(kIcon, QFontMetricsF(bold_font()).height() + line_height());
}
double badge_height() { return line_height() + 6; }

QString badge_text(const VipState& vip) {
  return QStringLiteral("VIP ") + to_qt(vip.address.to_string());
}

}  // namespace

// --- hosts and switches --------------------------------------------------------------------------

NodeItem::NodeItem(const TopologyNode& node, std::size_t index) : node_(node), index_(index) {
  setFlags(ItemIsMovable | ItemIsSelectable | ItemIsFocusable | ItemSendsGeometryChanges);
  setZValue(kNodeZ);
  setCursor(Qt::OpenHandCursor);
  measure();
}

void NodeItem::set_state(const NodeState& state, const QString& words) {
  setToolTip(words);
  if (state == state_) return;
  prepareGeometryChange();
  state_ = state;
  measure();
  for (CableItem* cable : cables_) cable->follow_ends();
  update();
}

void NodeItem::set_current(bool current) {
  if (current == current_) return;
  current_ = current;
  update();
}

QStringList NodeItem::address_lines() const {
  QStringList lines;
  for (const NodeState::Nic& nic : state_.nics) {
    QStringList plain;
    for (const Ipv4Prefix& address : nic.addresses) {
      const bool vip = std::ranges::any_of(
          state_.vips, [&](const VipState& v) { return v.address == address.addr; });
      // Of a recording nobody knows the masks.
      const bool bare = address.len == 32;
      if (!vip) plain << to_qt(bare ? address.addr.to_string() : address.to_string());
    }
    for (const Ipv6Prefix& address : nic.addresses6) plain << to_qt(address.to_string());
    QString line = to_qt(nic.name) + QStringLiteral("  ") + plain.join(QStringLiteral(", "));
    if (!nic.carrier) line += QStringLiteral("  ✕");
    if (!nic.up) line += QStringLiteral("  ↓");
    lines << line;
  }
  return lines;
}

void NodeItem::measure() {
  if (node_.is_switch) {
    const double w =
        std::max(84.0, width_of(bold_font(), to_qt(node_.name)) + kIcon + 3 * kCardPad);
    card_ = QRectF(-w / 2, -18, w, 36);
    return;
  }
  const double title = width_of(bold_font(), to_qt(node_.name));
  double w =
      std::max(kMinWidth, kCardPad * 3 + kIcon +
                              std::max(title, width_of(small_font(), role_name(node_.role))));
  double h = kCardPad * 2 + title_height() + 4;
  for (const QString& line : address_lines()) {
    w = std::max(w, width_of(small_font(), line) + 2 * kCardPad);
    h += line_height();
  }
  for (const VipState& vip : state_.vips) {
    w = std::max(w, width_of(bold_font(), badge_text(vip)) + 30 + 2 * kCardPad);
    h += badge_height() + 4;
  }
  card_ = QRectF(-w / 2, -h / 2, w, h);
}

QRectF NodeItem::card() const { return card_; }
QRectF NodeItem::boundingRect() const {
  return card_.adjusted(-4, -4, drawing_ ? kHandle + 2 : 4, 4);
}

void NodeItem::paint(QPainter* painter, const QStyleOptionGraphicsItem* /*option*/,
                     QWidget* /*widget*/) {
  const Theme& t = theme();
  painter->setRenderHint(QPainter::Antialiasing);
  if (hasFocus() || isSelected()) {
    painter->setPen(QPen(t.accent, 2, Qt::DashLine));
    painter->setBrush(Qt::NoBrush);
    painter->drawRoundedRect(card_.adjusted(-3, -3, 3, 3), 9, 9);
  }
  painter->setPen(QPen(current_ ? t.accent : t.line, current_ ? 2 : 1));
  painter->setBrush(state_.up ? t.panel : t.window);
  painter->drawRoundedRect(card_, 6, 6);
  if (node_.is_switch) {
    paint_switch_card(*painter);
  } else {
    paint_host_card(*painter);
  }
  if (drawing_) paint_handle(*painter);
}

void NodeItem::paint_handle(QPainter& p) const {
  p.setPen(QPen(theme().accent, 1.6));
  p.setBrush(theme().panel);
  p.drawEllipse(handle(), kHandle, kHandle);
  p.drawLine(handle() - QPointF(4, 0), handle() + QPointF(4, 0));
  p.drawLine(handle() - QPointF(0, 4), handle() + QPointF(0, 4));
}

void NodeItem::set_drawing(bool drawing) {
  prepareGeometryChange();
  drawing_ = drawing;
  update();
}

void NodeItem::paint_switch_card(QPainter& p) const {
  p.setPen(QPen(theme().muted, 1.6));
  paint_switch(p, QRectF(card_.left() + kCardPad, card_.center().y() - 9, 22, 18));
  p.setPen(theme().text);
  p.setFont(bold_font());
  p.drawText(card_.adjusted(kCardPad + 28, 0, -kCardPad, 0), Qt::AlignVCenter | Qt::AlignLeft,
             to_qt(node_.name));
}

void NodeItem::paint_host_card(QPainter& p) const {
  const Theme& t = theme();
  const double x = card_.left() + kCardPad;
  double y = card_.top() + kCardPad;
  p.setPen(QPen(state_.up ? t.accent : t.muted, 1.8));
  p.setBrush(Qt::NoBrush);
  paint_role(p, QRectF(x, y + (title_height() - kIcon) / 2, kIcon, kIcon), node_.role);
  p.setFont(bold_font());
  p.setPen(state_.up ? t.text : t.muted);
  const double tx = x + kIcon + kCardPad;
  const double name_height = QFontMetricsF(bold_font()).height();
  p.drawText(QRectF(tx, y, card_.right() - tx, name_height), Qt::AlignLeft | Qt::AlignVCenter,
             to_qt(node_.name));
  p.setFont(small_font());
  p.setPen(state_.up ? t.muted : t.danger);
  const QString role =
      state_.up ? role_name(node_.role) : QCoreApplication::translate("NodeItem", "✕ not running");
  p.drawText(QRectF(tx, y + name_height, card_.right() - tx, line_height()),
             Qt::AlignLeft | Qt::AlignVCenter, role);
  y += title_height() + 4;
  const QStringList lines = address_lines();
  for (qsizetype i = 0; i < lines.size(); ++i) {
    const NodeState::Nic& nic = state_.nics[static_cast<std::size_t>(i)];
    p.setPen(nic.up && nic.carrier ? t.muted : t.danger);
    p.drawText(QRectF(x, y, card_.width(), line_height()), Qt::AlignLeft | Qt::AlignVCenter,
               lines[i]);
    y += line_height();
  }
  paint_vips(p, y + 2);
}

// Solid where it answers ARP, locked where it is hidden, doubled and red where two hosts answer.
void NodeItem::paint_vips(QPainter& p, double y) const {
  const Theme& t = theme();
  const double x = card_.left() + kCardPad;
  for (const VipState& vip : state_.vips) {
    const QString text = badge_text(vip);
    const QColor ink = vip.doubled ? t.danger : t.accent;
    QRectF badge(x, y, width_of(bold_font(), text) + (vip.answers ? 16 : 30), badge_height());
    if (vip.doubled) {
      p.setPen(QPen(ink, 1.5));
      p.setBrush(Qt::NoBrush);
      p.drawRoundedRect(badge.translated(4, 3), 4, 4);
    }
    p.setPen(QPen(ink, 1.5));
    p.setBrush(vip.answers ? ink : t.panel);
    p.drawRoundedRect(badge, 4, 4);
    QFont font = bold_font();
    font.setPixelSize(11);
    p.setFont(font);
    p.setPen(QPen(vip.answers ? t.on_protocol : ink, 1.5));
    if (!vip.answers) {
      paint_lock(p, QRectF(badge.left() + 7, badge.center().y() - 6, 9, 11));
      badge.setLeft(badge.left() + 14);
    }
    p.drawText(badge, Qt::AlignCenter, text);
    y += badge_height() + 4;
  }
}

QVariant NodeItem::itemChange(GraphicsItemChange change, const QVariant& value) {
  if (change == ItemPositionHasChanged) {
    for (CableItem* cable : cables_) cable->follow_ends();
  }
  return QGraphicsObject::itemChange(change, value);
}

void NodeItem::mouseDoubleClickEvent(QGraphicsSceneMouseEvent* event) {
  if (!node_.is_switch) Q_EMIT opened(to_qt(node_.name));
  event->accept();
}

void NodeItem::mousePressEvent(QGraphicsSceneMouseEvent* event) {
  pulling_ = drawing_ && event->button() == Qt::LeftButton &&
             QLineF(event->pos(), handle()).length() <= kHandle + 3;
  if (pulling_) return event->accept();
  QGraphicsObject::mousePressEvent(event);
}

void NodeItem::mouseMoveEvent(QGraphicsSceneMouseEvent* event) {
  if (pulling_) return Q_EMIT pulled(event->scenePos());
  QGraphicsObject::mouseMoveEvent(event);
}

void NodeItem::mouseReleaseEvent(QGraphicsSceneMouseEvent* event) {
  if (std::exchange(pulling_, false)) return Q_EMIT let_go(event->scenePos());
  QGraphicsObject::mouseReleaseEvent(event);
  if (event->scenePos() != event->buttonDownScenePos(Qt::LeftButton)) Q_EMIT dragged();
}

void NodeItem::contextMenuEvent(QGraphicsSceneContextMenuEvent* event) {
  Q_EMIT menu_wanted(to_qt(node_.name), event->screenPos());
}

void NodeItem::keyPressEvent(QKeyEvent* event) {
  if (event->key() == Qt::Key_Return && !node_.is_switch) return Q_EMIT opened(to_qt(node_.name));
  QGraphicsObject::keyPressEvent(event);
}

void NodeItem::focusInEvent(QFocusEvent* /*event*/) {
  update();
  Q_EMIT focused();
}
void NodeItem::focusOutEvent(QFocusEvent* /*event*/) { update(); }

// --- cables --------------------------------------------------------------------------------------

CableItem::CableItem(NodeItem* a, NodeItem* b, const TopologyCable& cable)
    : a_(a), b_(b), a_dev_(to_qt(cable.a_dev)), b_dev_(to_qt(cable.b_dev)) {
  setZValue(kCableZ);
  a->add_cable(this);
  b->add_cable(this);
  follow_ends();
}

void CableItem::follow_ends() {
  prepareGeometryChange();
  const QPointF from = a_->pos();
  const QPointF to = b_->pos();
  // From border to border, so that labels and packets are never under a card.
  const auto border = [](const QRectF& card, QPointF center, QPointF towards) {
    const QPointF way = towards - center;
    const double sx = way.x() == 0 ? 1e9 : card.width() / 2 / std::abs(way.x());
    const double sy = way.y() == 0 ? 1e9 : card.height() / 2 / std::abs(way.y());
    return center + way * std::min({sx, sy, 1.0});
  };
  line_ = QLineF(border(a_->card(), from, to), border(b_->card(), to, from));
}

void CableItem::set_state(bool plugged, const QString& fault) {
  if (plugged == plugged_ && fault == fault_) return;
  prepareGeometryChange();
  plugged_ = plugged;
  fault_ = fault;
  update();
}

QRectF CableItem::boundingRect() const {
  return QRectF(line_.p1(), line_.p2()).normalized().adjusted(-60, -24, 60, 24);
}

void CableItem::paint(QPainter* painter, const QStyleOptionGraphicsItem* /*option*/,
                      QWidget* /*widget*/) {
  const Theme& t = theme();
  painter->setRenderHint(QPainter::Antialiasing);
  painter->setPen(
      QPen(plugged_ ? t.muted : t.danger, 1.6, plugged_ ? Qt::SolidLine : Qt::DashLine));
  painter->drawLine(line_);
  painter->setFont(small_font());
  if (!plugged_) {
    painter->setPen(QPen(t.danger, 2.4));
    const QPointF m = line_.pointAt(0.5);
    painter->drawLine(m + QPointF(-6, -6), m + QPointF(6, 6));
    painter->drawLine(m + QPointF(-6, 6), m + QPointF(6, -6));
  }
  if (!fault_.isEmpty()) {
    painter->setPen(t.danger);
    painter->drawText(QRectF(line_.pointAt(0.5) + QPointF(-60, 4), QSizeF(120, 18)),
                      Qt::AlignCenter, fault_);
  }
}

// --- packets -------------------------------------------------------------------------------------

namespace {

QFont packet_font() {
  QFont font;
  font.setPixelSize(11);
  font.setWeight(QFont::DemiBold);
  return font;
}

/// A shape for each protocol, so that colour is never the only sign.
QPainterPath shape_of(const QRectF& box, Protocol protocol) {
  QPainterPath path;
  const double cut = box.height() / 2;
  switch (protocol) {
    case Protocol::kTcp: path.addRoundedRect(box, 4, 4); return path;
    case Protocol::kUdp: path.addRect(box); return path;
    case Protocol::kSctp:  // as TCP, with a corner cut off
      path.moveTo(box.left(), box.top());
      path.lineTo(box.right() - cut * 0.6, box.top());
      path.lineTo(box.right(), box.top() + cut * 0.6);
      path.lineTo(box.right(), box.bottom());
      path.lineTo(box.left(), box.bottom());
      path.closeSubpath();
      return path;
    case Protocol::kIcmp: path.addRoundedRect(box, cut, cut); return path;
    case Protocol::kArp:
      path.moveTo(box.left(), box.center().y());
      path.lineTo(box.left() + cut * 0.6, box.top());
      path.lineTo(box.right() - cut * 0.6, box.top());
      path.lineTo(box.right(), box.center().y());
      path.lineTo(box.right() - cut * 0.6, box.bottom());
      path.lineTo(box.left() + cut * 0.6, box.bottom());
      path.closeSubpath();
      return path;
    case Protocol::kVrrp:
      path.moveTo(box.left() + cut * 0.6, box.top());
      path.lineTo(box.right(), box.top());
      path.lineTo(box.right() - cut * 0.6, box.bottom());
      path.lineTo(box.left(), box.bottom());
      path.closeSubpath();
      return path;
    case Protocol::kOther: path.addRoundedRect(box, 2, 2); return path;
  }
  return path;
}

QString packet_text(const FrameFacts& facts) {
  QString text = to_qt(facts.label);
  if (facts.protocol == Protocol::kArp && facts.arp_reply) return text;
  return text.isEmpty() ? to_qt(protocol_name(facts)) : text;
}

}  // namespace

PacketItem::PacketItem(const FrameFacts& facts, std::uint32_t number)
    : facts_(facts), size_(size_of(facts)) {
  setZValue(kPacketZ);
  QString words = QCoreApplication::translate("PacketItem", "Packet %1: %2 %3")
                      .arg(number)
                      .arg(to_qt(protocol_name(facts)), to_qt(facts.label));
  if (facts.has_ip) {
    words +=
        QStringLiteral("\n%1 → %2").arg(to_qt(facts.src.to_string()), to_qt(facts.dst.to_string()));
  }
  words += QStringLiteral("\n%1 → %2")
               .arg(to_qt(facts.src_mac.to_string()), to_qt(facts.dst_mac.to_string()));
  setToolTip(words);
}

QSizeF PacketItem::size_of(const FrameFacts& facts) {
  const double ring = facts.envelope == Envelope::kNone ? 0 : 8;
  return {width_of(packet_font(), packet_text(facts)) + 20 + ring, 20 + ring};
}

void PacketItem::set_arrived(bool arrived) {
  arrived_ = arrived;
  setZValue(arrived ? kPacketZ - 1 : kPacketZ);
  update();
}
void PacketItem::set_in_focus(bool in_focus) {
  in_focus_ = in_focus;
  update();
}
void PacketItem::set_dropped(bool dropped) {
  dropped_ = dropped;
  update();
}

QRectF PacketItem::boundingRect() const {
  return QRectF(-size_.width() / 2, -size_.height() / 2, size_.width(), size_.height())
      .adjusted(-5, -5, 5, 5);
}

void PacketItem::paint_shape(QPainter& p, const QRectF& box, const FrameFacts& facts,
                             bool arrived) {
  const Theme& t = theme();
  QRectF inner = box;
  p.setBrush(Qt::NoBrush);
  if (facts.envelope != Envelope::kNone) {
    p.setPen(QPen(t.muted, 1.6));
    p.setBrush(t.panel);
    p.drawRoundedRect(box, 6, 6);
    inner = box.adjusted(4, 4, -4, -4);
  }
  const QPainterPath shape = shape_of(inner, facts.protocol);
  const bool hollow = facts.fin && !facts.rst;
  p.setPen(QPen(facts.rst ? t.danger : t.fill(facts.protocol), facts.rst ? 3 : 1.6,
                arrived ? Qt::DotLine : Qt::SolidLine));
  p.setBrush(hollow || arrived ? t.panel : t.fill(facts.protocol));
  p.drawPath(shape);
  p.setFont(packet_font());
  p.setPen(arrived ? t.muted : hollow ? t.ink(facts.protocol) : t.on_protocol);
  p.drawText(inner, Qt::AlignCenter, packet_text(facts));
}

void PacketItem::paint(QPainter* painter, const QStyleOptionGraphicsItem* /*option*/,
                       QWidget* /*widget*/) {
  painter->setRenderHint(QPainter::Antialiasing);
  const QRectF box(-size_.width() / 2, -size_.height() / 2, size_.width(), size_.height());
  if (in_focus_) {
    painter->setPen(QPen(theme().text, 1.6));
    painter->setBrush(theme().panel);
    painter->drawRoundedRect(box.adjusted(-3, -3, 3, 3), 6, 6);
  }
  paint_shape(*painter, box, facts_, arrived_);
  if (!dropped_) return;
  painter->setPen(QPen(theme().danger, 2.4));
  painter->drawLine(box.topLeft(), box.bottomRight());
  painter->drawLine(box.topRight(), box.bottomLeft());
}

// --- reasons -------------------------------------------------------------------------------------

ReasonItem::ReasonItem(const QString& text) : text_(text) {
  setZValue(kReasonZ);
  const QFontMetricsF metrics(small_font());
  const QRectF words = metrics.boundingRect(QRectF(0, 0, 220, 400), Qt::TextWordWrap, text);
  box_ = QRectF(0, 0, words.width() + 16, words.height() + 12);
}

void ReasonItem::paint(QPainter* painter, const QStyleOptionGraphicsItem* /*option*/,
                       QWidget* /*widget*/) {
  painter->setRenderHint(QPainter::Antialiasing);
  painter->setPen(QPen(theme().danger, 1));
  painter->setBrush(theme().panel);
  painter->drawRoundedRect(box_, 4, 4);
  painter->setFont(small_font());
  painter->drawText(box_.adjusted(8, 6, -8, -6), Qt::TextWordWrap, text_);
}

}  // namespace lvslab::gui
