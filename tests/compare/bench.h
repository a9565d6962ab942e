// Recordings of simulated runs, and what a kernel might have done differently.
#pragma once

#include <gmock/gmock.h>

#include <optional>
#include <string>
#include <vector>

#include "sim/backend/sim_backend.h"
#include "sim/compare/compare.h"
#include "sim/scenario/loader.h"

namespace lvslab::compare {

/// A client and a web server at a switch; the client does `timeline`.
scenario::Scenario two_hosts(const std::string& timeline);
scenario::Scenario load(const std::string& text);

Recording simulate(const scenario::Scenario& scenario, const std::string& name = "simulator");

/// One record and the bytes of its frame, to be changed at will.
struct Piece {
  TraceRecord record;
  std::vector<std::uint8_t> bytes;
};

/// A recording taken apart. Without decisions and causes, as a kernel's is.
class Tape {
 public:
  explicit Tape(Recording recording);
  /// The recording with what was done to `pieces`.
  Recording wind() const;

  /// The n-th frame (from 0) that passes HOST/DEV in a direction and whose bytes match `filter`.
  std::size_t find(const std::string& host, RecordKind kind, const std::string& filter,
                   std::size_t n = 0) const;

  std::vector<Piece> pieces;
  Recording rest;
};

/// Recomputes the checksums of the IPv4 header and of a TCP segment.
void mend_checksums(std::vector<std::uint8_t>& frame);

/// `recording` as a host that drew the ports of its first TCP connection for all of them would have
/// made it: no frame tells of another port, no table and no listing of the connections before the
/// last.
Recording with_ports_drawn_again(const Recording& recording, const std::string& client,
                                 const std::string& server);

/// The only difference of frames in a comparison.
FrameDifference only_frame(const Comparison& comparison);
std::vector<std::string> field_names(const FrameDifference& frame);

}  // namespace lvslab::compare
