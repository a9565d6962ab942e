#include "sim/keepalived/conf_checkers.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace lvslab::keepalived {
namespace {

CheckUrl& last_url(ConfReader& r) { return checker(r).urls.back(); }

/// Hex digits in pairs; nothing if the text is something else.
std::optional<std::vector<std::uint8_t>> hex_bytes(std::string_view text) {
  std::vector<std::uint8_t> bytes;
  if (text.size() % 2 != 0) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    std::uint8_t byte = 0;
    const char* end = text.data() + i + 2;
    if (std::from_chars(text.data() + i, end, byte, 16).ptr != end) return std::nullopt;
    bytes.push_back(byte);
  }
  return bytes;
}

/// What ConfReader::flag() reads; else the complaint of this keyword.
void take_flag(ConfReader& r, const ConfLine& line, bool& flag) {
  if (const auto on = r.flag(line)) {
    flag = *on;
  } else {
    r.report(fmt::format("Invalid {} parameter {}", line.words.front(), last_word(line)));
  }
}

}  // namespace

void end_http_get(ConfReader& r) {
  if (!checker(r).urls.empty()) return;
  r.report("HTTP/SSL_GET checker has no urls specified - ignoring");
  checked_server(r).checkers.pop_back();
}

void end_misc_check(ConfReader& r) {
  if (!checker(r).misc.empty()) return;
  r.report("No script path has been specified for MISC_CHECKER - skipping");
  checked_server(r).checkers.pop_back();
}

void end_udp_check(ConfReader& r) {
  const Checker& c = checker(r);
  if (c.udp_min_reply <= c.udp_max_reply) return;
  r.report(fmt::format("UDP_CHECK min_reply length {} > max_reply_length {} - will always fail",
                       c.udp_min_reply, c.udp_max_reply));
}

