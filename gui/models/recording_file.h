// Files that play in the window without a scenario: captures, and runs that were saved with all
// their records. No Qt here.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "gui/models/recorded_run.h"

namespace lvslab::gui {

/// By its name, or by how every such file begins.
bool is_recording(const std::string& path);

struct ReadRecording {
  Result<RecordedRun> run;  ///< Errors: the file cannot be read, or is no such file
  /// The byte of a capture, the line of a saved run, at which it is cut off or damaged.
  std::optional<std::size_t> cut_at_byte, cut_at_line;
};
ReadRecording read_recording(const std::string& path);

}  // namespace lvslab::gui
