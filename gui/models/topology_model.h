// The drawing at a position: who is up, which addresses each host has, where the VIP answers and
// where it is hidden, and which packets are on their way or were lost in the step that led here.
//
// Models: nodes and cables of the scenario; states folded from the trace; moves, each a way over
// cables. Leaves out: places on the screen, colours, and motion (widgets).
#pragma once

#include <QObject>
#include <map>
#include <string>
#include <vector>

#include "gui/models/history.h"
#include "sim/scenario/model.h"
#include "sim/trace/frame_facts.h"

namespace lvslab::gui {

class PlayModel;

struct TopologyNode {
  std::string name;
  bool is_switch = false;
  scenario::Role role = scenario::Role::kHost;
  int x = 0, y = 0;  ///< of the default layout
};

/// One end is always a host's or a switch's; `a_dev` and `b_dev` are empty at switches.
struct TopologyCable {
  std::size_t a = 0, b = 0;
  std::string a_dev, b_dev;
};

struct VipState {
  Ipv4Addr address;
  bool answers = false;  ///< it says so when asked by ARP
  bool doubled = false;  ///< so does another host
  bool operator==(const VipState&) const = default;
};

struct NodeState {
  bool up = true;
  struct Nic {
    std::string name;
    std::vector<Ipv4Prefix> addresses;
    std::vector<Ipv6Prefix> addresses6;  ///< without link-local ones, which all have
    bool up = true;
    bool carrier = true;
    bool operator==(const Nic&) const = default;
  };
  std::vector<Nic> nics;  ///< without lo
  std::vector<VipState> vips;
  std::size_t services = 0;     ///< IPVS services
  std::size_t connections = 0;  ///< IPVS connections
  bool operator==(const NodeState&) const = default;
};

/// A frame that went, or goes, from one node to another.
struct Move {
  RecordId sent;
  RecordId arrived;               ///< invalid while it is on its way
  std::vector<std::size_t> path;  ///< node indices, at least two
  FrameFacts facts;
  std::uint32_t number = 0;
};

struct Drop {
  RecordId record;
  std::size_t node = 0;
  bool has_frame = false;  ///< else a packet that no frame held yet
  FrameFacts facts;
  std::uint32_t number = 0;
  QString reason;
};

class TopologyModel : public QObject {
  Q_OBJECT

 public:
  explicit TopologyModel(PlayModel& play, QObject* parent = nullptr);

  const std::vector<TopologyNode>& nodes() const { return nodes_; }
  const std::vector<TopologyCable>& cables() const { return cables_; }
  /// Index in nodes(); nodes().size() if there is none.
  std::size_t find(const std::string& name) const;

  /// By node; switches are always up. Kept until the position changes.
  const std::vector<NodeState>& states() const { return states_; }
  /// What a cable suffers now: "10% loss"; empty if it is well. By cable.
  const std::vector<QString>& cable_faults() const { return cable_faults_; }
  /// False where the plug is out.
  bool is_plugged(std::size_t cable) const;

  /// Arrivals among the records [from, to).
  std::vector<Move> moves(Position from, Position to) const;
  /// Frames that were sent but had not arrived at the position.
  std::vector<Move> in_flight(Position position) const;
  std::vector<Drop> drops(Position from, Position to) const;
  /// All of a node in words, for tooltips and screen readers.
  QString describe(std::size_t node) const;

 Q_SIGNALS:
  /// Other nodes and cables.
  void rebuilt();
  /// States changed.
  void refreshed();

 private:
  void rebuild();
  void refresh();
  void note_faults(Position from);
  void place();
  void spread_columns();
  void read_host(std::size_t node, const HostTables& tables);
  void find_vips(const std::vector<HostTables>& tables);
  void apply_faults();
  void mark_doubled();
  std::vector<std::size_t> path(std::size_t from, std::size_t to) const;
  std::size_t peer_of(NodeId node, IfIndex dev) const;
  std::size_t index_of(NodeId node) const;

  PlayModel& play_;
  std::vector<TopologyNode> nodes_;
  std::vector<TopologyCable> cables_;
  std::vector<NodeState> states_;
  std::vector<QString> cable_faults_;
  std::vector<Ipv4Addr> vips_;
  std::map<std::pair<std::uint32_t, std::uint16_t>, std::size_t> peers_;  ///< (trace node, dev)
  std::vector<std::uint32_t> faults_;                                     ///< records
  mutable std::map<std::pair<std::size_t, std::size_t>, std::vector<std::size_t>> paths_;
};

}  // namespace lvslab::gui
