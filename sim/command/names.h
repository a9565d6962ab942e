// Names of hosts and ports, as /etc/hosts and /etc/services give them to the tools.
//
// Models: the entries of /etc/hosts that the caller passes in, and the well known services that
// labs meet. Leaves out: name servers (sim/apps/resolver.h); the rest of /etc/services (Debian's
// netbase 6.4 is the source).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/ip_addr.h"

namespace lvslab::command {

/// One name of one address of /etc/hosts. The first entry of an address is its canonical name.
struct HostName {
  IpAddr addr;
  std::string name;
  friend bool operator==(const HostName&, const HostName&) = default;
};
using HostNames = std::span<const HostName>;
/// The entries of a text like /etc/hosts, in its order; lines without an address are passed over.
std::vector<HostName> parse_hosts_file(std::string_view text);
/// The first IPv6 address that such a text gives to `name`.
std::optional<Ipv6Addr> find_host6(std::string_view text, std::string_view name);

/// Why a name has no address: EAI_NONAME, EAI_AGAIN, EAI_NODATA, EAI_ADDRFAMILY.
enum class NameError : std::uint8_t { kUnknown, kTryAgain, kNoAddress, kOtherFamily };
/// As gai_strerror(3) says it.
std::string_view text_of(NameError error);
/// EAI_NONAME and its kin, as <netdb.h> numbers them.
int gai_number(NameError error);

/// The IPv4 address of a name or of a numeric text as inet_aton(3) reads it ("10.1" is 10.0.0.1).
std::optional<Ipv4Addr> resolve_host(std::string_view text, HostNames names);
/// inet_aton(3): one to four numbers, decimal, octal or hexadecimal, the last fills the rest.
std::optional<Ipv4Addr> parse_inet_aton(std::string_view text);
/// The name of an address, or its numbers if it has none.
std::string host_name_of(IpAddr addr, HostNames names);

/// getservbyport(3); `protocol` is IPPROTO_TCP (6) or IPPROTO_UDP (17). Empty if it has no name.
std::string_view service_name(std::uint16_t port, std::uint8_t protocol);
/// getservbyname(3).
std::optional<std::uint16_t> service_port(std::string_view name, std::uint8_t protocol);

}  // namespace lvslab::command
