// The agent's end of the control channel: a raw serial line, or a socket.
#pragma once

#include <string>

#include "kernel-backend/os.h"
#include "kernel-backend/protocol/framing.h"

namespace lvslab::kernel {

class Channel {
 public:
  Channel() = default;
  explicit Channel(Fd fd) : fd_(std::move(fd)) {}
  /// /dev/ttyS0 of a User-Mode Linux kernel, in raw mode.
  static Result<Channel> open_serial_line();

  int fd() const { return fd_.get(); }
  /// What has come; false at the end of the stream.
  bool read();
  std::optional<Message> next() { return reader_.next(); }
  const std::string& error() const { return reader_.error(); }

  template <class T>
  void send(MessageKind kind, const T& message) {
    pending_ += framed(kind, message);
    if (pending_.size() > kFlushAt) flush();
  }
  void flush();

 private:
  static constexpr std::size_t kFlushAt = 1U << 15;
  Fd fd_;
  FrameReader reader_;
  std::string pending_;
};

}  // namespace lvslab::kernel
