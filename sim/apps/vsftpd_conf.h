// /etc/vsftpd.conf: the settings of an FTP server for anonymous users.
//
// Models: the options below. Leaves out, by name: local users, uploads, TLS, IPv6, logs, limits.
// Source: vsftpd 3.0.3 parseconf.c, tunables.c.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "sim/base/addr.h"
#include "sim/base/time.h"

namespace lvslab::apps {

struct VsftpdConf {
  bool listens = false;
  bool anonymous = true;
  bool no_password = false;  ///< no_anon_password
  bool passive = true, active = true;
  bool from_port_20 = false;
  bool any_peer = false;    ///< pasv_promiscuous
  bool any_target = false;  ///< port_promiscuous
  std::uint16_t port = 21, data_port = 20;
  std::uint16_t first_port = 1'024, last_port = 65'535;  ///< of passive data connections
  Ipv4Addr passive_addr;                                 ///< any: that of the control connection
  std::string root = "/srv/ftp";
  std::string banner = "(vsFTPd 3.0.3)";
  SimDuration idle{300'000'000'000}, accept{60'000'000'000}, connect{60'000'000'000};

  /// Errors: vsftpd's own words ("500 OOPS: ..."), or what is not modelled, with file and line.
  static std::expected<VsftpdConf, std::string> parse(std::string_view text);
};

}  // namespace lvslab::apps
