// TCP and HTTP in the words of tcp_print() (print-tcp.c) and txtproto_print() (util-print.c).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "sim/wire/summary_printer.h"
#include "sim/wire/text.h"

namespace lvslab {

TcpSequenceTracker::Base TcpSequenceTracker::base_of(const Segment& segment) {
  const bool reversed = segment.src_port > segment.dst_port ||
                        (segment.src_port == segment.dst_port && segment.src > segment.dst);
  const Key key = reversed ? Key{segment.dst, segment.src, segment.dst_port, segment.src_port}
                           : Key{segment.src, segment.dst, segment.src_port, segment.dst_port};
  const auto [found, is_new] = conversations_.try_emplace(key);
  Start& start = found->second;
  Base base;
  if (is_new || segment.syn) {
    start = reversed ? Start{segment.ack - 1, segment.seq} : Start{segment.seq, segment.ack - 1};
  } else {
    base.seq = reversed ? start.high : start.low;
    base.ack = reversed ? start.low : start.high;
  }
  base.sack = reversed ? start.low : start.high;
  return base;
}

namespace detail {

namespace {

std::string flag_letters(std::uint8_t flags) {
  static constexpr std::string_view kLetters = "FSRP.UEW";  // from bit 0 upward
  std::string text;
  for (std::size_t bit = 0; bit < kLetters.size(); ++bit) {
    if ((flags >> bit & 1U) != 0) text += kLetters[bit];
  }
  return text.empty() ? "none" : text;
}

bool is_http_port(std::uint16_t port) { return port == 80 || port == 8080; }

std::string option_name(std::uint8_t kind) {
  switch (kind) {
    case tcp_option::kEnd: return "eol";
    case tcp_option::kNop: return "nop";
    case tcp_option::kMss: return "mss";
    case tcp_option::kWindowScale: return "wscale";
    case tcp_option::kSackPermitted: return "sackOK";
    case tcp_option::kSack: return "sack";
    case tcp_option::kTimestamps: return "TS";
    default: return fmt::format("unknown-{}", kind);
  }
}

}  // namespace

bool TcpdumpPrinter::tcp(Bytes in, std::size_t length, const Ip& ip) {
  if (in.size() < 4) {
    addresses(ip, ":");
    truncated("tcp");
    return true;
  }
  const auto out = std::back_inserter(out_);
  const std::uint16_t src_port = load_be16(in.data());
  const std::uint16_t dst_port = load_be16(in.data() + 2);
  fmt::format_to(out, "{}.{} > {}.{}: ", name_of(ip.src), src_port, name_of(ip.dst), dst_port);
  if (in.size() < TcpRepr::kLength) return truncated("tcp");
  const std::size_t header_length = tcp_header_length(in);
  if (header_length < TcpRepr::kLength) {
    fmt::format_to(out, " tcp {} [bad hdr length {} - too short, < 20]", length - header_length,
                   header_length);
    return true;
  }
  const std::uint8_t flags = in[13];
  fmt::format_to(out, "Flags [{}]", flag_letters(flags));
  const Numbers numbers = relative_numbers(in, ip);
  if (header_length > length) {
    fmt::format_to(out, " [bad hdr length {} - too long, > {}]", header_length, length);
    return true;
  }
  const std::size_t data_length = length - header_length;
  if (style_.verbose > 0 && !ip.fragmented) tcp_checksum(in, length, ip);
  tcp_numbers(in, data_length, numbers);
  if (header_length > TcpRepr::kLength &&
      !tcp_options(in.subspan(TcpRepr::kLength), header_length - TcpRepr::kLength)) {
    return false;
  }
  fmt::format_to(out, ", length {}", data_length);
  if (data_length == 0 || in.size() < header_length) return true;
  if ((flags & tcp_flag::kRst) != 0 && style_.verbose > 0) return true;
  if (is_http_port(src_port) || is_http_port(dst_port)) {
    out_ += ": ";
    http(in.subspan(header_length), data_length);
  }
  return true;
}

TcpdumpPrinter::Numbers TcpdumpPrinter::relative_numbers(Bytes in, const Ip& ip) {
  const std::uint32_t seq = load_be32(in.data() + 4), ack = load_be32(in.data() + 8);
  if ((in[13] & tcp_flag::kAck) == 0 || style_.absolute_sequence) return {seq, ack};
  const bool syn = (in[13] & tcp_flag::kSyn) != 0;
  const auto base = tracker_.base_of(
      {ip.src, ip.dst, load_be16(in.data()), load_be16(in.data() + 2), seq, ack, syn});
  sack_base_ = base.sack;
  return {seq - base.seq, ack - base.ack};
}

void TcpdumpPrinter::tcp_numbers(Bytes in, std::size_t data_length, const Numbers& numbers) {
  const auto out = std::back_inserter(out_);
  const std::uint8_t flags = in[13];
  if (data_length > 0 || (flags & (tcp_flag::kSyn | tcp_flag::kFin | tcp_flag::kRst)) != 0) {
    fmt::format_to(out, ", seq {}", numbers.seq);
    if (data_length > 0) {
      fmt::format_to(out, ":{}", numbers.seq + static_cast<std::uint32_t>(data_length));
    }
  }
  if ((flags & tcp_flag::kAck) != 0) fmt::format_to(out, ", ack {}", numbers.ack);
  fmt::format_to(out, ", win {}", load_be16(in.data() + 14));
  if ((flags & tcp_flag::kUrg) != 0) fmt::format_to(out, ", urg {}", load_be16(in.data() + 18));
}

void TcpdumpPrinter::tcp_checksum(Bytes in, std::size_t length, const Ip& ip) {
  if (in.size() < length) return;
  const std::uint16_t field = load_be16(in.data() + 16);
  const std::uint64_t sum =
      pseudo_header_sum(ip.src, ip.dst, static_cast<std::uint8_t>(IpProto::kTcp), length) +
      sum_bytes(in.first(length));
  fmt::format_to(std::back_inserter(out_), ", cksum 0x{:04x}", field);
  if (fold_sum(sum) == 0xffff) {
    out_ += " (correct)";
  } else {
    fmt::format_to(std::back_inserter(out_), " (incorrect -> 0x{:04x})",
                   checksum_should_be(field, sum));
  }
}

/// `left` is what the header says, `in` what is there.
bool TcpdumpPrinter::tcp_options(Bytes in, std::size_t left) {
  out_ += ", options [";
  std::size_t at = 0;
  for (bool first = true; left > 0; first = false) {
    if (!first) out_ += ',';
    if (at >= in.size()) return truncated("tcp");
    const std::uint8_t kind = in[at];
    if (kind == tcp_option::kEnd || kind == tcp_option::kNop) {
      out_ += option_name(kind);
      ++at;
      --left;
      if (kind == tcp_option::kEnd) break;
      continue;
    }
    const std::size_t before = left;
    if (!tcp_option(in, at, left)) return false;
    if (left == before) {  // malformed: nothing was taken
      out_ += "[bad opt]";
      if (!first) out_ += ']';
      return false;
    }
  }
  out_ += ']';
  return true;
}

bool TcpdumpPrinter::tcp_option(Bytes in, std::size_t& at, std::size_t& left) {
  namespace opt = tcp_option;
  if (at + 1 >= in.size()) return truncated("tcp");
  const std::uint8_t kind = in[at];
  const std::size_t size = in[at + 1];
  if (size < 2 || size > left) return true;
  out_ += option_name(kind);
  std::size_t need = size - 2;
  if (kind == opt::kMss) need = 2;
  if (kind == opt::kWindowScale) need = 1;
  if (kind == opt::kTimestamps) need = 8;
  if (kind == opt::kSackPermitted) need = 0;
  if (need > left - 2) return true;
  const bool cut = at + 2 + need > in.size();  // tcpdump prints how far it came
  const Bytes data = in.subspan(at + 2, cut ? in.size() - at - 2 : need);
  const auto out = std::back_inserter(out_);
  const bool has_steps = kind == opt::kSack || option_name(kind).starts_with("unknown");
  switch (cut && !has_steps ? opt::kSackPermitted : kind) {
    case opt::kMss: fmt::format_to(out, " {}", load_be16(data.data())); break;
    case opt::kWindowScale: fmt::format_to(out, " {}", data[0]); break;
    case opt::kSackPermitted: break;
    case opt::kTimestamps:
      fmt::format_to(out, " val {} ecr {}", load_be32(data.data()), load_be32(data.data() + 4));
      break;
    case opt::kSack: tcp_sacks(data, need); break;
    default:
      if (need > 0) out_ += " 0x";
      for (const std::uint8_t byte : data) fmt::format_to(out, "{:02x}", byte);
  }
  if (cut) {
    truncated("tcp");
    if (at > 0) out_ += '>';
    return false;
  }
  if (need + 2 != size) fmt::format_to(out, "[len {}]", size);
  at += 2 + need;
  left -= 2 + need;
  return true;
}

/// `claimed` bytes of blocks, of which `data` is there.
void TcpdumpPrinter::tcp_sacks(Bytes data, std::size_t claimed) {
  if (claimed % 8 != 0) {
    out_ += " invalid sack";
    return;
  }
  fmt::format_to(std::back_inserter(out_), " {} ", claimed / 8);
  for (std::size_t i = 0; i + 8 <= data.size(); i += 8) {
    fmt::format_to(std::back_inserter(out_), "{{{}:{}}}", load_be32(data.data() + i) - sack_base_,
                   load_be32(data.data() + i + 4) - sack_base_);
  }
}

void TcpdumpPrinter::http(Bytes in, std::size_t length) {
  out_ += "HTTP";
  if (!starts_http_message(in.first(std::min(in.size(), length)))) return;
  if (style_.verbose == 0) {
    text_line(": ", in, 0, length);
    return;
  }
  fmt::format_to(std::back_inserter(out_), ", length: {}", length);
  std::size_t at = 0;
  while (at < length && (at = text_line("\n\t", in, at, length)) != 0) {
  }
}

std::size_t TcpdumpPrinter::text_line(std::string_view prefix, Bytes in, std::size_t at,
                                      std::size_t length) {
  std::size_t end = at;
  for (; end < length; ++end) {
    if (end >= in.size()) {
      truncated("http");
      return 0;
    }
    const std::uint8_t c = in[end];
    if (c == '\n' || c == '\r') break;
    if ((c < 0x20 || c > 0x7e) && c != '\t') return 0;
  }
  std::size_t next = end + 1;
  if (end < length && in[end] == '\r') {
    if (next >= in.size()) {
      if (next < length) truncated("http");
      return 0;
    }
    if (in[next] != '\n') return 0;
    ++next;
  }
  out_ += prefix;
  out_.append(reinterpret_cast<const char*>(in.data()) + at, end - at);
  if (end == length) {
    truncated("http");
    return 0;
  }
  return next;
}

}  // namespace detail
}  // namespace lvslab
