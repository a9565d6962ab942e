#include "sim/command/output.h"

#include <fmt/core.h>

#include <utility>

namespace lvslab::command {

Output not_modelled(std::string_view tool, std::string_view what, std::string_view close_to) {
  const std::string hint = close_to.empty() ? "" : fmt::format(" (close: {})", close_to);
  return {.out = {},
          .err = fmt::format("lvslab: {}: {} is not modelled{}\n", tool, what, hint),
          .status = 2};
}

Output failure(std::string message, int status) {
  if (!message.empty() && message.back() != '\n') {
    message += '\n';
  }
  return {.out = {}, .err = std::move(message), .status = status};
}

}  // namespace lvslab::command
