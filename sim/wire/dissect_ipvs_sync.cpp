// The reader of IPVS sync messages behind dissect().
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "sim/wire/dissector.h"
#include "sim/wire/ipvs_sync.h"

namespace lvslab::detail {
namespace {

std::string flag_names(std::uint32_t flags) {
  static constexpr std::array<std::string_view, 5> kForward{"masq", "local node", "tunnel",
                                                            "direct route", "bypass"};
  const std::uint32_t forward = flags & ipvs_flag::kForwardMask;
  std::string text(forward < kForward.size() ? kForward[forward] : "unknown");
  const auto add = [&](std::uint32_t flag, std::string_view name) {
    if ((flags & flag) != 0) fmt::format_to(std::back_inserter(text), ", {}", name);
  };
  add(ipvs_flag::kSync, "learned by sync");
  add(ipvs_flag::kNoOutput, "no output");
  add(ipvs_flag::kInactive, "inactive");
  add(ipvs_flag::kNoClientPort, "no client port");
  add(ipvs_flag::kTemplate, "template");
  add(ipvs_flag::kConntrack, "tracked");
  return text;
}

void name_ends(Dissector& d, std::size_t at, const IpvsSyncEntry& e, std::size_t size) {
  d.field("connection",
          fmt::format("{}:{} > {}:{} at {}:{}", e.client.to_string(), e.client_port,
                      e.virt.to_string(), e.virt_port, e.dest.to_string(), e.dest_port),
          at, size);
}

void read_entry_v0(Dissector& d, std::size_t at, const IpvsSyncEntry& e, std::size_t size) {
  name_ends(d, at, e, size);
  d.part("protocol", fmt::format("{}", e.protocol), at + 1, 1);
  d.part("client port", fmt::format("{}", e.client_port), at + 2, 2);
  d.part("virtual port", fmt::format("{}", e.virt_port), at + 4, 2);
  d.part("server port", fmt::format("{}", e.dest_port), at + 6, 2);
  d.part("client", e.client.to_string(), at + 8, 4);
  d.part("virtual address", e.virt.to_string(), at + 12, 4);
  d.part("server", e.dest.to_string(), at + 16, 4);
  d.part("flags", fmt::format("0x{:04x} ({})", e.flags, flag_names(e.flags)), at + 20, 2);
  d.part("state", fmt::format("{}", e.state), at + 22, 2);
}

void read_entry(Dissector& d, std::size_t at, const IpvsSyncEntry& e, std::size_t size) {
  name_ends(d, at, e, size);
  d.part("type", "0 (IPv4)", at, 1);
  d.part("protocol", fmt::format("{}", e.protocol), at + 1, 1);
  d.part("size", fmt::format("{} bytes", size), at + 2, 2);
  d.part("flags", fmt::format("0x{:08x} ({})", e.flags, flag_names(e.flags)), at + 4, 4);
  d.part("state", fmt::format("{}", e.state), at + 8, 2);
  d.part("client port", fmt::format("{}", e.client_port), at + 10, 2);
  d.part("virtual port", fmt::format("{}", e.virt_port), at + 12, 2);
  d.part("server port", fmt::format("{}", e.dest_port), at + 14, 2);
  d.part("firewall mark", fmt::format("{}", e.fwmark), at + 16, 4);
  d.part("timeout", fmt::format("{} s", e.timeout_s), at + 20, 4);
  d.part("client", e.client.to_string(), at + 24, 4);
  d.part("virtual address", e.virt.to_string(), at + 28, 4);
  d.part("server", e.dest.to_string(), at + 32, 4);
  if (size > IpvsSyncEntry::kLength) {
    const std::size_t options = size - IpvsSyncEntry::kLength;
    d.part("options", fmt::format("{} bytes", options), at + IpvsSyncEntry::kLength, options);
  }
}

/// Version 0: the count stands where later versions have 0.
void read_v0(Dissector& d, Slice in, const IpvsSyncRepr& head) {
  d.field("count", fmt::format("{}", head.count), in.at, 1);
  Slice rest = in.from(IpvsSyncRepr::kLengthV0);
  for (std::uint8_t i = 0; i < head.count; ++i) {
    const auto entry = IpvsSyncEntry::parse_v0(rest.of(d));
    if (!entry) {
      d.malformed(fmt::format("sync entry is {}", to_string(entry.error())), rest.at, rest.size);
      return;
    }
    const std::size_t size = IpvsSyncEntry::stride_of_v0(*entry);
    read_entry_v0(d, rest.at, *entry, size);
    rest = rest.from(size);
  }
}

}  // namespace

void read_ipvs_sync(Dissector& d, Slice in) {
  const auto head = IpvsSyncRepr::parse(in.of(d));
  if (!head) {
    d.protocol("payload", fmt::format("{} bytes", in.size), in.at, in.size);
    return;
  }
  d.protocol("IPVS sync", fmt::format("{} connections, syncid {}", head->count, head->sync_id),
             in.at, in.size);
  d.field("syncid", fmt::format("{}", head->sync_id), in.at + 1, 1);
  d.field("size", fmt::format("{} bytes", head->size), in.at + 2, 2);
  if (head->version != IpvsSyncRepr::kVersion) return read_v0(d, in, *head);
  d.field("count", fmt::format("{}", head->count), in.at + 4, 1);
  d.field("version", fmt::format("{}", IpvsSyncRepr::kVersion), in.at + 5, 1);
  Slice rest = in.from(IpvsSyncRepr::kLength);
  while (rest.size > 0) {
    const auto entry = IpvsSyncEntry::parse(rest.of(d));
    if (!entry) {
      d.malformed(fmt::format("sync entry is {}", to_string(entry.error())), rest.at, rest.size);
      return;
    }
    read_entry(d, rest.at, *entry, IpvsSyncEntry::size_of(rest.of(d)));
    rest = rest.from(std::min(IpvsSyncEntry::stride_of(rest.of(d)), rest.size));
  }
}

}  // namespace lvslab::detail
