// keepalived(8): its command line.
//
// Models: -f, -t, -n, -l, -D, -d, -i, -P, -C, -p, -r, -c, -v, -h and their long names. Leaves out:
// signals by name, core dumps, network namespaces, SNMP; each is refused by name.
// Source: core/main.c: parse_cmdline() of keepalived 2.2.7.
#pragma once

#include <string>

#include "sim/command/output.h"

namespace lvslab::command {

struct KeepalivedCommand {
  std::string conf_path = "/etc/keepalived/keepalived.conf";
  std::string config_id;     ///< -i
  bool test = false;         ///< -t: only reads the configuration; exit status 5 or 6 for mistakes
  bool dont_fork = false;    ///< -n
  bool log_console = false;  ///< -l
  bool log_detail = false;   ///< -D
  bool vrrp_only = false;    ///< -P
  bool check_only = false;   ///< -C
  bool version = false;
  bool help = false;
  friend bool operator==(const KeepalivedCommand&, const KeepalivedCommand&) = default;
};

Parsed<KeepalivedCommand> parse_keepalived(Args args);
std::string to_text(const KeepalivedCommand& command);
Output keepalived_version();
Output keepalived_help();

}  // namespace lvslab::command
