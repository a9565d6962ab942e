// Commands and values that fit a host of the lab, for the set-up and for edits in mid-run.
#pragma once

#include <string>

#include "sim/fuzz/draft.h"

namespace lvslab::fuzz {

struct Knob {
  std::string key, value;
};
/// A sysctl whose effect is modelled, with a value that somebody might try.
Knob any_knob(const Draft& draft, Dice& dice, std::size_t host);
/// One of net.ipv4.vs.
Knob any_balancer_knob(Dice& dice);
/// `knob` set by hand, by sysctl or by echo.
std::string typed(const Knob& knob, Dice& dice);

/// Adds an address to an interface or to lo, with ifconfig or ip; the draft learns of it.
std::string any_address_command(Draft& draft, Dice& dice, std::size_t host);
/// Adds or replaces a route, sensible or not.
std::string any_route_command(const Draft& draft, Dice& dice, std::size_t host);
/// A neighbour entry by hand, right or wrong.
std::string any_neighbour_command(const Draft& draft, Dice& dice, std::size_t host);

}  // namespace lvslab::fuzz
