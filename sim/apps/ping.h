// ping: ICMP echo requests on a schedule, and a line for whatever comes back.
//
// Models: the schedule and the ends of iputils ping (-c, -w, -W, -i), the time stamp inside the
// payload, duplicates, ICMP errors and local errors, -M, -O, -q, Ctrl-C. Left out: what
// command::parse_ping refuses. Texts come from sim/command/ping.h.
// Source: iputils 20221126 ping/ping_common.c: pinger(), main_loop(), schedule_exit(),
// gather_statistics(); ping/ping.c: ping4_run(), ping4_receive_error_msg().
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "sim/apps/app_io.h"
#include "sim/command/ping.h"

namespace lvslab::apps {

class Ping {
 public:
  explicit Ping(command::PingCommand typed) : command(std::move(typed)) {}

  command::PingCommand command;

  void start(Step& step, AppIo& io);
  void on_timer(Step& step, AppIo& io);
  void on_icmp(Step& step, AppIo& io, const IcmpNews& news);
  void on_signal(Step& step, AppIo& io, Signal signal);

 private:
  bool prepare(Step& step, AppIo& io);
  std::expected<Ipv4Addr, command::NameError> find_target(Step& step, AppIo& io);
  bool bind_to_interface(Step& step, AppIo& io);
  void send_request(Step& step, AppIo& io);
  void on_reply(Step& step, AppIo& io, const IcmpNews& news);
  void on_error(Step& step, AppIo& io, const IcmpNews& news);
  void acknowledge(std::uint16_t sequence);
  SimTime end_of_wait(Step& step) const;
  void wait_by_clock(Step& step, AppIo& io);
  bool all_sent() const;
  void schedule_end(Step& step);
  void check_end(Step& step, AppIo& io);
  void finish(Step& step, AppIo& io);
  void arm(Step& step, AppIo& io);

  Ipv4Addr target_;
  IpSend how_;
  std::uint16_t identifier_ = 0;
  command::PingStats stats_;
  SimTime began_, last_sent_, next_send_, end_ = SimTime::never(), deadline_ = SimTime::never();
  std::vector<bool> answered_;  ///< by sequence number, 16 bits
  bool over_ = false;
};

}  // namespace lvslab::apps
