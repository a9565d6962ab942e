#include "sim/keepalived/checkers.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "sim/base/calendar.h"
#include "sim/keepalived/coarse_clock.h"
#include "sim/keepalived/glibc_random.h"
#include "sim/keepalived/md5.h"

namespace lvslab::keepalived {
namespace {

/// Before the first check of any server (check_api.c).
constexpr SimDuration kBootstrapDelay{1'000'000'000};
/// What is kept of an answer: its head, or the page as well if its digest is wanted.
constexpr std::size_t kLongestHead = 4096, kLongestPage = 1U << 20;

bool runs(const Checker& checker) {
  return checker.kind == CheckerKind::kTcp || checker.kind == CheckerKind::kHttp ||
         checker.kind == CheckerKind::kMisc;
}

/// The status of an answer whose head is complete; 0 if it is none.
unsigned status_of(std::string_view head) {
  const std::size_t space = head.find(' ');
  unsigned status = 0;
  if (space != std::string_view::npos) {
    std::from_chars(head.data() + space + 1, head.data() + head.size(), status);
  }
  return status;
}

/// Without any condition every success counts; with a digest alone the status does not matter.
bool is_wanted(unsigned status, const CheckUrl& url) {
  if (url.status_codes.empty()) return !url.digest.empty() || (status >= 200 && status <= 299);
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

/// One step of one checker.
struct Checkers::Context {
  Step& step;
  const Configuration& conf;
  CheckerPort& port;
  Lvs& lvs;

  const VirtualServer& vs(const State& s) const { return conf.virtual_servers[s.vs]; }
  const RealServer& rs(const State& s) const { return vs(s).real_servers[s.rs]; }
  const Checker& checker(const State& s) const { return rs(s).checkers[s.checker]; }
  SimDuration delay_loop(const State& s) const { return checker(s).delay_loop.value(); }
  SimDuration timeout(const State& s) const { return checker(s).connect_timeout.value(); }
  Endpoint target(const State& s) const {
    const std::uint16_t port_of_server = rs(s).port != 0 ? rs(s).port : vs(s).port;
    return {checker(s).connect_ip.value_or(rs(s).addr),
            checker(s).connect_port.value_or(port_of_server)};
  }
  /// FMT_CHK(): where the checker connects to.
  std::string name(const State& s) const {
    const Endpoint to = target(s);
    RealServer shown;
    shown.addr = to.addr;
    shown.port = to.port;
    return server_name(vs(s), shown);
  }
  void log(std::string_view text) { port.log(step, text); }
  void wait(State& s, SimDuration how_long) {
    s.phase = Phase::kWaiting;
    s.at = step.now() + how_long;
  }
  void hang_up(State& s) {
    if (s.socket.valid()) port.tcp().close(step, std::exchange(s.socket, SocketId{}));
  }

  // --- the state of the server (update_svr_checker_state()) ------------------------------------

  void turn(State& s, bool up) {
    if (s.up == up) {
      s.has_run = true;
      return;
    }
    s.has_run = true;
    std::uint32_t& failed = lvs.failed_checkers(s.vs, s.rs);
    if (up ? failed <= 1 : failed == 0) {
      if (!lvs.set_alive(step, conf, port, s.vs, s.rs, up)) return;
    }
    s.up = up;
    failed = up ? failed - 1 : failed + 1;
  }

  // --- starting a check --------------------------------------------------------------------------

  void begin(State& s) {
    const Checker& c = checker(s);
    if (c.kind == CheckerKind::kMisc) {
      s.phase = Phase::kScript;
      s.at = SimTime::never();
      return port.run_check(step, s.index, c.misc);
    }
    const Endpoint from{c.bind_ip.value_or(Ipv4Addr{}), c.bind_port.value_or(0)};
    const IfIndex dev = c.bind_if.empty() ? IfIndex{} : port.device(c.bind_if);
    const auto socket = port.tcp().connect(step, port.owner(), from, target(s), dev);
    if (!socket) return failed(s);
    s.socket = *socket;
    s.phase = Phase::kConnecting;
    s.at = step.now() + timeout(s);
  }

  void connected(State& s) {
    if (checker(s).kind == CheckerKind::kTcp) {
      hang_up(s);
      return tcp_done(s, true);
    }
    const CheckUrl& url = checker(s).urls[s.url];
    const std::string* host = nullptr;
    for (const std::string* candidate :
         {&url.virtual_host, &checker(s).virtual_host, &rs(s).virtual_host, &vs(s).virtual_host}) {
      if (host == nullptr && !candidate->empty()) host = candidate;
    }
    const std::string& protocol = checker(s).http_protocol;
    const std::string request = fmt::format(
        "GET {} HTTP/1.{}\r\nUser-Agent: KeepAliveClient\r\n{}Host: {}\r\n\r\n", url.path,
        protocol.starts_with("1.1") ? 1 : 0,
        protocol == "1.1" || protocol == "1.0C" ? "Connection: close\r\n" : "",
        host != nullptr ? *host : fmt::format("{}:{}", target(s).addr.to_string(), target(s).port));
    port.tcp().send(step, s.socket,
                    {reinterpret_cast<const std::uint8_t*>(request.data()), request.size()});
    s.answer.clear();
    s.phase = Phase::kReading;
    s.at = step.now() + timeout(s);
  }

  void answered(State& s) {
    hang_up(s);
    const CheckUrl& url = checker(s).urls[s.url];
    const std::size_t end = s.answer.find("\r\n\r\n");
    if (end == std::string::npos || !is_wanted(status_of(s.answer), url)) return failed(s);
    const bool by_digest = !url.digest.empty();
    if (by_digest && !has_digest(std::string_view(s.answer).substr(end + 4), url.digest)) {
      return failed(s);
    }
    if (!s.up) {
      log(fmt::format("{} success to {} url({})", by_digest ? "MD5 digest" : "HTTP status code",
                      name(s), url.path));
    }
    http_success(s);
  }

  void failed(State& s) {
    hang_up(s);
    if (checker(s).kind == CheckerKind::kTcp) return tcp_done(s, false);
    http_failure(s);
  }

  // --- what a result means -----------------------------------------------------------------------

  // tcp_epilog().
  void tcp_done(State& s, bool success) {
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
  void http_success(State& s) {
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
  void http_failure(State& s) {
    const std::uint32_t retry = checker(s).retry.value();
    const SimDuration before_retry = checker(s).delay_before_retry.value();
    if (s.up || !s.has_run) {
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

  // misc_check_child_thread().
  void misc_done(State& s, int status) {
    const Checker& c = checker(s);
    const bool success = status == 0 || (c.misc_dynamic && status >= 2 && status <= 255);
    if (!success && s.up && s.tries < c.retry.value() && s.has_run) {
      ++s.tries;
      return wait(s, c.delay_before_retry.value());
    }
    s.tries = 0;
    if (success != s.up || !s.has_run) {
      log(success ? fmt::format("Misc check for {} success.", name(s))
                  : fmt::format("Misc check to [{}] for [{}] failed.", rs(s).addr.to_string(),
                                c.misc.command));
      turn(s, success);
    }
    s.has_run = true;
    wait(s, delay_loop(s));
  }
};

// --- what the daemon calls -----------------------------------------------------------------------

void Checkers::start(Step& step, const Configuration& conf, CheckerPort& port) {
  states_.clear();
  GlibcRandom random(static_cast<std::uint32_t>(unix_ns(coarse_clock(step.now())) / 1'000'000'000));
  for (std::size_t vs = 0; vs < conf.virtual_servers.size(); ++vs) {
    const VirtualServer& service = conf.virtual_servers[vs];
    for (std::size_t rs = 0; rs < service.real_servers.size(); ++rs) {
      const RealServer& server = service.real_servers[rs];
      for (std::size_t i = 0; i < server.checkers.size(); ++i) {
        const Checker& checker = server.checkers[i];
        port.log(step, fmt::format("Activating healthchecker for service {} for VS {}",
                                   server_name(service, server), service.name()));
        // A random share of the warm-up, so that not all servers are asked at once.
        const auto warmup = static_cast<std::uint64_t>(checker.warmup.value().us());
        const std::uint64_t share = warmup == 0 ? 0 : warmup * random.next() / GlibcRandom::kMax;
        if (!runs(checker)) continue;
        State state{.vs = vs, .rs = rs, .checker = i};
        state.index = states_.size();
        state.at =
            step.now() + kBootstrapDelay + SimDuration{static_cast<std::int64_t>(share) * 1'000};
        state.up = !checker.alpha.value_or(false);
        state.tries = checker.retry.value();  // one failure is enough at first
        states_.push_back(std::move(state));
      }
    }
  }
}

void Checkers::stop(Step& step, CheckerPort& port) {
  for (State& s : states_) {
    if (s.socket.valid()) port.tcp().close(step, s.socket);
  }
  states_.clear();
}

SimTime Checkers::next() const {
  SimTime at = SimTime::never();
  for (const State& s : states_) at = std::min(at, s.at);
  return at;
}

void Checkers::on_time(Step& step, const Configuration& conf, CheckerPort& port, Lvs& lvs) {
  Context x{step, conf, port, lvs};
  for (State& s : states_) {
    if (s.at > step.now()) continue;
    if (s.phase == Phase::kWaiting) {
      x.begin(s);
    } else {
      x.failed(s);
    }
  }
}

void Checkers::on_socket(Step& step, const Configuration& conf, CheckerPort& port, Lvs& lvs,
                         const SocketEvent& event) {
  Context x{step, conf, port, lvs};
  const auto it = std::ranges::find(states_, event.socket, &State::socket);
  if (it == states_.end()) return;
  State& s = *it;
  switch (event.kind) {
    case SocketEventKind::kConnected: return x.connected(s);
    case SocketEventKind::kError: s.socket = {}; return x.failed(s);
    case SocketEventKind::kPeerClosed:
      if (s.phase == Phase::kReading) x.answered(s);
      return;
    case SocketEventKind::kData: {
      const Checker& c = x.checker(s);
      const bool whole = c.kind == CheckerKind::kHttp && !c.urls[s.url].digest.empty();
      if (s.answer.size() < (whole ? kLongestPage : kLongestHead)) {
        s.answer.append(reinterpret_cast<const char*>(event.data.data()), event.data.size());
      }
      s.at = step.now() + x.timeout(s);
      return;
    }
    case SocketEventKind::kAccepted:
    case SocketEventKind::kWritable: return;
  }
}

void Checkers::script_ended(Step& step, const Configuration& conf, CheckerPort& port, Lvs& lvs,
                            std::size_t checker, int status) {
  if (checker >= states_.size() || states_[checker].phase != Phase::kScript) return;
  Context{step, conf, port, lvs}.misc_done(states_[checker], status);
}

}  // namespace lvslab::keepalived
