// The sysctls of IPv6 that a lab turns: forwarding and the hop limit.
// Source: net/ipv6/addrconf.c: addrconf_fixup_forwarding(), addrconf_sysctl_forward().
#include <fmt/format.h>

#include <charconv>

#include "sim/ip/ip6.h"
#include "sim/ip/stack.h"

namespace lvslab::ip {
namespace {

/// "eth0" and "forwarding" of "net.ipv6.conf.eth0.forwarding".
struct Key {
  std::string_view of, name;
};

std::optional<Key> key_of(std::string_view path) {
  constexpr std::string_view kConf = "net.ipv6.conf.";
  if (!path.starts_with(kConf)) return std::nullopt;
  path.remove_prefix(kConf.size());
  const std::size_t dot = path.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const Key key{path.substr(0, dot), path.substr(dot + 1)};
  const bool known = key.name == "forwarding" || (key.name == "hop_limit" && key.of == "all");
  return known ? std::optional(key) : std::nullopt;
}

std::optional<int> number(std::string_view text) {
  while (text.ends_with('\n') || text.ends_with(' ')) text.remove_suffix(1);
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<std::string> sysctl6_get(const Stack& stack, std::string_view path) {
  const Stack6* const six = stack.six.peek();
  const auto key = key_of(path);
  if (six == nullptr || !key) return std::nullopt;
  if (key->name == "hop_limit") return fmt::format("{}", six->hop_limit);
  if (key->of == "all") return six->forwarding_all ? "1" : "0";
  if (key->of == "default") return six->forwarding_default ? "1" : "0";
  const IfIndex dev = device_index(stack, key->of);
  if (!dev.valid()) return std::nullopt;
  return is_forwarding6(stack, dev) ? "1" : "0";
}

Errno sysctl6_set(Step& step, Stack& stack, std::string_view path, std::string_view value) {
  Stack6* const six = stack.six.peek();
  const auto key = key_of(path);
  if (six == nullptr || !key) return Errno::kNoEnt;
  const auto wanted = number(value);
  if (!wanted) return Errno::kInval;
  if (key->name == "hop_limit") {
    if (*wanted < 1 || *wanted > 255) return Errno::kInval;
    six->hop_limit = static_cast<std::uint8_t>(*wanted);
    return Errno::kNone;
  }
  const bool on = *wanted != 0;
  six->forwarding.resize(stack.devices.size(), six->forwarding_default ? 1 : 0);
  if (key->of == "default") {
    six->forwarding_default = on;
  } else if (key->of == "all") {
    six->forwarding_all = six->forwarding_default = on;
    six->forwarding.assign(stack.devices.size(), on ? 1 : 0);
  } else {
    const IfIndex dev = device_index(stack, key->of);
    if (!dev.valid()) return Errno::kNoEnt;
    six->forwarding[dev.value - 1U] = on ? 1 : 0;
  }
  for (std::size_t i = 1; i <= stack.devices.size(); ++i) {
    follow_forwarding6(step, stack, IfIndex(static_cast<std::uint16_t>(i)));
  }
  return Errno::kNone;
}

}  // namespace lvslab::ip
