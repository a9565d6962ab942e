// JSON strings (RFC 8259 §7), for writers of JSON Lines that need no document tree.
#pragma once

#include <string>
#include <string_view>

namespace lvslab {

/// Appends `text` in double quotes. UTF-8 passes as it is; bytes that are no valid UTF-8 become
/// U+FFFD, so that what is written is always JSON.
void append_json_string(std::string& out, std::string_view text);

}  // namespace lvslab
