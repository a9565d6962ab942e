// Putting a network together: hosts, switches, cables, and what the trace should call them.
#include <fmt/format.h>

#include "sim/host/network.h"
#include "sim/host/wiring.h"

namespace lvslab::host {

Network::Network(std::uint64_t seed) { world_.random = Prng(seed); }

NodeId Network::add_host(const BootConfig& boot) {
  LVSLAB_CHECK(switches_.empty(), "hosts come before switches");
  const NodeId id(static_cast<std::uint32_t>(hosts_.size()));
  Host& host = hosts_.emplace_back();
  host.name = boot.name;
  host.secret = world_.random.next();
  host.directions.push_back(fabric_.loop({id, kLoopback}));
  for (std::size_t nic = 0; nic < boot.nics.size(); ++nic) {
    host.directions.push_back(kUnplugged);
  }
  boots_.push_back(boot);
  return id;
}

NodeId Network::add_switch(std::string name) {
  const NodeId id(static_cast<std::uint32_t>(hosts_.size() + switches_.size()));
  switches_.push_back({std::move(name), {}});
  return id;
}

namespace {

IfIndex nic_index(std::size_t nic) { return IfIndex(static_cast<std::uint16_t>(nic + 2)); }

}  // namespace

void Network::plug(NodeId host, std::size_t nic, NodeId into, const link::Impairment& impairment) {
  link::Switch& ports = switch_at(into).ports;
  const IfIndex port(static_cast<std::uint16_t>(ports.ports() + 1));
  const std::uint32_t up = fabric_.connect({host, nic_index(nic)}, {into, port}, impairment);
  hosts_[host.value].directions[nic + 1] = up;
  ports.add_port(up + 1);
}

void Network::join_switches(NodeId a, NodeId b, const link::Impairment& impairment) {
  const IfIndex port_a(static_cast<std::uint16_t>(switch_at(a).ports.ports() + 1));
  const IfIndex port_b(static_cast<std::uint16_t>(switch_at(b).ports.ports() + 1));
  const std::uint32_t forth = fabric_.connect({a, port_a}, {b, port_b}, impairment);
  switch_at(a).ports.add_port(forth);
  switch_at(b).ports.add_port(forth + 1);
}

void Network::join_nics(NodeId a, std::size_t nic_a, const link::Impairment& from_a, NodeId b,
                        std::size_t nic_b, const link::Impairment& from_b) {
  const std::uint32_t forth = fabric_.connect({a, nic_index(nic_a)}, {b, nic_index(nic_b)}, from_a);
  fabric_.set_impairment(forth + 1, from_b);
  hosts_[a.value].directions[nic_a + 1] = forth;
  hosts_[b.value].directions[nic_b + 1] = forth + 1;
}

void Network::describe(Trace& trace) const {
  for (const BootConfig& boot : boots_) {
    TraceNode node{.name = boot.name, .is_switch = false, .devices = {}};
    node.devices.push_back(
        {.dev = kLoopback, .name = "lo", .mtu = 65536, .loopback = true, .multicast = false});
    for (std::size_t nic = 0; nic < boot.nics.size(); ++nic) {
      const NicConfig& card = boot.nics[nic];
      node.devices.push_back(
          {.dev = nic_index(nic), .name = card.name, .mac = card.mac, .mtu = card.mtu});
    }
    trace.add_node(std::move(node));
  }
  for (const SwitchNode& node : switches_) {
    trace.add_node({.name = node.name, .is_switch = true, .devices = {}});
  }
}

std::string hosts_file(const std::vector<BootConfig>& boots) {
  std::string text = "127.0.0.1       localhost\n";
  for (const BootConfig& boot : boots) {
    for (const NicConfig& nic : boot.nics) {
      if (nic.addresses.empty()) continue;
      text += fmt::format("{:<15} {}\n", nic.addresses.front().addr.to_string(), boot.name);
      break;
    }
    for (const NicConfig& nic : boot.nics) {
      if (nic.addresses6.empty()) continue;
      text += fmt::format("{:<15} {}\n", nic.addresses6.front().addr.to_string(), boot.name);
      break;
    }
  }
  return text;
}

std::optional<NodeId> Network::find_host(std::string_view name) const {
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    if (boots_[i].name == name) return NodeId(static_cast<std::uint32_t>(i));
  }
  return std::nullopt;
}

}  // namespace lvslab::host
