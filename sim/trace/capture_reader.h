// Reads what tcpdump, Wireshark or this program captured: .pcapng and classic .pcap, whichever
// byte order, micro- or nanoseconds.
//
// Models: Ethernet frames with their time, interface, direction and comment; names of interfaces
// and of IPv4 addresses. Leaves out: link types other than Ethernet, statistics, secrets,
// compression. What was cut by a snap length stays cut.
//
// Source: IETF draft-ietf-opsawg-pcapng §3, §4.1 to §4.5; draft-ietf-opsawg-pcap §4, §5.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/ip_addr.h"
#include "sim/base/result.h"
#include "sim/wire/bytes.h"

namespace lvslab {

struct CaptureInterface {
  std::string name;             ///< "node01/eth0" in captures of this program; may be empty
  MacAddr mac{};                ///< zero if the file does not say
  std::uint8_t resolution = 6;  ///< if_tsresol: 10^-6 s; bit 7: a power of two
  bool ethernet = true;
};

enum class CaptureWay : std::uint8_t { kUnknown, kIn, kOut };

struct CapturedFrame {
  std::int64_t at_ns = 0;       ///< since 1970
  std::uint32_t interface = 0;  ///< index of Capture::interfaces
  CaptureWay way = CaptureWay::kUnknown;
  std::vector<std::uint8_t> bytes;
  std::string comment;
};

struct CaptureName {
  IpAddr addr;
  std::string name;
};

struct Capture {
  std::vector<CaptureInterface> interfaces;
  std::vector<CapturedFrame> frames;  ///< in the order of the file
  std::vector<CaptureName> names;
  /// The byte at which it is cut off or damaged; all before it is here. Only with kKept.
  std::optional<std::size_t> cut_at;
};

/// True if a file that begins so is a capture, by its first four bytes.
bool begins_capture(Bytes file);

/// What becomes of a capture that is cut off: of one that was copied while it was written, say.
enum class CutCapture : std::uint8_t { kRefused, kKept };

/// Errors: not a capture, cut off (with kKept: before the first frame), or without a single
/// Ethernet frame; they name the byte.
Result<Capture> parse_capture(Bytes file, CutCapture cut = CutCapture::kRefused);
/// Errors: the file cannot be read, and those above; they name the file.
Result<Capture> read_capture(const std::string& path, CutCapture cut = CutCapture::kRefused);

}  // namespace lvslab
