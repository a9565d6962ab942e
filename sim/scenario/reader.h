// The steps of the loader, one for each part of a file. Internal to this room.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/scenario/fields.h"
#include "sim/scenario/loader.h"
#include "sim/scenario/model.h"
#include "sim/scenario/yaml_tree.h"

namespace lvslab::scenario {

/// Reads the nodes of a tree into `scenario`; all that is wrong goes to `problems`.
class Reader {
 public:
  Reader(const YamlTree& tree, const LoadOptions& options, Problems& problems, Scenario& scenario)
      : tree_(tree), options_(options), problems_(problems), scenario_(scenario) {}

  void read_scenario();

 private:
  // read_hosts.cpp
  void read_switch(const YamlNode& node);
  void read_host(const YamlNode& node);
  void read_link(const Fields& owner, LinkProperties& link) const;
  Nic read_nic(const YamlNode& node, std::size_t position, const Host& host);
  void read_addresses(const Fields& fields, Nic& nic);
  void read_routes(const Fields& fields, Host& host);
  // read_ipv6.cpp
  void read_addresses6(const Fields& fields, Nic& nic);
  void read_routes6(const Fields& fields, Host& host);
  void check_next_hop6(const Route6& route, Mark where, const Host& host);
  void let_routers_forward6();
  // read_hosts.cpp
  std::optional<Route> read_route(const YamlNode& node, const Host& host);
  void check_next_hop(const Route& route, Mark where, const Host& host);
  void read_sysctls(const Fields& fields, Host& host);
  void read_files(const Fields& fields, Host& host);
  void check_node_name(const Located& name, std::string_view what);
  void connect_cables();
  void connect_switch(const Nic& nic);
  void connect_peer(std::size_t host, std::size_t nic);
  void check_uplinks();

  // read_events.cpp
  void read_item(const YamlNode& node);
  Run read_run(const Fields& fields);
  Fault read_fault(const Fields& fields);
  void read_fault_parameters(const Fields& fields, Fault& fault);
  OutputExpectation read_output(const YamlNode& node);
  void read_expectation(const YamlNode& node);
  PacketExpectation read_packets(const YamlNode& node);
  TableExpectation read_table(const YamlNode& node);
  ReasonExpectation read_reason(const YamlNode& node);
  CountBounds read_bounds(const Fields& fields);
  /// The pcap filter of a `filter` key; empty if there is none.
  std::string read_filter(const Fields& fields);

  // read_compare.cpp
  void read_ignore(const YamlNode& node);
  IgnoredPackets read_ignored_packets(const YamlNode& node);
  IgnoredOutput read_ignored_output(const YamlNode& node);
  IgnoredTable read_ignored_table(const YamlNode& node);

  std::vector<std::string> read_texts(const Fields& fields, std::string_view key) const;
  void check_pattern(const Located& pattern);
  void check_within_run(SimTime time, Mark where);

  /// The host that `key` names; reports a name that no host has.
  std::string read_host_name(const Fields& fields, std::string_view key);
  bool check_host(std::string_view name, Mark where);
  /// `with_loopback`: lo counts as an interface.
  bool check_interface(const NicRef& ref, Mark where, bool with_loopback);
  void check_commands(const std::vector<CommandLine>& lines);

  const YamlTree& tree_;
  const LoadOptions& options_;
  Problems& problems_;
  Scenario& scenario_;
  std::map<std::string, Mark> node_names_;  // switches and hosts, those with mistakes included
  SimTime latest_at_{};
};

}  // namespace lvslab::scenario
