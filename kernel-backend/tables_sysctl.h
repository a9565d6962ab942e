// Kernel parameters below net.ipv4, and net.core.somaxconn, that somebody changed.
//
// The kernel does not tell what a default is: the values that a fresh network namespace has are it.
// An interface that came later began as conf.default and neigh.default were in that namespace.
// Parameters that did not exist when the namespace was fresh (net.ipv4.vs.* before ip_vs is loaded)
// are left out, and so are the second names of others (neigh.*.retrans_time of retrans_time_ms).
#pragma once

#include <string>
#include <vector>

#include "sim/base/tables.h"

namespace lvslab::kernel {

/// Every readable parameter below `proc`/sys, sorted by its dotted name; a dot in the name of an
/// interface is written as a slash, as sysctl(8) does.
std::vector<SysctlRow> read_sysctls(const std::string& proc);

/// Those of `now` whose value differs from `fresh` (both sorted).
std::vector<SysctlRow> changed_sysctls(const std::vector<SysctlRow>& fresh,
                                       const std::vector<SysctlRow>& now);

/// Reads the parameter `path` again: `changed` (sorted) is told whether it differs from `fresh`.
void read_sysctl(const std::string& proc, const std::string& path,
                 const std::vector<SysctlRow>& fresh, std::vector<SysctlRow>& changed);

}  // namespace lvslab::kernel
