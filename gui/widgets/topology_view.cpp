#include "gui/widgets/topology_view.h"

#include <QAccessible>
#include <QContextMenuEvent>
#include <QGraphicsScene>
#include <QKeyEvent>
#include <QMimeData>
#include <QPainter>
#include <QWheelEvent>
#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

#include "gui/models/play_model.h"
#include "gui/models/words.h"
#include "gui/widgets/palette_bar.h"
#include "gui/widgets/theme.h"
#include "gui/widgets/topology_items.h"
#include "sim/trace/text.h"

namespace lvslab::gui {
namespace {

/// Pixels for a unit of the automatic layout; wide drawings stand closer, so that they are not
/// shrunk as much.
constexpr double kUnitX = 14, kCloseX = 11.5, kUnitY = 13;
constexpr int kWideUnits = 50;
constexpr int kShortestHopMs = 150, kLongestHopMs = 400;
/// A step over more frames than this is shown by its end only.
constexpr std::size_t kMostMoves = 80;
/// Nor is one over more records than this looked through.
constexpr quint32 kFarJump = 4'000;

}  // namespace

TopologyView::TopologyView(PlayModel& play, TopologyModel& model, QWidget* parent)
    : QGraphicsView(parent), play_(play), model_(model) {
  setScene(new QGraphicsScene(this));
  setRenderHint(QPainter::Antialiasing);
  setDragMode(QGraphicsView::ScrollHandDrag);
  setTransformationAnchor(QGraphicsView::AnchorUnderMouse);
  setViewportUpdateMode(QGraphicsView::SmartViewportUpdate);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  retranslate();
  setMinimumSize(240, 160);
  motion_.setStartValue(0.0);
  motion_.setEndValue(1.0);
  motion_.setEasingCurve(QEasingCurve::InOutSine);
  QObject::connect(&motion_, &QVariantAnimation::valueChanged, this,
                   [this](const QVariant& value) { advance(value.toDouble()); });
  QObject::connect(&motion_, &QVariantAnimation::finished, this, &TopologyView::settle);
  QObject::connect(&model, &TopologyModel::rebuilt, this, &TopologyView::rebuild);
  QObject::connect(&model, &TopologyModel::refreshed, this, &TopologyView::refresh);
  QObject::connect(&play, &PlayModel::moved, this, &TopologyView::on_moved);
  QObject::connect(&play, &PlayModel::focus_changed, this, &TopologyView::on_focus);
}

// --- places --------------------------------------------------------------------------------------

QPointF TopologyView::default_place(std::size_t node) const {
  const auto [left, right] = std::ranges::minmax(model_.nodes(), {}, &TopologyNode::x);
  const double unit = right.x - left.x > kWideUnits ? kCloseX : kUnitX;
  const TopologyNode& of = model_.nodes()[node];
  return {of.x * unit, of.y * kUnitY};
}

void TopologyView::rebuild() {
  motion_.stop();
  transient_.clear();
  flights_.clear();
  scene()->clear();
  nodes_.clear();
  cables_.clear();
  pulled_ = nullptr;
  for (std::size_t n = 0; n < model_.nodes().size(); ++n) {
    add_node_item(n);
  }
  for (const TopologyCable& cable : model_.cables()) {
    cables_.push_back(new CableItem(nodes_[cable.a], nodes_[cable.b], cable));
    scene()->addItem(cables_.back());
  }
  fitted_ = true;
  noted_ = places();
  refresh();
  fit();
}

void TopologyView::add_node_item(std::size_t n) {
  auto* item = new NodeItem(model_.nodes()[n], n);
  scene()->addItem(item);
  item->setPos(default_place(n));
  item->set_drawing(drawing_);
  nodes_.push_back(item);
  QObject::connect(item, &NodeItem::opened, this, &TopologyView::host_opened);
  QObject::connect(item, &NodeItem::menu_wanted, this, &TopologyView::menu_wanted);
  QObject::connect(item, &NodeItem::dragged, this, &TopologyView::note_places);
  QObject::connect(item, &NodeItem::focused, this, [this, item] { speak(*item); });
  QObject::connect(item, &NodeItem::pulled, this,
                   [this, item](const QPointF& to) { pull_cable(*item, to); });
  QObject::connect(item, &NodeItem::let_go, this,
                   [this, item](const QPointF& at) { end_cable(*item, at); });
}

void TopologyView::set_places(const QMap<QString, QPointF>& places) {
  for (NodeItem* node : nodes_) {
    const auto found = places.find(to_qt(node->name()));
    if (found != places.end()) node->setPos(*found);
  }
  noted_ = this->places();
  fit();
}

void TopologyView::note_places() {
  const QMap<QString, QPointF> before = std::exchange(noted_, places());
  if (before == noted_) return;
  Q_EMIT rearranged(before, noted_);
  Q_EMIT places_changed();
}

QMap<QString, QPointF> TopologyView::places() const {
  QMap<QString, QPointF> out;
  for (const NodeItem* node : nodes_) out[to_qt(node->name())] = node->pos();
  return out;
}

void TopologyView::arrange() {
  for (NodeItem* node : nodes_) node->setPos(default_place(node->index()));
  fit();
  note_places();
}

QRectF TopologyView::content() const {
  QRectF box;
  for (const NodeItem* node : nodes_) box |= node->mapRectToScene(node->boundingRect());
  return box.adjusted(-16, -16, 16, 16);
}

void TopologyView::fit() {
  fitted_ = true;
  if (nodes_.empty()) return;
  reserve_room();
  fitInView(content(), Qt::KeepAspectRatio);
  constexpr double kLargest = 1.35;
  if (transform().m11() > kLargest) {
    resetTransform();
    scale(kLargest, kLargest);
    centerOn(content().center());
  }
}

// Some space around, so that one can pan.
void TopologyView::reserve_room() { setSceneRect(content().adjusted(-600, -600, 600, 600)); }

void TopologyView::zoom(double factor) {
  fitted_ = false;
  const double now = transform().m11();
  const double next = std::clamp(now * factor, 0.15, 4.0);
  scale(next / now, next / now);
}

void TopologyView::wheelEvent(QWheelEvent* event) {
  zoom(event->angleDelta().y() > 0 ? 1.15 : 1 / 1.15);
  event->accept();
}

void TopologyView::resizeEvent(QResizeEvent* event) {
  QGraphicsView::resizeEvent(event);
  if (fitted_) fit();
}

void TopologyView::changeEvent(QEvent* event) {
  QGraphicsView::changeEvent(event);
  if (event->type() == QEvent::LanguageChange) retranslate();
  if (event->type() == QEvent::PaletteChange) scene()->update();
}

void TopologyView::retranslate() {
  setAccessibleName(tr("Topology"));
  viewport()->setAccessibleName(accessibleName());  // it is what the keyboard reaches
}

// Tab goes from node to node, and on from the last.
bool TopologyView::focusNextPrevChild(bool next) {
  const auto at = std::ranges::find(nodes_, dynamic_cast<NodeItem*>(scene()->focusItem()));
  const auto count = static_cast<std::ptrdiff_t>(nodes_.size());
  std::ptrdiff_t to = at - nodes_.begin();
  if (at == nodes_.end()) {
    to = next ? 0 : -1;  // Shift and Tab leave a canvas on which nothing is chosen
  } else {
    to += next ? 1 : -1;
  }
  if (to >= 0 && to < count) {
    nodes_[static_cast<std::size_t>(to)]->setFocus(Qt::TabFocusReason);
    ensureVisible(nodes_[static_cast<std::size_t>(to)]);
    return true;
  }
  scene()->setFocusItem(nullptr);
  // QGraphicsView would go round the scene again.
  return QAbstractScrollArea::focusNextPrevChild(next);  // NOLINT(bugprone-parent-virtual-call)
}

// What the keyboard is on, for screen readers.
void TopologyView::speak(const NodeItem& node) {
  setAccessibleDescription(host_in_words(to_qt(node.name())));
  viewport()->setAccessibleName(accessibleName() + QStringLiteral(": ") + accessibleDescription());
  QAccessibleEvent said(viewport(), QAccessible::NameChanged);
  QAccessible::updateAccessibility(&said);
}

// Alt and an arrow move the node that the keyboard is on.
bool TopologyView::nudge(QKeyEvent& event) {
  auto* node = dynamic_cast<NodeItem*>(scene()->focusItem());
  if (node == nullptr || event.modifiers() != Qt::AltModifier) return false;
  constexpr double kStep = 12;
  QPointF by;
  switch (event.key()) {
    case Qt::Key_Left: by = {-kStep, 0}; break;
    case Qt::Key_Right: by = {kStep, 0}; break;
    case Qt::Key_Up: by = {0, -kStep}; break;
    case Qt::Key_Down: by = {0, kStep}; break;
    default: return false;
  }
  node->setPos(node->pos() + by);
  note_places();
  return true;
}

void TopologyView::keyPressEvent(QKeyEvent* event) {
  // Arrows step through the run everywhere; Tab goes from host to host.
  const bool moves = event->modifiers() == Qt::AltModifier;
  if (!moves && (event->key() == Qt::Key_Left || event->key() == Qt::Key_Right)) {
    return event->ignore();
  }
  if (event->key() == Qt::Key_F10 && event->modifiers() == Qt::ShiftModifier) {
    return menu_by_keyboard();
  }
  if (nudge(*event)) return;
  if (event->key() == Qt::Key_Escape) scene()->clearSelection();
  QGraphicsView::keyPressEvent(event);
}

void TopologyView::contextMenuEvent(QContextMenuEvent* event) {
  if (event->reason() == QContextMenuEvent::Keyboard) return menu_by_keyboard();
  if (itemAt(event->pos()) != nullptr) return QGraphicsView::contextMenuEvent(event);
  Q_EMIT canvas_menu_wanted(event->globalPos());
}

void TopologyView::menu_by_keyboard() {
  const auto* node = dynamic_cast<NodeItem*>(scene()->focusItem());
  const QPoint at = node == nullptr ? viewport()->rect().center() : mapFromScene(node->pos());
  if (node == nullptr) return Q_EMIT canvas_menu_wanted(viewport()->mapToGlobal(at));
  Q_EMIT menu_wanted(to_qt(node->name()), viewport()->mapToGlobal(at));
}

// --- drawing -------------------------------------------------------------------------------------

void TopologyView::set_drawing(bool drawing) {
  drawing_ = drawing;
  for (NodeItem* node : nodes_) node->set_drawing(drawing);
}

QString TopologyView::chosen() const {
  if (const auto* node = dynamic_cast<NodeItem*>(scene()->focusItem())) return to_qt(node->name());
  for (const NodeItem* node : nodes_) {
    if (node->isSelected()) return to_qt(node->name());
  }
  return {};
}

NodeItem* TopologyView::node_at(const QPointF& at) const {
  for (NodeItem* node : nodes_) {
    if (node->card().translated(node->pos()).contains(at)) return node;
  }
  return nullptr;
}

void TopologyView::pull_cable(NodeItem& from, const QPointF& to) {
  if (pulled_ == nullptr) {
    pulled_ = scene()->addLine({}, QPen(theme().accent, 2, Qt::DashLine));
    pulled_->setZValue(100);
  }
  pulled_->setLine(QLineF(from.mapToScene(from.handle()), to));
}

void TopologyView::end_cable(NodeItem& from, const QPointF& at) {
  delete std::exchange(pulled_, nullptr);
  const NodeItem* to = node_at(at);
  if (to != nullptr && to != &from) Q_EMIT cable_drawn(to_qt(from.name()), to_qt(to->name()));
}

void TopologyView::dragEnterEvent(QDragEnterEvent* event) { dragMoveEvent(event); }

void TopologyView::dragMoveEvent(QDragMoveEvent* event) {
  event->setAccepted(event->mimeData()->hasFormat(PaletteBar::kMime));
}

void TopologyView::dropEvent(QDropEvent* event) {
  if (!event->mimeData()->hasFormat(PaletteBar::kMime)) return event->ignore();
  event->acceptProposedAction();
  const QPointF at = mapToScene(event->position().toPoint());
  const NodeItem* on = node_at(at);
  Q_EMIT node_dropped(QString::fromLatin1(event->mimeData()->data(PaletteBar::kMime)), at,
                      on == nullptr ? QString() : to_qt(on->name()));
}

// --- states --------------------------------------------------------------------------------------

void TopologyView::refresh() {
  if (nodes_.size() != model_.states().size()) return;
  const RecordId focus = play_.focus();
  std::string current;
  if (focus.valid() && focus.value < play_.trace().size()) {
    const NodeId node = play_.trace()[focus].node;
    if (node.valid()) current = play_.trace().node(node).name;
  }
  for (std::size_t n = 0; n < nodes_.size(); ++n) {
    nodes_[n]->set_state(model_.states()[n], model_.describe(n));
    nodes_[n]->set_current(nodes_[n]->name() == current);
  }
  for (std::size_t c = 0; c < cables_.size(); ++c) {
    cables_[c]->set_state(model_.is_plugged(c), model_.cable_faults()[c]);
  }
  // A card that grew may stand out; one that shrank does not make the drawing jump.
  const QRectF seen = mapToScene(viewport()->rect()).boundingRect();
  if (fitted_ && !seen.contains(content().adjusted(12, 12, -12, -12))) fit();
}

// --- packets -------------------------------------------------------------------------------------

void TopologyView::clear_packets() {
  flights_.clear();
  for (QGraphicsItem* item : transient_) delete item;
  transient_.clear();
}

QPointF TopologyView::border_of(const NodeItem& node, QPointF towards) const {
  const QPointF way = towards - node.pos();
  const QRectF card = node.card();
  const double sx = way.x() == 0 ? 1e9 : card.width() / 2 / std::abs(way.x());
  const double sy = way.y() == 0 ? 1e9 : card.height() / 2 / std::abs(way.y());
  return node.pos() + way * std::min({sx, sy, 1.0});
}

std::vector<QPointF> TopologyView::way_of(const std::vector<std::size_t>& path) const {
  std::vector<QPointF> way;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const NodeItem& node = *nodes_[path[i]];
    if (i == 0) {
      way.push_back(border_of(node, nodes_[path[1]]->pos()));
    } else if (i + 1 == path.size()) {
      way.push_back(border_of(node, nodes_[path[i - 1]]->pos()));
    } else {
      way.push_back(node.pos());
    }
  }
  return way;
}

