// A whole run as one .pcapng file: an interface per host interface ("node01/eth0"), the names of
// the lab's addresses, and each packet with its direction and, as its comment, the decisions that
// led to it or that it caused. Written by hand, since libpcap writes no options.
//
// A frame stands in the file once for each host interface that it passed: where it was sent, and
// wherever it arrived. Time stamps are dates in nanoseconds: simulated time zero is kEpochSeconds
// of sim/base/calendar.h. Left out: switch ports, interface statistics, secrets.
//
// Source: IETF draft-ietf-opsawg-pcapng §3.5, §4.1 to §4.5.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sim/base/language.h"
#include "sim/base/result.h"
#include "sim/trace/atomic_file.h"
#include "sim/trace/trace.h"
#include "sim/wire/summary.h"

namespace lvslab {

struct PcapngOptions {
  Language language = Language::kEn;
  bool comments = true;
  std::span<const AddrName> names{};  ///< read while the file is created only
};

/// Writes a file while a run goes on. It gets its name in finish(), so that one that was never
/// finished leaves nothing behind.
class PcapngWriter {
 public:
  /// Begins the file with the hosts that `trace` knows by now.
  /// Errors: the file cannot be written.
  static Result<PcapngWriter> create(const std::string& path, const Trace& trace,
                                     const PcapngOptions& options);

  /// Takes in the records that came since the last call. The packets of the last event wait, since
  /// more decisions about them may follow.
  Result<void> add(const Trace& trace);
  /// Hands all but the waiting packets to the system, for those who watch the file grow.
  Result<void> flush() { return file_.flush(); }
  /// Takes in the rest, and gives the file its name. The writer is of no use afterwards.
  Result<void> finish(const Trace& trace);

 private:
  struct Waiting {
    RecordId record;
    std::uint32_t comment_lines = 0;
    std::string comment;
  };
  explicit PcapngWriter(AtomicFile file) : file_(std::move(file)) {}

  void number_interfaces(const Trace& trace);
  std::uint32_t interface_of(const TraceRecord& record) const;
  void take(const Trace& trace, RecordId id);
  void remember(RecordId id, std::uint32_t waiting);
  std::uint32_t waiting_of(RecordId id) const;
  void await(const Trace& trace, RecordId id);
  void explain_sending(const Trace& trace, RecordId sent, Waiting& packet);
  void comment_on(const Trace& trace, RecordId id, Waiting& packet);
  Result<void> write_waiting(const Trace& trace);

  AtomicFile file_;
  Language language_ = Language::kEn;
  bool comments_ = true;
  std::vector<std::uint32_t> first_interface_;  ///< by node; kNoInterface for switches
  std::vector<std::uint32_t> interface_count_;  ///< by node
  std::uint32_t seen_ = 0;                      ///< records taken in
  std::vector<Waiting> waiting_;                ///< packets of the current event; reused
  std::size_t waiting_count_ = 0;
  std::uint32_t event_begin_ = 0;      ///< the current event's first record
  std::vector<std::uint32_t> owners_;  ///< by record - event_begin_: which packet's doing
  std::vector<std::uint8_t> block_;    ///< scratch
  Result<void> state_{};
};

/// The whole trace at once. Errors: the file cannot be written; then nothing is left under `path`.
Result<void> write_pcapng(const std::string& path, const Trace& trace,
                          const PcapngOptions& options);

}  // namespace lvslab
