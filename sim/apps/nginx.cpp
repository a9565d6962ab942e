#include "sim/apps/nginx.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/apps/as_bytes.h"
#include "sim/apps/http_request.h"
#include "sim/base/calendar.h"
#include "sim/core/errno_text.h"

namespace lvslab::apps {
namespace {

using namespace lvslab::literals;

constexpr std::uint32_t kNginxBacklog = 511;  // NGX_LISTEN_BACKLOG
constexpr std::string_view kServerLine = "Server: nginx/1.22.1\r\n";
constexpr SimDuration kHeaderTimeout = 60_s;  // client_header_timeout
constexpr std::uint32_t kKeepAliveRequests = 1'000;
constexpr std::size_t kMostInput = 1U << 20;  // client_max_body_size

std::string_view reason_of(int status) {
  switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 411: return "Length Required";
    case 413: return "Request Entity Too Large";
    case 500: return "Internal Server Error";
    case 502: return "Bad Gateway";
    case 503: return "Service Temporarily Unavailable";
    case 504: return "Gateway Time-out";
    default: return "";
  }
}

std::string http_date(SimTime now) {
  const CivilTime t = civil_time(now);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", t.weekday_name(), t.day,
                     t.month_name(), t.year, t.hour, t.minute, t.second);
}

/// The lines of a head after the first one, without the blank line.
template <class Each>
void for_each_header(std::string_view head, Each each) {
  head.remove_prefix(std::min(head.find('\n'), head.size() - 1) + 1);
  while (!head.empty()) {
    const std::size_t end = std::min(head.find('\n'), head.size() - 1) + 1;
    std::string_view line = head.substr(0, end);
    head.remove_prefix(end);
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
    const std::size_t colon = line.find(':');
    if (line.empty() || colon == std::string_view::npos) continue;
    std::string_view value = line.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    each(line.substr(0, colon), value);
  }
}

bool is_one_of(std::string_view name, std::span<const std::string_view> names) {
  return std::ranges::any_of(names, [&](std::string_view n) { return http_same(name, n); });
}

/// ngx_http_parse_request_line().
bool is_method_char(char c) { return (c >= 'A' && c <= 'Z') || c == '_' || c == '-'; }

/// As the access log writes what a client sent: ngx_http_log_escape().
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool safe = byte >= 0x20 && byte < 0x7f && c != '"' && c != '\\';
    out += safe ? std::string(1, c) : fmt::format("\\x{:02X}", byte);
  }
  return out;
}

bool is_among(const Endpoint& local, std::span<const Endpoint> listening) {
  return std::ranges::any_of(listening, [&](const Endpoint& at) {
    return at.port == local.port && (at.addr.is_any() || at.addr == local.addr);
  });
}

std::string_view first_line_of(std::string_view head) {
  return head.substr(0, head.find_first_of("\r\n"));
}

std::string header_of(std::string_view head, std::string_view name) {
  return std::string(http_header(head, name).value_or(""));
}

}  // namespace

void Nginx::build_balancers() {
  balancers_.clear();
  for (const NginxUpstream& upstream : conf_.upstreams) balancers_.emplace_back(upstream);
}

// --- life

void Nginx::start(Step& step, AppIo& io) {
  if (listen(step, io)) return;
  io.exit(step, 1);
}

bool Nginx::listen(Step& step, AppIo& io) {
  for (const NginxVirtualServer& server : conf_.servers) {
    for (const Endpoint& at : server.listen) {
      const bool open =
          std::ranges::any_of(listeners_, [&](const auto& l) { return l.first == at; });
      if (open) continue;
      const auto socket = io.tcp().listen(step, io.id(), at, kNginxBacklog);
      if (!socket) return false;
      listeners_.emplace_back(at, socket->value);
    }
  }
  return true;
}

void Nginx::reload(Step& step, AppIo& io, NginxConf conf) {
  // What a request goes by must outlive it; here there is one set of settings, so they end first.
  std::vector<std::uint32_t> idle;
  for (auto& [socket, client] : clients_) {
    if (client.busy) close_upstream(step, io, client, false);
    idle.push_back(socket);
  }
  for (const std::uint32_t socket : idle) close_client(step, io, clients_.at(socket));
  conf_ = std::move(conf);
  build_balancers();
  listen(step, io);
}

