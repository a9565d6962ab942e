// JSON strings (RFC 8259 §7), for writers of JSON Lines that need no document tree; and UTF-8.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace lvslab {

/// Bytes of the well-formed UTF-8 character at `at` (RFC 3629 §4), or 0.
std::size_t utf8_length(std::string_view text, std::size_t at);

/// Appends `text` in double quotes. UTF-8 passes as it is; bytes that are no valid UTF-8 become
/// U+FFFD, so that what is written is always JSON.
void append_json_string(std::string& out, std::string_view text);

}  // namespace lvslab
