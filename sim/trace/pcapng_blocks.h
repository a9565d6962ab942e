// The bytes of pcapng blocks: little endian, everything padded to four bytes, the total length at
// both ends. Source: IETF draft-ietf-opsawg-pcapng §3.1, §3.5.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "sim/wire/bytes.h"

namespace lvslab {

namespace pcapng {
inline constexpr std::uint32_t kSectionHeader = 0x0a0d'0d0a, kInterface = 1, kNameResolution = 4,
                               kEnhancedPacket = 6;
inline constexpr std::uint32_t kByteOrderMagic = 0x1a2b'3c4d;
inline constexpr std::uint16_t kLinkEthernet = 1;
// Option codes; 2 and above depend on the block.
inline constexpr std::uint16_t kEndOfOptions = 0, kComment = 1;
inline constexpr std::uint16_t kUserAppl = 4;
inline constexpr std::uint16_t kIfName = 2, kIfDescription = 3, kIfMacAddr = 6, kIfTsResol = 9;
inline constexpr std::uint16_t kEpbFlags = 2;
// Records of the name resolution block, built like options.
inline constexpr std::uint16_t kNameEnd = 0, kNameIpv4 = 1, kNameIpv6 = 2;
}  // namespace pcapng

/// One block at the end of `out`, complete when it is destroyed.
class PcapngBlock {
 public:
  PcapngBlock(std::vector<std::uint8_t>& out, std::uint32_t type) : out_(out), begin_(out.size()) {
    put32(type);
    put32(0);  // the length, known at the end
  }
  PcapngBlock(const PcapngBlock&) = delete;
  PcapngBlock& operator=(const PcapngBlock&) = delete;
  ~PcapngBlock() {
    const auto total = static_cast<std::uint32_t>(out_.size() - begin_ + 4);
    for (std::size_t i = 0; i < 4; ++i) {
      out_[begin_ + 4 + i] = static_cast<std::uint8_t>(total >> (8 * i));
    }
    put32(total);
  }

  void put16(std::uint16_t v) { put(v, 2); }
  void put32(std::uint32_t v) { put(v, 4); }
  void put64(std::uint64_t v) { put(v, 8); }
  void put_padded(Bytes bytes) {
    out_.insert(out_.end(), bytes.begin(), bytes.end());
    while ((out_.size() - begin_) % 4 != 0) out_.push_back(0);
  }

  /// At most 65 535 bytes; the rest is cut.
  void option(std::uint16_t code, Bytes value) {
    value = value.first(std::min<std::size_t>(value.size(), 0xffff));
    put16(code);
    put16(static_cast<std::uint16_t>(value.size()));
    put_padded(value);
  }
  void option(std::uint16_t code, std::string_view text) {
    option(code, Bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
  }
  void option32(std::uint16_t code, std::uint32_t value) {
    put16(code);
    put16(4);
    put32(value);
  }
  void end_options() { put32(0); }

 private:
  void put(std::uint64_t v, int bytes) {
    for (int i = 0; i < bytes; ++i) out_.push_back(static_cast<std::uint8_t>(v >> (8 * i)));
  }

  std::vector<std::uint8_t>& out_;
  std::size_t begin_;
};

}  // namespace lvslab
