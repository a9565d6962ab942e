// All kernel parameters of a host, whichever room they belong to, by dotted name.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/host/wiring.h"

namespace lvslab::host {

enum class SysctlError : std::uint8_t { kNone, kUnknown, kInvalid, kReadOnly };

std::optional<std::string> read_sysctl(const Wiring& wiring, std::string_view name);
SysctlError write_sysctl(Step& step, Wiring& wiring, std::string_view name, std::string_view value);
/// Every parameter with its value, sorted by name.
std::vector<SysctlRow> all_sysctls(const Wiring& wiring);

/// Those that differ from what they are after a boot without any setting, sorted by name.
std::vector<SysctlRow> changed_sysctls(const Wiring& wiring);

/// "net.ipv4.ip_forward" of "/proc/sys/net/ipv4/ip_forward"; interface names may hold dots, which
/// sysctl(8) writes as "/".
std::string sysctl_name_of_path(std::string_view path);

}  // namespace lvslab::host
