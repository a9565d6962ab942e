#include "sim/wire/text.h"

#include <algorithm>
#include <array>

namespace lvslab {

namespace {

/// RFC 9110 §9; the WebDAV methods are left out.
constexpr std::array<std::string_view, 8> kMethods{"GET",    "HEAD",    "POST",    "PUT",
                                                   "DELETE", "CONNECT", "OPTIONS", "TRACE"};

std::string_view take_token(std::string_view& line) {
  const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
  const std::string_view token = line.substr(0, end);
  line.remove_prefix(end);
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  return token;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::string_view first_text_line(Bytes payload) {
  const auto end = std::ranges::find_if(
      payload, [](std::uint8_t c) { return (c < 0x20 || c > 0x7e) && c != '\t'; });
  return {reinterpret_cast<const char*>(payload.data()),
          static_cast<std::size_t>(end - payload.begin())};
}

bool starts_http_message(Bytes payload) {
  std::string_view line = first_text_line(payload);
  if (std::ranges::find(kMethods, take_token(line)) != kMethods.end()) return true;
  const std::string_view code = take_token(line);
  return code.size() == 3 && std::ranges::all_of(code, is_digit);
}

}  // namespace lvslab