namespace checker_words {

void connect_ip(ConfReader& r, const ConfLine& line) {
  checker(r).connect_ip = r.address(r.word(line, 1));
  if (!checker(r).connect_ip) {
    r.report(fmt::format("Invalid connect_ip address {} - ignoring", last_word(line)));
  }
}

void bind_to(ConfReader& r, const ConfLine& line) {
  checker(r).bind_ip = r.address(r.word(line, 1));
  if (!checker(r).bind_ip) {
    r.report(fmt::format("Invalid bindto address {} - ignoring", last_word(line)));
  }
}

void connect_port(ConfReader& r, const ConfLine& line) {
  if (const auto port = r.number(line, 1, 1, 65535)) {
    checker(r).connect_port = static_cast<std::uint16_t>(*port);
  } else {
    r.report(fmt::format("Invalid checker connect_port '{}'", last_word(line)));
  }
}

void bind_port(ConfReader& r, const ConfLine& line) {
  if (const auto port = r.number(line, 1, 1, 65535)) {
    checker(r).bind_port = static_cast<std::uint16_t>(*port);
  } else {
    r.report(fmt::format("Invalid checker bind_port '{}'", last_word(line)));
  }
}

void bind_if(ConfReader& r, const ConfLine& line) {
  constexpr std::size_t kLongestDevice = 15;
  const std::string& name = r.word(line, 1);
  if (name.size() > kLongestDevice) {
    return r.report(fmt::format("Interface name {} is too long - ignoring", name));
  }
  checker(r).bind_if = name;
}

void connect_timeout(ConfReader& r, const ConfLine& line) {
  checker(r).connect_timeout = r.seconds(line, 1, {1'000}, kLongestTimer);
  if (!checker(r).connect_timeout) {
    r.report(fmt::format("connect_timeout {} invalid - ignoring", last_word(line)));
  }
}

void retry(ConfReader& r, const ConfLine& line) {
  checker(r).retry = r.number(line, 1, 0, kAnyUnsigned);
  if (!checker(r).retry) {
    r.report(fmt::format("Invalid retry connection value '{}'", last_word(line)));
  }
}

void nb_get_retry(ConfReader& r, const ConfLine& line) {
  r.report("nb_get_retry is deprecated - please use 'retry'");
  checker(r).retry = r.number(line, 1, 0, kAnyUnsigned);
  if (!checker(r).retry) {
    r.report(fmt::format("Invalid nb_get_retry value '{}'", last_word(line)));
  }
}

void delay_before_retry(ConfReader& r, const ConfLine& line) {
  checker(r).delay_before_retry = r.seconds(line, 1, {0}, kLongestTimer);
  if (!checker(r).delay_before_retry) {
    r.report(fmt::format("Invalid delay_before_retry connection value '{}'", last_word(line)));
  }
}

void warmup(ConfReader& r, const ConfLine& line) {
  checker(r).warmup = r.seconds(line, 1, {0}, kLongestTimer);
  if (!checker(r).warmup) {
    r.report(fmt::format("Invalid warmup connection value '{}'", last_word(line)));
  }
}

void delay_loop(ConfReader& r, const ConfLine& line) {
  checker(r).delay_loop = r.seconds(line, 1, {1'000}, kLongestTimer);
  if (!checker(r).delay_loop) {
    r.report(fmt::format("delay_loop '{}' is invalid - ignoring", last_word(line)));
  }
}

void alpha(ConfReader& r, const ConfLine& line) {
  checker(r).alpha = r.flag(line);
  if (!checker(r).alpha) r.report(fmt::format("Invalid alpha parameter {}", last_word(line)));
}

void log_all_failures(ConfReader& r, const ConfLine& line) {
  if (const auto on = r.flag(line)) {
    checker(r).log_all_failures = *on;
  } else {
    r.report(fmt::format("Invalid log_all_failures parameter {}", last_word(line)));
  }
}

// --- HTTP_GET, SSL_GET ---------------------------------------------------------------------------

void virtual_host(ConfReader& r, const ConfLine& line) {
  if (line.words.size() < 2) return r.report("HTTP_GET virtualhost name missing");
  checker(r).virtual_host = line.words[1];
}

void http_protocol(ConfReader& r, const ConfLine& line) {
  if (line.words.size() < 2) return r.report("Missing http_protocol version");
  const std::string& version = line.words[1];
  constexpr std::array<std::string_view, 6> kKnown{"1.0", "1.1", "1.0C", "1.0K", "1.1C", "1.1K"};
  if (std::ranges::find(kKnown, version) == kKnown.end()) {
    return r.report(fmt::format("Invalid http_protocol version {}", version));
  }
  checker(r).http_protocol = version;
}

void enable_sni(ConfReader& r, const ConfLine& line) { take_flag(r, line, checker(r).enable_sni); }

void fast_recovery(ConfReader& r, const ConfLine& line) {
  take_flag(r, line, checker(r).fast_recovery);
}

void url(ConfReader& r, const ConfLine&) { checker(r).urls.emplace_back(); }

void end_url(ConfReader& r) {
  if (!last_url(r).path.empty()) return;
  r.report("HTTP/SSL_GET checker url has no path - ignoring");
  checker(r).urls.pop_back();
}

void url_path(ConfReader& r, const ConfLine& line) { last_url(r).path = r.word(line, 1); }

void url_digest(ConfReader& r, const ConfLine& line) {
  constexpr std::size_t kLength = 32;  // MD5 in hex
  const std::string& digest = r.word(line, 1);
  if (!last_url(r).digest.empty()) {
    return r.report(fmt::format("Digest '{}' is a duplicate", digest));
  }
  if (digest.size() != kLength) {
    return r.report(fmt::format("digest '{}' character length should be {} rather than {}", digest,
                                kLength, digest.size()));
  }
  if (!hex_bytes(digest)) {
    return r.report(fmt::format("Unable to interpret hex digit in '{}'", digest));
  }
  last_url(r).digest = digest;
}

void url_status_code(ConfReader& r, const ConfLine& line) {
  constexpr unsigned kMin = 100, kMax = 599;
  static_cast<void>(r.word(line, 1));
  for (std::size_t i = 1; i < line.words.size(); ++i) {
    const std::string& text = line.words[i];
    unsigned low = 0, high = 0;
    const char* end = text.data() + text.size();
    auto parsed = std::from_chars(text.data(), end, low);
    high = low;
    if (parsed.ec == std::errc() && parsed.ptr != end && *parsed.ptr == '-') {
      parsed = std::from_chars(parsed.ptr + 1, end, high);
    }
    if (parsed.ec != std::errc() || parsed.ptr != end || low < kMin || high > kMax || low > high) {
      r.report(fmt::format("Invalid HTTP_GET status code '{}'", text));
      continue;
    }
    last_url(r).status_codes.emplace_back(static_cast<std::uint16_t>(low),
                                          static_cast<std::uint16_t>(high));
  }
}

void url_virtual_host(ConfReader& r, const ConfLine& line) {
  if (line.words.size() < 2) return r.report("Missing HTTP_GET virtualhost name");
  last_url(r).virtual_host = line.words[1];
}

// --- MISC_CHECK, DNS_CHECK, UDP_CHECK ------------------------------------------------------------

void misc_path(ConfReader& r, const ConfLine& line) {
  static_cast<void>(r.word(line, 1));
  checker(r).misc = r.script(line);
}

void misc_timeout(ConfReader& r, const ConfLine& line) {
  if (const auto value = r.number(line, 1, 0, 4294)) {
    checker(r).misc_timeout = SimDuration{std::int64_t{*value} * 1'000'000'000};
  } else {
    r.report(fmt::format("Invalid misc_timeout value '{}'", last_word(line)));
  }
}

void misc_dynamic(ConfReader& r, const ConfLine&) { checker(r).misc_dynamic = true; }

void dns_type(ConfReader& r, const ConfLine& line) {
  constexpr std::array<std::string_view, 9> kTypes{"A",   "NS",   "CNAME", "SOA",   "MX",
                                                   "TXT", "AAAA", "RRSIG", "DNSKEY"};
  const std::string& text = r.word(line, 1);
  const auto* type = std::ranges::find_if(kTypes, [&](std::string_view known) {
    return std::ranges::equal(known, text, {}, {},
                              [](char c) { return c >= 'a' && c <= 'z' ? c & ~0x20 : c; });
  });
  if (type == kTypes.end()) {
    return r.report(fmt::format("Unknown DNS check type {} - ignoring", text));
  }
  checker(r).dns_type = *type;
}

void dns_name(ConfReader& r, const ConfLine& line) {
  const std::string& name = r.word(line, 1);
  if (checker(r).dns_name != ".") return r.report("DNS_CHECK name already specified - ignoring");
  if (name.find("..") != std::string::npos || (name.starts_with('.') && name != ".")) {
    return r.report(fmt::format("DNS_CHECK name '{}' has empty label - ignoring", name));
  }
  checker(r).dns_name = name;
}

namespace {

/// The words behind the keyword, as one text.
std::string parameters(const ConfLine& line) {
  std::string text;
  for (std::size_t i = 1; i < line.words.size(); ++i) {
    text += (i > 1 ? " " : "") + line.words[i];
  }
  return text;
}

struct HexText {
  std::vector<std::uint8_t> bytes, mask;
};

/// read_hex_str(): pairs of digits, a digit before a blank by itself; with `wildcards` x stands for
/// any. Nothing if the text is something else, or empty.
std::optional<HexText> hex_text(std::string_view text, bool wildcards) {
  struct Digit {
    std::uint8_t value, mask;
  };
  const auto digit = [&](char c) -> std::optional<Digit> {
    if (c >= '0' && c <= '9') return Digit{static_cast<std::uint8_t>(c - '0'), 0};
    const char low = static_cast<char>(c | 0x20);
    if (low >= 'a' && low <= 'f') return Digit{static_cast<std::uint8_t>(low - 'a' + 10), 0};
    if (wildcards && low == 'x') return Digit{0, 0x0f};
    return std::nullopt;
  };
  HexText out;
  std::size_t i = 0;
  while ((i = text.find_first_not_of(" \t", i)) < text.size()) {
    auto byte = digit(text[i++]);
    if (byte && i < text.size() && text[i] != ' ') {
      const auto low = digit(text[i++]);
      if (!low) return std::nullopt;
      byte = Digit{static_cast<std::uint8_t>(byte->value << 4 | low->value),
                   static_cast<std::uint8_t>(byte->mask << 4 | low->mask)};
    }
    if (!byte) return std::nullopt;
    out.bytes.push_back(byte->value);
    out.mask.push_back(byte->mask);
  }
  return out.bytes.empty() ? std::nullopt : std::optional(out);
}

constexpr std::uint32_t kLongestReply = 0xffff;

}  // namespace

void udp_payload(ConfReader& r, const ConfLine& line) {
  if (line.words.size() < 2) return r.report("UDP_CHECK payload requires a payload");
  if (auto hex = hex_text(parameters(line), false)) {
    checker(r).udp_payload = std::move(hex->bytes);
  } else {
    r.report("Invalid hex string for UDP_CHECK payload");
  }
}

void udp_require_reply(ConfReader& r, const ConfLine& line) {
  checker(r).udp_require_reply = true;
  if (line.words.size() < 2) return;
  auto hex = hex_text(parameters(line), true);
  if (!hex) return r.report("Invalid hex string for UDP_CHECK reply");
  checker(r).udp_reply = std::move(hex->bytes);
  checker(r).udp_reply_mask = std::move(hex->mask);
}

void udp_min_reply(ConfReader& r, const ConfLine& line) {
  if (const auto length = r.number(line, 1, 0, kLongestReply, false)) {
    checker(r).udp_min_reply = static_cast<std::uint16_t>(*length);
  } else {
    r.report(fmt::format("UDP_CHECK min length {} not valid - must be between 0 & {}",
                         last_word(line), kLongestReply));
  }
}

void udp_max_reply(ConfReader& r, const ConfLine& line) {
  if (const auto length = r.number(line, 1, 0, kLongestReply, false)) {
    checker(r).udp_max_reply = static_cast<std::uint16_t>(*length);
  } else {
    r.report(fmt::format("UDP_CHECK max length {} not valid - must be between 0 & {}",
                         last_word(line), kLongestReply));
  }
}

}  // namespace checker_words
}  // namespace lvslab::keepalived
