#include "sim/trace/filter_names.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <utility>

namespace lvslab {
namespace {

// libpcap's scanner.l, without what Ethernet does not have. Sorted.
constexpr auto kKeywords = std::to_array<std::string_view>({"aarp",
                                                            "ah",
                                                            "and",
                                                            "arp",
                                                            "atalk",
                                                            "broadcast",
                                                            "byte",
                                                            "carp",
                                                            "clnp",
                                                            "csnp",
                                                            "decnet",
                                                            "dst",
                                                            "es-is",
                                                            "esis",
                                                            "esp",
                                                            "ether",
                                                            "gateway",
                                                            "geneve",
                                                            "greater",
                                                            "host",
                                                            "icmp",
                                                            "icmp-echo",
                                                            "icmp-echoreply",
                                                            "icmp-ireq",
                                                            "icmp-ireqreply",
                                                            "icmp-maskreply",
                                                            "icmp-maskreq",
                                                            "icmp-paramprob",
                                                            "icmp-redirect",
                                                            "icmp-routeradvert",
                                                            "icmp-routersolicit",
                                                            "icmp-sourcequench",
                                                            "icmp-timxceed",
                                                            "icmp-tstamp",
                                                            "icmp-tstampreply",
                                                            "icmp-unreach",
                                                            "icmp6",
                                                            "icmpcode",
                                                            "icmptype",
                                                            "igmp",
                                                            "igrp",
                                                            "iih",
                                                            "in",
                                                            "inbound",
                                                            "ip",
                                                            "ip6",
                                                            "ipx",
                                                            "is-is",
                                                            "isis",
                                                            "iso",
                                                            "l1",
                                                            "l2",
                                                            "lat",
                                                            "len",
                                                            "length",
                                                            "less",
                                                            "link",
                                                            "llc",
                                                            "lsp",
                                                            "mask",
                                                            "mopdl",
                                                            "moprc",
                                                            "mpls",
                                                            "multicast",
                                                            "net",
                                                            "netbeui",
                                                            "not",
                                                            "on",
                                                            "or",
                                                            "out",
                                                            "outbound",
                                                            "pim",
                                                            "port",
                                                            "portrange",
                                                            "pppoed",
                                                            "pppoes",
                                                            "proto",
                                                            "protochain",
                                                            "psnp",
                                                            "rarp",
                                                            "sca",
                                                            "sctp",
                                                            "snp",
                                                            "src",
                                                            "stp",
                                                            "tcp",
                                                            "tcp-ack",
                                                            "tcp-cwr",
                                                            "tcp-ece",
                                                            "tcp-fin",
                                                            "tcp-push",
                                                            "tcp-rst",
                                                            "tcp-syn",
                                                            "tcp-urg",
                                                            "tcpflags",
                                                            "udp",
                                                            "vlan",
                                                            "vrrp"});
static_assert(std::ranges::is_sorted(kKeywords));

constexpr auto kServices =
    std::to_array<std::pair<std::string_view, std::string_view>>({{"domain", "53"},
                                                                  {"ftp", "21"},
                                                                  {"http", "80"},
                                                                  {"https", "443"},
                                                                  {"ntp", "123"},
                                                                  {"smtp", "25"},
                                                                  {"ssh", "22"},
                                                                  {"telnet", "23"},
                                                                  {"www", "80"}});

bool is_hex(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return std::isxdigit(c) != 0; });
}

// "10.0.0.1", "80", "0x1f", "aabb.ccdd.eeff", "aa-bb-cc-dd-ee-ff"; what holds a colon is an address
// anyway.
bool is_number_or_address(std::string_view word) {
  if (word.find(':') != std::string_view::npos) return true;
  if (word.find_first_not_of("0123456789.") == std::string_view::npos) return true;
  if (word.starts_with("0x") || word.starts_with("0X")) return is_hex(word.substr(2));
  std::string digits(word);
  std::erase_if(digits, [](char c) { return c == '.' || c == '-'; });
  const bool dotted = word.size() == 14 && word[4] == '.' && word[9] == '.';
  const bool dashed = std::ranges::count(word, '-') == 5;
  return (dotted || dashed) && is_hex(digits);
}

bool is_word_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.' ||
         c == ':';
}

/// Calls take(word) for each word and puts what it returns in its place; escaped words (\tcp) and
/// everything between words stay.
template <class Take>
std::string map_words(const std::string& expression, Take take) {
  std::string out;
  for (std::size_t at = 0; at < expression.size();) {
    std::size_t end = at;
    while (end < expression.size() && is_word_char(expression[end])) ++end;
    if (end == at) {
      out += expression[at++];
      continue;
    }
    const std::string word = expression.substr(at, end - at);
    out += at > 0 && expression[at - 1] == '\\' ? word : take(word);
    at = end;
  }
  return out;
}

std::string_view service_port(std::string_view word) {
  for (const auto& [name, port] : kServices) {
    if (name == word) return port;
  }
  return {};
}

bool is_name(const std::string& word) {
  return !std::ranges::binary_search(kKeywords, std::string_view(word)) &&
         !is_number_or_address(word);
}

}  // namespace

std::vector<std::string> filter_host_names(const std::string& expression) {
  std::vector<std::string> names;
  map_words(expression, [&](const std::string& word) {
    if (is_name(word) && service_port(word).empty()) names.push_back(word);
    return word;
  });
  return names;
}

std::string without_names(const std::string& expression, std::span<const FilterHost> hosts) {
  return map_words(expression, [&](const std::string& word) {
    if (!is_name(word)) return word;
    const auto host = std::ranges::find(hosts, word, &FilterHost::name);
    if (host != hosts.end()) return host->addr.to_string();
    const std::string_view port = service_port(word);
    return port.empty() ? word : std::string(port);
  });
}

}  // namespace lvslab
