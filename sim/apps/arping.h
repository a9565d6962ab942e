// arping: ARP requests from a packet socket, first broadcast, then to who answered.
//
// Models: -c -w -i -f -q -b -D -U -A -s -I of iputils. Texts come from sim/command/arping.h.
// Source: iputils 20221126 arping.c: send_pack(), recv_pack(), event_loop().
#pragma once

#include <utility>

#include "sim/apps/app_io.h"
#include "sim/command/arping.h"

namespace lvslab::apps {

class Arping {
 public:
  explicit Arping(command::ArpingCommand typed) : command(std::move(typed)) {}

  command::ArpingCommand command;

  void start(Step& step, AppIo& io);
  void on_timer(Step& step, AppIo& io);
  void on_frame(Step& step, AppIo& io, const TappedFrame& frame);
  void on_signal(Step& step, AppIo& io, Signal signal);

 private:
  bool choose_device(Step& step, AppIo& io);
  bool choose_source(Step& step, AppIo& io);
  void send_probe(Step& step, AppIo& io);
  void finish(Step& step, AppIo& io);
  void arm(Step& step, AppIo& io);

  Ipv4Addr target_, source_;
  LinkRow device_;
  MacAddr destination_ = MacAddr::broadcast();
  command::ArpingStats stats_;
  SimTime last_sent_, next_send_ = SimTime::never(), deadline_ = SimTime::never();
  bool over_ = false;
};

}  // namespace lvslab::apps
