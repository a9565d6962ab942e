// traceroute: probes with rising TTL, several on their way at once, and a line per hop.
//
// Models: UDP to rising ports or to one (-U), ICMP echo (-I), a fixed source port (--sport), -f -m
// -q -N -w with HERE and NEAR, the marks of unreachables. -i chooses the source address of its
// interface. Left out: what command::parse_traceroute refuses, and reverse names beyond /etc/hosts.
// Texts come from sim/command/traceroute.h. Source: traceroute 2.1.2 traceroute.c: do_it(),
// get_timeout(); mod-udp: udp_send_probe().
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "sim/apps/app_io.h"
#include "sim/command/traceroute.h"
#include "sim/wire/udp.h"

namespace lvslab::apps {

class Traceroute {
 public:
  explicit Traceroute(command::TracerouteCommand typed) : command(std::move(typed)) {}

  command::TracerouteCommand command;

  void start(Step& step, AppIo& io);
  void on_timer(Step& step, AppIo& io);
  void on_icmp(Step& step, AppIo& io, const IcmpNews& news);
  void on_udp(Step& step, AppIo& io, const UdpNews& news);

 private:
  struct Probe {
    command::TracerouteProbe result;
    SimTime sent = SimTime::never();  ///< never: not sent yet
    std::uint32_t socket = kNoSocket;
    bool done = false;   ///< answered or given up
    bool final = false;  ///< the answer ends the trace
  };
  static constexpr std::uint32_t kNoSocket = 0xffff'ffffU;

  bool prepare(Step& step, AppIo& io);
  /// Sends, gives up and prints whatever is due, and sets the timer.
  void work(Step& step, AppIo& io);
  /// False if that was a fatal error, which is printed.
  bool send_probe(Step& step, AppIo& io, std::uint32_t index);
  bool send_datagram(Step& step, AppIo& io, std::uint32_t index);
  bool send_echo(Step& step, AppIo& io, std::uint32_t index);
  SimDuration timeout_of(std::uint32_t index) const;
  void print_probe(Step& step, AppIo& io, std::uint32_t index);
  std::uint32_t ttl_of(std::uint32_t index) const;
  bool one_port() const { return command.method == command::TracerouteCommand::Method::kOnePort; }
  /// The probe that a quoted datagram was; probes_.size() if none is on its way like this.
  std::uint32_t probe_of(AppIo& io, const UdpRepr& udp) const;
  void answer(Step& step, AppIo& io, std::uint32_t index, Ipv4Addr from, std::string mark,
              bool final);
  void close_socket(Step& step, AppIo& io, Probe& probe);
  void finish(Step& step, AppIo& io, int status);
  bool fail(Step& step, AppIo& io, const command::Output& why);

  Ipv4Addr target_;
  IpSend how_;
  std::uint16_t identifier_ = 0;  ///< of echo requests
  std::vector<Probe> probes_;     ///< hop by hop, `queries` each, from TTL 1
  std::uint32_t first_ = 0;       ///< the first that is not printed yet
  std::uint32_t end_ = 0;         ///< probes from here on are not needed
  bool over_ = false;
};

}  // namespace lvslab::apps