void Nginx::on_signal(Step& step, AppIo& io, Signal) { io.exit(step, 0); }

// --- what is heard

void Nginx::on_socket(Step& step, AppIo& io, const SocketEvent& event) {
  News news{.kind = event.kind, .socket = event.socket.value, .error = event.error};
  news.data.assign(event.data.begin(), event.data.end());
  if (event.kind == SocketEventKind::kError) {
    // The socket is gone already, and its number may come again.
    if (const auto client = clients_.find(news.socket); client != clients_.end()) {
      client->second.socket = {};
    }
    if (const auto up = upstreams_.find(news.socket); up != upstreams_.end()) {
      up->second.socket = {};
    }
  }
  news_.push_back(std::move(news));
  io.set_timer(step, step.now());
}

void Nginx::on_timer(Step& step, AppIo& io) {
  for (const News& news : std::exchange(news_, {})) handle(step, io, news);
  std::vector<std::uint32_t> late;
  for (const auto& [socket, client] : clients_) {
    if (client.deadline <= step.now()) late.push_back(socket);
  }
  for (const std::uint32_t socket : late) close_client(step, io, clients_.at(socket));
  late.clear();
  for (const auto& [socket, upstream] : upstreams_) {
    if (upstream.deadline <= step.now()) late.push_back(socket);
  }
  for (const std::uint32_t socket : late) {
    Upstream& upstream = upstreams_.at(socket);
    Client& client = clients_.at(upstream.client);
    log_error(step, io, client,
              fmt::format("upstream timed out (110: Connection timed out) while {}",
                          upstream.connected ? "reading response header from upstream"
                                             : "connecting to upstream"),
              server_name(client));
    try_next(step, io, client, true);
  }
  arm(step, io);
}

void Nginx::arm(Step& step, AppIo& io) {
  SimTime next = SimTime::never();
  for (const auto& [socket, client] : clients_) next = std::min(next, client.deadline);
  for (const auto& [socket, upstream] : upstreams_) next = std::min(next, upstream.deadline);
  if (!news_.empty()) next = step.now();
  io.set_timer(step, next);
}

void Nginx::handle(Step& step, AppIo& io, const News& news) {
  if (news.kind == SocketEventKind::kAccepted) {
    Client& client = clients_[news.socket];
    client = {};
    client.socket = SocketId{news.socket};
    client.local = io.tcp().local(client.socket);
    client.remote = io.tcp().remote(client.socket);
    client.number = ++connections_;
    for (const NginxVirtualServer& server : conf_.servers) {
      if (!is_among(client.local, server.listen_tls)) continue;
      client.tls.emplace(server.certificate, server.key_bytes);
    }
    client.deadline = step.now() + kHeaderTimeout;
    return;
  }
  if (const auto up = upstreams_.find(news.socket); up != upstreams_.end()) {
    on_upstream(step, io, up->second, news);
  } else if (const auto client = clients_.find(news.socket); client != clients_.end()) {
    on_client(step, io, client->second, news);
  }
}

// --- clients

void Nginx::on_client(Step& step, AppIo& io, Client& client, const News& news) {
  switch (news.kind) {
    case SocketEventKind::kData:
      if (!client.tls) {
        client.input += news.data;
      } else if (!take_tls(step, io, client, news.data)) {
        return;
      }
      if (client.input.size() > kMostInput) return close_client(step, io, client);
      return serve(step, io, client);
    case SocketEventKind::kWritable: return flush(step, io, client);
    case SocketEventKind::kPeerClosed:
      client.peer_done = true;
      if (client.busy) log_access(step, io, client, 499, 0);  // it does not wait for the answer
      if (client.busy || client.output.empty()) close_client(step, io, client);
      return;
    case SocketEventKind::kError: return close_client(step, io, client);
    default: return;
  }
}

