// A trace in words: one line per record, for people and for diff(1). A function of the trace alone,
// so that it can be kept as a golden. For machines see run_file.h.
//
//   0.000104000 node02 eth0 decides [arp-ignored] node02 stays silent: ...
//
// Packets are numbered from 1 in the order in which they were first sent; a copy that a switch
// made is no packet of its own.
#pragma once

#include <string>
#include <string_view>

#include "sim/base/language.h"
#include "sim/trace/trace.h"
#include "sim/wire/summary.h"

namespace lvslab {

/// Seconds with nine decimals: "12.000500000".
std::string seconds_text(SimTime at);
/// Seconds with six decimals, for people: "2.104318".
std::string micros_text(SimTime at);
/// "+0.000500000": from one moment to a later one.
std::string seconds_text(SimDuration length);

/// The sentence of a decision or drop with its arguments filled in; "" for Reason::kNone.
std::string reason_sentence(const Trace& trace, const TraceRecord& record, Language language);
/// "192.168.80.150 dev eth0 lladdr 02:00:00:00:00:01 REACHABLE": a row of a table, as the tool that
/// lists that table would say it.
std::string row_text(const Trace& trace, NodeId node, const TableRow& row);
/// "neigh", "route", "ipvs-conn", ...
std::string_view table_name(const TableRow& row);
/// "frame-sent", "decision", ...: the kind in JSON.
std::string_view kind_name(RecordKind kind);

/// The number that viewers give to a frame: 1 for the first that was sent.
constexpr std::uint32_t packet_number(FrameId frame) { return frame.value + 1; }

/// Writes records of one trace as lines. TCP numbers are relative to the conversation's first
/// segment, as tcpdump prints them, whichever records are asked for and in whatever order.
class Describer {
 public:
  explicit Describer(Language language) : language_(language) {}

  /// Appends the line of `id` without a newline.
  void text(const Trace& trace, RecordId id, std::string& out);
  /// A frame in tcpdump's words.
  std::string frame_line(const Trace& trace, FrameId frame);

 private:
  void append_what(const Trace& trace, const TraceRecord& record, std::string& out);
  void hear_up_to(const Trace& trace, FrameId frame);

  Language language_;
  TcpSequenceTracker tracker_;
  std::uint32_t heard_ = 0;  ///< frames whose sequence numbers the tracker knows
};

/// One line of one record; use a Describer for many.
std::string describe(const Trace& trace, RecordId id, Language language);
/// All records, a line each.
std::string dump_text(const Trace& trace, Language language);

}  // namespace lvslab
