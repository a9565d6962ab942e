#include "sim/ipvs/ftp.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace lvslab::ipvs {
namespace {

char lower_case(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_decimal(char c) { return c >= '0' && c <= '9'; }

/// strncasecmp(): FTP's commands have no case.
bool begins_with(std::string_view text, std::string_view word) {
  return text.size() >= word.size() &&
         std::ranges::equal(text.substr(0, word.size()), word, {}, lower_case, lower_case);
}

/// Reads a segment from left to right. What ends with the segment is not whole yet.
class FtpReader {
 public:
  FtpReader(std::string_view text, std::size_t at) : text_(text), at_(at) {}

  bool at_end() const { return at_ >= text_.size(); }
  char peek() const { return text_[at_]; }
  std::size_t at() const { return at_; }
  void next() { ++at_; }
  bool take(char c) {
    if (at_end() || peek() != c) return false;
    next();
    return !at_end();
  }
  /// Goes behind a run of `mark`; `or_digit`: a digit before it will do as well.
  bool skip_to(char mark, bool or_digit) {
    for (; !at_end() && peek() != mark; next()) {
      if (or_digit && is_decimal(peek())) return true;
    }
    while (!at_end() && peek() == mark) next();
    return !at_end();
  }
  /// Digits; nothing if they go beyond `most`. None at all are 0.
  std::optional<std::uint32_t> number(std::uint32_t most) {
    std::uint32_t value = 0;
    for (; !at_end() && is_decimal(peek()); next()) {
      value = value * 10 + static_cast<std::uint32_t>(peek() - '0');
      if (value > most) return std::nullopt;
    }
    if (at_end()) return std::nullopt;
    return value;
  }

 private:
  std::string_view text_;
  std::size_t at_;
};

/// "192,168,80,10,156,64".
std::optional<FtpTarget> read_plain(FtpReader reader) {
  FtpTarget target{.at = reader.at()};
  std::array<std::uint32_t, 6> parts{};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i != 0 && !reader.take(',')) return std::nullopt;
    const auto part = reader.number(255);
    if (!part) return std::nullopt;
    parts[i] = *part;
  }
  target.length = reader.at() - target.at;
  target.to.addr = {parts[0] << 24 | parts[1] << 16 | parts[2] << 8 | parts[3]};
  target.to.port = static_cast<std::uint16_t>(parts[4] << 8 | parts[5]);
  return target;
}

/// "1|192.168.80.10|" behind the first delimiter, or "||" where the address is known.
std::optional<Ipv4Addr> read_extended_address(FtpReader& reader, char delimiter,
                                              std::optional<Ipv4Addr> known) {
  if (reader.peek() == delimiter) {
    reader.next();
    if (!known || !reader.take(delimiter)) return std::nullopt;
    return known;
  }
  if (!reader.take('1') || !reader.take(delimiter)) return std::nullopt;
  std::uint32_t bits = 0;
  for (int i = 0; i < 4; ++i) {
    if (i != 0 && !reader.take('.')) return std::nullopt;
    if (!is_decimal(reader.peek())) return std::nullopt;
    const auto part = reader.number(255);
    if (!part) return std::nullopt;
    bits = bits << 8 | *part;
  }
  if (!reader.take(delimiter)) return std::nullopt;
  return Ipv4Addr{bits};
}

/// "|1|192.168.80.10|40000|", with any delimiter; `known` may stand for the address.
std::optional<FtpTarget> read_extended(FtpReader reader, std::optional<Ipv4Addr> known) {
  FtpTarget target{.at = reader.at()};
  const char delimiter = reader.peek();
  if (delimiter < 33 || delimiter > 126 || !reader.take(delimiter)) return std::nullopt;
  const auto addr = read_extended_address(reader, delimiter, known);
  if (!addr || reader.at_end()) return std::nullopt;
  const auto port = reader.number(65'535);
  if (!port || *port == 0 || reader.peek() != delimiter) return std::nullopt;
  reader.next();
  target.length = reader.at() - target.at;
  target.to = {*addr, static_cast<std::uint16_t>(*port)};
  return target;
}

/// EPSV, EPSV 1: an IPv4 address may be had.
bool is_epsv(std::string_view text) {
  if (!begins_with(text, "EPSV") || text.size() < 5) return false;
  if (text[4] == '\r') return true;
  return text[4] == ' ' && text.size() >= 7 && text[5] == '1' && text[6] == '\r';
}

bool is_other_epsv(std::string_view text) { return begins_with(text, "EPSV ") && !is_epsv(text); }

}  // namespace

std::optional<FtpMode> ftp_asks_passive(std::string_view segment) {
  constexpr std::size_t kShortest = 6;  // "PASV\r\n"
  for (std::size_t i = 0; i + kShortest <= segment.size(); ++i) {
    const std::string_view text = segment.substr(i);
    if (begins_with(text, "PASV\r\n")) return FtpMode::kPassive;
    if (is_epsv(text)) return FtpMode::kExtendedPassive;
    if (is_other_epsv(text)) return std::nullopt;
  }
  return std::nullopt;
}

std::optional<FtpTarget> ftp_active_target(std::string_view segment) {
  const bool extended = begins_with(segment, "EPRT");
  if (!extended && !begins_with(segment, "PORT")) return std::nullopt;
  FtpReader reader(segment, 4);
  if (!reader.skip_to(' ', !extended)) return std::nullopt;
  return extended ? read_extended(reader, std::nullopt) : read_plain(reader);
}

std::optional<FtpTarget> ftp_passive_target(std::string_view segment, FtpMode mode,
                                            Ipv4Addr server) {
  const bool extended = mode == FtpMode::kExtendedPassive;
  if (!begins_with(segment, extended ? "229 " : "227 ")) return std::nullopt;
  FtpReader reader(segment, 4);
  if (!reader.skip_to('(', !extended)) return std::nullopt;
  return extended ? read_extended(reader, server) : read_plain(reader);
}

std::string ftp_passive_text(FtpMode mode, Endpoint virt) {
  if (mode == FtpMode::kExtendedPassive) return fmt::format("|||{}|", virt.port);
  const std::uint32_t a = virt.addr.bits;
  return fmt::format("{},{},{},{},{},{}", a >> 24, a >> 16 & 0xff, a >> 8 & 0xff, a & 0xff,
                     virt.port >> 8, virt.port & 0xff);
}

}  // namespace lvslab::ipvs