bool Nginx::take_tls(Step& step, AppIo& io, Client& client, const std::string& data) {
  std::string out;
  const TlsEnd::State state = client.tls->feed(step.random(), data, out, client.input);
  if (!out.empty()) io.tcp().send(step, client.socket, as_bytes(out));
  if (client.tls->is_plain()) {
    client.tls.reset();
    client.plain = true;
    client.input += data;
  } else if (state == TlsEnd::State::kBroken || state == TlsEnd::State::kClosed) {
    close_client(step, io, client);
    return false;
  }
  return true;
}

void Nginx::serve(Step& step, AppIo& io, Client& client) {
  if (client.busy) return;
  const std::size_t begin = client.input.find_first_not_of("\r\n");
  if (begin != std::string::npos && !is_method_char(client.input[begin])) {
    client.head = std::exchange(client.input, {}).substr(begin);
    client.busy = client.close_after = true;
    return send_page(step, io, client, 400);
  }
  const std::size_t length = http_head_length(client.input);
  if (length == 0) return;
  const std::string_view head = std::string_view(client.input).substr(0, length);
  const HttpRequest request = parse_http_request(head);
  if (client.input.size() < length + request.body && request.refused == 0) return;
  client.head = std::string(head);
  const std::size_t body = request.refused == 0 ? static_cast<std::size_t>(request.body) : 0;
  client.body = client.input.substr(length, body);
  client.input.erase(0, length + body);
  client.busy = true;
  client.deadline = SimTime::never();
  ++client.served;
  begin_request(step, io, client);
}

void Nginx::begin_request(Step& step, AppIo& io, Client& client) {
  const HttpRequest request = parse_http_request(client.head);
  if (client.plain || request.refused != 0) {
    client.close_after = true;
    const bool longer = !client.plain && request.refused == 501;
    return send_page(step, io, client, longer ? 411 : 400);
  }
  find_location(client, request.target);
  if (!client.place) return send_page(step, io, client, 404);
  const NginxLocation& location = location_of(client);
  if (location.return_code != 0) {
    return send_page(step, io, client, location.return_code, location.return_text);
  }
  client.tries = balancer_of(client).begin();
  connect(step, io, client);
}

/// The server that listens there, and the longest prefix of its locations.
void Nginx::find_location(Client& client, std::string_view target) const {
  client.place.reset();
  for (std::size_t s = 0; s < conf_.servers.size(); ++s) {
    const NginxVirtualServer& server = conf_.servers[s];
    if (!is_among(client.local, server.listen)) continue;
    client.server = s;
    std::size_t longest = 0;
    for (std::size_t i = 0; i < server.locations.size(); ++i) {
      const std::string& prefix = server.locations[i].prefix;
      if (prefix.size() <= longest || !target.starts_with(prefix)) continue;
      client.place = i;
      longest = prefix.size();
    }
  }
}

// --- servers

void Nginx::connect(Step& step, AppIo& io, Client& client) {
  NginxBalancer& balancer = balancer_of(client);
  for (;;) {
    const auto peer = balancer.choose(client.tries, now_s(step));
    if (!peer) {
      step.explain(Reason::kProxyNoServer);
      log_error(step, io, client, "no live upstreams while connecting to upstream",
                conf_.upstreams[location_of(client).upstream].name);
      return send_page(step, io, client, 502);
    }
    client.peer = *peer;
    const Endpoint to = balancer.server(*peer).at;
    step.explain(Reason::kProxyChose, {}, {arg(to.addr), to.port, 0});
    ++connections_;
    const auto socket = io.tcp().connect(step, io.id(), {}, to, {});
    if (socket) {
      client.upstream = *socket;
      Upstream& upstream = upstreams_[socket->value];
      upstream = {.socket = *socket, .client = client.socket.value};
      upstream.deadline = step.now() + conf_.http.connect_timeout;
      return;
    }
    log_error(step, io, client,
              fmt::format("connect() to {} failed ({}: {}) while connecting to upstream",
                          balancer.server(*peer).name, static_cast<int>(socket.error()),
                          errno_text(socket.error())),
              balancer.server(*peer).name);
    balancer.release(*peer, client.tries, true, now_s(step));
    if (client.tries.left == 0 || !conf_.http.next_on_error) {
      return send_page(step, io, client, 502);
    }
  }
}

