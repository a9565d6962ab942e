#include "sim/apps/ab.h"

#include <algorithm>

#include "sim/apps/as_bytes.h"
#include "sim/core/errno_text.h"

namespace lvslab::apps {
namespace {

constexpr std::uint32_t kMaxConnectFailures = 10;  // "Test aborted after 10 failures"

/// apr_time_t holds microseconds.
SimDuration in_microseconds(SimDuration d) { return {d.ns / 1'000 * 1'000}; }

}  // namespace

void Ab::start(Step& step, AppIo& io) {
  io.print(step, command::ab_banner());
  io.print(step, command::ab_start_line(command));
  const auto server = io.resolve(command.host);
  if (!server) {
    fail(step, io, command::ab_unknown_host(command.host, server.error()));
    return;
  }
  server_ = *server;
  request_ = command::ab_request(command);
  began_ = step.now();
  connections_.resize(command.concurrency);
  start_connect(step, io, 0);
  touch(step, io);
}

/// Something happened: the limit of -s begins anew.
void Ab::touch(Step& step, AppIo& io) {
  if (over_) return;
  last_event_ = step.now();
  SimTime limit = last_event_ + command.timeout;
  if (command.time_limit.ns > 0) limit = std::min(limit, began_ + command.time_limit);
  io.set_timer(step, limit);
}

void Ab::on_timer(Step& step, AppIo& io) {
  if (over_) return;
  if (command.time_limit.ns > 0 && step.now() >= began_ + command.time_limit) {
    finish(step, io);
  } else if (step.now() >= last_event_ + command.timeout) {
    fail(step, io, command::ab_poll_timeout(result_.complete));
  } else {
    SimTime limit = last_event_ + command.timeout;
    if (command.time_limit.ns > 0) limit = std::min(limit, began_ + command.time_limit);
    io.set_timer(step, limit);
  }
}

// --- connections

void Ab::start_connect(Step& step, AppIo& io, std::uint32_t slot) {
  Connection& connection = connections_[slot];
  connection = {};
  for (;;) {
    if (started_ >= command.requests) return;
    connection.began = step.now();
    const auto socket = io.tcp().connect(step, io.id(), {}, {server_, command.port}, {});
    if (socket) {
      connection.socket = *socket;
      io.tcp().set_cookie(*socket, slot);
      return;
    }
    ++result_.failed_connect;
    ++result_.failed;
    if (++connect_failures_ > kMaxConnectFailures) {
      fail(step, io,
           command::ab_connect_failed(static_cast<int>(socket.error()), result_.complete));
      return;
    }
  }
}

void Ab::write_request(Step& step, AppIo& io, std::uint32_t slot) {
  Connection& connection = connections_[slot];
  connection.reader.begin(command.head);
  connection.received = 0;
  connection.answering = false;
  connection.requested = step.now();
  io.tcp().send(step, connection.socket, as_bytes(request_));
}

void Ab::on_socket(Step& step, AppIo& io, const SocketEvent& event) {
  if (over_ || event.cookie >= connections_.size()) return;
  const std::uint32_t slot = event.cookie;
  Connection& connection = connections_[slot];
  if (connection.socket != event.socket) return;
  switch (event.kind) {
    case SocketEventKind::kConnected:
      connection.open = true;
      connection.connected = step.now();
      if (started_ >= command.requests) break;  // one too many: it waits for the end
      ++started_;
      write_request(step, io, slot);
      break;
    case SocketEventKind::kData: on_data(step, io, slot, as_text(event.data)); break;
    case SocketEventKind::kPeerClosed:
      io.tcp().close(step, connection.socket);
      connection.socket = {};
      on_closed(step, io, slot);
      break;
    case SocketEventKind::kError:
      connection.socket = {};
      on_error(step, io, slot, event.error);
      break;
    case SocketEventKind::kAccepted:
    case SocketEventKind::kWritable:
    case SocketEventKind::kFinAcked: return;
  }
  touch(step, io);
}

/// Source: read_connection(): without a kept connection, the end is the server's FIN.
void Ab::on_data(Step& step, AppIo& io, std::uint32_t slot, std::string_view data) {
  for (std::uint32_t other = 1; !answered_ && other < connections_.size() && !over_; ++other) {
    start_connect(step, io, other);
  }
  answered_ = true;
  Connection& connection = connections_[slot];
  if (!connection.answering) {
    connection.answering = true;
    connection.first_byte = step.now();
  }
  connection.received += data.size();
  result_.total_transferred += data.size();
  while (!data.empty()) {
    const HttpReader::State before = connection.reader.state();
    body_.clear();
    const std::size_t used = connection.reader.feed(data, body_);
    data.remove_prefix(used);
    result_.html_transferred += body_.size();
    if (used == 0 && connection.reader.state() == before) break;
  }
  const HttpReader& reader = connection.reader;
  if (command.keep_alive && reader.state() == HttpReader::State::kDone && reader.keep_alive()) {
    ++result_.keep_alive_requests;
    count_response(step, io, slot);
    if (over_) return;
    if (started_ >= command.requests) {
      io.tcp().close(step, connection.socket);
      connection = {};
      return;
    }
    ++started_;
    connection.kept = true;
    connection.began = connection.connected = step.now();
    write_request(step, io, slot);
  }
}

/// Source: close_connection().
void Ab::on_closed(Step& step, AppIo& io, std::uint32_t slot) {
  Connection& connection = connections_[slot];
  if (!connection.answering && connection.kept) {
    // The server had enough of a kept connection: the request is tried again on a new one.
    --started_;
  } else if (connection.reader.end() == HttpReader::State::kDone) {
    count_response(step, io, slot);
  } else {
    // Too short, or nothing: it counts as complete, with a length that is not the first one's.
    ++result_.failed;
    ++result_.failed_length;
    ++result_.complete;
    io.print_error(step, command::ab_progress(command, result_.complete));
  }
  if (!over_ && result_.complete >= command.requests) finish(step, io);
  if (!over_) start_connect(step, io, slot);
}

void Ab::on_error(Step& step, AppIo& io, std::uint32_t slot, Errno error) {
  const bool was_open = connections_[slot].open;
  if (!command.ignore_errors) {
    fail(step, io, command::ab_recv_failed(static_cast<int>(error), result_.complete));
    return;
  }
  ++result_.failed;
  ++(was_open ? result_.failed_receive : result_.failed_connect);
  if (!was_open) ++started_;
  if (!was_open && ++connect_failures_ > kMaxConnectFailures) {
    fail(step, io, command::ab_connect_failed(static_cast<int>(error), result_.complete));
    return;
  }
  ++result_.complete;
  if (result_.complete >= command.requests) {
    finish(step, io);
  } else {
    start_connect(step, io, slot);
  }
}

// --- results

void Ab::count_response(Step& step, AppIo& io, std::uint32_t slot) {
  Connection& connection = connections_[slot];
  const HttpReader& reader = connection.reader;
  const std::uint64_t length = reader.body_received();
  if (result_.complete == 0) {
    result_.document_length = length;
    const auto server = http_header(reader.head(), "Server").value_or("");
    result_.server_software = server.substr(0, server.find(' '));
  } else if (length != result_.document_length && !command.variable_length) {
    ++result_.failed;
    ++result_.failed_length;
  }
  if (reader.status() < 200 || reader.status() >= 300) ++result_.non_2xx;
  ++result_.complete;
  result_.samples.push_back({in_microseconds(connection.connected - connection.began),
                             in_microseconds(connection.first_byte - connection.requested),
                             in_microseconds(step.now() - connection.began)});
  io.print_error(step, command::ab_progress(command, result_.complete));
  if (result_.complete >= command.requests) finish(step, io);
}

void Ab::finish(Step& step, AppIo& io) {
  over_ = true;
  result_.elapsed = in_microseconds(step.now() - began_);
  io.print(step, command::ab_finished(command, result_.complete));
  io.print(step, command::ab_report(command, result_));
  for (const Connection& connection : connections_) {
    if (connection.socket.valid()) io.tcp().close(step, connection.socket);
  }
  io.exit(step, 0);
}

void Ab::fail(Step& step, AppIo& io, const command::Output& why) {
  over_ = true;
  io.print_error(step, why.err);
  io.print(step, why.out);
  for (const Connection& connection : connections_) {
    if (connection.socket.valid()) io.tcp().close(step, connection.socket);
  }
  io.exit(step, why.status);
}

void Ab::on_signal(Step& step, AppIo& io, Signal) {
  if (!over_) finish(step, io);
}

}  // namespace lvslab::apps
