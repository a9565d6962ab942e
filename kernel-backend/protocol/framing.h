// Messages on a byte stream: a head of twelve bytes (magic, version, kind, length), then the
// payload.
//
// The reader takes bytes as they come. It gives up at the first head that is not one: after garbage
// nothing can be trusted, and the stream is closed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kernel-backend/protocol/codec.h"
#include "kernel-backend/protocol/messages.h"

namespace lvslab::kernel {

inline constexpr std::uint32_t kFrameMagic = 0x4253'564c;  // "LVSB"
inline constexpr std::size_t kFrameHead = 12;
/// No message is longer.
inline constexpr std::uint32_t kLongestMessage = 4U << 20;

std::string framed(MessageKind kind, std::string_view payload);

template <class T>
std::string framed(MessageKind kind, const T& message)
  requires requires(T& m, Encoder& e) { m.each(e); }
{
  return framed(kind, std::string_view(encoded(message)));
}

struct Message {
  MessageKind kind{};
  std::string payload;
};

class FrameReader {
 public:
  void feed(std::string_view bytes) { bytes_ += bytes; }
  /// The next whole message, if there is one.
  std::optional<Message> next();
  /// Why the stream cannot be read on; empty while it can.
  const std::string& error() const { return error_; }

 private:
  std::string bytes_;
  std::size_t used_ = 0;
  std::string error_;
};

}  // namespace lvslab::kernel