namespace {

QPointF along(const std::vector<QPointF>& way, double part) {
  double length = 0;
  for (std::size_t i = 1; i < way.size(); ++i) length += QLineF(way[i - 1], way[i]).length();
  double left = length * part;
  for (std::size_t i = 1; i < way.size(); ++i) {
    const QLineF leg(way[i - 1], way[i]);
    if (left <= leg.length() || i + 1 == way.size()) {
      return leg.pointAt(leg.length() == 0 ? 0 : std::min(1.0, left / leg.length()));
    }
    left -= leg.length();
  }
  return way.back();
}

}  // namespace

namespace {

/// Where a packet of this size stands on its way: a third of it if it is flying, near its end and
/// beside the cable if it has arrived; else wherever along or beside the way nothing is yet.
QRectF free_place(const std::vector<QPointF>& way, QSizeF size, bool arrived,
                  const std::vector<QRectF>& taken) {
  const QLineF last(way[way.size() - 2], way.back());
  const QLineF normal = last.length() > 0 ? last.normalVector().unitVector() : QLineF(0, 0, 0, 1);
  // Far enough aside that the shape clears the cable, whichever way that runs.
  const double clear =
      (std::abs(normal.dx()) * size.width() + std::abs(normal.dy()) * size.height()) / 2 + 8;
  const QPointF step = QPointF(normal.dx(), normal.dy()) * clear;
  const QPointF down =
      step.y() < -0.1 || (std::abs(step.y()) <= 0.1 && step.x() < 0) ? -step : step;
  std::optional<QRectF> first;
  constexpr std::array kRowsAside = {1.0, -1.0, 2.0, -2.0, 3.0, -3.0};
  constexpr std::array kRowsOnWay = {0.0, 1.0, -1.0, 2.0, -2.0};
  constexpr std::array kPartsArrived = {0.72, 0.5, 0.3};
  constexpr std::array kPartsFlying = {0.32, 0.5, 0.68};
  for (const double row : arrived ? std::span<const double>(kRowsAside) : kRowsOnWay) {
    for (const double part : arrived ? kPartsArrived : kPartsFlying) {
      QRectF box(QPointF(), size);
      box.moveCenter(along(way, part) + down * row);
      if (!first) first = box;
      const QRectF around = box.adjusted(-2, -2, 2, 2);
      if (std::ranges::none_of(taken, [&](const QRectF& t) { return t.intersects(around); })) {
        return box;
      }
    }
  }
  return *first;
}

}  // namespace

