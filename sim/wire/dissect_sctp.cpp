// The reader of SCTP behind dissect(): the common header, then each chunk as a protocol of its own.
#include <fmt/format.h>

#include <algorithm>

#include "sim/wire/dissector.h"
#include "sim/wire/sctp.h"

namespace lvslab::detail {
namespace {

std::string chunk_title(const SctpChunk& chunk) {
  const std::string_view name = name_of(chunk.type);
  return name.empty() ? fmt::format("chunk {}", static_cast<int>(chunk.type)) : std::string(name);
}

std::string_view parameter_name(std::uint16_t type) {
  namespace p = sctp_parameter;
  switch (type) {
    case p::kHeartbeatInfo: return "heartbeat info";
    case p::kIpv4: return "IPv4 address";
    case p::kIpv6: return "IPv6 address";
    case p::kCookie: return "state cookie";
    case p::kUnrecognized: return "unrecognized parameter";
    case p::kCookiePreservative: return "cookie preservative";
    case p::kHostName: return "host name";
    case p::kAddressTypes: return "supported address types";
    case p::kEcn: return "ECN";
    case p::kForwardTsn: return "forward TSN supported";
    default: return "parameter";
  }
}

std::string parameter_text(const SctpParameter& parameter) {
  if (parameter.type == sctp_parameter::kIpv4 && parameter.value.size() == 4) {
    return load_ipv4(parameter.value.data()).to_string();
  }
  return fmt::format("type {}, {} bytes", parameter.type, parameter.value.size());
}

void parameter_fields(Dissector& d, Slice in) {
  Bytes rest = in.of(d);
  while (!rest.empty()) {
    const std::size_t at = in.at + in.size - rest.size();
    const std::size_t before = rest.size();
    const auto parameter = take_sctp_parameter(rest);
    if (!parameter) {
      d.part("malformed", "a parameter has a bad length", at, before);
      return;
    }
    d.field(parameter_name(parameter->type), parameter_text(*parameter), at, before - rest.size());
  }
}

void init_fields(Dissector& d, Slice in) {
  const SctpInit init = *SctpInit::parse(in.of(d));
  d.field("initiate tag", fmt::format("0x{:08x}", init.tag), in.at, 4);
  d.field("receiver window", fmt::format("{} bytes", init.window), in.at + 4, 4);
  d.field("outbound streams", fmt::format("{}", init.out_streams), in.at + 8, 2);
  d.field("inbound streams", fmt::format("{}", init.in_streams), in.at + 10, 2);
  d.field("initial TSN", fmt::format("{}", init.tsn), in.at + 12, 4);
  parameter_fields(d, in.from(SctpInit::kLength));
}

void data_fields(Dissector& d, Slice in) {
  const SctpData data = *SctpData::parse(in.of(d));
  d.field("TSN", fmt::format("{}", data.tsn), in.at, 4);
  d.field("stream", fmt::format("{}", data.stream), in.at + 4, 2);
  d.field("stream sequence number", fmt::format("{}", data.sequence), in.at + 6, 2);
  d.field("payload protocol", fmt::format("{}", data.protocol), in.at + 8, 4);
  if (const Slice payload = in.from(SctpData::kLength); payload.size > 0) {
    d.field("payload", fmt::format("{} bytes", payload.size), payload.at, payload.size);
  }
}

void sack_fields(Dissector& d, Slice in) {
  const Bytes bytes = in.of(d);
  const SctpSack sack = *SctpSack::parse(bytes);
  d.field("cumulative TSN ack", fmt::format("{}", sack.ack), in.at, 4);
  d.field("receiver window", fmt::format("{} bytes", sack.window), in.at + 4, 4);
  d.field("gap blocks", fmt::format("{}", sack.gaps), in.at + 8, 2);
  d.field("duplicates", fmt::format("{}", sack.duplicates), in.at + 10, 2);
  std::size_t at = SctpSack::kLength;
  for (int i = 0; i < sack.gaps && at + 4 <= bytes.size(); ++i, at += 4) {
    d.part("gap block",
           fmt::format("{}-{}", load_be16(bytes.data() + at), load_be16(bytes.data() + at + 2)),
           in.at + at, 4);
  }
  for (int i = 0; i < sack.duplicates && at + 4 <= bytes.size(); ++i, at += 4) {
    d.part("duplicate TSN", fmt::format("{}", load_be32(bytes.data() + at)), in.at + at, 4);
  }
}

struct ChunkReader {
  SctpChunkType type;
  std::size_t least;  ///< bytes of the value
  void (*read)(Dissector&, Slice);
};
constexpr std::array kChunkReaders{
    ChunkReader{SctpChunkType::kInit, SctpInit::kLength, init_fields},
    ChunkReader{SctpChunkType::kInitAck, SctpInit::kLength, init_fields},
    ChunkReader{SctpChunkType::kData, SctpData::kLength, data_fields},
    ChunkReader{SctpChunkType::kSack, SctpSack::kLength, sack_fields},
    ChunkReader{SctpChunkType::kShutdown, 4,
                [](Dissector& d, Slice in) {
                  d.field("cumulative TSN ack",
                          fmt::format("{}", load_be32(d.frame().data() + in.at)), in.at, 4);
                }},
    ChunkReader{SctpChunkType::kCookieEcho, 0,
                [](Dissector& d, Slice in) {
                  d.field("state cookie", fmt::format("{} bytes", in.size), in.at, in.size);
                }},
    ChunkReader{SctpChunkType::kHeartbeat, 0, parameter_fields},
    ChunkReader{SctpChunkType::kHeartbeatAck, 0, parameter_fields},
};

/// One chunk at the start of `in`; how many bytes it takes, 0 if nothing can follow.
std::size_t read_chunk(Dissector& d, Slice in) {
  Bytes rest = in.of(d);
  const auto chunk = take_sctp_chunk(rest);
  if (!chunk) {
    d.malformed("an SCTP chunk has a bad length", in.at, in.size);
    return 0;
  }
  const std::size_t taken = in.size - rest.size();
  const std::size_t size = chunk->value.size() + SctpChunk::kHeader;
  d.protocol("SCTP chunk", chunk_title(*chunk), in.at, size);
  d.field("type", fmt::format("{} ({})", static_cast<int>(chunk->type), chunk_title(*chunk)), in.at,
          1);
  d.field("flags", fmt::format("0x{:02x}", chunk->flags), in.at + 1, 1);
  d.field("length", fmt::format("{} bytes", chunk->length), in.at + 2, 2);
  const auto reader = std::ranges::find(kChunkReaders, chunk->type, &ChunkReader::type);
  const Slice value{in.at + SctpChunk::kHeader, chunk->value.size()};
  if (reader != kChunkReaders.end() && value.size >= reader->least) {
    reader->read(d, value);
  } else if (reader != kChunkReaders.end()) {
    d.malformed("an SCTP chunk is too short for its type", value.at, value.size);
  } else if (value.size > 0) {
    d.field("value", fmt::format("{} bytes", value.size), value.at, value.size);
  }
  if (!chunk->is_whole()) {
    d.malformed(fmt::format("{} bytes of an SCTP chunk are missing", chunk->length - size), in.at,
                size);
  }
  return taken;
}

std::string checksum_words(Bytes packet, bool whole) {
  const std::uint32_t value = load_be32(packet.data() + SctpRepr::kChecksumAt);
  if (!whole) return fmt::format("0x{:08x} (not verifiable: part of the data is missing)", value);
  const std::uint32_t right = sctp_checksum(packet);
  if (value == right) return fmt::format("0x{:08x} (correct)", value);
  return fmt::format("0x{:08x} (wrong, should be 0x{:08x})", value, right);
}

}  // namespace

void read_sctp(Dissector& d, Slice in, const IpContext& ip) {
  const Bytes bytes = in.of(d);
  const auto sctp = SctpRepr::parse_header(bytes);
  if (!sctp) {
    d.malformed("SCTP header is truncated", in.at, in.size);
    return;
  }
  const bool whole = !ip.fragment && in.size >= ip.length;
  d.protocol("SCTP", fmt::format("{} > {}", sctp->src_port, sctp->dst_port), in.at,
             SctpRepr::kLength);
  d.field("source port", fmt::format("{}", sctp->src_port), in.at, 2);
  d.field("destination port", fmt::format("{}", sctp->dst_port), in.at + 2, 2);
  d.field("verification tag", fmt::format("0x{:08x}", sctp->tag), in.at + SctpRepr::kTagAt, 4);
  d.field("checksum", checksum_words(bytes, whole), in.at + SctpRepr::kChecksumAt, 4);
  Slice rest = in.from(SctpRepr::kLength);
  while (rest.size > 0) {
    const std::size_t taken = read_chunk(d, rest);
    if (taken == 0) return;
    rest = rest.from(taken);
  }
}

}  // namespace lvslab::detail
