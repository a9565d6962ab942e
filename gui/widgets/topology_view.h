// The canvas: hosts, switches, cables, and packets that move along them.
//
// Models: places (automatic, dragged, kept by the caller), zoom, pan, fit, motion of one step at a
// time. Leaves out: what the items look like (topology_items.h) and what they stand for
// (TopologyModel).
#pragma once

#include <QGraphicsView>
#include <QVariantAnimation>
#include <vector>

#include "gui/models/topology_model.h"

namespace lvslab::gui {

class CableItem;
class NodeItem;
class PacketItem;
class PlayModel;

class TopologyView : public QGraphicsView {
  Q_OBJECT

 public:
  TopologyView(PlayModel& play, TopologyModel& model, QWidget* parent = nullptr);

  void fit();
  void zoom(double factor);
  /// Back to the automatic places.
  void arrange();
  /// Places by node name; what is not named stands where the layout puts it.
  void set_places(const QMap<QString, QPointF>& places);
  QMap<QString, QPointF> places() const;
  /// Handles to draw cables from, and room for what is dropped from the palette.
  void set_drawing(bool drawing);
  /// The node that the keyboard is on, or that was clicked last; empty if there is none.
  QString chosen() const;
  /// No motion at all: packets jump.
  void set_reduced_motion(bool reduced) { reduced_motion_ = reduced; }
  /// Every packet on the canvas in words, for screen readers and tests.
  QStringList packets_in_words() const;
  /// A host or switch in words: addresses, VIPs and who answers for them; empty if it is not there.
  QString host_in_words(const QString& name) const;
  QRectF content() const;
  /// Into `painter`, as the scene is now.
  void render_to(QPainter& painter, const QRectF& target);

 Q_SIGNALS:
  void host_opened(const QString& host);
  void menu_wanted(const QString& host, const QPoint& at);
  void canvas_menu_wanted(const QPoint& at);
  void places_changed();
  /// Somebody dragged a node, or moved it by keys.
  void rearranged(const QMap<QString, QPointF>& before, const QMap<QString, QPointF>& after);
  /// Something of the palette (palette_bar.h) was dropped; `on` is the node under it, if any.
  void node_dropped(const QString& kind, const QPointF& at, const QString& on);
  void cable_drawn(const QString& from, const QString& to);

 protected:
  void wheelEvent(QWheelEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void changeEvent(QEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  bool focusNextPrevChild(bool next) override;
  void contextMenuEvent(QContextMenuEvent* event) override;
  void dragEnterEvent(QDragEnterEvent* event) override;
  void dragMoveEvent(QDragMoveEvent* event) override;
  void dropEvent(QDropEvent* event) override;

 private:
  void retranslate();
  struct Flight {
    PacketItem* item = nullptr;
    std::vector<QPointF> way;
    bool dropped = false;
  };
  void rebuild();
  void refresh();
  void on_moved(quint32 from, quint32 to);
  void clear_packets();
  void settle();
  void on_focus();
  std::uint32_t number_in_focus() const;
  Position instant_begin() const;
  void advance(double part);
  void show_drops(Position from, Position to);
  std::vector<QPointF> way_of(const std::vector<std::size_t>& path) const;
  QPointF border_of(const NodeItem& node, QPointF towards) const;
  QPointF default_place(std::size_t node) const;
  void reserve_room();
  NodeItem* node_at(const QPointF& scene) const;
  void menu_by_keyboard();
  void add_node_item(std::size_t n);
  void speak(const NodeItem& node);
  void note_places();
  void pull_cable(NodeItem& from, const QPointF& to);
  void end_cable(NodeItem& from, const QPointF& at);
  bool nudge(QKeyEvent& event);

  PlayModel& play_;
  TopologyModel& model_;
  std::vector<NodeItem*> nodes_;
  std::vector<CableItem*> cables_;
  std::vector<QGraphicsItem*> transient_;  ///< packets and reasons of the current step
  std::vector<Flight> flights_;
  QVariantAnimation motion_;
  RecordId settled_focus_;  ///< that the packets were last drawn for
  Position from_ = 0;
  bool reduced_motion_ = false;
  QMap<QString, QPointF> noted_;         ///< places before what moves now
  QGraphicsLineItem* pulled_ = nullptr;  ///< a cable that is being drawn
  bool drawing_ = false;
  bool fitted_ = true;  ///< goes on fitting when the window is resized
};

}  // namespace lvslab::gui
