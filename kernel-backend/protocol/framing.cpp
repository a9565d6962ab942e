#include "kernel-backend/protocol/framing.h"

#include <cstring>

namespace lvslab::kernel {

std::string framed(MessageKind kind, std::string_view payload) {
  std::string bytes(kFrameHead, '\0');
  const auto length = static_cast<std::uint32_t>(payload.size());
  const std::uint16_t version = kProtocolVersion;
  std::memcpy(bytes.data(), &kFrameMagic, 4);
  std::memcpy(bytes.data() + 4, &version, 2);
  bytes[6] = static_cast<char>(kind);
  std::memcpy(bytes.data() + 8, &length, 4);
  bytes += payload;
  return bytes;
}

std::optional<Message> FrameReader::next() {
  const std::string_view rest = std::string_view(bytes_).substr(used_);
  if (!error_.empty() || rest.size() < kFrameHead) return std::nullopt;
  std::uint32_t magic = 0, length = 0;
  std::uint16_t version = 0;
  std::memcpy(&magic, rest.data(), 4);
  std::memcpy(&version, rest.data() + 4, 2);
  std::memcpy(&length, rest.data() + 8, 4);
  if (magic != kFrameMagic)
    error_ = "what came is no message";
  else if (version != kProtocolVersion)
    error_ = "the other side speaks another version";
  else if (length > kLongestMessage)
    error_ = "a message claims to be longer than any may be";
  if (!error_.empty() || rest.size() - kFrameHead < length) return std::nullopt;
  Message message{static_cast<MessageKind>(rest[6]), std::string(rest.substr(kFrameHead, length))};
  used_ += kFrameHead + length;
  if (used_ == bytes_.size() || used_ > (1U << 16)) {
    bytes_.erase(0, used_);
    used_ = 0;
  }
  return message;
}

}  // namespace lvslab::kernel
