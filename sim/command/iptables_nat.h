// What stands behind --to-source, --to-destination and --to-ports.
// Source: iptables, extensions/libxt_NAT.c: parse_to(), parse_ports().
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sim/base/netfilter.h"

namespace lvslab::command {

/// Reads [FIRST[-LAST]][:PORT[-PORT][/BASE]] into `range`. What is wrong with it, if anything is.
std::optional<std::string> read_nat_range(std::string_view text, NfNatRange& range);

/// The same as -S and -L write it.
std::string nat_range_text(const NfNatRange& range);
/// The ports alone.
std::string nat_ports_text(const NfNatRange& range);
/// " --random" and its like, with `dashes` in front of each word.
std::string nat_flags_text(const NfNatRange& range, std::string_view dashes);

}  // namespace lvslab::command