void Nginx::on_upstream(Step& step, AppIo& io, Upstream& upstream, const News& news) {
  Client& client = clients_.at(upstream.client);
  const std::string name = server_name(client);
  switch (news.kind) {
    case SocketEventKind::kConnected:
      upstream.connected = true;
      upstream.deadline = step.now() + conf_.http.read_timeout;
      return send_request(step, io, client, upstream);
    case SocketEventKind::kData: {
      upstream.deadline = step.now() + conf_.http.read_timeout;
      std::string_view data = news.data;
      while (!data.empty()) {
        const std::size_t used = upstream.reader.feed(data, upstream.body);
        data.remove_prefix(used);
        if (used == 0 || upstream.reader.state() == HttpReader::State::kDone) break;
      }
      return on_response(step, io, upstream);
    }
    case SocketEventKind::kPeerClosed:
      if (upstream.reader.end() == HttpReader::State::kDone) return on_response(step, io, upstream);
      log_error(
          step, io, client,
          "upstream prematurely closed connection while reading response header from upstream",
          name);
      return try_next(step, io, client, false);
    case SocketEventKind::kError: {
      const bool late = news.error == Errno::kTimedOut;
      log_error(step, io, client,
                upstream.connected
                    ? fmt::format("recv() failed ({}: {}) while reading response header from "
                                  "upstream",
                                  static_cast<int>(news.error), errno_text(news.error))
                : late ? "upstream timed out (110: Connection timed out) while connecting to "
                         "upstream"
                       : fmt::format("connect() failed ({}: {}) while connecting to upstream",
                                     static_cast<int>(news.error), errno_text(news.error)),
                name);
      return try_next(step, io, client, late);
    }
    default: return;
  }
}

void Nginx::send_request(Step& step, AppIo& io, Client& client, const Upstream& upstream) {
  const std::string request = request_to_server(client) + client.body;
  io.tcp().send(step, upstream.socket, as_bytes(request));
  upstreams_.at(upstream.socket.value).reader.begin(client.head.starts_with("HEAD "));
}

std::string Nginx::value_of(const Client& client, std::string_view word) const {
  std::string peer = client.remote.addr.to_string();
  std::string host = header_of(client.head, "Host");
  if (word == "$remote_addr") return peer;
  if (word == "$http_host") return host;
  if (word == "$host") return host.substr(0, host.find(':'));
  if (word == "$scheme") return client.tls ? "https" : "http";
  if (word == "$proxy_host") return location_of(client).proxy_host;
  if (word == "$server_port") return fmt::format("{}", client.local.port);
  if (word == "$proxy_add_x_forwarded_for") {
    const std::string before = header_of(client.head, "X-Forwarded-For");
    return before.empty() ? peer : before + ", " + peer;
  }
  return std::string(word);
}

/// Source: ngx_http_proxy_create_request(), ngx_http_proxy_init_headers().
std::string Nginx::request_to_server(const Client& client) const {
  static constexpr std::array<std::string_view, 8> kOwn{
      "Host", "Connection", "Content-Length", "Transfer-Encoding",
      "TE",   "Keep-Alive", "Expect",         "Upgrade"};
  const HttpRequest request = parse_http_request(client.head);
  const auto& set = location_of(client).set_headers;
  const auto is_set = [&](std::string_view name) {
    return std::ranges::any_of(set, [&](const auto& h) { return http_same(h.first, name); });
  };
  std::string text = fmt::format("{} {} HTTP/1.0\r\n", request.method, request.target);
  for (const auto& [name, value] : set) {
    const std::string filled = value_of(client, value);
    if (!filled.empty()) text += fmt::format("{}: {}\r\n", name, filled);
  }
  if (!is_set("Host")) text += fmt::format("Host: {}\r\n", location_of(client).proxy_host);
  if (!is_set("Connection")) text += "Connection: close\r\n";
  if (!client.body.empty()) text += fmt::format("Content-Length: {}\r\n", client.body.size());
  for_each_header(client.head, [&](std::string_view name, std::string_view value) {
    if (is_one_of(name, kOwn) || is_set(name)) return;
    text += fmt::format("{}: {}\r\n", name, value);
  });
  return text + "\r\n";
}

