// What stands on the canvas: hosts and switches as cards, cables, packets as labelled shapes, and
// what was dropped, with the reason beside it.
//
// Leaves out: where they stand and how they move (topology_view.h).
#pragma once

#include <QGraphicsObject>
#include <QString>

#include "gui/models/topology_model.h"

namespace lvslab::gui {

class CableItem;

class NodeItem : public QGraphicsObject {
  Q_OBJECT

 public:
  NodeItem(const TopologyNode& node, std::size_t index);

  std::size_t index() const { return index_; }
  const std::string& name() const { return node_.name; }
  bool is_switch() const { return node_.is_switch; }
  void set_state(const NodeState& state, const QString& words);
  /// The host of the record in focus.
  void set_current(bool current);
  void add_cable(CableItem* cable) { cables_.push_back(cable); }
  /// With a handle to draw cables from.
  void set_drawing(bool drawing);
  QPointF handle() const { return {card_.right(), card_.center().y()}; }
  /// The card without its shadow of a selection.
  QRectF card() const;

  QRectF boundingRect() const override;
  void paint(QPainter* painter, const QStyleOptionGraphicsItem* option, QWidget* widget) override;

 Q_SIGNALS:
  void opened(const QString& host);
  /// A cable is drawn out of the handle: on its way, and let go, in the scene.
  void pulled(const QPointF& to);
  void let_go(const QPointF& at);
  void menu_wanted(const QString& host, const QPoint& at);
  void dragged();
  void focused();

 protected:
  QVariant itemChange(GraphicsItemChange change, const QVariant& value) override;
  void mouseDoubleClickEvent(QGraphicsSceneMouseEvent* event) override;
  void mousePressEvent(QGraphicsSceneMouseEvent* event) override;
  void mouseMoveEvent(QGraphicsSceneMouseEvent* event) override;
  void mouseReleaseEvent(QGraphicsSceneMouseEvent* event) override;
  void contextMenuEvent(QGraphicsSceneContextMenuEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void focusInEvent(QFocusEvent* event) override;
  void focusOutEvent(QFocusEvent* event) override;

 private:
  void paint_switch_card(QPainter& painter) const;
  void paint_host_card(QPainter& painter) const;
  void paint_vips(QPainter& painter, double y) const;
  void paint_handle(QPainter& painter) const;
  QStringList address_lines() const;
  void measure();

  TopologyNode node_;
  std::size_t index_;
  NodeState state_;
  bool current_ = false;
  bool drawing_ = false, pulling_ = false;
  QRectF card_;
  std::vector<CableItem*> cables_;
};

class CableItem : public QGraphicsItem {
 public:
  CableItem(NodeItem* a, NodeItem* b, const TopologyCable& cable);

  void follow_ends();
  void set_state(bool plugged, const QString& fault);
  NodeItem* a() const { return a_; }
  NodeItem* b() const { return b_; }
  QPointF at(double part) const { return line_.pointAt(part); }

  QRectF boundingRect() const override;
  void paint(QPainter* painter, const QStyleOptionGraphicsItem* option, QWidget* widget) override;

 private:
  NodeItem* a_;
  NodeItem* b_;
  QString a_dev_, b_dev_;
  QLineF line_;
  bool plugged_ = true;
  QString fault_;
};

class PacketItem : public QGraphicsItem {
 public:
  PacketItem(const FrameFacts& facts, std::uint32_t number);

  /// An outline of dots: it has arrived.
  void set_arrived(bool arrived);
  /// A frame around it: it is the one that inspector and Why panel speak of.
  void set_in_focus(bool in_focus);
  /// Crossed out: it was dropped.
  void set_dropped(bool dropped);

  QRectF boundingRect() const override;
  void paint(QPainter* painter, const QStyleOptionGraphicsItem* option, QWidget* widget) override;
  /// The shape and the colours of a packet, for lists and legends too.
  static void paint_shape(QPainter& painter, const QRectF& box, const FrameFacts& facts,
                          bool arrived = false);
  static QSizeF size_of(const FrameFacts& facts);

 private:
  FrameFacts facts_;
  QSizeF size_;
  bool dropped_ = false;
  bool arrived_ = false;
  bool in_focus_ = false;
};

/// The reason of a drop, in words.
class ReasonItem : public QGraphicsItem {
 public:
  explicit ReasonItem(const QString& text);
  QRectF boundingRect() const override { return box_; }
  void paint(QPainter* painter, const QStyleOptionGraphicsItem* option, QWidget* widget) override;

 private:
  QString text_;
  QRectF box_;
};

}  // namespace lvslab::gui
