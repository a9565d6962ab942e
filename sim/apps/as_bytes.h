// What goes through sockets is bytes; what programs read and write is text.
#pragma once

#include <string_view>

#include "sim/wire/bytes.h"

namespace lvslab::apps {

inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace lvslab::apps
