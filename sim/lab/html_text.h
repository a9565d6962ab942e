// Text as HTML. Whatever a scenario, a command or a packet says is data in a report, never markup.
#pragma once

#include <string>
#include <string_view>

namespace lvslab::lab {

/// `text` for an element or a quoted attribute. Control characters other than tab and line break,
/// and bytes that are no valid UTF-8, become U+FFFD.
std::string html(std::string_view text);

/// Paragraphs: an empty line parts them, and lines within one stay lines.
std::string html_paragraphs(std::string_view text);

}  // namespace lvslab::lab
