// httpd: a web server that serves the files under /var/www/html as Apache 2.4 on CentOS 7 does.
//
// Models: GET, HEAD and POST (whose body is read and ignored) of HTTP/1.0 and 1.1, keep-alive
// (KeepAliveTimeout 5 s, MaxKeepAliveRequests 100), pipelining, requests in any pieces, the limits
// of core.c (line 8190, field 8190, 100 fields), reading limit of mod_reqtimeout (20 s), Timeout 60
// for a reader that stalls, lingering close (2 s), the error pages of http_protocol.c.
// Left out: Last-Modified, ETag, ranges, conditional requests, chunked request bodies (501),
// directory listings, access log, worker processes: one process serves all connections, in order.
// Source: httpd 2.4: server/protocol.c, modules/http/http_protocol.c: ap_set_keepalive(),
// server/connection.c: ap_lingering_close().
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/apps/app_io.h"
#include "sim/apps/http_request.h"

namespace lvslab::apps {

class Httpd {
 public:
  std::uint16_t port = 80;
  std::uint64_t requests = 0;  ///< answered, with whatever status

  /// Listens; exits with status 1 and Apache's message if the port is taken.
  void start(Step& step, AppIo& io);
  void on_timer(Step& step, AppIo& io);
  void on_socket(Step& step, AppIo& io, const SocketEvent& event);

  std::size_t connections() const { return open_; }
  /// What is kept for connections, without what the vectors of active ones hold.
  std::size_t memory_bytes() const;

 private:
  static constexpr std::uint32_t kNone = 0xffff'ffffU;

  /// What a connection waits for; each has its own time limit and so its own queue.
  enum class Wait : std::uint8_t { kRequest, kKeepAlive, kWriting, kLinger };
  static constexpr std::size_t kWaits = 4;

  /// All that an idle connection costs, besides its socket.
  struct Connection {
    SimTime deadline;
    SocketId socket;
    std::uint32_t prev = kNone, next = kNone;  ///< in the queue of `wait`; free list by `next`
    std::uint32_t work = kNone;                ///< index into works_, while there is any
    Wait wait = Wait::kRequest;
    std::uint8_t served = 0;  ///< requests so far, at most 101
    bool in_use = false;
    bool closing = false;  ///< nothing more is read; closed after what is being written
  };
  static_assert(sizeof(Connection) <= 32);

  /// Bytes that could not be handled at once; only busy connections have it.
  struct Work {
    std::string input;   ///< received, not yet parsed
    std::string output;  ///< made, not yet taken by TCP
    std::size_t sent = 0;
    std::uint64_t skip = 0;  ///< bytes of a request body still to be ignored
    bool peer_done = false;  ///< the peer sent FIN: close after the output
    std::uint32_t next = kNone;
  };
  struct Queue {
    std::uint32_t first = kNone, last = kNone;
  };

  std::uint32_t open_connection(SocketId socket);
  void free_connection(std::uint32_t index);
  Work& work_of(Connection& connection);
  void drop_work(Connection& connection);
  void wait_for(Step& step, AppIo& io, std::uint32_t index, Wait wait);
  void unlink(std::uint32_t index);

  void on_data(Step& step, AppIo& io, std::uint32_t index, std::string_view data);
  /// Handles whole requests at the front of `input` as long as answers go out at once; returns how
  /// many bytes it used up.
  std::size_t serve(Step& step, AppIo& io, std::uint32_t index, std::string_view input);
  /// The same for what was kept of earlier pieces.
  void serve_kept(Step& step, AppIo& io, std::uint32_t index);
  void answer(Step& step, AppIo& io, std::uint32_t index, const HttpRequest& request);
  /// Sends response_; what does not fit waits in the connection's work.
  void send_response(Step& step, AppIo& io, std::uint32_t index);
  void send_rest(Step& step, AppIo& io, std::uint32_t index);
  /// After something happened: what the connection waits for now, or its end.
  void settle(Step& step, AppIo& io, std::uint32_t index);
  void close_gracefully(Step& step, AppIo& io, std::uint32_t index);
  void close_now(Step& step, AppIo& io, std::uint32_t index);
  void expire(Step& step, AppIo& io, std::uint32_t index);

  struct Page {
    int status = 200;
    std::string body;
    std::string_view type;
    std::string location;
  };
  Page page_for(AppIo& io, const HttpRequest& request) const;
  void append_head(SimTime now, const HttpRequest& request, const Page& page, bool keep_alive,
                   int keep_alive_left);
  void append_date(SimTime now);

  std::vector<Connection> connections_;
  std::vector<Work> works_;
  std::uint32_t free_connection_ = kNone;
  std::uint32_t free_work_ = kNone;
  std::size_t open_ = 0;
  std::array<Queue, kWaits> queues_;
  SimTime armed_ = SimTime::never();
  std::string response_;  ///< scratch: being built; its capacity stays
  std::int64_t date_second_ = -1;
  std::array<char, 29> date_{};  ///< "Mon, 23 Nov 2026 23:00:00 GMT" of that second
};

}  // namespace lvslab::apps
