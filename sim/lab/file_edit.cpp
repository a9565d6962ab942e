#include "sim/lab/file_edit.h"

#include <fmt/format.h>

#include <sstream>

namespace lvslab::lab {
std::string one_word(std::string_view text) {
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

std::optional<std::string> file_to_edit(std::string_view line) {
  std::istringstream words{std::string(line)};
  std::string tool, path, more;
  words >> tool >> path >> more;
  const bool edits = tool == "vi" || tool == "vim" || tool == "nano";
  if (!edits || path.empty() || !more.empty() || path.starts_with('-')) return std::nullopt;
  if (path.find_first_of("'\"`$&|;<>()*?\\") != std::string::npos) return std::nullopt;
  return path;
}

std::string writing_line(std::string_view path, std::string_view content) {
  if (content.empty()) return fmt::format("echo -n > {}", path);
  const bool ends = content.ends_with('\n');
  if (ends) content.remove_suffix(1);
  std::string escaped;
  for (const char c : content) {
    switch (c) {
      case '\n': escaped += "\\n"; break;
      case '\t': escaped += "\\t"; break;
      case '\\': escaped += "\\\\"; break;
      default: escaped += c;
    }
  }
  return fmt::format("echo {} {} > {}", ends ? "-e" : "-ne", one_word(escaped), path);
}

}  // namespace lvslab::lab
