#include <fmt/format.h>

#include "sim/wire/summary_printer.h"
#include "sim/wire/vrrp.h"

namespace lvslab::detail {

/// vrrp_print(), print-vrrp.c
bool TcpdumpPrinter::vrrp(Bytes in, std::size_t length, const Ip& ip) {
  const auto out = std::back_inserter(out_);
  if (in.size() < VrrpRepr::kLength) return truncated("vrrp");
  const std::uint8_t version = in[0] >> 4, type = in[0] & 0xf;
  fmt::format_to(out, "VRRPv{}, ", version);
  if (type != VrrpRepr::kAdvertisement) {
    fmt::format_to(out, "[type#{}], ", type);
    fmt::format_to(out, "length {}", length);
    return true;
  }
  fmt::format_to(out, "Advertisement, vrid {}, prio {}", in[1], in[2]);
  if (version == 3) {
    fmt::format_to(out, ", intvl {}cs, length {}", load_be16(in.data() + 4) & 0xfff, length);
  } else {
    if (in[4] == 1) out_ += ", authtype simple";
    if (in[4] == 2) out_ += ", authtype ah";
    fmt::format_to(out, ", intvl {}s, length {}", in[5], length);
  }
  if (style_.verbose == 0) return true;
  if (!VrrpRepr::checksum_ok(in.first(std::min(in.size(), length)), ip.src.v4(), ip.dst.v4())) {
    fmt::format_to(out, ", (bad vrrp cksum {:x})", load_be16(in.data() + 6));
  }
  out_ += ", addrs";
  const std::size_t count = in[3];
  if (count > 1) fmt::format_to(out, "({})", count);
  out_ += ':';
  std::size_t at = VrrpRepr::kLength;
  for (std::size_t i = 0; i < count; ++i, at += 4) {
    if (in.size() < at + 4) return truncated("vrrp");
    fmt::format_to(out, "{}{}", i == 0 ? ' ' : ',', load_ipv4(in.data() + at).to_string());
  }
  if (version == 2 && in[4] == 1) {
    if (in.size() < at + VrrpRepr::kAuthLength) return truncated("vrrp");
    out_ += " auth \"";
    for (std::size_t i = 0; i < VrrpRepr::kAuthLength && in[at + i] != 0; ++i) {
      const std::uint8_t c = in[at + i];
      if (c >= 0x20 && c < 0x7f) {
        out_ += static_cast<char>(c);
      } else {
        fmt::format_to(out, "^{}", static_cast<char>(c ^ 0x40));
      }
    }
    out_ += '"';
  }
  return true;
}

}  // namespace lvslab::detail
