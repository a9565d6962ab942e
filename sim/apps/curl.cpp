#include "sim/apps/curl.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/apps/addresses.h"
#include "sim/apps/as_bytes.h"
#include "sim/core/errno_text.h"

namespace lvslab::apps {
namespace {

using command::CurlCode;
using command::CurlError;
using namespace lvslab::literals;

constexpr SimDuration kConnectLimit = 300_s;  // DEFAULT_CONNECT_TIMEOUT
/// After an address that failed, the next one is tried when curl looks again: at the timer for the
/// other family (CURL_HET_DEFAULT), or after the longest wait of its loop (src/tool_operate.c).
constexpr SimDuration kOtherFamily = 200_ms, kLoop = 1_s;

}  // namespace

void Curl::start(Step& step, AppIo& io) { run(step, io); }

void Curl::run(Step& step, AppIo& io) {
  while (next_url_ < command.urls.size()) {
    if (begin_url(step, io)) return;
  }
  if (ftp_quit(step, io)) return;  // and then comes back
  for (const Kept& kept : kept_) io.tcp().close(step, kept.socket);
  kept_.clear();
  over_ = true;
  io.exit(step, status_);
}

bool Curl::begin_url(Step& step, AppIo& io) {
  const std::string& typed = command.urls[next_url_];
  transfer_ = {};
  transfer_.url = command::curl_effective_url(typed);
  transfer_.url_number = static_cast<std::uint32_t>(next_url_);
  transfer_.method = command.head ? "HEAD" : "GET";
  if (next_url_ < command.outputs.size()) transfer_.exit_file = command.outputs[next_url_];
  file_.clear();
  began_ = step.now();
  done_by_ = command.max_time.ns > 0 ? began_ + command.max_time : SimTime::never();
  connect_by_ = began_ + (command.connect_timeout.ns > 0 ? command.connect_timeout : kConnectLimit);
  reused_ = false;

  const auto url = command::parse_curl_url(typed);
  if (!url) {
    finish(step, io, url.error());
    return false;
  }
  url_ = *url;
  transfer_.ftp = url_.ftp;
  if (next_url_ < command.remote_names) {
    transfer_.exit_file = command::curl_remote_name(url_);
    if (transfer_.exit_file.empty()) {
      finish(step, io, {CurlCode::kWriteError, "Failed writing received data to disk/application"});
      return false;
    }
  }
  if (io.look_up(step, url_.host)) {
    phase_ = Phase::kResolving;
    arm(step, io);
    return true;
  }
  return go_to_host(step, io);
}

void Curl::on_resolved(Step& step, AppIo& io) {
  if (over_ || phase_ != Phase::kResolving) return;
  phase_ = Phase::kIdle;
  if (!go_to_host(step, io)) run(step, io);
}

bool Curl::go_to_host(Step& step, AppIo& io) {
  remotes_ = find_addresses(step, io, url_.host, versions_of(command.inet, command.inet6));
  remote_index_ = 0;
  transfer_.name_lookup = since_start(step);
  if (remotes_.empty()) {
    const CurlError error = command::curl_could_not_resolve(url_.host);
    verbose(step, io, command::curl_verbose_error(error, connections_++));
    finish(step, io, error);
    return false;
  }
  for (Ipv4Addr& addr : remotes_) {
    if (addr.is_any()) addr = {0x7f00'0001};
  }
  remote_ = remotes_.front();
  if (take_kept(step, io)) {
    send_request(step, io);
    return true;
  }
  return open_connection(step, io);
}

bool Curl::take_kept(Step& step, AppIo& io) {
  const auto it = std::ranges::find_if(kept_, [&](const Kept& kept) {
    return kept.url.host == url_.host && kept.url.port == url_.port;
  });
  if (it == kept_.end()) return false;
  socket_ = it->socket;
  connection_ = it->number;
  kept_.erase(it);
  reused_ = true;
  verbose(step, io, command::curl_verbose_reused(url_, connection_));
  transfer_.remote_ip = io.shown(remote_);
  transfer_.remote_port = url_.port;
  transfer_.local_ip = io.shown(io.tcp().local(socket_).addr);
  transfer_.local_port = io.tcp().local(socket_).port;
  return true;
}

// --- connecting

bool Curl::open_connection(Step& step, AppIo& io) {
  connection_ = connections_++;
  address_began_ = began_;
  return try_address(step, io);
}

bool Curl::try_address(Step& step, AppIo& io) {
  remote_ = remotes_[remote_index_];
  verbose(step, io, command::curl_verbose_trying(url_, io.shown(remote_)));
  Endpoint local;
  IfIndex dev;
  if (!choose_local_end(step, io, local, dev)) return false;
  const std::uint32_t last = std::max(command.local_ports.first, command.local_ports.last);
  std::expected<SocketId, Errno> socket = std::unexpected(Errno::kAddrInUse);
  for (std::uint32_t port = command.local_ports.first; port <= last; ++port) {
    local.port = static_cast<std::uint16_t>(port);
    socket = io.tcp().connect(step, io.id(), local, {remote_, url_.port}, dev);
    const bool taken = !socket && socket.error() == Errno::kAddrInUse;
    if (!taken || port == last) break;
    verbose(step, io, fmt::format("* Bind to local port {} failed, trying next\n", port));
  }
  if (!socket) return connect_at_once_failed(step, io, socket.error(), local.port != 0);
  if (local.port != 0) verbose(step, io, command::curl_verbose_local_port(local.port));
  socket_ = *socket;
  phase_ = Phase::kConnecting;
  const SimDuration left = std::min(done_by_, connect_by_) - address_began_;
  const bool others = remote_index_ + 1 < remotes_.size();
  address_by_ = others ? address_began_ + SimDuration{left.ns / 2} : SimTime::never();
  arm(step, io);
  return true;
}

/// Source: baller_start_next() and is_connected(), lib/connect.c.
bool Curl::move_on(Step& step, AppIo& io) {
  if (remote_index_ + 1 >= remotes_.size()) return false;
  ++remote_index_;
  address_began_ = step.now();
  const SimTime other_family = began_ + kOtherFamily;
  next_try_ = step.now() < other_family ? other_family : step.now() + kLoop;
  phase_ = Phase::kBetween;
  arm(step, io);
  return true;
}

/// Source: bindlocal(), lib/cf-socket.c.
bool Curl::choose_local_end(Step& step, AppIo& io, Endpoint& local, IfIndex& dev) {
  const std::string& name = command.interface;
  if (name.empty()) return true;
  if (const auto device = io.device(name)) {
    dev = device->dev;
    return true;
  }
  const auto addr = io.resolve(name);
  if (addr && io.is_local(*addr)) {
    local.addr = *addr;
    return true;
  }
  CurlError error = command::curl_no_interface(name);
  if (addr) {
    verbose(
        step, io,
        fmt::format("* Name '{0}' family 2 resolved to '{1}' family 2\n", name, addr->to_string()));
    error = command::curl_bind_failed(static_cast<int>(Errno::kAddrNotAvail));
  }
  fail(step, io, error,
       command::curl_verbose_bind_failed(url_, error, since_start(step), connection_));
  return false;
}

bool Curl::connect_at_once_failed(Step& step, AppIo& io, Errno error, bool bound) {
  if (bound && (error == Errno::kAddrInUse || error == Errno::kAddrNotAvail)) {
    const CurlError why = command::curl_bind_failed(static_cast<int>(error));
    fail(step, io, why,
         command::curl_verbose_bind_failed(url_, why, since_start(step), connection_));
    return false;
  }
  if (remote_index_ + 1 < remotes_.size()) {
    verbose(step, io,
            command::curl_verbose_address_immediate_fail(io.shown(remote_), errno_text(error)));
    return move_on(step, io);
  }
  const CurlError why = command::curl_could_not_connect(url_, since_start(step));
  fail(
      step, io, why,
      command::curl_verbose_immediate_fail(io.shown(remote_), errno_text(error), why, connection_));
  return false;
}

void Curl::on_connect_error(Step& step, AppIo& io, Errno error) {
  socket_ = {};  // gone with its error
  if (remote_index_ + 1 < remotes_.size()) {
    verbose(step, io,
            command::curl_verbose_address_failed(url_, io.shown(remote_), errno_text(error)));
    move_on(step, io);
    return;
  }
  CurlError why = command::curl_could_not_connect(url_, since_start(step));
  // lib/connect.c: ETIMEDOUT has the status of a timeout and the words of a failure.
  if (error == Errno::kTimedOut) why.code = command::CurlCode::kOperationTimedout;
  fail(step, io, why,
       command::curl_verbose_connect_failed(url_, io.shown(remote_), errno_text(error), why,
                                            connection_));
  run(step, io);
}

void Curl::arm(Step& step, AppIo& io) {
  SimTime at = done_by_;
  if (phase_ == Phase::kConnecting) at = std::min({at, connect_by_, address_by_});
  if (phase_ == Phase::kResolving) at = std::min(at, connect_by_);
  if (phase_ == Phase::kBetween) at = std::min({at, connect_by_, next_try_});
  io.set_timer(step, at);
}

void Curl::on_timer(Step& step, AppIo& io) {
  if (over_ || phase_ == Phase::kIdle) return;
  if (phase_ == Phase::kFtp) return ftp_on_timer(step, io);
  if (phase_ == Phase::kResolving) return give_up_resolving(step, io);
  if (phase_ == Phase::kConnecting || phase_ == Phase::kBetween) return on_connect_time(step, io);
  const SimDuration after = since_start(step);
  if (step.now() >= done_by_) {
    const CurlError why =
        command::curl_operation_timed_out(after, reader_.body_received(), reader_.content_length());
    fail(step, io, why, command::curl_verbose_error(why, connection_));
  } else {
    arm(step, io);
    return;
  }
  run(step, io);
}

void Curl::give_up_resolving(Step& step, AppIo& io) {
  if (step.now() < std::min(done_by_, connect_by_)) return arm(step, io);
  const CurlError why = command::curl_resolving_timed_out(since_start(step));
  fail(step, io, why, command::curl_verbose_error(why, connections_++));
  run(step, io);
}

void Curl::on_connect_time(Step& step, AppIo& io) {
  const SimDuration after = since_start(step);
  if (step.now() >= done_by_) {
    const CurlError why = command::curl_connection_timed_out(after);
    fail(step, io, why, command::curl_verbose_error(why, connection_));
  } else if (phase_ == Phase::kBetween) {
    if (step.now() < std::min(next_try_, connect_by_)) return arm(step, io);
    if (try_address(step, io)) return;
  } else if (step.now() >= connect_by_) {
    const CurlError why = command::curl_connect_timeout(url_, after);
    fail(step, io, why,
         command::curl_verbose_connect_timeout(connect_by_ - address_began_, why, connection_));
  } else if (step.now() >= address_by_) {
    verbose(step, io, command::curl_verbose_move_on(address_by_ - address_began_));
    close_socket(step, io);
    move_on(step, io);
    return;
  } else {
    return arm(step, io);
  }
  run(step, io);
}

// --- transferring

void Curl::on_socket(Step& step, AppIo& io, const SocketEvent& event) {
  if (over_) return;
  if (phase_ == Phase::kFtp) return ftp_on_socket(step, io, event);
  const bool ends =
      event.kind == SocketEventKind::kPeerClosed || event.kind == SocketEventKind::kError;
  if (event.socket != socket_) {  // one that waits for another URL
    const auto it = std::ranges::find(kept_, event.socket, &Kept::socket);
    if (it == kept_.end() || !ends) return;
    if (event.kind == SocketEventKind::kPeerClosed) io.tcp().close(step, event.socket);
    kept_.erase(it);
    return;
  }
  switch (event.kind) {
    case SocketEventKind::kConnected:
      transfer_.connect = transfer_.pre_transfer = since_start(step);
      transfer_.num_connects = 1;
      transfer_.remote_ip = io.shown(remote_);
      transfer_.remote_port = url_.port;
      transfer_.local_ip = io.shown(io.tcp().local(socket_).addr);
      transfer_.local_port = io.tcp().local(socket_).port;
      verbose(step, io, command::curl_verbose_connected(url_, io.shown(remote_), connection_));
      url_.ftp ? ftp_begin(step, io) : send_request(step, io);
      return;
    case SocketEventKind::kData: on_data(step, io, as_text(event.data)); return;
    case SocketEventKind::kPeerClosed: on_end(step, io, false); return;
    case SocketEventKind::kError:
      if (phase_ == Phase::kConnecting) {
        on_connect_error(step, io, event.error);
      } else {
        socket_ = {};
        on_end(step, io, true);
      }
      return;
    case SocketEventKind::kAccepted:
    case SocketEventKind::kWritable:
    case SocketEventKind::kFinAcked: return;
  }
}

void Curl::send_request(Step& step, AppIo& io) {
  const std::string request = command::curl_request(command, url_);
  verbose(step, io, command::curl_verbose_request(request));
  transfer_.size_request = request.size();
  transfer_.pre_transfer = since_start(step);
  reader_.begin(transfer_.method == "HEAD");
  phase_ = Phase::kWaiting;
  io.tcp().send(step, socket_, as_bytes(request));
  arm(step, io);
}

void Curl::on_data(Step& step, AppIo& io, std::string_view data) {
  if (phase_ == Phase::kWaiting) {
    transfer_.start_transfer = since_start(step);
    phase_ = Phase::kReading;
  }
  while (!data.empty() && phase_ == Phase::kReading) {
    const HttpReader::State before = reader_.state();
    body_.clear();
    data.remove_prefix(reader_.feed(data, body_));
    if (reader_.state() == HttpReader::State::kBroken) {
      const CurlError why{CurlCode::kUnsupportedProtocol, "Received HTTP/0.9 when not allowed"};
      fail(step, io, why, command::curl_verbose_error(why, connection_));
      run(step, io);
      return;
    }
    if (before == HttpReader::State::kHead && reader_.state() != before &&
        !deliver_headers(step, io)) {
      run(step, io);
      return;
    }
    if (!body_.empty()) {
      verbose_data(step, io, body_.size());
      deliver(step, io, body_);
    }
    if (reader_.state() == HttpReader::State::kDone) {
      succeed(step, io);
      run(step, io);
      return;
    }
  }
}

bool Curl::deliver_headers(Step& step, AppIo& io) {
  transfer_.response_code = reader_.status();
  transfer_.http_version = reader_.version();
  transfer_.size_header = reader_.head().size();
  transfer_.content_length = reader_.content_length();
  transfer_.content_type = http_header(reader_.head(), "Content-Type").value_or("");
  verbose(step, io, command::curl_verbose_response(reader_.head()));
  if (command.fail && reader_.status() >= 400) {
    const CurlError why = command::curl_http_error(reader_.status());
    fail(step, io, why, command::curl_verbose_error(why, connection_));
    return false;
  }
  if (command.include || command.head) {
    const bool terminal = transfer_.exit_file.empty() && io.stdout_is_terminal();
    deliver(step, io, command::curl_header_text(reader_.head(), terminal));
  }
  return true;
}

void Curl::deliver(Step& step, AppIo& io, std::string_view text) {
  if (transfer_.exit_file.empty() || transfer_.exit_file == "-") {
    io.print(step, text);
  } else {
    file_ += text;
  }
}

void Curl::on_end(Step& step, AppIo& io, bool reset) {
  const bool nothing = phase_ == Phase::kWaiting;
  if (nothing && reused_) {  // the server had closed the kept connection meanwhile
    close_socket(step, io);
    reused_ = false;
    verbose(step, io, "* Connection died, retrying a fresh connect\n");
    if (!open_connection(step, io)) run(step, io);
    return;
  }
  if (!reset && reader_.end() == HttpReader::State::kDone) {
    succeed(step, io);
  } else {
    const std::uint64_t missing =
        reader_.content_length().value_or(reader_.body_received()) - reader_.body_received();
    const CurlError why = reset     ? command::curl_reset_by_peer()
                          : nothing ? command::curl_empty_reply()
                                    : command::curl_partial_file(missing);
    fail(step, io, why, command::curl_verbose_error(why, connection_));
  }
  run(step, io);
}

// --- the end of a URL

void Curl::fail(Step& step, AppIo& io, const CurlError& error, std::string_view told) {
  verbose(step, io, told);
  close_socket(step, io);
  finish(step, io, error);
}

void Curl::succeed(Step& step, AppIo& io) {
  const bool keep =
      reader_.keep_alive() && command.version == command::CurlCommand::HttpVersion::k11;
  CurlError error;
  if (!transfer_.exit_file.empty() && transfer_.exit_file != "-" &&
      !io.write_file(step, transfer_.exit_file, file_)) {
    io.print_error(step, fmt::format("Warning: Failed to open the file {}: No such file or "
                                     "directory\n",
                                     transfer_.exit_file));
    error = {CurlCode::kWriteError, "Failure writing output to destination"};
  }
  const bool kept = keep && error.code == CurlCode::kOk;
  verbose(step, io, command::curl_verbose_done(url_, connection_, kept));
  if (kept) {
    kept_.push_back({socket_, url_, connection_});
    socket_ = {};
  } else {
    close_socket(step, io);
  }
  finish(step, io, std::move(error));
}

void Curl::finish(Step& step, AppIo& io, CurlError error) {
  transfer_.total = since_start(step);
  transfer_.size_download = url_.ftp ? ftp_.received : reader_.body_received();
  transfer_.error = std::move(error);
  const bool shows_meter = transfer_.num_connects > 0 || reused_ || phase_ != Phase::kIdle;
  const bool to_file = !transfer_.exit_file.empty() && transfer_.exit_file != "-";
  if (shows_meter && !command.silent && (to_file || !io.stdout_is_terminal())) {
    io.print_error(step, command::curl_progress_meter(transfer_));
  }
  phase_ = Phase::kIdle;
  io.set_timer(step, SimTime::never());
  if (transfer_.error.code != CurlCode::kOk) {
    io.print_error(step, command::curl_error_line(command, transfer_.error));
  }
  if (!command.write_out.empty()) {
    const command::Output out = command::curl_write_out(command.write_out, transfer_);
    io.print(step, out.out);
    io.print_error(step, out.err);
  }
  status_ = static_cast<int>(transfer_.error.code);
  reader_.begin(false);
  ++next_url_;
}

void Curl::close_socket(Step& step, AppIo& io) {
  if (socket_.valid()) io.tcp().close(step, socket_);
  socket_ = {};
}

// src/tool_cb_dbg.c: tool_debug_cb().
void Curl::verbose_data(Step& step, AppIo& io, std::size_t size) {
  const bool shown = transfer_.exit_file.empty() && io.stdout_is_terminal();
  if (!command.verbose || shown || std::exchange(told_data_, true)) return;
  io.print_error(step, fmt::format("{{ [{} bytes data]\n", size));
}

void Curl::verbose(Step& step, AppIo& io, std::string_view text) {
  if (!text.empty()) told_data_ = false;
  if (command.verbose) io.print_error(step, text);
}

void Curl::on_signal(Step& step, AppIo& io, Signal signal) {
  if (over_) return;
  over_ = true;
  close_socket(step, io);
  ftp_close_data(step, io);
  for (const Kept& kept : kept_) io.tcp().close(step, kept.socket);
  io.exit(step, 128 + static_cast<int>(signal));
}

}  // namespace lvslab::apps
