// A capture as a run that the window can play: who took part, what came after what.
//
// Models: hosts (named by the capture's interfaces, "node01/eth0"; in captures of others, one for
// each MAC address that sent something), their addresses as far as frames show them, the networks
// that they must have shared, what they are for, frames sent and received, which of them were
// passed on. Comments of packets become notes. Leaves out: everything that frames do not show:
// tables, decisions, commands. No Qt here.
#pragma once

#include <string>

#include "gui/models/history.h"
#include "sim/scenario/model.h"
#include "sim/trace/capture_reader.h"

namespace lvslab::gui {

struct RecordedRun {
  scenario::Scenario scenario;  ///< what the capture shows of the drawing
  TraceChunk chunk;
  Position start = 0;  ///< the addresses of the hosts stand before it
};

/// Errors: more hosts than a drawing can hold.
Result<RecordedRun> recorded_run(const Capture& capture, const std::string& name);

}  // namespace lvslab::gui
