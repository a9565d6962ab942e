#include "sim/backend/build_network.h"

#include <algorithm>

#include "sim/scenario/name_service.h"

namespace lvslab::backend {
namespace {

using scenario::Scenario;

host::BootConfig boot_config_of(const scenario::Host& host, bool ipv6) {
  host::BootConfig boot;
  boot.name = host.name;
  boot.ipv6 = ipv6;
  for (const scenario::Nic& nic : host.nics) {
    boot.nics.push_back(
        {ShortName(nic.name), nic.mac, nic.link.mtu, nic.addresses, nic.addresses6});
  }
  for (const scenario::Route& route : host.routes) {
    boot.routes.push_back({route.dst, route.via, ShortName(route.dev)});
  }
  for (const scenario::Route6& route : host.routes6) {
    boot.routes6.push_back({route.dst, route.via, ShortName(route.dev)});
  }
  for (const scenario::Sysctl& sysctl : host.sysctls) {
    boot.sysctls.push_back({sysctl.key, sysctl.value});
  }
  return boot;
}

NodeId switch_id(const Scenario& scenario, std::string_view name) {
  const auto found = std::ranges::find(scenario.switches, name, &scenario::Switch::name);
  LVSLAB_CHECK(found != scenario.switches.end(), "the loader lets only known switches pass");
  const auto index =
      scenario.hosts.size() + static_cast<std::size_t>(found - scenario.switches.begin());
  return NodeId(static_cast<std::uint32_t>(index));
}

void join_to_peer(host::Network& network, const Scenario& scenario, NodeId host,
                  std::size_t nic_index) {
  const scenario::Nic& nic = scenario.hosts[host.value].nics[nic_index];
  const auto peer = network.find_host(nic.peer->host);
  LVSLAB_CHECK(peer.has_value(), "the loader lets only known hosts pass");
  const auto& nics = scenario.hosts[peer->value].nics;
  const auto other = std::ranges::find(nics, nic.peer->nic, &scenario::Nic::name);
  LVSLAB_CHECK(other != nics.end(), "the loader lets only known interfaces pass");
  const auto other_index = static_cast<std::size_t>(other - nics.begin());
  // The peer is set at both ends; the end that comes first draws the cable.
  if (std::pair(host.value, nic_index) > std::pair(peer->value, other_index)) return;
  network.join_nics(host, nic_index, impairment_of(nic.link), *peer, other_index,
                    impairment_of(other->link));
}

}  // namespace

link::Impairment impairment_of(const scenario::LinkProperties& properties) {
  return {.delay = properties.delay,
          .jitter = properties.jitter,
          .rate_bps = properties.rate_bps,
          .loss_ppm = properties.loss_ppm,
          .duplicate_ppm = properties.duplicate_ppm};
}

host::Network build_network(const Scenario& scenario) {
  host::Network network(scenario.seed);
  const bool ipv6 = scenario::uses_ipv6(scenario);
  for (const scenario::Host& host : scenario.hosts) network.add_host(boot_config_of(host, ipv6));
  for (const scenario::Switch& one : scenario.switches) network.add_switch(one.name);
  for (std::size_t h = 0; h < scenario.hosts.size(); ++h) {
    const NodeId id(static_cast<std::uint32_t>(h));
    for (std::size_t n = 0; n < scenario.hosts[h].nics.size(); ++n) {
      const scenario::Nic& nic = scenario.hosts[h].nics[n];
      if (nic.peer) {
        join_to_peer(network, scenario, id, n);
      } else if (!nic.switch_name.empty()) {
        network.plug(id, n, switch_id(scenario, nic.switch_name), impairment_of(nic.link));
      }
    }
  }
  for (const scenario::Switch& one : scenario.switches) {
    for (const scenario::Uplink& uplink : one.uplinks) {
      network.join_switches(switch_id(scenario, one.name), switch_id(scenario, uplink.to),
                            impairment_of(one.link));
    }
  }
  const std::string hosts = host::hosts_file(network.boot_configs());
  for (std::size_t h = 0; h < scenario.hosts.size(); ++h) {
    host::Files& files = network.files(NodeId(static_cast<std::uint32_t>(h)));
    const auto put = [&](const std::string& path, const std::string& content) {
      files.make_directory(host::parent_of(path), true);
      const host::FileError error = files.write(path, content, false);
      LVSLAB_CHECK(error == host::FileError::kNone, "the loader lets only files pass");
    };
    put("/etc/hosts", hosts);
    if (const auto names = scenario::nsswitch_conf(scenario.hosts[h])) {
      put("/etc/nsswitch.conf", *names);
    }
    for (const scenario::File& file : scenario.hosts[h].files) put(file.path, file.content);
  }
  return network;
}

}  // namespace lvslab::backend
