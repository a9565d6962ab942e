#include "sim/command/vsftpd.h"

namespace lvslab::command {

std::string_view default_vsftpd_conf() {
  return "# Anonymous users may read what is in /srv/ftp.\n"
         "listen=YES\n"
         "listen_ipv6=NO\n"
         "anonymous_enable=YES\n"
         "local_enable=NO\n"
         "connect_from_port_20=YES\n";
}

}  // namespace lvslab::command
