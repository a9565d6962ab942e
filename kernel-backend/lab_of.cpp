#include "kernel-backend/lab_of.h"

#include <algorithm>

#include "sim/base/calendar.h"
#include "sim/base/check.h"
#include "sim/scenario/name_service.h"

namespace lvslab::kernel {
namespace {

using scenario::Scenario;

LabPrefix6 prefix6(const Ipv6Prefix& p) { return {p.addr.high, p.addr.low, p.len}; }

LabHost host_of(const scenario::Host& host, bool ipv6) {
  LabHost lab;
  lab.name = host.name;
  lab.ipv6 = ipv6;
  for (const scenario::Nic& nic : host.nics) {
    LabNic& card = lab.nics.emplace_back();
    card = {nic.name, nic.mac.bits, nic.link.mtu, {}, {}};
    for (const Ipv4Prefix& p : nic.addresses) card.addresses.push_back({p.addr.bits, p.len});
    for (const Ipv6Prefix& p : nic.addresses6) card.addresses6.push_back(prefix6(p));
  }
  for (const scenario::Route& route : host.routes) {
    lab.routes.push_back({{route.dst.addr.bits, route.dst.len}, route.via.bits, route.dev});
  }
  for (const scenario::Route6& route : host.routes6) {
    lab.routes6.push_back({prefix6(route.dst), prefix6({route.via, 128}), route.dev});
  }
  for (const scenario::Sysctl& sysctl : host.sysctls) {
    lab.sysctls.push_back({sysctl.key, sysctl.value});
  }
  if (const auto names = scenario::nsswitch_conf(host)) {
    lab.files.push_back({"/etc/nsswitch.conf", *names});
  }
  for (const scenario::File& file : host.files) lab.files.push_back({file.path, file.content});
  return lab;
}

std::uint32_t switch_index(const Scenario& scenario, std::string_view name) {
  const auto found = std::ranges::find(scenario.switches, name, &scenario::Switch::name);
  LVSLAB_CHECK(found != scenario.switches.end(), "the loader lets only known switches pass");
  return static_cast<std::uint32_t>(found - scenario.switches.begin());
}

LabCable cable(LabPlug a, const LabImpairment& from_a, LabPlug b, const LabImpairment& from_b) {
  LabCable made;
  made.ends[0] = a;
  made.ends[1] = b;
  made.from[0] = from_a;
  made.from[1] = from_b;
  return made;
}

// A cable between two NICs is set at both ends; the end that comes first draws it.
void add_peer_cable(const Scenario& scenario, LabPlug plug, Lab& lab) {
  const scenario::Nic& nic = scenario.hosts[plug.node].nics[plug.nic];
  const auto host = std::ranges::find(scenario.hosts, nic.peer->host, &scenario::Host::name);
  LVSLAB_CHECK(host != scenario.hosts.end(), "the loader lets only known hosts pass");
  const auto other = std::ranges::find(host->nics, nic.peer->nic, &scenario::Nic::name);
  LVSLAB_CHECK(other != host->nics.end(), "the loader lets only known interfaces pass");
  const LabPlug peer{false, static_cast<std::uint32_t>(host - scenario.hosts.begin()),
                     static_cast<std::uint32_t>(other - host->nics.begin())};
  if (std::pair(plug.node, plug.nic) > std::pair(peer.node, peer.nic)) return;
  lab.cables.push_back(cable(plug, impairment_of(nic.link), peer, impairment_of(other->link)));
}

}  // namespace

LabImpairment impairment_of(const scenario::LinkProperties& p) {
  return {p.delay.ns, p.jitter.ns, p.rate_bps, p.loss_ppm, p.duplicate_ppm};
}

Lab lab_of(const Scenario& scenario) {
  Lab lab;
  lab.epoch_ns = unix_ns(SimTime{});
  for (const scenario::Host& host : scenario.hosts) {
    lab.hosts.push_back(host_of(host, scenario::uses_ipv6(scenario)));
  }
  for (const scenario::Switch& one : scenario.switches) lab.switches.push_back(one.name);
  for (std::uint32_t h = 0; h < scenario.hosts.size(); ++h) {
    for (std::uint32_t n = 0; n < scenario.hosts[h].nics.size(); ++n) {
      const scenario::Nic& nic = scenario.hosts[h].nics[n];
      const LabPlug plug{false, h, n};
      if (nic.peer) {
        add_peer_cable(scenario, plug, lab);
      } else if (!nic.switch_name.empty()) {
        const LabImpairment both = impairment_of(nic.link);
        const LabPlug port{true, switch_index(scenario, nic.switch_name), 0};
        lab.cables.push_back(cable(plug, both, port, both));
      }
    }
  }
  for (std::uint32_t s = 0; s < scenario.switches.size(); ++s) {
    for (const scenario::Uplink& uplink : scenario.switches[s].uplinks) {
      const LabImpairment both = impairment_of(scenario.switches[s].link);
      lab.cables.push_back(
          cable({true, s, 0}, both, {true, switch_index(scenario, uplink.to), 0}, both));
    }
  }
  return lab;
}

}  // namespace lvslab::kernel