void TopologyView::on_moved(quint32 from, quint32 to) {
  if (nodes_.empty()) return;
  motion_.stop();
  clear_packets();
  from_ = to > from ? from : play_.history().previous_end(to);
  const bool one_step = to > from && to - from <= kFarJump;
  const std::vector<Move> moves = one_step ? model_.moves(from_, to) : std::vector<Move>{};
  if (one_step && !moves.empty() && moves.size() <= kMostMoves && !reduced_motion_) {
    for (const Move& move : moves) {
      auto* item = new PacketItem(move.facts, move.number);
      item->set_in_focus(move.number == number_in_focus());
      scene()->addItem(item);
      transient_.push_back(item);
      flights_.push_back({item, way_of(move.path), false});
    }
    const int pace = play_.playing() ? play_.pace() * 9 / 10 : 250;
    motion_.setDuration(std::clamp(pace, kShortestHopMs, kLongestHopMs));
    motion_.start();
    return;
  }
  settle();
}

void TopologyView::advance(double part) {
  for (const Flight& flight : flights_) flight.item->setPos(along(flight.way, part));
}

// The packet that the record in focus is about; 0: none.
std::uint32_t TopologyView::number_in_focus() const {
  const RecordId focus = play_.focus();
  if (!focus.valid() || focus.value >= play_.trace().size()) return 0;
  const FrameId frame = play_.trace()[focus].frame;
  return frame.valid() ? packet_number(frame) : 0;
}

