#include <fmt/format.h>

#include <algorithm>

#include "sim/wire/dissector.h"
#include "sim/wire/vrrp.h"

namespace lvslab::detail {

namespace {

std::string priority_text(std::uint8_t priority) {
  if (priority == 0) return "0 (the master leaves)";
  if (priority == 255) return "255 (owner of the addresses)";
  return fmt::format("{}", priority);
}

std::string_view auth_text(VrrpAuth auth) {
  switch (auth) {
    case VrrpAuth::kNone: return "none";
    case VrrpAuth::kPassword: return "simple password";
    case VrrpAuth::kAh: return "authentication header";
  }
  return "unknown";
}

std::string password_text(const VrrpRepr& vrrp) {
  std::string text;
  for (const std::uint8_t c : vrrp.password) {
    if (c == 0) break;
    text += c >= 0x20 && c < 0x7f ? static_cast<char>(c) : '.';
  }
  return text;
}

}  // namespace

void read_vrrp(Dissector& d, Slice in, const IpContext& ip) {
  const Bytes bytes = in.of(d);
  const auto vrrp = VrrpRepr::parse(bytes);
  if (!vrrp) {
    d.malformed(fmt::format("VRRP is {}", to_string(vrrp.error())), in.at, in.size);
    return;
  }
  const std::size_t at = in.at, length = vrrp->length(), count = vrrp->addresses.size();
  d.protocol(
      "VRRP",
      fmt::format("version {}, router {}, priority {}", vrrp->version, vrrp->vrid, vrrp->priority),
      at, length);
  d.field("version", fmt::format("{}", vrrp->version), at, 1);
  d.field("type", fmt::format("{}{}", vrrp->type, vrrp->type == 1 ? " (advertisement)" : ""), at,
          1);
  d.field("virtual router", fmt::format("{}", vrrp->vrid), at + 1, 1);
  d.field("priority", priority_text(vrrp->priority), at + 2, 1);
  d.field("address count", fmt::format("{}", count), at + 3, 1);
  if (vrrp->version == 2) {
    d.field("authentication",
            fmt::format("{} ({})", static_cast<int>(vrrp->auth), auth_text(vrrp->auth)), at + 4, 1);
    d.field("advert interval", fmt::format("{} s", vrrp->advert_int), at + 5, 1);
  } else {
    d.field("advert interval", fmt::format("{} ms", vrrp->advert_int * 10), at + 4, 2);
  }
  std::uint64_t sum = sum_bytes(bytes.first(length));
  if (vrrp->version == 3) {
    sum += pseudo_header_sum(ip.src, ip.dst, static_cast<std::uint8_t>(IpProto::kVrrp), length);
  }
  d.field("checksum", checksum_text(load_be16(bytes.data() + 6), sum), at + 6, 2);
  for (std::size_t i = 0; i < count; ++i) {
    d.field("address", vrrp->addresses[i].to_string(), at + VrrpRepr::kLength + 4 * i, 4);
  }
  if (vrrp->version == 2) {
    d.field("password", password_text(*vrrp), at + VrrpRepr::kLength + 4 * count,
            VrrpRepr::kAuthLength);
  }
}

}  // namespace lvslab::detail
