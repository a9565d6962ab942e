// vsftpd's settings, as its package brings them along here.
#pragma once

#include <string_view>

namespace lvslab::command {

inline constexpr std::string_view kVsftpdConf = "/etc/vsftpd.conf";
/// Where anonymous users are, and what they may read.
inline constexpr std::string_view kVsftpdRoot = "/srv/ftp";

/// /etc/vsftpd.conf as `yum install vsftpd` leaves it.
std::string_view default_vsftpd_conf();

}  // namespace lvslab::command
