#include "sim/command/iptables_nat.h"

#include <fmt/core.h>

#include "sim/command/options.h"

namespace lvslab::command {
namespace {

/// A port, without names of services: xtables_strtoui().
std::optional<std::uint16_t> plain_port(std::string_view text) {
  const auto number = to_int(text);
  if (!number || *number < 0 || *number > 65'535) return std::nullopt;
  return static_cast<std::uint16_t>(*number);
}

// FIRST[-LAST][/BASE] into the range; the port at fault if there is one.
std::optional<std::string> port_at_fault(std::string_view text, NfNatRange& range) {
  const std::size_t slash = text.find('/');
  const std::string_view ports = text.substr(0, slash);
  const std::size_t dash = ports.find('-');
  const auto first = plain_port(ports.substr(0, dash));
  if (!first) return std::string(ports.substr(0, dash));
  const std::string_view end = dash == std::string_view::npos ? ports : ports.substr(dash + 1);
  const auto last = plain_port(dash == std::string_view::npos ? ports.substr(0, dash) : end);
  if (!last || *last < *first) return std::string(end);
  range.first_port = *first;
  range.last_port = *last;
  range.has_ports = true;
  if (slash == std::string_view::npos) return std::nullopt;
  const auto base = plain_port(text.substr(slash + 1));
  if (!base) return std::string(text.substr(slash + 1));
  range.base_port = *base;
  range.shifts_ports = true;
  return std::nullopt;
}

}  // namespace

std::optional<std::string> read_nat_range(std::string_view text, NfNatRange& range) {
  const std::size_t colon = text.find(':');
  const std::string_view addresses = text.substr(0, colon);
  if (colon != std::string_view::npos) {
    if (const auto bad = port_at_fault(text.substr(colon + 1), range)) {
      return fmt::format("Port `{}' not valid", *bad);
    }
    if (addresses.empty()) return std::nullopt;
  }
  const std::size_t dash = addresses.find('-');
  const std::string_view first_text = addresses.substr(0, dash);
  const auto first = Ipv4Addr::parse(first_text);
  if (!first) return fmt::format("Bad IP address \"{}\"", first_text);
  range.first = range.last = *first;
  if (dash == std::string_view::npos) return std::nullopt;
  const std::string_view last_text = addresses.substr(dash + 1);
  const auto last = Ipv4Addr::parse(last_text);
  if (!last || *last < *first) return fmt::format("Bad IP address \"{}\"", last_text);
  range.last = *last;
  return std::nullopt;
}

std::string nat_ports_text(const NfNatRange& range) {
  return range.first_port == range.last_port
             ? fmt::format("{}", range.first_port)
             : fmt::format("{}-{}", range.first_port, range.last_port);
}

std::string nat_range_text(const NfNatRange& range) {
  std::string text;
  if (!range.first.is_any()) text += range.first.to_string();
  if (range.last != range.first) text += "-" + range.last.to_string();
  if (!range.has_ports) return text;
  text += ":" + nat_ports_text(range);
  if (range.shifts_ports) text += fmt::format("/{}", range.base_port);
  return text;
}

std::string nat_flags_text(const NfNatRange& range, std::string_view dashes) {
  std::string text;
  if (range.random) text += fmt::format(" {}random", dashes);
  if (range.random_fully) text += fmt::format(" {}random-fully", dashes);
  if (range.persistent) text += fmt::format(" {}persistent", dashes);
  return text;
}

}  // namespace lvslab::command
