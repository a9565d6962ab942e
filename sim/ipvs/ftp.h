// What the FTP helper (the module ip_vs_ftp) reads in control connections, and what it writes there
// in place of a server's own address. Text alone: what comes of it is done in director_ftp.cpp.
//
// Left out: IPv6, where a server's answer names no address.
// Source: net/netfilter/ipvs/ip_vs_ftp.c: ip_vs_ftp_get_addrport(), ip_vs_ftp_in(),
//         ip_vs_ftp_out(); RFC 959, RFC 2428.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sim/core/ports.h"

namespace lvslab::ipvs {

inline constexpr std::uint16_t kFtpControlPort = 21;

/// What the client of a control connection asked for last (cp->app_data).
enum class FtpMode : std::uint8_t { kActive, kPassive, kExtendedPassive };

/// Where a data connection will go, and which part of the segment says so.
struct FtpTarget {
  Endpoint to;
  std::size_t at = 0, length = 0;
};

/// PASV or EPSV, wherever in the segment it begins; a server's address of the other version cannot
/// be had. Nothing: neither is there.
std::optional<FtpMode> ftp_asks_passive(std::string_view segment);
/// PORT or EPRT at the start of the segment: where the client listens.
std::optional<FtpTarget> ftp_active_target(std::string_view segment);
/// 227 or, with kExtendedPassive, 229 at the start of the segment: where the server listens. A 229
/// names a port of `server`.
std::optional<FtpTarget> ftp_passive_target(std::string_view segment, FtpMode mode,
                                            Ipv4Addr server);
/// How such an answer names `virt`.
std::string ftp_passive_text(FtpMode mode, Endpoint virt);

}  // namespace lvslab::ipvs
