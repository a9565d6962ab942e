#include "sim/fuzz/parts.h"

#include <algorithm>
#include <ranges>

namespace lvslab::fuzz {

using scenario::Host;
using scenario::Nic;
using scenario::Run;
using scenario::Scenario;
using scenario::TimelineItem;

namespace {

Run* run_of(TimelineItem& item) { return std::get_if<Run>(&item.action); }

/// Calls `visit(list, owner, child)` for each list that holds parts of `kind`; the parts are its
/// elements.
template <class S, class Visit>
void each_list(S& scenario, PartKind kind, const Visit& visit) {
  switch (kind) {
    case PartKind::kItem: return visit(scenario.timeline, 0, 0);
    case PartKind::kHost: return visit(scenario.hosts, 0, 0);
    case PartKind::kSwitch: return visit(scenario.switches, 0, 0);
    case PartKind::kExpectation: return visit(scenario.expectations, 0, 0);
    default: break;
  }
  for (std::size_t i = 0; i < scenario.switches.size(); ++i) {
    if (kind == PartKind::kUplink) visit(scenario.switches[i].uplinks, i, 0);
  }
  for (std::size_t i = 0; i < scenario.timeline.size(); ++i) {
    auto* const run = std::get_if<Run>(&scenario.timeline[i].action);
    if (kind == PartKind::kLine && run != nullptr && run->lines.size() > 1) {
      visit(run->lines, i, 0);
    }
  }
  for (std::size_t h = 0; h < scenario.hosts.size(); ++h) {
    auto& host = scenario.hosts[h];
    switch (kind) {
      case PartKind::kNic: visit(host.nics, h, 0); break;
      case PartKind::kSetupLine: visit(host.setup, h, 0); break;
      case PartKind::kSysctl: visit(host.sysctls, h, 0); break;
      case PartKind::kRoute: visit(host.routes, h, 0); break;
      case PartKind::kFile: visit(host.files, h, 0); break;
      case PartKind::kAddress:
        for (std::size_t n = 0; n < host.nics.size(); ++n) visit(host.nics[n].addresses, h, n);
        break;
      default: break;
    }
  }
}

/// Which index a part has in the list that each_list() visits for it.
struct Slot {
  std::size_t owner = 0, child = 0, index = 0;
};
Slot slot_of(const Part& part) {
  switch (part.kind) {
    case PartKind::kAddress: return {part.owner, part.child, part.grandchild};
    case PartKind::kItem:
    case PartKind::kHost:
    case PartKind::kSwitch:
    case PartKind::kExpectation:
    case PartKind::kOutput:
    case PartKind::kNote: return {0, 0, part.owner};
    default: return {part.owner, 0, part.child};
  }
}

Part part_at(PartKind kind, const Slot& slot) {
  switch (kind) {
    case PartKind::kAddress: return {kind, slot.owner, slot.child, slot.index};
    case PartKind::kItem:
    case PartKind::kHost:
    case PartKind::kSwitch:
    case PartKind::kExpectation:
    case PartKind::kOutput:
    case PartKind::kNote: return {kind, slot.index, 0, 0};
    default: return {kind, slot.owner, slot.index, 0};
  }
}

bool has_nic(const Scenario& scenario, std::string_view host, std::string_view nic) {
  const Host* const found = scenario.find_host(host);
  return found != nullptr && (nic == "lo" || found->find_nic(nic) != nullptr);
}

bool stands(const Scenario& scenario, const TimelineItem& item) {
  if (const Run* const run = std::get_if<Run>(&item.action)) {
    return !run->lines.empty() && scenario.find_host(run->host) != nullptr;
  }
  const auto& fault = std::get<scenario::Fault>(item.action);
  return fault.nic.empty() ? scenario.find_host(fault.host) != nullptr
                           : has_nic(scenario, fault.host, fault.nic);
}

bool stands(const Scenario& scenario, const scenario::Expectation& expectation) {
  if (const auto* packets = std::get_if<scenario::PacketExpectation>(&expectation.check)) {
    return has_nic(scenario, packets->at.host, packets->at.nic);
  }
  if (const auto* table = std::get_if<scenario::TableExpectation>(&expectation.check)) {
    return scenario.find_host(table->host) != nullptr;
  }
  const auto& reason = std::get<scenario::ReasonExpectation>(expectation.check);
  return reason.host.empty() || scenario.find_host(reason.host) != nullptr;
}

bool stands(const Scenario& scenario, const scenario::Ignore& ignore) {
  if (const auto* packets = std::get_if<scenario::IgnoredPackets>(&ignore.what)) {
    return has_nic(scenario, packets->at.host, packets->at.nic);
  }
  const auto* output = std::get_if<scenario::IgnoredOutput>(&ignore.what);
  const std::string& host =
      output != nullptr ? output->host : std::get<scenario::IgnoredTable>(ignore.what).host;
  return scenario.find_host(host) != nullptr;
}

/// The loader's rules for `routes`.
bool stands(const Host& host, const scenario::Route& route) {
  if (!route.dev.empty() && route.dev != "lo" && host.find_nic(route.dev) == nullptr) return false;
  if (route.via.is_any()) return true;
  return std::ranges::any_of(host.nics, [&](const Nic& nic) {
    if (!route.dev.empty() && nic.name != route.dev) return false;
    return std::ranges::any_of(nic.addresses, [&](const Ipv4Prefix& own) {
      return own.contains(route.via) && own.addr != route.via;
    });
  });
}

/// The loader's rules for `routes6`.
bool stands(const Host& host, const scenario::Route6& route) {
  if (!route.dev.empty() && route.dev != "lo" && host.find_nic(route.dev) == nullptr) return false;
  if (route.via.is_any()) return true;
  if (route.via.is_link_local()) return !route.dev.empty();
  return std::ranges::any_of(host.nics, [&](const Nic& nic) {
    if (!route.dev.empty() && nic.name != route.dev) return false;
    return std::ranges::any_of(nic.addresses6, [&](const Ipv6Prefix& own) {
      return own.contains(route.via) && own.addr != route.via;
    });
  });
}

void repair(Scenario& scenario) {
  for (scenario::Switch& sw : scenario.switches) {
    std::erase_if(sw.uplinks, [&](const scenario::Uplink& uplink) {
      return scenario.find_switch(uplink.to) == nullptr;
    });
  }
  for (Host& host : scenario.hosts) {
    for (Nic& nic : host.nics) {
      if (scenario.find_switch(nic.switch_name) == nullptr) nic.switch_name.clear();
      if (nic.peer && !has_nic(scenario, nic.peer->host, nic.peer->nic)) nic.peer.reset();
      nic.addresses_where.resize(nic.addresses.size());
      nic.addresses6_where.resize(nic.addresses6.size());
    }
    std::erase_if(host.routes, [&](const auto& route) { return !stands(host, route); });
    std::erase_if(host.routes6, [&](const auto& route) { return !stands(host, route); });
  }
  std::erase_if(scenario.timeline, [&](const auto& item) { return !stands(scenario, item); });
  std::erase_if(scenario.expectations, [&](const auto& one) { return !stands(scenario, one); });
  std::erase_if(scenario.ignores, [&](const auto& one) { return !stands(scenario, one); });
}

}  // namespace

std::vector<Part> parts_of(const Scenario& scenario, PartKind kind) {
  std::vector<Part> parts;
  for (std::size_t i = 0; i < scenario.timeline.size(); ++i) {
    const TimelineItem& item = scenario.timeline[i];
    const Run* const run = std::get_if<Run>(&item.action);
    const bool output = kind == PartKind::kOutput && run != nullptr && run->expect;
    if (output || (kind == PartKind::kNote && !item.note.empty())) {
      parts.push_back(part_at(kind, {0, 0, i}));
    }
  }
  each_list(scenario, kind, [&](const auto& list, std::size_t owner, std::size_t child) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      parts.push_back(part_at(kind, {owner, child, i}));
    }
  });
  return parts;
}

Scenario without(Scenario scenario, std::span<const Part> parts) {
  if (parts.empty()) return scenario;
  const PartKind kind = parts.front().kind;
  if (kind == PartKind::kOutput || kind == PartKind::kNote) {
    for (const Part& part : parts) {
      TimelineItem& item = scenario.timeline[part.owner];
      if (kind == PartKind::kNote) item.note = {};
      if (Run* const run = run_of(item); run != nullptr && kind == PartKind::kOutput) {
        run->expect.reset();
      }
    }
    return scenario;
  }
  each_list(scenario, kind, [&](auto& list, std::size_t owner, std::size_t child) {
    // From the back, so that the indices in front stay true.
    for (const Part& part : std::views::reverse(parts)) {
      const Slot slot = slot_of(part);
      if (slot.owner != owner || slot.child != child) continue;
      list.erase(list.begin() + static_cast<std::ptrdiff_t>(slot.index));
    }
  });
  repair(scenario);
  return scenario;
}

}  // namespace lvslab::fuzz