void Nginx::on_response(Step& step, AppIo& io, Upstream& upstream) {
  Client& client = clients_.at(upstream.client);
  if (upstream.reader.state() == HttpReader::State::kBroken) {
    log_error(step, io, client,
              "upstream sent no valid HTTP/1.0 header while reading response header from upstream",
              server_name(client));
    return try_next(step, io, client, false);
  }
  if (upstream.reader.state() != HttpReader::State::kDone) return;
  const Upstream whole = std::move(upstream);
  close_upstream(step, io, client, false);
  pass_on(step, io, client, whole);
}

void Nginx::close_upstream(Step& step, AppIo& io, Client& client, bool failed) {
  if (!client.upstream.valid()) return;
  const auto up = upstreams_.find(client.upstream.value);
  if (up != upstreams_.end()) {
    if (up->second.socket.valid()) io.tcp().close(step, up->second.socket);
    upstreams_.erase(up);
  }
  client.upstream = {};
  balancer_of(client).release(client.peer, client.tries, failed, now_s(step));
}

void Nginx::try_next(Step& step, AppIo& io, Client& client, bool timed_out) {
  close_upstream(step, io, client, true);
  const bool may = timed_out ? conf_.http.next_on_timeout : conf_.http.next_on_error;
  if (client.tries.left == 0 || !may) {
    return send_page(step, io, client, timed_out ? 504 : 502);
  }
  step.explain(Reason::kProxyTriesNext);
  connect(step, io, client);
}

// --- answers

bool Nginx::keeps_alive(const Client& client) const {
  const HttpRequest request = parse_http_request(client.head);
  const bool asked = request.version == 11 ? !request.asks_close : request.asks_keep_alive;
  return asked && !client.close_after && client.served < kKeepAliveRequests &&
         conf_.http.keepalive_timeout.ns > 0;
}

/// Source: ngx_http_upstream_process_headers(): these the proxy makes itself, or keeps.
void Nginx::pass_on(Step& step, AppIo& io, Client& client, const Upstream& upstream) {
  static constexpr std::array<std::string_view, 9> kOwn{
      "Date",         "Server",         "Connection",        "Keep-Alive",
      "Content-Type", "Content-Length", "Transfer-Encoding", "X-Accel-Redirect",
      "X-Pad"};
  const std::string_view head = upstream.reader.head();
  const std::string_view first = first_line_of(head);
  const std::string type = header_of(head, "Content-Type");
  std::string lines =
      fmt::format("HTTP/1.1 {}\r\n{}Date: {}\r\n", first.substr(first.find(' ') + 1), kServerLine,
                  http_date(step.now()));
  if (!type.empty()) lines += fmt::format("Content-Type: {}\r\n", type);
  const auto length = upstream.reader.content_length();
  lines += fmt::format("Content-Length: {}\r\n", length.value_or(upstream.body.size()));
  std::string further;
  for_each_header(head, [&](std::string_view name, std::string_view value) {
    if (!is_one_of(name, kOwn)) further += fmt::format("{}: {}\r\n", name, value);
  });
  finish(step, io, client, upstream.reader.status(), lines, upstream.body, further);
}

