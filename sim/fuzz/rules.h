// iptables rules that fit a host of the lab, for the set-up and for edits in mid-run.
//
// Leaves out what a kernel decides by lot: ranges of addresses, --random.
#pragma once

#include <string>

#include "sim/fuzz/draft.h"

namespace lvslab::fuzz {

/// "-A INPUT -p tcp --dport 80 -j DROP", of the table filter.
std::string any_filter_rule(const Draft& draft, Dice& dice, std::size_t host);
/// "-t nat -A POSTROUTING -o eth0 -j MASQUERADE".
std::string any_nat_rule(const Draft& draft, Dice& dice, std::size_t host);
/// "-t mangle -A PREROUTING -d 10.0.0.9 -j MARK --set-mark 7".
std::string any_mark_rule(const Draft& draft, Dice& dice, std::size_t host);
/// Any of these, mostly of the table filter.
std::string any_rule(const Draft& draft, Dice& dice, std::size_t host);

}  // namespace lvslab::fuzz
