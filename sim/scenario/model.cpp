#include "sim/scenario/model.h"

#include <algorithm>
#include <tuple>

#include "sim/scenario/names.h"

namespace lvslab::scenario {

const Nic* Host::find_nic(std::string_view wanted) const {
  const auto found = std::ranges::find(nics, wanted, &Nic::name);
  return found == nics.end() ? nullptr : &*found;
}

bool Scenario::operator==(const Scenario& other) const {
  const auto parts = [](const Scenario& s) {
    return std::tie(s.name, s.title, s.summary, s.lesson, s.difficulty, s.seed, s.until, s.settle,
                    s.switches, s.hosts, s.timeline, s.expectations, s.ignores);
  };
  return parts(*this) == parts(other);
}

const Host* Scenario::find_host(std::string_view wanted) const {
  const auto found = std::ranges::find(hosts, wanted, &Host::name);
  return found == hosts.end() ? nullptr : &*found;
}

const Switch* Scenario::find_switch(std::string_view wanted) const {
  const auto found = std::ranges::find(switches, wanted, &Switch::name);
  return found == switches.end() ? nullptr : &*found;
}

std::string_view to_string(Role role) { return kRoleNames[static_cast<std::size_t>(role)]; }
std::string_view to_string(Difficulty difficulty) {
  return kDifficultyNames[static_cast<std::size_t>(difficulty)];
}
std::string_view to_string(FaultKind kind) { return kFaultNames[static_cast<std::size_t>(kind)]; }
std::string_view to_string(Direction dir) { return kDirectionNames[static_cast<std::size_t>(dir)]; }
std::string_view to_string(TableKind table) { return kTableNames[static_cast<std::size_t>(table)]; }

bool uses_ipv6(const Scenario& scenario) {
  return std::ranges::any_of(scenario.hosts, [](const Host& host) {
    return std::ranges::any_of(host.nics, [](const Nic& nic) { return !nic.addresses6.empty(); });
  });
}

bool is_link_fault(FaultKind kind) {
  return kind != FaultKind::kCrash && kind != FaultKind::kReboot && kind != FaultKind::kPowerOff;
}

}  // namespace lvslab::scenario
