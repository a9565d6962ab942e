// ss(8) of iproute2 6.1.
//
// Models: -n -a -l -t -u -w -4 -p -H -s, `state S`, and the filters `sport = :P`,
// `dport = :P`, `src A`, `dst A`. Leaves out: -i -o -e -m -r -K -Z, unix and netlink sockets, other
// filters. Source: iproute2 6.1 misc/ss.c: render_calc_width(), render(), inet_stats_print(),
// print_summary().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/tables.h"
#include "sim/command/output.h"

namespace lvslab::command {

struct SsCommand {
  bool numeric = false, all = false, listening = false;
  bool tcp = false, udp = false, raw = false;
  bool programs = false, no_header = false, summary = false;
  std::vector<TcpState> states;  ///< `state S`: only these, sorted; empty: by -a and -l
  std::optional<std::uint16_t> sport, dport;
  std::optional<Ipv4Prefix> src, dst;
  friend bool operator==(const SsCommand&, const SsCommand&) = default;
};
Parsed<SsCommand> parse_ss(Args args);
std::string to_text(const SsCommand& command);
/// `columns`: the width of the terminal, over which ss spreads its table; 0: not a terminal.
Output render_ss(const HostTables& tables, const SsCommand& command, int columns = 80);

}  // namespace lvslab::command