// Another record of the same moment: the packets stay, but another one may be meant.
void TopologyView::on_focus() {
  refresh();
  const bool moving = motion_.state() == QAbstractAnimation::Running;
  if (!moving && settled_focus_ != play_.focus()) settle();
}

// What stays until the next step: what is on its way, what has just arrived, what was lost. None
// covers another, nor a card, as long as there is room.
void TopologyView::settle() {
  clear_packets();
  settled_focus_ = play_.focus();
  const std::uint32_t number = number_in_focus();
  std::vector<QRectF> taken;
  for (const NodeItem* node : nodes_) taken.push_back(node->card().translated(node->pos()));
  const auto put = [&](const Move& move, bool arrived) {
    auto* item = new PacketItem(move.facts, move.number);
    const QRectF place =
        free_place(way_of(move.path), PacketItem::size_of(move.facts), arrived, taken);
    taken.push_back(place);
    item->setPos(place.center());
    item->set_arrived(arrived);
    item->set_in_focus(move.number == number);
    scene()->addItem(item);
    transient_.push_back(item);
  };
  const std::vector<Move> flying = model_.in_flight(play_.position());
  for (std::size_t i = 0; i < std::min(flying.size(), kMostMoves); ++i) put(flying[i], false);
  const Position begin = instant_begin();
  const std::vector<Move> arrived = model_.moves(begin, play_.position());
  if (arrived.size() <= kMostMoves) {
    for (const Move& move : arrived) {
      if (!nodes_[move.path.back()]->is_switch()) put(move, true);
    }
  }
  show_drops(begin, play_.position());
}

