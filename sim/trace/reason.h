// The catalogue of reasons: one code for every decision that the stack explains. A code has a
// sentence in English and in Chinese, the place in the RFC or the kernel that it comes from, and
// the types of its arguments. Rooms add their codes in sim/trace/reasons/<room>.def:
//
//   LVSLAB_REASON(kArpIgnored, "arp-ignored", Args(Ip, Int, None),
//                 "{node} stays silent: {0} is not on {dev}, and arp_ignore={1} requires that.",
//                 "{node} 不应答：{0} 不在 {dev} 上，而 arp_ignore={1} 要求地址必须在入接口上。",
//                 "net/ipv4/arp.c: arp_ignore()")
//
// Placeholders: {node} the host, {dev} the record's interface, {0} {1} {2} the arguments.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace lvslab {

enum class Reason : std::uint16_t {
  kNone,
#define LVSLAB_REASON(id, name, args, en, zh, source) id,
#include "sim/trace/reasons/all.def"
#undef LVSLAB_REASON
  kCount
};

/// How an argument of a record is printed.
enum class ArgKind : std::uint8_t {
  kNone,
  kIp,       ///< an IPv4 address
  kInt,      ///< a signed decimal
  kPort,     ///< a TCP or UDP port
  kDev,      ///< an IfIndex of the record's node
  kMacHigh,  ///< the upper 32 bits of a MAC; the next argument holds the lower 16
  kMacLow,
  kMs,          ///< a time in milliseconds, printed with its unit: "1000 ms"
  kText,        ///< a text of the trace (Trace::text)
  kNetmask,     ///< a prefix length, printed "/24"
  kTcpState,    ///< lvslab::TcpState
  kConnState,   ///< lvslab::IpvsConnState
  kNeighState,  ///< lvslab::NeighState
  kTcpFlags,    ///< the flags byte of a TCP header: "SYN,ACK"
  kSctpChunk,   ///< the type of a chunk: "INIT ACK"
  kHex
};

using ReasonArgs = std::array<ArgKind, 3>;

struct ReasonInfo {
  Reason code = Reason::kNone;
  std::string_view name;  ///< the name in scenario files and JSON: "arp-ignored"
  ReasonArgs args{};
  std::string_view en, zh;
  std::string_view source;  ///< RFC section, or kernel file and function
};

/// The catalogue entry of `code`; Reason::kNone has an empty name.
const ReasonInfo& info(Reason code);
/// The code with the name `name` of the catalogue.
std::optional<Reason> reason_by_name(std::string_view name);
/// All entries, in the order of their codes, without kNone.
std::span<const ReasonInfo> all_reasons();

}  // namespace lvslab