/// Source: ngx_http_special_response.c: ngx_http_send_special_response().
void Nginx::send_page(Step& step, AppIo& io, Client& client, int status, std::string_view text) {
  const std::string title = fmt::format("{} {}", status, reason_of(status));
  std::string body(text);
  if (text.empty() && status >= 300) {
    constexpr std::string_view kPlain = "The plain HTTP request was sent to HTTPS port";
    body = fmt::format(
        "<html>\r\n<head><title>{}</title></head>\r\n<body>\r\n<center><h1>{}</h1></center>\r\n{}"
        "<hr><center>nginx/1.22.1</center>\r\n</body>\r\n</html>\r\n",
        client.plain ? fmt::format("400 {}", kPlain) : title, title,
        client.plain ? fmt::format("<center>{}</center>\r\n", kPlain) : "");
  }
  const std::string lines =
      fmt::format("HTTP/1.1 {}\r\n{}Date: {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n", title,
                  kServerLine, http_date(step.now()),
                  text.empty() && status >= 300 ? "text/html" : "text/plain", body.size());
  if (client.head.starts_with("HEAD ")) body.clear();
  finish(step, io, client, status, lines, body, {});
}

void Nginx::finish(Step& step, AppIo& io, Client& client, int status, std::string_view first_lines,
                   std::string_view body, std::string_view further_headers) {
  const bool keep = keeps_alive(client);
  client.close_after = !keep;
  const std::string answer = fmt::format("{}Connection: {}\r\n{}\r\n{}", first_lines,
                                         keep ? "keep-alive" : "close", further_headers, body);
  client.output += client.tls ? client.tls->seal(answer) : answer;
  log_access(step, io, client, status, body.size());
  client.busy = false;
  flush(step, io, client);
}

void Nginx::flush(Step& step, AppIo& io, Client& client) {
  if (client.socket.valid() && !client.output.empty()) {
    const std::size_t taken = io.tcp().send(step, client.socket, as_bytes(client.output));
    client.output.erase(0, taken);
    if (!client.output.empty()) {
      client.deadline = step.now() + kHeaderTimeout;  // send_timeout
      return;
    }
  }
  if (client.busy) return;
  if (client.close_after || client.peer_done) {
    if (client.tls && client.tls->is_open() && client.socket.valid()) {
      io.tcp().send(step, client.socket, as_bytes(client.tls->close_notify()));
    }
    return close_client(step, io, client);
  }
  client.deadline = step.now() + conf_.http.keepalive_timeout;
  serve(step, io, client);
}

void Nginx::close_client(Step& step, AppIo& io, Client& client) {
  close_upstream(step, io, client, false);
  if (client.socket.valid()) io.tcp().close(step, client.socket);
  const auto it =
      std::ranges::find_if(clients_, [&](const auto& c) { return &c.second == &client; });
  if (it != clients_.end()) clients_.erase(it);
}

// --- logs

void Nginx::log_error(Step& step, AppIo& io, const Client& client, std::string_view what,
                      std::string_view upstream) const {
  const CivilTime t = civil_time(step.now());
  const std::string request(first_line_of(client.head));
  const HttpRequest parsed = parse_http_request(client.head);
  io.append_file(
      step, conf_.error_log,
      fmt::format("{}/{:02}/{:02} {:02}:{:02}:{:02} [error] {}#{}: *{} {}, client: {}, server: , "
                  "request: \"{}\", upstream: \"http://{}{}\", host: \"{}\"\n",
                  t.year, t.month, t.day, t.hour, t.minute, t.second, io.pid(), io.pid(),
                  client.number, what, client.remote.addr.to_string(), request, upstream,
                  parsed.target, header_of(client.head, "Host")));
}

void Nginx::log_access(Step& step, AppIo& io, const Client& client, int status,
                       std::size_t bytes) const {
  if (conf_.http.access_log.empty()) return;
  const CivilTime t = civil_time(step.now());
  const auto or_dash = [](const std::string& text) { return text.empty() ? "-" : text; };
  io.append_file(
      step, conf_.http.access_log,
      fmt::format("{} - - [{:02}/{}/{}:{:02}:{:02}:{:02} +0000] \"{}\" {} {} \"{}\" \"{}\"\n",
                  client.remote.addr.to_string(), t.day, t.month_name(), t.year, t.hour, t.minute,
                  t.second, escaped(first_line_of(client.head)), status, bytes,
                  or_dash(header_of(client.head, "Referer")),
                  or_dash(header_of(client.head, "User-Agent"))));
}

}  // namespace lvslab::apps
