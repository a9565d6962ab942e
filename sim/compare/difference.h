// What two runs of one scenario may differ in, as plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sim/base/ids.h"
#include "sim/base/time.h"
#include "sim/scenario/model.h"

namespace lvslab::compare {

/// Where one value of two frames, or of two rows of a table, is not the same.
struct FieldDifference {
  static constexpr std::size_t kNowhere = SIZE_MAX;
  std::string name;  ///< "TCP window", "IPv4 time to live", "time"; of a row: "state"
  std::string sim, real;
  std::size_t sim_offset = kNowhere, real_offset = kNowhere;  ///< byte in the frame
};

/// A frame at an interface of a host.
struct FrameDifference {
  enum class Kind : std::uint8_t {
    kMissing,    ///< the simulator has it, the kernel does not
    kExtra,      ///< the kernel has it, the simulator does not
    kReordered,  ///< both have it, at another place of the conversation, or before its cause
    kField,      ///< both have it, with another value of a field, or at another time
  };
  Kind kind = Kind::kMissing;
  std::string dev;
  std::string conversation;
  bool out = false;
  RecordId sim, real;  ///< invalid on the side that lacks it
  std::vector<FieldDifference> fields;
};

/// What became of a typed line.
struct LineDifference {
  enum class Kind : std::uint8_t {
    kNotTyped,  ///< on one side only
    kStatus,
    kDuration,
    kOutput,
  };
  struct Pair {
    std::optional<std::string> sim, real;  ///< a line of the output; nothing: there is none
  };
  Kind kind = Kind::kOutput;
  std::string line;
  std::string sim, real;    ///< statuses or durations
  std::vector<Pair> lines;  ///< kOutput
};

/// A row of a host's table.
struct RowDifference {
  scenario::TableKind table{};
  std::string key;                       ///< "192.168.80.10 dev eth0"
  std::optional<std::string> sim, real;  ///< the row as a listing; nothing: there is none
  std::vector<FieldDifference> fields;   ///< where both have the row
};

/// The runs themselves: one was stopped, or could not do a fault.
struct RunDifference {
  std::string sim, real;
};

struct Difference {
  SimTime at;        ///< in simulated time
  std::string host;  ///< empty: the whole run
  std::variant<FrameDifference, LineDifference, RowDifference, RunDifference> what;
};

}  // namespace lvslab::compare
