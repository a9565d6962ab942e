// What breaks in random labs. Leaves out what chance decides: loss, duplication, jitter.
#include <algorithm>
#include <array>

#include "sim/fuzz/ingredients.h"

namespace lvslab::fuzz {

using scenario::FaultKind;

namespace {

void pull_cable(Draft& draft, Dice& dice) {
  const Seat& seat = dice.pick(draft.seats);
  const scenario::NicRef ref{draft.host(seat.host).name, draft.host(seat.host).nics[seat.nic].name};
  if (draft.strike(dice, {FaultKind::kLinkDown, ref.host, ref.nic, 0, {}, {}})) {
    draft.unplugged.push_back(ref);
  }
}

void plug_cable_in(Draft& draft, Dice& dice) {
  if (draft.unplugged.empty()) return;
  const scenario::NicRef ref = dice.pick(draft.unplugged);
  if (draft.strike(dice, {FaultKind::kLinkUp, ref.host, ref.nic, 0, {}, {}})) {
    std::erase(draft.unplugged, ref);
  }
}

void stop_host(Draft& draft, Dice& dice) {
  const auto host = draft.any_host(dice);
  if (!host || std::ranges::count(draft.up, true) < 2) return;
  const FaultKind kind = dice.percent(60) ? FaultKind::kCrash : FaultKind::kPowerOff;
  if (draft.strike(dice, {kind, draft.host(*host).name, {}, 0, {}, {}})) draft.up[*host] = false;
}

/// A host that is down, if there is one; else any.
void reboot_host(Draft& draft, Dice& dice) {
  auto host = draft.any_host(dice);
  const auto down = std::ranges::find(draft.up, false);
  if (down != draft.up.end()) host = static_cast<std::size_t>(down - draft.up.begin());
  if (!host || std::ranges::count(draft.tunnel_ends, *host) != 0) return;
  if (draft.strike(dice, {FaultKind::kReboot, draft.host(*host).name, {}, 0, {}, {}})) {
    draft.up[*host] = true;
    draft.rebooted.push_back(*host);
  }
}

constexpr std::array kFaults{
    Ingredient{"pull-cable", 2, pull_cable},
    Ingredient{"plug-cable-in", 3, plug_cable_in},
    Ingredient{"stop-host", 1, stop_host},
    Ingredient{"reboot-host", 1, reboot_host},
};

}  // namespace

std::span<const Ingredient> faults() { return kFaults; }

}  // namespace lvslab::fuzz
