#include "sim/trace/capture_reader.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "sim/trace/pcapng_blocks.h"
#include "sim/wire/ipv6.h"

namespace lvslab {
namespace {

constexpr std::uint32_t kSimplePacket = 3;
/// pcap's magic numbers: microseconds and nanoseconds.
constexpr std::uint32_t kMicroMagic = 0xa1b2'c3d4, kNanoMagic = 0xa1b2'3c4d;
constexpr std::size_t kPcapHeader = 24, kPcapRecord = 16, kSmallestBlock = 12;
constexpr std::int64_t kSecond = 1'000'000'000;
constexpr const char* kHint = "captures are .pcap or .pcapng files, uncompressed";

/// Numbers in the byte order of the file. Whoever reads has looked whether they are there.
class Reader {
 public:
  explicit Reader(Bytes bytes) : bytes_(bytes) {}
  void set_swapped(bool big_endian) { big_ = big_endian; }
  std::size_t size() const { return bytes_.size(); }
  Bytes part(std::size_t at, std::size_t length) const { return bytes_.subspan(at, length); }
  std::uint16_t u16(std::size_t at) const { return static_cast<std::uint16_t>(of(part(at, 2))); }
  std::uint32_t u32(std::size_t at) const { return of(part(at, 4)); }
  /// The number that these bytes are.
  std::uint32_t of(Bytes number) const {
    std::uint32_t v = 0;
    for (std::size_t i = 0; i < number.size(); ++i) {
      v = v << 8 | number[big_ ? i : number.size() - 1 - i];
    }
    return v;
  }

 private:
  Bytes bytes_;
  bool big_ = false;
};

std::string text_of(Bytes bytes) {
  std::string text(bytes.begin(), bytes.end());
  return text.substr(0, text.find('\0'));
}

std::unexpected<Error> cut_off(std::size_t at) {
  return fail(fmt::format("the capture is cut off or damaged at byte {}", at), {}, kHint);
}

/// Ticks of an interface's clock as nanoseconds. Source: if_tsresol, §4.2.
std::int64_t nanoseconds(std::uint64_t ticks, std::uint8_t resolution) {
  const std::uint8_t exponent = resolution & 0x7fU;
  if ((resolution & 0x80U) != 0) {
    if (exponent > 63) return 0;
    const std::uint64_t whole = ticks >> exponent;
    std::uint64_t part = ticks - (whole << exponent);
    // Of the part 33 bits are kept: finer than a nanosecond, and the product fits.
    constexpr std::uint8_t kKept = 33;
    std::uint8_t left = exponent;
    if (left > kKept) {
      part >>= left - kKept;
      left = kKept;
    }
    return static_cast<std::int64_t>(whole) * kSecond +
           static_cast<std::int64_t>(part * static_cast<std::uint64_t>(kSecond) >> left);
  }
  std::uint64_t ns = ticks;
  for (std::uint8_t e = exponent; e < 9; ++e) ns *= 10;
  for (std::uint8_t e = 9; e < exponent; ++e) ns /= 10;
  return static_cast<std::int64_t>(ns);
}

// --- pcapng --------------------------------------------------------------------------------------

class PcapngReader {
 public:
  explicit PcapngReader(Bytes file) : in_(file) {}

  /// As far as it is whole.
  Capture read() {
    for (std::size_t at = 0; at < in_.size();) {
      const std::size_t length = take_block(at);
      if (length == 0) {
        capture_.cut_at = at;
        break;
      }
      at += length;
    }
    return std::move(capture_);
  }

 private:
  /// Its length; 0 if it is cut off or damaged.
  std::size_t take_block(std::size_t at) {
    if (in_.size() - at < kSmallestBlock) return 0;
    if (in_.u32(at) == pcapng::kSectionHeader && !begin_section(at)) return 0;
    const std::size_t length = in_.u32(at + 4);
    if (length < kSmallestBlock || length % 4 != 0 || length > in_.size() - at) return 0;
    return take(in_.u32(at), at + 8, at + length - 4) ? length : 0;
  }

