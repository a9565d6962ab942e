#include "sim/lab/html_text.h"

#include <algorithm>
#include <cstdint>

#include "sim/base/json.h"

namespace lvslab::lab {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

void append_character(std::string& out, std::string_view character) {
  const char c = character.front();
  switch (c) {
    case '&': out += "&amp;"; return;
    case '<': out += "&lt;"; return;
    case '>': out += "&gt;"; return;
    case '"': out += "&quot;"; return;
    case '\'': out += "&#39;"; return;
    default: break;
  }
  const auto byte = static_cast<std::uint8_t>(c);
  const bool control = (byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f;
  out += control ? kReplacement : character;
}

}  // namespace

std::string html(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = utf8_length(text, i);
    if (length == 0) {
      out += kReplacement;
      ++i;
      continue;
    }
    append_character(out, text.substr(i, length));
    i += length;
  }
  return out;
}

std::string html_paragraphs(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find("\n\n"), text.size());
    std::string_view paragraph = text.substr(0, end);
    text.remove_prefix(std::min(end + 2, text.size()));
    while (paragraph.ends_with('\n')) paragraph.remove_suffix(1);
    if (!paragraph.empty()) out += "<p>" + html(paragraph) + "</p>\n";
  }
  return out;
}

}  // namespace lvslab::lab
