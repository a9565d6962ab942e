// A comparison for people: what agrees at each interface, then every difference with both sides.
//
// Frames that differ are shown side by side as the dissector reads them, with the offset of every
// field that is not the same, and with the simulator's reason. JSON is one object a line for each
// interface, difference and declaration, and a summary: docs/compare.md lists the keys.
#pragma once

#include <string>

#include "sim/base/language.h"
#include "sim/compare/compare.h"

namespace lvslab::compare {

struct ReportStyle {
  Language language = Language::kEn;
  bool colour = false;
};

std::string report_text(const scenario::Scenario& scenario, const Recording& sim,
                        const Recording& real, const Comparison& comparison, ReportStyle style);

std::string report_jsonl(const scenario::Scenario& scenario, const Recording& sim,
                         const Recording& real, const Comparison& comparison, Language language);

}  // namespace lvslab::compare
