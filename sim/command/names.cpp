#include "sim/command/names.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <sstream>

namespace lvslab::command {

namespace {

constexpr std::uint8_t kTcp = 1;
constexpr std::uint8_t kUdp = 2;
constexpr std::uint8_t kBoth = 3;
constexpr std::uint8_t kSctp = 4;

struct Service {
  std::string_view name;
  std::uint16_t port;
  std::uint8_t protocols;
  std::string_view alias = {};
};

constexpr std::array kServices{
    Service{"echo", 7, kBoth},
    Service{"discard", 9, kBoth, "sink"},
    Service{"ftp-data", 20, kTcp},
    Service{"ftp", 21, kTcp},
    Service{"ssh", 22, kTcp},
    Service{"telnet", 23, kTcp},
    Service{"smtp", 25, kTcp, "mail"},
    Service{"time", 37, kBoth, "timserver"},
    Service{"domain", 53, kBoth},
    Service{"bootps", 67, kUdp},
    Service{"bootpc", 68, kUdp},
    Service{"tftp", 69, kUdp},
    Service{"http", 80, kTcp, "www"},
    Service{"pop3", 110, kTcp, "pop-3"},
    Service{"sunrpc", 111, kBoth, "portmapper"},
    Service{"ntp", 123, kUdp},
    Service{"imap2", 143, kTcp, "imap"},
    Service{"snmp", 161, kBoth},
    Service{"snmp-trap", 162, kBoth, "snmptrap"},
    Service{"ldap", 389, kBoth},
    Service{"https", 443, kBoth},
    Service{"syslog", 514, kUdp},
    Service{"domain-s", 853, kBoth},
    Service{"rsync", 873, kTcp},
    Service{"imaps", 993, kTcp},
    Service{"pop3s", 995, kTcp},
    Service{"nfs", 2049, kBoth},
    Service{"mysql", 3306, kTcp},
    Service{"svn", 3690, kTcp, "subversion"},
    Service{"sip", 5060, kBoth},
    Service{"sip-tls", 5061, kBoth},
    Service{"postgresql", 5432, kTcp, "postgres"},
    Service{"amqp", 5672, kTcp | kSctp},
    Service{"x11", 6000, kTcp, "x11-0"},
    Service{"redis", 6379, kTcp},
    Service{"mysql-proxy", 6446, kTcp},
    Service{"http-alt", 8080, kTcp, "webcache"},
    Service{"git", 9418, kTcp},
};

constexpr std::uint8_t mask_of_protocol(std::uint8_t protocol) {
  constexpr std::uint8_t kIpprotoSctp = 132;
  if (protocol == kIpprotoSctp) return kSctp;
  return protocol == 6 ? kTcp : protocol == 17 ? kUdp : std::uint8_t{0};
}

}  // namespace

std::vector<HostName> parse_hosts_file(std::string_view text) {
  std::vector<HostName> names;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    std::string first;
    if (!(words >> first)) continue;
    const auto addr = IpAddr::parse(first);
    if (!addr) continue;
    for (std::string name; words >> name;) names.push_back({*addr, name});
  }
  return names;
}

std::optional<Ipv6Addr> find_host6(std::string_view text, std::string_view wanted) {
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    std::string first;
    if (!(words >> first)) continue;
    const auto addr = Ipv6Addr::parse(first);
    for (std::string name; addr && words >> name;) {
      if (name == wanted) return addr;
    }
  }
  return std::nullopt;
}

std::optional<Ipv4Addr> parse_inet_aton(std::string_view text) {
  std::array<std::uint32_t, 4> parts{};
  std::size_t count = 0;
  while (true) {
    int base = 10;
    if (text.starts_with("0x") || text.starts_with("0X")) {
      base = 16;
      text.remove_prefix(2);
    } else if (text.size() > 1 && text[0] == '0' && text[1] != '.') {
      base = 8;
    }
    if (count == parts.size()) return std::nullopt;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), parts[count], base);
    if (error != std::errc{}) return std::nullopt;
    ++count;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.empty()) break;
    if (text[0] != '.') return std::nullopt;
    text.remove_prefix(1);
  }
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i + 1 < count; ++i) {
    if (parts[i] > 255) return std::nullopt;
    bits |= parts[i] << (24 - 8 * static_cast<int>(i));
  }
  const int free_bits = 32 - 8 * static_cast<int>(count - 1);
  if (free_bits < 32 && parts[count - 1] >> free_bits != 0) return std::nullopt;
  return Ipv4Addr{bits | parts[count - 1]};
}

std::string_view text_of(NameError error) {
  switch (error) {
    case NameError::kUnknown: return "Name or service not known";
    case NameError::kTryAgain: return "Temporary failure in name resolution";
    case NameError::kNoAddress: return "No address associated with hostname";
    case NameError::kOtherFamily: return "Address family for hostname not supported";
  }
  return "";
}

int gai_number(NameError error) {
  switch (error) {
    case NameError::kUnknown: return -2;
    case NameError::kTryAgain: return -3;
    case NameError::kNoAddress: return -5;
    case NameError::kOtherFamily: return -9;
  }
  return 0;
}

std::optional<Ipv4Addr> resolve_host(std::string_view text, HostNames names) {
  if (const auto addr = parse_inet_aton(text)) return addr;
  const auto found = std::ranges::find_if(
      names, [&](const HostName& known) { return known.name == text && known.addr.is_v4(); });
  if (found != names.end()) return found->addr.v4();
  if (text == "localhost") return Ipv4Addr{0x7f00'0001U};
  return std::nullopt;
}

std::string host_name_of(IpAddr addr, HostNames names) {
  const auto found = std::ranges::find(names, addr, &HostName::addr);
  if (found != names.end()) return found->name;
  if (addr == IpAddr(Ipv4Addr{0x7f00'0001U})) return "localhost";
  return addr.to_string();
}

std::string_view service_name(std::uint16_t port, std::uint8_t protocol) {
  for (const Service& service : kServices) {
    if (service.port == port && (service.protocols & mask_of_protocol(protocol)) != 0) {
      return service.name;
    }
  }
  return {};
}

std::optional<std::uint16_t> service_port(std::string_view name, std::uint8_t protocol) {
  for (const Service& service : kServices) {
    const bool named = service.name == name || (!service.alias.empty() && service.alias == name);
    if (named && (service.protocols & mask_of_protocol(protocol)) != 0) return service.port;
  }
  return std::nullopt;
}

}  // namespace lvslab::command
