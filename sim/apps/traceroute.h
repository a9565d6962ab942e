// traceroute: probes with rising TTL, several on their way at once, and a line per hop.
//
// Models: UDP to rising ports and ICMP echo (-I), -f -m -q -N -w with HERE and NEAR, the marks of
// unreachables. Left out: what command::parse_traceroute refuses, and reverse names beyond
// /etc/hosts. Texts come from sim/command/traceroute.h.
// Source: traceroute 2.1.2 traceroute.c: do_it(), get_timeout(); mod-udp: udp_send_probe().
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "sim/apps/app_io.h"
#include "sim/command/traceroute.h"

namespace lvslab::apps {

class Traceroute {
 public:
  explicit Traceroute(command::TracerouteCommand typed) : command(std::move(typed)) {}

  command::TracerouteCommand command;

  void start(Step& step, AppIo& io);
  void on_timer(Step& step, AppIo& io);
  void on_icmp(Step& step, AppIo& io, const IcmpNews& news);

 private:
  struct Probe {
    command::TracerouteProbe result;
    SimTime sent = SimTime::never();  ///< never: not sent yet
    bool done = false;                ///< answered or given up
    bool final = false;               ///< the answer ends the trace
  };

  bool prepare(Step& step, AppIo& io);
  void work(Step& step, AppIo& io);
  bool send_probe(Step& step, AppIo& io, std::uint32_t index);
  SimDuration timeout_of(std::uint32_t index) const;
  void print_ready(Step& step, AppIo& io);
  std::uint32_t ttl_of(std::uint32_t index) const;
  void answer(Step& step, AppIo& io, std::uint32_t index, const IcmpNews& news);
  void finish(Step& step, AppIo& io, int status);

  Ipv4Addr target_;
  IpSend how_;
  std::uint16_t identifier_ = 0;  ///< of echo requests; the source port of datagrams
  std::vector<Probe> probes_;     ///< hop by hop, `queries` each
  std::uint32_t end_ = 0;         ///< probes beyond this are not needed
  std::uint32_t printed_ = 0;
  bool over_ = false;
};

}  // namespace lvslab::apps
