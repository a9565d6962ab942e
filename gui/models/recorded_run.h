// A capture, or a run that was saved with all its records, as a run that the window can play.
//
// Models of a capture: who took part, what came after what; hosts (named by the capture's
// interfaces, "node01/eth0"; in captures of others, one for each MAC address that sent something),
// their addresses as far as frames show them, the networks that they must have shared, what they
// are for, frames sent and received, which of them were passed on. Comments of packets become
// notes. Leaves out: everything that frames do not show: tables, decisions, commands. No Qt here.
#pragma once

#include <string>

#include "gui/models/history.h"
#include "sim/scenario/model.h"
#include "sim/trace/capture_reader.h"
#include "sim/trace/run_file.h"

namespace lvslab::gui {

struct RecordedRun {
  scenario::Scenario scenario;  ///< of a capture: what it shows of the drawing
  TraceChunk chunk;
  Position start = 0;  ///< what the hosts had before anything happened stands before it
};

/// Errors: more hosts than a drawing can hold.
Result<RecordedRun> recorded_run(const Capture& capture, const std::string& name);
/// Errors: its scenario has mistakes, or draws other hosts than those of its records.
Result<RecordedRun> recorded_run(const SavedRun& saved, const std::string& file);

}  // namespace lvslab::gui
