// tcpdump: frames of an interface that pass a libpcap filter, as lines or as a capture file.
//
// Models: the lines of sim/wire/summary.h with all forms of -t, -x -X -A, -c, -i any, -w and -r of
// classic pcap files. Left out: names of addresses (as with -n), -vv beyond -v, -q for what is
// neither TCP nor UDP, cooked headers: -i any filters and writes Ethernet frames.
// Source: tcpdump 4.99.3 tcpdump.c, print.c: pretty_print_packet(), util-print.c: ts_print().
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "sim/apps/app_io.h"
#include "sim/command/tcpdump.h"
#include "sim/trace/packet_filter.h"
#include "sim/wire/summary.h"

namespace lvslab::apps {

class Tcpdump {
 public:
  explicit Tcpdump(command::TcpdumpCommand typed) : command(std::move(typed)) {}

  command::TcpdumpCommand command;

  void start(Step& step, AppIo& io);
  void on_frame(Step& step, AppIo& io, const TappedFrame& frame);
  void on_signal(Step& step, AppIo& io, Signal signal);

 private:
  void read_capture(Step& step, AppIo& io);
  /// One frame that passed the filter. `at`: ns since 1970.
  void take(Step& step, AppIo& io, std::int64_t at, Bytes frame, std::string_view direction);
  std::string time_stamp(std::int64_t at);
  std::string line_of(Bytes frame);
  std::string dump_of(Bytes frame) const;
  void keep(std::int64_t at, Bytes frame);
  void finish(Step& step, AppIo& io);

  PacketFilter filter_;
  TcpSequenceTracker tracker_;
  std::uint64_t captured_ = 0, received_ = 0;
  std::int64_t last_at_ = -1;
  bool any_ = false, over_ = false;
  std::string file_;  ///< -w: what stands in the file so far
};

}  // namespace lvslab::apps
