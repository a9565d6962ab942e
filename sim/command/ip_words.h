// The words of an ip(8) command line while they are read: inside sim/command only.
//
// Models: NEXT_ARG, matches() and the error functions of iproute2 6.1 lib/utils.c. A mistake is
// thrown as BadUsage and becomes a Parsed error in parse_ip().
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sim/base/tables.h"
#include "sim/command/ip.h"
#include "sim/command/output.h"

namespace lvslab::command::ip {

struct BadUsage {
  Output output;
};

/// True if `word` is a prefix of `keyword` ("ro" of "route"). Source: matches().
inline bool matches(std::string_view word, std::string_view keyword) {
  return !word.empty() && keyword.starts_with(word);
}

class Words {
 public:
  explicit Words(Args args) : args_(args) {}
  bool done() const { return at_ >= args_.size(); }
  const std::string& peek() const { return args_[at_]; }
  /// NEXT_ARG(): the word after the keyword at hand.
  const std::string& value() {
    ++at_;
    if (done()) throw BadUsage{failure("Command line is not complete. Try option \"help\"\n", 255)};
    return peek();
  }
  void skip() { ++at_; }
  /// True if one of the words from here on is an IPv6 address: the family then is told by it.
  bool speak_ipv6() const {
    return std::any_of(args_.begin() + static_cast<std::ptrdiff_t>(std::min(at_, args_.size())),
                       args_.end(),
                       [](const std::string& word) { return Ipv6Prefix::parse(word).has_value(); });
  }

 private:
  Args args_;
  std::size_t at_ = 0;
};

/// `Error: argument "x" is wrong: ...`, status 255. Some callers end their message with a newline.
[[noreturn]] void bad_argument(std::string_view message, std::string_view word);
/// `Error: either "dev" is duplicate, or "x" is a garbage.`
[[noreturn]] void duplicate(std::string_view keyword, std::string_view word);
[[noreturn]] void fail(std::string message, int status);
[[noreturn]] void refuse(std::string_view object, std::string_view what, std::string_view close);
[[noreturn]] void show_usage(std::string_view text);

/// A prefix as get_prefix() reads it: missing bytes are zero ("10/8"), "default", dotted masks.
/// `family` is how errors name it: "any valid" or "inet".
Ipv4Prefix prefix(std::string_view text, std::string_view family);
Ipv4Addr address(std::string_view text, std::string_view family);
std::uint32_t number(std::string_view text, std::string_view message);
MacAddr lladdr(std::string_view text);
bool on_off(std::string_view keyword, std::string_view text);

std::optional<std::uint32_t> table_of(std::string_view text);
std::optional<RouteProto> proto_of(std::string_view text);
std::optional<Scope> scope_of(std::string_view text);
std::optional<RouteType> route_type_of(std::string_view text);
std::optional<NeighState> neigh_state_of(std::string_view text);

IpAction parse_addr(Words& words);
IpAction parse_link(Words& words);
IpAction parse_route(Words& words, const IpOptions& options);
IpAction parse_rule(Words& words);
IpAction parse_neigh(Words& words);
// ip6_parse.cpp; those of addresses and neighbours are changes alone.
IpAction parse_addr6(Words& words);
IpAction parse_route6(Words& words);
IpAction parse_neigh6(Words& words);

}  // namespace lvslab::command::ip
