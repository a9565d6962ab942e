// SSL_GET: a request of HTTP_GET over TLS. Source: check/check_ssl.c, check_http.c:
// http_check_thread() of keepalived 2.2.7.
#include <algorithm>
#include <utility>

#include "sim/keepalived/checker_context.h"
#include "sim/wire/build.h"

namespace lvslab::keepalived {
namespace {

constexpr std::size_t kLongestAnswer = 1U << 20;

}  // namespace

/// The handshake has what connecting has left of its time.
void Checkers::Context::greet(State& s) {
  s.tls = Tls{};
  s.tls->patience = s.at;
  const std::string* name = checker(s).enable_sni ? virtual_host(s, true) : nullptr;
  const std::string hello = s.tls->end.hello(step.random(), name != nullptr ? *name : "");
  port.tcp().send(step, s.socket, text_bytes(hello));
  s.answer.clear();
  s.phase = Phase::kTls;
}

void Checkers::Context::go_on_tls(State& s) {
  Tls& tls = *s.tls;
  std::string out;
  const std::size_t before = s.answer.size();
  tls.end.feed(step.random(), std::exchange(tls.came, {}), out, s.answer);
  s.answer.resize(std::min(s.answer.size(), kLongestAnswer));
  if (!out.empty()) port.tcp().send(step, s.socket, text_bytes(out));
  s.at = tls.patience;
  const bool over = tls.end.state() == TlsEnd::State::kClosed ||
                    tls.end.state() == TlsEnd::State::kBroken || tls.at_end;
  if (!tls.asked) {
    if (over) {
      const bool abort = tls.end.state() == TlsEnd::State::kBroken;
      return tls_failed(s, "SSL handshake/communication error connecting to", abort);
    }
    if (tls.end.is_open()) return ask_by_tls(s);
    if (step.now() >= tls.patience) tls_failed(s, "Timeout connecting", false);
    return;
  }
  if (over) return end_tls(s);
  if (s.answer.size() > before && !tls.heard) {
    tls.heard = true;
    s.at = tls.patience = step.now() + timeout(s);
  }
  if (step.now() < tls.patience) return;
  tls_failed(s, tls.heard ? "Timeout SSL read" : "Timeout WEB read", false);
}

void Checkers::Context::ask_by_tls(State& s) {
  port.tcp().send(step, s.socket, text_bytes(s.tls->end.seal(request(s))));
  s.tls->asked = true;
  s.at = s.tls->patience = step.now() + timeout(s);
}

void Checkers::Context::end_tls(State& s) {
  s.tls.reset();
  close_tcp(s, After::kAnswered);
}

/// `abort`: something is left unread, so that close(2) resets the connection.
void Checkers::Context::tls_failed(State& s, std::string_view why, bool abort) {
  s.tls.reset();
  s.why = why;
  if (abort) {
    port.tcp().abort(step, std::exchange(s.socket, SocketId{}));
    return go_on(s, After::kFailed);
  }
  close_tcp(s, After::kFailed);
}

}  // namespace lvslab::keepalived
