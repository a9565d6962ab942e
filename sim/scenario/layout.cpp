// The cables of the drawing, and where it puts switches and hosts if nobody says otherwise.
#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/breadth_first_search.hpp>
#include <map>
#include <string>
#include <vector>

#include "sim/scenario/topology.h"

namespace lvslab::scenario {
namespace {

constexpr int kColumnWidth = 16;
constexpr int kRowHeight = 12;

using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::undirectedS>;

/// Half columns between a host and where its distance from the clients alone would put it.
int shift_of(Role role) { return role == Role::kRealServer ? 1 : 0; }

Graph graph_of(const Scenario& scenario) {
  Graph graph(scenario.switches.size() + scenario.hosts.size());
  std::map<std::string, std::size_t> vertex;
  for (const Switch& sw : scenario.switches) vertex.emplace(sw.name, vertex.size());
  for (const Host& host : scenario.hosts) vertex.emplace(host.name, vertex.size());
  const auto connect = [&](const std::string& a, const std::string& b) {
    const auto from = vertex.find(a);
    const auto to = vertex.find(b);
    if (from != vertex.end() && to != vertex.end())
      boost::add_edge(from->second, to->second, graph);
  };
  for (const Cable& cable : cables_of(scenario)) connect(cable.from.node, cable.to.node);
  return graph;
}

/// Cables between a node and the nearest client (or, without one, the first host); unconnected
/// nodes come last.
std::vector<int> distances(const Scenario& scenario) {
  Graph graph = graph_of(scenario);
  const std::size_t switches = scenario.switches.size();
  const std::size_t count = boost::num_vertices(graph);
  // One more vertex, next to every client, makes it a search from a single start.
  const auto start = boost::add_vertex(graph);
  for (std::size_t h = 0; h < scenario.hosts.size(); ++h) {
    if (scenario.hosts[h].role == Role::kClient) boost::add_edge(start, switches + h, graph);
  }
  if (boost::out_degree(start, graph) == 0 && !scenario.hosts.empty()) {
    boost::add_edge(start, switches, graph);
  }
  std::vector<int> distance(count + 1, -1);
  distance[start] = 0;
  boost::breadth_first_search(graph, start,
                              boost::visitor(boost::make_bfs_visitor(boost::record_distances(
                                  distance.data(), boost::on_tree_edge()))));
  distance.resize(count);
  const int last = distance.empty() ? 0 : std::ranges::max(distance);
  for (int& d : distance) d = d < 0 ? last : d - 1;
  return distance;
}

}  // namespace

std::vector<Cable> cables_of(const Scenario& scenario) {
  std::vector<Cable> cables;
  for (const Host& host : scenario.hosts) {
    for (const Nic& nic : host.nics) {
      const Cable::End here{host.name, nic.name};
      if (!nic.switch_name.empty()) cables.push_back({here, {nic.switch_name, ""}});
      // Both ends know of a cable between two NICs.
      if (nic.peer && here.to_string() < nic.peer->to_string()) {
        cables.push_back({here, {nic.peer->host, nic.peer->nic}});
      }
    }
  }
  for (const Switch& one : scenario.switches) {
    for (const Uplink& uplink : one.uplinks) cables.push_back({{one.name, ""}, {uplink.to, ""}});
  }
  return cables;
}

std::vector<Placed> default_layout(const Scenario& scenario) {
  const std::vector<int> distance = distances(scenario);
  const std::size_t switches = scenario.switches.size();
  std::vector<Placed> places;
  std::map<int, std::vector<std::size_t>> columns;  // x → members, in file order
  for (std::size_t v = 0; v < distance.size(); ++v) {
    const bool is_host = v >= switches;
    const Host* const host = is_host ? &scenario.hosts[v - switches] : nullptr;
    const int half_columns = 2 * distance[v] + (is_host ? shift_of(host->role) : 0);
    places.push_back(
        {is_host ? host->name : scenario.switches[v].name, half_columns * kColumnWidth / 2, 0});
    columns[places.back().x].push_back(v);
  }
  for (const auto& [x, members] : columns) {
    const int top = -static_cast<int>(members.size() - 1) * kRowHeight / 2;
    for (std::size_t row = 0; row < members.size(); ++row) {
      places[members[row]].y = top + static_cast<int>(row) * kRowHeight;
    }
  }
  return places;
}

}  // namespace lvslab::scenario
