// curl: fetches URLs one after the other, on one connection where the server keeps it.
//
// Models: connecting with its time limits, reading a response with Content-Length, chunked, or up
// to the end of the connection, keeping the connection for the next URL of the same host and port,
// what -v, -i, -I, -o, -O, -w, -f, -s print, and the exit status (that of the last URL).
// Left out: what command::parse_curl refuses. Texts come from sim/command/curl.h.
// Source: curl 7.88.1 lib/connect.c, lib/http.c, lib/multi.c, src/tool_operate.c.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "sim/apps/app_io.h"
#include "sim/apps/http_reader.h"
#include "sim/command/curl.h"

namespace lvslab::apps {

class Curl {
 public:
  explicit Curl(command::CurlCommand typed) : command(std::move(typed)) {}

  command::CurlCommand command;

  void start(Step& step, AppIo& io);
  void on_timer(Step& step, AppIo& io);
  void on_socket(Step& step, AppIo& io, const SocketEvent& event);
  void on_signal(Step& step, AppIo& io, Signal signal);

 private:
  enum class Phase : std::uint8_t { kIdle, kConnecting, kWaiting, kReading };
  /// A connection that the last response left open.
  struct Kept {
    SocketId socket;
    command::CurlUrl url;
  };

  void run(Step& step, AppIo& io);
  bool begin_url(Step& step, AppIo& io);
  bool open_connection(Step& step, AppIo& io, Ipv4Addr remote);
  bool local_end(Step& step, AppIo& io, Ipv4Addr remote, Endpoint& local, IfIndex& dev);
  bool connect_failed(Step& step, AppIo& io, Errno error, bool at_once);
  void send_request(Step& step, AppIo& io);
  void on_data(Step& step, AppIo& io, std::string_view data);
  void on_end(Step& step, AppIo& io);
  void deliver_headers(Step& step, AppIo& io);
  void complete(Step& step, AppIo& io);
  /// The URL is done, well or with transfer_.error: output, messages, -w.
  void finish(Step& step, AppIo& io, command::CurlError error, bool keep);
  void write_body(Step& step, AppIo& io);
  void arm(Step& step, AppIo& io);
  void verbose(Step& step, AppIo& io, std::string_view text);

  std::size_t next_url_ = 0;
  Phase phase_ = Phase::kIdle;
  command::CurlUrl url_;
  command::CurlTransfer transfer_;
  SimTime began_, connect_by_, done_by_;
  SocketId socket_;
  std::optional<Kept> kept_;
  std::uint32_t connection_ = 0;  ///< the number that -v prints
  std::uint32_t connections_ = 0;
  std::uint32_t port_tries_ = 0;
  bool reused_ = false;
  bool headers_shown_ = false;
  bool discard_ = false;  ///< -f and a status of 400 or more
  HttpReader reader_;
  std::string body_;  ///< what goes to -o's file
  int status_ = 0;
};

}  // namespace lvslab::apps
