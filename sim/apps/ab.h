// ab (ApacheBench): `-c` connections at a time until `-n` requests are answered, then a report.
//
// Models: one connection per request (HTTP/1.0, the server closes), -k with connections kept as
// long as the server says so, the first request alone before the others begin, connections too
// many at the end (they stand before ab has counted those that are on their way), the counters and
// times of the report, its error ends, -t and -s. Left out: what command::parse_ab refuses. Times
// are simulated microseconds. Source: httpd 2.4 support/ab.c: start_connect(), write_request(),
// read_connection(), test().
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/apps/app_io.h"
#include "sim/apps/http_reader.h"
#include "sim/command/ab.h"

namespace lvslab::apps {

class Ab {
 public:
  explicit Ab(command::AbCommand typed) : command(std::move(typed)) {}

  command::AbCommand command;

  void start(Step& step, AppIo& io);
  void on_timer(Step& step, AppIo& io);
  void on_socket(Step& step, AppIo& io, const SocketEvent& event);
  /// Ctrl-C: reports what was done so far.
  void on_signal(Step& step, AppIo& io, Signal signal);

 private:
  struct Connection {
    SocketId socket;
    SimTime began, connected, requested, first_byte;
    HttpReader reader;
    std::uint64_t received = 0;  ///< bytes of this response
    bool open = false;           ///< connected
    bool kept = false;           ///< used for an earlier request
    bool answering = false;      ///< a first byte came
  };

  void start_connect(Step& step, AppIo& io, std::uint32_t slot);
  void write_request(Step& step, AppIo& io, std::uint32_t slot);
  void on_data(Step& step, AppIo& io, std::uint32_t slot, std::string_view data);
  void on_closed(Step& step, AppIo& io, std::uint32_t slot);
  void on_error(Step& step, AppIo& io, std::uint32_t slot, Errno error);
  void count_response(Step& step, AppIo& io, std::uint32_t slot);
  void finish(Step& step, AppIo& io);
  void fail(Step& step, AppIo& io, const command::Output& why);
  void touch(Step& step, AppIo& io);

  Ipv4Addr server_;
  std::string request_;
  std::string body_;  ///< scratch
  std::vector<Connection> connections_;
  command::AbResult result_;
  std::uint32_t started_ = 0;  ///< requests; a connection counts once it stands
  std::uint32_t connect_failures_ = 0;
  SimTime began_, last_event_;
  bool answered_ = false;  ///< the first request, which goes alone
  bool over_ = false;
};

}  // namespace lvslab::apps
