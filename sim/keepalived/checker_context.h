// One step of one checker: its server, its next check, and what a result means. Not for use outside
// of checkers.cpp and checkers_datagram.cpp.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

#include "sim/core/errno_text.h"
#include "sim/keepalived/checkers.h"

namespace lvslab::keepalived {

/// connect(2) failed for good, and not the check itself (socket_bind_connect()).
inline bool is_connect_failure(Errno error) {
  switch (error) {
    case Errno::kNetUnreach:
    case Errno::kHostUnreach:
    case Errno::kConnRefused:
    case Errno::kHostDown:
    case Errno::kNetDown:
    case Errno::kConnReset:
    case Errno::kTimedOut: return true;
    default: return false;
  }
}

/// The program of a command, as find_path() of keepalived finds it: /bin is a link to /usr/bin.
std::string program_of(std::string_view command);

/// Where a checker connects to.
inline Endpoint target_of(const VirtualServer& vs, const RealServer& rs, const Checker& checker) {
  const std::uint16_t port_of_server = rs.port != 0 ? rs.port : vs.port;
  return {checker.connect_ip.value_or(rs.addr), checker.connect_port.value_or(port_of_server)};
}

struct Checkers::Context {
  Checkers& checkers;
  Step& step;
  const Configuration& conf;
  CheckerPort& port;
  Lvs& lvs;

  const VirtualServer& vs(const State& s) const { return conf.virtual_servers[s.vs]; }
  const RealServer& rs(const State& s) const { return vs(s).real_servers[s.rs]; }
  const Checker& checker(const State& s) const { return rs(s).checkers[s.checker]; }
  SimDuration delay_loop(const State& s) const { return checker(s).delay_loop.value(); }
  SimDuration timeout(const State& s) const { return checker(s).connect_timeout.value(); }
  Endpoint source(const State& s) const {
    return {checker(s).bind_ip.value_or(Ipv4Addr{}), checker(s).bind_port.value_or(0)};
  }
  Endpoint target(const State& s) const { return target_of(vs(s), rs(s), checker(s)); }
  /// FMT_CHK(): the server, wherever the checker connects to.
  std::string name(const State& s) const { return server_name(vs(s), rs(s)); }
  void log(std::string_view text) { port.log(step, text); }
  /// One failure of a server that counts as alive, if each is to be told.
  void log_failure(const State& s, std::string_view text) {
    if (s.up && checker(s).log_all_failures) log(text);
  }
  void wait(State& s, SimDuration how_long) {
    s.phase = Phase::kWaiting;
    s.at = step.now() + how_long;
  }
  void read_until_timeout(State& s) {
    s.phase = Phase::kReading;
    s.at = step.now() + timeout(s);
  }
  void hang_up(State& s) {
    s.tls.reset();
    if (s.socket.valid()) port.tcp().close(step, std::exchange(s.socket, SocketId{}));
    if (s.udp != kNoSocket) port.udp_close(step, std::exchange(s.udp, kNoSocket));
    if (s.ping != 0) port.ping_close(std::exchange(s.ping, std::uint16_t{0}));
  }

  /// Closes the connection, and goes on when that is over.
  void close_tcp(State& s, After after);
  void go_on(State& s, After after);

  /// The device that a checker binds to, if it names one. False: there is none, and the log says
  /// so.
  bool find_device(const State& s, IfIndex& dev) {
    const std::string& name = checker(s).bind_if;
    if (name.empty()) return true;
    dev = port.device(name);
    if (dev.valid()) return true;
    log(fmt::format("Checker can't bind to device {}: {}", name, errno_text(Errno::kNoDev)));
    return false;
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

  // --- any kind ----------------------------------------------------------------------------------

  void begin(State& s);
  void timed_out(State& s);
  void failed(State& s);

  // --- TCP_CHECK, HTTP_GET, MISC_CHECK: checkers.cpp ---------------------------------------------

  void dial_tcp(State& s);
  void connected(State& s);
  void judge(State& s);
  void tcp_done(State& s, bool success);
  /// The request for the URL whose turn it is.
  std::string request(const State& s) const;
  /// The name in "Host:" and SNI, if one is given; SNI knows no name of the server.
  const std::string* virtual_host(const State& s, bool sni) const;
  void http_success(State& s);
  /// `why`: what log_all_failures tells.
  void http_failure(State& s, std::string_view why);
  void misc_done(State& s, int status);

  // --- SSL_GET: checkers_tls.cpp -----------------------------------------------------------------

  void greet(State& s);
  void go_on_tls(State& s);
  void ask_by_tls(State& s);
  void end_tls(State& s);
  void tls_failed(State& s, std::string_view why, bool abort);

  // --- PING_CHECK, UDP_CHECK, DNS_CHECK: checkers_datagram.cpp -----------------------------------

  void ping(State& s);
  void send_payload(State& s);
  void take_reply(State& s, const DatagramNews& news);
  void ask_name(State& s);
  void take_answer(State& s, const DatagramNews& news);
  void datagram_done(State& s, bool success);
  void dns_failed(State& s, std::string_view why);
  void dns_succeeded(State& s);
};

}  // namespace lvslab::keepalived
