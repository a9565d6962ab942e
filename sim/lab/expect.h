// Holds a run against what its scenario expects: outputs, packets, tables, reasons.
//
// Models: every `expect` of a scenario file, each with what was seen instead where it fails.
// Leaves out: the comparison of texts itself (sim/scenario/check.h).
#pragma once

#include <string>
#include <vector>

#include "sim/lab/session.h"
#include "sim/scenario/model.h"

namespace lvslab::lab {

/// One expectation and what became of it.
struct Finding {
  bool passed = false;
  bool checked = true;  ///< false: this backend cannot tell, so it passed
  Location where;
  scenario::Text what;                ///< "at least 1 packets into node02/eth0 that match 'arp'"
  std::vector<scenario::Text> unmet;  ///< sentences; empty if it passed
  std::vector<scenario::Text> seen;   ///< lines that were seen instead; may be empty
  scenario::Text why;                 ///< the instructor's words
};

/// All expectations of the scenario in file order: those of the timeline items that were played,
/// then those of the file. `session` is at the point to judge: finished, or stopped.
std::vector<Finding> evaluate(Session& session);

/// Frames that a packet expectation counts: the records, in order. Errors: the filter does not
/// compile, or names an interface that is not there.
Result<std::vector<RecordId>> matching_packets(const Trace& trace,
                                               const scenario::PacketExpectation& expect);

/// "2.104318 IP 192.168.80.10.40000 > 192.168.80.150.80: Flags [S], ..." of a frame record.
std::string packet_line(const Trace& trace, RecordId record);

}  // namespace lvslab::lab