// After a long way only what happened at its last instant is worth a look.
Position TopologyView::instant_begin() const {
  Position begin = play_.position();
  if (begin == 0) return begin;
  const SimTime last = play_.trace()[RecordId(begin - 1)].at;
  while (begin > from_ && play_.trace()[RecordId(begin - 1)].at == last) --begin;
  return begin;
}

void TopologyView::show_drops(Position from, Position to) {
  constexpr int kMostDrops = 2;
  std::map<std::size_t, int> count;
  std::map<std::size_t, double> below;
  const auto keep = [this](QGraphicsItem* item) {
    scene()->addItem(item);
    transient_.push_back(item);
  };
  for (const Drop& drop : model_.drops(from, to)) {
    if (count[drop.node]++ == kMostDrops) continue;
    const NodeItem& node = *nodes_[drop.node];
    const QRectF card = node.card().translated(node.pos());
    double& y = below[drop.node];
    double x = card.left();
    auto* reason = new ReasonItem(drop.reason);
    if (drop.has_frame) {
      auto* packet = new PacketItem(drop.facts, drop.number);
      packet->set_dropped(true);
      const double width = PacketItem::size_of(drop.facts).width();
      packet->setPos(x + width / 2, card.bottom() + y + 8 + reason->boundingRect().height() / 2);
      x += width + 6;
      keep(packet);
    }
    reason->setPos(x, card.bottom() + y + 8);
    y += reason->boundingRect().height() + 8;
    keep(reason);
  }
}

QStringList TopologyView::packets_in_words() const {
  QStringList words;
  for (const QGraphicsItem* item : transient_) {
    if (!item->toolTip().isEmpty()) words << item->toolTip().section(u'\n', 0, 0);
  }
  return words;
}

QString TopologyView::host_in_words(const QString& name) const {
  for (std::size_t n = 0; n < nodes_.size(); ++n) {
    if (to_qt(model_.nodes()[n].name) == name) return model_.describe(n);
  }
  return {};
}

void TopologyView::render_to(QPainter& painter, const QRectF& target) {
  scene()->render(&painter, target, content());
}

}  // namespace lvslab::gui
