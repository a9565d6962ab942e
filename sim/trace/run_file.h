// A whole run as a file of JSON Lines (RFC 8259, one object a line), for programs and to play it
// again: what `--trace jsonl` and `export --format jsonl` write and the window opens.
//
// The first line has kind "run" and holds the scenario, and the IPv6 addresses that are known; one
// of kind "node" follows for each host and switch; then come the records in order. The first record
// that mentions a frame has its `bytes` in hexadecimal digits, one of a row its `columns` by name.
// What a record says in words (summary, text, row) is for people, and is not read where numbers say
// it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/language.h"
#include "sim/base/result.h"
#include "sim/trace/text.h"
#include "sim/trace/trace.h"

namespace lvslab {

class RunFileWriter {
 public:
  /// `scenario`: the text of a scenario file that draws the run's hosts.
  RunFileWriter(std::string scenario, Language language)
      : scenario_(std::move(scenario)), describer_(language), language_(language) {}

  /// Appends the lines of what came to `trace` since the last call, at the first one those of its
  /// nodes, too. Keys of a record: record, cause (absent for a beginning), time (seconds), ns (the
  /// same as a whole number), node, dev, kind, packet, length, summary (a frame's line in tcpdump's
  /// words), bytes, reason, args (addresses and texts as strings), text, source, table, row,
  /// columns, pid, status, stream, item; only those that apply. `text` is a decision's sentence, a
  /// command line, an output or a fault.
  void add(const Trace& trace, std::string& out);

 private:
  void add_head(const Trace& trace, std::string& out);
  void add_record(const Trace& trace, RecordId id, const TraceRecord& record, std::string& out);
  void add_frame(const Trace& trace, const TraceRecord& record, std::string& out);
  void add_reason(const Trace& trace, const TraceRecord& record, std::string& out) const;

  std::string scenario_;
  Describer describer_;
  Language language_;
  bool begun_ = false;
  std::uint32_t written_ = 0;      ///< records
  std::vector<bool> frames_told_;  ///< by number
};

/// The whole of `trace`.
std::string run_file(const Trace& trace, std::string scenario, Language language);

struct SavedRun {
  std::string scenario;
  Trace trace;
  /// The line at which it is cut off or damaged; all before it is here.
  std::optional<std::uint32_t> cut_at;
};

/// True if a file that begins so is a run that RunFileWriter wrote.
bool begins_run_file(std::string_view file);

/// Errors: not such a file, or of another format, or the nodes are damaged; they name the line, and
/// `file`.
Result<SavedRun> parse_run_file(std::string_view text, const std::string& file);

}  // namespace lvslab
