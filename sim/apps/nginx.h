// nginx as a balancer of HTTP: it ends the client's connection, and makes one of its own to a
// server for each request.
//
// Models: keep-alive towards clients, HTTP/1.0 with "Connection: close" towards servers, bodies of
// requests by Content-Length, the next server if one cannot be reached or hangs up, 502 and 504,
// access log and error log, reload; TLS towards clients (sim/wire/tls.h). All that comes at one
// moment is read before anything is done about it, as epoll(7) tells of it.
// Left out: what nginx_conf.h leaves out; answers pass on when they are whole (the real one begins
// earlier with those beyond its buffers); caching; compression; chunked requests (411 as by 1.0).
// Source: nginx 1.22.1 src/http/ngx_http_request.c, ngx_http_upstream.c,
// ngx_http_header_filter_module.c, ngx_http_proxy_module.c, ngx_http_special_response.c.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/apps/app_io.h"
#include "sim/apps/http_reader.h"
#include "sim/apps/nginx_balancer.h"
#include "sim/wire/tls.h"

namespace lvslab::apps {

class Nginx {
 public:
  explicit Nginx(NginxConf conf) : conf_(std::move(conf)) { build_balancers(); }

  /// Listens; exits if a port is taken.
  void start(Step& step, AppIo& io);
  void on_timer(Step& step, AppIo& io);
  void on_socket(Step& step, AppIo& io, const SocketEvent& event);
  void on_signal(Step& step, AppIo& io, Signal signal);
  /// HUP: requests from now on go by `conf`; idle connections are closed, failures forgotten. Ports
  /// that it did not listen to before are opened.
  void reload(Step& step, AppIo& io, NginxConf conf);

  const NginxConf& conf() const { return conf_; }

 private:
  /// Requests of a client, one at a time, and the server that has the present one.
  struct Client {
    SocketId socket;
    Endpoint local, remote;
    std::uint64_t number = 0;  ///< as in the error log
    std::string input;
    std::string output;  ///< not yet taken by TCP
    std::optional<TlsServer> tls;
    bool plain = false;  ///< it speaks HTTP where TLS is spoken
    bool peer_done = false;
    bool close_after = false;
    std::uint32_t served = 0;
    SimTime deadline = SimTime::never();
    // the present request
    bool busy = false;
    std::string head;  ///< with its blank line
    std::string body;
    std::size_t server = 0;            ///< its location: of this server of the settings,
    std::optional<std::size_t> place;  ///< and there this one
    NginxBalancer::Tries tries;
    std::size_t peer = 0;
    SocketId upstream;  ///< invalid: no connection to a server
  };
  /// A connection to a server.
  struct Upstream {
    SocketId socket;
    std::uint32_t client = 0;  ///< the value of its socket
    bool connected = false;
    SimTime deadline;
    HttpReader reader;
    std::string body;
  };
  /// Something that was heard of a socket and is not yet dealt with.
  struct News {
    SocketEventKind kind;
    std::uint32_t socket = 0;
    std::string data;
    Errno error = Errno::kNone;
  };

  void build_balancers();
  bool listen(Step& step, AppIo& io);
  void handle(Step& step, AppIo& io, const News& news);
  void on_client(Step& step, AppIo& io, Client& client, const News& news);
  void on_upstream(Step& step, AppIo& io, Upstream& upstream, const News& news);
  void arm(Step& step, AppIo& io);

  /// Reads a request from the input, if it is whole.
  void serve(Step& step, AppIo& io, Client& client);
  void begin_request(Step& step, AppIo& io, Client& client);
  void connect(Step& step, AppIo& io, Client& client);
  void send_request(Step& step, AppIo& io, Client& client, const Upstream& upstream);
  std::string request_to_server(const Client& client) const;
  std::string value_of(const Client& client, std::string_view word) const;
  void on_response(Step& step, AppIo& io, Upstream& upstream);
  /// The server failed: the next one, or an error page.
  void try_next(Step& step, AppIo& io, Client& client, bool timed_out);
  void close_upstream(Step& step, AppIo& io, Client& client, bool failed);

  void pass_on(Step& step, AppIo& io, Client& client, const Upstream& upstream);
  void send_page(Step& step, AppIo& io, Client& client, int status, std::string_view text = {});
  /// Sends an answer, writes the access log, and goes on with the next request or closes.
  void finish(Step& step, AppIo& io, Client& client, int status, std::string_view first_lines,
              std::string_view body, std::string_view further_headers);
  void flush(Step& step, AppIo& io, Client& client);
  /// Takes what came on a connection with TLS; false if the connection is over.
  bool take_tls(Step& step, AppIo& io, Client& client, const std::string& data);
  void close_client(Step& step, AppIo& io, Client& client);
  bool keeps_alive(const Client& client) const;
  void find_location(Client& client, std::string_view target) const;
  const NginxLocation& location_of(const Client& client) const {
    return conf_.servers[client.server].locations[*client.place];
  }
  NginxBalancer& balancer_of(const Client& client) {
    return balancers_[location_of(client).upstream];
  }
  const std::string& server_name(const Client& client) {
    return balancer_of(client).server(client.peer).name;
  }

  void log_error(Step& step, AppIo& io, const Client& client, std::string_view what,
                 std::string_view upstream) const;
  void log_access(Step& step, AppIo& io, const Client& client, int status, std::size_t bytes) const;
  static std::int64_t now_s(Step& step) { return step.now().ns / 1'000'000'000; }

  NginxConf conf_;
  std::vector<NginxBalancer> balancers_;  ///< by NginxConf::upstreams
  std::vector<std::pair<Endpoint, std::uint32_t>> listeners_;
  std::map<std::uint32_t, Client> clients_;      ///< by socket
  std::map<std::uint32_t, Upstream> upstreams_;  ///< by socket
  std::vector<News> news_;
  std::uint64_t connections_ = 0;
};

}  // namespace lvslab::apps
