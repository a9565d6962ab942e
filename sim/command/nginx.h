// nginx(8): its command line, and the settings that its package brings along here.
//
// Models: starting it, -t, -s stop|quit|reload, -v. Leaves out: other files (-c), prefixes,
// settings on the command line, -T, -q, -s reopen; each is refused by name.
// Source: nginx 1.22.1 src/core/nginx.c: main(), ngx_get_options().
#pragma once

#include <string>
#include <string_view>

#include "sim/command/output.h"

namespace lvslab::command {

struct NginxCommand {
  bool test = false;     ///< -t
  bool version = false;  ///< -v
  std::string signal;    ///< -s: "stop", "quit" or "reload"; empty: none
  friend bool operator==(const NginxCommand&, const NginxCommand&) = default;
};

Parsed<NginxCommand> parse_nginx(Args args);
std::string to_text(const NginxCommand& command);

/// /etc/nginx/nginx.conf as `yum install nginx` leaves it if there is none.
std::string_view default_nginx_conf();

}  // namespace lvslab::command