  // Interfaces are numbered anew in each section, and may have another byte order.
  bool begin_section(std::size_t at) {
    if (in_.size() - at < 28) return false;
    in_.set_swapped(false);
    if (in_.u32(at + 8) != pcapng::kByteOrderMagic) in_.set_swapped(true);
    first_interface_ = capture_.interfaces.size();
    return in_.u32(at + 8) == pcapng::kByteOrderMagic;
  }

  bool take(std::uint32_t type, std::size_t begin, std::size_t end) {
    switch (type) {
      case pcapng::kInterface: return take_interface(begin, end);
      case pcapng::kEnhancedPacket: return take_packet(begin, end);
      case kSimplePacket: return take_simple(begin, end);
      case pcapng::kNameResolution: return take_names(begin, end);
      default: return true;
    }
  }

  /// Calls `option(code, value)` for each one in [at, end). False if one reaches beyond the end.
  template <class Option>
  bool for_each_option(std::size_t at, std::size_t end, Option option) const {
    while (at + 4 <= end) {
      const std::uint16_t code = in_.u16(at);
      const std::size_t length = in_.u16(at + 2);
      if (code == pcapng::kEndOfOptions) return true;
      if (length > end - at - 4) return false;
      option(code, in_.part(at + 4, length));
      at += 4 + (length + 3) / 4 * 4;
    }
    return true;
  }

  bool take_interface(std::size_t begin, std::size_t end) {
    if (end - begin < 8) return false;
    CaptureInterface made;
    made.ethernet = in_.u16(begin) == pcapng::kLinkEthernet;
    const bool good = for_each_option(begin + 8, end, [&](std::uint16_t code, Bytes value) {
      if (code == pcapng::kIfName) made.name = text_of(value);
      if (code == pcapng::kIfMacAddr && value.size() >= 6) made.mac = load_mac(value.data());
      if (code == pcapng::kIfTsResol && !value.empty()) made.resolution = value[0];
    });
    capture_.interfaces.push_back(std::move(made));
    return good;
  }

  bool take_packet(std::size_t begin, std::size_t end) {
    if (end - begin < 20) return false;
    const std::size_t interface = first_interface_ + in_.u32(begin);
    const std::size_t length = in_.u32(begin + 12);
    if (interface >= capture_.interfaces.size() || length > end - begin - 20) return false;
    const CaptureInterface& on = capture_.interfaces[interface];
    if (!on.ethernet) return true;
    CapturedFrame frame;
    frame.interface = static_cast<std::uint32_t>(interface);
    const std::uint64_t ticks = std::uint64_t{in_.u32(begin + 4)} << 32 | in_.u32(begin + 8);
    frame.at_ns = nanoseconds(ticks, on.resolution);
    const Bytes bytes = in_.part(begin + 20, length);
    frame.bytes.assign(bytes.begin(), bytes.end());
    const std::size_t options = begin + 20 + (length + 3) / 4 * 4;
    const bool good = for_each_option(options, end, [&](std::uint16_t code, Bytes value) {
      if (code == pcapng::kComment) {
        frame.comment += (frame.comment.empty() ? "" : "\n") + text_of(value);
      }
      if (code == pcapng::kEpbFlags && value.size() == 4) frame.way = way_of(value);
    });
    capture_.frames.push_back(std::move(frame));
    return good;
  }

  CaptureWay way_of(Bytes flags) const {
    const std::uint32_t direction = in_.of(flags) & 3U;
    return direction == 1   ? CaptureWay::kIn
           : direction == 2 ? CaptureWay::kOut
                            : CaptureWay::kUnknown;
  }

