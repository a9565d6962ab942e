#include "gui/models/topology_model.h"

#include <algorithm>
#include <charconv>
#include <deque>
#include <set>

#include "gui/models/play_model.h"
#include "gui/models/words.h"
#include "sim/scenario/topology.h"
#include "sim/trace/text.h"

namespace lvslab::gui {
namespace {

/// Frames that were sent longer ago than this many records are not looked for.
constexpr Position kFlightWindow = 4'000;
/// In units of the layout: between two columns, and from a switch to the director below it.
constexpr int kColumn = 16, kBelow = 13;
/// Between the middles of two cards in one column, at least.
constexpr int kRoom = 10;

/// The value of net.ipv4.conf.<dev>.<name>, 0 if it was never set.
int conf_value(const HostTables& t, std::string_view dev, std::string_view name) {
  const std::string path = "net.ipv4.conf." + std::string(dev) + "." + std::string(name);
  for (const SysctlRow& row : t.sysctls) {
    if (row.path != path) continue;
    int value = 0;
    std::from_chars(row.value.data(), row.value.data() + row.value.size(), value);
    return value;
  }
  return 0;
}

// Whether the host answers who asks for `vip` on some NIC. Source: arp_ignore(), net/ipv4/arp.c.
bool answers_for(const HostTables& t, const AddrRow& vip) {
  for (const LinkRow& link : t.links) {
    if (link.loopback || !link.up || !link.carrier || link.no_arp) continue;
    const int mode =
        std::max(conf_value(t, "all", "arp_ignore"), conf_value(t, link.name.view(), "arp_ignore"));
    if (mode == 0 || (mode <= 2 && vip.dev == link.dev)) return true;
  }
  return false;
}

}  // namespace

TopologyModel::TopologyModel(PlayModel& play, QObject* parent) : QObject(parent), play_(play) {
  QObject::connect(&play, &PlayModel::opened, this, &TopologyModel::rebuild);
  QObject::connect(&play, &PlayModel::grew, this, [this](quint32 from) {
    note_faults(from);
    refresh();
  });
  QObject::connect(&play, &PlayModel::was_cut, this, [this](quint32 to) {
    std::erase_if(faults_, [to](std::uint32_t record) { return record >= to; });
  });
  QObject::connect(&play, &PlayModel::moved, this, &TopologyModel::refresh);
  QObject::connect(&play, &PlayModel::language_changed, this, &TopologyModel::refreshed);
}

std::size_t TopologyModel::find(const std::string& name) const {
  const auto found = std::ranges::find(nodes_, name, &TopologyNode::name);
  return static_cast<std::size_t>(found - nodes_.begin());
}

std::size_t TopologyModel::index_of(NodeId node) const {
  return node.valid() ? find(play_.trace().node(node).name) : nodes_.size();
}

// --- the drawing ---------------------------------------------------------------------------------

void TopologyModel::rebuild() {
  const scenario::Scenario& scenario = play_.scenario();
  nodes_.clear();
  cables_.clear();
  peers_.clear();
  paths_.clear();
  faults_.clear();
  for (const scenario::Placed& placed : scenario::default_layout(scenario)) {
    const scenario::Host* host = scenario.find_host(placed.name);
    nodes_.push_back({placed.name, host == nullptr,
                      host == nullptr ? scenario::Role::kHost : host->role, placed.x, placed.y});
  }
  // Ports of a switch are numbered from 1: first the hosts' cables, then the uplinks.
  std::map<std::string, std::uint16_t> ports;
  const auto plug = [&](const std::string& node, IfIndex dev, std::size_t other) {
    const NodeId id = play_.node(node);
    if (id.valid()) peers_[{id.value, dev.value}] = other;
  };
  for (const scenario::Host& host : scenario.hosts) {
    for (std::size_t n = 0; n < host.nics.size(); ++n) {
      const scenario::Nic& nic = host.nics[n];
      const IfIndex dev(static_cast<std::uint16_t>(n + 2));
      const std::size_t self = find(host.name);
      if (nic.peer) {
        plug(host.name, dev, find(nic.peer->host));
        const bool first = host.name < nic.peer->host;
        if (first) cables_.push_back({self, find(nic.peer->host), nic.name, nic.peer->nic});
      } else if (!nic.switch_name.empty()) {
        const std::size_t sw = find(nic.switch_name);
        plug(host.name, dev, sw);
        plug(nic.switch_name, IfIndex(++ports[nic.switch_name]), self);
        cables_.push_back({self, sw, nic.name, {}});
      }
    }
  }
  for (const scenario::Switch& one : scenario.switches) {
    for (const scenario::Uplink& uplink : one.uplinks) {
      plug(one.name, IfIndex(++ports[one.name]), find(uplink.to));
      plug(uplink.to, IfIndex(++ports[uplink.to]), find(one.name));
      cables_.push_back({find(one.name), find(uplink.to), {}, {}});
    }
  }
  place();
  states_.assign(nodes_.size(), {});
  cable_faults_.assign(cables_.size(), {});
  Q_EMIT rebuilt();
}

// A director with one cable stands below its switch (its backup above), and that switch's servers
// to the right: then no cable runs behind a host.
void TopologyModel::place() {
  std::map<std::size_t, int> below;
  for (std::size_t n = 0; n < nodes_.size(); ++n) {
    if (nodes_[n].is_switch) continue;
    std::vector<std::size_t> peers;
    for (const TopologyCable& cable : cables_) {
      if (cable.a == n) peers.push_back(cable.b);
      if (cable.b == n) peers.push_back(cable.a);
    }
    if (peers.size() != 1 || !nodes_[peers.front()].is_switch) continue;
    const TopologyNode& sw = nodes_[peers.front()];
    using scenario::Role;
    if (nodes_[n].role == Role::kDirector || nodes_[n].role == Role::kBackup) {
      const int rank = below[peers.front()]++;
      nodes_[n].x = sw.x + rank / 2 * kColumn;
      nodes_[n].y = sw.y + (rank % 2 == 0 ? kBelow : -kBelow);
    } else if (nodes_[n].role == Role::kRealServer) {
      nodes_[n].x = sw.x + kColumn;
    }
  }
  spread_columns();
}

// What came to stand in one column gets room of its own.
void TopologyModel::spread_columns() {
  std::map<int, std::vector<TopologyNode*>> columns;
  for (TopologyNode& node : nodes_) columns[node.x].push_back(&node);
  for (auto& [x, column] : columns) {
    std::ranges::stable_sort(column, {}, &TopologyNode::y);
    bool crowded = false;
    for (std::size_t i = 1; i < column.size(); ++i) {
      crowded = crowded || column[i]->y - column[i - 1]->y < kRoom;
    }
    if (!crowded) continue;
    const int top = -static_cast<int>(column.size() - 1) * kRoom / 2;
    for (std::size_t i = 0; i < column.size(); ++i) {
      column[i]->y = top + static_cast<int>(i) * kRoom;
    }
  }
}

std::size_t TopologyModel::peer_of(NodeId node, IfIndex dev) const {
  const auto found = peers_.find({node.value, dev.value});
  return found == peers_.end() ? nodes_.size() : found->second;
}

// The shortest way over cables; both ends alone if there is none.
std::vector<std::size_t> TopologyModel::path(std::size_t from, std::size_t to) const {
  std::vector<std::size_t>& known = paths_[{from, to}];
  if (!known.empty()) return known;
  std::vector<std::size_t> came(nodes_.size(), nodes_.size());
  std::deque<std::size_t> open{from};
  came[from] = from;
  while (!open.empty() && came[to] == nodes_.size()) {
    const std::size_t at = open.front();
    open.pop_front();
    for (const TopologyCable& cable : cables_) {
      if (cable.a != at && cable.b != at) continue;
      const std::size_t next = cable.a == at ? cable.b : cable.a;
      if (came[next] != nodes_.size()) continue;
      came[next] = at;
      open.push_back(next);
    }
  }
  if (came[to] == nodes_.size()) return known = {from, to};
  for (std::size_t at = to; at != from; at = came[at]) known.push_back(at);
  known.push_back(from);
  std::ranges::reverse(known);
  return known;
}

// --- states --------------------------------------------------------------------------------------

void TopologyModel::note_faults(Position from) {
  for (Position i = from; i < play_.history().end(); ++i) {
    if (play_.trace()[RecordId(i)].kind == RecordKind::kFault) faults_.push_back(i);
  }
}

void TopologyModel::refresh() {
  if (nodes_.empty() || play_.history().end() == 0) return;
  states_.assign(nodes_.size(), {});
  std::vector<HostTables> tables(nodes_.size());
  for (std::size_t n = 0; n < nodes_.size(); ++n) {
    const NodeId id = play_.node(nodes_[n].name);
    if (nodes_[n].is_switch || !id.valid()) continue;
    tables[n] = play_.history().tables_at(id, play_.position());
    read_host(n, tables[n]);
  }
  find_vips(tables);
  apply_faults();
  for (std::size_t n = 0; n < nodes_.size(); ++n) {
    for (const AddrRow& row : tables[n].addrs) {
      if (!std::ranges::binary_search(vips_, row.local.addr)) continue;
      const bool answers = states_[n].up && answers_for(tables[n], row);
      states_[n].vips.push_back({row.local.addr, answers, false});
    }
  }
  mark_doubled();
  Q_EMIT refreshed();
}

void TopologyModel::read_host(std::size_t node, const HostTables& t) {
  for (const LinkRow& link : t.links) {
    if (link.loopback) continue;
    NodeState::Nic nic{std::string(link.name.view()), {}, {}, link.up, link.carrier};
    for (const AddrRow& row : t.addrs) {
      if (row.dev == link.dev) nic.addresses.push_back(row.local);
    }
    for (const Addr6Row& row : t.addrs6) {
      if (row.dev == link.dev && row.scope != Scope::kLink) nic.addresses6.push_back(row.local);
    }
    states_[node].nics.push_back(std::move(nic));
  }
  states_[node].services = t.services.size();
  states_[node].connections = t.conns.size();
}

// Addresses of IPVS services, addresses on lo, and addresses that several hosts have.
void TopologyModel::find_vips(const std::vector<HostTables>& tables) {
  std::map<Ipv4Addr, std::set<std::size_t>> owners;
  std::set<Ipv4Addr> vips;
  for (std::size_t n = 0; n < tables.size(); ++n) {
    for (const AddrRow& row : tables[n].addrs) {
      if (row.local.addr.is_loopback()) continue;
      owners[row.local.addr].insert(n);
      if (row.dev == kLoopback) vips.insert(row.local.addr);
    }
    for (const IpvsServiceRow& row : tables[n].services) {
      if (row.key.addr.is_v4() && !row.key.addr.is_any()) vips.insert(row.key.addr.v4());
    }
  }
  for (const auto& [address, who] : owners) {
    if (who.size() > 1) vips.insert(address);
  }
  vips_.assign(vips.begin(), vips.end());
}

void TopologyModel::apply_faults() {
  std::ranges::fill(cable_faults_, QString());
  for (const std::uint32_t record : faults_) {
    if (record >= play_.position()) break;
    const TraceRecord& r = play_.trace()[RecordId(record)];
    const std::size_t node = index_of(r.node);
    if (node == nodes_.size()) continue;
    const std::string_view what = play_.trace().text(r.args[0]);
    if (what == "crash" || what == "power-off") states_[node].up = false;
    if (what == "reboot") states_[node].up = true;
    const std::string dev = play_.trace().dev_name(r.node, r.dev);
    if (dev.empty() || what.starts_with("link-")) continue;
    for (std::size_t c = 0; c < cables_.size(); ++c) {
      const bool here = (cables_[c].a == node && cables_[c].a_dev == dev) ||
                        (cables_[c].b == node && cables_[c].b_dev == dev);
      // "loss 0%" mends what "loss 10%" broke.
      if (here) cable_faults_[c] = what.ends_with(" 0%") ? QString() : to_qt(what);
    }
  }
}

void TopologyModel::mark_doubled() {
  std::map<Ipv4Addr, int> answering;
  for (const NodeState& state : states_) {
    for (const VipState& vip : state.vips) answering[vip.address] += vip.answers ? 1 : 0;
  }
  for (NodeState& state : states_) {
    for (VipState& vip : state.vips) vip.doubled = vip.answers && answering[vip.address] > 1;
  }
}

bool TopologyModel::is_plugged(std::size_t cable) const {
  const auto carrier = [&](std::size_t node, const std::string& dev) {
    for (const NodeState::Nic& nic : states_[node].nics) {
      if (nic.name == dev) return nic.carrier;
    }
    return true;
  };
  const TopologyCable& c = cables_[cable];
  return carrier(c.a, c.a_dev) && carrier(c.b, c.b_dev);
}

// --- packets -------------------------------------------------------------------------------------

std::vector<Move> TopologyModel::moves(Position from, Position to) const {
  std::vector<Move> out;
  const Trace& trace = play_.trace();
  auto at = trace.records().begin() + from;
  for (Position i = from; i < to; ++i, ++at) {
    const TraceRecord& r = *at;
    if (r.kind != RecordKind::kFrameReceived || !r.frame.valid() || !r.cause.valid()) continue;
    const TraceRecord& sent = trace[r.cause];
    if (sent.kind != RecordKind::kFrameSent || sent.node == r.node) continue;
    const std::size_t a = index_of(sent.node);
    const std::size_t b = index_of(r.node);
    if (a == nodes_.size() || b == nodes_.size()) continue;
    out.push_back(
        {r.cause, RecordId(i), path(a, b), facts_of(trace.frame(r.frame)), packet_number(r.frame)});
  }
  return out;
}

std::vector<Move> TopologyModel::in_flight(Position position) const {
  std::vector<Move> out;
  const Trace& trace = play_.trace();
  const Position begin = position > kFlightWindow ? position - kFlightWindow : 0;
  auto at = trace.records().begin() + begin;
  for (Position i = begin; i < position; ++i, ++at) {
    const TraceRecord& r = *at;
    if (r.kind != RecordKind::kFrameSent || !r.frame.valid()) continue;
    const RecordId arrival = play_.history().arrival_of(RecordId(i));
    if (arrival.valid() && arrival.value < position) continue;
    std::size_t to = peer_of(r.node, r.dev);
    if (arrival.valid()) {
      if (trace[arrival].node == r.node) continue;
      to = index_of(trace[arrival].node);
    } else if (play_.now() - r.at > SimDuration{1'000'000'000}) {
      continue;  // it never arrived anywhere that the trace knows of
    }
    const std::size_t from = index_of(r.node);
    if (from == nodes_.size() || to == nodes_.size()) continue;
    out.push_back(
        {RecordId(i), {}, path(from, to), facts_of(trace.frame(r.frame)), packet_number(r.frame)});
  }
  return out;
}

std::vector<Drop> TopologyModel::drops(Position from, Position to) const {
  std::vector<Drop> out;
  const Trace& trace = play_.trace();
  auto at = trace.records().begin() + from;
  for (Position i = from; i < to; ++i, ++at) {
    const TraceRecord& r = *at;
    if (r.kind != RecordKind::kFrameDropped) continue;
    const std::size_t node = index_of(r.node);
    if (node == nodes_.size()) continue;
    Drop drop{.record = RecordId(i), .node = node, .has_frame = r.frame.valid(), .facts = {}};
    drop.reason = to_qt(reason_sentence(trace, r, play_.language()));
    if (drop.has_frame) {
      drop.facts = facts_of(trace.frame(r.frame));
      drop.number = packet_number(r.frame);
    }
    out.push_back(std::move(drop));
  }
  return out;
}

QString TopologyModel::describe(std::size_t node) const {
  const TopologyNode& of = nodes_[node];
  if (of.is_switch) return tr("%1: switch").arg(to_qt(of.name));
  const NodeState& state = states_[node];
  QStringList lines{QStringLiteral("%1: %2").arg(to_qt(of.name), role_name(of.role))};
  if (!state.up) lines << tr("not running");
  for (const NodeState::Nic& nic : state.nics) {
    QStringList addresses;
    for (const Ipv4Prefix& address : nic.addresses) addresses << to_qt(address.to_string());
    for (const Ipv6Prefix& address : nic.addresses6) addresses << to_qt(address.to_string());
    QString line = to_qt(nic.name) + u' ' + addresses.join(QStringLiteral(", "));
    if (!nic.up) line += u' ' + tr("(down)");
    if (!nic.carrier) line += u' ' + tr("(no cable)");
    lines << line;
  }
  for (const VipState& vip : state.vips) {
    const QString address = to_qt(vip.address.to_string());
    lines << (vip.doubled   ? tr("VIP %1: another host answers for it, too").arg(address)
              : vip.answers ? tr("VIP %1: answers ARP").arg(address)
                            : tr("VIP %1: hidden, answers no ARP").arg(address));
  }
  if (state.services > 0)
    lines << tr("IPVS services: %1, connections: %2").arg(state.services).arg(state.connections);
  return lines.join(u'\n');
}

}  // namespace lvslab::gui
