#include <algorithm>
#include <charconv>

#include "sim/base/calendar.h"
#include "sim/keepalived/checker_context.h"
#include "sim/keepalived/coarse_clock.h"
#include "sim/keepalived/md5.h"
#include "sim/wire/build.h"

namespace lvslab::keepalived {
namespace {

/// Before the first check of any server (check_api.c).
constexpr SimDuration kBootstrapDelay{1'000'000'000};
/// SO_LINGER of every checker's socket (lib/layer4.c: tcp_bind_connect()).
constexpr SimDuration kLinger{5'000'000'000};
/// What is kept of an answer: its head, or the page as well if its digest is wanted.
constexpr std::size_t kLongestHead = 4096, kLongestPage = 1U << 20;

bool runs(const Checker& checker) { return checker.kind != CheckerKind::kSmtp; }

/// The status of an answer whose head is complete; 0 if it is none.
unsigned status_of(std::string_view head) {
  const std::size_t space = head.find(' ');
  unsigned status = 0;
  if (space != std::string_view::npos) {
    std::from_chars(head.data() + space + 1, head.data() + head.size(), status);
  }
  return status;
}

/// Without any condition every success counts.
bool is_wanted(unsigned status, const CheckUrl& url) {
  if (url.status_codes.empty()) return status >= 200 && status <= 299;
  return std::ranges::any_of(url.status_codes, [&](const auto& range) {
    return status >= range.first && status <= range.second;
  });
}

bool has_digest(std::string_view page, std::string_view digest) {
  return std::ranges::equal(md5(page), digest, {}, {}, [](char c) {
    return c >= 'A' && c <= 'F' ? static_cast<char>(c | 0x20) : c;
  });
}

}  // namespace

// --- starting a check ----------------------------------------------------------------------------

void Checkers::Context::begin(State& s) {
  switch (checker(s).kind) {
    case CheckerKind::kMisc:
      s.phase = Phase::kScript;
      s.at = step.now() + checker(s).misc_timeout.value_or(vs(s).delay_loop);
      s.terminated = false;
      s.began = step.now();
      return port.run_check(step, s.index, checker(s).misc);
    case CheckerKind::kPing: return ping(s);
    case CheckerKind::kUdp: return send_payload(s);
    case CheckerKind::kDns: return ask_name(s);
    case CheckerKind::kTcp:
    case CheckerKind::kHttp:
    case CheckerKind::kSsl:
    case CheckerKind::kSmtp: return dial_tcp(s);
  }
}

// tcp_connect_thread(), http_connect_thread().
void Checkers::Context::dial_tcp(State& s) {
  IfIndex dev;
  const bool http = checker(s).kind != CheckerKind::kTcp;
  const auto again = [&] {
    log(http ? "WEB socket bind failed. Rescheduling" : "TCP socket bind failed. Rescheduling.");
    wait(s, delay_loop(s));
  };
  if (!find_device(s, dev)) return again();
  const auto socket = port.tcp().connect(step, port.owner(), source(s), target(s), dev);
  if (socket) {
    s.socket = *socket;
    s.phase = Phase::kConnecting;
    s.at = step.now() + timeout(s);
    return;
  }
  if (is_connect_failure(socket.error())) {
    if (http) return http_failure(s, "HTTP_CHECK - network unreachable");
    return tcp_done(s, false);
  }
  log(fmt::format("Checker bind failed: {}", errno_text(socket.error())));
  again();
}

void Checkers::Context::close_tcp(State& s, After after) {
  if (s.socket.valid() && port.tcp().close_and_wait(step, s.socket)) {
    s.phase = Phase::kClosing;
    s.after = after;
    s.at = step.timers().run_at(step.now() + kLinger, step.now());
    checkers.closing_ = s.index;
    return;
  }
  s.socket = {};
  go_on(s, after);
}

void Checkers::Context::go_on(State& s, After after) {
  switch (after) {
    case After::kConnected: return tcp_done(s, true);
    case After::kAnswered: return judge(s);
    case After::kFailed: return http_failure(s, s.why);
  }
}

void Checkers::Context::timed_out(State& s) {
  const bool connecting = s.phase == Phase::kConnecting;
  if (!connecting && checker(s).kind == CheckerKind::kHttp) {
    s.why = "Timeout WEB read";
    return close_tcp(s, After::kFailed);
  }
  hang_up(s);
  switch (checker(s).kind) {
    case CheckerKind::kTcp:
      log_failure(s, fmt::format("TCP connection to {} timeout.", name(s)));
      return tcp_done(s, false);
    case CheckerKind::kPing:
      log_failure(s, fmt::format("ICMP connection to address {} timeout.", name(s)));
      return datagram_done(s, false);
    case CheckerKind::kUdp:
      // Nothing came: good news, unless a reply was wanted.
      if (!checker(s).udp_require_reply) return datagram_done(s, true);
      log_failure(s, fmt::format("UDP connection to {} failed.", name(s)));
      return datagram_done(s, false);
    case CheckerKind::kDns: return dns_failed(s, "read timeout from socket");
    default: return http_failure(s, "Timeout connecting");
  }
}

void Checkers::Context::failed(State& s) {
  const bool asked = s.tls && s.tls->asked;
  const bool connecting = s.phase == Phase::kConnecting || (s.tls && !asked);
  hang_up(s);
  if (asked) return judge(s);
  if (checker(s).kind != CheckerKind::kTcp) {
    return http_failure(s, connecting ? "Connection failed" : "Read error with");
  }
  log_failure(s, fmt::format("TCP connection to {} failed.", name(s)));
  tcp_done(s, false);
}

void Checkers::Context::connected(State& s) {
  if (checker(s).kind == CheckerKind::kTcp) return close_tcp(s, After::kConnected);
  if (checker(s).kind == CheckerKind::kSsl) return greet(s);
  port.tcp().send(step, s.socket, text_bytes(request(s)));
  s.answer.clear();
  s.phase = Phase::kReading;
  s.at = step.now() + timeout(s);
}

const std::string* Checkers::Context::virtual_host(const State& s, bool sni) const {
  const Checker& c = checker(s);
  const std::string* names[] = {&c.urls[s.url].virtual_host, &c.virtual_host,
                                sni ? nullptr : &rs(s).virtual_host, &vs(s).virtual_host};
  for (const std::string* name : names) {
    if (name != nullptr && !name->empty()) return name;
  }
  return nullptr;
}

std::string Checkers::Context::request(const State& s) const {
  const std::string* host = virtual_host(s, false);
  const std::string& protocol = checker(s).http_protocol;
  return fmt::format(
      "GET {} HTTP/1.{}\r\nUser-Agent: KeepAliveClient\r\n{}Host: {}\r\n\r\n",
      checker(s).urls[s.url].path, protocol.starts_with("1.1") ? 1 : 0,
      protocol == "1.1" || protocol == "1.0C" ? "Connection: close\r\n" : "",
      host != nullptr ? *host : fmt::format("{}:{}", target(s).addr.to_string(), target(s).port));
}

void Checkers::Context::judge(State& s) {
  const CheckUrl& url = checker(s).urls[s.url];
  if (s.answer.empty()) return http_failure(s, "Read, no data received from ");
  const std::size_t end = s.answer.find("\r\n\r\n");
  if (end == std::string::npos || !is_wanted(status_of(s.answer), url)) {
    return http_failure(s, "HTTP status code error to");
  }
  const bool by_digest = !url.digest.empty();
  if (by_digest && !has_digest(std::string_view(s.answer).substr(end + 4), url.digest)) {
    return http_failure(s, "MD5 digest error to");
  }
  if (!s.up) {
    log(fmt::format("{} success to {} url({})", by_digest ? "MD5 digest" : "HTTP status code",
                    name(s), url.path));
  }
  http_success(s);
}

// --- what a result means -------------------------------------------------------------------------

// tcp_epilog().
void Checkers::Context::tcp_done(State& s, bool success) {
  const std::uint32_t retry = checker(s).retry.value();
  if (!success && s.tries < retry) {
    ++s.tries;
    s.has_run = true;
    return wait(s, checker(s).delay_before_retry.value());
  }
  s.tries = 0;
  if (success && (!s.up || !s.has_run)) {
    log(fmt::format("TCP connection to {} success.", name(s)));
    turn(s, true);
  } else if (!success && (s.up || !s.has_run)) {
    log(retry > 0 && s.has_run
            ? fmt::format("TCP_CHECK on service {} failed after {} retries.", name(s), retry)
            : fmt::format("TCP_CHECK on service {} failed.", name(s)));
    turn(s, false);
  }
  s.has_run = true;
  wait(s, delay_loop(s));
}

// epilog(REGISTER_CHECKER_NEW): all URLs in turn; after a failure the one that failed, and then
// all of them again, before the server counts as alive.
void Checkers::Context::http_success(State& s) {
  const std::size_t count = checker(s).urls.size();
  const bool last = s.url + 1 == count;
  s.tries = 0;
  if (last && !s.failed_url) {
    if (!s.up || !s.has_run) {
      log(fmt::format("Remote Web server {} succeed on service.", name(s)));
      turn(s, true);
      s.has_run = true;
    }
    s.url = 0;
  } else if (s.failed_url) {
    s.failed_url.reset();
    s.url = 0;
  } else {
    ++s.url;
  }
  if (!s.has_run) s.tries = checker(s).retry.value();
  const bool at_once = checker(s).fast_recovery && (!s.has_run || (!s.up && !s.failed_url));
  wait(s, at_once ? SimDuration{} : delay_loop(s));
}

// timeout_epilog(), epilog(REGISTER_CHECKER_RETRY).
void Checkers::Context::http_failure(State& s, std::string_view why) {
  const std::uint32_t retry = checker(s).retry.value();
  const SimDuration before_retry = checker(s).delay_before_retry.value();
  if (s.up || !s.has_run) {
    if (checker(s).log_all_failures) log(fmt::format("{} server {}.", why, name(s)));
    s.has_run = true;
    if (++s.tries > retry) {  // the first time, too, as if the retries had been made
      log(retry > 0 ? fmt::format("HTTP_CHECK on service {} failed after {} retries.", name(s),
                                  s.tries - 1)
                    : fmt::format("HTTP_CHECK on service {} failed.", name(s)));
      turn(s, false);
      s.failed_url = s.url;
    }
  }
  // A server that is known to be dead is asked once in a while, without retries.
  wait(s, s.failed_url ? std::max(before_retry, delay_loop(s)) : before_retry);
}

// --- what the daemon calls -----------------------------------------------------------------------

/// The checkers of a configuration, before any has run.
void Checkers::make_states(const Configuration& conf) {
  states_.clear();
  for (std::size_t vs = 0; vs < conf.virtual_servers.size(); ++vs) {
    const VirtualServer& service = conf.virtual_servers[vs];
    for (std::size_t rs = 0; rs < service.real_servers.size(); ++rs) {
      const RealServer& server = service.real_servers[rs];
      for (std::size_t i = 0; i < server.checkers.size(); ++i) {
        states_.push_back({.index = states_.size(), .vs = vs, .rs = rs, .checker = i});
      }
    }
  }
}

void Checkers::start(Step& step, const Configuration& conf, CheckerPort& port) {
  make_states(conf);
  pings_ = 0;
  for (State& state : states_) {
    const Checker& checker =
        conf.virtual_servers[state.vs].real_servers[state.rs].checkers[state.checker];
    state.up = !checker.alpha.value_or(false);
    state.tries = checker.retry.value();  // one failure is enough at first
  }
  activate(step, conf, port);
}

void Checkers::activate(Step& step, const Configuration& conf, CheckerPort& port) {
  random_ =
      GlibcRandom(static_cast<std::uint32_t>(unix_ns(coarse_clock(step.now())) / 1'000'000'000));
  for (State& state : states_) {
    const VirtualServer& service = conf.virtual_servers[state.vs];
    const RealServer& server = service.real_servers[state.rs];
    const Checker& checker = server.checkers[state.checker];
    port.log(step, fmt::format("Activating healthchecker for service {} for VS {}",
                               server_name(service, server), service.name()));
    // A random share of the warm-up, so that not all servers are asked at once.
    const auto warmup = static_cast<std::uint64_t>(checker.warmup.value().us());
    const std::uint64_t share = warmup == 0 ? 0 : warmup * random_.next() / GlibcRandom::kMax;
    if (!runs(checker)) continue;
    state.at = step.now() + kBootstrapDelay + SimDuration{static_cast<std::int64_t>(share) * 1'000};
  }
}

namespace {

bool is_same_check(const Checker& a, const Checker& b) {
  const auto connection = [](const Checker& c) {
    return std::tie(c.kind, c.connect_ip, c.connect_port, c.bind_ip, c.bind_port, c.bind_if);
  };
  if (a.kind == CheckerKind::kMisc && b.kind == CheckerKind::kMisc) {
    return a.misc == b.misc && a.misc_dynamic == b.misc_dynamic;
  }
  return connection(a) == connection(b) && a.connect_timeout == b.connect_timeout &&
         a.virtual_host == b.virtual_host && a.urls == b.urls && a.dns_type == b.dns_type &&
         a.dns_name == b.dns_name;
}

}  // namespace

/// migrate_checkers(), check_new_rs_state().
CheckedServers Checkers::reload(const Configuration& before, const Configuration& conf,
                                const Lvs& lvs) {
  const std::vector<State> old = std::move(states_);
  make_states(conf);
  const auto checker_of = [](const Configuration& c, const State& s) -> const Checker& {
    return c.virtual_servers[s.vs].real_servers[s.rs].checkers[s.checker];
  };
  const auto keep = [&](State& s, ServerPlace place) {
    const Checker& checker = checker_of(conf, s);
    const auto was = std::ranges::find_if(old, [&](const State& o) {
      return o.vs == place.vs && o.rs == place.rs && is_same_check(checker_of(before, o), checker);
    });
    if (was == old.end()) return;
    s.has_run = was->has_run;
    s.up = !was->has_run || was->up;
    s.began = was->began;
    s.exit_status = was->exit_status;
    if (checker.misc_dynamic && s.exit_status != 1) {
      const std::int64_t own = conf.virtual_servers[s.vs].real_servers[s.rs].weight.value_or(1);
      s.weight = s.exit_status - (s.exit_status == 0 ? 0 : 2) - own;
    }
    const std::uint32_t retry = checker.retry.value();
    if (was->tries > 0 && retry > 0) s.tries = std::min(was->tries, retry - 1);
  };
  CheckedServers checked;
  for (std::size_t vs = 0; vs < conf.virtual_servers.size(); ++vs) {
    checked.emplace_back(conf.virtual_servers[vs].real_servers.size());
    for (std::size_t rs = 0; rs < checked[vs].size(); ++rs) {
      CheckedServer& server = checked[vs][rs];
      const auto place = find_server(before, conf, vs, rs);
      bool any_has_run = false;
      const auto each = [&](auto&& what) {
        for (State& s : states_) {
          if (s.vs == vs && s.rs == rs) what(s);
        }
      };
      each([&](State& s) {
        if (place) keep(s, *place);
        any_has_run = any_has_run || s.has_run;
        server.failed += s.up ? 0 : 1;
        server.weight += s.weight;
      });
      // New checkers with alpha count as failed: of a new server, and of one that is down.
      if (place && server.failed == 0 && (any_has_run || lvs.is_alive(place->vs, place->rs))) {
        continue;
      }
      each([&](State& s) {
        if (s.has_run) return;
        const Checker& checker = checker_of(conf, s);
        if (place) s.tries = checker.retry.value();
        if (!checker.alpha.value_or(false) || !s.up) return;
        s.up = false;
        ++server.failed;
      });
    }
  }
  return checked;
}

void Checkers::stop(Step& step, CheckerPort& port) {
  for (State& s : states_) {
    if (s.socket.valid()) port.tcp().close(step, std::exchange(s.socket, SocketId{}));
    if (s.udp != kNoSocket) port.udp_close(step, std::exchange(s.udp, kNoSocket));
    if (s.ping != 0) port.ping_close(std::exchange(s.ping, std::uint16_t{0}));
    s.at = SimTime::never();
  }
  closing_.reset();
  missed_.clear();
}

SimTime Checkers::next() const {
  if (is_busy()) return states_[*closing_].at;
  SimTime at = SimTime::never();
  for (const State& s : states_) at = std::min(at, s.at);
  return at;
}

void Checkers::on_time(Step& step, const Configuration& conf, CheckerPort& port, Lvs& lvs) {
  Context x{*this, step, conf, port, lvs};
  if (is_busy()) {
    if (states_[*closing_].at > step.now()) return;
    end_closing(x);
  }
  catch_up(x);
}

void Checkers::on_timeout(Context& x, State& s) {
  if (s.phase == Phase::kWaiting) return x.begin(s);
  if (s.phase == Phase::kTls) return x.go_on_tls(s);
  if (s.phase != Phase::kScript) return x.timed_out(s);
  s.at = SimTime::never();
  s.terminated = true;
  x.port.kill_check(x.step, s.index);
}

/// close(2) returns: the FIN is acknowledged, the connection is gone, or five seconds are over.
void Checkers::end_closing(Context& x) {
  State& s = states_[*closing_];
  closing_.reset();
  x.port.tcp().close(x.step, std::exchange(s.socket, SocketId{}));
  x.go_on(s, s.after);
}

namespace {

/// thread_timer_expired(): the scheduler complains of more than a second.
void tell_late(Step& step, CheckerPort& port, SimDuration late) {
  constexpr SimDuration kPatience{1'000'000'000};
  if (late <= kPatience) return;
  port.log(step, fmt::format("A thread timer expired {}.{:06} seconds ago", late.seconds(),
                             late.us() % 1'000'000));
}

}  // namespace

/// What came first, then timers in the order of their times (lib/scheduler.c), until the process
/// waits again.
void Checkers::catch_up(Context& x) {
  while (!is_busy() && !missed_.empty()) {
    Missed missed = std::move(missed_.front());
    missed_.erase(missed_.begin());
    if (auto* event = std::get_if<SocketEvent>(&missed.news)) event->data = missed.data;
    if (auto* news = std::get_if<DatagramNews>(&missed.news)) news->data = missed.data;
    std::visit([&](const auto& news) { handle(x, news); }, missed.news);
  }
  while (!is_busy()) {
    const auto first = std::ranges::min_element(states_, {}, &State::at);
    if (first == states_.end() || first->at > x.step.now()) return;
    tell_late(x.step, x.port, x.step.now() - first->at);
    on_timeout(x, *first);
  }
}

void Checkers::take(Context& x, const News& news) {
  if (!is_busy()) return std::visit([&](const auto& one) { handle(x, one); }, news);
  Missed missed{news, {}};
  std::span<const std::uint8_t> data;
  if (const auto* event = std::get_if<SocketEvent>(&news)) {
    if (event->socket == states_[*closing_].socket) {
      const bool over =
          event->kind == SocketEventKind::kFinAcked || event->kind == SocketEventKind::kError;
      if (!over) return;
      end_closing(x);
      return catch_up(x);
    }
    data = event->data;
  } else if (const auto* datagram = std::get_if<DatagramNews>(&news)) {
    data = datagram->data;
  }
  missed.data.assign(data.begin(), data.end());
  missed_.push_back(std::move(missed));
}

void Checkers::on_socket(Step& step, const Configuration& conf, CheckerPort& port, Lvs& lvs,
                         const SocketEvent& event) {
  Context x{*this, step, conf, port, lvs};
  take(x, event);
}

void Checkers::on_datagram(Step& step, const Configuration& conf, CheckerPort& port, Lvs& lvs,
                           const DatagramNews& news) {
  Context x{*this, step, conf, port, lvs};
  take(x, news);
}

void Checkers::on_ping(Step& step, const Configuration& conf, CheckerPort& port, Lvs& lvs,
                       std::uint16_t identifier) {
  Context x{*this, step, conf, port, lvs};
  take(x, PingReply{identifier});
}

void Checkers::script_ended(Step& step, const Configuration& conf, CheckerPort& port, Lvs& lvs,
                            std::size_t checker, int status) {
  Context x{*this, step, conf, port, lvs};
  take(x, ScriptEnd{checker, status});
}

void Checkers::handle(Context& x, const SocketEvent& event) {
  const auto it = std::ranges::find(states_, event.socket, &State::socket);
  if (it == states_.end()) return;
  State& s = *it;
  switch (event.kind) {
    case SocketEventKind::kConnected: return x.connected(s);
    case SocketEventKind::kError: s.socket = {}; return x.failed(s);
    case SocketEventKind::kPeerClosed:
      if (s.phase == Phase::kTls) {
        s.tls->at_end = true;
        s.at = x.step.now();
      }
      if (s.phase == Phase::kReading) x.close_tcp(s, After::kAnswered);
      return;
    case SocketEventKind::kData: {
      const Checker& c = x.checker(s);
      if (s.phase == Phase::kTls) {
        // All that comes at one moment is read before anything is done about it.
        s.tls->came.append(reinterpret_cast<const char*>(event.data.data()), event.data.size());
        s.at = x.step.now();
        return;
      }
      const bool whole = c.kind == CheckerKind::kHttp && !c.urls[s.url].digest.empty();
      if (s.answer.size() < (whole ? kLongestPage : kLongestHead)) {
        s.answer.append(reinterpret_cast<const char*>(event.data.data()), event.data.size());
      }
      s.at = x.step.now() + x.timeout(s);
      return;
    }
    case SocketEventKind::kAccepted:
    case SocketEventKind::kWritable:
    case SocketEventKind::kFinAcked: return;
  }
}

void Checkers::handle(Context& x, const DatagramNews& news) {
  const auto it = std::ranges::find(states_, news.socket, &State::udp);
  if (it == states_.end()) return;
  if (x.checker(*it).kind == CheckerKind::kDns) return x.take_answer(*it, news);
  x.take_reply(*it, news);
}

void Checkers::handle(Context& x, const PingReply& reply) {
  const auto it = std::ranges::find(states_, reply.identifier, &State::ping);
  if (it == states_.end()) return;
  x.hang_up(*it);
  x.datagram_done(*it, true);
}

void Checkers::handle(Context& x, const ScriptEnd& end) {
  if (end.checker >= states_.size() || states_[end.checker].phase != Phase::kScript) return;
  x.misc_done(states_[end.checker], end.status);
}

}  // namespace lvslab::keepalived
