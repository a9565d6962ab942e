// Names in pcap-filter(7) expressions. libpcap would ask the name service of this machine for them;
// here hosts are those of the lab, and services those that labs use.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sim/base/addr.h"

namespace lvslab {

/// An address and what it is called.
struct FilterHost {
  std::string name;
  Ipv4Addr addr;
};

/// The words of an expression that can only be names of hosts, in order.
std::vector<std::string> filter_host_names(const std::string& expression);

/// The expression with addresses for the names of `hosts`, and numbers for services ("port http").
std::string without_names(const std::string& expression, std::span<const FilterHost> hosts);

}  // namespace lvslab
