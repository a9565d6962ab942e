#include "sim/apps/httpd.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/apps/as_bytes.h"
#include "sim/base/calendar.h"

namespace lvslab::apps {
namespace {

using namespace lvslab::literals;

constexpr std::string_view kRoot = "/var/www/html";
constexpr std::string_view kServerName = "Apache/2.4.6 (CentOS)";
constexpr std::string_view kErrorType = "text/html; charset=iso-8859-1";
constexpr std::uint32_t kHttpdBacklog = 511;  // ListenBacklog
constexpr int kMaxKeepAlive = 100;
/// Requests that wait for the answer to an earlier one: beyond this the client is cut off.
constexpr std::size_t kMaxInput = 1U << 20;

/// By Wait: RequestReadTimeout header=20, KeepAliveTimeout 5, Timeout 60, SECONDS_TO_LINGER 2.
constexpr std::array kLimits{20_s, 5_s, 60_s, 2_s};

bool is_known_method(std::string_view method) {
  constexpr std::array<std::string_view, 6> kKnown{"PUT",   "DELETE",  "OPTIONS",
                                                   "TRACE", "CONNECT", "PATCH"};
  return std::ranges::find(kKnown, method) != kKnown.end();
}

}  // namespace

// --- storage of connections

std::uint32_t Httpd::open_connection(SocketId socket) {
  std::uint32_t index = free_connection_;
  if (index == kNone) {
    index = static_cast<std::uint32_t>(connections_.size());
    connections_.emplace_back();
  } else {
    free_connection_ = connections_[index].next;
    connections_[index] = {};
  }
  connections_[index].socket = socket;
  connections_[index].in_use = true;
  ++open_;
  return index;
}

void Httpd::free_connection(std::uint32_t index) {
  Connection& connection = connections_[index];
  unlink(index);
  drop_work(connection);
  connection.in_use = false;
  connection.next = free_connection_;
  free_connection_ = index;
  --open_;
}

Httpd::Work& Httpd::work_of(Connection& connection) {
  if (connection.work == kNone) {
    if (free_work_ == kNone) {
      connection.work = static_cast<std::uint32_t>(works_.size());
      works_.emplace_back();
    } else {
      connection.work = free_work_;
      free_work_ = works_[free_work_].next;
      works_[connection.work] = {};
    }
  }
  return works_[connection.work];
}

void Httpd::drop_work(Connection& connection) {
  if (connection.work == kNone) return;
  works_[connection.work] = {};
  works_[connection.work].next = free_work_;
  free_work_ = connection.work;
  connection.work = kNone;
}

void Httpd::unlink(std::uint32_t index) {
  Connection& connection = connections_[index];
  Queue& queue = queues_[static_cast<std::size_t>(connection.wait)];
  if (connection.prev == kNone && queue.first != index) return;  // in no queue
  (connection.prev == kNone ? queue.first : connections_[connection.prev].next) = connection.next;
  (connection.next == kNone ? queue.last : connections_[connection.next].prev) = connection.prev;
  connection.prev = connection.next = kNone;
}

void Httpd::wait_for(Step& step, AppIo& io, std::uint32_t index, Wait wait) {
  unlink(index);
  Connection& connection = connections_[index];
  Queue& queue = queues_[static_cast<std::size_t>(wait)];
  connection.wait = wait;
  connection.deadline = step.now() + kLimits[static_cast<std::size_t>(wait)];
  connection.prev = queue.last;
  (queue.last == kNone ? queue.first : connections_[queue.last].next) = index;
  queue.last = index;
  if (connection.deadline < armed_) {
    armed_ = connection.deadline;
    io.set_timer(step, armed_);
  }
}

std::size_t Httpd::memory_bytes() const {
  return connections_.capacity() * sizeof(Connection) + works_.capacity() * sizeof(Work);
}

// --- events

void Httpd::start(Step& step, AppIo& io) {
  const auto listener = io.tcp().listen(step, io.id(), {{}, port}, kHttpdBacklog);
  // As a server that keeps the versions apart (IPV6_V6ONLY): one socket for each.
  const auto listener6 =
      io.has_ipv6() && listener
          ? io.tcp().listen(step, io.id(), {Ipv4Addr::any6(), port}, kHttpdBacklog)
          : listener;
  if (listener && listener6) return;
  io.print_error(step, fmt::format("(98)Address already in use: AH00072: make_sock: could not bind "
                                   "to address 0.0.0.0:{}\nno listening sockets available, "
                                   "shutting down\nAH00015: Unable to open logs\n",
                                   port));
  io.exit(step, 1);
}

void Httpd::on_timer(Step& step, AppIo& io) {
  armed_ = SimTime::never();
  for (const Queue& queue : queues_) {
    while (queue.first != kNone && connections_[queue.first].deadline <= step.now()) {
      expire(step, io, queue.first);
    }
  }
  for (const Queue& queue : queues_) {
    if (queue.first != kNone) armed_ = std::min(armed_, connections_[queue.first].deadline);
  }
  if (armed_ != SimTime::never()) io.set_timer(step, armed_);
}

void Httpd::expire(Step& step, AppIo& io, std::uint32_t index) {
  const Connection& connection = connections_[index];
  switch (connection.wait) {
    case Wait::kKeepAlive: close_gracefully(step, io, index); return;
    case Wait::kWriting:
      io.tcp().abort(step, connection.socket);
      free_connection(index);
      return;
    case Wait::kLinger: close_now(step, io, index); return;
    case Wait::kRequest:
      if (connection.work == kNone || works_[connection.work].input.empty()) {
        close_now(step, io, index);
        return;
      }
      HttpRequest timeout;
      timeout.refused = 408;
      timeout.close_after = true;
      works_[connection.work].input.clear();
      answer(step, io, index, timeout);
      settle(step, io, index);
      return;
  }
}

void Httpd::on_socket(Step& step, AppIo& io, const SocketEvent& event) {
  if (event.kind == SocketEventKind::kAccepted) {
    const std::uint32_t index = open_connection(event.socket);
    io.tcp().set_cookie(event.socket, index);
    wait_for(step, io, index, Wait::kRequest);
    return;
  }
  const std::uint32_t index = event.cookie;
  if (index >= connections_.size()) return;
  Connection& connection = connections_[index];
  if (!connection.in_use || connection.socket != event.socket) return;
  switch (event.kind) {
    case SocketEventKind::kData: on_data(step, io, index, as_text(event.data)); return;
    case SocketEventKind::kWritable: send_rest(step, io, index); return;
    case SocketEventKind::kPeerClosed:
      if (connection.work != kNone && !works_[connection.work].output.empty()) {
        works_[connection.work].peer_done = true;
      } else {
        close_now(step, io, index);
      }
      return;
    case SocketEventKind::kError: free_connection(index); return;
    case SocketEventKind::kFinAcked: return;
    case SocketEventKind::kConnected:
    case SocketEventKind::kAccepted: return;
  }
}

// --- requests

void Httpd::on_data(Step& step, AppIo& io, std::uint32_t index, std::string_view data) {
  Connection& connection = connections_[index];
  if (connection.closing) return;  // lingering: read and forgotten
  if (connection.work != kNone) {
    Work& work = works_[connection.work];
    work.input += data;
    if (work.input.size() > kMaxInput) {
      io.tcp().abort(step, connection.socket);
      free_connection(index);
      return;
    }
    serve_kept(step, io, index);
  } else {
    const std::size_t used = serve(step, io, index, data);
    if (used < data.size() && !connections_[index].closing) {
      work_of(connections_[index]).input = data.substr(used);
    }
  }
  settle(step, io, index);
}

void Httpd::serve_kept(Step& step, AppIo& io, std::uint32_t index) {
  // Moved out, so that answering may touch the work.
  std::string input = std::move(works_[connections_[index].work].input);
  input.erase(0, serve(step, io, index, input));
  works_[connections_[index].work].input = std::move(input);
}

std::size_t Httpd::serve(Step& step, AppIo& io, std::uint32_t index, std::string_view input) {
  std::size_t used = 0;
  while (used < input.size() && !connections_[index].closing) {
    std::string_view rest = input.substr(used);
    if (Connection& connection = connections_[index]; connection.work != kNone) {
      Work& work = works_[connection.work];
      if (!work.output.empty()) break;
      const auto skipped =
          static_cast<std::size_t>(std::min<std::uint64_t>(work.skip, rest.size()));
      work.skip -= skipped;
      used += skipped;
      rest.remove_prefix(skipped);
    }
    if (rest.starts_with("\r\n") || rest.starts_with('\n')) {  // blank lines before a request
      used += rest.front() == '\r' ? 2 : 1;
      continue;
    }
    const std::size_t length = http_head_length(rest);
    if (length > 0) {
      used += length;
      answer(step, io, index, parse_http_request(rest.substr(0, length)));
      continue;
    }
    HttpRequest refused;
    refused.refused = http_head_too_long(rest);
    if (refused.refused == 0) break;
    refused.close_after = true;
    used = input.size();
    answer(step, io, index, refused);
  }
  return used;
}

void Httpd::answer(Step& step, AppIo& io, std::uint32_t index, const HttpRequest& request) {
  const Page page = page_for(io, request);
  Connection& connection = connections_[index];
  ++requests;
  const int left = kMaxKeepAlive - connection.served;
  const bool wanted = request.version == 11 ? !request.asks_close : request.asks_keep_alive;
  const bool keep = wanted && left > 0 && !request.close_after;
  if (keep) ++connection.served;
  response_.clear();
  append_head(step.now(), request, page, keep, left);
  if (!request.is_head()) response_ += page.body;
  if (!keep) connection.closing = true;
  if (request.body > 0 && keep) work_of(connection).skip = request.body;
  send_response(step, io, index);
}

Httpd::Page Httpd::page_for(AppIo& io, const HttpRequest& request) const {
  Page page;
  page.type = kErrorType;
  const auto path = request.refused == 0 ? http_path_of(request.target) : std::nullopt;
  if (request.refused != 0) {
    page.status = request.refused;
  } else if (!path) {
    page.status = 400;
  } else if (request.method != "GET" && !request.is_head() && request.method != "POST") {
    page.status = is_known_method(request.method) ? 405 : 501;
  } else {
    std::string name = std::string(kRoot) + *path;
    if (name.ends_with('/')) name += "index.html";
    if (auto file = io.read_file(name)) {
      page.body = *std::move(file);
      page.type = http_content_type(name);
      return page;
    }
    if (*path == "/") {
      page.status = 403;
      page.body = http_test_page();
      page.type = "text/html; charset=UTF-8";
      return page;
    }
    page.status = 404;
    if (!path->ends_with('/') && io.read_file(name + "/index.html")) {
      page.status = 301;
      page.location = fmt::format("http://{}{}/", request.host, *path);
    }
  }
  page.body = http_error_page(page.status, request.method, path.value_or(""), page.location);
  return page;
}

void Httpd::append_date(SimTime now) {
  const std::int64_t second = now.ns / 1'000'000'000;
  if (second != date_second_) {
    date_second_ = second;
    const CivilTime t = civil_time(now);
    fmt::format_to_n(date_.data(), date_.size(), "{}, {:02} {} {} {:02}:{:02}:{:02} GMT",
                     t.weekday_name(), t.day, t.month_name(), t.year, t.hour, t.minute, t.second);
  }
  response_.append(date_.data(), date_.size());
}

void Httpd::append_head(SimTime now, const HttpRequest& request, const Page& page, bool keep_alive,
                        int keep_alive_left) {
  const auto number = [this](std::size_t value) {
    const fmt::format_int digits(value);
    response_.append(digits.data(), digits.size());
  };
  response_ += "HTTP/1.1 ";
  number(static_cast<std::size_t>(page.status));
  response_ += ' ';
  response_ += http_reason(page.status);
  response_ += "\r\nDate: ";
  append_date(now);
  response_ += "\r\nServer: ";
  response_ += kServerName;
  if (!page.location.empty()) response_.append("\r\nLocation: ").append(page.location);
  if (page.status == 405) response_ += "\r\nAllow: GET,HEAD,POST";
  response_ += "\r\nContent-Length: ";
  number(page.body.size());
  if (!keep_alive) {
    response_ += "\r\nConnection: close";
  } else if (request.asks_keep_alive) {
    response_ += "\r\nKeep-Alive: timeout=5, max=";
    number(static_cast<std::size_t>(keep_alive_left));
    response_ += "\r\nConnection: Keep-Alive";
  }
  if (!page.type.empty()) response_.append("\r\nContent-Type: ").append(page.type);
  response_ += "\r\n\r\n";
}

// --- answers

void Httpd::send_response(Step& step, AppIo& io, std::uint32_t index) {
  const std::size_t taken = io.tcp().send(step, connections_[index].socket, as_bytes(response_));
  if (taken == response_.size()) return;
  Work& work = work_of(connections_[index]);
  work.output.swap(response_);
  work.sent = taken;
}

void Httpd::send_rest(Step& step, AppIo& io, std::uint32_t index) {
  Connection& connection = connections_[index];
  if (connection.work == kNone || works_[connection.work].output.empty()) return;
  Work& work = works_[connection.work];
  const auto rest = std::string_view(work.output).substr(work.sent);
  const std::size_t taken = io.tcp().send(step, connection.socket, as_bytes(rest));
  work.sent += taken;
  if (taken == rest.size()) {
    work.output = {};  // gives the room back: it may be a large file
    work.sent = 0;
    if (!connection.closing && !work.input.empty()) serve_kept(step, io, index);
  } else if (taken > 0) {
    wait_for(step, io, index, Wait::kWriting);
    return;
  }
  settle(step, io, index);
}

void Httpd::settle(Step& step, AppIo& io, std::uint32_t index) {
  Connection& connection = connections_[index];
  bool reading = connection.served == 0;
  if (connection.work != kNone) {
    const Work& work = works_[connection.work];
    if (!work.output.empty()) {
      if (connection.wait != Wait::kWriting) wait_for(step, io, index, Wait::kWriting);
      return;
    }
    if (work.peer_done) {
      close_now(step, io, index);
      return;
    }
    reading |= !work.input.empty() || work.skip > 0;
    if (work.input.empty() && work.skip == 0) drop_work(connection);
  }
  if (connection.closing) {
    close_gracefully(step, io, index);
  } else if (!reading) {
    wait_for(step, io, index, Wait::kKeepAlive);
  } else if (connection.wait != Wait::kRequest) {
    wait_for(step, io, index, Wait::kRequest);
  }
}

void Httpd::close_gracefully(Step& step, AppIo& io, std::uint32_t index) {
  Connection& connection = connections_[index];
  drop_work(connection);
  connection.closing = true;
  io.tcp().shutdown_write(step, connection.socket);
  wait_for(step, io, index, Wait::kLinger);
}

void Httpd::close_now(Step& step, AppIo& io, std::uint32_t index) {
  io.tcp().close(step, connections_[index].socket);
  free_connection(index);
}

}  // namespace lvslab::apps
