// The pictures of a report, as SVG within its HTML: drawing, time line, ladder. Colours are classes
// of the report's style sheet; each is doubled by a label or a shape.
#pragma once

#include <string>
#include <vector>

#include "sim/lab/html_report.h"

namespace lvslab::lab {

/// Hosts, switches and cables where `default_layout` puts them.
std::string topology_svg(const HtmlReport& report);

/// What a time line marks.
struct ReportMark {
  enum class Kind : std::uint8_t { kCommand, kFault, kFailover };
  Kind kind = Kind::kCommand;
  SimTime at;
  NodeId node;
  std::string text;
};
/// Typed lines, faults, and addresses that another host took over, in the order of time.
std::vector<ReportMark> marks_of(const Trace& trace);
std::string timeline_svg(const HtmlReport& report, const std::vector<ReportMark>& marks);

/// Packets as arrows between hosts, with drops, commands and faults between them.
std::string ladder_svg(const HtmlReport& report);

}  // namespace lvslab::lab
