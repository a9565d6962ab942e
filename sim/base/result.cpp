#include "sim/base/result.h"

#include <fmt/format.h>

namespace lvslab {

std::string Error::to_string() const {
  std::string text;
  if (!where.file.empty()) {
    text = where.file + ":";
    if (where.line > 0) text += fmt::format("{}:", where.line);
    if (where.line > 0 && where.column > 0) text += fmt::format("{}:", where.column);
    text += " ";
  }
  text += message;
  if (!hint.empty()) text += " (" + hint + ")";
  return text;
}

}  // namespace lvslab
