#include "sim/apps/web_load.h"

#include <algorithm>
#include <array>

namespace lvslab::apps {
namespace {

/// What requests, responses and datagrams are made of.
constexpr auto kPattern = [] {
  std::array<std::uint8_t, 16'384> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * 31);
  return bytes;
}();

Bytes pattern(std::size_t length) { return Bytes(kPattern).first(length); }

// A server's connection keeps two numbers in its cookie: bytes of a request that came so far, and
// bytes of responses still to be sent.
constexpr std::uint32_t kGotBits = 8;
constexpr std::uint32_t cookie_of(std::uint32_t got, std::uint32_t left) {
  return left << kGotBits | got;
}

}  // namespace

// --- client

void WebClient::start(Step& step, AppIo& io) {
  LVSLAB_CHECK(request_bytes <= kPattern.size() && response_bytes > 0, "sizes of a web workload");
  next_chain_ = step.now() + delay;
  if (delay.ns > 0) {
    arm(step, io);
  } else {
    on_timer(step, io);
  }
}

void WebClient::on_timer(Step& step, AppIo& io) {
  while (chains_opened_ < parallel && next_chain_ <= step.now()) {
    ++chains_opened_;
    next_chain_ = chains_opened_ < parallel ? next_chain_ + gap : SimTime::never();
    open_next(step, io);
  }
  while (held_first_ < held_.size() && held_[held_first_].until <= step.now()) {
    io.tcp().close(step, held_[held_first_++].socket);
    finish(step, io, true);
  }
  if (held_first_ == held_.size()) {
    held_.clear();
    held_first_ = 0;
  }
  arm(step, io);
}

void WebClient::arm(Step& step, AppIo& io) {
  const SimTime release = held_first_ < held_.size() ? held_[held_first_].until : SimTime::never();
  const SimTime at = std::min(next_chain_, release);
  if (at != SimTime::never()) io.set_timer(step, at);
}

void WebClient::open_next(Step& step, AppIo& io) {
  while (started < connections) {
    ++started;
    const auto socket = io.tcp().connect(step, io.id(), {}, server, {});
    if (socket) {
      io.tcp().set_cookie(*socket, response_bytes);
      return;
    }
    ++failed;
  }
}

void WebClient::finish(Step& step, AppIo& io, bool success) {
  ++(success ? succeeded : failed);
  open_next(step, io);
}

void WebClient::on_socket(Step& step, AppIo& io, const SocketEvent& event) {
  switch (event.kind) {
    case SocketEventKind::kConnected:
      io.tcp().send(step, event.socket, pattern(request_bytes));
      return;
    case SocketEventKind::kData: {
      bytes_received += event.data.size();
      if (event.cookie == 0) return;  // more than was asked for, while the connection is held
      const auto got =
          static_cast<std::uint32_t>(std::min<std::size_t>(event.cookie, event.data.size()));
      const std::uint32_t missing = event.cookie - got;
      if (missing > 0 || hold.ns > 0) io.tcp().set_cookie(event.socket, missing);
      if (missing > 0) return;
      if (hold.ns > 0) {
        held_.push_back({step.now() + hold, event.socket});
        if (held_.size() - held_first_ == 1) arm(step, io);
        return;
      }
      io.tcp().close(step, event.socket);
      finish(step, io, true);
      return;
    }
    case SocketEventKind::kPeerClosed:
      if (event.cookie == 0) return;  // complete, and closed when its time has come
      io.tcp().close(step, event.socket);
      finish(step, io, false);
      return;
    case SocketEventKind::kError: {
      // A held connection that broke is not closed again later.
      const auto it = std::find_if(held_.begin() + held_first_, held_.end(),
                                   [&](const Held& h) { return h.socket == event.socket; });
      if (it != held_.end()) held_.erase(it);
      finish(step, io, false);
      return;
    }
    case SocketEventKind::kAccepted:
    case SocketEventKind::kWritable:
    case SocketEventKind::kFinAcked: return;
  }
}

// --- server

void WebServer::start(Step& step, AppIo& io) {
  LVSLAB_CHECK(request_bytes > 0 && request_bytes < 1U << kGotBits, "size of a web request");
  LVSLAB_CHECK(response_bytes < 1U << (32 - kGotBits), "size of a web response");
  if (!io.tcp().listen(step, io.id(), {{}, port}, 4'096)) io.exit(step, 1);
}

void WebServer::on_socket(Step& step, AppIo& io, const SocketEvent& event) {
  std::uint32_t got = event.cookie & ((1U << kGotBits) - 1);
  std::uint32_t left = event.cookie >> kGotBits;
  switch (event.kind) {
    case SocketEventKind::kData: {
      const std::size_t total = got + event.data.size();
      const auto whole = static_cast<std::uint32_t>(total / request_bytes);
      got = static_cast<std::uint32_t>(total % request_bytes);
      requests += whole;
      LVSLAB_CHECK(whole * std::uint64_t{response_bytes} + left < 1U << (32 - kGotBits),
                   "a client asked for more than 16 MiB at once");
      push(step, io, event.socket, got, left + whole * response_bytes);
      return;
    }
    case SocketEventKind::kWritable: push(step, io, event.socket, got, left); return;
    case SocketEventKind::kPeerClosed: io.tcp().close(step, event.socket); return;
    case SocketEventKind::kAccepted: io.tcp().set_cookie(event.socket, 0); return;
    case SocketEventKind::kConnected:
    case SocketEventKind::kError:
    case SocketEventKind::kFinAcked: return;
  }
}

void WebServer::push(Step& step, AppIo& io, SocketId socket, std::uint32_t got,
                     std::uint32_t left) {
  while (left > 0) {
    const std::size_t want = std::min<std::size_t>(left, kPattern.size());
    const std::size_t taken = io.tcp().send(step, socket, pattern(want));
    left -= static_cast<std::uint32_t>(taken);
    if (taken < want) break;
  }
  io.tcp().set_cookie(socket, cookie_of(got, left));
}

// --- datagrams

void UdpSource::start(Step& step, AppIo& io) {
  LVSLAB_CHECK(size <= kMaxSize, "size of a datagram");
  const auto socket = io.udp_open(step, {});
  if (!socket) {
    io.exit(step, 1);
    return;
  }
  socket_ = *socket;
  on_timer(step, io);
}

void UdpSource::on_timer(Step& step, AppIo& io) {
  if (sent == count) return;
  if (io.udp_send(step, socket_, to, 64, pattern(size)) != Errno::kNone) ++errors;
  if (++sent < count) io.set_timer(step, step.now() + gap);
}

void UdpSource::on_udp(Step&, AppIo&, const UdpNews& news) {
  if (news.error != Errno::kNone) ++errors;
}

void UdpSink::start(Step& step, AppIo& io) {
  if (!io.udp_open(step, {{}, port})) io.exit(step, 1);
}

void UdpSink::on_udp(Step&, AppIo&, const UdpNews& news) {
  if (news.error != Errno::kNone) return;
  ++received;
  bytes += news.data.size();
}

}  // namespace lvslab::apps