  // No time and no interface: those of the frame before, and the first one.
  bool take_simple(std::size_t begin, std::size_t end) {
    if (end - begin < 4 || first_interface_ >= capture_.interfaces.size()) return false;
    if (!capture_.interfaces[first_interface_].ethernet) return true;
    CapturedFrame frame;
    frame.interface = static_cast<std::uint32_t>(first_interface_);
    if (!capture_.frames.empty()) frame.at_ns = capture_.frames.back().at_ns;
    const std::size_t length = std::min<std::size_t>(in_.u32(begin), end - begin - 4);
    const Bytes bytes = in_.part(begin + 4, length);
    frame.bytes.assign(bytes.begin(), bytes.end());
    capture_.frames.push_back(std::move(frame));
    return true;
  }

  bool take_names(std::size_t begin, std::size_t end) {
    return for_each_option(begin, end, [&](std::uint16_t code, Bytes value) {
      if (code == pcapng::kNameIpv6 && value.size() >= 17) {
        capture_.names.push_back({load_ipv6(value.data()), text_of(value.subspan(16))});
      }
      if (code != pcapng::kNameIpv4 || value.size() < 5) return;
      capture_.names.push_back({load_ipv4(value.data()), text_of(value.subspan(4))});
    });
  }

  Reader in_;
  Capture capture_;
  std::size_t first_interface_ = 0;  ///< of this section
};

// --- pcap ----------------------------------------------------------------------------------------

/// The type of a section header is the same in both byte orders.
bool is_pcapng(Bytes file) {
  return file.size() >= 4 && Reader(file).u32(0) == pcapng::kSectionHeader;
}

bool is_magic(const Reader& in) { return in.u32(0) == kMicroMagic || in.u32(0) == kNanoMagic; }

Result<Capture> parse_pcap(Bytes file) {
  Reader in(file);
  if (in.size() < kPcapHeader) return cut_off(0);
  if (!is_magic(in)) in.set_swapped(true);
  if (!is_magic(in)) return fail("this is not a capture", {}, kHint);
  const std::int64_t unit = in.u32(0) == kNanoMagic ? 1 : 1'000;
  if ((in.u32(20) & 0xffffU) != pcapng::kLinkEthernet) {
    return fail(fmt::format("the capture has link type {}; only Ethernet (1) can be shown",
                            in.u32(20) & 0xffffU));
  }
  Capture capture;
  capture.interfaces.push_back({});
  for (std::size_t at = kPcapHeader; at < in.size();) {
    const std::size_t left = in.size() - at;
    const std::size_t length = left < kPcapRecord ? 0 : in.u32(at + 8);
    if (left < kPcapRecord || length > left - kPcapRecord) {
      capture.cut_at = at;
      break;
    }
    CapturedFrame frame;
    frame.at_ns = std::int64_t{in.u32(at)} * kSecond + std::int64_t{in.u32(at + 4)} * unit;
    const Bytes bytes = in.part(at + kPcapRecord, length);
    frame.bytes.assign(bytes.begin(), bytes.end());
    capture.frames.push_back(std::move(frame));
    at += kPcapRecord + length;
  }
  return capture;
}

}  // namespace

bool begins_capture(Bytes file) {
  if (file.size() < 4) return false;
  Reader in(file);
  if (is_pcapng(file) || is_magic(in)) return true;
  in.set_swapped(true);
  return is_magic(in);
}

Result<Capture> parse_capture(Bytes file, CutCapture cut) {
  auto capture = is_pcapng(file) ? Result<Capture>(PcapngReader(file).read()) : parse_pcap(file);
  if (capture && capture->cut_at && (cut == CutCapture::kRefused || capture->frames.empty())) {
    return cut_off(*capture->cut_at);
  }
  if (capture && capture->frames.empty()) {
    return fail("the capture has no Ethernet frame in it");
  }
  return capture;
}

Result<Capture> read_capture(const std::string& path, CutCapture cut) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(fmt::format("cannot read it: {}", std::strerror(errno)), {.file = path});
  const std::vector<char> raw{std::istreambuf_iterator<char>(in), {}};
  auto capture =
      parse_capture({reinterpret_cast<const std::uint8_t*>(raw.data()), raw.size()}, cut);
  if (!capture) capture.error().where.file = path;
  return capture;
}

}  // namespace lvslab
