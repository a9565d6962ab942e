#include "sim/scenario/topology.h"

#include "sim/base/ip_addr.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/breadth_first_search.hpp>
#include <boost/graph/connected_components.hpp>
#include <limits>
#include <map>
#include <utility>

namespace lvslab::scenario {
namespace {

using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::undirectedS>;
using Vertex = std::size_t;

/// The cables of a scenario, with vertices for its switches (first) and for its NICs.
class Cables {
 public:
  explicit Cables(const Scenario& scenario) : scenario_(scenario) {
    Vertex next = 0;
    for (const Switch& sw : scenario.switches) switches_.emplace(sw.name, next++);
    for (const Host& host : scenario.hosts) {
      first_nic_.push_back(next);
      for (const Nic& nic : host.nics) nics_.emplace(std::pair(host.name, nic.name), next++);
    }
    graph_ = Graph(next);
    for (const Switch& sw : scenario.switches) {
      for (const Uplink& uplink : sw.uplinks) connect(switches_.at(sw.name), switch_at(uplink.to));
    }
    for (std::size_t h = 0; h < scenario.hosts.size(); ++h) connect_host(h);
    segment_.resize(next);
    if (next > 0) segment_count_ = boost::connected_components(graph_, segment_.data());
  }

  Vertex nic(std::size_t host, std::size_t nic) const { return first_nic_[host] + nic; }
  std::size_t degree(Vertex v) const { return boost::out_degree(v, graph_); }
  /// The number of the layer 2 network of a switch or NIC.
  std::size_t segment(Vertex v) const { return static_cast<std::size_t>(segment_[v]); }
  std::size_t segment_count() const { return static_cast<std::size_t>(segment_count_); }

 private:
  static constexpr Vertex kNone = std::numeric_limits<Vertex>::max();

  Vertex switch_at(const std::string& name) const {
    const auto found = switches_.find(name);
    return found == switches_.end() ? kNone : found->second;
  }
  void connect(Vertex a, Vertex b) {
    if (a != kNone && b != kNone) boost::add_edge(a, b, graph_);
  }
  void connect_host(std::size_t h) {
    const Host& host = scenario_.hosts[h];
    for (std::size_t n = 0; n < host.nics.size(); ++n) {
      if (!host.nics[n].switch_name.empty())
        connect(nic(h, n), switch_at(host.nics[n].switch_name));
      if (!host.nics[n].peer) continue;
      const auto found = nics_.find({host.nics[n].peer->host, host.nics[n].peer->nic});
      // Both ends name each other: one cable.
      if (found != nics_.end() && nic(h, n) < found->second) connect(nic(h, n), found->second);
    }
  }

