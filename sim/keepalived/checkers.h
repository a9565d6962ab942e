// The health checkers of keepalived: what is asked of a real server, when, and how many answers
// turn its state.
//
// Models: TCP_CHECK, HTTP_GET (several URLs, status codes, digests, virtual hosts), MISC_CHECK
// (exit status and misc_dynamic); the random first check, delay_loop, retries, timeouts, alpha.
// Leaves out: SSL, patterns of pages, UDP_CHECK, DNS_CHECK, PING_CHECK, SMTP_CHECK:
// such a checker never runs, and its server counts as alive. read_conf() says so. Source:
// check/check_api.c, check_tcp.c, check_http.c, check_misc.c of keepalived 2.2.7.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/keepalived/lvs.h"

namespace lvslab::keepalived {

class CheckerPort : public LvsPort {
 public:
  virtual TcpSockets& tcp() = 0;
  virtual AppId owner() const = 0;
  virtual IfIndex device(const std::string& name) const = 0;
  /// Starts a command that script_ended(`checker`) tells the end of.
  virtual void run_check(Step& step, std::size_t checker, const Script& script) = 0;
};

class Checkers {
 public:
  void start(Step& step, const Configuration& conf, CheckerPort& port);
  /// Ends every check under way, without telling anybody.
  void stop(Step& step, CheckerPort& port);

  SimTime next() const;
  void on_time(Step& step, const Configuration& conf, CheckerPort& port, Lvs& lvs);
  void on_socket(Step& step, const Configuration& conf, CheckerPort& port, Lvs& lvs,
                 const SocketEvent& event);
  void script_ended(Step& step, const Configuration& conf, CheckerPort& port, Lvs& lvs,
                    std::size_t checker, int status);

 private:
  enum class Phase : std::uint8_t { kWaiting, kConnecting, kReading, kScript };
  struct State {
    std::size_t index = 0;  ///< of this state
    std::size_t vs = 0, rs = 0, checker = 0;
    Phase phase = Phase::kWaiting;
    SimTime at = SimTime::never();  ///< of the next check, or the end of patience
    SocketId socket;
    bool up = true;
    bool has_run = false;
    std::uint32_t tries = 0;  ///< failures in a row (retry_it)
    std::size_t url = 0;
    std::optional<std::size_t> failed_url;
    std::string answer;  ///< the head of the answer, as far as it has come
  };
  struct Context;

  std::vector<State> states_;
};

}  // namespace lvslab::keepalived
