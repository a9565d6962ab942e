// One record of the trace: plain numbers, 40 bytes, no strings. Viewers see a run only through
// its records and what they refer to.
#pragma once

#include <array>
#include <cstdint>

#include "sim/base/ids.h"
#include "sim/base/time.h"
#include "sim/trace/reason.h"

namespace lvslab {

enum class RecordKind : std::uint8_t {
  kFrameSent,      ///< `node` put `frame` on the wire at `dev`
  kFrameReceived,  ///< `frame` arrived at `dev` of `node`; cause: the kFrameSent (lo: the same
                   ///< host's)
  kFrameDropped,   ///< `frame` died here; `reason` says why
  kDecision,       ///< `reason` with `args`; about `frame` if that is valid
  kRowAdded,       ///< args[0]: index of Trace::row
  kRowChanged,     ///< args[0]: index of the row as it is now
  kRowRemoved,     ///< args[0]: index of the row as it was
  kCommand,        ///< args[0]: Trace::text of the command line; args[1]: process id
  kOutput,  ///< args[0]: Trace::text of the output; args[1]: process id; args[2]: 1 stdout, 2
            ///< stderr
  kExit,    ///< args[0]: exit status; args[1]: process id
  kFault,   ///< args[0]: Trace::text of the fault as the scenario wrote it
  kNote     ///< args[0]: index of the timeline item whose note is due
};

struct TraceRecord {
  SimTime at;
  RecordId cause;  ///< the record that led to this one; invalid for a beginning
  NodeId node;
  FrameId frame;  ///< invalid if no frame is concerned
  std::array<std::uint32_t, 3> args{};
  IfIndex dev{};  ///< for switches: the port number + 1
  Reason reason = Reason::kNone;
  RecordKind kind = RecordKind::kDecision;
  bool operator==(const TraceRecord&) const = default;
};
static_assert(sizeof(TraceRecord) == 40);

}  // namespace lvslab