  const Scenario& scenario_;
  std::map<std::string, Vertex> switches_;
  std::map<std::pair<std::string, std::string>, Vertex> nics_;
  std::vector<Vertex> first_nic_;
  Graph graph_;
  std::vector<int> segment_;
  int segment_count_ = 0;
};

/// True if the host may pass packets on: set at boot, or typed on it at any time.
bool may_forward(const Scenario& scenario, const Host& host) {
  const auto sets = [](const Sysctl& s) {
    return s.key.find("forward") != std::string::npos && s.value != "0";
  };
  const auto types = [](const CommandLine& line) {
    return line.text.find("ip_forward") != std::string::npos ||
           line.text.find("forwarding") != std::string::npos;
  };
  const auto types_later = [&](const TimelineItem& item) {
    const auto* const run = std::get_if<Run>(&item.action);
    return run != nullptr && run->host == host.name && std::ranges::any_of(run->lines, types);
  };
  return std::ranges::any_of(host.sysctls, sets) || std::ranges::any_of(host.setup, types) ||
         std::ranges::any_of(scenario.timeline, types_later);
}

void find_unreachable(const Scenario& scenario, const Cables& cables, std::vector<Finding>& out) {
  const std::size_t hosts = scenario.hosts.size();
  // Networks, then hosts; a host that forwards joins the networks of its NICs.
  Graph graph(cables.segment_count() + hosts);
  for (std::size_t h = 0; h < hosts; ++h) {
    if (!may_forward(scenario, scenario.hosts[h])) continue;
    for (std::size_t n = 0; n < scenario.hosts[h].nics.size(); ++n) {
      boost::add_edge(cables.segment_count() + h, cables.segment(cables.nic(h, n)), graph);
    }
  }
  std::vector<int> island(boost::num_vertices(graph));
  if (island.empty()) return;
  const auto islands = static_cast<std::size_t>(boost::connected_components(graph, island.data()));
  const auto touches = [&](std::size_t h, std::size_t which) {
    for (std::size_t n = 0; n < scenario.hosts[h].nics.size(); ++n) {
      const std::size_t segment = cables.segment(cables.nic(h, n));
      if (static_cast<std::size_t>(island[segment]) == which) return true;
    }
    return false;
  };
  std::vector<std::size_t> members(islands);
  for (std::size_t i = 0; i < islands; ++i) {
    for (std::size_t h = 0; h < hosts; ++h) members[i] += touches(h, i) ? 1U : 0U;
  }
  const auto main = static_cast<std::size_t>(std::ranges::max_element(members) - members.begin());
  for (std::size_t h = 0; h < hosts && hosts > 1; ++h) {
    const Host& host = scenario.hosts[h];
    if (touches(h, main)) continue;
    out.push_back({Finding::Severity::kWarning,
                   fmt::format("no path leads to host '{}'", host.name),
                   host.nics.empty() ? "it has no NIC"
                                     : "no chain of cables, switches and forwarding hosts does",
                   host.where});
  }
}

void find_loose_ends(const Scenario& scenario, const Cables& cables, std::vector<Finding>& out) {
  for (std::size_t h = 0; h < scenario.hosts.size(); ++h) {
    for (std::size_t n = 0; n < scenario.hosts[h].nics.size(); ++n) {
      if (cables.degree(cables.nic(h, n)) > 0) continue;
      const Nic& nic = scenario.hosts[h].nics[n];
      out.push_back({Finding::Severity::kWarning,
                     fmt::format("{}/{} has no cable", scenario.hosts[h].name, nic.name),
                     "give it a 'switch' or a 'peer'", nic.where});
    }
  }
  for (std::size_t s = 0; s < scenario.switches.size(); ++s) {
    if (cables.degree(s) > 1) continue;
    const Switch& sw = scenario.switches[s];
    out.push_back({Finding::Severity::kWarning,
                   cables.degree(s) == 0
                       ? fmt::format("nothing is plugged into switch '{}'", sw.name)
                       : fmt::format("one-armed link: switch '{}' has only one cable", sw.name),
                   "", sw.where});
  }
}

/// The switches on a way from `from` to `to` in `graph`, both included; empty if there is none.
std::vector<Vertex> way(const Graph& graph, Vertex from, Vertex to) {
  std::vector<Vertex> before(boost::num_vertices(graph), from);
  std::vector<int> distance(boost::num_vertices(graph), -1);
  distance[from] = 0;
  boost::breadth_first_search(
      graph, boost::vertex(from, graph),
      boost::visitor(boost::make_bfs_visitor(
          std::pair(boost::record_predecessors(before.data(), boost::on_tree_edge()),
                    boost::record_distances(distance.data(), boost::on_tree_edge())))));
  std::vector<Vertex> path;
  if (distance[to] < 0) return path;
  for (Vertex v = to; v != from; v = before[v]) path.push_back(v);
  path.push_back(from);
  std::ranges::reverse(path);
  return path;
}

/// Cables are plugged in one after the other: one between switches that are connected already
/// closes a loop.
void find_loops(const Scenario& scenario, std::vector<Finding>& out) {
  Graph graph(scenario.switches.size());
  for (std::size_t s = 0; s < scenario.switches.size(); ++s) {
    for (const Uplink& uplink : scenario.switches[s].uplinks) {
      const auto peer = std::ranges::find(scenario.switches, uplink.to, &Switch::name);
      if (peer == scenario.switches.end()) continue;
      const auto p = static_cast<Vertex>(peer - scenario.switches.begin());
      const std::vector<Vertex> path = way(graph, p, s);
      if (!path.empty()) {
        std::string names = scenario.switches[s].name;
        for (const Vertex v : path) names += " → " + scenario.switches[v].name;
        out.push_back({Finding::Severity::kWarning, fmt::format("a loop of switches: {}", names),
                       "broadcasts go round for ever: these switches have no spanning tree",
                       uplink.where});
      }
      boost::add_edge(s, p, graph);
    }
  }
}

}  // namespace

std::vector<Finding> find_duplicate_addresses(const Scenario& scenario) {
  std::vector<Finding> out;
  const Cables cables(scenario);
  std::map<MacAddr, std::string> macs;
  std::map<std::pair<std::size_t, IpAddr>, std::string> addresses;
  for (std::size_t h = 0; h < scenario.hosts.size(); ++h) {
    for (std::size_t n = 0; n < scenario.hosts[h].nics.size(); ++n) {
      const Nic& nic = scenario.hosts[h].nics[n];
      const std::string me = scenario.hosts[h].name + "/" + nic.name;
      const auto report = [&](const std::string& what, const std::string& other, Mark where) {
        out.push_back({Finding::Severity::kError,
                       fmt::format("{} has the address {} of {}", me, what, other), "", where});
      };
      if (const auto [at, fresh] = macs.emplace(nic.mac, me); !fresh) {
        report(nic.mac.to_string(), at->second, nic.where);
      }
      const std::size_t segment = cables.segment(cables.nic(h, n));
      const auto take = [&](IpAddr addr, std::size_t a, const std::vector<Mark>& marks) {
        const auto [at, fresh] = addresses.emplace(std::pair(segment, addr), me);
        if (!fresh) report(addr.to_string(), at->second, a < marks.size() ? marks[a] : nic.where);
      };
      for (std::size_t a = 0; a < nic.addresses.size(); ++a) {
        take(nic.addresses[a].addr, a, nic.addresses_where);
      }
      for (std::size_t a = 0; a < nic.addresses6.size(); ++a) {
        take(nic.addresses6[a].addr, a, nic.addresses6_where);
      }
    }
  }
  return out;
}

std::vector<Finding> find_topology_faults(const Scenario& scenario) {
  std::vector<Finding> out = find_duplicate_addresses(scenario);
  const Cables cables(scenario);
  find_unreachable(scenario, cables, out);
  find_loose_ends(scenario, cables, out);
  find_loops(scenario, out);
  return out;
}

}  // namespace lvslab::scenario
