// The health checkers of keepalived: what is asked of a real server, when, and how many answers
// turn its state.
//
// Models: TCP_CHECK, HTTP_GET (several URLs, status codes, digests, virtual hosts), MISC_CHECK
// (exit status and misc_dynamic), PING_CHECK, UDP_CHECK (payload, wanted replies), DNS_CHECK;
// SSL_GET: what HTTP_GET has, over TLS 1.2 (sim/wire/tls.h); the
// random first check, delay_loop, retries, timeouts, alpha; what a reload keeps of their state;
// that a close(2) with SO_LINGER holds up the whole process until its FIN is acknowledged. Leaves
// out: keys and certificates of its own, patterns of pages, SMTP_CHECK: such a checker never runs,
// and its server counts as alive. read_conf() says so. Source: check/check_api.c, check_tcp.c,
// check_http.c, check_misc.c, check_ping.c, check_udp.c, check_dns.c, ipwrapper.c of
// keepalived 2.2.7.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "sim/keepalived/glibc_random.h"
#include "sim/keepalived/lvs.h"
#include "sim/wire/tls.h"

namespace lvslab::keepalived {

/// A UDP socket that a checker wants: bound to `from` and `dev`, connected to `to`.
struct UdpDial {
  Endpoint from, to;
  IfIndex dev;
  bool all_errors = false;  ///< IP_RECVERR
};

/// Why there is no socket: the call that failed, and its errno.
struct DialError {
  enum class Call : std::uint8_t { kBind, kConnect };
  Call call{};
  Errno error{};
};

/// What came on a UDP socket of a checker.
struct DatagramNews {
  std::uint32_t socket = 0;
  std::span<const std::uint8_t> data;
  Errno error = Errno::kNone;
  bool unreachable = false;  ///< an error: "destination unreachable"
};

class CheckerPort : public LvsPort {
 public:
  virtual void log_detail(Step& step, std::string_view text) = 0;  ///< with -D only
  virtual TcpSockets& tcp() = 0;
  virtual AppId owner() const = 0;
  virtual IfIndex device(const std::string& name) const = 0;
  virtual std::expected<std::uint32_t, DialError> udp_dial(Step& step, const UdpDial& how) = 0;
  virtual Errno udp_send(Step& step, std::uint32_t socket, std::span<const std::uint8_t> data) = 0;
  virtual void udp_close(Step& step, std::uint32_t socket) = 0;
  /// A ping socket; the identifier of its echo requests.
  virtual std::uint16_t ping_open() = 0;
  /// Sends an echo request with these two bytes as its sequence number.
  virtual Errno ping_send(Step& step, std::uint16_t identifier, Ipv4Addr to, std::uint16_t sequence,
                          std::span<const std::uint8_t> data) = 0;
  virtual void ping_close(std::uint16_t identifier) = 0;
  /// Starts a command that script_ended(`checker`) tells the end of.
  virtual void run_check(Step& step, std::size_t checker, const Script& script) = 0;
  /// SIGTERM to that command.
  virtual void kill_check(Step& step, std::size_t checker) = 0;
};

class Checkers {
 public:
  void start(Step& step, const Configuration& conf, CheckerPort& port);
  /// SIGHUP: what is left of the checkers that were there is taken over. What all of them make of
  /// the servers of `conf`.
  CheckedServers reload(const Configuration& before, const Configuration& conf, const Lvs& lvs);
  /// Tells of the checkers, and when each begins (register_checkers_thread()).
  void activate(Step& step, const Configuration& conf, CheckerPort& port);
  /// The checkers in the words of the data file (dump_checkers_queue()).
  std::string data(const Configuration& conf) const;
  /// Ends every check under way, without telling anybody.
  void stop(Step& step, CheckerPort& port);

  SimTime next() const;
  void on_time(Step& step, const Configuration& conf, CheckerPort& port, Lvs& lvs);
  void on_socket(Step& step, const Configuration& conf, CheckerPort& port, Lvs& lvs,
                 const SocketEvent& event);
  void on_datagram(Step& step, const Configuration& conf, CheckerPort& port, Lvs& lvs,
                   const DatagramNews& news);
  /// An echo reply with this identifier came.
  void on_ping(Step& step, const Configuration& conf, CheckerPort& port, Lvs& lvs,
               std::uint16_t identifier);
  void script_ended(Step& step, const Configuration& conf, CheckerPort& port, Lvs& lvs,
                    std::size_t checker, int status);

 private:
  static constexpr std::uint32_t kNoSocket = 0xffff'ffffU;

  enum class Phase : std::uint8_t { kWaiting, kConnecting, kReading, kTls, kScript, kClosing };
  /// What a checker does when its connection is closed.
  enum class After : std::uint8_t { kConnected, kAnswered, kFailed };
  /// SSL_GET: a connection, and what came on it that is not yet read.
  struct Tls {
    TlsClient end;
    std::string came;
    bool at_end = false;  ///< the server has closed its side
    bool asked = false, heard = false;
    SimTime patience;
  };
  struct State {
    std::size_t index = 0;  ///< of this state
    std::size_t vs = 0, rs = 0, checker = 0;
    Phase phase = Phase::kWaiting;
    SimTime at = SimTime::never();  ///< of the next check, or the end of patience
    SocketId socket;
    After after{};         ///< kClosing
    std::string_view why;  ///< After::kFailed
    std::optional<Tls> tls;
    std::uint32_t udp = kNoSocket;
    std::uint16_t ping = 0;  ///< identifier of the ping socket; 0: none
    bool up = true;
    bool has_run = false;
    bool terminated = false;  ///< MISC_CHECK: its command took too long
    std::uint32_t tries = 0;  ///< failures in a row (retry_it)
    std::size_t url = 0;
    std::optional<std::size_t> failed_url;
    SimTime began;                    ///< MISC_CHECK: when its command was started last
    int exit_status = 0;              ///< MISC_CHECK: that changed the weight last (last_exit_code)
    std::int64_t weight = 0;          ///< what it adds to the weight of its server (cur_weight)
    std::string answer;               ///< the head of the answer, as far as it has come
    std::uint16_t question = 0;       ///< DNS_CHECK: the id of the last one
    Errno last_error = Errno::kNone;  ///< UDP_CHECK, DNS_CHECK: told once
  };
  struct Context;

  struct PingReply {
    std::uint16_t identifier = 0;
  };
  struct ScriptEnd {
    std::size_t checker = 0;
    int status = 0;
  };
  using News = std::variant<SocketEvent, DatagramNews, PingReply, ScriptEnd>;
  /// What came while the process waited in close(2), and the bytes that it speaks of.
  struct Missed {
    News news;
    std::vector<std::uint8_t> data;
  };

  bool is_busy() const { return closing_.has_value(); }
  /// Handles it now, or when the process has time.
  void take(Context& x, const News& news);
  void end_closing(Context& x);
  void catch_up(Context& x);
  void handle(Context& x, const SocketEvent& event);
  void handle(Context& x, const DatagramNews& news);
  void handle(Context& x, const PingReply& reply);
  void handle(Context& x, const ScriptEnd& end);
  void on_timeout(Context& x, State& s);

  void make_states(const Configuration& conf);

  std::vector<State> states_;
  std::optional<std::size_t> closing_;  ///< the state that the process waits for in close(2)
  std::vector<Missed> missed_;
  GlibcRandom random_{0};    ///< seeded when the configuration is read
  std::uint16_t pings_ = 0;  ///< echo requests sent (seq_no)
};

}  // namespace lvslab::keepalived
