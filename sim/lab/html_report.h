// A run as one HTML file that needs nothing else: for a student to hand in, for an instructor to
// print. What it shows: the drawing, the time line, what was expected and what came of it, what was
// typed and printed, the packets as a ladder, and the decisions with their reasons.
//
// No script, no font, no picture is loaded from anywhere, and all texts are escaped. It follows the
// reader's light or dark theme. The markup is also well-formed XML, so that tools can read it.
// Leaves out: bytes of packets (export a capture), and tables.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "sim/base/language.h"
#include "sim/lab/expect.h"
#include "sim/scenario/model.h"
#include "sim/trace/trace.h"

namespace lvslab::lab {

struct HtmlReport {
  const scenario::Scenario* scenario = nullptr;
  const Trace* trace = nullptr;
  std::vector<Finding> findings{};  ///< empty and not `checked`: nobody has asked yet
  bool checked = false;
  std::string backend{};  ///< who ran it, in words: "simulator"
  SimTime end{};          ///< where the run ended
  Language language = Language::kEn;
  /// Rows of the ladder and the list of commands; more are counted, not shown.
  std::size_t most_rows = 1'500;
};

/// Requires `scenario` and `trace`.
std::string html_report(const HtmlReport& report);

}  // namespace lvslab::lab
