// SCTP in the words of tcpdump: sctp_print(), print-sctp.c.
#include <fmt/format.h>

#include <iterator>

#include "sim/wire/summary_printer.h"

namespace lvslab::detail {
namespace {

std::string chunk_name(SctpChunkType type) {
  switch (type) {
    case SctpChunkType::kHeartbeat: return "HB REQ";
    case SctpChunkType::kHeartbeatAck: return "HB ACK";
    case SctpChunkType::kError: return "OP ERR";
    case SctpChunkType::kCwr: return "ECN CWR";
    case SctpChunkType::kForwardTsn: return "FOR CUM TSN";
    default: break;
  }
  const std::string_view name = name_of(type);
  if (!name.empty()) return std::string(name);
  return fmt::format("Unknown chunk type: 0x{:x}", static_cast<int>(type));
}

/// Bytes of a chunk that have to be there; fewer make it bogus.
std::size_t least_value(SctpChunkType type) {
  switch (type) {
    case SctpChunkType::kData: return SctpData::kLength;
    case SctpChunkType::kInit:
    case SctpChunkType::kInitAck: return SctpInit::kLength;
    case SctpChunkType::kSack: return SctpSack::kLength;
    case SctpChunkType::kShutdown: return 4;
    default: return 0;
  }
}

std::string gap_text(Bytes value) {
  const SctpSack sack = *SctpSack::parse(value);
  std::string text;
  const auto out = std::back_inserter(text);
  std::size_t at = SctpSack::kLength;
  for (int i = 1; i <= sack.gaps && at + 4 <= value.size(); ++i, at += 4) {
    fmt::format_to(out, "\n\t\t[gap ack block #{}: start = {}, end = {}] ", i,
                   sack.ack + load_be16(value.data() + at),
                   sack.ack + load_be16(value.data() + at + 2));
  }
  for (int i = 1; i <= sack.duplicates && at + 4 <= value.size(); ++i, at += 4) {
    fmt::format_to(out, "\n\t\t[dup TSN #{}: {}] ", i, load_be32(value.data() + at));
  }
  return text;
}

}  // namespace

void TcpdumpPrinter::sctp_chunk(SctpChunkType type, std::uint8_t flags, Bytes value) {
  const auto out = std::back_inserter(out_);
  switch (type) {
    case SctpChunkType::kData: {
      const SctpData data = *SctpData::parse(value);
      if ((flags & SctpData::kUnordered) != 0) out_ += "(U)";
      if ((flags & SctpData::kBegin) != 0) out_ += "(B)";
      if ((flags & SctpData::kEnd) != 0) out_ += "(E)";
      if ((flags & (SctpData::kUnordered | SctpData::kBegin | SctpData::kEnd)) != 0) out_ += ' ';
      fmt::format_to(out, "[TSN: {}] [SID: {}] [SSEQ {}] [PPID 0x{:x}] ", data.tsn, data.stream,
                     data.sequence, data.protocol);
      return;
    }
    case SctpChunkType::kInit:
    case SctpChunkType::kInitAck: {
      const SctpInit init = *SctpInit::parse(value);
      fmt::format_to(out, "[init tag: {}] [rwnd: {}] [OS: {}] [MIS: {}] [init TSN: {}] ", init.tag,
                     init.window, init.out_streams, init.in_streams, init.tsn);
      return;
    }
    case SctpChunkType::kSack: {
      const SctpSack sack = *SctpSack::parse(value);
      fmt::format_to(out, "[cum ack {}] [a_rwnd {}] [#gap acks {}] [#dup tsns {}] ", sack.ack,
                     sack.window, sack.gaps, sack.duplicates);
      out_ += gap_text(value);
      return;
    }
    default: return;
  }
}

bool TcpdumpPrinter::sctp(Bytes in, std::size_t length, const Ip& ip) {
  const auto header = SctpRepr::parse_header(in);
  if (!header || length < SctpRepr::kLength) {
    addresses(ip, ": ");
    return truncated("sctp");
  }
  const auto out = std::back_inserter(out_);
  fmt::format_to(out, "{}.{} > {}.{}: sctp", name_of(ip.src), header->src_port, name_of(ip.dst),
                 header->dst_port);
  Bytes rest = in.subspan(SctpRepr::kLength);
  for (int number = 1; !rest.empty(); ++number) {
    if (rest.size() < SctpChunk::kHeader) return truncated("sctp");
    const std::uint16_t claimed = load_be16(rest.data() + 2);
    if (claimed >= SctpChunk::kHeader && claimed > rest.size()) return truncated("sctp");
    fmt::format_to(out, "{} ({}) ", number == 1 ? "" : ",", number);
    const auto chunk = take_sctp_chunk(rest);
    if (!chunk) {
      fmt::format_to(out, "[Bad chunk length {}, < size of chunk descriptor]", claimed);
      return true;
    }
    fmt::format_to(out, "[{}] ", chunk_name(chunk->type));
    if (chunk->value.size() < least_value(chunk->type)) {
      fmt::format_to(out, "bogus chunk length {}]", claimed);
      return true;
    }
    sctp_chunk(chunk->type, chunk->flags, chunk->value);
    if (chunk->type == SctpChunkType::kData && chunk->value.size() == SctpData::kLength) {
      fmt::format_to(out, "bogus chunk length {}]", claimed);  // not a byte of payload
      return true;
    }
  }
  return true;
}

}  // namespace lvslab::detail
