#include "sim/base/addr.h"

#include <fmt/format.h>

#include <charconv>

namespace lvslab {

std::optional<MacAddr> MacAddr::parse(std::string_view text) {
  if (text.size() != 17) return std::nullopt;
  MacAddr mac;
  for (std::size_t i = 0; i < 6; ++i) {
    const char* at = text.data() + 3 * i;
    std::uint8_t byte = 0;
    const auto [end, error] = std::from_chars(at, at + 2, byte, 16);
    if (error != std::errc{} || end != at + 2) return std::nullopt;
    if (i < 5 && at[2] != ':') return std::nullopt;
    mac.bits = mac.bits << 8 | byte;
  }
  return mac;
}

std::string MacAddr::to_string() const {
  return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", bits >> 40 & 0xff,
                     bits >> 32 & 0xff, bits >> 24 & 0xff, bits >> 16 & 0xff, bits >> 8 & 0xff,
                     bits & 0xff);
}

std::optional<Ipv4Addr> Ipv4Addr::parse(std::string_view text) {
  Ipv4Addr addr;
  const char* at = text.data();
  const char* const end = at + text.size();
  for (int i = 0; i < 4; ++i) {
    if (i > 0 && (at == end || *at++ != '.')) return std::nullopt;
    if (at == end || *at < '0' || *at > '9') return std::nullopt;
    if (*at == '0' && at + 1 != end && at[1] >= '0' && at[1] <= '9') return std::nullopt;
    std::uint8_t byte = 0;
    const auto [next, error] = std::from_chars(at, end, byte);
    if (error != std::errc{}) return std::nullopt;
    addr.bits = addr.bits << 8 | byte;
    at = next;
  }
  if (at != end) return std::nullopt;
  return addr;
}

std::string Ipv4Addr::to_string() const {
  return fmt::format("{}.{}.{}.{}", bits >> 24, bits >> 16 & 0xff, bits >> 8 & 0xff, bits & 0xff);
}

std::optional<Ipv4Prefix> Ipv4Prefix::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto addr = Ipv4Addr::parse(text.substr(0, slash));
  if (!addr) return std::nullopt;
  if (slash == std::string_view::npos) return Ipv4Prefix{*addr, 32};
  const std::string_view digits = text.substr(slash + 1);
  if (digits.empty() || digits.size() > 2) return std::nullopt;
  std::uint8_t len = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), len);
  if (error != std::errc{} || end != digits.data() + digits.size() || len > 32) return std::nullopt;
  return Ipv4Prefix{*addr, len};
}

std::string Ipv4Prefix::to_string() const { return fmt::format("{}/{}", addr.to_string(), len); }

}  // namespace lvslab
