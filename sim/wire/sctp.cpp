#include "sim/wire/sctp.h"

#include <algorithm>
#include <array>

namespace lvslab {
namespace {

constexpr std::uint32_t kCastagnoli = 0x82f6'3b78U;  // bits reversed

constexpr std::array<std::uint32_t, 256> kCrcTable = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1U) != 0 ? kCastagnoli : 0U);
    table[byte] = crc;
  }
  return table;
}();

std::uint32_t crc_of(std::uint32_t crc, Bytes bytes) {
  for (const std::uint8_t byte : bytes) crc = (crc >> 8) ^ kCrcTable[(crc ^ byte) & 0xffU];
  return crc;
}

}  // namespace

std::string_view name_of(SctpChunkType type) {
  static constexpr auto kNames = std::to_array<std::string_view>(
      {"DATA", "INIT", "INIT ACK", "SACK", "HEARTBEAT", "HEARTBEAT ACK", "ABORT", "SHUTDOWN",
       "SHUTDOWN ACK", "ERROR", "COOKIE ECHO", "COOKIE ACK", "ECN ECHO", "CWR",
       "SHUTDOWN COMPLETE"});
  const auto number = static_cast<std::size_t>(type);
  if (type == SctpChunkType::kForwardTsn) return "FORWARD TSN";
  return number < kNames.size() ? kNames[number] : std::string_view();
}

std::uint32_t sctp_checksum(Bytes packet) {
  static constexpr std::array<std::uint8_t, 4> kNothing{};
  std::uint32_t crc = crc_of(0xffff'ffffU, packet.first(SctpRepr::kChecksumAt));
  crc = crc_of(crc, kNothing);
  return __builtin_bswap32(~crc_of(crc, packet.subspan(SctpRepr::kLength)));
}

void SctpRepr::emit(MutBytes out) const {
  store_be16(out.data(), src_port);
  store_be16(out.data() + 2, dst_port);
  store_be32(out.data() + kTagAt, tag);
  store_be32(out.data() + kChecksumAt, sctp_checksum(out));
}

std::optional<SctpChunk> take_sctp_chunk(Bytes& rest) {
  if (rest.size() < SctpChunk::kHeader) return std::nullopt;
  SctpChunk chunk{SctpChunkType{rest[0]}, rest[1], load_be16(rest.data() + 2), {}};
  if (chunk.length < SctpChunk::kHeader) return std::nullopt;
  chunk.value = rest.first(std::min<std::size_t>(rest.size(), chunk.length));
  chunk.value = chunk.value.subspan(SctpChunk::kHeader);
  rest = rest.subspan(std::min(rest.size(), sctp_padded(chunk.length)));
  return chunk;
}

std::optional<SctpParameter> take_sctp_parameter(Bytes& rest) {
  if (rest.size() < SctpChunk::kHeader) return std::nullopt;
  const std::size_t length = load_be16(rest.data() + 2);
  if (length < SctpChunk::kHeader || length > rest.size()) return std::nullopt;
  const SctpParameter parameter{load_be16(rest.data()),
                                rest.first(length).subspan(SctpChunk::kHeader)};
  rest = rest.subspan(std::min(rest.size(), sctp_padded(length)));
  return parameter;
}

std::optional<SctpInit> SctpInit::parse(Bytes value) {
  if (value.size() < kLength) return std::nullopt;
  const std::uint8_t* p = value.data();
  return SctpInit{load_be32(p), load_be32(p + 4), load_be16(p + 8), load_be16(p + 10),
                  load_be32(p + 12)};
}

void SctpInit::emit(std::uint8_t* out) const {
  store_be32(out, tag);
  store_be32(out + 4, window);
  store_be16(out + 8, out_streams);
  store_be16(out + 10, in_streams);
  store_be32(out + 12, tsn);
}

std::optional<SctpData> SctpData::parse(Bytes value) {
  if (value.size() < kLength) return std::nullopt;
  const std::uint8_t* p = value.data();
  return SctpData{load_be32(p), load_be16(p + 4), load_be16(p + 6), load_be32(p + 8)};
}

void SctpData::emit(std::uint8_t* out) const {
  store_be32(out, tsn);
  store_be16(out + 4, stream);
  store_be16(out + 6, sequence);
  store_be32(out + 8, protocol);
}

std::optional<SctpSack> SctpSack::parse(Bytes value) {
  if (value.size() < kLength) return std::nullopt;
  const std::uint8_t* p = value.data();
  return SctpSack{load_be32(p), load_be32(p + 4), load_be16(p + 8), load_be16(p + 10)};
}

void SctpSack::emit(std::uint8_t* out) const {
  store_be32(out, ack);
  store_be32(out + 4, window);
  store_be16(out + 8, gaps);
  store_be16(out + 10, duplicates);
}

std::vector<std::uint8_t> sctp_chunk(SctpChunkType type, std::uint8_t flags, Bytes value) {
  const std::size_t length = SctpChunk::kHeader + value.size();
  std::vector<std::uint8_t> chunk(sctp_padded(length));
  chunk[0] = static_cast<std::uint8_t>(type);
  chunk[1] = flags;
  store_be16(chunk.data() + 2, static_cast<std::uint16_t>(length));
  std::ranges::copy(value, chunk.begin() + SctpChunk::kHeader);
  return chunk;
}

}  // namespace lvslab
