// The stub resolver of the C library: asks the name servers of /etc/resolv.conf one after the other
// until one gives an answer that counts.
//
// Models: `nameserver` (three at most), `options timeout:N attempts:N`; A alone or A and AAAA side
// by side; answers that are refused, ports where nobody listens, silence.
// Left out: `search` and other options (refused by parse()), TCP, EDNS, answers cut short, sorting
// (the host does it, which knows the routes).
// Source: glibc 2.36 resolv/res_init.c, resolv/res_send.c: __res_context_send(), send_dg().
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/apps/app_io.h"
#include "sim/wire/dns.h"

namespace lvslab::apps {

struct ResolvConf {
  std::vector<Ipv4Addr> servers;  ///< never empty: without any, the own host is asked
  SimDuration timeout{5'000'000'000};
  int attempts = 2;

  /// Errors: "/etc/resolv.conf:2:1: ... is not modelled".
  static std::expected<ResolvConf, std::string> parse(std::string_view text);
};

/// True if /etc/nsswitch.conf says that names which no file holds are asked of a name server.
bool asks_name_servers(std::string_view nsswitch_conf);

class Resolver {
 public:
  enum class Families : std::uint8_t { kInet, kBoth };
  using Answer = std::expected<std::vector<Ipv4Addr>, command::NameError>;

  Resolver() = default;
  Resolver(std::string name, Families families, ResolvConf conf)
      : name_(std::move(name)), families_(families), conf_(std::move(conf)) {}

  /// May be done at once: if no server can be reached.
  void start(Step& step, AppIo& io);
  void on_udp(Step& step, AppIo& io, const UdpNews& news);
  void on_time(Step& step, AppIo& io);

  const std::string& name() const { return name_; }
  /// When on_time() is to be called.
  SimTime deadline() const { return deadline_; }
  bool owns(std::uint32_t socket) const { return socket_ == socket; }
  /// Addresses in the order of the answer, or why there are none; nothing while it waits.
  const std::optional<Answer>& answer() const { return answer_; }

 private:
  Ipv4Addr server() const { return conf_.servers[tries_ % conf_.servers.size()]; }
  bool both() const { return families_ == Families::kBoth; }
  /// Asks the server whose turn it is; false if that failed at once.
  bool ask(Step& step, AppIo& io);
  void send(Step& step, AppIo& io, DnsType type, std::uint16_t id);
  /// This try came to nothing.
  void next_try(Step& step, AppIo& io, bool new_socket);
  void take(Step& step, AppIo& io, const DnsRepr& dns);
  void finish(Step& step, AppIo& io, Answer answer);
  void close(Step& step, AppIo& io);

  std::string name_;
  Families families_ = Families::kInet;
  ResolvConf conf_;
  std::size_t tries_ = 0;
  std::optional<std::uint32_t> socket_;
  std::uint16_t id_a_ = 0, id_aaaa_ = 0;
  std::optional<DnsRepr> a_, aaaa_;  ///< answers to this try
  SimTime deadline_ = SimTime::never();
  std::optional<Answer> answer_;
};

}  // namespace lvslab::apps
