// What the agent tells, as trace records in the order of time.
//
// Models: frames sent and received, with the sending as the cause of the receiving where the same
// bytes left another interface before; output; exits; faults. What belongs to one stretch of the
// run is collected, then sorted by its time stamps. Leaves out: reasons. A real kernel gives none,
// and none are made up.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "kernel-backend/protocol/messages.h"
#include "sim/base/table_diff.h"
#include "sim/scenario/model.h"
#include "sim/trace/trace.h"

namespace lvslab::kernel {

class Recorder {
 public:
  /// `trace` may be null: then nothing is kept. Names the nodes of the scenario in it.
  void begin(const scenario::Scenario& scenario, Trace* trace);

  void frame(CapturedFrame frame);
  void text(RecordKind kind, std::int64_t at_ns, std::uint32_t host, RecordId cause,
            std::string text, std::array<std::uint32_t, 3> args);
  void row(std::int64_t at_ns, std::uint32_t host, RowChange change);
  /// A record without text.
  void plain(TraceRecord record);

  /// What has come, as far as it is not later than `until`, goes to the trace; the time of the last
  /// of it. In real time what comes later may have happened before.
  SimTime flush(SimTime until = SimTime::never());
  /// Appends at once; `at` is not before what was flushed.
  RecordId append_text(RecordKind kind, SimTime at, std::uint32_t host, IfIndex dev,
                       std::string_view text, std::array<std::uint32_t, 3> args);

 private:
  struct Pending {
    TraceRecord record;
    std::string bytes{};  ///< of the frame, or the text
    std::optional<TableRow> row{};
  };
  struct Sent {
    RecordId record;
    FrameId frame;
    NodeId node;
    IfIndex dev;
    SimTime at;
  };
  struct Place {
    std::uint64_t hash;
    NodeId node;
    IfIndex dev;
    auto operator<=>(const Place&) const = default;
  };

  void append_frame(Pending& pending);
  const Sent* sender_of(const Pending& pending, std::uint64_t hash);

  Trace* trace_ = nullptr;
  std::vector<Pending> pending_;
  std::unordered_map<std::uint64_t, std::vector<Sent>> sent_;  ///< by the hash of the bytes
  std::map<Place, std::size_t> received_;                      ///< how many of those have arrived
  SimTime last_;
};

}  // namespace lvslab::kernel
